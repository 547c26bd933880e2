/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_state.c - the initial state: mappings, completions, the pool of huge pages */
#include "litmus/parse.h"

#include <limits.h>
#include <string.h>

/* A name that is being declared. */
static bool parse_new_name(struct litmus_parser *parser, char **name)
{
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "a name");
	if (!litmus_check_new_name(parser, &parser->token))
		return false;
	*name = litmus_token_string(parser, &parser->token);
	return *name && litmus_next(parser);
}

static bool parse_completion(struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;

	if (test->nr_completions == LITMUS_MAX_COMPLETIONS)
		return litmus_fail(&parser->source, parser->token.pos,
				   "one completion too many, expected at most %d",
				   LITMUS_MAX_COMPLETIONS);
	if (!litmus_next(parser) ||
	    !parse_new_name(parser, &test->completions[test->nr_completions]))
		return false;
	test->nr_completions++;
	return litmus_expect(parser, ';', "';'");
}

/* The next variable of the object that is being declared. */
static bool parse_var(struct litmus_parser *parser, struct litmus_object *object)
{
	struct litmus_test *test = parser->test;
	struct litmus_var *var = &test->vars[test->nr_vars];

	if (object->nr_words == LITMUS_MAX_WORDS)
		return litmus_fail(&parser->source, parser->token.pos,
				   "one variable too many, expected at most %d on a page",
				   LITMUS_MAX_WORDS);
	if (!parse_new_name(parser, &var->name))
		return false;
	var->object = (int)(object - test->objects);
	var->word = object->nr_words++;
	test->nr_vars++;
	return true;
}

static bool parse_initial(struct litmus_parser *parser, struct litmus_object *object, int page,
			  int word)
{
	object->initialised[page] = true;
	return litmus_number(parser, INT_MIN, INT_MAX, "an int", &object->value[page][word]);
}

/* "{1, 2}", the values of pages from the first on */
static bool parse_page_values(struct litmus_parser *parser, struct litmus_object *object)
{
	int page = 0;

	if (!litmus_expect(parser, '{', "'{' and a value for each page"))
		return false;
	do {
		if (page && !litmus_next(parser))
			return false;
		if (page == object->nr_pages)
			return litmus_fail(&parser->source, parser->token.pos,
					   "value of page %d, expected at most %d value%s", page,
					   object->nr_pages, object->nr_pages == 1 ? "" : "s");
		if (!parse_initial(parser, object, page++, 0))
			return false;
	} while (litmus_at(parser, ','));
	return litmus_expect(parser, '}', "',' or '}'");
}

/* "= 1" or "= {1, 2}" where there is one */
static bool parse_initialiser(struct litmus_parser *parser, struct litmus_object *object,
			      bool by_page)
{
	if (!litmus_at(parser, '='))
		return true;
	if (object->kind.backing == LITMUS_UNMAPPED)
		return litmus_fail(&parser->source, parser->token.pos,
				   "unmapped addresses have no value, expected ';'");
	if (!litmus_next(parser))
		return false;
	if (by_page)
		return parse_page_values(parser, object);
	return parse_initial(parser, object, 0, object->nr_words - 1);
}

static bool parse_nr_pages(struct litmus_parser *parser, struct litmus_object *object)
{
	int64_t pages;

	if (!litmus_next(parser) ||
	    !litmus_number(parser, 1, LITMUS_MAX_PAGES, "a number of pages", &pages))
		return false;
	object->nr_pages = (int)pages;
	return litmus_expect(parser, ']', "']'");
}

/* "anon x" or "anon | thp x": what varies in a test does so in one way. */
static bool parse_object_kinds(struct litmus_parser *parser, struct litmus_object *object)
{
	struct litmus_test *test = parser->test;
	struct litmus_kind kinds[LITMUS_MAX_KINDS];
	struct litmus_pos pos = parser->token.pos;
	int nr;

	if (!litmus_parse_kinds(parser, kinds, &nr))
		return false;
	object->kind = kinds[0];
	object->varies = nr > 1;
	if (nr == 1)
		return true;
	for (int i = 0; i < nr; i++)
		if (kinds[i].backing == LITMUS_UNMAPPED)
			return litmus_fail(&parser->source, pos,
					   "unmapped addresses are no kind of memory to choose "
					   "from, expected them on their own");
	if (test->nr_kinds && !litmus_same_kinds(kinds, nr, test->kinds, test->nr_kinds))
		return litmus_fail(&parser->source, pos,
				   "other alternatives than in line %d, expected the same in the "
				   "same order",
				   parser->kinds_pos.line);
	if (!test->nr_kinds)
		parser->kinds_pos = pos;
	test->nr_kinds = nr;
	memcpy(test->kinds, kinds, (size_t)nr * sizeof(kinds[0]));
	return true;
}

static bool parse_object(struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;
	struct litmus_object *object = &test->objects[test->nr_objects];
	bool by_page;

	if (test->nr_objects == LITMUS_MAX_OBJECTS)
		return litmus_fail(&parser->source, parser->token.pos,
				   "one mapping too many, expected at most %d", LITMUS_MAX_OBJECTS);
	object->pos = parser->token.pos;
	object->like = -1;
	object->nr_pages = 1;
	object->first_var = test->nr_vars;
	test->nr_objects++;
	if (!parse_object_kinds(parser, object) || !parse_var(parser, object))
		return false;
	by_page = litmus_at(parser, '[');
	if (by_page && !parse_nr_pages(parser, object))
		return false;
	if (!parse_initialiser(parser, object, by_page))
		return false;
	while (litmus_at(parser, ',')) {
		if (by_page)
			return litmus_unexpected(parser, "';', since only a single page can be "
							 "shared by variables");
		if (!litmus_next(parser) || !parse_var(parser, object) ||
		    !parse_initialiser(parser, object, false))
			return false;
	}
	return litmus_expect(parser, ';', by_page ? "'=' or ';'" : "'=', ',' or ';'");
}

/* "nr_hugepages = 2;" */
static bool parse_hugepages(struct litmus_parser *parser)
{
	struct litmus_pos pos = parser->token.pos;
	int64_t pages;

	if (parser->test->nr_hugepages >= 0)
		return litmus_fail(&parser->source, pos,
				   "nr_hugepages has a value already, expected it once");
	if (!litmus_next(parser) || !litmus_expect(parser, '=', "'='") ||
	    !litmus_number(parser, 0, LITMUS_MAX_HUGEPAGES, "a number of huge pages", &pages))
		return false;
	parser->test->nr_hugepages = (int)pages;
	return litmus_expect(parser, ';', "';'");
}

/* A word stands where a declaration begins that begins none. */
static bool fail_declaration(const struct litmus_parser *parser)
{
	struct litmus_nearest nearest = {.token = &parser->token};
	const char *expected = "a declaration such as 'anon x = 1;', or '}'";

	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, expected);
	litmus_try_backings(&nearest);
	litmus_try_name(&nearest, "completion");
	litmus_try_name(&nearest, "nr_hugepages");
	return litmus_unknown(parser, &nearest, "kind of memory", expected);
}

static bool parse_declaration(struct litmus_parser *parser)
{
	struct litmus_layout *layout = parser->layout;
	struct litmus_declaration *declaration = &layout->declarations[layout->nr_declarations];
	bool good;

	if (layout->nr_declarations == LITMUS_MAX_DECLARATIONS)
		return litmus_unexpected(parser, "'}' after so many declarations");
	if (!litmus_begin_item(parser, &declaration->item))
		return false;
	layout->nr_declarations++;
	if (litmus_at_word(parser, "completion")) {
		declaration->what = LITMUS_DECLARES_COMPLETION;
		declaration->index = parser->test->nr_completions;
		good = parse_completion(parser);
	} else if (litmus_at_word(parser, "nr_hugepages")) {
		declaration->what = LITMUS_DECLARES_HUGEPAGES;
		good = parse_hugepages(parser);
	} else if (litmus_at_kind(parser)) {
		declaration->what = LITMUS_DECLARES_OBJECT;
		declaration->index = parser->test->nr_objects;
		good = parse_object(parser);
	} else {
		return fail_declaration(parser);
	}
	return good && litmus_end_item(parser, &declaration->item);
}

bool litmus_parse_state(struct litmus_parser *parser)
{
	struct litmus_layout *layout = parser->layout;

	if (!litmus_begin_item(parser, &layout->state))
		return false;
	if (layout->state.nr_before) {
		parser->test->doc = litmus_comment_words(parser->arena, layout->state.before,
							 layout->state.nr_before);
		if (!parser->test->doc)
			return litmus_fail_memory(&parser->source);
	}
	if (!litmus_expect(parser, '{', "'{' and the initial state"))
		return false;
	while (!litmus_at(parser, '}'))
		if (!parse_declaration(parser))
			return false;
	return litmus_begin_item(parser, &layout->state_close) && litmus_next(parser) &&
	       litmus_end_item(parser, &layout->state_close);
}
