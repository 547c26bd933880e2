/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - choose the command, and see that its output was written */

#include "tool/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "tool/suggest.h"

struct command {
	const char *name;
	const char *title; /* what argp calls the program */
	const char *what;
	int (*run)(int argc, char **argv, struct tool_io *io);
};

static const struct command commands[] = {
	{"run", "cowherd run", "run litmus tests: one row a test, one column a target", cmd_run},
	{"explain", "cowherd explain", "the shortest schedule to a violation, step by step",
	 cmd_explain},
	{"conform", "cowherd conform", "what real kernels do, against the model of their era",
	 cmd_conform},
	{"eras", "cowherd eras", "the table of rules, and what differs between two rows", cmd_eras},
	{"fmt", "cowherd fmt", "print litmus tests in their canonical layout", cmd_fmt},
	{"kernels", "cowherd kernels", "list and fetch kernels for virtual machines", cmd_kernels},
};

#define NR_COMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

void tool_complain(struct tool_io *io, const char *format, ...)
{
	va_list args;

	fputs("cowherd: ", io->err);
	va_start(args, format);
	vfprintf(io->err, format, args);
	va_end(args);
	fputc('\n', io->err);
}

int tool_no_memory(struct tool_io *io)
{
	tool_complain(io, "out of memory");
	return TOOL_TROUBLE;
}

static void print_help(FILE *out)
{
	fputs("Usage: cowherd COMMAND [OPTION...] [ARGUMENT...]\n"
	      "Copy-on-write should be invisible. cowherd finds where it shows.\n\n",
	      out);
	for (int i = 0; i < NR_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].what);
	fputs("\n  --help     this text; after a command, or as 'help COMMAND', that command's "
	      "options\n"
	      "  --version  the program's version\n\n"
	      "See cowherd(1), and cowherd-litmus(5) for the language of the tests.\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	for (int i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int unknown_command(const char *name, struct tool_io *io)
{
	const char *names[NR_COMMANDS];
	const char *near;

	for (int i = 0; i < NR_COMMANDS; i++)
		names[i] = commands[i].name;
	near = suggest_nearest(name, names, NR_COMMANDS);
	if (near)
		tool_complain(io, "no command '%s', did you mean '%s'?", name, near);
	else
		tool_complain(
			io, "no command '%s', expected run, explain, conform, eras, fmt or kernels",
			name);
	return TOOL_TROUBLE;
}

/* argp takes the program's name in its messages from here. */
static char *set_title(const struct command *command, char *buf, size_t size)
{
	snprintf(buf, size, "%s", command->title);
	return buf;
}

/* "cowherd help run" */
static int help_on(int argc, char **argv, struct tool_io *io)
{
	const struct command *command = find_command(argv[2]);
	char title[32], option[] = "--help";
	char *arguments[] = {title, option, NULL};

	if (argc > 3) {
		tool_complain(io, "'%s' is one too many, expected help and one command", argv[3]);
		return TOOL_TROUBLE;
	}
	if (!command)
		return unknown_command(argv[2], io);
	set_title(command, title, sizeof(title));
	return command->run(2, arguments, io);
}

static int dispatch(int argc, char **argv, struct tool_io *io)
{
	const struct command *command;
	char title[32];
	char *name;
	int status;

	if (argc < 2) {
		tool_complain(io,
			      "no command, expected run, explain, conform, eras, fmt or kernels "
			      "(cowherd --help says more)");
		return TOOL_TROUBLE;
	}
	name = argv[1];
	if (strcmp(name, "help") == 0 && argc > 2)
		return help_on(argc, argv, io);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "-?") == 0 ||
	    strcmp(name, "help") == 0) {
		print_help(io->out);
		return TOOL_OK;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
		fputs("cowherd " COWHERD_VERSION "\n", io->out);
		return TOOL_OK;
	}
	if (name[0] == '-') {
		tool_complain(io, "unknown option '%s', expected a command, --help or --version",
			      name);
		return TOOL_TROUBLE;
	}
	command = find_command(name);
	if (!command)
		return unknown_command(name, io);

	argv[1] = set_title(command, title, sizeof(title));
	status = command->run(argc - 1, argv + 1, io);
	argv[1] = name;
	return status;
}

int cowherd_main(int argc, char **argv, struct tool_io *io)
{
	int status = dispatch(argc, argv, io);

	errno = 0;
	if (fflush(io->out) == 0 && !ferror(io->out))
		return status;
	tool_complain(io, "write error%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
	return TOOL_TROUBLE;
}
