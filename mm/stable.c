/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stable.c - fixes that stable releases took from later ones, as far as they are rules */
#include "mm/stable.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* The commit in mainline stands with the value, in rules.c. */
const struct mm_backport mm_backports[] = {
	{{5, 10, 0}, 53, {"uffd_wp_fork", "child"}, "9e1cf2d1ed37"},
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
