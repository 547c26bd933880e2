/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.c - the name that somebody meant to type */

#include "tool/suggest.h"

#include <string.h>

/* Longer words are not compared. */
#define MAX_LENGTH 48

static int min(int a, int b)
{
	return a < b ? a : b;
}

/* How many letters must be inserted, deleted or changed to make one word into the other. */
static int distance(const char *a, int a_length, const char *b, int b_length)
{
	int above[MAX_LENGTH + 1];

	for (int j = 0; j <= b_length; j++)
		above[j] = j;
	for (int i = 1; i <= a_length; i++) {
		int diagonal = above[0];

		above[0] = i;
		for (int j = 1; j <= b_length; j++) {
			int change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = above[j];
			above[j] = min(change, min(above[j], above[j - 1]) + 1);
		}
	}
	return above[b_length];
}

const char *suggest_nearest(const char *word, const char *const *names, int nr_names)
{
	size_t length = strlen(word);
	const char *best = NULL;
	int best_distance;

	if (length == 0 || length > MAX_LENGTH)
		return NULL;
	/* A third of the letters may be wrong, and one in any case. */
	best_distance = (int)length / 3 + 2;
	for (int i = 0; i < nr_names; i++) {
		size_t name_length = strlen(names[i]);
		int d;

		if (name_length > MAX_LENGTH)
			continue;
		d = distance(word, (int)length, names[i], (int)name_length);
		if (d < best_distance) {
			best_distance = d;
			best = names[i];
		}
	}
	return best;
}
