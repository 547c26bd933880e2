/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_layout.c - where a test's objects lie, and how large a machine it needs */
#include "targets/model.h"

#include <stdio.h>

/* Between objects is one page table's worth of nothing: never adjacent, nor in one table. */
#define GAP MM_TABLE_ENTRIES
/* Nothing is mapped at address 0. */
#define FIRST_PAGE (2 * MM_TABLE_ENTRIES)

_Static_assert(LITMUS_MAX_PAGES <= MM_HPAGE_NR, "parts of a huge page are base pages at least");
_Static_assert(FIRST_PAGE + LITMUS_MAX_OBJECTS * (MM_TABLE_ENTRIES + GAP) <=
		       MM_TASK_SIZE / MM_PAGE_SIZE,
	       "objects do not fit into the address space");
_Static_assert(LITMUS_MAX_WORDS * sizeof(uint32_t) <= MM_PAGE_SIZE, "variables exceed a page");

/* The object that says how large pages are here: addresses alone follow another one. */
static const struct litmus_object *shape_of(const struct litmus_test *test, int object)
{
	const struct litmus_object *found = &test->objects[object];

	return found->like >= 0 && found->kind.backing == LITMUS_UNMAPPED
		       ? &test->objects[found->like]
		       : found;
}

static bool is_hugetlb(const struct litmus_object *object)
{
	return object->kind.backing == LITMUS_HUGETLB ||
	       object->kind.backing == LITMUS_SHARED_HUGETLB;
}

bool model_is_thp(const struct litmus_test *test, int object)
{
	return shape_of(test, object)->kind.backing == LITMUS_THP;
}

unsigned model_unit(const struct litmus_test *test, int object)
{
	const struct litmus_object *shape = shape_of(test, object);

	if (is_hugetlb(shape))
		return MM_HPAGE_NR;
	if (shape->kind.backing == LITMUS_THP &&
	    !(shape->kind.states & (LITMUS_PTE_MAPPED | LITMUS_PARTIAL)))
		return MM_HPAGE_NR / (unsigned)shape->nr_pages;
	return 1;
}

unsigned model_span(const struct litmus_test *test, int object)
{
	unsigned nr = (unsigned)test->objects[object].nr_pages * model_unit(test, object);

	if (test->objects[object].kind.backing == LITMUS_THP)
		return MM_HPAGE_NR;
	return nr;
}

/* From one object to the next, in whole tables. */
static unsigned stride(const struct litmus_test *test, int object)
{
	unsigned span = model_span(test, object);

	return (span + MM_TABLE_ENTRIES - 1) / MM_TABLE_ENTRIES * MM_TABLE_ENTRIES + GAP;
}

static unsigned long first_page(const struct litmus_test *test, int object)
{
	unsigned long page = FIRST_PAGE;

	for (int i = 0; i < object; i++)
		page += stride(test, i);
	return page;
}

unsigned long model_object_address(const struct litmus_test *test, int object, int page)
{
	unsigned long at = (unsigned long)page * model_unit(test, object);

	return (first_page(test, object) + at) * MM_PAGE_SIZE;
}

unsigned long model_address(const struct litmus_test *test, struct litmus_addr addr)
{
	const struct litmus_var *var = &test->vars[addr.var];

	return model_object_address(test, var->object, addr.page) +
	       (unsigned long)var->word * sizeof(uint32_t);
}

/* How many base pages the pages of this and any object may be. */
static unsigned largest_unit(const struct litmus_test *test)
{
	unsigned largest = 1;

	for (int i = 0; i < test->nr_objects; i++) {
		unsigned unit = model_unit(test, i);

		if (unit > largest)
			largest = unit;
	}
	return largest;
}

unsigned model_handle_room(const struct litmus_test *test, int handle_pages)
{
	if (handle_pages <= 0)
		return 0;
	return (unsigned)(handle_pages - 1) * largest_unit(test) + 1;
}

/*
 * What one process may have of an object: every page, and their tables. Of THP a huge page and
 * copies of each of its parts, or another huge page.
 */
static unsigned frames_of_object(const struct litmus_test *test, int object)
{
	const struct litmus_object *shape = shape_of(test, object);
	unsigned tables = stride(test, object) / MM_TABLE_ENTRIES;

	if (is_hugetlb(shape))
		return tables;
	if (shape->kind.backing == LITMUS_THP)
		return tables + 1 + 2 * MM_HPAGE_NR;
	return tables + (unsigned)test->objects[object].nr_pages;
}

static bool has_backing(const struct litmus_test *test, enum litmus_backing backing)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].kind.backing == backing)
			return true;
	}
	return false;
}

/* Pages that nobody but handles may hold. */
static unsigned handle_pages(const struct litmus_test *test)
{
	unsigned pages = 0;

	for (int task = 0; task < test->nr_tasks; task++) {
		for (int reg = 0; reg < test->tasks[task].nr_registers; reg++)
			pages += (unsigned)test->tasks[task].registers[reg].handle_pages;
	}
	return pages;
}

/* The pool: what the test says, or a copy of each page for each process, and what handles hold. */
static unsigned hugepages_needed(const struct litmus_test *test)
{
	unsigned pages = 0;

	if (!has_backing(test, LITMUS_HUGETLB) && !has_backing(test, LITMUS_SHARED_HUGETLB))
		return 0;
	if (test->nr_hugepages >= 0)
		return (unsigned)test->nr_hugepages;
	for (int i = 0; i < test->nr_objects; i++) {
		if (is_hugetlb(shape_of(test, i)))
			pages += (unsigned)test->objects[i].nr_pages;
	}
	/* Who waits for a page to be moved keeps the old one. */
	if (pages && litmus_uses(test, LITMUS_MOVE_PAGES))
		pages++;
	return (unsigned)test->nr_tasks * pages + handle_pages(test);
}

/* Does anything page out? */
static bool uses_swap(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].kind.states & LITMUS_SWAPPED)
			return true;
	}
	for (int task = 0; task < test->nr_tasks; task++) {
		for (int i = 0; i < test->tasks[task].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[task].ops[i];

			if (op->code == LITMUS_MADVISE && op->flags == LITMUS_MADV_PAGEOUT)
				return true;
		}
	}
	return false;
}

/*
 * As many frames as the test could ever need at once. Each process may have a copy of every page,
 * and its tables: one of the lowest level for an object, at most as many again above, and the top
 * ones. Each handle may keep pages that nobody maps, and so may each CPU's LRU cache; and a fault
 * holds the old page and the new.
 */
static unsigned frames_needed(const struct litmus_test *test)
{
	unsigned kept = 4 + handle_pages(test);
	unsigned each = 8;

	for (int i = 0; i < test->nr_objects; i++)
		each += frames_of_object(test, i);
	/* A handle keeps a huge page as a whole; and there is the huge zero page. */
	if (has_backing(test, LITMUS_THP))
		kept += (handle_pages(test) + 3) * MM_HPAGE_NR;
	return (unsigned)test->nr_tasks * (each + LRU_ADD_CACHE_SIZE + 1) + kept;
}

struct machine_config model_machine(const struct litmus_test *test)
{
	struct machine_config config = {
		.nr_frames = frames_needed(test),
		.nr_cpus = (unsigned)test->nr_tasks,
		.nr_hugepages = hugepages_needed(test),
	};

	if (uses_swap(test))
		config.nr_swap_slots = config.nr_frames;
	/* Who ends writeback wants it to last, and to see what it is for that it does. */
	config.swap_async = litmus_uses(test, LITMUS_END_PAGE_WRITEBACK);
	config.swap_stable_writes = config.swap_async;
	/* Blocks for the pool begin at a multiple. */
	if (config.nr_hugepages)
		config.nr_frames += (config.nr_hugepages + 1) * MM_HPAGE_NR;
	/* While one is moved there is one more. */
	if (config.nr_hugepages && litmus_uses(test, LITMUS_MOVE_PAGES))
		config.nr_frames += MM_HPAGE_NR;
	return config;
}

/* The part of mm/ that an object needs; false: none. */
static bool part_of_object(const struct litmus_object *object, enum mm_part *part)
{
	if (object->kind.states & LITMUS_SWAPPED && !mm_has(MM_SWAP)) {
		*part = MM_SWAP;
		return true;
	}
	switch (object->kind.backing) {
	case LITMUS_THP:
		*part = MM_TRANSPARENT_HUGEPAGE;
		return true;
	case LITMUS_HUGETLB:
	case LITMUS_SHARED_HUGETLB:
		*part = MM_HUGETLB_PAGE;
		return true;
	default:
		return false;
	}
}

static bool part_of_advice(unsigned advice, enum mm_part *part)
{
	switch (advice) {
	case LITMUS_MADV_HUGEPAGE:
	case LITMUS_MADV_NOHUGEPAGE:
	case LITMUS_MADV_COLLAPSE:
		*part = MM_TRANSPARENT_HUGEPAGE;
		return true;
	case LITMUS_MADV_PAGEOUT:
		*part = MM_SWAP;
		return true;
	case LITMUS_MADV_MERGEABLE:
	case LITMUS_MADV_UNMERGEABLE:
		*part = MM_KSM;
		return true;
	default:
		return false;
	}
}

static bool part_of_op(const struct litmus_op *op, enum mm_part *part)
{
	switch (op->code) {
	case LITMUS_MADVISE:
		return part_of_advice(op->flags, part);
	case LITMUS_USERFAULTFD:
	case LITMUS_PM_UFFD_WP:
		*part = MM_USERFAULTFD;
		return true;
	case LITMUS_KSM_DO_SCAN:
		*part = MM_KSM;
		return true;
	case LITMUS_END_PAGE_WRITEBACK:
		*part = MM_SWAP;
		return true;
	case LITMUS_MOVE_PAGES:
		*part = MM_MIGRATION;
		return true;
	case LITMUS_SPLIT_HUGE_PAGE:
		*part = MM_TRANSPARENT_HUGEPAGE;
		return true;
	default:
		return false;
	}
}

/* A part of mm/ that the test needs and that was left out; false: all are there. */
static bool missing_part(const struct litmus_test *test, enum mm_part *part)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (part_of_object(&test->objects[i], part) && !mm_has(*part))
			return true;
	}
	for (int task = 0; task < test->nr_tasks; task++) {
		for (int i = 0; i < test->tasks[task].nr_ops; i++) {
			if (part_of_op(&test->tasks[task].ops[i], part) && !mm_has(*part))
				return true;
		}
	}
	return false;
}

bool model_cannot(const struct litmus_test *test, char *reason, size_t size)
{
	static const char *const names[] = {
		[MM_USERFAULTFD] = "USERFAULTFD",
		[MM_TRANSPARENT_HUGEPAGE] = "TRANSPARENT_HUGEPAGE",
		[MM_HUGETLB_PAGE] = "HUGETLB_PAGE",
		[MM_SWAP] = "SWAP",
		[MM_KSM] = "KSM",
		[MM_MIGRATION] = "MIGRATION",
	};
	struct machine_config config = model_machine(test);
	enum mm_part part;

	if (missing_part(test, &part)) {
		snprintf(reason, size, "mm/ is built without CONFIG_%s", names[part]);
		return true;
	}
	if (first_page(test, test->nr_objects) > MM_TASK_SIZE / MM_PAGE_SIZE) {
		snprintf(reason, size, "its objects do not fit into the model's address space");
		return true;
	}
	if (config.nr_frames > MODEL_MAX_FRAMES) {
		snprintf(reason, size, "it needs %u frames, more than the checker can save",
			 config.nr_frames);
		return true;
	}
	return false;
}
