/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_fault.c - one fault: what it says, and the entry that it leaves
 *
 * An access repeats its fault until the entry lets it through, and so hides a fault that does too
 * little.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"
#include "threads.h"

#define FRAMES 4096
#define BASE   (1UL << 30) /* aligned to a huge page */
#define PAGE   MM_PAGE_SIZE
#define RW     (VM_READ | VM_WRITE)
#define NEWEST "v6.18"

/* What an entry says beyond its frame. */
#define MAPPED (PTE_PRESENT | PTE_USER)
#define DIRTY  (PTE_DIRTY | PTE_SOFT_DIRTY)

static struct machine *machine;
static struct mm *mm;
static unsigned frames_at_first;

static void begin(const char *version, unsigned flags)
{
	struct machine_config config = {.nr_frames = FRAMES, .nr_cpus = 1};

	machine = machine_create(&mm_era_find(version)->rules, &config);
	assert_non_null(machine);
	frames_at_first = nr_free_pages(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, flags), 0);
}

/* Whatever a test did: all counts are right, and no frame is lost. */
static void end(void)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;
	unsigned kept;

	port_fail_allocation(0);
	memset(frames, 0, sizeof(frames));
	assert_true(mm_audit(machine, frames, &result));
	mm_destroy(mm);
	lru_add_drain(machine);
	kept = machine->huge_zero_pfn ? MM_HPAGE_NR : 0;
	assert_int_equal(nr_free_pages(machine), frames_at_first - kept);
	machine_destroy(machine);
}

static unsigned fault_at(unsigned long addr, unsigned flags)
{
	unsigned ret;

	port_down_read(&mm->mmap_lock);
	ret = handle_mm_fault(mm, find_vma(mm, addr), addr, flags);
	port_up_read(&mm->mmap_lock);
	return ret;
}

static unsigned fault(unsigned flags)
{
	return fault_at(BASE, flags);
}

static pte_t pte(void)
{
	return mm_pte(mm, BASE);
}

/* The entry's bits, all of them. */
static void assert_bits(pte_t bits)
{
	assert_int_equal(pte() & ~PTE_PFN_MASK, bits);
}

static void set_entry(pte_t entry)
{
	port_entry_set(pte_lookup(mm, BASE), entry);
	port_down_read(&mm->mmap_lock);
	flush_tlb_range(mm, BASE, BASE + PAGE);
	port_up_read(&mm->mmap_lock);
}

static uint32_t load(struct mm *of, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(of, addr, &value), 0);
	return value;
}

static void store(uint32_t value)
{
	assert_int_equal(mm_store(mm, BASE, value), 0);
}

static struct mm *fork_mm(void)
{
	struct mm *child;

	assert_int_equal(mm_fork(mm, &child), 0);
	return child;
}

/* do_anonymous_page() */
static void the_first_touch_of_anonymous_memory(void **state)
{
	(void)state;
	begin(NEWEST, RW);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_bits(MAPPED | PTE_RW | DIRTY | PTE_ACCESSED);
	end();

	begin(NEWEST, RW);
	assert_int_equal(fault(0), 0);
	assert_bits(MAPPED | PTE_SPECIAL | PTE_ACCESSED);
	assert_int_equal(pte_pfn(pte()), machine->zero_pfn);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_bits(MAPPED | PTE_RW | DIRTY | PTE_ACCESSED);
	end();
}

/* A write that FOLL_FORCE asks for: what comes of it is dirty, but not writable. */
static void a_write_where_nobody_may_write(void **state)
{
	(void)state;
	begin(NEWEST, VM_READ);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_false(pte_write(pte()) || pte_dirty(pte()));
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_false(pte_write(pte()));
	assert_true(pte_dirty(pte()));
	end();
}

/* wp_page_copy() and wp_page_reuse() */
static void a_write_to_what_is_shared(void **state)
{
	static const char *const versions[] = {"v5.7", "v5.9", "v5.18", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct mm *child;
		pfn_t shared;

		begin(versions[i], RW);
		store(1);
		lru_add_drain(machine);
		child = fork_mm();
		shared = pte_pfn(pte());
		assert_false(pte_write(pte()));
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_int_not_equal(pte_pfn(pte()), shared);
		assert_bits(MAPPED | PTE_RW | DIRTY | PTE_ACCESSED);
		assert_int_equal(load(mm, BASE), 1);
		lru_add_drain(machine);
		mm_destroy(child);

		child = fork_mm();
		mm_destroy(child);
		shared = pte_pfn(pte());
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_int_equal(pte_pfn(pte()), shared);
		assert_bits(MAPPED | PTE_RW | DIRTY | PTE_ACCESSED);
		end();
	}
}

/* c89357e27f20 (v5.19): a fault that only makes exclusive leaves the entry read-only. */
static void unsharing(void **state)
{
	struct mm *child;
	pfn_t shared;

	(void)state;
	begin(NEWEST, RW);
	store(1);
	child = fork_mm();
	shared = pte_pfn(pte());
	assert_int_equal(fault(FAULT_FLAG_UNSHARE), 0);
	assert_int_not_equal(pte_pfn(pte()), shared);
	assert_false(pte_write(pte()));
	assert_true(pte_soft_dirty(pte()));
	mm_destroy(child);
	lru_add_drain(machine);

	child = fork_mm();
	mm_destroy(child);
	shared = pte_pfn(pte());
	assert_int_equal(fault(FAULT_FLAG_UNSHARE), 0);
	assert_int_equal(pte_pfn(pte()), shared);
	assert_false(pte_write(pte()));
	/* Exclusive by now: nothing is to be done. */
	assert_int_equal(fault(FAULT_FLAG_UNSHARE), 0);
	assert_int_equal(pte_pfn(pte()), shared);
	assert_false(pte_write(pte()));
	end();
}

/* 8d6a0ac09a16 (v6.2): until then only anonymous pages are unshared. */
static void unsharing_the_zero_page(void **state)
{
	(void)state;
	begin("v6.1", RW);
	assert_int_equal(fault(0), 0);
	assert_int_equal(fault(FAULT_FLAG_UNSHARE), 0);
	assert_int_equal(pte_pfn(pte()), machine->zero_pfn);
	end();
	begin("v6.2", RW);
	assert_int_equal(fault(0), 0);
	assert_int_equal(fault(FAULT_FLAG_UNSHARE), 0);
	assert_int_not_equal(pte_pfn(pte()), machine->zero_pfn);
	assert_false(pte_write(pte()));
	end();
}

/* What a fault sets in an entry that was made good meanwhile. */
static const struct {
	unsigned flags;
	pte_t set;
} set_by_none[] = {
	{0, 0},
	{FAULT_FLAG_WRITE, DIRTY | PTE_ACCESSED},
	{FAULT_FLAG_BREAK_COW, DIRTY | PTE_ACCESSED},
	{FAULT_FLAG_UNSHARE, 0},
};

/* handle_pte_fault(): somebody else was quicker. What the CPU sets is set for it, no more. */
static void a_fault_that_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(set_by_none) / sizeof(set_by_none[0]); i++) {
		pte_t before;

		begin(NEWEST, RW);
		store(1);
		set_entry(pte() & ~(DIRTY | PTE_ACCESSED));
		before = pte();
		assert_int_equal(fault(set_by_none[i].flags), 0);
		assert_int_equal(pte(), before | set_by_none[i].set);
		/* The entry's lock is free. */
		store(2);
		end();
	}
}

/* do_read_fault(), do_shared_fault() and do_cow_fault() */
static void the_first_touch_of_shared_memory(void **state)
{
	(void)state;
	begin(NEWEST, RW | VM_SHARED);
	assert_int_equal(fault(0), 0);
	assert_false(pte_dirty(pte()));
	end();
	begin(NEWEST, RW | VM_SHARED);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_true(pte_write(pte()) && pte_dirty(pte()));
	/* Write-protected for some reason, and the only one that maps it. */
	set_entry(pte() & ~(PTE_RW | DIRTY));
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(pte_write(pte()) && pte_dirty(pte()));
	end();
}

static void the_first_touch_of_a_private_file(void **state)
{
	struct shmem *file;
	pfn_t of_file;

	(void)state;
	begin(NEWEST, RW);
	file = shmem_create(1);
	assert_non_null(file);
	assert_int_equal(shmem_write(machine, file, 0, 7), 0);
	assert_int_equal(mm_mmap_file(mm, BASE, PAGE, RW, file, 0), 0);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_true(pte_write(pte()) && pte_dirty(pte()));
	assert_int_equal(load(mm, BASE), 7);
	assert_int_equal(mm_mmap_file(mm, BASE, PAGE, RW, file, 0), 0);
	assert_int_equal(fault(0), 0);
	of_file = pte_pfn(pte());
	assert_false(pte_write(pte()));
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_int_not_equal(pte_pfn(pte()), of_file);
	assert_int_equal(load(mm, BASE), 7);
	shmem_put(machine, file);
	end();
}

/* Each allocation of a fault can fail; then it says so and leaves all as it was. */
static void fail_each(unsigned flags, bool table)
{
	pte_t before = pte();

	for (unsigned n = 1;; n++) {
		unsigned ret;

		port_fail_allocation(n);
		ret = fault(flags);
		port_fail_allocation(0);
		if (!(ret & VM_FAULT_OOM)) {
			assert_int_equal(n > 1, !table);
			return;
		}
		assert_int_equal(ret, VM_FAULT_OOM);
		assert_int_equal(pte(), before);
	}
}

static void faults_without_memory(void **state)
{
	struct shmem *file;
	struct mm *child;

	(void)state;
	begin(NEWEST, RW);
	fail_each(FAULT_FLAG_WRITE, false);
	child = fork_mm();
	fail_each(FAULT_FLAG_WRITE, false);
	mm_destroy(child);
	end();
	begin(NEWEST, RW);
	assert_int_equal(fault(0), 0);
	fail_each(FAULT_FLAG_WRITE, false);
	end();
	begin(NEWEST, RW | VM_SHARED);
	fail_each(FAULT_FLAG_WRITE, false);
	end();
	begin(NEWEST, RW);
	file = shmem_create(1);
	assert_non_null(file);
	assert_int_equal(mm_mmap_file(mm, BASE, PAGE, RW, file, 0), 0);
	fail_each(FAULT_FLAG_WRITE, false);
	shmem_put(machine, file);
	end();
}

/* pte_marker_clear(): a marker for which nobody is registered. */
static void a_marker_of_nobody_goes(void **state)
{
	(void)state;
	begin(NEWEST, RW | VM_SHARED);
	assert_int_equal(fault(0), 0);
	assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	set_entry(make_pte_marker(PTE_MARKER_UFFD_WP));
	assert_int_equal(fault(0), 0);
	assert_int_equal(pte(), 0);
	assert_int_equal(fault(0), 0);
	assert_true(pte_present(pte()));
	end();
}

/* Memory that a huge page fits. */
static void begin_huge(const char *version)
{
	begin(version, RW);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
}

static pte_t pmd(void)
{
	return port_entry_read(pmd_lookup(mm, BASE));
}

static void set_pmd(pte_t entry)
{
	port_entry_set(pmd_lookup(mm, BASE), entry);
	port_down_read(&mm->mmap_lock);
	flush_tlb_range(mm, BASE, BASE + MM_HPAGE_SIZE);
	port_up_read(&mm->mmap_lock);
}

static void the_first_touch_of_a_huge_page(void **state)
{
	(void)state;
	begin_huge(NEWEST);
	/* The address is somewhere in it. */
	assert_int_equal(fault_at(BASE + PAGE + 8, FAULT_FLAG_WRITE), 0);
	assert_int_equal(pmd() & ~PTE_PFN_MASK, MAPPED | PTE_RW | DIRTY | PTE_ACCESSED | PTE_PSE);
	end();

	begin_huge(NEWEST);
	assert_int_equal(fault(0), 0);
	assert_int_equal(pmd() & ~PTE_PFN_MASK, MAPPED | PTE_ACCESSED | PTE_PSE | PTE_SPECIAL);
	assert_int_equal(pte_pfn(pmd()), machine->huge_zero_pfn);
	/* 1ced09e0331f: a huge page again. */
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_int_equal(pmd() & ~PTE_PFN_MASK, MAPPED | PTE_RW | DIRTY | PTE_ACCESSED | PTE_PSE);
	end();
}

static void a_huge_page_that_is_shared(void **state)
{
	struct mm *child;
	pfn_t shared;

	(void)state;
	begin_huge("v5.7");
	store(1);
	child = fork_mm();
	shared = pte_pfn(pmd());
	assert_int_equal(fault_at(BASE + PAGE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(pmd_leaf(pmd()) && pte_write(pmd()));
	assert_int_not_equal(pte_pfn(pmd()), shared);
	assert_int_equal(load(mm, BASE), 1);
	mm_destroy(child);

	child = fork_mm();
	mm_destroy(child);
	shared = pte_pfn(pmd());
	assert_int_equal(fault_at(BASE + PAGE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_int_equal(pte_pfn(pmd()), shared);
	assert_int_equal(pmd() & ~PTE_PFN_MASK, MAPPED | PTE_RW | DIRTY | PTE_ACCESSED | PTE_PSE);
	end();

	/* 3917c80280c9: split, and the same fault copies the base page. */
	begin_huge(NEWEST);
	store(1);
	child = fork_mm();
	shared = pte_pfn(pmd());
	assert_int_equal(fault_at(BASE + PAGE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(pmd_table(pmd()));
	assert_int_equal(pte_pfn(mm_pte(mm, BASE)), shared);
	assert_int_not_equal(pte_pfn(mm_pte(mm, BASE + PAGE)), shared + 1);
	mm_destroy(child);
	end();
}

static void unsharing_a_huge_page(void **state)
{
	struct mm *child;
	pfn_t before;

	(void)state;
	begin_huge(NEWEST);
	store(1);
	child = fork_mm();
	mm_destroy(child);
	before = pte_pfn(pmd());
	for (int i = 0; i < 2; i++) {
		assert_int_equal(fault(FAULT_FLAG_UNSHARE), 0);
		assert_int_equal(pte_pfn(pmd()), before);
		assert_false(pte_write(pmd()));
	}
	assert_true(page_flag(pfn_to_page(machine, before), PG_ANON_EXCLUSIVE));
	end();
}

static void a_huge_fault_that_is_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(set_by_none) / sizeof(set_by_none[0]); i++) {
		pte_t before;

		begin_huge(NEWEST);
		store(1);
		set_pmd(pmd() & ~(DIRTY | PTE_ACCESSED));
		before = pmd();
		assert_int_equal(fault(set_by_none[i].flags), 0);
		assert_int_equal(pmd(), before | set_by_none[i].set);
		store(2);
		end();
	}
}

static void huge_faults_without_memory(void **state)
{
	struct mm *child;

	(void)state;
	/* The table of PMDs is there. */
	begin_huge(NEWEST);
	assert_int_equal(fault(0), 0);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_DONTNEED), 0);
	/* The huge zero page is there, too: only its table is missing. */
	port_fail_allocation(1);
	assert_int_equal(fault(0), VM_FAULT_OOM);
	assert_int_equal(pmd(), 0);
	/* A huge page, but no table to put aside. */
	port_fail_allocation(2);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_OOM);
	assert_int_equal(pmd(), 0);
	port_fail_allocation(0);
	assert_int_equal(fault(0), 0);
	assert_int_equal(pte_pfn(pmd()), machine->huge_zero_pfn);
	end();

	/* v5.7 copies huge pages, and splits where it can't. */
	begin_huge("v5.7");
	store(1);
	child = fork_mm();
	port_fail_allocation(1);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(pmd_table(pmd()));
	assert_int_equal(load(mm, BASE), 1);
	mm_destroy(child);
	end();

	/* Nor does it where no huge pages are wanted any more. */
	begin_huge("v5.7");
	store(1);
	child = fork_mm();
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_NOHUGEPAGE), 0);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(pmd_table(pmd()));
	mm_destroy(child);
	end();
}

/* __split_huge_zero_page_pmd() */
static void parts_of_the_huge_zero_page_are_the_zero_page(void **state)
{
	(void)state;
	begin_huge(NEWEST);
	assert_int_equal(fault(0), 0);
	assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
	assert_true(pmd_table(pmd()));
	for (unsigned long i = 1; i < MM_HPAGE_NR; i++) {
		pte_t entry = mm_pte(mm, BASE + i * PAGE);

		assert_int_equal(pte_pfn(entry), machine->zero_pfn);
		assert_int_equal(entry & ~PTE_PFN_MASK, MAPPED | PTE_ACCESSED | PTE_SPECIAL);
	}
	end();
}

/* Pin the page to write to it. */
static long pin(unsigned flags)
{
	struct page *page;
	long got = pin_user_pages(mm, BASE, 1, FOLL_WRITE | flags, &page);

	if (got == 1)
		unpin_user_page(machine, page);
	return got;
}

/*
 * can_follow_write_pte() (5535be309971): FOLL_FORCE has an exclusive page although its entry is
 * read-only, if nothing else is due first.
 */
static void force_writes_without_a_fault(void **state)
{
	pte_t before;

	(void)state;
	begin(NEWEST, RW);
	store(1);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
	set_entry(pte() & ~(PTE_RW | PTE_SOFT_DIRTY));
	before = pte();
	/* All of the VMA counts as soft-dirty. */
	assert_int_equal(pin(FOLL_FORCE), 1);
	assert_int_equal(pte(), before);
	/* A bit of userfaultfd, but nobody is registered. */
	set_entry(before | PTE_UFFD_WP);
	assert_int_equal(pin(FOLL_FORCE), 1);
	assert_int_equal(pte(), before | PTE_UFFD_WP);
	set_entry(before);
	mm_clear_refs(mm);
	assert_false(pte_soft_dirty(pte()));
	assert_int_equal(pin(FOLL_FORCE), 1);
	assert_true(pte_soft_dirty(pte()));
	assert_int_equal(pin(0), -MM_EFAULT);
	end();
}

/* Where writing is allowed the entry is made writable, forced or not. */
static void force_is_not_needed_where_writing_is_allowed(void **state)
{
	static const unsigned flags[] = {0, FOLL_FORCE};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(NEWEST, RW);
		store(1);
		set_entry(pte() & ~PTE_RW);
		assert_int_equal(pin(flags[i]), 1);
		assert_true(pte_write(pte()));
		end();
	}
}

/* FOLL_FORCE does not write behind the back of a monitor, which can't be waited for here. */
static void force_minds_the_monitor(void **state)
{
	struct userfaultfd_ctx *ctx;

	(void)state;
	begin(NEWEST, RW);
	store(1);
	assert_int_equal(userfaultfd_create(mm, 0, &ctx), 0);
	assert_int_equal(uffdio_register(ctx, BASE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(uffdio_writeprotect(ctx, BASE, PAGE, UFFDIO_WRITEPROTECT_MODE_WP), 0);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
	assert_int_equal(pin(FOLL_FORCE), -MM_EFAULT);
	assert_int_equal(uffdio_writeprotect(ctx, BASE, PAGE, 0), 0);
	assert_int_equal(pin(FOLL_FORCE), 1);
	userfaultfd_close(ctx);
	end();
}

/* d61ea1cb0095 */
static void async_protection_covers_what_is_not_populated(void **state)
{
	struct userfaultfd_ctx *ctx;

	(void)state;
	begin(NEWEST, RW);
	assert_int_equal(userfaultfd_create(mm, UFFD_FEATURE_WP_ASYNC, &ctx), 0);
	assert_true(ctx->features & UFFD_FEATURE_WP_UNPOPULATED);
	userfaultfd_close(ctx);
	assert_int_equal(userfaultfd_create(mm, UFFD_FEATURE_EVENT_FORK, &ctx), 0);
	assert_int_equal(ctx->features, UFFD_FEATURE_EVENT_FORK);
	userfaultfd_close(ctx);
	end();
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int main(void)
{
	const struct CMUnitTest always[] = {
		cmocka_unit_test(the_first_touch_of_anonymous_memory),
		cmocka_unit_test(a_write_where_nobody_may_write),
		cmocka_unit_test(a_write_to_what_is_shared),
		cmocka_unit_test(unsharing),
		cmocka_unit_test(unsharing_the_zero_page),
		cmocka_unit_test(a_fault_that_is_none),
		cmocka_unit_test(the_first_touch_of_shared_memory),
		cmocka_unit_test(the_first_touch_of_a_private_file),
		cmocka_unit_test(faults_without_memory),
		cmocka_unit_test(force_writes_without_a_fault),
		cmocka_unit_test(force_is_not_needed_where_writing_is_allowed),
	};
	const struct CMUnitTest with_userfaultfd[] = {
		cmocka_unit_test(force_minds_the_monitor),
		cmocka_unit_test(async_protection_covers_what_is_not_populated),
		cmocka_unit_test(a_marker_of_nobody_goes),
	};
	const struct CMUnitTest with_huge_pages[] = {
		cmocka_unit_test(the_first_touch_of_a_huge_page),
		cmocka_unit_test(a_huge_page_that_is_shared),
		cmocka_unit_test(unsharing_a_huge_page),
		cmocka_unit_test(a_huge_fault_that_is_none),
		cmocka_unit_test(huge_faults_without_memory),
		cmocka_unit_test(parts_of_the_huge_zero_page_are_the_zero_page),
	};
	struct CMUnitTest tests[COUNT(always) + COUNT(with_userfaultfd) + COUNT(with_huge_pages)];
	size_t nr = COUNT(always);

	memcpy(tests, always, sizeof(always));
	if (mm_has(MM_USERFAULTFD)) {
		memcpy(tests + nr, with_userfaultfd, sizeof(with_userfaultfd));
		nr += COUNT(with_userfaultfd);
	}
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		memcpy(tests + nr, with_huge_pages, sizeof(with_huge_pages));
		nr += COUNT(with_huge_pages);
	}
	return _cmocka_run_group_tests("tests", tests, nr, NULL, NULL);
}
