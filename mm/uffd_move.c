/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_move.c - UFFDIO_MOVE: pages go to where they are missing, without a copy. Pages only: unlike
 * mremap() it leaves the mappings as they are, and asks for no more than the mmap lock for reading.
 */
#include "mm/internal.h"

/* What is moved between two VMAs, which may be one. Offsets count from the ranges' starts. */
struct move {
	struct mm *mm;
	struct machine *machine;
	const struct vma *dst_vma;
	const struct vma *src_vma;
	unsigned long dst;
	unsigned long src;
	unsigned long end; /* of the source */
	unsigned mode;
	struct pte_lock locked[2]; /* the entries at dst and src */
};

/* No error: what is there is another thing now, a split huge page for example. */
#define LOOK_AGAIN 1

/* A hole can't be moved, unless the caller says that there may be some. */
static int move_hole(const struct move *move)
{
	return move->mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES ? 0 : -MM_ENOENT;
}

/* Is what was seen at the source still there, and nothing at the target? Both locks held. */
static bool is_unchanged(const struct move *move, pte_t seen)
{
	return port_entry_read(move->locked[1].entry) == seen &&
	       pte_none(port_entry_read(move->locked[0].entry));
}

/* Take the page away from the source; false: it may be pinned, and stays. Both locks held. */
static bool clear_source(const struct move *move, const struct page *head, unsigned long size)
{
	pte_t entry = port_entry_xchg(move->locked[1].entry, 0);

	/* Nobody may write through the old address when somebody else has the page. */
	flush_tlb_range(move->mm, move->src, move->src + size);
	/* Who takes it without a lock has seen the entry go, or we see the pin. */
	if (!page_maybe_dma_pinned(move->machine, head))
		return true;
	port_entry_set(move->locked[1].entry, entry);
	return false;
}

/* Up to v6.14 what has moved counts as written to (75cb1cca2c88). */
static pte_t moved_entry(const struct move *move, pte_t from, pte_t entry)
{
	switch (move->machine->rules.uffd_move) {
	case UFFD_MOVE_NO:
	case UFFD_MOVE_NONZERO:
	case UFFD_MOVE_DIRTY:
		break;
	case UFFD_MOVE_YES:
	case UFFD_MOVE_ZERO_PLAIN:
		if (!pte_dirty(from))
			return (entry & ~PTE_DIRTY) | PTE_SOFT_DIRTY;
		break;
	}
	return pte_mkdirty(entry);
}

/* May it be moved at all? The page lock and that of its entry are held. */
static bool is_movable_page(const struct move *move, const struct page *page)
{
	return page_flag(page, PG_ANON_EXCLUSIVE) && !page_maybe_dma_pinned(move->machine, page);
}

/*
 * The folio, a base page or what a PMD maps whole, is found by its place: a walk from it must not
 * see one without the other. Its lock held. 0, -EBUSY or -EAGAIN.
 */
static int move_folio(struct move *move, struct page *head, pte_t seen, bool huge)
{
	unsigned long size = huge ? MM_HPAGE_SIZE : MM_PAGE_SIZE;
	int err = -MM_EAGAIN;
	pte_t entry;

	port_down_write(&move->machine->rmap_lock);
	if (!entries_lock(move->mm, move->dst, move->src, huge, move->locked))
		goto out;
	if (!is_unchanged(move, seen))
		goto unlock;
	err = -MM_EBUSY;
	if (!is_movable_page(move, head) || !clear_source(move, head, size))
		goto unlock;
	head->index = linear_page_index(move->dst_vma, move->dst);
	entry = huge ? mk_huge_pmd(move->machine, head, move->dst_vma)
		     : mk_pte(move->machine, head, move->dst_vma) | PTE_RW;
	port_entry_set(move->locked[0].entry, moved_entry(move, seen, entry));
	if (huge)
		pgtable_deposit(move->mm, move->locked[0].entry,
				pgtable_withdraw(move->mm, move->locked[1].entry));
	err = 0;
unlock:
	entries_unlock(move->locked);
out:
	port_up_write(&move->machine->rmap_lock);
	return err;
}

/* The folio that the page is part of, with its lock; NULL: it has been split meanwhile. */
static struct page *lock_folio(const struct machine *machine, const struct page *page)
{
	struct page *head = compound_head(machine, page);

	port_lock(&head->lock);
	if (compound_head(machine, page) == head)
		return head;
	port_unlock(&head->lock);
	return NULL;
}

/* The huge page could not be split: the next try will find it as this one did. */
static int unsplit(const struct move *move)
{
	bool again = move->machine->rules.uffd_move_split == UFFD_MOVE_SPLIT_AGAIN;

	return again ? -MM_EAGAIN : -MM_EBUSY;
}

/* A base page, on which the caller has taken a reference. One of a huge page is split off first. */
static int move_present_page(struct move *move, struct page *page, pte_t seen)
{
	struct page *head = lock_folio(move->machine, page);
	int err = -MM_EAGAIN;

	if (!head)
		return -MM_EAGAIN;
	if (!folio_is_large(head))
		err = move_folio(move, head, seen, false);
	else
		err = split_huge_page(move->machine, page) ? unsplit(move) : LOOK_AGAIN;
	port_unlock(&compound_head(move->machine, page)->lock);
	return err;
}

/* The zero page: there is nothing but the entry. */
static int move_zero_page(struct move *move, pte_t seen)
{
	pte_t zero = pfn_pte(move->machine->zero_pfn, PTE_SPECIAL);
	int err = -MM_EAGAIN;

	/* eb1521dad8f3 */
	if (move->machine->rules.uffd_move == UFFD_MOVE_NONZERO)
		return -MM_EBUSY;
	if (!entries_lock(move->mm, move->dst, move->src, false, move->locked))
		return -MM_EAGAIN;
	if (is_unchanged(move, seen)) {
		port_entry_xchg(move->locked[1].entry, 0);
		flush_tlb_range(move->mm, move->src, move->src + MM_PAGE_SIZE);
		port_entry_set(move->locked[0].entry, zero | vm_page_prot(move->dst_vma));
		err = 0;
	}
	entries_unlock(move->locked);
	return err;
}

/*
 * An entry for a page in swap goes as it is, its uffd-wp bit included. A page that the swap cache
 * has for it belongs to the new place, too (c50f8e6053b0); the caller has its lock. NULL: it has
 * none.
 */
static int move_swap_entry(struct move *move, struct page *cached, pte_t seen)
{
	int err = -MM_EAGAIN;

	port_down_write(&move->machine->rmap_lock);
	if (!entries_lock(move->mm, move->dst, move->src, false, move->locked))
		goto out;
	if (is_unchanged(move, seen) && swap_cache_holds(move->machine, seen, cached)) {
		if (cached)
			cached->index = linear_page_index(move->dst_vma, move->dst);
		port_entry_set(move->locked[1].entry, 0);
		port_entry_set(move->locked[0].entry, seen | PTE_SWP_SOFT_DIRTY);
		err = 0;
	}
	entries_unlock(move->locked);
out:
	port_up_write(&move->machine->rmap_lock);
	return err;
}

static int move_swapped(struct move *move, pte_t seen)
{
	struct page *cached;
	int err;

	if (!(seen & PTE_SWP_EXCLUSIVE))
		return -MM_EBUSY;
	cached = swap_cache_get(move->machine, (unsigned)swp_offset(seen));
	if (!cached)
		return move_swap_entry(move, NULL, seen);
	err = -MM_EBUSY;
	if (!folio_is_large(compound_head(move->machine, cached))) {
		port_lock(&cached->lock);
		err = move_swap_entry(move, cached, seen);
		port_unlock(&cached->lock);
	}
	put_page(move->machine, cached);
	return err;
}

static int move_nonpresent(struct move *move, pte_t seen)
{
	struct vm_fault vmf = {.mm = move->mm, .addr = move->src};

	if (swp_type(seen) == SWP_DEVICE)
		return move_swapped(move, seen);
	if (!is_migration_entry(seen))
		return -MM_EFAULT;
	migration_entry_wait(&vmf);
	return -MM_EAGAIN;
}

/* What the source's PTE says; of a page that is there a reference is taken. -EBUSY: not movable. */
static int look_at_source(const struct move *move, pte_t *seen, struct page **page)
{
	struct pte_lock lock = pte_offset_lock(move->mm, move->src);
	int err = 0;

	*seen = 0;
	*page = NULL;
	if (!lock.entry)
		return 0;
	*seen = port_entry_read(lock.entry);
	if (pte_present(*seen))
		*page = vm_normal_page(move->machine, *seen);
	if (*page && !page_flag(*page, PG_ANON_EXCLUSIVE)) {
		*page = NULL;
		err = -MM_EBUSY;
	}
	if (*page)
		get_page(move->machine, *page);
	pte_unlock(&lock);
	return err;
}

static bool is_target_free(const struct move *move)
{
	struct pte_lock lock = pte_offset_lock(move->mm, move->dst);
	bool is_free;

	/* A huge page has come. */
	if (!lock.entry)
		return false;
	is_free = pte_none(port_entry_read(lock.entry));
	pte_unlock(&lock);
	return is_free;
}

/* One base page. -EAGAIN: it has changed under us. */
static int move_pte(struct move *move)
{
	struct page *page;
	pte_t seen;
	int err;

	if (pte_alloc(move->mm, move->dst))
		return -MM_ENOMEM;
	if (!is_target_free(move))
		return -MM_EEXIST;
	err = look_at_source(move, &seen, &page);
	if (err)
		return err;
	if (pte_none(seen))
		return move_hole(move);
	if (!pte_present(seen))
		return move_nonpresent(move, seen);
	if (!page)
		return move_zero_page(move, seen);
	err = move_present_page(move, page, seen);
	put_page(move->machine, page);
	return err;
}

/* The huge zero page has no place, no lock and no count. */
static int move_huge_zero_page(struct move *move, pte_t seen)
{
	pte_t entry = (seen & ~PTE_UFFD_WP) | PTE_SOFT_DIRTY;
	int err = -MM_EAGAIN;

	/* What marks it as none that is counted was lost for a while (fae654083bfa). */
	if (move->machine->rules.uffd_move == UFFD_MOVE_ZERO_PLAIN)
		entry &= ~PTE_SPECIAL;
	if (!entries_lock(move->mm, move->dst, move->src, true, move->locked))
		return -MM_EAGAIN;
	if (is_unchanged(move, seen)) {
		port_entry_xchg(move->locked[1].entry, 0);
		flush_tlb_range(move->mm, move->src, move->src + MM_HPAGE_SIZE);
		port_entry_set(move->locked[0].entry, entry);
		pgtable_deposit(move->mm, move->locked[0].entry,
				pgtable_withdraw(move->mm, move->locked[1].entry));
		err = 0;
	}
	entries_unlock(move->locked);
	return err;
}

static int move_whole_pmd(struct move *move, pte_t seen, struct page *head)
{
	int err;

	if (!head)
		return move_huge_zero_page(move, seen);
	port_lock(&head->lock);
	err = move_folio(move, head, seen, true);
	port_unlock(&head->lock);
	return err;
}

/* Do both ends and the target's tables leave room for a whole huge page? */
static bool fits_whole(const struct move *move)
{
	const port_entry *pmd = pmd_lookup(move->mm, move->dst);

	return !((move->src | move->dst) & ~MM_HPAGE_MASK) &&
	       move->end - move->src >= MM_HPAGE_SIZE && pte_none(port_entry_read(pmd));
}

/*
 * What the source's PMD maps as a whole, if it does. 0: moved, and *size says how much; LOOK_AGAIN;
 * -ENOENT: it is a matter of PTEs.
 */
static int move_pmd(struct move *move, unsigned long *size)
{
	struct pte_lock lock = pmd_offset_lock(move->mm, move->src);
	struct page *head = NULL;
	bool is_zero;
	pte_t seen;
	int err;

	seen = lock.entry ? port_entry_read(lock.entry) : 0;
	if (pmd_leaf(seen))
		head = vm_normal_page(move->machine, seen);
	if (head)
		get_page(move->machine, head);
	if (lock.entry)
		pte_unlock(&lock);
	if (is_migration_entry(seen) && !pmd_table(seen))
		return move_nonpresent(move, seen);
	if (!pmd_leaf(seen))
		return -MM_ENOENT;
	is_zero = !head;
	if (is_zero ? move->machine->rules.uffd_move == UFFD_MOVE_NONZERO
		    : !page_flag(head, PG_ANON_EXCLUSIVE)) {
		err = -MM_EBUSY;
	} else if (fits_whole(move)) {
		*size = MM_HPAGE_SIZE;
		err = move_whole_pmd(move, seen, head);
	} else {
		split_huge_pmd(move->mm, move->src);
		err = LOOK_AGAIN;
	}
	if (head)
		put_page(move->machine, head);
	return err;
}

/* The same of the PMD, or the PTE. *is_pte: it was that. */
static int try_move(struct move *move, unsigned long *size, bool *is_pte)
{
	int err = LOOK_AGAIN;

	while (err == LOOK_AGAIN) {
		*is_pte = false;
		if (pmd_leaf(port_entry_read(pmd_lookup(move->mm, move->dst))))
			return -MM_EEXIST;
		err = move_pmd(move, size);
		if (err != -MM_ENOENT)
			continue;
		*is_pte = true;
		err = move_pte(move);
	}
	return err;
}

/*
 * Move what is at the ranges' starts; *size says how far that goes. *retried: this has failed with
 * -EAGAIN. From v6.18 on that is not forgotten when a PTE moves, and so the same page is tried once
 * more, which finds it where it is.
 */
static int move_once(struct move *move, unsigned long *size, bool *retried)
{
	bool is_pte;
	int err;

	*size = MM_PAGE_SIZE;
	if (pmd_alloc(move->mm, move->dst))
		return -MM_ENOMEM;
	err = try_move(move, size, &is_pte);
	if (!err && is_pte && *retried &&
	    move->machine->rules.uffd_move_retry == UFFD_MOVE_RETRY_STALE)
		return -MM_EAGAIN;
	*retried = err == -MM_EAGAIN;
	return err;
}

/* As far as it goes; *done says how far that is. mmap lock held. */
static int move_pages(struct move *move, unsigned long *done)
{
	bool retried = false;
	int err;

	while (move->src < move->end) {
		unsigned long size;

		err = move_once(move, &size, &retried);
		if (port_atomic_read(&move->mm->killed) && (!err || err == -MM_EAGAIN))
			return -MM_EINTR;
		if (err == -MM_EAGAIN)
			continue;
		if (err)
			return err;
		move->src += size;
		move->dst += size;
		*done += size;
	}
	return 0;
}

/* Are the ranges fit for it, each in one VMA? What is moved looks the same to the CPU there. */
static int check_areas(const struct userfaultfd_ctx *ctx, const struct move *move,
		       unsigned long length)
{
	const struct vma *dst = move->dst_vma, *src = move->src_vma;

	/* 867a43a34ff8 */
	if (!dst || !src)
		return move->machine->rules.uffd_move == UFFD_MOVE_NONZERO ? -MM_EINVAL
									   : -MM_ENOENT;
	if (src->end < move->end || dst->end < move->dst + length)
		return -MM_EINVAL;
	if (!vma_is_anonymous(src) || !vma_is_anonymous(dst))
		return -MM_EINVAL;
	if (!(src->flags & VM_WRITE) || (src->flags ^ dst->flags) & (VM_READ | VM_WRITE))
		return -MM_EINVAL;
	return dst->uffd_ctx == ctx ? 0 : -MM_EINVAL;
}

static int do_move(struct userfaultfd_ctx *ctx, struct mm *mm, struct move *move,
		   unsigned long length, unsigned long *done)
{
	int err = -MM_EAGAIN;

	port_down_read(&mm->mmap_lock);
	if (!port_atomic_read(&ctx->mmap_changing)) {
		move->dst_vma = find_vma(mm, move->dst);
		move->src_vma = find_vma(mm, move->src);
		err = check_areas(ctx, move, length);
		if (!err)
			err = move_pages(move, done);
	}
	port_up_read(&mm->mmap_lock);
	return err;
}

int uffdio_move(struct userfaultfd_ctx *ctx, struct mm *caller, unsigned long dst,
		unsigned long src, unsigned long length, unsigned mode)
{
	struct move move = {
		.machine = ctx->machine,
		.dst = dst,
		.src = src,
		.end = src + length,
		.mode = mode,
	};
	unsigned long done = 0;
	int err;

	if (ctx->machine->rules.uffd_move == UFFD_MOVE_NO)
		return -MM_EINVAL;
	if (port_atomic_read(&ctx->mmap_changing))
		return -MM_EAGAIN;
	err = uffd_check_range(dst, length);
	if (!err)
		err = uffd_check_range(src, length);
	if (!err && mode & ~(UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES))
		err = -MM_EINVAL;
	if (err)
		return err;
	move.mm = userfaultfd_enter(ctx);
	if (!move.mm)
		return -MM_EINVAL;
	/* Only a task whose memory it is can do it. */
	err = move.mm == caller ? do_move(ctx, caller, &move, length, &done) : -MM_EINVAL;
	if (done && !(mode & UFFDIO_MOVE_MODE_DONTWAKE))
		userfaultfd_wake_range(ctx, dst, dst + done);
	userfaultfd_leave(ctx, move.mm);
	return done && done < length ? -MM_EAGAIN : err;
}
