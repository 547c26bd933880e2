/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - who starts whom, which tasks share an mm, and what an outcome records */
#include "litmus/parse.h"

static bool starts(const struct litmus_task_use *use)
{
	return use->code == LITMUS_FORK || use->code == LITMUS_PTHREAD_CREATE;
}

/* Which use starts the task? NULL if none does. */
static const struct litmus_task_use *start_of(const struct litmus_parser *parser, int task)
{
	for (int i = 0; i < parser->nr_task_uses; i++)
		if (starts(&parser->task_uses[i]) && parser->task_uses[i].task == task)
			return &parser->task_uses[i];
	return NULL;
}

static bool check_numbers(const struct litmus_parser *parser)
{
	int nr_tasks = parser->test->nr_tasks;

	for (int i = 0; i < parser->nr_task_uses; i++) {
		const struct litmus_task_use *use = &parser->task_uses[i];

		if (use->task >= nr_tasks)
			return litmus_fail(&parser->source, use->pos,
					   "there is no such task, expected one from P0 to P%d",
					   nr_tasks - 1);
	}
	return true;
}

static bool check_start(const struct litmus_parser *parser, const struct litmus_task_use *use)
{
	const struct litmus_task_use *first = start_of(parser, use->task);

	if (use->task == 0)
		return litmus_fail(&parser->source, use->pos,
				   "P0 runs from the beginning, expected another task");
	if (use->task == use->user)
		return litmus_fail(&parser->source, use->pos,
				   "P%d can't start itself, expected another task", use->task);
	if (use != first)
		return litmus_fail(&parser->source, use->pos,
				   "line %d starts P%d already, expected another task",
				   first->pos.line, use->task);
	return true;
}

static bool find_births(struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;

	for (int i = 0; i < parser->nr_task_uses; i++)
		if (starts(&parser->task_uses[i]) && !check_start(parser, &parser->task_uses[i]))
			return false;
	for (int i = 0; i < test->nr_tasks; i++) {
		const struct litmus_task_use *use = start_of(parser, i);
		struct litmus_task *task = &test->tasks[i];

		task->parent = use ? use->user : -1;
		task->start = use ? use->index : -1;
		if (use)
			task->birth =
				use->code == LITMUS_FORK ? LITMUS_BORN_FORK : LITMUS_BORN_THREAD;
		else
			task->birth = i ? LITMUS_BORN_START : LITMUS_BORN_FIRST;
	}
	return true;
}

/* Tasks that start each other in a circle never run. */
static bool check_circles(const struct litmus_parser *parser)
{
	const struct litmus_test *test = parser->test;

	for (int i = 0; i < test->nr_tasks; i++) {
		int ancestor = i;

		for (int steps = 0; steps < test->nr_tasks && ancestor >= 0; steps++)
			ancestor = test->tasks[ancestor].parent;
		if (ancestor >= 0)
			return litmus_fail(&parser->source, start_of(parser, i)->pos,
					   "P%d is started by P%d, which it brings about itself; "
					   "expected a task that runs to start it",
					   i, test->tasks[i].parent);
	}
	return true;
}

static void number_processes(struct litmus_test *test)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		int lowest = 0;

		while (litmus_leader(test, lowest) != litmus_leader(test, i))
			lowest++;
		test->tasks[i].process = lowest;
	}
}

static bool check_wait(const struct litmus_parser *parser, const struct litmus_task_use *use)
{
	const struct litmus_test *test = parser->test;
	const struct litmus_task *task = &test->tasks[use->task];

	if (task->birth != LITMUS_BORN_FORK)
		return litmus_fail(&parser->source, use->pos,
				   "no fork() starts P%d, expected a task that one does",
				   use->task);
	if (test->tasks[task->parent].process != test->tasks[use->user].process)
		return litmus_fail(&parser->source, use->pos,
				   "P%d is a child of P%d's process, expected one of P%d's",
				   use->task, task->parent, use->user);
	return true;
}

static bool check_join(const struct litmus_parser *parser, const struct litmus_task_use *use)
{
	const struct litmus_test *test = parser->test;
	const struct litmus_task *task = &test->tasks[use->task];

	if (task->birth != LITMUS_BORN_THREAD && task->birth != LITMUS_BORN_START)
		return litmus_fail(&parser->source, use->pos, "P%d is no thread, expected %s",
				   use->task,
				   task->birth == LITMUS_BORN_FORK ? "wait()" : "another task");
	if (use->task == use->user)
		return litmus_fail(&parser->source, use->pos,
				   "P%d can't wait for itself, expected another task", use->task);
	if (task->process != test->tasks[use->user].process)
		return litmus_fail(&parser->source, use->pos,
				   "P%d is a thread of another process, expected one of P%d's",
				   use->task, use->user);
	return true;
}

bool litmus_check_tasks(struct litmus_parser *parser)
{
	if (!check_numbers(parser) || !find_births(parser) || !check_circles(parser))
		return false;
	number_processes(parser->test);
	for (int i = 0; i < parser->nr_task_uses; i++) {
		const struct litmus_task_use *use = &parser->task_uses[i];

		if (use->code == LITMUS_WAITPID && !check_wait(parser, use))
			return false;
		if (use->code == LITMUS_PTHREAD_JOIN && !check_join(parser, use))
			return false;
	}
	return true;
}

bool litmus_check_uffds(const struct litmus_parser *parser)
{
	const struct litmus_test *test = parser->test;

	for (int i = 0; i < test->nr_uffds; i++)
		if (!parser->uffd_uses[i].opened.line)
			return litmus_fail(&parser->source, parser->uffd_uses[i].pos,
					   "nothing opens '%s', expected userfaultfd(%s, ...) or "
					   "read(..., %s)",
					   test->uffds[i], test->uffds[i], test->uffds[i]);
	return true;
}

static bool same_observable(const struct litmus_observable *a, const struct litmus_observable *b)
{
	return a->kind == b->kind && a->task == b->task && a->reg == b->reg &&
	       a->addr.var == b->addr.var && a->addr.page == b->addr.page;
}

int litmus_observe(struct litmus_parser *parser, struct litmus_pos pos,
		   const struct litmus_observable *observable)
{
	struct litmus_test *test = parser->test;

	for (int i = 0; i < test->nr_observables; i++)
		if (same_observable(&test->observables[i], observable))
			return i;
	if (test->nr_observables == LITMUS_MAX_OBSERVABLES) {
		litmus_fail(&parser->source, pos,
			    "too much to observe, expected at most %d registers, tasks and ints",
			    LITMUS_MAX_OBSERVABLES);
		return -1;
	}
	test->observables[test->nr_observables] = *observable;
	return test->nr_observables++;
}

bool litmus_observe_tasks(struct litmus_parser *parser)
{
	const struct litmus_test *test = parser->test;

	for (int i = 0; i < test->nr_tasks; i++) {
		for (int reg = 0; reg < test->tasks[i].nr_registers; reg++) {
			struct litmus_observable observable = {
				.kind = LITMUS_OBSERVE_REGISTER,
				.task = i,
				.reg = reg,
			};

			if (litmus_observe(parser, test->tasks[i].pos, &observable) < 0)
				return false;
		}
	}
	for (int i = 0; i < test->nr_tasks; i++) {
		struct litmus_observable observable = {.kind = LITMUS_OBSERVE_STATUS, .task = i};

		if (litmus_observe(parser, test->tasks[i].pos, &observable) < 0)
			return false;
	}
	return true;
}
