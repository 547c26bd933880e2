/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_memory.c - what a PMD maps as a whole: faults, fork, zap, move, and the split of the PMD */
#include "mm/internal.h"

bool thp_fault_allowed(const struct vma *vma, unsigned long addr)
{
	unsigned long start = addr & MM_HPAGE_MASK;

	/* As with "madvise" in /sys/kernel/mm/transparent_hugepage/enabled. */
	if (!(vma->flags & VM_HUGEPAGE) || !vma_is_anonymous(vma))
		return false;
	return vma->start <= start && start + MM_HPAGE_SIZE <= vma->end;
}

/* The huge page that reads find where nobody has written; NULL without memory. */
static struct page *huge_zero_page(struct machine *machine)
{
	pfn_t pfn;

	while (!(pfn = (pfn_t)port_atomic_read(&machine->huge_zero_pfn))) {
		struct page *new = alloc_zeroed_hpage(machine);

		if (!new)
			return NULL;
		/* Somebody else may have been quicker. */
		if (port_atomic_cmpxchg(&machine->huge_zero_pfn, 0, (int)page_to_pfn(machine, new)))
			port_atomic_or(&new->flags, PG_RESERVED);
		else
			put_page(machine, new);
	}
	return pfn_to_page(machine, pfn);
}

pte_t mk_huge_pmd(const struct machine *machine, const struct page *head, const struct vma *vma)
{
	return maybe_mkwrite(pte_mkdirty(mk_pte(machine, head, vma)), vma) | PTE_PSE;
}

/* Lock the PMD of the fault. False, and no lock, if it is not as the fault found it. */
static bool lock_same_pmd(struct vm_fault *vmf)
{
	vmf->pte = pmd_offset_lock(vmf->mm, vmf->addr);
	if (port_entry_read(vmf->pte.entry) == vmf->orig_pte)
		return true;
	pte_unlock(&vmf->pte);
	return false;
}

unsigned do_huge_pmd_anonymous_page(struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	bool write = vmf->flags & FAULT_FLAG_WRITE;
	struct page *head, *table;

	if (userfaultfd_missing(vmf->vma))
		return handle_userfault(vmf, VM_UFFD_MISSING);
	head = write ? alloc_zeroed_hpage(machine) : huge_zero_page(machine);
	if (!head)
		return VM_FAULT_FALLBACK;
	table = alloc_table(machine);
	if (!table) {
		if (write)
			put_page(machine, head);
		return VM_FAULT_OOM;
	}
	if (!lock_same_pmd(vmf)) {
		if (write)
			put_page(machine, head);
		put_page(machine, table);
		return 0;
	}
	pgtable_deposit(vmf->mm, vmf->pte.entry, table);
	if (write) {
		page_add_new_anon_rmap(machine, head, vmf->vma, vmf->addr & MM_HPAGE_MASK);
		port_entry_set(vmf->pte.entry, mk_huge_pmd(machine, head, vmf->vma));
	} else {
		port_entry_set(vmf->pte.entry,
			       mk_pte(machine, head, vmf->vma) | PTE_PSE | PTE_SPECIAL);
	}
	pte_unlock(&vmf->pte);
	return 0;
}

void huge_pmd_set_accessed(struct vm_fault *vmf)
{
	if (!lock_same_pmd(vmf))
		return;
	/* What a CPU sets by itself is not written back, lest a dirty bit gets lost. */
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_BREAK_COW))
		port_entry_set(vmf->pte.entry, pte_mkdirty(vmf->orig_pte | PTE_ACCESSED));
	pte_unlock(&vmf->pte);
}

/*
 * Take the page lock, under the PMD's. False, and no lock, if it came to waiting for it and the
 * PMD has changed meanwhile.
 */
static bool lock_huge_page(struct vm_fault *vmf, struct page *head)
{
	struct machine *machine = vmf->mm->machine;
	bool same;

	if (port_trylock(&head->lock))
		return true;
	get_page(machine, head);
	pte_unlock(&vmf->pte);
	port_lock(&head->lock);
	same = lock_same_pmd(vmf);
	if (!same)
		port_unlock(&head->lock);
	put_page(machine, head);
	return same;
}

/* Does nobody but the PMD hold the huge page, and the swap cache need not? Page lock held. */
static bool is_sole_reference(struct machine *machine, struct page *head)
{
	if (page_count(head) != 1 + folio_swapcache_refs(head))
		return false;
	try_to_free_swap(machine, head);
	return page_count(head) == 1;
}

/* 6c287605fd56: ours whatever its count is? */
static bool is_exclusive(const struct machine *machine, const struct page *head)
{
	return machine->rules.thp_reuse == THP_REUSE_EXCLUSIVE &&
	       page_flag(head, PG_ANON_EXCLUSIVE);
}

/* The decision with the page lock held, for which we may have waited. */
static bool may_reuse(struct machine *machine, struct page *head)
{
	if (is_exclusive(machine, head))
		return true;
	if (machine->rules.thp_reuse == THP_REUSE_MAPCOUNT)
		return reuse_swap_page(machine, head);
	return is_sole_reference(machine, head);
}

/* May the fault take the huge page? PMD lock held, dropped with WP_RETRY. */
static enum wp_decision wp_huge_decide(struct vm_fault *vmf, struct page *head)
{
	struct machine *machine = vmf->mm->machine;
	bool reuse;

	if (is_exclusive(machine, head))
		return WP_REUSE;
	if (!lock_huge_page(vmf, head))
		return WP_RETRY;
	reuse = may_reuse(machine, head);
	if (reuse && machine->rules.thp_reuse == THP_REUSE_EXCLUSIVE)
		port_atomic_or(&head->flags, PG_ANON_EXCLUSIVE);
	port_unlock(&head->lock);
	return reuse ? WP_REUSE : WP_COPY;
}

/* Make what the PMD maps writable where it is. Drops the PMD lock. */
static unsigned wp_huge_reuse(struct vm_fault *vmf)
{
	enum uffd_wp_copy rule = vmf->mm->machine->rules.uffd_wp_copy;
	pte_t entry = maybe_mkwrite(pte_mkdirty(vmf->orig_pte | PTE_ACCESSED), vmf->vma);

	/* An unshare fault only wanted the page to be exclusive. */
	if (vmf->flags & FAULT_FLAG_UNSHARE) {
		pte_unlock(&vmf->pte);
		return 0;
	}
	if (pte_uffd_wp(entry) &&
	    (rule == UFFD_WP_COPY_KEEP || (rule == UFFD_WP_COPY_MEANT && userfaultfd_wp(vmf->vma))))
		entry = pte_mkuffd_wp(entry);
	port_entry_set(vmf->pte.entry, entry);
	pte_unlock(&vmf->pte);
	return VM_FAULT_WRITE;
}

/* The entry for the huge page that is mapped instead of one that could not be taken. */
static pte_t copied_huge_pmd(const struct vm_fault *vmf, const struct page *new)
{
	const struct machine *machine = vmf->mm->machine;

	/* From v6.13 on an unshared huge zero page is mapped as if it had been written to. */
	if (vmf->flags & FAULT_FLAG_UNSHARE &&
	    machine->rules.huge_zero_write == HUGE_ZERO_WRITE_KEEP)
		return mk_pte(machine, new, vmf->vma) | PTE_PSE |
		       (vmf->orig_pte & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
	return mk_huge_pmd(machine, new, vmf->vma);
}

/*
 * Map a huge page of our own instead: a copy of `old`, on which the caller has taken a reference
 * that is dropped here, or zeroes. VM_FAULT_FALLBACK if there is no memory for one.
 */
static unsigned wp_huge_copy(struct vm_fault *vmf, struct page *old)
{
	struct machine *machine = vmf->mm->machine;
	struct page *new = NULL;
	unsigned ret = VM_FAULT_FALLBACK;

	if (thp_fault_allowed(vmf->vma, vmf->addr))
		new = old ? alloc_hpage(machine) : alloc_zeroed_hpage(machine);
	if (!new)
		goto out;
	for (unsigned i = 0; old && i < MM_HPAGE_NR; i++)
		copy_page(machine, new + i, old + i);
	ret = 0;
	if (!lock_same_pmd(vmf)) {
		put_page(machine, new);
		goto out;
	}
	/* The order is that of wp_page_copy(). */
	port_entry_xchg(vmf->pte.entry, 0);
	flush_tlb_range(vmf->mm, vmf->addr & MM_HPAGE_MASK,
			(vmf->addr & MM_HPAGE_MASK) + MM_HPAGE_SIZE);
	page_add_new_anon_rmap(machine, new, vmf->vma, vmf->addr & MM_HPAGE_MASK);
	port_entry_set(vmf->pte.entry, copied_huge_pmd(vmf, new));
	if (old)
		hpage_remove_rmap(machine, old);
	pte_unlock(&vmf->pte);
	if (old)
		put_page(machine, old);
	ret = VM_FAULT_WRITE;
out:
	if (old)
		put_page(machine, old);
	return ret;
}

/* The rest is a matter of PTEs. */
static unsigned wp_huge_split(struct vm_fault *vmf)
{
	split_huge_pmd(vmf->mm, vmf->addr);
	return VM_FAULT_FALLBACK;
}

static unsigned wp_huge_zero(struct vm_fault *vmf)
{
	unsigned ret = VM_FAULT_FALLBACK;

	if (vmf->mm->machine->rules.huge_zero_write != HUGE_ZERO_WRITE_SPLIT)
		ret = wp_huge_copy(vmf, NULL);
	return ret == VM_FAULT_FALLBACK ? wp_huge_split(vmf) : ret;
}

unsigned do_huge_pmd_wp_page(struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	struct page *head;
	unsigned ret;

	if (userfaultfd_huge_pmd_wp(vmf, vmf->orig_pte)) {
		if (userfaultfd_wp_async(vmf->vma))
			return wp_huge_split(vmf);
		return handle_userfault(vmf, VM_UFFD_WP);
	}
	if (pte_special(vmf->orig_pte))
		return wp_huge_zero(vmf);
	if (!lock_same_pmd(vmf))
		return 0;
	head = vm_normal_page(machine, vmf->orig_pte);
	switch (wp_huge_decide(vmf, head)) {
	case WP_RETRY:
		return 0;
	case WP_REUSE:
	case WP_REUSE_UNLOCK_PAGE:
		return wp_huge_reuse(vmf);
	case WP_COPY:
		break;
	}
	if (machine->rules.thp_cow == THP_COW_SPLIT) {
		pte_unlock(&vmf->pte);
		return wp_huge_split(vmf);
	}
	get_page(machine, head);
	pte_unlock(&vmf->pte);
	ret = wp_huge_copy(vmf, head);
	/* Without memory v5.7 copies all of it to base pages; here that is left to the faults. */
	return ret == VM_FAULT_FALLBACK ? wp_huge_split(vmf) : ret;
}

/* Make the child's entry of what the parent's PMD says, and share it. Both PMD locks held. */
static pte_t share_huge_pmd(struct machine *machine, port_entry *src, pte_t pmd)
{
	struct page *head = NULL;

	if (is_migration_entry(pmd)) {
		pmd = swp_entry(SWP_MIGRATION_READ, swp_offset(pmd)) | (pmd & SWP_FLAGS);
		port_entry_set(src, pmd);
	} else {
		head = vm_normal_page(machine, pmd);
		pmd = ptep_set_wrprotect(src) & ~(PTE_RW | PTE_ACCESSED);
	}
	if (head) {
		get_page(machine, head);
		hpage_add_rmap(head);
	}
	return pmd;
}

int copy_huge_pmd(struct mm *dst, struct mm *src, struct vma *dst_vma, struct vma *src_vma,
		  unsigned long addr)
{
	struct machine *machine = src->machine;
	struct pte_lock dst_pmd, src_pmd;
	struct page *table, *head = NULL;
	int err = -MM_EAGAIN;
	pte_t pmd;

	if (pmd_alloc(dst, addr))
		return -MM_ENOMEM;
	table = alloc_table(machine);
	if (!table)
		return -MM_ENOMEM;
	dst_pmd = pmd_offset_lock(dst, addr);
	src_pmd = pmd_offset_lock(src, addr);
	pmd = port_entry_read(src_pmd.entry);
	if (pmd_leaf(pmd))
		head = vm_normal_page(machine, pmd);
	/*
	 * Since d042035eaf5f a huge page that may be pinned is split in the parent, and copied base
	 * page by base page.
	 */
	if ((pmd_leaf(pmd) || is_migration_entry(pmd)) &&
	    !(head && page_needs_copy_for_fork(src, head))) {
		pgtable_deposit(dst, dst_pmd.entry, table);
		pmd = share_huge_pmd(machine, src_pmd.entry, pmd);
		port_entry_set(dst_pmd.entry, userfaultfd_fork_entry(dst, dst_vma, src_vma, pmd));
		table = NULL;
		err = 0;
	}
	pte_unlock(&src_pmd);
	pte_unlock(&dst_pmd);
	if (table)
		put_page(machine, table);
	if (err)
		split_huge_pmd(src, addr);
	return err;
}

void zap_huge_pmd(struct zap_batch *batch, unsigned long addr, port_entry *entry)
{
	struct mm *mm = batch->mm;
	struct machine *machine = mm->machine;
	pte_t pmd = port_entry_xchg(entry, 0);
	struct page *head = pte_present(pmd) ? vm_normal_page(machine, pmd) : NULL;

	put_page(machine, pgtable_withdraw(mm, entry));
	if (head)
		hpage_remove_rmap(machine, head);
	zap_add(batch, addr, addr + MM_HPAGE_SIZE, head);
}

bool move_huge_pmd(struct mm *mm, unsigned long from, unsigned long to)
{
	struct pte_lock source = pmd_offset_lock(mm, from);
	struct pte_lock target;
	struct page *table;
	pte_t pmd, entry;

	if (!source.entry)
		return true;
	pmd = port_entry_read(source.entry);
	if (pte_none(pmd) || pmd_table(pmd)) {
		pte_unlock(&source);
		return pte_none(pmd);
	}
	pmd = port_entry_xchg(source.entry, 0);
	table = pgtable_withdraw(mm, source.entry);
	/* Before the lock is gone, lest somebody writes through the old address. */
	if (pte_present(pmd))
		flush_tlb_range(mm, from, from + MM_HPAGE_SIZE);
	pte_unlock(&source);
	put_page(mm->machine, table);

	pmd = moved_uffd_wp(mm, find_vma(mm, from), pmd);
	/*
	 * Nobody else sees the entry on its way, nor the target's table of PTEs, which is empty and
	 * put aside for it: the mmap lock and rmap_lock are held for writing.
	 */
	target = pmd_offset_lock(mm, to);
	entry = port_entry_read(target.entry);
	BUG_ON(!pmd_table(entry));
	pgtable_deposit(mm, target.entry, pfn_to_page(mm->machine, pte_pfn(entry)));
	port_entry_set(target.entry,
		       pmd | (pte_present(pmd) ? PTE_SOFT_DIRTY : PTE_SWP_SOFT_DIRTY));
	pte_unlock(&target);
	return true;
}

/* What the PTE of addr says once the PMD is split. */
static pte_t split_pte(const struct machine *machine, pte_t pmd, unsigned long addr)
{
	unsigned long index = (addr & ~MM_HPAGE_MASK) >> MM_PAGE_SHIFT;

	if (!pte_present(pmd))
		return swp_entry(swp_type(pmd), swp_offset(pmd) + index) | (pmd & SWP_FLAGS);
	/* Parts of the huge zero page are the zero page. */
	if (pte_special(pmd))
		return pfn_pte(machine->zero_pfn, pmd & ~(PTE_PSE | PTE_PFN_MASK));
	return pmd_part(pmd, addr);
}

/* Each base page gets its mapping, and the head's exclusive mark. PMD lock held. */
static void split_rmap(struct machine *machine, struct page *head)
{
	bool exclusive = page_flag(head, PG_ANON_EXCLUSIVE);

	port_atomic_add_return(&head->refcount, (int)MM_HPAGE_NR - 1);
	for (unsigned i = 0; i < MM_HPAGE_NR; i++) {
		page_add_rmap(head + i);
		if (exclusive)
			port_atomic_or(&head[i].flags, PG_ANON_EXCLUSIVE);
	}
	hpage_remove_rmap(machine, head);
}

/* The PMD's lock held. */
static void split_huge_pmd_locked(struct mm *mm, unsigned long addr, port_entry *entry)
{
	struct machine *machine = mm->machine;
	unsigned long start = addr & MM_HPAGE_MASK;
	pte_t pmd = port_entry_read(entry);
	struct page *head = NULL;
	struct page *table;
	port_entry *ptes;

	if (pte_present(pmd)) {
		/* No CPU may use it, but who looks without the lock must find something there. */
		pmd = port_entry_xchg(entry, (pmd & ~PTE_PRESENT) | PTE_PROTNONE);
		flush_tlb_range(mm, start, start + MM_HPAGE_SIZE);
		head = vm_normal_page(machine, pmd);
	}
	table = pgtable_withdraw(mm, entry);
	ptes = (port_entry *)page_words(machine, table);
	for (unsigned i = 0; i < MM_HPAGE_NR; i++)
		port_entry_set(&ptes[i], split_pte(machine, pmd, start + i * MM_PAGE_SIZE));
	if (head)
		split_rmap(machine, head);
	port_entry_set(entry, pfn_pte(page_to_pfn(machine, table), TABLE_ENTRY_BITS));
}

void split_huge_pmd(struct mm *mm, unsigned long addr)
{
	struct pte_lock lock = pmd_offset_lock(mm, addr);
	pte_t pmd;

	if (!lock.entry)
		return;
	pmd = port_entry_read(lock.entry);
	if (!pte_none(pmd) && !pmd_table(pmd))
		split_huge_pmd_locked(mm, addr, lock.entry);
	pte_unlock(&lock);
}

void split_huge_pmd_page(struct mm *mm, unsigned long addr, const struct page *head)
{
	struct pte_lock lock = pmd_offset_lock(mm, addr);
	pte_t pmd;

	if (!lock.entry)
		return;
	pmd = port_entry_read(lock.entry);
	if (pmd_leaf(pmd) && vm_normal_page(mm->machine, pmd) == head)
		split_huge_pmd_locked(mm, addr, lock.entry);
	pte_unlock(&lock);
}
