/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_conform.c - `cowherd conform`: tests on kernels, held against the model of their era */

#include "tool/tool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tool/conform.h"
#include "tool/interrupt.h"
#include "tool/options.h"
#include "tool/replace.h"
#include "tool/rows.h"

#define DEFAULT_FINE_SECONDS 60

/* A document that goes to a file, whatever goes to standard output. */
struct copy {
	const char *option;
	const char *path; /* NULL: it was not asked for */
	int (*print)(const struct conform *conform, FILE *out);
};

#define NR_COPIES 2

struct conform_arguments {
	struct common_options common;
	struct target_list targets;
	struct kind_list kinds;
	int format;
	uint64_t iterations;
	uint64_t timeout;
	uint64_t fine_seconds;
	bool verbose;
	const char *known;
	struct copy copies[NR_COPIES];
	int nr_files;
	char **files; /* of argv */
};

static const char *const format_names[] = {"text", "json", "html"};

static const struct argp_option conform_options[] = {
	{"on", OPTION_ON, "KERNEL,...", 0,
	 "which kernels: host (the one that we run on, and the default), vm (all that 'cowherd "
	 "kernels' lists), vm:KERNEL (one of them)",
	 0},
	{"kind", OPTION_KIND, "KIND,...", 0,
	 "only for these kinds of memory, such as anon, thp-pte or hugetlb", 0},
	{"iterations", OPTION_ITERATIONS, "N", 0,
	 "run a test N times on a kernel (0: as often as it needs)", 0},
	{"timeout", OPTION_TIMEOUT, "SECONDS", 0,
	 "a virtual machine that says nothing for so long in a test hangs (0: 90 s)", 0},
	{"known", OPTION_KNOWN, "FILE", 0, "divergences that are explained, and by what", 0},
	{"max-time", OPTION_MAX_TIME, "SECONDS", 0,
	 "how long to search, access by access, for what the model seems to forbid (60; 0: to the "
	 "end)",
	 0},
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (the default), json or html", 0},
	{"json", OPTION_JSON, "FILE", 0, "also write JSON to this file", 0},
	{"html", OPTION_HTML, "FILE", 0, "also write a page to this file", 0},
	{"verbose", 'v', NULL, 0, "all rows, and all that was allowed and not seen", 0},
	{0},
};

static error_t parse_list(struct argp_state *state, int key, char *argument,
			  struct conform_arguments *arguments)
{
	char err[TOOL_MESSAGE_SIZE];

	if (key == OPTION_ON && targets_add(&arguments->targets, argument, err, sizeof(err)) < 0) {
		argp_error(state, "--on: %s", err);
		return EINVAL;
	}
	if (key == OPTION_KIND && kinds_add(&arguments->kinds, argument, err, sizeof(err)) < 0) {
		argp_error(state, "--kind: %s", err);
		return EINVAL;
	}
	return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct conform_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_ON:
	case OPTION_KIND:
		return parse_list(state, key, argument, arguments);
	case OPTION_ITERATIONS:
		return options_number(state, "--iterations", argument, UINT_MAX,
				      &arguments->iterations)
			       ? 0
			       : EINVAL;
	case OPTION_TIMEOUT:
		return options_number(state, "--timeout", argument, UINT32_MAX, &arguments->timeout)
			       ? 0
			       : EINVAL;
	case OPTION_MAX_TIME:
		return options_number(state, "--max-time", argument, UINT32_MAX,
				      &arguments->fine_seconds)
			       ? 0
			       : EINVAL;
	case OPTION_FORMAT:
		arguments->format = options_word(state, "--format", argument, format_names, 3);
		return arguments->format < 0 ? EINVAL : 0;
	case OPTION_KNOWN:
		arguments->known = argument;
		return 0;
	case OPTION_JSON:
		arguments->copies[0].path = argument;
		return 0;
	case OPTION_HTML:
		arguments->copies[1].path = argument;
		return 0;
	case 'v':
		arguments->verbose = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->files = state->argv + state->next;
		arguments->nr_files = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no test, expected files, directories or -");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child conform_children[] = {{&common_argp, 0, NULL, 0}, {0}};

static const struct argp conform_argp = {
	.options = conform_options,
	.parser = parse,
	.args_doc = "TEST...",
	.doc = "Run litmus tests on kernels, and hold what these do against what the model of "
	       "their era allows. A TEST is a file, a directory, which stands for the *.litmus "
	       "files in it and below, or - for standard input.\v"
	       "Exit status: 0 no divergence that is not explained, 1 some are, or the report is "
	       "incomplete, 2 wrong use, bad input or failure.",
	.children = conform_children,
};

static int print_to_memory(const struct conform *conform, const struct copy *copy, char **text,
			   size_t *length)
{
	FILE *memory = open_memstream(text, length);
	int status;

	if (!memory)
		return tool_no_memory(conform->run.io);
	status = copy->print(conform, memory);
	if (fclose(memory) != 0)
		status = tool_no_memory(conform->run.io);
	return status;
}

static int write_copy(const struct conform *conform, const struct copy *copy)
{
	struct tool_io *io = conform->run.io;
	size_t length;
	char *text = NULL;
	int status = print_to_memory(conform, copy, &text, &length);

	if (status == TOOL_OK && !io->example && !replace_file(copy->path, text, length)) {
		tool_complain(io, "%s: %s", copy->path, strerror(errno));
		status = TOOL_TROUBLE;
	}
	free(text);
	return status;
}

/* All of them, whatever becomes of one. */
static int report(const struct conform *conform, const struct conform_arguments *arguments)
{
	FILE *out = conform->run.io->out;
	int status = TOOL_OK;

	for (int i = 0; i < NR_COPIES; i++) {
		if (arguments->copies[i].path &&
		    write_copy(conform, &arguments->copies[i]) != TOOL_OK)
			status = TOOL_TROUBLE;
	}
	if (arguments->format == 0 && conform_print_text(conform) != TOOL_OK)
		status = TOOL_TROUBLE;
	if (arguments->format == 1 && conform_print_json(conform, out) != TOOL_OK)
		status = TOOL_TROUBLE;
	if (arguments->format == 2 && conform_print_html(conform, out) != TOOL_OK)
		status = TOOL_TROUBLE;
	return status;
}

/* What a long run is for must not fail at its end. */
static int check_copies(const struct conform_arguments *arguments)
{
	struct tool_io *io = arguments->common.io;

	for (int i = 0; i < NR_COPIES && !io->example; i++) {
		const struct copy *copy = &arguments->copies[i];

		if (!copy->path || replace_can(copy->path))
			continue;
		tool_complain(io, "%s: %s: %s", copy->option, copy->path, strerror(errno));
		return TOOL_TROUBLE;
	}
	return TOOL_OK;
}

static int exit_status(const struct conform *conform)
{
	struct conform_counts counts = conform_count(conform, -1);

	if (conform->run.interrupted)
		return TOOL_INTERRUPTED;
	if (conform->run.nr_bad || counts.verdicts[CONFORM_FAILED])
		return TOOL_TROUBLE;
	return counts.unexplained || !conform_is_complete(conform) ? TOOL_UNEXPECTED : TOOL_OK;
}

static int run_kernels(struct conform *conform, const struct conform_arguments *arguments)
{
	struct progress progress;
	struct sigaction before;
	int ret, status;

	interrupt_catch(&before);
	conform->run.options.stop = &interrupt_seen;
	progress_begin(&progress, conform->run.io->err);
	status = run_begin_machines(&conform->run);
	ret = status == TOOL_OK ? conform_run(conform, &progress) : 0;
	machines_end(&conform->run.machines);
	progress_clear(&progress);
	conform->run.interrupted = interrupt_seen;
	/* The replays of a report are no search that Ctrl-C should end. */
	conform->run.options.stop = NULL;
	if (ret < 0)
		status = tool_no_memory(conform->run.io);
	else if (status == TOOL_OK)
		status = report(conform, arguments);
	interrupt_release(&before);
	return status == TOOL_OK ? exit_status(conform) : status;
}

static int run_files(struct conform *conform, const struct conform_arguments *arguments)
{
	struct file_list files = {0};
	char err[TOOL_MESSAGE_SIZE];
	int status = rows_collect(&conform->run, &files, arguments->files, arguments->nr_files,
				  &arguments->kinds);

	if (status == TOOL_OK) {
		int ret = conform_prepare(conform, err, sizeof(err));

		if (ret == -ENOMEM)
			status = tool_no_memory(conform->run.io);
		else if (ret < 0)
			tool_complain(conform->run.io, "--on: %s", err);
		if (ret < 0)
			status = TOOL_TROUBLE;
	}
	if (status == TOOL_OK)
		status = run_kernels(conform, arguments);
	conform_free(conform);
	rows_free(&conform->run);
	files_free(&files);
	return status;
}

static int run_with(struct conform_arguments *arguments)
{
	struct tool_io *io = arguments->common.io;
	const struct target_options no_options = {0};
	struct known_list known = {0};
	struct conform conform = {
		.run = {.io = io,
			.options = options_for_run(&no_options),
			.verbose = arguments->verbose},
		.known = &known,
		.fine_seconds = (double)arguments->fine_seconds,
	};
	char err[TOOL_MESSAGE_SIZE];
	int status = check_copies(arguments);

	conform.run.options.host_iterations = (unsigned)arguments->iterations;
	conform.run.options.vm_seconds = (unsigned)arguments->timeout;
	terminal_init(&conform.run.terminal, io->out, arguments->common.color);
	if (status == TOOL_OK && arguments->targets.nr == 0 &&
	    targets_add(&arguments->targets, "host", err, sizeof(err)) < 0) {
		tool_complain(io, "%s", err);
		status = TOOL_TROUBLE;
	}
	conform.run.targets = arguments->targets;
	if (status == TOOL_OK && arguments->known)
		status = known_read(&known, arguments->known, io);
	if (status == TOOL_OK)
		status = run_files(&conform, arguments);
	known_free(&known);
	return status;
}

int cmd_conform(int argc, char **argv, struct tool_io *io)
{
	struct conform_arguments arguments = {
		.common.io = io,
		.fine_seconds = DEFAULT_FINE_SECONDS,
		.copies = {{.option = "--json", .print = conform_print_json},
			   {.option = "--html", .print = conform_print_html}},
	};
	int status = options_parse(&conform_argp, argc, argv, &arguments.common, &arguments);

	if (status < 0)
		status = run_with(&arguments);
	targets_free(&arguments.targets);
	return status;
}
