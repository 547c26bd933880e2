/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_eras.c - `cowherd eras`: the table of rules, and what differs between two rows */

#include "tool/tool.h"

#include <errno.h>

#include "tool/eras.h"
#include "tool/options.h"

struct eras_arguments {
	struct common_options common;
	struct eras_request request;
	bool json;
};

static const struct argp_option eras_options[] = {
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (the default) or json", 0},
	{0},
};

static error_t take_era(struct eras_request *request, char *name, struct argp_state *state)
{
	const struct mm_era *era = targets_find_era(name);
	char err[TOOL_MESSAGE_SIZE];

	if (request->nr_eras == 2) {
		argp_error(state, "'%s' is one too many, expected at most two eras", name);
		return EINVAL;
	}
	if (!era) {
		targets_unknown_era(name, err, sizeof(err));
		argp_error(state, "%s", err);
		return EINVAL;
	}
	request->names[request->nr_eras] = name;
	request->eras[request->nr_eras] = *era;
	mm_rules_find(name, &request->eras[request->nr_eras].rules);
	request->nr_eras++;
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
		return take_era(&arguments->request, argument, state);
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

int cmd_eras(int argc, char **argv, struct tool_io *io)
{
	struct eras_arguments arguments = {.common.io = io};
	int status = options_parse(&eras_argp, argc, argv, &arguments.common, &arguments);
	struct terminal terminal;

	if (status >= 0)
		return status;
	if (arguments.json)
		return eras_in_json(&arguments.request, io);
	terminal_init(&terminal, io->out, arguments.common.color);
	eras_in_words(&arguments.request, &terminal);
	return TOOL_OK;
}
