/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmap.c - mmap and munmap */
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

/* Put the VMA where it says, in place of what is there. Takes over its uses, if it succeeds. */
static int mmap_region(struct mm *mm, struct vma *vma)
{
	int err;

	port_down_write(&mm->mmap_lock);
	/* munmap may split one VMA in two, and the new one comes in between. */
	err = vma_reserve(mm, 3);
	if (!err) {
		do_munmap(mm, vma->start, vma->end);
		vma_insert(mm, vma);
		vma_merge(mm);
	}
	port_up_write(&mm->mmap_lock);
	return err;
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
	vma.pgoff = addr >> MM_PAGE_SHIFT;
	if (flags & VM_SHARED) {
		vma.pgoff = 0;
		vma.shmem = shmem_create(length >> MM_PAGE_SHIFT);
		if (!vma.shmem)
			return -MM_ENOMEM;
	}
	err = mmap_region(mm, &vma);
	if (err)
		vma_put(mm, &vma);
	return err;
}

int mm_mmap_file(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags,
		 struct shmem *file, unsigned long pgoff)
{
	struct vma vma = {.start = addr, .shmem = file, .pgoff = pgoff};
	int err = check_range(addr, &length);

	if (err)
		return err;
	if (flags & ~(VM_READ | VM_WRITE | VM_SHARED))
		return -MM_EINVAL;
	if (pgoff > file->nr_pages || length >> MM_PAGE_SHIFT > file->nr_pages - pgoff)
		return -MM_EINVAL;
	vma.end = addr + length;
	vma.flags = flags | VM_MAYREAD | VM_MAYWRITE | VM_SOFTDIRTY;
	vma_get(&vma);
	err = mmap_region(mm, &vma);
	if (err)
		vma_put(mm, &vma);
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
