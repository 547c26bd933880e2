/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result.c - collecting the outcomes of one litmus test on one target */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets/target.h"

static void outcome_free(struct outcome *outcome)
{
	free(outcome->values);
	free(outcome->detail);
	free(outcome->schedule);
}

void run_result_free(struct run_result *result)
{
	for (int i = 0; i < result->nr_outcomes; i++)
		outcome_free(&result->outcomes[i]);
	free(result->outcomes);
	result->outcomes = NULL;
	result->nr_outcomes = 0;
}

static bool same_detail(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool same_values(const int64_t *a, const int64_t *b, int nr_values)
{
	if (!a || !b)
		return a == b;
	return memcmp(a, b, (size_t)nr_values * sizeof(*a)) == 0;
}

/* A copy of `size` bytes; NULL without memory. Nothing at all is a valid thing to copy. */
static void *copy(const void *from, size_t size)
{
	void *to = malloc(size ? size : 1);

	if (to && size)
		memcpy(to, from, size);
	return to;
}

struct outcome *run_result_add(struct run_result *result, const struct litmus_test *test,
			       const int64_t *values, const char *detail, uint64_t count,
			       const struct explore_move *schedule, int nr_moves)
{
	for (int i = 0; i < result->nr_outcomes; i++) {
		struct outcome *outcome = &result->outcomes[i];

		if (same_values(outcome->values, values, test->nr_observables) &&
		    same_detail(outcome->detail, detail)) {
			outcome->count += count;
			return outcome;
		}
	}

	struct outcome *outcomes =
		reallocarray(result->outcomes, (size_t)result->nr_outcomes + 1, sizeof(*outcomes));
	if (!outcomes)
		return NULL;
	result->outcomes = outcomes;

	struct outcome *outcome = &outcomes[result->nr_outcomes];
	*outcome = (struct outcome){.count = count};
	if (values)
		outcome->values = copy(values, (size_t)test->nr_observables * sizeof(*values));
	if (detail)
		outcome->detail = strdup(detail);
	if (schedule) {
		outcome->schedule = copy(schedule, (size_t)nr_moves * sizeof(*schedule));
		outcome->nr_moves = nr_moves;
	}
	if ((values && !outcome->values) || (detail && !outcome->detail) ||
	    (schedule && !outcome->schedule)) {
		outcome_free(outcome);
		return NULL;
	}
	result->nr_outcomes++;
	return outcome;
}

/* How often another task goes on. */
static int task_changes(const struct outcome *outcome)
{
	int changes = 0;

	for (int i = 1; i < outcome->nr_moves; i++)
		changes += outcome->schedule[i].task != outcome->schedule[i - 1].task;
	return changes;
}

void run_result_shorten(struct run_result *result, const struct litmus_test *test,
			struct run_result *from)
{
	for (int i = 0; i < from->nr_outcomes; i++) {
		struct outcome *shorter = &from->outcomes[i];

		for (int k = 0; k < result->nr_outcomes; k++) {
			struct outcome *outcome = &result->outcomes[k];
			struct explore_move *schedule = outcome->schedule;

			if (!same_values(outcome->values, shorter->values, test->nr_observables) ||
			    !same_detail(outcome->detail, shorter->detail) ||
			    task_changes(outcome) <= task_changes(shorter))
				continue;
			outcome->schedule = shorter->schedule;
			outcome->nr_moves = shorter->nr_moves;
			shorter->schedule = schedule;
		}
	}
}

static int compare_outcomes(const void *left, const void *right, void *context)
{
	const struct outcome *a = left;
	const struct outcome *b = right;
	const struct litmus_test *test = context;

	if (!a->values || !b->values) {
		if (a->values || b->values)
			return a->values ? -1 : 1;
		return strcmp(a->detail ? a->detail : "", b->detail ? b->detail : "");
	}
	for (int i = 0; i < test->nr_observables; i++) {
		if (a->values[i] != b->values[i])
			return a->values[i] < b->values[i] ? -1 : 1;
	}
	return 0;
}

void run_result_finish(struct run_result *result, const struct litmus_test *test)
{
	if (result->nr_outcomes == 0)
		return;
	qsort_r(result->outcomes, (size_t)result->nr_outcomes, sizeof(*result->outcomes),
		compare_outcomes, (void *)test);
	for (int i = 0; i < result->nr_outcomes; i++) {
		struct outcome *outcome = &result->outcomes[i];

		outcome->holds = outcome->values && litmus_holds(test, outcome->values);
	}
}

enum litmus_observation run_result_observation(const struct run_result *result)
{
	int holds = 0;
	int fails = 0;

	for (int i = 0; i < result->nr_outcomes; i++) {
		if (!result->outcomes[i].values)
			continue;
		if (result->outcomes[i].holds)
			holds++;
		else
			fails++;
	}
	if (holds == 0)
		return LITMUS_NEVER;
	return fails == 0 ? LITMUS_ALWAYS : LITMUS_SOMETIMES;
}

unsigned run_result_violations(const struct run_result *result)
{
	unsigned set = VIOLATION_NONE;

	for (int i = 0; i < result->nr_outcomes; i++)
		set |= result->outcomes[i].violations;
	return set;
}

void run_result_fail(struct run_result *result, const char *reason)
{
	run_result_free(result);
	result->status = RUN_FAILED;
	snprintf(result->reason, sizeof(result->reason), "%s", reason);
}
