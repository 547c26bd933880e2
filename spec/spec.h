/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spec.h - the ideal machine, in which copy-on-write is invisible */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include "targets/target.h"

/*
 * Which kinds of wrong are there in an outcome that some other target showed? VIOLATION_NONE if
 * `spec`, the result of spec_run() with the same test and options, has an outcome with the same
 * values. Otherwise the outcome is held against the nearest one that is allowed, and each value
 * that differs is a violation whose kind follows from who wrote the value that was seen and who
 * wrote the one that should have been.
 */
unsigned spec_classify(const struct litmus_test *test, const struct run_result *spec,
		       const int64_t *values);

/* The same for every outcome of a real kernel; what is broken has its violations already. */
void spec_classify_result(const struct litmus_test *test, const struct run_result *spec,
			  struct run_result *result);

#endif
