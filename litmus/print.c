/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c - the canonical layout of a test, its comments kept in their places */
#include "litmus/kind.h"
#include "litmus/layout.h"
#include "litmus/ops.h"
#include "litmus/print.h"

#include <errno.h>
#include <string.h>

/* A comment; its later lines begin below the first, which the caller has indented. */
static void put_comment(struct litmus_sink *sink, const struct litmus_comment *comment,
			const char *indent)
{
	for (const char *line = comment->text; line;) {
		const char *end = strchr(line, '\n');
		size_t length = end ? (size_t)(end - line) : strlen(line);

		if (line > comment->text && length)
			litmus_put(sink, "%s", indent);
		litmus_put(sink, "%.*s%s", (int)length, line, end ? "\n" : "");
		line = end ? end + 1 : NULL;
	}
}

/* Where an item stands. */
enum place {
	PART,  /* a part of the test: an empty line comes before it */
	FIRST, /* the first in its block: none does */
	NEXT,  /* one does where it stood in the source */
};

/* Comments on lines of their own. */
static void put_before(struct litmus_sink *sink, const struct litmus_item *item, const char *indent,
		       enum place place)
{
	for (int i = 0; i < item->nr_before; i++) {
		if (item->before[i].blank_before && (i || place == NEXT))
			litmus_put(sink, "\n");
		litmus_put(sink, "%s", indent);
		put_comment(sink, &item->before[i], indent);
		litmus_put(sink, "\n");
	}
}

/* What comes before an item: empty lines, comments, and the indentation of its first line. */
static void begin_item(struct litmus_sink *sink, const struct litmus_item *item, const char *indent,
		       enum place place)
{
	if (place == PART)
		litmus_put(sink, "\n");
	put_before(sink, item, indent, place);
	if (item->blank_before && (item->nr_before || place == NEXT))
		litmus_put(sink, "\n");
	litmus_put(sink, "%s", indent);
}

/* The comments after it, and the end of its line. */
static void end_item(struct litmus_sink *sink, const struct litmus_item *item, const char *indent)
{
	for (int i = 0; i < item->nr_after; i++) {
		litmus_put(sink, " ");
		put_comment(sink, &item->after[i], indent);
	}
	litmus_put(sink, "\n");
}

/* A closing brace; an empty line before it is not kept, comments are, with the block's indentation.
 */
static void put_close(struct litmus_sink *sink, const struct litmus_item *close, bool empty)
{
	put_before(sink, close, "\t", empty ? FIRST : NEXT);
	litmus_put(sink, "}");
	end_item(sink, close, "");
}

static void put_page_values(struct litmus_sink *sink, const struct litmus_object *object)
{
	litmus_put(sink, " = {");
	for (int page = 0; page < object->nr_pages && object->initialised[page]; page++)
		litmus_put(sink, "%s%lld", page ? ", " : "", (long long)object->value[page][0]);
	litmus_put(sink, "}");
}

static void put_object(struct litmus_sink *sink, const struct litmus_test *test,
		       const struct litmus_object *object)
{
	if (object->varies && test->nr_kinds)
		litmus_put_kinds(sink, test->kinds, test->nr_kinds);
	else
		litmus_put_kind(sink, object->kind);
	litmus_put(sink, " ");
	for (int word = 0; word < object->nr_words; word++) {
		litmus_put(sink, "%s%s", word ? ", " : "",
			   test->vars[object->first_var + word].name);
		if (object->nr_pages > 1)
			litmus_put(sink, "[%d]", object->nr_pages);
		if (!object->initialised[0])
			continue;
		if (object->nr_pages > 1)
			put_page_values(sink, object);
		else
			litmus_put(sink, " = %lld", (long long)object->value[0][word]);
	}
	litmus_put(sink, ";");
}

static void put_declaration(struct litmus_sink *sink, const struct litmus_test *test,
			    const struct litmus_declaration *declaration)
{
	switch (declaration->what) {
	case LITMUS_DECLARES_OBJECT:
		put_object(sink, test, &test->objects[declaration->index]);
		break;
	case LITMUS_DECLARES_COMPLETION:
		litmus_put(sink, "completion %s;", test->completions[declaration->index]);
		break;
	case LITMUS_DECLARES_HUGEPAGES:
		litmus_put(sink, "nr_hugepages = %d;", test->nr_hugepages);
		break;
	}
}

static void put_state(struct litmus_sink *sink, const struct litmus_test *test)
{
	const struct litmus_layout *layout = litmus_layout(test);

	begin_item(sink, &layout->state, "", PART);
	litmus_put(sink, "{\n");
	for (int i = 0; i < layout->nr_declarations; i++) {
		const struct litmus_declaration *declaration = &layout->declarations[i];

		begin_item(sink, &declaration->item, "\t", i ? NEXT : FIRST);
		put_declaration(sink, test, declaration);
		end_item(sink, &declaration->item, "\t");
	}
	put_close(sink, &layout->state_close, layout->nr_declarations == 0);
}

static void put_task(struct litmus_sink *sink, const struct litmus_test *test, int number)
{
	const struct litmus_task_layout *layout = &litmus_layout(test)->tasks[number];
	const struct litmus_task *task = &test->tasks[number];

	begin_item(sink, &layout->item, "", PART);
	litmus_put(sink, "P%d(", number);
	for (int i = 0; i < layout->nr_parameters; i++)
		litmus_put(sink, "%sint *%s", i ? ", " : "",
			   test->vars[layout->parameters[i]].name);
	litmus_put(sink, ")\n{\n");
	for (int i = 0; i < task->nr_ops; i++) {
		begin_item(sink, &layout->ops[i], "\t", i ? NEXT : FIRST);
		litmus_put_op(sink, test, number, &task->ops[i]);
		end_item(sink, &layout->ops[i], "\t");
	}
	put_close(sink, &layout->close, task->nr_ops == 0);
}

static void put_condition(struct litmus_sink *sink, const struct litmus_test *test)
{
	static const char *const quantifiers[] = {
		[LITMUS_EXISTS] = "exists",
		[LITMUS_NOT_EXISTS] = "~exists",
		[LITMUS_FORALL] = "forall",
	};
	const struct litmus_layout *layout = litmus_layout(test);
	bool locations = layout->nr_locations;

	if (locations) {
		begin_item(sink, &layout->locations_item, "", PART);
		litmus_put(sink, "locations [");
		for (int i = 0; i < layout->nr_locations; i++) {
			litmus_put(sink, i ? "; " : "");
			litmus_put_observable(sink, test, layout->locations[i]);
		}
		litmus_put(sink, "]");
		end_item(sink, &layout->locations_item, "");
	}
	begin_item(sink, &layout->condition, "", locations ? NEXT : PART);
	litmus_put(sink, "%s ", quantifiers[test->quantifier]);
	litmus_put_prop(sink, test, test->prop);
	end_item(sink, &layout->condition, "");
}

static void put_expectation(struct litmus_sink *sink, const struct litmus_expectation *expectation)
{
	static const char *const observations[] = {
		[LITMUS_NEVER] = "Never",
		[LITMUS_SOMETIMES] = "Sometimes",
		[LITMUS_ALWAYS] = "Always",
	};
	char kinds[256];

	litmus_put(sink, "expect %s", observations[expectation->observation]);
	if (expectation->violations)
		litmus_put(sink, " %s",
			   violation_set_names(expectation->violations, kinds, sizeof(kinds)));
	for (int i = 0; i < expectation->nr_ranges; i++) {
		const struct litmus_target_range *range = &expectation->ranges[i];

		litmus_put(sink, "%s%s", i ? ", " : " on ", range->from);
		if (range->to)
			litmus_put(sink, "..%s", range->to);
	}
	if (expectation->nr_kinds) {
		litmus_put(sink, " for ");
		litmus_put_kinds(sink, expectation->kinds, expectation->nr_kinds);
	}
	if (expectation->mode)
		litmus_put(sink, " if %s", expectation->mode == LITMUS_IF_FINE ? "fine" : "strict");
}

int litmus_print(const struct litmus_test *test, FILE *out)
{
	const struct litmus_layout *layout = litmus_layout(test);
	struct litmus_sink sink = {.file = out};

	begin_item(&sink, &layout->title, "", FIRST);
	litmus_put(&sink, "C %s", test->name);
	end_item(&sink, &layout->title, "");
	put_state(&sink, test);
	for (int i = 0; i < test->nr_tasks; i++)
		put_task(&sink, test, i);
	put_condition(&sink, test);
	for (int i = 0; i < test->nr_expectations; i++) {
		begin_item(&sink, &layout->expectations[i], "", i ? NEXT : PART);
		put_expectation(&sink, &test->expectations[i]);
		end_item(&sink, &layout->expectations[i], "");
	}
	put_before(&sink, &layout->end, "", NEXT);
	return ferror(out) || fflush(out) ? -1 : 0;
}
