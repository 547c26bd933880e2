/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain.h - one schedule, step by step */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include "tool/run.h"

/* Why this outcome is the one to explain. */
enum explain_reason {
	EXPLAIN_VIOLATION, /* the shortest schedule to a violation */
	EXPLAIN_CONDITION, /* there is none: the shortest to the condition's proposition */
	EXPLAIN_END,       /* neither is reached: the shortest to the end */
	EXPLAIN_CHOSEN,    /* --outcome asked for it */
};

struct explanation {
	struct tool_io *io;
	struct terminal terminal;
	const struct litmus_test *test;
	const char *path;
	const struct target *target;
	const struct run_options *options;
	const struct run_result *spec;
	const struct run_result *result;
	const struct outcome *outcome;
	enum explain_reason reason;
	bool all_eras; /* none of the eras shows a violation */
};

/* Does the test deadlock by itself, on the ideal machine too? */
bool explain_deadlocks(const struct explanation *explanation);

/* In words, or as one JSON document. Both return TOOL_OK or TOOL_TROUBLE. */
int explain_in_words(const struct explanation *explanation);
int explain_in_json(const struct explanation *explanation);

/*
 * The outcome of which `line` tells some or all values: "0:r0=2; x=3;". NULL after writing to err
 * what is wrong with the line, or which outcomes there are.
 */
const struct outcome *outcome_find(const struct litmus_test *test, const struct run_result *result,
				   const char *line, char *err, size_t err_size);

/* Does it have all values that the line tells? False, too, with a message in err, if it is bad. */
bool outcome_has(const struct litmus_test *test, const struct outcome *outcome, const char *line,
		 char *err, size_t err_size);

/* Does the spec allow these values? */
bool outcome_is_allowed(const struct litmus_test *test, const struct run_result *spec,
			const int64_t *values);

/* The least litmus_distance() to an outcome of the spec, or -1 if it has none. */
int outcome_nearest(const struct litmus_test *test, const struct run_result *spec,
		    const int64_t *values);

#endif
