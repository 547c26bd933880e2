/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap.c - moving memory to another address */
#include "mm/internal.h"

/* Make all tables that the move needs, so that it can't stop half-way. */
static int alloc_target(struct mm *mm, unsigned long start, unsigned long end, bool hugetlb)
{
	for (unsigned long addr = start; addr < end; addr += MM_PAGE_SIZE) {
		if (hugetlb ? pmd_alloc(mm, addr) : pte_alloc(mm, addr))
			return -MM_ENOMEM;
	}
	return 0;
}

pte_t moved_uffd_wp(const struct mm *mm, const struct vma *old, pte_t pte)
{
	if (!old->uffd_ctx || userfaultfd_moves_along(old) ||
	    mm->machine->rules.mremap_uffd_wp == MREMAP_UFFD_WP_KEEP)
		return pte;
	if (pte_marker_uffd_wp(pte))
		return 0;
	return pte & ~(pte_present(pte) ? PTE_UFFD_WP : PTE_SWP_UFFD_WP);
}

static struct pte_lock lock_entry(struct mm *mm, unsigned long addr, bool hugetlb)
{
	return hugetlb ? pmd_offset_lock(mm, addr) : pte_offset_lock(mm, addr);
}

/* It counts as changed at its new place; hugetlb knows no soft-dirty. */
static pte_t moved_soft_dirty(pte_t pte, bool hugetlb)
{
	if (hugetlb)
		return pte;
	return pte | (pte_present(pte) ? PTE_SOFT_DIRTY : PTE_SWP_SOFT_DIRTY);
}

/*
 * Take one PTE, or hugetlb's PMD, from `from` to `to` as it is: pins and the right to write go
 * along.
 */
static void move_entry(struct mm *mm, unsigned long from, unsigned long to, bool hugetlb)
{
	struct pte_lock lock = lock_entry(mm, from, hugetlb);
	unsigned long size = hugetlb ? MM_HPAGE_SIZE : MM_PAGE_SIZE;
	pte_t pte;

	if (!lock.entry)
		return;
	pte = port_entry_xchg(lock.entry, 0);
	/* Before the lock is gone, lest somebody writes through the old address. */
	if (pte_present(pte))
		flush_tlb_range(mm, from, from + size);
	pte_unlock(&lock);
	if (!pte_none(pte))
		pte = moved_uffd_wp(mm, find_vma(mm, from), pte);
	if (pte_none(pte))
		return;

	/* Nobody else sees the entry on its way: the mmap lock is held for writing. */
	lock = lock_entry(mm, to, hugetlb);
	port_entry_set(lock.entry, moved_soft_dirty(pte, hugetlb));
	pte_unlock(&lock);
}

/* Take what is mapped in [from, from + length) to where the VMA has it. */
static void move_page_tables(struct mm *mm, struct vma *moved, unsigned long from,
			     unsigned long length)
{
	unsigned long step;

	for (unsigned long offset = 0; offset < length; offset += step) {
		bool whole = !((from + offset) & ~MM_HPAGE_MASK) &&
			     !((moved->start + offset) & ~MM_HPAGE_MASK) &&
			     length - offset >= MM_HPAGE_SIZE;

		step = MM_HPAGE_SIZE;
		if (moved->flags & VM_HUGETLB) {
			move_entry(mm, from + offset, moved->start + offset, true);
			continue;
		}
		if (whole && move_huge_pmd(mm, from + offset, moved->start + offset))
			continue;
		split_huge_pmd(mm, from + offset);
		step = MM_PAGE_SIZE;
		move_entry(mm, from + offset, moved->start + offset, false);
	}
}

struct touch {
	bool found;
};

static void note_touch(void *context, unsigned long addr, port_entry *entry)
{
	struct touch *touch = context;

	(void)addr;
	(void)entry;
	touch->found = true;
}

/* Is anything mapped there? Memory that nobody touched counts from its new place on. */
static bool is_touched(struct mm *mm, unsigned long start, unsigned long end)
{
	static const struct mm_walk_ops ops = {.pte = note_touch, .pmd = note_touch};
	struct touch touch = {0};

	walk_page_range(mm, start, end, &ops, &touch);
	return touch.found;
}

/* Free what alloc_target() made for a move that does not take place. */
static void free_tables(struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned index = vma_index(mm, start);
	unsigned long floor = index ? mm->vmas[index - 1].end : 0;
	unsigned long ceiling = index < mm->nr_vmas ? mm->vmas[index].start : MM_TASK_SIZE;

	free_pgtables(mm, start, end, floor, ceiling);
}

/* Of what monitors are to be told when the mmap lock is gone (struct vma_remap_struct). */
struct move_events {
	struct uffd_unmap *targets; /* what was there before */
	struct userfaultfd_ctx *remap;
	struct uffd_unmap *sources;
};

/* Move memory of one VMA to a place where nothing is mapped. */
static int move_vma(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to,
		    struct move_events *events)
{
	struct vma moved;
	int err = alloc_target(mm, to, to + length, find_vma(mm, addr)->flags & VM_HUGETLB);

	/* Merged pages don't move: where they turned up would be a surprise. */
	if (!err && find_vma(mm, addr)->flags & VM_MERGEABLE)
		err = unmerge_ksm_pages(mm, addr, addr + length);

	/* Two ends that split a VMA, the new one, and one more split when the old one goes. */
	if (!err)
		err = vma_reserve(mm, 4);
	if (!err)
		err = userfaultfd_unmap_prep(mm, addr, addr + length, &events->sources);
	if (err) {
		free_tables(mm, to, to + length);
		return err;
	}
	vma_split(mm, addr);
	vma_split(mm, addr + length);
	moved = *find_vma(mm, addr);
	moved.start = to;
	moved.end = to + length;
	if (vma_is_anonymous(&moved) && !is_touched(mm, addr, addr + length))
		moved.pgoff = to >> MM_PAGE_SHIFT;
	vma_get(&moved);
	vma_insert(mm, &moved);
	/* Who looks for all mappings of a page must not miss one that is on its way. */
	port_down_write(&mm->machine->rmap_lock);
	move_page_tables(mm, &moved, addr, length);
	port_up_write(&mm->machine->rmap_lock);
	events->remap = userfaultfd_mremap_prep(mm, find_vma(mm, to));
	do_munmap(mm, addr, addr + length);
	return 0;
}

static int unmap_target(struct mm *mm, unsigned long to, unsigned long length,
			struct move_events *events)
{
	int err = prepare_munmap(mm, to, to + length, 2, &events->targets);

	if (!err)
		do_munmap(mm, to, to + length);
	return err;
}

/* 550a7d60bd5e: hugetlb memory can be moved, by whole huge pages. */
static int check_move_hugetlb(const struct mm *mm, unsigned long addr, unsigned long length,
			      unsigned long to)
{
	if (!(find_vma(mm, addr)->flags & VM_HUGETLB))
		return 0;
	if (mm->machine->rules.hugetlb_mremap == HUGETLB_MREMAP_EINVAL)
		return -MM_EINVAL;
	return (addr | length | to) & ~MM_HPAGE_MASK ? -MM_EINVAL : 0;
}

/* One mapping must hold all of it; by the time that this is known the target is gone. */
static int move_one(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to,
		    struct move_events *events)
{
	int err = unmap_target(mm, to, length, events);

	if (!err)
		err = check_move_hugetlb(mm, addr, length, to);
	if (err)
		return err;
	if (find_vma(mm, addr)->end - addr < length)
		return -MM_EFAULT;
	return move_vma(mm, addr, length, to, events);
}

/*
 * Mapping by mapping; where there is none, the target stays what it is. Registered memory moves
 * only if it is one mapping: a monitor is told of one move (vma_multi_allowed()).
 */
static int move_many(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to,
		     struct move_events *events)
{
	unsigned long end = addr + length;
	unsigned long at = addr;
	int err = 0;

	while (!err && at < end) {
		unsigned index = vma_index(mm, at);
		unsigned long stop;

		if (index == mm->nr_vmas || mm->vmas[index].start >= end)
			break;
		if (mm->vmas[index].start > at)
			at = mm->vmas[index].start;
		stop = mm->vmas[index].end < end ? mm->vmas[index].end : end;
		if (mm->vmas[index].uffd_ctx && (at > addr || stop < end))
			return -MM_EFAULT;
		err = check_move_hugetlb(mm, at, stop - at, to + (at - addr));
		if (!err)
			err = unmap_target(mm, to + (at - addr), stop - at, events);
		if (!err)
			err = move_vma(mm, at, stop - at, to + (at - addr), events);
		at = stop;
	}
	return err;
}

static int move_range(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to,
		      struct move_events *events)
{
	int err;

	if (!find_vma(mm, addr))
		return -MM_EFAULT;
	if (mm->machine->rules.mremap_range == MREMAP_RANGE_MANY)
		err = move_many(mm, addr, length, to, events);
	else
		err = move_one(mm, addr, length, to, events);
	vma_merge(mm);
	return err;
}

int mm_mremap(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to)
{
	struct move_events events = {0};
	unsigned long to_length = length;
	int err = check_range(addr, &length);

	if (!err)
		err = check_range(to, &to_length);
	if (err)
		return err;
	if (addr < to + length && to < addr + length)
		return -MM_EINVAL;
	port_down_write(&mm->mmap_lock);
	err = move_range(mm, addr, length, to, &events);
	port_up_write(&mm->mmap_lock);
	userfaultfd_unmap_complete(mm, events.targets);
	userfaultfd_mremap_complete(mm, events.remap, addr, to, length);
	userfaultfd_unmap_complete(mm, events.sources);
	return err;
}
