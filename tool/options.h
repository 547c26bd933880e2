/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the options that several commands share */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

#include "targets/target.h"
#include "tool/kinds.h"
#include "tool/targets.h"
#include "tool/terminal.h"
#include "tool/tool.h"

/* Options without a letter of their own. */
enum option_key {
	OPTION_USAGE = 0x100,
	OPTION_COLOR,
	OPTION_ON,
	OPTION_RULES,
	OPTION_KIND,
	OPTION_STRICT,
	OPTION_MAX_STATES,
	OPTION_FINE,
	OPTION_NO_REDUCTION,
	OPTION_FULL_COMPARE,
	OPTION_MAX_SWITCHES,
	OPTION_MAX_TIME,
	OPTION_FORMAT,
	OPTION_ITERATIONS,
	OPTION_TIMEOUT,
	OPTION_OUTCOME,
	OPTION_CHECK,
	OPTION_OFFERED,
	OPTION_AGAIN,
	OPTION_MIRROR,
	OPTION_MODULES,
	OPTION_NAME,
	OPTION_KNOWN,
	OPTION_JSON,
	OPTION_HTML,
};

/* --help, --usage, --version and --color: input of common_argp. */
struct common_options {
	struct tool_io *io;
	enum color_when color;
	bool finished; /* --help or --version was printed: there is nothing to do */
};

extern const struct argp common_argp;

/* --on, --rules, --kind, --strict, --fine and their like: input of target_argp. */
struct target_options {
	struct target_list targets;
	const char *changed; /* the last --rules; NULL: none */
	bool on;             /* --on was given */
	struct kind_list kinds;
	bool strict;
	uint64_t max_states;
	bool fine;
	bool no_reduction;
	uint64_t max_switches;
	uint64_t max_seconds;
	uint64_t jobs; /* 0: as many as there are CPUs */
	bool full_compare;
};

/* What they mean to a target. */
struct run_options options_for_run(const struct target_options *options);

extern const struct argp target_argp;

/*
 * argp_parse() that neither exits nor prints to anything but options->io. Returns -1 if the
 * command should go on, or the status to return.
 */
int options_parse(const struct argp *argp, int argc, char **argv, struct common_options *common,
		  void *input);

/* A number from `text`. Complains and returns false if it is none. */
bool options_number(struct argp_state *state, const char *option, const char *text, uint64_t max,
		    uint64_t *number);

/* The index of `text` in the words. Complains and returns -1 if it is none of them. */
int options_word(struct argp_state *state, const char *option, const char *text,
		 const char *const *words, int nr_words);

#endif
