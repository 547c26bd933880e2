/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.c - the swap device and the swap cache: slots, who names them, what they hold */
#include "mm/internal.h"

/*
 * A device in memory: what is written to it is there at once, even if the device makes believe that
 * it takes its time. The lock is the innermost of all but free_lock, for fork and zap take it under
 * PTE locks.
 */
struct swap_device {
	struct port_spinlock lock; /* protects counts, cache and nr_free */
	unsigned nr_slots;
	unsigned nr_free;
	bool async;          /* writeback lasts: writeback.c */
	bool stable_writes;  /* SWP_STABLE_WRITES */
	unsigned *counts;    /* how many entries name the slot */
	struct page **cache; /* the page that stands for it (swap cache), or NULL */
	unsigned *audited;   /* scratch of the audit, zero outside of it */
	uint32_t *data;      /* protected by the lock of the page in the cache */
};

#define SLOT_WORDS (MM_PAGE_SIZE / sizeof(uint32_t))

int swap_create(struct machine *machine, const struct machine_config *config)
{
	unsigned nr_slots = config->nr_swap_slots;
	struct swap_device *swap;

	if (!nr_slots)
		return 0;
	swap = port_alloc(sizeof(*swap));
	if (!swap)
		return -MM_ENOMEM;
	machine->swap = swap;
	port_spin_init(&swap->lock);
	swap->nr_slots = nr_slots;
	swap->nr_free = nr_slots;
	swap->async = config->swap_async;
	swap->stable_writes = config->swap_stable_writes;
	swap->counts = port_alloc(nr_slots * sizeof(*swap->counts));
	swap->cache = port_alloc(nr_slots * sizeof(*swap->cache));
	swap->audited = port_alloc(nr_slots * sizeof(*swap->audited));
	swap->data = port_alloc(nr_slots * MM_PAGE_SIZE);
	/* What is missing goes with the machine, which can't be had either. */
	return swap->counts && swap->cache && swap->audited && swap->data ? 0 : -MM_ENOMEM;
}

void swap_destroy(struct machine *machine)
{
	struct swap_device *swap = machine->swap;

	if (!swap)
		return;
	port_free(swap->data);
	port_free(swap->audited);
	port_free(swap->cache);
	port_free(swap->counts);
	port_free(swap);
}

/* Lock held. */
static bool slot_is_free(const struct swap_device *swap, unsigned slot)
{
	return !swap->counts[slot] && !swap->cache[slot];
}

/* Something has let go of the slot. Lock held. */
static void slot_put(struct swap_device *swap, unsigned slot)
{
	uint32_t *words = &swap->data[slot * SLOT_WORDS];

	if (!slot_is_free(swap, slot))
		return;
	swap->nr_free++;
	for (size_t i = 0; i < SLOT_WORDS; i++)
		words[i] = 0;
}

/* The first of `nr` free slots in a row, or nr_slots if there are none. Lock held. */
static unsigned find_slots(const struct swap_device *swap, unsigned nr)
{
	unsigned found = 0;

	for (unsigned slot = 0; slot < swap->nr_slots; slot++) {
		found = slot_is_free(swap, slot) ? found + 1 : 0;
		if (found == nr)
			return slot + 1 - nr;
	}
	return swap->nr_slots;
}

/* Lock held, the slots taken or free. */
static void cache_insert(struct swap_device *swap, struct machine *machine, struct page *head,
			 unsigned slot)
{
	unsigned nr = folio_nr_pages(head);

	for (unsigned i = 0; i < nr; i++) {
		if (slot_is_free(swap, slot + i))
			swap->nr_free--;
		swap->cache[slot + i] = head + i;
		get_page(machine, head);
	}
	head->swap_slot = slot;
	port_atomic_or(&head->flags, PG_SWAPCACHE);
}

bool swap_cache_holds(struct machine *machine, pte_t entry, const struct page *page)
{
	struct swap_device *swap = machine->swap;
	bool holds;

	port_spin_lock(&swap->lock);
	holds = swap->cache[swp_offset(entry)] == page;
	port_spin_unlock(&swap->lock);
	return holds;
}

bool add_to_swap(struct machine *machine, struct page *head)
{
	struct swap_device *swap = machine->swap;
	unsigned slot;

	if (!swap)
		return false;
	port_spin_lock(&swap->lock);
	slot = find_slots(swap, folio_nr_pages(head));
	if (slot < swap->nr_slots)
		cache_insert(swap, machine, head, slot);
	port_spin_unlock(&swap->lock);
	if (slot == swap->nr_slots)
		return false;
	/* The device has nothing of it yet. */
	port_atomic_or(&head->flags, PG_DIRTY);
	return true;
}

/* Lock held. The caller drops the cache's references afterwards. */
static void cache_remove(struct swap_device *swap, struct page *head)
{
	unsigned slot = head->swap_slot;

	/* The slot could be written for somebody else then. */
	BUG_ON(page_flag(head, PG_WRITEBACK));
	port_atomic_andnot(&head->flags, PG_SWAPCACHE);
	head->swap_slot = 0;
	for (unsigned i = 0; i < folio_nr_pages(head); i++) {
		swap->cache[slot + i] = NULL;
		slot_put(swap, slot + i);
	}
}

void delete_from_swap_cache(struct machine *machine, struct page *head)
{
	port_spin_lock(&machine->swap->lock);
	cache_remove(machine->swap, head);
	port_spin_unlock(&machine->swap->lock);
	page_ref_sub(machine, head, (int)folio_nr_pages(head));
}

bool remove_swap_mapping(struct machine *machine, struct page *head)
{
	int nr = (int)folio_nr_pages(head);
	bool removed;

	port_spin_lock(&machine->swap->lock);
	removed = page_count(head) == 1 + nr && !page_flag(head, PG_DIRTY);
	if (removed)
		cache_remove(machine->swap, head);
	port_spin_unlock(&machine->swap->lock);
	if (removed)
		page_ref_sub(machine, head, nr);
	return removed;
}

void replace_in_swap_cache(struct machine *machine, struct page *head, struct page *new)
{
	struct swap_device *swap = machine->swap;
	unsigned slot = head->swap_slot;

	port_spin_lock(&swap->lock);
	port_atomic_andnot(&head->flags, PG_SWAPCACHE);
	head->swap_slot = 0;
	cache_insert(swap, machine, new, slot);
	port_spin_unlock(&swap->lock);
	page_ref_sub(machine, head, (int)folio_nr_pages(head));
}

unsigned page_swap_slot(const struct machine *machine, const struct page *page)
{
	const struct page *head = compound_head(machine, page);

	return head->swap_slot + (unsigned)(page - head);
}

/* The page in the cache, with a reference for the caller. Lock held. */
static struct page *cache_get(struct machine *machine, unsigned slot)
{
	struct page *page = machine->swap->cache[slot];

	if (page)
		get_page(machine, page);
	return page;
}

static void read_slot(struct machine *machine, struct page *page, unsigned slot)
{
	const uint32_t *words = &machine->swap->data[slot * SLOT_WORDS];
	uint32_t *to = page_words(machine, page);

	for (size_t i = 0; i < SLOT_WORDS; i++)
		port_word_write(&to[i], words[i]);
}

void swap_writepage(struct machine *machine, struct page *head)
{
	uint32_t *words = &machine->swap->data[head->swap_slot * SLOT_WORDS];
	const uint32_t *from = page_words(machine, head);

	for (size_t i = 0; i < SLOT_WORDS * folio_nr_pages(head); i++)
		words[i] = port_word_read(&from[i]);
	port_atomic_andnot(&head->flags, PG_DIRTY);
	if (machine->swap->async)
		port_atomic_or(&head->flags, PG_WRITEBACK);
}

struct page *swap_cache_get(struct machine *machine, unsigned slot)
{
	struct page *page;

	port_spin_lock(&machine->swap->lock);
	page = cache_get(machine, slot);
	port_spin_unlock(&machine->swap->lock);
	return page;
}

bool swap_slot_is_as(const struct machine *machine, unsigned slot, const struct page *page)
{
	const uint32_t *words = &machine->swap->data[slot * SLOT_WORDS];
	const uint32_t *with = page_words(machine, page);

	for (size_t i = 0; i < SLOT_WORDS; i++) {
		if (words[i] != port_word_read(&with[i]))
			return false;
	}
	return true;
}

unsigned swap_nr_slots(const struct machine *machine)
{
	return machine->swap ? machine->swap->nr_slots : 0;
}

bool swap_is_stable(const struct machine *machine)
{
	return machine->swap->stable_writes;
}

int read_swap_cache(struct machine *machine, unsigned slot, struct page **result)
{
	struct swap_device *swap = machine->swap;
	struct page *new;

	port_spin_lock(&swap->lock);
	*result = cache_get(machine, slot);
	port_spin_unlock(&swap->lock);
	if (*result)
		return 0;
	new = alloc_page(machine);
	if (!new)
		return -MM_ENOMEM;

	/* Nobody who finds it looks at it before it is unlocked. */
	port_lock(&new->lock);
	port_spin_lock(&swap->lock);
	*result = cache_get(machine, slot);
	if (!*result && swap->counts[slot]) {
		cache_insert(swap, machine, new, slot);
		*result = new;
	}
	port_spin_unlock(&swap->lock);
	if (*result == new) {
		port_atomic_or(&new->flags, PG_SWAPBACKED);
		read_slot(machine, new, slot);
		lru_cache_add(machine, new);
	}
	port_unlock(&new->lock);
	if (*result != new)
		put_page(machine, new);
	return 0;
}

void swap_duplicate(struct machine *machine, pte_t entry)
{
	struct swap_device *swap = machine->swap;

	port_spin_lock(&swap->lock);
	swap->counts[swp_offset(entry)]++;
	port_spin_unlock(&swap->lock);
}

void swap_free(struct machine *machine, pte_t entry)
{
	struct swap_device *swap = machine->swap;
	unsigned slot = (unsigned)swp_offset(entry);

	port_spin_lock(&swap->lock);
	BUG_ON(!swap->counts[slot]);
	swap->counts[slot]--;
	slot_put(swap, slot);
	port_spin_unlock(&swap->lock);
}

/* Nothing maps the page: if nothing names its slots either, the cache need not keep it. */
static void reclaim_swap_cache(struct machine *machine, struct page *head)
{
	if (!port_trylock(&head->lock))
		return;
	if (!folio_mapcount(head))
		try_to_free_swap(machine, head);
	port_unlock(&head->lock);
}

void free_swap_and_cache(struct machine *machine, pte_t entry)
{
	struct swap_device *swap = machine->swap;
	unsigned slot = (unsigned)swp_offset(entry);
	struct page *page = NULL;

	port_spin_lock(&swap->lock);
	BUG_ON(!swap->counts[slot]);
	if (!--swap->counts[slot])
		page = cache_get(machine, slot);
	slot_put(swap, slot);
	port_spin_unlock(&swap->lock);
	if (!page)
		return;
	reclaim_swap_cache(machine, compound_head(machine, page));
	put_page(machine, page);
}

void free_swap_cache(struct machine *machine, struct page *page)
{
	struct page *head = compound_head(machine, page);

	if (page_flag(head, PG_SWAPCACHE) && !folio_mapcount(head))
		reclaim_swap_cache(machine, head);
}

int page_swapcount(const struct machine *machine, const struct page *page)
{
	struct swap_device *swap = machine->swap;
	int count;

	if (!page_flag(compound_head(machine, page), PG_SWAPCACHE))
		return 0;
	port_spin_lock(&swap->lock);
	count = (int)swap->counts[page_swap_slot(machine, page)];
	port_spin_unlock(&swap->lock);
	return count;
}

static bool page_swapped(const struct machine *machine, const struct page *head)
{
	for (unsigned i = 0; i < folio_nr_pages(head); i++) {
		if (page_swapcount(machine, head + i))
			return true;
	}
	return false;
}

bool try_to_free_swap(struct machine *machine, struct page *head)
{
	if (!page_flag(head, PG_SWAPCACHE) || page_flag(head, PG_WRITEBACK) ||
	    page_swapped(machine, head))
		return false;
	delete_from_swap_cache(machine, head);
	port_atomic_or(&head->flags, PG_DIRTY);
	return true;
}

bool vm_swap_full(const struct machine *machine)
{
	struct swap_device *swap = machine->swap;
	bool full;

	port_spin_lock(&swap->lock);
	full = swap->nr_free * 2 < swap->nr_slots;
	port_spin_unlock(&swap->lock);
	return full;
}

void swap_audit_begin(struct machine *machine)
{
	struct swap_device *swap = machine->swap;

	for (unsigned slot = 0; swap && slot < swap->nr_slots; slot++)
		swap->audited[slot] = 0;
}

bool swap_audit_entry(struct machine *machine, pte_t entry)
{
	struct swap_device *swap = machine->swap;

	if (!swap || swp_offset(entry) >= swap->nr_slots)
		return false;
	swap->audited[swp_offset(entry)]++;
	return true;
}

/* Do the cache and the page agree? */
static bool cache_is_right(const struct machine *machine, unsigned slot)
{
	const struct page *page = machine->swap->cache[slot];

	return !page || (page_flag(compound_head(machine, page), PG_SWAPCACHE) &&
			 page_swap_slot(machine, page) == slot);
}

bool swap_audit_slots(struct machine *machine, unsigned *bad, int *expected, int *found)
{
	struct swap_device *swap = machine->swap;
	unsigned nr_free = 0;

	if (!swap)
		return true;
	*bad = swap->nr_slots;
	for (unsigned slot = 0; slot < swap->nr_slots; slot++) {
		nr_free += slot_is_free(swap, slot);
		if (swap->audited[slot] != swap->counts[slot] || !cache_is_right(machine, slot)) {
			*bad = slot;
			*expected = (int)swap->audited[slot];
			*found = (int)swap->counts[slot];
		}
		swap->audited[slot] = 0;
	}
	if (*bad == swap->nr_slots && nr_free != swap->nr_free) {
		*expected = (int)nr_free;
		*found = (int)swap->nr_free;
		return false;
	}
	return *bad == swap->nr_slots;
}
