/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_words.c - a schedule for people: each step, and what it changed */

#include "tool/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDENT 8 /* of what a step changed */

/* What the replay callback keeps from step to step. */
struct walk {
	const struct explanation *explanation;
	int key_width;
	struct view before;
};

/* What each kind means, as the rest of a sentence that begins with its name. */
static const char *const kind_sentences[VIOLATION_KINDS] = {
	"the owner of the memory does not see what the device wrote",
	"the device does not see what the owner of the memory wrote",
	"a process sees what another one wrote after the fork",
	"a write to a write-protected range raised no event",
	"an event was raised though nothing was written",
	"a process does not see what it wrote itself",
	"a value, a mapping or an error that no rule accounts for",
	"a page's count is not its mappings, references and pins",
	"a page that was freed can still be reached",
	"a TLB entry has outlived its page table entry",
	"tasks wait for each other and none can go on",
	"a task tries again without end",
	"a page was changed while the swap device, which needs it unchanged, was writing it",
	"a real kernel panicked, or answered no more",
};

static const struct view_line *find_line(const struct view *view, const char *key)
{
	for (int i = 0; i < view->nr_lines; i++) {
		if (strcmp(view->lines[i].key, key) == 0)
			return &view->lines[i];
	}
	return NULL;
}

static void print_text(const struct walk *walk, enum style style, const char *key, const char *sign,
		       const char *text)
{
	const struct terminal *terminal = &walk->explanation->terminal;
	int column = INDENT + walk->key_width + 1 + 3;

	fprintf(terminal->out, "%*s", INDENT, "");
	terminal_print(terminal, style, "%-*s %-2s ", walk->key_width, key, sign);
	terminal_wrap(terminal, column, column, text);
}

/* Old and new in one line, if there is room. */
static void print_change(const struct walk *walk, const struct view_line *before,
			 const struct view_line *now)
{
	char both[2 * VIEW_TEXT_SIZE + 8];
	int room = walk->explanation->terminal.width - INDENT - walk->key_width - 4;

	snprintf(both, sizeof(both), "%s -> %s", before->text, now->text);
	if ((int)strlen(both) <= room) {
		print_text(walk, STYLE_WARN, now->key, "", both);
		return;
	}
	print_text(walk, STYLE_WARN, now->key, "", before->text);
	print_text(walk, STYLE_WARN, "", "->", now->text);
}

static void print_changes(const struct walk *walk, const struct view *now)
{
	for (int i = 0; i < walk->before.nr_lines; i++) {
		const struct view_line *line = &walk->before.lines[i];

		if (!find_line(now, line->key))
			print_text(walk, STYLE_DIM, line->key, "-", line->text);
	}
	for (int i = 0; i < now->nr_lines; i++) {
		const struct view_line *line = &now->lines[i];
		const struct view_line *before = find_line(&walk->before, line->key);

		if (!before)
			print_text(walk, STYLE_GOOD, line->key, "+", line->text);
		else if (strcmp(before->text, line->text) != 0)
			print_change(walk, before, line);
	}
}

static void print_operation(const struct walk *walk, const struct replay_step *step)
{
	const struct terminal *terminal = &walk->explanation->terminal;
	char text[256];

	if (step->task < 0) {
		terminal_print(terminal, STYLE_BOLD, "\n%3d     initial state\n", step->number);
		return;
	}
	if (step->op)
		litmus_op_text(walk->explanation->test, step->task, step->op, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "ends");
	terminal_print(terminal, STYLE_BOLD, "\n%3d P%d  ", step->number, step->task);
	terminal_print(terminal, STYLE_BOLD, "%s\n", text);
	if (step->result && step->result[0]) {
		fprintf(terminal->out, "%*s", INDENT, "");
		terminal_wrap(terminal, INDENT, INDENT, step->result);
	}
}

/* "mm/fork.c: copy_present_pte() 101 108, copy_pte_range() 140": those of one file, then the next.
 */
static void print_lines(const struct walk *walk, const struct replay_step *step)
{
	const struct terminal *terminal = &walk->explanation->terminal;
	const struct replay_line *before = NULL;
	char text[2048];
	size_t used = 0;

	for (int i = 0; i < step->nr_lines && used < sizeof(text); i++) {
		const struct replay_line *line = &step->lines[i];
		size_t room = sizeof(text) - used;

		if (!before || strcmp(before->file, line->file) != 0)
			used += (size_t)snprintf(text + used, room, "%s%s: %s() %d",
						 before ? "; " : "", line->file, line->function,
						 line->number);
		else if (strcmp(before->function, line->function) != 0)
			used += (size_t)snprintf(text + used, room, ", %s() %d", line->function,
						 line->number);
		else
			used += (size_t)snprintf(text + used, room, " %d", line->number);
		before = line;
	}
	fprintf(terminal->out, "%*s", INDENT, "");
	terminal_wrap(terminal, INDENT, INDENT + 2, text);
}

static void print_step(void *context, const struct replay_step *step)
{
	struct walk *walk = context;
	const struct terminal *terminal = &walk->explanation->terminal;
	char kinds[256];

	print_operation(walk, step);
	if (step->view) {
		print_changes(walk, step->view);
		walk->before = *step->view;
	}
	/* The end of a task says little about what went wrong before. */
	if (step->is_part && step->nr_lines && (step->op || step->violations))
		print_lines(walk, step);
	if (!step->violations) {
		if (step->detail)
			fprintf(terminal->out, "%*s%s\n", INDENT, "", step->detail);
		return;
	}
	violation_set_names(step->violations, kinds, sizeof(kinds));
	terminal_print(terminal, STYLE_BAD, "%*s%s", INDENT, "", kinds);
	fprintf(terminal->out, "%s%s\n", step->detail ? ": " : "",
		step->detail ? step->detail : "");
}

/* The widest key of all steps, so that the columns stay where they are. */
static void measure_keys(void *context, const struct replay_step *step)
{
	struct walk *walk = context;

	for (int i = 0; step->view && i < step->view->nr_lines; i++) {
		int length = (int)strlen(step->view->lines[i].key);

		if (length > walk->key_width)
			walk->key_width = length;
	}
}

bool explain_deadlocks(const struct explanation *explanation)
{
	return run_result_violations(explanation->spec) & VIOLATION_DEADLOCK;
}

static void print_title(const struct explanation *explanation)
{
	const struct terminal *terminal = &explanation->terminal;
	const char *nothing_wrong =
		explanation->all_eras ? "nothing is wrong in any era" : "nothing is wrong here";
	char target[128], kinds[256];

	target_full_name(explanation->target, target, sizeof(target));
	terminal_print(terminal, STYLE_BOLD, "%s on %s\n", explanation->test->name, target);
	if (explain_deadlocks(explanation))
		terminal_print(terminal, STYLE_WARN,
			       "the test itself deadlocks, on the ideal machine too\n");
	violation_set_names(explanation->outcome->violations, kinds, sizeof(kinds));
	switch (explanation->reason) {
	case EXPLAIN_VIOLATION:
		fprintf(terminal->out, "the shortest schedule to a violation (%s)\n", kinds);
		break;
	case EXPLAIN_CONDITION:
		fprintf(terminal->out, "%s; the shortest schedule to the condition\n",
			nothing_wrong);
		break;
	case EXPLAIN_END:
		fprintf(terminal->out, "%s, and the condition is never met\n", nothing_wrong);
		break;
	case EXPLAIN_CHOSEN:
		fputs("the shortest schedule to this outcome\n", terminal->out);
		break;
	}
	if (explanation->result->status == RUN_INCOMPLETE)
		fprintf(terminal->out, "the search is incomplete: %s\n",
			explanation->result->reason);
}

static void print_nearest(const struct explanation *explanation)
{
	const struct litmus_test *test = explanation->test;
	const struct run_result *spec = explanation->spec;
	const int64_t *values = explanation->outcome->values;
	int nearest = outcome_nearest(test, spec, values);
	char text[LITMUS_OUTCOME_SIZE];

	for (int i = 0; i < spec->nr_outcomes; i++) {
		const struct outcome *outcome = &spec->outcomes[i];

		if (!outcome->values || litmus_distance(test, outcome->values, values) != nearest)
			continue;
		fputs("  ", explanation->terminal.out);
		terminal_wrap(&explanation->terminal, 2, 4,
			      litmus_outcome_text(test, outcome->values, text, sizeof(text)));
	}
}

static void print_kinds(const struct explanation *explanation)
{
	const struct terminal *terminal = &explanation->terminal;

	for (int kind = 0; kind < VIOLATION_KINDS; kind++) {
		const char *name = violation_name((enum violation)(1u << kind));

		if (!(explanation->outcome->violations & (1u << kind)))
			continue;
		terminal_print(terminal, STYLE_BAD, "%s", name);
		fputs(": ", terminal->out);
		terminal_wrap(terminal, (int)strlen(name) + 2, 2, kind_sentences[kind]);
	}
}

static void print_end(const struct explanation *explanation)
{
	const struct terminal *terminal = &explanation->terminal;
	const struct outcome *outcome = explanation->outcome;
	char text[LITMUS_OUTCOME_SIZE];

	if (!outcome->values) {
		terminal_print(terminal, STYLE_BOLD, "\nThe state is broken");
		fprintf(terminal->out, "%s%s\n", outcome->detail ? ": " : "",
			outcome->detail ? outcome->detail : "");
		print_kinds(explanation);
		return;
	}
	terminal_print(terminal, STYLE_BOLD, "\nOutcome\n  ");
	litmus_outcome_text(explanation->test, outcome->values, text, sizeof(text));
	terminal_wrap(terminal, 2, 4, text[0] ? text : "(nothing to see)");
	if (outcome_is_allowed(explanation->test, explanation->spec, outcome->values)) {
		fputs("The ideal machine allows it.\n", terminal->out);
	} else {
		fputs("The ideal machine does not allow it; nearest to it, it allows\n",
		      terminal->out);
		print_nearest(explanation);
	}
	print_kinds(explanation);
}

int explain_in_words(const struct explanation *explanation)
{
	struct walk *walk = calloc(1, sizeof(*walk));
	int ret;

	if (!walk)
		return tool_no_memory(explanation->io);
	walk->explanation = explanation;
	print_title(explanation);
	ret = run_replay(explanation->test, explanation->target, explanation->options,
			 explanation->outcome, measure_keys, walk);
	if (ret == 0)
		ret = run_replay(explanation->test, explanation->target, explanation->options,
				 explanation->outcome, print_step, walk);
	free(walk);
	if (ret == -ENOMEM)
		return tool_no_memory(explanation->io);
	if (ret < 0) {
		tool_complain(explanation->io, "%s: the schedule could not be replayed: %s",
			      explanation->path, strerror(-ret));
		return TOOL_TROUBLE;
	}
	print_end(explanation);
	return TOOL_OK;
}
