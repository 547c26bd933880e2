/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_ioctl.c - what a monitor does with ranges: register, unregister, write-protect, wake */
#include "mm/internal.h"

/* Lengths are not rounded here. */
int uffd_check_range(unsigned long addr, unsigned long length)
{
	if (length & ~MM_PAGE_MASK)
		return -MM_EINVAL;
	return check_range(addr, &length);
}

/* May this memory be registered so, under the rules? */
static bool vma_can_userfault(const struct userfaultfd_ctx *ctx, const struct vma *vma,
			      unsigned flags)
{
	const struct mm_rules *rules = &ctx->machine->rules;
	bool anonymous = vma_is_anonymous(vma);

	if (flags & VM_UFFD_MINOR && anonymous)
		return false;
	if (flags & VM_UFFD_MINOR && vma->shmem && rules->uffd_minor != UFFD_MINOR_SHMEM)
		return false;
	return !(flags & VM_UFFD_WP) || anonymous || rules->uffd_wp >= UFFD_WP_MARKERS;
}

/* The VMA flags for enum uffdio_register_mode; 0: there is no such mode. */
static unsigned register_flags(const struct mm_rules *rules, unsigned mode)
{
	unsigned known = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP;

	if (rules->uffd_minor != UFFD_MINOR_NO)
		known |= UFFDIO_REGISTER_MODE_MINOR;
	if (mode & ~known)
		return 0;
	return (mode & UFFDIO_REGISTER_MODE_MISSING ? (unsigned)VM_UFFD_MISSING : 0) |
	       (mode & UFFDIO_REGISTER_MODE_WP ? (unsigned)VM_UFFD_WP : 0) |
	       (mode & UFFDIO_REGISTER_MODE_MINOR ? (unsigned)VM_UFFD_MINOR : 0);
}

/* hugetlb's pages are not cut. */
static bool cuts_huge_page(const struct vma *vma, unsigned long addr)
{
	return vma->flags & VM_HUGETLB && addr > vma->start && addr < vma->end &&
	       addr & ~MM_HPAGE_MASK;
}

static int check_vma(const struct userfaultfd_ctx *ctx, const struct vma *vma, unsigned long start,
		     unsigned long end, unsigned flags)
{
	if (!vma_can_userfault(ctx, vma, flags))
		return -MM_EINVAL;
	if (cuts_huge_page(vma, start) || cuts_huge_page(vma, end))
		return -MM_EINVAL;
	return 0;
}

/* Can all that is mapped in the range be registered? Holes don't matter. */
static int check_register(const struct userfaultfd_ctx *ctx, const struct mm *mm,
			  unsigned long start, unsigned long end, unsigned flags)
{
	unsigned index = vma_index(mm, start);

	if (index == mm->nr_vmas || mm->vmas[index].start >= end)
		return -MM_EINVAL;
	for (; index < mm->nr_vmas && mm->vmas[index].start < end; index++) {
		const struct vma *vma = &mm->vmas[index];
		int err = check_vma(ctx, vma, start, end, flags);

		if (err)
			return err;
		/* A fault has one monitor. */
		if (vma->uffd_ctx && vma->uffd_ctx != ctx)
			return -MM_EBUSY;
	}
	return 0;
}

static void register_vma(struct mm *mm, struct vma *vma, struct userfaultfd_ctx *ctx,
			 unsigned flags)
{
	if (vma->uffd_ctx && (vma->flags & flags) == flags)
		return;
	if (!vma->uffd_ctx)
		userfaultfd_ctx_get(ctx);
	vma_set_uffd(mm, vma, ctx, flags);
}

static int do_register(struct userfaultfd_ctx *ctx, struct mm *mm, unsigned long start,
		       unsigned long end, unsigned flags)
{
	int err = vma_reserve(mm, 2);

	if (!err)
		err = check_register(ctx, mm, start, end, flags);
	if (err)
		return err;
	vma_split(mm, start);
	vma_split(mm, end);
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i].start < end; i++)
		register_vma(mm, &mm->vmas[i], ctx, flags);
	vma_merge(mm);
	return 0;
}

int uffdio_register(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode)
{
	unsigned flags = register_flags(&ctx->machine->rules, mode);
	int err = uffd_check_range(addr, length);
	struct mm *mm;

	if (!flags)
		return -MM_EINVAL;
	if (err)
		return err;
	mm = userfaultfd_enter(ctx);
	if (!mm)
		return -MM_ENOMEM;
	port_down_write(&mm->mmap_lock);
	err = do_register(ctx, mm, addr, addr + length, flags);
	port_up_write(&mm->mmap_lock);
	userfaultfd_leave(ctx, mm);
	return err;
}

static int check_unregister(const struct userfaultfd_ctx *ctx, const struct mm *mm,
			    unsigned long start, unsigned long end)
{
	unsigned index = vma_index(mm, start);

	if (index == mm->nr_vmas || mm->vmas[index].start >= end)
		return -MM_EINVAL;
	for (; index < mm->nr_vmas && mm->vmas[index].start < end; index++) {
		const struct vma *vma = &mm->vmas[index];
		int err = check_vma(ctx, vma, start, end, vma->flags);

		if (err)
			return err;
		/* 23ec90eb122f */
		if (vma->uffd_ctx && vma->uffd_ctx != ctx &&
		    ctx->machine->rules.uffd_unregister == UFFD_UNREGISTER_OWN)
			return -MM_EINVAL;
	}
	return 0;
}

/*
 * What waits for a missing page goes on. What waits for a write-protected one does not, as in the
 * kernel: that takes UFFDIO_WAKE, or close().
 */
static void unregister_vma(struct mm *mm, struct vma *vma)
{
	if (!vma->uffd_ctx)
		return;
	if (userfaultfd_missing(vma))
		userfaultfd_wake_range(vma->uffd_ctx, vma->start, vma->end);
	if (userfaultfd_wp(vma) && mm->machine->rules.uffd_wp_reset != UFFD_WP_RESET_NEVER)
		uffd_wp_range(mm, vma, vma->start, vma->end, false);
	userfaultfd_detach(mm, vma);
}

static int do_unregister(struct userfaultfd_ctx *ctx, struct mm *mm, unsigned long start,
			 unsigned long end)
{
	int err = vma_reserve(mm, 2);

	if (!err)
		err = check_unregister(ctx, mm, start, end);
	if (err)
		return err;
	vma_split(mm, start);
	vma_split(mm, end);
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i].start < end; i++)
		unregister_vma(mm, &mm->vmas[i]);
	vma_merge(mm);
	return 0;
}

int uffdio_unregister(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length)
{
	int err = uffd_check_range(addr, length);
	struct mm *mm;

	if (err)
		return err;
	mm = userfaultfd_enter(ctx);
	if (!mm)
		return -MM_ENOMEM;
	port_down_write(&mm->mmap_lock);
	err = do_unregister(ctx, mm, addr, addr + length);
	port_up_write(&mm->mmap_lock);
	userfaultfd_leave(ctx, mm);
	return err;
}

/* Where an entry for addr's page ends: of hugetlb it is a PMD. */
static unsigned long next_entry(const struct vma *vma, unsigned long addr)
{
	return addr + (vma->flags & VM_HUGETLB ? MM_HPAGE_SIZE : MM_PAGE_SIZE);
}

/* Make the tables that markers for the range have to stand in. */
static int alloc_marker_tables(struct mm *mm, const struct vma *vma, unsigned long start,
			       unsigned long end)
{
	for (unsigned long addr = start; addr < end; addr = next_entry(vma, addr)) {
		int err = vma->flags & VM_HUGETLB ? pmd_alloc(mm, addr) : pte_alloc(mm, addr);

		if (err)
			return err;
	}
	return 0;
}

/* Where nothing is mapped, a marker says that what comes is write-protected. */
static void set_markers(struct mm *mm, const struct vma *vma, unsigned long start,
			unsigned long end)
{
	for (unsigned long addr = start; addr < end; addr = next_entry(vma, addr)) {
		struct pte_lock lock = vma->flags & VM_HUGETLB ? pmd_offset_lock(mm, addr)
							       : pte_offset_lock(mm, addr);

		if (!lock.entry)
			continue;
		if (pte_none(port_entry_read(lock.entry)))
			port_entry_set(lock.entry, make_pte_marker(PTE_MARKER_UFFD_WP));
		pte_unlock(&lock);
	}
}

void uffd_wp_range(struct mm *mm, struct vma *vma, unsigned long start, unsigned long end,
		   bool protect)
{
	unsigned flags = protect ? MM_CP_UFFD_WP : MM_CP_UFFD_WP_RESOLVE;

	/* Before the rest, lest a fault in between maps a page that nothing protects. */
	if (protect && userfaultfd_wp_use_markers(vma))
		set_markers(mm, vma, start, end);
	/* 931298e103c2: what a fault would only have to make writable is so at once. */
	if (!protect && mm->machine->rules.uffd_unprotect == UFFD_UNPROTECT_WRITABLE)
		flags |= MM_CP_TRY_CHANGE_WRITABLE;
	change_protection(mm, vma, start, end, flags);
}

/* Does one VMA hold it all, where there has to be one? */
static bool has_wp_vmas(const struct mm *mm, unsigned long start, unsigned long end)
{
	const struct vma *vma = find_vma(mm, start);
	unsigned i = vma_index(mm, start);

	if (mm->machine->rules.uffd_wp_vmas == UFFD_WP_VMAS_ONE)
		return vma && vma->end >= end;
	return i < mm->nr_vmas && mm->vmas[i].start < end;
}

static int check_wp_vma(const struct vma *vma, unsigned long start, unsigned long end)
{
	if (!userfaultfd_wp(vma))
		return -MM_ENOENT;
	return vma->flags & VM_HUGETLB && (start | end) & ~MM_HPAGE_MASK ? -MM_EINVAL : 0;
}

/* Make the tables for markers in all VMAs but those in which there can't be any. 0 or -ENOMEM. */
static int prepare_wp_range(struct mm *mm, unsigned long start, unsigned long end)
{
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i].start < end; i++) {
		const struct vma *vma = &mm->vmas[i];
		unsigned long from = vma->start > start ? vma->start : start;
		unsigned long to = vma->end < end ? vma->end : end;

		if (check_wp_vma(vma, start, end) || !userfaultfd_wp_use_markers(vma))
			continue;
		if (alloc_marker_tables(mm, vma, from, to))
			return -MM_ENOMEM;
	}
	return 0;
}

/* VMA by VMA: what comes before one that does not fit is done (mwriteprotect_range()). */
static int do_writeprotect(struct mm *mm, unsigned long start, unsigned long end, bool protect)
{
	int err = has_wp_vmas(mm, start, end) ? 0 : -MM_ENOENT;

	if (!err && protect)
		err = prepare_wp_range(mm, start, end);
	if (err)
		return err;
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i].start < end; i++) {
		struct vma *vma = &mm->vmas[i];
		unsigned long from = vma->start > start ? vma->start : start;
		unsigned long to = vma->end < end ? vma->end : end;

		err = check_wp_vma(vma, start, end);
		if (err)
			return err;
		uffd_wp_range(mm, vma, from, to, protect);
	}
	return 0;
}

int uffdio_writeprotect(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
			unsigned mode)
{
	bool protect = mode & UFFDIO_WRITEPROTECT_MODE_WP;
	bool wake = !(mode & UFFDIO_WRITEPROTECT_MODE_DONTWAKE);
	int err = uffd_check_range(addr, length);
	struct mm *mm;

	if (port_atomic_read(&ctx->mmap_changing))
		return -MM_EAGAIN;
	if (mode & ~(UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE))
		return -MM_EINVAL;
	/* To protect wakes nobody anyway. */
	if (protect && !wake)
		return -MM_EINVAL;
	if (err)
		return err;
	mm = userfaultfd_enter(ctx);
	if (!mm)
		return -MM_ESRCH;
	port_down_read(&mm->mmap_lock);
	/* A change may have begun while we waited for the lock. */
	if (port_atomic_read(&ctx->mmap_changing))
		err = -MM_EAGAIN;
	else
		err = do_writeprotect(mm, addr, addr + length, protect);
	port_up_read(&mm->mmap_lock);
	if (!err && !protect && wake)
		userfaultfd_wake_range(ctx, addr, addr + length);
	userfaultfd_leave(ctx, mm);
	return err;
}

int uffdio_wake(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length)
{
	int err = uffd_check_range(addr, length);

	if (!err)
		userfaultfd_wake_range(ctx, addr, addr + length);
	return err;
}
