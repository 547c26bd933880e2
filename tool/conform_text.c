/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_text.c - the report on kernels in words */

#include "tool/conform.h"

#include <inttypes.h>
#include <string.h>

#include "tool/table.h"
#include "tool/text.h"

#define GAP       2  /* between two columns */
#define MAX_LISTS 12 /* outcomes named in one sentence */

static enum style letter_style(char letter)
{
	if (strchr("C!E", letter))
		return STYLE_BAD;
	if (strchr("kmft", letter))
		return STYLE_WARN;
	if (letter == '.')
		return STYLE_GOOD;
	return letter == '~' ? STYLE_PLAIN : STYLE_DIM;
}

/* A row that somebody should look at; with -v, any. */
static bool is_shown(const struct conform *conform, int row)
{
	const struct conform_cell *cells = conform->rows[row].cells;

	if (!cells || conform->run.verbose)
		return cells;
	for (int i = 0; i < conform->run.targets.nr; i++) {
		if (cells[i].verdict == CONFORM_DIVERGES || cells[i].verdict == CONFORM_FAILED)
			return true;
		/* What was not begun is told once, not test by test. */
		if (cells[i].verdict == CONFORM_INCOMPLETE && cells[i].notes)
			return true;
	}
	return false;
}

static int test_width(const struct conform *conform)
{
	int room = conform->run.terminal.width - TABLE_LETTER_WIDTH * conform->run.targets.nr;
	int width = (int)strlen("test");

	if (room < TABLE_MIN_TEST_WIDTH)
		room = TABLE_MIN_TEST_WIDTH;
	for (int i = 0; i < conform->run.nr_rows; i++) {
		int length;

		if (!is_shown(conform, i))
			continue;
		length = terminal_text_width(&conform->run.terminal,
					     conform->run.rows[i].test->name);
		if (length > width)
			width = length;
	}
	return width < room ? width : room;
}

static int column_width(const struct conform *conform, int kernel, bool wide)
{
	if (!wide)
		return TABLE_LETTER_WIDTH;
	return GAP + (int)strlen(conform->run.targets.targets[kernel].name);
}

static bool names_fit(const struct conform *conform, int width)
{
	for (int i = 0; i < conform->run.targets.nr; i++)
		width += column_width(conform, i, true);
	return width <= conform->run.terminal.width;
}

static void print_names(const struct conform *conform, int width)
{
	FILE *out = conform->run.terminal.out;

	terminal_fit(&conform->run.terminal, "test", width);
	for (int i = 0; i < conform->run.targets.nr; i++)
		fprintf(out, "%*s%s", GAP, "", conform->run.targets.targets[i].name);
	fputc('\n', out);
}

static void print_row(const struct conform *conform, int row, int width, bool wide)
{
	const struct terminal *terminal = &conform->run.terminal;
	int blanks = 0;

	terminal_fit(terminal, conform->run.rows[row].test->name, width);
	for (int i = 0; i < conform->run.targets.nr; i++) {
		char letter = conform_letter(&conform->rows[row].cells[i]);

		fprintf(terminal->out, "%*s", blanks + (wide ? GAP : TABLE_LETTER_WIDTH - 1), "");
		terminal_print(terminal, letter_style(letter), "%c", letter);
		blanks = wide ? column_width(conform, i, true) - GAP - 1 : 0;
	}
	fputc('\n', terminal->out);
}

static bool occurs(const struct conform *conform, char letter)
{
	for (int i = 0; i < conform->run.nr_rows; i++) {
		for (int j = 0; j < conform->run.targets.nr && is_shown(conform, i); j++) {
			if (conform_letter(&conform->rows[i].cells[j]) == letter)
				return true;
		}
	}
	return false;
}

static void print_legend(const struct conform *conform)
{
	char text[1024] = "";

	for (const char *letter = conform_letters; *letter; letter++) {
		if (occurs(conform, *letter))
			text_append(text, sizeof(text), "%s%c %s", text[0] ? "; " : "", *letter,
				    conform_letter_text(*letter));
	}
	fputc('\n', conform->run.terminal.out);
	terminal_wrap(&conform->run.terminal, 0, 0, text);
}

static void print_table(const struct conform *conform)
{
	int width = test_width(conform);
	bool wide = names_fit(conform, width);
	bool any = false;

	for (int i = 0; i < conform->run.nr_rows; i++) {
		if (!is_shown(conform, i))
			continue;
		if (!any && wide)
			print_names(conform, width);
		else if (!any)
			table_print_letter_header(&conform->run, width);
		any = true;
		print_row(conform, i, width, wide);
	}
	if (!any)
		return;
	print_legend(conform);
	fputc('\n', conform->run.terminal.out);
}

/* "agree 300" */
static void add_count(char *text, size_t size, const char *what, int nr)
{
	if (nr)
		text_append(text, size, "%s%s %d", text[0] ? ", " : "", what, nr);
}

static void print_kernel(const struct conform *conform, int kernel)
{
	const struct target *target = &conform->run.targets.targets[kernel];
	struct conform_counts counts = conform_count(conform, kernel);
	const struct terminal *terminal = &conform->run.terminal;
	char text[512] = "";
	int used;

	terminal_print(terminal, STYLE_BOLD, "%s", target->name);
	used = (int)strlen(target->name) + 2;
	snprintf(text, sizeof(text),
		 "Linux %s, era %s: %d test%s, %.0f%% ran, %.1f s, %.3f s a test",
		 conform->run.targets.targets[kernel].release, target->model, counts.tests,
		 counts.tests == 1 ? "" : "s", conform_percent_run(&counts), counts.seconds,
		 conform_seconds_each(&counts));
	if (conform->kernels[kernel].boot > 0)
		text_append(text, sizeof(text), ", boots in %.1f s", conform->kernels[kernel].boot);
	fputs("  ", terminal->out);
	terminal_wrap(terminal, used, 4, text);
	text[0] = '\0';
	add_count(text, sizeof(text), "agree", counts.verdicts[CONFORM_AGREES]);
	add_count(text, sizeof(text), "agree but not all seen", counts.verdicts[CONFORM_UNSEEN]);
	add_count(text, sizeof(text), "diverge unexplained", counts.unexplained);
	add_count(text, sizeof(text), "diverge explained", counts.explained);
	add_count(text, sizeof(text), "skipped", counts.verdicts[CONFORM_SKIPPED]);
	add_count(text, sizeof(text), "incomplete", counts.verdicts[CONFORM_INCOMPLETE]);
	add_count(text, sizeof(text), "failed", counts.verdicts[CONFORM_FAILED]);
	fputs("    ", terminal->out);
	terminal_wrap(terminal, 4, 4, text);
}

/* "v6.1 always gives 0:r0=3;", or "v6.1 gives 0:r0=2; or 0:r0=3;" */
static void print_allowed(const struct conform *conform, int row, int kernel)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct run_result *model = &conform_model(conform, row, kernel)->coarse;
	char text[LITMUS_OUTCOME_SIZE * 2], outcome[LITMUS_OUTCOME_SIZE];

	snprintf(text, sizeof(text), "%s %s", conform->run.targets.targets[kernel].model,
		 model->nr_outcomes == 1 ? "always gives" : "gives");
	for (int i = 0; i < model->nr_outcomes && i < MAX_LISTS; i++)
		text_append(
			text, sizeof(text), "%s %s", i ? " or" : "",
			conform_outcome_text(test, &model->outcomes[i], outcome, sizeof(outcome)));
	if (model->nr_outcomes > MAX_LISTS)
		text_append(text, sizeof(text), " or one of %d more",
			    model->nr_outcomes - MAX_LISTS);
	fputs("      ", conform->run.terminal.out);
	terminal_wrap(&conform->run.terminal, 6, 8, text);
}

static void print_explanation(const struct conform *conform, const struct known *known)
{
	const struct terminal *terminal = &conform->run.terminal;
	char place[512];
	int used;

	fputs("      ", terminal->out);
	if (!known) {
		terminal_print(terminal, STYLE_WARN, "not explained\n");
		return;
	}
	snprintf(place, sizeof(place), "at fault: %s (%s:%d): ", known_fault_name(known->fault),
		 conform->known->path, known->line);
	used = 6 + (int)strlen(place);
	fputs(place, terminal->out);
	terminal_wrap(terminal, used, 8, known->evidence);
}

static void print_divergence(const struct conform *conform, int row, int kernel, int i)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct conform_model *model = conform_model(conform, row, kernel);
	const struct outcome *outcome = &cell->result.outcomes[i];
	const struct outcome *nearest = conform_nearest(test, model, outcome);
	const struct terminal *terminal = &conform->run.terminal;
	char text[LITMUS_OUTCOME_SIZE + 1024], line[LITMUS_OUTCOME_SIZE], kinds[256];

	violation_set_names(outcome->values ? outcome->violations : 0, kinds, sizeof(kinds));
	snprintf(text, sizeof(text), "%s on %s: %s%s%s, %" PRIu64 " of %" PRIu64 " times%s%s",
		 test->name, conform->run.targets.targets[kernel].name,
		 conform_outcome_text(test, outcome, line, sizeof(line)), kinds[0] ? " " : "",
		 kinds, outcome->count, conform_iterations(cell), outcome->detail ? ": " : "",
		 outcome->detail ? outcome->detail : "");
	fputs("  ", terminal->out);
	terminal_wrap(terminal, 2, 6, text);
	print_allowed(conform, row, kernel);
	if (nearest && model->coarse.nr_outcomes > 1)
		fprintf(terminal->out, "      nearest: %s\n",
			conform_outcome_text(test, nearest, line, sizeof(line)));
	fprintf(terminal->out, "      %s\n", conform_fine_text(model, text, sizeof(text)));
	print_explanation(conform, cell->notes[i].known);
	fprintf(terminal->out, "      %s\n",
		conform_hint(conform, row, kernel, nearest, text, sizeof(text)));
}

/* Those of a test on a kernel that are explained, or those that are not. */
static void print_divergences_of(const struct conform *conform, int row, int kernel, bool explained)
{
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];

	for (int i = 0; i < cell->result.nr_outcomes && cell->nr_forbidden; i++) {
		const struct conform_note *note = &cell->notes[i];

		if (note->rule == CONFORM_FORBIDDEN && (note->known != NULL) == explained)
			print_divergence(conform, row, kernel, i);
	}
}

static void print_divergences(const struct conform *conform, bool explained)
{
	struct conform_counts counts = conform_count(conform, -1);
	int nr = explained ? counts.explained_outcomes : counts.unexplained_outcomes;

	if (nr == 0)
		return;
	terminal_print(&conform->run.terminal, STYLE_BOLD, "\nDivergences that are %s\n",
		       explained ? "explained" : "not explained");
	for (int i = 0; i < conform->run.nr_rows; i++) {
		for (int j = 0; j < conform->run.targets.nr && conform->rows[i].cells; j++)
			print_divergences_of(conform, i, j, explained);
	}
}

/* A race inside the kernel that was met: worth knowing, and no divergence. */
static void print_fine(const struct conform *conform)
{
	struct conform_counts counts = conform_count(conform, -1);

	if (counts.fine)
		fprintf(conform->run.terminal.out,
			"\nAllowed only where what tasks do inside the kernel mixes: %d outcome%s "
			"seen\n",
			counts.fine, counts.fine == 1 ? "" : "s");
}

static void print_unseen_cell(const struct conform *conform, int row, int kernel)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct run_result *model = &conform_model(conform, row, kernel)->coarse;
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	char text[512 + LITMUS_OUTCOME_SIZE * 2], line[LITMUS_OUTCOME_SIZE];
	bool first = true;

	snprintf(text, sizeof(text), "%s on %s, in %" PRIu64 " iterations:", test->name,
		 conform->run.targets.targets[kernel].name, conform_iterations(cell));
	for (int i = 0; i < model->nr_outcomes; i++) {
		if (conform_seen(test, cell, &model->outcomes[i]))
			continue;
		text_append(text, sizeof(text), "%s %s", first ? "" : " or",
			    conform_outcome_text(test, &model->outcomes[i], line, sizeof(line)));
		first = false;
	}
	fputs("  ", conform->run.terminal.out);
	terminal_wrap(&conform->run.terminal, 2, 6, text);
}

static void print_unseen(const struct conform *conform)
{
	struct conform_counts counts = conform_count(conform, -1);

	if (counts.unseen == 0)
		return;
	terminal_print(&conform->run.terminal, STYLE_BOLD, "\nAllowed, but not seen");
	fprintf(conform->run.terminal.out, ": %d outcome%s%s\n", counts.unseen,
		counts.unseen == 1 ? "" : "s", conform->run.verbose ? "" : " (-v lists them)");
	for (int i = 0; i < conform->run.nr_rows && conform->run.verbose; i++) {
		for (int j = 0; j < conform->run.targets.nr && conform->rows[i].cells; j++) {
			if (conform->rows[i].cells[j].nr_unseen)
				print_unseen_cell(conform, i, j);
		}
	}
}

static void print_reasons(const struct conform *conform, int kernel, enum conform_verdict verdict)
{
	const struct terminal *terminal = &conform->run.terminal;
	const char *reason;
	int row = 0, count;

	while ((reason = conform_next_reason(conform, kernel, verdict, &row, &count))) {
		int used = fprintf(terminal->out,
				   "  %s: %d %s: ", conform->run.targets.targets[kernel].name,
				   count, conform_verdict_name(verdict));

		terminal_wrap(terminal, used, 6, reason);
	}
}

static void print_undone(const struct conform *conform)
{
	struct conform_counts counts = conform_count(conform, -1);

	if (counts.verdicts[CONFORM_SKIPPED] + counts.verdicts[CONFORM_INCOMPLETE] +
		    counts.verdicts[CONFORM_FAILED] ==
	    0)
		return;
	terminal_print(&conform->run.terminal, STYLE_BOLD, "\nNot run to the end\n");
	for (int i = 0; i < conform->run.targets.nr; i++) {
		print_reasons(conform, i, CONFORM_SKIPPED);
		print_reasons(conform, i, CONFORM_INCOMPLETE);
		print_reasons(conform, i, CONFORM_FAILED);
	}
}

static void print_stale(const struct conform *conform)
{
	bool any = false;

	for (int i = 0; i < conform->known->nr; i++) {
		const struct known *known = &conform->known->entries[i];
		char text[1024];

		if (!conform_is_stale(conform, known))
			continue;
		if (!any)
			terminal_print(&conform->run.terminal, STYLE_BOLD,
				       "\nExplained, but not seen\n");
		any = true;
		snprintf(text, sizeof(text), "%s:%d: %s | %s | %s", conform->known->path,
			 known->line, known->kernels, known->tests, known->outcome);
		fputs("  ", conform->run.terminal.out);
		terminal_wrap(&conform->run.terminal, 2, 6, text);
	}
}

static enum style summary_style(const struct conform *conform)
{
	struct conform_counts counts = conform_count(conform, -1);

	if (counts.unexplained || counts.verdicts[CONFORM_FAILED] || !conform_is_complete(conform))
		return STYLE_WARN;
	return STYLE_GOOD;
}

int conform_print_text(const struct conform *conform)
{
	const struct terminal *terminal = &conform->run.terminal;
	char text[512];

	print_table(conform);
	for (int i = 0; i < conform->run.targets.nr; i++)
		print_kernel(conform, i);
	print_divergences(conform, false);
	print_divergences(conform, true);
	print_fine(conform);
	print_unseen(conform);
	print_undone(conform);
	print_stale(conform);
	fputc('\n', terminal->out);
	terminal_print(terminal, summary_style(conform), "%s",
		       conform_summary(conform, text, sizeof(text)));
	fprintf(terminal->out, ", in %.1f s\n", conform->seconds);
	if (!conform_is_complete(conform))
		terminal_print(terminal, STYLE_WARN, "This report is incomplete.\n");
	return TOOL_OK;
}
