/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.h - merging of equal pages, and what stands for it where it is left out */
#ifndef MM_KSM_H
#define MM_KSM_H

#if CONFIG_KSM

/* ksm_do_scan() */
int ksm_scan(struct machine *machine);

/* Does MADV_MERGEABLE mean anything for the VMA? Elsewhere it is ignored. */
bool ksm_can_merge(const struct vma *vma);

/* Give what is merged in the range a page of its own. mmap lock held. 0 or -ENOMEM. */
int unmerge_ksm_pages(struct mm *mm, unsigned long start, unsigned long end);

/*
 * Up to v5.8: make an ordinary page of a merged one that nobody else uses. False: somebody does.
 * Page and PTE locks held.
 */
bool reuse_ksm_page(struct page *page, const struct vma *vma, unsigned long addr);

#else

static inline int ksm_scan(struct machine *machine)
{
	(void)machine;
	return 0;
}

static inline bool ksm_can_merge(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline int unmerge_ksm_pages(struct mm *mm, unsigned long start, unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return 0;
}

static inline bool reuse_ksm_page(struct page *page, const struct vma *vma, unsigned long addr)
{
	(void)page;
	(void)vma;
	(void)addr;
	return false;
}

#endif
#endif
