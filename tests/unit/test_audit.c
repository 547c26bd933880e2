/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_audit.c - the accounting notices each way in which it can be wrong */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"

#define FRAMES 64
#define BASE   (1UL << 30)

/* A machine with one page mapped, whose accounting holds. */
static struct mm *mm;
static struct machine *machine;
static struct page *page;
static struct audit_frame frames[FRAMES];
static struct audit_result result;

static int setup(void **state)
{
	(void)state;
	memset(frames, 0, sizeof(frames));
	machine = machine_create(&mm_era_find("v6.18")->rules,
				 &(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 1});
	mm = machine ? mm_create(machine) : NULL;
	if (!mm || mm_mmap(mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE) || mm_store(mm, BASE, 1))
		return -1;
	page = pfn_to_page(machine, pte_pfn(mm_pte(mm, BASE)));
	return mm_audit(machine, frames, &result) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	mm_destroy(mm);
	machine_destroy(machine);
	return 0;
}

/* The audit says `finding` of the page; `expected` and `found` are its numbers. */
static void expect_finding(enum audit_finding finding, int expected, int found)
{
	memset(frames, 0, sizeof(frames));
	assert_false(mm_audit(machine, frames, &result));
	assert_int_equal(result.finding, finding);
	assert_int_equal(result.expected, expected);
	assert_int_equal(result.found, found);
}

static void a_reference_that_nobody_holds(void **state)
{
	(void)state;
	get_page(machine, page);
	/* The mapping, and the LRU cache. */
	expect_finding(AUDIT_REFCOUNT, 2, 3);
	assert_int_equal(result.pfn, page_to_pfn(machine, page));
	put_page(machine, page);
}

static void a_reference_that_was_never_taken(void **state)
{
	(void)state;
	memset(frames, 0, sizeof(frames));
	frames[page_to_pfn(machine, page)].refs = GUP_PIN_COUNTING_BIAS;
	assert_false(mm_audit(machine, frames, &result));
	assert_int_equal(result.finding, AUDIT_REFCOUNT);
	assert_int_equal(result.expected, 2 + GUP_PIN_COUNTING_BIAS);
}

static void a_mapping_that_is_not_counted(void **state)
{
	(void)state;
	port_atomic_add_return(&page->mapcount, 1);
	expect_finding(AUDIT_MAPCOUNT, 1, 2);
	port_atomic_add_return(&page->mapcount, -1);
}

static void a_mapped_page_that_is_free(void **state)
{
	(void)state;
	port_atomic_or(&page->flags, PG_FREE);
	expect_finding(AUDIT_FREE_MAPPED, 0, 2);
	port_atomic_andnot(&page->flags, PG_FREE);
}

static void a_table_that_is_free(void **state)
{
	struct page *table = pfn_to_page(machine, mm->pgd);

	(void)state;
	port_atomic_or(&table->flags, PG_FREE);
	expect_finding(AUDIT_FREE_MAPPED, 0, 1);
	port_atomic_andnot(&table->flags, PG_FREE);
}

static void a_writable_page_without_the_mark(void **state)
{
	(void)state;
	port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
	expect_finding(AUDIT_NOT_EXCLUSIVE, 1, 0);
	port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
}

static void a_frame_that_is_lost(void **state)
{
	pfn_t first = machine->free_list[0];

	(void)state;
	machine->free_list[0] = pfn_to_page(machine, first)->next_free;
	expect_finding(AUDIT_FREE_LIST, (int)nr_free_pages(machine),
		       (int)nr_free_pages(machine) - 1);
	machine->free_list[0] = first;
}

static void a_frame_that_a_cpu_has_lost(void **state)
{
	pfn_t first = machine->pcp[0].lists[0];

	(void)state;
	assert_true(first);
	machine->pcp[0].lists[0] = pfn_to_page(machine, first)->next_free;
	expect_finding(AUDIT_FREE_LIST, (int)nr_free_pages(machine),
		       (int)nr_free_pages(machine) - 1);
	machine->pcp[0].lists[0] = first;
}

static void a_free_list_that_goes_in_a_circle(void **state)
{
	struct page *free = pfn_to_page(machine, machine->free_list[0]);
	pfn_t next = free->next_free;

	(void)state;
	free->next_free = machine->free_list[0];
	expect_finding(AUDIT_FREE_LIST, (int)nr_free_pages(machine),
		       (int)nr_free_pages(machine) + 1);
	free->next_free = next;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reference_that_nobody_holds),
		TEST(a_reference_that_was_never_taken),
		TEST(a_mapping_that_is_not_counted),
		TEST(a_mapped_page_that_is_free),
		TEST(a_table_that_is_free),
		TEST(a_writable_page_without_the_mark),
		TEST(a_frame_that_is_lost),
		TEST(a_frame_that_a_cpu_has_lost),
		TEST(a_free_list_that_goes_in_a_circle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
