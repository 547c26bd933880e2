/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_fmt.c - `cowherd fmt`: the canonical layout */

#include "tool/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/files.h"
#include "tool/options.h"
#include "tool/replace.h"

struct fmt_arguments {
	struct common_options common;
	bool check;
	bool in_place;
	int nr_files;
	char **files; /* of argv */
};

static const struct argp_option fmt_options[] = {
	{"check", OPTION_CHECK, NULL, 0, "print the names of files that differ from their layout",
	 0},
	{"in-place", 'i', NULL, 0, "write each file anew", 0},
	{0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct fmt_arguments *arguments = state->input;

	(void)argument;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_CHECK:
		arguments->check = true;
		return 0;
	case 'i':
		arguments->in_place = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->files = state->argv + state->next;
		arguments->nr_files = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no test, expected files, directories or -");
		return EINVAL;
	case ARGP_KEY_END:
		if (!arguments->check || !arguments->in_place)
			return 0;
		argp_error(state, "--check writes nothing, expected either --check or -i");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child fmt_children[] = {{&common_argp, 0, NULL, 0}, {0}};

static const struct argp fmt_argp = {
	.options = fmt_options,
	.parser = parse,
	.args_doc = "TEST...",
	.doc = "Print litmus tests in their canonical layout, comments kept. A TEST is a file, a "
	       "directory, which stands for the *.litmus files in it and below, or - for "
	       "standard input.\v"
	       "Exit status: 0, or with --check 1 if some file differs, 2 wrong use, bad input or "
	       "failure.",
	.children = fmt_children,
};

/* One file as it is and as it should be. */
struct layout {
	char *before;
	size_t before_length;
	char *after;
	size_t after_length;
};

static void layout_free(struct layout *layout)
{
	free(layout->before);
	free(layout->after);
}

static int print_to_memory(const struct litmus_test *test, struct layout *layout)
{
	FILE *memory = open_memstream(&layout->after, &layout->after_length);
	int ret;

	if (!memory)
		return -1;
	ret = litmus_print(test, memory);
	if (fclose(memory) != 0)
		ret = -1;
	return ret;
}

/* Returns false after a complaint. */
static bool make_layout(struct tool_io *io, const char *path, struct layout *layout)
{
	char err[TOOL_MESSAGE_SIZE];
	struct litmus_test *test = NULL;
	bool ok;

	layout->before = files_read_text(io, path, &layout->before_length, err, sizeof(err));
	if (layout->before)
		test = litmus_parse(path, layout->before, layout->before_length, err, sizeof(err));
	if (!test) {
		tool_complain(io, "%s", err);
		return false;
	}
	ok = print_to_memory(test, layout) == 0;
	if (!ok)
		tool_complain(io, "%s: %s", path, strerror(errno));
	litmus_free(test);
	return ok;
}

static bool is_equal(const struct layout *layout)
{
	return layout->before_length == layout->after_length &&
	       memcmp(layout->before, layout->after, layout->after_length) == 0;
}

static int rewrite(struct tool_io *io, const char *path, const struct layout *layout)
{
	if (io->example || is_equal(layout))
		return TOOL_OK;
	if (replace_file(path, layout->after, layout->after_length))
		return TOOL_OK;
	tool_complain(io, "%s: %s", path, strerror(errno));
	return TOOL_TROUBLE;
}

static int format_one(const struct fmt_arguments *arguments, const char *path)
{
	struct tool_io *io = arguments->common.io;
	struct layout layout = {0};
	int status = TOOL_OK;

	if (!make_layout(io, path, &layout)) {
		layout_free(&layout);
		return TOOL_TROUBLE;
	}
	if (arguments->in_place) {
		status = rewrite(io, path, &layout);
	} else if (!arguments->check) {
		fwrite(layout.after, 1, layout.after_length, io->out);
	} else if (!is_equal(&layout)) {
		fprintf(io->out, "%s\n", path);
		status = TOOL_UNEXPECTED;
	}
	layout_free(&layout);
	return status;
}

static int format_files(const struct fmt_arguments *arguments)
{
	struct tool_io *io = arguments->common.io;
	struct file_list files = {0};
	int worst = TOOL_OK;

	if (files_collect(&files, arguments->files, arguments->nr_files, io) < 0)
		worst = tool_no_memory(io);
	else if (files.nr_bad)
		worst = TOOL_TROUBLE;
	for (int i = 0; i < files.nr; i++) {
		int status;

		if (arguments->in_place && strcmp(files.paths[i], "-") == 0) {
			tool_complain(io, "-: standard input can't be written, expected a file");
			status = TOOL_TROUBLE;
		} else {
			status = format_one(arguments, files.paths[i]);
		}
		if (status > worst)
			worst = status;
	}
	files_free(&files);
	return worst;
}

int cmd_fmt(int argc, char **argv, struct tool_io *io)
{
	struct fmt_arguments arguments = {.common.io = io};
	int status = options_parse(&fmt_argp, argc, argv, &arguments.common, &arguments);

	return status < 0 ? format_files(&arguments) : status;
}
