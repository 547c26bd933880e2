/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writeback.c - what the swap device is still writing, and what must not happen to it till then */
#include "mm/internal.h"

bool writeback_keeps(const struct machine *machine, const struct page *head)
{
	/* f05714293a59 (v4.10), and 1493a1913e34 once the entry says whose the page is. */
	return machine->rules.swap_stable_writes == SWAP_STABLE_WRITES_COPY &&
	       page_flag(head, PG_WRITEBACK) && swap_is_stable(machine);
}

void wait_on_page_writeback(struct page *head)
{
	port_atomic_andnot(&head->flags, PG_WRITEBACK);
}

/* Page-out wanted to be rid of the page: it goes, unless it was mapped again meanwhile. */
static void reclaim_written(struct machine *machine, struct page *head)
{
	if (!port_trylock(&head->lock))
		return;
	if (page_flag(head, PG_SWAPCACHE) && !page_flag(head, PG_WRITEBACK) &&
	    !folio_mapcount(head) && !try_to_free_swap(machine, head))
		remove_swap_mapping(machine, head);
	port_unlock(&head->lock);
}

/* The page of one slot, with a reference that is dropped here. */
static void end_writeback_of(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);

	if (port_atomic_andnot(&head->flags, PG_WRITEBACK) & PG_WRITEBACK)
		reclaim_written(machine, head);
	put_page(machine, page);
}

void end_all_writeback(struct machine *machine)
{
	for (unsigned slot = 0; slot < swap_nr_slots(machine); slot++) {
		struct page *page = swap_cache_get(machine, slot);

		if (page)
			end_writeback_of(machine, page);
	}
}

bool writeback_audit(struct machine *machine, pfn_t *bad)
{
	bool good = true;

	for (unsigned slot = 0; slot < swap_nr_slots(machine) && swap_is_stable(machine); slot++) {
		struct page *page = swap_cache_get(machine, slot);

		if (!page)
			continue;
		if (page_flag(compound_head(machine, page), PG_WRITEBACK) &&
		    !swap_slot_is_as(machine, slot, page)) {
			*bad = page_to_pfn(machine, page);
			good = false;
		}
		put_page(machine, page);
	}
	return good;
}
