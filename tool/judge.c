/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.c - is what a target showed what was expected of it? */

#include "tool/run.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tool/conform.h"
#include "tool/expect.h"

/* Returns 0 or -ENOMEM, as all below that judge. */
__attribute__((format(printf, 2, 3))) static int unexpected(struct cell *cell, const char *format,
							    ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&cell->why, format, args);
	va_end(args);
	if (length < 0) {
		cell->why = NULL;
		return -ENOMEM;
	}
	cell->verdict = VERDICT_UNEXPECTED;
	return 0;
}

/* Is what was seen, of maybe more, already something else than the line says? */
static bool contradicts(const struct litmus_expectation *line, const struct cell *cell)
{
	if (!cell->result.nr_outcomes)
		return false;
	if (cell->violations & ~line->violations)
		return true;
	return line->observation != LITMUS_SOMETIMES && line->observation != cell->observation;
}

/* The spec and the models: observation and kinds are as the `expect` line says. */
static int judge_by_line(const struct litmus_test *test, const struct target *target,
			 const struct run_options *options, struct cell *cell)
{
	const struct litmus_expectation *line = expect_find(test, target, options);
	char wanted[288], seen[288];

	cell->expected = line;
	if (!line || cell->result.status == RUN_SKIPPED || cell->result.status == RUN_FAILED)
		return 0;
	expect_text(line->observation, line->violations, wanted, sizeof(wanted));
	expect_text(cell->observation, cell->violations, seen, sizeof(seen));
	if (cell->result.status == RUN_INCOMPLETE && !contradicts(line, cell))
		return unexpected(cell, "expected %s, the search is incomplete: %s", wanted,
				  cell->result.reason);
	if (line->observation != cell->observation || line->violations != cell->violations)
		return unexpected(cell, "expected %s, saw %s", wanted, seen);
	cell->verdict = VERDICT_EXPECTED;
	return 0;
}

/* No model of the era comes to what this outcome of the real kernel shows. */
static int not_allowed(const struct litmus_test *test, const struct target *target,
		       const struct run_result *model, const struct outcome *outcome,
		       struct cell *cell)
{
	char seen[LITMUS_OUTCOME_SIZE], allowed[LITMUS_OUTCOME_SIZE];

	if (!outcome->values)
		return unexpected(cell, "%s never comes to this, this kernel did: %s",
				  target->model, outcome->detail ? outcome->detail : "no outcome");
	litmus_outcome_text(test, outcome->values, seen, sizeof(seen));
	if (model->nr_outcomes != 1 || !model->outcomes[0].values)
		return unexpected(cell, "%s never gives %s this kernel did", target->model, seen);
	litmus_outcome_text(test, model->outcomes[0].values, allowed, sizeof(allowed));
	return unexpected(cell, "%s always gives %s this kernel gave %s", target->model, allowed,
			  seen);
}

static int compare_to_model(const struct litmus_test *test, const struct target *target,
			    const struct run_result *model, struct cell *cell)
{
	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		const struct outcome *outcome = &cell->result.outcomes[i];

		if (!conform_allows(test, model, outcome))
			return not_allowed(test, target, model, outcome, cell);
	}
	/* What a run that was cut short would have shown, nobody knows. */
	if (cell->result.status == RUN_DONE)
		cell->verdict = VERDICT_EXPECTED;
	return 0;
}

/*
 * A real kernel: each of its outcomes is one that the model of its era allows. Where the model
 * allows only one, that makes the two equal.
 */
static int judge_by_model(const struct litmus_test *test, const struct target *target,
			  const struct run_options *options, const struct run_result *spec,
			  struct cell *cell)
{
	struct run_result model = {0};
	int ret = 0;

	if (cell->result.nr_outcomes == 0 || !target->era)
		return 0;
	model_run(test, &target->rules, options, spec, &model);
	if (model.status == RUN_DONE)
		ret = compare_to_model(test, target, &model, cell);
	run_result_free(&model);
	return ret;
}

int judge_cell(const struct litmus_test *test, const struct target *target,
	       const struct run_options *options, const struct run_result *spec, struct cell *cell)
{
	cell->observation = run_result_observation(&cell->result);
	cell->violations = run_result_violations(&cell->result);
	if (target_is_kernel(target))
		return judge_by_model(test, target, options, spec, cell);
	return judge_by_line(test, target, options, cell);
}

void cell_free(struct cell *cell)
{
	run_result_free(&cell->result);
	free(cell->why);
	cell->why = NULL;
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
