/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explore.h - visit every state that a machine can reach
 *
 * The explorer knows nothing of memory management: a machine is something whose state can be
 * saved to and loaded from a block of bytes, that says which moves are possible, and makes one.
 * The search is breadth-first, so the first schedule found to a final state is a shortest one. A
 * circle of states from which no final one can be reached is not noticed.
 */
#ifndef CHECK_EXPLORE_H
#define CHECK_EXPLORE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One step: a task goes on; where the machine may go several ways, `choice` says which. */
struct explore_move {
	int16_t task;
	int16_t choice;
};

#define EXPLORE_MAX_MOVES 64

struct explore_machine {
	void *context; /* handed to every function below */

	/* Write the moves possible now to `moves` and return how many. 0: the state is final. */
	int (*moves)(void *context, struct explore_move moves[EXPLORE_MAX_MOVES]);

	/*
	 * Make one move. Returns 0, or a set of enum violation if the state reached is broken: it
	 * is then handed to `final` and not explored further. Broken states are told apart by
	 * their bytes and violations, so size() and save() must work in them too.
	 */
	unsigned (*step)(void *context, struct explore_move move);

	size_t (*size)(void *context); /* bytes that save() writes now */
	void (*save)(void *context, void *to);
	void (*load)(void *context, const void *from, size_t size);

	/*
	 * Called once in each final state, and in each broken one with its violations, with a
	 * shortest schedule that leads there, which is valid during the call. Must leave the state
	 * as it is. Returns false to end the search, which is then incomplete.
	 */
	bool (*final)(void *context, unsigned violations, const struct explore_move *schedule,
		      int nr_moves);
};

struct explore_limits {
	uint64_t max_states;               /* stop before there are more; 0: none */
	const volatile sig_atomic_t *stop; /* set by a signal handler; or NULL */
	/* Called now and then, with how many states were found so far; or NULL. */
	void (*progress)(void *context, uint64_t states);
	void *progress_context;
};

struct explore_stats {
	uint64_t states;       /* distinct, the first included */
	uint64_t transitions;  /* moves made */
	uint64_t final_states; /* broken ones included */
	int depth;             /* moves of the longest schedule */
	bool complete;         /* false: a limit, `stop` or `final` ended the search */
};

/*
 * Explore `machine` from its present state. Returns 0, or -ENOMEM (stats then say how far it
 * came, and `complete` is false). The machine's state is undefined afterwards.
 */
int explore(const struct explore_machine *machine, const struct explore_limits *limits,
	    struct explore_stats *stats);

#endif
