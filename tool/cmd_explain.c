/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_explain.c - `cowherd explain`: the shortest schedule to a violation, step by step */

#include "tool/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/expect.h"
#include "tool/files.h"
#include "tool/interrupt.h"
#include "tool/options.h"

struct explain_arguments {
	struct common_options common;
	struct target_options target;
	bool json;
	const char *outcome;
	const char *file;
};

static const struct argp_option explain_options[] = {
	{"format", OPTION_FORMAT, "FORMAT", 0, "text (the default) or json", 0},
	{"outcome", OPTION_OUTCOME, "LINE", 0,
	 "explain the outcome with these values, such as '0:r0=2; x=3;'", 0},
	{0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	static const char *const formats[] = {"text", "json"};
	struct explain_arguments *arguments = state->input;
	int format;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		state->child_inputs[1] = &arguments->target;
		return 0;
	case OPTION_FORMAT:
		format = options_word(state, "--format", argument, formats, 2);
		arguments->json = format == 1;
		return format < 0 ? EINVAL : 0;
	case OPTION_OUTCOME:
		arguments->outcome = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->file) {
			argp_error(state, "'%s' is one too many, expected one test", argument);
			return EINVAL;
		}
		arguments->file = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no test, expected a file or -");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child explain_children[] = {
	{&common_argp, 0, NULL, 0},
	{&target_argp, 0, NULL, 0},
	{0},
};

static const struct argp explain_argp = {
	.options = explain_options,
	.parser = parse,
	.args_doc = "TEST",
	.doc = "Print the shortest schedule to a violation, step by step, and what each step "
	       "changed; if nothing is violated, that to the condition. Without --on, on the "
	       "first era that shows a violation.",
	.children = explain_children,
};

/* What the command works on. */
struct subject {
	struct tool_io *io;
	const struct litmus_test *test;
	struct run_options options;
	struct run_result spec;
	struct target_list targets;  /* those to try, in order */
	const struct target *target; /* the one to explain */
	struct run_result result;
	struct progress progress;
};

static void show_search(void *context, uint64_t states)
{
	struct subject *subject = context;

	progress_show(&subject->progress, "%s on %s: %llu states", subject->test->name,
		      subject->target ? subject->target->name : "spec", (unsigned long long)states);
}

static int complain_about_result(const struct subject *subject, const struct run_result *result)
{
	tool_complain(subject->io, "%s: %s", subject->test->file,
		      result->reason[0] ? result->reason : "there is no outcome to explain");
	return interrupt_seen ? TOOL_INTERRUPTED : TOOL_TROUBLE;
}

static void run_on(struct subject *subject, const struct target *target)
{
	run_result_free(&subject->result);
	memset(&subject->result, 0, sizeof(subject->result));
	subject->target = target;
	if (target->kind == TARGET_SPEC)
		spec_run(subject->test, &subject->options, &subject->result);
	else
		run_model(subject->test, target, &subject->options, &subject->spec,
			  &subject->result);
}

/* What is wrong with the test on the ideal machine: a deadlock. */
static unsigned by_itself(const struct subject *subject)
{
	return run_result_violations(&subject->spec);
}

/* The first target with a violation; failing that, the newest release. */
static void run_first_wrong(struct subject *subject)
{
	const struct target *newest = &subject->targets.targets[0];

	for (int i = 0; i < subject->targets.nr && !interrupt_seen; i++) {
		const struct target *target = &subject->targets.targets[i];

		run_on(subject, target);
		if (run_result_violations(&subject->result) & ~by_itself(subject))
			return;
		if (target->era && target->era->released)
			newest = target;
	}
	if (subject->target != newest)
		run_on(subject, newest);
}

/* The shortest with one of these violations, unless they are none, and where the condition holds.
 */
static const struct outcome *shortest(const struct run_result *result, unsigned violations,
				      bool holds)
{
	const struct outcome *best = NULL;

	for (int i = 0; i < result->nr_outcomes; i++) {
		const struct outcome *outcome = &result->outcomes[i];

		if (violations && !(outcome->violations & violations))
			continue;
		if (holds && (!outcome->values || !outcome->holds))
			continue;
		if (!best || outcome->nr_moves < best->nr_moves)
			best = outcome;
	}
	return best;
}

static const struct outcome *choose_outcome(const struct subject *subject,
					    enum explain_reason *reason)
{
	const struct run_result *result = &subject->result;
	unsigned violations = run_result_violations(result);
	const struct outcome *outcome = NULL;

	*reason = EXPLAIN_VIOLATION;
	if (violations & ~by_itself(subject))
		violations &= ~by_itself(subject);
	if (violations)
		outcome = shortest(result, violations, false);
	if (!outcome) {
		outcome = shortest(result, 0, true);
		*reason = EXPLAIN_CONDITION;
	}
	if (!outcome) {
		outcome = shortest(result, 0, false);
		*reason = EXPLAIN_END;
	}
	return outcome;
}

static int explain_result(const struct explain_arguments *arguments, struct subject *subject)
{
	struct explanation explanation = {
		.io = subject->io,
		.test = subject->test,
		.path = arguments->file,
		.target = subject->target,
		.options = &subject->options,
		.spec = &subject->spec,
		.result = &subject->result,
		.all_eras = subject->targets.nr > 1,
	};
	char err[4 * TOOL_MESSAGE_SIZE];

	progress_clear(&subject->progress);
	if (arguments->outcome) {
		explanation.reason = EXPLAIN_CHOSEN;
		explanation.outcome = outcome_find(subject->test, &subject->result,
						   arguments->outcome, err, sizeof(err));
		if (!explanation.outcome) {
			tool_complain(subject->io, "--outcome: %s", err);
			return TOOL_TROUBLE;
		}
	} else {
		explanation.outcome = choose_outcome(subject, &explanation.reason);
		if (!explanation.outcome)
			return complain_about_result(subject, &subject->result);
	}
	terminal_init(&explanation.terminal, subject->io->out, arguments->common.color);
	return arguments->json ? explain_in_json(&explanation) : explain_in_words(&explanation);
}

static int explain_test(const struct explain_arguments *arguments, struct subject *subject)
{
	spec_run(subject->test, &subject->options, &subject->spec);
	if (subject->spec.status != RUN_DONE)
		return complain_about_result(subject, &subject->spec);
	if (subject->targets.nr == 1)
		run_on(subject, &subject->targets.targets[0]);
	else
		run_first_wrong(subject);
	return explain_result(arguments, subject);
}

static int explain_file(const struct explain_arguments *arguments, struct subject *subject)
{
	char err[TOOL_MESSAGE_SIZE];
	struct litmus_test *test;
	struct sigaction before;
	int status;

	test = files_read_test(subject->io, arguments->file, err, sizeof(err));
	if (test && expect_check(test, err, sizeof(err)) == 0)
		subject->test = kinds_choose(&arguments->target.kinds, test, err, sizeof(err));
	if (!subject->test) {
		tool_complain(subject->io, "%s", err);
		litmus_free(test);
		return TOOL_TROUBLE;
	}
	interrupt_catch(&before);
	subject->options.stop = &interrupt_seen;
	subject->options.progress = show_search;
	subject->options.progress_context = subject;
	progress_begin(&subject->progress, subject->io->err);
	status = explain_test(arguments, subject);
	interrupt_release(&before);
	run_result_free(&subject->result);
	run_result_free(&subject->spec);
	litmus_free(test);
	return status;
}

/* One target that has schedules; or, without --on and --rules, all eras. */
static int choose_targets(struct target_options *options, struct tool_io *io)
{
	char err[TOOL_MESSAGE_SIZE];

	for (int i = 0; i < options->targets.nr; i++) {
		if (!target_is_kernel(&options->targets.targets[i]))
			continue;
		tool_complain(io,
			      "%s can't be explained: a real kernel does not say which "
			      "schedule it took; expected spec or model:ERA",
			      options->targets.targets[i].name);
		return TOOL_TROUBLE;
	}
	if (options->targets.nr > 1 && (options->on || options->changed)) {
		tool_complain(io, "%d targets, expected one: spec, model:ERA or --rules",
			      options->targets.nr);
		return TOOL_TROUBLE;
	}
	if (options->targets.nr == 0 && targets_add(&options->targets, "model", err, sizeof(err))) {
		tool_complain(io, "%s", err);
		return TOOL_TROUBLE;
	}
	return -1;
}

static int explain_with(struct explain_arguments *arguments)
{
	struct subject subject = {
		.io = arguments->common.io,
		.options = options_for_run(&arguments->target),
	};
	int status = choose_targets(&arguments->target, arguments->common.io);

	subject.options.source_lines = true;
	if (status >= 0)
		return status;
	subject.targets = arguments->target.targets;
	return explain_file(arguments, &subject);
}

int cmd_explain(int argc, char **argv, struct tool_io *io)
{
	struct explain_arguments arguments = {.common.io = io};
	int status = options_parse(&explain_argp, argc, argv, &arguments.common, &arguments);

	if (status < 0)
		status = explain_with(&arguments);
	targets_free(&arguments.target.targets);
	return status;
}
