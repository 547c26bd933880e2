/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_fine.c - a litmus test on mm/, every interleaving of its accesses */
#include "check/fine.h"
#include "targets/model.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What needs more switches than these is shown as it was found. */
#define MAX_SHORT_SWITCHES 12

/* And no more states than these are spent on each number. */
#define MAX_SHORT_STATES 50000

/*
 * What it depends on whether a task may begin its next operation. A process stands for its tasks:
 * whether they have started and ended, and must end.
 */
static const void *begin_object(const struct model *model, int task)
{
	const struct litmus_op *op = model_next_op(model, task);
	int process = model->test->tasks[task].process;

	if (!op && !task && model->observes_p0)
		return model_ends_object(model);
	if (op && model->state->tasks[task].started) {
		if (op->code == LITMUS_WAIT_FOR_COMPLETION)
			return &model->state->completed;
		if (op->code == LITMUS_READ)
			return model_ends_object(model);
		if (op->code == LITMUS_WAITPID)
			process = model->test->tasks[op->task].process;
	}
	return &model->state->processes[process];
}

static enum fine_next fine_next(void *context, unsigned task, const void **object)
{
	const struct model *model = context;

	*object = begin_object(model, (int)task);
	if (model->state->tasks[task].ended)
		return FINE_OVER;
	return model_can_begin(model, (int)task) ? FINE_READY : FINE_WAITS;
}

static void fine_operate(void *context, unsigned task)
{
	struct model *model = context;

	if (model_next_op(model, (int)task))
		model_do_op(model, (int)task);
	else
		model_end_task(model, (int)task);
}

static unsigned fine_ran(void *context, unsigned task, enum check_run run)
{
	struct model *model = context;

	model->detail[0] = '\0';
	model->state->tasks[task].busy = run == CHECK_BLOCKED || run == CHECK_LIVELOCK;
	model->result->allocation_failed |= check_allocation_failed();
	if (run == CHECK_LIVELOCK) {
		snprintf(model->detail, sizeof(model->detail), "P%u retries without end", task);
		return VIOLATION_LIVELOCK;
	}
	if (run != CHECK_BUG)
		return VIOLATION_NONE;
	snprintf(model->detail, sizeof(model->detail), "%s", check_bug_text());
	return check_bug_is_use() ? VIOLATION_USE_AFTER_FREE : VIOLATION_BAD_COUNT;
}

static unsigned fine_quiet(void *context)
{
	return model_audit(context);
}

static bool fine_final(void *context, unsigned violations, const struct explore_move *schedule,
		       int nr_moves)
{
	const struct model *model = context;

	return model_final(context, violations, schedule, nr_moves) &&
	       !(model->options->first_violation && run_result_violations(model->result));
}

/* What a process of its own finds goes here, and from there to the one that began it. */
static void fine_fork(void *context)
{
	static struct run_result found;
	struct model *model = context;

	found = (struct run_result){0};
	model->result = &found;
}

static int fine_send(void *context, FILE *to)
{
	const struct model *model = context;

	return run_result_send(model->result, model->test, to);
}

static int fine_receive(void *context, FILE *from)
{
	const struct model *model = context;

	return run_result_receive(model->result, model->test, from);
}

static struct fine_machine fine_machine(struct model *model)
{
	return (struct fine_machine){
		.context = model,
		.nr_tasks = (unsigned)model->test->nr_tasks,
		.next = fine_next,
		.operate = fine_operate,
		.ran = fine_ran,
		.quiet = fine_quiet,
		.final = fine_final,
		.fork = fine_fork,
		.send = fine_send,
		.receive = fine_receive,
	};
}

static bool all_quiet(const struct model *model)
{
	for (int task = 0; task < model->test->nr_tasks; task++) {
		if (check_is_blocked((unsigned)task))
			return false;
	}
	return true;
}

unsigned model_step_fine(struct model *model, struct explore_move move)
{
	const struct fine_machine machine = fine_machine(model);
	unsigned violations;

	violations = fine_step(&machine, move);
	if (!violations && all_quiet(model))
		violations = model_audit(model);
	return violations;
}

/* Has every violation one of the schedules that this search has found? */
static bool all_shown(const struct run_result *result, const struct run_result *found)
{
	return !(run_result_violations(result) & ~run_result_violations(found));
}

/* What is left of the time that the user gives. False: none. */
static bool leave_time(struct fine_options *options, double seconds)
{
	if (options->max_seconds <= 0)
		return true;
	options->max_seconds -= seconds;
	return options->max_seconds > 0;
}

/*
 * A schedule that leaves tasks in the midst of something as seldom as can be says most about what
 * is wrong. So search again: with no such switch, with one, and so on, up to the violations.
 */
static void shorten(struct model *model, const struct fine_machine *machine,
		    struct fine_options options, const void *start, size_t size)
{
	struct run_result *result = model->result;
	bool more = true;

	if (!options.limits.max_states || options.limits.max_states > MAX_SHORT_STATES)
		options.limits.max_states = MAX_SHORT_STATES;
	options.jobs = 1;
	for (options.max_switches = 0; more; options.max_switches++) {
		struct run_result found = {0};
		struct fine_stats stats;

		check_load(start, size);
		model->result = &found;
		more = !explore_fine(machine, &options, &stats) && found.status != RUN_FAILED;
		model->result = result;
		more &= !all_shown(result, &found) && !stats.explore.complete;
		more &= !(options.limits.stop && *options.limits.stop);
		more &= options.max_switches < MAX_SHORT_SWITCHES;
		more &= leave_time(&options, stats.seconds);
		run_result_shorten(result, model->test, &found);
		run_result_free(&found);
	}
}

void model_explore_fine(struct model *model)
{
	const struct run_options *options = model->options;
	const struct fine_machine machine = fine_machine(model);
	struct fine_options fine = {
		.limits = run_limits(options),
		.no_reduction = options->no_reduction,
		.count = options->count_executions,
		.max_switches = options->max_switches ? options->max_switches : UINT_MAX,
		.max_seconds = options->max_seconds,
		.jobs = options->jobs,
		.full_compare = options->full_compare,
	};
	struct run_result *result = model->result;
	size_t size = check_size();
	void *start = malloc(size);
	struct fine_stats stats = {0};
	int err;

	if (start)
		check_save(start);
	err = start ? explore_fine(&machine, &fine, &stats) : -ENOMEM;
	if (err)
		run_result_fail(result,
				err == -EIO ? "one of its processes was lost" : "out of memory");
	else if (!stats.explore.complete && result->status == RUN_DONE)
		run_result_incomplete(result, options, stats.explore.states);
	if (run_result_violations(result) && !options->first_violation &&
	    leave_time(&fine, stats.seconds))
		shorten(model, &machine, fine, start, size);
	run_result_finish(result, model->test);
	result->states = stats.explore.states;
	result->transitions = stats.steps;
	result->seconds = stats.seconds;
	result->ahead = stats.ahead;
	result->executions = stats.executions;
	result->visited_size = stats.visited_size;
	free(start);
}
