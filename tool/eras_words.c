/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras_words.c - the table of rules for people */

#include "tool/eras.h"

#include <string.h>

#define VALUE_WIDTH 16 /* of the longest value name */

const struct mm_rule_value *eras_value(const struct mm_era *era, const struct mm_rule_field *field)
{
	return &field->values[mm_rules_get(&era->rules, field)];
}

const struct mm_era *eras_base(const struct mm_era *era)
{
	const struct mm_era *base = &mm_eras[0];

	for (int i = 0; i < mm_nr_eras; i++) {
		if (mm_eras[i].released && mm_version_compare(mm_eras[i].since, era->since) <= 0)
			base = &mm_eras[i];
	}
	return base;
}

static int name_width(void)
{
	int width = 0;

	for (int i = 0; i < mm_nr_eras; i++) {
		int length = (int)strlen(mm_eras[i].name);

		if (length > width)
			width = length;
	}
	return width;
}

/* The line of one value; the commit is the one that brought the value first. */
static void print_value(const struct terminal *terminal, int indent, const char *label,
			int label_width, const struct mm_rule_value *value)
{
	fprintf(terminal->out, "%*s%-*s  ", indent, "", label_width, label);
	if (value->commit)
		fprintf(terminal->out, "%-*s  %s\n", VALUE_WIDTH, value->name, value->commit);
	else
		fprintf(terminal->out, "%s\n", value->name);
}

static void print_names(const struct terminal *terminal)
{
	int width = name_width();

	for (int i = 0; i < mm_nr_eras; i++) {
		const struct mm_era *era = &mm_eras[i];

		if (i == 0 || era->released != mm_eras[i - 1].released)
			terminal_print(terminal, STYLE_BOLD, "%s%s\n", i ? "\n" : "",
				       era->released ? "Released" : "Never released");
		fprintf(terminal->out, "  %-*s  ", width, era->name);
		terminal_wrap(terminal, width + 4, width + 4, era->what);
	}
}

/* A field, and each era that changed it. */
static void print_field(const struct terminal *terminal, const struct mm_rule_field *field)
{
	const struct mm_era *before = NULL;
	int width = name_width();

	fputc('\n', terminal->out);
	terminal_print(terminal, STYLE_BOLD, "%s", field->name);
	fputs("  ", terminal->out);
	terminal_wrap(terminal, (int)strlen(field->name) + 2, 4, field->what);
	for (int i = 0; i < mm_nr_eras; i++) {
		const struct mm_era *era = &mm_eras[i];

		if (!era->released)
			before = eras_base(era);
		if (!before || eras_value(before, field) != eras_value(era, field))
			print_value(terminal, 2, era->name, width, eras_value(era, field));
		before = era;
	}
}

/* A commit, or what is said where there is none. */
static const char *commit_or(const char *commit, const char *none)
{
	return commit ? commit : none;
}

/* The bug, the rule that has it, and the one that ended it. */
static void print_bug(const struct terminal *terminal, const struct mm_bug *bug)
{
	fputs("\n  ", terminal->out);
	terminal_print(terminal, STYLE_BOLD, "%s", bug->name);
	fputs(": ", terminal->out);
	terminal_wrap(terminal, (int)strlen(bug->name) + 4, 4, bug->what);
	fprintf(terminal->out, "    --rules %s,%s=%s  %s\n", bug->era, bug->bug.field,
		bug->bug.value, commit_or(bug->brought, "older than the table"));
	fprintf(terminal->out, "    cured by %s=%s  %s\n", bug->fix.field, bug->fix.value,
		commit_or(bug->fixed, "in no release"));
}

static void print_bugs(const struct terminal *terminal)
{
	terminal_print(terminal, STYLE_BOLD, "\nBugs that rules bring back\n");
	for (int i = 0; i < mm_nr_bugs; i++)
		print_bug(terminal, &mm_bugs[i]);
}

static void print_backports(const struct terminal *terminal)
{
	terminal_print(terminal, STYLE_BOLD,
		       "\nFixes that stable releases took from later ones\n\n");
	for (int i = 0; i < mm_nr_backports; i++) {
		const struct mm_backport *backport = &mm_backports[i];
		char release[32];

		snprintf(release, sizeof(release), "%d.%d.%d", backport->series.major,
			 backport->series.minor, backport->since);
		fprintf(terminal->out, "  %-8s  %s=%s  %s\n", release, backport->rule.field,
			backport->rule.value, commit_or(backport->commit, "commit not known"));
	}
}

static void print_all(const struct terminal *terminal)
{
	print_names(terminal);
	terminal_print(terminal, STYLE_BOLD, "\nRules, and the eras that changed them\n");
	for (int i = 0; i < mm_nr_rule_fields; i++)
		print_field(terminal, &mm_rule_fields[i]);
	print_bugs(terminal);
	print_backports(terminal);
}

static void print_meaning(const struct terminal *terminal, const char *era,
			  const struct mm_rule_value *value)
{
	int column = 0;

	if (era[0])
		column = fprintf(terminal->out, "  %-*s  ", name_width(), era);
	else
		column = fprintf(terminal->out, "  ");
	terminal_print(terminal, STYLE_GOOD, "%s", value->name);
	fputs(": ", terminal->out);
	terminal_wrap(terminal, column + (int)strlen(value->name) + 2, 6, value->what);
	if (value->commit)
		fprintf(terminal->out, "      %s\n", value->commit);
}

static void print_question(const struct terminal *terminal, const struct mm_rule_field *field)
{
	fputc('\n', terminal->out);
	terminal_print(terminal, STYLE_BOLD, "%s", field->name);
	fputs("  ", terminal->out);
	terminal_wrap(terminal, (int)strlen(field->name) + 2, 4, field->what);
}

static void print_title(const struct terminal *terminal, const struct mm_era *era, const char *name)
{
	terminal_print(terminal, STYLE_BOLD, "%s", name);
	if (strcmp(name, era->name) != 0)
		fprintf(terminal->out, " (%s)", era->name);
	fprintf(terminal->out, ": %s\n", era->what);
}

static void print_one(const struct terminal *terminal, const struct eras_request *request)
{
	print_title(terminal, &request->eras[0], request->names[0]);
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];

		print_question(terminal, field);
		print_meaning(terminal, "", eras_value(&request->eras[0], field));
	}
}

static void print_difference(const struct terminal *terminal, const struct eras_request *request)
{
	int nr = 0;

	print_title(terminal, &request->eras[0], request->names[0]);
	print_title(terminal, &request->eras[1], request->names[1]);
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];
		const struct mm_rule_value *first = eras_value(&request->eras[0], field);
		const struct mm_rule_value *second = eras_value(&request->eras[1], field);

		if (first == second)
			continue;
		nr++;
		print_question(terminal, field);
		print_meaning(terminal, request->names[0], first);
		print_meaning(terminal, request->names[1], second);
	}
	if (nr == 0)
		fputs("\nno rule differs\n", terminal->out);
}

void eras_in_words(const struct eras_request *request, const struct terminal *terminal)
{
	if (request->nr_eras == 0)
		print_all(terminal);
	else if (request->nr_eras == 1)
		print_one(terminal, request);
	else
		print_difference(terminal, request);
}
