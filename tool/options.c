/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.c - the options that several commands share */

#include "tool/options.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "tool/text.h"

bool options_number(struct argp_state *state, const char *option, const char *text, uint64_t max,
		    uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	/* strtoull() takes blanks and signs; we don't. */
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && *number <= max)
		return true;
	argp_error(state, "%s: '%s' is not a number from 0 to %llu", option, text,
		   (unsigned long long)max);
	return false;
}

int options_word(struct argp_state *state, const char *option, const char *text,
		 const char *const *words, int nr_words)
{
	char list[128] = "";

	for (int i = 0; i < nr_words; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
		text_append(list, sizeof(list), "%s%s",
			    i == 0              ? ""
			    : i == nr_words - 1 ? " or "
						: ", ",
			    words[i]);
	}
	argp_error(state, "%s: no '%s', expected %s", option, text, list);
	return -1;
}

static const struct argp_option common_argp_options[] = {
	{"color", OPTION_COLOR, "WHEN", 0, "auto (the default), always or never", -1},
	{"help", '?', NULL, 0, "print this help", -1},
	{"usage", OPTION_USAGE, NULL, 0, "print a short usage message", -1},
	{"version", 'V', NULL, 0, "print the program's version", -1},
	{NULL, 'h', NULL, OPTION_HIDDEN, NULL, -1},
	{0},
};

/* Returned by the parser once --help was printed: no more arguments are looked at. */
#define FINISHED ECANCELED

static error_t parse_common(int key, char *argument, struct argp_state *state)
{
	static const char *const colors[] = {"auto", "always", "never"};
	struct common_options *options = state->input;
	int color;

	switch (key) {
	case ARGP_KEY_INIT:
		state->out_stream = options->io->out;
		state->err_stream = options->io->err;
		return 0;
	case 'h':
	case '?':
		argp_state_help(state, options->io->out, ARGP_HELP_STD_HELP);
		break;
	case OPTION_USAGE:
		argp_state_help(state, options->io->out, ARGP_HELP_USAGE);
		break;
	case 'V':
		fputs("cowherd " COWHERD_VERSION "\n", options->io->out);
		break;
	case OPTION_COLOR:
		color = options_word(state, "--color", argument, colors, 3);
		if (color < 0)
			return EINVAL;
		options->color = (enum color_when)color;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	options->finished = true;
	return FINISHED;
}

const struct argp common_argp = {.options = common_argp_options, .parser = parse_common};

static const struct argp_option target_argp_options[] = {
	{"on", OPTION_ON, "TARGET,...", 0,
	 "where to run: spec (the ideal machine), model (every era), model:ERA (one of them, or "
	 "any version such as v6.1), host (the kernel that we run on)",
	 1},
	{"rules", OPTION_RULES, "ERA,FIELD=VALUE,...", 0,
	 "also run under the rules of an era with some fields changed", 1},
	{"kind", OPTION_KIND, "KIND,...", 0,
	 "only for these kinds of memory, such as anon, thp-pte or hugetlb", 1},
	{"strict", OPTION_STRICT, NULL, 0, "hold plain references to the promise of a pin", 1},
	{"max-states", OPTION_MAX_STATES, "N", 0, "stop a search after N states (0: never)", 1},
	{"fine", OPTION_FINE, NULL, 0,
	 "on the model, let every access be a step: what tasks do inside the kernel mixes", 1},
	{"max-switches", OPTION_MAX_SWITCHES, "N", 0,
	 "with --fine, leave tasks that could go on at most N times (0: any number)", 1},
	{"max-time", OPTION_MAX_TIME, "SECONDS", 0,
	 "with --fine, stop a search after that time (0: never)", 1},
	{"no-reduction", OPTION_NO_REDUCTION, NULL, 0,
	 "with --fine, try all orders, even of steps that have nothing in common", 1},
	{"full-compare", OPTION_FULL_COMPARE, NULL, 0,
	 "with --fine, tell states apart by all that they hold, not by a hash of it", 1},
	{"jobs", 'j', "N", 0,
	 "with --fine, let N processes share a large search (0: as many as there are CPUs)", 1},
	{0},
};

#define MAX_JOBS 1024

static error_t parse_target(int key, char *argument, struct argp_state *state)
{
	struct target_options *options = state->input;
	char err[TOOL_MESSAGE_SIZE];

	switch (key) {
	case OPTION_ON:
		options->on = true;
		if (targets_add(&options->targets, argument, err, sizeof(err)) == 0)
			return 0;
		argp_error(state, "--on: %s", err);
		return EINVAL;
	case OPTION_RULES:
		options->changed = argument;
		if (targets_add_rules(&options->targets, argument, err, sizeof(err)) == 0)
			return 0;
		argp_error(state, "--rules: %s", err);
		return EINVAL;
	case OPTION_KIND:
		if (kinds_add(&options->kinds, argument, err, sizeof(err)) == 0)
			return 0;
		argp_error(state, "--kind: %s", err);
		return EINVAL;
	case OPTION_STRICT:
		options->strict = true;
		return 0;
	case OPTION_MAX_STATES:
		if (options_number(state, "--max-states", argument, UINT64_MAX,
				   &options->max_states))
			return 0;
		return EINVAL;
	case OPTION_FINE:
		options->fine = true;
		return 0;
	case OPTION_NO_REDUCTION:
		options->no_reduction = true;
		return 0;
	case OPTION_FULL_COMPARE:
		options->full_compare = true;
		return 0;
	case 'j':
		if (options_number(state, "--jobs", argument, MAX_JOBS, &options->jobs))
			return 0;
		return EINVAL;
	case OPTION_MAX_SWITCHES:
		if (options_number(state, "--max-switches", argument, 1000, &options->max_switches))
			return 0;
		return EINVAL;
	case OPTION_MAX_TIME:
		if (options_number(state, "--max-time", argument, UINT32_MAX,
				   &options->max_seconds))
			return 0;
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The CPUs that we may use. */
static unsigned count_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : (unsigned)CPU_COUNT(&set);
}

struct run_options options_for_run(const struct target_options *options)
{
	return (struct run_options){
		.strict = options->strict,
		.max_states = options->max_states,
		.fine = options->fine,
		.no_reduction = options->no_reduction,
		.max_switches = (unsigned)options->max_switches,
		.max_seconds = (double)options->max_seconds,
		.jobs = options->jobs ? (unsigned)options->jobs : count_cpus(),
		.full_compare = options->full_compare,
	};
}

const struct argp target_argp = {.options = target_argp_options, .parser = parse_target};

int options_parse(const struct argp *argp, int argc, char **argv, struct common_options *common,
		  void *input)
{
	error_t error = argp_parse(argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_HELP, NULL, input);

	if (common->finished)
		return TOOL_OK;
	if (error == ENOMEM)
		return tool_no_memory(common->io);
	return error ? TOOL_TROUBLE : -1;
}
