/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_run.c - `cowherd run`: tests on targets, and a report */

#include "tool/tool.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tool/interrupt.h"
#include "tool/options.h"
#include "tool/report.h"
#include "tool/rows.h"

struct run_arguments {
	struct common_options common;
	struct target_options target;
	int format;
	uint64_t iterations;
	uint64_t timeout;
	bool verbose;
	bool quiet;
	int nr_files;
	char **files; /* of argv */
};

static const char *const format_names[] = {"table", "diff", "herd", "ktap", "json"};
static const struct report *const formats[] = {&report_table, &report_diff, &report_herd,
					       &report_ktap, &report_json};

static const struct argp_option run_options[] = {
	{"format", OPTION_FORMAT, "FORMAT", 0, "table (the default), diff, herd, ktap or json", 0},
	{"iterations", OPTION_ITERATIONS, "N", 0,
	 "run a test N times on a real kernel (0: as often as it needs)", 0},
	{"timeout", OPTION_TIMEOUT, "SECONDS", 0,
	 "a virtual machine that says nothing for so long in a test hangs (0: 90 s)", 0},
	{"verbose", 'v', NULL, 0, "also print the outcomes", 0},
	{"quiet", 'q', NULL, 0, "print only what is not as expected", 0},
	{0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct run_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		state->child_inputs[1] = &arguments->target;
		return 0;
	case OPTION_FORMAT:
		arguments->format = options_word(state, "--format", argument, format_names, 5);
		return arguments->format < 0 ? EINVAL : 0;
	case OPTION_ITERATIONS:
		if (options_number(state, "--iterations", argument, UINT_MAX,
				   &arguments->iterations))
			return 0;
		return EINVAL;
	case OPTION_TIMEOUT:
		if (options_number(state, "--timeout", argument, UINT32_MAX, &arguments->timeout))
			return 0;
		return EINVAL;
	case 'v':
		arguments->verbose = true;
		return 0;
	case 'q':
		arguments->quiet = true;
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

static const struct argp_child run_children[] = {
	{&common_argp, 0, NULL, 0},
	{&target_argp, 0, NULL, 0},
	{0},
};

static const struct argp run_argp = {
	.options = run_options,
	.parser = parse,
	.args_doc = "TEST...",
	.doc = "Run litmus tests: one row a test, one column a target. A TEST is a file, a "
	       "directory, which stands for the *.litmus files in it and below, or - for "
	       "standard input. Without --on the targets are spec, model and host; or, with "
	       "--rules, spec, the era as it is and the changed one.\v"
	       "Exit status: 0 all tests are as expected, 1 some are not or a search is "
	       "incomplete, "
	       "2 wrong use, bad input or failure.",
	.children = run_children,
};

/* With --rules alone: what the change does, next to what it is a change of. */
static int add_base(struct target_list *list, char *err, size_t err_size)
{
	struct target_list base = {0};
	char name[64];
	int ret = targets_add(&base, "spec", err, err_size);

	for (int i = 0; ret == 0 && i < list->nr; i++) {
		const char *changed = list->targets[i].name; /* "v6.1,field=value" */

		snprintf(name, sizeof(name), "model:%.*s", (int)strcspn(changed, ","), changed);
		ret = targets_add(&base, name, err, err_size);
	}
	if (ret == 0)
		ret = targets_append(&base, list, err, err_size);
	targets_free(list);
	*list = base;
	return ret;
}

static int choose_targets(struct target_options *options, char *err, size_t err_size)
{
	if (options->on)
		return 0;
	if (options->targets.nr)
		return add_base(&options->targets, err, err_size);
	return targets_add(&options->targets, "spec,model,host", err, err_size);
}

static int run_all(struct run *run, const struct report *report, struct progress *progress)
{
	int ret = 0;

	if (report->check && report->check(run) != TOOL_OK)
		return TOOL_TROUBLE;
	if (report->begin)
		report->begin(run);
	for (int i = 0; i < run->nr_rows && ret == 0 && !interrupt_seen; i++) {
		ret = run_row(run, &run->rows[i], progress);
		if (ret == 0 && report->row)
			report->row(run, &run->rows[i]);
	}
	progress_clear(progress);
	if (ret < 0)
		return tool_no_memory(run->io);
	run->interrupted = interrupt_seen;
	return report->end ? report->end(run) : TOOL_OK;
}

static int exit_status(const struct run *run)
{
	struct run_counts counts = run_count(run);

	if (run->interrupted)
		return TOOL_INTERRUPTED;
	if (run->nr_bad || counts.failed)
		return TOOL_TROUBLE;
	/* Nobody knows what an incomplete search has missed. */
	return counts.unexpected || counts.incomplete ? TOOL_UNEXPECTED : TOOL_OK;
}

static int run_rows(struct run *run, const struct report *report)
{
	struct progress progress;
	struct sigaction before;
	int status;

	interrupt_catch(&before);
	run->options.stop = &interrupt_seen;
	progress_begin(&progress, run->io->err);
	status = run_begin_machines(run);
	if (status == TOOL_OK)
		status = run_all(run, report, &progress);
	machines_end(&run->machines);
	interrupt_release(&before);
	return status == TOOL_OK ? exit_status(run) : status;
}

static int run_files(struct run *run, const struct run_arguments *arguments)
{
	struct file_list files = {0};
	int status = rows_collect(run, &files, arguments->files, arguments->nr_files,
				  &arguments->target.kinds);

	if (status == TOOL_OK)
		status = run_rows(run, formats[arguments->format]);
	rows_free(run);
	files_free(&files);
	return status;
}

static int run_with(struct run_arguments *arguments)
{
	struct tool_io *io = arguments->common.io;
	struct run run = {
		.io = io,
		.options = options_for_run(&arguments->target),
		.verbose = arguments->verbose,
		.quiet = arguments->quiet,
	};
	char err[TOOL_MESSAGE_SIZE];

	run.options.host_iterations = (unsigned)arguments->iterations;
	run.options.vm_seconds = (unsigned)arguments->timeout;
	terminal_init(&run.terminal, io->out, arguments->common.color);
	if (choose_targets(&arguments->target, err, sizeof(err)) < 0) {
		tool_complain(io, "%s", err);
		return TOOL_TROUBLE;
	}
	run.targets = arguments->target.targets;
	return run_files(&run, arguments);
}

int cmd_run(int argc, char **argv, struct tool_io *io)
{
	struct run_arguments arguments = {.common.io = io};
	int status = options_parse(&run_argp, argc, argv, &arguments.common, &arguments);

	if (status < 0)
		status = run_with(&arguments);
	targets_free(&arguments.target.targets);
	return status;
}
