/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ahead.c - how far each task can go before it matters what the others do */

#include "check/ahead.h"

#include <stdint.h>
#include <string.h>

#define NEVER UINT16_MAX

void ahead_describe(const struct fine_machine *machine, unsigned task, struct ahead *ahead,
		    unsigned at)
{
	struct check_access *access = &ahead->trace.accesses[at];

	ahead->quiet = !check_is_blocked(task);
	if (!ahead->quiet) {
		*access = check_next_access(task);
		ahead->can_go_on = check_can_resume(task);
		return;
	}
	*access = (struct check_access){0};
	switch (machine->next(machine->context, task, &access->object)) {
	case FINE_OVER:
		access->object = NULL;
		ahead->can_go_on = false;
		break;
	case FINE_WAITS:
		ahead->can_go_on = false;
		break;
	case FINE_READY:
		ahead->can_go_on = true;
		break;
	}
}

/* What runs on the task's stack. */
struct operation {
	const struct fine_machine *machine;
	unsigned task;
};

static void operate(void *argument)
{
	/* The scheduler's own variable: gone once the task has waited. */
	struct operation operation = *(const struct operation *)argument;

	operation.machine->operate(operation.machine->context, operation.task);
}

/* With no state to look at between two operations, one follows the other. */
static bool goes_on(const struct fine_machine *machine, unsigned task, const void **object)
{
	return !machine->quiet && !check_is_blocked(task) &&
	       machine->next(machine->context, task, object) == FINE_READY;
}

unsigned ahead_run(const struct fine_machine *machine, unsigned task, unsigned max,
		   struct check_trace *trace)
{
	/* Always at the same place: its address is on the task's stack. */
	static struct operation operation;
	const void *object = NULL;
	unsigned violations;

	operation = (struct operation){machine, task};
	if (!check_is_blocked(task))
		machine->next(machine->context, task, &object);
	trace->nr = 0;
	trace->max = max;
	do {
		enum check_run run;

		check_record(trace);
		if (check_is_blocked(task)) {
			run = check_resume(task);
		} else {
			trace->accesses[trace->nr] = (struct check_access){.object = object};
			run = check_start(task, operate, &operation);
		}
		check_record(NULL);
		violations = machine->ran(machine->context, task, run);
	} while (!violations && trace->nr < max && goes_on(machine, task, &object));
	return violations;
}

bool ahead_look(const struct fine_machine *machine, unsigned task, struct ahead *ahead)
{
	ahead->reach = 0;
	ahead->last = 0;
	ahead_describe(machine, task, ahead, 0);
	if (!ahead->can_go_on)
		return false;
	/* One less than there is room for: a move makes the last step, too. */
	if (ahead_run(machine, task, CHECK_MAX_STEPS - 1, &ahead->trace)) {
		/* The last step breaks something. That is for the search to find. */
		ahead->last = ahead->trace.nr - 1;
		ahead->can_go_on = true;
		ahead->quiet = false;
		return true;
	}
	ahead->last = ahead->trace.nr;
	ahead_describe(machine, task, ahead, ahead->last);
	return true;
}

/* The place of an object in the table. */
static unsigned find_object(struct aheads *aheads, const void *address)
{
	/* Addresses differ in their low bits, but not in the very lowest. */
	unsigned i = (unsigned)((uintptr_t)address >> 2) * 0x9e3779b1U;

	for (i >>= 8;; i++) {
		struct ahead_object *object = &aheads->objects[i & (aheads->nr_objects - 1)];

		if (object->round != aheads->round) {
			object->address = address;
			object->round = aheads->round;
			memset(object->first_access, 0xff, sizeof(object->first_access));
			memset(object->first_write, 0xff, sizeof(object->first_write));
		}
		if (object->address == address)
			return i & (aheads->nr_objects - 1);
	}
}

/* The task's step number `at` concerns the object. Returns its place. */
static unsigned list_object(struct aheads *aheads, unsigned task, unsigned at, const void *address,
			    bool write)
{
	unsigned place = find_object(aheads, address);
	struct ahead_object *object = &aheads->objects[place];

	if (object->first_access[task] == NEVER)
		object->first_access[task] = (uint16_t)at;
	if (write && object->first_write[task] == NEVER)
		object->first_write[task] = (uint16_t)at;
	return place;
}

static void list_objects(struct aheads *aheads, unsigned task)
{
	struct ahead *ahead = &aheads->tasks[task];

	ahead->first_everything = NEVER;
	for (unsigned i = 0; i <= ahead->last; i++) {
		const struct check_access *access = &ahead->trace.accesses[i];

		if (access->object == &check_everything && ahead->first_everything == NEVER)
			ahead->first_everything = i;
		ahead->objects[i] = list_object(aheads, task, i, access->object, access->write);
		/* Whose memory it is often stays the same. */
		ahead->guards[i] = i && access->guard == access[-1].guard
					   ? ahead->guards[i - 1]
					   : list_object(aheads, task, i, access->guard, false);
	}
}

/* Does step `at` of a task conflict with one of the first `nr` steps of another? */
static bool conflicts(const struct aheads *aheads, unsigned task, unsigned at, unsigned other,
		      unsigned nr)
{
	const struct ahead *ahead = &aheads->tasks[task];
	const struct ahead_object *object = &aheads->objects[ahead->objects[at]];
	const struct ahead_object *guard = &aheads->objects[ahead->guards[at]];

	if (!object->address || !nr)
		return false;
	if (object->address == &check_everything || aheads->tasks[other].first_everything < nr)
		return true;
	if (guard->first_write[other] < nr)
		return true;
	if (ahead->trace.accesses[at].write)
		return object->first_access[other] < nr;
	return object->first_write[other] < nr;
}

/* May the task reach one step further? */
static bool can_reach_further(const struct aheads *aheads, unsigned task)
{
	const struct ahead *ahead = &aheads->tasks[task];

	if (ahead->reach == ahead->last)
		return false;
	for (unsigned other = 0; other < aheads->nr_tasks; other++) {
		unsigned reach = aheads->tasks[other].reach;

		if (other == task)
			continue;
		if (conflicts(aheads, task, ahead->reach, other, reach + 1) ||
		    conflicts(aheads, task, ahead->reach + 1, other, reach))
			return false;
	}
	return true;
}

void ahead_reach(struct aheads *aheads)
{
	unsigned nr = 0;
	bool further = true;

	for (unsigned task = 0; task < aheads->nr_tasks; task++)
		nr += aheads->tasks[task].last + 1;
	/* At most half full: each step may bring two objects. */
	aheads->nr_objects = 64;
	while (aheads->nr_objects < 4 * nr)
		aheads->nr_objects *= 2;
	aheads->round++;
	for (unsigned task = 0; task < aheads->nr_tasks; task++)
		list_objects(aheads, task);

	/* In turns: what one task passes, another may no longer. */
	while (further) {
		further = false;
		for (unsigned task = 0; task < aheads->nr_tasks; task++) {
			if (!can_reach_further(aheads, task))
				continue;
			aheads->tasks[task].reach++;
			further = true;
		}
	}
}
