/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows.h - the tests of one run, a row each */
#ifndef TOOL_ROWS_H
#define TOOL_ROWS_H

#include "tool/files.h"
#include "tool/kinds.h"
#include "tool/run.h"

/*
 * Read the files and give run->rows a row for each test: of a family, for each member that is
 * wanted. A file that can't be read is complained about and has a row, too. Returns 0 or -ENOMEM;
 * rows_free() then, too. The rows refer to the names in `files`.
 */
int rows_read(struct run *run, const struct file_list *files, const struct kind_list *kinds);

/*
 * files_collect() and rows_read(), and a complaint where nothing is of the kinds that are wanted.
 * Returns TOOL_OK, also if some could not be read, or TOOL_TROUBLE; free both then, too.
 */
int rows_collect(struct run *run, struct file_list *files, char *const *arguments, int nr_arguments,
		 const struct kind_list *kinds);

void rows_free(struct run *run);

#endif
