/* SPDX-License-Identifier: GPL-2.0-or-later */
/* result_stream.c - a result goes from one process to another */
#include "targets/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An outcome, before its values, its detail and its schedule. */
struct outcome_head {
	uint64_t count;
	unsigned violations;
	bool has_values;
	size_t detail_size; /* with its end; 0: there is none */
	int nr_moves;
};

/* What is said of the whole. */
struct result_head {
	enum run_status status;
	char reason[256];
	bool allocation_failed;
	int nr_outcomes;
	double seconds;
};

static bool put(FILE *to, const void *from, size_t size)
{
	return !size || fwrite(from, size, 1, to) == 1;
}

static bool get(FILE *from, void *to, size_t size)
{
	return !size || fread(to, size, 1, from) == 1;
}

static size_t values_size(const struct litmus_test *test, const struct outcome_head *head)
{
	return head->has_values ? (size_t)test->nr_observables * sizeof(int64_t) : 0;
}

static bool send_outcome(const struct outcome *outcome, const struct litmus_test *test, FILE *to)
{
	const struct outcome_head head = {
		.count = outcome->count,
		.violations = outcome->violations,
		.has_values = outcome->values,
		.detail_size = outcome->detail ? strlen(outcome->detail) + 1 : 0,
		.nr_moves = outcome->nr_moves,
	};

	return put(to, &head, sizeof(head)) && put(to, outcome->values, values_size(test, &head)) &&
	       put(to, outcome->detail, head.detail_size) &&
	       put(to, outcome->schedule, (size_t)head.nr_moves * sizeof(*outcome->schedule));
}

int run_result_send(const struct run_result *result, const struct litmus_test *test, FILE *to)
{
	struct result_head head = {
		.status = result->status,
		.allocation_failed = result->allocation_failed,
		.nr_outcomes = result->nr_outcomes,
		.seconds = result->seconds,
	};

	memcpy(head.reason, result->reason, sizeof(head.reason));
	if (!put(to, &head, sizeof(head)))
		return -EIO;
	for (int i = 0; i < result->nr_outcomes; i++) {
		if (!send_outcome(&result->outcomes[i], test, to))
			return -EIO;
	}
	return 0;
}

/* Memory for what follows a head; all of it there, though it may be empty. */
struct outcome_body {
	int64_t *values;
	char *detail;
	struct explore_move *schedule;
};

static void body_free(struct outcome_body *body)
{
	free(body->values);
	free(body->detail);
	free(body->schedule);
}

static int receive_body(struct run_result *result, const struct litmus_test *test,
			const struct outcome_head *head, FILE *from)
{
	size_t schedule_size = (size_t)head->nr_moves * sizeof(struct explore_move);
	struct outcome_body body = {
		.values = malloc(values_size(test, head) + 1),
		.detail = malloc(head->detail_size + 1),
		.schedule = malloc(schedule_size + 1),
	};
	struct outcome *outcome = NULL;
	int err = -ENOMEM;

	if (!body.values || !body.detail || !body.schedule)
		goto out;
	err = -EIO;
	if (!get(from, body.values, values_size(test, head)) ||
	    !get(from, body.detail, head->detail_size) || !get(from, body.schedule, schedule_size))
		goto out;
	outcome = run_result_add(result, test, head->has_values ? body.values : NULL,
				 head->detail_size ? body.detail : NULL, head->count, body.schedule,
				 head->nr_moves);
	if (outcome)
		outcome->violations |= head->violations;
	err = outcome ? 0 : -ENOMEM;
out:
	body_free(&body);
	return err;
}

int run_result_receive(struct run_result *result, const struct litmus_test *test, FILE *from)
{
	struct result_head head;
	int err = 0;

	if (!get(from, &head, sizeof(head)))
		return -EIO;
	result->allocation_failed |= head.allocation_failed;
	result->seconds += head.seconds;
	for (int i = 0; i < head.nr_outcomes && !err; i++) {
		struct outcome_head outcome;

		err = get(from, &outcome, sizeof(outcome)) ? 0 : -EIO;
		if (!err)
			err = receive_body(result, test, &outcome, from);
	}
	if (err || head.status == RUN_DONE)
		return err;
	if (head.status == RUN_FAILED)
		run_result_fail(result, head.reason);
	result->status = head.status;
	memcpy(result->reason, head.reason, sizeof(result->reason));
	return 0;
}
