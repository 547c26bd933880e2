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
	    (VM_WRITE | VM_SHARED | VM_SOFTDIRTY))
		return PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_RW;
	return PTE_PRESENT | PTE_USER | PTE_ACCESSED;
}

int vma_reserve(struct mm *mm, unsigned nr)
{
	unsigned max = mm->max_vmas ? mm->max_vmas : 4;
	struct vma *vmas;

	while (max < mm->nr_vmas + nr)
		max *= 2;
	if (max == mm->max_vmas)
		return 0;
	vmas = port_alloc(max * sizeof(*vmas));
	if (!vmas)
		return -MM_ENOMEM;
	for (unsigned i = 0; i < mm->nr_vmas; i++)
		vmas[i] = mm->vmas[i];
	port_free(mm->vmas);
	mm->vmas = vmas;
	mm->max_vmas = max;
	return 0;
}

/* Make room at `index` by moving what follows. */
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

void vma_split(struct mm *mm, unsigned long addr)
{
	unsigned index = vma_index(mm, addr);
	struct vma *low, *high;

	if (index == mm->nr_vmas || addr <= mm->vmas[index].start)
		return;
	open_slot(mm, index + 1);
	low = &mm->vmas[index];
	high = &mm->vmas[index + 1];
	*high = *low;
	low->end = addr;
	high->start = addr;
	if (high->shmem) {
		high->pgoff += (addr - low->start) >> MM_PAGE_SHIFT;
		shmem_get(high->shmem);
	}
}

void vma_insert(struct mm *mm, const struct vma *vma)
{
	unsigned index = vma_index(mm, vma->start);

	BUG_ON(index < mm->nr_vmas && mm->vmas[index].start < vma->end);
	open_slot(mm, index);
	mm->vmas[index] = *vma;
}

void vma_remove(struct mm *mm, unsigned long start, unsigned long end)
{
	unsigned index = vma_index(mm, start);

	while (index < mm->nr_vmas && mm->vmas[index].start < end) {
		BUG_ON(mm->vmas[index].start < start || mm->vmas[index].end > end);
		if (mm->vmas[index].shmem)
			shmem_put(mm->machine, mm->vmas[index].shmem);
		close_slot(mm, index);
	}
}

static bool can_merge(const struct vma *low, const struct vma *high)
{
	/* What is joined counts as soft-dirty if either part does. */
	if (low->end != high->start || (low->flags ^ high->flags) & ~(unsigned)VM_SOFTDIRTY)
		return false;
	if (low->shmem != high->shmem)
		return false;
	return !low->shmem ||
	       low->pgoff + ((low->end - low->start) >> MM_PAGE_SHIFT) == high->pgoff;
}

void vma_merge(struct mm *mm)
{
	unsigned i = 1;

	while (i < mm->nr_vmas) {
		struct vma *low = &mm->vmas[i - 1];

		if (!can_merge(low, &mm->vmas[i])) {
			i++;
			continue;
		}
		low->end = mm->vmas[i].end;
		low->flags |= mm->vmas[i].flags;
		if (low->shmem)
			shmem_put(mm->machine, low->shmem);
		close_slot(mm, i);
	}
}
