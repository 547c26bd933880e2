/* SPDX-License-Identifier: GPL-2.0-or-later */
/* khugepaged.c - MADV_COLLAPSE: base pages become one huge page */
#include "mm/internal.h"

/* One collapse. mmap lock and rmap_lock held for writing, the PTE table cut off from the PMD. */
struct collapse {
	struct machine *machine;
	const struct vma *vma;
	port_entry *ptes;
	struct page *new;
};

/* What a PTE maps; NULL for nothing, and for the zero page. */
static struct page *collapse_page(const struct collapse *collapse, unsigned i)
{
	pte_t pte = port_entry_read(&collapse->ptes[i]);

	return pte_present(pte) ? vm_normal_page(collapse->machine, pte) : NULL;
}

/* The folio's head, if no PTE before this one maps a part of the same. */
static struct page *first_of_folio(const struct collapse *collapse, unsigned i)
{
	struct page *page = collapse_page(collapse, i);
	struct page *head = page ? compound_head(collapse->machine, page) : NULL;

	if (!head || !folio_is_large(head))
		return head;
	for (unsigned before = 0; before < i; before++) {
		page = collapse_page(collapse, before);
		if (page && compound_head(collapse->machine, page) == head)
			return NULL;
	}
	return head;
}

/* Is the folio held by mappings and caches only? Another CPU's LRU cache would be drained. */
static bool is_refcount_suitable(const struct page *head)
{
	int expected = folio_mapcount(head) + folio_swapcache_refs(head);

	return page_count(head) == expected + !page_flag(head, PG_LRU);
}

/* May this PTE be part of a huge page's? 0 or an error. */
static int check_pte(const struct collapse *collapse, pte_t pte)
{
	const struct page *page;

	if (pte_none(pte) || (pte_present(pte) && pte_special(pte)))
		return collapse->vma->flags & VM_UFFD_FLAGS ? -MM_EINVAL : 0;
	if (!pte_present(pte) || pte_uffd_wp(pte))
		return -MM_EINVAL;
	page = vm_normal_page(collapse->machine, pte);
	if (!page_is_anon(collapse->machine, page))
		return -MM_EINVAL;
	if (!is_refcount_suitable(compound_head(collapse->machine, page)))
		return -MM_EAGAIN;
	return 0;
}

/* All of them: and one at least has to be writable. */
static int check_ptes(const struct collapse *collapse)
{
	bool writable = false;
	int err = 0;

	for (unsigned i = 0; !err && i < MM_TABLE_ENTRIES; i++) {
		pte_t pte = port_entry_read(&collapse->ptes[i]);

		err = check_pte(collapse, pte);
		writable |= pte_present(pte) && pte_write(pte);
	}
	if (!err && !writable)
		err = -MM_EINVAL;
	return err;
}

static void unlock_pages(const struct collapse *collapse, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		struct page *head = first_of_folio(collapse, i);

		if (head)
			port_unlock(&head->lock);
	}
}

static int lock_pages(const struct collapse *collapse)
{
	for (unsigned i = 0; i < MM_TABLE_ENTRIES; i++) {
		struct page *head = first_of_folio(collapse, i);

		if (head && !port_trylock(&head->lock)) {
			unlock_pages(collapse, i);
			return -MM_EAGAIN;
		}
	}
	return 0;
}

static void copy_pages(const struct collapse *collapse)
{
	for (unsigned i = 0; i < MM_TABLE_ENTRIES; i++) {
		const struct page *page = collapse_page(collapse, i);

		if (page)
			copy_page(collapse->machine, collapse->new + i, page);
		else
			clear_page(collapse->machine, collapse->new + i);
	}
}

static void drop_pages(const struct collapse *collapse)
{
	for (unsigned i = 0; i < MM_TABLE_ENTRIES; i++) {
		struct page *page = collapse_page(collapse, i);

		port_entry_set(&collapse->ptes[i], 0);
		if (!page)
			continue;
		page_remove_rmap(collapse->machine, page);
		free_swap_cache(collapse->machine, page);
		put_page(collapse->machine, page);
	}
}

/*
 * Put the new huge page in place of what the table maps, if that can be: 0 or an error. Nobody can
 * come by the PMD, which is locked.
 */
static int replace_table(struct mm *mm, const struct vma *vma, unsigned long addr,
			 port_entry *entry, struct page *new)
{
	struct machine *machine = mm->machine;
	pte_t pmd = port_entry_xchg(entry, 0);
	struct page *table = pfn_to_page(machine, pte_pfn(pmd));
	struct collapse collapse = {machine, vma, (port_entry *)page_words(machine, table), new};
	int err;

	/* From here on no CPU can reach the pages, nor fast GUP take them. */
	flush_tlb_range(mm, addr, addr + MM_HPAGE_SIZE);
	err = check_ptes(&collapse);
	if (!err)
		err = lock_pages(&collapse);
	if (err) {
		port_entry_set(entry, pmd);
		return err;
	}
	copy_pages(&collapse);
	unlock_pages(&collapse, MM_TABLE_ENTRIES);
	drop_pages(&collapse);
	pgtable_deposit(mm, entry, table);
	page_add_new_anon_rmap(machine, new, vma, addr);
	port_entry_set(entry, mk_huge_pmd(machine, new, vma));
	return 0;
}

/* Bring back what is in swap: 0 or an error. */
static int swap_in_range(struct mm *mm, struct vma *vma, unsigned long start)
{
	for (unsigned long addr = start; addr < start + MM_HPAGE_SIZE; addr += MM_PAGE_SIZE) {
		pte_t pte = mm_pte(mm, addr);
		unsigned ret;

		if (!is_swap_pte(pte) || swp_type(pte) != SWP_DEVICE)
			continue;
		ret = handle_mm_fault(mm, vma, addr, 0);
		if (ret & VM_FAULT_OOM)
			return -MM_ENOMEM;
		if (ret & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON))
			return -MM_EINVAL;
	}
	return 0;
}

static int collapse_huge_page(struct mm *mm, struct vma *vma, unsigned long addr)
{
	struct machine *machine = mm->machine;
	struct pte_lock lock;
	struct page *new;
	pte_t pmd;
	int err = swap_in_range(mm, vma, addr);

	if (err)
		return err;
	new = alloc_hpage(machine);
	if (!new)
		return -MM_ENOMEM;
	port_down_write(&machine->rmap_lock);
	lock = pmd_offset_lock(mm, addr);
	pmd = lock.entry ? port_entry_read(lock.entry) : 0;
	if (pmd_table(pmd))
		err = replace_table(mm, vma, addr, lock.entry, new);
	else
		err = pmd_leaf(pmd) ? 0 : -MM_EINVAL;
	if (lock.entry)
		pte_unlock(&lock);
	port_up_write(&machine->rmap_lock);
	if (err || !pmd_table(pmd))
		put_page(machine, new);
	return err;
}

int madvise_collapse(struct mm *mm, unsigned long start, unsigned long end)
{
	struct vma *vma = find_vma(mm, start);
	unsigned long addr = (start + MM_HPAGE_SIZE - 1) & MM_HPAGE_MASK;
	int err = 0;

	if (mm->machine->rules.madv_collapse == MADV_COLLAPSE_EINVAL)
		return -MM_EINVAL;
	if (!vma_is_anonymous(vma) || vma->flags & VM_NOHUGEPAGE)
		return -MM_EINVAL;
	lru_add_drain(mm->machine);
	for (; addr + MM_HPAGE_SIZE <= end; addr += MM_HPAGE_SIZE) {
		int failed = collapse_huge_page(mm, vma, addr);

		if (failed)
			err = failed;
	}
	return err;
}
