/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb.h - hugetlb pages, and what stands for them where they are left out */
#ifndef MM_HUGETLB_H
#define MM_HUGETLB_H

struct audit_frame;
struct audit_result;

#if CONFIG_HUGETLB_PAGE

/* The pool of a new machine, and its end. 0 or -ENOMEM. */
int hugetlb_pool_create(struct machine *machine, unsigned nr_hugepages);
void hugetlb_pool_destroy(struct machine *machine);

/* The last reference of a hugetlb page is gone: back to the pool. False: it is not the pool's. */
bool free_huge_page(struct machine *machine, struct page *head);

/*
 * A huge page to move one to, with one reference: one of the pool's that is kept for nobody, else
 * one that is temporary. NULL without memory.
 */
struct page *alloc_migrate_huge_page(struct machine *machine);

/* `to` takes the place of `from` in the page cache. False: somebody else holds that one. */
bool hugetlb_replace_page(struct machine *machine, struct page *from, struct page *to);

/* The move is done: what `from` was to the pool, `to` is now, and the other way round. */
void move_hugetlb_state(struct machine *machine, struct page *from, struct page *to);

/* mmap(MAP_HUGETLB): make the VMA's object, with one use. -EINVAL, -ENOMEM. */
int hugetlb_file_setup(struct mm *mm, struct vma *vma);

/* Reserve a huge page for each page of the object: -ENOMEM if the pool has too few. */
int hugetlb_reserve_pages(struct machine *machine, struct hugetlb_map *map);

/* A VMA of the object more, and one less, which is in mm no more. mmap lock held for writing. */
void hugetlb_vm_op_open(const struct vma *vma);
void hugetlb_vm_op_close(struct mm *mm, const struct vma *vma);

/*
 * May madvise() do this from addr on, which the VMA holds, to *end? 0 or -EINVAL; *end is then
 * where the part ends on which it works, which may be empty.
 */
int hugetlb_check_advice(const struct mm *mm, const struct vma *vma, enum mm_advice advice,
			 unsigned long addr, unsigned long *end);

/* Recount the pool, and add to the frames what it holds. False: *result says what is wrong. */
bool hugetlb_audit(struct machine *machine, struct audit_frame *frames,
		   struct audit_result *result);

/* A fault in a VMA with VM_HUGETLB: as handle_mm_fault(). */
unsigned hugetlb_fault(struct vm_fault *vmf);

/* fork and zap of a VMA with VM_HUGETLB; as their namesakes for base pages. */
int copy_hugetlb_page_range(struct mm *dst, struct mm *src, struct vma *dst_vma,
			    struct vma *src_vma);
void unmap_hugepage_range(struct zap_batch *batch, struct vma *vma, unsigned long start,
			  unsigned long end);

/*
 * Fill one huge page for a monitor: as uffdio_copy(), or uffdio_continue(). 0, -EEXIST if something
 * is mapped, -EFAULT if there is nothing to go on with, -ENOMEM. mmap lock held.
 */
int hugetlb_mfill_copy(struct mm *mm, struct vma *vma, unsigned long addr, uint32_t value, bool wp);
int hugetlb_mfill_continue(struct mm *mm, struct vma *vma, unsigned long addr, bool wp);

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

static inline bool free_huge_page(struct machine *machine, struct page *head)
{
	(void)machine;
	(void)head;
	return false;
}

static inline struct page *alloc_migrate_huge_page(struct machine *machine)
{
	(void)machine;
	return NULL;
}

static inline bool hugetlb_replace_page(struct machine *machine, struct page *from, struct page *to)
{
	(void)machine;
	(void)from;
	(void)to;
	return false;
}

static inline void move_hugetlb_state(struct machine *machine, struct page *from, struct page *to)
{
	(void)machine;
	(void)from;
	(void)to;
}

static inline int hugetlb_file_setup(struct mm *mm, struct vma *vma)
{
	(void)mm;
	(void)vma;
	return -MM_EINVAL;
}

static inline int hugetlb_reserve_pages(struct machine *machine, struct hugetlb_map *map)
{
	(void)machine;
	(void)map;
	return 0;
}

static inline void hugetlb_vm_op_open(const struct vma *vma)
{
	(void)vma;
}

static inline void hugetlb_vm_op_close(struct mm *mm, const struct vma *vma)
{
	(void)mm;
	(void)vma;
}

static inline int hugetlb_check_advice(const struct mm *mm, const struct vma *vma,
				       enum mm_advice advice, unsigned long addr,
				       unsigned long *end)
{
	(void)mm;
	(void)vma;
	(void)advice;
	(void)addr;
	(void)end;
	return 0;
}

static inline bool hugetlb_audit(struct machine *machine, struct audit_frame *frames,
				 struct audit_result *result)
{
	(void)machine;
	(void)frames;
	(void)result;
	return true;
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

static inline int hugetlb_mfill_copy(struct mm *mm, struct vma *vma, unsigned long addr,
				     uint32_t value, bool wp)
{
	(void)mm;
	(void)vma;
	(void)addr;
	(void)value;
	(void)wp;
	return -MM_EINVAL;
}

static inline int hugetlb_mfill_continue(struct mm *mm, struct vma *vma, unsigned long addr,
					 bool wp)
{
	(void)mm;
	(void)vma;
	(void)addr;
	(void)wp;
	return -MM_EINVAL;
}

#endif
#endif
