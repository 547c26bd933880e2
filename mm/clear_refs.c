/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clear_refs.c - clearing the soft-dirty bits, as a write of 4 to /proc/PID/clear_refs does */
#include "mm/internal.h"

struct clear {
	struct mm *mm;
	const struct vma *vma;
};

/*
 * Since 9348b73c2e1b (v5.11) a page that may be pinned keeps its PTE, and so is not tracked, for
 * the next write would replace it.
 */
static bool skip_pinned(const struct clear *clear, pte_t pte)
{
	const struct machine *machine = clear->mm->machine;
	const struct page *page = vm_normal_page(machine, pte);

	if (machine->rules.clear_refs_pinned != CLEAR_REFS_PINNED_SKIP)
		return false;
	if (!pte_write(pte) || !is_cow_mapping(clear->vma) ||
	    !port_atomic_read(&clear->mm->has_pinned))
		return false;
	return page && page_maybe_dma_pinned(machine, page);
}

static void clear_soft_dirty(void *context, unsigned long addr, port_entry *entry)
{
	const struct clear *clear = context;
	pte_t pte = port_entry_read(entry);

	(void)addr;
	if (pte_present(pte) && skip_pinned(clear, pte))
		return;
	pte = port_entry_xchg(entry, 0);
	pte &= pte_present(pte) ? ~(PTE_RW | PTE_SOFT_DIRTY) : ~PTE_SWP_SOFT_DIRTY;
	port_entry_set(entry, pte);
}

/* A huge page's PMD is write-protected though it may be pinned. */
static void clear_soft_dirty_pmd(void *context, unsigned long addr, port_entry *entry)
{
	pte_t pmd = port_entry_xchg(entry, 0);

	(void)context;
	(void)addr;
	pmd &= pte_present(pmd) ? ~(PTE_RW | PTE_SOFT_DIRTY) : ~PTE_SWP_SOFT_DIRTY;
	port_entry_set(entry, pmd);
}

/*
 * Up to v5.11 kernels did not flush here (912efa17e512 does), and up to v5.10 they walked with the
 * lock held for reading only (29a951dfb3c3). Both make races, which rules could bring back.
 */
void mm_clear_refs(struct mm *mm)
{
	static const struct mm_walk_ops ops = {.pte = clear_soft_dirty,
					       .pmd = clear_soft_dirty_pmd};

	port_down_write(&mm->mmap_lock);
	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		struct vma *vma = &mm->vmas[i];
		struct clear clear = {.mm = mm, .vma = vma};

		vma_set_flags(mm, vma, vma->flags & ~(unsigned)VM_SOFTDIRTY);
		if (!(vma->flags & VM_HUGETLB))
			walk_page_range(mm, vma->start, vma->end, &ops, &clear);
	}
	vma_merge(mm);
	flush_tlb_range(mm, 0, MM_TASK_SIZE);
	port_up_write(&mm->mmap_lock);
}
