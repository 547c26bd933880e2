/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_map.c - the memory that P0 has before any task runs, in the states that a test asks for */
#include "targets/model.h"

#include <stdio.h>

/* One object, while it is being made. */
struct object_place {
	struct model *model;
	const struct litmus_object *object;
	struct mm *mm;
	int number;
	unsigned long addr;
	unsigned long length; /* of the whole object */
};

bool model_open_files(struct model *model)
{
	const struct litmus_test *test = model->test;

	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].kind.backing != LITMUS_FILE)
			continue;
		model->state->files[i] = shmem_create((unsigned long)test->objects[i].nr_pages);
		if (!model->state->files[i])
			return false;
	}
	return true;
}

/* What a store does with each initial value. */
typedef bool put_fn(const struct object_place *place, int page, int word, uint32_t value);

static bool put_value(const struct object_place *place, int page, int word, uint32_t value)
{
	unsigned long addr = model_object_address(place->model->test, place->number, page) +
			     (unsigned long)word * sizeof(uint32_t);

	return !mm_store(place->mm, addr, value);
}

/* The values of a file object are the file's, and nothing is mapped yet. */
static bool put_file_value(const struct object_place *place, int page, int word, uint32_t value)
{
	unsigned long offset =
		(unsigned long)page * MM_PAGE_SIZE + (unsigned long)word * sizeof(uint32_t);

	return !shmem_write(place->model->state->machine, place->model->state->files[place->number],
			    offset, value);
}

static bool put_values(const struct object_place *place, put_fn *put)
{
	const struct litmus_object *object = place->object;

	for (int page = 0; page < object->nr_pages; page++) {
		for (int word = 0; object->initialised[page] && word < object->nr_words; word++) {
			if (!put(place, page, word, (uint32_t)object->value[page][word]))
				return false;
		}
	}
	return true;
}

/* The test can't be run as it is meant: say what is missing. */
static bool not_so(const struct object_place *place, const char *what)
{
	struct model *model = place->model;

	snprintf(model->detail, sizeof(model->detail), "'%s' could not be %s",
		 model->test->vars[place->object->first_var].name, what);
	return false;
}

/* How many base pages at the place are mapped by PMDs or PTEs as asked? */
static bool is_mapped(const struct object_place *place, unsigned long length, bool huge)
{
	for (unsigned long at = 0; at < length; at += MM_PAGE_SIZE) {
		if (!pte_present(mm_pte(place->mm, place->addr + at)))
			return false;
		if (mm_pmd_mapped(place->mm, place->addr + at) != huge)
			return false;
	}
	return true;
}

/*
 * Where VMAs part in the middle of a huge page its PMD is split, and stays so when they join again.
 * Unlike mprotect() this leaves the PTEs as they are.
 */
static bool split_by_advice(const struct object_place *place)
{
	unsigned long last = place->addr + MM_HPAGE_SIZE - MM_PAGE_SIZE;

	return !mm_madvise(place->mm, last, MM_PAGE_SIZE, MM_MADV_DONTFORK) &&
	       !mm_madvise(place->mm, last, MM_PAGE_SIZE, MM_MADV_DOFORK);
}

/* The first pages stay, each in its base page; the others of the huge page go. */
static bool discard_rest(const struct object_place *place)
{
	unsigned long kept = (unsigned long)place->object->nr_pages * MM_PAGE_SIZE;

	return !mm_madvise(place->mm, place->addr + kept, MM_HPAGE_SIZE - kept, MM_MADV_DONTNEED);
}

/* Transparent huge pages: `thp`, and the states pte and partial of them. */
static bool make_thp_state(const struct object_place *place)
{
	unsigned states = place->object->kind.states;
	unsigned long kept = (unsigned long)place->object->nr_pages * MM_PAGE_SIZE;

	if (!place->object->initialised[0])
		return true;
	if (!is_mapped(place, MM_HPAGE_SIZE, true))
		return not_so(place, "mapped as a huge page");
	if (!(states & (LITMUS_PTE_MAPPED | LITMUS_PARTIAL)))
		return true;
	if (!split_by_advice(place))
		return false;
	if (!is_mapped(place, MM_HPAGE_SIZE, false))
		return not_so(place, "mapped by PTEs");
	if (!(states & LITMUS_PARTIAL))
		return true;
	if (!discard_rest(place))
		return false;
	if (!is_mapped(place, kept, false) ||
	    pte_present(mm_pte(place->mm, place->addr + MM_HPAGE_SIZE - MM_PAGE_SIZE)))
		return not_so(place, "mapped in part");
	return true;
}

/* Page it out, and see that no page of it is left that was there. */
static bool make_swapped(const struct object_place *place)
{
	unsigned long unit = model_unit(place->model->test, place->number) * MM_PAGE_SIZE;

	if (mm_madvise(place->mm, place->addr, place->length, MM_MADV_PAGEOUT))
		return not_so(place, "paged out");
	swap_end_writeback(place->model->state->machine);
	for (int page = 0; page < place->object->nr_pages; page++) {
		if (place->object->initialised[page] &&
		    !is_swap_pte(mm_pte(place->mm, place->addr + (unsigned)page * unit)))
			return not_so(place, "paged out");
	}
	return true;
}

static bool map_place(const struct object_place *place)
{
	unsigned flags = VM_READ | VM_WRITE;

	switch (place->object->kind.backing) {
	case LITMUS_SHARED:
		flags |= VM_SHARED;
		break;
	case LITMUS_HUGETLB:
		flags |= VM_HUGETLB;
		break;
	case LITMUS_SHARED_HUGETLB:
		flags |= VM_HUGETLB | VM_SHARED;
		break;
	case LITMUS_FILE:
		return put_values(place, put_file_value) &&
		       !mm_mmap_file(place->mm, place->addr, place->length, flags,
				     place->model->state->files[place->number], 0);
	default:
		break;
	}
	if (mm_mmap(place->mm, place->addr, place->length, flags))
		return false;
	if (place->object->kind.backing == LITMUS_THP &&
	    mm_madvise(place->mm, place->addr, place->length, MM_MADV_HUGEPAGE))
		return false;
	return put_values(place, put_value);
}

static bool make_object(const struct object_place *place)
{
	if (!map_place(place))
		return false;
	if (place->object->kind.backing == LITMUS_THP && !make_thp_state(place))
		return false;
	return !(place->object->kind.states & LITMUS_SWAPPED) || make_swapped(place);
}

bool model_map_objects(struct model *model)
{
	const struct litmus_test *test = model->test;

	for (int i = 0; i < test->nr_objects; i++) {
		struct object_place place = {
			.model = model,
			.object = &test->objects[i],
			.mm = model->state->processes[0].mm,
			.number = i,
			.addr = model_object_address(test, i, 0),
			.length = (unsigned long)model_span(test, i) * MM_PAGE_SIZE,
		};

		if (place.object->kind.backing != LITMUS_UNMAPPED && !make_object(&place))
			return false;
	}
	return true;
}
