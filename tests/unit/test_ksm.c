/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_ksm.c - what is merged, what is not, and how it is taken apart again */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"

#define FRAMES 128
#define BASE   (1UL << 30)
#define PAGES  4

static struct machine *machine;
static struct mm *mm;

static void begin(const char *era)
{
	machine = machine_create(
		&mm_era_find(era)->rules,
		&(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 1, .nr_swap_slots = 16});
	assert_non_null(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, PAGES * MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
	assert_int_equal(mm_madvise(mm, BASE, PAGES * MM_PAGE_SIZE, MM_MADV_MERGEABLE), 0);
}

static unsigned long address(unsigned page)
{
	return BASE + page * MM_PAGE_SIZE;
}

static void store(unsigned page, uint32_t value)
{
	assert_int_equal(mm_store(mm, address(page), value), 0);
}

static uint32_t load(struct mm *in, unsigned page)
{
	uint32_t value;

	assert_int_equal(mm_load(in, address(page), &value), 0);
	return value;
}

static struct page *page_at(struct mm *in, unsigned page)
{
	return pfn_to_page(machine, pte_pfn(mm_pte(in, address(page))));
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

static void end(void)
{
	audit(NULL, false);
	mm_destroy(mm);
	audit(NULL, false);
	machine_destroy(machine);
}

static void equal_pages_become_one(void **state)
{
	unsigned nr_free;

	(void)state;
	begin("v6.18");
	for (unsigned i = 0; i < PAGES; i++)
		store(i, i == 2 ? 8 : 7);
	nr_free = nr_free_pages(machine);
	assert_int_equal(ksm_do_scan(machine), 0);
	assert_ptr_equal(page_at(mm, 0), page_at(mm, 1));
	assert_ptr_equal(page_at(mm, 0), page_at(mm, 3));
	assert_ptr_not_equal(page_at(mm, 0), page_at(mm, 2));
	assert_true(page_flag(page_at(mm, 0), PG_KSM));
	assert_false(page_flag(page_at(mm, 0), PG_ANON_EXCLUSIVE));
	assert_false(pte_write(mm_pte(mm, address(0))));
	assert_int_equal(nr_free_pages(machine), nr_free + 2);
	audit(NULL, false);

	store(1, 9);
	assert_int_equal(load(mm, 0), 7);
	assert_int_equal(load(mm, 3), 7);
	/* Another scan finds the merged page. */
	store(1, 7);
	assert_ptr_not_equal(page_at(mm, 0), page_at(mm, 1));
	ksm_do_scan(machine);
	assert_ptr_equal(page_at(mm, 0), page_at(mm, 1));
	end();
}

static void other_mms_count(void **state)
{
	struct mm *child;

	(void)state;
	begin("v6.18");
	store(0, 7);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(mm_store(child, address(0), 8), 0);
	store(1, 8);
	ksm_do_scan(machine);
	assert_ptr_equal(page_at(child, 0), page_at(mm, 1));
	audit(NULL, false);
	mm_destroy(child);
	assert_int_equal(load(mm, 0), 7);
	assert_int_equal(load(mm, 1), 8);
	end();
}

static void held_pages_are_left_alone(void **state)
{
	static const char *const eras[] = {"v5.7", "v5.9-rc4", "v5.18", "v5.19", "v6.18"};

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct page *page;

		begin(eras[i]);
		store(0, 7);
		store(1, 7);
		assert_int_equal(get_user_pages_fast(mm, BASE, 1, FOLL_WRITE, &page), 1);
		ksm_do_scan(machine);
		assert_ptr_not_equal(page_at(mm, 0), page_at(mm, 1));
		assert_true(pte_write(mm_pte(mm, address(0))));
		audit(page, false);
		put_page(machine, page);
		end();
	}
}

/* 1a0cf26323c8 (v5.9-rc4): the last user of a merged page copies it, too. */
static void the_last_user_writes(void **state)
{
	(void)state;
	for (int copies = 0; copies < 2; copies++) {
		struct page *page;

		begin(copies ? "v5.9-rc4" : "v5.8");
		store(0, 7);
		store(1, 7);
		ksm_do_scan(machine);
		page = page_at(mm, 0);
		store(1, 8);
		store(0, 9);
		assert_int_equal(page_at(mm, 0) != page, copies);
		assert_false(page_flag(page_at(mm, 0), PG_KSM));
		end();
	}
}

static void unmergeable_takes_them_apart(void **state)
{
	(void)state;
	for (int unshare = 0; unshare < 2; unshare++) {
		begin(unshare ? "v6.2" : "v6.1");
		store(0, 7);
		store(1, 7);
		ksm_do_scan(machine);
		assert_int_equal(mm_madvise(mm, BASE, PAGES * MM_PAGE_SIZE, MM_MADV_UNMERGEABLE),
				 0);
		for (unsigned i = 0; i < 2; i++) {
			assert_false(page_flag(page_at(mm, i), PG_KSM));
			/* A write fault makes the PTE writable, unsharing does not. */
			assert_int_equal(pte_write(mm_pte(mm, address(i))), !unshare);
			assert_int_equal(load(mm, i), 7);
		}
		ksm_do_scan(machine);
		assert_ptr_not_equal(page_at(mm, 0), page_at(mm, 1));
		end();
	}
}

static void merged_pages_do_not_move(void **state)
{
	(void)state;
	begin("v6.18");
	store(0, 7);
	store(1, 7);
	ksm_do_scan(machine);
	assert_int_equal(mm_mremap(mm, BASE, MM_PAGE_SIZE, BASE + (1UL << 20)), 0);
	assert_false(page_flag(page_at(mm, (1UL << 20) / MM_PAGE_SIZE), PG_KSM));
	assert_int_equal(load(mm, (1UL << 20) / MM_PAGE_SIZE), 7);
	end();
}

static void advice_where_it_means_nothing(void **state)
{
	(void)state;
	begin("v6.18");
	assert_int_equal(mm_mmap(mm, BASE, 2 * MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
	assert_int_equal(mm_madvise(mm, BASE, 2 * MM_PAGE_SIZE, MM_MADV_MERGEABLE), 0);
	store(0, 7);
	store(1, 7);
	ksm_do_scan(machine);
	assert_ptr_not_equal(page_at(mm, 0), page_at(mm, 1));
	end();
}

static bool is_swapped(unsigned page)
{
	pte_t pte = mm_pte(mm, address(page));

	return is_swap_pte(pte) && swp_type(pte) == SWP_DEVICE;
}

static void page_out(unsigned page)
{
	assert_int_equal(mm_madvise(mm, address(page), MM_PAGE_SIZE, MM_MADV_PAGEOUT), 0);
}

static const char *const swap_eras[] = {"v5.7", "v5.9", "v5.18", "v6.18"};

/* What one PTE maps may go (12e967fd8e4e), and what comes from swap is not merged. */
static void a_merged_page_is_paged_out(void **state)
{
	(void)state;
	if (!mm_has(MM_SWAP))
		return;
	for (size_t i = 0; i < sizeof(swap_eras) / sizeof(swap_eras[0]); i++) {
		begin(swap_eras[i]);
		for (unsigned page = 0; page < 2; page++)
			store(page, 7);
		ksm_do_scan(machine);
		page_out(0);
		assert_true(pte_present(mm_pte(mm, address(0))));
		store(1, 8);
		page_out(0);
		assert_true(is_swapped(0));
		/* It was never exclusive. */
		assert_int_equal(mm_pte(mm, address(0)) & PTE_SWP_EXCLUSIVE, 0);
		audit(NULL, false);
		assert_int_equal(load(mm, 0), 7);
		assert_false(page_flag(page_at(mm, 0), PG_KSM));
		store(0, 9);
		assert_int_equal(load(mm, 0), 9);
		end();
	}
}

/* In the swap cache it still is, and a write has to copy it. */
static void a_merged_page_in_the_swap_cache_is_copied(void **state)
{
	(void)state;
	if (!mm_has(MM_SWAP))
		return;
	for (size_t i = 0; i < sizeof(swap_eras) / sizeof(swap_eras[0]); i++) {
		struct page *page, *held;

		begin(swap_eras[i]);
		for (unsigned at = 0; at < 2; at++)
			store(at, 7);
		ksm_do_scan(machine);
		store(1, 8);
		page = page_at(mm, 0);
		/* Not by GUP, which breaks COW in v5.8. */
		held = page;
		get_page(machine, held);
		page_out(0);
		assert_true(is_swapped(0));
		audit(held, false);
		assert_int_equal(load(mm, 0), 7);
		assert_ptr_equal(page_at(mm, 0), page);
		assert_true(page_flag(page, PG_KSM));
		page_out(0);
		store(0, 9);
		assert_ptr_not_equal(page_at(mm, 0), page);
		assert_int_equal(page_words(machine, page)[0], 7);
		put_page(machine, held);
		end();
	}
}

/*
 * ksm_might_need_to_copy(): a slot that is wanted in two places, since another page was merged with
 * what was in the swap cache. The second place gets a page of its own.
 */
static void the_second_place_gets_a_copy(void **state)
{
	(void)state;
	if (!mm_has(MM_SWAP))
		return;
	for (size_t i = 0; i < sizeof(swap_eras) / sizeof(swap_eras[0]); i++) {
		for (int write = 0; write < 2; write++) {
			struct page *held;

			begin(swap_eras[i]);
			for (unsigned at = 0; at < 2; at++)
				store(at, 7);
			ksm_do_scan(machine);
			store(1, 8);
			held = page_at(mm, 0);
			get_page(machine, held);
			page_out(0);
			store(2, 7);
			ksm_do_scan(machine);
			assert_ptr_equal(page_at(mm, 2), held);
			page_out(2);
			assert_true(is_swapped(2));
			put_page(machine, held);
			/* Nobody keeps the merged page any more. */
			assert_int_equal(load(mm, 0), 7);
			page_out(0);
			assert_int_equal(pte_pfn(mm_pte(mm, address(0))),
					 pte_pfn(mm_pte(mm, address(2))));
			audit(NULL, false);

			assert_int_equal(load(mm, 0), 7);
			assert_false(page_flag(page_at(mm, 0), PG_KSM));
			if (write)
				store(2, 9);
			assert_int_equal(load(mm, 2), write ? 9 : 7);
			assert_ptr_not_equal(page_at(mm, 0), page_at(mm, 2));
			assert_int_equal(page_at(mm, 2)->index, address(2) / MM_PAGE_SIZE);
			audit(NULL, false);
			store(0, 10);
			assert_int_equal(load(mm, 2), write ? 9 : 7);
			end();
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_pages_become_one),
		cmocka_unit_test(other_mms_count),
		cmocka_unit_test(held_pages_are_left_alone),
		cmocka_unit_test(the_last_user_writes),
		cmocka_unit_test(unmergeable_takes_them_apart),
		cmocka_unit_test(merged_pages_do_not_move),
		cmocka_unit_test(advice_where_it_means_nothing),
		cmocka_unit_test(a_merged_page_is_paged_out),
		cmocka_unit_test(a_merged_page_in_the_swap_cache_is_copied),
		cmocka_unit_test(the_second_place_gets_a_copy),
	};

	return cmocka_run_group_tests_name("ksm", tests, NULL, NULL);
}
