/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hugetlb_range.c - what fork and system calls do to hugetlb memory: share, unmap, protect, move */
#include "mm/hugetlb_pool.h"

/* The mappings of one page in parent and child while fork copies it. */
struct huge_pair {
	struct mm *dst;
	struct mm *src;
	struct vma *dst_vma;
	struct vma *src_vma;
	unsigned long addr;
	struct pte_lock dst_pmd;
	struct pte_lock src_pmd;
};

static void lock_pair(struct huge_pair *pair)
{
	pair->dst_pmd = pmd_offset_lock(pair->dst, pair->addr);
	pair->src_pmd = pmd_offset_lock(pair->src, pair->addr);
}

static void unlock_pair(struct huge_pair *pair)
{
	pte_unlock(&pair->src_pmd);
	pte_unlock(&pair->dst_pmd);
}

/* Since 4eae4efa2c29, v5.12, what may be pinned is copied here as with base pages. */
static bool huge_needs_copy_for_fork(struct mm *src, struct page *head)
{
	if (!page_needs_copy_for_fork(src, head))
		return false;
	if (src->machine->rules.hugetlb_fork != HUGETLB_FORK_SHARE)
		return true;
	port_atomic_andnot(&head->flags, PG_ANON_EXCLUSIVE);
	return false;
}

static void share_huge_page(struct huge_pair *pair, struct page *head)
{
	pte_t pte = port_entry_read(pair->src_pmd.entry);

	if (is_cow_mapping(pair->src_vma))
		pte = ptep_set_wrprotect(pair->src_pmd.entry) & ~PTE_RW;
	get_page(pair->src->machine, head);
	hpage_add_rmap(head);
	pte = userfaultfd_fork_entry(pair->dst, pair->dst_vma, pair->src_vma, pte);
	port_entry_set(pair->dst_pmd.entry, pte);
}

/* The entry of the child's copy. 5a2f8d22ace4: it stays write-protected. */
static pte_t copied_entry(const struct huge_pair *pair, const struct page *new, pte_t pte)
{
	const struct mm_rules *rules = &pair->src->machine->rules;
	bool writable = pair->dst_vma->flags & VM_WRITE ||
			rules->hugetlb_fork == HUGETLB_FORK_COPY_WRITABLE;
	pte_t entry = make_huge_pte(pair->src->machine, new, pair->dst_vma, writable);

	if (rules->hugetlb_uffd_wp != HUGETLB_UFFD_WP_KEEP)
		return entry;
	return userfaultfd_fork_copy(pair->dst, pair->dst_vma, pte, entry);
}

/* Give the child a copy. No lock of a PMD is held; -EAGAIN: the parent's entry has changed. */
static int copy_huge_page_for_fork(struct huge_pair *pair, struct page *head, pte_t pte)
{
	struct machine *machine = pair->src->machine;
	bool used_reserve, same;
	struct page *new =
		alloc_huge_page(pair->dst, pair->dst_vma, pair->addr, true, &used_reserve);

	if (!new)
		return -MM_ENOMEM;
	copy_huge_page(machine, new, head);
	lock_pair(pair);
	same = port_entry_read(pair->src_pmd.entry) == pte;
	if (same) {
		hugepage_add_new_anon_rmap(machine, new);
		port_entry_set(pair->dst_pmd.entry, copied_entry(pair, new, pte));
	}
	unlock_pair(pair);
	if (!same)
		put_page(machine, new);
	return same ? 0 : -MM_EAGAIN;
}

/* A page on its way: private, it arrives read-only for both. */
static void share_migration_entry(struct huge_pair *pair, pte_t pte)
{
	if (is_cow_mapping(pair->src_vma)) {
		pte = swp_entry(SWP_MIGRATION_READ, swp_offset(pte)) | (pte & SWP_FLAGS);
		port_entry_set(pair->src_pmd.entry, pte);
	}
	pte = userfaultfd_fork_entry(pair->dst, pair->dst_vma, pair->src_vma, pte);
	port_entry_set(pair->dst_pmd.entry, pte);
}

/* 0, -ENOMEM, or -EAGAIN: once more. */
static int copy_huge_entry(struct huge_pair *pair)
{
	struct machine *machine = pair->src->machine;
	struct page *head;
	int err;
	pte_t pte;

	lock_pair(pair);
	pte = port_entry_read(pair->src_pmd.entry);
	if (!pte_present(pte)) {
		if (is_migration_entry(pte))
			share_migration_entry(pair, pte);
		else if (pte_marker_uffd_wp(pte) && userfaultfd_wp(pair->dst_vma))
			port_entry_set(pair->dst_pmd.entry, pte);
		unlock_pair(pair);
		return 0;
	}
	head = pfn_to_page(machine, pte_pfn(pte));
	if (!is_cow_mapping(pair->src_vma) || !huge_needs_copy_for_fork(pair->src, head)) {
		share_huge_page(pair, head);
		unlock_pair(pair);
		return 0;
	}
	get_page(machine, head);
	unlock_pair(pair);
	err = copy_huge_page_for_fork(pair, head, pte);
	put_page(machine, head);
	return err;
}

/* What the child may lose, it has not lost yet. */
static void reset_vma_resv(struct machine *machine, struct vma *vma)
{
	port_down_write(&machine->rmap_lock);
	vma->hugetlb_lost = false;
	port_up_write(&machine->rmap_lock);
}

int copy_hugetlb_page_range(struct mm *dst, struct mm *src, struct vma *dst_vma,
			    struct vma *src_vma)
{
	const struct mm_rules *rules = &src->machine->rules;
	struct huge_pair pair = {.dst = dst, .src = src, .dst_vma = dst_vma, .src_vma = src_vma};
	/* 623a1ddfeb23, v5.19: until then a fast pin could slip in between look and protection. */
	bool seqcount = rules->fork_seqcount == FORK_SEQCOUNT_YES &&
			rules->hugetlb_seqcount == HUGETLB_SEQCOUNT_YES;
	int err = 0;

	reset_vma_resv(src->machine, dst_vma);
	if (seqcount)
		port_atomic_add_return(&src->write_protect_seq, 1);
	for (pair.addr = src_vma->start; !err && pair.addr < src_vma->end;
	     pair.addr += MM_HPAGE_SIZE) {
		port_entry *entry = pmd_lookup(src, pair.addr);

		if (!entry || pte_none(port_entry_read(entry)))
			continue;
		err = pmd_alloc(dst, pair.addr);
		if (!err) {
			do {
				err = copy_huge_entry(&pair);
			} while (err == -MM_EAGAIN);
		}
	}
	if (seqcount)
		port_atomic_add_return(&src->write_protect_seq, 1);
	return err;
}

/* Unmap one page, or only if it is `head`. Was it? */
static bool unmap_huge_page(struct zap_batch *batch, unsigned long addr, const struct page *head)
{
	struct machine *machine = batch->mm->machine;
	struct pte_lock lock = pmd_offset_lock(batch->mm, addr);
	struct page *page = NULL;
	pte_t pmd;

	if (!lock.entry)
		return false;
	pmd = port_entry_read(lock.entry);
	if (pte_present(pmd))
		page = pfn_to_page(machine, pte_pfn(pmd));
	if (pte_none(pmd) || (head && page != head)) {
		pte_unlock(&lock);
		return false;
	}
	port_entry_xchg(lock.entry, 0);
	if (zap_keeps_uffd_wp(batch, pmd))
		port_entry_set(lock.entry, make_pte_marker(PTE_MARKER_UFFD_WP));
	if (page) {
		hpage_remove_rmap(machine, page);
		restore_reserve_on_unmap(batch->mm, batch->vma, addr, page);
		zap_add(batch, addr, addr + MM_HPAGE_SIZE, page);
	}
	pte_unlock(&lock);
	return true;
}

void unmap_hugepage_range(struct zap_batch *batch, struct vma *vma, unsigned long start,
			  unsigned long end)
{
	(void)vma;
	for (unsigned long addr = start; addr < end; addr += MM_HPAGE_SIZE)
		unmap_huge_page(batch, addr, NULL);
}

void unmap_ref_private(struct mm *mm, const struct vma *vma, struct page *head, unsigned long addr)
{
	struct machine *machine = mm->machine;
	const struct hugetlb_map *map = vma->hugetlb;
	unsigned long pgoff = linear_page_index(vma, addr);

	/* The VMAs of other mms stay, and so do their tables. */
	port_down_write(&machine->rmap_lock);
	for (struct mm *other = machine->mms; other; other = other->next) {
		struct zap_batch batch = {.mm = other};

		for (unsigned i = 0; other != mm && i < other->nr_vmas; i++) {
			struct vma *at = &other->vmas[i];
			unsigned long nr = (at->end - at->start) >> MM_PAGE_SHIFT;
			unsigned long offset = (pgoff - at->pgoff) << MM_PAGE_SHIFT;

			if (at->hugetlb != map || pgoff < at->pgoff || pgoff - at->pgoff >= nr)
				continue;
			batch.vma = at;
			if (unmap_huge_page(&batch, at->start + offset, head))
				at->hugetlb_lost = true;
		}
		zap_flush(&batch);
	}
	port_up_write(&machine->rmap_lock);
}

int hugetlb_check_advice(const struct mm *mm, const struct vma *vma, enum mm_advice advice,
			 unsigned long addr, unsigned long *end)
{
	enum hugetlb_dontneed rule = mm->machine->rules.hugetlb_dontneed;

	if (!(vma->flags & VM_HUGETLB))
		return 0;
	switch (advice) {
	case MM_MADV_DONTNEED:
		if (rule == HUGETLB_DONTNEED_EINVAL || addr & ~MM_HPAGE_MASK)
			return -MM_EINVAL;
		if (rule == HUGETLB_DONTNEED_ROUND_UP)
			*end += MM_HPAGE_SIZE - 1;
		*end &= MM_HPAGE_MASK;
		return 0;
	case MM_MADV_WIPEONFORK:
	case MM_MADV_FREE:
	case MM_MADV_PAGEOUT:
	case MM_MADV_HUGEPAGE:
	case MM_MADV_COLLAPSE:
		return -MM_EINVAL;
	case MM_MADV_WILLNEED:
	case MM_MADV_MERGEABLE:
	case MM_MADV_UNMERGEABLE:
		/* Nothing to do. */
		*end = addr;
		return 0;
	default:
		return vma_can_split(mm, addr) ? -MM_EINVAL : vma_can_split(mm, *end);
	}
}
