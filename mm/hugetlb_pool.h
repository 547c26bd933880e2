/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_pool.h - the pool of huge pages, for those who take pages out of it */
#ifndef MM_HUGETLB_POOL_H
#define MM_HUGETLB_POOL_H

#include "mm/internal.h"

/* One huge page of an object. Protected by the pool's lock. */
struct hugetlb_slot {
	struct page *page; /* the page cache's, of a shared object; it holds a reference */
	bool reserved;     /* one of the pool's free pages is kept for it */
};

/*
 * What mmap(MAP_HUGETLB) makes: a file that only mappings use. Shared memory has its pages in the
 * file. Of private memory the file has only the reservation, for the process that called mmap()
 * (HPAGE_RESV_OWNER): a child made by fork has none.
 */
struct hugetlb_map {
	port_atomic users;            /* VMAs */
	struct port_lock fault_mutex; /* one fault at a time (hugetlb_fault_mutex_table) */
	unsigned owner;               /* id of the mm */
	bool shared;
	bool listed;
	struct hugetlb_map *next; /* of the pool's objects, if it is listed */
	unsigned long nr_slots;
	struct hugetlb_slot slots[];
};

struct hugetlb_pool {
	struct port_spinlock lock; /* protects all here, and the slots of every map */
	unsigned nr_pages;
	unsigned nr_free;
	/*
	 * Of the free ones. May fall below what is right, and even below 0, while who unmapped a
	 * page waits for others to let go of it (PG_RESTORE_RESERVE), as in the kernel.
	 */
	int nr_reserved;
	pfn_t free_list;
	struct hugetlb_map *maps;
};

/* Is the reservation that of this mm? */
bool hugetlb_is_owner(const struct mm *mm, const struct vma *vma);

/* Which huge page of the object is at addr. */
unsigned long hugetlb_index(const struct vma *vma, unsigned long addr);

/*
 * A page for addr with one reference, from the reservation if there is one for it; with
 *  * avoid_reserve only one that is kept for nobody. NULL if there is none. Its content is old.
 */
struct page *alloc_huge_page(struct mm *mm, const struct vma *vma, unsigned long addr,
			     bool avoid_reserve, bool *used_reserve);

/* The page is not used after all: put it, and what was reserved is reserved again. */
void restore_reserve_on_error(struct mm *mm, const struct vma *vma, unsigned long addr,
			      struct page *head, bool used_reserve);

/* The owner unmaps the page: keep one for its place again, if the rules say so. */
void restore_reserve_on_unmap(struct mm *mm, const struct vma *vma, unsigned long addr,
			      struct page *head);

/* hugetlb.c: what the entry of a new mapping says. */
pte_t make_huge_pte(const struct machine *machine, const struct page *head, const struct vma *vma,
		    bool writable);

/* hugetlb.c: the first mapping of a page of private memory. The PMD's lock held. */
void hugepage_add_new_anon_rmap(const struct machine *machine, struct page *head);

void copy_huge_page(struct machine *machine, struct page *to, const struct page *from);

/*
 * hugetlb_range.c: unmap the page from everybody but its owner, and from now on who has lost it
 * can't touch new pages in that VMA either. The owner's mmap lock held.
 */
void unmap_ref_private(struct mm *mm, const struct vma *vma, struct page *head, unsigned long addr);

#endif
