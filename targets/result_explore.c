/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result_explore.c - outcomes that an explorer finds */

#include <inttypes.h>
#include <stdio.h>

#include "targets/clock.h"
#include "targets/target.h"

void run_result_incomplete(struct run_result *result, const struct run_options *options,
			   uint64_t states)
{
	size_t size = sizeof(result->reason);

	result->status = RUN_INCOMPLETE;
	if (options->stop && *options->stop)
		snprintf(result->reason, size, "interrupted after %" PRIu64 " states", states);
	else if (options->max_states && states >= options->max_states)
		snprintf(result->reason, size, "stopped after %" PRIu64 " states", states);
	else if (options->fine && options->max_switches && options->max_seconds <= 0)
		snprintf(result->reason, size, "%" PRIu64 " states, with no more than %u switches",
			 states, options->max_switches);
	else
		snprintf(result->reason, size, "stopped after %g s and %" PRIu64 " states",
			 options->max_seconds, states);
}

struct explore_limits run_limits(const struct run_options *options)
{
	return (struct explore_limits){
		.max_states = options->max_states,
		.stop = options->stop,
		.progress = options->progress,
		.progress_context = options->progress_context,
	};
}

void run_result_explore(struct run_result *result, const struct litmus_test *test,
			const struct explore_machine *machine, const struct run_options *options)
{
	const struct explore_limits limits = run_limits(options);
	struct explore_stats stats = {0};
	double start = clock_seconds();

	if (explore(machine, &limits, &stats))
		run_result_fail(result, "out of memory");
	else if (!stats.complete && result->status == RUN_DONE)
		run_result_incomplete(result, options, stats.states);
	run_result_finish(result, test);
	result->states = stats.states;
	result->transitions = stats.transitions;
	result->seconds = clock_seconds() - start;
}
