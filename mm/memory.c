/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - faults, write-protect faults above all */
#include "mm/internal.h"

struct page *vm_normal_page(const struct machine *machine, pte_t pte)
{
	return pte_special(pte) ? NULL : pfn_to_page(machine, pte_pfn(pte));
}

pte_t maybe_mkwrite(pte_t pte, const struct vma *vma)
{
	return vma->flags & VM_WRITE ? pte | PTE_RW : pte;
}

pte_t mk_pte(const struct machine *machine, const struct page *page, const struct vma *vma)
{
	return pfn_pte(page_to_pfn(machine, page), vm_page_prot(vma));
}

/* Replace a present PTE, so that no CPU uses the old one any more. PTE lock held. */
static void ptep_clear_flush(struct vm_fault *vmf)
{
	port_entry_xchg(vmf->pte.entry, 0);
	flush_tlb_range(vmf->mm, vmf->addr, vmf->addr + MM_PAGE_SIZE);
}

/*
 * Lock the PTE again: is it still what the fault has found? Its table is there, for only who holds
 * the mmap lock for writing takes one away.
 */
static bool pte_relock(struct vm_fault *vmf)
{
	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	return port_entry_read(vmf->pte.entry) == vmf->orig_pte;
}

/*
 * Map what nothing maps yet. The page, NULL for the zero page, comes with a reference, which
 * becomes the mapping's or is dropped. `anon`: it is a new page of anonymous memory.
 */
static void set_first_pte(struct vm_fault *vmf, struct page *page, bool anon, pte_t entry)
{
	struct machine *machine = vmf->mm->machine;

	if (!pte_relock(vmf)) {
		pte_unlock(&vmf->pte);
		if (page)
			put_page(machine, page);
		return;
	}
	if (anon)
		page_add_new_anon_rmap(machine, page, vmf->vma, vmf->addr);
	else if (page)
		page_add_rmap(page);
	if (pte_marker_uffd_wp(vmf->orig_pte))
		entry = pte_mkuffd_wp(entry);
	port_entry_set(vmf->pte.entry, entry);
	pte_unlock(&vmf->pte);
}

/*
 * First touch of private memory. FAULT_FLAG_BREAK_COW and FAULT_FLAG_UNSHARE change nothing here:
 * what is only read is the zero page first.
 */
static unsigned do_anonymous_page(struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	struct page *page;
	pte_t entry;

	if (userfaultfd_missing(vmf->vma))
		return handle_userfault(vmf, VM_UFFD_MISSING);
	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		entry = pfn_pte(machine->zero_pfn, vm_page_prot(vmf->vma) | PTE_SPECIAL);
		set_first_pte(vmf, NULL, false, entry);
		return 0;
	}
	page = alloc_zeroed_page(machine);
	if (!page)
		return VM_FAULT_OOM;
	entry = mk_pte(machine, page, vmf->vma);
	if (vmf->vma->flags & VM_WRITE)
		entry = pte_mkdirty(entry) | PTE_RW;
	set_first_pte(vmf, page, true, entry);
	return 0;
}

/* The first write to a page of a private file mapping: a copy at once (do_cow_fault()). */
static unsigned do_cow_fault(struct vm_fault *vmf, struct page *page)
{
	struct machine *machine = vmf->mm->machine;
	struct page *copy = alloc_page(machine);
	pte_t entry;

	if (!copy) {
		put_page(machine, page);
		return VM_FAULT_OOM;
	}
	copy_page(machine, copy, page);
	put_page(machine, page);
	entry = maybe_mkwrite(pte_mkdirty(mk_pte(machine, copy, vmf->vma)), vmf->vma);
	set_first_pte(vmf, copy, true, entry);
	return 0;
}

/* First touch of shared memory, or of a file, by this mm. */
static unsigned do_fault(struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	struct vma *vma = vmf->vma;
	unsigned long index = linear_page_index(vma, vmf->addr);
	struct page *page;
	pte_t entry;

	if (userfaultfd_missing(vma) && !shmem_has_page(vma->shmem, index))
		return handle_userfault(vmf, VM_UFFD_MISSING);
	if (userfaultfd_minor(vma) && shmem_has_page(vma->shmem, index))
		return handle_userfault(vmf, VM_UFFD_MINOR);
	page = shmem_get_page(machine, vma->shmem, index);
	if (!page)
		return VM_FAULT_OOM;
	if (vmf->flags & FAULT_FLAG_WRITE && !(vma->flags & VM_SHARED))
		return do_cow_fault(vmf, page);
	entry = mk_pte(machine, page, vma);
	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	set_first_pte(vmf, page, false, entry);
	return 0;
}

/*
 * FAULT_FLAG_BREAK_COW is no write: does the entry stay write-protected for the monitor? The drafts
 * overlooked that where the page is reused, and so the next write is missed.
 */
static bool break_cow_keeps_uffd_wp(const struct vm_fault *vmf)
{
	return vmf->mm->machine->rules.uffd_wp_copy == UFFD_WP_COPY_MEANT &&
	       userfaultfd_wp(vmf->vma) && pte_uffd_wp(vmf->orig_pte);
}

/* Make the page that is mapped already writable where it is. */
static unsigned wp_page_reuse(struct vm_fault *vmf)
{
	pte_t entry = maybe_mkwrite(pte_mkdirty(vmf->orig_pte | PTE_ACCESSED), vmf->vma);

	if (break_cow_keeps_uffd_wp(vmf))
		entry = pte_mkuffd_wp(entry);
	port_entry_set(vmf->pte.entry, entry);
	pte_unlock(&vmf->pte);
	return VM_FAULT_WRITE;
}

/* The entry for the copy that a fault has made. */
static pte_t copied_entry(const struct vm_fault *vmf, const struct page *page)
{
	pte_t entry = mk_pte(vmf->mm->machine, page, vmf->vma);

	if (vmf->flags & FAULT_FLAG_UNSHARE)
		return entry | (vmf->orig_pte & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
	entry = maybe_mkwrite(pte_mkdirty(entry), vmf->vma);
	if (pte_uffd_wp(vmf->orig_pte) && vmf->mm->machine->rules.uffd_wp_copy != UFFD_WP_COPY_DROP)
		entry = pte_mkuffd_wp(entry);
	return entry;
}

/*
 * Clear, flush, set (4ce072f1faf2), and only then let go of the old page (945754a1754f): a CPU with
 * a stale entry must not see what the page's next owner writes, nor miss what others write to the
 * copy. PTE lock held; `old` is NULL for what is no page to let go of.
 */
static void replace_by_copy(struct vm_fault *vmf, struct page *old, struct page *new)
{
	struct machine *machine = vmf->mm->machine;
	enum cow_order order = machine->rules.cow_order;

	if (old && order == COW_ORDER_RMAP_FIRST)
		page_remove_rmap(machine, old);
	if (order != COW_ORDER_SET_FIRST)
		ptep_clear_flush(vmf);
	page_add_new_anon_rmap(machine, new, vmf->vma, vmf->addr);
	port_entry_set(vmf->pte.entry, copied_entry(vmf, new));
	if (order == COW_ORDER_SET_FIRST)
		flush_tlb_range(vmf->mm, vmf->addr, vmf->addr + MM_PAGE_SIZE);
	if (old && order != COW_ORDER_RMAP_FIRST)
		page_remove_rmap(machine, old);
}

/*
 * Map a copy of the page instead of it. `old` is NULL for the zero page; otherwise the caller has
 * taken a reference on it, which is dropped here. PTE lock not held.
 */
static unsigned wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct machine *machine = vmf->mm->machine;
	struct page *new = alloc_page(machine);
	bool copied;

	if (!new) {
		if (old)
			put_page(machine, old);
		return VM_FAULT_OOM;
	}
	if (old)
		copy_page(machine, new, old);
	else
		clear_page(machine, new);

	copied = pte_relock(vmf);
	if (copied)
		replace_by_copy(vmf, old, new);
	pte_unlock(&vmf->pte);

	if (!copied)
		put_page(machine, new);
	if (old) {
		if (copied)
			put_page(machine, old);
		/* f4c4a3f48480, v5.14; before, page-out had to find it. */
		if (copied && machine->rules.cow_swap_cache == COW_SWAP_CACHE_FREE)
			free_swap_cache(machine, old);
		put_page(machine, old);
	}
	return copied && !(vmf->flags & FAULT_FLAG_UNSHARE) ? VM_FAULT_WRITE : 0;
}

/* Take a reference, let go of the PTE, and copy. */
static unsigned wp_copy_locked(struct vm_fault *vmf, struct page *page)
{
	get_page(vmf->mm->machine, page);
	pte_unlock(&vmf->pte);
	return wp_page_copy(vmf, page);
}

/*
 * How a write fault comes to its decision on an anonymous page. Each function is called with the
 * PTE lock held, and says what to do; on WP_RETRY the PTE has changed and the lock is dropped.
 */

/* Up to v5.8: sleep for the page lock, then see whether anybody else maps the page. */
static enum wp_decision wp_by_mapcount(struct vm_fault *vmf, struct page *page)
{
	struct machine *machine = vmf->mm->machine;
	struct page *head = compound_head(machine, page);
	enum wp_decision decision;

	if (page_flag(head, PG_KSM) && page_count(head) != 1)
		return WP_COPY;
	if (!port_trylock(&head->lock)) {
		get_page(machine, page);
		pte_unlock(&vmf->pte);
		port_lock(&head->lock);
		if (!pte_relock(vmf)) {
			pte_unlock(&vmf->pte);
			port_unlock(&head->lock);
			put_page(machine, page);
			return WP_RETRY;
		}
		put_page(machine, page);
	}
	if (page_flag(head, PG_KSM))
		decision = reuse_ksm_page(head, vmf->vma, vmf->addr) ? WP_REUSE : WP_COPY;
	else
		decision = reuse_swap_page(machine, page) ? WP_REUSE : WP_COPY;
	port_unlock(&head->lock);
	return decision;
}

/*
 * From v5.9-rc4: reuse only what nobody else holds in any way, and never sleep (09854ba94c6a).
 * The counter-patch of 16 September 2020 lets the mapcount decide on a page that is pinned.
 */
static enum wp_decision wp_by_refcount(const struct vm_fault *vmf, struct page *page)
{
	struct machine *machine = vmf->mm->machine;
	struct page *head = compound_head(machine, page);
	bool by_mapcount = machine->rules.wp_reuse == WP_REUSE_PINNED_MAPCOUNT &&
			   page_maybe_dma_pinned(machine, page);
	bool reuse;

	if (page_count(head) != 1 && !by_mapcount)
		return WP_COPY;
	if (!port_trylock(&head->lock))
		return WP_COPY;
	reuse = page_count(head) == 1;
	if (by_mapcount && page_maybe_dma_pinned(machine, page))
		reuse = reuse_swap_page(machine, page);
	/* Once the PTE lock is gone the page may be, too: be068f29034f. */
	if (reuse && machine->rules.wp_unlock == WP_UNLOCK_AFTER_PTL)
		return WP_REUSE_UNLOCK_PAGE;
	port_unlock(&head->lock);
	return reuse ? WP_REUSE : WP_COPY;
}

/*
 * From v5.18: our own LRU cache must not make us copy (d4c470970d45). The bound on the count
 * spares a page that is surely shared the drain: us, the caches, and the walk itself.
 */
static enum wp_decision wp_by_refcount_drain(const struct vm_fault *vmf, struct page *page)
{
	struct page *head = compound_head(vmf->mm->machine, page);
	bool reuse;

	if (page_count(head) > 3)
		return WP_COPY;
	if (!page_flag(head, PG_LRU))
		lru_add_drain(vmf->mm->machine);
	/* Nor must the swap cache (53a05ad9f21d). */
	if (page_count(head) > 1 + folio_swapcache_refs(head))
		return WP_COPY;
	if (!port_trylock(&head->lock))
		return WP_COPY;
	try_to_free_swap(vmf->mm->machine, head);
	reuse = page_count(head) == 1;
	port_unlock(&head->lock);
	return reuse ? WP_REUSE : WP_COPY;
}

/* How many PTEs of the fault's table map the folio? PTE lock held. */
static int count_mappings(const struct vm_fault *vmf, const struct page *head)
{
	unsigned long first = (vmf->addr & ~MM_HPAGE_MASK) >> MM_PAGE_SHIFT;
	port_entry *ptes = vmf->pte.entry - first;
	int count = 0;

	for (unsigned i = 0; i < MM_TABLE_ENTRIES; i++) {
		pte_t pte = port_entry_read(&ptes[i]);
		const struct page *page =
			pte_present(pte) ? vm_normal_page(vmf->mm->machine, pte) : NULL;

		count += page && compound_head(vmf->mm->machine, page) == head;
	}
	return count;
}

/*
 * From v6.15 (1da190f4d0a6): ours if our mappings are all that holds it. The kernel counts the
 * mappings of each mm; here those in one table, where all are unless mremap() has parted them.
 */
static enum wp_decision wp_large_by_mappings(const struct vm_fault *vmf, struct page *head)
{
	int mappings = count_mappings(vmf, head);

	/* What is left of a huge page that is discarded but for one part is copied, and freed. */
	if (mappings <= 1)
		return WP_COPY;
	if (page_flag(head, PG_SWAPCACHE)) {
		if (!port_trylock(&head->lock))
			return WP_COPY;
		try_to_free_swap(vmf->mm->machine, head);
		port_unlock(&head->lock);
	}
	return page_count(head) == mappings ? WP_REUSE : WP_COPY;
}

/* A base page of a huge page that is not marked exclusive. */
static enum wp_decision wp_large(const struct vm_fault *vmf, struct page *page)
{
	switch (vmf->mm->machine->rules.wp_reuse_large) {
	case WP_REUSE_LARGE_COUNT:
		return wp_by_refcount_drain(vmf, page);
	case WP_REUSE_LARGE_MAPPED:
		return wp_large_by_mappings(vmf, compound_head(vmf->mm->machine, page));
	case WP_REUSE_LARGE_NEVER:
		break;
	}
	return WP_COPY;
}

/* From v5.19: an exclusive page is ours whatever its count is (6c287605fd56). */
static enum wp_decision wp_by_exclusive(const struct vm_fault *vmf, struct page *page)
{
	enum wp_decision decision;

	if (page_flag(page, PG_ANON_EXCLUSIVE))
		return WP_REUSE;
	if (folio_is_large(compound_head(vmf->mm->machine, page)))
		decision = wp_large(vmf, page);
	else
		decision = wp_by_refcount_drain(vmf, page);
	if (decision == WP_REUSE)
		port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
	return decision;
}

static enum wp_decision wp_decide(struct vm_fault *vmf, struct page *page)
{
	const struct mm_rules *rules = &vmf->mm->machine->rules;

	/* 1a0cf26323c8: a merged page is never reused. */
	if (page_flag(page, PG_KSM) && rules->wp_ksm == WP_KSM_COPY)
		return WP_COPY;
	switch (rules->wp_reuse) {
	case WP_REUSE_MAPCOUNT:
		return wp_by_mapcount(vmf, page);
	case WP_REUSE_REFCOUNT:
	case WP_REUSE_PINNED_MAPCOUNT:
		return wp_by_refcount(vmf, page);
	case WP_REUSE_REFCOUNT_DRAIN:
		return wp_by_refcount_drain(vmf, page);
	case WP_REUSE_EXCLUSIVE:
		break;
	}
	return wp_by_exclusive(vmf, page);
}

static unsigned wp_anon_page(struct vm_fault *vmf, struct page *page)
{
	unsigned ret;

	switch (wp_decide(vmf, page)) {
	case WP_RETRY:
		return 0;
	case WP_COPY:
		return wp_copy_locked(vmf, page);
	case WP_REUSE_UNLOCK_PAGE:
		ret = wp_page_reuse(vmf);
		port_unlock(&compound_head(vmf->mm->machine, page)->lock);
		return ret;
	case WP_REUSE:
		break;
	}
	/* An unshare fault only wanted the page to be exclusive. */
	if (vmf->flags & FAULT_FLAG_UNSHARE) {
		pte_unlock(&vmf->pte);
		return 0;
	}
	return wp_page_reuse(vmf);
}

/* Nobody need know of the write, so the write-protection can go. PTE lock held. */
static void clear_async_uffd_wp(struct vm_fault *vmf)
{
	vmf->orig_pte &= ~PTE_UFFD_WP;
	port_entry_set(vmf->pte.entry, vmf->orig_pte);
}

/*
 * A write-protection whose flush is still to come: another CPU may write to the page, through its
 * TLB, while we copy it (6ce64428d620).
 */
static void flush_pending_uffd_wp(const struct vm_fault *vmf)
{
	if (vmf->mm->machine->rules.uffd_wp_flush == UFFD_WP_FLUSH_PENDING &&
	    userfaultfd_wp(vmf->vma) && port_atomic_read(&vmf->mm->tlb_flush_pending))
		flush_tlb_range(vmf->mm, vmf->addr, vmf->addr + MM_PAGE_SIZE);
}

/*
 * A write, or what counts as one (FAULT_FLAG_BREAK_COW, FAULT_FLAG_UNSHARE), to a PTE that is
 * present and not writable. Called with the PTE lock held, and drops it.
 */
static unsigned do_wp_page(struct vm_fault *vmf)
{
	const struct machine *machine = vmf->mm->machine;
	struct page *page = vm_normal_page(machine, vmf->orig_pte);
	bool anon = page && page_is_anon(machine, page);

	if (userfaultfd_pte_wp(vmf, vmf->orig_pte)) {
		if (!userfaultfd_wp_async(vmf->vma)) {
			pte_unlock(&vmf->pte);
			return handle_userfault(vmf, VM_UFFD_WP);
		}
		clear_async_uffd_wp(vmf);
	}
	if (!(vmf->flags & FAULT_FLAG_UNSHARE))
		flush_pending_uffd_wp(vmf);
	/* Only from v6.2 does unsharing reach beyond anonymous pages (8d6a0ac09a16). */
	if (vmf->flags & FAULT_FLAG_UNSHARE && machine->rules.gup_break != GUP_BREAK_UNSHARE_COW &&
	    !anon) {
		pte_unlock(&vmf->pte);
		return 0;
	}
	if (!page) {
		pte_unlock(&vmf->pte);
		return wp_page_copy(vmf, NULL);
	}
	if (anon)
		return wp_anon_page(vmf, page);
	if ((vmf->vma->flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		return wp_page_reuse(vmf);
	return wp_copy_locked(vmf, page);
}

static unsigned do_pte_missing(struct vm_fault *vmf)
{
	return vmf->vma->shmem ? do_fault(vmf) : do_anonymous_page(vmf);
}

/* A marker that nobody is registered for any more means nothing. */
static unsigned pte_marker_clear(struct vm_fault *vmf)
{
	if (pte_relock(vmf))
		port_entry_set(vmf->pte.entry, 0);
	pte_unlock(&vmf->pte);
	return 0;
}

/* A PTE that is not there, or a page that is not where it was. No lock held. */
static unsigned do_nonpresent_pte(struct vm_fault *vmf)
{
	if (pte_none(vmf->orig_pte))
		return do_pte_missing(vmf);
	if (is_pte_marker(vmf->orig_pte))
		return userfaultfd_wp(vmf->vma) ? do_pte_missing(vmf) : pte_marker_clear(vmf);
	if (swp_type(vmf->orig_pte) == SWP_DEVICE) {
		unsigned ret = do_swap_page(vmf);

		return vmf->pte.entry ? ret | do_wp_page(vmf) : ret;
	}
	migration_entry_wait(vmf);
	return 0;
}

static unsigned handle_pte_fault(struct vm_fault *vmf)
{
	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	/* A huge page has come to be mapped here: look again. */
	if (!vmf->pte.entry)
		return 0;
	vmf->orig_pte = port_entry_read(vmf->pte.entry);
	if (!pte_present(vmf->orig_pte)) {
		pte_unlock(&vmf->pte);
		return do_nonpresent_pte(vmf);
	}
	if (fault_is_write_like(vmf) && !pte_write(vmf->orig_pte))
		return do_wp_page(vmf);

	/*
	 * Somebody else was quicker. What a CPU sets by itself is not written back, lest a dirty
	 * bit that it sets meanwhile is lost.
	 */
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_BREAK_COW))
		port_entry_set(vmf->pte.entry, pte_mkdirty(vmf->orig_pte | PTE_ACCESSED));
	pte_unlock(&vmf->pte);
	return 0;
}

/* A huge page, or what can be one. VM_FAULT_FALLBACK: it is a matter of PTEs. */
static unsigned handle_pmd_fault(struct vm_fault *vmf)
{
	vmf->orig_pte = port_entry_read(pmd_lookup(vmf->mm, vmf->addr));
	if (pte_none(vmf->orig_pte)) {
		if (!thp_fault_allowed(vmf->vma, vmf->addr))
			return VM_FAULT_FALLBACK;
		return do_huge_pmd_anonymous_page(vmf);
	}
	if (is_migration_entry(vmf->orig_pte)) {
		migration_entry_wait(vmf);
		return 0;
	}
	if (!pmd_leaf(vmf->orig_pte))
		return VM_FAULT_FALLBACK;
	if (fault_is_write_like(vmf) && !pte_write(vmf->orig_pte))
		return do_huge_pmd_wp_page(vmf);
	huge_pmd_set_accessed(vmf);
	return 0;
}

unsigned handle_mm_fault(struct mm *mm, struct vma *vma, unsigned long addr, unsigned flags)
{
	struct vm_fault vmf = {
		.mm = mm,
		.vma = vma,
		.addr = addr & MM_PAGE_MASK,
		.flags = flags,
	};
	unsigned ret;

	if (vma->flags & VM_HUGETLB)
		return hugetlb_fault(&vmf);
	if (pmd_alloc(mm, addr))
		return VM_FAULT_OOM;
	ret = handle_pmd_fault(&vmf);
	if (ret != VM_FAULT_FALLBACK)
		return ret;
	if (pte_alloc(mm, addr))
		return VM_FAULT_OOM;
	return handle_pte_fault(&vmf);
}
