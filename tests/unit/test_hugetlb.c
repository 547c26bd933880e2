/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_hugetlb.c - the pool of huge pages, reservations, and what faults and calls do, era by era
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/hugetlb_pool.h"
#include "threads.h"

#define POOL   4
#define FRAMES ((POOL + 2) * MM_HPAGE_NR)
#define BASE   (1UL << 30)
#define OTHER  (2UL << 30)
#define HUGE   MM_HPAGE_SIZE
#define RW     (VM_READ | VM_WRITE)

static struct machine *machine;
static struct mm *mm;

static void begin(const char *era)
{
	machine = machine_create(
		&mm_era_find(era)->rules,
		&(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 1, .nr_hugepages = POOL});
	assert_non_null(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
}

static void audit(struct page *held, bool pinned)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	if (held)
		mm_audit_hold(machine, frames, held, pinned);
	if (!mm_audit(machine, frames, &result))
		fail_msg("finding %d at %u: %d expected, %d found", result.finding, result.pfn,
			 result.expected, result.found);
}

/* What the pool says: pages that are free, and how many of them are kept for somebody. */
static void pool_is(unsigned nr_free, int nr_reserved)
{
	audit(NULL, false);
	assert_int_equal(machine->hugetlb->nr_free, nr_free);
	assert_int_equal(machine->hugetlb->nr_reserved, nr_reserved);
}

static void end(void)
{
	port_fail_allocation(0);
	audit(NULL, false);
	mm_destroy(mm);
	pool_is(POOL, 0);
	machine_destroy(machine);
}

static int map(unsigned long addr, unsigned nr, unsigned flags)
{
	return mm_mmap(mm, addr, nr * HUGE, flags | VM_HUGETLB);
}

static uint32_t load(struct mm *in, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(in, addr, &value), 0);
	return value;
}

static int load_error(struct mm *in, unsigned long addr)
{
	uint32_t value;

	return mm_load(in, addr, &value);
}

static void store(struct mm *in, unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(in, addr, value), 0);
}

static struct mm *fork_child(struct mm *parent)
{
	struct mm *child;

	assert_int_equal(mm_fork(parent, &child), 0);
	return child;
}

static struct page *pin(struct mm *in, unsigned long addr, unsigned flags)
{
	struct page *page;

	assert_int_equal(pin_user_pages_fast(in, addr, 1, flags, &page), 1);
	return page;
}

/* hugetlb_reserve_pages(): -ENOMEM unless each page of the mapping can be had. */
static void mmap_reserves(void **state)
{
	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 3, RW), 0);
	pool_is(POOL, 3);
	assert_int_equal(map(OTHER, 2, RW), -MM_ENOMEM);
	assert_int_equal(map(OTHER, 2, RW | VM_SHARED), -MM_ENOMEM);
	assert_int_equal(map(OTHER, 1, RW | VM_SHARED), 0);
	pool_is(POOL, 4);
	assert_int_equal(mm_munmap(mm, BASE + HUGE, HUGE), 0);
	pool_is(POOL, 3);
	store(mm, BASE, 1);
	store(mm, BASE + 2 * HUGE, 1);
	pool_is(2, 1);
	/* What was there is gone before the pool is asked, and its pages count. */
	assert_int_equal(map(BASE, 3, RW), 0);
	pool_is(POOL, 4);
	assert_int_equal(load(mm, BASE), 0);
	end();
}

static void a_machine_without_a_pool_has_no_hugetlb(void **state)
{
	struct machine_config config = {.nr_frames = 64, .nr_cpus = 1};

	(void)state;
	machine = machine_create(&mm_era_find("v6.18")->rules, &config);
	mm = mm_create(machine);
	assert_int_equal(map(BASE, 1, RW), -MM_ENOMEM);
	mm_destroy(mm);
	machine_destroy(machine);
	/* And a pool that does not fit into memory makes no machine. */
	config.nr_hugepages = 1;
	assert_null(machine_create(&mm_era_find("v6.18")->rules, &config));
}

/* hugetlbfs_file_mmap(), hugetlb_vm_op_split(): whole huge pages only. */
static void parts_of_pages_are_refused(void **state)
{
	(void)state;
	begin("v6.18");
	assert_int_equal(mm_mmap(mm, BASE + MM_PAGE_SIZE, HUGE, RW | VM_HUGETLB), -MM_EINVAL);
	/* mmap() rounds the length up. */
	assert_int_equal(mm_mmap(mm, BASE, HUGE + 1, RW | VM_HUGETLB), 0);
	store(mm, BASE + 2 * HUGE - MM_PAGE_SIZE, 1);
	assert_int_equal(mm_munmap(mm, BASE, MM_PAGE_SIZE), -MM_EINVAL);
	assert_int_equal(mm_munmap(mm, BASE + MM_PAGE_SIZE, HUGE), -MM_EINVAL);
	assert_int_equal(mm_mprotect(mm, BASE, MM_PAGE_SIZE, VM_READ), -MM_EINVAL);
	assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_DONTFORK), -MM_EINVAL);
	assert_int_equal(mm_mmap(mm, BASE + MM_PAGE_SIZE, MM_PAGE_SIZE, RW), -MM_EINVAL);
	assert_int_equal(load(mm, BASE + 2 * HUGE - MM_PAGE_SIZE), 1);
	end();
}

static void a_page_is_mapped_as_a_whole(void **state)
{
	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	assert_int_equal(load(mm, BASE + MM_PAGE_SIZE), 0);
	assert_true(mm_pmd_mapped(mm, BASE));
	assert_int_equal(machine->hugetlb->nr_free, POOL - 1);
	for (unsigned i = 0; i < MM_HPAGE_NR; i++)
		store(mm, BASE + i * MM_PAGE_SIZE, i);
	for (unsigned i = 0; i < MM_HPAGE_NR; i++)
		assert_int_equal(load(mm, BASE + i * MM_PAGE_SIZE), i);
	end();
}

/* A page that comes back from the pool shows nothing of its last owner. */
static void pages_are_cleared(void **state)
{
	(void)state;
	begin("v6.18");
	for (int round = 0; round < POOL + 1; round++) {
		assert_int_equal(map(BASE, 1, RW), 0);
		assert_int_equal(load(mm, BASE + HUGE - MM_PAGE_SIZE), 0);
		store(mm, BASE + HUGE - MM_PAGE_SIZE, 1);
	}
	end();
}

/* HPAGE_RESV_OWNER: what is reserved is for whoever called mmap(). */
static void a_child_has_no_reservation(void **state)
{
	struct mm *child;

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, POOL, RW), 0);
	child = fork_child(mm);
	assert_int_equal(load_error(child, BASE), -MM_SIGBUS);
	assert_int_equal(mm_store(child, BASE, 1), -MM_SIGBUS);
	pool_is(POOL, POOL);
	for (unsigned i = 0; i < POOL; i++)
		store(mm, BASE + i * HUGE, 1);
	pool_is(0, 0);
	mm_destroy(child);
	end();
}

/* What nobody has reserved a child can have; it gives it back when it ends. */
static void a_child_takes_what_is_free(void **state)
{
	struct mm *child;

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 2, RW), 0);
	store(mm, BASE, 1);
	child = fork_child(mm);
	store(child, BASE, 2);
	store(child, BASE + HUGE, 3);
	pool_is(1, 1);
	assert_int_equal(load(mm, BASE), 1);
	assert_int_equal(load(mm, BASE + HUGE), 0);
	mm_destroy(child);
	pool_is(2, 0);
	end();
}

/* unmap_ref_private(): the owner's promise is kept at the cost of the children. */
static void an_owner_takes_its_page_back(const char *era)
{
	struct mm *child, *grandchild;

	begin(era);
	assert_int_equal(map(BASE, POOL, RW), 0);
	for (unsigned i = 0; i < POOL - 1; i++)
		store(mm, BASE + i * HUGE, i + 1);
	child = fork_child(mm);
	grandchild = fork_child(child);
	/* One page is left, and it is reserved. */
	pool_is(1, 1);
	store(mm, BASE, 10);
	pool_is(1, 1);
	assert_int_equal(load_error(child, BASE), -MM_SIGBUS);
	assert_int_equal(load_error(grandchild, BASE), -MM_SIGBUS);
	assert_int_equal(load(mm, BASE), 10);
	/* What they still have they keep. */
	assert_int_equal(load(child, BASE + HUGE), 2);
	assert_int_equal(mm_store(child, BASE + HUGE, 3), -MM_SIGBUS);
	/* HPAGE_RESV_UNMAPPED: nothing new in that VMA, even where there are pages. */
	mm_destroy(grandchild);
	assert_int_equal(mm_munmap(mm, BASE + 2 * HUGE, 2 * HUGE), 0);
	assert_true((int)machine->hugetlb->nr_free > machine->hugetlb->nr_reserved);
	assert_int_equal(load_error(child, BASE), -MM_SIGBUS);
	assert_int_equal(load_error(child, BASE + 3 * HUGE), -MM_SIGBUS);
	/* A child's own child starts anew. */
	grandchild = fork_child(child);
	assert_int_equal(load(grandchild, BASE), 0);
	mm_destroy(grandchild);
	mm_destroy(child);
	end();
}

static void an_owner_with_an_empty_pool(void **state)
{
	(void)state;
	for (int i = 0; i < mm_nr_eras; i++)
		an_owner_takes_its_page_back(mm_eras[i].name);
}

static void a_pin_keeps_a_page_out_of_the_pool(void **state)
{
	struct page *page;

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	page = pin(mm, BASE + MM_PAGE_SIZE, FOLL_WRITE);
	audit(page, true);
	assert_int_equal(mm_munmap(mm, BASE, HUGE), 0);
	audit(page, true);
	assert_int_equal(machine->hugetlb->nr_free, POOL - 1);
	unpin_user_page(machine, page);
	pool_is(POOL, 0);
	end();
}

/* 4eae4efa2c29 */
static void fork_and_a_pinned_page(void **state)
{
	struct page *page;
	struct mm *child;

	(void)state;
	begin("v5.11");
	assert_int_equal(map(BASE, 1, RW), 0);
	store(mm, BASE, 1);
	page = pin(mm, BASE, FOLL_WRITE);
	child = fork_child(mm);
	assert_int_equal(machine->hugetlb->nr_free, POOL - 1);
	assert_false(pte_write(mm_pte(mm, BASE)));
	mm_destroy(child);
	unpin_user_page(machine, page);
	end();

	begin("v5.12");
	assert_int_equal(map(BASE, 1, RW), 0);
	store(mm, BASE, 1);
	page = pin(mm, BASE, FOLL_WRITE);
	child = fork_child(mm);
	assert_int_equal(machine->hugetlb->nr_free, POOL - 2);
	assert_true(pte_write(mm_pte(mm, BASE)));
	assert_int_equal(load(child, BASE), 1);
	audit(page, true);
	mm_destroy(child);
	unpin_user_page(machine, page);
	end();
}

/* The copy must not come out of anybody's reservation. */
static void fork_fails_where_it_can_not_copy(void **state)
{
	struct page *page;
	struct mm *child;

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, POOL, RW), 0);
	store(mm, BASE, 1);
	page = pin(mm, BASE, FOLL_WRITE);
	assert_int_equal(mm_fork(mm, &child), -MM_ENOMEM);
	audit(page, true);
	assert_int_equal(machine->hugetlb->nr_free, POOL - 1);
	assert_int_equal(machine->hugetlb->nr_reserved, POOL - 1);
	assert_int_equal(load(mm, BASE), 1);
	unpin_user_page(machine, page);
	end();
}

static void shared_pages_are_the_objects(void **state)
{
	struct mm *child;

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 2, RW | VM_SHARED), 0);
	child = fork_child(mm);
	store(child, BASE, 1);
	assert_int_equal(load(mm, BASE), 1);
	pool_is(POOL - 1, 1);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	assert_int_equal(mm_munmap(child, BASE, 2 * HUGE), 0);
	pool_is(POOL - 1, 1);
	assert_int_equal(load(mm, BASE), 1);
	/* The child can touch what is reserved for the object, not for a process. */
	mm_destroy(child);
	assert_int_equal(map(OTHER, 2, RW), 0);
	child = fork_child(mm);
	store(child, BASE + HUGE, 2);
	assert_int_equal(load(mm, BASE + HUGE), 2);
	mm_destroy(child);
	end();
}

/* 90e7e7f5ef3f, 8ebe0a5eaaeb */
static void dontneed_goes_by_whole_pages(void **state)
{
	(void)state;
	begin("v5.17");
	assert_int_equal(map(BASE, 1, RW), 0);
	store(mm, BASE, 1);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), -MM_EINVAL);
	assert_int_equal(load(mm, BASE), 1);
	end();

	begin("v5.18");
	assert_int_equal(map(BASE, 2, RW), 0);
	store(mm, BASE, 1);
	store(mm, BASE + HUGE, 2);
	assert_int_equal(mm_madvise(mm, BASE + MM_PAGE_SIZE, HUGE, MM_MADV_DONTNEED), -MM_EINVAL);
	assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	assert_int_equal(load(mm, BASE), 0);
	assert_int_equal(load(mm, BASE + HUGE), 2);
	end();

	begin("v6.1");
	assert_int_equal(map(BASE, 2, RW), 0);
	store(mm, BASE, 1);
	store(mm, BASE + HUGE, 2);
	assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	assert_int_equal(load(mm, BASE), 1);
	assert_int_equal(mm_madvise(mm, BASE, HUGE + MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	assert_int_equal(load(mm, BASE), 0);
	assert_int_equal(load(mm, BASE + HUGE), 2);
	end();
}

/*
 * The owner gives a page back that a child still has. Then others may have what is free, and it
 * dies of what it had reserved once; from v6.9 (df7a6d1f6405) on it is reserved again.
 */
static void dontneed_and_the_reservation(void **state)
{
	struct mm *child;

	(void)state;
	begin("v6.8");
	assert_int_equal(map(BASE, POOL, RW), 0);
	store(mm, BASE, 1);
	child = fork_child(mm);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	pool_is(POOL - 1, POOL - 1);
	assert_int_equal(load_error(mm, BASE), -MM_SIGBUS);
	mm_destroy(child);
	pool_is(POOL, POOL - 1);
	assert_int_equal(load(mm, BASE), 0);
	end();

	begin("v6.9");
	assert_int_equal(map(BASE, POOL, RW), 0);
	store(mm, BASE, 1);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	pool_is(POOL, POOL);
	store(mm, BASE, 2);
	child = fork_child(mm);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	/* The child has it still: the page in its stead is one that was meant for another place. */
	pool_is(POOL - 1, POOL - 1);
	assert_int_equal(load(mm, BASE), 0);
	pool_is(POOL - 2, POOL - 2);
	mm_destroy(child);
	pool_is(POOL - 1, POOL - 1);
	end();
}

static void advice_that_hugetlb_refuses(void **state)
{
	static const enum mm_advice refused[] = {MM_MADV_WIPEONFORK, MM_MADV_FREE, MM_MADV_PAGEOUT,
						 MM_MADV_HUGEPAGE};
	static const enum mm_advice allowed[] = {MM_MADV_DONTFORK,      MM_MADV_DOFORK,
						 MM_MADV_KEEPONFORK,    MM_MADV_WILLNEED,
						 MM_MADV_POPULATE_READ, MM_MADV_POPULATE_WRITE};

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(mm_madvise(mm, BASE, HUGE, refused[i]), -MM_EINVAL);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		assert_int_equal(mm_madvise(mm, BASE, HUGE, allowed[i]), 0);
	end();
}

/* 550a7d60bd5e */
static void mremap_moves_the_reservation_too(void **state)
{
	(void)state;
	begin("v5.15");
	assert_int_equal(map(BASE, 1, RW), 0);
	assert_int_equal(map(OTHER, 1, RW), 0);
	store(mm, BASE, 1);
	assert_int_equal(mm_mremap(mm, BASE, HUGE, OTHER), -MM_EINVAL);
	assert_int_equal(load(mm, BASE), 1);
	/* mremap_to() unmaps the target before vma_to_resize() refuses. */
	assert_int_equal(load_error(mm, OTHER), -MM_EFAULT);
	end();

	begin("v5.16");
	assert_int_equal(map(BASE, POOL, RW), 0);
	store(mm, BASE, 1);
	assert_int_equal(mm_mremap(mm, BASE, POOL * HUGE, OTHER), 0);
	pool_is(POOL - 1, POOL - 1);
	assert_int_equal(load(mm, OTHER), 1);
	assert_int_equal(load_error(mm, BASE), -MM_EFAULT);
	for (unsigned i = 1; i < POOL; i++)
		store(mm, OTHER + i * HUGE, i);
	assert_int_equal(mm_mremap(mm, OTHER, MM_PAGE_SIZE, BASE), -MM_EINVAL);
	assert_int_equal(mm_mremap(mm, OTHER + HUGE, HUGE, BASE), 0);
	assert_int_equal(load(mm, BASE), 1);
	end();
}

/* 1d8d14641fd9, f347454d0341, and FOLL_FORCE as with base pages since v6.14 */
static void force_writes(void **state)
{
	(void)state;
	begin("v5.19");
	assert_int_equal(map(BASE, 1, VM_READ), 0);
	assert_int_equal(mm_ptrace_pokedata(mm, BASE, 1), 0);
	assert_true(pte_write(mm_pte(mm, BASE)));
	end();

	begin("v6.1");
	assert_int_equal(map(BASE, 1, VM_READ), 0);
	assert_int_equal(mm_ptrace_pokedata(mm, BASE, 1), -MM_EIO);
	pool_is(POOL, 1);
	end();

	begin("v6.14");
	assert_int_equal(map(BASE, 1, VM_READ), 0);
	assert_int_equal(mm_ptrace_pokedata(mm, BASE, 1), 0);
	assert_false(pte_write(mm_pte(mm, BASE)));
	assert_int_equal(load(mm, BASE), 1);
	assert_int_equal(mm_store(mm, BASE, 2), -MM_EFAULT);
	end();
}

/* hugetlb_wp() in every era: who alone maps the page keeps it, whatever holds it. */
static void protection_does_not_take_a_pinned_page(void **state)
{
	(void)state;
	for (int i = 0; i < mm_nr_eras; i++) {
		struct page *page;

		begin(mm_eras[i].name);
		assert_int_equal(map(BASE, 1, RW), 0);
		page = pin(mm, BASE, FOLL_WRITE);
		assert_int_equal(mm_mprotect(mm, BASE, HUGE, VM_READ), 0);
		assert_int_equal(mm_store(mm, BASE, 1), -MM_EFAULT);
		assert_int_equal(mm_mprotect(mm, BASE, HUGE, 0), 0);
		assert_int_equal(load_error(mm, BASE), -MM_EFAULT);
		assert_int_equal(mm_mprotect(mm, BASE, HUGE, RW), 0);
		store(mm, BASE, 1);
		assert_int_equal(pte_pfn(mm_pte(mm, BASE)), page_to_pfn(machine, page));
		unpin_user_page(machine, page);
		end();
	}
}

static struct page *page_at(struct mm *in)
{
	return pfn_to_page(machine, pte_pfn(mm_pte(in, BASE)));
}

static struct userfaultfd_ctx *monitor(unsigned features, unsigned mode)
{
	struct userfaultfd_ctx *ctx;

	assert_int_equal(userfaultfd_create(mm, features, &ctx), 0);
	assert_int_equal(uffdio_register(ctx, BASE, HUGE, mode), 0);
	return ctx;
}

/* hugetlb_mfill_atomic_pte(): a page from the reservation, mapped at once; only where none is. */
static void a_monitor_fills_in_a_page(void **state)
{
	struct userfaultfd_ctx *ctx;
	struct page *page;

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	ctx = monitor(0, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
	/* GUP can't wait for the monitor. */
	assert_int_equal(pin_user_pages(mm, BASE, 1, 0, &page), -MM_EFAULT);
	assert_int_equal(uffdio_zeropage(ctx, BASE, HUGE, 0), -MM_EINVAL);
	assert_int_equal(uffdio_continue(ctx, BASE, HUGE, 0), -MM_EFAULT);
	port_fail_allocation(1);
	assert_int_equal(uffdio_copy(ctx, BASE, 7, 0), -MM_ENOMEM);
	pool_is(POOL, 1);
	assert_int_equal(uffdio_copy(ctx, BASE, 7, UFFDIO_COPY_MODE_WP), 0);
	pool_is(POOL - 1, 0);
	assert_int_equal(load(mm, BASE), 7);
	assert_int_equal(load(mm, BASE + HUGE - sizeof(uint32_t)), 0);
	assert_true(pte_uffd_wp(mm_pte(mm, BASE)));
	assert_false(pte_write(mm_pte(mm, BASE)));
	assert_int_equal(uffdio_copy(ctx, BASE, 8, 0), -MM_EEXIST);
	assert_int_equal(load(mm, BASE), 7);
	pool_is(POOL - 1, 0);
	/* It is protected: the write has to be told of, and GUP can't wait. */
	assert_int_equal(pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page), -MM_EFAULT);
	assert_int_equal(uffdio_writeprotect(ctx, BASE, HUGE, 0), 0);
	store(mm, BASE, 9);
	userfaultfd_close(ctx);
	end();
}

/* The page cache's page is there though nobody maps it: it is not missing, but a minor fault. */
static void a_monitor_goes_on_with_the_page_cache(void **state)
{
	struct userfaultfd_ctx *ctx;
	struct page *page;

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW | VM_SHARED), 0);
	ctx = monitor(0, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_MINOR);
	assert_int_equal(uffdio_continue(ctx, BASE, HUGE, 0), -MM_EFAULT);
	assert_int_equal(uffdio_copy(ctx, BASE, 7, 0), 0);
	page = page_at(mm);
	pool_is(POOL - 1, 0);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	pool_is(POOL - 1, 0);
	assert_int_equal(uffdio_copy(ctx, BASE, 8, 0), -MM_EEXIST);
	assert_int_equal(pin_user_pages(mm, BASE, 1, 0, &page), -MM_EFAULT);
	assert_int_equal(uffdio_continue(ctx, BASE, HUGE, 0), 0);
	assert_int_equal(load(mm, BASE), 7);
	assert_int_equal(uffdio_continue(ctx, BASE, HUGE, 0), -MM_EEXIST);
	pool_is(POOL - 1, 0);
	userfaultfd_close(ctx);
	end();
}

/* UFFD_FEATURE_WP_ASYNC: the write clears the bit, and nobody hears of it. */
static void nobody_hears_of_async_writes(void **state)
{
	struct userfaultfd_ctx *ctx;

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	store(mm, BASE, 7);
	ctx = monitor(UFFD_FEATURE_WP_ASYNC, UFFDIO_REGISTER_MODE_WP);
	assert_int_equal(uffdio_writeprotect(ctx, BASE, HUGE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	assert_true(pte_uffd_wp(mm_pte(mm, BASE)));
	store(mm, BASE, 8);
	assert_false(pte_uffd_wp(mm_pte(mm, BASE)));
	assert_false(userfaultfd_poll(ctx));
	userfaultfd_close(ctx);
	end();
}

/* 0f230bc24b6e (v6.4): the copy that a read-only pin is given stays write-protected. */
static void an_unshared_copy_stays_protected(void **state)
{
	static const struct {
		const char *era;
		bool kept;
	} rows[] = {{"v6.3", false}, {"v6.4", true}, {"v6.18", true}};

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct userfaultfd_ctx *ctx;
		struct mm *child;
		struct page *page, *old;

		begin(rows[i].era);
		assert_int_equal(map(BASE, 1, RW), 0);
		store(mm, BASE, 7);
		ctx = monitor(0, UFFDIO_REGISTER_MODE_WP);
		assert_int_equal(uffdio_writeprotect(ctx, BASE, HUGE, UFFDIO_WRITEPROTECT_MODE_WP),
				 0);
		old = page_at(mm);
		child = fork_child(mm);
		page = pin(mm, BASE, FOLL_LONGTERM);
		assert_ptr_not_equal(page, old);
		assert_ptr_equal(page_at(mm), page);
		assert_int_equal(pte_uffd_wp(mm_pte(mm, BASE)), rows[i].kept);
		unpin_user_page(machine, page);
		mm_destroy(child);
		userfaultfd_close(ctx);
		end();
	}
}

/* Where a move of the page at BASE leads: 0 or an error. */
static int move(void)
{
	return mm_move_pages(mm, BASE, HUGE);
}

/*
 * alloc_huge_page_nodemask(): a page of the pool that nobody has reserved; without one a temporary
 * page, which is the pool's afterwards, and what was moved is not any more (move_hugetlb_state()).
 */
static void a_page_moves(void **state)
{
	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	for (int i = 0; i < mm_nr_eras; i++) {
		for (unsigned nr = 1; nr <= POOL; nr += POOL - 1) {
			unsigned zone_free;
			struct page *page;

			begin(mm_eras[i].name);
			assert_int_equal(map(BASE, nr, RW), 0);
			store(mm, BASE + HUGE - sizeof(uint32_t), 6);
			store(mm, BASE, 7);
			page = page_at(mm);
			zone_free = nr_free_pages(machine);
			assert_int_equal(move(), 0);
			assert_ptr_not_equal(page_at(mm), page);
			assert_int_equal(page_count(page_at(mm)), 1);
			pool_is(POOL - 1, (int)nr - 1);
			assert_int_equal(nr_free_pages(machine), zone_free);
			assert_int_equal(load(mm, BASE), 7);
			assert_int_equal(load(mm, BASE + HUGE - sizeof(uint32_t)), 6);
			assert_true(pte_write(mm_pte(mm, BASE)));
			store(mm, BASE, 8);
			end();
		}
	}
}

/* expected_page_refs(): whoever holds the page keeps it where it is, mapped as it was. */
static void a_held_page_stays(void **state)
{
	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	for (int i = 0; i < mm_nr_eras; i++) {
		struct page *page;

		begin(mm_eras[i].name);
		assert_int_equal(map(BASE, 1, RW), 0);
		store(mm, BASE, 7);
		page = pin(mm, BASE, FOLL_WRITE);
		assert_int_equal(move(), -MM_EBUSY);
		assert_ptr_equal(page_at(mm), page);
		assert_true(pte_write(mm_pte(mm, BASE)));
		audit(page, true);
		unpin_user_page(machine, page);

		assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_WRITE, &page), 1);
		assert_int_equal(move(), -MM_EBUSY);
		assert_ptr_equal(page_at(mm), page);
		audit(page, false);
		put_page(machine, page);
		assert_int_equal(move(), 0);
		end();
	}
}

/* What parent and child share moves for both, and stays shared; alone, it is exclusive again. */
static void a_shared_page_moves_for_both(void **state)
{
	struct mm *child;

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	store(mm, BASE, 7);
	assert_int_equal(move(), 0);
	assert_true(page_flag(page_at(mm), PG_ANON_EXCLUSIVE));
	child = fork_child(mm);
	assert_int_equal(move(), 0);
	assert_ptr_equal(page_at(child), page_at(mm));
	assert_int_equal(page_mapcount(machine, page_at(mm)), 2);
	assert_false(page_flag(page_at(mm), PG_ANON_EXCLUSIVE));
	assert_false(pte_write(mm_pte(mm, BASE)));
	pool_is(POOL - 1, 0);
	store(child, BASE, 8);
	assert_int_equal(load(mm, BASE), 7);
	mm_destroy(child);
	end();
}

/* What the object has in its page cache: the new page is there, too. */
static void a_page_of_the_page_cache_moves(void **state)
{
	struct page *page;
	struct mm *child;

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW | VM_SHARED), 0);
	store(mm, BASE, 7);
	page = page_at(mm);
	child = fork_child(mm);
	assert_int_equal(load(child, BASE), 7);
	assert_int_equal(move(), 0);
	assert_ptr_not_equal(page_at(mm), page);
	assert_ptr_equal(page_at(child), page_at(mm));
	pool_is(POOL - 1, 0);
	assert_int_equal(mm_madvise(child, BASE, HUGE, MM_MADV_DONTNEED), 0);
	store(mm, BASE, 8);
	assert_int_equal(load(child, BASE), 8);

	page = pin(mm, BASE, 0);
	assert_int_equal(move(), -MM_EBUSY);
	audit(page, true);
	unpin_user_page(machine, page);
	mm_destroy(child);
	end();
}

/* The write-protection of a userfaultfd moves along, also where a huge PMD's does not. */
static void uffd_wp_moves_along(void **state)
{
	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	for (int i = 0; i < mm_nr_eras; i++) {
		struct pte_lock lock;

		begin(mm_eras[i].name);
		assert_int_equal(map(BASE, 1, RW), 0);
		store(mm, BASE, 7);
		lock = pmd_offset_lock(mm, BASE);
		port_entry_set(lock.entry, pte_mkuffd_wp(port_entry_read(lock.entry)));
		pte_unlock(&lock);
		flush_tlb_range(mm, BASE, BASE + HUGE);
		assert_int_equal(move(), 0);
		assert_true(pte_uffd_wp(mm_pte(mm, BASE)));
		assert_false(pte_write(mm_pte(mm, BASE)));
		end();
	}
}

/*
 * Since df7a6d1f6405 what the owner unmaps is reserved for it again as soon as it is free: that the
 * child's page has moved meanwhile changes nothing.
 */
static void the_reservation_moves_along(void **state)
{
	struct mm *child;

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, POOL, RW), 0);
	store(mm, BASE, 7);
	child = fork_child(mm);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	audit(NULL, false);
	assert_int_equal(mm_move_pages(child, BASE, HUGE), 0);
	assert_int_equal(load(child, BASE), 7);
	audit(NULL, false);
	mm_destroy(child);
	pool_is(POOL, POOL);
	assert_int_equal(load(mm, BASE), 0);
	end();
}

/*
 * The reservation of what the owner has unmapped counts only when the page is free, but can be used
 * before: then fewer than no pages are reserved, and yet none is free to move to.
 */
static void an_empty_pool_with_less_than_nothing_reserved(void **state)
{
	struct mm *child;
	struct page *page;

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, POOL - 1, RW), 0);
	for (unsigned i = 0; i < POOL - 1; i++)
		store(mm, BASE + i * HUGE, 7);
	child = fork_child(mm);
	assert_int_equal(mm_madvise(mm, BASE, HUGE, MM_MADV_DONTNEED), 0);
	store(mm, BASE, 8);
	assert_int_equal(machine->hugetlb->nr_free, 0);
	assert_true(machine->hugetlb->nr_reserved < 0);
	page = page_at(mm);
	assert_int_equal(move(), 0);
	assert_ptr_not_equal(page_at(mm), page);
	assert_int_equal(machine->hugetlb->nr_free, 0);
	assert_int_equal(load(mm, BASE), 8);
	mm_destroy(child);
	end();
}

/* Neither the pool nor the zone has a huge page: nothing has happened. */
static void nowhere_to_move_to(void **state)
{
	struct page *page, *taken;

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	begin("v6.18");
	assert_int_equal(map(BASE, POOL, RW), 0);
	store(mm, BASE, 7);
	page = page_at(mm);
	taken = alloc_unmovable(machine, MM_HPAGE_ORDER);
	assert_non_null(taken);
	assert_null(alloc_unmovable(machine, MM_HPAGE_ORDER));
	assert_int_equal(move(), -MM_ENOMEM);
	assert_ptr_equal(page_at(mm), page);
	put_page(machine, taken);
	assert_int_equal(move(), 0);
	assert_int_equal(load(mm, BASE), 7);
	end();
}

/* copy_hugetlb_page_range(): a page on its way arrives in both, and read-only. */
static void fork_of_a_page_on_its_way(void **state)
{
	struct pte_lock lock;
	struct mm *child;
	pte_t pte, entry;

	(void)state;
	begin("v6.18");
	assert_int_equal(map(BASE, 1, RW), 0);
	store(mm, BASE, 7);
	lock = pmd_offset_lock(mm, BASE);
	pte = port_entry_xchg(lock.entry,
			      swp_entry(SWP_MIGRATION_WRITE, pte_pfn(port_entry_read(lock.entry))));
	flush_tlb_range(mm, BASE, BASE + HUGE);
	pte_unlock(&lock);

	child = fork_child(mm);
	lock = pmd_offset_lock(child, BASE);
	entry = port_entry_xchg(lock.entry, 0);
	pte_unlock(&lock);
	assert_int_equal(swp_type(entry), SWP_MIGRATION_READ);
	assert_int_equal(swp_offset(entry), pte_pfn(pte));
	lock = pmd_offset_lock(mm, BASE);
	assert_int_equal(swp_type(port_entry_xchg(lock.entry, pte)), SWP_MIGRATION_READ);
	pte_unlock(&lock);
	mm_destroy(child);
	assert_int_equal(load(mm, BASE), 7);
	end();
}

/* Each allocation fails once: the call says so, and nothing is lost or half done. */
static void allocations_fail(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 32; n++) {
		struct mm *child = NULL;
		struct page *page = NULL;

		begin("v6.18");
		port_fail_allocation(n);
		if (!map(BASE, 2, RW) && !mm_store(mm, BASE, 1)) {
			if (pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page) != 1)
				page = NULL;
			if (!mm_fork(mm, &child))
				(void)mm_store(child, BASE + HUGE, 2);
			(void)mm_store(mm, BASE, 3);
			(void)mm_mremap(mm, BASE, 2 * HUGE, OTHER);
		}
		port_fail_allocation(0);
		audit(page, true);
		if (page)
			unpin_user_page(machine, page);
		if (child)
			mm_destroy(child);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mmap_reserves),
		cmocka_unit_test(a_machine_without_a_pool_has_no_hugetlb),
		cmocka_unit_test(parts_of_pages_are_refused),
		cmocka_unit_test(a_page_is_mapped_as_a_whole),
		cmocka_unit_test(pages_are_cleared),
		cmocka_unit_test(a_child_has_no_reservation),
		cmocka_unit_test(a_child_takes_what_is_free),
		cmocka_unit_test(an_owner_with_an_empty_pool),
		cmocka_unit_test(a_pin_keeps_a_page_out_of_the_pool),
		cmocka_unit_test(fork_and_a_pinned_page),
		cmocka_unit_test(fork_fails_where_it_can_not_copy),
		cmocka_unit_test(shared_pages_are_the_objects),
		cmocka_unit_test(dontneed_goes_by_whole_pages),
		cmocka_unit_test(dontneed_and_the_reservation),
		cmocka_unit_test(advice_that_hugetlb_refuses),
		cmocka_unit_test(mremap_moves_the_reservation_too),
		cmocka_unit_test(force_writes),
		cmocka_unit_test(protection_does_not_take_a_pinned_page),
		cmocka_unit_test(a_monitor_fills_in_a_page),
		cmocka_unit_test(a_monitor_goes_on_with_the_page_cache),
		cmocka_unit_test(nobody_hears_of_async_writes),
		cmocka_unit_test(an_unshared_copy_stays_protected),
		cmocka_unit_test(a_page_moves),
		cmocka_unit_test(a_held_page_stays),
		cmocka_unit_test(a_shared_page_moves_for_both),
		cmocka_unit_test(a_page_of_the_page_cache_moves),
		cmocka_unit_test(uffd_wp_moves_along),
		cmocka_unit_test(the_reservation_moves_along),
		cmocka_unit_test(an_empty_pool_with_less_than_nothing_reserved),
		cmocka_unit_test(nowhere_to_move_to),
		cmocka_unit_test(fork_of_a_page_on_its_way),
		cmocka_unit_test(allocations_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
