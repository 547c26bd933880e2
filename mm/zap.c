/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap.c - unmapping: entries go, then what CPUs have cached of them, then the pages */
#include "mm/internal.h"

void zap_flush(struct zap_batch *batch)
{
	if (batch->start < batch->end)
		flush_tlb_range(batch->mm, batch->start, batch->end);
	for (unsigned i = 0; i < batch->nr; i++) {
		free_swap_cache(batch->mm->machine, batch->pages[i]);
		put_page(batch->mm->machine, batch->pages[i]);
	}
	batch->start = batch->end;
	batch->nr = 0;
}

void zap_add(struct zap_batch *batch, unsigned long addr, unsigned long end, struct page *page)
{
	if (batch->start == batch->end)
		batch->start = addr;
	batch->end = end;
	if (!page)
		return;
	batch->pages[batch->nr++] = page;
	if (batch->nr == ZAP_BATCH)
		zap_flush(batch);
}

/* What names a swap slot lets go of it; the other entries that are not present hold nothing. */
static void zap_swap_pte(struct zap_batch *batch, pte_t pte)
{
	struct machine *machine = batch->mm->machine;

	if (swp_type(pte) == SWP_DEVICE)
		free_swap_and_cache(machine, pte);
}

bool zap_keeps_uffd_wp(const struct zap_batch *batch, pte_t pte)
{
	return !(batch->flags & ZAP_FLAG_DROP_MARKER) && uffd_wp_outlives(batch->vma, pte);
}

bool uffd_wp_outlives(const struct vma *vma, pte_t pte)
{
	if (vma_is_anonymous(vma) || !userfaultfd_wp(vma))
		return false;
	if (pte_present(pte))
		return pte_uffd_wp(pte);
	return pte & PTE_SWP_UFFD_WP || pte_marker_uffd_wp(pte);
}

static void zap_pte(void *context, unsigned long addr, port_entry *entry)
{
	struct zap_batch *batch = context;
	struct machine *machine = batch->mm->machine;
	pte_t pte = port_entry_xchg(entry, 0);
	struct page *page;

	if (zap_keeps_uffd_wp(batch, pte))
		port_entry_set(entry, make_pte_marker(PTE_MARKER_UFFD_WP));
	if (!pte_present(pte)) {
		zap_swap_pte(batch, pte);
		return;
	}
	page = vm_normal_page(machine, pte);
	/* The object's page goes on without the PTE; page-out has to know. */
	if (page && page_flag(page, PG_SHMEM) && pte_dirty(pte))
		set_page_dirty(machine, page);
	if (page)
		page_remove_rmap(machine, page);
	zap_add(batch, addr, addr + MM_PAGE_SIZE, page);
}

static void zap_pmd(void *context, unsigned long addr, port_entry *entry)
{
	zap_huge_pmd(context, addr, entry);
}

void zap_page_range(struct mm *mm, unsigned long start, unsigned long end, unsigned flags)
{
	static const struct mm_walk_ops ops = {.pte = zap_pte, .pmd = zap_pmd};
	struct zap_batch batch = {.mm = mm, .flags = flags};

	lru_add_drain(mm->machine);
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas; i++) {
		struct vma *vma = &mm->vmas[i];
		unsigned long from = vma->start > start ? vma->start : start;
		unsigned long to = vma->end < end ? vma->end : end;

		if (vma->start >= end)
			break;
		batch.vma = vma;
		if (vma->flags & VM_HUGETLB)
			unmap_hugepage_range(&batch, vma, from, to);
		else
			walk_page_range(mm, from, to, &ops, &batch);
	}
	zap_flush(&batch);
}
