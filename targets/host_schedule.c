/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_schedule.c - do the tasks of a test take turns, or can two run at the same time? */
#include "targets/host.h"

#include <string.h>

struct schedule {
	const struct litmus_test *test;
	bool born[LITMUS_MAX_TASKS];
	int op[LITMUS_MAX_TASKS];
	bool completed[LITMUS_MAX_COMPLETIONS];
};

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

static void end_process(struct schedule *schedule, int process)
{
	for (int i = 0; i < schedule->test->nr_tasks; i++) {
		if (schedule->test->tasks[i].process == process && schedule->born[i])
			schedule->op[i] = schedule->test->tasks[i].nr_ops;
	}
}

static void step(struct schedule *schedule, int task)
{
	const struct litmus_op *op = &schedule->test->tasks[task].ops[schedule->op[task]++];

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
	struct schedule schedule = {.test = test};

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
			return false;
		if (alone)
			alone[runnable][schedule.op[runnable]] = true;
		step(&schedule, runnable);
	}
}
