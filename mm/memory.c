/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - faults, write-protect faults above all; fork's copy; zap */
#include "mm/internal.h"

/* What a fault works on. The PTE lock is held where pte.entry is set. */
struct vm_fault_info {
	struct mm *mm;
	struct vma *vma;
	unsigned long addr; /* page-aligned */
	unsigned flags;     /* enum fault_flag */
	struct pte_lock pte;
	pte_t orig_pte;
};

struct page *vm_normal_page(const struct machine *machine, pte_t pte)
{
	return pte_special(pte) ? NULL : pfn_to_page(machine, pte_pfn(pte));
}

pte_t maybe_mkwrite(pte_t pte, const struct vma *vma)
{
	return vma->flags & VM_WRITE ? pte | PTE_RW : pte;
}

static pte_t mk_pte(const struct machine *machine, const struct page *page, const struct vma *vma)
{
	return pfn_pte(page_to_pfn(machine, page), vm_page_prot(vma));
}

/* The first mapping of a new anonymous page: it is ours alone. PTE lock held. */
static void page_add_new_anon_rmap(struct machine *machine, struct page *page)
{
	int flags = PG_ANON;

	if (machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		flags |= PG_ANON_EXCLUSIVE;
	port_atomic_or(&page->flags, flags);
	port_atomic_add_return(&page->mapcount, 1);
	lru_cache_add(machine, page);
}

static void page_dup_rmap(struct page *page)
{
	get_page(page);
	port_atomic_add_return(&page->mapcount, 1);
}

static void page_remove_rmap(struct page *page)
{
	BUG_ON(port_atomic_add_return(&page->mapcount, -1) < 0);
}

/* Replace a present PTE, so that no CPU uses the old one any more. PTE lock held. */
static void ptep_clear_flush(struct vm_fault_info *vmf)
{
	port_entry_xchg(vmf->pte.entry, 0);
	flush_tlb_range(vmf->mm, vmf->addr, vmf->addr + MM_PAGE_SIZE);
}

/*
 * First touch of private memory. FAULT_FLAG_BREAK_COW and FAULT_FLAG_UNSHARE change nothing here:
 * what is only read is the zero page first.
 */
static unsigned do_anonymous_page(struct vm_fault_info *vmf)
{
	struct machine *machine = vmf->mm->machine;
	struct page *page = NULL;
	pte_t entry;

	if (vmf->flags & FAULT_FLAG_WRITE) {
		page = alloc_zeroed_page(machine);
		if (!page)
			return VM_FAULT_OOM;
		entry = mk_pte(machine, page, vmf->vma);
		if (vmf->vma->flags & VM_WRITE)
			entry = pte_mkdirty(entry) | PTE_RW;
	} else {
		entry = pfn_pte(machine->zero_pfn, vm_page_prot(vmf->vma) | PTE_SPECIAL);
	}
	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	if (!pte_none(port_entry_read(vmf->pte.entry))) {
		pte_unlock(&vmf->pte);
		if (page)
			put_page(machine, page);
		return 0;
	}
	if (page)
		page_add_new_anon_rmap(machine, page);
	port_entry_set(vmf->pte.entry, entry);
	pte_unlock(&vmf->pte);
	return 0;
}

/* First touch of shared memory by this mm. */
static unsigned do_shared_fault(struct vm_fault_info *vmf)
{
	struct machine *machine = vmf->mm->machine;
	const struct vma *vma = vmf->vma;
	unsigned long index = vma->pgoff + ((vmf->addr - vma->start) >> MM_PAGE_SHIFT);
	struct page *page = shmem_get_page(machine, vma->shmem, index);
	pte_t entry;

	if (!page)
		return VM_FAULT_OOM;
	entry = mk_pte(machine, page, vma);
	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	if (!pte_none(port_entry_read(vmf->pte.entry))) {
		pte_unlock(&vmf->pte);
		put_page(machine, page);
		return 0;
	}
	/* The caller's reference becomes the mapping's. */
	port_atomic_add_return(&page->mapcount, 1);
	port_entry_set(vmf->pte.entry, entry);
	pte_unlock(&vmf->pte);
	return 0;
}

/* Make the page that is mapped already writable where it is. */
static unsigned wp_page_reuse(struct vm_fault_info *vmf)
{
	pte_t entry = maybe_mkwrite(pte_mkdirty(vmf->orig_pte | PTE_ACCESSED), vmf->vma);

	port_entry_set(vmf->pte.entry, entry);
	pte_unlock(&vmf->pte);
	return VM_FAULT_WRITE;
}

/* The entry for the copy that a fault has made. */
static pte_t copied_entry(const struct vm_fault_info *vmf, const struct page *page)
{
	pte_t entry = mk_pte(vmf->mm->machine, page, vmf->vma);

	if (vmf->flags & FAULT_FLAG_UNSHARE)
		return entry | (vmf->orig_pte & PTE_SOFT_DIRTY);
	return maybe_mkwrite(pte_mkdirty(entry), vmf->vma);
}

/*
 * Map a copy of the page instead of it. `old` is NULL for the zero page; otherwise the caller has
 * taken a reference on it, which is dropped here. PTE lock not held.
 */
static unsigned wp_page_copy(struct vm_fault_info *vmf, struct page *old)
{
	struct machine *machine = vmf->mm->machine;
	struct page *new = old ? alloc_page(machine) : alloc_zeroed_page(machine);
	bool copied = false;

	if (!new) {
		if (old)
			put_page(machine, old);
		return VM_FAULT_OOM;
	}
	if (old)
		copy_page(machine, new, old);

	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	if (port_entry_read(vmf->pte.entry) == vmf->orig_pte) {
		/*
		 * Clear, flush, set, and only then let go of the old page: a CPU with a stale
		 * entry must not see what the page's next owner writes.
		 */
		ptep_clear_flush(vmf);
		page_add_new_anon_rmap(machine, new);
		port_entry_set(vmf->pte.entry, copied_entry(vmf, new));
		if (old)
			page_remove_rmap(old);
		copied = true;
	}
	pte_unlock(&vmf->pte);

	if (!copied)
		put_page(machine, new);
	if (old) {
		if (copied)
			put_page(machine, old);
		put_page(machine, old);
	}
	return copied && !(vmf->flags & FAULT_FLAG_UNSHARE) ? VM_FAULT_WRITE : 0;
}

/* Take a reference, let go of the PTE, and copy. */
static unsigned wp_copy_locked(struct vm_fault_info *vmf, struct page *page)
{
	get_page(page);
	pte_unlock(&vmf->pte);
	return wp_page_copy(vmf, page);
}

/*
 * How a write fault comes to its decision on an anonymous page. Each function is called with the
 * PTE lock held, and says what to do; on WP_RETRY the PTE has changed and the lock is dropped.
 */
enum wp_decision {
	WP_COPY,
	WP_REUSE,
	WP_REUSE_UNLOCK_PAGE, /* reuse, and drop the page lock only after the PTE lock */
	WP_RETRY,
};

/* Up to v5.8: sleep for the page lock, then see whether anybody else maps the page. */
static enum wp_decision wp_by_mapcount(struct vm_fault_info *vmf, struct page *page)
{
	enum wp_decision decision;

	if (!port_trylock(&page->lock)) {
		get_page(page);
		pte_unlock(&vmf->pte);
		port_lock(&page->lock);
		vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
		if (port_entry_read(vmf->pte.entry) != vmf->orig_pte) {
			pte_unlock(&vmf->pte);
			port_unlock(&page->lock);
			put_page(vmf->mm->machine, page);
			return WP_RETRY;
		}
		put_page(vmf->mm->machine, page);
	}
	decision = page_mapcount(page) <= 1 ? WP_REUSE : WP_COPY;
	port_unlock(&page->lock);
	return decision;
}

/*
 * From v5.9-rc4: reuse only what nobody else holds in any way, and never sleep (09854ba94c6a).
 * The counter-patch of 16 September 2020 lets the mapcount decide on a page that is pinned.
 */
static enum wp_decision wp_by_refcount(const struct vm_fault_info *vmf, struct page *page)
{
	const struct mm_rules *rules = &vmf->mm->machine->rules;
	bool by_mapcount = rules->wp_reuse == WP_REUSE_PINNED_MAPCOUNT;
	bool reuse;

	if (page_count(page) != 1 && !(by_mapcount && page_maybe_dma_pinned(page)))
		return WP_COPY;
	if (!port_trylock(&page->lock))
		return WP_COPY;
	reuse = page_mapcount(page) == 1 && page_count(page) == 1;
	if (!reuse && by_mapcount && page_maybe_dma_pinned(page))
		reuse = page_mapcount(page) <= 1;
	/* Once the PTE lock is gone the page may be, too: be068f29034f. */
	if (reuse && rules->wp_unlock == WP_UNLOCK_AFTER_PTL)
		return WP_REUSE_UNLOCK_PAGE;
	port_unlock(&page->lock);
	return reuse ? WP_REUSE : WP_COPY;
}

/*
 * From v5.18: our own LRU cache must not make us copy (d4c470970d45). The bound on the count
 * spares a page that is surely shared the drain: us, the caches, and the walk itself.
 */
static enum wp_decision wp_by_refcount_drain(const struct vm_fault_info *vmf, struct page *page)
{
	bool reuse;

	if (page_count(page) > 3)
		return WP_COPY;
	if (!page_flag(page, PG_LRU))
		lru_add_drain(vmf->mm->machine);
	if (page_count(page) > 1)
		return WP_COPY;
	if (!port_trylock(&page->lock))
		return WP_COPY;
	reuse = page_count(page) == 1;
	port_unlock(&page->lock);
	return reuse ? WP_REUSE : WP_COPY;
}

/* From v5.19: an exclusive page is ours whatever its count is (6c287605fd56). */
static enum wp_decision wp_by_exclusive(const struct vm_fault_info *vmf, struct page *page)
{
	enum wp_decision decision;

	if (page_flag(page, PG_ANON_EXCLUSIVE))
		return WP_REUSE;
	decision = wp_by_refcount_drain(vmf, page);
	if (decision == WP_REUSE)
		port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
	return decision;
}

static enum wp_decision wp_decide(struct vm_fault_info *vmf, struct page *page)
{
	switch (vmf->mm->machine->rules.wp_reuse) {
	case WP_REUSE_MAPCOUNT:
		return wp_by_mapcount(vmf, page);
	case WP_REUSE_REFCOUNT:
	case WP_REUSE_PINNED_MAPCOUNT:
		return wp_by_refcount(vmf, page);
	case WP_REUSE_REFCOUNT_DRAIN:
		return wp_by_refcount_drain(vmf, page);
	case WP_REUSE_EXCLUSIVE:
		return wp_by_exclusive(vmf, page);
	}
	return WP_COPY;
}

static unsigned wp_anon_page(struct vm_fault_info *vmf, struct page *page)
{
	unsigned ret;

	switch (wp_decide(vmf, page)) {
	case WP_RETRY:
		return 0;
	case WP_COPY:
		return wp_copy_locked(vmf, page);
	case WP_REUSE_UNLOCK_PAGE:
		ret = wp_page_reuse(vmf);
		port_unlock(&page->lock);
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

/*
 * A write, or what counts as one (FAULT_FLAG_BREAK_COW, FAULT_FLAG_UNSHARE), to a PTE that is
 * present and not writable. Called with the PTE lock held, and drops it.
 */
static unsigned do_wp_page(struct vm_fault_info *vmf)
{
	const struct mm_rules *rules = &vmf->mm->machine->rules;
	struct page *page = vm_normal_page(vmf->mm->machine, vmf->orig_pte);

	/* Only from v6.2 does unsharing reach beyond anonymous pages (8d6a0ac09a16). */
	if (vmf->flags & FAULT_FLAG_UNSHARE && rules->gup_break != GUP_BREAK_UNSHARE_COW &&
	    !(page && page_flag(page, PG_ANON))) {
		pte_unlock(&vmf->pte);
		return 0;
	}
	if (!page) {
		pte_unlock(&vmf->pte);
		return wp_page_copy(vmf, NULL);
	}
	if (page_flag(page, PG_ANON))
		return wp_anon_page(vmf, page);
	if ((vmf->vma->flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		return wp_page_reuse(vmf);
	return wp_copy_locked(vmf, page);
}

/* The flags of faults that want more than to read. */
static unsigned write_like_flags(const struct vm_fault_info *vmf)
{
	return vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_BREAK_COW | FAULT_FLAG_UNSHARE);
}

static unsigned handle_pte_fault(struct vm_fault_info *vmf)
{
	vmf->pte = pte_offset_lock(vmf->mm, vmf->addr);
	vmf->orig_pte = port_entry_read(vmf->pte.entry);
	if (pte_none(vmf->orig_pte)) {
		pte_unlock(&vmf->pte);
		if (vmf->vma->shmem)
			return do_shared_fault(vmf);
		return do_anonymous_page(vmf);
	}
	if (write_like_flags(vmf) && !pte_write(vmf->orig_pte))
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

unsigned handle_mm_fault(struct mm *mm, struct vma *vma, unsigned long addr, unsigned flags)
{
	struct vm_fault_info vmf = {
		.mm = mm,
		.vma = vma,
		.addr = addr & MM_PAGE_MASK,
		.flags = flags,
	};

	if (pte_alloc(mm, addr))
		return VM_FAULT_OOM;
	return handle_pte_fault(&vmf);
}

/* The two PTEs of an address in parent and child while fork copies it. */
struct copy_pair {
	struct mm *dst;
	struct mm *src;
	const struct vma *dst_vma;
	unsigned long addr;
	struct pte_lock dst_pte;
	struct pte_lock src_pte;
};

/*
 * Must the child get a copy of its own at once? Since 70e806e4e645 (v5.9) yes, where the page may
 * be pinned; since v5.19 that needs asking only for an exclusive page, for no other can have been
 * pinned reliably. Clears the exclusive mark of a page that is going to be shared.
 */
static bool page_needs_copy_for_fork(const struct copy_pair *pair, struct page *page)
{
	const struct mm_rules *rules = &pair->src->machine->rules;
	bool pinned = rules->fork_pinned != FORK_PINNED_SHARE &&
		      port_atomic_read(&pair->src->has_pinned) && page_maybe_dma_pinned(page);

	if (rules->wp_reuse != WP_REUSE_EXCLUSIVE)
		return pinned;
	if (!page_flag(page, PG_ANON_EXCLUSIVE))
		return false;
	if (!pinned)
		port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
	return pinned;
}

/* Take away write permission, and return the PTE as it was. */
static pte_t ptep_set_wrprotect(port_entry *entry)
{
	pte_t pte = port_entry_read(entry);

	/* A CPU may set the accessed or dirty bit meanwhile. */
	while (pte_write(pte)) {
		pte_t found = port_entry_cmpxchg(entry, pte, pte & ~PTE_RW);

		if (found == pte)
			break;
		pte = found;
	}
	return pte;
}

/* Give the child `new` with the content of `page`; the parent's PTE stays as it is. */
static void copy_present_page(struct copy_pair *pair, const struct page *page, struct page *new)
{
	struct machine *machine = pair->src->machine;
	pte_t entry =
		maybe_mkwrite(pte_mkdirty(mk_pte(machine, new, pair->dst_vma)), pair->dst_vma);

	copy_page(machine, new, page);
	page_add_new_anon_rmap(machine, new);
	port_entry_set(pair->dst_pte.entry, entry);
}

/* Both map the page from now on, neither may write to it. */
static void share_present_pte(struct copy_pair *pair, struct page *page)
{
	pte_t pte = ptep_set_wrprotect(pair->src_pte.entry);

	if (page)
		page_dup_rmap(page);
	port_entry_set(pair->dst_pte.entry, pte & ~(PTE_RW | PTE_ACCESSED));
}

/* Copy one PTE. `*new` is a page to copy to, taken if used; -EAGAIN if one is needed. */
static int copy_present_pte(struct copy_pair *pair, struct page **new)
{
	const struct machine *machine = pair->src->machine;
	pte_t pte = port_entry_read(pair->src_pte.entry);
	struct page *page = vm_normal_page(machine, pte);

	/* What is read-only, fast GUP can't pin for writing while we look at the count. */
	if (machine->rules.fork_pinned == FORK_PINNED_PROTECT_COPY)
		pte = ptep_set_wrprotect(pair->src_pte.entry);
	if (!page || !page_needs_copy_for_fork(pair, page)) {
		share_present_pte(pair, page);
		return 0;
	}
	if (machine->rules.fork_pinned == FORK_PINNED_PROTECT_COPY)
		port_entry_set(pair->src_pte.entry, pte);
	if (!*new)
		return -MM_EAGAIN;
	copy_present_page(pair, page, *new);
	*new = NULL;
	return 0;
}

/*
 * Copy the PTEs from pair->addr to `end`, all of one table, under the locks of both. On -EAGAIN
 * pair->addr is where to go on with a new page.
 */
static int copy_pte_table(struct copy_pair *pair, unsigned long end, struct page **new)
{
	struct port_spinlock *src_ptl, *dst_ptl;
	int err = 0;

	pair->dst_pte = pte_offset_lock(pair->dst, pair->addr);
	pair->src_pte = pte_offset_lock(pair->src, pair->addr);
	dst_ptl = pair->dst_pte.ptl;
	src_ptl = pair->src_pte.ptl;
	while (pair->addr < end) {
		if (pte_present(port_entry_read(pair->src_pte.entry)))
			err = copy_present_pte(pair, new);
		if (err)
			break;
		pair->dst_pte.entry++;
		pair->src_pte.entry++;
		pair->addr += MM_PAGE_SIZE;
	}
	port_spin_unlock(src_ptl);
	port_spin_unlock(dst_ptl);
	return err;
}

static int copy_pte_range(struct copy_pair *pair, unsigned long end)
{
	struct machine *machine = pair->src->machine;
	struct page *new = NULL;
	int err;

	if (pte_alloc(pair->dst, pair->addr))
		return -MM_ENOMEM;
	while ((err = copy_pte_table(pair, end, &new)) == -MM_EAGAIN) {
		/* No allocation under the locks. */
		new = alloc_page(machine);
		if (!new)
			return -MM_ENOMEM;
	}
	if (new)
		put_page(machine, new);
	return err;
}

int copy_page_range(struct mm *dst, struct mm *src, const struct vma *dst_vma,
		    const struct vma *src_vma)
{
	bool seqcount = src->machine->rules.fork_seqcount == FORK_SEQCOUNT_YES;
	struct copy_pair pair = {.dst = dst, .src = src, .dst_vma = dst_vma};
	int err = 0;

	/* Fast GUP must not pin a page between our look at its count and the protection. */
	if (seqcount)
		port_atomic_add_return(&src->write_protect_seq, 1);
	for (unsigned long next = src_vma->start; !err && next < src_vma->end;) {
		pair.addr = next;
		next = pte_table_end(next, src_vma->end);
		if (pte_lookup(src, pair.addr))
			err = copy_pte_range(&pair, next);
	}
	if (seqcount)
		port_atomic_add_return(&src->write_protect_seq, 1);
	return err;
}

/* Pages that are unmapped but may still be in some CPU's TLB (mmu_gather). */
#define ZAP_BATCH 32

struct zap_batch {
	struct mm *mm;
	unsigned long start; /* of what is not flushed yet */
	unsigned long end;
	unsigned nr;
	struct page *pages[ZAP_BATCH];
};

static void zap_flush(struct zap_batch *batch)
{
	if (batch->start < batch->end)
		flush_tlb_range(batch->mm, batch->start, batch->end);
	for (unsigned i = 0; i < batch->nr; i++)
		put_page(batch->mm->machine, batch->pages[i]);
	batch->start = batch->end;
	batch->nr = 0;
}

static void zap_pte(void *context, unsigned long addr, port_entry *entry)
{
	struct zap_batch *batch = context;
	pte_t pte = port_entry_xchg(entry, 0);
	struct page *page = vm_normal_page(batch->mm->machine, pte);

	if (batch->start == batch->end)
		batch->start = addr;
	batch->end = addr + MM_PAGE_SIZE;
	if (!page)
		return;
	page_remove_rmap(page);
	batch->pages[batch->nr++] = page;
	if (batch->nr == ZAP_BATCH)
		zap_flush(batch);
}

void zap_page_range(struct mm *mm, unsigned long start, unsigned long end)
{
	struct zap_batch batch = {.mm = mm};

	lru_add_drain(mm->machine);
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas; i++) {
		const struct vma *vma = &mm->vmas[i];

		if (vma->start >= end)
			break;
		walk_page_range(mm, vma->start > start ? vma->start : start,
				vma->end < end ? vma->end : end, zap_pte, &batch);
	}
	zap_flush(&batch);
}
