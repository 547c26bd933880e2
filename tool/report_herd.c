/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_herd.c - the text that herd7's users know, one block for each test and target */

#include "tool/report.h"

#include <inttypes.h>

#include "tool/expect.h"

static const char *test_kind(const struct litmus_test *test)
{
	switch (test->quantifier) {
	case LITMUS_EXISTS:
		return "Allowed";
	case LITMUS_NOT_EXISTS:
		return "Forbidden";
	case LITMUS_FORALL:
		return "Required";
	}
	return "";
}

static const char *quantifier_text(const struct litmus_test *test)
{
	switch (test->quantifier) {
	case LITMUS_EXISTS:
		return "exists";
	case LITMUS_NOT_EXISTS:
		return "~exists";
	case LITMUS_FORALL:
		return "forall";
	}
	return "";
}

static bool is_validated(const struct litmus_test *test, enum litmus_observation observation)
{
	switch (test->quantifier) {
	case LITMUS_EXISTS:
		return observation != LITMUS_NEVER;
	case LITMUS_NOT_EXISTS:
		return observation == LITMUS_NEVER;
	case LITMUS_FORALL:
		return observation == LITMUS_ALWAYS;
	}
	return false;
}

static void print_states(const struct run *run, const struct row *row, const struct cell *cell)
{
	FILE *out = run->terminal.out;
	char text[LITMUS_OUTCOME_SIZE], kinds[256];

	fprintf(out, "States %d\n", cell->result.nr_outcomes);
	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		const struct outcome *outcome = &cell->result.outcomes[i];

		if (outcome->values)
			litmus_outcome_text(row->test, outcome->values, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "(%s)",
				 outcome->detail ? outcome->detail : "broken state");
		violation_set_names(outcome->violations, kinds, sizeof(kinds));
		fprintf(out, "%s%s%s\n", text, kinds[0] ? " " : "", kinds);
	}
}

static void print_verdict(const struct run *run, const struct row *row, const struct cell *cell)
{
	const struct litmus_test *test = row->test;
	FILE *out = run->terminal.out;
	uint64_t positive = 0, negative = 0;
	char condition[1024];

	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		const struct outcome *outcome = &cell->result.outcomes[i];

		if (outcome->values && outcome->holds)
			positive += outcome->count;
		else if (outcome->values)
			negative += outcome->count;
	}
	litmus_condition_text(test, condition, sizeof(condition));
	fprintf(out, "%s\n", is_validated(test, cell->observation) ? "Ok" : "No");
	fprintf(out, "Witnesses\nPositive: %" PRIu64 " Negative: %" PRIu64 "\n", positive,
		negative);
	fprintf(out, "Condition %s %s\n", quantifier_text(test), condition);
	fprintf(out, "Observation %s %s %" PRIu64 " %" PRIu64 "\n", test->name,
		observation_name(cell->observation), positive, negative);
}

static void print_cell(const struct run *run, const struct row *row, int column)
{
	const struct cell *cell = &row->cells[column];
	FILE *out = run->terminal.out;
	char target[128], kinds[256];

	target_full_name(&run->targets.targets[column], target, sizeof(target));
	fprintf(out, "Test %s %s\nTarget %s\n", row->test->name, test_kind(row->test), target);
	if (cell->result.status == RUN_SKIPPED || cell->result.status == RUN_FAILED) {
		fprintf(out, "%s %s\n\n", cell->result.status == RUN_SKIPPED ? "Skipped" : "Error",
			cell->result.reason);
		return;
	}
	print_states(run, row, cell);
	print_verdict(run, row, cell);
	violation_set_names(cell->violations, kinds, sizeof(kinds));
	if (kinds[0])
		fprintf(out, "Violations %s\n", kinds);
	if (cell->result.status == RUN_INCOMPLETE)
		fprintf(out, "Incomplete %s\n", cell->result.reason);
	if (cell->verdict == VERDICT_UNEXPECTED)
		fprintf(out, "Unexpected %s\n", cell->why);
	fprintf(out, "Time %s %.2f\n\n", row->test->name, cell->result.seconds);
}

static void print_row(const struct run *run, const struct row *row)
{
	if (!row->cells)
		return;
	for (int i = 0; i < run->targets.nr; i++)
		print_cell(run, row, i);
}

const struct report report_herd = {.name = "herd", .row = print_row};
