/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec_expect.h - tests of the ideal machine: which outcomes does it allow? */
#ifndef TESTS_UNIT_SPEC_EXPECT_H
#define TESTS_UNIT_SPEC_EXPECT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

/* The test with this initial state, these tasks and, perhaps, locations. */
static inline struct litmus_test *parse(const char *body)
{
	char text[4096];
	char err[512];

	int length = snprintf(text, sizeof(text), "C test\n%s\nexists (true)\n", body);
	assert_in_range(length, 1, sizeof(text) - 1);
	struct litmus_test *test = litmus_parse("inline", text, (size_t)length, err, sizeof(err));
	if (!test)
		fail_msg("%s\n%s", err, text);
	return test;
}

static inline void outcome_text(const struct litmus_test *test, const struct outcome *outcome,
				char *text, size_t size)
{
	if (outcome && outcome->values)
		litmus_outcome_text(test, outcome->values, text, size);
	else
		snprintf(text, size, "%s", outcome ? outcome->detail : "none");
}

/* Print what differs, outcome by outcome; the last argument is NULL. */
static inline void check_outcomes(const char *body, bool strict, va_list expected)
{
	struct litmus_test *test = parse(body);
	struct run_options options = {.strict = strict};
	struct run_result result;
	char text[1024];
	const char *line = va_arg(expected, const char *);

	spec_run(test, &options, &result);
	assert_int_equal(result.status, RUN_DONE);
	for (int i = 0; i < result.nr_outcomes || line; i++) {
		outcome_text(test, i < result.nr_outcomes ? &result.outcomes[i] : NULL, text,
			     sizeof(text));
		if (!line || strcmp(text, line) != 0)
			fail_msg("outcome %d \"%s\", expected \"%s\", of%s", i, text,
				 line ? line : "none", body);
		line = va_arg(expected, const char *);
	}
	run_result_free(&result);
	litmus_free(test);
}

/* These outcomes, in the order of their values, and no others; the last argument is NULL. */
static inline void expect(const char *body, ...)
{
	va_list expected;

	va_start(expected, body);
	check_outcomes(body, false, expected);
	va_end(expected);
}

static inline void expect_strict(const char *body, ...)
{
	va_list expected;

	va_start(expected, body);
	check_outcomes(body, true, expected);
	va_end(expected);
}

#endif
