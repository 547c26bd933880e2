/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.h - the table of rules: which kernel does what, since which commit */
#ifndef MM_ERAS_H
#define MM_ERAS_H

#include "mm/rules.h"

#include <stdbool.h>
#include <stddef.h>

struct mm_rule_value {
	const char *name;   /* "refcount" */
	const char *what;   /* one sentence */
	const char *commit; /* which commit or message brought it, or NULL */
};

/* One field of struct mm_rules; every field is an enum that starts at 0. */
struct mm_rule_field {
	const char *name; /* as in struct mm_rules */
	const char *what; /* the question that the field answers */
	size_t offset;
	int nr_values;
	const struct mm_rule_value *values; /* indexed by the enum's value */
};

extern const struct mm_rule_field mm_rule_fields[];
extern const int mm_nr_rule_fields;

/* A release, for comparing: v5.9-rc4 < v5.9. */
struct mm_version {
	int major;
	int minor;
	int rc; /* 0: the release itself */
};

/* One value of one rule, by their names in mm_rule_fields[]. */
struct mm_rule_choice {
	const char *field;
	const char *value;
};

struct mm_era {
	const char *name; /* "v5.9-rc4", or the name of a patch: "break-cow-v1" */
	const char *what; /* one line: what began here */
	bool released;
	struct mm_version since; /* the release that begins it; of the base where not released */
	struct mm_rules rules;
};

/* Released eras in order of time, then those that never were. */
extern const struct mm_era mm_eras[];
extern const int mm_nr_eras;

/* Parse "v6.1", "6.1.192" or "v5.9-rc4+extra". False if it doesn't begin with a version. */
bool mm_version_parse(const char *text, struct mm_version *version);

/* Less than, equal to or greater than 0. */
int mm_version_compare(struct mm_version a, struct mm_version b);

/* The era with this very name, or NULL. */
const struct mm_era *mm_era_named(const char *name);

/*
 * The era that `text` means: a name, or any version ("v6.1"), which gives the released row in force
 * there. NULL if it is neither, or older than FOLL_PIN (v5.6).
 */
const struct mm_era *mm_era_find(const char *text);

/* Value of a field, as an index into field->values; and setting it. */
int mm_rules_get(const struct mm_rules *rules, const struct mm_rule_field *field);
void mm_rules_set(struct mm_rules *rules, const struct mm_rule_field *field, int value);

/* Set it by its names. False: there is no such rule or value. */
bool mm_rules_choose(struct mm_rules *rules, struct mm_rule_choice choice);

#endif
