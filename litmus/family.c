/* SPDX-License-Identifier: GPL-2.0-or-later */
/* family.c - one test for several kinds of memory: its members, each a test of its own */
#include "litmus/parse.h"

#include <string.h>

void litmus_set_kind(struct litmus_test *test, struct litmus_kind kind)
{
	for (int i = 0; i < test->nr_objects; i++)
		if (test->objects[i].varies)
			test->objects[i].kind = kind;
}

/* "NAME+thp-pte" */
static char *member_name(struct litmus_parser *parser, struct litmus_kind kind)
{
	const char *family = parser->test->name;
	size_t size = strlen(family) + LITMUS_KIND_SIZE;
	char *name = litmus_arena_alloc(parser->arena, size);
	char text[LITMUS_KIND_SIZE];

	if (name)
		snprintf(name, size, "%s+%s", family, litmus_kind_name(kind, text, sizeof(text)));
	return name;
}

static bool is_for(const struct litmus_expectation *expectation, struct litmus_kind kind)
{
	return expectation->nr_kinds == 0 ||
	       litmus_find_kind(expectation->kinds, expectation->nr_kinds, kind) >= 0;
}

/* The `expect` lines that are for the member, and where it prints them. */
static bool copy_expectations(struct litmus_parser *parser, struct litmus_test *member,
			      struct litmus_layout *layout, struct litmus_kind kind)
{
	const struct litmus_test *family = parser->test;
	size_t nr = (size_t)family->nr_expectations;

	member->expectations =
		litmus_arena_alloc(parser->arena, nr * sizeof(*member->expectations));
	layout->expectations =
		litmus_arena_alloc(parser->arena, nr * sizeof(*layout->expectations));
	if (!member->expectations || !layout->expectations)
		return false;
	member->nr_expectations = 0;
	for (int i = 0; i < family->nr_expectations; i++) {
		struct litmus_expectation *copy = &member->expectations[member->nr_expectations];

		if (!is_for(&family->expectations[i], kind))
			continue;
		*copy = family->expectations[i];
		copy->nr_kinds = 0;
		copy->kinds = NULL;
		layout->expectations[member->nr_expectations++] = parser->layout->expectations[i];
	}
	return true;
}

static bool make_member(struct litmus_parser *parser, struct litmus_test *member,
			struct litmus_kind kind)
{
	struct litmus_layout *layout = litmus_arena_alloc(parser->arena, sizeof(*layout));

	if (!layout)
		return false;
	*layout = *parser->layout;
	layout->arena = (struct litmus_arena){0}; /* the family's */
	*member = *parser->test;
	member->private = layout;
	member->nr_kinds = 0;
	member->members = NULL;
	litmus_set_kind(member, kind);
	member->name = member_name(parser, kind);
	return member->name && copy_expectations(parser, member, layout, kind);
}

/* A member can be printed as a test of its own. */
static bool check_names(const struct litmus_parser *parser)
{
	const struct litmus_test *test = parser->test;
	char kind[LITMUS_KIND_SIZE];

	for (int i = 0; i < test->nr_kinds; i++) {
		litmus_kind_name(test->kinds[i], kind, sizeof(kind));
		if (strlen(test->name) + 1 + strlen(kind) > LITMUS_MAX_TITLE)
			return litmus_fail(&parser->source, parser->kinds_pos,
					   "the name of the test is too long for '+%s' behind it, "
					   "expected at most %d characters",
					   kind, LITMUS_MAX_TITLE);
	}
	return true;
}

bool litmus_make_members(struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;
	struct litmus_test *members;

	if (!test->nr_kinds)
		return true;
	if (!check_names(parser))
		return false;
	members = litmus_arena_alloc(parser->arena, (size_t)test->nr_kinds * sizeof(*members));
	if (!members)
		return litmus_fail_memory(&parser->source);
	for (int i = 0; i < test->nr_kinds; i++)
		if (!make_member(parser, &members[i], test->kinds[i]))
			return litmus_fail_memory(&parser->source);
	test->members = members;
	return true;
}

int litmus_nr_members(const struct litmus_test *test)
{
	return test->nr_kinds ? test->nr_kinds : 1;
}

const struct litmus_test *litmus_member(const struct litmus_test *test, int i)
{
	return test->nr_kinds ? &test->members[i] : test;
}

const struct litmus_kind *litmus_kind_of(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++)
		if (test->objects[i].varies)
			return &test->objects[i].kind;
	return NULL;
}

bool litmus_is_about(const struct litmus_test *test, struct litmus_kind kind)
{
	const struct litmus_kind *own = litmus_kind_of(test);

	if (own)
		return litmus_same_kind(*own, kind);
	for (int i = 0; i < test->nr_objects; i++)
		if (litmus_same_kind(test->objects[i].kind, kind))
			return true;
	return false;
}
