/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kinds.h - the kinds of memory that --kind asks for */
#ifndef TOOL_KINDS_H
#define TOOL_KINDS_H

#include "litmus/litmus.h"
#include "tool/tool.h"

struct kind_list {
	int nr; /* 0: any */
	struct litmus_kind kinds[LITMUS_MAX_KINDS];
};

/*
 * Add what a list such as "anon,thp-pte" or "anon,thp(pte, swapped)" names; what is there already
 * is not added again. Returns 0, or -1 after writing a message to err.
 */
int kinds_add(struct kind_list *list, const char *text, char *err, size_t err_size);

/* Is the test, or the member of a family, about one of them? */
bool kinds_want(const struct kind_list *list, const struct litmus_test *test);

/*
 * The one test to run in what was read: the member that the list names, or the test where it is
 * no family. NULL after writing to err why there is none.
 */
const struct litmus_test *kinds_choose(const struct kind_list *list, const struct litmus_test *test,
				       char *err, size_t err_size);

/* Complain that there is no test that kinds_want(). */
void kinds_complain(const struct kind_list *list, struct tool_io *io);

#endif
