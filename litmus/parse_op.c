/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse_op.c - statements */
#include "litmus/parse.h"

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
	return litmus_parse_operands(parser, op);
}

/* What stands to the right of "r =". */
static bool parse_right(struct litmus_parser *parser, struct litmus_op *op)
{
	struct litmus_token name = parser->token;

	if (litmus_at(parser, '*')) {
		op->code = LITMUS_LOAD;
		return litmus_next(parser) && litmus_parse_var(parser, &op->addr.var);
	}
	if (litmus_at(parser, LITMUS_TOKEN_NUMBER) || litmus_at(parser, '-')) {
		op->code = LITMUS_MOVE;
		return litmus_parse_value(parser, &op->value);
	}
	if (!litmus_at(parser, LITMUS_TOKEN_NAME))
		return litmus_unexpected(parser, "'*x', 'x[1]', a value or an operation");
	if (!litmus_next(parser))
		return false;
	if (litmus_at(parser, '('))
		return parse_call(parser, op, &name, true);
	if (litmus_at(parser, '[')) {
		op->code = LITMUS_LOAD;
		return litmus_resolve_var(parser, &name, &op->addr.var) &&
		       litmus_parse_page(parser, &op->addr);
	}
	if (litmus_find_var(parser->test, &name) >= 0)
		return litmus_fail(&parser->source, name.pos,
				   "'%.*s' is an address, expected '*%.*s' or '%.*s[...]'",
				   (int)name.length, name.text, (int)name.length, name.text,
				   (int)name.length, name.text);
	op->code = LITMUS_MOVE;
	op->value.is_register = true;
	return litmus_resolve_register(parser, &name, LITMUS_INT, &op->value.reg);
}

/* Make the register that takes the result, or find it; a handle takes one result only. */
static bool assign_register(struct litmus_parser *parser, struct litmus_op *op,
			    const struct litmus_token *name)
{
	struct litmus_task *task = litmus_this_task(parser);
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
	return litmus_expect(parser, '=', "'='") && litmus_parse_value(parser, &op->value);
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
		return litmus_resolve_var(parser, &name, &op->addr.var) &&
		       litmus_parse_page(parser, &op->addr) && parse_store(parser, op);
	if (!litmus_at(parser, '='))
		return litmus_unexpected(parser, "'=', '[' or '('");
	if (litmus_find_var(parser->test, &name) >= 0)
		return litmus_fail(&parser->source, name.pos,
				   "'%.*s' is an address, expected '*%.*s = ...'", (int)name.length,
				   name.text, (int)name.length, name.text);
	return litmus_next(parser) && parse_right(parser, op) && assign_register(parser, op, &name);
}

/* What comes after the tasks, or the next one: the brace that ends this one is missing. */
static bool begins_part(const struct litmus_parser *parser)
{
	return litmus_at_word(parser, "exists") || litmus_at_word(parser, "forall") ||
	       litmus_at_word(parser, "locations") || litmus_at_word(parser, "expect") ||
	       litmus_task_number(&parser->token) >= 0;
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
		.uffd = -1,
		.uffd2 = -1,
	};
	if (begins_part(parser))
		return litmus_unexpected(parser, "a statement or '}'");
	if (litmus_at(parser, '*'))
		good = litmus_next(parser) && litmus_parse_var(parser, &op->addr.var) &&
		       parse_store(parser, op);
	else if (litmus_at(parser, LITMUS_TOKEN_NAME))
		good = parse_named(parser, op);
	else
		return litmus_unexpected(parser, "a statement or '}'");
	return good && litmus_expect(parser, ';', "';'");
}
