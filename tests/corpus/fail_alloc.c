/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fail_alloc.c - every allocation of mm/ fails once, in turn, in every test of the corpus
 *
 * What the program then sees is its own affair; but after each step the accounting must hold, no
 * frame may be lost, and nobody may retry for ever.
 */
#include "mm/eras.h"
#include "spec/spec.h"
#include "targets/target.h"

#include <stdio.h>

/* A test that waits for a child which could not be forked waits for ever; mm/ has no part in it. */
#define BROKEN \
	(VIOLATION_BAD_COUNT | VIOLATION_USE_AFTER_FREE | VIOLATION_STALE_TLB | VIOLATION_LIVELOCK)

/* More than any test makes: the injection itself must come to an end. */
#define MAX_ALLOCATIONS 1000

/* What is wrong in the result, and was not without a failure; or NULL. */
static const char *broken_state(unsigned without, const struct run_result *result)
{
	if (result->status == RUN_SKIPPED) /* mm/ is built without what it needs */
		return NULL;
	if (result->status != RUN_DONE)
		return result->reason;
	for (int i = 0; i < result->nr_outcomes; i++) {
		if (result->outcomes[i].detail &&
		    result->outcomes[i].violations & BROKEN & ~without)
			return result->outcomes[i].detail;
	}
	return NULL;
}

/*
 * What the test shows anyway. Some eras retry for ever, as the kernels do; the BREAK_COW drafts do
 * wherever userfaultfd has left its bit in a huge PMD.
 */
static unsigned violations_without(const struct litmus_test *test, const struct mm_era *era)
{
	const struct run_options options = {0};
	struct run_result result;
	unsigned violations = era->released ? VIOLATION_NONE : VIOLATION_LIVELOCK;

	model_run(test, &era->rules, &options, NULL, &result);
	violations |= run_result_violations(&result);
	run_result_free(&result);
	return violations;
}

/* Returns how many allocations could be made to fail, or -1 after saying what went wrong. */
static int fail_each(const struct litmus_test *test, const struct mm_era *era)
{
	unsigned without = violations_without(test, era);

	for (unsigned n = 1; n < MAX_ALLOCATIONS; n++) {
		struct run_options options = {.fail_allocation = n};
		struct run_result result;
		const char *wrong;
		bool failed;

		model_run(test, &era->rules, &options, NULL, &result);
		wrong = broken_state(without, &result);
		if (wrong)
			printf("# %s on %s, allocation %u: %s\n", test->name, era->name, n, wrong);
		failed = result.allocation_failed;
		run_result_free(&result);
		if (wrong)
			return -1;
		if (!failed)
			return (int)n - 1;
	}
	printf("# %s on %s: no end of allocations\n", test->name, era->name);
	return -1;
}

static bool fail_in_test(const struct litmus_test *test, int *total)
{
	for (int i = 0; i < mm_nr_eras; i++) {
		int failures = fail_each(test, &mm_eras[i]);

		if (failures < 0)
			return false;
		*total += failures;
	}
	return true;
}

/* A test, or all members of a family. */
static bool fail_in_file(const char *file, int *total)
{
	char err[512];
	struct litmus_test *test = litmus_read(file, err, sizeof(err));
	bool good = true;

	if (!test) {
		printf("# %s\n", err);
		return false;
	}
	for (int i = 0; good && i < litmus_nr_members(test); i++)
		good = fail_in_test(litmus_member(test, i), total);
	litmus_free(test);
	return good;
}

int main(int argc, char **argv)
{
	int bad = 0;
	int total = 0;

	printf("TAP version 13\n1..%d\n", argc);
	for (int i = 1; i < argc; i++) {
		bool good = fail_in_file(argv[i], &total);

		bad += !good;
		printf("%sok %d - %s\n", good ? "" : "not ", i, argv[i]);
	}
	/* An injection that never strikes would prove nothing. */
	printf("%sok %d - %d allocations failed\n", total > argc ? "" : "not ", argc, total);
	return bad || total <= argc;
}
