/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check_kind.c - do objects and operations suit the kinds of memory that a test is about? */
#include "litmus/parse.h"

/* The object whose pages say how large those of this one are, or -1: base pages. */
static int model_of(const struct litmus_test *test, int object)
{
	if (test->objects[object].kind.backing == LITMUS_UNMAPPED)
		return test->objects[object].like;
	return object;
}

/* A number for how large a page of the object is: equal where they are of one size. */
static int page_size_of(const struct litmus_test *test, int object)
{
	const struct litmus_object *model;
	int found = model_of(test, object);

	if (found < 0)
		return 0;
	model = &test->objects[found];
	if (model->kind.backing == LITMUS_HUGETLB || model->kind.backing == LITMUS_SHARED_HUGETLB)
		return -1;
	if (model->kind.backing != LITMUS_THP ||
	    model->kind.states & (LITMUS_PTE_MAPPED | LITMUS_PARTIAL))
		return 0;
	return model->nr_pages; /* parts of a huge page */
}

static const char *object_name(const struct litmus_test *test, int object)
{
	return test->vars[test->objects[object].first_var].name;
}

/* Room for what put_place() writes. */
#define PLACE_SIZE (2 * LITMUS_MAX_NAME + LITMUS_KIND_SIZE + 16)

/* "'x' (thp)", "'u' (like thp x)" or "'u' (unmapped)" */
static void put_place(struct litmus_sink *sink, const struct litmus_test *test, int object)
{
	int model = model_of(test, object);

	litmus_put(sink, "'%s' (", object_name(test, object));
	if (model != object && model >= 0)
		litmus_put(sink, "like ");
	litmus_put_kind(sink, test->objects[model < 0 ? object : model].kind);
	if (model != object && model >= 0)
		litmus_put(sink, " %s", object_name(test, model));
	litmus_put(sink, ")");
}

static int from_of(const struct litmus_test *test, const struct litmus_op *op)
{
	return test->vars[op->addr.var].object;
}

/* Pages go from the one to the other, or back: both have to be of one size. */
static bool is_move(const struct litmus_op *op)
{
	return op->code == LITMUS_MREMAP || op->code == LITMUS_UFFDIO_MOVE;
}

static int to_of(const struct litmus_test *test, const struct litmus_op *op)
{
	return test->vars[op->to.var].object;
}

/* An unmapped object that is to be as the other one gets a `like`. Did it have none? */
static bool find_like(struct litmus_test *test, int object, int other)
{
	struct litmus_object *to = &test->objects[object];
	int model = model_of(test, other);

	if (to->kind.backing != LITMUS_UNMAPPED || to->like >= 0 || model < 0)
		return false;
	to->like = model;
	return true;
}

/* The same for all that pages are moved to. Was there one that had none? */
static bool find_likes(struct litmus_test *test)
{
	bool found = false;

	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			if (!is_move(op))
				continue;
			found |= find_like(test, to_of(test, op), from_of(test, op));
			if (op->code == LITMUS_UFFDIO_MOVE)
				found |= find_like(test, from_of(test, op), to_of(test, op));
		}
	}
	return found;
}

static bool check_move(const struct litmus_parser *parser, const struct litmus_test *test,
		       const struct litmus_op *op)
{
	char from[PLACE_SIZE], to[PLACE_SIZE];
	struct litmus_sink from_sink = litmus_buffer(from, sizeof(from));
	struct litmus_sink to_sink = litmus_buffer(to, sizeof(to));

	if (page_size_of(test, from_of(test, op)) == page_size_of(test, to_of(test, op)))
		return true;
	put_place(&from_sink, test, from_of(test, op));
	put_place(&to_sink, test, to_of(test, op));
	return litmus_fail(&parser->source, op->pos,
			   "the pages of %s and %s differ in size, expected a place for pages of "
			   "one size",
			   from, to);
}

static bool check_object(const struct litmus_parser *parser, const struct litmus_test *test,
			 const struct litmus_object *object)
{
	const char *name = test->vars[object->first_var].name;
	struct litmus_kind kind = object->kind;
	char text[LITMUS_KIND_SIZE];

	litmus_kind_text(kind, text, sizeof(text));
	if (kind.states && !object->initialised[0])
		return litmus_fail(&parser->source, object->pos,
				   "'%s' is %s but has no page yet, expected an initial value",
				   name, text);
	if (kind.backing == LITMUS_THP && object->nr_pages == 3)
		return litmus_fail(&parser->source, object->pos,
				   "'%s' is %s and has 3 parts, expected 1, 2 or 4 of a huge page",
				   name, text);
	/* A huge page of the checker has no more than 4 base pages. */
	if (kind.states & LITMUS_PARTIAL && object->nr_pages > 2)
		return litmus_fail(&parser->source, object->pos,
				   "'%s' is %s and has %d pages, expected 1 or 2, since others are "
				   "discarded",
				   name, text, object->nr_pages);
	return true;
}

static bool check_op(const struct litmus_parser *parser, const struct litmus_test *test,
		     const struct litmus_op *op)
{
	int object, backing_of;
	char place[PLACE_SIZE];
	struct litmus_sink sink = litmus_buffer(place, sizeof(place));
	enum litmus_backing needed;

	if (is_move(op))
		return check_move(parser, test, op);
	if (op->code == LITMUS_PREAD || op->code == LITMUS_PWRITE)
		needed = LITMUS_FILE;
	else if (op->code == LITMUS_SPLIT_HUGE_PAGE)
		needed = LITMUS_THP;
	else
		return true;
	object = backing_of = from_of(test, op);
	/* What has moved is still a huge page, but addresses are no file. */
	if (needed == LITMUS_THP && model_of(test, object) >= 0)
		backing_of = model_of(test, object);
	if (test->objects[backing_of].kind.backing == needed)
		return true;
	put_place(&sink, test, object);
	return litmus_fail(&parser->source, op->pos, "%s() of %s, expected a %s object",
			   litmus_op_info(op->code)->name, place,
			   needed == LITMUS_FILE ? "file" : "thp");
}

static bool check_kind(const struct litmus_parser *parser, const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++)
		if (!check_object(parser, test, &test->objects[i]))
			return false;
	for (int t = 0; t < test->nr_tasks; t++)
		for (int i = 0; i < test->tasks[t].nr_ops; i++)
			if (!check_op(parser, test, &test->tasks[t].ops[i]))
				return false;
	return true;
}

bool litmus_check_kinds(const struct litmus_parser *parser)
{
	struct litmus_test *test = parser->test;

	/* What is unmapped doesn't vary: it is like the same object in all members. */
	while (find_likes(test))
		;
	if (!test->nr_kinds)
		return check_kind(parser, test);
	for (int i = 0; i < test->nr_kinds; i++) {
		litmus_set_kind(test, test->kinds[i]);
		if (!check_kind(parser, test))
			return false;
	}
	litmus_set_kind(test, test->kinds[0]);
	return true;
}
