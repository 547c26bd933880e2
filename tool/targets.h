/* SPDX-License-Identifier: GPL-2.0-or-later */
/* targets.h - where the tests are to run: the columns of the table */
#ifndef TOOL_TARGETS_H
#define TOOL_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "mm/eras.h"

enum target_kind {
	TARGET_SPEC,
	TARGET_MODEL,
	TARGET_HOST,
	TARGET_VM,
};

struct target {
	enum target_kind kind;
	/* Of the column: "spec", "v6.1", "v5.9,gup_break=pin", "host", "vm:6.1". */
	char *name;
	const struct mm_era *era; /* model: the row; host, vm: that of the kernel, or NULL */
	/* Of that row, or changed ones; host, vm: what the kernel is held against. */
	struct mm_rules rules;
	bool changed; /* by --rules */
	bool stable;  /* model: by what a stable release brought, of which no `expect` line tells */
	/* host, vm: */
	char model[64];    /* what "model:" calls these rules: "v6.18", "v6.1.192" */
	char version[64];  /* which fixes it has: "6.1.192" */
	char release[192]; /* what uname -r says, and the version where it is another */
};

struct target_list {
	int nr;
	struct target *targets;
};

void targets_free(struct target_list *list);

/*
 * Add what a list such as "spec,model:v6.1,host" names; what is there already is not added again.
 * Returns 0, or -1 after writing a message to err.
 */
int targets_add(struct target_list *list, const char *text, char *err, size_t err_size);

/* The same for "ERA,field=value,field=value". */
int targets_add_rules(struct target_list *list, const char *text, char *err, size_t err_size);

/* Copy the targets of `from` to the end of `list`. Returns as targets_add(). */
int targets_append(struct target_list *list, const struct target_list *from, char *err,
		   size_t err_size);

/* Is it a real kernel, of which no schedules are known? */
bool target_is_kernel(const struct target *target);

/* Set version and release, and what such a kernel is held against: era, rules and model, if any. */
void target_set_kernel(struct target *target, const char *release, const char *version);

/* "spec", "model:v6.1", "host" or "vm:6.1", as it would be given to --on. Returns buf. */
char *target_full_name(const struct target *target, char *buf, size_t size);

/* mm_era_find(), but for versions that no kernel of our time has. */
const struct mm_era *targets_find_era(const char *name);

/* Write why no era is called `name`, and what could be meant. */
void targets_unknown_era(const char *name, char *err, size_t err_size);

#endif
