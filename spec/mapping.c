/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mapping.c - the system calls that change an address space, but madvise() */

#include <errno.h>

#include "spec/machine.h"

int64_t spec_mmap(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int first = spec_page_of(m, op->addr);

	for (int i = 0; i < op->nr_pages; i++) {
		struct page attributes = {
			/* Unlike any other mapping's number: an operation runs only once. */
			.area = (uint16_t)(1 + task * LITMUS_MAX_OPS + m->tasks[task].pc),
			.offset = (uint8_t)i,
			.prot = (uint8_t)op->flags,
			.flags = (uint16_t)((op->map & LITMUS_MAP_SHARED ? PAGE_SHARED : 0) |
					    (m->has_minor ? PAGE_NOT_IN_TABLE : 0)),
		};
		spec_map(m, spec_process_of(m, task), first + i, attributes);
	}
	return 0;
}

int64_t spec_munmap(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	for (int i = 0; i < op->nr_pages; i++)
		spec_unmap(m, mm, spec_page_of(m, op->addr) + i);
	return 0;
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
};

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

/* Write what mremap() may do to `ways`; returns how many ways there are. */
static int mremap_ways(const struct spec_machine *m, int mm, const struct litmus_op *op,
		       enum mremap ways[3])
{
	int from = spec_page_of(m, op->addr);
	int to = spec_page_of(m, op->to);
	bool is_mapped = m->pages[mm][from].cell;
	int nr = 0;

	if (from < to + op->nr_pages && to < from + op->nr_pages) {
		ways[nr++] = MREMAP_INVALID;
		if (!is_mapped)
			ways[nr++] = MREMAP_FAULT;
		return nr;
	}
	if (is_mapped)
		ways[nr++] = MREMAP_MOVES;
	if (is_mapped && spec_is_one_area(&m->pages[mm][from], op->nr_pages))
		return nr;
	/*
	 * More than one VMA is moved since v6.17. Before, and where there is none, it is -EFAULT,
	 * which v5.16 and later can find out before they unmap the target.
	 */
	ways[nr++] = MREMAP_FAULT;
	ways[nr++] = MREMAP_FAULT_UNMAP;
	return nr;
}

int spec_mremap_choices(const struct spec_machine *m, int mm, const struct litmus_op *op)
{
	enum mremap ways[3];

	return mremap_ways(m, mm, op, ways);
}

int64_t spec_mremap(struct spec_machine *m, int mm, const struct litmus_op *op, int choice)
{
	int from = spec_page_of(m, op->addr);
	int to = spec_page_of(m, op->to);
	enum mremap ways[3];

	mremap_ways(m, mm, op, ways);
	if (ways[choice] == MREMAP_MOVES && m->pages[mm][from].flags & PAGE_HUGETLB &&
	    spec_refuses(m, MREMAP_HUGETLB)) {
		for (int i = 0; i < op->nr_pages; i++)
			spec_unmap(m, mm, to + i);
		return -EINVAL;
	}
	switch (ways[choice]) {
	case MREMAP_INVALID:
		return -EINVAL;
	case MREMAP_FAULT:
		return -EFAULT;
	case MREMAP_FAULT_UNMAP:
		for (int i = 0; i < op->nr_pages; i++)
			spec_unmap(m, mm, to + i);
		return -EFAULT;
	case MREMAP_MOVES:
		for (int i = 0; i < op->nr_pages; i++) {
			if (m->pages[mm][from + i].cell)
				spec_move(m, mm, from + i, to + i);
		}
	}
	return 0;
}
