/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_op.c - one operation as it is written */
#include "litmus/layout.h"
#include "litmus/ops.h"
#include "litmus/print.h"

#include <stdarg.h>

void litmus_put(struct litmus_sink *sink, const char *format, ...)
{
	size_t used = sink->used < sink->size ? sink->used : sink->size;
	va_list args;
	int length;

	va_start(args, format);
	if (sink->file)
		length = vfprintf(sink->file, format, args);
	else
		length = vsnprintf(sink->buf + used, sink->size - used, format, args);
	va_end(args);
	if (length > 0)
		sink->used += (size_t)length;
}

struct litmus_sink litmus_buffer(char *buf, size_t size)
{
	if (size)
		buf[0] = '\0';
	return (struct litmus_sink){.buf = buf, .size = size};
}

static const char *register_name(const struct litmus_test *test, int task, int reg)
{
	return test->tasks[task].registers[reg].name;
}

static const char *var_name(const struct litmus_test *test, const struct litmus_addr *addr)
{
	return test->vars[addr->var].name;
}

/* An address as an operand. */
static void put_addr(struct litmus_sink *sink, const struct litmus_test *test,
		     const struct litmus_addr *addr)
{
	if (addr->page)
		litmus_put(sink, "%s + %d", var_name(test, addr), addr->page);
	else
		litmus_put(sink, "%s", var_name(test, addr));
}

/* The int at an address; where there are several pages, the first has its number too. */
static void put_int(struct litmus_sink *sink, const struct litmus_test *test,
		    const struct litmus_addr *addr)
{
	if (test->objects[test->vars[addr->var].object].nr_pages > 1)
		litmus_put(sink, "%s[%d]", var_name(test, addr), addr->page);
	else
		litmus_put(sink, "*%s", var_name(test, addr));
}

static void put_operand_value(struct litmus_sink *sink, const struct litmus_test *test, int task,
			      const struct litmus_value *value)
{
	if (value->is_register)
		litmus_put(sink, "%s", register_name(test, task, value->reg));
	else
		litmus_put(sink, "%lld", (long long)value->constant);
}

static void put_flags(struct litmus_sink *sink, enum litmus_opcode code,
		      enum litmus_operand operand, unsigned flags)
{
	const struct litmus_flag_set *set = litmus_flag_set(code, operand);
	bool any = false;

	for (int i = 0; i < set->nr_flags; i++) {
		const struct litmus_flag *flag = &set->flags[i];

		if (set->joined ? flags & flag->value : flags == flag->value) {
			litmus_put(sink, "%s%s", any ? " | " : "", flag->name);
			any = true;
		}
	}
	if (!any)
		litmus_put(sink, "%s", set->none);
}

/* One page of a handle. */
static void put_handle_page(struct litmus_sink *sink, const struct litmus_test *test, int task,
			    const struct litmus_op *op)
{
	litmus_put(sink, "%s", register_name(test, task, op->handle));
	if (test->tasks[task].registers[op->handle].handle_pages > 1)
		litmus_put(sink, "[%d]", op->handle_page);
}

static void put_operand(struct litmus_sink *sink, const struct litmus_test *test, int task,
			const struct litmus_op *op, enum litmus_operand operand)
{
	switch (operand) {
	case LITMUS_OPERAND_ADDR:
	case LITMUS_OPERAND_RANGE:
		put_addr(sink, test, &op->addr);
		break;
	case LITMUS_OPERAND_PAGES:
		litmus_put(sink, "%d", op->nr_pages);
		break;
	case LITMUS_OPERAND_TO:
		put_addr(sink, test, &op->to);
		break;
	case LITMUS_OPERAND_MAP:
		put_flags(sink, op->code, operand, op->map);
		break;
	case LITMUS_OPERAND_PROT:
	case LITMUS_OPERAND_ADVICE:
	case LITMUS_OPERAND_FOLL:
	case LITMUS_OPERAND_WRITE:
	case LITMUS_OPERAND_FEATURES:
	case LITMUS_OPERAND_REGISTER:
	case LITMUS_OPERAND_MODE:
		put_flags(sink, op->code, operand, op->flags);
		break;
	case LITMUS_OPERAND_HANDLE:
		litmus_put(sink, "%s", register_name(test, task, op->handle));
		break;
	case LITMUS_OPERAND_PAGE:
		put_handle_page(sink, test, task, op);
		break;
	case LITMUS_OPERAND_VALUE:
		put_operand_value(sink, test, task, &op->value);
		break;
	case LITMUS_OPERAND_TASK:
		litmus_put(sink, "P%d", op->task);
		break;
	case LITMUS_OPERAND_COMPLETION:
		litmus_put(sink, "%s", test->completions[op->completion]);
		break;
	case LITMUS_OPERAND_UFFD:
		litmus_put(sink, "%s", test->uffds[op->uffd]);
		break;
	case LITMUS_OPERAND_UFFD2:
		litmus_put(sink, "%s", test->uffds[op->uffd2]);
		break;
	}
}

/* Does the operation mean as many pages as it would without a number? */
static bool is_default_length(const struct litmus_test *test, const struct litmus_op *op)
{
	int object = test->vars[op->addr.var].object;

	if (litmus_op_info(op->code)->makes_handle)
		return op->nr_pages == 1;
	return op->nr_pages == test->objects[object].nr_pages - op->addr.page;
}

static bool is_left_out(const struct litmus_test *test, const struct litmus_op *op,
			enum litmus_operand operand)
{
	if (operand == LITMUS_OPERAND_PAGES)
		return is_default_length(test, op);
	return operand == LITMUS_OPERAND_UFFD2 && op->uffd2 < 0;
}

static void put_call(struct litmus_sink *sink, const struct litmus_test *test, int task,
		     const struct litmus_op *op)
{
	const struct litmus_op_info *info = litmus_op_info(op->code);
	const char *separator = "";

	litmus_put(sink, "%s(", info->name);
	for (const char *letter = info->operands; *letter; letter++) {
		enum litmus_operand operand = (enum litmus_operand) * letter;

		if (is_left_out(test, op, operand))
			continue;
		litmus_put(sink, "%s", separator);
		put_operand(sink, test, task, op, operand);
		separator = ", ";
	}
	litmus_put(sink, ")");
}

void litmus_put_op(struct litmus_sink *sink, const struct litmus_test *test, int task,
		   const struct litmus_op *op)
{
	if (op->dest >= 0)
		litmus_put(sink, "%s = ", register_name(test, task, op->dest));
	switch (op->code) {
	case LITMUS_STORE:
		put_int(sink, test, &op->addr);
		litmus_put(sink, " = ");
		put_operand_value(sink, test, task, &op->value);
		break;
	case LITMUS_LOAD:
		put_int(sink, test, &op->addr);
		break;
	case LITMUS_MOVE:
		put_operand_value(sink, test, task, &op->value);
		break;
	default:
		put_call(sink, test, task, op);
		break;
	}
	litmus_put(sink, ";");
}

char *litmus_op_text(const struct litmus_test *test, int task, const struct litmus_op *op,
		     char *buf, size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	litmus_put_op(&sink, test, task, op);
	return buf;
}
