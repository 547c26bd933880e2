/* SPDX-License-Identifier: GPL-2.0-or-later */
/* madvise.c - advice on a range, VMA by VMA */
#include "mm/internal.h"

/* The flags that an advice sets and clears; both 0 if it works on pages instead. */
struct flag_change {
	unsigned set;
	unsigned clear;
};

static struct flag_change advice_flags(enum mm_advice advice)
{
	switch (advice) {
	case MM_MADV_DONTFORK:
		return (struct flag_change){.set = VM_DONTCOPY};
	case MM_MADV_DOFORK:
		return (struct flag_change){.clear = VM_DONTCOPY};
	case MM_MADV_WIPEONFORK:
		return (struct flag_change){.set = VM_WIPEONFORK};
	case MM_MADV_KEEPONFORK:
		return (struct flag_change){.clear = VM_WIPEONFORK};
	case MM_MADV_HUGEPAGE:
		return (struct flag_change){.set = VM_HUGEPAGE, .clear = VM_NOHUGEPAGE};
	case MM_MADV_NOHUGEPAGE:
		return (struct flag_change){.set = VM_NOHUGEPAGE, .clear = VM_HUGEPAGE};
	case MM_MADV_MERGEABLE:
		return (struct flag_change){.set = VM_MERGEABLE};
	case MM_MADV_UNMERGEABLE:
		return (struct flag_change){.clear = VM_MERGEABLE};
	default:
		return (struct flag_change){0};
	}
}

static int madvise_flags(struct mm *mm, unsigned long start, unsigned long end,
			 struct flag_change change)
{
	struct vma *vma;

	if (change.set & VM_WIPEONFORK && !vma_is_anonymous(find_vma(mm, start)))
		return -MM_EINVAL;
	if (change.set & (VM_HUGEPAGE | VM_NOHUGEPAGE) && hugepage_madvise())
		return -MM_EINVAL;
	vma_split(mm, start);
	vma_split(mm, end);
	vma = find_vma(mm, start);
	vma_set_flags(mm, vma, (vma->flags & ~change.clear) | change.set);
	return 0;
}

static int madvise_ksm(struct mm *mm, unsigned long start, unsigned long end, enum mm_advice advice)
{
	const struct vma *vma = find_vma(mm, start);

	if (!mm_has(MM_KSM))
		return -MM_EINVAL;
	if (!ksm_can_merge(vma))
		return 0;
	if (advice == MM_MADV_UNMERGEABLE && vma->flags & VM_MERGEABLE) {
		int err = unmerge_ksm_pages(mm, start, end);

		if (err)
			return err;
	}
	return madvise_flags(mm, start, end, advice_flags(advice));
}

/*
 * MADV_DONTNEED and MADV_FREE: a monitor is told before anything goes. What is done then is what
 * can be done to the VMA that is there by that time, if it begins no later.
 */
static int madvise_dontneed_free(struct mm *mm, unsigned long start, unsigned long end,
				 enum mm_advice advice)
{
	const struct vma *vma = find_vma(mm, start);
	int err = 0;

	if (userfaultfd_remove(mm, vma, start, end)) {
		vma = find_vma(mm, start);
		if (!vma)
			return -MM_ENOMEM;
		err = hugetlb_check_advice(mm, vma, advice, start, &end);
		if (vma->end < end)
			end = vma->end;
	}
	if (err || start >= end)
		return err;
	if (advice == MM_MADV_FREE)
		return madvise_free(mm, vma, start, end);
	zap_page_range(mm, start, end, 0);
	return 0;
}

/* Advice on one VMA's part of the range. */
static int madvise_vma(struct mm *mm, unsigned long start, unsigned long end, enum mm_advice advice)
{
	switch (advice) {
	case MM_MADV_DONTNEED:
	case MM_MADV_FREE:
		return madvise_dontneed_free(mm, start, end, advice);
	case MM_MADV_WILLNEED:
		return madvise_willneed(mm, start, end);
	case MM_MADV_PAGEOUT:
		return madvise_pageout(mm, start, end);
	case MM_MADV_COLLAPSE:
		return madvise_collapse(mm, start, end);
	case MM_MADV_MERGEABLE:
	case MM_MADV_UNMERGEABLE:
		return madvise_ksm(mm, start, end, advice);
	default:
		return madvise_flags(mm, start, end, advice_flags(advice));
	}
}

/* Go over the mapped parts of the range; what is not mapped makes the result -ENOMEM. */
static int madvise_walk(struct mm *mm, unsigned long start, unsigned long end,
			enum mm_advice advice)
{
	unsigned long addr = start;
	int holes = 0;
	int err = 0;

	while (!err && addr < end) {
		unsigned index = vma_index(mm, addr);
		unsigned long part_end, next;

		if (index == mm->nr_vmas || mm->vmas[index].start >= end)
			return -MM_ENOMEM;
		if (addr < mm->vmas[index].start) {
			holes = -MM_ENOMEM;
			addr = mm->vmas[index].start;
		}
		part_end = mm->vmas[index].end < end ? mm->vmas[index].end : end;
		next = part_end;
		err = hugetlb_check_advice(mm, &mm->vmas[index], advice, addr, &part_end);
		if (!err && addr < part_end)
			err = madvise_vma(mm, addr, part_end, advice);
		addr = next;
	}
	return err ? err : holes;
}

static int madvise_populate(struct mm *mm, unsigned long start, unsigned long end, bool write)
{
	int err;

	/* Since 4ca9b3859dac, v5.14. */
	if (mm->machine->rules.madv_populate == MADV_POPULATE_EINVAL)
		return -MM_EINVAL;
	port_down_read(&mm->mmap_lock);
	err = faultin_page_range(mm, start, end, write);
	port_up_read(&mm->mmap_lock);
	return err;
}

int mm_madvise(struct mm *mm, unsigned long addr, unsigned long length, enum mm_advice advice)
{
	int err = check_range(addr, &length);

	if (err)
		return err;
	switch (advice) {
	case MM_MADV_POPULATE_READ:
		return madvise_populate(mm, addr, addr + length, false);
	case MM_MADV_POPULATE_WRITE:
		return madvise_populate(mm, addr, addr + length, true);
	case MM_MADV_DONTNEED:
	case MM_MADV_FREE:
	case MM_MADV_WILLNEED:
	case MM_MADV_PAGEOUT:
		port_down_read(&mm->mmap_lock);
		err = madvise_walk(mm, addr, addr + length, advice);
		port_up_read(&mm->mmap_lock);
		return err;
	default:
		break;
	}

	port_down_write(&mm->mmap_lock);
	err = vma_reserve(mm, 2);
	if (!err) {
		err = madvise_walk(mm, addr, addr + length, advice);
		vma_merge(mm);
	}
	port_up_write(&mm->mmap_lock);
	return err;
}
