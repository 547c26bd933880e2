/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stress_mm.c - mm/ on real threads: forks, faults, pins and changes of the mapping at the same
 * time, under each row of the table
 *
 * Each thread has a page of its own in the mm that all share, and expects from it what the rules
 * promise, whatever the others do. At the end the accounting must hold and every frame be free
 * again. Made for ThreadSanitizer; the amount of work is fixed, not the time.
 */
#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/mm.h"
#include "threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS    4
#define HUGE_PAGES 3 /* of the pool */
#define FRAMES     (16384 + (HUGE_PAGES + 1) * MM_HPAGE_NR)
#define SLOTS      4096
#define ROUNDS     300
#define OWN_BASE   (1024 * MM_PAGE_SIZE)
#define CHAOS_BASE (4096 * MM_PAGE_SIZE)
#define CHAOS_NEXT (8192 * MM_PAGE_SIZE)
#define CHAOS_SIZE (4 * MM_PAGE_SIZE)
#define THP_BASE   (16384 * MM_PAGE_SIZE)
#define THP_NEXT   (32768 * MM_PAGE_SIZE)
#define HUGE_BASE  (64 * MM_HPAGE_SIZE)
#define HUGE_NEXT  (80 * MM_HPAGE_SIZE)
#define HUGE_SIZE  (2 * MM_HPAGE_SIZE)

/* Write-protects the pages that everybody uses, and lets go on who waits there. */
struct monitor {
	struct userfaultfd_ctx *ctx;
	unsigned cpu;
	atomic_bool stop;
	pthread_t thread;
};

struct worker {
	struct mm *mm;
	struct mm *huge; /* with hugetlb memory, whose forks may fail */
	unsigned cpu;
	unsigned seed;
	unsigned long own; /* the page that is ours */
};

static void fail(const struct worker *worker, const char *what, long expected, long found)
{
	printf("Bail out! thread %u: %s: expected %ld, found %ld\n", worker->cpu, what, expected,
	       found);
	exit(1);
}

static void expect(const struct worker *worker, const char *what, long expected, long found)
{
	if (expected != found)
		fail(worker, what, expected, found);
}

static unsigned next_random(struct worker *worker)
{
	worker->seed = worker->seed * 1103515245 + 12345;
	return worker->seed >> 16;
}

static void expect_value(const struct worker *worker, struct mm *mm, unsigned long addr,
			 const char *what, uint32_t expected)
{
	uint32_t value = 0;

	expect(worker, what, 0, mm_load(mm, addr, &value));
	expect(worker, what, expected, value);
}

/* What we write we read, though others fork meanwhile. */
static void write_and_read(struct worker *worker)
{
	uint32_t value = next_random(worker);

	expect(worker, "store", 0, mm_store(worker->mm, worker->own, value));
	expect_value(worker, worker->mm, worker->own, "load", value);
}

/* A child sees what was there when it was forked, and neither sees what the other writes. */
static void fork_and_compare(struct worker *worker)
{
	struct mm *child;

	expect(worker, "store", 0, mm_store(worker->mm, worker->own, 1));
	expect(worker, "fork", 0, mm_fork(worker->mm, &child));
	expect(worker, "store", 0, mm_store(worker->mm, worker->own, 2));
	expect_value(worker, child, worker->own, "child's load", 1);
	expect(worker, "child's store", 0, mm_store(child, worker->own, 3));
	expect_value(worker, worker->mm, worker->own, "parent's load", 2);
	mm_destroy(child);
}

/*
 * A pin keeps the page in place from v5.11 on, whoever forks meanwhile. Before, it need not: then
 * only the counts are at stake.
 */
static void pin_and_write(struct worker *worker)
{
	const struct mm_rules *rules = &worker->mm->machine->rules;
	struct page *page;
	long ret = next_random(worker) % 2
			   ? pin_user_pages_fast(worker->mm, worker->own, 1, FOLL_WRITE, &page)
			   : pin_user_pages(worker->mm, worker->own, 1, FOLL_WRITE, &page);

	expect(worker, "pin", 1, ret);
	for (int i = 0; i < 10; i++) {
		uint32_t value = next_random(worker);

		expect(worker, "store", 0, mm_store(worker->mm, worker->own, value));
		port_word_write(page_words(worker->mm->machine, page), value + 1);
		if (rules->fork_seqcount == FORK_SEQCOUNT_YES)
			expect_value(worker, worker->mm, worker->own, "device's write", value + 1);
	}
	unpin_user_page(worker->mm->machine, page);
}

/* Whatever moves or merges the page leaves its content as it is. */
static void reclaim_and_read(struct worker *worker)
{
	struct mm *mm = worker->mm;
	uint32_t value = next_random(worker) % 2;

	expect(worker, "store", 0, mm_store(mm, worker->own, value));
	for (int i = 0; i < 4; i++) {
		switch (next_random(worker) % 5) {
		case 0:
			mm_madvise(mm, worker->own, MM_PAGE_SIZE, MM_MADV_PAGEOUT);
			break;
		case 1:
			mm_madvise(mm, worker->own, MM_PAGE_SIZE, MM_MADV_WILLNEED);
			break;
		case 2:
			mm_move_pages(mm, worker->own, MM_PAGE_SIZE);
			break;
		case 3:
			mm_madvise(mm, worker->own, MM_PAGE_SIZE, MM_MADV_MERGEABLE);
			ksm_do_scan(mm->machine);
			break;
		case 4:
			mm_madvise(mm, worker->own, MM_PAGE_SIZE, MM_MADV_UNMERGEABLE);
			break;
		}
		expect_value(worker, mm, worker->own, "load", value);
		expect(worker, "store", 0, mm_store(mm, worker->own, ++value));
	}
}

static void get_and_put(struct worker *worker)
{
	struct page *pages[4];
	long ret = get_user_pages_fast(worker->mm, CHAOS_BASE, 4, 0, pages);

	for (long i = 0; i < ret; i++)
		put_page(worker->mm->machine, pages[i]);
}

/* What moves, merges and drops the pages that everybody maps. */
static void reclaim_chaos(struct worker *worker, unsigned long page)
{
	static const enum mm_advice advices[] = {MM_MADV_PAGEOUT,   MM_MADV_PAGEOUT,
						 MM_MADV_FREE,      MM_MADV_WILLNEED,
						 MM_MADV_MERGEABLE, MM_MADV_UNMERGEABLE};
	unsigned choice = next_random(worker) % 8;

	if (choice == 6)
		mm_move_pages(worker->mm, page, MM_PAGE_SIZE);
	else if (choice == 7)
		ksm_do_scan(worker->mm->machine);
	else
		mm_madvise(worker->mm, page, MM_PAGE_SIZE, advices[choice]);
}

/* Pages that everybody maps, moves, protects and drops; only the accounting is promised. */
static void chaos(struct worker *worker)
{
	struct mm *mm = worker->mm;
	unsigned long page = CHAOS_BASE + next_random(worker) % 4 * MM_PAGE_SIZE;
	uint32_t value;

	switch (next_random(worker) % 13) {
	case 0:
		mm_mmap(mm, CHAOS_BASE, CHAOS_SIZE, VM_READ | VM_WRITE);
		break;
	case 1:
		mm_mmap(mm, CHAOS_BASE, CHAOS_SIZE, VM_READ | VM_WRITE | VM_SHARED);
		break;
	case 2:
		mm_munmap(mm, page, MM_PAGE_SIZE);
		break;
	case 3:
		mm_mprotect(mm, page, MM_PAGE_SIZE, VM_READ);
		break;
	case 4:
		mm_mprotect(mm, CHAOS_BASE, CHAOS_SIZE, VM_READ | VM_WRITE);
		break;
	case 5:
		mm_madvise(mm, page, MM_PAGE_SIZE, MM_MADV_DONTNEED);
		break;
	case 6:
		mm_mremap(mm, page, MM_PAGE_SIZE, CHAOS_NEXT);
		mm_mremap(mm, CHAOS_NEXT, MM_PAGE_SIZE, page);
		break;
	case 7:
		mm_store(mm, page, next_random(worker));
		break;
	case 8:
		mm_load(mm, page, &value);
		break;
	case 9:
		mm_ptrace_pokedata(mm, page, next_random(worker));
		break;
	default:
		reclaim_chaos(worker, page);
		break;
	}
}

/* A child shares what the pool has too few pages to copy: one of the two may lose it. */
static void fork_hugetlb(struct worker *worker, unsigned long page)
{
	struct mm *child;
	uint32_t value;

	if (mm_fork(worker->huge, &child))
		return;
	mm_store(worker->huge, page, next_random(worker));
	mm_load(child, page, &value);
	mm_store(child, page, next_random(worker));
	mm_destroy(child);
}

static void pin_hugetlb(struct worker *worker, unsigned long page, unsigned flags)
{
	struct page *pinned;

	if (pin_user_pages_fast(worker->huge, page, 1, flags, &pinned) != 1)
		return;
	mm_store(worker->huge, page, next_random(worker));
	unpin_user_page(worker->mm->machine, pinned);
}

/* The same with hugetlb memory, of which there is not enough for all. */
static void hugetlb_chaos(struct worker *worker)
{
	struct mm *mm = worker->huge;
	unsigned long page = HUGE_BASE + next_random(worker) % 2 * MM_HPAGE_SIZE;

	switch (next_random(worker) % 12) {
	case 0:
		mm_mmap(mm, HUGE_BASE, HUGE_SIZE, VM_READ | VM_WRITE | VM_HUGETLB);
		break;
	case 1:
		mm_mmap(mm, HUGE_BASE, HUGE_SIZE, VM_READ | VM_WRITE | VM_SHARED | VM_HUGETLB);
		break;
	case 2:
		mm_munmap(mm, page, MM_HPAGE_SIZE);
		break;
	case 3:
		mm_mprotect(mm, page, MM_HPAGE_SIZE, VM_READ);
		break;
	case 4:
		mm_mprotect(mm, HUGE_BASE, HUGE_SIZE, VM_READ | VM_WRITE);
		break;
	case 5:
		mm_madvise(mm, page, MM_HPAGE_SIZE, MM_MADV_DONTNEED);
		break;
	case 6:
		mm_mremap(mm, page, MM_HPAGE_SIZE, HUGE_NEXT);
		mm_mremap(mm, HUGE_NEXT, MM_HPAGE_SIZE, page);
		break;
	case 7:
		fork_hugetlb(worker, page);
		break;
	case 8:
		pin_hugetlb(worker, page, FOLL_WRITE);
		break;
	case 9:
		pin_hugetlb(worker, page, 0);
		break;
	default:
		mm_store(mm, page + MM_PAGE_SIZE, next_random(worker));
		break;
	}
}

/* The same with two transparent huge pages, which come, are parted, and go. */
static void thp_chaos(struct worker *worker)
{
	struct mm *mm = worker->mm;
	unsigned long page = THP_BASE + next_random(worker) % MM_HPAGE_NR * MM_PAGE_SIZE;
	struct page *held;
	uint32_t value;

	switch (next_random(worker) % 12) {
	case 0:
		mm_mmap(mm, THP_BASE, 2 * MM_HPAGE_SIZE, VM_READ | VM_WRITE);
		mm_madvise(mm, THP_BASE, 2 * MM_HPAGE_SIZE, MM_MADV_HUGEPAGE);
		break;
	case 1:
		mm_madvise(mm, THP_BASE, MM_HPAGE_SIZE, MM_MADV_DONTNEED);
		break;
	case 2:
		mm_madvise(mm, page, MM_PAGE_SIZE, MM_MADV_DONTNEED);
		break;
	case 3:
		mm_mprotect(mm, page, MM_PAGE_SIZE, VM_READ);
		mm_mprotect(mm, THP_BASE, MM_HPAGE_SIZE, VM_READ | VM_WRITE);
		break;
	case 4:
		mm_mremap(mm, THP_BASE, MM_HPAGE_SIZE, THP_NEXT);
		mm_mremap(mm, THP_NEXT, MM_HPAGE_SIZE, THP_BASE);
		break;
	case 5:
		mm_split_huge_page(mm, page);
		break;
	case 6:
		mm_madvise(mm, THP_BASE, MM_HPAGE_SIZE, MM_MADV_COLLAPSE);
		break;
	case 7:
		mm_madvise(mm, THP_BASE, MM_HPAGE_SIZE, MM_MADV_PAGEOUT);
		break;
	case 8:
		if (pin_user_pages_fast(mm, page, 1, 0, &held) == 1)
			unpin_user_page(mm->machine, held);
		break;
	case 9:
		mm_load(mm, page, &value);
		break;
	default:
		mm_store(mm, page, next_random(worker));
		break;
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	port_set_cpu(worker->cpu);
	for (int round = 0; round < ROUNDS; round++) {
		switch (next_random(worker) % 8) {
		case 0:
			fork_and_compare(worker);
			break;
		case 1:
			pin_and_write(worker);
			break;
		case 2:
			get_and_put(worker);
			break;
		case 3:
			reclaim_and_read(worker);
			break;
		case 4:
			for (int i = 0; i < 2; i++)
				hugetlb_chaos(worker);
			break;
		case 5:
			thp_chaos(worker);
			break;
		default:
			for (int i = 0; i < 8; i++)
				chaos(worker);
			write_and_read(worker);
			break;
		}
	}
	return NULL;
}

/* What is not free though nobody has it: what waits to be reclaimed, and the huge zero page. */
static unsigned kept_frames(const struct machine *machine)
{
	unsigned nr = machine->huge_zero_pfn ? MM_HPAGE_NR : 0;

	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++) {
		const struct page *page = pfn_to_page(machine, pfn);

		if (port_atomic_read(&page->flags) & PG_SWAPCACHE)
			nr += 1U << page->order;
	}
	return nr;
}

/* What has been mapped anew meanwhile is not ours any more, but who waits there must go on. */
static void resolve(const struct monitor *monitor, const struct uffd_msg *msg)
{
	if (msg->flags & UFFD_PAGEFAULT_FLAG_WP)
		uffdio_writeprotect(monitor->ctx, msg->address, MM_PAGE_SIZE, 0);
	else if (uffdio_copy(monitor->ctx, msg->address, 1, 0))
		uffdio_zeropage(monitor->ctx, msg->address, MM_PAGE_SIZE, 0);
	uffdio_wake(monitor->ctx, msg->address, MM_PAGE_SIZE);
}

static void *watch(void *argument)
{
	struct monitor *monitor = argument;

	port_set_cpu(monitor->cpu);
	for (unsigned round = 0; !atomic_load(&monitor->stop); round++) {
		struct uffd_msg msg;

		if (!userfaultfd_read(monitor->ctx, &msg)) {
			resolve(monitor, &msg);
			continue;
		}
		uffdio_register(monitor->ctx, CHAOS_BASE, CHAOS_SIZE,
				UFFDIO_REGISTER_MODE_MISSING |
					(round % 4 ? (unsigned)UFFDIO_REGISTER_MODE_WP : 0));
		uffdio_writeprotect(monitor->ctx, CHAOS_BASE + round % 4 * MM_PAGE_SIZE,
				    MM_PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP);
		if (round % 16 == 0)
			uffdio_unregister(monitor->ctx, CHAOS_BASE, CHAOS_SIZE);
		/* Nor does that wake those who wait for a write-protected page. */
		uffdio_wake(monitor->ctx, CHAOS_BASE, CHAOS_SIZE);
		sched_yield();
	}
	return NULL;
}

/* False: mm/ is built without userfaultfd. */
static bool start_monitor(struct monitor *monitor, struct mm *mm, unsigned cpu)
{
	*monitor = (struct monitor){.cpu = cpu};
	if (userfaultfd_create(mm, 0, &monitor->ctx))
		return false;
	if (pthread_create(&monitor->thread, NULL, watch, monitor)) {
		printf("Bail out! no thread\n");
		exit(1);
	}
	return true;
}

static void stop_monitor(struct monitor *monitor)
{
	atomic_store(&monitor->stop, true);
	pthread_join(monitor->thread, NULL);
	userfaultfd_close(monitor->ctx);
}

static void check_accounting(struct machine *machine, unsigned free_before, bool all_free)
{
	struct audit_frame *frames = calloc(machine->nr_frames, sizeof(*frames));
	struct audit_result result;

	if (!frames || !mm_audit(machine, frames, &result)) {
		printf("Bail out! accounting: frame %u: finding %d, expected %d, found %d\n",
		       frames ? result.pfn : 0, frames ? (int)result.finding : 0,
		       frames ? result.expected : 0, frames ? result.found : 0);
		exit(1);
	}
	free(frames);
	if (all_free && machine->nr_free + kept_frames(machine) != free_before) {
		printf("Bail out! %u frames lost\n", free_before - machine->nr_free);
		exit(1);
	}
}

static void stress(const struct mm_rules *rules)
{
	struct machine *machine =
		machine_create(rules, &(struct machine_config){.nr_frames = FRAMES,
							       .nr_cpus = THREADS + 1,
							       .nr_hugepages = HUGE_PAGES,
							       .nr_swap_slots = SLOTS});
	unsigned free_before = machine ? machine->nr_free : 0;
	struct mm *mm = machine ? mm_create(machine) : NULL;
	struct mm *huge = machine ? mm_create(machine) : NULL;
	pthread_t threads[THREADS];
	struct worker workers[THREADS];
	struct monitor monitor;
	bool monitored;

	if (!mm || !huge || mm_mmap(mm, OWN_BASE, THREADS * MM_PAGE_SIZE, VM_READ | VM_WRITE) ||
	    mm_mmap(mm, CHAOS_BASE, CHAOS_SIZE, VM_READ | VM_WRITE) ||
	    mm_mmap(mm, THP_BASE, 2 * MM_HPAGE_SIZE, VM_READ | VM_WRITE)) {
		printf("Bail out! out of memory\n");
		exit(1);
	}
	monitored = start_monitor(&monitor, mm, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){mm, huge, i, i + 1, OWN_BASE + i * MM_PAGE_SIZE};
		if (pthread_create(&threads[i], NULL, work, &workers[i])) {
			printf("Bail out! no thread\n");
			exit(1);
		}
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (monitored)
		stop_monitor(&monitor);

	check_accounting(machine, free_before, false);
	mm_destroy(mm);
	mm_destroy(huge);
	for (unsigned cpu = 0; cpu <= THREADS; cpu++) {
		port_set_cpu(cpu);
		lru_add_drain(machine);
	}
	port_set_cpu(0);
	check_accounting(machine, free_before, true);
	machine_destroy(machine);
}

int main(void)
{
	printf("TAP version 13\n1..%d\n", mm_nr_eras);
	for (int i = 0; i < mm_nr_eras; i++) {
		struct mm_rules rules = mm_eras[i].rules;

		/* That bug frees a locked page once in a while, and would be found here. */
		rules.wp_unlock = WP_UNLOCK_BEFORE_PTL;
		stress(&rules);
		printf("ok %d %s\n", i + 1, mm_eras[i].name);
	}
	return 0;
}
