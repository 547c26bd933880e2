/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.c - frames and folios: allocation, reference and pin counts, the caches before the LRU */
#include "mm/internal.h"

/* The list for free folios of that order, of the zone that the frame is in. */
static int list_of(const struct machine *machine, pfn_t pfn, unsigned order)
{
	return (order ? 1 : 0) + (pfn >= machine->first_movable ? 2 : 0);
}

pfn_t page_to_pfn(const struct machine *machine, const struct page *page)
{
	return (pfn_t)(page - machine->pages);
}

struct page *pfn_to_page(const struct machine *machine, pfn_t pfn)
{
	return &machine->pages[pfn];
}

static void *frame(const struct machine *machine, pfn_t pfn)
{
	return machine->memory + pfn * MM_PAGE_SIZE;
}

uint32_t *page_words(const struct machine *machine, const struct page *page)
{
	return frame(machine, page_to_pfn(machine, page));
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

		if (!page_flag(page, PG_FREE) || page->order)
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

/* PG_FREE tells which frames are listed, so it changes with the lists. free_lock held. */
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

/* The first frame of a free folio of that order, taken off its list; 0: there is none. */
static pfn_t take_free(struct machine *machine, unsigned order, bool movable)
{
	pfn_t pfn = 0;

	port_spin_lock(&machine->free_lock);
	if (movable && machine->first_movable < machine->nr_frames)
		pfn = take_from(machine, machine->first_movable, order);
	if (!pfn)
		pfn = take_from(machine, 0, order);
	port_spin_unlock(&machine->free_lock);
	return pfn;
}

static struct page *alloc_folio(struct machine *machine, unsigned order, bool movable)
{
	struct page *head;
	pfn_t pfn;

	if (port_should_fail())
		return NULL;
	pfn = take_free(machine, order, movable);
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

void clear_page(struct machine *machine, struct page *page)
{
	uint32_t *words = page_words(machine, page);

	for (size_t i = 0; i < MM_PAGE_SIZE / sizeof(*words); i++)
		port_word_write(&words[i], 0);
}

struct page *alloc_zeroed_page(struct machine *machine)
{
	struct page *page = alloc_page(machine);

	if (page)
		clear_page(machine, page);
	return page;
}

struct page *alloc_zeroed_hpage(struct machine *machine)
{
	struct page *head = alloc_hpage(machine);

	for (unsigned i = 0; head && i < MM_HPAGE_NR; i++)
		clear_page(machine, head + i);
	return head;
}

void copy_page(struct machine *machine, struct page *to, const struct page *from)
{
	const uint32_t *source = page_words(machine, from);
	uint32_t *words = page_words(machine, to);

	for (size_t i = 0; i < MM_PAGE_SIZE / sizeof(*words); i++)
		port_word_write(&words[i], port_word_read(&source[i]));
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

static void free_folio(struct machine *machine, struct page *head)
{
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

	port_spin_lock(&machine->free_lock);
	set_flags(machine, first, order, PG_FREE);
	machine->nr_free += 1U << order;
	list_add(machine, first, order);
	if (!order)
		try_to_join(machine, first);
	port_spin_unlock(&machine->free_lock);
}

void get_page(struct machine *machine, struct page *page)
{
	BUG_ON(port_atomic_add_return(&compound_head(machine, page)->refcount, 1) <= 1);
}

void page_ref_sub(struct machine *machine, struct page *head, int refs)
{
	int left = port_atomic_add_return(&head->refcount, -refs);

	BUG_ON(left < 0);
	if (left)
		return;
	if (page_flag(head, PG_HUGETLB))
		free_huge_page(machine, head);
	else
		free_folio(machine, head);
}

void put_page(struct machine *machine, struct page *page)
{
	page_ref_sub(machine, compound_head(machine, page), 1);
}

int page_pin_bias(const struct machine *machine, const struct page *page)
{
	/* The huge zero page is no such exception. */
	if (page_to_pfn(machine, page) == machine->zero_pfn &&
	    machine->rules.zero_page_pin == ZERO_PAGE_PIN_NONE)
		return 0;
	/* 47e29d32afba: a large folio counts its pins apart, each with one reference. */
	return folio_is_large(page) ? 1 : GUP_PIN_COUNTING_BIAS;
}

bool try_grab_page(struct machine *machine, struct page *page, enum grab how)
{
	struct page *head = compound_head(machine, page);
	int bias = how == GRAB_PIN ? page_pin_bias(machine, head) : 1;

	if (!bias)
		return true;
	if (!port_atomic_add_unless_below(&head->refcount, bias, 1))
		return false;
	/* A folio is not split or freed while the reference is there. */
	if (compound_head(machine, page) != head) {
		page_ref_sub(machine, head, bias);
		return false;
	}
	if (how == GRAB_PIN && folio_is_large(head))
		port_atomic_add_return(&head->pincount, 1);
	return true;
}

void unpin_user_page(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);
	int bias = page_pin_bias(machine, head);

	if (!bias)
		return;
	if (folio_is_large(head))
		BUG_ON(port_atomic_add_return(&head->pincount, -1) < 0);
	page_ref_sub(machine, head, bias);
}

void set_page_dirty(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);

	if (!page_flag(head, PG_RESERVED))
		port_atomic_or(&head->flags, PG_DIRTY);
}

/* Its lock held. */
static void drain_cache(struct machine *machine, struct lru_add_cache *cache)
{
	for (unsigned i = 0; i < cache->nr; i++) {
		port_atomic_or(&cache->pages[i]->flags, PG_LRU);
		put_page(machine, cache->pages[i]);
		cache->pages[i] = NULL;
	}
	cache->nr = 0;
}

static void drain_cpu(struct machine *machine, unsigned cpu)
{
	struct lru_add_cache *cache = &machine->lru_add[cpu];

	port_spin_lock(&cache->lock);
	drain_cache(machine, cache);
	port_spin_unlock(&cache->lock);
}

void lru_add_drain(struct machine *machine)
{
	drain_cpu(machine, port_cpu_id());
}

void lru_add_drain_all(struct machine *machine)
{
	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++)
		drain_cpu(machine, cpu);
}

void lru_cache_add(struct machine *machine, struct page *head)
{
	struct lru_add_cache *cache = &machine->lru_add[port_cpu_id()];

	get_page(machine, head);
	port_spin_lock(&cache->lock);
	cache->pages[cache->nr++] = head;
	/* A huge page is too large to be held up. */
	if (cache->nr == LRU_ADD_CACHE_SIZE || folio_is_large(head))
		drain_cache(machine, cache);
	port_spin_unlock(&cache->lock);
}
