/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmem_swap.c - pages of an object that go to swap, and come back */
#include "mm/internal.h"

/* The audit finds there what has entries that are in no page table (shmem_swaplist). */
static void join_swaplist(struct machine *machine, struct shmem *shmem)
{
	port_spin_lock(&machine->swaplist_lock);
	if (!shmem->on_swaplist) {
		shmem->on_swaplist = true;
		shmem->next_swapped = machine->swaplist;
		machine->swaplist = shmem;
	}
	port_spin_unlock(&machine->swaplist_lock);
}

void shmem_leave_swaplist(struct machine *machine, struct shmem *shmem)
{
	struct shmem **at = &machine->swaplist;

	port_spin_lock(&machine->swaplist_lock);
	while (shmem->on_swaplist && *at != shmem)
		at = &(*at)->next_swapped;
	if (shmem->on_swaplist)
		*at = shmem->next_swapped;
	port_spin_unlock(&machine->swaplist_lock);
}

/*
 * Put an entry, or 0, in place of the page in its object, which lets go of it. False: somebody else
 * holds the page, besides the caller, the object and the swap cache. Page lock held.
 */
static bool remove_from_object(struct machine *machine, struct page *page, pte_t entry)
{
	struct shmem *shmem = page->mapping;
	bool removed;

	port_spin_lock(&shmem->lock);
	removed = page_count(page) == 2 + folio_swapcache_refs(page) &&
		  (entry || !page_flag(page, PG_DIRTY));
	if (removed) {
		shmem->slots[page->index] = (struct shmem_slot){.swap = entry};
		if (entry)
			swap_duplicate(machine, entry);
		port_atomic_andnot(&page->flags, PG_SHMEM);
		page->mapping = NULL;
	}
	port_spin_unlock(&shmem->lock);
	if (removed)
		put_page(machine, page);
	return removed;
}

void shmem_writepage(struct machine *machine, struct page *page)
{
	/* Zeroes, which can be had again. */
	if (!page_flag(page, PG_DIRTY) && remove_from_object(machine, page, 0))
		return;
	if (!page_flag(page, PG_DIRTY) || !add_to_swap(machine, page))
		return;
	join_swaplist(machine, page->mapping);
	if (!remove_from_object(machine, page,
				swp_entry(SWP_DEVICE, page_swap_slot(machine, page)))) {
		delete_from_swap_cache(machine, page);
		return;
	}
	swap_writepage(machine, page);
	if (!page_flag(page, PG_WRITEBACK))
		remove_swap_mapping(machine, page);
}

/* The page comes from the swap cache, where it need not be any more. Its lock is held. */
static void add_to_object(struct machine *machine, struct shmem *shmem, unsigned long index,
			  struct page *page)
{
	struct shmem_slot *slot = &shmem->slots[index];

	wait_on_page_writeback(page);
	delete_from_swap_cache(machine, page);
	swap_free(machine, slot->swap);
	port_atomic_or(&page->flags, PG_SHMEM | PG_DIRTY);
	page->mapping = shmem;
	page->index = index;
	get_page(machine, page);
	*slot = (struct shmem_slot){.page = page};
}

int shmem_swapin_page(struct machine *machine, struct shmem *shmem, unsigned long index,
		      pte_t entry)
{
	struct page *page;

	if (read_swap_cache(machine, (unsigned)swp_offset(entry), &page))
		return -MM_ENOMEM;
	if (!page)
		return 0;
	port_lock(&page->lock);
	port_spin_lock(&shmem->lock);
	/* The slot could be another's by now, if somebody was quicker. */
	if (shmem->slots[index].swap == entry && page_flag(page, PG_SWAPCACHE) &&
	    page_swap_slot(machine, page) == swp_offset(entry))
		add_to_object(machine, shmem, index, page);
	port_spin_unlock(&shmem->lock);
	port_unlock(&page->lock);
	put_page(machine, page);
	return 0;
}

bool shmem_audit(struct machine *machine)
{
	for (struct shmem *shmem = machine->swaplist; shmem; shmem = shmem->next_swapped) {
		for (unsigned long i = 0; i < shmem->nr_pages; i++) {
			pte_t entry = shmem->slots[i].swap;

			if (entry && !swap_audit_entry(machine, entry))
				return false;
		}
	}
	return true;
}
