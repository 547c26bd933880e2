/* SPDX-License-Identifier: GPL-2.0-or-later */
/* internal.h - what the files of mm/ say to each other */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include "mm/config.h"
#include "mm/mm.h"

struct uffd_unmap;

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

/* The first page of the folio that the page belongs to; it has the counts. */
static inline struct page *compound_head(const struct machine *machine, const struct page *page)
{
	return pfn_to_page(machine, (pfn_t)port_atomic_read_relaxed(&page->head));
}

/* Of a head. */
static inline bool folio_is_large(const struct page *head)
{
	return head->order;
}

static inline unsigned folio_nr_pages(const struct page *head)
{
	return 1U << head->order;
}

/* Of a head. */
static inline int page_count(const struct page *head)
{
	return port_atomic_read(&head->refcount);
}

/* How many PTEs and PMDs map this page. */
static inline int page_mapcount(const struct machine *machine, const struct page *page)
{
	return port_atomic_read(&page->mapcount) +
	       port_atomic_read(&compound_head(machine, page)->entire_mapcount);
}

/* Of a head: how many PTEs and PMDs map it, or parts of it. */
static inline int folio_mapcount(const struct page *head)
{
	int count = port_atomic_read(&head->entire_mapcount);

	for (unsigned i = 0; i < folio_nr_pages(head); i++)
		count += port_atomic_read(&head[i].mapcount);
	return count;
}

/* Of a head: the references of the swap cache. */
static inline int folio_swapcache_refs(const struct page *head)
{
	return page_flag(head, PG_SWAPCACHE) ? (int)folio_nr_pages(head) : 0;
}

/* Fuzzy for a single page, as in the kernel: 1024 plain references look like a pin. */
static inline bool page_maybe_dma_pinned(const struct machine *machine, const struct page *page)
{
	const struct page *head = compound_head(machine, page);

	if (folio_is_large(head))
		return port_atomic_read(&head->pincount);
	return page_count(head) >= GUP_PIN_COUNTING_BIAS;
}

/* Anonymous, of whatever size. */
static inline bool page_is_anon(const struct machine *machine, const struct page *page)
{
	return page_flag(compound_head(machine, page), PG_ANON);
}

/* page_alloc.c */

/* Of a new machine: all frames from the first on are free. */
void free_frames(struct machine *machine, pfn_t first);

/* A folio to which nobody has a reference any more. */
void free_frozen_page(struct machine *machine, struct page *head);

/* ZONE_MOVABLE: nothing may stay there for long that can't be moved. */
static inline bool page_is_movable(const struct machine *machine, const struct page *page)
{
	return page_to_pfn(machine, page) >= machine->first_movable;
}

/*
 * A frame, or a folio of MM_HPAGE_NR, with one reference; NULL if there is none. For user memory,
 * which can be moved and so goes to the movable zone first; alloc_unmovable() is for all else.
 */
struct page *alloc_unmovable(struct machine *machine, unsigned order);
struct page *alloc_page(struct machine *machine);
struct page *alloc_zeroed_page(struct machine *machine);
struct page *alloc_hpage(struct machine *machine);
struct page *alloc_zeroed_hpage(struct machine *machine);

/* page.c */

void clear_page(struct machine *machine, struct page *page);
void copy_page(struct machine *machine, struct page *to, const struct page *from);

/* A reference more on a page that has one already. */
void get_page(struct machine *machine, struct page *page);

/* Drop references of a folio, which is freed with the last. */
void page_ref_sub(struct machine *machine, struct page *head, int refs);

enum grab {
	GRAB_GET, /* a reference */
	GRAB_PIN, /* a pin */
};

/* Take it from a page that may be on its way to be freed or split: then false. */
bool try_grab_page(struct machine *machine, struct page *page, enum grab how);

/* Put the head of a folio into the calling CPU's LRU add cache. */
void lru_cache_add(struct machine *machine, struct page *head);

/* machine.c: let go of the struct, which may outlive mm_destroy(). */
void mm_drop(struct mm *mm);

/* pgtable.c */

/* An entry with its table's lock held. entry NULL: there is no table, and no lock is held. */
struct pte_lock {
	port_entry *entry;
	struct port_spinlock *ptl;
};

/* Entry of addr at level 1 or 2 without any lock; NULL if a table is missing. */
port_entry *pte_lookup(const struct mm *mm, unsigned long addr);
port_entry *pmd_lookup(const struct mm *mm, unsigned long addr);

/* Find the PTE and lock it. No entry: there is no table, or the PMD maps a huge page. */
struct pte_lock pte_offset_lock(struct mm *mm, unsigned long addr);
/* The same for the PMD. It may be anything: none, a table, a huge page, a migration entry. */
struct pte_lock pmd_offset_lock(struct mm *mm, unsigned long addr);
void pte_unlock(struct pte_lock *lock);

/*
 * Find the entries of two addresses, both PTEs or both PMDs, and lock them. False, and no lock, if
 * a table is missing. mmap lock held: a table of PTEs stays one.
 */
bool entries_lock(struct mm *mm, unsigned long first, unsigned long second, bool pmds,
		  struct pte_lock locks[2]);
void entries_unlock(struct pte_lock locks[2]);

/* What maps an address, if anything does, with its lock held: a PTE, or a PMD that is a leaf. */
struct leaf {
	struct pte_lock lock; /* no entry: there is none, and no lock is held */
	pte_t pte;            /* of a huge page, what a PTE would say */
	bool huge;
};

struct leaf leaf_lock(struct mm *mm, unsigned long addr);
void leaf_unlock(struct leaf *leaf);

/* What a PTE in place of this PMD would say of addr. */
pte_t pmd_part(pte_t pmd, unsigned long addr);

/* Where the PTE table of addr ends, or `end` if that comes first. */
unsigned long pte_table_end(unsigned long addr, unsigned long end);

struct mm_walk_ops {
	/* For each PTE that is not none, with its table's lock held. */
	void (*pte)(void *context, unsigned long addr, port_entry *entry);
	/* For each PMD that is neither none nor a table, and maps nothing outside the range; the
	 * same. One that does is split first. */
	void (*pmd)(void *context, unsigned long addr, port_entry *entry);
};

/* Not for VM_HUGETLB. mmap lock held. */
void walk_page_range(struct mm *mm, unsigned long start, unsigned long end,
		     const struct mm_walk_ops *ops, void *context);

/* Make the tables for addr's PTE, or its PMD: 0 or -ENOMEM. mmap lock held, for reading at least.
 */
int pte_alloc(struct mm *mm, unsigned long addr);
int pmd_alloc(struct mm *mm, unsigned long addr);

/* A frame to become a table; nothing points to it yet. NULL without memory. */
struct page *alloc_table(struct machine *machine);

/*
 * With each PMD that maps a huge page an empty table is put aside, so that a split needs no
 * memory. The PMD's lock held.
 */
void pgtable_deposit(struct mm *mm, port_entry *pmd, struct page *table);
struct page *pgtable_withdraw(struct mm *mm, port_entry *pmd);

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

/* Private memory that is no file's. */
static inline bool vma_is_anonymous(const struct vma *vma)
{
	return !vma->shmem && !vma->hugetlb;
}

/* Page of the object, or for the reverse mapping, at addr. */
static inline unsigned long linear_page_index(const struct vma *vma, unsigned long addr)
{
	return vma->pgoff + ((addr - vma->start) >> MM_PAGE_SHIFT);
}

/* The VMA that holds addr, or NULL. */
struct vma *find_vma(const struct mm *mm, unsigned long addr);

/* Index of the first VMA that ends after addr; mm->nr_vmas if there is none. */
unsigned vma_index(const struct mm *mm, unsigned long addr);

/* Is [addr, addr + *length) a range for a system call? Rounds *length up. 0 or -EINVAL. */
int check_range(unsigned long addr, unsigned long *length);

/* Make room for `nr` more VMAs, so that what follows can't fail: 0 or -ENOMEM. */
int vma_reserve(struct mm *mm, unsigned nr);

/* Can addr become a boundary between VMAs? -EINVAL in the middle of a page of hugetlb. */
int vma_can_split(const struct mm *mm, unsigned long addr);

/* Change a VMA's flags, which who comes by way of a page reads, too. */
void vma_set_flags(struct mm *mm, struct vma *vma, unsigned flags);
/* The same of its userfaultfd, or NULL, and VM_UFFD_FLAGS. The reference is the caller's. */
void vma_set_uffd(struct mm *mm, struct vma *vma, struct userfaultfd_ctx *ctx, unsigned flags);

/* Make addr a boundary between VMAs. Needs room for one. */
void vma_split(struct mm *mm, unsigned long addr);

/* Take and drop a VMA's uses of its object, its userfaultfd... */
void vma_get(const struct vma *vma);
void vma_put(struct mm *mm, const struct vma *vma);

/* Put a VMA where none is. Needs room for one. Takes over its uses. */
void vma_insert(struct mm *mm, const struct vma *vma);

/* Take out the VMAs in [start, end), whose ends must be boundaries. */
void vma_remove(struct mm *mm, unsigned long start, unsigned long end);

/* Join neighbours that differ in nothing. */
void vma_merge(struct mm *mm);

/* PTE bits that every entry of the VMA gets (vm_page_prot): a private one is never writable. */
pte_t vm_page_prot(const struct vma *vma);

/*
 * mmap.c: can it be unmapped? Makes room for `nr` more VMAs, and notes who is to be told of it
 * (userfaultfd_unmap_prep()). 0, -EINVAL or -ENOMEM.
 */
int prepare_munmap(struct mm *mm, unsigned long start, unsigned long end, unsigned nr,
		   struct uffd_unmap **unmaps);

/* mmap.c: munmap with the mmap lock held for writing and room for two more VMAs. */
void do_munmap(struct mm *mm, unsigned long start, unsigned long end);

/* memory.c */

enum fault_flag {
	FAULT_FLAG_WRITE = 0x01,
	FAULT_FLAG_ALLOW_RETRY = 0x04, /* it may wait, and drop the mmap lock for that */
	FAULT_FLAG_BREAK_COW = 0x400,  /* of the patch: break COW even for a read */
	FAULT_FLAG_UNSHARE = 0x1000,
};

enum vm_fault_reason {
	VM_FAULT_OOM = 0x01,
	VM_FAULT_SIGBUS = 0x02,
	VM_FAULT_WRITE = 0x08, /* COW was broken */
	VM_FAULT_HWPOISON = 0x10,
	VM_FAULT_SIGSEGV = 0x40,
	VM_FAULT_RETRY = 0x400,    /* the mmap lock has been dropped */
	VM_FAULT_FALLBACK = 0x800, /* not as a huge page: try PTEs */
};

/* What a fault works on. The PTE's (or PMD's) lock is held where pte.entry is set. */
struct vm_fault {
	struct mm *mm;
	struct vma *vma;
	unsigned long addr; /* page-aligned */
	unsigned flags;     /* enum fault_flag */
	struct pte_lock pte;
	pte_t orig_pte; /* as the fault found it; of a huge page the PMD */
};

/* Does the fault want more than to read? */
static inline bool fault_is_write_like(const struct vm_fault *vmf)
{
	return vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_BREAK_COW | FAULT_FLAG_UNSHARE);
}

/*
 * One fault. mmap lock held for reading; returns a set of enum vm_fault_reason, with VM_FAULT_RETRY
 * the lock is dropped. FAULT_FLAG_UNSHARE is for COW mappings only: in others there is nothing to
 * unshare.
 */
unsigned handle_mm_fault(struct mm *mm, struct vma *vma, unsigned long addr, unsigned flags);

/* The counted page behind a present PTE, or NULL for the zero page. */
struct page *vm_normal_page(const struct machine *machine, pte_t pte);

/* Set write permission if the VMA has it. */
pte_t maybe_mkwrite(pte_t pte, const struct vma *vma);

/* An entry for the page, clean and not writable in private memory. */
pte_t mk_pte(const struct machine *machine, const struct page *page, const struct vma *vma);

/* May a write fault take an anonymous page that a PTE or PMD maps? */
enum wp_decision {
	WP_COPY,
	WP_REUSE,
	WP_REUSE_UNLOCK_PAGE, /* reuse, and drop the page lock only after the PTE lock */
	WP_RETRY,             /* the entry has changed, its lock is dropped */
};

/* fork.c: copy one VMA's mappings. Both mmap locks held for writing. 0 or -ENOMEM. */
int copy_page_range(struct mm *dst, struct mm *src, struct vma *dst_vma, struct vma *src_vma);

/*
 * Must the child get a copy of this anonymous page at once, since it may be pinned? Otherwise it
 * loses its exclusive mark. PTE or PMD lock held, write_protect_seq odd.
 */
bool page_needs_copy_for_fork(struct mm *src, struct page *page);

/* Take away write permission, and return the entry as it was. */
pte_t ptep_set_wrprotect(port_entry *entry);

/* mprotect.c */

enum change_flag {
	MM_CP_TRY_CHANGE_WRITABLE = 1 << 0,
	MM_CP_UFFD_WP = 1 << 2,         /* write-protect for userfaultfd */
	MM_CP_UFFD_WP_RESOLVE = 1 << 3, /* and not any more */
};

/* Give what is mapped in part of a VMA its protection. mmap lock held. */
void change_protection(struct mm *mm, struct vma *vma, unsigned long start, unsigned long end,
		       unsigned flags);

/*
 * mremap.c: memory that a monitor watches moves away from it, unless that has asked for
 * UFFD_FEATURE_EVENT_REMAP. Since v6.13 entries don't keep the monitor's protection then.
 */
pte_t moved_uffd_wp(const struct mm *mm, const struct vma *old, pte_t pte);

/* zap.c */

/* Pages that are unmapped but may still be in some CPU's TLB (mmu_gather). */
#define ZAP_BATCH 32

struct zap_batch {
	struct mm *mm;
	const struct vma *vma; /* being unmapped */
	unsigned flags;        /* enum zap_flag */
	unsigned long start;   /* of what is not flushed yet */
	unsigned long end;
	unsigned nr;
	struct page *pages[ZAP_BATCH]; /* one reference of each is dropped */
};

/* What a cleared entry of [addr, end) had mapped; page NULL: nothing that is counted. */
void zap_add(struct zap_batch *batch, unsigned long addr, unsigned long end, struct page *page);
void zap_flush(struct zap_batch *batch);

/*
 * Memory that has an object behind it stays write-protected when its pages are let go: does a
 * marker have to keep that in mind in place of the entry? While zapping, not if the mapping goes.
 */
bool uffd_wp_outlives(const struct vma *vma, pte_t pte);
bool zap_keeps_uffd_wp(const struct zap_batch *batch, pte_t pte);

enum zap_flag {
	ZAP_FLAG_DROP_MARKER = 1 << 0, /* the mapping goes, too: forget what was write-protected */
};

/* Unmap the pages in [start, end). mmap lock held. */
void zap_page_range(struct mm *mm, unsigned long start, unsigned long end, unsigned flags);

/* rmap.c: what maps a page */

/* The first mapping of a new anonymous page or huge page: it is ours alone. Its lock held. */
void page_add_new_anon_rmap(struct machine *machine, struct page *page, const struct vma *vma,
			    unsigned long addr);

/* One PTE more, or one less. A page that is not anonymous included. */
void page_add_rmap(struct page *page);
void page_remove_rmap(struct machine *machine, struct page *page);

/* One PMD more, or one less. */
void hpage_add_rmap(struct page *head);
void hpage_remove_rmap(struct machine *machine, struct page *head);

/*
 * The page is about to be mapped by what does not count as a mapping, or merged: give up its
 * exclusive mark. False: it may be pinned, and has to stay. Its PTE is cleared and flushed.
 */
bool page_try_share_anon_rmap(const struct machine *machine, struct page *page);

/*
 * How many PTEs, PMDs and swap entries lead to the page; of a large folio, to that of its base
 * pages where there are most.
 */
int page_trans_huge_map_swapcount(const struct machine *machine, const struct page *page);

/* Where a page may be mapped. */
struct rmap_place {
	struct mm *mm;
	struct vma *vma;
	unsigned long addr; /* page-aligned */
};

/*
 * Call fn for each address at which the page may be mapped, by the VMAs' offsets; it has to look
 * whether it is. Goes on while fn returns true. The page lock is held, or the page can't be
 * unmapped; takes rmap_lock for reading.
 */
void rmap_walk(struct machine *machine, struct page *page,
	       bool (*fn)(void *context, const struct rmap_place *place), void *context);

/* shmem.c */

void shmem_get(struct shmem *shmem);

/* Has anything touched the page? */
bool shmem_has_page(struct shmem *shmem, unsigned long index);

/*
 * Give it a page of the caller's, with the reference that it has, and one more for the caller.
 * False: it has one there already, and nothing is done.
 */
bool shmem_add_page(struct machine *machine, struct shmem *shmem, unsigned long index,
		    struct page *page);

/* The page with a reference for the caller, made if need be; NULL without memory. */
struct page *shmem_get_page(struct machine *machine, struct shmem *shmem, unsigned long index);

/* `to` takes the place of `from`. False: somebody else holds that one. `from` has our reference. */
bool shmem_replace_page(struct machine *machine, struct shmem *shmem, struct page *from,
			struct page *to);

/* gup.c */

/*
 * pin_user_pages() for a caller that hands over the state of the mmap lock (`locked`), so that a
 * fault may drop it and wait for a monitor. The plain forms can't: -EFAULT then, in all kernels.
 * Fast GUP can, where it becomes slow; process_vm_readv() and MADV_POPULATE do it; ptrace does not.
 */
long pin_user_pages_locked(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			   struct page **pages);

/*
 * Fault in pages as MADV_POPULATE does. mmap lock held for reading; it may be dropped and
 * taken again. 0 or an error.
 */
int faultin_page_range(struct mm *mm, unsigned long start, unsigned long end, bool write);

/* What can be left out has a header of its own, with stubs for a build without it. */
#include "mm/huge_mm.h"
#include "mm/hugetlb.h"
#include "mm/ksm.h"
#include "mm/migrate.h"
#include "mm/swap.h"
#include "mm/userfaultfd.h"

#endif
