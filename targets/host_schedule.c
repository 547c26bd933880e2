/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_schedule.c - do the tasks of a test take turns, or can two run at the same time? */
#include "targets/host.h"

#include <string.h>

struct schedule {
	const struct litmus_test *test;
	bool born[LITMUS_MAX_TASKS];
	int op[LITMUS_MAX_TASKS];
	bool awaited[LITMUS_MAX_TASKS]; /* somebody has waited for the task's end */
	bool completed[LITMUS_MAX_COMPLETIONS];
	bool first_observed; /* P0's process ends after all others */
};

bool host_observes_memory(const struct litmus_test *test, int nr_tasks)
{
	for (int i = 0; i < test->nr_observables; i++) {
		if (test->observables[i].kind == LITMUS_OBSERVE_MEMORY &&
		    test->observables[i].task < nr_tasks)
			return true;
	}
	return false;
}

static bool has_ended(const struct schedule *schedule, int task)
{
	return schedule->born[task] && schedule->op[task] == schedule->test->tasks[task].nr_ops;
}

static bool process_has_ended(const struct schedule *schedule, int process)
{
	for (int i = 0; i < schedule->test->nr_tasks; i++) {
		if (schedule->test->tasks[i].process == process && schedule->born[i] &&
		    !has_ended(schedule, i))
			return false;
	}
	return true;
}

static bool is_runnable(const struct schedule *schedule, int task)
{
	const struct litmus_op *op;

	if (!schedule->born[task] || has_ended(schedule, task))
		return false;
	op = &schedule->test->tasks[task].ops[schedule->op[task]];
	switch (op->code) {
	case LITMUS_WAITPID:
		return process_has_ended(schedule, schedule->test->tasks[op->task].process);
	case LITMUS_PTHREAD_JOIN:
		return !schedule->born[op->task] || has_ended(schedule, op->task);
	case LITMUS_WAIT_FOR_COMPLETION:
		return schedule->completed[op->completion];
	default:
		return true;
	}
}

/* Does the operation that `task` is at wait for the end of `other`? */
static bool waits_for_end(const struct schedule *schedule, int task, int other)
{
	const struct litmus_test *test = schedule->test;
	const struct litmus_op *op = &test->tasks[task].ops[schedule->op[task]];

	switch (op->code) {
	case LITMUS_WAITPID:
		return test->tasks[op->task].process == test->tasks[other].process;
	case LITMUS_PTHREAD_JOIN:
		return op->task == other;
	default:
		return false;
	}
}

/* May the end of another task come before or after what `task` does next? */
static bool races_with_end(const struct schedule *schedule, int task)
{
	for (int i = 0; i < schedule->test->nr_tasks; i++) {
		if (has_ended(schedule, i) && !schedule->awaited[i] &&
		    !(i == 0 && schedule->first_observed) && !waits_for_end(schedule, task, i))
			return true;
	}
	return false;
}

static void end_process(struct schedule *schedule, int process)
{
	for (int i = 0; i < schedule->test->nr_tasks; i++) {
		if (schedule->test->tasks[i].process == process && schedule->born[i])
			schedule->op[i] = schedule->test->tasks[i].nr_ops;
	}
}

static void step(struct schedule *schedule, int task)
{
	const struct litmus_op *op = &schedule->test->tasks[task].ops[schedule->op[task]];

	for (int i = 0; i < schedule->test->nr_tasks; i++)
		schedule->awaited[i] |= waits_for_end(schedule, task, i);
	schedule->op[task]++;
	switch (op->code) {
	case LITMUS_FORK:
	case LITMUS_PTHREAD_CREATE:
		schedule->born[op->task] = true;
		break;
	case LITMUS_COMPLETE:
		schedule->completed[op->completion] = true;
		break;
	case LITMUS_EXIT:
		end_process(schedule, schedule->test->tasks[task].process);
		break;
	default:
		break;
	}
}

bool host_is_concurrent(const struct litmus_test *test,
			bool alone[LITMUS_MAX_TASKS][LITMUS_MAX_OPS])
{
	struct schedule schedule = {
		.test = test,
		.first_observed = host_observes_memory(test, 1),
	};
	bool concurrent = false;

	if (alone)
		memset(alone, 0, sizeof(bool[LITMUS_MAX_TASKS][LITMUS_MAX_OPS]));
	for (int i = 0; i < test->nr_tasks; i++)
		schedule.born[i] = test->tasks[i].birth <= LITMUS_BORN_START;
	for (;;) {
		int runnable = -1;

		for (int i = 0; i < test->nr_tasks; i++) {
			if (!is_runnable(&schedule, i))
				continue;
			if (runnable >= 0)
				return true;
			runnable = i;
		}
		if (runnable < 0)
			return concurrent;
		concurrent |= races_with_end(&schedule, runnable);
		if (alone)
			alone[runnable][schedule.op[runnable]] = true;
		step(&schedule, runnable);
	}
}
