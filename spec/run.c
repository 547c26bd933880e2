/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - spec_run(): every outcome of a litmus test on the ideal machine */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spec/machine.h"
#include "spec/spec.h"

struct run {
	struct spec_machine machine;
	struct run_result *result;
	bool no_memory;
};

static int run_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	struct run *run = context;

	return spec_machine_moves(&run->machine, moves);
}

static unsigned run_step(void *context, struct explore_move move)
{
	struct run *run = context;

	spec_machine_step(&run->machine, move);
	return VIOLATION_NONE;
}

static size_t run_size(void *context)
{
	struct run *run = context;

	return spec_machine_size(&run->machine);
}

static void run_save(void *context, void *to)
{
	struct run *run = context;

	spec_machine_save(&run->machine, to);
}

static void run_load(void *context, const void *from, size_t size)
{
	struct run *run = context;

	(void)size;
	spec_machine_load(&run->machine, from);
}

static bool run_final(void *context, unsigned violations, const struct explore_move *schedule,
		      int nr_moves)
{
	struct run *run = context;
	int64_t values[LITMUS_MAX_OBSERVABLES];
	const char *detail = NULL;

	/* No step of this machine leads to a broken state: violations is empty. */
	if (spec_machine_stuck(&run->machine)) {
		detail = SPEC_STUCK;
		violations = VIOLATION_DEADLOCK;
	}
	spec_machine_values(&run->machine, values);
	struct outcome *outcome =
		run_result_add(run->result, run->machine.test, detail ? NULL : values, detail, 1,
			       schedule, nr_moves);
	if (!outcome) {
		run->no_memory = true;
		return false;
	}
	outcome->violations = violations;
	return true;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void set_status(struct run_result *result, const struct run *run,
		       const struct run_options *options, const struct explore_stats *stats,
		       bool no_memory)
{
	const char *reason = "";

	result->status = RUN_DONE;
	if (no_memory) {
		result->status = RUN_FAILED;
		reason = "out of memory";
	} else if (!stats->complete) {
		result->status = RUN_INCOMPLETE;
		reason = options->stop && *options->stop ? "interrupted"
							 : "the limit of states was reached";
	} else if (run->machine.too_many) {
		result->status = RUN_INCOMPLETE;
		reason = "too many references to one page that may lag";
	}
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}

void spec_run(const struct litmus_test *test, const struct run_options *options,
	      struct run_result *result)
{
	const struct explore_limits limits = {options->max_states, options->stop};
	struct explore_stats stats = {0};
	double start = now();
	int err;

	memset(result, 0, sizeof(*result));
	struct run *run = malloc(sizeof(*run));
	if (!run) {
		result->status = RUN_FAILED;
		snprintf(result->reason, sizeof(result->reason), "out of memory");
		return;
	}
	run->result = result;
	run->no_memory = false;
	spec_machine_init(&run->machine, test, options->strict);

	const struct explore_machine machine = {
		.context = run,
		.moves = run_moves,
		.step = run_step,
		.size = run_size,
		.save = run_save,
		.load = run_load,
		.final = run_final,
	};
	err = explore(&machine, &limits, &stats);
	set_status(result, run, options, &stats, err || run->no_memory);
	run_result_finish(result, test);
	result->states = stats.states;
	result->transitions = stats.transitions;
	result->seconds = now() - start;
	free(run);
}
