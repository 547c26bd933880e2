/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tool.h - the cowherd command, callable from within a process */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include <stdio.h>

#ifndef COWHERD_VERSION
#define COWHERD_VERSION "0.1.0"
#endif

enum tool_status {
	TOOL_OK = 0,
	TOOL_UNEXPECTED = 1,    /* some test is not as expected */
	TOOL_TROUBLE = 2,       /* wrong use, bad input, or we failed ourselves */
	TOOL_INTERRUPTED = 130, /* SIGINT */
};

/* What the command talks to. */
struct tool_io {
	FILE *out;
	FILE *err;
	/*
	 * NULL, or a litmus test that every file name stands for. Then no file is looked at or
	 * written and nothing is done on the host: this is how the fuzzer runs the command.
	 */
	const char *example;
};

/* Room for one message. */
#define TOOL_MESSAGE_SIZE 512

/* The whole command; argv[0] is skipped. Returns an enum tool_status. */
int cowherd_main(int argc, char **argv, struct tool_io *io);

/* One command; argv[0] is "cowherd run" and so on. */
int cmd_run(int argc, char **argv, struct tool_io *io);
int cmd_explain(int argc, char **argv, struct tool_io *io);
int cmd_conform(int argc, char **argv, struct tool_io *io);
int cmd_eras(int argc, char **argv, struct tool_io *io);
int cmd_fmt(int argc, char **argv, struct tool_io *io);
int cmd_kernels(int argc, char **argv, struct tool_io *io);

/* Print "cowherd: " and one message as a line on io->err. */
void tool_complain(struct tool_io *io, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* tool_complain() that there is no memory; returns TOOL_TROUBLE. */
int tool_no_memory(struct tool_io *io);

#endif
