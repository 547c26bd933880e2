/* SPDX-License-Identifier: GPL-2.0-or-later */
/* no_source_lines.c - source_lines.h for a build without libdw */
#include "targets/source_lines.h"

#include <stddef.h>

struct source_lines *source_lines_open(void)
{
	return NULL;
}

void source_lines_close(struct source_lines *lines)
{
	(void)lines;
}

bool source_lines_here(struct source_lines *lines, struct replay_line *line)
{
	(void)lines;
	(void)line;
	return false;
}
