/* SPDX-License-Identifier: GPL-2.0-or-later */
/* own.c - memory of which each worker expects what the rules promise, whatever the others do */
#include "stress.h"

#define PAGE_AREA    AREA(0)
#define ANON_AREA    AREA(1)
#define FILE_AREA    AREA(2)
#define HUGE_AREA    AREA(3)
#define HUGETLB_AREA AREA(4)

int own_map(struct stress *stress)
{
	static const unsigned rw = VM_READ | VM_WRITE;
	struct mm *mm = stress->mm;
	int err = mm_mmap(mm, PAGE_AREA, WORKERS * MM_PAGE_SIZE, rw);

	if (!err)
		err = mm_mmap(mm, ANON_AREA, WORKERS * MM_PAGE_SIZE, rw);
	if (!err)
		err = mm_mmap_file(mm, FILE_AREA, WORKERS * MM_PAGE_SIZE, rw, stress->file, 0);
	if (!err)
		err = mm_mmap(mm, HUGE_AREA, WORKERS * MM_HPAGE_SIZE, rw);
	if (!err && mm_has(MM_TRANSPARENT_HUGEPAGE))
		err = mm_madvise(mm, HUGE_AREA, WORKERS * MM_HPAGE_SIZE, MM_MADV_HUGEPAGE);
	if (!err)
		err = mm_mmap(mm, HUGETLB_AREA, WORKERS * MM_HPAGE_SIZE,
			      rw | (mm_has(MM_HUGETLB_PAGE) ? (unsigned)VM_HUGETLB : 0));
	return err;
}

/* An allocation that was made to fail is made again. */
static int store(struct mm *mm, unsigned long addr, uint32_t value)
{
	int err;

	do {
		err = mm_store(mm, addr, value);
	} while (err == -MM_ENOMEM);
	return err;
}

static int load(struct mm *mm, unsigned long addr, uint32_t *value)
{
	int err;

	do {
		err = mm_load(mm, addr, value);
	} while (err == -MM_ENOMEM);
	return err;
}

static void expect_value(const struct worker *worker, struct mm *mm, unsigned long addr,
			 const char *what, uint32_t expected)
{
	uint32_t value = 0;

	expect(worker, what, 0, load(mm, addr, &value));
	expect(worker, what, expected, value);
}

void own_init(struct worker *worker)
{
	unsigned long page = worker->cpu * MM_PAGE_SIZE;
	unsigned long hpage = worker->cpu * MM_HPAGE_SIZE;

	worker->own[OWN_PAGE].addr = PAGE_AREA + page;
	worker->own[OWN_ANON].addr = ANON_AREA + page;
	worker->own[OWN_FILE].addr = FILE_AREA + page;
	worker->own[OWN_HUGE_FIRST].addr = HUGE_AREA + hpage;
	worker->own[OWN_HUGE_LAST].addr = HUGE_AREA + hpage + MM_HPAGE_SIZE - MM_PAGE_SIZE;
	worker->own[OWN_HUGETLB].addr = HUGETLB_AREA + hpage;
	for (int i = 0; i < NR_OWN; i++) {
		struct own *own = &worker->own[i];

		own->value = next_random(&worker->seed);
		expect(worker, "first store", 0, store(worker->stress->mm, own->addr, own->value));
	}
}

/* What we wrote we read, however long ago. */
static void write_and_read(struct worker *worker, struct own *own)
{
	struct mm *mm = worker->stress->mm;

	expect_value(worker, mm, own->addr, "load of an old value", own->value);
	own->value = next_random(&worker->seed);
	expect(worker, "store", 0, store(mm, own->addr, own->value));
	expect_value(worker, mm, own->addr, "load", own->value);
}

/* A child sees what was there when it was forked, and neither sees what the other writes. */
static void fork_and_compare(struct worker *worker, struct own *own)
{
	struct mm *mm = worker->stress->mm;
	struct mm *child;
	uint32_t value = 0;
	int err;

	do {
		err = mm_fork(mm, &child);
	} while (err == -MM_ENOMEM);
	expect(worker, "fork", 0, err);
	expect(worker, "store", 0, store(mm, own->addr, own->value + 1));
	err = load(child, own->addr, &value);
	/* Where the pool is empty a child may lose what its parent needs. */
	if (err != -MM_SIGBUS || own != &worker->own[OWN_HUGETLB]) {
		expect(worker, "child's load", 0, err);
		expect(worker, "child's load", own->value, value);
		err = store(child, own->addr, own->value + 2);
		if (err != -MM_SIGBUS || own != &worker->own[OWN_HUGETLB])
			expect(worker, "child's store", 0, err);
	}
	own->value++;
	expect_value(worker, mm, own->addr, "parent's load", own->value);
	mm_destroy(child);
}

/*
 * Does a pin keep the page in place? Since v5.11 whoever forks meanwhile; whoever swaps it out or
 * moves it only since v5.19.
 */
static bool pins_hold(const struct worker *worker, const struct own *own)
{
	const struct mm_rules *rules = &worker->stress->machine->rules;

	if (rules->fork_seqcount != FORK_SEQCOUNT_YES)
		return false;
	return own == &worker->own[OWN_PAGE] || rules->wp_reuse == WP_REUSE_EXCLUSIVE;
}

/* What a device writes to a pinned page its owner reads. Where pins don't hold the counts do. */
static void pin_and_write(struct worker *worker, struct own *own)
{
	struct machine *machine = worker->stress->machine;
	struct mm *mm = worker->stress->mm;
	bool fast = next_random(&worker->seed) % 2;
	struct page *page;
	long ret;

	do {
		ret = fast ? pin_user_pages_fast(mm, own->addr, 1, FOLL_WRITE, &page)
			   : pin_user_pages(mm, own->addr, 1, FOLL_WRITE, &page);
	} while (ret == -MM_ENOMEM);
	expect(worker, "pin", 1, ret);
	for (int i = 0; i < 10; i++) {
		own->value = next_random(&worker->seed);
		expect(worker, "store", 0, store(mm, own->addr, own->value));
		if (!pins_hold(worker, own))
			continue;
		port_word_write(page_words(machine, page), ++own->value);
		expect_value(worker, mm, own->addr, "device's write", own->value);
	}
	unpin_user_page(machine, page);
}

void own_check(struct worker *worker)
{
	struct own *own = &worker->own[next_random(&worker->seed) % NR_OWN];

	switch (next_random(&worker->seed) % 4) {
	case 0:
		fork_and_compare(worker, own);
		break;
	case 1:
		pin_and_write(worker, own);
		break;
	default:
		write_and_read(worker, own);
		break;
	}
}

static void disturb_advise(struct mm *mm, unsigned long addr, unsigned long length, unsigned random)
{
	static const enum mm_advice advice[] = {
		MM_MADV_PAGEOUT,  MM_MADV_PAGEOUT,    MM_MADV_WILLNEED,
		MM_MADV_HUGEPAGE, MM_MADV_NOHUGEPAGE, MM_MADV_COLLAPSE,
	};

	mm_madvise(mm, addr, length, advice[random % (sizeof(advice) / sizeof(advice[0]))]);
}

/* Two pages of what may be merged get the same content now and then: the scan looks at all. */
static void disturb_ksm(struct mm *mm, unsigned long addr, unsigned random)
{
	switch (random % 4) {
	case 0:
		mm_madvise(mm, addr, MM_PAGE_SIZE, MM_MADV_UNMERGEABLE);
		break;
	case 1:
		ksm_do_scan(mm->machine);
		break;
	default:
		mm_madvise(mm, addr, MM_PAGE_SIZE, MM_MADV_MERGEABLE);
		break;
	}
}

static void disturb_hold(struct mm *mm, unsigned long addr, unsigned random)
{
	struct page *pages[4];
	uint32_t value;
	long ret;

	if (random % 4 == 0)
		mm_process_vm_readv(mm, addr, &value);
	if (random % 4 == 1)
		mm_ptrace_peekdata(mm, addr, &value);
	if (random % 4 == 2) {
		ret = get_user_pages_fast(mm, addr, 4, 0, pages);
		for (long i = 0; i < ret; i++)
			put_page(mm->machine, pages[i]);
	}
	if (random % 4 == 3) {
		ret = pin_user_pages_fast(mm, addr, 4, FOLL_LONGTERM, pages);
		for (long i = 0; i < ret; i++)
			unpin_user_page(mm->machine, pages[i]);
	}
}

void own_disturb(struct worker *worker)
{
	struct mm *mm = worker->stress->mm;
	unsigned kind = OWN_ANON + next_random(&worker->seed) % (NR_OWN - OWN_ANON);
	unsigned random = next_random(&worker->seed);
	unsigned long length = MM_PAGE_SIZE;
	/* Anybody's is where ours is, counted from the first. */
	unsigned other = next_random(&worker->seed) % WORKERS;
	unsigned long addr = worker->own[kind].addr;
	unsigned long step = kind >= OWN_HUGE_FIRST ? MM_HPAGE_SIZE : MM_PAGE_SIZE;

	addr = addr - worker->cpu * step + other * step;
	if (kind == OWN_HUGE_FIRST && random % 8 == 0)
		length = MM_HPAGE_SIZE;
	switch (next_random(&worker->seed) % 6) {
	case 0:
		mm_split_huge_page(mm, addr);
		break;
	case 1:
		mm_move_pages(mm, addr, MM_PAGE_SIZE);
		break;
	case 2:
		disturb_ksm(mm, addr, random);
		break;
	case 3:
		disturb_hold(mm, addr, random);
		break;
	case 4:
		mm_clear_refs(mm);
		break;
	default:
		disturb_advise(mm, addr, length, random / 8);
		break;
	}
}
