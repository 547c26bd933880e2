/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h - find and read litmus tests */
#ifndef TOOL_FILES_H
#define TOOL_FILES_H

#include <stddef.h>

#include "litmus/litmus.h"
#include "tool/tool.h"

struct file_list {
	int nr;
	char **paths;
	int nr_bad; /* arguments that were complained about */
};

/*
 * Add each argument: a file, "-", or a directory, which stands for the *.litmus files in it and
 * below it, sorted. What can't be read is complained about and left out. Returns 0 or -ENOMEM.
 */
int files_collect(struct file_list *list, char *const *arguments, int nr_arguments,
		  struct tool_io *io);
void files_free(struct file_list *list);

/* files_read_text() and litmus_parse(). */
struct litmus_test *files_read_test(struct tool_io *io, const char *path, char *err,
				    size_t err_size);

/*
 * Read all of a file ("-": standard input). Returns its text, to be freed, or NULL after writing
 * "path: why not" to err.
 */
char *files_read_text(struct tool_io *io, const char *path, size_t *length, char *err,
		      size_t err_size);

#endif
