/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - spec_run(): every outcome of a litmus test on the ideal machine */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/machine.h"
#include "spec/spec.h"

struct run {
	struct spec_machine machine;
	struct run_result *result;
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
		run_result_fail(run->result, "out of memory");
		return false;
	}
	outcome->violations = violations;
	return true;
}

void spec_run(const struct litmus_test *test, const struct run_options *options,
	      struct run_result *result)
{
	memset(result, 0, sizeof(*result));
	struct run *run = malloc(sizeof(*run));
	if (!run) {
		run_result_fail(result, "out of memory");
		return;
	}
	run->result = result;
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
	run_result_explore(result, test, &machine, options);
	if (result->status == RUN_DONE && run->machine.too_many) {
		result->status = RUN_INCOMPLETE;
		snprintf(result->reason, sizeof(result->reason),
			 "too many references to one page that may lag");
	}
	free(run);
}
