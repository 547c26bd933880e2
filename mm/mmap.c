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

	zap_page_range(mm, start, end, ZAP_FLAG_DROP_MARKER);
	vma_remove(mm, start, end);
	floor = index ? mm->vmas[index - 1].end : 0;
	ceiling = index < mm->nr_vmas ? mm->vmas[index].start : MM_TASK_SIZE;
	free_pgtables(mm, start, end, floor, ceiling);
}

int prepare_munmap(struct mm *mm, unsigned long start, unsigned long end, unsigned nr,
		   struct uffd_unmap **unmaps)
{
	int err = vma_can_split(mm, start);

	if (!err)
		err = vma_can_split(mm, end);
	if (!err)
		err = vma_reserve(mm, nr);
	return err ? err : userfaultfd_unmap_prep(mm, start, end, unmaps);
}

/* Put the VMA where it says, in place of what is there. Takes over its uses, if it succeeds. */
static int mmap_region(struct mm *mm, struct vma *vma)
{
	struct uffd_unmap *unmaps = NULL;
	int err;

	port_down_write(&mm->mmap_lock);
	/* munmap may split one VMA in two, and the new one comes in between. */
	err = prepare_munmap(mm, vma->start, vma->end, 3, &unmaps);
	if (!err) {
		do_munmap(mm, vma->start, vma->end);
		if (vma->hugetlb)
			err = hugetlb_reserve_pages(mm->machine, vma->hugetlb);
	}
	if (!err) {
		vma_insert(mm, vma);
		vma_merge(mm);
	}
	port_up_write(&mm->mmap_lock);
	userfaultfd_unmap_complete(mm, unmaps);
	return err;
}

int mm_mmap(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags)
{
	struct vma vma = {.start = addr};
	int err = check_range(addr, &length);

	if (err)
		return err;
	if (flags & ~(VM_READ | VM_WRITE | VM_SHARED | VM_HUGETLB))
		return -MM_EINVAL;
	if (flags & VM_HUGETLB) {
		length = (length + MM_HPAGE_SIZE - 1) & MM_HPAGE_MASK;
		if (addr & ~MM_HPAGE_MASK || length > MM_TASK_SIZE - addr)
			return -MM_EINVAL;
	}
	vma.end = addr + length;
	vma.flags = flags | VM_MAYREAD | VM_MAYWRITE | VM_SOFTDIRTY;
	vma.pgoff = addr >> MM_PAGE_SHIFT;
	if (flags & VM_HUGETLB) {
		err = hugetlb_file_setup(mm, &vma);
		if (err)
			return err;
	} else if (flags & VM_SHARED) {
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
	struct uffd_unmap *unmaps = NULL;
	int err = check_range(addr, &length);

	if (err)
		return err;
	port_down_write(&mm->mmap_lock);
	err = prepare_munmap(mm, addr, addr + length, 2, &unmaps);
	if (!err)
		do_munmap(mm, addr, addr + length);
	port_up_write(&mm->mmap_lock);
	userfaultfd_unmap_complete(mm, unmaps);
	return err;
}
