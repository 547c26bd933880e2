/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_json.c - one JSON document; cowherd(1) describes its keys */

#include "tool/report.h"

#include "tool/expect.h"
#include "tool/json.h"

static json_t *make_targets(struct json *json, const struct run *run)
{
	json_t *array = json_array();

	for (int i = 0; i < run->targets.nr; i++)
		json_push(json, array, json_target(json, &run->targets.targets[i]));
	return array;
}

static json_t *make_expected(struct json *json, const struct litmus_expectation *line)
{
	json_t *object;

	if (!line)
		return json_null();
	object = json_object();
	json_put(json, object, "observation", json_string(observation_name(line->observation)));
	json_put(json, object, "violations", json_violations(json, line->violations));
	json_put(json, object, "line", json_integer(line->pos.line));
	return object;
}

static const char *status_name(enum run_status status)
{
	static const char *const names[] = {
		[RUN_DONE] = "done",
		[RUN_INCOMPLETE] = "incomplete",
		[RUN_SKIPPED] = "skipped",
		[RUN_FAILED] = "failed",
	};

	return names[status];
}

static bool has_outcomes(const struct cell *cell)
{
	return cell->result.status == RUN_DONE || cell->result.status == RUN_INCOMPLETE;
}

static json_t *make_result(struct json *json, const struct run *run, const struct row *row,
			   int column)
{
	const struct target *target = &run->targets.targets[column];
	const struct cell *cell = &row->cells[column];
	const struct run_result *result = &cell->result;
	json_t *object = json_object();
	json_t *outcomes = json_array();
	char name[256];

	json_put(json, object, "target", json_text(target_full_name(target, name, sizeof(name))));
	json_put(json, object, "status", json_string(status_name(result->status)));
	json_put(json, object, "reason", json_text(result->reason[0] ? result->reason : NULL));
	json_put(json, object, "observation",
		 json_text(has_outcomes(cell) ? observation_name(cell->observation) : NULL));
	json_put(json, object, "violations", json_violations(json, cell->violations));
	json_put(json, object, "expected", make_expected(json, cell->expected));
	json_put(json, object, "as_expected",
		 cell->verdict == VERDICT_NONE ? json_null()
					       : json_boolean(cell->verdict == VERDICT_EXPECTED));
	json_put(json, object, "why", json_text(cell->why));
	json_put(json, object, "states", json_integer((json_int_t)result->states));
	json_put(json, object, "transitions", json_integer((json_int_t)result->transitions));
	json_put(json, object, "seconds", json_real(result->seconds));
	for (int i = 0; i < result->nr_outcomes; i++)
		json_push(
			json, outcomes,
			json_outcome(json, row->test, target, &run->options, &result->outcomes[i]));
	json_put(json, object, "outcomes", outcomes);
	return object;
}

static json_t *make_test(struct json *json, const struct run *run, const struct row *row)
{
	static const char *const quantifiers[] = {
		[LITMUS_EXISTS] = "exists",
		[LITMUS_NOT_EXISTS] = "~exists",
		[LITMUS_FORALL] = "forall",
	};
	json_t *object = json_object();
	json_t *results = json_array();
	char condition[1024];

	litmus_condition_text(row->test, condition, sizeof(condition));
	json_put(json, object, "name", json_text(row->test->name));
	json_put(json, object, "file", json_text(row->path));
	json_put(json, object, "kind", json_kind(row->test));
	json_put(json, object, "quantifier", json_string(quantifiers[row->test->quantifier]));
	json_put(json, object, "condition", json_text(condition));
	for (int i = 0; i < run->targets.nr; i++)
		json_push(json, results, make_result(json, run, row, i));
	json_put(json, object, "results", results);
	return object;
}

static json_t *make_summary(struct json *json, const struct run *run)
{
	struct run_counts counts = run_count(run);
	json_t *object = json_object();

	json_put(json, object, "tests", json_integer(counts.tests));
	json_put(json, object, "unexpected", json_integer(counts.unexpected));
	json_put(json, object, "skipped", json_integer(counts.skipped));
	json_put(json, object, "incomplete", json_integer(counts.incomplete));
	json_put(json, object, "failed", json_integer(counts.failed));
	json_put(json, object, "bad_files", json_integer(run->nr_bad));
	json_put(json, object, "interrupted", json_boolean(run->interrupted));
	return object;
}

static int end(const struct run *run)
{
	struct json json = {0};
	json_t *document = json_object();
	json_t *tests = json_array();
	json_t *errors = json_array();

	for (int i = 0; i < run->nr_rows; i++) {
		const struct row *row = &run->rows[i];

		if (row->cells)
			json_push(&json, tests, make_test(&json, run, row));
		else if (row->error[0])
			json_push(&json, errors, json_text(row->error));
	}
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "strict", json_boolean(run->options.strict));
	json_put(&json, document, "targets", make_targets(&json, run));
	json_put(&json, document, "tests", tests);
	json_put(&json, document, "errors", errors);
	json_put(&json, document, "summary", make_summary(&json, run));
	return json_print(&json, document, run->io);
}

const struct report report_json = {.name = "json", .end = end};
