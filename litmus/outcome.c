/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outcome.c - what an outcome records, as text */
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
