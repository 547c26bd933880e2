/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_move.c - uffdio_move(): pages that go from one place to another */

#include <errno.h>

#include "spec/uffdio.h"

/* Which page of the source is the first? */
static int source_of(const struct spec_machine *m, const struct litmus_op *op)
{
	return spec_page_of(m, op->to);
}

static bool may_move(const struct page *page)
{
	return spec_is_anon(page) && page->prot & LITMUS_PROT_WRITE;
}

/* Can it be done at all? 0 or the error; where nothing is mapped -ENOENT since v6.9. */
static int64_t area_error(const struct range *range, const struct page *source, bool is_newer)
{
	const struct page *target = range->pages;

	if (!target->cell || !source->cell)
		return is_newer ? -ENOENT : -EINVAL;
	if (!may_move(target) || !may_move(source) || target->prot != source->prot ||
	    target->uffd != range->uffd + 1)
		return -EINVAL;
	return 0;
}

/* Are there ways in which the ranges are of one VMA each, and ways in which they are not? */
static int one_vma_choices(const struct range *range, const struct page *source)
{
	bool all = spec_vma_end(range->pages, range->nr, true) == range->nr &&
		   spec_vma_end(source, range->nr, true) == range->nr;
	bool may = spec_vma_end(range->pages, range->nr, false) == range->nr &&
		   spec_vma_end(source, range->nr, false) == range->nr;

	return all || !may ? 1 : 2;
}

static bool is_one_vma(const struct range *range, const struct page *source, int choice)
{
	return !choice && spec_vma_end(range->pages, range->nr, false) == range->nr &&
	       spec_vma_end(source, range->nr, false) == range->nr;
}

/*
 * Pages that kernels may refuse to move: what other mms may share or a device holds, which depends
 * on more than this machine knows. So any may be the one that it is not; nr: none.
 */
static int busy_choices(const struct range *range)
{
	return range->nr + 1;
}

/* What has to be known of source and target, besides. */
static bool is_unknown(const struct spec_machine *m, const struct page *page)
{
	unsigned flags = m->cells[page->cell].flags;

	return flags & CELL_MAYBE || (flags & CELL_EMPTY && page->flags & PAGE_PROTECTED);
}

int spec_uffd_move_choices(struct spec_machine *m, const struct range *range,
			   const struct litmus_op *op)
{
	const struct page *source = &m->pages[range->mm][source_of(m, op)];
	int nr = one_vma_choices(range, source) * busy_choices(range);
	bool unknown = false;

	if (area_error(range, source, true) == -ENOENT)
		return 2;
	if (area_error(range, source, true))
		return 1;
	for (int i = 0; i < range->nr; i++) {
		nr *= spec_discard_choices(m, &source[i]);
		nr *= spec_discard_choices(m, &range->pages[i]);
		unknown |= is_unknown(m, &source[i]) || is_unknown(m, &range->pages[i]);
	}
	return unknown ? 2 * nr : nr;
}

/* Nothing is mapped; or what can't be known is `choice`. */
static bool is_empty(const struct spec_machine *m, const struct page *page, int choice)
{
	unsigned flags = m->cells[page->cell].flags;

	return flags & CELL_MAYBE ? choice == 0 : flags & CELL_EMPTY;
}

/* Where nothing is mapped, a mark that it is protected may be in the way. */
static bool has_mark(const struct spec_machine *m, const struct page *page, int choice)
{
	return m->cells[page->cell].flags & CELL_EMPTY && page->flags & PAGE_PROTECTED && !choice;
}

/* The cell is at its new place, and a hole at the old one; both stay what else they are. */
static void move_cell(struct spec_machine *m, int mm, int from, int to)
{
	struct page source = m->pages[mm][from];
	struct page target = m->pages[mm][to];
	int cell = source.cell;

	source.flags &= (uint16_t) ~(PAGE_PROTECTED | PAGE_OUT);
	target.flags &= (uint16_t) ~(PAGE_PROTECTED | PAGE_OUT);
	target.flags |= m->pages[mm][from].flags & PAGE_OUT;
	spec_unmap(m, mm, to);
	spec_map_cell(m, mm, to, cell, target);
	spec_map(m, mm, from, source);
	m->cells[cell].home = (uint16_t)to;
	m->cells[cell].flags &= (uint16_t) ~(CELL_EMPTY | CELL_MAYBE);
}

/* One page: 0 or the error. */
static int64_t move_page(struct spec_machine *m, const struct range *range, int from, int i,
			 const struct litmus_op *op, int choice)
{
	const struct page *source = &m->pages[range->mm][from + i];
	const struct page *target = &range->pages[i];

	if (has_mark(m, target, choice) || !is_empty(m, target, choice))
		return -EEXIST;
	if (has_mark(m, source, choice))
		return -EFAULT;
	if (!is_empty(m, source, choice)) {
		move_cell(m, range->mm, from + i, range->first + i);
		return 0;
	}
	return op->flags & LITMUS_UFFDIO_MODE_SRC_HOLES ? 0 : -ENOENT;
}

int64_t spec_uffd_move(struct spec_machine *m, int task, const struct range *range,
		       const struct litmus_op *op, int choice)
{
	int from = source_of(m, op);
	const struct page *source = &m->pages[range->mm][from];
	int64_t err = area_error(range, source, !choice);
	int done = 0, busy;

	/* Only a task whose memory it is can do it. */
	if (spec_process_of(m, task) != range->mm)
		return -EINVAL;
	if (err)
		return err;
	if (!is_one_vma(range, source, spec_pick(&choice, one_vma_choices(range, source))))
		return -EINVAL;
	busy = range->nr - spec_pick(&choice, busy_choices(range));
	for (int i = 0; i < range->nr; i++) {
		spec_may_discard(m, range->mm, from + i, &choice);
		spec_may_discard(m, range->mm, range->first + i, &choice);
	}
	for (err = 0; done < range->nr; done++) {
		bool there = !is_empty(m, &source[done], choice) &&
			     is_empty(m, &range->pages[done], choice);

		err = done == busy && there ? -EBUSY : move_page(m, range, from, done, op, choice);
		if (err)
			break;
	}
	return spec_end_partly(m, range, op, done, err);
}
