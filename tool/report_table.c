/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_table.c - the default format: the table, what each column shows, and what is unexpected */

#include "tool/report.h"

#include <stdlib.h>
#include <string.h>

#include "tool/counts.h"
#include "tool/table.h"
#include "tool/text.h"

/* How often a word or a reason was seen. */
struct tally {
	const char *text;
	int count;
};

#define MAX_TALLIES 64

struct tallies {
	int nr;
	struct tally entries[MAX_TALLIES];
};

static void count_text(struct tallies *tallies, const char *text)
{
	for (int i = 0; i < tallies->nr; i++) {
		if (strcmp(tallies->entries[i].text, text) == 0) {
			tallies->entries[i].count++;
			return;
		}
	}
	if (tallies->nr < MAX_TALLIES)
		tallies->entries[tallies->nr++] = (struct tally){text, 1};
}

/* Why was a target not run, or not to the end? Equal reasons together. */
static void print_reasons(const struct run *run, int column, enum run_status status,
			  const char *word)
{
	const char *name = run->targets.targets[column].name;
	struct tallies tallies = {0};

	for (int i = 0; i < run->nr_rows; i++) {
		if (run->rows[i].cells && run->rows[i].cells[column].result.status == status)
			count_text(&tallies, run->rows[i].cells[column].result.reason);
	}
	for (int i = 0; i < tallies.nr; i++) {
		int used = fprintf(run->terminal.out, "  %s: %d %s: ", name,
				   tallies.entries[i].count, word);

		terminal_wrap(&run->terminal, used, 6, tallies.entries[i].text);
	}
}

static void print_undone(const struct run *run, const struct run_counts *counts)
{
	if (counts->skipped + counts->incomplete + counts->failed == 0)
		return;
	terminal_print(&run->terminal, STYLE_BOLD, "\nNot run to the end\n");
	for (int i = 0; i < run->targets.nr; i++) {
		print_reasons(run, i, RUN_SKIPPED, "skipped");
		print_reasons(run, i, RUN_INCOMPLETE, "incomplete");
		print_reasons(run, i, RUN_FAILED, "failed");
	}
}

/* Did an earlier column of the row say the same? Then it was printed. */
static bool is_repeated(const struct row *row, int column)
{
	for (int i = 0; i < column; i++) {
		if (row->cells[i].verdict == VERDICT_UNEXPECTED &&
		    strcmp(row->cells[i].why, row->cells[column].why) == 0)
			return true;
	}
	return false;
}

/* The targets on which the row says what it says on `column`. */
static void print_unexpected_targets(const struct run *run, const struct row *row, int column)
{
	char names[1024] = "";

	for (int i = column; i < run->targets.nr; i++) {
		if (row->cells[i].verdict == VERDICT_UNEXPECTED &&
		    strcmp(row->cells[i].why, row->cells[column].why) == 0)
			text_append(names, sizeof(names), "%s%s", names[0] ? " " : "on ",
				    run->targets.targets[i].name);
	}
	fputs("      ", run->terminal.out);
	terminal_wrap(&run->terminal, 6, 6, names);
}

static void print_unexpected_row(const struct run *run, const struct row *row)
{
	for (int i = 0; i < run->targets.nr; i++) {
		const struct cell *cell = &row->cells[i];
		const struct litmus_kind *kind = litmus_kind_of(row->test);
		char place[512], member[64];
		char text[sizeof(place) + 2 * LITMUS_OUTCOME_SIZE + 128]; /* `why` names two */

		if (cell->verdict != VERDICT_UNEXPECTED || is_repeated(row, i))
			continue;
		cell_place(row, cell, place, sizeof(place));
		if (kind)
			litmus_kind_text(*kind, member, sizeof(member));
		snprintf(text, sizeof(text), "%s: %s%s%s%s", place, kind ? "for " : "",
			 kind ? member : "", kind ? ": " : "", cell->why);
		fputs("  ", run->terminal.out);
		terminal_wrap(&run->terminal, 2, 6, text);
		print_unexpected_targets(run, row, i);
	}
}

static void print_unexpected(const struct run *run, const struct run_counts *counts)
{
	if (counts->unexpected == 0)
		return;
	terminal_print(&run->terminal, STYLE_WARN, "\nNot as expected\n");
	for (int i = 0; i < run->nr_rows; i++) {
		if (run->rows[i].cells)
			print_unexpected_row(run, &run->rows[i]);
	}
}

static void print_verdict(const struct run *run, const struct run_counts *counts)
{
	if (counts->unexpected)
		terminal_print(&run->terminal, STYLE_WARN, "%d not as expected",
			       counts->unexpected);
	else if (counts->silent == counts->tests)
		fputs("nothing was expected", run->terminal.out);
	else if (counts->incomplete || counts->failed || run->nr_bad)
		fputs("what ran is as expected", run->terminal.out);
	else
		terminal_print(&run->terminal, STYLE_GOOD, "all as expected");
}

/* "12 skipped", after a comma. */
static void add_count(char *text, size_t size, int count, const char *what)
{
	if (count)
		text_append(text, size, ", %d %s", count, what);
}

static void print_summary(const struct run *run, const struct run_counts *counts)
{
	int nr_not_run = run->nr_rows - run->nr_bad - counts->tests;
	char text[256] = "";

	fprintf(run->terminal.out, "\n%d test%s on %d target%s: ", counts->tests,
		counts->tests == 1 ? "" : "s", run->targets.nr, run->targets.nr == 1 ? "" : "s");
	print_verdict(run, counts);
	if (counts->silent < counts->tests)
		add_count(text, sizeof(text), counts->silent, "without 'expect'");
	add_count(text, sizeof(text), counts->skipped, "skipped");
	add_count(text, sizeof(text), counts->incomplete, "incomplete");
	add_count(text, sizeof(text), counts->failed, "failed");
	add_count(text, sizeof(text), run->nr_bad, "not read");
	if (run->interrupted)
		text_append(text, sizeof(text), ", interrupted with %d to go", nr_not_run);
	fprintf(run->terminal.out, "%s\n", text);
}

static bool same_outcome(const struct litmus_test *test, const struct outcome *a,
			 const struct outcome *b)
{
	if (!a->values || !b->values)
		return !a->values && !b->values && a->violations == b->violations;
	return a->violations == b->violations &&
	       memcmp(a->values, b->values, (size_t)test->nr_observables * sizeof(*a->values)) == 0;
}

static bool shows(const struct litmus_test *test, const struct cell *cell,
		  const struct outcome *outcome)
{
	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		if (same_outcome(test, &cell->result.outcomes[i], outcome))
			return true;
	}
	return false;
}

static void print_outcome(const struct run *run, const struct row *row,
			  const struct outcome *outcome)
{
	const struct terminal *terminal = &run->terminal;
	char text[LITMUS_OUTCOME_SIZE], kinds[256], on[1024] = "";

	if (outcome->values)
		litmus_outcome_text(row->test, outcome->values, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "broken state");
	violation_set_names(outcome->violations, kinds, sizeof(kinds));
	terminal_print(terminal, outcome->violations ? STYLE_BAD : STYLE_PLAIN, "  %s%s%s%s\n",
		       text[0] ? text : "(nothing to see)", kinds[0] ? "  " : "", kinds,
		       outcome->holds ? "  *" : "");
	for (int i = 0; i < run->targets.nr; i++) {
		if (shows(row->test, &row->cells[i], outcome))
			text_append(on, sizeof(on), "%s ", run->targets.targets[i].name);
	}
	fputs("      ", terminal->out);
	terminal_wrap(terminal, 6, 6, on);
}

/* Did an earlier column show this outcome? Then it was printed. */
static bool printed_before(const struct row *row, int column, const struct outcome *outcome)
{
	for (int i = 0; i < column; i++) {
		if (shows(row->test, &row->cells[i], outcome))
			return true;
	}
	return false;
}

static void print_outcomes(const struct run *run)
{
	char condition[512];

	terminal_print(&run->terminal, STYLE_BOLD, "\nOutcomes");
	fputs(" (*: the condition's proposition holds)\n", run->terminal.out);
	for (int i = 0; i < run->nr_rows; i++) {
		const struct row *row = &run->rows[i];

		if (!row->cells)
			continue;
		litmus_condition_text(row->test, condition, sizeof(condition));
		fprintf(run->terminal.out, "%s %s\n", row->test->name, condition);
		for (int j = 0; j < run->targets.nr; j++) {
			const struct run_result *result = &row->cells[j].result;

			for (int k = 0; k < result->nr_outcomes; k++) {
				if (!printed_before(row, j, &result->outcomes[k]))
					print_outcome(run, row, &result->outcomes[k]);
			}
		}
	}
}

static int end(const struct run *run)
{
	struct run_counts counts = run_count(run);

	if (counts.tests == 0)
		return TOOL_OK;
	if (!run->quiet) {
		table_print(run);
		counts_print(run);
		print_undone(run, &counts);
	}
	if (run->verbose)
		print_outcomes(run);
	print_unexpected(run, &counts);
	if (!run->quiet || counts.unexpected)
		print_summary(run, &counts);
	return TOOL_OK;
}

const struct report report_table = {.name = "table", .end = end};
