/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_mm.c - the memory manager on the threads port, in the geometry of x86-64 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/mm.h"
#include "threads.h"

#define FRAMES 4096
#define BASE   (1UL << 30)
#define PAGE   MM_PAGE_SIZE
#define TABLE  (MM_TABLE_ENTRIES * MM_PAGE_SIZE) /* what one PTE table maps */

/* A machine with one mm, under the rules of the last row that was released. */
struct fixture {
	struct machine *machine;
	struct mm *mm;
	unsigned free_frames;
};

static int setup(void **state)
{
	static struct fixture fixture;

	fixture.machine =
		machine_create(&mm_era_find("v6.18")->rules,
			       &(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 2});
	assert_non_null(fixture.machine);
	fixture.free_frames = nr_free_pages(fixture.machine);
	fixture.mm = mm_create(fixture.machine);
	assert_non_null(fixture.mm);
	*state = &fixture;
	return 0;
}

static void audit(const struct fixture *fixture)
{
	struct audit_frame frames[FRAMES] = {0};
	struct audit_result result;

	assert_true(mm_audit(fixture->machine, frames, &result));
}

/* Whatever a test did: no frame is lost. */
static int teardown(void **state)
{
	struct fixture *fixture = *state;

	port_fail_allocation(0);
	audit(fixture);
	mm_destroy(fixture->mm);
	lru_add_drain(fixture->machine);
	assert_int_equal(nr_free_pages(fixture->machine), fixture->free_frames);
	machine_destroy(fixture->machine);
	return 0;
}

static void map(struct fixture *fixture, unsigned long addr, unsigned long pages)
{
	assert_int_equal(mm_mmap(fixture->mm, addr, pages * PAGE, VM_READ | VM_WRITE), 0);
}

static uint32_t load(struct mm *mm, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(mm, addr, &value), 0);
	return value;
}

static void store(struct mm *mm, unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(mm, addr, value), 0);
}

static int load_error(struct mm *mm, unsigned long addr)
{
	uint32_t value;

	return mm_load(mm, addr, &value);
}

static void memory_spans_page_tables(void **state)
{
	struct fixture *fixture = *state;
	unsigned long first = BASE + TABLE - 2 * PAGE;
	struct mm *child;

	map(fixture, first, 4);
	for (unsigned i = 0; i < 4; i++)
		store(fixture->mm, first + i * PAGE, i + 1);
	assert_int_equal(mm_fork(fixture->mm, &child), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(load(child, first + i * PAGE), i + 1);
		store(child, first + i * PAGE, 100);
		assert_int_equal(load(fixture->mm, first + i * PAGE), i + 1);
	}
	mm_destroy(child);
}

static void tables_go_with_the_last_mapping_in_them(void **state)
{
	struct fixture *fixture = *state;
	unsigned before = nr_free_pages(fixture->machine);

	map(fixture, BASE, 1);
	map(fixture, BASE + 8 * PAGE, 1);
	store(fixture->mm, BASE, 1);
	store(fixture->mm, BASE + 8 * PAGE, 2);
	lru_add_drain(fixture->machine);
	/* Two pages, and a table on each of three levels. */
	assert_int_equal(nr_free_pages(fixture->machine), before - 5);
	assert_int_equal(mm_munmap(fixture->mm, BASE, PAGE), 0);
	assert_int_equal(nr_free_pages(fixture->machine), before - 4);
	assert_int_equal(load(fixture->mm, BASE + 8 * PAGE), 2);
	assert_int_equal(mm_munmap(fixture->mm, BASE + 8 * PAGE, PAGE), 0);
	assert_int_equal(nr_free_pages(fixture->machine), before);
}

static void a_hole_in_a_large_mapping_costs_nothing(void **state)
{
	struct fixture *fixture = *state;

	/* 64 GiB; a walk page by page would be seen. */
	assert_int_equal(mm_mmap(fixture->mm, BASE, 1UL << 36, VM_READ | VM_WRITE), 0);
	store(fixture->mm, BASE + (1UL << 35), 7);
	assert_int_equal(mm_munmap(fixture->mm, BASE, 1UL << 36), 0);
	assert_int_equal(load_error(fixture->mm, BASE + (1UL << 35)), -MM_EFAULT);
}

static void vmas_split_and_merge(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;

	map(fixture, BASE, 8);
	assert_int_equal(mm->nr_vmas, 1);
	assert_int_equal(mm_mprotect(mm, BASE + 2 * PAGE, 2 * PAGE, VM_READ), 0);
	assert_int_equal(mm->nr_vmas, 3);
	assert_int_equal(mm_madvise(mm, BASE + 3 * PAGE, PAGE, MM_MADV_DONTFORK), 0);
	assert_int_equal(mm->nr_vmas, 4);
	assert_int_equal(mm_madvise(mm, BASE, 8 * PAGE, MM_MADV_DOFORK), 0);
	assert_int_equal(mm->nr_vmas, 3);
	assert_int_equal(mm_mprotect(mm, BASE, 8 * PAGE, VM_READ | VM_WRITE), 0);
	assert_int_equal(mm->nr_vmas, 1);
	assert_int_equal(mm_munmap(mm, BASE + 3 * PAGE, PAGE), 0);
	assert_int_equal(mm->nr_vmas, 2);
	map(fixture, BASE + 3 * PAGE, 1);
	assert_int_equal(mm->nr_vmas, 1);
}

static void shared_memory_survives_splits(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;
	struct mm *child;

	assert_int_equal(mm_mmap(mm, BASE, 4 * PAGE, VM_READ | VM_WRITE | VM_SHARED), 0);
	assert_int_equal(mm_fork(mm, &child), 0);
	/* A neighbour of the same kind is not the same memory. */
	assert_int_equal(mm_mmap(mm, BASE + 4 * PAGE, PAGE, VM_READ | VM_WRITE | VM_SHARED), 0);
	assert_int_equal(mm->nr_vmas, 2);
	assert_int_equal(mm_munmap(mm, BASE + PAGE, PAGE), 0);
	store(child, BASE + 3 * PAGE, 5);
	assert_int_equal(load(mm, BASE + 3 * PAGE), 5);
	assert_int_equal(mm_mremap(mm, BASE + 2 * PAGE, 2 * PAGE, BASE + 16 * PAGE), 0);
	assert_int_equal(load(mm, BASE + 17 * PAGE), 5);
	mm_destroy(child);
}

/* mmap(2), munmap(2), mprotect(2), mremap(2), madvise(2) */
static void calls_refuse_what_linux_refuses(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;

	map(fixture, BASE, 2);
	assert_int_equal(mm_mmap(mm, BASE + 1, PAGE, VM_READ), -MM_EINVAL);
	assert_int_equal(mm_mmap(mm, BASE, PAGE, VM_DONTCOPY), -MM_EINVAL);
	assert_int_equal(mm_munmap(mm, BASE + 1, PAGE), -MM_EINVAL);
	assert_int_equal(mm_mprotect(mm, BASE + 1, PAGE, VM_READ), -MM_EINVAL);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_SHARED), -MM_EINVAL);
	assert_int_equal(mm_madvise(mm, BASE + 1, PAGE, MM_MADV_DONTNEED), -MM_EINVAL);
	assert_int_equal(mm_mremap(mm, BASE + 1, PAGE, BASE + 64 * PAGE), -MM_EINVAL);
	assert_int_equal(mm_mremap(mm, BASE, PAGE, BASE + 64 * PAGE + 1), -MM_EINVAL);
	assert_int_equal(mm_mmap(mm, BASE, 0, VM_READ), -MM_EINVAL);
	assert_int_equal(mm_mmap(mm, MM_TASK_SIZE - PAGE, 2 * PAGE, VM_READ), -MM_EINVAL);
	assert_int_equal(mm_munmap(mm, BASE + 64 * PAGE, PAGE), 0);
	assert_int_equal(mm_mprotect(mm, BASE, 3 * PAGE, VM_READ), -MM_ENOMEM);
	assert_int_equal(mm_store(mm, BASE + PAGE, 1), -MM_EFAULT);
	assert_int_equal(mm_madvise(mm, BASE + PAGE, 2 * PAGE, MM_MADV_DONTNEED), -MM_ENOMEM);
	assert_int_equal(mm_mremap(mm, BASE, PAGE, BASE), -MM_EINVAL);
	assert_int_equal(mm_mremap(mm, BASE + 32 * PAGE, PAGE, BASE + 64 * PAGE), -MM_EFAULT);
}

/* madvise(2): what is mapped is advised, and the holes make it ENOMEM, wherever they are. */
static void madvise_goes_over_holes(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;

	map(fixture, BASE + PAGE, 1);
	map(fixture, BASE + 3 * PAGE, 1);
	store(mm, BASE + PAGE, 1);
	store(mm, BASE + 3 * PAGE, 3);
	assert_int_equal(mm_madvise(mm, BASE, 4 * PAGE, MM_MADV_DONTNEED), -MM_ENOMEM);
	assert_int_equal(load(mm, BASE + PAGE), 0);
	assert_int_equal(load(mm, BASE + 3 * PAGE), 0);
}

/* d23cb648e365, v6.17: a hole in the middle stays a hole. */
static void mremap_goes_over_holes(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;

	map(fixture, BASE, 1);
	map(fixture, BASE + 2 * PAGE, 1);
	store(mm, BASE, 1);
	store(mm, BASE + 2 * PAGE, 3);
	assert_int_equal(mm_mremap(mm, BASE, 3 * PAGE, BASE + 64 * PAGE), 0);
	assert_int_equal(load(mm, BASE + 64 * PAGE), 1);
	assert_int_equal(load_error(mm, BASE + 65 * PAGE), -MM_EFAULT);
	assert_int_equal(load(mm, BASE + 66 * PAGE), 3);
	assert_int_equal(load_error(mm, BASE), -MM_EFAULT);
}

static void a_machine_needs_frames_cpus_and_memory(void **state)
{
	const struct mm_rules *rules = &mm_eras[0].rules;
	unsigned n = 0;
	struct machine *machine = NULL;

	(void)state;
	assert_null(machine_create(rules, &(struct machine_config){.nr_frames = 2, .nr_cpus = 1}));
	assert_null(
		machine_create(rules, &(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 0}));
	while (!machine) {
		port_fail_allocation(++n);
		machine = machine_create(
			rules, &(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 1});
	}
	assert_int_equal(n, 7);
	port_fail_allocation(1);
	assert_null(mm_create(machine));
	port_fail_allocation(2);
	assert_null(mm_create(machine));
	machine_destroy(machine);
}

static void signals_are_errors(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;

	assert_int_equal(load_error(mm, BASE), -MM_EFAULT);
	assert_int_equal(load_error(mm, MM_TASK_SIZE), -MM_EFAULT);
	map(fixture, BASE, 1);
	assert_int_equal(load_error(mm, BASE + 1), -MM_EFAULT);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, 0), 0);
	assert_int_equal(load_error(mm, BASE), -MM_EFAULT);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
	assert_int_equal(load(mm, BASE), 0);
	assert_int_equal(mm_store(mm, BASE, 1), -MM_EFAULT);
}

static void gup_says_how_many_pages_it_took(void **state)
{
	struct fixture *fixture = *state;
	struct mm *mm = fixture->mm;
	struct page *pages[4];

	map(fixture, BASE, 2);
	assert_int_equal(pin_user_pages_fast(mm, BASE, 4, FOLL_WRITE, pages), 2);
	unpin_user_page(fixture->machine, pages[0]);
	unpin_user_page(fixture->machine, pages[1]);
	assert_int_equal(pin_user_pages(mm, BASE + 2 * PAGE, 1, 0, pages), -MM_EFAULT);
	assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_PIN, pages), -MM_EINVAL);
	assert_int_equal(get_user_pages(mm, MM_TASK_SIZE, 1, 0, pages), -MM_EFAULT);
	assert_int_equal(get_user_pages_fast(mm, BASE, 4, FOLL_FAST_ONLY, pages), 2);
	put_page(fixture->machine, pages[0]);
	put_page(fixture->machine, pages[1]);
}

/* GUP_PIN_COUNTING_BIAS, include/linux/mm.h */
static void a_pin_counts_1024(void **state)
{
	struct fixture *fixture = *state;
	struct page *page;
	int before;

	map(fixture, BASE, 1);
	store(fixture->mm, BASE, 1);
	assert_int_equal(get_user_pages(fixture->mm, BASE, 1, 0, &page), 1);
	before = port_atomic_read(&page->refcount);
	put_page(fixture->machine, page);
	assert_int_equal(port_atomic_read(&page->refcount), before - 1);
	assert_int_equal(pin_user_pages(fixture->mm, BASE, 1, 0, &page), 1);
	assert_int_equal(port_atomic_read(&page->refcount), before - 1 + 1024);
	unpin_user_page(fixture->machine, page);
}

static void a_page_outlives_its_mapping_by_its_pin(void **state)
{
	struct fixture *fixture = *state;
	struct page *page;

	map(fixture, BASE, 1);
	store(fixture->mm, BASE, 9);
	assert_int_equal(pin_user_pages(fixture->mm, BASE, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(mm_munmap(fixture->mm, BASE, PAGE), 0);
	assert_int_equal(port_word_read(page_words(fixture->machine, page)), 9);
	unpin_user_page(fixture->machine, page);
}

/* PAGEVEC_SIZE of v5.9: the fifteenth page empties the cache. */
static void the_lru_cache_empties_itself(void **state)
{
	struct fixture *fixture = *state;
	struct page *page;

	map(fixture, BASE, 15);
	store(fixture->mm, BASE, 1);
	assert_int_equal(get_user_pages(fixture->mm, BASE, 1, 0, &page), 1);
	for (unsigned i = 1; i < 14; i++)
		store(fixture->mm, BASE + i * PAGE, 1);
	assert_int_equal(port_atomic_read(&page->refcount), 3);
	store(fixture->mm, BASE + 14 * PAGE, 1);
	assert_int_equal(port_atomic_read(&page->refcount), 2);
	put_page(fixture->machine, page);
}

/* Everything that allocates, in one go; false when some allocation failed. */
static bool do_all(struct fixture *fixture)
{
	struct mm *mm = fixture->mm;
	struct mm *child;
	struct page *page;

	if (mm_mmap(mm, BASE, 2 * PAGE, VM_READ | VM_WRITE) || mm_store(mm, BASE, 1))
		return false;
	for (unsigned long i = 1; i < 6; i++) {
		if (mm_mmap(mm, BASE + TABLE + 2 * i * PAGE, PAGE, VM_READ | VM_WRITE | VM_SHARED))
			return false;
	}
	if (mm_mmap(mm, BASE + TABLE, PAGE, VM_READ | VM_WRITE | VM_SHARED))
		return false;
	if (mm_store(mm, BASE + TABLE, 1) || mm_mremap(mm, BASE, PAGE, BASE + 2 * TABLE))
		return false;
	if (pin_user_pages_fast(mm, BASE + 2 * TABLE, 1, FOLL_WRITE, &page) != 1)
		return false;
	if (mm_fork(mm, &child)) {
		unpin_user_page(fixture->machine, page);
		return false;
	}
	unpin_user_page(fixture->machine, page);
	mm_destroy(child);
	return true;
}

static void every_allocation_may_fail(void **state)
{
	struct fixture *fixture = *state;
	unsigned n = 0;
	bool all_done = false;

	while (!all_done) {
		port_fail_allocation(++n);
		all_done = do_all(fixture);
		audit(fixture);
		port_fail_allocation(0);
		assert_int_equal(mm_munmap(fixture->mm, BASE, 4 * TABLE), 0);
	}
	/* Tables, pages, VMAs, a child: fewer would mean that the injection does not work. */
	assert_in_range(n, 15, 100);
}

static void no_frames_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	unsigned long addr = BASE;

	map(fixture, BASE, FRAMES);
	while (mm_store(fixture->mm, addr, 1) == 0)
		addr += PAGE;
	assert_int_equal(mm_store(fixture->mm, addr, 1), -MM_ENOMEM);
	assert_int_equal(load(fixture->mm, BASE), 1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_spans_page_tables),
		TEST(tables_go_with_the_last_mapping_in_them),
		TEST(a_hole_in_a_large_mapping_costs_nothing),
		TEST(vmas_split_and_merge),
		TEST(shared_memory_survives_splits),
		TEST(calls_refuse_what_linux_refuses),
		TEST(madvise_goes_over_holes),
		TEST(mremap_goes_over_holes),
		TEST(a_machine_needs_frames_cpus_and_memory),
		TEST(signals_are_errors),
		TEST(gup_says_how_many_pages_it_took),
		TEST(a_pin_counts_1024),
		TEST(a_page_outlives_its_mapping_by_its_pin),
		TEST(the_lru_cache_empties_itself),
		TEST(every_allocation_may_fail),
		TEST(no_frames_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
