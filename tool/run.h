/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h - run tests on targets, and judge what they show */
#ifndef TOOL_RUN_H
#define TOOL_RUN_H

#include "litmus/litmus.h"
#include "targets/replay.h"
#include "targets/target.h"
#include "tool/machines.h"
#include "tool/targets.h"
#include "tool/terminal.h"
#include "tool/tool.h"

enum verdict {
	VERDICT_NONE, /* nothing is expected, or nothing is known */
	VERDICT_EXPECTED,
	VERDICT_UNEXPECTED,
};

/* One test on one target. */
struct cell {
	struct run_result result;
	enum litmus_observation observation;
	unsigned violations;
	const struct litmus_expectation *expected; /* the line in force, or NULL */
	enum verdict verdict;
	char *why; /* VERDICT_UNEXPECTED: expected and seen; else NULL */
};

/* One test. */
struct row {
	const char *path;
	const struct litmus_test *test; /* NULL: it could not be read */
	struct litmus_test *owned;      /* to be freed with this row: the test or its family */
	char error[TOOL_MESSAGE_SIZE];
	struct cell *cells; /* one for each target; NULL: it was not run */
};

/* One run of the command. */
struct run {
	struct tool_io *io;
	struct terminal terminal;
	struct target_list targets;
	struct machines machines; /* for those of the targets that are virtual machines */
	struct run_options options;
	bool verbose;
	bool quiet;
	int nr_rows;
	struct row *rows;
	int nr_bad; /* tests and files that could not be read */
	bool interrupted;
};

/*
 * Virtual machines know beforehand what they will be asked for: all tests. Returns TOOL_OK, or
 * TOOL_TROUBLE after a complaint; machines_end() then, too.
 */
int run_begin_machines(struct run *run);

/* Run the test, if there is one, on every target. Returns 0 or -ENOMEM. */
int run_row(struct run *run, struct row *row, struct progress *progress);

void row_free(const struct run *run, struct row *row);

/* Run one test on a model; `spec` is what spec_run() said of it. */
void run_model(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct run_result *spec,
	       struct run_result *result);

/* The same on the host or in a virtual machine. */
void run_kernel(const struct run *run, const struct litmus_test *test, const struct target *target,
		const struct run_result *spec, struct run_result *result);

/*
 * Replay the schedule of an outcome that spec_run() or run_model() gave. Returns as
 * model_replay(); -EINVAL also where there is no schedule, as on the host.
 */
int run_replay(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct outcome *outcome, replay_fn *fn,
	       void *context);

/*
 * Fill in everything but the result: what it shows, and whether that is as expected. Returns 0 or
 * -ENOMEM; cell_free() then, too.
 */
int judge_cell(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct run_result *spec, struct cell *cell);

void cell_free(struct cell *cell);

/* How many things went how. */
struct run_counts {
	int tests;      /* that ran */
	int silent;     /* tests without an `expect` line */
	int unexpected; /* cells */
	int failed;     /* cells */
	int incomplete; /* cells */
	int skipped;    /* cells */
};

struct run_counts run_count(const struct run *run);

/* "file:line" of the `expect` line in force, or just the file. Returns buf. */
char *cell_place(const struct row *row, const struct cell *cell, char *buf, size_t size);

/* One word for the cell: "ok", "lost-dma,leak", "skipped", "incomplete" or "error". */
char *cell_text(const struct cell *cell, char *buf, size_t size);

#endif
