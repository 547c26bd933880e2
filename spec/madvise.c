/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise.c - madvise(2) */

#include <errno.h>

#include "spec/machine.h"

bool spec_is_populate(const struct litmus_op *op)
{
	return op->flags == LITMUS_MADV_POPULATE_READ || op->flags == LITMUS_MADV_POPULATE_WRITE;
}

static unsigned populate_foll(const struct litmus_op *op)
{
	return op->flags == LITMUS_MADV_POPULATE_WRITE ? LITMUS_FOLL_WRITE : 0;
}

static unsigned populate_how(const struct litmus_op *op)
{
	return TOUCH_IS_GUP | TOUCH_WAITS | (populate_foll(op) ? TOUCH_WRITES : 0);
}

static int populate_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int mm = spec_process_of(m, task);
	int nr = 1;

	for (int i = m->tasks[task].done; i < op->nr_pages; i++) {
		int page = spec_page_of(m, op->addr) + i;

		if (!spec_gup_may(m, &m->pages[mm][page], populate_foll(op)))
			break;
		nr *= spec_touch_choices(m, mm, page, populate_how(op));
	}
	return nr;
}

/* Prefault as a read or write would: the first page that can't be ends it. */
static int64_t do_populate(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_process_of(m, task);

	for (int i = m->tasks[task].done; i < op->nr_pages; i++) {
		int page = spec_page_of(m, op->addr) + i;

		if (!m->pages[mm][page].cell)
			return -ENOMEM;
		if (!spec_gup_may(m, &m->pages[mm][page], populate_foll(op)))
			return -EINVAL;
		switch (spec_touch(m, task, mm, page, populate_how(op), &choice)) {
		case TOUCHED:
			break;
		case TOUCHED_WAITS:
			m->tasks[task].done = (uint8_t)i;
			return 0;
		case TOUCHED_FAILS:
			return -EFAULT;
		}
	}
	return 0;
}

/* Until somebody writes to the page. What nobody has written to is not worth freeing. */
static int64_t free_page(struct spec_machine *m, const struct page *page)
{
	struct cell *cell = &m->cells[page->cell];

	if (!spec_is_anon(page))
		return -EINVAL;
	if (!(cell->flags & CELL_HOLE))
		cell->flags |= CELL_FREED;
	return 0;
}

/* A huge page where there were small ones and holes; not where a monitor wants to know of holes. */
static void collapse(struct spec_machine *m, const struct page *page)
{
	struct cell *cell = &m->cells[page->cell];

	if (page->uffd || !spec_is_anon(page) || !(cell->flags & CELL_EMPTY))
		return;
	cell->flags &= (uint16_t)~CELL_EMPTY;
	cell->flags |= CELL_MAYBE;
}

static int64_t discard_page(struct spec_machine *m, int mm, int page)
{
	if (m->pages[mm][page].flags & PAGE_HUGETLB && spec_refuses(m, DONTNEED_HUGETLB))
		return -EINVAL;
	spec_discard(m, mm, page);
	return 0;
}

static bool is_zero(const struct cell *cell)
{
	for (int i = 0; i < LITMUS_MAX_WORDS; i++) {
		if (cell->word[i])
			return false;
	}
	return true;
}

/*
 * It may be brought back at any time, or stay where it is; nothing else is different. But of what
 * several could share, a page that nobody has ever written to is gone for good.
 */
static int64_t page_out(struct spec_machine *m, struct page *page)
{
	struct cell *cell = &m->cells[page->cell];

	if (page->flags & PAGE_HUGETLB)
		return -EINVAL;
	if (m->has_uffd && !m->has_minor &&
	    (page->flags & PAGE_SHARED || spec_shows_file(m, page)) &&
	    !(cell->flags & CELL_EMPTY) && is_zero(cell))
		cell->flags |= CELL_MAYBE;
	page->flags &= (uint16_t) ~(PAGE_IN_TABLE | PAGE_NOT_IN_TABLE);
	page->flags |= m->has_pagemap ? PAGE_OUT : 0;
	return 0;
}

static int64_t advise_page(struct spec_machine *m, int mm, int page, unsigned advice)
{
	struct page *p = &m->pages[mm][page];

	switch (advice) {
	case LITMUS_MADV_DONTNEED:
		return discard_page(m, mm, page);
	case LITMUS_MADV_FREE:
		return free_page(m, p);
	case LITMUS_MADV_DONTFORK:
		p->flags |= PAGE_DONTFORK;
		return 0;
	case LITMUS_MADV_DOFORK:
		p->flags &= (uint16_t)~PAGE_DONTFORK;
		return 0;
	case LITMUS_MADV_WIPEONFORK:
		if (!spec_is_anon(p))
			return -EINVAL;
		p->flags |= PAGE_WIPEONFORK;
		return 0;
	case LITMUS_MADV_KEEPONFORK:
		p->flags &= (uint16_t)~PAGE_WIPEONFORK;
		return 0;
	case LITMUS_MADV_PAGEOUT:
		return page_out(m, p);
	case LITMUS_MADV_COLLAPSE:
		collapse(m, p);
		return 0;
	default: /* nothing that can be seen */
		return 0;
	}
}

int spec_madvise_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	return spec_is_populate(op) ? populate_choices(m, task, op) : spec_result_choices(op);
}

int64_t spec_madvise(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_process_of(m, task);
	int64_t err = 0;

	if (spec_is_populate(op))
		return spec_refuses(m, HAS_POPULATE) ? -EINVAL : do_populate(m, task, op, choice);
	for (int i = 0; i < op->nr_pages; i++) {
		int page = spec_page_of(m, op->addr) + i;

		if (!m->pages[mm][page].cell) {
			err = -ENOMEM;
			continue;
		}
		int64_t page_err = advise_page(m, mm, page, op->flags);
		if (page_err)
			return page_err;
	}
	return choice > 0 ? spec_result(op, choice) : err;
}
