/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bugs.h - the historical bugs that are values of rules: what brings each back, and what cures it
 */
#ifndef MM_BUGS_H
#define MM_BUGS_H

#include "mm/eras.h"

struct mm_bug {
	const char *name;          /* the CVE where there is one, or what it was called */
	const char *what;          /* one sentence */
	const char *era;           /* a row in which the two below make the difference */
	struct mm_rule_choice bug; /* has it */
	struct mm_rule_choice fix; /* has it no more */
	const char *brought;       /* the commit that brought it; NULL: older than the table */
	const char *fixed;         /* the commit that ended it; NULL: none has */
};

/* In order of their discovery. Races among them need steps inside an operation to show. */
extern const struct mm_bug mm_bugs[];
extern const int mm_nr_bugs;

#endif
