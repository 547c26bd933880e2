/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - what it means to run a litmus test somewhere, and what comes back */
#ifndef TARGETS_TARGET_H
#define TARGETS_TARGET_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "check/explore.h"
#include "litmus/litmus.h"

struct run_options {
	bool strict;                       /* hold every reference to the promise of a pin */
	uint64_t max_states;               /* 0: none */
	const volatile sig_atomic_t *stop; /* set on Ctrl-C; or NULL */
	/* Of a search: called now and then with how many states it has found; or NULL. */
	void (*progress)(void *context, uint64_t states);
	void *progress_context;
	unsigned host_iterations; /* 0: as many as the test needs */
	bool host_slowly;         /* iterations are dear: an emulator runs them */
	unsigned vm_seconds;      /* vm: who says nothing for so long in a test hangs; 0: 90 s */
	bool fine;                /* model: every access is a step, not just every operation */
	bool no_reduction;        /* fine: try all orders, even of what has nothing in common */
	unsigned max_switches;    /* fine: away from tasks that could go on; 0: no bound */
	double max_seconds;       /* fine: 0: none */
	unsigned jobs;            /* fine: processes for a large search; 0: one */
	bool full_compare;        /* fine: tell states apart by all of their bytes */
	bool source_lines;        /* fine: a replay says which lines of mm/ it goes through */
	bool first_violation;     /* fine: stop there */
	bool count_executions;    /* fine */
	unsigned fail_allocation; /* model: this allocation of every schedule fails; 0: none */
};

enum run_status {
	RUN_DONE,
	RUN_INCOMPLETE, /* stopped early: what is there is true, more may exist */
	RUN_SKIPPED,    /* this target can't run this test; reason says why */
	RUN_FAILED,     /* our own failure: no memory, a system call that must not fail */
};

struct outcome {
	int64_t *values;     /* test->nr_observables of them; NULL for a broken state */
	uint64_t count;      /* how many final states (model, spec) or iterations (host) */
	bool holds;          /* litmus_holds() */
	unsigned violations; /* set of enum violation */
	char *detail;        /* what the accounting found in a broken state; or NULL */
	struct explore_move *schedule; /* shortest way there; NULL on a real kernel */
	int nr_moves;
};

struct run_result {
	enum run_status status;
	char reason[256];
	int nr_outcomes;
	struct outcome *outcomes; /* sorted by values, broken states last */
	uint64_t states;
	uint64_t transitions;
	double seconds;
	uint64_t ahead;         /* fine: transitions that were made only to look ahead */
	double executions;      /* fine, counted: from beginning to end */
	size_t visited_size;    /* fine: bytes for the states that were seen */
	bool allocation_failed; /* some schedule came to the allocation that was to fail */
};

void run_result_free(struct run_result *result);

/*
 * Add `count` to the outcome with these values (and this detail, where the state is broken),
 * making it if it is new; a new outcome takes a copy of the schedule. Returns the outcome, or
 * NULL without memory (the result is then as before).
 */
struct outcome *run_result_add(struct run_result *result, const struct litmus_test *test,
			       const int64_t *values, const char *detail, uint64_t count,
			       const struct explore_move *schedule, int nr_moves);

/* Of outcomes that both have, take the schedules of `from` that change tasks less often. */
void run_result_shorten(struct run_result *result, const struct litmus_test *test,
			struct run_result *from);

/* Write down the outcomes, and add those that were written down. 0, or -EIO or -ENOMEM. */
int run_result_send(const struct run_result *result, const struct litmus_test *test, FILE *to);
int run_result_receive(struct run_result *result, const struct litmus_test *test, FILE *from);

/* The target failed, for this reason; what outcomes there were are gone. */
void run_result_fail(struct run_result *result, const char *reason);

/* What the options mean to an explorer. */
struct explore_limits run_limits(const struct run_options *options);

/* Stopped early: RUN_INCOMPLETE, with the reason. */
void run_result_incomplete(struct run_result *result, const struct run_options *options,
			   uint64_t states);

/*
 * Explore a machine whose `final` calls run_result_add() (and run_result_fail(), if that has no
 * memory), and fill in the rest of the result. Without limits and `stop` it is RUN_DONE; else it
 * may be RUN_INCOMPLETE, with the reason.
 */
void run_result_explore(struct run_result *result, const struct litmus_test *test,
			const struct explore_machine *machine, const struct run_options *options);

/* Put the outcomes in their order and fill in `holds`. */
void run_result_finish(struct run_result *result, const struct litmus_test *test);

/* Never, Sometimes or Always: does the proposition hold in the outcomes? Broken ones don't count.
 */
enum litmus_observation run_result_observation(const struct run_result *result);

/* Union over all outcomes. */
unsigned run_result_violations(const struct run_result *result);

/*
 * The ideal machine: all outcomes that copy-on-write, being invisible, allows (spec/spec.h).
 * No outcome of it has a violation but a deadlock: that is one on every target, and a test whose
 * tasks may come to wait for each other says so in its `expect` lines.
 */
void spec_run(const struct litmus_test *test, const struct run_options *options,
	      struct run_result *result);

/* mm/ under one row of rules, every interleaving of the operations. Violations against `spec`. */
struct mm_rules;
void model_run(const struct litmus_test *test, const struct mm_rules *rules,
	       const struct run_options *options, const struct run_result *spec,
	       struct run_result *result);

/*
 * The kernel that we run on, with real processes and real pins. No violations but broken states:
 * spec_classify_result() finds the others.
 */
void host_run(const struct litmus_test *test, const struct run_options *options,
	      struct run_result *result);

#endif
