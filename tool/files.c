/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.c - find and read litmus tests */

#include "tool/files.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Nobody writes a longer litmus test; what is longer is some other file. */
#define MAX_FILE_SIZE (1 << 20)

static int add_path(struct file_list *list, const char *path)
{
	char **paths = reallocarray(list->paths, (size_t)list->nr + 1, sizeof(*paths));

	if (!paths)
		return -ENOMEM;
	list->paths = paths;
	paths[list->nr] = strdup(path);
	if (!paths[list->nr])
		return -ENOMEM;
	list->nr++;
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool is_litmus(const char *name)
{
	size_t length = strlen(name);

	return length > 7 && strcmp(name + length - 7, ".litmus") == 0;
}

static int visit(struct file_list *list, const FTSENT *entry, struct tool_io *io)
{
	switch (entry->fts_info) {
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		tool_complain(io, "%s: %s", entry->fts_path, strerror(entry->fts_errno));
		list->nr_bad++;
		return 0;
	case FTS_F:
	case FTS_SL:
		return is_litmus(entry->fts_name) ? add_path(list, entry->fts_path) : 0;
	default:
		return 0;
	}
}

static int walk(struct file_list *list, char *directory, struct tool_io *io)
{
	char *roots[] = {directory, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	FTSENT *entry;
	int ret = 0;

	if (!fts)
		return -ENOMEM;
	while (ret == 0 && (entry = fts_read(fts)))
		ret = visit(list, entry, io);
	fts_close(fts);
	return ret;
}

static int collect_directory(struct file_list *list, char *directory, struct tool_io *io)
{
	int nr_before = list->nr;
	int nr_bad_before = list->nr_bad;
	int ret = walk(list, directory, io);

	if (ret == 0 && list->nr == nr_before && list->nr_bad == nr_bad_before) {
		tool_complain(io, "%s: no *.litmus file in this directory", directory);
		list->nr_bad++;
	}
	return ret;
}

static int collect_one(struct file_list *list, char *argument, struct tool_io *io)
{
	struct stat status;

	if (io->example || strcmp(argument, "-") == 0)
		return add_path(list, argument);
	if (stat(argument, &status) < 0) {
		tool_complain(io, "%s: %s", argument, strerror(errno));
		list->nr_bad++;
		return 0;
	}
	if (S_ISDIR(status.st_mode))
		return collect_directory(list, argument, io);
	return add_path(list, argument);
}

int files_collect(struct file_list *list, char *const *arguments, int nr_arguments,
		  struct tool_io *io)
{
	for (int i = 0; i < nr_arguments; i++) {
		int ret = collect_one(list, arguments[i], io);

		if (ret < 0)
			return ret;
	}
	return 0;
}

void files_free(struct file_list *list)
{
	for (int i = 0; i < list->nr; i++)
		free(list->paths[i]);
	free(list->paths);
}

static char *read_stream(FILE *file, const char *path, size_t *length, char *err, size_t err_size)
{
	char *text = malloc(MAX_FILE_SIZE + 1);

	if (!text) {
		snprintf(err, err_size, "%s: out of memory", path);
		return NULL;
	}
	errno = 0;
	*length = fread(text, 1, MAX_FILE_SIZE + 1, file);
	if (ferror(file)) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		free(text);
		return NULL;
	}
	if (*length > MAX_FILE_SIZE) {
		snprintf(err, err_size, "%s: longer than %d bytes, expected a litmus test", path,
			 MAX_FILE_SIZE);
		free(text);
		return NULL;
	}
	return text;
}

char *files_read_text(struct tool_io *io, const char *path, size_t *length, char *err,
		      size_t err_size)
{
	FILE *file;
	char *text;

	if (io->example) {
		*length = strlen(io->example);
		text = strdup(io->example);
		if (!text)
			snprintf(err, err_size, "%s: out of memory", path);
		return text;
	}
	if (strcmp(path, "-") == 0)
		return read_stream(stdin, path, length, err, err_size);
	file = fopen(path, "re");
	if (!file) {
		snprintf(err, err_size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	text = read_stream(file, path, length, err, err_size);
	fclose(file);
	return text;
}

struct litmus_test *files_read_test(struct tool_io *io, const char *path, char *err,
				    size_t err_size)
{
	struct litmus_test *test;
	size_t length;
	char *text = files_read_text(io, path, &length, err, err_size);

	if (!text)
		return NULL;
	test = litmus_parse(path, text, length, err, err_size);
	free(text);
	return test;
}
