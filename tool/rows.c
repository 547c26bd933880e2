/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rows.c - read the tests of one run */

#include "tool/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/expect.h"

static struct row *add_row(struct run *run, const char *path)
{
	struct row *rows = reallocarray(run->rows, (size_t)run->nr_rows + 1, sizeof(*rows));

	if (!rows)
		return NULL;
	run->rows = rows;
	rows += run->nr_rows++;
	memset(rows, 0, sizeof(*rows));
	rows->path = path;
	return rows;
}

static int add_bad_file(struct run *run, const char *path, const char *error)
{
	struct row *row = add_row(run, path);

	tool_complain(run->io, "%s", error);
	run->nr_bad++;
	if (!row)
		return -ENOMEM;
	snprintf(row->error, sizeof(row->error), "%s", error);
	return 0;
}

/* Takes the test over: its last row frees it. */
static int add_test(struct run *run, const char *path, struct litmus_test *test,
		    const struct kind_list *kinds)
{
	int nr_before = run->nr_rows;
	int ret = 0;

	for (int i = 0; i < litmus_nr_members(test) && ret == 0; i++) {
		struct row *row;

		if (!kinds_want(kinds, litmus_member(test, i)))
			continue;
		row = add_row(run, path);
		if (row)
			row->test = litmus_member(test, i);
		else
			ret = -ENOMEM;
	}
	if (run->nr_rows > nr_before)
		run->rows[run->nr_rows - 1].owned = test;
	else
		litmus_free(test);
	return ret;
}

int rows_read(struct run *run, const struct file_list *files, const struct kind_list *kinds)
{
	char error[TOOL_MESSAGE_SIZE];
	int ret = 0;

	for (int i = 0; i < files->nr && ret == 0; i++) {
		const char *path = files->paths[i];
		struct litmus_test *test = files_read_test(run->io, path, error, sizeof(error));

		if (test && expect_check(test, error, sizeof(error)) < 0) {
			litmus_free(test);
			test = NULL;
		}
		ret = test ? add_test(run, path, test, kinds) : add_bad_file(run, path, error);
	}
	return ret;
}

int rows_collect(struct run *run, struct file_list *files, char *const *arguments, int nr_arguments,
		 const struct kind_list *kinds)
{
	int ret = files_collect(files, arguments, nr_arguments, run->io);

	run->nr_bad = files->nr_bad;
	if (ret == 0)
		ret = rows_read(run, files, kinds);
	if (ret < 0)
		return tool_no_memory(run->io);
	if (kinds->nr == 0 || run->nr_rows || run->nr_bad)
		return TOOL_OK;
	kinds_complain(kinds, run->io);
	return TOOL_TROUBLE;
}

void rows_free(struct run *run)
{
	for (int i = 0; i < run->nr_rows; i++)
		row_free(run, &run->rows[i]);
	free(run->rows);
}
