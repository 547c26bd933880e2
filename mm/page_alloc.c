/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_alloc.c - which frames are free: the zones' lists, and before them the CPUs' own
 *
 * A single frame comes from, and goes to, a list of the calling CPU (the kernel's per_cpu_pages),
 * so that CPUs seldom meet here. What these hold beyond need goes back in batches. Who finds no
 * memory takes back all of it first.
 */
#include "mm/internal.h"

static void *frame(const struct machine *machine, pfn_t pfn)
{
	return machine->memory + pfn * MM_PAGE_SIZE;
}

/* The list for free folios of that order, of the zone that the frame is in. */
static int list_of(const struct machine *machine, pfn_t pfn, unsigned order)
{
	return (order ? 1 : 0) + (pfn >= machine->first_movable ? 2 : 0);
}

static void list_add(struct machine *machine, pfn_t pfn, unsigned order)
{
	struct page *page = pfn_to_page(machine, pfn);
	int list = list_of(machine, pfn, order);
	pfn_t next = machine->free_list[list];

	page->next_free = next;
	page->prev_free = 0;
	if (next)
		pfn_to_page(machine, next)->prev_free = pfn;
	machine->free_list[list] = pfn;
}

static void list_remove(struct machine *machine, pfn_t pfn, unsigned order)
{
	struct page *page = pfn_to_page(machine, pfn);
	int list = list_of(machine, pfn, order);

	if (page->prev_free)
		pfn_to_page(machine, page->prev_free)->next_free = page->next_free;
	else
		machine->free_list[list] = page->next_free;
	if (page->next_free)
		pfn_to_page(machine, page->next_free)->prev_free = page->prev_free;
	page->next_free = 0;
	page->prev_free = 0;
}

static pfn_t block_of(pfn_t pfn)
{
	return pfn & ~(pfn_t)(MM_HPAGE_NR - 1);
}

/* Is every frame of the block free, and listed one by one? free_lock held. */
static bool block_is_free(const struct machine *machine, pfn_t first)
{
	if (!first || first + MM_HPAGE_NR > machine->nr_frames)
		return false;
	for (pfn_t pfn = first; pfn < first + MM_HPAGE_NR; pfn++) {
		const struct page *page = pfn_to_page(machine, pfn);
		/* In one look: a CPU may take it off its own list meanwhile. */
		int flags = port_atomic_read(&page->flags) & (PG_FREE | PG_PCP);

		if (flags != PG_FREE || page->order)
			return false;
	}
	return true;
}

/* Join the frames of a block that has become free. free_lock held. */
static void try_to_join(struct machine *machine, pfn_t pfn)
{
	pfn_t first = block_of(pfn);

	if (!block_is_free(machine, first))
		return;
	for (pfn_t at = first; at < first + MM_HPAGE_NR; at++)
		list_remove(machine, at, 0);
	pfn_to_page(machine, first)->order = MM_HPAGE_ORDER;
	list_add(machine, first, MM_HPAGE_ORDER);
}

/* PG_FREE tells which frames are listed, so it changes with the lists, under their locks. */
static void set_flags(struct machine *machine, pfn_t first, unsigned order, int flags)
{
	for (pfn_t pfn = first; pfn < first + (1U << order); pfn++)
		port_atomic_set(&pfn_to_page(machine, pfn)->flags, flags);
}

/* Make single frames of a block. free_lock held. */
static void break_block(struct machine *machine, pfn_t first)
{
	list_remove(machine, first, MM_HPAGE_ORDER);
	pfn_to_page(machine, first)->order = 0;
	/* So that the lowest is given out first. */
	for (pfn_t pfn = first + MM_HPAGE_NR; pfn-- > first;)
		list_add(machine, pfn, 0);
}

/*
 * The first frame of a free folio of that order, of the zone that a frame of it stands for; 0:
 * there is none. free_lock held.
 */
static pfn_t take_from(struct machine *machine, pfn_t zone, unsigned order)
{
	pfn_t blocks = machine->free_list[list_of(machine, zone, MM_HPAGE_ORDER)];
	int list = list_of(machine, zone, order);
	pfn_t pfn;

	if (!machine->free_list[list] && !order && blocks)
		break_block(machine, blocks);
	pfn = machine->free_list[list];
	if (pfn) {
		list_remove(machine, pfn, order);
		set_flags(machine, pfn, order, 0);
		machine->nr_free -= 1U << order;
	}
	return pfn;
}

/* Put a folio on its zone's list. free_lock held. */
static void give_back(struct machine *machine, pfn_t first, unsigned order)
{
	set_flags(machine, first, order, PG_FREE);
	machine->nr_free += 1U << order;
	list_add(machine, first, order);
	if (!order)
		try_to_join(machine, first);
}

static void pcp_push(struct machine *machine, struct per_cpu_pages *pcp, pfn_t pfn)
{
	pfn_t *list = &pcp->lists[pfn >= machine->first_movable];

	set_flags(machine, pfn, 0, PG_FREE | PG_PCP);
	pfn_to_page(machine, pfn)->next_free = *list;
	*list = pfn;
	pcp->nr++;
}

/* 0: that list is empty. */
static pfn_t pcp_pop(struct machine *machine, struct per_cpu_pages *pcp, bool movable)
{
	pfn_t pfn = pcp->lists[movable];

	if (!pfn)
		return 0;
	pcp->lists[movable] = pfn_to_page(machine, pfn)->next_free;
	pfn_to_page(machine, pfn)->next_free = 0;
	set_flags(machine, pfn, 0, 0);
	pcp->nr--;
	return pfn;
}

/* Take a batch of frames for the CPU, which has none of that zone. Its list's lock held. */
static void pcp_refill(struct machine *machine, struct per_cpu_pages *pcp, bool movable)
{
	pfn_t batch[PCP_BATCH];
	unsigned nr = 0;

	port_spin_lock(&machine->free_lock);
	while (nr < PCP_BATCH) {
		batch[nr] = take_from(machine, movable ? machine->first_movable : 0, 0);
		if (!batch[nr])
			break;
		nr++;
	}
	port_spin_unlock(&machine->free_lock);
	/* So that the first that was taken is given out first. */
	while (nr)
		pcp_push(machine, pcp, batch[--nr]);
}

/* Give back frames until no more than `keep` are left. Its list's lock held. */
static void pcp_drain(struct machine *machine, struct per_cpu_pages *pcp, unsigned keep)
{
	port_spin_lock(&machine->free_lock);
	while (pcp->nr > keep) {
		pfn_t pfn = pcp_pop(machine, pcp, true);

		if (!pfn)
			pfn = pcp_pop(machine, pcp, false);
		give_back(machine, pfn, 0);
	}
	port_spin_unlock(&machine->free_lock);
}

static void drain_all_pages(struct machine *machine)
{
	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++) {
		struct per_cpu_pages *pcp = &machine->pcp[cpu];

		port_spin_lock(&pcp->lock);
		if (pcp->nr)
			pcp_drain(machine, pcp, 0);
		port_spin_unlock(&pcp->lock);
	}
}

/* A frame of that zone; 0: neither the CPU nor the zone has one. */
static pfn_t pcp_take(struct machine *machine, bool movable)
{
	struct per_cpu_pages *pcp = &machine->pcp[port_cpu_id()];
	pfn_t pfn;

	port_spin_lock(&pcp->lock);
	if (!pcp->lists[movable])
		pcp_refill(machine, pcp, movable);
	pfn = pcp_pop(machine, pcp, movable);
	port_spin_unlock(&pcp->lock);
	return pfn;
}

/* A block of that zone, or 0. */
static pfn_t zone_take(struct machine *machine, bool movable)
{
	pfn_t pfn;

	port_spin_lock(&machine->free_lock);
	pfn = take_from(machine, movable ? machine->first_movable : 0, MM_HPAGE_ORDER);
	port_spin_unlock(&machine->free_lock);
	return pfn;
}

static pfn_t zone_or_pcp_take(struct machine *machine, unsigned order, bool movable)
{
	return order ? zone_take(machine, movable) : pcp_take(machine, movable);
}

/* The first frame of a free folio of that order, taken off its list; 0: there is none. */
static pfn_t take_free(struct machine *machine, unsigned order, bool movable)
{
	pfn_t pfn = 0;

	if (movable && machine->first_movable < machine->nr_frames)
		pfn = zone_or_pcp_take(machine, order, true);
	if (!pfn)
		pfn = zone_or_pcp_take(machine, order, false);
	return pfn;
}

static struct page *alloc_folio(struct machine *machine, unsigned order, bool movable)
{
	struct page *head;
	pfn_t pfn;

	if (port_should_fail())
		return NULL;
	pfn = take_free(machine, order, movable);
	if (!pfn) {
		drain_all_pages(machine);
		pfn = take_free(machine, order, movable);
	}
	if (!pfn && !order)
		port_atomic_set(&machine->exhausted, 1);
	if (!pfn)
		return NULL;
	head = pfn_to_page(machine, pfn);
	BUG_ON(page_count(head) || port_atomic_read(&head->entire_mapcount));
	for (pfn_t at = pfn; at < pfn + (1U << order); at++) {
		struct page *page = pfn_to_page(machine, at);

		BUG_ON(port_atomic_read(&page->mapcount));
		port_unpoison(frame(machine, at), MM_PAGE_SIZE);
		port_atomic_set(&page->head, (int)pfn);
		page->order = 0;
		page->mapping = NULL;
		page->index = 0;
		page->swap_slot = 0;
	}
	head->order = order;
	port_atomic_set(&head->refcount, 1);
	return head;
}

struct page *alloc_unmovable(struct machine *machine, unsigned order)
{
	return alloc_folio(machine, order, false);
}

struct page *alloc_page(struct machine *machine)
{
	return alloc_folio(machine, 0, true);
}

struct page *alloc_hpage(struct machine *machine)
{
	return alloc_folio(machine, MM_HPAGE_ORDER, true);
}

void free_frames(struct machine *machine, pfn_t first)
{
	for (pfn_t pfn = machine->nr_frames; pfn-- > first;) {
		port_atomic_set(&pfn_to_page(machine, pfn)->flags, PG_FREE);
		port_poison(frame(machine, pfn), MM_PAGE_SIZE);
		list_add(machine, pfn, 0);
		machine->nr_free++;
		if (pfn == block_of(pfn) && pfn)
			try_to_join(machine, pfn);
	}
}

void free_frozen_page(struct machine *machine, struct page *head)
{
	struct per_cpu_pages *pcp = &machine->pcp[port_cpu_id()];
	pfn_t first = page_to_pfn(machine, head);
	unsigned order = head->order;

	BUG_ON(port_atomic_read(&head->entire_mapcount) || port_atomic_read(&head->pincount));
	BUG_ON(port_is_locked(&head->lock) || page_flag(head, PG_SWAPCACHE));
	for (pfn_t pfn = first; pfn < first + (1U << order); pfn++) {
		struct page *page = pfn_to_page(machine, pfn);

		BUG_ON(port_atomic_read(&page->mapcount));
		port_atomic_set(&page->head, (int)pfn);
		port_poison(frame(machine, pfn), MM_PAGE_SIZE);
	}

	if (order) {
		port_spin_lock(&machine->free_lock);
		give_back(machine, first, order);
		port_spin_unlock(&machine->free_lock);
		return;
	}
	port_spin_lock(&pcp->lock);
	pcp_push(machine, pcp, first);
	if (pcp->nr > PCP_HIGH)
		pcp_drain(machine, pcp, PCP_HIGH - PCP_BATCH);
	port_spin_unlock(&pcp->lock);
}

unsigned nr_free_pages(const struct machine *machine)
{
	unsigned nr = machine->nr_free;

	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++)
		nr += machine->pcp[cpu].nr;
	return nr;
}
