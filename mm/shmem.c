/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmem.c - shared memory and files in memory: pages of an object, not of an address space */
#include "mm/internal.h"

struct shmem *shmem_create(unsigned long nr_pages)
{
	struct shmem *shmem = port_alloc(sizeof(*shmem) + nr_pages * sizeof(shmem->slots[0]));

	if (!shmem)
		return NULL;
	port_atomic_set(&shmem->users, 1);
	port_spin_init(&shmem->lock);
	shmem->nr_pages = nr_pages;
	return shmem;
}

void shmem_get(struct shmem *shmem)
{
	port_atomic_add_return(&shmem->users, 1);
}

void shmem_put(struct machine *machine, struct shmem *shmem)
{
	if (port_atomic_add_return(&shmem->users, -1))
		return;
	for (unsigned long i = 0; i < shmem->nr_pages; i++) {
		struct shmem_slot *slot = &shmem->slots[i];

		if (slot->swap)
			free_swap_and_cache(machine, slot->swap);
		if (!slot->page)
			continue;
		/* A pin may keep the page; then it is nobody's. */
		port_atomic_andnot(&slot->page->flags, PG_SHMEM);
		slot->page->mapping = NULL;
		put_page(machine, slot->page);
	}
	shmem_leave_swaplist(machine, shmem);
	port_free(shmem);
}

bool shmem_has_page(struct shmem *shmem, unsigned long index)
{
	bool has;

	port_spin_lock(&shmem->lock);
	has = shmem->slots[index].page || shmem->slots[index].swap;
	port_spin_unlock(&shmem->lock);
	return has;
}

bool shmem_add_page(struct machine *machine, struct shmem *shmem, unsigned long index,
		    struct page *page)
{
	bool added;

	port_spin_lock(&shmem->lock);
	added = !shmem->slots[index].page && !shmem->slots[index].swap;
	if (added) {
		/* The object keeps the reference that the page came with. */
		port_atomic_or(&page->flags, PG_SHMEM);
		page->mapping = shmem;
		page->index = index;
		shmem->slots[index].page = page;
		get_page(machine, page);
	}
	port_spin_unlock(&shmem->lock);
	if (added)
		lru_cache_add(machine, page);
	return added;
}

struct page *shmem_get_page(struct machine *machine, struct shmem *shmem, unsigned long index)
{
	for (;;) {
		struct shmem_slot slot;
		struct page *new;

		port_spin_lock(&shmem->lock);
		slot = shmem->slots[index];
		if (slot.page)
			get_page(machine, slot.page);
		port_spin_unlock(&shmem->lock);
		if (slot.page)
			return slot.page;
		if (slot.swap) {
			if (shmem_swapin_page(machine, shmem, index, slot.swap))
				return NULL;
			continue;
		}

		new = alloc_zeroed_page(machine);
		if (!new)
			return NULL;
		if (shmem_add_page(machine, shmem, index, new))
			return new;
		/* Somebody else was quicker. */
		put_page(machine, new);
	}
}

bool shmem_replace_page(struct machine *machine, struct shmem *shmem, struct page *from,
			struct page *to)
{
	bool replaced;

	port_spin_lock(&shmem->lock);
	/* Ours, and the object's. */
	replaced = page_count(from) == 2 && shmem->slots[from->index].page == from;
	if (replaced) {
		shmem->slots[from->index].page = to;
		to->mapping = shmem;
		get_page(machine, to);
		port_atomic_or(&to->flags, PG_SHMEM);
		port_atomic_andnot(&from->flags, PG_SHMEM);
	}
	port_spin_unlock(&shmem->lock);
	if (replaced)
		put_page(machine, from);
	return replaced;
}

/* The page that holds an offset, with a reference. 0 or an error. */
static int page_at(struct machine *machine, struct shmem *shmem, unsigned long offset,
		   struct page **page)
{
	unsigned long index = offset >> MM_PAGE_SHIFT;

	if (index >= shmem->nr_pages || offset % sizeof(uint32_t))
		return -MM_EINVAL;
	*page = shmem_get_page(machine, shmem, index);
	return *page ? 0 : -MM_ENOMEM;
}

static uint32_t *word_of(const struct machine *machine, const struct page *page,
			 unsigned long offset)
{
	return &page_words(machine, page)[(offset & ~MM_PAGE_MASK) / sizeof(uint32_t)];
}

int shmem_read(struct machine *machine, struct shmem *shmem, unsigned long offset, uint32_t *value)
{
	struct page *page;
	int err = page_at(machine, shmem, offset, &page);

	if (err)
		return err;
	*value = port_word_read(word_of(machine, page, offset));
	put_page(machine, page);
	return 0;
}

int shmem_write(struct machine *machine, struct shmem *shmem, unsigned long offset, uint32_t value)
{
	struct page *page;
	int err = page_at(machine, shmem, offset, &page);

	if (err)
		return err;
	port_word_write(word_of(machine, page, offset), value);
	set_page_dirty(machine, page);
	put_page(machine, page);
	return 0;
}
