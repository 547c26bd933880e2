/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prop.c - propositions: their text, how deep it nests, and whether one holds in an outcome */
#include "litmus/print.h"

static bool is_binary(const struct litmus_prop *prop)
{
	return prop->kind == LITMUS_PROP_AND || prop->kind == LITMUS_PROP_OR;
}

/* Is this operand of `prop` written without parentheses? Without them it must read the same. */
static bool is_bare(const struct litmus_prop *prop, const struct litmus_prop *operand)
{
	if (prop->kind == LITMUS_PROP_NOT)
		return operand->kind == LITMUS_PROP_NOT || operand->kind == LITMUS_PROP_TRUE;
	return !is_binary(operand) || (operand == prop->left && operand->kind == prop->kind);
}

static void put_inner(struct litmus_sink *sink, const struct litmus_test *test,
		      const struct litmus_prop *prop);

static void put_operand(struct litmus_sink *sink, const struct litmus_test *test,
			const struct litmus_prop *prop, const struct litmus_prop *operand)
{
	if (is_bare(prop, operand))
		put_inner(sink, test, operand);
	else
		litmus_put_prop(sink, test, operand);
}

static void put_inner(struct litmus_sink *sink, const struct litmus_test *test,
		      const struct litmus_prop *prop)
{
	switch (prop->kind) {
	case LITMUS_PROP_TRUE:
		litmus_put(sink, "true");
		break;
	case LITMUS_PROP_EQUAL:
	case LITMUS_PROP_DIFFER:
		litmus_put_observable(sink, test, prop->observable);
		litmus_put(sink, prop->kind == LITMUS_PROP_EQUAL ? "=" : "!=");
		litmus_put_value(sink, prop->value);
		break;
	case LITMUS_PROP_NOT:
		litmus_put(sink, "~");
		put_operand(sink, test, prop, prop->left);
		break;
	case LITMUS_PROP_AND:
	case LITMUS_PROP_OR:
		put_operand(sink, test, prop, prop->left);
		litmus_put(sink, prop->kind == LITMUS_PROP_AND ? " /\\ " : " \\/ ");
		put_operand(sink, test, prop, prop->right);
		break;
	}
}

void litmus_put_prop(struct litmus_sink *sink, const struct litmus_test *test,
		     const struct litmus_prop *prop)
{
	litmus_put(sink, "(");
	put_inner(sink, test, prop);
	litmus_put(sink, ")");
}

char *litmus_condition_text(const struct litmus_test *test, char *buf, size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	litmus_put_prop(&sink, test, test->prop);
	return buf;
}

static int inner_depth(const struct litmus_prop *prop);

static int operand_depth(const struct litmus_prop *prop, const struct litmus_prop *operand)
{
	return inner_depth(operand) + (is_bare(prop, operand) ? 0 : 1);
}

static int inner_depth(const struct litmus_prop *prop)
{
	int left, right;

	if (prop->kind == LITMUS_PROP_NOT)
		return 1 + operand_depth(prop, prop->left);
	if (!is_binary(prop))
		return 0;
	left = operand_depth(prop, prop->left);
	right = operand_depth(prop, prop->right);
	return left > right ? left : right;
}

int litmus_prop_depth(const struct litmus_prop *prop)
{
	return 1 + inner_depth(prop);
}

/* The parser bounds the depth of the tree. */
static bool holds(const struct litmus_prop *prop, const int64_t *values)
{
	switch (prop->kind) {
	case LITMUS_PROP_EQUAL:
		return values[prop->observable] == prop->value;
	case LITMUS_PROP_DIFFER:
		return values[prop->observable] != prop->value;
	case LITMUS_PROP_NOT:
		return !holds(prop->left, values);
	case LITMUS_PROP_AND:
		return holds(prop->left, values) && holds(prop->right, values);
	case LITMUS_PROP_OR:
		return holds(prop->left, values) || holds(prop->right, values);
	default:
		return true;
	}
}

bool litmus_holds(const struct litmus_test *test, const int64_t *values)
{
	return holds(test->prop, values);
}
