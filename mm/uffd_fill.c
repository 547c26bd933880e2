/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_fill.c - how a monitor resolves what is missing: UFFDIO_COPY, _ZEROPAGE and _CONTINUE */
#include "mm/internal.h"

/* One page to be filled in. */
struct fill {
	struct userfaultfd_ctx *ctx;
	struct mm *mm;
	struct vma *vma;
	unsigned long addr;
	bool wp;
};

/*
 * Map the page, NULL for the zero page, which comes with a reference that becomes the mapping's.
 * -EEXIST if something is mapped; a marker may be written over, unless by the zero page.
 */
static int install_pte(const struct fill *fill, struct page *page, bool anon, pte_t entry)
{
	struct machine *machine = fill->mm->machine;
	struct pte_lock lock;
	pte_t old;

	if (pte_alloc(fill->mm, fill->addr))
		return -MM_ENOMEM;
	lock = pte_offset_lock(fill->mm, fill->addr);
	if (!lock.entry)
		return -MM_EEXIST;
	old = port_entry_read(lock.entry);
	if (!pte_none(old) && !(page && pte_marker_uffd_wp(old))) {
		pte_unlock(&lock);
		return -MM_EEXIST;
	}
	if (page && anon)
		page_add_new_anon_rmap(machine, page, fill->vma, fill->addr);
	else if (page)
		page_add_rmap(page);
	port_entry_set(lock.entry, entry);
	pte_unlock(&lock);
	return 0;
}

/* The entry for a page that is filled in; one of the page cache in private memory is read-only. */
static pte_t filled_entry(const struct fill *fill, const struct page *page, bool anon)
{
	const struct machine *machine = fill->mm->machine;
	bool writable = fill->vma->flags & VM_WRITE && (anon || fill->vma->flags & VM_SHARED);
	pte_t entry = mk_pte(machine, page, fill->vma) & ~PTE_RW;

	/* 9ae0f87d009c */
	if (writable || anon || machine->rules.uffd_fill_dirty == UFFD_FILL_DIRTY_ALWAYS)
		entry = pte_mkdirty(entry);
	if (fill->wp)
		return pte_mkuffd_wp(entry);
	return writable ? entry | PTE_RW : entry;
}

static int fill_private(const struct fill *fill, uint32_t value)
{
	struct machine *machine = fill->mm->machine;
	struct page *page = alloc_zeroed_page(machine);
	int err;

	if (!page)
		return -MM_ENOMEM;
	port_word_write(page_words(machine, page), value);
	err = install_pte(fill, page, true, filled_entry(fill, page, true));
	if (err)
		put_page(machine, page);
	return err;
}

/* Map a page of the object, which comes with a reference. */
static int fill_from_object(const struct fill *fill, struct page *page)
{
	int err = install_pte(fill, page, false, filled_entry(fill, page, false));

	if (err)
		put_page(fill->mm->machine, page);
	return err;
}

/* A page that the object does not have yet. */
static int fill_shared(const struct fill *fill, uint32_t value)
{
	struct machine *machine = fill->mm->machine;
	unsigned long index = linear_page_index(fill->vma, fill->addr);
	struct page *page;

	/* So that nothing can fail once the object has the page. */
	if (pte_alloc(fill->mm, fill->addr))
		return -MM_ENOMEM;
	if (shmem_has_page(fill->vma->shmem, index))
		return -MM_EEXIST;
	page = alloc_zeroed_page(machine);
	if (!page)
		return -MM_ENOMEM;
	port_word_write(page_words(machine, page), value);
	set_page_dirty(machine, page);
	if (!shmem_add_page(machine, fill->vma->shmem, index, page)) {
		put_page(machine, page);
		return -MM_EEXIST;
	}
	return fill_from_object(fill, page);
}

static int copy_one(const struct fill *fill, uint32_t value)
{
	if (fill->vma->flags & VM_HUGETLB)
		return hugetlb_mfill_copy(fill->mm, fill->vma, fill->addr, value, fill->wp);
	if (fill->vma->flags & VM_SHARED)
		return fill_shared(fill, value);
	return fill_private(fill, value);
}

static int zeropage_one(const struct fill *fill, uint32_t value)
{
	pte_t zero = pfn_pte(fill->mm->machine->zero_pfn, PTE_SPECIAL);

	(void)value;
	/* There is no huge zero page for hugetlb. */
	if (fill->vma->flags & VM_HUGETLB)
		return -MM_EINVAL;
	if (fill->vma->flags & VM_SHARED)
		return fill_shared(fill, 0);
	return install_pte(fill, NULL, true, zero | vm_page_prot(fill->vma));
}

/* What the page cache has is good as it is. */
static int continue_one(const struct fill *fill, uint32_t value)
{
	struct page *page;
	unsigned long index;

	(void)value;
	if (fill->vma->flags & VM_HUGETLB)
		return hugetlb_mfill_continue(fill->mm, fill->vma, fill->addr, fill->wp);
	if (!fill->vma->shmem)
		return -MM_EINVAL;
	index = linear_page_index(fill->vma, fill->addr);
	if (!shmem_has_page(fill->vma->shmem, index))
		return -MM_EFAULT;
	page = shmem_get_page(fill->mm->machine, fill->vma->shmem, index);
	return page ? fill_from_object(fill, page) : -MM_ENOMEM;
}

/* One VMA has to hold all of the range, and belong to some monitor. */
static int find_fill_vma(struct fill *fill, unsigned long start, unsigned long end)
{
	fill->vma = find_vma(fill->mm, start);
	if (!fill->vma || fill->vma->end < end || !fill->vma->uffd_ctx)
		return -MM_ENOENT;
	if (fill->wp && !userfaultfd_wp(fill->vma))
		return -MM_EINVAL;
	return 0;
}

typedef int fill_fn(const struct fill *fill, uint32_t value);

/* Page by page, as far as it goes; *done says how far that is. mmap lock held. */
static int fill_range(struct fill *fill, unsigned long start, unsigned long end, fill_fn *fn,
		      uint32_t value, unsigned long *done)
{
	int err = find_fill_vma(fill, start, end);
	unsigned long step = MM_PAGE_SIZE;

	if (!err && fill->vma->flags & VM_HUGETLB) {
		step = MM_HPAGE_SIZE;
		/* UFFDIO_COPY is for one page, of the size that the memory has. */
		if (start & ~MM_HPAGE_MASK || (end & ~MM_HPAGE_MASK && fn != copy_one))
			err = -MM_EINVAL;
	}
	for (fill->addr = start; !err && fill->addr < end; fill->addr += step) {
		err = fn(fill, value);
		if (!err)
			*done += step;
	}
	return err;
}

static int uffdio_fill(struct fill *fill, unsigned long addr, unsigned long length, bool wake,
		       fill_fn *fn, uint32_t value)
{
	struct userfaultfd_ctx *ctx = fill->ctx;
	int err = uffd_check_range(addr, length);
	unsigned long done = 0;

	if (port_atomic_read(&ctx->mmap_changing))
		return -MM_EAGAIN;
	if (err)
		return err;
	fill->mm = userfaultfd_enter(ctx);
	if (!fill->mm)
		return -MM_ESRCH;
	port_down_read(&fill->mm->mmap_lock);
	/* A change may have begun while we waited for the lock: df2cc96e7701. */
	if (port_atomic_read(&ctx->mmap_changing))
		err = -MM_EAGAIN;
	else
		err = fill_range(fill, addr, addr + length, fn, value, &done);
	port_up_read(&fill->mm->mmap_lock);
	if (done && wake)
		userfaultfd_wake_range(ctx, addr, addr + done);
	userfaultfd_leave(ctx, fill->mm);
	/* Some pages are better than none: the caller is to go on from there. */
	return done && done < length ? -MM_EAGAIN : err;
}

int uffdio_copy(struct userfaultfd_ctx *ctx, unsigned long addr, uint32_t value, unsigned mode)
{
	struct fill fill = {.ctx = ctx, .wp = mode & UFFDIO_COPY_MODE_WP};

	if (mode & ~(UFFDIO_COPY_MODE_DONTWAKE | UFFDIO_COPY_MODE_WP))
		return -MM_EINVAL;
	return uffdio_fill(&fill, addr, MM_PAGE_SIZE, !(mode & UFFDIO_COPY_MODE_DONTWAKE), copy_one,
			   value);
}

int uffdio_zeropage(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode)
{
	struct fill fill = {.ctx = ctx};

	if (mode & ~UFFDIO_ZEROPAGE_MODE_DONTWAKE)
		return -MM_EINVAL;
	return uffdio_fill(&fill, addr, length, !(mode & UFFDIO_ZEROPAGE_MODE_DONTWAKE),
			   zeropage_one, 0);
}

int uffdio_continue(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode)
{
	struct fill fill = {.ctx = ctx, .wp = mode & UFFDIO_CONTINUE_MODE_WP};
	const struct mm_rules *rules = &ctx->machine->rules;
	unsigned known = UFFDIO_CONTINUE_MODE_DONTWAKE;

	/* 0289184476c8 */
	if (rules->uffd_wp >= UFFD_WP_UNPOPULATED)
		known |= UFFDIO_CONTINUE_MODE_WP;
	if (mode & ~known || rules->uffd_minor == UFFD_MINOR_NO)
		return -MM_EINVAL;
	return uffdio_fill(&fill, addr, length, !(mode & UFFDIO_CONTINUE_MODE_DONTWAKE),
			   continue_one, 0);
}
