/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outcome.c - final states: their text, and whether the condition's proposition holds in one */
#include "litmus/layout.h"
#include "litmus/ops.h"
#include "litmus/print.h"

void litmus_put_value(struct litmus_sink *sink, int64_t value)
{
	for (int i = 0; i < litmus_nr_constants; i++)
		if (litmus_constants[i].value == value) {
			litmus_put(sink, "%s%s", value < 0 ? "-" : "", litmus_constants[i].name);
			return;
		}
	litmus_put(sink, "%lld", (long long)value);
}

char *litmus_value_text(int64_t value, char *buf, size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	litmus_put_value(&sink, value);
	return buf;
}

void litmus_put_observable(struct litmus_sink *sink, const struct litmus_test *test, int observable)
{
	const struct litmus_observable *what = &test->observables[observable];
	const struct litmus_var *var = &test->vars[what->addr.var];

	if (what->kind == LITMUS_OBSERVE_REGISTER) {
		litmus_put(sink, "%d:%s", what->task,
			   test->tasks[what->task].registers[what->reg].name);
		return;
	}
	if (what->kind == LITMUS_OBSERVE_STATUS) {
		litmus_put(sink, "%d:status", what->task);
		return;
	}
	if (what->task)
		litmus_put(sink, "%d:", what->task);
	litmus_put(sink, "%s", var->name);
	if (test->objects[var->object].nr_pages > 1)
		litmus_put(sink, "[%d]", what->addr.page);
}

char *litmus_observable_text(const struct litmus_test *test, int observable, char *buf, size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	litmus_put_observable(&sink, test, observable);
	return buf;
}

static bool is_binary(const struct litmus_prop *prop)
{
	return prop->kind == LITMUS_PROP_AND || prop->kind == LITMUS_PROP_OR;
}

static void put_inner(struct litmus_sink *sink, const struct litmus_test *test,
		      const struct litmus_prop *prop);

/* An operand, in parentheses unless reading the text without them gives the same tree. */
static void put_side(struct litmus_sink *sink, const struct litmus_test *test,
		     const struct litmus_prop *prop, bool bare)
{
	if (bare)
		put_inner(sink, test, prop);
	else
		litmus_put_prop(sink, test, prop);
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
		put_side(sink, test, prop->left,
			 prop->left->kind == LITMUS_PROP_NOT ||
				 prop->left->kind == LITMUS_PROP_TRUE);
		break;
	case LITMUS_PROP_AND:
	case LITMUS_PROP_OR:
		put_side(sink, test, prop->left,
			 !is_binary(prop->left) || prop->left->kind == prop->kind);
		litmus_put(sink, prop->kind == LITMUS_PROP_AND ? " /\\ " : " \\/ ");
		put_side(sink, test, prop->right, !is_binary(prop->right));
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

/* Is it just what one expects, and did nobody ask? */
static bool goes_without_saying(const struct litmus_test *test, int observable, int64_t value)
{
	const struct litmus_observable *what = &test->observables[observable];
	const struct litmus_register *reg = &test->tasks[what->task].registers[what->reg];

	if (litmus_layout(test)->named[observable])
		return false;
	if (what->kind == LITMUS_OBSERVE_STATUS)
		return value == 0;
	return what->kind == LITMUS_OBSERVE_REGISTER && reg->type == LITMUS_HANDLE &&
	       value == reg->handle_pages;
}

char *litmus_outcome_text(const struct litmus_test *test, const int64_t *values, char *buf,
			  size_t size)
{
	struct litmus_sink sink = litmus_buffer(buf, size);

	for (int i = 0; i < test->nr_observables; i++) {
		if (goes_without_saying(test, i, values[i]))
			continue;
		litmus_put(&sink, sink.used ? " " : "");
		litmus_put_observable(&sink, test, i);
		litmus_put(&sink, "=");
		litmus_put_value(&sink, values[i]);
		litmus_put(&sink, ";");
	}
	return buf;
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
