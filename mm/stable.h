/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stable.h - what stable releases have of later ones */
#ifndef MM_STABLE_H
#define MM_STABLE_H

#include "mm/eras.h"

/* A fix that is a value of a rule, and was brought to a series of stable releases. */
struct mm_backport {
	struct mm_version series;
	int since; /* the first stable release that has it, as 53 in 5.10.53; later ones do, too */
	struct mm_rule_choice rule;
	const char *commit; /* in that series; NULL: not known */
};

extern const struct mm_backport mm_backports[];
extern const int mm_nr_backports;

/*
 * The rules of the kernel that `text` means: of the row that mm_era_find() finds, with what stable
 * releases up to this one have of later rows. Returns how many that are; -1: there is no row.
 */
int mm_rules_find(const char *text, struct mm_rules *rules);

#endif
