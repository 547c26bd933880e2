/* SPDX-License-Identifier: GPL-2.0-or-later */
/* source_lines.h - which lines of mm/ the accesses of a task come from */
#ifndef TARGETS_SOURCE_LINES_H
#define TARGETS_SOURCE_LINES_H

#include "targets/replay.h"

struct source_lines;

/* NULL: without libdw, or what it needs of this program; then no lines are known. */
struct source_lines *source_lines_open(void);
void source_lines_close(struct source_lines *lines);

/*
 * Who calls, as the innermost function of a file mm/x.c and the line there. False: no such function
 * does, or nobody knows. The strings live as long as `lines`.
 */
bool source_lines_here(struct source_lines *lines, struct replay_line *line);

#endif
