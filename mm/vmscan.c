/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmscan.c - page-out: MADV_PAGEOUT and MADV_FREE, and how a page is taken from all that map it */
#include "mm/internal.h"

struct unmap {
	struct machine *machine;
	struct page *page; /* of its folio, the one that the walk is for */
	bool failed;
};

/* Reading the counts of a lazily freed page: may it be dropped? Its PTE is cleared already. */
static bool may_discard(const struct machine *machine, const struct page *head)
{
	if (page_flag(head, PG_DIRTY))
		return false;
	/* Direct I/O may be writing to it, and marks it dirty only at its end (6c8e2a256915). */
	if (machine->rules.madv_free_refs == MADV_FREE_REFS_KEEP)
		return page_count(head) == 1 + folio_mapcount(head);
	return true;
}

/* The entry that stands for the page from now on; 0: it stays mapped. PTE cleared and flushed. */
static pte_t swap_out_entry(const struct unmap *unmap, pte_t pte)
{
	struct machine *machine = unmap->machine;
	struct page *page = unmap->page;
	pte_t entry = swp_entry(SWP_DEVICE, page_swap_slot(machine, page));

	if (page_flag(page, PG_ANON_EXCLUSIVE)) {
		if (!page_try_share_anon_rmap(machine, page))
			return 0;
		entry |= PTE_SWP_EXCLUSIVE;
	}
	if (pte_soft_dirty(pte))
		entry |= PTE_SWP_SOFT_DIRTY;
	if (pte_uffd_wp(pte))
		entry |= PTE_SWP_UFFD_WP;
	swap_duplicate(machine, entry);
	return entry;
}

/* What stands in place of a PTE that is cleared; false: it has to be put back. */
static bool unmapped_entry(const struct unmap *unmap, const struct vma *vma, pte_t pte,
			   pte_t *entry)
{
	struct page *head = compound_head(unmap->machine, unmap->page);

	*entry = 0;
	/* The object knows where the page is. */
	if (page_flag(head, PG_SHMEM)) {
		*entry = uffd_wp_outlives(vma, pte) ? make_pte_marker(PTE_MARKER_UFFD_WP) : 0;
		return true;
	}
	if (page_flag(head, PG_SWAPBACKED)) {
		*entry = swap_out_entry(unmap, pte);
		return *entry;
	}
	if (may_discard(unmap->machine, head))
		return true;
	/* Written to after MADV_FREE: it is a page like others again. */
	port_atomic_or(&head->flags, PG_SWAPBACKED);
	return false;
}

static bool unmap_one(void *context, const struct rmap_place *place)
{
	struct unmap *unmap = context;
	struct machine *machine = unmap->machine;
	struct page *head = compound_head(machine, unmap->page);
	struct pte_lock lock;
	pte_t pte, entry;

	/* Swap entries are PTEs (TTU_SPLIT_HUGE_PMD). */
	if (folio_is_large(head))
		split_huge_pmd_page(place->mm, place->addr, head);
	lock = pte_offset_lock(place->mm, place->addr);
	if (!lock.entry)
		return true;
	pte = port_entry_read(lock.entry);
	if (!pte_present(pte) || vm_normal_page(machine, pte) != unmap->page) {
		pte_unlock(&lock);
		return true;
	}
	/* Nobody can write to it any more: what comes to its copy now is final. */
	pte = port_entry_xchg(lock.entry, 0);
	flush_tlb_range(place->mm, place->addr, place->addr + MM_PAGE_SIZE);
	if (pte_dirty(pte))
		port_atomic_or(&head->flags, PG_DIRTY);
	if (!unmapped_entry(unmap, place->vma, pte, &entry)) {
		port_entry_set(lock.entry, pte);
		pte_unlock(&lock);
		unmap->failed = true;
		return false;
	}
	port_entry_set(lock.entry, entry);
	page_remove_rmap(machine, unmap->page);
	put_page(machine, head);
	pte_unlock(&lock);
	return true;
}

/* Put what the swap cache has, or nothing, in place of all that maps the folio. Page lock held. */
static bool try_to_unmap(struct machine *machine, struct page *head)
{
	struct unmap unmap = {.machine = machine};

	for (unsigned i = 0; !unmap.failed && i < folio_nr_pages(head); i++) {
		unmap.page = head + i;
		rmap_walk(machine, unmap.page, unmap_one, &unmap);
	}
	return !unmap.failed && !folio_mapcount(head);
}

/* Give the folio a place in swap, unless it must stay. Page lock held. */
static bool prepare_swap(struct machine *machine, struct page *head)
{
	if (!page_flag(head, PG_ANON) || !page_flag(head, PG_SWAPBACKED) ||
	    page_flag(head, PG_SWAPCACHE))
		return true;
	if (machine->rules.pageout_pinned == PAGEOUT_PINNED_KEEP &&
	    page_maybe_dma_pinned(machine, head))
		return false;
	return add_to_swap(machine, head);
}

/* Write it where its swap slots are, and let it go. Page lock held, we have one reference. */
static void write_and_drop(struct machine *machine, struct page *head)
{
	if (page_flag(head, PG_SHMEM)) {
		shmem_writepage(machine, head);
		return;
	}
	if (!page_flag(head, PG_SWAPBACKED) || !page_flag(head, PG_SWAPCACHE))
		return;
	/* Others would go on with what is not in swap then. */
	if (page_flag(head, PG_DIRTY) && page_count(head) != 1 + (int)folio_nr_pages(head))
		return;
	if (page_flag(head, PG_DIRTY))
		swap_writepage(machine, head);
	if (!page_flag(head, PG_WRITEBACK))
		remove_swap_mapping(machine, head);
}

/* What page-out is to take, with a reference (isolate_lru_page()). */
struct isolated {
	struct page *page; /* NULL: nothing */
	bool whole;        /* the folio as it is, else only this page of it */
};

/*
 * Make the page a folio of its own if it has to be, and see that nobody else holds a huge page,
 * which then stays as it is. Page lock held, of the page's folio before and after.
 */
static bool prepare_large(struct machine *machine, const struct isolated *isolated)
{
	struct page *head = compound_head(machine, isolated->page);

	if (!folio_is_large(head))
		return true;
	if (!isolated->whole)
		return !split_huge_page(machine, isolated->page);
	return page_count(head) == 1 + folio_mapcount(head) + folio_swapcache_refs(head);
}

/* One page of shrink_page_list(), whose reference is dropped here. */
static void shrink_page(struct machine *machine, const struct isolated *isolated)
{
	struct page *head = compound_head(machine, isolated->page);
	bool ready;

	if (!port_trylock(&head->lock)) {
		put_page(machine, head);
		return;
	}
	/* What the device is writing has to wait for the next time. */
	ready = !page_flag(head, PG_WRITEBACK) && prepare_large(machine, isolated);
	head = compound_head(machine, isolated->page);
	if (ready && prepare_swap(machine, head) && try_to_unmap(machine, head))
		write_and_drop(machine, head);
	port_unlock(&head->lock);
	/* The last one, where nobody else held it. */
	put_page(machine, head);
}

/*
 * May page-out take it: on the LRU, mapped by nobody else (12e967fd8e4e)? Of who has written to a
 * file in memory nobody need be asked.
 */
static bool may_page_out(const struct machine *machine, const struct page *page)
{
	const struct page *head = compound_head(machine, page);

	return page_flag(head, PG_LRU) && page_mapcount(machine, page) == 1;
}

/* What is mapped at addr; of a huge page all, if all of it lies in the range. */
static struct isolated isolate_page(struct mm *mm, unsigned long addr, unsigned long end)
{
	struct machine *machine = mm->machine;
	struct leaf leaf = leaf_lock(mm, addr);
	struct isolated isolated = {0};

	isolated.whole = leaf.huge && !(addr & ~MM_HPAGE_MASK) && addr + MM_HPAGE_SIZE <= end;
	if (pte_present(leaf.pte))
		isolated.page = vm_normal_page(machine, leaf.pte);
	if (isolated.page && !may_page_out(machine, isolated.page))
		isolated.page = NULL;
	if (isolated.page)
		get_page(machine, isolated.page);
	leaf_unlock(&leaf);
	return isolated;
}

int madvise_pageout(struct mm *mm, unsigned long start, unsigned long end)
{
	struct machine *machine = mm->machine;

	lru_add_drain(machine);
	for (unsigned long addr = start; addr < end; addr += MM_PAGE_SIZE) {
		struct isolated isolated = isolate_page(mm, addr, end);

		if (isolated.page)
			shrink_page(machine, &isolated);
	}
	return 0;
}

/* Of what KSM has, others may yet come to have the data. */
static bool may_forget(const struct machine *machine, const struct page *head)
{
	return machine->rules.madv_free_ksm == MADV_FREE_KSM_DROP || !page_flag(head, PG_KSM);
}

/*
 * Nobody needs the page to be written to swap now: with what it has there it loses what made it
 * newer. False: it is shared, or may come to be, or busy. PTE lock held.
 */
static bool forget_content(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);
	bool sole;

	if (!page_flag(head, PG_SWAPCACHE) && !page_flag(head, PG_DIRTY))
		return true;
	if (!port_trylock(&head->lock))
		return false;
	sole = may_forget(machine, head) && page_mapcount(machine, page) == 1 &&
	       (!page_flag(head, PG_SWAPCACHE) || try_to_free_swap(machine, head));
	if (sole)
		port_atomic_andnot(&head->flags, PG_DIRTY);
	port_unlock(&head->lock);
	return sole;
}

struct lazyfree {
	struct mm *mm;
};

/* MADV_FREE of one entry: clean, and to be dropped at page-out unless it is written to again. */
static void free_entry(void *context, unsigned long addr, port_entry *entry)
{
	struct machine *machine = ((const struct lazyfree *)context)->mm->machine;
	pte_t pte = port_entry_read(entry);
	struct page *page, *head;

	(void)addr;
	if (is_swap_pte(pte) && swp_type(pte) == SWP_DEVICE) {
		port_entry_set(entry, 0);
		free_swap_and_cache(machine, pte);
	}
	page = pte_present(pte) ? vm_normal_page(machine, pte) : NULL;
	if (!page || !page_is_anon(machine, page))
		return;
	head = compound_head(machine, page);
	/* It could not be split. */
	if (folio_is_large(head) && !(pte & PTE_PSE))
		return;
	if (!forget_content(machine, page))
		return;
	/* A CPU may set the dirty bit meanwhile: then it stays, and the page too. */
	pte = port_entry_xchg(entry, 0);
	port_entry_set(entry, pte & ~(PTE_ACCESSED | PTE_DIRTY));
	if (page_flag(head, PG_LRU) && !page_flag(head, PG_SWAPCACHE))
		port_atomic_andnot(&head->flags, PG_SWAPBACKED);
}

/* Huge pages that lie in the range in part, or that PTEs map, are split first. */
static void split_in_range(struct mm *mm, unsigned long start, unsigned long end)
{
	struct machine *machine = mm->machine;

	for (unsigned long addr = start; addr < end; addr += MM_PAGE_SIZE) {
		struct isolated isolated = isolate_page(mm, addr, end);
		struct page *head;

		if (!isolated.page)
			continue;
		/* The parts of one that lies in it as a whole are no further concern. */
		if (isolated.whole)
			addr += MM_HPAGE_SIZE - MM_PAGE_SIZE;
		head = compound_head(machine, isolated.page);
		if (folio_is_large(head) && !isolated.whole && port_trylock(&head->lock)) {
			split_huge_page(machine, isolated.page);
			port_unlock(&compound_head(machine, isolated.page)->lock);
		}
		put_page(machine, isolated.page);
	}
}

int madvise_free(struct mm *mm, const struct vma *vma, unsigned long start, unsigned long end)
{
	static const struct mm_walk_ops ops = {.pte = free_entry, .pmd = free_entry};
	struct lazyfree lazyfree = {mm};

	if (!vma_is_anonymous(vma))
		return -MM_EINVAL;
	lru_add_drain(mm->machine);
	split_in_range(mm, start, end);
	walk_page_range(mm, start, end, &ops, &lazyfree);
	/* Who writes on through a stale entry would not make it dirty. */
	flush_tlb_range(mm, start, end);
	return 0;
}
