/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kinds.c - read --kind, and find the members of a family that it means */

#include "tool/kinds.h"

#include <stdlib.h>
#include <string.h>

#include "tool/suggest.h"
#include "tool/text.h"

#define KIND_SIZE 64

/* Cut off the next word: a comma ends it, but not one inside of parentheses. */
static char *next_word(char **rest)
{
	char *word = *rest;
	int depth = 0;

	if (!word)
		return NULL;
	for (char *c = word; *c; c++) {
		depth += *c == '(';
		depth -= *c == ')';
		if (*c == ',' && depth <= 0) {
			*c = '\0';
			*rest = c + 1;
			return word;
		}
	}
	*rest = NULL;
	return word;
}

static int unknown_kind(const char *text, char *err, size_t err_size)
{
	static const char *const names[] = {
		"anon",
		"anon-swapped",
		"shared",
		"file",
		"thp",
		"thp-pte",
		"thp-partial",
		"thp-swapped",
		"thp-pte-swapped",
		"thp-partial-swapped",
		"hugetlb",
		"shared_hugetlb",
	};
	const char *near = suggest_nearest(text, names, sizeof(names) / sizeof(names[0]));

	snprintf(err, err_size, "no kind of memory '%s', %s%s%s", text,
		 near ? "did you mean '" : "expected one such as ",
		 near ? near : "anon, thp-pte or hugetlb", near ? "'?" : "");
	return -1;
}

static int add_one(struct kind_list *list, const char *text, char *err, size_t err_size)
{
	struct litmus_kind kind;

	if (!litmus_kind_find(text, &kind))
		return unknown_kind(text, err, err_size);
	for (int i = 0; i < list->nr; i++)
		if (list->kinds[i].backing == kind.backing && list->kinds[i].states == kind.states)
			return 0;
	if (list->nr == LITMUS_MAX_KINDS) {
		snprintf(err, err_size, "'%s' is one kind too many, expected at most %d", text,
			 LITMUS_MAX_KINDS);
		return -1;
	}
	list->kinds[list->nr++] = kind;
	return 0;
}

int kinds_add(struct kind_list *list, const char *text, char *err, size_t err_size)
{
	char *copy = strdup(text);
	char *rest = copy;
	char *word;
	int ret = 0;

	if (!copy) {
		snprintf(err, err_size, "out of memory");
		return -1;
	}
	while (ret == 0 && (word = next_word(&rest)))
		ret = add_one(list, word, err, err_size);
	free(copy);
	return ret;
}

bool kinds_want(const struct kind_list *list, const struct litmus_test *test)
{
	for (int i = 0; i < list->nr; i++)
		if (litmus_is_about(test, list->kinds[i]))
			return true;
	return list->nr == 0;
}

/* "anon, thp-pte or hugetlb" */
static void append_kinds(const struct litmus_kind *kinds, int nr, char *err, size_t err_size)
{
	char name[KIND_SIZE];

	for (int i = 0; i < nr; i++)
		text_append(err, err_size, "%s%s",
			    i == 0        ? ""
			    : i == nr - 1 ? " or "
					  : ", ",
			    litmus_kind_name(kinds[i], name, sizeof(name)));
}

void kinds_complain(const struct kind_list *list, struct tool_io *io)
{
	char err[TOOL_MESSAGE_SIZE] = "";

	append_kinds(list->kinds, list->nr, err, sizeof(err));
	tool_complain(io, "--kind: no test is for %s", err);
}

const struct litmus_test *kinds_choose(const struct kind_list *list, const struct litmus_test *test,
				       char *err, size_t err_size)
{
	char name[KIND_SIZE];

	if (list->nr > 1) {
		snprintf(err, err_size, "--kind: %d kinds of memory, expected one", list->nr);
		return NULL;
	}
	if (list->nr == 0 && !test->nr_kinds)
		return test;
	for (int i = 0; list->nr && i < litmus_nr_members(test); i++)
		if (kinds_want(list, litmus_member(test, i)))
			return litmus_member(test, i);
	if (!list->nr)
		snprintf(err, err_size, "%s: for several kinds of memory", test->file);
	else
		snprintf(err, err_size, "%s: not for %s", test->file,
			 litmus_kind_name(list->kinds[0], name, sizeof(name)));
	text_append(err, err_size, ", expected %s", test->nr_kinds ? "--kind " : "no --kind");
	append_kinds(test->kinds, test->nr_kinds, err, err_size);
	return NULL;
}
