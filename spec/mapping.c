/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapping.c - the system calls that change an address space, but madvise() */

#include <errno.h>

#include "spec/machine.h"

static bool has_feature(const struct spec_machine *m, const struct page *page, unsigned feature)
{
	return page->uffd && m->uffds[page->uffd - 1].features & feature;
}

/* The mappings go: each userfaultfd that wants to know of it is told once. */
static void note_unmap(struct spec_machine *m, int task, const struct page *pages, int nr)
{
	bool is_noted[SPEC_MAX_UFFDS] = {false};

	for (int i = 0; i < nr; i++) {
		if (!has_feature(m, &pages[i], LITMUS_UFFD_FEATURE_EVENT_UNMAP) ||
		    is_noted[pages[i].uffd - 1])
			continue;
		is_noted[pages[i].uffd - 1] = true;
		spec_note(m, task, pages[i].uffd - 1, EVENT_UNMAP);
	}
}

int64_t spec_mmap(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int mm = spec_process_of(m, task);
	int first = spec_page_of(m, op->addr);

	if (m->tasks[task].event)
		return spec_tell(m, task);
	note_unmap(m, task, &m->pages[mm][first], op->nr_pages);
	for (int i = 0; i < op->nr_pages; i++) {
		struct page attributes = {
			/* Unlike any other mapping's number: an operation runs only once. */
			.area = (uint16_t)(1 + task * LITMUS_MAX_OPS + m->tasks[task].pc),
			.offset = (uint8_t)i,
			.prot = (uint8_t)op->flags,
			.flags = (uint16_t)((op->map & LITMUS_MAP_SHARED ? PAGE_SHARED : 0) |
					    (m->has_minor ? PAGE_NOT_IN_TABLE : 0)),
		};
		spec_map(m, mm, first + i, attributes);
	}
	return spec_tell(m, task);
}

static void unmap_range(struct spec_machine *m, int task, int first, int nr)
{
	int mm = spec_process_of(m, task);

	note_unmap(m, task, &m->pages[mm][first], nr);
	for (int i = 0; i < nr; i++)
		spec_unmap(m, mm, first + i);
}

int64_t spec_munmap(struct spec_machine *m, int task, const struct litmus_op *op)
{
	if (!m->tasks[task].event)
		unmap_range(m, task, spec_page_of(m, op->addr), op->nr_pages);
	return spec_tell(m, task);
}

/* A hole ends it with -ENOMEM; what comes before has been changed by then. */
int64_t spec_mprotect(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	for (int i = 0; i < op->nr_pages; i++) {
		struct page *page = spec_page(m, mm, op) + i;

		if (!page->cell)
			return -ENOMEM;
		page->prot = (uint8_t)op->flags;
		if (!(page->prot & LITMUS_PROT_WRITE))
			spec_weaken(m, page->cell);
	}
	return 0;
}

enum mremap {
	MREMAP_MOVES,
	MREMAP_FAULT,       /* -EFAULT: no mapping, or more than one */
	MREMAP_FAULT_UNMAP, /* the same, after the target has been unmapped */
	MREMAP_INVALID,     /* -EINVAL: the ranges overlap */
	MREMAP_PARTLY,      /* -EFAULT, but what comes before what is registered has moved */
};

#define MAX_WAYS 4

bool spec_is_one_area(const struct page *pages, int nr)
{
	const unsigned of_vma = PAGE_SHARED | PAGE_DONTFORK | PAGE_WIPEONFORK | PAGE_MODES;

	for (int i = 1; i < nr; i++) {
		if (pages[i].area != pages[0].area || pages[i].prot != pages[0].prot ||
		    (pages[i].flags ^ pages[0].flags) & of_vma || pages[i].uffd != pages[0].uffd ||
		    pages[i].offset != pages[0].offset + i || !pages[i].cell)
			return false;
	}
	return true;
}

/* What makes two pages parts of different VMAs for sure. */
static bool may_be_merged(const struct page *a, const struct page *b)
{
	const unsigned of_vma =
		PAGE_SHARED | PAGE_DONTFORK | PAGE_WIPEONFORK | PAGE_HUGETLB | PAGE_MODES;

	return a->cell && b->cell && a->prot == b->prot && a->uffd == b->uffd &&
	       !((a->flags ^ b->flags) & of_vma);
}

int spec_vma_end(const struct page *pages, int nr, bool cut)
{
	int end = 1;

	while (end < nr && may_be_merged(&pages[0], &pages[end]) &&
	       !(cut && !spec_is_one_area(pages, end + 1)))
		end++;
	return end;
}

/* The first page that is; nr: none. */
static int first_registered(const struct page *pages, int nr)
{
	int i = 0;

	while (i < nr && !pages[i].uffd)
		i++;
	return i;
}

/* Write what mremap() may do to `ways`; returns how many ways there are. */
static int mremap_ways(const struct spec_machine *m, int mm, const struct litmus_op *op,
		       enum mremap ways[MAX_WAYS])
{
	const struct page *pages = &m->pages[mm][spec_page_of(m, op->addr)];
	int from = spec_page_of(m, op->addr);
	int to = spec_page_of(m, op->to);
	bool is_mapped = m->pages[mm][from].cell;
	int registered;
	int nr = 0;

	if (from < to + op->nr_pages && to < from + op->nr_pages) {
		ways[nr++] = MREMAP_INVALID;
		if (!is_mapped)
			ways[nr++] = MREMAP_FAULT;
		return nr;
	}
	/* Registered memory does not move but as one VMA. */
	if (is_mapped && (first_registered(pages, op->nr_pages) == op->nr_pages ||
			  spec_vma_end(pages, op->nr_pages, false) == op->nr_pages))
		ways[nr++] = MREMAP_MOVES;
	if (is_mapped && spec_is_one_area(&m->pages[mm][from], op->nr_pages))
		return nr;
	/*
	 * More than one VMA is moved since v6.17. Before, and where there is none, it is -EFAULT,
	 * which v5.16 and later can find out before they unmap the target.
	 */
	ways[nr++] = MREMAP_FAULT;
	ways[nr++] = MREMAP_FAULT_UNMAP;
	registered = first_registered(pages, op->nr_pages);
	if (is_mapped && registered > 0 && registered < op->nr_pages)
		ways[nr++] = MREMAP_PARTLY;
	return nr;
}

int spec_mremap_choices(const struct spec_machine *m, int mm, const struct litmus_op *op)
{
	enum mremap ways[MAX_WAYS];

	return mremap_ways(m, mm, op, ways);
}

/* The target has been unmapped. The first mapping says who is to be told: there is one, or none. */
static void move_range(struct spec_machine *m, int task, int from, int to, int nr)
{
	int mm = spec_process_of(m, task);
	const struct page first = m->pages[mm][from];

	if (has_feature(m, &first, LITMUS_UFFD_FEATURE_EVENT_REMAP))
		spec_note(m, task, first.uffd - 1, EVENT_REMAP);
	note_unmap(m, task, &m->pages[mm][from], nr);
	for (int i = 0; i < nr; i++) {
		if (m->pages[mm][from + i].cell)
			spec_move(m, mm, from + i, to + i);
	}
}

/* Where there is no mapping to be moved, the target stays what it is. */
static void unmap_targets(struct spec_machine *m, int task, int from, int to, int nr)
{
	const struct page *pages = m->pages[spec_process_of(m, task)];

	for (int i = 0, end; i < nr; i = end) {
		end = i + 1;
		if (!pages[from + i].cell)
			continue;
		while (end < nr && pages[from + end].cell)
			end++;
		unmap_range(m, task, to + i, end - i);
	}
}

int64_t spec_mremap(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_process_of(m, task);
	int from = spec_page_of(m, op->addr);
	int to = spec_page_of(m, op->to);
	int nr = op->nr_pages;
	enum mremap ways[MAX_WAYS];

	if (m->tasks[task].event)
		return spec_tell(m, task);
	mremap_ways(m, mm, op, ways);
	switch (ways[choice]) {
	case MREMAP_INVALID:
		return -EINVAL;
	case MREMAP_FAULT:
		return -EFAULT;
	case MREMAP_FAULT_UNMAP:
		unmap_range(m, task, to, nr);
		m->tasks[task].error = EFAULT;
		break;
	case MREMAP_PARTLY:
		nr = first_registered(&m->pages[mm][from], nr);
		unmap_targets(m, task, from, to, nr);
		move_range(m, task, from, to, nr);
		m->tasks[task].error = EFAULT;
		break;
	case MREMAP_MOVES:
		if (m->pages[mm][from].flags & PAGE_HUGETLB && spec_refuses(m, MREMAP_HUGETLB)) {
			unmap_range(m, task, to, nr);
			m->tasks[task].error = EINVAL;
			break;
		}
		unmap_targets(m, task, from, to, nr);
		move_range(m, task, from, to, nr);
		break;
	}
	return spec_tell(m, task);
}
