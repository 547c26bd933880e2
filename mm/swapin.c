/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swapin.c - faults on what is in swap, and when a page of the swap cache is one's own */
#include "mm/internal.h"

/* Does an entry name a part of the folio other than this page? */
static bool others_swapped(const struct machine *machine, const struct page *head,
			   const struct page *page)
{
	for (unsigned i = 0; i < folio_nr_pages(head); i++) {
		if (head + i != page && page_swapcount(machine, head + i))
			return true;
	}
	return false;
}

bool reuse_swap_page(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);

	if (page_flag(head, PG_KSM) || page_trans_huge_map_swapcount(machine, head) > 1)
		return false;
	/* The cache need not keep what nobody else will look for. */
	if (!page_flag(head, PG_SWAPCACHE) || others_swapped(machine, head, page))
		return true;
	/* Linux, too, asks the device only here, and not for a part while others are in swap. */
	if (page_flag(head, PG_WRITEBACK))
		return !writeback_keeps(machine, head);
	delete_from_swap_cache(machine, head);
	port_atomic_or(&head->flags, PG_DIRTY);
	return true;
}

/* The page belongs where it is first mapped again. */
static void set_anon_place(const struct vm_fault *vmf, struct page *head, const struct page *page)
{
	if (page_flag(head, PG_ANON))
		return;
	head->mapping = NULL;
	head->index = linear_page_index(vmf->vma, vmf->addr) - (unsigned long)(page - head);
	port_atomic_or(&head->flags, PG_ANON | PG_SWAPBACKED);
}

/* Since v5.18, once the entry itself is gone: is it worth an attempt (c145e0b47c77)? */
static bool should_try_to_free_swap(const struct vm_fault *vmf, const struct page *head)
{
	const struct machine *machine = vmf->mm->machine;

	if (!page_flag(head, PG_SWAPCACHE))
		return false;
	if (vm_swap_full(machine))
		return true;
	if (machine->rules.swapin_reuse == SWAPIN_REUSE_MAPCOUNT)
		return false;
	/* We, and the cache. */
	return vmf->flags & FAULT_FLAG_WRITE && !page_flag(head, PG_KSM) &&
	       page_count(head) == 1 + (int)folio_nr_pages(head);
}

/*
 * Is the page the faulting mm's alone? The entry is gone by now, unless the mapcount decides: that
 * is asked of a write fault only, and before the entry is given up. Page and PTE locks held.
 */
static bool swapin_is_sole(const struct vm_fault *vmf, struct page *page)
{
	struct machine *machine = vmf->mm->machine;
	const struct page *head = compound_head(machine, page);

	if (page_flag(head, PG_KSM))
		return false;
	switch (machine->rules.swapin_reuse) {
	case SWAPIN_REUSE_MAPCOUNT:
		return vmf->flags & FAULT_FLAG_WRITE && reuse_swap_page(machine, page);
	case SWAPIN_REUSE_REFCOUNT:
		return page_count(head) == 1;
	case SWAPIN_REUSE_EXCLUSIVE:
		if (page_count(head) == 1)
			return true;
		/* Exclusive means that it may be written to, which it must not be now. */
		return vmf->orig_pte & PTE_SWP_EXCLUSIVE && !writeback_keeps(machine, head);
	}
	return false;
}

/* The entry goes, and the cache too where that is wanted. Returns swapin_is_sole(). */
static bool give_up_entry(struct vm_fault *vmf, struct page *page)
{
	struct machine *machine = vmf->mm->machine;
	struct page *head = compound_head(machine, page);
	bool by_mapcount = machine->rules.swapin_reuse == SWAPIN_REUSE_MAPCOUNT;
	bool sole = by_mapcount && swapin_is_sole(vmf, page);

	swap_free(machine, vmf->orig_pte);
	if (should_try_to_free_swap(vmf, head))
		try_to_free_swap(machine, head);
	return by_mapcount ? sole : swapin_is_sole(vmf, page);
}

/* The PTE for a page that stands in place of the entry; `sole`: nobody else has any part in it. */
static pte_t swapped_pte(struct vm_fault *vmf, const struct page *page, bool sole, unsigned *ret)
{
	pte_t entry = mk_pte(vmf->mm->machine, page, vmf->vma);

	*ret = 0;
	if (sole && vmf->flags & FAULT_FLAG_WRITE) {
		entry = maybe_mkwrite(pte_mkdirty(entry), vmf->vma);
		vmf->flags &= ~(unsigned)FAULT_FLAG_WRITE;
		*ret = VM_FAULT_WRITE;
	}
	if (vmf->orig_pte & PTE_SWP_SOFT_DIRTY)
		entry |= PTE_SOFT_DIRTY;
	if (vmf->orig_pte & PTE_SWP_UFFD_WP)
		entry = (entry | PTE_UFFD_WP) & ~PTE_RW;
	return entry;
}

/* Map a copy of the page in place of the entry, which may be the last that names the slot. */
static unsigned map_swapped_copy(struct vm_fault *vmf, struct page *copy)
{
	struct machine *machine = vmf->mm->machine;
	unsigned ret;
	pte_t entry = swapped_pte(vmf, copy, true, &ret);

	swap_free(machine, vmf->orig_pte);
	port_atomic_or(&copy->flags, PG_DIRTY);
	page_add_new_anon_rmap(machine, copy, vmf->vma, vmf->addr);
	port_entry_set(vmf->pte.entry, entry);
	vmf->orig_pte = entry;
	return ret;
}

/* Map the page in place of its entry. Page and PTE locks held. */
static unsigned map_swapped_page(struct vm_fault *vmf, struct page *page)
{
	struct machine *machine = vmf->mm->machine;
	struct page *head = compound_head(machine, page);
	bool sole = give_up_entry(vmf, page);
	unsigned ret;
	pte_t entry = swapped_pte(vmf, page, sole, &ret);

	set_anon_place(vmf, head, page);
	if (sole && machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
	get_page(machine, page);
	page_add_rmap(page);
	port_entry_set(vmf->pte.entry, entry);
	vmf->orig_pte = entry;
	return ret;
}

/* Does the cache still hold the page for the entry? Page lock held. */
static bool is_for_entry(const struct vm_fault *vmf, const struct page *page)
{
	const struct machine *machine = vmf->mm->machine;

	return page_flag(compound_head(machine, page), PG_SWAPCACHE) &&
	       page_swap_slot(machine, page) == swp_offset(vmf->orig_pte);
}

/*
 * What was merged when it went may be wanted in several places, and when it is no merged page any
 * more, it has only one: where it was first mapped again. The others get copies.
 */
static bool is_out_of_place(const struct vm_fault *vmf, const struct page *head,
			    const struct page *page)
{
	return page_flag(head, PG_ANON) && !page_flag(head, PG_KSM) &&
	       head->index + (unsigned long)(page - head) != linear_page_index(vmf->vma, vmf->addr);
}

unsigned do_swap_page(struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	struct page *page, *head, *copy = NULL;
	unsigned ret = 0;

	if (read_swap_cache(machine, (unsigned)swp_offset(vmf->orig_pte), &page))
		return VM_FAULT_OOM;
	/* The entry is gone: look again. */
	if (!page)
		return 0;
	head = compound_head(machine, page);
	port_lock(&head->lock);
	if (!is_for_entry(vmf, page))
		goto out;
	if (is_out_of_place(vmf, head, page)) {
		copy = alloc_page(machine);
		ret = copy ? 0 : VM_FAULT_OOM;
		if (!copy)
			goto out;
		copy_page(machine, copy, page);
	}
	/* Our own cache of what is to go to the LRU must not make it look shared (84d60fdd3733). */
	if (machine->rules.swapin_reuse != SWAPIN_REUSE_MAPCOUNT && vmf->flags & FAULT_FLAG_WRITE &&
	    !page_flag(head, PG_LRU))
		lru_add_drain(machine);

	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	if (vmf->pte.entry && port_entry_read(vmf->pte.entry) == vmf->orig_pte)
		ret = copy ? map_swapped_copy(vmf, copy) : map_swapped_page(vmf, page);
	else if (vmf->pte.entry)
		pte_unlock(&vmf->pte);
	if (copy && !vmf->pte.entry)
		put_page(machine, copy);
out:
	/* The mapping's reference keeps it, if it is mapped now; what is left is the fault's own.
	 */
	port_unlock(&head->lock);
	/* In the cache for nobody any more, maybe. */
	if (copy)
		free_swap_cache(machine, page);
	put_page(machine, page);
	if (vmf->pte.entry && !(vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_BREAK_COW)))
		pte_unlock(&vmf->pte);
	return ret;
}

/* What the PTE of addr names of the swap device, or 0. */
static pte_t swap_entry_at(struct mm *mm, unsigned long addr)
{
	struct pte_lock lock = pte_offset_lock(mm, addr);
	pte_t pte;

	if (!lock.entry)
		return 0;
	pte = port_entry_read(lock.entry);
	pte_unlock(&lock);
	return is_swap_pte(pte) && swp_type(pte) == SWP_DEVICE ? pte : 0;
}

int madvise_willneed(struct mm *mm, unsigned long start, unsigned long end)
{
	struct machine *machine = mm->machine;

	for (unsigned long addr = start; addr < end; addr += MM_PAGE_SIZE) {
		pte_t entry = swap_entry_at(mm, addr);
		struct page *page;

		/* It is a hint: without memory the fault will see to it. */
		if (entry && !read_swap_cache(machine, (unsigned)swp_offset(entry), &page) && page)
			put_page(machine, page);
	}
	lru_add_drain(machine);
	return 0;
}
