/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.h - the swap device and its cache, and what stands for them where they are left out */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#if CONFIG_SWAP

/* The swap device of a new machine, and its end. 0 or -ENOMEM. */
int swap_create(struct machine *machine, unsigned nr_slots);
void swap_destroy(struct machine *machine);

/* A fault on an entry of SWP_DEVICE, vmf->orig_pte. PTE lock not held. */
unsigned do_swap_page(struct vm_fault *vmf);

/* One entry more that names the slot (fork), and one less (zap). PTE lock held. */
void swap_duplicate(struct machine *machine, pte_t entry);
void free_swap_and_cache(struct machine *machine, pte_t entry);

/* How many entries name the slot that the swap cache holds the page for. Page lock held. */
int page_swapcount(const struct machine *machine, const struct page *page);

/* Take the page out of the swap cache if no entry names its slot. Page lock held. */
bool try_to_free_swap(struct machine *machine, struct page *head);

#else

static inline int swap_create(struct machine *machine, unsigned nr_slots)
{
	(void)machine;
	(void)nr_slots;
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

static inline void swap_duplicate(struct machine *machine, pte_t entry)
{
	(void)machine;
	(void)entry;
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

static inline bool try_to_free_swap(struct machine *machine, struct page *head)
{
	(void)machine;
	(void)head;
	return false;
}

#endif
#endif
