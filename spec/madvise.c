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

static bool discards(const struct litmus_op *op)
{
	return op->flags == LITMUS_MADV_DONTNEED || op->flags == LITMUS_MADV_FREE;
}

/* Is a monitor to be told before the page goes? Of hugetlb not where it can't go. */
static bool tells(const struct spec_machine *m, const struct litmus_op *op, const struct page *page)
{
	if (!discards(op) || !page->uffd ||
	    !(m->uffds[page->uffd - 1].features & LITMUS_UFFD_FEATURE_EVENT_REMOVE))
		return false;
	return !(page->flags & PAGE_HUGETLB) ||
	       (op->flags == LITMUS_MADV_DONTNEED && !spec_refuses(m, DONTNEED_HUGETLB));
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

/* The first page from `done` on of which a monitor is to be told; nr_pages: none. */
static int first_told(const struct spec_machine *m, int task, const struct litmus_op *op)
{
	const struct page *pages = &m->pages[spec_process_of(m, task)][spec_page_of(m, op->addr)];
	/* A call that waits already has told of the pages up to there. */
	int i = m->tasks[task].event ? m->tasks[task].page : m->tasks[task].done;

	while (i < op->nr_pages && !tells(m, op, &pages[i]))
		i++;
	return i;
}

int spec_madvise_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	const struct page *pages = &m->pages[spec_process_of(m, task)][spec_page_of(m, op->addr)];
	int i = first_told(m, task, op);
	int nr = op->nr_pages - i;

	if (spec_is_populate(op))
		return populate_choices(m, task, op);
	if (m->tasks[task].was_read == 1)
		return 1;
	if (nr > 0)
		return spec_vma_end(&pages[i], nr, false) == spec_vma_end(&pages[i], nr, true) ? 1
											       : 2;
	return spec_result_choices(op);
}

/* The monitor has heard of the pages up to `end`; those of them that are one VMA now go. */
static int64_t advise_told(struct spec_machine *m, int task, const struct litmus_op *op, int end)
{
	int mm = spec_process_of(m, task);
	int first = spec_page_of(m, op->addr);
	int start = m->tasks[task].done;

	if (!m->pages[mm][first + start].cell)
		return -ENOMEM;
	end = start + spec_vma_end(&m->pages[mm][first + start], end - start, false);
	for (int i = start; i < end; i++) {
		int64_t err = advise_page(m, mm, first + i, op->flags);

		if (err)
			return err;
	}
	return 0;
}

static int64_t end_told(struct spec_machine *m, int task, int64_t result)
{
	m->tasks[task].error = (uint8_t)-result;
	return spec_tell(m, task);
}

int64_t spec_madvise(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_process_of(m, task);
	struct task_state *t = &m->tasks[task];
	int64_t err;

	if (spec_is_populate(op))
		return spec_refuses(m, HAS_POPULATE) ? -EINVAL : do_populate(m, task, op, choice);
	/* From here on to what it does then the monitor may fill what is about to go. */
	if (t->was_read == 1) {
		t->was_read = 2;
		return 0;
	}
	if (t->event) {
		int end = t->page;

		err = advise_told(m, task, op, end);
		t->event = EVENT_NONE;
		if (err)
			return end_told(m, task, err);
		t->done = (uint8_t)end;
	}
	for (; t->done < op->nr_pages; t->done++) {
		int page = spec_page_of(m, op->addr) + t->done;
		struct page *p = &m->pages[mm][page];

		if (!p->cell) {
			t->error = ENOMEM;
			continue;
		}
		if (tells(m, op, p)) {
			int end = t->done + spec_vma_end(p, op->nr_pages - t->done, choice > 0);

			spec_wait(m, task, p->uffd - 1, EVENT_REMOVE, end);
			return 0;
		}
		err = advise_page(m, mm, page, op->flags);
		if (err)
			return end_told(m, task, err);
	}
	return choice > 0 ? end_told(m, task, spec_result(op, choice)) : spec_tell(m, task);
}
