/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgtable.c - the four levels of tables: finding, making and freeing them */
#include "mm/internal.h"

static unsigned level_shift(unsigned level)
{
	return MM_PAGE_SHIFT + (level - 1) * MM_TABLE_SHIFT;
}

/* How much one entry of a table at `level` maps. */
static unsigned long level_size(unsigned level)
{
	return 1UL << level_shift(level);
}

static unsigned table_index(unsigned long addr, unsigned level)
{
	return addr >> level_shift(level) & (MM_TABLE_ENTRIES - 1);
}

static port_entry *table_entries(const struct machine *machine, pfn_t table)
{
	return (port_entry *)(machine->memory + table * MM_PAGE_SIZE);
}

/* Entry of addr in the table at `level`, or NULL if there is no such table. Takes no lock. */
static port_entry *lookup_level(const struct mm *mm, unsigned long addr, unsigned level)
{
	pfn_t table = mm->pgd;

	for (unsigned at = MM_TOP_LEVEL; at > level; at--) {
		pte_t entry =
			port_entry_read(&table_entries(mm->machine, table)[table_index(addr, at)]);

		if (pte_none(entry))
			return NULL;
		table = pte_pfn(entry);
	}
	return &table_entries(mm->machine, table)[table_index(addr, level)];
}

port_entry *pte_lookup(const struct mm *mm, unsigned long addr)
{
	return lookup_level(mm, addr, 1);
}

struct pte_lock pte_offset_lock(struct mm *mm, unsigned long addr)
{
	port_entry *above = lookup_level(mm, addr, 2);
	struct pte_lock lock = {0};
	pte_t entry;

	if (!above)
		return lock;
	entry = port_entry_read(above);
	if (pte_none(entry))
		return lock;
	/* The mmap lock keeps the table: only its writer frees tables. */
	lock.ptl = &pfn_to_page(mm->machine, pte_pfn(entry))->ptl;
	lock.entry = &table_entries(mm->machine, pte_pfn(entry))[table_index(addr, 1)];
	port_spin_lock(lock.ptl);
	return lock;
}

void pte_unlock(struct pte_lock *lock)
{
	port_spin_unlock(lock->ptl);
	*lock = (struct pte_lock){0};
}

unsigned long pte_table_end(unsigned long addr, unsigned long end)
{
	unsigned long next = (addr & ~(level_size(2) - 1)) + level_size(2);

	return next < end ? next : end;
}

void walk_page_range(struct mm *mm, unsigned long start, unsigned long end,
		     void (*fn)(void *context, unsigned long addr, port_entry *entry),
		     void *context)
{
	for (unsigned long addr = start, next; addr < end; addr = next) {
		struct pte_lock lock = pte_offset_lock(mm, addr);
		port_entry *entry = lock.entry;

		next = pte_table_end(addr, end);
		if (!entry)
			continue;
		for (; addr < next; addr += MM_PAGE_SIZE, entry++) {
			if (!pte_none(port_entry_read(entry)))
				fn(context, addr, entry);
		}
		pte_unlock(&lock);
	}
}

/* A frame to become a table; nothing points to it yet. */
static struct page *alloc_table(struct machine *machine)
{
	struct page *page = alloc_zeroed_page(machine);

	if (page)
		port_atomic_or(&page->flags, PG_TABLE);
	return page;
}

int pgd_alloc(struct mm *mm)
{
	struct page *page = alloc_table(mm->machine);

	if (!page)
		return -MM_ENOMEM;
	mm->pgd = page_to_pfn(mm->machine, page);
	return 0;
}

void pgd_free(struct mm *mm)
{
	put_page(mm->machine, pfn_to_page(mm->machine, mm->pgd));
}

/* Make the table that *entry is to point to; somebody else may be quicker. */
static int alloc_level(struct mm *mm, port_entry *entry)
{
	struct page *page = alloc_table(mm->machine);

	if (!page)
		return -MM_ENOMEM;
	port_spin_lock(&mm->page_table_lock);
	if (pte_none(port_entry_read(entry))) {
		port_entry_set(entry, pfn_pte(page_to_pfn(mm->machine, page), TABLE_ENTRY_BITS));
		page = NULL;
	}
	port_spin_unlock(&mm->page_table_lock);
	if (page)
		put_page(mm->machine, page);
	return 0;
}

int pte_alloc(struct mm *mm, unsigned long addr)
{
	for (unsigned level = MM_TOP_LEVEL; level > 1; level--) {
		port_entry *entry = lookup_level(mm, addr, level);

		if (pte_none(port_entry_read(entry)) && alloc_level(mm, entry))
			return -MM_ENOMEM;
	}
	return 0;
}

/*
 * Free the table that `entry` points to, which maps [first, end). The order matters: once the entry
 * is clear and every CPU has answered the flush, no walk without locks is in it.
 */
static void free_table(struct mm *mm, port_entry *entry, unsigned long first, unsigned long end)
{
	pte_t old = port_entry_xchg(entry, 0);

	if (pte_none(old))
		return;
	flush_tlb_range(mm, first, end);
	put_page(mm->machine, pfn_to_page(mm->machine, pte_pfn(old)));
}

void free_pgtables(struct mm *mm, unsigned long start, unsigned long end, unsigned long floor,
		   unsigned long ceiling)
{
	/* Whole tables at the ends of the range may have become empty too. */
	for (unsigned level = 1; level < MM_TOP_LEVEL; level++) {
		unsigned long size = level_size(level + 1);
		unsigned long addr = start & ~(size - 1);

		while (addr < end) {
			port_entry *entry = lookup_level(mm, addr, level + 1);

			/* What has no table above needs no look at each of its parts. */
			if (!entry) {
				addr = (addr & ~(level_size(level + 2) - 1)) +
				       level_size(level + 2);
				continue;
			}
			if (addr >= floor && addr + size <= ceiling)
				free_table(mm, entry, addr, addr + size);
			addr += size;
		}
	}
}

void flush_tlb_range(struct mm *mm, unsigned long start, unsigned long end)
{
	port_tlb_flush(mm->machine->cpus, mm->machine->nr_cpus, mm->id, start >> MM_PAGE_SHIFT,
		       (end - 1) >> MM_PAGE_SHIFT);
}

pte_t mm_pte(struct mm *mm, unsigned long addr)
{
	struct port_cpu *cpu = &mm->machine->cpus[port_cpu_id()];
	port_entry *entry;
	pte_t pte;

	port_irq_disable(cpu);
	entry = pte_lookup(mm, addr);
	pte = entry ? port_entry_read(entry) : 0;
	port_irq_enable(cpu);
	return pte;
}
