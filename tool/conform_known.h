/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_known.h - divergences that were looked into, and who was at fault */
#ifndef TOOL_CONFORM_KNOWN_H
#define TOOL_CONFORM_KNOWN_H

#include <stdbool.h>

#include "litmus/litmus.h"
#include "targets/target.h"
#include "tool/tool.h"

enum known_fault {
	KNOWN_KERNEL, /* the kernel has a bug that the era has not: a patch of the distribution */
	KNOWN_MODEL,  /* the model has one, and is yet to be cured of it */
	KNOWN_FACTS,  /* the row of the era says something else than such kernels do */
	KNOWN_TARGET, /* the target shows something else than the kernel did */
};

#define NR_KNOWN_FAULTS 4

/* Three numbers; what a pattern leaves out is -1. */
struct known_version {
	int part[3];
};

/* A kernel, as patterns see it. */
struct known_kernel {
	bool is_host;
	bool has_version;
	struct known_version version;
};

/* One explanation. */
struct known {
	int line;
	const char *kernels; /* "host", "6.1", "6.1..6.12" or "*" */
	const char *tests;   /* a pattern as for files */
	const char *outcome; /* "*", some or all values, or how it is broken */
	enum known_fault fault;
	char *evidence; /* commit, CVE or message */
	struct known_version from, to;
	char *text; /* of the whole line: the others point into it */
	int seen;   /* outcomes that it explained */
};

struct known_list {
	const char *path; /* NULL: there is no such file */
	int nr;
	struct known *entries;
};

/*
 * Read the file. Whatever is wrong in it is complained about as "file:line: what is wrong, what was
 * expected". Returns TOOL_OK or TOOL_TROUBLE; known_free() then, too.
 */
int known_read(struct known_list *list, const char *path, struct tool_io *io);

/* The same for a text, which it cuts to pieces. */
int known_parse(struct known_list *list, const char *path, char *text, struct tool_io *io);

void known_free(struct known_list *list);

/* "6.1", "v6.1.12" or "6.1.0-56-amd64". False if it does not begin with two numbers. */
bool known_version_parse(const char *text, struct known_version *version);

/* Is the explanation about this kernel, about this test? */
bool known_is_about(const struct known *known, const struct known_kernel *kernel, const char *test);

/* The first that explains the outcome of the test on the kernel, or NULL. */
struct known *known_find(const struct known_list *list, const struct known_kernel *kernel,
			 const struct litmus_test *test, const struct outcome *outcome);

/* "kernel", "model", "facts" or "target". */
const char *known_fault_name(enum known_fault fault);

#endif
