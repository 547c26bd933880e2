/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - a machine and its address spaces come and go */
#include "mm/internal.h"

/* Frame 0 is never given out, so that a PFN of 0 can mean none. */
#define ZERO_PFN       1
#define FIRST_FREE_PFN 2

static void free_machine(struct machine *machine)
{
	port_free(machine->lru_add);
	port_free(machine->cpus);
	port_free(machine->pages);
	port_free(machine->memory);
	port_free(machine);
}

static void init_frames(struct machine *machine)
{
	struct page *zero = pfn_to_page(machine, ZERO_PFN);

	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++) {
		struct page *page = pfn_to_page(machine, pfn);

		port_lock_init(&page->lock);
		port_spin_init(&page->ptl);
		port_atomic_set(&page->flags, PG_FREE);
		page->next_free = pfn + 1 < machine->nr_frames ? pfn + 1 : 0;
	}
	machine->zero_pfn = ZERO_PFN;
	port_atomic_set(&zero->refcount, 1);
	port_atomic_set(&zero->flags, PG_RESERVED);
	machine->first_free = FIRST_FREE_PFN;
	machine->nr_free = machine->nr_frames - FIRST_FREE_PFN;
}

struct machine *machine_create(const struct mm_rules *rules, unsigned nr_frames, unsigned nr_cpus)
{
	struct machine *machine;

	if (nr_frames <= FIRST_FREE_PFN || !nr_cpus)
		return NULL;
	machine = port_alloc(sizeof(*machine));
	if (!machine)
		return NULL;
	machine->rules = *rules;
	machine->nr_frames = nr_frames;
	machine->nr_cpus = nr_cpus;
	machine->memory = port_alloc(nr_frames * MM_PAGE_SIZE);
	machine->pages = port_alloc(nr_frames * sizeof(*machine->pages));
	machine->cpus = port_alloc(nr_cpus * sizeof(*machine->cpus));
	machine->lru_add = port_alloc(nr_cpus * sizeof(*machine->lru_add));
	if (!machine->memory || !machine->pages || !machine->cpus || !machine->lru_add) {
		free_machine(machine);
		return NULL;
	}

	port_spin_init(&machine->free_lock);
	port_spin_init(&machine->mm_lock);
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		port_cpu_init(&machine->cpus[cpu]);
	init_frames(machine);
	return machine;
}

void machine_destroy(struct machine *machine)
{
	BUG_ON(machine->mms);
	lru_add_drain_all(machine);
	free_machine(machine);
}

struct mm *mm_create(struct machine *machine)
{
	struct mm *mm = port_alloc(sizeof(*mm));

	if (!mm)
		return NULL;
	mm->machine = machine;
	port_rwsem_init(&mm->mmap_lock);
	port_spin_init(&mm->page_table_lock);
	if (pgd_alloc(mm)) {
		port_free(mm);
		return NULL;
	}

	port_spin_lock(&machine->mm_lock);
	mm->id = ++machine->last_mm_id;
	mm->next = machine->mms;
	machine->mms = mm;
	port_spin_unlock(&machine->mm_lock);
	return mm;
}

void mm_destroy(struct mm *mm)
{
	struct machine *machine = mm->machine;
	struct mm **link;

	port_down_write(&mm->mmap_lock);
	zap_page_range(mm, 0, MM_TASK_SIZE);
	free_pgtables(mm, 0, MM_TASK_SIZE, 0, MM_TASK_SIZE);
	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		if (mm->vmas[i].shmem)
			shmem_put(machine, mm->vmas[i].shmem);
	}
	port_up_write(&mm->mmap_lock);

	port_spin_lock(&machine->mm_lock);
	for (link = &machine->mms; *link != mm; link = &(*link)->next)
		BUG_ON(!*link);
	*link = mm->next;
	port_spin_unlock(&machine->mm_lock);
	pgd_free(mm);
	port_free(mm->vmas);
	port_free(mm);
}
