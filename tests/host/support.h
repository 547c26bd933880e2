/* SPDX-License-Identifier: GPL-2.0-or-later */
/* support.h - what the tests of the target `host` have in common */
#ifndef TESTS_HOST_SUPPORT_H
#define TESTS_HOST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "targets/target.h"

#define NOBODY 65534

/* The test without its first line; ends the process if it is none. */
struct litmus_test *parse(const char *body);

/* Run the test; afterwards no child is left. */
void run(const struct litmus_test *test, unsigned iterations, struct run_result *result);

/* A test that has one outcome, whatever the kernel. */
struct example {
	const char *name;
	const char *body;
	const char *outcome;
	bool may_skip; /* where it takes privileges, or what not every kernel has */
};

/*
 * Add a test for each of the examples, that all iterations end with its outcome; say in TAP which
 * are left out, and why. Returns how many were added.
 */
size_t add_examples(struct example *examples, size_t nr, struct CMUnitTest *tests);

/* Why the kernel at hand can't run the test; or NULL. */
const char *why_skipped(const char *body);

/* Say in TAP why a test is left out. cmocka counts a test that is skipped later as failed. */
bool is_left_out(const char *name, const char *body);

/* From now on a system call fails with `error` if its argument number `arg` is `value`. */
bool refuse_syscall(unsigned nr, unsigned arg, unsigned value, unsigned error);

/* Become somebody without privileges, if we are not. */
bool become_nobody(void);

/* After `prepare` in a process of its own, the test is skipped for this reason. */
void expect_skipped_because(const char *body, bool (*prepare)(void), const char *reason);

#endif
