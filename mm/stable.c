/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stable.c - fixes that stable releases took from later ones, as far as they are rules */
#include "mm/stable.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/*
 * As Debian's changelogs list them, update by update. The commit in mainline stands with the value,
 * in rules.c.
 */
const struct mm_backport mm_backports[] = {
	{{5, 10, 0}, 4, {"fork_seqcount", "yes"}, "537946556cc9"},
	{{5, 10, 0}, 9, {"clear_refs_pinned", "skip"}, "1eea108995a2"},
	{{5, 10, 0}, 9, {"pageout_pinned", "keep"}, "72c5ce89427f"},
	{{5, 10, 0}, 53, {"uffd_wp_fork", "child"}, "9e1cf2d1ed37"},
	{{5, 10, 0}, 111, {"madv_free_refs", "keep"}, "3c3fbfa6dddb"},
	{{5, 15, 0}, 34, {"madv_free_refs", "keep"}, "c9f50e06ca76"},
	{{6, 1, 0}, 8, {"uffd_writenotify", "yes"}, "bcde505af166"},
	{{6, 1, 0}, 24, {"hugetlb_uffd_wp", "first-write"}, "f042ee354c82"},
	{{6, 1, 0}, 26, {"migrate_uffd_wp", "keep"}, "cc647e05db67"},
	{{6, 1, 0}, 191, {"uffd_wp_reset", "close"}, NULL},
	{{6, 1, 0}, 191, {"mremap_uffd_wp", "clear"}, NULL},
	{{6, 2, 0}, 13, {"migrate_uffd_wp", "keep"}, "7c24603bc26a"},
	{{6, 6, 0}, 31, {"uffd_wp_reset", "close"}, "377f3a9a3d03"},
	{{6, 8, 0}, 10, {"uffd_wp_reset", "close"}, "8d8b68a5b0c9"},
	{{6, 12, 0}, 11, {"mremap_uffd_wp", "clear"}, "310ac886d68d"},
	{{6, 12, 0}, 118, {"uffd_move_split", "busy"}, NULL},
	{{6, 12, 0}, 118, {"madv_free_ksm", "keep"}, NULL},
	/* 6.18.15 does not have it, 6.18.44 has. */
	{{6, 18, 0}, 44, {"uffd_move_split", "busy"}, NULL},
	{{7, 3, 0}, 4, {"uffd_move_split", "busy"}, NULL},
};

const int mm_nr_backports = COUNT(mm_backports);

/* The third number: 192 of "v6.1.192"; 0 if there is none. */
static int patch_of(const char *text)
{
	int dots = 0;
	int patch = 0;

	for (; *text && dots < 2; text++)
		dots += *text == '.';
	for (; *text >= '0' && *text <= '9' && patch < 10000; text++)
		patch = patch * 10 + (*text - '0');
	return patch;
}

int mm_rules_find(const char *text, struct mm_rules *rules)
{
	const struct mm_era *era = mm_era_find(text);
	struct mm_version version;
	int patch = patch_of(text);
	int nr = 0;

	if (!era)
		return -1;
	*rules = era->rules;
	if (mm_era_named(text) || !mm_version_parse(text, &version))
		return 0;
	for (int i = 0; i < mm_nr_backports; i++) {
		const struct mm_backport *backport = &mm_backports[i];

		if (mm_version_compare(version, backport->series) == 0 && patch >= backport->since)
			nr += mm_rules_choose(rules, backport->rule);
	}
	return nr;
}
