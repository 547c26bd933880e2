/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.c - moving a page to another frame, while entries of its own kind stand for it */
#include "mm/internal.h"

/* Linux makes ten attempts before a page that somebody holds stays where it is. */
#define ATTEMPTS 3

/* A folio on its way, and of its base pages the one that a walk is for. */
struct moving {
	struct machine *machine;
	struct page *from; /* head */
	struct page *to;   /* head; where to restore to, which may be `from` again */
	unsigned index;
	bool failed;
};

/* An entry that may map the page: its PTE or, of a huge page, its PMD. */
struct place_entry {
	const struct rmap_place *place;
	port_entry *entry;
	bool huge;
};

static enum swp_type migration_type(pte_t pte, bool exclusive)
{
	if (pte_write(pte))
		return SWP_MIGRATION_WRITE;
	return exclusive ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ;
}

/*
 * Put a migration entry where the page is mapped; it counts as neither mapping nor reference. The
 * entry's lock held.
 */
static void unmap_entry(struct moving *moving, const struct place_entry *at)
{
	struct machine *machine = moving->machine;
	struct page *page = moving->from + moving->index;
	unsigned long start = at->huge ? at->place->addr & MM_HPAGE_MASK : at->place->addr;
	bool exclusive = page_flag(page, PG_ANON_EXCLUSIVE);
	pte_t pte = port_entry_xchg(at->entry, 0);
	pte_t entry;

	flush_tlb_range(at->place->mm, start, start + (at->huge ? MM_HPAGE_SIZE : MM_PAGE_SIZE));
	/* What the device driver's copy of this forgot: fd35ca3d12cc. */
	if (pte_dirty(pte) && machine->rules.migrate_dirty == MIGRATE_DIRTY_KEEP)
		port_atomic_or(&moving->from->flags, PG_DIRTY);
	if (exclusive && !page_try_share_anon_rmap(machine, page)) {
		port_entry_set(at->entry, pte);
		moving->failed = true;
		return;
	}
	entry = swp_entry(migration_type(pte, exclusive), page_to_pfn(machine, page));
	if (pte_soft_dirty(pte))
		entry |= PTE_SWP_SOFT_DIRTY;
	/* What a transparent huge page's PMD loses, hugetlb's never did. */
	if (pte_uffd_wp(pte) && (!at->huge || page_flag(moving->from, PG_HUGETLB) ||
				 machine->rules.migrate_uffd_wp == MIGRATE_UFFD_WP_KEEP))
		entry |= PTE_SWP_UFFD_WP;
	port_entry_set(at->entry, entry);
	if (at->huge)
		hpage_remove_rmap(machine, page);
	else
		page_remove_rmap(machine, page);
	put_page(machine, page);
}

/* Map the page again where a migration entry stands for it. The entry's lock held. */
static void restore_entry(const struct moving *moving, const struct place_entry *at)
{
	struct machine *machine = moving->machine;
	struct page *page = moving->to + moving->index;
	pte_t old = port_entry_read(at->entry);
	pte_t pte = mk_pte(machine, page, at->place->vma) | (at->huge ? PTE_PSE : 0);

	if (old & PTE_SWP_SOFT_DIRTY)
		pte |= PTE_SOFT_DIRTY;
	if (swp_type(old) == SWP_MIGRATION_WRITE)
		pte = maybe_mkwrite(pte, at->place->vma);
	if (old & PTE_SWP_UFFD_WP)
		pte = (pte | PTE_UFFD_WP) & ~PTE_RW;
	if (page_is_anon(machine, page) && swp_type(old) != SWP_MIGRATION_READ &&
	    machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
	get_page(machine, page);
	if (at->huge)
		hpage_add_rmap(page);
	else
		page_add_rmap(page);
	port_entry_set(at->entry, pte);
}

static bool maps_page(const struct moving *moving, pte_t pte)
{
	return pte_present(pte) &&
	       vm_normal_page(moving->machine, pte) == moving->from + moving->index;
}

static bool stands_for_page(const struct moving *moving, pte_t pte)
{
	pfn_t pfn = page_to_pfn(moving->machine, moving->from + moving->index);

	return is_migration_entry(pte) && swp_offset(pte) == pfn;
}

/* One entry, whose lock is held. */
static void visit(struct moving *moving, const struct place_entry *at)
{
	pte_t pte = port_entry_read(at->entry);

	if (!moving->to && maps_page(moving, pte))
		unmap_entry(moving, at);
	else if (moving->to && stands_for_page(moving, pte))
		restore_entry(moving, at);
}

static bool visit_place(void *context, const struct rmap_place *place)
{
	struct moving *moving = context;
	struct place_entry at = {.place = place};
	struct pte_lock lock = {0};

	if (!moving->index && folio_is_large(moving->from)) {
		lock = pmd_offset_lock(place->mm, place->addr);
		at.entry = lock.entry;
		at.huge = true;
		if (at.entry && !pte_none(port_entry_read(at.entry)) &&
		    !pmd_table(port_entry_read(at.entry)))
			visit(moving, &at);
		if (at.entry)
			pte_unlock(&lock);
	}
	lock = pte_offset_lock(place->mm, place->addr);
	at.entry = lock.entry;
	at.huge = false;
	if (!at.entry)
		return true;
	visit(moving, &at);
	pte_unlock(&lock);
	return !moving->failed;
}

/* Unmap, with `to` NULL, or map again what maps each page of the folio. Page lock held. */
static void visit_all(struct moving *moving, struct page *to)
{
	moving->to = to;
	for (unsigned i = 0; !moving->failed && i < folio_nr_pages(moving->from); i++) {
		moving->index = i;
		rmap_walk(moving->machine, moving->from + i, visit_place, moving);
	}
}

/* Give the new folio the place of the old one: flags, swap cache, object. False: it is in use. */
static bool replace_folio(struct moving *moving, struct page *to, struct shmem *shmem)
{
	static const int kept = PG_ANON | PG_SWAPBACKED | PG_DIRTY | PG_KSM;
	struct machine *machine = moving->machine;
	struct page *from = moving->from;
	bool hugetlb_cache = page_flag(from, PG_HUGETLB) && !page_flag(from, PG_ANON);

	/* Ours, and those that are replaced now. */
	if (!shmem && page_count(from) != 1 + hugetlb_cache + folio_swapcache_refs(from))
		return false;
	to->index = from->index;
	port_atomic_or(&to->flags, port_atomic_read(&from->flags) & kept);
	for (unsigned i = 0; i < folio_nr_pages(from); i++)
		copy_page(machine, to + i, from + i);
	if (hugetlb_cache && !hugetlb_replace_page(machine, from, to))
		return false;
	if (page_flag(from, PG_HUGETLB))
		move_hugetlb_state(machine, from, to);
	if (shmem)
		return shmem_replace_page(machine, shmem, from, to);
	if (page_flag(from, PG_SWAPCACHE))
		replace_in_swap_cache(machine, from, to);
	return true;
}

/* One attempt: 0, -EAGAIN if somebody holds the folio. Both page locks held. */
static int move_locked(struct machine *machine, struct page *from, struct page *to,
		       struct shmem *shmem)
{
	struct moving moving = {.machine = machine, .from = from};
	bool moved;

	wait_on_page_writeback(from);
	visit_all(&moving, NULL);
	moved = !moving.failed && !folio_mapcount(from) && replace_folio(&moving, to, shmem);
	moving.failed = false;
	visit_all(&moving, moved ? to : from);
	return moved ? 0 : -MM_EAGAIN;
}

static struct page *alloc_target(struct machine *machine, const struct page *from,
				 enum migrate_to where)
{
	if (page_flag(from, PG_HUGETLB))
		return alloc_migrate_huge_page(machine);
	if (where == MIGRATE_TO_UNMOVABLE)
		return alloc_unmovable(machine, from->order);
	return folio_is_large(from) ? alloc_hpage(machine) : alloc_page(machine);
}

int migrate_folio(struct machine *machine, struct page *from, struct shmem *shmem,
		  enum migrate_to where)
{
	struct page *to = alloc_target(machine, from, where);
	int err = -MM_EAGAIN;

	if (!to)
		return -MM_ENOMEM;
	for (int attempt = 0; err == -MM_EAGAIN && attempt < ATTEMPTS; attempt++) {
		port_lock(&from->lock);
		port_lock(&to->lock);
		err = move_locked(machine, from, to, shmem);
		port_unlock(&to->lock);
		port_unlock(&from->lock);
	}
	if (!err && !page_flag(to, PG_HUGETLB))
		lru_cache_add(machine, to);
	put_page(machine, to);
	return err;
}

void migration_entry_wait(struct vm_fault *vmf)
{
	struct machine *machine = vmf->mm->machine;
	struct pte_lock lock = pmd_offset_lock(vmf->mm, vmf->addr);
	struct page *head = NULL;
	pte_t pte;

	if (lock.entry && !is_migration_entry(port_entry_read(lock.entry))) {
		pte_unlock(&lock);
		lock = pte_offset_lock(vmf->mm, vmf->addr);
	}
	if (!lock.entry)
		return;
	pte = port_entry_read(lock.entry);
	/* Who moves it has a reference, and lets go of that after the entry; who splits it, none.
	 */
	if (is_migration_entry(pte)) {
		head = compound_head(machine, pfn_to_page(machine, (pfn_t)swp_offset(pte)));
		if (!try_grab_page(machine, head, GRAB_GET))
			head = NULL;
	}
	pte_unlock(&lock);
	if (!head)
		return;
	port_lock(&head->lock);
	port_unlock(&head->lock);
	put_page(machine, head);
}

/* What is to be moved at one address. */
struct target {
	struct page *head;   /* with a reference; NULL: nothing */
	struct shmem *shmem; /* that the page belongs to, with a use; or NULL */
	unsigned long next;  /* where to go on */
};

/* What is mapped at addr. mmap lock held. */
static struct target find_target(struct mm *mm, const struct vma *vma, unsigned long addr)
{
	struct leaf leaf = leaf_lock(mm, addr);
	struct target target = {.next = addr + MM_PAGE_SIZE};
	struct page *page = NULL;

	if (pte_present(leaf.pte))
		page = vm_normal_page(mm->machine, leaf.pte);
	if (page) {
		target.head = compound_head(mm->machine, page);
		get_page(mm->machine, page);
		if (target.head->mapping) {
			target.shmem = vma->shmem;
			shmem_get(vma->shmem);
		}
	}
	if (leaf.huge)
		target.next = (addr & MM_HPAGE_MASK) + MM_HPAGE_SIZE;
	leaf_unlock(&leaf);
	return target;
}

/* Move what is at addr: 0 or an error; *next is where to go on. */
static int move_page_at(struct mm *mm, unsigned long addr, enum migrate_to where,
			unsigned long *next)
{
	const struct vma *vma;
	struct target target = {.next = addr + MM_PAGE_SIZE};
	int err = 0;

	port_down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (!vma)
		err = -MM_EFAULT;
	else
		target = find_target(mm, vma, addr);
	port_up_read(&mm->mmap_lock);

	*next = target.next;
	if (!target.head)
		return err;
	if (where == MIGRATE_TO_ANY || page_is_movable(mm->machine, target.head))
		err = migrate_folio(mm->machine, target.head, target.shmem, where);
	put_page(mm->machine, target.head);
	if (target.shmem)
		shmem_put(mm->machine, target.shmem);
	return err;
}

int move_pages_range(struct mm *mm, unsigned long start, unsigned long end)
{
	int ret = 0;

	/* References from there would keep pages from moving. */
	lru_add_drain_all(mm->machine);
	for (unsigned long addr = start, next; addr < end; addr = next) {
		int err = move_page_at(mm, addr, MIGRATE_TO_ANY, &next);

		if (err == -MM_ENOMEM || err == -MM_EFAULT)
			return err;
		if (err)
			ret = -MM_EBUSY;
	}
	return ret;
}

int move_out_of_movable(struct mm *mm, unsigned long start, unsigned long end)
{
	lru_add_drain_all(mm->machine);
	for (unsigned long addr = start, next; addr < end; addr = next) {
		int err = move_page_at(mm, addr, MIGRATE_TO_UNMOVABLE, &next);

		if (err && err != -MM_EFAULT)
			return -MM_ENOMEM;
	}
	return 0;
}
