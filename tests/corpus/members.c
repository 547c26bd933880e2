/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * members.c - each member of a family, printed and read again, is the same test
 *
 * This is how a test comes to a virtual machine, which answers by the numbers of its observables.
 */
#include "litmus/litmus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number;
static int failed;

static char *print(const struct litmus_test *test, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (!out)
		return NULL;
	if (litmus_print(test, out) < 0) {
		fclose(out);
		free(text);
		return NULL;
	}
	return fclose(out) ? NULL : text;
}

/* NULL, or what differs. */
static const char *difference(const struct litmus_test *a, const struct litmus_test *b)
{
	char one[256], other[256];

	if (strcmp(a->name, b->name) != 0)
		return "the name";
	if (litmus_nr_members(b) != 1 || litmus_member(b, 0) != b)
		return "that it is one test";
	if (a->nr_tasks != b->nr_tasks)
		return "the number of tasks";
	if (a->nr_observables != b->nr_observables)
		return "the number of observables";
	for (int i = 0; i < a->nr_observables; i++) {
		litmus_observable_text(a, i, one, sizeof(one));
		litmus_observable_text(b, i, other, sizeof(other));
		if (strcmp(one, other) != 0)
			return "the order of the observables";
	}
	for (int i = 0; i < a->nr_objects; i++) {
		litmus_kind_text(a->objects[i].kind, one, sizeof(one));
		litmus_kind_text(b->objects[i].kind, other, sizeof(other));
		if (strcmp(one, other) != 0)
			return "a kind of memory";
	}
	return NULL;
}

static void check(const struct litmus_test *test)
{
	char error[512];
	size_t size = 0;
	char *text = print(test, &size);
	struct litmus_test *again =
		text ? litmus_parse("printed", text, size, error, sizeof(error)) : NULL;
	const char *what = again ? difference(test, again) : text ? error : "it can't be printed";

	printf("%sok %d %s\n", what ? "not " : "", ++number, test->name);
	if (what)
		printf("# differs: %s\n", what);
	failed |= what != NULL;
	litmus_free(again);
	free(text);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		char error[512];
		struct litmus_test *test = litmus_read(argv[i], error, sizeof(error));

		if (!test) {
			printf("Bail out! %s\n", error);
			return 1;
		}
		for (int member = 0; member < litmus_nr_members(test); member++)
			check(litmus_member(test, member));
		litmus_free(test);
	}
	printf("1..%d\n", number);
	return failed;
}
