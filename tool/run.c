/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - run tests on targets */

#include "tool/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void decline(struct run_result *result, enum run_status status, const char *reason)
{
	result->status = status;
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

void run_target(struct tool_io *io, const struct litmus_test *test, const struct target *target,
		const struct run_options *options, const struct run_result *spec,
		struct run_result *result)
{
	/* Against half of what is allowed, anything could look like a violation. */
	if (spec->status == RUN_INCOMPLETE)
		decline(result, RUN_INCOMPLETE, "what the spec allows is not known completely");
	else if (spec->status != RUN_DONE)
		decline(result, spec->status, spec->reason);
	else if (target->kind == TARGET_MODEL)
		model_run(test, &target->rules, options, spec, result);
	else if (io->example)
		decline(result, RUN_SKIPPED, "nothing is done on the host");
	else
		host_run(test, options, spec, result);
}

int run_replay(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct outcome *outcome, replay_fn *fn,
	       void *context)
{
	if (!outcome->schedule || target->kind == TARGET_HOST)
		return -EINVAL;
	if (target->kind == TARGET_SPEC)
		return spec_replay(test, options, outcome->schedule, outcome->nr_moves, fn,
				   context);
	return model_replay(test, &target->rules, options, outcome->schedule, outcome->nr_moves, fn,
			    context);
}

static bool is_stopped(const struct run_options *options)
{
	return options->stop && *options->stop;
}

static int fill_cell(struct run *run, const struct row *row, const struct target *target,
		     const struct run_result *spec, struct cell *cell)
{
	if (target->kind == TARGET_SPEC)
		cell->result = *spec;
	else if (is_stopped(&run->options))
		decline(&cell->result, RUN_INCOMPLETE, "interrupted");
	else
		run_target(run->io, row->test, target, &run->options, spec, &cell->result);
	return judge_cell(row->test, target, &run->options, spec, cell);
}

/* The line that says how far a search is. */
struct search_line {
	struct progress *progress;
	const char *test;
	const char *target;
	int number;
	int of;
};

static void show_search(void *context, uint64_t states)
{
	const struct search_line *line = context;

	progress_show(line->progress, "%d of %d: %s on %s: %llu states", line->number, line->of,
		      line->test, line->target, (unsigned long long)states);
}

static int run_test(struct run *run, struct row *row, struct progress *progress)
{
	struct run_result spec = {0};
	bool is_column = false; /* the spec's cell then owns its result */
	int ret = 0;

	row->cells = calloc((size_t)run->targets.nr, sizeof(*row->cells));
	if (!row->cells)
		return -ENOMEM;
	spec_run(row->test, &run->options, &spec);
	for (int i = 0; i < run->targets.nr && ret == 0; i++) {
		const struct target *target = &run->targets.targets[i];
		struct search_line line = {progress, row->test->name, target->name,
					   (int)(row - run->rows) + 1, run->nr_rows};

		run->options.progress = show_search;
		run->options.progress_context = &line;
		progress_show(progress, "%d of %d: %s on %s", (int)(row - run->rows) + 1,
			      run->nr_rows, row->test->name, target->name);
		ret = fill_cell(run, row, target, &spec, &row->cells[i]);
		is_column |= target->kind == TARGET_SPEC;
	}
	run->options.progress = NULL;
	if (!is_column)
		run_result_free(&spec);
	return ret;
}

int run_row(struct run *run, struct row *row, struct progress *progress)
{
	return row->test ? run_test(run, row, progress) : 0;
}

void row_free(const struct run *run, struct row *row)
{
	if (row->cells) {
		for (int i = 0; i < run->targets.nr; i++)
			cell_free(&row->cells[i]);
	}
	free(row->cells);
	litmus_free(row->owned);
}
