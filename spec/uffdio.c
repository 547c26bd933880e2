/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffdio.c - uffdio_copy(), uffdio_zeropage() and uffdio_continue(): pages where there were none */

#include <errno.h>
#include <string.h>

#include "spec/uffdio.h"

int spec_area_choices(const struct range *range)
{
	return spec_is_one_area(range->pages, range->nr) ? 1 : 2;
}

/* Is there room for a page? */
enum room { ROOM_NO, ROOM_YES, ROOM_UNKNOWN };

static enum room room_of(const struct spec_machine *m, const struct page *page)
{
	unsigned flags = m->cells[page->cell].flags;

	if (flags & CELL_MAYBE)
		return ROOM_UNKNOWN;
	if (flags & CELL_EMPTY)
		return ROOM_YES;
	if (!spec_shows_file(m, page) || page->flags & PAGE_IN_TABLE)
		return ROOM_NO;
	return page->flags & PAGE_NOT_IN_TABLE ? ROOM_YES : ROOM_UNKNOWN;
}

/* The page is there, with this on it. */
static void fill(struct spec_machine *m, const struct range *range, int i, int64_t value,
		 unsigned cell_flags)
{
	struct page *page = &range->pages[i];

	if (spec_shows_file(m, page))
		spec_copy_file(m, range->mm, range->first + i, 0);
	struct cell *cell = &m->cells[page->cell];
	memset(cell->word, 0, sizeof(cell->word));
	cell->word[0] = value;
	cell->flags = (uint16_t)cell_flags;
	page->flags &= (uint16_t) ~(PAGE_PROTECTED | PAGE_NOT_IN_TABLE);
	page->flags |= m->has_minor && page->flags & PAGE_SHARED ? PAGE_IN_TABLE : 0;
}

static int copy_choices(const struct spec_machine *m, const struct range *range)
{
	const struct page *page = range->pages;

	if (!page->uffd)
		return 1;
	return spec_discard_choices(m, page) * (page->flags & PAGE_LOSABLE ? 2 : 1) *
	       (room_of(m, page) == ROOM_UNKNOWN ? 2 : 1);
}

static int64_t do_copy(struct spec_machine *m, int task, const struct range *range,
		       const struct litmus_op *op, int choice)
{
	struct page *page = range->pages;

	if (!page->uffd)
		return -ENOENT;
	if (op->flags & LITMUS_UFFDIO_MODE_WP && !(page->flags & PAGE_WP))
		return -EINVAL;
	spec_may_discard(m, range->mm, range->first, &choice);
	if (spec_pick(&choice, page->flags & PAGE_LOSABLE ? 2 : 1))
		return -ENOMEM;
	enum room room = room_of(m, page);
	if (room == ROOM_NO || (room == ROOM_UNKNOWN && choice))
		return -EEXIST;
	fill(m, range, 0, spec_value_of(m, task, op->value), 0);
	if (op->flags & LITMUS_UFFDIO_MODE_WP)
		page->flags |= PAGE_PROTECTED;
	if (!(op->flags & LITMUS_UFFDIO_MODE_DONTWAKE))
		spec_wake(m, range->uffd, range->first, 1);
	return 0;
}

int64_t spec_end_partly(struct spec_machine *m, const struct range *range,
			const struct litmus_op *op, int done, int64_t err)
{
	if (done > 0 && !(op->flags & LITMUS_UFFDIO_MODE_DONTWAKE))
		spec_wake(m, range->uffd, range->first, done);
	if (done == range->nr)
		return 0;
	return done > 0 ? -EAGAIN : err;
}

static bool is_all_registered(const struct range *range)
{
	for (int i = 0; i < range->nr; i++) {
		if (!range->pages[i].uffd)
			return false;
	}
	return true;
}

/* Like room_of(); but what is protected before it is there may be in the way of a zero page. */
static enum room zero_room(const struct spec_machine *m, const struct page *page)
{
	enum room room = room_of(m, page);

	return room == ROOM_YES && page->flags & PAGE_PROTECTED ? ROOM_UNKNOWN : room;
}

static int zeropage_choices(const struct spec_machine *m, const struct range *range)
{
	int nr = spec_area_choices(range);
	bool is_unknown = false;

	if (!is_all_registered(range))
		return 1;
	for (int i = 0; i < range->nr; i++) {
		nr *= spec_discard_choices(m, &range->pages[i]);
		is_unknown |= zero_room(m, &range->pages[i]) == ROOM_UNKNOWN;
	}
	return is_unknown ? 2 * nr : nr;
}

/* There is no zero page for hugetlb. */
static int64_t do_zeropage(struct spec_machine *m, const struct range *range,
			   const struct litmus_op *op, int choice)
{
	int done = 0;

	if (!is_all_registered(range) || spec_pick(&choice, spec_area_choices(range)))
		return -ENOENT;
	if (range->pages[0].flags & PAGE_HUGETLB)
		return -EINVAL;
	for (int i = 0; i < range->nr; i++)
		spec_may_discard(m, range->mm, range->first + i, &choice);
	for (; done < range->nr; done++) {
		const struct page *page = &range->pages[done];
		enum room room = zero_room(m, page);

		if (room == ROOM_NO || (room == ROOM_UNKNOWN && choice))
			break;
		fill(m, range, done, 0, page->flags & PAGE_SHARED ? 0 : CELL_HOLE);
	}
	return spec_end_partly(m, range, op, done, -EEXIST);
}

/* Is the page in the page cache, and only to be mapped? 0, or the error. */
static int64_t continue_error(const struct spec_machine *m, const struct page *page, int choice)
{
	if (m->cells[page->cell].flags & CELL_EMPTY)
		return -EFAULT;
	if (!(page->flags & PAGE_SHARED) && !spec_shows_file(m, page))
		return -EEXIST;
	if (page->flags & PAGE_IN_TABLE || (!(page->flags & PAGE_NOT_IN_TABLE) && choice))
		return -EEXIST;
	return 0;
}

/* Either what is not known to be in the page table is there, or it is not. */
static int continue_choices(const struct range *range, const struct litmus_op *op)
{
	return (op->flags & LITMUS_UFFDIO_MODE_WP ? 2 : 1) * spec_area_choices(range) * 2;
}

static int64_t do_continue(struct spec_machine *m, const struct range *range,
			   const struct litmus_op *op, int choice)
{
	bool protect = op->flags & LITMUS_UFFDIO_MODE_WP;
	int64_t err = 0;
	int done = 0;

	/* UFFDIO_CONTINUE_MODE_WP is there since v6.4. */
	if (spec_refuses(m, HAS_MINOR) || spec_pick(&choice, protect ? 2 : 1))
		return -EINVAL;
	if (!is_all_registered(range) || spec_pick(&choice, spec_area_choices(range)))
		return -ENOENT;
	if (spec_is_anon(range->pages) || (protect && !(range->pages[0].flags & PAGE_WP)))
		return -EINVAL;
	for (; done < range->nr; done++) {
		struct page *page = &range->pages[done];

		err = continue_error(m, page, choice);
		if (err)
			break;
		page->flags &= (uint16_t) ~(PAGE_NOT_IN_TABLE | PAGE_PROTECTED);
		page->flags |= m->has_minor ? PAGE_IN_TABLE : 0;
		page->flags |= protect ? PAGE_PROTECTED : 0;
	}
	return spec_end_partly(m, range, op, done, err);
}

int spec_fill_choices(const struct spec_machine *m, const struct range *range,
		      const struct litmus_op *op)
{
	switch (op->code) {
	case LITMUS_UFFDIO_COPY:
		return copy_choices(m, range);
	case LITMUS_UFFDIO_ZEROPAGE:
		return zeropage_choices(m, range);
	default: /* LITMUS_UFFDIO_CONTINUE */
		return continue_choices(range, op);
	}
}

int64_t spec_fill(struct spec_machine *m, int task, const struct range *range,
		  const struct litmus_op *op, int choice)
{
	switch (op->code) {
	case LITMUS_UFFDIO_COPY:
		return do_copy(m, task, range, op, choice);
	case LITMUS_UFFDIO_ZEROPAGE:
		return do_zeropage(m, range, op, choice);
	default: /* LITMUS_UFFDIO_CONTINUE */
		return do_continue(m, range, op, choice);
	}
}
