/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse.c - litmus_parse(): the parts of a test in their order, and what their parsers share */
#include "litmus/parse.h"

#include <limits.h>
#include <string.h>

bool litmus_next(struct litmus_parser *parser)
{
	parser->end = parser->lexer.at;
	parser->end_line = parser->lexer.pos.line;
	return litmus_lex(&parser->lexer, &parser->token);
}

bool litmus_at(const struct litmus_parser *parser, int kind)
{
	return parser->token.kind == kind;
}

bool litmus_at_word(const struct litmus_parser *parser, const char *word)
{
	return (litmus_at(parser, LITMUS_TOKEN_NAME) || litmus_at(parser, LITMUS_TOKEN_WORD)) &&
	       litmus_token_is(&parser->token, word);
}

bool litmus_unexpected(const struct litmus_parser *parser, const char *expected)
{
	const struct litmus_token *token = &parser->token;

	if (token->kind == LITMUS_TOKEN_END)
		return litmus_fail(&parser->source, token->pos,
				   "unexpected end of the test, expected %s", expected);
	return litmus_fail(&parser->source, token->pos, "unexpected '%.*s', expected %s",
			   (int)token->length, token->text, expected);
}

bool litmus_expect(struct litmus_parser *parser, int kind, const char *expected)
{
	if (!litmus_at(parser, kind))
		return litmus_unexpected(parser, expected);
	return litmus_next(parser);
}

bool litmus_number(struct litmus_parser *parser, int64_t low, int64_t high, const char *what,
		   int64_t *value)
{
	struct litmus_pos pos = parser->token.pos;
	bool negative = low < 0 && litmus_at(parser, '-');
	const char *sign = negative ? "-" : "";
	struct litmus_token token;
	int64_t number = 0;

	if (negative && !litmus_next(parser))
		return false;
	token = parser->token;
	if (!litmus_at(parser, LITMUS_TOKEN_NUMBER))
		return litmus_unexpected(parser, what);
	for (size_t i = 0; i < token.length && number <= INT_MAX; i++)
		number = number * 10 + token.text[i] - '0';
	*value = negative ? -number : number;
	if (*value < low || *value > high)
		return litmus_fail(&parser->source, pos,
				   "%s%.*s is out of range, expected %s from %lld to %lld", sign,
				   (int)token.length, token.text, what, (long long)low,
				   (long long)high);
	return litmus_next(parser);
}

bool litmus_index(struct litmus_parser *parser, const char *name, int limit, int *index)
{
	struct litmus_pos pos;
	int64_t value;

	if (!litmus_expect(parser, '[', "'['"))
		return false;
	pos = parser->token.pos;
	if (!litmus_number(parser, 0, INT_MAX, "the number of a page", &value))
		return false;
	if (value >= limit)
		return litmus_fail(&parser->source, pos,
				   "%s has %d page%s, expected an index from 0 to %d", name, limit,
				   limit == 1 ? "" : "s", limit - 1);
	*index = (int)value;
	return litmus_expect(parser, ']', "']'");
}

/* Append comments to a list. */
static bool add_comments(struct litmus_parser *parser, struct litmus_comment **list, int *nr,
			 const struct litmus_comment *comments, int nr_comments)
{
	struct litmus_comment *longer;

	if (!nr_comments)
		return true;
	longer = litmus_arena_alloc(parser->arena, (size_t)(*nr + nr_comments) * sizeof(*longer));
	if (!longer)
		return litmus_fail_memory(&parser->source);
	if (*nr)
		memcpy(longer, *list, (size_t)*nr * sizeof(*longer));
	memcpy(longer + *nr, comments, (size_t)nr_comments * sizeof(*longer));
	*list = longer;
	*nr += nr_comments;
	return true;
}

bool litmus_begin_item(struct litmus_parser *parser, struct litmus_item *item)
{
	struct litmus_lexer *lexer = &parser->lexer;

	item->blank_before = parser->token.blank_before;
	if (!add_comments(parser, &item->before, &item->nr_before, lexer->comments,
			  lexer->nr_comments))
		return false;
	lexer->nr_comments = 0;
	return true;
}

bool litmus_end_item(struct litmus_parser *parser, struct litmus_item *item)
{
	struct litmus_lexer *lexer = &parser->lexer;
	struct litmus_comment *comments = lexer->comments;
	int inside = 0, after, nr = lexer->nr_comments;

	if (!nr)
		return true;
	while (inside < nr && comments[inside].offset < parser->end)
		comments[inside++].blank_before = false;
	after = inside;
	while (after < nr && comments[after].line == parser->end_line)
		after++;
	if (!add_comments(parser, &item->before, &item->nr_before, comments, inside) ||
	    !add_comments(parser, &item->after, &item->nr_after, comments + inside, after - inside))
		return false;
	lexer->nr_comments = nr - after;
	if (after)
		memmove(comments, comments + after, (size_t)(nr - after) * sizeof(*comments));
	return true;
}

char *litmus_token_string(struct litmus_parser *parser, const struct litmus_token *token)
{
	char *text = litmus_arena_string(parser->arena, token->text, token->length);

	if (!text)
		litmus_fail_memory(&parser->source);
	return text;
}

static bool parse_title(struct litmus_parser *parser)
{
	struct litmus_item *item = &parser->layout->title;
	struct litmus_token title;

	if (!litmus_next(parser) || !litmus_begin_item(parser, item))
		return false;
	if (!litmus_at_word(parser, "C"))
		return litmus_unexpected(parser, "'C' and the name of the test");
	parser->lexer.mode = LITMUS_LEX_TITLE;
	if (!litmus_next(parser))
		return false;
	title = parser->token;
	parser->lexer.mode = LITMUS_LEX_PROGRAM;
	parser->test->name = litmus_token_string(parser, &title);
	return parser->test->name && litmus_next(parser) && litmus_end_item(parser, item);
}

/* "int *x" */
static bool parse_parameter(struct litmus_parser *parser, struct litmus_task_layout *layout)
{
	const struct litmus_test *test = parser->test;
	struct litmus_nearest nearest = {.token = &parser->token};
	int var;

	if (!litmus_at_word(parser, "int"))
		return litmus_unexpected(parser, "a parameter such as 'int *x'");
	if (!litmus_next(parser) || !litmus_expect(parser, '*', "'*'"))
		return false;
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "the name of a variable");
	var = litmus_find_var(test, &parser->token);
	if (var < 0 && litmus_find_completion(test, &parser->token) >= 0)
		return litmus_unexpected(parser, "a variable; a completion needs no parameter");
	if (var < 0) {
		for (int i = 0; i < test->nr_vars; i++)
			litmus_try_name(&nearest, test->vars[i].name);
		return litmus_unknown(parser, &nearest, "variable", "one of the initial state");
	}
	for (int i = 0; i < layout->nr_parameters; i++)
		if (layout->parameters[i] == var)
			return litmus_unexpected(parser, "each parameter once");
	layout->parameters[layout->nr_parameters++] = var;
	return litmus_next(parser);
}

static bool parse_parameters(struct litmus_parser *parser, struct litmus_task_layout *layout)
{
	if (!litmus_expect(parser, '(', "'('"))
		return false;
	if (litmus_at(parser, ')'))
		return litmus_next(parser);
	if (!parse_parameter(parser, layout))
		return false;
	while (litmus_at(parser, ','))
		if (!litmus_next(parser) || !parse_parameter(parser, layout))
			return false;
	return litmus_expect(parser, ')', "',' or ')'");
}

/* The statements up to the closing brace. */
static bool parse_body(struct litmus_parser *parser)
{
	parser->nr_ops = 0;
	while (!litmus_at(parser, '}')) {
		struct litmus_op *op = &parser->ops[parser->nr_ops];
		struct litmus_item *item = &parser->op_items[parser->nr_ops];

		if (parser->nr_ops == LITMUS_MAX_OPS)
			return litmus_fail(&parser->source, parser->token.pos,
					   "one statement too many, expected at most %d",
					   LITMUS_MAX_OPS);
		*item = (struct litmus_item){0};
		if (!litmus_begin_item(parser, item) || !litmus_parse_op(parser, op) ||
		    !litmus_end_item(parser, item))
			return false;
		parser->nr_ops++;
	}
	return true;
}

/* Move what parse_body() read to the tree. */
static bool keep_body(struct litmus_parser *parser, struct litmus_task *task,
		      struct litmus_task_layout *layout)
{
	size_t nr = (size_t)parser->nr_ops;

	task->nr_ops = parser->nr_ops;
	task->ops = litmus_arena_alloc(parser->arena, nr * sizeof(*task->ops));
	layout->ops = litmus_arena_alloc(parser->arena, nr * sizeof(*layout->ops));
	if (!task->ops || !layout->ops)
		return litmus_fail_memory(&parser->source);
	memcpy(task->ops, parser->ops, nr * sizeof(*task->ops));
	memcpy(layout->ops, parser->op_items, nr * sizeof(*layout->ops));
	return true;
}

static bool parse_task(struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;
	struct litmus_task *task = &test->tasks[test->nr_tasks];
	struct litmus_task_layout *layout = &parser->layout->tasks[test->nr_tasks];
	char expected[64];

	if (test->nr_tasks == LITMUS_MAX_TASKS)
		return litmus_fail(&parser->source, parser->token.pos,
				   "one task too many, expected at most %d", LITMUS_MAX_TASKS);
	snprintf(expected, sizeof(expected), "'P%d', since tasks are numbered from P0",
		 test->nr_tasks);
	if (litmus_task_number(&parser->token) != test->nr_tasks)
		return litmus_unexpected(parser, expected);
	parser->task = test->nr_tasks++;
	task->pos = parser->token.pos;
	if (!litmus_begin_item(parser, &layout->item) || !litmus_next(parser) ||
	    !parse_parameters(parser, layout) ||
	    !litmus_expect(parser, '{', "'{' and the statements of the task") ||
	    !parse_body(parser) || !keep_body(parser, task, layout))
		return false;
	return litmus_begin_item(parser, &layout->close) && litmus_next(parser) &&
	       litmus_end_item(parser, &layout->close);
}

static bool parse_tasks(struct litmus_parser *parser)
{
	if (litmus_task_number(&parser->token) < 0)
		return litmus_unexpected(parser, "'P0', the first task");
	while (litmus_task_number(&parser->token) >= 0)
		if (!parse_task(parser))
			return false;
	return litmus_check_tasks(parser) && litmus_check_uffds(parser) &&
	       litmus_check_kinds(parser) && litmus_observe_tasks(parser);
}

static bool parse_test(struct litmus_parser *parser)
{
	if (!litmus_check_text(&parser->source) || !parse_title(parser) ||
	    !litmus_parse_state(parser) || !parse_tasks(parser) ||
	    !litmus_parse_locations(parser) || !litmus_parse_condition(parser) ||
	    !litmus_parse_expectations(parser))
		return false;
	if (!litmus_at(parser, LITMUS_TOKEN_END))
		return litmus_unexpected(parser, "'expect' or the end of the test");
	return litmus_begin_item(parser, &parser->layout->end) && litmus_make_members(parser);
}

/* The layout, with the arena that holds it and everything else, and in it the test. */
static struct litmus_test *new_test(const char *file)
{
	struct litmus_arena arena = {0};
	struct litmus_layout *layout = litmus_arena_alloc(&arena, sizeof(*layout));
	struct litmus_test *test = litmus_arena_alloc(&arena, sizeof(*test));
	char *name = litmus_arena_string(&arena, file, strlen(file));

	if (!layout || !test || !name) {
		litmus_arena_free(&arena);
		return NULL;
	}
	layout->arena = arena;
	test->private = layout;
	test->file = name;
	test->nr_hugepages = -1;
	return test;
}

struct litmus_test *litmus_parse(const char *file, const char *text, size_t length, char *err,
				 size_t err_size)
{
	struct litmus_parser parser = {
		.source = {file, text, length, err, err_size},
		.test = new_test(file),
	};

	if (!parser.test) {
		litmus_fail_memory(&parser.source);
		return NULL;
	}
	parser.layout = litmus_layout(parser.test);
	parser.arena = &parser.layout->arena;
	litmus_lexer_init(&parser.lexer, &parser.source, parser.arena);
	if (parse_test(&parser))
		return parser.test;
	litmus_free(parser.test);
	return NULL;
}

void litmus_free(struct litmus_test *test)
{
	struct litmus_arena arena;

	if (!test)
		return;
	arena = litmus_layout(test)->arena; /* which holds this very struct */
	litmus_arena_free(&arena);
}
