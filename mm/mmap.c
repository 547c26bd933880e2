/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap.c - mmap, munmap, and the copy of an address space for fork */
#include "mm/internal.h"

void do_munmap(struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned index;
	unsigned long floor, ceiling;

	vma_split(mm, start);
	vma_split(mm, end);
	index = vma_index(mm, start);
	if (index == mm->nr_vmas || mm->vmas[index].start >= end)
		return;

	zap_page_range(mm, start, end);
	vma_remove(mm, start, end);
	floor = index ? mm->vmas[index - 1].end : 0;
	ceiling = index < mm->nr_vmas ? mm->vmas[index].start : MM_TASK_SIZE;
	free_pgtables(mm, start, end, floor, ceiling);
}

int mm_mmap(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags)
{
	struct vma vma = {.start = addr};
	int err = check_range(addr, &length);

	if (err)
		return err;
	if (flags & ~(VM_READ | VM_WRITE | VM_SHARED))
		return -MM_EINVAL;
	vma.end = addr + length;
	vma.flags = flags | VM_MAYREAD | VM_MAYWRITE | VM_SOFTDIRTY;
	if (flags & VM_SHARED) {
		vma.shmem = shmem_create(length >> MM_PAGE_SHIFT);
		if (!vma.shmem)
			return -MM_ENOMEM;
	}

	port_down_write(&mm->mmap_lock);
	/* munmap may split one VMA in two, and the new one comes in between. */
	err = vma_reserve(mm, 3);
	if (!err) {
		do_munmap(mm, vma.start, vma.end);
		vma_insert(mm, &vma);
		vma_merge(mm);
	}
	port_up_write(&mm->mmap_lock);
	if (err && vma.shmem)
		shmem_put(mm->machine, vma.shmem);
	return err;
}

int mm_munmap(struct mm *mm, unsigned long addr, unsigned long length)
{
	int err = check_range(addr, &length);

	if (err)
		return err;
	port_down_write(&mm->mmap_lock);
	err = vma_reserve(mm, 2);
	if (!err)
		do_munmap(mm, addr, addr + length);
	port_up_write(&mm->mmap_lock);
	return err;
}

/* Give the child one VMA of its parent's, with its pages. Both mmap locks held. */
static int dup_vma(struct mm *child, struct mm *parent, const struct vma *vma)
{
	struct vma *copy;

	if (vma->flags & VM_DONTCOPY)
		return 0;
	vma_insert(child, vma);
	copy = find_vma(child, vma->start);
	if (copy->shmem)
		shmem_get(copy->shmem);
	/* Shared memory is found again by faults; wiped memory starts empty. */
	if (vma->flags & (VM_SHARED | VM_WIPEONFORK))
		return 0;
	return copy_page_range(child, parent, copy, vma);
}

int mm_fork(struct mm *parent, struct mm **child)
{
	struct mm *new = mm_create(parent->machine);
	int err;

	if (!new)
		return -MM_ENOMEM;
	port_down_write(&parent->mmap_lock);
	port_down_write(&new->mmap_lock);
	err = vma_reserve(new, parent->nr_vmas);
	for (unsigned i = 0; !err && i < parent->nr_vmas; i++)
		err = dup_vma(new, parent, &parent->vmas[i]);
	/* Also after a failure: some entries are write-protected already. */
	flush_tlb_range(parent, 0, MM_TASK_SIZE);
	port_up_write(&new->mmap_lock);
	port_up_write(&parent->mmap_lock);

	if (err) {
		mm_destroy(new);
		return err;
	}
	*child = new;
	return 0;
}
