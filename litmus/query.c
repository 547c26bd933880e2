/* SPDX-License-Identifier: GPL-2.0-or-later */
/* query.c - what everybody who runs a test asks about it */
#include "litmus/litmus.h"

bool litmus_moves(const struct litmus_test *test)
{
	return litmus_uses(test, LITMUS_MREMAP) || litmus_uses(test, LITMUS_UFFDIO_MOVE);
}

bool litmus_uses(const struct litmus_test *test, enum litmus_opcode code)
{
	for (int t = 0; t < test->nr_tasks; t++)
		for (int i = 0; i < test->tasks[t].nr_ops; i++)
			if (test->tasks[t].ops[i].code == code)
				return true;
	return false;
}

bool litmus_observes_memory(const struct litmus_test *test, int task)
{
	for (int i = 0; i < test->nr_observables; i++)
		if (test->observables[i].kind == LITMUS_OBSERVE_MEMORY &&
		    test->observables[i].task == task)
			return true;
	return false;
}

int litmus_leader(const struct litmus_test *test, int task)
{
	while (test->tasks[task].birth == LITMUS_BORN_THREAD)
		task = test->tasks[task].parent;
	return test->tasks[task].birth == LITMUS_BORN_FORK ? task : 0;
}

int litmus_distance(const struct litmus_test *test, const int64_t *a, const int64_t *b)
{
	int distance = 0;

	for (int i = 0; i < test->nr_observables; i++)
		distance += a[i] != b[i];
	return distance;
}
