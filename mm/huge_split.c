/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_split.c - splitting a huge page into base pages */
#include "mm/internal.h"

/* The walks over all that maps a folio, base page by base page. */
struct split {
	struct machine *machine;
	struct page *page;
	bool failed;
};

/*
 * What stands for the PTE while nobody may use the page; 0 if it has to stay, since the page may be
 * pinned. The PTE is cleared and flushed.
 */
static pte_t freeze_entry(const struct split *split, pte_t pte)
{
	enum swp_type type = SWP_MIGRATION_READ;
	pte_t bits = 0;

	if (page_flag(split->page, PG_ANON_EXCLUSIVE)) {
		if (!page_try_share_anon_rmap(split->machine, split->page))
			return 0;
		type = SWP_MIGRATION_READ_EXCLUSIVE;
	}
	if (pte_write(pte))
		type = SWP_MIGRATION_WRITE;
	if (pte_soft_dirty(pte))
		bits |= PTE_SWP_SOFT_DIRTY;
	if (pte_uffd_wp(pte))
		bits |= PTE_SWP_UFFD_WP;
	return swp_entry(type, page_to_pfn(split->machine, split->page)) | bits;
}

/* Take the page away from one place. Goes on unless it has to stay there. */
static bool freeze_one(void *context, const struct rmap_place *place)
{
	struct split *split = context;
	struct machine *machine = split->machine;
	struct page *head = compound_head(machine, split->page);
	struct pte_lock lock;
	pte_t pte, entry;

	split_huge_pmd_page(place->mm, place->addr, head);
	lock = pte_offset_lock(place->mm, place->addr);
	if (!lock.entry)
		return true;
	pte = port_entry_read(lock.entry);
	if (!pte_present(pte) || vm_normal_page(machine, pte) != split->page) {
		pte_unlock(&lock);
		return true;
	}
	pte = port_entry_xchg(lock.entry, 0);
	flush_tlb_range(place->mm, place->addr, place->addr + MM_PAGE_SIZE);
	if (pte_dirty(pte))
		port_atomic_or(&head->flags, PG_DIRTY);
	entry = freeze_entry(split, pte);
	port_entry_set(lock.entry, entry ? entry : pte);
	if (entry) {
		page_remove_rmap(machine, split->page);
		put_page(machine, head);
	}
	pte_unlock(&lock);
	split->failed = !entry;
	return entry;
}

/* The page is back where an entry stands for it. */
static bool thaw_one(void *context, const struct rmap_place *place)
{
	struct split *split = context;
	struct machine *machine = split->machine;
	struct pte_lock lock = pte_offset_lock(place->mm, place->addr);
	pte_t entry, pte;

	if (!lock.entry)
		return true;
	entry = port_entry_read(lock.entry);
	if (!is_migration_entry(entry) || swp_offset(entry) != page_to_pfn(machine, split->page)) {
		pte_unlock(&lock);
		return true;
	}
	pte = mk_pte(machine, split->page, place->vma);
	if (swp_type(entry) == SWP_MIGRATION_WRITE)
		pte = maybe_mkwrite(pte, place->vma);
	if (entry & PTE_SWP_SOFT_DIRTY)
		pte |= PTE_SOFT_DIRTY;
	if (entry & PTE_SWP_UFFD_WP)
		pte = (pte | PTE_UFFD_WP) & ~PTE_RW;
	if (swp_type(entry) != SWP_MIGRATION_READ && machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		port_atomic_or(&split->page->flags, PG_ANON_EXCLUSIVE);
	get_page(machine, split->page);
	page_add_rmap(split->page);
	port_entry_set(lock.entry, pte);
	pte_unlock(&lock);
	return true;
}

/* Nobody can use the folio any more, unless this fails. */
static bool freeze(struct machine *machine, struct page *head)
{
	struct split split = {.machine = machine};

	for (unsigned i = 0; !split.failed && i < MM_HPAGE_NR; i++) {
		split.page = head + i;
		rmap_walk(machine, split.page, freeze_one, &split);
	}
	return !split.failed;
}

static void thaw(struct machine *machine, struct page *head)
{
	struct split split = {.machine = machine};

	for (unsigned i = 0; i < MM_HPAGE_NR; i++) {
		split.page = head + i;
		rmap_walk(machine, split.page, thaw_one, &split);
	}
}

/* Each base page becomes a folio of its own, with one reference. Nobody else sees any. */
static void split_folio(struct machine *machine, struct page *head)
{
	int flags = port_atomic_read(&head->flags) & (PG_ANON | PG_LRU | PG_DIRTY | PG_SWAPBACKED);

	for (unsigned i = 1; i < MM_HPAGE_NR; i++) {
		struct page *page = head + i;

		port_atomic_or(&page->flags, flags);
		page->mapping = head->mapping;
		page->index = head->index + i;
		port_atomic_set(&page->head, (int)page_to_pfn(machine, page));
		port_atomic_set(&page->refcount, 1);
	}
	head->order = 0;
	port_atomic_set(&head->refcount, 1);
}

int split_huge_page(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);
	int err = -MM_EAGAIN;

	if (!folio_is_large(head) || !page_flag(head, PG_ANON) || page_flag(head, PG_HUGETLB))
		return -MM_EINVAL;
	if (page_flag(head, PG_SWAPCACHE) && !try_to_free_swap(machine, head))
		return -MM_EAGAIN;
	/* Each mapping has one reference, the caller one. */
	if (page_count(head) != folio_mapcount(head) + 1)
		return -MM_EAGAIN;
	if (freeze(machine, head) && port_atomic_cmpxchg(&head->refcount, 1, 0)) {
		split_folio(machine, head);
		/* Nobody sees the page yet: the lock is to be had at once. */
		if (page != head)
			port_lock(&page->lock);
		err = 0;
	}
	thaw(machine, head);
	if (err)
		return err;
	if (page != head)
		port_unlock(&head->lock);

	/* What nobody had mapped any more is free now. */
	for (struct page *at = head; at < head + MM_HPAGE_NR; at++) {
		if (at != page)
			put_page(machine, at);
	}
	return 0;
}

/* The large folio that is mapped at addr, with a reference; NULL if there is none. */
static struct page *get_large_page(struct mm *mm, unsigned long addr)
{
	struct machine *machine = mm->machine;
	struct leaf leaf = leaf_lock(mm, addr);
	struct page *page = pte_present(leaf.pte) ? vm_normal_page(machine, leaf.pte) : NULL;

	if (page && !folio_is_large(compound_head(machine, page)))
		page = NULL;
	if (page)
		get_page(machine, page);
	leaf_unlock(&leaf);
	return page;
}

int split_huge_page_at(struct mm *mm, unsigned long addr)
{
	struct machine *machine = mm->machine;
	struct page *page = get_large_page(mm, addr);
	struct page *head;
	int err;

	if (!page)
		return -MM_EINVAL;
	/* It stays part of that folio while we have the reference. */
	head = compound_head(machine, page);
	port_lock(&head->lock);
	err = split_huge_page(machine, page);
	port_unlock(&compound_head(machine, page)->lock);
	put_page(machine, page);
	return err;
}
