/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_expect.c - `expect` lines */
#include "litmus/parse.h"

#include <string.h>

static bool at_name(const struct litmus_parser *parser)
{
	return litmus_at(parser, LITMUS_TOKEN_WORD) && !litmus_at_word(parser, "on") &&
	       !litmus_at_word(parser, "for") && !litmus_at_word(parser, "if") &&
	       !litmus_at_word(parser, "expect");
}

static bool parse_observation(struct litmus_parser *parser, struct litmus_expectation *expectation)
{
	if (litmus_at_word(parser, "Never"))
		expectation->observation = LITMUS_NEVER;
	else if (litmus_at_word(parser, "Sometimes"))
		expectation->observation = LITMUS_SOMETIMES;
	else if (litmus_at_word(parser, "Always"))
		expectation->observation = LITMUS_ALWAYS;
	else
		return litmus_unexpected(parser, "'Never', 'Sometimes' or 'Always'");
	return litmus_next(parser);
}

static bool parse_violation(struct litmus_parser *parser, unsigned *violations)
{
	struct litmus_nearest nearest = {.token = &parser->token};

	if (!at_name(parser))
		return litmus_unexpected(parser, "a violation such as 'lost-dma'");
	for (int i = 0; i < VIOLATION_KINDS; i++) {
		const char *name = violation_name((enum violation)(1u << i));

		if (litmus_token_is(&parser->token, name)) {
			if (*violations & 1u << i)
				return litmus_unexpected(parser, "each violation once");
			*violations |= 1u << i;
			return litmus_next(parser);
		}
		litmus_try_name(&nearest, name);
	}
	return litmus_unknown(
		parser, &nearest, "violation",
		"one such as 'lost-dma', 'on', 'for', 'if fine', 'if strict' or a new 'expect'");
}

static bool parse_violations(struct litmus_parser *parser, unsigned *violations)
{
	if (!at_name(parser))
		return true;
	if (!parse_violation(parser, violations))
		return false;
	while (litmus_at(parser, ','))
		if (!litmus_next(parser) || !parse_violation(parser, violations))
			return false;
	return true;
}

/* Lower-case letters, digits, '-' and single dots inside: [a-z0-9][a-z0-9.-]*[a-z0-9-] */
static bool is_target(const struct litmus_token *token)
{
	for (size_t i = 0; i < token->length; i++) {
		char c = token->text[i];
		bool inside = i && i + 1 < token->length;

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			continue;
		if (!(c == '-' && i) && !(c == '.' && inside))
			return false;
	}
	return true;
}

static bool parse_target(struct litmus_parser *parser, char **name)
{
	const struct litmus_token *token = &parser->token;

	if (!at_name(parser))
		return litmus_unexpected(parser, "a target such as 'spec' or 'v5.9'");
	if (!is_target(token))
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is no name of a target, expected lower-case letters, "
				   "digits, '-' and '.'",
				   (int)token->length, token->text);
	*name = litmus_arena_string(parser->arena, token->text, token->length);
	if (!*name)
		return litmus_fail_memory(&parser->source);
	return litmus_next(parser);
}

/* "spec", "v5.9..v5.18" or "v6.2.." */
static bool parse_range(struct litmus_parser *parser, struct litmus_target_range *range)
{
	*range = (struct litmus_target_range){.pos = parser->token.pos};
	if (!parse_target(parser, &range->from))
		return false;
	if (!litmus_at(parser, LITMUS_TOKEN_RANGE))
		return true;
	if (!litmus_next(parser))
		return false;
	if (at_name(parser))
		return parse_target(parser, &range->to);
	range->to = litmus_arena_string(parser->arena, "", 0);
	return range->to || litmus_fail_memory(&parser->source);
}

/* What follows "on". */
static bool parse_ranges(struct litmus_parser *parser, struct litmus_expectation *expectation)
{
	int capacity = 0;

	do {
		struct litmus_target_range *ranges;

		if (!litmus_next(parser))
			return false;
		ranges = litmus_arena_grow(parser->arena, expectation->ranges,
					   expectation->nr_ranges, &capacity, sizeof(*ranges));
		if (!ranges)
			return litmus_fail_memory(&parser->source);
		expectation->ranges = ranges;
		if (!parse_range(parser, &ranges[expectation->nr_ranges]))
			return false;
		expectation->nr_ranges++;
	} while (litmus_at(parser, ','));
	return true;
}

/* The members that follow "for". */
static bool parse_members(struct litmus_parser *parser, struct litmus_expectation *expectation)
{
	const struct litmus_test *test = parser->test;
	struct litmus_pos pos = parser->token.pos;
	struct litmus_kind kinds[LITMUS_MAX_KINDS];
	char text[LITMUS_KIND_SIZE];
	int nr;

	if (!test->nr_kinds)
		return litmus_fail(&parser->source, pos,
				   "'for' in a test of one kind of memory, expected it where some "
				   "declaration has several");
	if (!litmus_next(parser))
		return false;
	pos = parser->token.pos;
	if (!litmus_parse_kinds(parser, kinds, &nr))
		return false;
	for (int i = 0; i < nr; i++)
		if (litmus_find_kind(test->kinds, test->nr_kinds, kinds[i]) < 0)
			return litmus_fail(&parser->source, pos,
					   "the test is not for %s, expected kinds of line %d",
					   litmus_kind_text(kinds[i], text, sizeof(text)),
					   parser->kinds_pos.line);
	expectation->kinds =
		litmus_arena_alloc(parser->arena, (size_t)nr * sizeof(*expectation->kinds));
	if (!expectation->kinds)
		return litmus_fail_memory(&parser->source);
	memcpy(expectation->kinds, kinds, (size_t)nr * sizeof(kinds[0]));
	expectation->nr_kinds = nr;
	return true;
}

static bool parse_expectation(struct litmus_parser *parser, struct litmus_expectation *expectation)
{
	*expectation = (struct litmus_expectation){.pos = parser->token.pos};
	parser->lexer.mode = LITMUS_LEX_EXPECT; /* nothing else comes after this */
	if (!litmus_next(parser) || !parse_observation(parser, expectation) ||
	    !parse_violations(parser, &expectation->violations))
		return false;
	if (litmus_at_word(parser, "on") && !parse_ranges(parser, expectation))
		return false;
	if (litmus_at_word(parser, "for") && !parse_members(parser, expectation))
		return false;
	if (!litmus_at_word(parser, "if"))
		return true;
	if (!litmus_next(parser))
		return false;
	if (litmus_at_word(parser, "fine"))
		expectation->mode = LITMUS_IF_FINE;
	else if (litmus_at_word(parser, "strict"))
		expectation->mode = LITMUS_IF_STRICT;
	else
		return litmus_unexpected(parser, "'fine' or 'strict'");
	return litmus_next(parser);
}

bool litmus_parse_expectations(struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;
	struct litmus_layout *layout = parser->layout;
	int max_expectations = 0, max_items = 0;

	while (litmus_at_word(parser, "expect")) {
		int nr = test->nr_expectations;
		struct litmus_expectation *expectations =
			litmus_arena_grow(parser->arena, test->expectations, nr, &max_expectations,
					  sizeof(*expectations));
		struct litmus_item *items = litmus_arena_grow(parser->arena, layout->expectations,
							      nr, &max_items, sizeof(*items));

		if (!expectations || !items)
			return litmus_fail_memory(&parser->source);
		test->expectations = expectations;
		layout->expectations = items;
		if (!litmus_begin_item(parser, &items[nr]) ||
		    !parse_expectation(parser, &expectations[nr]) ||
		    !litmus_end_item(parser, &items[nr]))
			return false;
		test->nr_expectations++;
	}
	return true;
}
