/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_mm.h - transparent huge pages, and what stands for them where they are left out */
#ifndef MM_HUGE_MM_H
#define MM_HUGE_MM_H

#if CONFIG_TRANSPARENT_HUGEPAGE

/* May a fault at addr map a huge page: is it allowed there, and does it fit into the VMA? */
bool thp_fault_allowed(const struct vma *vma, unsigned long addr);

/* May MADV_HUGEPAGE and MADV_NOHUGEPAGE be given? 0 or -EINVAL. */
static inline int hugepage_madvise(void)
{
	return 0;
}

/* A writable entry for a huge page of the VMA's own. */
pte_t mk_huge_pmd(const struct machine *machine, const struct page *head, const struct vma *vma);

/*
 * MADV_COLLAPSE of the whole huge pages in part of a VMA: 0; -EINVAL where there can be none;
 * -EAGAIN if somebody holds a page; -ENOMEM. mmap lock held for writing.
 */
int madvise_collapse(struct mm *mm, unsigned long start, unsigned long end);

/*
 * Faults on a PMD, which is vmf->orig_pte, without its lock: first touch, write or unshare, and
 * nothing but the accessed and dirty bits. VM_FAULT_FALLBACK: go on with PTEs; a huge page that
 * was mapped is split.
 */
unsigned do_huge_pmd_anonymous_page(struct vm_fault *vmf);
unsigned do_huge_pmd_wp_page(struct vm_fault *vmf);
void huge_pmd_set_accessed(struct vm_fault *vmf);

/*
 * fork: the PMD of addr, which is a leaf or a migration entry. 0: copied; -EAGAIN: it can't be
 * shared, and is split now: go on with the PTEs; -ENOMEM. mmap locks as for copy_page_range().
 */
int copy_huge_pmd(struct mm *dst, struct mm *src, struct vma *dst_vma, struct vma *src_vma,
		  unsigned long addr);

/* Clear a PMD for zap, its lock held. */
void zap_huge_pmd(struct zap_batch *batch, unsigned long addr, port_entry *entry);

/* mremap: move a whole PMD. False: not possible as a whole, it is split now if it was huge. */
bool move_huge_pmd(struct mm *mm, unsigned long from, unsigned long to);

/* Map by PTEs what the PMD of addr maps as a whole; nothing if it does not. No lock held. */
void split_huge_pmd(struct mm *mm, unsigned long addr);

/* The same, only if the PMD maps this folio. */
void split_huge_pmd_page(struct mm *mm, unsigned long addr, const struct page *head);

/*
 * Make base pages of the folio that the page belongs to: 0; -EAGAIN if anything but mappings and
 * the caller holds it; -EINVAL if it is none. The caller has its lock and one reference on the
 * page, and afterwards has both on this page. Takes rmap_lock for reading.
 */
int split_huge_page(struct machine *machine, struct page *page);

/*
 * Split the huge page that is mapped at addr: 0; -EAGAIN if somebody holds it; -EINVAL if there is
 * none. mmap lock held.
 */
int split_huge_page_at(struct mm *mm, unsigned long addr);

#else

static inline bool thp_fault_allowed(const struct vma *vma, unsigned long addr)
{
	(void)vma;
	(void)addr;
	return false;
}

static inline int hugepage_madvise(void)
{
	return -MM_EINVAL;
}

static inline pte_t mk_huge_pmd(const struct machine *machine, const struct page *head,
				const struct vma *vma)
{
	(void)machine;
	(void)head;
	(void)vma;
	return 0;
}

static inline int madvise_collapse(struct mm *mm, unsigned long start, unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return -MM_EINVAL;
}

static inline unsigned do_huge_pmd_anonymous_page(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_FALLBACK;
}

static inline unsigned do_huge_pmd_wp_page(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_FALLBACK;
}

static inline void huge_pmd_set_accessed(struct vm_fault *vmf)
{
	(void)vmf;
}

static inline int copy_huge_pmd(struct mm *dst, struct mm *src, struct vma *dst_vma,
				struct vma *src_vma, unsigned long addr)
{
	(void)dst;
	(void)src;
	(void)dst_vma;
	(void)src_vma;
	(void)addr;
	return -MM_EAGAIN;
}

static inline void zap_huge_pmd(struct zap_batch *batch, unsigned long addr, port_entry *entry)
{
	(void)batch;
	(void)addr;
	(void)entry;
}

static inline bool move_huge_pmd(struct mm *mm, unsigned long from, unsigned long to)
{
	(void)mm;
	(void)from;
	(void)to;
	return false;
}

static inline void split_huge_pmd(struct mm *mm, unsigned long addr)
{
	(void)mm;
	(void)addr;
}

static inline void split_huge_pmd_page(struct mm *mm, unsigned long addr, const struct page *head)
{
	(void)mm;
	(void)addr;
	(void)head;
}

static inline int split_huge_page(struct machine *machine, struct page *page)
{
	(void)machine;
	(void)page;
	return -MM_EINVAL;
}

static inline int split_huge_page_at(struct mm *mm, unsigned long addr)
{
	(void)mm;
	(void)addr;
	return -MM_EINVAL;
}

#endif
#endif
