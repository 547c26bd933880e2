/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.c - the copy of an address space: VMAs, and what they map */
#include "mm/internal.h"

/* The two PTEs of an address in parent and child while fork copies it. */
struct copy_pair {
	struct mm *dst;
	struct mm *src;
	struct vma *dst_vma;
	struct vma *src_vma;
	unsigned long addr;
	struct pte_lock dst_pte;
	struct pte_lock src_pte;
};

/*
 * Must the child get a copy of its own at once? Since 70e806e4e645 (v5.9) yes, where the page may
 * be pinned; since v5.19 that needs asking only for an exclusive page, for no other can have been
 * pinned reliably. Clears the exclusive mark of a page that is going to be shared.
 */
bool page_needs_copy_for_fork(struct mm *src, struct page *page)
{
	const struct mm_rules *rules = &src->machine->rules;
	bool pinned = rules->fork_pinned != FORK_PINNED_SHARE &&
		      port_atomic_read(&src->has_pinned) &&
		      page_maybe_dma_pinned(src->machine, page);

	if (rules->wp_reuse != WP_REUSE_EXCLUSIVE)
		return pinned;
	if (!page_flag(page, PG_ANON_EXCLUSIVE))
		return false;
	if (!pinned)
		port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
	return pinned;
}

pte_t ptep_set_wrprotect(port_entry *entry)
{
	pte_t pte = port_entry_read(entry);

	/* A CPU may set the accessed or dirty bit meanwhile. */
	while (pte_write(pte)) {
		pte_t found = port_entry_cmpxchg(entry, pte, pte & ~PTE_RW);

		if (found == pte)
			break;
		pte = found;
	}
	return pte;
}

/* Give the child `new` with the content of `page`; the parent's PTE stays as it is. */
static void copy_present_page(struct copy_pair *pair, const struct page *page, struct page *new)
{
	struct machine *machine = pair->src->machine;
	pte_t entry =
		maybe_mkwrite(pte_mkdirty(mk_pte(machine, new, pair->dst_vma)), pair->dst_vma);

	entry = userfaultfd_fork_copy(pair->dst, pair->dst_vma,
				      port_entry_read(pair->src_pte.entry), entry);
	copy_page(machine, new, page);
	page_add_new_anon_rmap(machine, new, pair->dst_vma, pair->addr);
	port_entry_set(pair->dst_pte.entry, entry);
}

static pte_t child_entry(const struct copy_pair *pair, pte_t pte)
{
	return userfaultfd_fork_entry(pair->dst, pair->dst_vma, pair->src_vma, pte);
}

/* Both map the page from now on; if it is private, neither may write to it. */
static void share_present_pte(struct copy_pair *pair, struct page *page)
{
	pte_t pte = port_entry_read(pair->src_pte.entry);

	if (is_cow_mapping(pair->src_vma))
		pte = ptep_set_wrprotect(pair->src_pte.entry) & ~PTE_RW;

	if (page) {
		get_page(pair->src->machine, page);
		page_add_rmap(page);
	}
	pte = child_entry(pair, pte);
	port_entry_set(pair->dst_pte.entry, pte & ~PTE_ACCESSED);
}

/* Copy one PTE. `*new` is a page to copy to, taken if used; -EAGAIN if one is needed. */
static int copy_present_pte(struct copy_pair *pair, struct page **new)
{
	const struct machine *machine = pair->src->machine;
	pte_t pte = port_entry_read(pair->src_pte.entry);
	struct page *page = vm_normal_page(machine, pte);

	/* What is read-only, fast GUP can't pin for writing while we look at the count. */
	if (machine->rules.fork_pinned == FORK_PINNED_PROTECT_COPY)
		pte = ptep_set_wrprotect(pair->src_pte.entry);
	if (!page || !is_cow_mapping(pair->src_vma) || !page_needs_copy_for_fork(pair->src, page)) {
		share_present_pte(pair, page);
		return 0;
	}
	if (machine->rules.fork_pinned == FORK_PINNED_PROTECT_COPY)
		port_entry_set(pair->src_pte.entry, pte);
	if (!*new)
		return -MM_EAGAIN;
	copy_present_page(pair, page, *new);
	*new = NULL;
	return 0;
}

/* A page that is not there, or on its way: the child gets the same entry. */
static void copy_nonpresent_pte(struct copy_pair *pair)
{
	struct machine *machine = pair->src->machine;
	pte_t pte = port_entry_read(pair->src_pte.entry);

	switch (swp_type(pte)) {
	case SWP_DEVICE:
		swap_duplicate(machine, pte);
		pte &= ~PTE_SWP_EXCLUSIVE;
		break;
	case SWP_MIGRATION_READ:
	case SWP_MIGRATION_READ_EXCLUSIVE:
	case SWP_MIGRATION_WRITE:
		pte = swp_entry(SWP_MIGRATION_READ, swp_offset(pte)) | (pte & SWP_FLAGS);
		break;
	case SWP_PTE_MARKER:
		if (userfaultfd_wp(pair->dst_vma))
			port_entry_set(pair->dst_pte.entry, pte);
		return;
	}
	port_entry_set(pair->src_pte.entry, pte);
	pte = child_entry(pair, pte);
	port_entry_set(pair->dst_pte.entry, pte);
}

/*
 * Copy the PTEs from pair->addr to `end`, all of one table, under the locks of both. On -EAGAIN
 * pair->addr is where to go on with a new page.
 */
static int copy_pte_table(struct copy_pair *pair, unsigned long end, struct page **new)
{
	struct port_spinlock *src_ptl, *dst_ptl;
	int err = 0;

	pair->dst_pte = pte_offset_lock(pair->dst, pair->addr);
	pair->src_pte = pte_offset_lock(pair->src, pair->addr);
	dst_ptl = pair->dst_pte.ptl;
	src_ptl = pair->src_pte.ptl;
	while (pair->addr < end) {
		pte_t pte = port_entry_read(pair->src_pte.entry);

		if (pte_present(pte))
			err = copy_present_pte(pair, new);
		else if (!pte_none(pte))
			copy_nonpresent_pte(pair);
		if (err)
			break;
		pair->dst_pte.entry++;
		pair->src_pte.entry++;
		pair->addr += MM_PAGE_SIZE;
	}
	port_spin_unlock(src_ptl);
	port_spin_unlock(dst_ptl);
	return err;
}

static int copy_pte_range(struct copy_pair *pair, unsigned long end)
{
	struct machine *machine = pair->src->machine;
	struct page *new = NULL;
	int err;

	if (pte_alloc(pair->dst, pair->addr))
		return -MM_ENOMEM;
	while ((err = copy_pte_table(pair, end, &new)) == -MM_EAGAIN) {
		/* No allocation under the locks. */
		new = alloc_page(machine);
		if (!new)
			return -MM_ENOMEM;
	}
	if (new)
		put_page(machine, new);
	return err;
}

/* What one PMD maps, up to `end`. */
static int copy_pmd(struct copy_pair *pair, unsigned long end)
{
	port_entry *entry = pmd_lookup(pair->src, pair->addr);
	pte_t pmd = entry ? port_entry_read(entry) : 0;

	if (pte_none(pmd))
		return 0;
	if (!pmd_table(pmd)) {
		int err = copy_huge_pmd(pair->dst, pair->src, pair->dst_vma, pair->src_vma,
					pair->addr);

		if (err != -MM_EAGAIN)
			return err;
	}
	return copy_pte_range(pair, end);
}

int copy_page_range(struct mm *dst, struct mm *src, struct vma *dst_vma, struct vma *src_vma)
{
	bool seqcount = src->machine->rules.fork_seqcount == FORK_SEQCOUNT_YES;
	struct copy_pair pair = {.dst = dst, .src = src, .dst_vma = dst_vma, .src_vma = src_vma};
	int err = 0;

	if (src_vma->flags & VM_HUGETLB)
		return copy_hugetlb_page_range(dst, src, dst_vma, src_vma);

	/* Fast GUP must not pin a page between our look at its count and the protection. */
	if (seqcount)
		port_atomic_add_return(&src->write_protect_seq, 1);
	for (unsigned long next = src_vma->start; !err && next < src_vma->end;) {
		pair.addr = next;
		next = pte_table_end(next, src_vma->end);
		err = copy_pmd(&pair, next);
	}
	if (seqcount)
		port_atomic_add_return(&src->write_protect_seq, 1);
	return err;
}

/* Give the child one VMA of its parent's, with its pages. Both mmap locks held. */
static int dup_vma(struct mm *child, struct mm *parent, struct vma *vma,
		   struct userfaultfd_ctx **forks)
{
	struct vma *copy;
	int err;

	if (vma->flags & VM_DONTCOPY)
		return 0;
	vma_insert(child, vma);
	copy = find_vma(child, vma->start);
	vma_get(copy);
	err = userfaultfd_dup(child, copy, forks);
	/* Shared memory is found again by faults; wiped memory starts empty. */
	if (err || vma->flags & VM_WIPEONFORK)
		return err;
	if (vma->flags & VM_SHARED && !userfaultfd_fork_copies(copy))
		return 0;
	return copy_page_range(child, parent, copy, vma);
}

int mm_fork(struct mm *parent, struct mm **child)
{
	struct mm *new = mm_create(parent->machine);
	struct userfaultfd_ctx *forks = NULL;
	int err;

	if (!new)
		return -MM_ENOMEM;
	port_down_write(&parent->mmap_lock);
	port_down_write(&new->mmap_lock);
	err = vma_reserve(new, parent->nr_vmas);
	for (unsigned i = 0; !err && i < parent->nr_vmas; i++)
		err = dup_vma(new, parent, &parent->vmas[i], &forks);
	/* Also after a failure: some entries are write-protected already. */
	flush_tlb_range(parent, 0, MM_TASK_SIZE);
	port_up_write(&new->mmap_lock);
	port_up_write(&parent->mmap_lock);
	userfaultfd_dup_complete(parent, forks, !err);

	if (err) {
		mm_destroy(new);
		return err;
	}
	*child = new;
	return 0;
}
