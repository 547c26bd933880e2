/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal.h - what the files of mm/ say to each other */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include "mm/mm.h"

#define BUG_ON(condition)                                         \
	do {                                                      \
		if (condition)                                    \
			port_bug(__FILE__, __LINE__, #condition); \
	} while (0)

/* page.c */

static inline bool page_flag(const struct page *page, enum page_flag flag)
{
	return port_atomic_read(&page->flags) & flag;
}

static inline int page_count(const struct page *page)
{
	return port_atomic_read(&page->refcount);
}

static inline int page_mapcount(const struct page *page)
{
	return port_atomic_read(&page->mapcount);
}

/* Fuzzy, as in the kernel: 1024 plain references look like a pin. */
static inline bool page_maybe_dma_pinned(const struct page *page)
{
	return page_count(page) >= GUP_PIN_COUNTING_BIAS;
}

/* A frame with one reference, its content undefined; NULL if there is none. */
struct page *alloc_page(struct machine *machine);
struct page *alloc_zeroed_page(struct machine *machine);
void get_page(struct page *page);
void copy_page(struct machine *machine, struct page *to, const struct page *from);

/* Put the page into the calling CPU's LRU add cache. */
void lru_cache_add(struct machine *machine, struct page *page);

/* All CPUs' caches; nobody else may run. */
void lru_add_drain_all(struct machine *machine);

/* pgtable.c */

/* The PTE of an address, with its table's lock held. entry NULL: there is no table. */
struct pte_lock {
	port_entry *entry;
	struct port_spinlock *ptl;
};

/* Table entry of addr at level 1 without any lock; NULL if a table is missing. */
port_entry *pte_lookup(const struct mm *mm, unsigned long addr);

/* Find the PTE and lock it. */
struct pte_lock pte_offset_lock(struct mm *mm, unsigned long addr);
void pte_unlock(struct pte_lock *lock);

/* Where the PTE table of addr ends, or `end` if that comes first. */
unsigned long pte_table_end(unsigned long addr, unsigned long end);

/* Call fn for each PTE in [start, end) that is not none, with its table's lock held. */
void walk_page_range(struct mm *mm, unsigned long start, unsigned long end,
		     void (*fn)(void *context, unsigned long addr, port_entry *entry),
		     void *context);

/* Make the tables for addr's PTE: 0 or -ENOMEM. mmap lock held, for reading at least. */
int pte_alloc(struct mm *mm, unsigned long addr);

/* Make the top table of a new mm: 0 or -ENOMEM. */
int pgd_alloc(struct mm *mm);

/*
 * Free the tables that lie wholly in [floor, ceiling) and have a part in [start, end). No PTE in
 * them may be set. mmap lock held for writing.
 */
void free_pgtables(struct mm *mm, unsigned long start, unsigned long end, unsigned long floor,
		   unsigned long ceiling);

/* Free the top table. */
void pgd_free(struct mm *mm);

/* Drop what the CPUs have cached for [start, end). */
void flush_tlb_range(struct mm *mm, unsigned long start, unsigned long end);

/* vma.c; mmap lock held */

static inline bool is_cow_mapping(const struct vma *vma)
{
	return (vma->flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* The VMA that holds addr, or NULL. */
struct vma *find_vma(const struct mm *mm, unsigned long addr);

/* Index of the first VMA that ends after addr; mm->nr_vmas if there is none. */
unsigned vma_index(const struct mm *mm, unsigned long addr);

/* Is [addr, addr + *length) a range for a system call? Rounds *length up. 0 or -EINVAL. */
int check_range(unsigned long addr, unsigned long *length);

/* Make room for `nr` more VMAs, so that what follows can't fail: 0 or -ENOMEM. */
int vma_reserve(struct mm *mm, unsigned nr);

/* Make addr a boundary between VMAs. Needs room for one. */
void vma_split(struct mm *mm, unsigned long addr);

/* Put a VMA where none is. Needs room for one. Takes over its use of vma->shmem. */
void vma_insert(struct mm *mm, const struct vma *vma);

/* Take out the VMAs in [start, end), whose ends must be boundaries. */
void vma_remove(struct mm *mm, unsigned long start, unsigned long end);

/* Join neighbours that differ in nothing. */
void vma_merge(struct mm *mm);

/* PTE bits that every entry of the VMA gets (vm_page_prot): a private one is never writable. */
pte_t vm_page_prot(const struct vma *vma);

/* mmap.c: munmap with the mmap lock held for writing and room for one more VMA. */
void do_munmap(struct mm *mm, unsigned long start, unsigned long end);

/* memory.c */

enum fault_flag {
	FAULT_FLAG_WRITE = 0x01,
	FAULT_FLAG_BREAK_COW = 0x400, /* of the patch: break COW even for a read */
	FAULT_FLAG_UNSHARE = 0x1000,
};

enum vm_fault {
	VM_FAULT_OOM = 0x01,
	VM_FAULT_SIGSEGV = 0x40,
	VM_FAULT_WRITE = 0x08, /* COW was broken */
};

/*
 * One fault. mmap lock held for reading; returns a set of enum vm_fault. FAULT_FLAG_UNSHARE is for
 * COW mappings only: in others there is nothing to unshare.
 */
unsigned handle_mm_fault(struct mm *mm, struct vma *vma, unsigned long addr, unsigned flags);

/* The counted page behind a PTE, or NULL for the zero page. */
struct page *vm_normal_page(const struct machine *machine, pte_t pte);

/* Set write permission if the VMA has it. */
pte_t maybe_mkwrite(pte_t pte, const struct vma *vma);

/* Copy one VMA's mappings for fork. Both mmap locks held for writing. 0 or -ENOMEM. */
int copy_page_range(struct mm *dst, struct mm *src, const struct vma *dst_vma,
		    const struct vma *src_vma);

/* Unmap the pages in [start, end). mmap lock held. */
void zap_page_range(struct mm *mm, unsigned long start, unsigned long end);

/* shmem.c */

/* With one user; NULL without memory. */
struct shmem *shmem_create(unsigned long nr_pages);
void shmem_get(struct shmem *shmem);
void shmem_put(struct machine *machine, struct shmem *shmem);

/* The page with a reference for the caller, made if need be; NULL without memory. */
struct page *shmem_get_page(struct machine *machine, struct shmem *shmem, unsigned long index);

/* gup.c: fault in pages as MADV_POPULATE does. mmap lock held. 0 or an error. */
int faultin_page_range(struct mm *mm, unsigned long start, unsigned long end, bool write);

#endif
