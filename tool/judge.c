/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - is what a target showed what was expected of it? */

#include "tool/run.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool/expect.h"

__attribute__((format(printf, 2, 3))) static void unexpected(struct cell *cell, const char *format,
							     ...)
{
	va_list args;

	cell->verdict = VERDICT_UNEXPECTED;
	va_start(args, format);
	vsnprintf(cell->why, sizeof(cell->why), format, args);
	va_end(args);
}

/* The spec and the models: observation and kinds are as the `expect` line says. */
static void judge_by_line(const struct litmus_test *test, const struct target *target,
			  const struct run_options *options, struct cell *cell)
{
	const struct litmus_expectation *line = expect_find(test, target, options->strict);
	char wanted[288], seen[288];

	cell->expected = line;
	if (cell->result.status == RUN_SKIPPED || cell->result.status == RUN_FAILED)
		return;
	if (!line) {
		if (target->kind == TARGET_SPEC && cell->violations)
			unexpected(cell, "the ideal machine shows a violation");
		return;
	}
	expect_text(line->observation, line->violations, wanted, sizeof(wanted));
	expect_text(cell->observation, cell->violations, seen, sizeof(seen));
	if (cell->result.status == RUN_INCOMPLETE) {
		unexpected(cell, "expected %s, the search is incomplete: %s", wanted,
			   cell->result.reason);
		return;
	}
	if (line->observation == cell->observation && line->violations == cell->violations) {
		cell->verdict = VERDICT_EXPECTED;
		return;
	}
	unexpected(cell, "expected %s, saw %s", wanted, seen);
}

static const struct outcome *find_values(const struct run_result *result,
					 const struct litmus_test *test, const int64_t *values)
{
	size_t size = (size_t)test->nr_observables * sizeof(*values);

	for (int i = 0; i < result->nr_outcomes; i++) {
		const struct outcome *outcome = &result->outcomes[i];

		if (outcome->values && memcmp(outcome->values, values, size) == 0)
			return outcome;
	}
	return NULL;
}

/* Does the model break in the same way? */
static bool model_breaks(const struct run_result *model, unsigned violations)
{
	for (int i = 0; i < model->nr_outcomes; i++) {
		if (!model->outcomes[i].values && model->outcomes[i].violations == violations)
			return true;
	}
	return false;
}

static void compare_to_model(const struct litmus_test *test, const struct target *target,
			     const struct run_result *model, struct cell *cell)
{
	char seen[224], allowed[224];

	cell->verdict = VERDICT_EXPECTED;
	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		const struct outcome *outcome = &cell->result.outcomes[i];

		if (!outcome->values && model_breaks(model, outcome->violations))
			continue;
		if (!outcome->values) {
			unexpected(cell, "%s never comes to this, this kernel did: %s",
				   target->era->name,
				   outcome->detail ? outcome->detail : "no outcome");
			return;
		}
		if (find_values(model, test, outcome->values))
			continue;
		litmus_outcome_text(test, outcome->values, seen, sizeof(seen));
		if (model->nr_outcomes == 1 && model->outcomes[0].values) {
			litmus_outcome_text(test, model->outcomes[0].values, allowed,
					    sizeof(allowed));
			unexpected(cell, "%s always gives %s this kernel gave %s",
				   target->era->name, allowed, seen);
			return;
		}
		unexpected(cell, "%s never gives %s this kernel did", target->era->name, seen);
		return;
	}
}

/*
 * A real kernel: each of its outcomes is one that the model of its era allows. Where the model
 * allows only one, that makes the two equal.
 */
static void judge_by_model(const struct litmus_test *test, const struct target *target,
			   const struct run_options *options, const struct run_result *spec,
			   struct cell *cell)
{
	struct run_result model = {0};

	if (cell->result.nr_outcomes == 0 || !target->era)
		return;
	model_run(test, &target->era->rules, options, spec, &model);
	if (model.status == RUN_DONE)
		compare_to_model(test, target, &model, cell);
	run_result_free(&model);
}

void judge_cell(const struct litmus_test *test, const struct target *target,
		const struct run_options *options, const struct run_result *spec, struct cell *cell)
{
	cell->observation = run_result_observation(&cell->result);
	cell->violations = run_result_violations(&cell->result);
	if (target->kind == TARGET_HOST)
		judge_by_model(test, target, options, spec, cell);
	else
		judge_by_line(test, target, options, cell);
}

struct run_counts run_count(const struct run *run)
{
	struct run_counts counts = {0};

	for (int i = 0; i < run->nr_rows; i++) {
		if (!run->rows[i].cells)
			continue;
		counts.tests++;
		counts.silent += run->rows[i].test->nr_expectations == 0;
		for (int j = 0; j < run->targets.nr; j++) {
			const struct cell *cell = &run->rows[i].cells[j];

			counts.unexpected += cell->verdict == VERDICT_UNEXPECTED;
			counts.failed += cell->result.status == RUN_FAILED;
			counts.incomplete += cell->result.status == RUN_INCOMPLETE;
			counts.skipped += cell->result.status == RUN_SKIPPED;
		}
	}
	return counts;
}

char *cell_place(const struct row *row, const struct cell *cell, char *buf, size_t size)
{
	if (cell->expected)
		snprintf(buf, size, "%s:%d", row->path, cell->expected->pos.line);
	else
		snprintf(buf, size, "%s", row->path);
	return buf;
}

char *cell_text(const struct cell *cell, char *buf, size_t size)
{
	switch (cell->result.status) {
	case RUN_SKIPPED:
		snprintf(buf, size, "skipped");
		return buf;
	case RUN_FAILED:
		snprintf(buf, size, "error");
		return buf;
	case RUN_INCOMPLETE:
	case RUN_DONE:
		break;
	}
	if (cell->violations)
		return violation_set_names(cell->violations, buf, size);
	snprintf(buf, size, "%s", cell->result.status == RUN_DONE ? "ok" : "incomplete");
	return buf;
}
