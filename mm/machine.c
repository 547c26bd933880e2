/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - a machine and its address spaces come and go */
#include "mm/internal.h"

/* Frame 0 is never given out, so that a PFN of 0 can mean none. */
#define ZERO_PFN       1
#define FIRST_FREE_PFN 2

bool mm_has(enum mm_part part)
{
	static const bool has[] = {
		[MM_USERFAULTFD] = CONFIG_USERFAULTFD,
		[MM_TRANSPARENT_HUGEPAGE] = CONFIG_TRANSPARENT_HUGEPAGE,
		[MM_HUGETLB_PAGE] = CONFIG_HUGETLB_PAGE,
		[MM_SWAP] = CONFIG_SWAP,
		[MM_KSM] = CONFIG_KSM,
		[MM_MIGRATION] = CONFIG_MIGRATION,
	};

	return has[part];
}

static void free_machine(struct machine *machine)
{
	hugetlb_pool_destroy(machine);
	swap_destroy(machine);
	port_free(machine->pcp);
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
		port_atomic_set(&page->head, (int)pfn);
	}
	machine->zero_pfn = ZERO_PFN;
	port_atomic_set(&zero->refcount, 1);
	port_atomic_set(&zero->flags, PG_RESERVED);
	free_frames(machine, FIRST_FREE_PFN);
}

struct machine *machine_create(const struct mm_rules *rules, const struct machine_config *config)
{
	unsigned nr_frames = config->nr_frames;
	unsigned nr_cpus = config->nr_cpus;
	struct machine *machine;

	if (nr_frames <= FIRST_FREE_PFN || !nr_cpus)
		return NULL;
	machine = port_alloc(sizeof(*machine));
	if (!machine)
		return NULL;
	machine->rules = *rules;
	machine->nr_frames = nr_frames;
	machine->first_movable = nr_frames;
	if (config->nr_movable && config->nr_movable < nr_frames)
		machine->first_movable = (nr_frames - config->nr_movable + MM_HPAGE_NR - 1) /
					 MM_HPAGE_NR * MM_HPAGE_NR;
	machine->nr_cpus = nr_cpus;
	machine->memory = port_alloc(nr_frames * MM_PAGE_SIZE);
	machine->pages = port_alloc(nr_frames * sizeof(*machine->pages));
	machine->cpus = port_alloc(nr_cpus * sizeof(*machine->cpus));
	machine->lru_add = port_alloc(nr_cpus * sizeof(*machine->lru_add));
	machine->pcp = port_alloc(nr_cpus * sizeof(*machine->pcp));
	if (!machine->memory || !machine->pages || !machine->cpus || !machine->lru_add ||
	    !machine->pcp)
		goto fail;

	port_spin_init(&machine->free_lock);
	port_spin_init(&machine->uffd_lock);
	port_spin_init(&machine->swaplist_lock);
	port_rwsem_init(&machine->rmap_lock);
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		port_spin_init(&machine->lru_add[cpu].lock);
		port_spin_init(&machine->pcp[cpu].lock);
		port_cpu_init(&machine->cpus[cpu]);
	}
	init_frames(machine);
	if (hugetlb_pool_create(machine, config->nr_hugepages) || swap_create(machine, config))
		goto fail;
	return machine;

fail:
	free_machine(machine);
	return NULL;
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
	struct mm **link;

	if (!mm)
		return NULL;
	mm->machine = machine;
	port_atomic_set(&mm->users, 1);
	port_rwsem_init(&mm->mmap_lock);
	port_spin_init(&mm->page_table_lock);
	port_wait_init(&mm->uffd_idle);
	if (pgd_alloc(mm)) {
		port_free(mm);
		return NULL;
	}

	port_down_write(&machine->rmap_lock);
	mm->id = ++machine->last_mm_id;
	/* At the end: who follows a page from mm to mm comes to a parent before its child. */
	for (link = &machine->mms; *link; link = &(*link)->next)
		;
	*link = mm;
	port_up_write(&machine->rmap_lock);
	return mm;
}

void mm_kill(struct mm *mm)
{
	port_atomic_set(&mm->killed, 1);
	userfaultfd_kill(mm);
}

void mm_destroy(struct mm *mm)
{
	struct machine *machine = mm->machine;
	struct mm **link;

	userfaultfd_exit(mm);
	port_down_write(&mm->mmap_lock);
	zap_page_range(mm, 0, MM_TASK_SIZE, ZAP_FLAG_DROP_MARKER);
	/* Once the VMAs are gone nobody comes to the tables by way of a page. */
	vma_remove(mm, 0, MM_TASK_SIZE);
	free_pgtables(mm, 0, MM_TASK_SIZE, 0, MM_TASK_SIZE);
	port_up_write(&mm->mmap_lock);

	port_down_write(&machine->rmap_lock);
	for (link = &machine->mms; *link != mm; link = &(*link)->next)
		BUG_ON(!*link);
	*link = mm->next;
	port_up_write(&machine->rmap_lock);
	pgd_free(mm);
	port_free(mm->vmas);
	mm->vmas = NULL;
	mm_drop(mm);
}

void mm_drop(struct mm *mm)
{
	if (!port_atomic_add_return(&mm->users, -1))
		port_free(mm);
}
