/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.h - hugetlb pages, and what stands for them where they are left out */
#ifndef MM_HUGETLB_H
#define MM_HUGETLB_H

#if CONFIG_HUGETLB_PAGE

/* The pool of a new machine, and its end. 0 or -ENOMEM. */
int hugetlb_pool_create(struct machine *machine, unsigned nr_hugepages);
void hugetlb_pool_destroy(struct machine *machine);

/* The last reference of a hugetlb page is gone: back to the pool. */
void free_huge_page(struct machine *machine, struct page *head);

/* Uses of the object behind a VMA with VM_HUGETLB. */
void hugetlb_map_get(struct hugetlb_map *map);
void hugetlb_map_put(struct machine *machine, struct hugetlb_map *map);

/* A fault in a VMA with VM_HUGETLB: as handle_mm_fault(). */
unsigned hugetlb_fault(struct vm_fault *vmf);

/* fork, zap, mprotect and mremap of a VMA with VM_HUGETLB; as their namesakes for base pages. */
int copy_hugetlb_page_range(struct mm *dst, struct mm *src, struct vma *dst_vma,
			    struct vma *src_vma);
void unmap_hugepage_range(struct zap_batch *batch, struct vma *vma, unsigned long start,
			  unsigned long end);
void hugetlb_change_protection(struct mm *mm, struct vma *vma, unsigned long start,
			       unsigned long end);
void move_hugetlb_page_tables(struct mm *mm, struct vma *vma, unsigned long from, unsigned long to,
			      unsigned long length);

#else

static inline int hugetlb_pool_create(struct machine *machine, unsigned nr_hugepages)
{
	(void)machine;
	(void)nr_hugepages;
	return 0;
}

static inline void hugetlb_pool_destroy(struct machine *machine)
{
	(void)machine;
}

static inline void free_huge_page(struct machine *machine, struct page *head)
{
	(void)machine;
	(void)head;
}

static inline void hugetlb_map_get(struct hugetlb_map *map)
{
	(void)map;
}

static inline void hugetlb_map_put(struct machine *machine, struct hugetlb_map *map)
{
	(void)machine;
	(void)map;
}

static inline unsigned hugetlb_fault(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_SIGBUS;
}

static inline int copy_hugetlb_page_range(struct mm *dst, struct mm *src, struct vma *dst_vma,
					  struct vma *src_vma)
{
	(void)dst;
	(void)src;
	(void)dst_vma;
	(void)src_vma;
	return 0;
}

static inline void unmap_hugepage_range(struct zap_batch *batch, struct vma *vma,
					unsigned long start, unsigned long end)
{
	(void)batch;
	(void)vma;
	(void)start;
	(void)end;
}

static inline void hugetlb_change_protection(struct mm *mm, struct vma *vma, unsigned long start,
					     unsigned long end)
{
	(void)mm;
	(void)vma;
	(void)start;
	(void)end;
}

static inline void move_hugetlb_page_tables(struct mm *mm, struct vma *vma, unsigned long from,
					    unsigned long to, unsigned long length)
{
	(void)mm;
	(void)vma;
	(void)from;
	(void)to;
	(void)length;
}

#endif
#endif
