/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fine.h - visit what tasks can do to each other access by access
 *
 * The tasks run on the fibers of port/check/, each one operation after another. Every interleaving
 * of their steps (port/check/check.h) is covered, though by far not every one is made: see fine.c.
 */
#ifndef CHECK_FINE_H
#define CHECK_FINE_H

#include <stdio.h>

#include "check/explore.h"
#include "port/check/check.h"

/* What a task that is between two operations can do. */
enum fine_next {
	FINE_OVER,  /* nothing any more */
	FINE_WAITS, /* begin its next operation, but not as things are */
	FINE_READY, /* begin its next operation */
};

struct fine_machine {
	void *context; /* handed to every function below */
	unsigned nr_tasks;

	/*
	 * Sets *object to what the answer depends on, beyond what the task itself has done; the
	 * next step counts as a read of it. Whoever changes it reports that, too. NULL: nothing.
	 */
	enum fine_next (*next)(void *context, unsigned task, const void **object);

	/* The task's next operation; runs on the task's own stack. */
	void (*operate)(void *context, unsigned task);

	/* Called when a task has come back; says what is wrong then, a set of enum violation. */
	unsigned (*ran)(void *context, unsigned task, enum check_run run);

	/*
	 * Called in every state in which all tasks are between two operations; the same. Leaves
	 * the state as it is. NULL: such states are not looked for, which saves many others.
	 */
	unsigned (*quiet)(void *context);

	/*
	 * As explore_machine's. A move runs its task for `choice` steps; a negative number of them
	 * that the task repeats for ever.
	 */
	bool (*final)(void *context, unsigned violations, const struct explore_move *schedule,
		      int nr_moves);

	/*
	 * For a search by several processes. `fork` is called in a new one: what final() gathers
	 * from now on is that process's own. `send` writes that down, and `receive` adds it to what
	 * the process that reads it has gathered. 0, or an error. NULL: one process.
	 */
	void (*fork)(void *context);
	int (*send)(void *context, FILE *to);
	int (*receive)(void *context, FILE *from);
};

struct fine_options {
	struct explore_limits limits;
	bool no_reduction;     /* make every step of every interleaving */
	bool no_hash;          /* don't notice that a state was seen before */
	bool count;            /* count executions */
	unsigned max_switches; /* away from tasks that could go on; UINT_MAX: any number */
	double max_seconds;    /* 0: any number */
	unsigned jobs;         /* processes that search; 0 and 1: only this one */
	uint64_t round;        /* states that each may find before they share out again; 0: many */
	bool full_compare;     /* tell states apart by all of their bytes; one process */
	unsigned hash_bits;    /* for tests: of so many bits only; 0: of all */
};

struct fine_stats {
	struct explore_stats explore;
	uint64_t steps;      /* made on the way from state to state */
	uint64_t ahead;      /* made to see what is ahead, and undone */
	double executions;   /* with `count`: from beginning to end, as far as they were explored */
	size_t visited_size; /* of what is known of the states that were seen, in bytes */
	double seconds;
};

/* Explore from the present state of the world. As explore(). */
int explore_fine(const struct fine_machine *machine, const struct fine_options *options,
		 struct fine_stats *stats);

/* Make one move of a schedule. Returns what is wrong then. */
unsigned fine_step(const struct fine_machine *machine, struct explore_move move);

#endif
