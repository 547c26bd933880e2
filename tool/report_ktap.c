/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_ktap.c - KTAP version 1: a subtest for each target of each test */

#include "tool/report.h"

/* A '#' would begin a directive. */
static void print_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(*name == '#' || *name == '\n' ? '_' : *name, out);
}

static void begin(const struct run *run)
{
	fprintf(run->terminal.out, "KTAP version 1\n1..%d\n", run->nr_rows);
}

static bool is_ok(const struct cell *cell)
{
	return cell->verdict != VERDICT_UNEXPECTED && cell->result.status != RUN_FAILED &&
	       cell->result.status != RUN_INCOMPLETE;
}

static void print_outcomes(const struct run *run, const struct row *row, const struct cell *cell)
{
	char text[LITMUS_OUTCOME_SIZE], kinds[256];

	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		const struct outcome *outcome = &cell->result.outcomes[i];

		if (outcome->values)
			litmus_outcome_text(row->test, outcome->values, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "(%s)",
				 outcome->detail ? outcome->detail : "broken state");
		violation_set_names(outcome->violations, kinds, sizeof(kinds));
		fprintf(run->terminal.out, "    # %s%s%s\n", text, kinds[0] ? " " : "", kinds);
	}
}

static void print_cell(const struct run *run, const struct row *row, int column)
{
	const struct cell *cell = &row->cells[column];
	FILE *out = run->terminal.out;
	char text[512];

	if (cell->verdict == VERDICT_UNEXPECTED)
		fprintf(out, "    # %s: %s\n", cell_place(row, cell, text, sizeof(text)),
			cell->why);
	else if (cell->result.status == RUN_FAILED || cell->result.status == RUN_INCOMPLETE)
		fprintf(out, "    # %s\n", cell->result.reason);
	if (run->verbose || !is_ok(cell))
		print_outcomes(run, row, cell);
	fprintf(out, "    %s %d ", is_ok(cell) ? "ok" : "not ok", column + 1);
	print_name(out, target_full_name(&run->targets.targets[column], text, sizeof(text)));
	if (cell->result.status == RUN_SKIPPED)
		fprintf(out, " # SKIP %s", cell->result.reason);
	else if (cell->result.status == RUN_DONE)
		fprintf(out, ": %s", cell_text(cell, text, sizeof(text)));
	fputc('\n', out);
}

static void print_row(const struct run *run, const struct row *row)
{
	FILE *out = run->terminal.out;
	int number = (int)(row - run->rows) + 1;
	int nr_skipped = 0;
	bool ok = true;

	if (!row->cells) {
		fprintf(out, "# %s\nnot ok %d ", row->error, number);
		print_name(out, row->path);
		fputc('\n', out);
		return;
	}
	fputs("    KTAP version 1\n    # Subtest: ", out);
	print_name(out, row->test->name);
	fprintf(out, "\n    1..%d\n", run->targets.nr);
	for (int i = 0; i < run->targets.nr; i++) {
		print_cell(run, row, i);
		ok &= is_ok(&row->cells[i]);
		nr_skipped += row->cells[i].result.status == RUN_SKIPPED;
	}
	fprintf(out, "%s %d ", ok ? "ok" : "not ok", number);
	print_name(out, row->test->name);
	fputs(nr_skipped == run->targets.nr ? " # SKIP no target can run it\n" : "\n", out);
	fflush(out);
}

static int end(const struct run *run)
{
	struct run_counts counts = run_count(run);

	if (run->interrupted)
		fprintf(run->terminal.out, "Bail out! interrupted\n");
	fprintf(run->terminal.out, "# tests:%d unexpected:%d skipped:%d incomplete:%d bad:%d\n",
		counts.tests, counts.unexpected, counts.skipped, counts.incomplete, run->nr_bad);
	return TOOL_OK;
}

const struct report report_ktap = {
	.name = "ktap",
	.begin = begin,
	.row = print_row,
	.end = end,
};
