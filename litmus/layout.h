/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.h - what the printer needs to know of a test beyond its meaning */
#ifndef LITMUS_LAYOUT_H
#define LITMUS_LAYOUT_H

#include "litmus/arena.h"
#include "litmus/lexer.h"
#include "litmus/litmus.h"

/* Something that is printed on lines of its own, with the comments that belong to it. */
struct litmus_item {
	struct litmus_comment *before; /* on lines of their own */
	int nr_before;
	struct litmus_comment *after; /* on the line where it ends */
	int nr_after;
	bool blank_before; /* an empty line between the comments, or what comes before, and it */
};

#define LITMUS_MAX_DECLARATIONS (LITMUS_MAX_OBJECTS + LITMUS_MAX_COMPLETIONS + 1)

enum litmus_declares {
	LITMUS_DECLARES_OBJECT,
	LITMUS_DECLARES_COMPLETION,
	LITMUS_DECLARES_HUGEPAGES,
};

struct litmus_declaration {
	struct litmus_item item;
	enum litmus_declares what;
	int index; /* in objects or completions */
};

struct litmus_task_layout {
	struct litmus_item item;
	int nr_parameters;
	int parameters[LITMUS_MAX_OBJECTS * LITMUS_MAX_WORDS]; /* variables */
	struct litmus_item *ops;
	struct litmus_item close;
};

/* test->private points to this. */
struct litmus_layout {
	struct litmus_arena arena; /* holds this, the test and all that they point to */
	struct litmus_item title;
	struct litmus_item state; /* its opening brace */
	int nr_declarations;
	struct litmus_declaration declarations[LITMUS_MAX_DECLARATIONS];
	struct litmus_item state_close;
	struct litmus_task_layout tasks[LITMUS_MAX_TASKS];
	struct litmus_item locations_item;
	int nr_locations;
	int *locations; /* observables */
	struct litmus_item condition;
	struct litmus_item *expectations;
	struct litmus_item end;
	/* The condition or `locations` names the observable. */
	bool named[LITMUS_MAX_OBSERVABLES];
};

static inline struct litmus_layout *litmus_layout(const struct litmus_test *test)
{
	return test->private;
}

#endif
