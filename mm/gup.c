/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gup.c - references and pins on user pages: get_user_pages(), pin_user_pages(), slow and fast */
#include "mm/internal.h"

/* What callers may ask for; the rest is set here. */
#define SLOW_FLAGS (FOLL_WRITE | FOLL_FORCE | FOLL_LONGTERM)
#define FAST_FLAGS (SLOW_FLAGS | FOLL_FAST_ONLY)

/* The PTE can't be handed out as it is: fault with FAULT_FLAG_UNSHARE first (the kernel's EMLINK).
 */
#define UNSHARE_NEEDED ((struct page *)-1)
/* The page is on its way to be freed. */
#define GRAB_FAILED ((struct page *)-2)

/* Take what `flags` ask for. False if the page is being freed. */
static bool grab_page(struct machine *machine, struct page *page, unsigned flags)
{
	if (!(flags & (FOLL_GET | FOLL_PIN)))
		return true;
	return try_grab_page(machine, page, flags & FOLL_PIN ? GRAB_PIN : GRAB_GET);
}

static void ungrab_page(struct machine *machine, struct page *page, unsigned flags)
{
	if (flags & FOLL_PIN)
		unpin_user_page(machine, page);
	else
		put_page(machine, page);
}

/* Does a long-term pin or reference need its page moved, if that is in the movable zone? */
static bool must_leave_movable(const struct machine *machine, unsigned flags)
{
	return flags & FOLL_LONGTERM && machine->rules.gup_longterm == GUP_LONGTERM_MIGRATE;
}

/* What an entry maps at an address. */
struct followed {
	pte_t pte;                /* of a huge page, what a PTE would say */
	struct page *page;        /* NULL for nothing, and what is not present */
	const struct page *marks; /* whose PG_ANON_EXCLUSIVE counts: of a huge page the head's */
};

static struct followed followed_pte(const struct machine *machine, pte_t pte)
{
	struct followed at = {.pte = pte};

	if (!pte_present(pte))
		return at;
	at.page = pfn_to_page(machine, pte_pfn(pte));
	at.marks = at.page;
	return at;
}

static struct followed followed_pmd(const struct machine *machine, pte_t pmd, unsigned long addr)
{
	struct followed at = followed_pte(machine, pmd_part(pmd, addr));

	at.marks = compound_head(machine, at.page);
	return at;
}

/* May FOLL_WRITE have the page, though the entry may be read-only? */
static bool can_follow_write(const struct machine *machine, const struct vma *vma,
			     struct followed at, unsigned flags)
{
	pte_t pte = at.pte;

	if (pte_write(pte))
		return true;
	if (vma->flags & VM_HUGETLB && machine->rules.hugetlb_force != HUGETLB_FORCE_READ_ONLY)
		return false;
	switch (machine->rules.gup_follow_write) {
	case GUP_FOLLOW_DROPPED:
		return false;
	case GUP_FOLLOW_FORCE_COW:
		return flags & FOLL_FORCE && flags & FOLL_COW && pte_dirty(pte);
	case GUP_FOLLOW_COW:
		return flags & FOLL_COW && pte_dirty(pte);
	case GUP_FOLLOW_EXCLUSIVE:
		break;
	}
	/* Else it is forced, in a COW mapping: check_vma_flags(). */
	if (vma->flags & VM_WRITE)
		return false;
	if (!(vma->flags & VM_SOFTDIRTY) && !pte_soft_dirty(pte))
		return false;
	if (userfaultfd_wp(vma) && pte_uffd_wp(pte))
		return false;
	/* 5535be309971: what has been broken out of COW is exclusive, and stays so. */
	return page_flag(at.marks, PG_ANON_EXCLUSIVE);
}

/*
 * Must a read-only pin of a page behind a read-only PTE unshare it first? Fast GUP knows no VMA
 * and passes NULL; where it can't tell, the answer is yes.
 */
static bool gup_must_unshare(const struct machine *machine, const struct vma *vma, unsigned flags,
			     struct followed at)
{
	enum gup_break gup_break = machine->rules.gup_break;

	if (gup_break != GUP_BREAK_UNSHARE && gup_break != GUP_BREAK_UNSHARE_COW)
		return false;
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	if (page_is_anon(machine, at.page))
		return !page_flag(at.marks, PG_ANON_EXCLUSIVE);
	/* A short-term pin of what is not anonymous need not see later changes (84209e87c696). */
	if (gup_break != GUP_BREAK_UNSHARE_COW || !(flags & FOLL_LONGTERM))
		return false;
	return !vma || is_cow_mapping(vma);
}

/* Lock the entry that maps addr, and say what it maps. No lock is held if there is none. */
static struct followed follow_lock(struct mm *mm, unsigned long addr, struct pte_lock *lock)
{
	*lock = pmd_offset_lock(mm, addr);
	if (lock->entry) {
		pte_t pmd = port_entry_read(lock->entry);

		if (pmd_leaf(pmd))
			return followed_pmd(mm->machine, pmd, addr);
		pte_unlock(lock);
	}
	*lock = pte_offset_lock(mm, addr);
	if (!lock->entry)
		return (struct followed){0};
	return followed_pte(mm->machine, port_entry_read(lock->entry));
}

/* FOLL_TOUCH, which plain pins don't ask for. The entry's lock held. */
static void touch(struct machine *machine, const struct pte_lock *lock, struct followed at,
		  unsigned flags)
{
	pte_t entry = port_entry_read(lock->entry);

	if (flags & FOLL_WRITE && !pte_dirty(at.pte))
		set_page_dirty(machine, at.page);
	/* a8f97366452e: what is dirty here, a write with FOLL_COW takes for its own copy. */
	if (pmd_leaf(entry) && machine->rules.gup_touch_pmd == GUP_TOUCH_PMD_ALWAYS)
		port_entry_set(lock->entry, pte_mkdirty(entry));
}

/*
 * The page that addr maps, taken as `flags` ask; NULL: a fault is needed first. The zero page is
 * handed out like any other.
 */
static struct page *follow_page(struct mm *mm, const struct vma *vma, unsigned long addr,
				unsigned flags)
{
	struct machine *machine = mm->machine;
	struct pte_lock lock;
	struct followed at = follow_lock(mm, addr, &lock);
	bool need_write = flags & FOLL_WRITE;
	struct page *page = NULL;

	if (!lock.entry)
		return NULL;
	/* The patch holds every pin to the test, for it has faulted as if to write: hugetlb not. */
	if (machine->rules.gup_break == GUP_BREAK_PIN && flags & FOLL_PIN &&
	    !(vma->flags & VM_HUGETLB))
		need_write = true;

	if (!at.page)
		goto out;
	if (need_write && !can_follow_write(machine, vma, at, flags))
		goto out;
	page = at.page;
	if (!pte_write(at.pte) && gup_must_unshare(machine, vma, flags, at))
		page = UNSHARE_NEEDED;
	else if (!grab_page(machine, page, flags))
		page = GRAB_FAILED;
	else if (flags & FOLL_GET)
		touch(machine, &lock, at, flags);
out:
	pte_unlock(&lock);
	return page;
}

/*
 * Fault the page in, with what `flags` and the rules ask for. 0 or an error; -EAGAIN: it has
 * waited, and the mmap lock is dropped.
 */
static int faultin_page(struct mm *mm, struct vma *vma, unsigned long addr, unsigned *flags,
			bool unshare)
{
	const struct mm_rules *rules = &mm->machine->rules;
	unsigned fault_flags = 0;
	unsigned ret;

	if (*flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	if (rules->gup_break == GUP_BREAK_PIN && *flags & FOLL_PIN)
		fault_flags |= FAULT_FLAG_BREAK_COW;
	if (unshare)
		fault_flags |= FAULT_FLAG_UNSHARE;
	if (*flags & FOLL_UNLOCKABLE)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY;
	ret = handle_mm_fault(mm, vma, addr, fault_flags);
	if (ret & VM_FAULT_RETRY)
		return -MM_EAGAIN;
	if (ret & VM_FAULT_OOM)
		return -MM_ENOMEM;
	if (ret & VM_FAULT_HWPOISON)
		return -MM_EFAULT;
	if (ret & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV))
		return -MM_EFAULT;
	/*
	 * The write fault has done all that it can in a VMA without VM_WRITE, and left the PTE
	 * read-only. Remember that, rather than to ask for less (19be0eaffa3a, Dirty COW).
	 */
	if (ret & VM_FAULT_WRITE && !(vma->flags & VM_WRITE)) {
		*flags |= FOLL_COW;
		if (rules->gup_follow_write == GUP_FOLLOW_DROPPED)
			*flags &= ~(unsigned)FOLL_WRITE;
	}
	/* The same where it is left read-only for a monitor. */
	if (ret & VM_FAULT_WRITE && userfaultfd_wp(vma) &&
	    rules->uffd_wp_copy == UFFD_WP_COPY_MEANT)
		*flags |= FOLL_COW;
	return 0;
}

static int check_vma_flags(const struct mm *mm, const struct vma *vma, unsigned flags)
{
	if (flags & FOLL_WRITE) {
		if (vma->flags & VM_WRITE)
			return 0;
		if (vma->flags & VM_HUGETLB &&
		    mm->machine->rules.hugetlb_force == HUGETLB_FORCE_EFAULT)
			return -MM_EFAULT;
		return flags & FOLL_FORCE && is_cow_mapping(vma) ? 0 : -MM_EFAULT;
	}
	if (vma->flags & VM_READ)
		return 0;
	return flags & FOLL_FORCE && vma->flags & VM_MAYREAD ? 0 : -MM_EFAULT;
}

/*
 * One page of get_user_pages(): 0 and the page, or an error. mmap lock held; it is dropped with
 * -EAGAIN, for FOLL_UNLOCKABLE only.
 */
static int get_user_page(struct mm *mm, unsigned long addr, unsigned flags, struct page **result)
{
	struct vma *vma = find_vma(mm, addr);
	int err = vma ? check_vma_flags(mm, vma, flags) : -MM_EFAULT;

	if (err)
		return err;
	/* 17839856fd58: whoever takes a page takes it out of COW sharing. */
	if (mm->machine->rules.gup_break == GUP_BREAK_FORCE_WRITE && is_cow_mapping(vma) &&
	    flags & (FOLL_GET | FOLL_PIN))
		flags |= FOLL_WRITE;

	for (;;) {
		struct page *page = follow_page(mm, vma, addr, flags);

		if (page == GRAB_FAILED)
			return -MM_ENOMEM;
		if (page && page != UNSHARE_NEEDED) {
			*result = page;
			return 0;
		}
		err = faultin_page(mm, vma, addr, &flags, page == UNSHARE_NEEDED);
		if (err)
			return err;
	}
}

/* A fault has waited, and the mmap lock is gone: 0 to look up the VMA again, or -EINTR. */
static int relock(struct mm *mm)
{
	port_down_read(&mm->mmap_lock);
	return port_atomic_read(&mm->killed) ? -MM_EINTR : 0;
}

static long gup_slow_once(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			  struct page **pages)
{
	unsigned done = 0;
	int err = 0;

	if (flags & FOLL_PIN)
		port_atomic_set(&mm->has_pinned, 1);
	port_down_read(&mm->mmap_lock);
	while (!err && done < nr) {
		err = get_user_page(mm, addr + done * MM_PAGE_SIZE, flags, &pages[done]);
		if (!err)
			done++;
		if (err != -MM_EAGAIN)
			continue;
		err = relock(mm);
	}
	port_up_read(&mm->mmap_lock);
	return done ? (long)done : err;
}

/* Is one of the pages where a long-term pin may not stay? */
static bool any_movable(const struct machine *machine, struct page *const *pages, long nr)
{
	for (long i = 0; i < nr; i++) {
		if (page_is_movable(machine, pages[i]))
			return true;
	}
	return false;
}

/*
 * check_and_migrate_movable_pages(): what would keep the movable zone from being emptied is moved
 * out of it first; then everything is looked up again.
 */
static long gup_slow(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		     struct page **pages)
{
	struct machine *machine = mm->machine;

	for (;;) {
		long done = gup_slow_once(mm, addr, nr, flags, pages);
		int err;

		if (!must_leave_movable(machine, flags) || !any_movable(machine, pages, done))
			return done;
		for (long i = 0; i < done; i++)
			ungrab_page(machine, pages[i], flags);
		err = move_out_of_movable(mm, addr, addr + (unsigned long)done * MM_PAGE_SIZE);
		if (err)
			return err;
	}
}

static bool fast_must_unshare(const struct machine *machine, struct followed at, unsigned flags)
{
	return !pte_write(at.pte) && gup_must_unshare(machine, NULL, flags, at);
}

/*
 * One entry without any lock. The page is taken first and the entry read again: if it is the same,
 * the page was mapped when it was taken. Interrupts off. False: the slow path must do it.
 */
static bool gup_fast_entry(struct machine *machine, port_entry *entry, pte_t found,
			   struct followed at, unsigned flags, bool need_write)
{
	bool early = machine->rules.gup_fast_marker == GUP_FAST_MARKER_EARLY;

	if (!pte_access_permitted(at.pte, need_write))
		return false;
	/* gup_huge_pmd() could not see that of the huge zero page's PMD until d82d09e48219. */
	if (pte_special(at.pte) &&
	    (!pmd_leaf(found) || machine->rules.gup_fast_huge_zero == GUP_FAST_HUGE_ZERO_SLOW))
		return false;
	if (must_leave_movable(machine, flags) && page_is_movable(machine, at.page))
		return false;
	if (early && fast_must_unshare(machine, at, flags))
		return false;
	if (!grab_page(machine, at.page, flags))
		return false;
	if (port_entry_read(entry) != found || (!early && fast_must_unshare(machine, at, flags))) {
		ungrab_page(machine, at.page, flags);
		return false;
	}
	return true;
}

/* For which requests does a PTE have to be writable? */
static bool fast_needs_write(const struct machine *machine, unsigned flags)
{
	switch (machine->rules.gup_fast_write) {
	case GUP_FAST_WRITE_ALWAYS:
		return flags & FOLL_WRITE || !(flags & FOLL_FAST_ONLY);
	case GUP_FAST_WRITE_OR_PIN:
		return flags & (FOLL_WRITE | FOLL_PIN);
	case GUP_FAST_WRITE_ONLY:
		break;
	}
	return flags & FOLL_WRITE;
}

/* And a PMD? The second draft of the patch forgot that one (gup_huge_pmd()). */
static bool fast_needs_write_pmd(const struct machine *machine, unsigned flags)
{
	if (machine->rules.gup_fast_write == GUP_FAST_WRITE_OR_PIN)
		return flags & FOLL_WRITE;
	return fast_needs_write(machine, flags);
}

static bool gup_fast_page(struct mm *mm, unsigned long addr, unsigned flags, struct page **result)
{
	struct machine *machine = mm->machine;
	bool need_write = fast_needs_write(machine, flags);
	port_entry *entry = pmd_lookup(mm, addr);
	pte_t found = entry ? port_entry_read(entry) : 0;
	struct followed at;

	if (pmd_leaf(found)) {
		at = followed_pmd(machine, found, addr);
		need_write = fast_needs_write_pmd(machine, flags);
	} else {
		entry = pte_lookup(mm, addr);
		if (!entry)
			return false;
		found = port_entry_read(entry);
		at = followed_pte(machine, found);
	}
	if (!gup_fast_entry(machine, entry, found, at, flags, need_write))
		return false;
	*result = at.page;
	return true;
}

/* As many pages from the first on as can be had without a lock. */
static unsigned lockless_pages_from_mm(struct mm *mm, unsigned long addr, unsigned nr,
				       unsigned flags, struct page **pages)
{
	struct machine *machine = mm->machine;
	struct port_cpu *cpu = &machine->cpus[port_cpu_id()];
	/* A fork under way may have found the page unpinned already (57efa1fe5957). */
	bool check_seq = machine->rules.fork_seqcount == FORK_SEQCOUNT_YES && flags & FOLL_PIN;
	/* Else each flush waits for us. */
	bool irqs_off = machine->rules.gup_fast_marker == GUP_FAST_MARKER_LATE;
	int seq = check_seq ? port_atomic_read(&mm->write_protect_seq) : 0;
	unsigned done = 0;

	if (seq & 1)
		return 0;
	if (irqs_off)
		port_irq_disable(cpu);
	while (done < nr && gup_fast_page(mm, addr + done * MM_PAGE_SIZE, flags, &pages[done]))
		done++;
	if (irqs_off)
		port_irq_enable(cpu);

	if (check_seq && port_atomic_read(&mm->write_protect_seq) != seq) {
		while (done)
			ungrab_page(machine, pages[--done], flags);
	}
	return done;
}

static long gup_fast(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		     struct page **pages)
{
	unsigned done;
	long slow;

	/* Before the walk: fork must not overlook the pin. */
	if (flags & FOLL_PIN)
		port_atomic_set(&mm->has_pinned, 1);
	done = lockless_pages_from_mm(mm, addr, nr, flags, pages);
	if (done == nr || flags & FOLL_FAST_ONLY)
		return done;
	/*
	 * Without a lock of the caller's a fault may drop the mmap lock, and so wait for a monitor.
	 * Up to v6.2 __gup_longterm_unlocked() held the lock for FOLL_LONGTERM (b2a72dff85fa).
	 */
	if (!(flags & FOLL_LONGTERM) ||
	    mm->machine->rules.gup_longterm_wait == GUP_LONGTERM_WAIT_YES)
		flags |= FOLL_UNLOCKABLE;
	slow = gup_slow(mm, addr + done * MM_PAGE_SIZE, nr - done, flags, pages + done);
	if (slow < 0)
		return done ? (long)done : slow;
	return (long)done + slow;
}

/* Do the flags and the range make sense? `how` is FOLL_GET or FOLL_PIN. 0 or an error. */
static int check_gup(const struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		     unsigned how, unsigned allowed)
{
	if (flags & ~allowed)
		return -MM_EINVAL;
	if (how == FOLL_GET && flags & FOLL_LONGTERM &&
	    mm->machine->rules.get_longterm == GET_LONGTERM_EINVAL)
		return -MM_EINVAL;
	if (addr >= MM_TASK_SIZE || nr > (MM_TASK_SIZE - addr) >> MM_PAGE_SHIFT)
		return -MM_EFAULT;
	return 0;
}

static long gup(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags, unsigned how,
		struct page **pages)
{
	unsigned long start = addr & MM_PAGE_MASK;
	int err = check_gup(mm, start, nr, flags, how, SLOW_FLAGS);

	return err ? err : gup_slow(mm, start, nr, flags | how, pages);
}

static long fast_gup(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags, unsigned how,
		     struct page **pages)
{
	unsigned long start = addr & MM_PAGE_MASK;
	int err = check_gup(mm, start, nr, flags, how, FAST_FLAGS);

	return err ? err : gup_fast(mm, start, nr, flags | how, pages);
}

long get_user_pages(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		    struct page **pages)
{
	return gup(mm, addr, nr, flags, FOLL_GET, pages);
}

long pin_user_pages(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
		    struct page **pages)
{
	return gup(mm, addr, nr, flags, FOLL_PIN, pages);
}

long pin_user_pages_locked(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			   struct page **pages)
{
	unsigned long start = addr & MM_PAGE_MASK;
	int err = check_gup(mm, start, nr, flags, FOLL_PIN, SLOW_FLAGS);

	return err ? err : gup_slow(mm, start, nr, flags | FOLL_PIN | FOLL_UNLOCKABLE, pages);
}

long get_user_pages_fast(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			 struct page **pages)
{
	return fast_gup(mm, addr, nr, flags, FOLL_GET, pages);
}

long pin_user_pages_fast(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			 struct page **pages)
{
	return fast_gup(mm, addr, nr, flags, FOLL_PIN, pages);
}

long iov_iter_extract_pages(struct mm *mm, unsigned long addr, unsigned nr, unsigned flags,
			    struct page **pages, bool *pinned)
{
	*pinned = mm->machine->rules.dio_ref == DIO_REF_PIN;
	if (*pinned)
		return pin_user_pages_fast(mm, addr, nr, flags, pages);
	return get_user_pages_fast(mm, addr, nr, flags, pages);
}

int faultin_page_range(struct mm *mm, unsigned long start, unsigned long end, bool write)
{
	unsigned flags = FOLL_UNLOCKABLE | (write ? FOLL_WRITE : 0);

	for (unsigned long addr = start; addr < end;) {
		struct page *page;
		int err;

		/* Here a hole in the range is ENOMEM, and memory that may not be touched too. */
		if (!find_vma(mm, addr))
			return -MM_ENOMEM;
		err = get_user_page(mm, addr, flags, &page);
		if (err == -MM_EAGAIN)
			err = relock(mm);
		else
			addr += MM_PAGE_SIZE;
		if (err)
			return err == -MM_EFAULT ? -MM_EINVAL : err;
	}
	return 0;
}
