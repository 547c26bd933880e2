/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debian_version.c - compare the versions of Debian's packages */

#include "targets/debian.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Debian's policy: '~' before the end, the end before letters, letters before all else. */
static int rank(char c)
{
	if (c == '~')
		return -1;
	if (!c || isdigit((unsigned char)c))
		return 0;
	return isalpha((unsigned char)c) ? (unsigned char)c : (unsigned char)c + 256;
}

static int compare_text(const char **a, const char **b)
{
	int order = 0;

	while ((**a && !isdigit((unsigned char)**a)) || (**b && !isdigit((unsigned char)**b))) {
		order = rank(**a) - rank(**b);
		if (order)
			return order;
		*a += 1;
		*b += 1;
	}
	return 0;
}

static int compare_numbers(const char **a, const char **b)
{
	unsigned long long first = strtoull(*a, (char **)a, 10);
	unsigned long long second = strtoull(*b, (char **)b, 10);

	return (first > second) - (first < second);
}

/* strtoull() would take blanks and signs, but is only called where there is a digit or the end. */
static int compare_part(const char *a, const char *b)
{
	int order = 0;

	while (!order && (*a || *b)) {
		order = compare_text(&a, &b);
		if (!order)
			order = compare_numbers(&a, &b);
	}
	return order;
}

/* Cut the version at its last '-'; returns the revision, "0" if there is none. */
static const char *split(char *version)
{
	char *dash = strrchr(version, '-');

	if (!dash)
		return "0";
	*dash = '\0';
	return dash + 1;
}

int debian_compare_versions(const char *a, const char *b)
{
	char first[128], second[128];
	const char *first_revision, *second_revision;
	int order;

	snprintf(first, sizeof(first), "%s", a);
	snprintf(second, sizeof(second), "%s", b);
	first_revision = split(first);
	second_revision = split(second);
	order = compare_part(first, second);
	return order ? order : compare_part(first_revision, second_revision);
}

/* "7.3~rc7-1~exp1" gives "7.3-rc7". */
void debian_upstream_version(const char *package, char *version, size_t size)
{
	char *end;

	snprintf(version, size, "%s", package);
	split(version);
	end = version + strcspn(version, "+~");
	if (strncmp(end, "~rc", 3) == 0)
		*end = '-';
	else
		*end = '\0';
}
