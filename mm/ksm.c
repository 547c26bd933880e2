/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.c - merging of equal pages, and taking merged pages apart again */
#include "mm/internal.h"

/*
 * Linux keeps two trees of pages, over scans. Here what is merged already is found by its flag, and
 * what could be merged by looking at all that the scan has passed: for few pages, and simple.
 */

/* A page that may be merged, and where it is mapped. Has a reference on the page, and on the mm. */
struct ksm_item {
	struct mm *mm;
	unsigned long addr;
	struct page *page;
};

/* The first mm after the one with that id, which stays valid until mm_drop(); or NULL. */
static struct mm *next_mm(struct machine *machine, unsigned id)
{
	struct mm *mm;

	port_down_read(&machine->rmap_lock);
	for (mm = machine->mms; mm && mm->id <= id; mm = mm->next)
		;
	if (mm)
		port_atomic_add_return(&mm->users, 1);
	port_up_read(&machine->rmap_lock);
	return mm;
}

static bool is_mergeable_at(const struct mm *mm, unsigned long addr)
{
	const struct vma *vma = find_vma(mm, addr);

	return vma && vma->flags & VM_MERGEABLE;
}

/* The anonymous base page that is mapped at addr, with a reference. mmap lock held. */
static struct page *get_anon_page(struct mm *mm, unsigned long addr)
{
	struct leaf leaf = leaf_lock(mm, addr);
	struct page *page = pte_present(leaf.pte) ? vm_normal_page(mm->machine, leaf.pte) : NULL;

	if (page && !page_is_anon(mm->machine, page))
		page = NULL;
	if (page)
		get_page(mm->machine, page);
	leaf_unlock(&leaf);
	return page;
}

/* From addr on in item->mm: the next page that may be merged. */
static bool next_in_mm(struct ksm_item *item, unsigned long addr)
{
	struct mm *mm = item->mm;

	port_down_read(&mm->mmap_lock);
	item->page = NULL;
	for (unsigned i = vma_index(mm, addr); !item->page && i < mm->nr_vmas; i++) {
		const struct vma *vma = &mm->vmas[i];

		if (!(vma->flags & VM_MERGEABLE))
			continue;
		if (addr < vma->start)
			addr = vma->start;
		for (; !item->page && addr < vma->end; addr += MM_PAGE_SIZE) {
			item->addr = addr;
			item->page = get_anon_page(mm, addr);
		}
	}
	port_up_read(&mm->mmap_lock);
	return item->page;
}

static void put_item_page(struct ksm_item *item)
{
	if (item->page)
		put_page(item->mm->machine, item->page);
	item->page = NULL;
}

/* Go on from an item, or from none (mm NULL) to the first. False: that was the last. */
static bool next_item(struct machine *machine, struct ksm_item *item)
{
	unsigned long addr = item->mm ? item->addr + MM_PAGE_SIZE : 0;

	if (!item->mm)
		item->mm = next_mm(machine, 0);
	else
		put_item_page(item);
	while (item->mm) {
		unsigned id = item->mm->id;

		if (next_in_mm(item, addr))
			return true;
		mm_drop(item->mm);
		item->mm = next_mm(machine, id);
		addr = 0;
	}
	return false;
}

static void stop_items(struct ksm_item *item)
{
	if (!item->mm)
		return;
	put_item_page(item);
	mm_drop(item->mm);
	item->mm = NULL;
}

static bool pages_identical(struct machine *machine, struct page *a, struct page *b)
{
	const uint32_t *x = page_words(machine, a);
	const uint32_t *y = page_words(machine, b);

	for (size_t i = 0; i < MM_PAGE_SIZE / sizeof(*x); i++) {
		if (port_word_read(&x[i]) != port_word_read(&y[i]))
			return false;
	}
	return true;
}

/*
 * Make the PTE clean and read-only, unless the page is held by somebody who may write to it without
 * the PTE. Page and PTE locks held; the page has our reference.
 */
static bool write_protect(const struct ksm_item *item, port_entry *entry)
{
	struct machine *machine = item->mm->machine;
	struct page *page = item->page;
	bool exclusive = page_flag(page, PG_ANON_EXCLUSIVE);
	pte_t pte = port_entry_read(entry);

	/* What nobody could write to anyway is not asked about references. */
	if (!pte_write(pte) && !pte_dirty(pte) && !exclusive)
		return true;
	pte = port_entry_xchg(entry, 0);
	flush_tlb_range(item->mm, item->addr, item->addr + MM_PAGE_SIZE);
	if (page_mapcount(machine, page) + 1 + folio_swapcache_refs(page) != page_count(page) ||
	    (exclusive && !page_try_share_anon_rmap(machine, page))) {
		port_entry_set(entry, pte);
		return false;
	}
	if (pte_dirty(pte))
		port_atomic_or(&page->flags, PG_DIRTY);
	port_entry_set(entry, pte & ~(PTE_RW | PTE_DIRTY));
	return true;
}

/* Map kpage in place of the item's page. Page and PTE locks held. */
static void replace_page(const struct ksm_item *item, const struct vma *vma, port_entry *entry,
			 struct page *kpage)
{
	struct machine *machine = item->mm->machine;

	get_page(machine, kpage);
	page_add_rmap(kpage);
	port_entry_xchg(entry, 0);
	flush_tlb_range(item->mm, item->addr, item->addr + MM_PAGE_SIZE);
	port_entry_set(entry, mk_pte(machine, kpage, vma));
	page_remove_rmap(machine, item->page);
	if (!folio_mapcount(item->page))
		try_to_free_swap(machine, item->page);
	put_page(machine, item->page);
}

/* With the PTE's lock held: kpage NULL makes the item's page itself a merged one. */
static bool merge_at(const struct ksm_item *item, const struct vma *vma, port_entry *entry,
		     struct page *kpage)
{
	struct machine *machine = item->mm->machine;
	pte_t pte = port_entry_read(entry);

	if (!pte_present(pte) || vm_normal_page(machine, pte) != item->page)
		return false;
	if (!write_protect(item, entry))
		return false;
	if (!kpage) {
		port_atomic_or(&item->page->flags, PG_KSM | PG_DIRTY);
		return true;
	}
	if (!pages_identical(machine, item->page, kpage))
		return false;
	replace_page(item, vma, entry, kpage);
	return true;
}

/* A part of a huge page is made a page of its own. Page lock held; false if that can't be. */
static bool split_for_merge(struct machine *machine, struct page *page)
{
	return !folio_is_large(compound_head(machine, page)) || !split_huge_page(machine, page);
}

/* try_to_merge_one_page(), with the page lock held. */
static bool merge_locked(const struct ksm_item *item, struct page *kpage)
{
	struct pte_lock lock;
	bool merged;

	if (!split_for_merge(item->mm->machine, item->page))
		return false;
	lock = pte_offset_lock(item->mm, item->addr);
	if (!lock.entry)
		return false;
	merged = merge_at(item, find_vma(item->mm, item->addr), lock.entry, kpage);
	pte_unlock(&lock);
	return merged;
}

/* try_to_merge_with_ksm_page(): the caller has references on both pages. */
static bool merge(const struct ksm_item *item, struct page *kpage)
{
	struct machine *machine = item->mm->machine;
	struct mm *mm = item->mm;
	bool merged = false;

	/* After a fork. */
	if (item->page == kpage)
		return true;
	port_down_read(&mm->mmap_lock);
	if (is_mergeable_at(mm, item->addr) &&
	    port_trylock(&compound_head(machine, item->page)->lock)) {
		merged = merge_locked(item, kpage);
		port_unlock(&compound_head(machine, item->page)->lock);
	}
	port_up_read(&mm->mmap_lock);
	return merged;
}

/* Does the item equal a page that is merged already? */
static bool merge_with_stable(const struct ksm_item *item)
{
	struct machine *machine = item->mm->machine;

	for (pfn_t pfn = 1; pfn < machine->nr_frames; pfn++) {
		struct page *kpage = pfn_to_page(machine, pfn);
		bool merged;

		if (!page_flag(kpage, PG_KSM) || !try_grab_page(machine, kpage, GRAB_GET))
			continue;
		merged = page_flag(kpage, PG_KSM) && pages_identical(machine, item->page, kpage) &&
			 merge(item, kpage);
		put_page(machine, kpage);
		if (merged)
			return true;
	}
	return false;
}

static void split_alone(struct machine *machine, struct page *page)
{
	if (!port_trylock(&compound_head(machine, page)->lock))
		return;
	split_for_merge(machine, page);
	port_unlock(&compound_head(machine, page)->lock);
}

static int break_ksm(struct mm *mm, unsigned long addr);

/* Two equal pages: the first becomes the merged one, which then takes the other's place, too. */
static bool merge_two(struct machine *machine, const struct ksm_item *item, struct ksm_item *other)
{
	/* Two references on one huge page would keep it from being split. */
	if (compound_head(machine, item->page) == compound_head(machine, other->page)) {
		put_page(machine, other->page);
		split_alone(machine, item->page);
		port_down_read(&other->mm->mmap_lock);
		other->page = get_anon_page(other->mm, other->addr);
		port_up_read(&other->mm->mmap_lock);
		if (!other->page)
			return false;
	}
	if (!merge(item, NULL))
		return false;
	if (merge(other, item->page))
		return true;
	/* A merged page with one PTE is of no use. */
	port_down_read(&item->mm->mmap_lock);
	if (is_mergeable_at(item->mm, item->addr))
		break_ksm(item->mm, item->addr);
	port_up_read(&item->mm->mmap_lock);
	return false;
}

/* Does the item equal one that the scan has passed? */
static void merge_with_passed(struct machine *machine, const struct ksm_item *item)
{
	struct ksm_item other = {0};
	bool merged = false;

	while (!merged && next_item(machine, &other)) {
		if (other.mm == item->mm && other.addr == item->addr)
			break;
		if (page_flag(other.page, PG_KSM) || other.page == item->page)
			continue;
		if (pages_identical(machine, item->page, other.page))
			merged = merge_two(machine, item, &other);
	}
	stop_items(&other);
}

int ksm_scan(struct machine *machine)
{
	struct ksm_item item = {0};

	/* References from there would keep pages from being merged. */
	lru_add_drain_all(machine);
	while (next_item(machine, &item)) {
		if (page_flag(item.page, PG_KSM) || merge_with_stable(&item))
			continue;
		merge_with_passed(machine, &item);
	}
	return 0;
}

/* Is a merged page mapped at addr? mmap lock held. */
static bool ksm_page_at(struct mm *mm, unsigned long addr)
{
	struct page *page = get_anon_page(mm, addr);
	bool merged = page && page_flag(page, PG_KSM);

	if (page)
		put_page(mm->machine, page);
	return merged;
}

/* Give addr a page of its own by a fault. mmap lock held. 0 or -ENOMEM. */
static int break_ksm(struct mm *mm, unsigned long addr)
{
	bool unshare = mm->machine->rules.ksm_unmerge == KSM_UNMERGE_UNSHARE;
	unsigned stop = VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_OOM;
	unsigned ret = 0;

	/*
	 * A write that a userfaultfd has to be told of fails with SIGBUS here, and the page stays
	 * merged, but nobody hears of that (6cce3314b928).
	 */
	while (!(ret & stop) && ksm_page_at(mm, addr))
		ret = handle_mm_fault(mm, find_vma(mm, addr), addr,
				      unshare ? FAULT_FLAG_UNSHARE : FAULT_FLAG_WRITE);
	return ret & VM_FAULT_OOM ? -MM_ENOMEM : 0;
}

int unmerge_ksm_pages(struct mm *mm, unsigned long start, unsigned long end)
{
	int err = 0;

	for (unsigned long addr = start; !err && addr < end; addr += MM_PAGE_SIZE)
		err = break_ksm(mm, addr);
	return err;
}

bool ksm_can_merge(const struct vma *vma)
{
	return !(vma->flags & (VM_SHARED | VM_HUGETLB));
}

bool reuse_ksm_page(struct page *page, const struct vma *vma, unsigned long addr)
{
	if (page_flag(page, PG_SWAPCACHE) || page_count(page) != 1)
		return false;
	page->index = linear_page_index(vma, addr);
	port_atomic_andnot(&page->flags, PG_KSM);
	return true;
}
