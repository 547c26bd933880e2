/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_gup.c - references and pins: what is refused, what is taken in part, what is left behind */
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
#define BASE   (1UL << 30)
#define PAGE   MM_PAGE_SIZE
#define RW     (VM_READ | VM_WRITE)
#define TOP    (MM_TASK_SIZE - PAGE) /* the last page of an address space */

/* A machine with one mm. */
struct fixture {
	struct machine *machine;
	struct mm *mm;
	unsigned free_frames;
};

static struct fixture begin_with(const char *version, unsigned nr_movable)
{
	struct machine_config config = {
		.nr_frames = FRAMES, .nr_cpus = 1, .nr_movable = nr_movable};
	struct fixture fixture;

	fixture.machine = machine_create(&mm_era_find(version)->rules, &config);
	assert_non_null(fixture.machine);
	fixture.free_frames = nr_free_pages(fixture.machine);
	fixture.mm = mm_create(fixture.machine);
	assert_non_null(fixture.mm);
	return fixture;
}

static struct fixture begin(const char *version)
{
	return begin_with(version, 0);
}

/* Whatever a test did: all is counted, and no frame is lost. */
static void end(struct fixture *fixture)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	port_fail_allocation(0);
	assert_true(mm_audit(fixture->machine, frames, &result));
	mm_destroy(fixture->mm);
	lru_add_drain(fixture->machine);
	assert_int_equal(nr_free_pages(fixture->machine), fixture->free_frames);
	machine_destroy(fixture->machine);
}

static void map(const struct fixture *fixture, unsigned long addr, unsigned long pages,
		unsigned flags)
{
	assert_int_equal(mm_mmap(fixture->mm, addr, pages * PAGE, flags), 0);
}

static void store(const struct fixture *fixture, unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(fixture->mm, addr, value), 0);
}

static struct page *page_at(const struct fixture *fixture, unsigned long addr)
{
	return pfn_to_page(fixture->machine, pte_pfn(mm_pte(fixture->mm, addr)));
}

static void unpin(const struct fixture *fixture, struct page *const *pages, long nr)
{
	for (long i = 0; i < nr; i++)
		unpin_user_page(fixture->machine, pages[i]);
}

/* gup_flags of internal_get_user_pages_fast() and is_valid_gup_args(): the rest is internal. */
static void unknown_flags_are_refused(void **state)
{
	static const unsigned unknown[] = {FOLL_GET, FOLL_PIN, FOLL_COW, FOLL_UNLOCKABLE};
	struct fixture fixture = begin("v6.18");
	struct page *page;

	(void)state;
	map(&fixture, BASE, 1, RW);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_int_equal(get_user_pages(fixture.mm, BASE, 1, unknown[i], &page),
				 -MM_EINVAL);
		assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, unknown[i], &page),
				 -MM_EINVAL);
		assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 1, unknown[i], &page),
				 -MM_EINVAL);
	}
	/* FOLL_FAST_ONLY is for those who ask the fast form. */
	assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, FOLL_FAST_ONLY, &page), -MM_EINVAL);
	end(&fixture);
}

static void ranges_end_with_the_address_space(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *pages[2];

	(void)state;
	map(&fixture, TOP, 1, RW);
	/* An address in the middle of a page stands for the page. */
	assert_int_equal(pin_user_pages(fixture.mm, TOP + 8, 1, FOLL_WRITE, pages), 1);
	unpin(&fixture, pages, 1);
	assert_int_equal(pin_user_pages_fast(fixture.mm, TOP + 8, 1, FOLL_WRITE, pages), 1);
	assert_ptr_equal(pages[0], page_at(&fixture, TOP));
	unpin(&fixture, pages, 1);
	assert_int_equal(pin_user_pages_locked(fixture.mm, TOP + 8, 1, FOLL_WRITE, pages), 1);
	assert_ptr_equal(pages[0], page_at(&fixture, TOP));
	unpin(&fixture, pages, 1);
	/* access_ok() is about the whole range. */
	assert_int_equal(pin_user_pages(fixture.mm, TOP, 2, FOLL_WRITE, pages), -MM_EFAULT);
	assert_int_equal(pin_user_pages_fast(fixture.mm, TOP, 2, FOLL_WRITE, pages), -MM_EFAULT);
	assert_int_equal(pin_user_pages_locked(fixture.mm, TOP, 2, FOLL_WRITE, pages), -MM_EFAULT);
	assert_int_equal(pin_user_pages(fixture.mm, MM_TASK_SIZE, 1, 0, pages), -MM_EFAULT);
	assert_int_equal(pin_user_pages(fixture.mm, MM_TASK_SIZE, 0, 0, pages), -MM_EFAULT);
	assert_int_equal(pin_user_pages_fast(fixture.mm, MM_TASK_SIZE + PAGE, 1, 0, pages),
			 -MM_EFAULT);
	end(&fixture);
}

/* What fast GUP can't have, slow GUP goes on with, from there. */
static void the_slow_path_goes_on_where_the_fast_one_ends(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *pages[4] = {NULL};

	(void)state;
	/* There would be more than is asked for. */
	map(&fixture, BASE, 8, RW);
	store(&fixture, BASE, 1);
	store(&fixture, BASE + PAGE, 2);
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 4, FOLL_WRITE, pages), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(pages[i], page_at(&fixture, BASE + i * PAGE));
	assert_true(pte_none(mm_pte(fixture.mm, BASE + 4 * PAGE)));
	unpin(&fixture, pages, 4);
	end(&fixture);
}

static void what_was_taken_counts_more_than_an_error(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *pages[3] = {NULL};

	(void)state;
	map(&fixture, BASE, 2, RW);
	store(&fixture, BASE, 1);
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 3, FOLL_WRITE, pages), 2);
	unpin(&fixture, pages, 2);
	assert_int_equal(pin_user_pages(fixture.mm, BASE, 3, FOLL_WRITE, pages), 2);
	unpin(&fixture, pages, 2);
	assert_int_equal(mm_munmap(fixture.mm, BASE + PAGE, PAGE), 0);
	/* One by the fast path, an error at once by the slow one. */
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 3, FOLL_WRITE, pages), 1);
	unpin(&fixture, pages, 1);
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE + PAGE, 2, FOLL_WRITE, pages),
			 -MM_EFAULT);
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 0, FOLL_WRITE, pages), 0);
	end(&fixture);
}

static void fast_only_takes_what_is_there(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *pages[2] = {NULL};

	(void)state;
	map(&fixture, BASE, 2, RW);
	store(&fixture, BASE, 1);
	assert_int_equal(
		pin_user_pages_fast(fixture.mm, BASE, 2, FOLL_WRITE | FOLL_FAST_ONLY, pages), 1);
	unpin(&fixture, pages, 1);
	assert_int_equal(mm_pte(fixture.mm, BASE + PAGE), 0);
	assert_int_equal(
		pin_user_pages_fast(fixture.mm, BASE + PAGE, 1, FOLL_WRITE | FOLL_FAST_ONLY, pages),
		0);
	end(&fixture);
}

static void without_memory_nothing_is_taken(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *page;

	(void)state;
	map(&fixture, BASE, 2, RW);
	store(&fixture, BASE, 1);
	port_fail_allocation(1);
	assert_int_equal(pin_user_pages(fixture.mm, BASE + PAGE, 1, FOLL_WRITE, &page), -MM_ENOMEM);
	end(&fixture);
}

/* follow_page_pte() with FOLL_TOUCH, which get_user_pages() asks for and pins don't. */
static void a_reference_for_writing_makes_dirty(void **state)
{
	static const struct {
		bool pin;
		bool store;
		unsigned flags;
		bool dirty;
	} cases[] = {
		{false, false, FOLL_WRITE, true},
		{false, false, 0, false},
		{true, false, FOLL_WRITE, false},
		{false, true, FOLL_WRITE, false}, /* the entry says so already */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin("v6.18");
		struct page *page = NULL;
		uint32_t value;

		map(&fixture, BASE, 1, RW | VM_SHARED);
		/* Readable at first, and at once writable. */
		assert_int_equal(mm_load(fixture.mm, BASE, &value), 0);
		if (cases[i].store)
			store(&fixture, BASE, 1);
		assert_int_equal((cases[i].pin ? pin_user_pages : get_user_pages)(
					 fixture.mm, BASE, 1, cases[i].flags, &page),
				 1);
		assert_int_equal(!!(port_atomic_read(&page->flags) & PG_DIRTY), cases[i].dirty);
		if (cases[i].pin)
			unpin_user_page(fixture.machine, page);
		else
			put_page(fixture.machine, page);
		end(&fixture);
	}
}

/* check_vma_flags(): FOLL_FORCE reads what may not be read. */
static void force_reads_what_is_protected(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *page;

	(void)state;
	map(&fixture, BASE, 1, RW);
	store(&fixture, BASE, 1);
	assert_int_equal(mm_mprotect(fixture.mm, BASE, PAGE, 0), 0);
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), -MM_EFAULT);
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, FOLL_FORCE, &page), 1);
	put_page(fixture.machine, page);
	/* But not what could never be read: VM_MAYREAD. */
	find_vma(fixture.mm, BASE)->flags &= ~(unsigned)VM_MAYREAD;
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, FOLL_FORCE, &page), -MM_EFAULT);
	end(&fixture);
}

/* A reference is no reason for fork to copy, and none for fast GUP to mind a fork. */
static void only_pins_mark_the_mm(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *page;

	(void)state;
	map(&fixture, BASE, 1, RW);
	store(&fixture, BASE, 1);
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
	put_page(fixture.machine, page);
	assert_int_equal(get_user_pages_fast(fixture.mm, BASE, 1, 0, &page), 1);
	put_page(fixture.machine, page);
	assert_int_equal(port_atomic_read(&fixture.mm->has_pinned), 0);
	assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
	unpin_user_page(fixture.machine, page);
	assert_int_equal(port_atomic_read(&fixture.mm->has_pinned), 1);
	port_atomic_set(&fixture.mm->has_pinned, 0);
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 1, FOLL_FAST_ONLY, &page), 1);
	unpin_user_page(fixture.machine, page);
	assert_int_equal(port_atomic_read(&fixture.mm->has_pinned), 1);
	end(&fixture);
}

/* What is there is taken while somebody changes the address space. */
static void fast_gup_needs_no_lock(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct page *pages[2] = {NULL};

	(void)state;
	map(&fixture, BASE, 2, RW);
	store(&fixture, BASE, 1);
	store(&fixture, BASE + PAGE, 1);
	port_down_write(&fixture.mm->mmap_lock);
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 2, FOLL_WRITE, pages), 2);
	port_up_write(&fixture.mm->mmap_lock);
	unpin(&fixture, pages, 2);
	end(&fixture);
}

/* Take a bit away from the entry of BASE, a PTE or a PMD. */
static void clear_bit(const struct fixture *fixture, pte_t bit)
{
	port_entry *entry = pmd_lookup(fixture->mm, BASE);

	if (!pmd_leaf(port_entry_read(entry)))
		entry = pte_lookup(fixture->mm, BASE);
	port_entry_set(entry, port_entry_read(entry) & ~bit);
	flush_tlb_range(fixture->mm, BASE, BASE + MM_HPAGE_SIZE);
}

static long take_fast(const struct fixture *fixture, unsigned long addr, bool pin, unsigned flags)
{
	struct page *page = NULL;
	long nr = (pin ? pin_user_pages_fast : get_user_pages_fast)(fixture->mm, addr, 1, flags,
								    &page);

	if (nr == 1) {
		assert_ptr_equal(page, page_at(fixture, addr));
		if (pin)
			unpin_user_page(fixture->machine, page);
		else
			put_page(fixture->machine, page);
	}
	return nr;
}

/*
 * gup_pte_range() and gup_huge_pmd(): who demands a writable entry. v5.8 makes writes of all but
 * FOLL_FAST_ONLY (17839856fd58), of the patch the second draft of pins, but not in a PMD.
 */
static void fast_gup_of_what_is_read_only(void **state)
{
	static const struct {
		const char *version;
		unsigned flags;
		bool pin;
		bool pte;
		bool pmd;
	} cases[] = {
		{"v5.7", 0, false, true, true},
		{"v5.7", 0, true, true, true},
		{"v5.7", FOLL_WRITE, false, false, false},
		{"v5.8", 0, false, true, true},
		{"v5.8", FOLL_WRITE, false, false, false},
		{"v5.8", FOLL_WRITE, true, false, false},
		{"break-cow-v1", 0, true, true, true},
		{"break-cow-v1", FOLL_WRITE, true, false, false},
		{"break-cow-v2", 0, false, true, true},
		{"break-cow-v2", FOLL_WRITE, false, false, false},
		{"break-cow-v2", 0, true, false, true},
		{"break-cow-v2", FOLL_WRITE, true, false, false},
		/* Exclusive as it is. */
		{"v6.18", 0, true, true, true},
		{"v6.18", FOLL_WRITE, true, false, false},
		{"v6.18", FOLL_WRITE, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int huge = 0; huge < 1 + mm_has(MM_TRANSPARENT_HUGEPAGE); huge++) {
			struct fixture fixture = begin(cases[i].version);
			unsigned flags = cases[i].flags | FOLL_FAST_ONLY;
			bool taken = huge ? cases[i].pmd : cases[i].pte;

			map(&fixture, BASE, MM_HPAGE_NR, RW);
			if (huge)
				assert_int_equal(mm_madvise(fixture.mm, BASE, MM_HPAGE_SIZE,
							    MM_MADV_HUGEPAGE),
						 0);
			store(&fixture, BASE, 1);
			clear_bit(&fixture, PTE_RW);
			assert_int_equal(take_fast(&fixture, BASE, cases[i].pin, flags), taken);
			/* Any part of a huge page is as good as the first. */
			if (huge)
				assert_int_equal(
					take_fast(&fixture, BASE + PAGE, cases[i].pin, flags),
					taken);
			end(&fixture);
		}
	}
}

/* a8f97366452e (v4.15): a reference makes the PMD dirty that it finds the page by only to write. */
static void a_reference_to_part_of_a_huge_page(void **state)
{
	static const struct {
		enum gup_touch_pmd rule;
		bool pin;
		bool huge;
		bool dirty;
	} cases[] = {
		{GUP_TOUCH_PMD_ALWAYS, false, true, true},
		{GUP_TOUCH_PMD_ALWAYS, true, true, false},
		{GUP_TOUCH_PMD_ALWAYS, false, false, false},
		{GUP_TOUCH_PMD_WRITE, false, true, false},
	};

	(void)state;
	if (!mm_has(MM_TRANSPARENT_HUGEPAGE))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin("v5.7");
		struct page *page = NULL;

		fixture.machine->rules.gup_touch_pmd = cases[i].rule;
		map(&fixture, BASE, MM_HPAGE_NR, RW);
		if (cases[i].huge)
			assert_int_equal(
				mm_madvise(fixture.mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
		store(&fixture, BASE, 1);
		clear_bit(&fixture, PTE_DIRTY);
		if (cases[i].pin) {
			assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
			unpin_user_page(fixture.machine, page);
		} else {
			assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
			put_page(fixture.machine, page);
		}
		assert_int_equal(pte_dirty(mm_pte(fixture.mm, BASE)), cases[i].dirty);
		end(&fixture);
	}
}

/* 8d6a0ac09a16: fast GUP can't tell a COW mapping. What is writable shows what it is. */
static void long_term_pins_of_shared_memory(void **state)
{
	struct fixture fixture = begin("v6.18");

	(void)state;
	map(&fixture, BASE, 1, RW | VM_SHARED);
	store(&fixture, BASE, 1);
	assert_int_equal(take_fast(&fixture, BASE, true, FOLL_LONGTERM | FOLL_FAST_ONLY), 1);
	clear_bit(&fixture, PTE_RW);
	assert_int_equal(take_fast(&fixture, BASE, true, FOLL_LONGTERM | FOLL_FAST_ONLY), 0);
	assert_int_equal(take_fast(&fixture, BASE, true, FOLL_FAST_ONLY), 1);
	assert_int_equal(take_fast(&fixture, BASE, true, FOLL_LONGTERM), 1);
	end(&fixture);
}

/* d1e153fea2a8 (v5.13): only long-term pins mind where the page is. */
static void fast_gup_and_the_movable_zone(void **state)
{
	static const struct {
		const char *version;
		bool movable;
		unsigned flags;
		long taken;
	} cases[] = {
		{"v5.12", true, FOLL_LONGTERM, 1},  {"v5.13", true, FOLL_LONGTERM, 0},
		{"v5.13", false, FOLL_LONGTERM, 1}, {"v5.13", true, 0, 1},
		{"v6.18", true, FOLL_LONGTERM, 0},  {"v6.18", true, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture =
			begin_with(cases[i].version, cases[i].movable ? FRAMES / 2 : 0);

		map(&fixture, BASE, 1, RW);
		store(&fixture, BASE, 1);
		assert_int_equal(page_is_movable(fixture.machine, page_at(&fixture, BASE)),
				 cases[i].movable);
		assert_int_equal(take_fast(&fixture, BASE, true,
					   FOLL_WRITE | FOLL_FAST_ONLY | cases[i].flags),
				 cases[i].taken);
		end(&fixture);
	}
}

/* 57efa1fe5957: while a fork is under way fast GUP takes no pins; references it does. */
static void a_fork_under_way_sends_pins_the_slow_way(void **state)
{
	static const struct {
		const char *version;
		bool pin;
		long taken;
	} cases[] = {{"v6.18", true, 0}, {"v6.18", false, 1}, {"v5.9", true, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin(cases[i].version);
		struct page *page = NULL;
		long taken;

		map(&fixture, BASE, 1, RW);
		store(&fixture, BASE, 1);
		port_atomic_set(&fixture.mm->write_protect_seq, 1);
		taken = (cases[i].pin ? pin_user_pages_fast : get_user_pages_fast)(
			fixture.mm, BASE, 1, FOLL_WRITE | FOLL_FAST_ONLY, &page);
		assert_int_equal(taken, cases[i].taken);
		port_atomic_set(&fixture.mm->write_protect_seq, 2);
		if (!taken)
			assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 1,
							     FOLL_WRITE | FOLL_FAST_ONLY, &page),
					 1);
		if (cases[i].pin)
			unpin_user_page(fixture.machine, page);
		else
			put_page(fixture.machine, page);
		end(&fixture);
	}
}

/* MADV_POPULATE_*: memory that may not be touched so is EFAULT for GUP, EINVAL for madvise(2). */
static void populate_tells_errors_apart(void **state)
{
	struct fixture fixture = begin("v6.18");

	(void)state;
	map(&fixture, BASE, 1, VM_READ);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_POPULATE_WRITE), -MM_EINVAL);
	assert_int_equal(mm_mprotect(fixture.mm, BASE, PAGE, RW), 0);
	port_fail_allocation(1);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_POPULATE_WRITE), -MM_ENOMEM);
	assert_int_equal(mm_madvise(fixture.mm, BASE, 2 * PAGE, MM_MADV_POPULATE_WRITE),
			 -MM_ENOMEM);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_flags_are_refused),
		cmocka_unit_test(ranges_end_with_the_address_space),
		cmocka_unit_test(the_slow_path_goes_on_where_the_fast_one_ends),
		cmocka_unit_test(what_was_taken_counts_more_than_an_error),
		cmocka_unit_test(fast_only_takes_what_is_there),
		cmocka_unit_test(without_memory_nothing_is_taken),
		cmocka_unit_test(a_reference_for_writing_makes_dirty),
		cmocka_unit_test(force_reads_what_is_protected),
		cmocka_unit_test(only_pins_mark_the_mm),
		cmocka_unit_test(fast_gup_needs_no_lock),
		cmocka_unit_test(fast_gup_of_what_is_read_only),
		cmocka_unit_test(a_reference_to_part_of_a_huge_page),
		cmocka_unit_test(long_term_pins_of_shared_memory),
		cmocka_unit_test(fast_gup_and_the_movable_zone),
		cmocka_unit_test(a_fork_under_way_sends_pins_the_slow_way),
		cmocka_unit_test(populate_tells_errors_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
