/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.h - go through one schedule again, and see the machine after each step */
#ifndef TARGETS_REPLAY_H
#define TARGETS_REPLAY_H

#include "targets/target.h"

/*
 * What the machine looks like, as lines that are compared by key from step to step: a key that
 * appears, changes its text or vanishes is what the step did. Lines come in the order in which a
 * reader wants them: for a model the mappings of each process ("P0 x", "pfn 12 RW dirty"), then
 * the frames ("frame 12", "refcount 1025 = 1 map + 1 pin, x=1"), then who holds what ("P0:r").
 * No line is wider than 78 columns with its key.
 */
#define VIEW_KEY_SIZE  24
#define VIEW_TEXT_SIZE 128
#define VIEW_MAX_LINES 256

struct view_line {
	char key[VIEW_KEY_SIZE];
	char text[VIEW_TEXT_SIZE];
};

struct view {
	int nr_lines;
	struct view_line lines[VIEW_MAX_LINES];
};

/* A place in mm/ that a task went through. */
struct replay_line {
	const char *file; /* "mm/memory.c" */
	const char *function;
	int number;
};

/* One step of a replay. Step 0 is the initial state: no task, no operation. */
struct replay_step {
	int number;
	int task;                   /* -1: the initial state */
	const struct litmus_op *op; /* NULL: the initial state, or the end of the task */
	const char *result;         /* "r0 = 2", "waits for the page lock", "SIGSEGV", or "" */
	unsigned violations;        /* what the accounting found after it */
	const char *detail;         /* in words, or NULL */
	const struct view *view;
	/*
	 * With options->fine: is it a part of an operation only? With source_lines, too: which
	 * lines of mm/ did it go through, each once? None without debug information.
	 */
	bool is_part;
	int nr_lines;
	const struct replay_line *lines;
};

typedef void replay_fn(void *context, const struct replay_step *step);

/*
 * Replay a schedule that spec_run() or model_run() gave for the same test, rules and options, and
 * call `fn` for the initial state and after each step. Returns 0, -ENOMEM, or -EINVAL if the
 * schedule is not one of this test's.
 */
int spec_replay(const struct litmus_test *test, const struct run_options *options,
		const struct explore_move *schedule, int nr_moves, replay_fn *fn, void *context);
int model_replay(const struct litmus_test *test, const struct mm_rules *rules,
		 const struct run_options *options, const struct explore_move *schedule,
		 int nr_moves, replay_fn *fn, void *context);

#endif
