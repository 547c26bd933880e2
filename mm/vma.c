/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vma.c - the sorted array of VMAs of an address space */
#include "mm/internal.h"

unsigned vma_index(const struct mm *mm, unsigned long addr)
{
	unsigned low = 0;
	unsigned high = mm->nr_vmas;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (mm->vmas[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct vma *find_vma(const struct mm *mm, unsigned long addr)
{
	unsigned index = vma_index(mm, addr);

	if (index == mm->nr_vmas || addr < mm->vmas[index].start)
		return NULL;
	return &mm->vmas[index];
}

int check_range(unsigned long addr, unsigned long *length)
{
	unsigned long rounded = (*length + MM_PAGE_SIZE - 1) & MM_PAGE_MASK;

	if (addr & ~MM_PAGE_MASK || !*length || rounded < *length)
		return -MM_EINVAL;
	if (addr >= MM_TASK_SIZE || rounded > MM_TASK_SIZE - addr)
		return -MM_EINVAL;
	*length = rounded;
	return 0;
}

pte_t vm_page_prot(const struct vma *vma)
{
	if (!(vma->flags & (VM_READ | VM_WRITE)))
		return PTE_PROTNONE | PTE_ACCESSED;
	/* Shared memory is writable at once, unless the first write has to be seen (soft-dirty). */
	if ((vma->flags & (VM_WRITE | VM_SHARED | VM_SOFTDIRTY)) ==
		    (VM_WRITE | VM_SHARED | VM_SOFTDIRTY) &&
	    !userfaultfd_wants_writenotify(vma))
		return PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_RW;
	return PTE_PRESENT | PTE_USER | PTE_ACCESSED;
}

int vma_can_split(const struct mm *mm, unsigned long addr)
{
	const struct vma *vma = find_vma(mm, addr);
	bool inside = vma && vma->flags & VM_HUGETLB && addr & ~MM_HPAGE_MASK;

	return inside ? -MM_EINVAL : 0;
}

int vma_reserve(struct mm *mm, unsigned nr)
{
	unsigned max = mm->max_vmas ? mm->max_vmas : 4;
	struct vma *vmas, *old;

	while (max < mm->nr_vmas + nr)
		max *= 2;
	if (max == mm->max_vmas)
		return 0;
	vmas = port_alloc(max * sizeof(*vmas));
	if (!vmas)
		return -MM_ENOMEM;
	port_down_write(&mm->machine->rmap_lock);
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		vmas[i] = mm->vmas[i];
	old = mm->vmas;
	mm->vmas = vmas;
	mm->max_vmas = max;
	port_up_write(&mm->machine->rmap_lock);
	port_free(old);
	return 0;
}

void vma_get(const struct vma *vma)
{
	if (vma->shmem)
		shmem_get(vma->shmem);
	if (vma->hugetlb)
		hugetlb_vm_op_open(vma);
	if (vma->uffd_ctx)
		userfaultfd_ctx_get(vma->uffd_ctx);
}

void vma_put(struct mm *mm, const struct vma *vma)
{
	if (vma->shmem)
		shmem_put(mm->machine, vma->shmem);
	if (vma->hugetlb)
		hugetlb_vm_op_close(mm, vma);
	if (vma->uffd_ctx)
		userfaultfd_ctx_put(mm->machine, vma->uffd_ctx);
}

/* Make room at `index` by moving what follows. rmap_lock held for writing. */
static void open_slot(struct mm *mm, unsigned index)
{
	BUG_ON(mm->nr_vmas == mm->max_vmas);
	for (unsigned i = mm->nr_vmas; i > index; i--)
		mm->vmas[i] = mm->vmas[i - 1];
	mm->nr_vmas++;
}

static void close_slot(struct mm *mm, unsigned index)
{
	mm->nr_vmas--;
	for (unsigned i = index; i < mm->nr_vmas; i++)
		mm->vmas[i] = mm->vmas[i + 1];
	mm->vmas[mm->nr_vmas] = (struct vma){0};
}

void vma_set_flags(struct mm *mm, struct vma *vma, unsigned flags)
{
	port_down_write(&mm->machine->rmap_lock);
	vma->flags = flags;
	port_up_write(&mm->machine->rmap_lock);
}

void vma_set_uffd(struct mm *mm, struct vma *vma, struct userfaultfd_ctx *ctx, unsigned flags)
{
	BUG_ON(flags & ~(unsigned)VM_UFFD_FLAGS);
	port_down_write(&mm->machine->rmap_lock);
	vma->uffd_ctx = ctx;
	vma->flags = (vma->flags & ~(unsigned)VM_UFFD_FLAGS) | flags;
	port_up_write(&mm->machine->rmap_lock);
}

void vma_split(struct mm *mm, unsigned long addr)
{
	unsigned index = vma_index(mm, addr);
	struct vma *low, *high;

	if (index == mm->nr_vmas || addr <= mm->vmas[index].start)
		return;
	/* No PMD maps memory of two VMAs. */
	if (addr & ~MM_HPAGE_MASK && !(mm->vmas[index].flags & VM_HUGETLB))
		split_huge_pmd(mm, addr);
	vma_get(&mm->vmas[index]);
	port_down_write(&mm->machine->rmap_lock);
	open_slot(mm, index + 1);
	low = &mm->vmas[index];
	high = &mm->vmas[index + 1];
	*high = *low;
	low->end = addr;
	high->start = addr;
	high->pgoff += (addr - low->start) >> MM_PAGE_SHIFT;
	port_up_write(&mm->machine->rmap_lock);
}

void vma_insert(struct mm *mm, const struct vma *vma)
{
	unsigned index = vma_index(mm, vma->start);

	BUG_ON(index < mm->nr_vmas && mm->vmas[index].start < vma->end);
	port_down_write(&mm->machine->rmap_lock);
	open_slot(mm, index);
	mm->vmas[index] = *vma;
	port_up_write(&mm->machine->rmap_lock);
}

void vma_remove(struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned index = vma_index(mm, start);

	while (index < mm->nr_vmas && mm->vmas[index].start < end) {
		struct vma gone;

		port_down_write(&mm->machine->rmap_lock);
		gone = mm->vmas[index];
		BUG_ON(gone.start < start || gone.end > end);
		close_slot(mm, index);
		port_up_write(&mm->machine->rmap_lock);
		vma_put(mm, &gone);
	}
}

static bool can_merge(const struct vma *low, const struct vma *high)
{
	/* A VMA with a close operation of its own stays as it is. */
	if (low->hugetlb || high->hugetlb)
		return false;
	/* What is joined counts as soft-dirty if either part does. */
	if (low->end != high->start || (low->flags ^ high->flags) & ~(unsigned)VM_SOFTDIRTY)
		return false;
	if (low->shmem != high->shmem || low->uffd_ctx != high->uffd_ctx)
		return false;
	return low->pgoff + ((low->end - low->start) >> MM_PAGE_SHIFT) == high->pgoff;
}

void vma_merge(struct mm *mm)
{
	unsigned i = 1;

	while (i < mm->nr_vmas) {
		struct vma *low = &mm->vmas[i - 1];
		struct vma high;

		if (!can_merge(low, &mm->vmas[i])) {
			i++;
			continue;
		}
		high = mm->vmas[i];
		port_down_write(&mm->machine->rmap_lock);
		low->end = high.end;
		low->flags |= high.flags;
		close_slot(mm, i);
		port_up_write(&mm->machine->rmap_lock);
		vma_put(mm, &high);
	}
}
