/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.c - frames: allocation, reference counts, and the caches in front of the LRU */
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

struct page *alloc_page(struct machine *machine)
{
	struct page *page = NULL;

	if (port_should_fail())
		return NULL;
	port_spin_lock(&machine->free_lock);
	if (machine->first_free) {
		page = pfn_to_page(machine, machine->first_free);
		machine->first_free = page->next_free;
		machine->nr_free--;
	}
	port_spin_unlock(&machine->free_lock);
	if (!page)
		return NULL;

	BUG_ON(page_count(page) || page_mapcount(page));
	port_atomic_set(&page->flags, 0);
	port_atomic_set(&page->refcount, 1);
	return page;
}

struct page *alloc_zeroed_page(struct machine *machine)
{
	struct page *page = alloc_page(machine);
	uint32_t *words;

	if (!page)
		return NULL;
	words = page_words(machine, page);
	for (size_t i = 0; i < MM_PAGE_SIZE / sizeof(*words); i++)
		port_word_write(&words[i], 0);
	return page;
}

void copy_page(struct machine *machine, struct page *to, const struct page *from)
{
	const uint32_t *source = page_words(machine, from);
	uint32_t *words = page_words(machine, to);

	for (size_t i = 0; i < MM_PAGE_SIZE / sizeof(*words); i++)
		port_word_write(&words[i], port_word_read(&source[i]));
}

static void free_page(struct machine *machine, struct page *page)
{
	BUG_ON(page_mapcount(page));
	BUG_ON(port_is_locked(&page->lock));
	port_atomic_set(&page->flags, PG_FREE);
	port_spin_lock(&machine->free_lock);
	page->next_free = machine->first_free;
	machine->first_free = page_to_pfn(machine, page);
	machine->nr_free++;
	port_spin_unlock(&machine->free_lock);
}

void get_page(struct page *page)
{
	BUG_ON(port_atomic_add_return(&page->refcount, 1) <= 1);
}

static void page_ref_sub(struct machine *machine, struct page *page, int refs)
{
	int left = port_atomic_add_return(&page->refcount, -refs);

	BUG_ON(left < 0);
	if (!left)
		free_page(machine, page);
}

void put_page(struct machine *machine, struct page *page)
{
	page_ref_sub(machine, page, 1);
}

int page_pin_bias(const struct machine *machine, const struct page *page)
{
	if (page_flag(page, PG_RESERVED) && machine->rules.zero_page_pin == ZERO_PAGE_PIN_NONE)
		return 0;
	return GUP_PIN_COUNTING_BIAS;
}

void unpin_user_page(struct machine *machine, struct page *page)
{
	int bias = page_pin_bias(machine, page);

	if (bias)
		page_ref_sub(machine, page, bias);
}

static void drain_cache(struct machine *machine, struct lru_add_cache *cache)
{
	for (unsigned i = 0; i < cache->nr; i++) {
		port_atomic_or(&cache->pages[i]->flags, PG_LRU);
		put_page(machine, cache->pages[i]);
		cache->pages[i] = NULL;
	}
	cache->nr = 0;
}

void lru_add_drain(struct machine *machine)
{
	drain_cache(machine, &machine->lru_add[port_cpu_id()]);
}

void lru_add_drain_all(struct machine *machine)
{
	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++)
		drain_cache(machine, &machine->lru_add[cpu]);
}

void lru_cache_add(struct machine *machine, struct page *page)
{
	struct lru_add_cache *cache = &machine->lru_add[port_cpu_id()];

	get_page(page);
	cache->pages[cache->nr++] = page;
	if (cache->nr == LRU_ADD_CACHE_SIZE)
		drain_cache(machine, cache);
}
