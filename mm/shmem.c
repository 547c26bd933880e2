/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shmem.c - shared anonymous memory: pages that belong to an object, not to an address space */
#include "mm/internal.h"

struct shmem *shmem_create(unsigned long nr_pages)
{
	struct shmem *shmem = port_alloc(sizeof(*shmem) + nr_pages * sizeof(shmem->pages[0]));

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
		if (!shmem->pages[i])
			continue;
		/* A pin may keep the page; then it is nobody's. */
		port_atomic_andnot(&shmem->pages[i]->flags, PG_SHMEM);
		put_page(machine, shmem->pages[i]);
	}
	port_free(shmem);
}

struct page *shmem_get_page(struct machine *machine, struct shmem *shmem, unsigned long index)
{
	struct page *new = NULL;
	struct page *page;

	port_spin_lock(&shmem->lock);
	page = shmem->pages[index];
	if (page)
		get_page(page);
	port_spin_unlock(&shmem->lock);
	if (page)
		return page;

	new = alloc_zeroed_page(machine);
	if (!new)
		return NULL;
	port_atomic_or(&new->flags, PG_SHMEM);
	port_spin_lock(&shmem->lock);
	page = shmem->pages[index];
	if (!page) {
		/* The object keeps the reference that the allocation gave. */
		shmem->pages[index] = new;
		page = new;
		new = NULL;
	}
	get_page(page);
	port_spin_unlock(&shmem->lock);
	if (new)
		put_page(machine, new);
	else
		lru_cache_add(machine, page);
	return page;
}
