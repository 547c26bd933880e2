/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_eras.c - `cowherd eras`: the table of rules, and what differs between two rows */

#include "tool/tool.h"

#include <errno.h>
#include <string.h>

#include "tool/json.h"
#include "tool/options.h"

#define VALUE_WIDTH 16 /* of the longest value name */

struct eras_arguments {
	struct common_options common;
	bool json;
	int nr_eras;
	const struct mm_era *eras[2];
	const char *names[2]; /* as given */
};

static const struct argp_option eras_options[] = {
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (the default) or json", 0},
	{0},
};

static error_t take_era(struct eras_arguments *arguments, char *name, struct argp_state *state)
{
	char err[TOOL_MESSAGE_SIZE];

	if (arguments->nr_eras == 2) {
		argp_error(state, "'%s' is one too many, expected at most two eras", name);
		return EINVAL;
	}
	arguments->names[arguments->nr_eras] = name;
	arguments->eras[arguments->nr_eras] = mm_era_find(name);
	if (!arguments->eras[arguments->nr_eras]) {
		targets_unknown_era(name, err, sizeof(err));
		argp_error(state, "%s", err);
		return EINVAL;
	}
	arguments->nr_eras++;
	return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	static const char *const formats[] = {"text", "json"};
	struct eras_arguments *arguments = state->input;
	int format;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_FORMAT:
		format = options_word(state, "--format", argument, formats, 2);
		arguments->json = format == 1;
		return format < 0 ? EINVAL : 0;
	case ARGP_KEY_ARG:
		return take_era(arguments, argument, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child eras_children[] = {{&common_argp, 0, NULL, 0}, {0}};

static const struct argp eras_argp = {
	.options = eras_options,
	.parser = parse,
	.args_doc = "[ERA [ERA]]",
	.doc = "The table of rules: which kernel decides what how, and since when. With one ERA, "
	       "all of its rules; with two, the rules in which they differ. An ERA is a name in "
	       "the table or any version, such as v6.1.",
	.children = eras_children,
};

static const struct mm_rule_value *value_of(const struct mm_era *era,
					    const struct mm_rule_field *field)
{
	return &field->values[mm_rules_get(&era->rules, field)];
}

/* What an unreleased row is a change of: the released row in force at its base. */
static const struct mm_era *base_of(const struct mm_era *era)
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
			before = base_of(era);
		if (!before || value_of(before, field) != value_of(era, field))
			print_value(terminal, 2, era->name, width, value_of(era, field));
		before = era;
	}
}

static void print_all(const struct terminal *terminal)
{
	print_names(terminal);
	terminal_print(terminal, STYLE_BOLD, "\nRules, and the eras that changed them\n");
	for (int i = 0; i < mm_nr_rule_fields; i++)
		print_field(terminal, &mm_rule_fields[i]);
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

static void print_one(const struct terminal *terminal, const struct eras_arguments *arguments)
{
	print_title(terminal, arguments->eras[0], arguments->names[0]);
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];

		print_question(terminal, field);
		print_meaning(terminal, "", value_of(arguments->eras[0], field));
	}
}

static void print_difference(const struct terminal *terminal,
			     const struct eras_arguments *arguments)
{
	int nr = 0;

	print_title(terminal, arguments->eras[0], arguments->names[0]);
	print_title(terminal, arguments->eras[1], arguments->names[1]);
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];
		const struct mm_rule_value *first = value_of(arguments->eras[0], field);
		const struct mm_rule_value *second = value_of(arguments->eras[1], field);

		if (first == second)
			continue;
		nr++;
		print_question(terminal, field);
		print_meaning(terminal, arguments->names[0], first);
		print_meaning(terminal, arguments->names[1], second);
	}
	if (nr == 0)
		fputs("\nno rule differs\n", terminal->out);
}

static json_t *make_field(struct json *json, const struct mm_rule_field *field)
{
	json_t *object = json_object();
	json_t *values = json_array();

	json_put(json, object, "name", json_text(field->name));
	json_put(json, object, "what", json_text(field->what));
	for (int i = 0; i < field->nr_values; i++) {
		json_t *value = json_object();

		json_put(json, value, "name", json_text(field->values[i].name));
		json_put(json, value, "what", json_text(field->values[i].what));
		json_put(json, value, "commit", json_text(field->values[i].commit));
		json_push(json, values, value);
	}
	json_put(json, object, "values", values);
	return object;
}

static json_t *make_era(struct json *json, const struct mm_era *era)
{
	json_t *object = json_object();

	json_put(json, object, "name", json_text(era->name));
	json_put(json, object, "what", json_text(era->what));
	json_put(json, object, "released", json_boolean(era->released));
	json_put(json, object, "base", json_text(era->released ? NULL : base_of(era)->name));
	json_put(json, object, "rules", json_rules(json, &era->rules));
	return object;
}

static bool is_shown(const struct eras_arguments *arguments, const struct mm_rule_field *field)
{
	return arguments->nr_eras < 2 ||
	       value_of(arguments->eras[0], field) != value_of(arguments->eras[1], field);
}

static int print_json(const struct eras_arguments *arguments)
{
	struct json json = {0};
	json_t *document = json_object();
	json_t *eras = json_array();
	json_t *fields = json_array();

	for (int i = 0; i < arguments->nr_eras; i++)
		json_push(&json, eras, make_era(&json, arguments->eras[i]));
	for (int i = 0; arguments->nr_eras == 0 && i < mm_nr_eras; i++)
		json_push(&json, eras, make_era(&json, &mm_eras[i]));
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		if (is_shown(arguments, &mm_rule_fields[i]))
			json_push(&json, fields, make_field(&json, &mm_rule_fields[i]));
	}
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "eras", eras);
	json_put(&json, document, "fields", fields);
	return json_print(&json, document, arguments->common.io);
}

int cmd_eras(int argc, char **argv, struct tool_io *io)
{
	struct eras_arguments arguments = {.common.io = io};
	int status = options_parse(&eras_argp, argc, argv, &arguments.common, &arguments);
	struct terminal terminal;

	if (status >= 0)
		return status;
	if (arguments.json)
		return print_json(&arguments);
	terminal_init(&terminal, io->out, arguments.common.color);
	if (arguments.nr_eras == 0)
		print_all(&terminal);
	else if (arguments.nr_eras == 1)
		print_one(&terminal, &arguments);
	else
		print_difference(&terminal, &arguments);
	return TOOL_OK;
}
