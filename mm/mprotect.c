/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mprotect.c - changing the protection of memory that is mapped */
#include "mm/internal.h"

/* What survives a change of protection (_PAGE_CHG_MASK, _HPAGE_CHG_MASK). */
#define KEPT_BITS                                                                        \
	(PTE_PFN_MASK | PTE_ACCESSED | PTE_DIRTY | PTE_PSE | PTE_SPECIAL | PTE_UFFD_WP | \
	 PTE_SOFT_DIRTY)

/*
 * May a private PTE become writable at once, without a fault that decides? Only if nobody can
 * share the page, and nothing waits for the fault: soft-dirty does.
 */
static bool can_change_pte_writable(const struct mm *mm, const struct vma *vma, pte_t pte)
{
	const struct page *page = vm_normal_page(mm->machine, pte);
	enum mprotect_write rule = mm->machine->rules.mprotect_write;

	if (rule == MPROTECT_WRITE_FAULT || !(vma->flags & VM_WRITE))
		return false;
	if (rule == MPROTECT_WRITE_DIRTY && !pte_dirty(pte))
		return false;
	/* Of huge pages only since c27f479ef542 (v6.2). */
	if (rule == MPROTECT_WRITE_DIRTY && pte & PTE_PSE)
		return false;
	if (!(vma->flags & VM_SOFTDIRTY) && !pte_soft_dirty(pte))
		return false;
	/* What waits for a write must get it: a fault. */
	if (userfaultfd_wp(vma) && pte_uffd_wp(pte))
		return false;
	if (vma->flags & VM_SHARED)
		return pte_dirty(pte);
	return page && page_flag(page, PG_ANON_EXCLUSIVE);
}

struct change {
	struct mm *mm;
	const struct vma *vma;
	unsigned flags; /* enum change_flag */
};

/* What a PTE, or a PMD that maps a huge page, says of a page that is not there. */
static pte_t change_swap_pte(const struct change *change, pte_t pte)
{
	if (is_pte_marker(pte))
		return change->flags & MM_CP_UFFD_WP_RESOLVE ? 0 : pte;
	/* A page on its way arrives with write permission, unless that is taken away here. */
	if (swp_type(pte) == SWP_MIGRATION_WRITE &&
	    (!(change->vma->flags & VM_WRITE) || change->flags & MM_CP_UFFD_WP))
		pte = swp_entry(SWP_MIGRATION_READ_EXCLUSIVE, swp_offset(pte)) | (pte & SWP_FLAGS);
	if (change->flags & MM_CP_UFFD_WP)
		pte |= PTE_SWP_UFFD_WP;
	if (change->flags & MM_CP_UFFD_WP_RESOLVE)
		pte &= ~PTE_SWP_UFFD_WP;
	return pte;
}

static void change_pte(void *context, unsigned long addr, port_entry *entry)
{
	const struct change *change = context;
	/* The accessed and dirty bits that a CPU sets meanwhile must not get lost. */
	pte_t old = port_entry_xchg(entry, 0);
	pte_t pte = (old & KEPT_BITS) | vm_page_prot(change->vma);

	(void)addr;
	if (!pte_present(old)) {
		port_entry_set(entry, change_swap_pte(change, old));
		return;
	}
	if (change->flags & MM_CP_UFFD_WP)
		pte = pte_mkuffd_wp(pte);
	if (change->flags & MM_CP_UFFD_WP_RESOLVE)
		pte &= ~PTE_UFFD_WP;
	if (change->flags & MM_CP_TRY_CHANGE_WRITABLE &&
	    can_change_pte_writable(change->mm, change->vma, pte))
		pte |= PTE_RW;
	port_entry_set(entry, pte);
}

/* hugetlb's PMDs. A private page becomes writable again with the next write fault. */
static void change_hugetlb(const struct change *change, unsigned long start, unsigned long end)
{
	struct change without_writable = *change;

	without_writable.flags &= ~(unsigned)MM_CP_TRY_CHANGE_WRITABLE;
	for (unsigned long addr = start; addr < end; addr += MM_HPAGE_SIZE) {
		struct pte_lock lock = pmd_offset_lock(change->mm, addr);

		if (!lock.entry)
			continue;
		if (!pte_none(port_entry_read(lock.entry)))
			change_pte(&without_writable, addr, lock.entry);
		pte_unlock(&lock);
	}
}

void change_protection(struct mm *mm, struct vma *vma, unsigned long start, unsigned long end,
		       unsigned flags)
{
	static const struct mm_walk_ops ops = {.pte = change_pte, .pmd = change_pte};
	struct change change = {.mm = mm, .vma = vma, .flags = flags};

	port_atomic_add_return(&mm->tlb_flush_pending, 1);
	if (vma->flags & VM_HUGETLB)
		change_hugetlb(&change, start, end);
	else
		walk_page_range(mm, start, end, &ops, &change);
	flush_tlb_range(mm, start, end);
	port_atomic_add_return(&mm->tlb_flush_pending, -1);
}

int mm_mprotect(struct mm *mm, unsigned long addr, unsigned long length, unsigned flags)
{
	unsigned long end, at = addr;
	int err = check_range(addr, &length);

	if (err)
		return err;
	if (flags & ~(VM_READ | VM_WRITE))
		return -MM_EINVAL;
	end = addr + length;

	port_down_write(&mm->mmap_lock);
	err = vma_reserve(mm, 2);
	while (!err && at < end) {
		struct vma *vma = find_vma(mm, at);

		if (!vma) {
			err = -MM_ENOMEM;
			break;
		}
		/* No change, no work: the PTEs keep their write bits. */
		if ((vma->flags & (VM_READ | VM_WRITE)) == flags) {
			at = vma->end;
			continue;
		}
		err = vma_can_split(mm, at);
		if (!err && end < vma->end)
			err = vma_can_split(mm, end);
		if (err)
			break;
		vma_split(mm, at);
		vma_split(mm, end);
		vma = find_vma(mm, at);
		vma_set_flags(mm, vma, (vma->flags & ~(VM_READ | VM_WRITE)) | flags);
		change_protection(mm, vma, vma->start, vma->end, MM_CP_TRY_CHANGE_WRITABLE);
		at = vma->end;
	}
	vma_merge(mm);
	port_up_write(&mm->mmap_lock);
	return err;
}
