/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - run tests on targets */

#include "tool/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"

static void decline(struct run_result *result, enum run_status status, const char *reason)
{
	result->status = status;
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

/* Can violations of this test be told? Against half of what is allowed, anything could be one. */
static bool can_judge(const struct run_result *spec, struct run_result *result)
{
	if (spec->status == RUN_INCOMPLETE)
		decline(result, RUN_INCOMPLETE, "what the spec allows is not known completely");
	else if (spec->status != RUN_DONE)
		decline(result, spec->status, spec->reason);
	return spec->status == RUN_DONE;
}

void run_model(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct run_result *spec,
	       struct run_result *result)
{
	if (can_judge(spec, result))
		model_run(test, &target->rules, options, spec, result);
}

void run_kernel(const struct run *run, const struct litmus_test *test, const struct target *target,
		const struct run_result *spec, struct run_result *result)
{
	if (!can_judge(spec, result))
		return;
	if (run->io->example) {
		decline(result, RUN_SKIPPED, "nothing is done on a real kernel");
		return;
	}
	if (target->kind == TARGET_VM)
		machines_run(&run->machines, target, test, &run->options, result);
	else
		host_run(test, &run->options, result);
	spec_classify_result(test, spec, result);
}

int run_replay(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct outcome *outcome, replay_fn *fn,
	       void *context)
{
	if (!outcome->schedule || target_is_kernel(target))
		return -EINVAL;
	if (target->kind == TARGET_SPEC)
		return spec_replay(test, options, outcome->schedule, outcome->nr_moves, fn,
				   context);
	return model_replay(test, &target->rules, options, outcome->schedule, outcome->nr_moves, fn,
			    context);
}

int run_begin_machines(struct run *run)
{
	char err[TOOL_MESSAGE_SIZE];

	if (run->io->example)
		return TOOL_OK;
	if (machines_begin(&run->machines, &run->targets, err, sizeof(err)) < 0) {
		tool_complain(run->io, "%s", err);
		return TOOL_TROUBLE;
	}
	for (int i = 0; i < run->nr_rows; i++) {
		if (run->rows[i].test &&
		    machines_queue(&run->machines, run->rows[i].test, &run->options) < 0)
			return tool_no_memory(run->io);
	}
	return TOOL_OK;
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
	else if (target_is_kernel(target))
		run_kernel(run, row->test, target, spec, &cell->result);
	else
		run_model(row->test, target, &run->options, spec, &cell->result);
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
