/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_kernels.c - `cowherd kernels`: list, fetch, add, remove and check kernels for vm: */

#include "tool/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/interrupt.h"
#include "tool/kernels.h"
#include "tool/options.h"
#include "tool/suggest.h"

#define MAX_NAMES 32

enum action {
	ACTION_LIST,
	ACTION_FETCH,
	ACTION_ADD,
	ACTION_REMOVE,
	ACTION_CHECK,
};

static const char *const actions[] = {
	[ACTION_LIST] = "list",     [ACTION_FETCH] = "fetch", [ACTION_ADD] = "add",
	[ACTION_REMOVE] = "remove", [ACTION_CHECK] = "check",
};

#define NR_ACTIONS ((int)(sizeof(actions) / sizeof(actions[0])))

/* What `fetch` gets if nothing is named: of each suite that is still read the newest. */
static const char *const usual[] = {"5.10", "6.1", "6.12", "newest"};

#define NR_USUAL ((int)(sizeof(usual) / sizeof(usual[0])))

struct kernels_arguments {
	struct common_options common;
	int action; /* -1: none was given */
	int nr_names;
	const char *names[MAX_NAMES];
	struct kernel_source source;
	const char *modules;
	const char *name;
	bool offered;
	bool json;
};

static const struct argp_option kernels_options[] = {
	{"offered", OPTION_OFFERED, NULL, 0,
	 "list what Debian's suites offer, too (asks the mirror)", 0},
	{"again", OPTION_AGAIN, NULL, 0, "fetch what the cache has already", 0},
	{"mirror", OPTION_MIRROR, "URI", 0,
	 "ask this mirror of Debian, not that of the system's apt", 0},
	{"modules", OPTION_MODULES, "DIR", 0, "add: the kernel's modules are in DIR or below it",
	 0},
	{"name", OPTION_NAME, "NAME", 0,
	 "add: call it NAME (default: the first two numbers of its version)", 0},
	{"format", OPTION_FORMAT, "FORMAT", 0, "list, check: text (the default) or json", 0},
	{0},
};

static error_t take_action(struct kernels_arguments *arguments, const char *word,
			   struct argp_state *state)
{
	const char *near;

	for (int i = 0; i < NR_ACTIONS; i++) {
		if (strcmp(actions[i], word) == 0) {
			arguments->action = i;
			return 0;
		}
	}
	near = suggest_nearest(word, actions, NR_ACTIONS);
	if (near)
		argp_error(state, "no action '%s', did you mean '%s'?", word, near);
	else
		argp_error(state, "no action '%s', expected list, fetch, add, remove or check",
			   word);
	return EINVAL;
}

static error_t take_name(struct kernels_arguments *arguments, const char *word,
			 struct argp_state *state)
{
	static const int most[] = {[ACTION_LIST] = 0,
				   [ACTION_FETCH] = MAX_NAMES,
				   [ACTION_ADD] = 1,
				   [ACTION_REMOVE] = MAX_NAMES,
				   [ACTION_CHECK] = 0};

	if (arguments->nr_names == most[arguments->action]) {
		argp_error(state, "'%s' is one too many for %s", word, actions[arguments->action]);
		return EINVAL;
	}
	arguments->names[arguments->nr_names++] = word;
	return 0;
}

/* Options that the action has no use for, and arguments that it lacks. */
static error_t check_use(const struct kernels_arguments *arguments, struct argp_state *state)
{
	int action = arguments->action < 0 ? ACTION_LIST : arguments->action;
	bool listing = action == ACTION_LIST;
	const struct {
		const char *option;
		const char *but;
		bool given;
		bool fits;
	} options[] = {
		{"--offered", "", arguments->offered, listing},
		{"--again", "", arguments->source.again, action == ACTION_FETCH},
		{"--mirror", listing ? " without --offered" : "", arguments->source.mirror,
		 action == ACTION_FETCH || (listing && arguments->offered)},
		{"--modules", "", arguments->modules, action == ACTION_ADD},
		{"--name", "", arguments->name, action == ACTION_ADD},
		{"--format=json", "", arguments->json, listing || action == ACTION_CHECK},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (options[i].given && !options[i].fits) {
			argp_error(state, "%s has no meaning for %s%s", options[i].option,
				   actions[action], options[i].but);
			return EINVAL;
		}
	}
	if (action == ACTION_ADD && !arguments->nr_names) {
		argp_error(state, "nothing to add, expected the path of a bzImage");
		return EINVAL;
	}
	if (action == ACTION_REMOVE && !arguments->nr_names) {
		argp_error(state, "nothing to remove, expected a kernel's name");
		return EINVAL;
	}
	return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	static const char *const formats[] = {"text", "json"};
	struct kernels_arguments *arguments = state->input;
	int format;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->common;
		return 0;
	case OPTION_OFFERED:
		arguments->offered = true;
		return 0;
	case OPTION_AGAIN:
		arguments->source.again = true;
		return 0;
	case OPTION_MIRROR:
		arguments->source.mirror = argument;
		return 0;
	case OPTION_MODULES:
		arguments->modules = argument;
		return 0;
	case OPTION_NAME:
		arguments->name = argument;
		return 0;
	case OPTION_FORMAT:
		format = options_word(state, "--format", argument, formats, 2);
		arguments->json = format == 1;
		return format < 0 ? EINVAL : 0;
	case ARGP_KEY_ARG:
		return arguments->action < 0 ? take_action(arguments, argument, state)
					     : take_name(arguments, argument, state);
	case ARGP_KEY_END:
		return check_use(arguments, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child kernels_children[] = {{&common_argp, 0, NULL, 0}, {0}};

static const struct argp kernels_argp = {
	.options = kernels_options,
	.parser = parse,
	.args_doc = "[list]\nfetch [KERNEL...]\nadd BZIMAGE\nremove KERNEL...\ncheck",
	.doc = "Kernels for --on vm:KERNEL. 'list' (the default) says what the cache has; 'fetch' "
	       "gets the newest 5.10, 6.1, 6.12 and the newest of all from Debian's packages, or "
	       "those that are named; 'add' takes a bzImage of your own; 'check' looks at every "
	       "byte.",
	.children = kernels_children,
};

/* Who is told how far it is. */
struct viewer {
	struct tool_io *io;
	struct progress progress;
	const char *verb; /* what was done to a kernel */
};

static void show_progress(void *context, const char *text)
{
	struct viewer *viewer = context;

	progress_show(&viewer->progress, "%s", text);
}

static void show_note(void *context, const char *text)
{
	struct viewer *viewer = context;

	progress_clear(&viewer->progress);
	tool_complain(viewer->io, "%s", text);
}

static void show_done(void *context, const struct kernel *kernel, bool fetched)
{
	struct viewer *viewer = context;
	const char *era = kernels_era(kernel->version);

	progress_clear(&viewer->progress);
	fprintf(viewer->io->out, "%s: version %s, %s%s, %d module%s, from %s: %s\n", kernel->name,
		kernel->version, era ? "era " : "older than every era", era ? era : "",
		kernel->nr_modules, kernel->nr_modules == 1 ? "" : "s", kernel->origin,
		fetched ? viewer->verb : "is there, and nothing newer is offered");
	fflush(viewer->io->out);
}

static int complain_of_broken(const struct kernel_list *list, struct tool_io *io)
{
	for (int i = 0; i < list->nr_broken; i++)
		tool_complain(io, "%s", list->broken[i].why);
	return list->nr_broken ? TOOL_UNEXPECTED : TOOL_OK;
}

/* Print a list, and free it. */
static int print_list(struct kernel_list *list, const struct kernels_arguments *arguments)
{
	struct tool_io *io = arguments->common.io;
	struct terminal terminal;
	int status = TOOL_OK, broken;

	terminal_init(&terminal, io->out, arguments->common.color);
	if (arguments->json)
		status = kernels_in_json(list, io);
	else
		kernels_in_words(list, &terminal);
	broken = complain_of_broken(list, io);
	kernels_free(list);
	return status ? status : broken;
}

static int print_offers(struct kernel_offers *offers, struct kernel_list *cached,
			const struct kernels_arguments *arguments)
{
	struct tool_io *io = arguments->common.io;
	struct terminal terminal;

	terminal_init(&terminal, io->out, arguments->common.color);
	if (arguments->json)
		return offers_in_json(offers, cached, io);
	offers_in_words(offers, cached, &terminal);
	return TOOL_OK;
}

static int list_offered(const struct kernels_arguments *arguments, const struct kernel_watch *watch,
			char *err, size_t err_size)
{
	struct viewer *viewer = watch->context;
	struct kernel_offers offers;
	struct kernel_list cached;
	int status;

	if (kernels_offered(&arguments->source, watch, &offers, err, err_size) < 0)
		return -1;
	progress_clear(&viewer->progress);
	if (kernels_cached(&cached, err, err_size) < 0) {
		free(offers.offers);
		return -1;
	}
	status = print_offers(&offers, &cached, arguments);
	kernels_free(&cached);
	free(offers.offers);
	return status;
}

static int remove_all(const struct kernels_arguments *arguments, const struct kernel_watch *watch,
		      char *err, size_t err_size)
{
	for (int i = 0; i < arguments->nr_names; i++) {
		if (kernel_remove(arguments->names[i], watch, err, err_size) < 0)
			return -1;
		fprintf(arguments->common.io->out, "%s: removed\n", arguments->names[i]);
	}
	return TOOL_OK;
}

static int list_cached(const struct kernels_arguments *arguments, bool thorough, char *err,
		       size_t err_size)
{
	struct kernel_list list;
	int ret = thorough ? kernels_check(&list, err, err_size)
			   : kernels_cached(&list, err, err_size);

	return ret < 0 ? -1 : print_list(&list, arguments);
}

/* Returns an enum tool_status, or -1 with one line in err. */
static int act(struct kernels_arguments *arguments, const struct kernel_watch *watch, char *err,
	       size_t err_size)
{
	switch (arguments->action) {
	case ACTION_FETCH:
		return kernels_fetch(
			&arguments->source, arguments->nr_names ? arguments->names : usual,
			arguments->nr_names ? arguments->nr_names : NR_USUAL, watch, err, err_size);
	case ACTION_ADD:
		return kernel_add(arguments->names[0], arguments->modules, arguments->name, watch,
				  err, err_size);
	case ACTION_REMOVE:
		return remove_all(arguments, watch, err, err_size);
	case ACTION_CHECK:
		return list_cached(arguments, true, err, err_size);
	default:
		return arguments->offered ? list_offered(arguments, watch, err, err_size)
					  : list_cached(arguments, false, err, err_size);
	}
}

int cmd_kernels(int argc, char **argv, struct tool_io *io)
{
	struct kernels_arguments arguments = {.common.io = io, .action = -1};
	struct viewer viewer = {.io = io};
	struct kernel_watch watch = {.stop = &interrupt_seen,
				     .progress = show_progress,
				     .note = show_note,
				     .done = show_done,
				     .context = &viewer};
	struct sigaction before;
	char err[TOOL_MESSAGE_SIZE] = "";
	int status = options_parse(&kernels_argp, argc, argv, &arguments.common, &arguments);

	/* Where files stand for something else, there is no cache and no network. */
	if (status >= 0 || io->example)
		return status >= 0 ? status : TOOL_OK;
	viewer.verb = arguments.action == ACTION_ADD ? "added" : "fetched";
	progress_begin(&viewer.progress, io->err);
	interrupt_catch(&before);
	status = act(&arguments, &watch, err, sizeof(err));
	interrupt_release(&before);
	progress_clear(&viewer.progress);
	if (status >= 0)
		return status;
	tool_complain(io, "%s", err);
	return interrupt_seen ? TOOL_INTERRUPTED : TOOL_TROUBLE;
}
