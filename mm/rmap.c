/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rmap.c - from a page to what maps it: the counts, and the walk */
#include "mm/internal.h"

void page_add_new_anon_rmap(struct machine *machine, struct page *page, const struct vma *vma,
			    unsigned long addr)
{
	int flags = PG_ANON | PG_SWAPBACKED;

	if (machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE)
		flags |= PG_ANON_EXCLUSIVE;
	page->mapping = NULL;
	page->index = linear_page_index(vma, addr);
	port_atomic_or(&page->flags, flags);
	if (folio_is_large(page))
		hpage_add_rmap(page);
	else
		page_add_rmap(page);
	lru_cache_add(machine, page);
}

void page_add_rmap(struct page *page)
{
	port_atomic_add_return(&page->mapcount, 1);
}

void page_remove_rmap(struct machine *machine, struct page *page)
{
	(void)machine;
	BUG_ON(port_atomic_add_return(&page->mapcount, -1) < 0);
}

void hpage_add_rmap(struct page *head)
{
	port_atomic_add_return(&head->entire_mapcount, 1);
}

void hpage_remove_rmap(struct machine *machine, struct page *head)
{
	(void)machine;
	BUG_ON(port_atomic_add_return(&head->entire_mapcount, -1) < 0);
}

bool page_try_share_anon_rmap(const struct machine *machine, struct page *page)
{
	if (page_maybe_dma_pinned(machine, page))
		return false;
	port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
	return true;
}

int page_trans_huge_map_swapcount(const struct machine *machine, const struct page *page)
{
	const struct page *head = compound_head(machine, page);
	int most = 0;

	for (unsigned i = 0; i < folio_nr_pages(head); i++) {
		int count = page_mapcount(machine, head + i) + page_swapcount(machine, head + i);

		if (count > most)
			most = count;
	}
	return most;
}

/* Anonymous memory whose offset fits may be a false hit: then fn finds other entries. */
static bool may_map(const struct vma *vma, const struct page *head, unsigned long index)
{
	unsigned long nr = (vma->end - vma->start) >> MM_PAGE_SHIFT;

	if (page_flag(head, PG_KSM))
		return !(vma->flags & (VM_SHARED | VM_HUGETLB));
	if (head->mapping && vma->shmem != head->mapping)
		return false;
	return vma->pgoff <= index && index - vma->pgoff < nr;
}

/* A merged page has no place of its own: it may be anywhere in anonymous memory. */
static bool walk_vma(struct mm *mm, struct vma *vma, const struct page *head, unsigned long index,
		     bool (*fn)(void *context, const struct rmap_place *place), void *context)
{
	struct rmap_place place = {mm, vma, vma->start};

	if (!page_flag(head, PG_KSM)) {
		place.addr += (index - vma->pgoff) << MM_PAGE_SHIFT;
		return fn(context, &place);
	}
	for (; place.addr < vma->end; place.addr += MM_PAGE_SIZE) {
		if (!fn(context, &place))
			return false;
	}
	return true;
}

void rmap_walk(struct machine *machine, struct page *page,
	       bool (*fn)(void *context, const struct rmap_place *place), void *context)
{
	const struct page *head = compound_head(machine, page);
	unsigned long index = head->index + (unsigned long)(page - head);
	bool more = true;

	port_down_read(&machine->rmap_lock);
	for (struct mm *mm = machine->mms; more && mm; mm = mm->next) {
		for (unsigned i = 0; more && i < mm->nr_vmas; i++) {
			if (may_map(&mm->vmas[i], head, index))
				more = walk_vma(mm, &mm->vmas[i], head, index, fn, context);
		}
	}
	port_up_read(&machine->rmap_lock);
}
