/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.c - frames and folios: content, reference and pin counts, the caches before the LRU */
#include "mm/internal.h"

pfn_t page_to_pfn(const struct machine *machine, const struct page *page)
{
	return (pfn_t)(page - machine->pages);
}

struct page *pfn_to_page(const struct machine *machine, pfn_t pfn)
{
	return &machine->pages[pfn];
}

uint32_t *page_words(const struct machine *machine, const struct page *page)
{
	return (uint32_t *)(machine->memory + page_to_pfn(machine, page) * MM_PAGE_SIZE);
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
	if (!page_flag(head, PG_HUGETLB) || !free_huge_page(machine, head))
		free_frozen_page(machine, head);
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
