/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_diff.c - what changes from one target to another: cured, broken, and the rest */

#include "tool/report.h"

#include <string.h>

/* The two columns that are compared, the spec left out. */
struct pair {
	int before;
	int after;
};

enum change {
	CHANGE_UNKNOWN, /* one of the two did not run to the end */
	CHANGE_CURED,
	CHANGE_BROKEN,
	CHANGE_KINDS,
	CHANGE_STILL,
	CHANGE_OUTCOMES,
	CHANGE_NONE,
	NR_CHANGES,
};

static const struct {
	const char *title;
	enum style style;
	bool with_schedule;
} changes[NR_CHANGES] = {
	[CHANGE_UNKNOWN] = {"Not known: not run to the end", STYLE_WARN, false},
	[CHANGE_CURED] = {"Cured", STYLE_GOOD, false},
	[CHANGE_BROKEN] = {"Broken: good before", STYLE_BAD, true},
	[CHANGE_KINDS] = {"Wrong in another way", STYLE_WARN, true},
	[CHANGE_STILL] = {"Not cured", STYLE_WARN, false},
	[CHANGE_OUTCOMES] = {"Other outcomes, all of them allowed", STYLE_BOLD, false},
	[CHANGE_NONE] = {"No change", STYLE_BOLD, false},
};

/* The order in which a reader wants them. */
static const enum change order[] = {CHANGE_BROKEN, CHANGE_CURED,    CHANGE_STILL,
				    CHANGE_KINDS,  CHANGE_OUTCOMES, CHANGE_UNKNOWN};

static bool find_pair(const struct run *run, struct pair *pair)
{
	int found[2];
	int nr = 0;

	for (int i = 0; i < run->targets.nr; i++) {
		if (run->targets.targets[i].kind == TARGET_SPEC)
			continue;
		if (nr == 2)
			return false;
		found[nr++] = i;
	}
	*pair = (struct pair){found[0], found[1]};
	return nr == 2;
}

static bool same_outcomes(const struct litmus_test *test, const struct run_result *a,
			  const struct run_result *b)
{
	size_t size = (size_t)test->nr_observables * sizeof(int64_t);

	if (a->nr_outcomes != b->nr_outcomes)
		return false;
	for (int i = 0; i < a->nr_outcomes; i++) {
		const int64_t *left = a->outcomes[i].values;
		const int64_t *right = b->outcomes[i].values;

		if (!left || !right || memcmp(left, right, size) != 0)
			return false;
	}
	return true;
}

static enum change row_change(const struct row *row, const struct pair *pair)
{
	const struct cell *before = &row->cells[pair->before];
	const struct cell *after = &row->cells[pair->after];

	if (before->result.status != RUN_DONE || after->result.status != RUN_DONE)
		return CHANGE_UNKNOWN;
	if (before->violations && !after->violations)
		return CHANGE_CURED;
	if (!before->violations && after->violations)
		return CHANGE_BROKEN;
	if (before->violations != after->violations)
		return CHANGE_KINDS;
	if (before->violations)
		return CHANGE_STILL;
	return same_outcomes(row->test, &before->result, &after->result) ? CHANGE_NONE
									 : CHANGE_OUTCOMES;
}

/* The shortest way to a violation. */
static const struct outcome *shortest_violation(const struct run_result *result)
{
	const struct outcome *best = NULL;

	for (int i = 0; i < result->nr_outcomes; i++) {
		const struct outcome *outcome = &result->outcomes[i];

		if (!outcome->violations || !outcome->schedule)
			continue;
		if (!best || outcome->nr_moves < best->nr_moves)
			best = outcome;
	}
	return best;
}

struct schedule_printer {
	const struct run *run;
	const struct litmus_test *test;
};

static void print_step(void *context, const struct replay_step *step)
{
	const struct schedule_printer *printer = context;
	char text[256];

	if (step->task < 0)
		return;
	if (!step->op)
		snprintf(text, sizeof(text), "ends");
	else
		litmus_op_text(printer->test, step->task, step->op, text, sizeof(text));
	terminal_print(&printer->run->terminal, STYLE_DIM, "      P%d  %s\n", step->task, text);
}

static void print_schedule(const struct run *run, const struct row *row, int column)
{
	struct schedule_printer printer = {run, row->test};
	const struct cell *cell = &row->cells[column];
	const struct outcome *outcome = shortest_violation(&cell->result);
	char text[LITMUS_OUTCOME_SIZE];

	if (!outcome)
		return;
	run_replay(row->test, &run->targets.targets[column], &run->options, outcome, print_step,
		   &printer);
	if (outcome->values)
		fprintf(run->terminal.out, "      %s\n",
			litmus_outcome_text(row->test, outcome->values, text, sizeof(text)));
	else if (outcome->detail)
		fprintf(run->terminal.out, "      %s\n", outcome->detail);
}

static void print_row(const struct run *run, const struct row *row, const struct pair *pair,
		      enum change change)
{
	const struct cell *before = &row->cells[pair->before];
	const struct cell *after = &row->cells[pair->after];
	char was[160], is[160];

	cell_text(before, was, sizeof(was));
	cell_text(after, is, sizeof(is));
	fprintf(run->terminal.out, "  %-36s %s", row->test->name, was);
	if (strcmp(was, is) != 0)
		fprintf(run->terminal.out, " -> %s", is);
	fputc('\n', run->terminal.out);
	if (changes[change].with_schedule || run->verbose)
		print_schedule(run, row, pair->after);
}

static int count_change(const struct run *run, const struct pair *pair, enum change change)
{
	int count = 0;

	for (int i = 0; i < run->nr_rows; i++)
		count += run->rows[i].cells && row_change(&run->rows[i], pair) == change;
	return count;
}

static void print_change(const struct run *run, const struct pair *pair, enum change change)
{
	int count = count_change(run, pair, change);

	if (!count)
		return;
	terminal_print(&run->terminal, changes[change].style, "\n%s (%d)\n", changes[change].title,
		       count);
	for (int i = 0; i < run->nr_rows; i++) {
		if (run->rows[i].cells && row_change(&run->rows[i], pair) == change)
			print_row(run, &run->rows[i], pair, change);
	}
}

static int check(const struct run *run)
{
	struct pair pair;

	if (find_pair(run, &pair))
		return TOOL_OK;
	tool_complain(run->io, "--format diff: expected two targets, such as "
			       "--on model:v5.9-rc4,model:break-cow-v2");
	return TOOL_TROUBLE;
}

static int end(const struct run *run)
{
	char before[96], after[96];
	struct pair pair;

	if (!find_pair(run, &pair))
		return TOOL_TROUBLE;
	target_full_name(&run->targets.targets[pair.before], before, sizeof(before));
	target_full_name(&run->targets.targets[pair.after], after, sizeof(after));
	terminal_print(&run->terminal, STYLE_BOLD, "From %s to %s\n", before, after);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		print_change(run, &pair, order[i]);
	fprintf(run->terminal.out, "\n%d as before%s\n", count_change(run, &pair, CHANGE_NONE),
		run->interrupted ? "; interrupted, incomplete" : "");
	return TOOL_OK;
}

const struct report report_diff = {.name = "diff", .check = check, .end = end};
