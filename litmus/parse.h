/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse.h - what the files of the parser share */
#ifndef LITMUS_PARSE_H
#define LITMUS_PARSE_H

#include "litmus/kind.h"
#include "litmus/layout.h"
#include "litmus/lexer.h"
#include "litmus/litmus.h"
#include "litmus/ops.h"

/* A task's name as an operand. Whether it suits is known when all tasks have been read. */
struct litmus_task_use {
	struct litmus_pos pos;
	enum litmus_opcode code;
	int user;
	int index; /* of the user's operation */
	int task;
};

/* Where the name of a userfaultfd stands first, and the last place where it is opened. */
struct litmus_uffd_use {
	struct litmus_pos pos;
	struct litmus_pos opened; /* line 0: nowhere */
	enum litmus_opcode opened_by;
};

struct litmus_parser {
	struct litmus_source source;
	struct litmus_lexer lexer;
	struct litmus_token token; /* the one to look at */
	size_t end;                /* of the token before it */
	int end_line;
	struct litmus_test *test;
	struct litmus_layout *layout;
	struct litmus_arena *arena;

	int task; /* being read */
	int nr_ops;
	struct litmus_op ops[LITMUS_MAX_OPS];
	struct litmus_item op_items[LITMUS_MAX_OPS];
	enum litmus_opcode taken_by[LITMUS_MAX_REGISTERS]; /* of handles */

	int nr_task_uses;
	struct litmus_task_use task_uses[LITMUS_MAX_TASKS * LITMUS_MAX_OPS];

	struct litmus_uffd_use uffd_uses[LITMUS_MAX_UFFDS];
	struct litmus_pos kinds_pos; /* where the alternatives of a family are first */

	int depth; /* of the proposition being read */
	int nr_terms;
};

/*
 * All functions below that return bool return false after an error, with the message written;
 * the caller returns at once.
 */

/* parse.c: tokens */

/* Go on to the next token. */
bool litmus_next(struct litmus_parser *parser);

bool litmus_at(const struct litmus_parser *parser, int kind);
bool litmus_at_word(const struct litmus_parser *parser, const char *word);

/* "unexpected 'x', expected ..." */
bool litmus_unexpected(const struct litmus_parser *parser, const char *expected);

/* Go past a token of this kind; it's an error if there is another. */
bool litmus_expect(struct litmus_parser *parser, int kind, const char *expected);

/* Read a number from low to high, a minus in front where low is negative. */
bool litmus_number(struct litmus_parser *parser, int64_t low, int64_t high, const char *what,
		   int64_t *value);

/* An index in brackets, below `limit`, for a name of which messages speak. */
bool litmus_index(struct litmus_parser *parser, const char *name, int limit, int *index);

/* Comments that stand before the token belong to the item. */
bool litmus_begin_item(struct litmus_parser *parser, struct litmus_item *item);

/* So do those inside of what has been read since, and those that follow on its last line. */
bool litmus_end_item(struct litmus_parser *parser, struct litmus_item *item);

/* The token's text as a string that lasts as long as the test. NULL after an error. */
char *litmus_token_string(struct litmus_parser *parser, const struct litmus_token *token);

/* name.c: names */

bool litmus_token_is(const struct litmus_token *token, const char *text);
int litmus_find_var(const struct litmus_test *test, const struct litmus_token *token);
int litmus_find_completion(const struct litmus_test *test, const struct litmus_token *token);
int litmus_find_uffd(const struct litmus_test *test, const struct litmus_token *token);
int litmus_find_register(const struct litmus_task *task, const struct litmus_token *token);

/* The number of a task's name such as P1, or -1 if the token is none. */
int litmus_task_number(const struct litmus_token *token);

/* Does the language use the name for something else? */
bool litmus_is_reserved(const struct litmus_token *token);

/* A name for a new variable, completion, userfaultfd or register: not taken, not reserved. */
bool litmus_check_new_name(const struct litmus_parser *parser, const struct litmus_token *token);

/* Of the names tried, the one most like the token's text, if any is like it at all. */
struct litmus_nearest {
	const struct litmus_token *token;
	const char *name;
	int distance;
};

void litmus_try_name(struct litmus_nearest *nearest, const char *name);

/* "no WHAT is called 'x', expected EXPECTED; did you mean 'y'?" Always false. */
bool litmus_unknown(const struct litmus_parser *parser, const struct litmus_nearest *nearest,
		    const char *what, const char *expected);

/* kind.c: kinds of memory */

bool litmus_at_kind(const struct litmus_parser *parser);
bool litmus_is_backing(const struct litmus_token *token);
void litmus_try_backings(struct litmus_nearest *nearest);

/* "anon | thp(pte, swapped)", LITMUS_MAX_KINDS at most */
bool litmus_parse_kinds(struct litmus_parser *parser, struct litmus_kind *kinds, int *nr);

/* parse_operand.c: operands */

/* The task that is being read. */
struct litmus_task *litmus_this_task(const struct litmus_parser *parser);

/* The variable that a token names, which has to be a parameter of the task. */
bool litmus_resolve_var(const struct litmus_parser *parser, const struct litmus_token *token,
			int *var);
bool litmus_parse_var(struct litmus_parser *parser, int *var);

/* "[1]" after the variable addr->var */
bool litmus_parse_page(struct litmus_parser *parser, struct litmus_addr *addr);

/* The register that a token names; it has to have this type. */
bool litmus_resolve_register(const struct litmus_parser *parser, const struct litmus_token *token,
			     enum litmus_register_type type, int *reg);

/* A constant or an int register. */
bool litmus_parse_value(struct litmus_parser *parser, struct litmus_value *value);

/* "(x, FOLL_WRITE)", as op->code needs them */
bool litmus_parse_operands(struct litmus_parser *parser, struct litmus_op *op);

/* The parts of a test */

/* parse_state.c */
bool litmus_parse_state(struct litmus_parser *parser);

/* parse_op.c */
bool litmus_parse_op(struct litmus_parser *parser, struct litmus_op *op);

/* parse_condition.c */
bool litmus_parse_locations(struct litmus_parser *parser);
bool litmus_parse_condition(struct litmus_parser *parser);

/* parse_expect.c */
bool litmus_parse_expectations(struct litmus_parser *parser);

/* check.c: who starts whom, and may the operations name the tasks that they name? */
bool litmus_check_tasks(struct litmus_parser *parser);

/* check.c: is each userfaultfd opened somewhere? */
bool litmus_check_uffds(const struct litmus_parser *parser);

/*
 * check_kind.c: do objects and operations suit the kinds of memory of the test, all of them if it
 * is a family? Finds out which objects unmapped ones are like.
 */
bool litmus_check_kinds(const struct litmus_parser *parser);

/* family.c: give what varies this kind */
void litmus_set_kind(struct litmus_test *test, struct litmus_kind kind);

/* family.c: once all else is known, where the test is a family */
bool litmus_make_members(struct litmus_parser *parser);

/* check.c: the observables that every test has */
bool litmus_observe_tasks(struct litmus_parser *parser);

/* check.c: the index of this observable, which is added if it is new; -1 after an error */
int litmus_observe(struct litmus_parser *parser, struct litmus_pos pos,
		   const struct litmus_observable *observable);

#endif
