/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.h - text that goes to a file or to a buffer */
#ifndef LITMUS_PRINT_H
#define LITMUS_PRINT_H

#include "litmus/litmus.h"

/* Where text goes: to `file`, or where that is NULL to `buf`, cut off at `size`. */
struct litmus_sink {
	FILE *file;
	char *buf;
	size_t size;
	size_t used; /* may be beyond size: what there would have been */
};

void litmus_put(struct litmus_sink *sink, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* An empty buffer as a sink. */
struct litmus_sink litmus_buffer(char *buf, size_t size);

void litmus_put_op(struct litmus_sink *sink, const struct litmus_test *test, int task,
		   const struct litmus_op *op);
void litmus_put_observable(struct litmus_sink *sink, const struct litmus_test *test,
			   int observable);
void litmus_put_value(struct litmus_sink *sink, int64_t value);

/* In parentheses. */
void litmus_put_prop(struct litmus_sink *sink, const struct litmus_test *test,
		     const struct litmus_prop *prop);

/* How many parentheses and ~ are open at most in what litmus_put_prop() writes. */
int litmus_prop_depth(const struct litmus_prop *prop);

#endif
