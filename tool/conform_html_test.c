/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_html_test.c - the parts of the page that are about one test */

#include "tool/conform_html.h"

#include <inttypes.h>

#include "tool/html.h"

static void print_outcome(const struct litmus_test *test, FILE *out, const struct outcome *outcome)
{
	char text[LITMUS_OUTCOME_SIZE];

	fputs("<code>", out);
	html_text(out, conform_outcome_text(test, outcome, text, sizeof(text)));
	fputs("</code>", out);
}

static void print_explanation(const struct conform *conform, FILE *out, const struct known *known)
{
	fputs("<dt>Why</dt><dd>", out);
	if (!known) {
		fputs("<strong class=\"bad\">not explained</strong></dd>\n", out);
		return;
	}
	fprintf(out, "<strong class=\"warn\">at fault: %s</strong>. ",
		known_fault_name(known->fault));
	html_printf(out, "%s (%s:%d)", known->evidence, conform->known->path, known->line);
	fputs("</dd>\n", out);
}

static void print_allowed(const struct conform *conform, FILE *out, int row, int kernel)
{
	const struct run_result *model = &conform_model(conform, row, kernel)->coarse;

	fputs("<dt>Allowed by the model of ", out);
	html_text(out, conform->run.targets.targets[kernel].model);
	fputs("</dt><dd>", out);
	for (int i = 0; i < model->nr_outcomes; i++) {
		fputs(i ? "<br/>" : "", out);
		print_outcome(conform->run.rows[row].test, out, &model->outcomes[i]);
	}
	fputs("</dd>\n", out);
}

static void print_divergence(const struct conform *conform, FILE *out, int row, int kernel, int i)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct conform_model *model = conform_model(conform, row, kernel);
	const struct outcome *outcome = &cell->result.outcomes[i];
	const struct outcome *nearest = conform_nearest(test, model, outcome);
	char text[LITMUS_OUTCOME_SIZE + 1024], kinds[256];

	violation_set_names(outcome->values ? outcome->violations : 0, kinds, sizeof(kinds));
	fputs("<article><h3>", out);
	html_printf(out, "%s on %s", test->name, conform->run.targets.targets[kernel].name);
	fputs("</h3>\n<dl>\n<dt>Seen</dt><dd>", out);
	print_outcome(test, out, outcome);
	html_printf(out, " %s%s%" PRIu64 " of %" PRIu64 " times%s%s", kinds, kinds[0] ? ", " : "",
		    outcome->count, conform_iterations(cell), outcome->detail ? ": " : "",
		    outcome->detail ? outcome->detail : "");
	fputs("</dd>\n", out);
	print_allowed(conform, out, row, kernel);
	if (nearest && model->coarse.nr_outcomes > 1) {
		fputs("<dt>Nearest of these</dt><dd>", out);
		print_outcome(test, out, nearest);
		fputs("</dd>\n", out);
	}
	fputs("<dt>Searched further</dt><dd>", out);
	html_text(out, conform_fine_text(model, text, sizeof(text)));
	fputs("</dd>\n", out);
	print_explanation(conform, out, cell->notes[i].known);
	fputs("</dl>\n<pre>", out);
	html_text(out, conform_hint(conform, row, kernel, nearest, text, sizeof(text)));
	fputs("</pre></article>\n", out);
}

void conform_html_divergences(const struct conform *conform, FILE *out, int row, int kernel,
			      bool explained)
{
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];

	for (int i = 0; i < cell->result.nr_outcomes && cell->nr_forbidden; i++) {
		const struct conform_note *note = &cell->notes[i];

		if (note->rule == CONFORM_FORBIDDEN && (note->known != NULL) == explained)
			print_divergence(conform, out, row, kernel, i);
	}
}

static void print_seen(const struct conform *conform, FILE *out, int row, int kernel, int i)
{
	static const char *const rules[] = {
		[CONFORM_ALLOWED] = "",
		[CONFORM_ALLOWED_FINE] = ", allowed where what tasks do inside the kernel mixes",
		[CONFORM_FORBIDDEN] = ", <strong class=\"bad\">forbidden</strong>",
	};
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct outcome *outcome = &cell->result.outcomes[i];

	fputs("<dd>", out);
	print_outcome(conform->run.rows[row].test, out, outcome);
	fprintf(out, " %" PRIu64 " times%s</dd>\n", outcome->count,
		cell->notes ? rules[cell->notes[i].rule] : "");
}

static void print_unseen(const struct conform *conform, FILE *out, int row, int kernel)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct run_result *model = &conform_model(conform, row, kernel)->coarse;
	const struct conform_cell *cell = &conform->rows[row].cells[kernel];

	for (int i = 0; i < model->nr_outcomes && cell->nr_unseen; i++) {
		if (conform_seen(test, cell, &model->outcomes[i]))
			continue;
		fputs("<dd>", out);
		print_outcome(test, out, &model->outcomes[i]);
		fputs(" allowed, not seen</dd>\n", out);
	}
}

void conform_html_row(const struct conform *conform, FILE *out, int row)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	char condition[1024];

	fputs("<p><code>", out);
	html_text(out, litmus_condition_text(test, condition, sizeof(condition)));
	fputs("</code><br/><span class=\"soft\">", out);
	html_text(out, conform->run.rows[row].path);
	fputs("</span></p>\n<dl>\n", out);
	for (int i = 0; i < conform->run.targets.nr; i++) {
		const struct conform_cell *cell = &conform->rows[row].cells[i];

		fputs("<dt>", out);
		html_printf(out, "%s: %s", conform->run.targets.targets[i].name,
			    conform_letter_text(conform_letter(cell)));
		fputs("</dt>\n", out);
		if (cell->reason) {
			fputs("<dd>", out);
			html_text(out, cell->reason);
			fputs("</dd>\n", out);
		}
		for (int j = 0; j < cell->result.nr_outcomes; j++)
			print_seen(conform, out, row, i, j);
		print_unseen(conform, out, row, i);
	}
	fputs("</dl>\n", out);
}
