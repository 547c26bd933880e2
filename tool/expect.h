/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.h - what a test's `expect` lines say about a target */
#ifndef TOOL_EXPECT_H
#define TOOL_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "litmus/litmus.h"
#include "targets/target.h"
#include "tool/targets.h"

/*
 * Does every name in the test's `expect` lines exist? Returns 0, or -1 after writing
 * "file:line:column: what is wrong" to err.
 */
int expect_check(const struct litmus_test *test, char *err, size_t err_size);

/*
 * The line in force for spec or for an era; under changed rules, that of the era they began with.
 * NULL if none says anything about it. A line for strict runs comes before one for fine runs, and
 * that before one for all. The test must have passed expect_check().
 */
const struct litmus_expectation *expect_find(const struct litmus_test *test,
					     const struct target *target,
					     const struct run_options *options);

/* "Always lost-dma". Returns buf. */
char *expect_text(enum litmus_observation observation, unsigned violations, char *buf, size_t size);

/* "Never", "Sometimes" or "Always". */
const char *observation_name(enum litmus_observation observation);

#endif
