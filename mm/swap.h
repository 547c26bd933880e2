/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.h - the swap device and its cache, and what stands for them where they are left out */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#if CONFIG_SWAP

/* The swap device of a new machine, and its end. 0 or -ENOMEM. */
int swap_create(struct machine *machine, const struct machine_config *config);
void swap_destroy(struct machine *machine);

/*
 * A fault on an entry of SWP_DEVICE, vmf->orig_pte. No lock held. If vmf->pte.entry is set on
 * return, the page is mapped as vmf->orig_pte says, the PTE's lock is held, and there is still to
 * be done what a write to it needs.
 */
unsigned do_swap_page(struct vm_fault *vmf);

/* One entry more that names the slot (fork), and one less. PTE lock held. */
void swap_duplicate(struct machine *machine, pte_t entry);
void swap_free(struct machine *machine, pte_t entry);

/* One entry less (zap): what the swap cache holds for nobody any more goes too. PTE lock held. */
void free_swap_and_cache(struct machine *machine, pte_t entry);

/* The page is not mapped here any more: the same. The caller has a reference. */
void free_swap_cache(struct machine *machine, struct page *page);

/* How many entries name the slot that the swap cache holds the page for. Page lock held. */
int page_swapcount(const struct machine *machine, const struct page *page);

/*
 * Up to v5.17: does at most one PTE or swap entry lead to the page? Then the swap cache lets go of
 * it. Page lock held.
 */
bool reuse_swap_page(struct machine *machine, struct page *page);

/* Take the page out of the swap cache if no entry names its slot, and the device is done with it.
 * Page lock held. */
bool try_to_free_swap(struct machine *machine, struct page *head);

/* Put a folio that is not there into the swap cache. False: no room. Page lock held. */
bool add_to_swap(struct machine *machine, struct page *head);

/* Take it out again, whoever names its slots. Page lock held; the caller has a reference. */
void delete_from_swap_cache(struct machine *machine, struct page *head);

/* The same, if it is clean and nobody but the caller has a reference. */
bool remove_swap_mapping(struct machine *machine, struct page *head);

/* Another folio of the same size takes its place there. Both page locks held. */
void replace_in_swap_cache(struct machine *machine, struct page *head, struct page *new);

/* The slot of a base page of a folio in the swap cache. Page lock held. */
unsigned page_swap_slot(const struct machine *machine, const struct page *page);

/*
 * Write a folio of the swap cache to its slots. It may be under writeback afterwards, during which
 * it stays in the swap cache. Page lock held.
 */
void swap_writepage(struct machine *machine, struct page *head);

/* The page that the swap cache holds for the slot, with a reference; NULL: none, or no slot. */
struct page *swap_cache_get(struct machine *machine, unsigned slot);

/* What the slot, whose page is in the cache, holds of it: the same as the page? */
bool swap_slot_is_as(const struct machine *machine, unsigned slot, const struct page *page);

unsigned swap_nr_slots(const struct machine *machine);

/* Must what the device writes not change meanwhile (SWP_STABLE_WRITES)? */
bool swap_is_stable(const struct machine *machine);

/* shmem_swap.c */

/*
 * Let go of a page of the object that nothing maps: drop it if nobody has written to it since it
 * was made, else page it out. Page lock held; the caller has a reference.
 */
void shmem_writepage(struct machine *machine, struct page *page);

/* Bring it back, unless somebody else does: 0 or -ENOMEM. Look again afterwards. */
int shmem_swapin_page(struct machine *machine, struct shmem *shmem, unsigned long index,
		      pte_t entry);

/* The object goes, and has nothing in swap any more. */
void shmem_leave_swaplist(struct machine *machine, struct shmem *shmem);

/* For the audit: count what objects have in swap; false: an entry that names no slot. */
bool shmem_audit(struct machine *machine);

/* writeback.c */

/* Is the folio under writeback, and must stay as it is till that ends? Page lock held. */
bool writeback_keeps(const struct machine *machine, const struct page *head);

/*
 * Wait until the device has written the folio. As it will do that in any case, who waits for it
 * lets it happen. Page lock held.
 */
void wait_on_page_writeback(struct page *head);

/* The device is done with all. */
void end_all_writeback(struct machine *machine);

/* For the audit: false, with a frame that has changed while it must not. Nobody is inside. */
bool writeback_audit(struct machine *machine, pfn_t *bad);

/*
 * The page of a slot, read into the swap cache if it is not there: 0, and the page with a
 * reference, NULL if no entry names the slot any more; -ENOMEM.
 */
int read_swap_cache(struct machine *machine, unsigned slot, struct page **result);

/* Has the swap cache this page for the entry, whose lock is held; NULL: has it none? */
bool swap_cache_holds(struct machine *machine, pte_t entry, const struct page *page);

/* Is more than half of it taken? */
bool vm_swap_full(const struct machine *machine);

/* Advice on one VMA; mmap lock held. 0 or -EINVAL. */
int madvise_pageout(struct mm *mm, unsigned long start, unsigned long end);
int madvise_willneed(struct mm *mm, unsigned long start, unsigned long end);
int madvise_free(struct mm *mm, const struct vma *vma, unsigned long start, unsigned long end);

/*
 * For the audit: begin; count an entry, false if there is no such slot; then compare. Returns false
 * with a slot, how many entries there are, and how many it has counted. Nobody is inside.
 */
void swap_audit_begin(struct machine *machine);
bool swap_audit_entry(struct machine *machine, pte_t entry);
bool swap_audit_slots(struct machine *machine, unsigned *bad, int *expected, int *found);

#else

static inline int swap_create(struct machine *machine, const struct machine_config *config)
{
	(void)machine;
	(void)config;
	return 0;
}

static inline void swap_destroy(struct machine *machine)
{
	(void)machine;
}

static inline unsigned do_swap_page(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_SIGBUS;
}

static inline struct page *swap_cache_get(struct machine *machine, unsigned slot)
{
	(void)machine;
	(void)slot;
	return NULL;
}

static inline bool swap_cache_holds(struct machine *machine, pte_t entry, const struct page *page)
{
	(void)machine;
	(void)entry;
	(void)page;
	return true;
}

static inline void swap_duplicate(struct machine *machine, pte_t entry)
{
	(void)machine;
	(void)entry;
}

static inline void free_swap_cache(struct machine *machine, struct page *page)
{
	(void)machine;
	(void)page;
}

static inline void free_swap_and_cache(struct machine *machine, pte_t entry)
{
	(void)machine;
	(void)entry;
}

static inline int page_swapcount(const struct machine *machine, const struct page *page)
{
	(void)machine;
	(void)page;
	return 0;
}

static inline bool reuse_swap_page(struct machine *machine, struct page *page)
{
	return page_trans_huge_map_swapcount(machine, page) <= 1;
}

static inline void wait_on_page_writeback(struct page *head)
{
	(void)head;
}

static inline int shmem_swapin_page(struct machine *machine, struct shmem *shmem,
				    unsigned long index, pte_t entry)
{
	(void)machine;
	(void)shmem;
	(void)index;
	(void)entry;
	return -MM_ENOMEM;
}

static inline void shmem_leave_swaplist(struct machine *machine, struct shmem *shmem)
{
	(void)machine;
	(void)shmem;
}

static inline bool shmem_audit(struct machine *machine)
{
	(void)machine;
	return true;
}

static inline void end_all_writeback(struct machine *machine)
{
	(void)machine;
}

static inline bool writeback_audit(struct machine *machine, pfn_t *bad)
{
	(void)machine;
	(void)bad;
	return true;
}

static inline void replace_in_swap_cache(struct machine *machine, struct page *head,
					 struct page *new)
{
	(void)machine;
	(void)head;
	(void)new;
}

static inline bool try_to_free_swap(struct machine *machine, struct page *head)
{
	(void)machine;
	(void)head;
	return false;
}

static inline int madvise_pageout(struct mm *mm, unsigned long start, unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return 0;
}

static inline int madvise_willneed(struct mm *mm, unsigned long start, unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return 0;
}

/* Without page-out nothing ever comes of it. */
static inline int madvise_free(struct mm *mm, const struct vma *vma, unsigned long start,
			       unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return vma_is_anonymous(vma) ? 0 : -MM_EINVAL;
}

static inline void swap_audit_begin(struct machine *machine)
{
	(void)machine;
}

static inline bool swap_audit_entry(struct machine *machine, pte_t entry)
{
	(void)machine;
	(void)entry;
	return false;
}

static inline bool swap_audit_slots(struct machine *machine, unsigned *bad, int *expected,
				    int *found)
{
	(void)machine;
	(void)bad;
	(void)expected;
	(void)found;
	return true;
}

#endif
#endif
