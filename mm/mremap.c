/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mremap.c - moving memory to another address */
#include "mm/internal.h"

/* Make all tables that the move needs, so that it can't stop half-way. */
static int alloc_tables(struct mm *mm, unsigned long start, unsigned long end)
{
	for (unsigned long addr = start; addr < end; addr += MM_PAGE_SIZE) {
		if (pte_alloc(mm, addr))
			return -MM_ENOMEM;
	}
	return 0;
}

/* Take one PTE from `from` to `to` as it is: pins and the right to write go along. */
static void move_pte(struct mm *mm, unsigned long from, unsigned long to)
{
	struct pte_lock lock = pte_offset_lock(mm, from);
	pte_t pte;

	if (!lock.entry)
		return;
	pte = port_entry_xchg(lock.entry, 0);
	/* Before the lock is gone, lest somebody writes through the old address. */
	if (pte_present(pte))
		flush_tlb_range(mm, from, from + MM_PAGE_SIZE);
	pte_unlock(&lock);
	if (pte_none(pte))
		return;

	/* Nobody else sees the entry on its way: the mmap lock is held for writing. */
	lock = pte_offset_lock(mm, to);
	port_entry_set(lock.entry, pte | PTE_SOFT_DIRTY);
	pte_unlock(&lock);
}

static int move_vma(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to)
{
	struct vma *vma = find_vma(mm, addr);
	struct vma moved;
	unsigned index;
	unsigned long floor, ceiling;
	int err;

	if (!vma || vma->end - addr < length)
		return -MM_EFAULT;
	/* Both ends of the source, and of what is unmapped for the target, may split a VMA. */
	err = vma_reserve(mm, 5);
	if (err)
		return err;
	do_munmap(mm, to, to + length);

	err = alloc_tables(mm, to, to + length);
	if (err) {
		index = vma_index(mm, to);
		floor = index ? mm->vmas[index - 1].end : 0;
		ceiling = index < mm->nr_vmas ? mm->vmas[index].start : MM_TASK_SIZE;
		free_pgtables(mm, to, to + length, floor, ceiling);
		return err;
	}
	vma_split(mm, addr);
	vma_split(mm, addr + length);
	moved = *find_vma(mm, addr);
	moved.start = to;
	moved.end = to + length;
	moved.flags |= VM_SOFTDIRTY;
	if (moved.shmem)
		shmem_get(moved.shmem);
	vma_insert(mm, &moved);
	for (unsigned long offset = 0; offset < length; offset += MM_PAGE_SIZE)
		move_pte(mm, addr + offset, to + offset);
	do_munmap(mm, addr, addr + length);
	vma_merge(mm);
	return 0;
}

int mm_mremap(struct mm *mm, unsigned long addr, unsigned long length, unsigned long to)
{
	unsigned long to_length = length;
	int err = check_range(addr, &length);

	if (!err)
		err = check_range(to, &to_length);
	if (err)
		return err;
	if (addr < to + length && to < addr + length)
		return -MM_EINVAL;
	port_down_write(&mm->mmap_lock);
	err = move_vma(mm, addr, length, to);
	port_up_write(&mm->mmap_lock);
	return err;
}
