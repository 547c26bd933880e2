/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chaos.c - memory of every kind that everybody maps, moves, advises, protects and drops */
#include "stress.h"

enum region_kind {
	REGION_ANON,
	REGION_SHARED,
	REGION_FILE,
	REGION_HUGE,
	REGION_HUGETLB,
	REGION_MONITORED,
	NR_REGIONS,
};

struct region {
	unsigned long addr;
	unsigned long next; /* where mremap() moves it */
	unsigned long length;
};

#define SMALL (4 * MM_PAGE_SIZE)
#define LARGE (2 * MM_HPAGE_SIZE)

static const struct region regions[NR_REGIONS] = {
	[REGION_ANON] = {AREA(8), AREA(16), SMALL},
	[REGION_SHARED] = {AREA(9), AREA(17), SMALL},
	[REGION_FILE] = {AREA(10), AREA(18), SMALL},
	[REGION_HUGE] = {AREA(11), AREA(19), LARGE},
	[REGION_HUGETLB] = {AREA(12), AREA(20), LARGE},
	[REGION_MONITORED] = {AREA(13), AREA(21), SMALL},
};

unsigned long chaos_monitored(unsigned long *length)
{
	*length = regions[REGION_MONITORED].length;
	return regions[REGION_MONITORED].addr;
}

static int map_region(struct stress *stress, enum region_kind kind, unsigned random)
{
	const struct region *region = &regions[kind];
	unsigned flags = VM_READ | VM_WRITE;
	struct mm *mm = stress->mm;
	int err;

	switch (kind) {
	case REGION_FILE:
		flags |= random % 4 ? 0 : (unsigned)VM_SHARED;
		return mm_mmap_file(mm, region->addr, region->length, flags, stress->file, WORKERS);
	case REGION_SHARED:
		flags |= VM_SHARED;
		break;
	case REGION_HUGETLB:
		if (mm_has(MM_HUGETLB_PAGE))
			flags |= VM_HUGETLB;
		flags |= random % 4 ? 0 : (unsigned)VM_SHARED;
		break;
	case REGION_MONITORED:
		flags |= random % 4 ? 0 : (unsigned)VM_SHARED;
		break;
	default:
		break;
	}
	err = mm_mmap(mm, region->addr, region->length, flags);
	if (!err && kind == REGION_HUGE && mm_has(MM_TRANSPARENT_HUGEPAGE))
		err = mm_madvise(mm, region->addr, region->length, MM_MADV_HUGEPAGE);
	return err;
}

int chaos_map(struct stress *stress)
{
	int err = 0;

	for (int kind = 0; !err && kind < NR_REGIONS; kind++)
		err = map_region(stress, (enum region_kind)kind, 1);
	return err;
}

/* A part of a region. */
struct part {
	struct worker *worker;
	struct mm *mm;
	enum region_kind kind;
	const struct region *region;
	unsigned long addr;
	unsigned long length;
};

static struct part random_part(struct worker *worker)
{
	struct part part = {
		.worker = worker,
		.mm = worker->stress->mm,
		.kind = (enum region_kind)(next_random(&worker->seed) % NR_REGIONS),
	};
	unsigned long unit = MM_PAGE_SIZE;

	part.region = &regions[part.kind];
	/* Huge pages as a whole are a lot of work; parts of them are much of the trouble. */
	if (part.kind == REGION_HUGETLB || next_random(&worker->seed) % 8 == 0)
		unit = part.region->length == LARGE ? MM_HPAGE_SIZE : SMALL;
	part.addr = part.region->addr;
	part.addr += next_random(&worker->seed) % (part.region->length / unit) * unit;
	part.length = unit;
	return part;
}

static void chaos_map_again(const struct part *part)
{
	if (next_random(&part->worker->seed) % 2)
		map_region(part->worker->stress, part->kind, next_random(&part->worker->seed));
	else
		mm_munmap(part->mm, part->addr, part->length);
}

static void chaos_protect(const struct part *part)
{
	if (next_random(&part->worker->seed) % 2)
		mm_mprotect(part->mm, part->addr, part->length, VM_READ);
	else
		mm_mprotect(part->mm, part->region->addr, part->region->length, VM_READ | VM_WRITE);
}

static void chaos_advise(const struct part *part)
{
	enum mm_advice advice = next_random(&part->worker->seed) % (MM_MADV_UNMERGEABLE + 1);

	/* A scan compares each with each. */
	if (advice == MM_MADV_MERGEABLE && part->length > SMALL)
		return;
	mm_madvise(part->mm, part->addr, part->length, advice);
}

static void chaos_move(const struct part *part)
{
	unsigned long to = part->addr - part->region->addr + part->region->next;

	if (next_random(&part->worker->seed) % 4 == 0) {
		mm_move_pages(part->mm, part->addr, part->length);
		return;
	}
	mm_mremap(part->mm, part->addr, part->length, to);
	mm_mremap(part->mm, to, part->length, part->addr);
}

/* Somebody else holds pages meanwhile, as many as can be had. */
static void chaos_hold(const struct part *part)
{
	struct machine *machine = part->worker->stress->machine;
	struct page *pages[4];
	bool pinned;
	long ret = iov_iter_extract_pages(part->mm, part->addr, 4,
					  next_random(&part->worker->seed) % 2 ? FOLL_WRITE : 0,
					  pages, &pinned);

	for (long i = 0; i < ret; i++) {
		if (pinned)
			unpin_user_page(machine, pages[i]);
		else
			put_page(machine, pages[i]);
	}
}

static void chaos_touch(const struct part *part)
{
	unsigned random = next_random(&part->worker->seed);
	uint32_t value;

	switch (random % 8) {
	case 0:
		mm_ptrace_pokedata(part->mm, part->addr, random % 4);
		break;
	case 1:
		mm_process_vm_writev(part->mm, part->addr, random % 4);
		break;
	case 2:
	case 3:
		mm_load(part->mm, part->addr, &value);
		break;
	default:
		/* Few values, so that pages are equal at times. */
		mm_store(part->mm, part->addr, random % 4);
		break;
	}
}

/* A child that lives for a moment, and touches what it has got. */
static void chaos_fork(const struct part *part)
{
	struct mm *child;
	uint32_t value;

	if (mm_fork(part->mm, &child))
		return;
	mm_kill(child); /* nobody would resolve what it waits for */
	mm_store(child, part->addr, 1);
	mm_load(child, part->addr, &value);
	mm_madvise(child, part->addr, part->length, MM_MADV_PAGEOUT);
	mm_destroy(child);
}

static void chaos_machine(const struct part *part)
{
	unsigned random = next_random(&part->worker->seed);

	if (random % 4 == 0)
		ksm_do_scan(part->mm->machine);
	else if (random % 4 == 1)
		port_fail_allocation(1 + random / 4 % 16);
	else if (random % 8 == 2)
		swap_end_writeback(part->mm->machine);
	else
		mm_split_huge_page(part->mm, part->addr);
}

void chaos(struct worker *worker)
{
	struct part part = random_part(worker);

	switch (next_random(&worker->seed) % 16) {
	case 0:
		chaos_map_again(&part);
		break;
	case 1:
		chaos_protect(&part);
		break;
	case 2:
	case 3:
	case 4:
		chaos_advise(&part);
		break;
	case 5:
		chaos_move(&part);
		break;
	case 6:
	case 7:
		chaos_hold(&part);
		break;
	case 8:
		chaos_fork(&part);
		break;
	case 9:
		chaos_machine(&part);
		break;
	default:
		chaos_touch(&part);
		break;
	}
}
