/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.c - faults in hugetlb memory: first touch, copy-on-write, unsharing */
#include "mm/hugetlb_pool.h"

pte_t make_huge_pte(const struct machine *machine, const struct page *head, const struct vma *vma,
		    bool writable)
{
	pte_t entry = pfn_pte(page_to_pfn(machine, head), vm_page_prot(vma) | PTE_PSE);

	return writable ? pte_mkdirty(entry) | PTE_RW : entry & ~PTE_RW;
}

void hugepage_add_new_anon_rmap(const struct machine *machine, struct page *head)
{
	int flags = PG_ANON;

	if (machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		flags |= PG_ANON_EXCLUSIVE;
	port_atomic_or(&head->flags, flags);
	hpage_add_rmap(head);
}

void copy_huge_page(struct machine *machine, struct page *to, const struct page *from)
{
	for (unsigned i = 0; i < MM_HPAGE_NR; i++)
		copy_page(machine, to + i, from + i);
}

/* Lock the PMD again. False: it is not what it was, and no lock is held. */
static bool relock(struct vm_fault *vmf)
{
	vmf->pte = pmd_offset_lock(vmf->mm, vmf->addr);
	if (port_entry_read(vmf->pte.entry) == vmf->orig_pte)
		return true;
	pte_unlock(&vmf->pte);
	return false;
}

/* Does a write end with an entry that is writable? */
static bool write_makes_writable(const struct vm_fault *vmf)
{
	/* Up to v5.19 whoever wrote by force left it so (1d8d14641fd9, f347454d0341). */
	return vmf->vma->flags & VM_WRITE ||
	       vmf->mm->machine->rules.hugetlb_force == HUGETLB_FORCE_WRITABLE;
}

/* The page that is mapped is the faulting mm's alone. Drops the PMD's lock. */
static unsigned hugetlb_reuse(struct vm_fault *vmf)
{
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;

	if (!unshare)
		port_entry_set(vmf->pte.entry, pte_mkdirty(vmf->orig_pte | PTE_ACCESSED) |
						       (write_makes_writable(vmf) ? PTE_RW : 0));
	pte_unlock(&vmf->pte);
	return unshare ? 0 : VM_FAULT_WRITE;
}

/* Does the entry say uffd-wp, and is that heeded since these rules? */
static bool keeps_uffd_wp(const struct vm_fault *vmf, enum hugetlb_uffd_wp since)
{
	return pte_uffd_wp(vmf->orig_pte) && vmf->mm->machine->rules.hugetlb_uffd_wp >= since;
}

/* Map the copy in place of the old page. Both references are the caller's. */
static bool map_copy(struct vm_fault *vmf, struct page *old, struct page *new)
{
	struct machine *machine = vmf->mm->machine;
	bool write = !(vmf->flags & FAULT_FLAG_UNSHARE);
	pte_t entry = make_huge_pte(machine, new, vmf->vma, write && write_makes_writable(vmf));

	if (!relock(vmf))
		return false;
	port_entry_xchg(vmf->pte.entry, 0);
	flush_tlb_range(vmf->mm, vmf->addr, vmf->addr + MM_HPAGE_SIZE);
	hugepage_add_new_anon_rmap(machine, new);
	if (!write && keeps_uffd_wp(vmf, HUGETLB_UFFD_WP_KEEP))
		entry = pte_mkuffd_wp(entry);
	port_entry_set(vmf->pte.entry, write ? pte_mkdirty(entry) : entry);
	hpage_remove_rmap(machine, old);
	pte_unlock(&vmf->pte);
	return true;
}

/* Give the faulting mm a copy. The PMD's lock is held, and is dropped. */
static unsigned hugetlb_copy(struct vm_fault *vmf, struct page *old)
{
	struct machine *machine = vmf->mm->machine;
	struct vma *vma = vmf->vma;
	/* Its own reservation has given the owner the page that it shares now. */
	bool outside_reserve = hugetlb_is_owner(vmf->mm, vma);
	struct page *new;
	bool used_reserve;
	bool copied;

	get_page(machine, old);
	pte_unlock(&vmf->pte);
	new = alloc_huge_page(vmf->mm, vma, vmf->addr, outside_reserve, &used_reserve);
	if (!new) {
		/*
		 * The owner's memory is promised: whoever shares it has to give it up. Then the
		 * fault comes again, and finds the page its own.
		 */
		if (outside_reserve)
			unmap_ref_private(vmf->mm, vma, old, vmf->addr);
		put_page(machine, old);
		return outside_reserve ? 0 : VM_FAULT_SIGBUS;
	}
	copy_huge_page(machine, new, old);
	copied = map_copy(vmf, old, new);
	if (copied)
		put_page(machine, old);
	else
		restore_reserve_on_error(vmf->mm, vma, vmf->addr, new, used_reserve);
	put_page(machine, old);
	return copied && !(vmf->flags & FAULT_FLAG_UNSHARE) ? VM_FAULT_WRITE : 0;
}

/*
 * Who may take the page: in every era who alone maps it, whatever else holds it. The page lock and
 * the PMD's are held; the latter is dropped.
 */
static unsigned hugetlb_wp(struct vm_fault *vmf)
{
	const struct machine *machine = vmf->mm->machine;
	struct page *old = pfn_to_page(vmf->mm->machine, pte_pfn(vmf->orig_pte));
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;

	/* What has been protected before it was there: the next fault tells of it (60d5b473d61b).
	 */
	if (!unshare && keeps_uffd_wp(vmf, HUGETLB_UFFD_WP_FIRST_WRITE)) {
		pte_unlock(&vmf->pte);
		return 0;
	}
	if (!unshare && !(vmf->vma->flags & VM_WRITE) &&
	    machine->rules.hugetlb_force == HUGETLB_FORCE_EFAULT) {
		pte_unlock(&vmf->pte);
		return VM_FAULT_SIGSEGV;
	}
	if (vmf->vma->flags & VM_SHARED)
		return hugetlb_reuse(vmf);
	if (page_mapcount(machine, old) != 1)
		return hugetlb_copy(vmf, old);
	if (machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		port_atomic_or(&old->flags, PG_ANON_EXCLUSIVE);
	return hugetlb_reuse(vmf);
}

/*
 * A write to what is read-only, or unsharing. `*reason` is set if userfaultfd is to be told;
 * `*locked` is a page whose lock has to be waited for.
 */
static unsigned hugetlb_wp_fault(struct vm_fault *vmf, unsigned *reason, struct page **locked)
{
	struct machine *machine = vmf->mm->machine;
	struct page *page = pfn_to_page(machine, pte_pfn(vmf->orig_pte));
	unsigned ret;

	if (!relock(vmf))
		return 0;
	if (userfaultfd_pte_wp(vmf, vmf->orig_pte)) {
		if (!userfaultfd_wp_async(vmf->vma)) {
			pte_unlock(&vmf->pte);
			*reason = VM_UFFD_WP;
			return 0;
		}
		vmf->orig_pte &= ~PTE_UFFD_WP;
		port_entry_set(vmf->pte.entry, vmf->orig_pte);
	}
	get_page(machine, page);
	if (!port_trylock(&page->lock)) {
		pte_unlock(&vmf->pte);
		*locked = page;
		return 0;
	}
	ret = hugetlb_wp(vmf);
	port_unlock(&page->lock);
	put_page(machine, page);
	return ret;
}

/* The page cache's page, with a reference; NULL if nobody has touched it. */
static struct page *find_get_page(struct vm_fault *vmf)
{
	struct hugetlb_pool *pool = vmf->mm->machine->hugetlb;
	struct hugetlb_map *map = vmf->vma->hugetlb;
	struct page *page;

	if (!map->shared)
		return NULL;
	/* The fault mutex keeps the slot filled, or empty; migration may change the page. */
	port_spin_lock(&pool->lock);
	page = map->slots[hugetlb_index(vmf->vma, vmf->addr)].page;
	if (page)
		get_page(vmf->mm->machine, page);
	port_spin_unlock(&pool->lock);
	return page;
}

static void hugetlb_add_to_page_cache(struct vm_fault *vmf, struct page *page)
{
	struct hugetlb_pool *pool = vmf->mm->machine->hugetlb;
	struct hugetlb_map *map = vmf->vma->hugetlb;

	get_page(vmf->mm->machine, page);
	port_spin_lock(&pool->lock);
	map->slots[hugetlb_index(vmf->vma, vmf->addr)].page = page;
	port_spin_unlock(&pool->lock);
}

/* Map the page where nothing is mapped; it comes with a reference. False: something is, now. */
static bool map_first(struct vm_fault *vmf, struct page *page, bool anon)
{
	const struct machine *machine = vmf->mm->machine;
	unsigned writable = VM_WRITE | VM_SHARED;
	pte_t entry;

	if (!relock(vmf))
		return false;
	if (anon)
		hugepage_add_new_anon_rmap(machine, page);
	else
		hpage_add_rmap(page);
	entry = make_huge_pte(machine, page, vmf->vma, (vmf->vma->flags & writable) == writable);
	if (pte_marker_uffd_wp(vmf->orig_pte))
		entry = pte_mkuffd_wp(entry);
	vmf->orig_pte = entry;
	port_entry_set(vmf->pte.entry, vmf->orig_pte);
	return true;
}

/* Has the owner taken a page away from this VMA? */
static bool has_lost_pages(const struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	bool lost;

	port_down_read(&machine->rmap_lock);
	lost = vmf->vma->hugetlb_lost;
	port_up_read(&machine->rmap_lock);
	return lost;
}

/*
 * Is nothing mapped still? Who moves a page clears its entry for a moment, without the fault mutex:
 * then there is something to map, and nobody is to hear of the fault (4643d67e8cb0, 2ea7ff1e39cb;
 * up to v6.0 a monitor may hear of it nevertheless, which is not modelled).
 */
static bool hugetlb_pte_stable(struct vm_fault *vmf)
{
	if (!relock(vmf))
		return false;
	pte_unlock(&vmf->pte);
	return true;
}

/* Nothing is mapped. `*reason` is set if it is for userfaultfd to say what. */
static unsigned hugetlb_no_page(struct vm_fault *vmf, unsigned *reason)
{
	struct machine *machine = vmf->mm->machine;
	struct vma *vma = vmf->vma;
	bool used_reserve = false;
	bool anon = !(vma->flags & VM_SHARED);
	bool new = false;
	struct page *page;

	/* It would see zeroes in place of what it had at the fork: rather let it die. */
	if (has_lost_pages(vmf))
		return VM_FAULT_SIGBUS;
	page = find_get_page(vmf);
	if (page && userfaultfd_minor(vma)) {
		put_page(machine, page);
		*reason = hugetlb_pte_stable(vmf) ? VM_UFFD_MINOR : 0;
		return 0;
	}
	if (!page && userfaultfd_missing(vma)) {
		*reason = hugetlb_pte_stable(vmf) ? VM_UFFD_MISSING : 0;
		return 0;
	}
	if (!page) {
		page = alloc_huge_page(vmf->mm, vma, vmf->addr, false, &used_reserve);
		if (!page)
			return hugetlb_pte_stable(vmf) ? VM_FAULT_SIGBUS : 0;
		for (unsigned i = 0; i < MM_HPAGE_NR; i++)
			clear_page(machine, page + i);
		new = true;
	}
	if (new && !anon)
		hugetlb_add_to_page_cache(vmf, page);
	if (!map_first(vmf, page, anon)) {
		if (new &&anon)
			restore_reserve_on_error(vmf->mm, vma, vmf->addr, page, used_reserve);
		else
			put_page(machine, page);
		return 0;
	}
	/* A write to private memory goes on at once, and finds the page its own. */
	if (vmf->flags & FAULT_FLAG_WRITE && anon)
		return hugetlb_wp(vmf);
	pte_unlock(&vmf->pte);
	return 0;
}

/* Something is mapped, and allows the access: somebody else was quicker. */
static unsigned set_huge_access_flags(struct vm_fault *vmf)
{
	if (!relock(vmf))
		return 0;
	if (vmf->flags & FAULT_FLAG_WRITE)
		port_entry_set(vmf->pte.entry, pte_mkdirty(vmf->orig_pte | PTE_ACCESSED));
	pte_unlock(&vmf->pte);
	return 0;
}

/* The fault mutex is held. Only a write or unsharing cares for read-only entries: E3 did not. */
static unsigned handle_huge_fault(struct vm_fault *vmf, unsigned *reason, struct page **locked)
{
	vmf->orig_pte = port_entry_read(pmd_lookup(vmf->mm, vmf->addr));
	if (pte_none(vmf->orig_pte) || is_pte_marker(vmf->orig_pte))
		return hugetlb_no_page(vmf, reason);
	if (!pte_present(vmf->orig_pte))
		return 0;
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE) && !pte_write(vmf->orig_pte))
		return hugetlb_wp_fault(vmf, reason, locked);
	return set_huge_access_flags(vmf);
}

unsigned hugetlb_fault(struct vm_fault *vmf)
{
	struct hugetlb_map *map = vmf->vma->hugetlb;
	struct machine *machine = vmf->mm->machine;
	struct page *locked = NULL;
	unsigned reason = 0;
	unsigned ret;

	vmf->addr &= MM_HPAGE_MASK;
	if (pmd_alloc(vmf->mm, vmf->addr))
		return VM_FAULT_OOM;
	port_lock(&map->fault_mutex);
	ret = handle_huge_fault(vmf, &reason, &locked);
	port_unlock(&map->fault_mutex);
	if (reason)
		return handle_userfault(vmf, reason);
	if (is_migration_entry(vmf->orig_pte))
		migration_entry_wait(vmf);
	/* Whoever has the page locked is waited for, and the fault starts again. */
	if (locked) {
		port_lock(&locked->lock);
		port_unlock(&locked->lock);
		put_page(machine, locked);
	}
	return ret;
}

/* Map the page that a monitor has filled in; it comes with a reference. 0 or -EEXIST. */
static int mfill_map(struct vm_fault *vmf, struct page *page, bool anon, bool wp)
{
	const struct machine *machine = vmf->mm->machine;
	bool writable = vmf->vma->flags & VM_WRITE && !wp;
	pte_t entry = pte_mkdirty(make_huge_pte(machine, page, vmf->vma, writable));
	pte_t old;

	vmf->pte = pmd_offset_lock(vmf->mm, vmf->addr);
	old = port_entry_read(vmf->pte.entry);
	if (!pte_none(old) && !is_pte_marker(old)) {
		pte_unlock(&vmf->pte);
		return -MM_EEXIST;
	}
	if (anon)
		hugepage_add_new_anon_rmap(machine, page);
	else
		hpage_add_rmap(page);
	port_entry_set(vmf->pte.entry, wp ? pte_mkuffd_wp(entry) : entry);
	pte_unlock(&vmf->pte);
	return 0;
}

/* The fault mutex is held, and there is a table for the PMD. */
static int mfill_copy(struct vm_fault *vmf, uint32_t value, bool wp)
{
	struct machine *machine = vmf->mm->machine;
	bool anon = !(vmf->vma->flags & VM_SHARED);
	pte_t old = port_entry_read(pmd_lookup(vmf->mm, vmf->addr));
	struct page *page = find_get_page(vmf);
	bool used_reserve;
	int err;

	if (page)
		put_page(machine, page);
	if (page || (!pte_none(old) && !is_pte_marker(old)))
		return -MM_EEXIST;
	page = alloc_huge_page(vmf->mm, vmf->vma, vmf->addr, false, &used_reserve);
	if (!page)
		return -MM_ENOMEM;
	for (unsigned i = 0; i < MM_HPAGE_NR; i++)
		clear_page(machine, page + i);
	port_word_write(page_words(machine, page), value);
	if (!anon)
		hugetlb_add_to_page_cache(vmf, page);
	err = mfill_map(vmf, page, anon, wp);
	if (err && anon)
		restore_reserve_on_error(vmf->mm, vmf->vma, vmf->addr, page, used_reserve);
	else if (err)
		put_page(machine, page);
	return err;
}

static int mfill_continue(struct vm_fault *vmf, bool wp)
{
	struct page *page = find_get_page(vmf);
	int err;

	if (!page)
		return -MM_EFAULT;
	err = mfill_map(vmf, page, false, wp);
	if (err)
		put_page(vmf->mm->machine, page);
	return err;
}

int hugetlb_mfill_copy(struct mm *mm, struct vma *vma, unsigned long addr, uint32_t value, bool wp)
{
	struct vm_fault vmf = {.mm = mm, .vma = vma, .addr = addr};
	int err = pmd_alloc(mm, addr);

	if (err)
		return err;
	port_lock(&vma->hugetlb->fault_mutex);
	err = mfill_copy(&vmf, value, wp);
	port_unlock(&vma->hugetlb->fault_mutex);
	return err;
}

int hugetlb_mfill_continue(struct mm *mm, struct vma *vma, unsigned long addr, bool wp)
{
	struct vm_fault vmf = {.mm = mm, .vma = vma, .addr = addr};
	int err = pmd_alloc(mm, addr);

	if (err)
		return err;
	port_lock(&vma->hugetlb->fault_mutex);
	err = mfill_continue(&vmf, wp);
	port_unlock(&vma->hugetlb->fault_mutex);
	return err;
}
