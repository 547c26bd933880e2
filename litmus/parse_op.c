/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_op.c - statements */
#include "litmus/parse.h"

#include <limits.h>
#include <string.h>

static struct litmus_task *this_task(const struct litmus_parser *parser)
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

	if (litmus_find_register(this_task(parser), token) >= 0)
		is = "register";
	if (litmus_find_completion(parser->test, token) >= 0)
		is = "completion";
	if (is)
		return litmus_fail(&parser->source, token->pos,
				   "'%.*s' is a %s, expected a variable", (int)token->length,
				   token->text, is);
	for (int i = 0; i < layout->nr_parameters; i++)
		litmus_try_name(&nearest, parser->test->vars[layout->parameters[i]].name);
	return litmus_unknown(parser, &nearest, "variable", "a parameter of this task");
}

/* The variable that a token names, which has to be a parameter of the task. */
static bool resolve_var(const struct litmus_parser *parser, const struct litmus_token *token,
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

static bool parse_var(struct litmus_parser *parser, int *var)
{
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "a variable");
	return resolve_var(parser, &parser->token, var) && litmus_next(parser);
}

static const struct litmus_object *object_of(const struct litmus_parser *parser, int var)
{
	return &parser->test->objects[parser->test->vars[var].object];
}

static bool parse_page(struct litmus_parser *parser, struct litmus_addr *addr)
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
		return litmus_next(parser) && parse_var(parser, &addr->var) &&
		       parse_page(parser, addr);
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "an address such as 'x', 'x + 1' or '&x[1]'");
	if (!parse_var(parser, &addr->var))
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

static int pages_from(const struct litmus_parser *parser, const struct litmus_addr *addr)
{
	return object_of(parser, addr->var)->nr_pages - addr->page;
}

/*
 * A number of pages, which may be left out. Where other operands follow it, a number without a
 * comma behind it is not this one but a FOLL_ operand that is 0.
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
		return litmus_unknown(parser, &nearest, "flag", set->expected);
	}
	if (*flags && (!value || *flags & (unsigned)value))
		return litmus_unexpected(parser, "another flag");
	*flags |= (unsigned)value;
	return litmus_next(parser);
}

/* Names from the set of an operand, joined with | where that is possible. */
static bool parse_flags(struct litmus_parser *parser, enum litmus_operand operand, unsigned *flags)
{
	const struct litmus_flag_set *set = litmus_flag_set(operand);

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
	const struct litmus_task *task = this_task(parser);
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
static bool resolve_register(const struct litmus_parser *parser, const struct litmus_token *token,
			     enum litmus_register_type type, int *reg)
{
	int found = litmus_find_register(this_task(parser), token);

	if (found < 0)
		return fail_register(parser, token, type);
	if (this_task(parser)->registers[found].type != type)
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
	if (!resolve_register(parser, &token, LITMUS_HANDLE, &op->handle))
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
	reg = &this_task(parser)->registers[op->handle];
	return litmus_index(parser, reg->name, reg->handle_pages, &op->handle_page);
}

/* A constant or an int register. */
static bool parse_value(struct litmus_parser *parser, struct litmus_value *value)
{
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_number(parser, INT_MIN, INT_MAX, "an int", &value->constant);
	value->is_register = true;
	return resolve_register(parser, &parser->token, LITMUS_INT, &value->reg) &&
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
		op->nr_pages = pages_from(parser, &op->addr);
		return true;
	case LITMUS_OPERAND_TO:
		return parse_to(parser, op);
	case LITMUS_OPERAND_MAP:
		return parse_flags(parser, operand, &op->map);
	case LITMUS_OPERAND_PROT:
	case LITMUS_OPERAND_ADVICE:
	case LITMUS_OPERAND_FOLL:
	case LITMUS_OPERAND_WRITE:
		return parse_flags(parser, operand, &op->flags);
	case LITMUS_OPERAND_HANDLE:
		return parse_handle(parser, op);
	case LITMUS_OPERAND_PAGE:
		return parse_handle_page(parser, op);
	case LITMUS_OPERAND_VALUE:
		return parse_value(parser, &op->value);
	case LITMUS_OPERAND_TASK:
		return parse_task_name(parser, op);
	default:
		return parse_completion(parser, op);
	}
}

/* "(x, FOLL_WRITE)" */
static bool parse_operands(struct litmus_parser *parser, struct litmus_op *op)
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
		if (!first && !litmus_expect(parser, ',', "','"))
			return false;
		if (!parse_operand(parser, op, (enum litmus_operand) * operand))
			return false;
	}
	return litmus_expect(parser, ')', "')'");
}

/* An operation's name has been read, the token is the parenthesis after it. */
static bool parse_call(struct litmus_parser *parser, struct litmus_op *op,
		       const struct litmus_token *name, bool assigned)
{
	struct litmus_nearest nearest = {.token = name};
	int code = litmus_opcode(name->text, name->length);
	const struct litmus_op_info *info;

	if (code < 0) {
		for (int i = 0; i < LITMUS_NR_OPCODES; i++)
			if (litmus_op_info(i)->operands)
				litmus_try_name(&nearest, litmus_op_info(i)->name);
		return litmus_unknown(parser, &nearest, "operation", "one of cowherd-litmus(5)");
	}
	op->code = (enum litmus_opcode)code;
	info = litmus_op_info(op->code);
	if (assigned && !info->has_result)
		return litmus_fail(&parser->source, name->pos,
				   "%s() has no result, expected it without 'r ='", info->name);
	if (!assigned && info->needs_result)
		return litmus_fail(&parser->source, name->pos,
				   "the result of %s() is not used, expected 'r = %s(...)'",
				   info->name, info->name);
	return parse_operands(parser, op);
}

/* What stands to the right of "r =". */
static bool parse_right(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_token name = parser->token;

	if (litmus_at(parser, '*')) {
		op->code = LITMUS_LOAD;
		return litmus_next(parser) && parse_var(parser, &op->addr.var);
	}
	if (litmus_at(parser, LITMUS_TOKEN_NUMBER) || litmus_at(parser, '-')) {
		op->code = LITMUS_MOVE;
		return parse_value(parser, &op->value);
	}
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "'*x', 'x[1]', a value or an operation");
	if (!litmus_next(parser))
		return false;
	if (litmus_at(parser, '('))
		return parse_call(parser, op, &name, true);
	if (litmus_at(parser, '[')) {
		op->code = LITMUS_LOAD;
		return resolve_var(parser, &name, &op->addr.var) && parse_page(parser, &op->addr);
	}
	if (litmus_find_var(parser->test, &name) >= 0)
		return litmus_fail(&parser->source, name.pos,
				   "'%.*s' is an address, expected '*%.*s' or '%.*s[...]'",
				   (int)name.length, name.text, (int)name.length, name.text,
				   (int)name.length, name.text);
	op->code = LITMUS_MOVE;
	op->value.is_register = true;
	return resolve_register(parser, &name, LITMUS_INT, &op->value.reg);
}

/* Make the register that takes the result, or find it; a handle takes one result only. */
static bool assign_register(struct litmus_parser *parser, struct litmus_op *op,
			    const struct litmus_token *name)
{
	struct litmus_task *task = this_task(parser);
	bool handle = litmus_op_info(op->code)->makes_handle;
	struct litmus_register *reg;

	op->dest = litmus_find_register(task, name);
	if (op->dest >= 0) {
		if (!handle && task->registers[op->dest].type == LITMUS_INT)
			return true;
		return litmus_fail(&parser->source, name->pos,
				   "'%.*s' is %s already, expected a register not used before",
				   (int)name->length, name->text,
				   task->registers[op->dest].type == LITMUS_INT ? "an int"
										: "a handle");
	}
	if (!litmus_check_new_name(parser, name))
		return false;
	if (task->nr_registers == LITMUS_MAX_REGISTERS)
		return litmus_fail(&parser->source, name->pos,
				   "one register too many, expected at most %d in a task",
				   LITMUS_MAX_REGISTERS);
	op->dest = task->nr_registers++;
	reg = &task->registers[op->dest];
	reg->name = litmus_arena_string(parser->arena, name->text, name->length);
	if (!reg->name)
		return litmus_fail_memory(&parser->source);
	reg->type = handle ? LITMUS_HANDLE : LITMUS_INT;
	reg->handle_pages = handle ? op->nr_pages : 0;
	parser->taken_by[op->dest] = op->code;
	return true;
}

/* "= value", the address is known */
static bool parse_store(struct litmus_parser *parser, struct litmus_op *op)
{
	op->code = LITMUS_STORE;
	return litmus_expect(parser, '=', "'='") && parse_value(parser, &op->value);
}

/* A statement that begins with a name. */
static bool parse_named(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_token name = parser->token;

	if (litmus_at_word(parser, "int"))
		return litmus_unexpected(parser, "a statement; registers need no declaration");
	if (!litmus_next(parser))
		return false;
	if (litmus_at(parser, '('))
		return parse_call(parser, op, &name, false);
	if (litmus_at(parser, '['))
		return resolve_var(parser, &name, &op->addr.var) && parse_page(parser, &op->addr) &&
		       parse_store(parser, op);
	if (!litmus_at(parser, '='))
		return litmus_unexpected(parser, "'=', '[' or '('");
	if (litmus_find_var(parser->test, &name) >= 0)
		return litmus_fail(&parser->source, name.pos,
				   "'%.*s' is an address, expected '*%.*s = ...'", (int)name.length,
				   name.text, (int)name.length, name.text);
	return litmus_next(parser) && parse_right(parser, op) && assign_register(parser, op, &name);
}

bool litmus_parse_op(struct litmus_parser *parser, struct litmus_op *op)
{
	bool good;

	*op = (struct litmus_op){
		.pos = parser->token.pos,
		.dest = -1,
		.handle = -1,
		.task = -1,
		.completion = -1,
	};
	if (litmus_at(parser, '*'))
		good = litmus_next(parser) && parse_var(parser, &op->addr.var) &&
		       parse_store(parser, op);
	else if (litmus_at(parser, LITMUS_TOKEN_NAME))
		good = parse_named(parser, op);
	else
		return litmus_unexpected(parser, "a statement or '}'");
	return good && litmus_expect(parser, ';', "';'");
}
