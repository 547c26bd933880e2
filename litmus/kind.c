/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind.c - kinds of memory: their names, and what they are as text */
#include "litmus/kind.h"
#include "litmus/parse.h"

#include <string.h>

#define NR(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char *const backings[] = {
	[LITMUS_ANON] = "anon",         [LITMUS_SHARED] = "shared",
	[LITMUS_FILE] = "file",         [LITMUS_THP] = "thp",
	[LITMUS_HUGETLB] = "hugetlb",   [LITMUS_SHARED_HUGETLB] = "shared_hugetlb",
	[LITMUS_UNMAPPED] = "unmapped",
};

/* In the order in which they are printed. */
static const struct litmus_flag states[] = {
	{"pte", LITMUS_PTE_MAPPED},
	{"partial", LITMUS_PARTIAL},
	{"swapped", LITMUS_SWAPPED},
};

/* Which states can an object of this backing be in, and how does a message say so? */
static unsigned states_of(enum litmus_backing backing, const char **expected)
{
	switch (backing) {
	case LITMUS_ANON:
		*expected = "'swapped'";
		return LITMUS_SWAPPED;
	case LITMUS_THP:
		*expected = "'pte', 'partial' or 'swapped'";
		return LITMUS_PTE_MAPPED | LITMUS_PARTIAL | LITMUS_SWAPPED;
	default:
		*expected = "no state";
		return 0;
	}
}

/* What is partial is mapped by PTEs anyway. */
static bool is_contradiction(unsigned set)
{
	return (set & LITMUS_PTE_MAPPED) && (set & LITMUS_PARTIAL);
}

static int find_backing(const struct litmus_token *token)
{
	for (int i = 0; i < NR(backings); i++)
		if (litmus_token_is(token, backings[i]))
			return i;
	return -1;
}

bool litmus_is_backing(const struct litmus_token *token)
{
	return find_backing(token) >= 0;
}

bool litmus_at_kind(const struct litmus_parser *parser)
{
	return litmus_is_backing(&parser->token);
}

void litmus_try_backings(struct litmus_nearest *nearest)
{
	for (int i = 0; i < NR(backings); i++)
		litmus_try_name(nearest, backings[i]);
}

static int find_state(const struct litmus_token *token)
{
	for (int i = 0; i < NR(states); i++)
		if (litmus_token_is(token, states[i].name))
			return i;
	return -1;
}

static bool parse_state_of(struct litmus_parser *parser, struct litmus_kind *kind)
{
	const struct litmus_token *token = &parser->token;
	struct litmus_nearest nearest = {.token = token};
	const char *expected;
	unsigned allowed = states_of(kind->backing, &expected);
	int state = find_state(token);

	if (!litmus_at(parser, LITMUS_TOKEN_NAME) && !litmus_at(parser, LITMUS_TOKEN_WORD))
		return litmus_unexpected(parser, expected);
	if (state < 0) {
		for (int i = 0; i < NR(states); i++)
			if (allowed & states[i].value)
				litmus_try_name(&nearest, states[i].name);
		return litmus_unknown(parser, &nearest, "state of memory", expected);
	}
	if (!(allowed & states[state].value))
		return litmus_fail(&parser->source, token->pos,
				   "%s memory can't be %s, expected %s", backings[kind->backing],
				   states[state].name, expected);
	if (kind->states & states[state].value)
		return litmus_unexpected(parser, "each state once");
	kind->states |= states[state].value;
	if (is_contradiction(kind->states))
		return litmus_fail(&parser->source, token->pos,
				   "partial memory is mapped by PTEs already, expected 'pte' or "
				   "'partial'");
	return litmus_next(parser);
}

/* "thp" or "thp(pte, swapped)" */
static bool parse_kind(struct litmus_parser *parser, struct litmus_kind *kind)
{
	struct litmus_nearest nearest = {.token = &parser->token};
	int backing = find_backing(&parser->token);

	if (!litmus_at(parser, LITMUS_TOKEN_NAME) && !litmus_at(parser, LITMUS_TOKEN_WORD))
		return litmus_unexpected(parser, "a kind of memory such as 'anon'");
	if (backing < 0) {
		litmus_try_backings(&nearest);
		return litmus_unknown(parser, &nearest, "kind of memory", "one such as 'anon'");
	}
	*kind = (struct litmus_kind){.backing = (enum litmus_backing)backing};
	if (!litmus_next(parser))
		return false;
	if (!litmus_at(parser, '('))
		return true;
	do {
		if (!litmus_next(parser) || !parse_state_of(parser, kind))
			return false;
	} while (litmus_at(parser, ','));
	return litmus_expect(parser, ')', "',' or ')'");
}

bool litmus_same_kind(struct litmus_kind a, struct litmus_kind b)
{
	return a.backing == b.backing && a.states == b.states;
}

bool litmus_same_kinds(const struct litmus_kind *a, int nr_a, const struct litmus_kind *b, int nr_b)
{
	if (nr_a != nr_b)
		return false;
	for (int i = 0; i < nr_a; i++)
		if (!litmus_same_kind(a[i], b[i]))
			return false;
	return true;
}

int litmus_find_kind(const struct litmus_kind *kinds, int nr, struct litmus_kind kind)
{
	for (int i = 0; i < nr; i++)
		if (litmus_same_kind(kinds[i], kind))
			return i;
	return -1;
}

bool litmus_parse_kinds(struct litmus_parser *parser, struct litmus_kind *kinds, int *nr)
{
	*nr = 0;
	for (;;) {
		struct litmus_pos pos = parser->token.pos;
		struct litmus_kind kind;
		char text[LITMUS_KIND_SIZE];

		if (!parse_kind(parser, &kind))
			return false;
		if (litmus_find_kind(kinds, *nr, kind) >= 0)
			return litmus_fail(&parser->source, pos,
					   "%s is there already, expected each kind once",
					   litmus_kind_text(kind, text, sizeof(text)));
		if (*nr == LITMUS_MAX_KINDS)
			return litmus_fail(&parser->source, pos,
					   "one kind too many, expected at most %d",
					   LITMUS_MAX_KINDS);
		kinds[(*nr)++] = kind;
		if (!litmus_at(parser, '|'))
			return true;
		if (!litmus_next(parser))
			return false;
	}
}

void litmus_put_kind(struct litmus_sink *sink, struct litmus_kind kind)
{
	const char *separator = "(";

	litmus_put(sink, "%s", backings[kind.backing]);
	for (int i = 0; i < NR(states); i++) {
		if (!(kind.states & states[i].value))
			continue;
		litmus_put(sink, "%s%s", separator, states[i].name);
		separator = ", ";
	}
	if (kind.states)
		litmus_put(sink, ")");
}

void litmus_put_kinds(struct litmus_sink *sink, const struct litmus_kind *kinds, int nr)
{
	for (int i = 0; i < nr; i++) {
		litmus_put(sink, i ? " | " : "");
		litmus_put_kind(sink, kinds[i]);
	}
}

char *litmus_kind_text(struct litmus_kind kind, char *buf, size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	litmus_put_kind(&sink, kind);
	return buf;
}

char *litmus_kind_name(struct litmus_kind kind, char *buf, size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	litmus_put(&sink, "%s", backings[kind.backing]);
	for (int i = 0; i < NR(states); i++)
		if (kind.states & states[i].value)
			litmus_put(&sink, "-%s", states[i].name);
	return buf;
}

static bool is_called(struct litmus_kind kind, const char *text)
{
	char buf[LITMUS_KIND_SIZE];

	return !strcmp(litmus_kind_name(kind, buf, sizeof(buf)), text) ||
	       !strcmp(litmus_kind_text(kind, buf, sizeof(buf)), text);
}

bool litmus_kind_find(const char *text, struct litmus_kind *kind)
{
	const unsigned all = LITMUS_SWAPPED | LITMUS_PTE_MAPPED | LITMUS_PARTIAL;
	const char *expected;

	for (int i = 0; i < NR(backings); i++) {
		unsigned allowed = states_of((enum litmus_backing)i, &expected);

		for (unsigned set = 0; set <= all; set++) {
			kind->backing = (enum litmus_backing)i;
			kind->states = set;
			if (!(set & ~allowed) && !is_contradiction(set) && is_called(*kind, text))
				return true;
		}
	}
	return false;
}
