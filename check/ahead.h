/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ahead.h - how far each task can go before it matters what the others do
 *
 * Each task is run alone from one and the same state, and what it does is recorded. Two steps of
 * different tasks conflict if they concern the same object and one of them writes to it. From the
 * records follows for each task a `reach`: it is about to make its step number `reach` (from 0), of
 * which
 *
 *	no step before the reach of a task conflicts with any step up to, and including, the
 *	step at the reach of another.
 */
#ifndef CHECK_AHEAD_H
#define CHECK_AHEAD_H

#include "check/fine.h"

#include <stdint.h>
#include "port/check/check.h"

/* What one task does alone, from the state that is looked at. */
struct ahead {
	unsigned last;  /* the step that it comes to, but does not make; or the one that broke */
	bool can_go_on; /* it can make that step */
	bool quiet;     /* it is between two operations then */
	unsigned reach; /* at most last */
	struct check_trace trace;  /* steps 0 to last */
	unsigned first_everything; /* the first step that concerns everything */
	/* Of each step: the places in the table below of what it concerns, and of the guard. */
	unsigned objects[CHECK_MAX_STEPS + 1];
	unsigned guards[CHECK_MAX_STEPS + 1];
};

/* Who comes first to an object, and when. */
struct ahead_object {
	const void *address;
	unsigned round; /* the state for which this is true */
	/* CHECK_MAX_STEPS is small enough. */
	uint16_t first_access[CHECK_MAX_TASKS];
	uint16_t first_write[CHECK_MAX_TASKS];
};

/* For all tasks' steps 0 to `last`, which is below CHECK_MAX_STEPS. */
#define AHEAD_MAX_OBJECTS (4 * CHECK_MAX_TASKS * CHECK_MAX_STEPS)
_Static_assert((AHEAD_MAX_OBJECTS & (AHEAD_MAX_OBJECTS - 1)) == 0, "a power of two");

struct aheads {
	unsigned nr_tasks;
	struct ahead tasks[CHECK_MAX_TASKS];
	unsigned round;
	unsigned nr_objects; /* slots of the table in use, a power of two */
	struct ahead_object objects[AHEAD_MAX_OBJECTS];
};

/*
 * What the task is about to do in the present state; the first half of the trace's entry `at`. Sets
 * can_go_on and quiet.
 */
void ahead_describe(const struct fine_machine *machine, unsigned task, struct ahead *ahead,
		    unsigned at);

/*
 * Run the task for at most `max` steps, which are recorded in the trace. Returns what is wrong
 * then, a set of enum violation.
 */
unsigned ahead_run(const struct fine_machine *machine, unsigned task, unsigned max,
		   struct check_trace *trace);

/* Run the task alone for as long as it can. False: it can't at all, and the state is as it was. */
bool ahead_look(const struct fine_machine *machine, unsigned task, struct ahead *ahead);

/* Once all tasks were looked at: how far they reach. */
void ahead_reach(struct aheads *aheads);

#endif
