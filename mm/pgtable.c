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
	port_entry *above = pmd_lookup(mm, addr);
	pte_t pmd = above ? port_entry_read(above) : 0;

	if (!pmd_table(pmd))
		return NULL;
	return &table_entries(mm->machine, pte_pfn(pmd))[table_index(addr, 1)];
}

port_entry *pmd_lookup(const struct mm *mm, unsigned long addr)
{
	return lookup_level(mm, addr, 2);
}

/* The lock of the table that an entry stands in. */
static struct port_spinlock *lock_of(const struct mm *mm, const port_entry *entry)
{
	const unsigned char *at = (const unsigned char *)entry;
	size_t offset = (size_t)(at - mm->machine->memory);

	return &pfn_to_page(mm->machine, (pfn_t)(offset >> MM_PAGE_SHIFT))->ptl;
}

struct pte_lock pmd_offset_lock(struct mm *mm, unsigned long addr)
{
	port_entry *entry = pmd_lookup(mm, addr);
	struct pte_lock lock = {0};

	if (!entry)
		return lock;
	/* The mmap lock keeps the table of PMDs: only its writer frees those. */
	lock.ptl = lock_of(mm, entry);
	lock.entry = entry;
	port_spin_lock(lock.ptl);
	return lock;
}

struct pte_lock pte_offset_lock(struct mm *mm, unsigned long addr)
{
	port_entry *above = pmd_lookup(mm, addr);
	struct pte_lock lock = {0};
	pte_t pmd = above ? port_entry_read(above) : 0;

	while (pmd_table(pmd)) {
		lock.entry = &table_entries(mm->machine, pte_pfn(pmd))[table_index(addr, 1)];
		lock.ptl = lock_of(mm, lock.entry);
		port_spin_lock(lock.ptl);
		/* Between look and lock a huge page may have come to be mapped here, or gone. */
		if (port_entry_read(above) == pmd)
			return lock;
		port_spin_unlock(lock.ptl);
		pmd = port_entry_read(above);
	}
	return (struct pte_lock){0};
}

void pte_unlock(struct pte_lock *lock)
{
	port_spin_unlock(lock->ptl);
	*lock = (struct pte_lock){0};
}

bool entries_lock(struct mm *mm, unsigned long first, unsigned long second, bool pmds,
		  struct pte_lock locks[2])
{
	locks[0].entry = pmds ? pmd_lookup(mm, first) : pte_lookup(mm, first);
	locks[1].entry = pmds ? pmd_lookup(mm, second) : pte_lookup(mm, second);
	if (!locks[0].entry || !locks[1].entry)
		return false;
	locks[0].ptl = lock_of(mm, locks[0].entry);
	locks[1].ptl = lock_of(mm, locks[1].entry);
	/* In the order of the frames, lest two who do this wait for each other. */
	if (locks[0].ptl < locks[1].ptl)
		port_spin_lock(locks[0].ptl);
	port_spin_lock(locks[1].ptl);
	if (locks[0].ptl > locks[1].ptl)
		port_spin_lock(locks[0].ptl);
	return true;
}

void entries_unlock(struct pte_lock locks[2])
{
	port_spin_unlock(locks[1].ptl);
	if (locks[0].ptl != locks[1].ptl)
		port_spin_unlock(locks[0].ptl);
}

struct leaf leaf_lock(struct mm *mm, unsigned long addr)
{
	struct leaf leaf = {.lock = pmd_offset_lock(mm, addr)};

	if (leaf.lock.entry) {
		leaf.pte = port_entry_read(leaf.lock.entry);
		leaf.huge = pmd_leaf(leaf.pte);
		if (leaf.huge) {
			leaf.pte = pmd_part(leaf.pte, addr);
			return leaf;
		}
		pte_unlock(&leaf.lock);
	}
	leaf.lock = pte_offset_lock(mm, addr);
	leaf.pte = leaf.lock.entry ? port_entry_read(leaf.lock.entry) : 0;
	return leaf;
}

void leaf_unlock(struct leaf *leaf)
{
	if (leaf->lock.entry)
		pte_unlock(&leaf->lock);
}

unsigned long pte_table_end(unsigned long addr, unsigned long end)
{
	unsigned long next = (addr & MM_HPAGE_MASK) + MM_HPAGE_SIZE;

	return next < end ? next : end;
}

/* What a PMD maps that is neither none nor a table. False: it is one of those. */
static bool walk_pmd(struct mm *mm, unsigned long start, unsigned long end,
		     const struct mm_walk_ops *ops, void *context)
{
	struct pte_lock lock = pmd_offset_lock(mm, start);
	pte_t pmd;

	if (!lock.entry)
		return false;
	pmd = port_entry_read(lock.entry);
	if (pte_none(pmd) || pmd_table(pmd)) {
		pte_unlock(&lock);
		return false;
	}
	if (end - start == MM_HPAGE_SIZE) {
		ops->pmd(context, start, lock.entry);
		pte_unlock(&lock);
		return true;
	}
	pte_unlock(&lock);
	split_huge_pmd(mm, start);
	return false;
}

void walk_page_range(struct mm *mm, unsigned long start, unsigned long end,
		     const struct mm_walk_ops *ops, void *context)
{
	for (unsigned long addr = start, next; addr < end; addr = next) {
		struct pte_lock lock;
		port_entry *entry;

		next = pte_table_end(addr, end);
		if (walk_pmd(mm, addr, next, ops, context))
			continue;
		lock = pte_offset_lock(mm, addr);
		entry = lock.entry;
		if (!entry)
			continue;
		for (; addr < next; addr += MM_PAGE_SIZE, entry++) {
			if (!pte_none(port_entry_read(entry)))
				ops->pte(context, addr, entry);
		}
		pte_unlock(&lock);
	}
}

struct page *alloc_table(struct machine *machine)
{
	struct page *page = alloc_unmovable(machine, 0);

	if (page)
		clear_page(machine, page);
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

/* Make the table that *entry, of a table at `level`, points to; somebody else may be quicker. */
static int alloc_level(struct mm *mm, port_entry *entry, unsigned level)
{
	struct port_spinlock *lock = level == 2 ? lock_of(mm, entry) : &mm->page_table_lock;
	struct page *page = alloc_table(mm->machine);

	if (!page)
		return -MM_ENOMEM;
	port_spin_lock(lock);
	if (pte_none(port_entry_read(entry))) {
		port_entry_set(entry, pfn_pte(page_to_pfn(mm->machine, page), TABLE_ENTRY_BITS));
		page = NULL;
	}
	port_spin_unlock(lock);
	if (page)
		put_page(mm->machine, page);
	return 0;
}

/* Make the tables down to that at level `lowest`. */
static int alloc_tables(struct mm *mm, unsigned long addr, unsigned lowest)
{
	for (unsigned level = MM_TOP_LEVEL; level > lowest; level--) {
		port_entry *entry = lookup_level(mm, addr, level);

		if (pte_none(port_entry_read(entry)) && alloc_level(mm, entry, level))
			return -MM_ENOMEM;
	}
	return 0;
}

int pmd_alloc(struct mm *mm, unsigned long addr)
{
	return alloc_tables(mm, addr, 2);
}

int pte_alloc(struct mm *mm, unsigned long addr)
{
	return alloc_tables(mm, addr, 1);
}

/* Deposited tables hang on the frame of the table of PMDs. */
static struct page *deposits_of(const struct mm *mm, const port_entry *pmd)
{
	size_t offset = (size_t)((const unsigned char *)pmd - mm->machine->memory);

	return pfn_to_page(mm->machine, (pfn_t)(offset >> MM_PAGE_SHIFT));
}

void pgtable_deposit(struct mm *mm, port_entry *pmd, struct page *table)
{
	struct page *at = deposits_of(mm, pmd);

	table->next_free = at->next_free;
	at->next_free = page_to_pfn(mm->machine, table);
}

struct page *pgtable_withdraw(struct mm *mm, port_entry *pmd)
{
	struct page *at = deposits_of(mm, pmd);
	struct page *table = pfn_to_page(mm->machine, at->next_free);

	BUG_ON(!at->next_free);
	at->next_free = table->next_free;
	table->next_free = 0;
	return table;
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
	BUG_ON(!pmd_table(old));
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

pte_t pmd_part(pte_t pmd, unsigned long addr)
{
	pte_t index = (addr & ~MM_HPAGE_MASK) >> MM_PAGE_SHIFT;

	return (pmd & ~PTE_PSE) + (index << PTE_PFN_SHIFT);
}

pte_t mm_pte(struct mm *mm, unsigned long addr)
{
	struct port_cpu *cpu = &mm->machine->cpus[port_cpu_id()];
	port_entry *entry;
	pte_t pte;

	port_irq_disable(cpu);
	entry = pmd_lookup(mm, addr);
	pte = entry ? port_entry_read(entry) : 0;
	if (pmd_leaf(pte)) {
		pte = pmd_part(pte, addr);
	} else {
		entry = pte_lookup(mm, addr);
		pte = entry ? port_entry_read(entry) : 0;
	}
	port_irq_enable(cpu);
	return pte;
}

bool mm_pmd_mapped(struct mm *mm, unsigned long addr)
{
	struct port_cpu *cpu = &mm->machine->cpus[port_cpu_id()];
	port_entry *entry;
	bool mapped;

	port_irq_disable(cpu);
	entry = pmd_lookup(mm, addr);
	mapped = entry && pmd_leaf(port_entry_read(entry));
	port_irq_enable(cpu);
	return mapped;
}
