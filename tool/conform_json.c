/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_json.c - the report on kernels as one JSON document; cowherd(1) describes its keys */

#include "tool/conform.h"

#include "tool/json.h"

static json_t *make_counts(struct json *json, const struct conform_counts *counts)
{
	json_t *object = json_object();

	json_put(json, object, "tests", json_integer(counts->tests));
	for (int i = 0; i < NR_CONFORM_VERDICTS; i++)
		json_put(json, object, conform_verdict_name((enum conform_verdict)i),
			 json_integer(counts->verdicts[i]));
	json_put(json, object, "explained", json_integer(counts->explained));
	json_put(json, object, "unexplained", json_integer(counts->unexplained));
	json_put(json, object, "fine_outcomes", json_integer(counts->fine));
	json_put(json, object, "unseen_outcomes", json_integer(counts->unseen));
	json_put(json, object, "seconds", json_real(counts->seconds));
	return object;
}

static json_t *make_kernels(struct json *json, const struct conform *conform)
{
	json_t *array = json_array();

	for (int i = 0; i < conform->run.targets.nr; i++) {
		struct conform_counts counts = conform_count(conform, i);
		json_t *object = json_target(json, &conform->run.targets.targets[i]);

		json_put(json, object, "release",
			 json_text(conform->run.targets.targets[i].release));
		json_put(json, object, "boot_seconds", json_real(conform->kernels[i].boot));
		json_put(json, object, "counts", make_counts(json, &counts));
		json_push(json, array, object);
	}
	return array;
}

static json_t *make_known(struct json *json, const struct conform *conform,
			  const struct known *known)
{
	json_t *object;

	if (!known)
		return json_null();
	object = json_object();
	json_put(json, object, "file", json_text(conform->known->path));
	json_put(json, object, "line", json_integer(known->line));
	json_put(json, object, "kernels", json_text(known->kernels));
	json_put(json, object, "tests", json_text(known->tests));
	json_put(json, object, "outcome", json_text(known->outcome));
	json_put(json, object, "fault", json_string(known_fault_name(known->fault)));
	json_put(json, object, "evidence", json_text(known->evidence));
	return object;
}

static json_t *make_explanations(struct json *json, const struct conform *conform)
{
	json_t *array = json_array();

	for (int i = 0; i < conform->known->nr; i++) {
		const struct known *known = &conform->known->entries[i];
		json_t *object = make_known(json, conform, known);

		json_put(json, object, "seen", json_integer(known->seen));
		json_put(json, object, "stale", json_boolean(conform_is_stale(conform, known)));
		json_push(json, array, object);
	}
	return array;
}

static json_t *outcome_text(const struct litmus_test *test, const struct outcome *outcome)
{
	char text[LITMUS_OUTCOME_SIZE];

	if (!outcome)
		return json_null();
	return json_text(conform_outcome_text(test, outcome, text, sizeof(text)));
}

static const char *status_word(const struct run_result *result)
{
	static const char *const words[] = {
		[RUN_DONE] = "done",
		[RUN_INCOMPLETE] = "incomplete",
		[RUN_SKIPPED] = "skipped",
		[RUN_FAILED] = "failed",
	};

	return words[result->status];
}

static json_t *make_search(struct json *json, const struct conform *conform, int row, int kernel,
			   bool fine)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct conform_model *model = conform_model(conform, row, kernel);
	const struct run_result *result = fine ? &model->fine : &model->coarse;
	const struct target target = conform_model_target(conform, kernel);
	struct run_options options = conform->run.options;
	json_t *object = json_object();
	json_t *outcomes = json_array();

	options.fine = fine;
	json_put(json, object, "status", json_string(status_word(result)));
	json_put(json, object, "reason", json_text(result->reason[0] ? result->reason : NULL));
	json_put(json, object, "states", json_integer((json_int_t)result->states));
	json_put(json, object, "seconds", json_real(result->seconds));
	for (int i = 0; i < result->nr_outcomes; i++)
		json_push(json, outcomes,
			  json_outcome(json, test, &target, &options, &result->outcomes[i]));
	json_put(json, object, "outcomes", outcomes);
	return object;
}

/* One for each era. */
static json_t *make_models(struct json *json, const struct conform *conform, int row)
{
	json_t *object = json_object();

	for (int i = 0; i < conform->run.targets.nr; i++) {
		const struct conform_model *model = conform_model(conform, row, i);
		json_t *searches;

		if (conform->kernels[i].model != i || !model->ran)
			continue;
		searches = json_object();
		json_put(json, searches, "coarse", make_search(json, conform, row, i, false));
		json_put(json, searches, "fine",
			 model->ran_fine ? make_search(json, conform, row, i, true) : json_null());
		json_put(json, object, conform->run.targets.targets[i].model, searches);
	}
	return object;
}

static json_t *make_outcome(struct json *json, const struct conform *conform, int row, int kernel,
			    int i)
{
	static const char *const rules[] = {
		[CONFORM_ALLOWED] = "yes",
		[CONFORM_ALLOWED_FINE] = "fine",
		[CONFORM_FORBIDDEN] = "no",
	};
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct conform_model *model = conform_model(conform, row, kernel);
	const struct outcome *outcome = &cell->result.outcomes[i];
	json_t *object = json_outcome(json, test, &conform->run.targets.targets[kernel],
				      &conform->run.options, outcome);

	if (!outcome->values)
		json_put(json, object, "text", outcome_text(test, outcome));
	json_put(json, object, "allowed",
		 json_text(cell->notes ? rules[cell->notes[i].rule] : NULL));
	if (!cell->notes || cell->notes[i].rule != CONFORM_FORBIDDEN)
		return object;
	json_put(json, object, "nearest",
		 outcome_text(test, conform_nearest(test, model, outcome)));
	json_put(json, object, "explanation", make_known(json, conform, cell->notes[i].known));
	return object;
}

static json_t *make_unseen(struct json *json, const struct conform *conform, int row, int kernel)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct run_result *model = &conform_model(conform, row, kernel)->coarse;
	json_t *array = json_array();

	for (int i = 0; i < model->nr_outcomes && cell->nr_unseen; i++) {
		if (!conform_seen(test, cell, &model->outcomes[i]))
			json_push(json, array, outcome_text(test, &model->outcomes[i]));
	}
	return array;
}

static json_t *make_result(struct json *json, const struct conform *conform, int row, int kernel)
{
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct target *target = &conform->run.targets.targets[kernel];
	json_t *object = json_object();
	json_t *outcomes = json_array();
	char name[256];

	json_put(json, object, "target", json_text(target_full_name(target, name, sizeof(name))));
	json_put(json, object, "verdict", json_string(conform_verdict_name(cell->verdict)));
	json_put(json, object, "reason", json_text(cell->reason));
	json_put(json, object, "iterations", json_integer((json_int_t)conform_iterations(cell)));
	json_put(json, object, "seconds", json_real(cell->result.seconds));
	for (int i = 0; i < cell->result.nr_outcomes; i++)
		json_push(json, outcomes, make_outcome(json, conform, row, kernel, i));
	json_put(json, object, "outcomes", outcomes);
	json_put(json, object, "unseen", make_unseen(json, conform, row, kernel));
	return object;
}

static json_t *make_test(struct json *json, const struct conform *conform, int row)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	json_t *object = json_object();
	json_t *results = json_array();
	char condition[1024];

	litmus_condition_text(test, condition, sizeof(condition));
	json_put(json, object, "name", json_text(test->name));
	json_put(json, object, "file", json_text(conform->run.rows[row].path));
	json_put(json, object, "kind", json_kind(test));
	json_put(json, object, "condition", json_text(condition));
	json_put(json, object, "models", make_models(json, conform, row));
	for (int i = 0; i < conform->run.targets.nr; i++)
		json_push(json, results, make_result(json, conform, row, i));
	json_put(json, object, "results", results);
	return object;
}

static json_t *make_summary(struct json *json, const struct conform *conform)
{
	struct conform_counts counts = conform_count(conform, -1);
	json_t *object = make_counts(json, &counts);
	char text[512];

	json_put(json, object, "bad_files", json_integer(conform->run.nr_bad));
	json_put(json, object, "interrupted", json_boolean(conform->run.interrupted));
	json_put(json, object, "elapsed", json_real(conform->seconds));
	json_put(json, object, "complete", json_boolean(conform_is_complete(conform)));
	json_put(json, object, "text", json_text(conform_summary(conform, text, sizeof(text))));
	return object;
}

int conform_print_json(const struct conform *conform, FILE *out)
{
	struct tool_io io = *conform->run.io;
	struct json json = {0};
	json_t *document = json_object();
	json_t *tests = json_array();
	json_t *errors = json_array();

	for (int i = 0; i < conform->run.nr_rows; i++) {
		if (conform->rows[i].cells)
			json_push(&json, tests, make_test(&json, conform, i));
		else if (conform->run.rows[i].error[0])
			json_push(&json, errors, json_text(conform->run.rows[i].error));
	}
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "kernels", make_kernels(&json, conform));
	json_put(&json, document, "tests", tests);
	json_put(&json, document, "explanations", make_explanations(&json, conform));
	json_put(&json, document, "errors", errors);
	json_put(&json, document, "summary", make_summary(&json, conform));
	io.out = out;
	return json_print(&json, document, &io);
}
