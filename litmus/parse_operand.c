/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_operand.c - what stands between the parentheses of an operation */
#include "litmus/parse.h"

#include <limits.h>
#include <string.h>

/* Of a set with more than these, `expected` names only one. */
#define MANY_FLAGS 4

struct litmus_task *litmus_this_task(const struct litmus_parser *parser)
{
	return &parser->test->tasks[parser->task];
}

static bool is_parameter(const struct litmus_parser *parser, int var)
{
	const struct litmus_task_layout *layout = &parser->layout->tasks[parser->task];

	for (int i = 0; i < layout->nr_parameters; i++)
		if (layout->parameters[i] == var)
			return true;
	return false;
}

/* A name that is no variable stands where one is needed. */
static bool fail_var(const struct litmus_parser *parser, const struct litmus_token *token)
{
	const struct litmus_task_layout *layout = &parser->layout->tasks[parser->task];
	struct litmus_nearest nearest = {.token = token};
	const char *is = NULL;

	if (litmus_find_register(litmus_this_task(parser), token) >= 0)
		is = "register";
	if (litmus_find_completion(parser->test, token) >= 0)
		is = "completion";
	if (litmus_find_uffd(parser->test, token) >= 0)
		is = "userfaultfd";
	if (is)
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is a %s, expected a variable", (int)token->length,
				   token->text, is);
	for (int i = 0; i < layout->nr_parameters; i++)
		litmus_try_name(&nearest, parser->test->vars[layout->parameters[i]].name);
	return litmus_unknown(parser, &nearest, "variable", "a parameter of this task");
}

/* The variable that a token names, which has to be a parameter of the task. */
bool litmus_resolve_var(const struct litmus_parser *parser, const struct litmus_token *token,
			int *var)
{
	int found = litmus_find_var(parser->test, token);

	if (found < 0)
		return fail_var(parser, token);
	if (!is_parameter(parser, found))
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is no parameter of P%d, expected 'int *%.*s' among them",
				   (int)token->length, token->text, parser->task,
				   (int)token->length, token->text);
	*var = found;
	return true;
}

bool litmus_parse_var(struct litmus_parser *parser, int *var)
{
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "a variable");
	return litmus_resolve_var(parser, &parser->token, var) && litmus_next(parser);
}

static const struct litmus_object *object_of(const struct litmus_parser *parser, int var)
{
	return &parser->test->objects[parser->test->vars[var].object];
}

bool litmus_parse_page(struct litmus_parser *parser, struct litmus_addr *addr)
{
	return litmus_index(parser, parser->test->vars[addr->var].name,
			    object_of(parser, addr->var)->nr_pages, &addr->page);
}

/* "+ 1" */
static bool parse_offset(struct litmus_parser *parser, struct litmus_addr *addr)
{
	int nr_pages = object_of(parser, addr->var)->nr_pages;
	struct litmus_pos pos;
	int64_t page;

	if (!litmus_next(parser))
		return false;
	pos = parser->token.pos;
	if (!litmus_number(parser, 0, INT_MAX, "a number of pages", &page))
		return false;
	if (page >= nr_pages)
		return litmus_fail(&parser->source, pos,
				   "%s has %d page%s, expected an offset from 0 to %d",
				   parser->test->vars[addr->var].name, nr_pages,
				   nr_pages == 1 ? "" : "s", nr_pages - 1);
	addr->page = (int)page;
	return true;
}

/* "x", "x + 1" or "&x[1]" */
static bool parse_addr(struct litmus_parser *parser, struct litmus_addr *addr)
{
	if (litmus_at(parser, '&'))
		return litmus_next(parser) && litmus_parse_var(parser, &addr->var) &&
		       litmus_parse_page(parser, addr);
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "an address such as 'x', 'x + 1' or '&x[1]'");
	if (!litmus_parse_var(parser, &addr->var))
		return false;
	if (litmus_at(parser, '['))
		return litmus_unexpected(parser,
					 "an address: '&' before the variable, or '+' here");
	if (litmus_at(parser, '+'))
		return parse_offset(parser, addr);
	return true;
}

/* An address that must be that of a page. */
static bool parse_page_addr(struct litmus_parser *parser, struct litmus_addr *addr)
{
	struct litmus_pos pos = parser->token.pos;
	const struct litmus_var *var;

	if (!parse_addr(parser, addr))
		return false;
	var = &parser->test->vars[addr->var];
	if (var->word)
		return litmus_fail(
			&parser->source, pos,
			"'%s' is not at the beginning of its page, expected '%s'", var->name,
			parser->test->vars[object_of(parser, addr->var)->first_var].name);
	return true;
}

static bool takes_length(enum litmus_opcode code)
{
	return strchr(litmus_op_info(code)->operands, LITMUS_OPERAND_PAGES);
}

static int pages_from(const struct litmus_parser *parser, const struct litmus_addr *addr)
{
	return object_of(parser, addr->var)->nr_pages - addr->page;
}

/*
 * A number of pages, which may be left out. Where other operands follow it, a number without a
 * comma behind it is not this one but a set of flags that is 0.
 */
static bool parse_pages(struct litmus_parser *parser, struct litmus_op *op, bool last)
{
	struct litmus_lexer lexer = parser->lexer;
	struct litmus_token comma = parser->token;
	int64_t pages;

	if (!litmus_at(parser, ','))
		return true;
	if (!litmus_next(parser))
		return false;
	if (!last && !litmus_at(parser, LITMUS_TOKEN_NUMBER))
		goto none;
	if (last || !litmus_token_is(&parser->token, "0")) {
		if (!litmus_number(parser, 1, pages_from(parser, &op->addr), "a number of pages",
				   &pages))
			return false;
		op->nr_pages = (int)pages;
		return true;
	}
none:
	parser->lexer = lexer;
	parser->token = comma;
	return true;
}

/* The value of a name in a set, or -1. */
static int64_t find_flag(const struct litmus_flag_set *set, const struct litmus_token *token)
{
	if (set->none && litmus_token_is(token, set->none))
		return 0;
	for (int i = 0; i < set->nr_flags; i++)
		if (litmus_token_is(token, set->flags[i].name))
			return set->flags[i].value;
	return -1;
}

/* A name that is like none of so many that a message doesn't name them all otherwise. */
static bool fail_list(const struct litmus_parser *parser, const struct litmus_flag_set *set)
{
	char list[384];
	struct litmus_sink sink = litmus_buffer(list, sizeof(list));

	if (set->none)
		litmus_put(&sink, "%s, ", set->none);
	for (int i = 0; i < set->nr_flags; i++)
		litmus_put(&sink, "%s%s",
			   i == 0                   ? ""
			   : i == set->nr_flags - 1 ? " or "
						    : ", ",
			   set->flags[i].name);
	return litmus_fail(&parser->source, parser->token.pos,
			   "no flag is called '%.*s', expected one of %s",
			   (int)parser->token.length, parser->token.text, list);
}

static bool parse_flag(struct litmus_parser *parser, const struct litmus_flag_set *set,
		       unsigned *flags)
{
	struct litmus_nearest nearest = {.token = &parser->token};
	int64_t value = find_flag(set, &parser->token);

	if (value < 0 && !litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, set->expected);
	if (value < 0) {
		if (set->none)
			litmus_try_name(&nearest, set->none);
		for (int i = 0; i < set->nr_flags; i++)
			litmus_try_name(&nearest, set->flags[i].name);
		if (!nearest.name && set->nr_flags > MANY_FLAGS)
			return fail_list(parser, set);
		return litmus_unknown(parser, &nearest, "flag", set->expected);
	}
	if (*flags && (!value || *flags & (unsigned)value))
		return litmus_unexpected(parser, "another flag");
	*flags |= (unsigned)value;
	return litmus_next(parser);
}

/* Names from the set of an operand, joined with | where that is possible. */
static bool parse_flags(struct litmus_parser *parser, enum litmus_opcode code,
			enum litmus_operand operand, unsigned *flags)
{
	const struct litmus_flag_set *set = litmus_flag_set(code, operand);

	*flags = 0;
	if (!parse_flag(parser, set, flags))
		return false;
	while (set->joined && *flags && litmus_at(parser, '|'))
		if (!litmus_next(parser) || !parse_flag(parser, set, flags))
			return false;
	return true;
}

/* A name that is no register stands where one is needed. */
static bool fail_register(const struct litmus_parser *parser, const struct litmus_token *token,
			  enum litmus_register_type type)
{
	const struct litmus_task *task = litmus_this_task(parser);
	struct litmus_nearest nearest = {.token = token};

	if (litmus_find_var(parser->test, token) >= 0)
		return litmus_fail(&parser->source, token->pos, "'%.*s' is an address, expected %s",
				   (int)token->length, token->text,
				   type == LITMUS_INT ? "a number or a register" : "a register");
	for (int i = 0; i < task->nr_registers; i++)
		if (task->registers[i].type == type)
			litmus_try_name(&nearest, task->registers[i].name);
	return litmus_unknown(parser, &nearest, "register",
			      type == LITMUS_INT ? "one that was assigned before"
						 : "one that holds pages");
}

/* The register that a token names; it has to have this type. */
bool litmus_resolve_register(const struct litmus_parser *parser, const struct litmus_token *token,
			     enum litmus_register_type type, int *reg)
{
	int found = litmus_find_register(litmus_this_task(parser), token);

	if (found < 0)
		return fail_register(parser, token, type);
	if (litmus_this_task(parser)->registers[found].type != type)
		return litmus_fail(&parser->source, token->pos, "'%.*s' is %s, expected %s",
				   (int)token->length, token->text,
				   type == LITMUS_INT ? "a handle" : "an int",
				   type == LITMUS_INT ? "an int" : "a handle");
	*reg = found;
	return true;
}

static bool parse_handle(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_token token = parser->token;
	enum litmus_opcode taken_by, release;

	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "a register that holds pages");
	if (!litmus_resolve_register(parser, &token, LITMUS_HANDLE, &op->handle))
		return false;
	taken_by = parser->taken_by[op->handle];
	release = litmus_release_of(taken_by);
	if ((op->code == LITMUS_PUT_PAGE || op->code == LITMUS_UNPIN_USER_PAGE ||
	     op->code == LITMUS_BIO_RELEASE_PAGES) &&
	    op->code != release)
		return litmus_fail(&parser->source, op->pos,
				   "'%.*s' comes from %s(), expected %s()", (int)token.length,
				   token.text, litmus_op_info(taken_by)->name,
				   litmus_op_info(release)->name);
	return litmus_next(parser);
}

/* "r" or "r[1]" */
static bool parse_handle_page(struct litmus_parser *parser, struct litmus_op *op)
{
	const struct litmus_register *reg;

	if (!parse_handle(parser, op))
		return false;
	if (!litmus_at(parser, '['))
		return true;
	reg = &litmus_this_task(parser)->registers[op->handle];
	return litmus_index(parser, reg->name, reg->handle_pages, &op->handle_page);
}

/* A constant or an int register. */
bool litmus_parse_value(struct litmus_parser *parser, struct litmus_value *value)
{
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_number(parser, INT_MIN, INT_MAX, "an int", &value->constant);
	value->is_register = true;
	return litmus_resolve_register(parser, &parser->token, LITMUS_INT, &value->reg) &&
	       litmus_next(parser);
}

static bool parse_task_name(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_task_use *use = &parser->task_uses[parser->nr_task_uses];

	op->task = litmus_task_number(&parser->token);
	if (op->task < 0)
		return litmus_unexpected(parser, "a task such as 'P1'");
	*use = (struct litmus_task_use){
		.pos = parser->token.pos,
		.code = op->code,
		.user = parser->task,
		.index = parser->nr_ops,
		.task = op->task,
	};
	parser->nr_task_uses++;
	return litmus_next(parser);
}

static bool parse_completion(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_nearest nearest = {.token = &parser->token};

	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "a completion");
	op->completion = litmus_find_completion(parser->test, &parser->token);
	if (op->completion >= 0)
		return litmus_next(parser);
	for (int i = 0; i < parser->test->nr_completions; i++)
		litmus_try_name(&nearest, parser->test->completions[i]);
	return litmus_unknown(parser, &nearest, "completion", "one of the initial state");
}

/* A name of a userfaultfd: using it declares it. */
static bool parse_uffd_name(struct litmus_parser *parser, int *uffd)
{
	struct litmus_test *test = parser->test;
	const struct litmus_token *token = &parser->token;

	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "the name of a userfaultfd");
	*uffd = litmus_find_uffd(test, token);
	if (*uffd >= 0)
		return litmus_next(parser);
	if (!litmus_check_new_name(parser, token))
		return false;
	for (int i = 0; i < test->nr_tasks; i++)
		if (litmus_find_register(&test->tasks[i], token) >= 0)
			return litmus_fail(&parser->source, token->pos,
					   "'%.*s' is a register of P%d already, expected another "
					   "name",
					   (int)token->length, token->text, i);
	if (test->nr_uffds == LITMUS_MAX_UFFDS)
		return litmus_fail(&parser->source, token->pos,
				   "one userfaultfd too many, expected at most %d",
				   LITMUS_MAX_UFFDS);
	*uffd = test->nr_uffds;
	parser->uffd_uses[*uffd] = (struct litmus_uffd_use){.pos = token->pos};
	test->uffds[*uffd] = litmus_token_string(parser, token);
	if (!test->uffds[*uffd])
		return false;
	test->nr_uffds++;
	return litmus_next(parser);
}

/* The operation at `pos` opens it: userfaultfd() does once, read() for as often as it may. */
static bool open_uffd(struct litmus_parser *parser, enum litmus_opcode code, struct litmus_pos pos,
		      int uffd)
{
	struct litmus_uffd_use *use = &parser->uffd_uses[uffd];

	if (use->opened.line && (code != LITMUS_READ || use->opened_by != LITMUS_READ))
		return litmus_fail(&parser->source, pos,
				   "line %d opens '%s' already, expected another name",
				   use->opened.line, parser->test->uffds[uffd]);
	use->opened = pos;
	use->opened_by = code;
	return true;
}

static bool parse_uffd(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_pos pos = parser->token.pos;

	if (!parse_uffd_name(parser, &op->uffd))
		return false;
	return op->code != LITMUS_USERFAULTFD || open_uffd(parser, op->code, pos, op->uffd);
}

/* ", v" where there is one: the userfaultfd that UFFD_EVENT_FORK brings */
static bool parse_uffd2(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_pos pos;

	if (!litmus_at(parser, ','))
		return true;
	if (!litmus_next(parser))
		return false;
	pos = parser->token.pos;
	if (!parse_uffd_name(parser, &op->uffd2))
		return false;
	if (op->uffd2 == op->uffd)
		return litmus_fail(&parser->source, pos,
				   "'%s' is what is read, expected another userfaultfd",
				   parser->test->uffds[op->uffd]);
	return open_uffd(parser, op->code, pos, op->uffd2);
}

/* mremap(): the place that the mapping moves to needs as many pages. */
static bool parse_to(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_pos pos = parser->token.pos;

	if (!parse_page_addr(parser, &op->to))
		return false;
	if (pages_from(parser, &op->to) < op->nr_pages)
		return litmus_fail(&parser->source, pos,
				   "%d page%s left here, expected a place for the %d that move",
				   pages_from(parser, &op->to),
				   pages_from(parser, &op->to) == 1 ? "" : "s", op->nr_pages);
	return true;
}

static bool parse_operand(struct litmus_parser *parser, struct litmus_op *op,
			  enum litmus_operand operand)
{
	switch (operand) {
	case LITMUS_OPERAND_ADDR:
		return parse_addr(parser, &op->addr);
	case LITMUS_OPERAND_RANGE:
		if (!parse_page_addr(parser, &op->addr))
			return false;
		op->nr_pages = takes_length(op->code) ? pages_from(parser, &op->addr) : 1;
		return true;
	case LITMUS_OPERAND_TO:
		return parse_to(parser, op);
	case LITMUS_OPERAND_MAP:
		return parse_flags(parser, op->code, operand, &op->map);
	case LITMUS_OPERAND_PROT:
	case LITMUS_OPERAND_ADVICE:
	case LITMUS_OPERAND_FOLL:
	case LITMUS_OPERAND_WRITE:
	case LITMUS_OPERAND_FEATURES:
	case LITMUS_OPERAND_REGISTER:
	case LITMUS_OPERAND_MODE:
		return parse_flags(parser, op->code, operand, &op->flags);
	case LITMUS_OPERAND_HANDLE:
		return parse_handle(parser, op);
	case LITMUS_OPERAND_PAGE:
		return parse_handle_page(parser, op);
	case LITMUS_OPERAND_VALUE:
		return litmus_parse_value(parser, &op->value);
	case LITMUS_OPERAND_TASK:
		return parse_task_name(parser, op);
	case LITMUS_OPERAND_COMPLETION:
		return parse_completion(parser, op);
	case LITMUS_OPERAND_UFFD:
		return parse_uffd(parser, op);
	case LITMUS_OPERAND_PAGES:
	case LITMUS_OPERAND_UFFD2:
		break; /* may be left out: litmus_parse_operands() */
	}
	return false;
}

/* "(x, FOLL_WRITE)" */
bool litmus_parse_operands(struct litmus_parser *parser, struct litmus_op *op)
{
	const struct litmus_op_info *info = litmus_op_info(op->code);

	op->nr_pages = info->makes_handle ? 1 : 0;
	if (!litmus_expect(parser, '(', "'('"))
		return false;
	for (const char *operand = info->operands; *operand; operand++) {
		bool first = operand == info->operands;

		if (*operand == LITMUS_OPERAND_PAGES) {
			if (!parse_pages(parser, op, !operand[1]))
				return false;
			continue;
		}
		if (*operand == LITMUS_OPERAND_UFFD2) {
			if (!parse_uffd2(parser, op))
				return false;
			continue;
		}
		if (!first && !litmus_expect(parser, ',', "','"))
			return false;
		if (!parse_operand(parser, op, (enum litmus_operand) * operand))
			return false;
	}
	return litmus_expect(parser, ')', "')'");
}
