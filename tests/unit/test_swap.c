/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_swap.c - page-out, the swap cache, and what comes back from swap, era by era */
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
#define SLOTS  16
#define BASE   (1UL << 30)

static struct machine *machine;
static struct mm *mm;

static void begin_with(const struct mm_rules *rules, const struct machine_config *config)
{
	machine = machine_create(rules, config);
	assert_non_null(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, 4 * MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
}

static void begin(const char *era)
{
	begin_with(&mm_era_find(era)->rules, &(struct machine_config){.nr_frames = FRAMES,
								      .nr_cpus = 1,
								      .nr_swap_slots = SLOTS});
}

/* With a swap device that takes its time. */
static void begin_async(const struct mm_rules *rules, bool stable_writes)
{
	begin_with(rules, &(struct machine_config){.nr_frames = FRAMES,
						   .nr_cpus = 1,
						   .nr_swap_slots = SLOTS,
						   .swap_async = true,
						   .swap_stable_writes = stable_writes});
}

static struct audit_result recount(const struct page *held, bool pinned)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	if (held)
		mm_audit_hold(machine, frames, held, pinned);
	mm_audit(machine, frames, &result);
	return result;
}

static void audit(struct page *held, bool pinned)
{
	struct audit_result result = recount(held, pinned);

	if (result.finding != AUDIT_OK)
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

static void store(struct mm *in, unsigned page, uint32_t value)
{
	assert_int_equal(mm_store(in, BASE + page * MM_PAGE_SIZE, value), 0);
}

static uint32_t load(struct mm *in, unsigned page)
{
	uint32_t value;

	assert_int_equal(mm_load(in, BASE + page * MM_PAGE_SIZE, &value), 0);
	return value;
}

static void advise(enum mm_advice advice)
{
	assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, advice), 0);
}

static pte_t pte_of(struct mm *in)
{
	return mm_pte(in, BASE);
}

static bool is_swapped(struct mm *in)
{
	return is_swap_pte(pte_of(in)) && swp_type(pte_of(in)) == SWP_DEVICE;
}

static struct page *page_at(struct mm *in)
{
	return pfn_to_page(machine, pte_pfn(pte_of(in)));
}

static const char *const eras[] = {"v5.7", "v5.9-rc4", "v5.11", "v5.18", "v5.19", "v6.18"};
#define NR_ERAS (sizeof(eras) / sizeof(eras[0]))

static void what_is_paged_out_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		unsigned nr_free;

		begin(eras[i]);
		store(mm, 1, 0);
		lru_add_drain(machine);
		nr_free = nr_free_pages(machine);
		store(mm, 0, 7);
		advise(MM_MADV_PAGEOUT);
		assert_true(is_swapped(mm));
		/* Its frame is free. */
		assert_int_equal(nr_free_pages(machine), nr_free);
		audit(NULL, false);
		assert_int_equal(load(mm, 0), 7);
		assert_true(pte_present(pte_of(mm)));
		end();
	}
}

static void a_page_that_is_clean_in_swap_is_not_lost(void **state)
{
	(void)state;
	begin("v5.9");
	store(mm, 0, 7);
	for (int i = 0; i < 3; i++) {
		advise(MM_MADV_PAGEOUT);
		assert_true(is_swapped(mm));
		assert_int_equal(load(mm, 0), 7);
	}
	store(mm, 0, 8);
	advise(MM_MADV_PAGEOUT);
	assert_int_equal(load(mm, 0), 8);
	end();
}

/* 12e967fd8e4e: madvise() does not touch what others map. */
static void a_shared_page_is_left_alone(void **state)
{
	struct mm *child;

	(void)state;
	begin("v6.18");
	store(mm, 0, 7);
	assert_int_equal(mm_fork(mm, &child), 0);
	advise(MM_MADV_PAGEOUT);
	assert_true(pte_present(pte_of(mm)));
	mm_destroy(child);
	advise(MM_MADV_PAGEOUT);
	assert_true(is_swapped(mm));
	end();
}

static void fork_shares_what_is_in_swap(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		struct mm *child;

		begin(eras[i]);
		store(mm, 0, 7);
		advise(MM_MADV_PAGEOUT);
		assert_int_equal(mm_fork(mm, &child), 0);
		/* 1493a1913e34: no longer exclusive, for either. */
		assert_int_equal(pte_of(mm) & PTE_SWP_EXCLUSIVE, 0);
		assert_int_equal(pte_of(mm), pte_of(child));
		audit(NULL, false);
		store(mm, 0, 8);
		assert_int_equal(load(child, 0), 7);
		store(child, 0, 9);
		assert_int_equal(load(mm, 0), 8);
		audit(NULL, false);
		mm_destroy(child);
		end();
	}
}

/* The swap entry of an exclusive page says so from v5.19 on, and the page is exclusive again. */
static void the_exclusive_mark_survives_swap(void **state)
{
	(void)state;
	begin("v5.18");
	store(mm, 0, 7);
	advise(MM_MADV_PAGEOUT);
	assert_int_equal(pte_of(mm) & PTE_SWP_EXCLUSIVE, 0);
	end();

	begin("v5.19");
	store(mm, 0, 7);
	advise(MM_MADV_PAGEOUT);
	assert_true(pte_of(mm) & PTE_SWP_EXCLUSIVE);
	assert_int_equal(load(mm, 0), 7);
	assert_true(page_flag(page_at(mm), PG_ANON_EXCLUSIVE));
	end();
}

/* feb889fb40fa (v5.11): a pinned page is not put into swap. Before, it was unmapped. */
static void page_out_and_pins(void **state)
{
	struct page *page;

	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		bool kept = i >= 2;

		begin(eras[i]);
		store(mm, 0, 7);
		assert_int_equal(pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page), 1);
		advise(MM_MADV_PAGEOUT);
		assert_int_equal(pte_present(pte_of(mm)), kept);
		assert_int_equal(page_flag(page, PG_SWAPCACHE), !kept);
		audit(page, true);
		/* The fault finds the page that the pin holds. */
		assert_int_equal(load(mm, 0), 7);
		assert_ptr_equal(page_at(mm), page);
		unpin_user_page(machine, page);
		end();
	}
}

/* A reference does not stop page-out from unmapping, in any era; the page stays in the cache. */
static void page_out_and_references(void **state)
{
	struct page *page;

	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		begin(eras[i]);
		store(mm, 0, 7);
		assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_WRITE, &page), 1);
		advise(MM_MADV_PAGEOUT);
		assert_true(is_swapped(mm));
		assert_true(page_flag(page, PG_SWAPCACHE));
		audit(page, false);
		*page_words(machine, page) = 8;
		assert_int_equal(load(mm, 0), 8);
		assert_ptr_equal(page_at(mm), page);
		put_page(machine, page);
		end();
	}
}

static void soft_dirty_and_uffd_wp_stay_in_the_entry(void **state)
{
	struct pte_lock lock;

	(void)state;
	begin("v6.18");
	store(mm, 0, 7);
	lock = pte_offset_lock(mm, BASE);
	port_entry_set(lock.entry, (port_entry_read(lock.entry) | PTE_UFFD_WP) & ~PTE_RW);
	pte_unlock(&lock);
	flush_tlb_range(mm, BASE, BASE + MM_PAGE_SIZE);
	advise(MM_MADV_PAGEOUT);
	assert_true(pte_of(mm) & PTE_SWP_UFFD_WP);
	assert_true(pte_of(mm) & PTE_SWP_SOFT_DIRTY);
	assert_int_equal(load(mm, 0), 7);
	assert_true(pte_uffd_wp(pte_of(mm)));
	assert_true(pte_soft_dirty(pte_of(mm)));
	assert_false(pte_write(pte_of(mm)));

	advise(MM_MADV_PAGEOUT);
	mm_clear_refs(mm);
	assert_int_equal(pte_of(mm) & PTE_SWP_SOFT_DIRTY, 0);
	assert_int_equal(load(mm, 0), 7);
	assert_false(pte_soft_dirty(pte_of(mm)));
	end();
}

static void entries_move_and_go(void **state)
{
	(void)state;
	begin("v6.18");
	store(mm, 0, 7);
	store(mm, 1, 8);
	assert_int_equal(mm_madvise(mm, BASE, 2 * MM_PAGE_SIZE, MM_MADV_PAGEOUT), 0);
	assert_int_equal(mm_mremap(mm, BASE, MM_PAGE_SIZE, BASE + (1UL << 20)), 0);
	audit(NULL, false);
	assert_int_equal(mm_madvise(mm, BASE + MM_PAGE_SIZE, MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	audit(NULL, false);
	assert_int_equal(load(mm, 1), 0);
	assert_int_equal(load(mm, (1UL << 20) / MM_PAGE_SIZE), 7);
	end();
}

static void willneed_reads_into_the_cache(void **state)
{
	(void)state;
	begin("v6.18");
	store(mm, 0, 7);
	advise(MM_MADV_PAGEOUT);
	advise(MM_MADV_WILLNEED);
	assert_true(is_swapped(mm));
	audit(NULL, false);
	assert_int_equal(load(mm, 0), 7);
	audit(NULL, false);
	/* And if nobody comes for it, it goes with the entry. */
	advise(MM_MADV_PAGEOUT);
	advise(MM_MADV_WILLNEED);
	advise(MM_MADV_DONTNEED);
	assert_int_equal(load(mm, 0), 0);
	end();
}

static void without_room_the_page_stays(void **state)
{
	(void)state;
	begin("v6.18");
	for (unsigned i = 0; i < 4; i++)
		store(mm, i, i + 1);
	lru_add_drain(machine);
	assert_int_equal(mm_madvise(mm, BASE, 4 * MM_PAGE_SIZE, MM_MADV_PAGEOUT), 0);
	assert_int_equal(mm_mmap(mm, BASE + (1UL << 20), 32 * MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
	for (unsigned i = 0; i < 32; i++)
		store(mm, (1UL << 20) / MM_PAGE_SIZE + i, 100 + i);
	assert_int_equal(mm_madvise(mm, BASE + (1UL << 20), 32 * MM_PAGE_SIZE, MM_MADV_PAGEOUT), 0);
	audit(NULL, false);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(load(mm, (1UL << 20) / MM_PAGE_SIZE + i), 100 + i);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(load(mm, i), i + 1);
	end();
}

/* What MADV_FREE gave up is dropped at page-out, unless it was written to again. */
static void madv_free_drops_at_page_out(void **state)
{
	(void)state;
	begin("v6.18");
	store(mm, 0, 7);
	advise(MM_MADV_FREE);
	assert_int_equal(load(mm, 0), 7);
	advise(MM_MADV_PAGEOUT);
	assert_true(pte_none(pte_of(mm)));
	assert_int_equal(load(mm, 0), 0);

	store(mm, 0, 8);
	advise(MM_MADV_FREE);
	store(mm, 0, 9);
	advise(MM_MADV_PAGEOUT);
	assert_int_equal(load(mm, 0), 9);
	/* It is a page like others again. */
	advise(MM_MADV_PAGEOUT);
	assert_true(is_swapped(mm));
	assert_int_equal(load(mm, 0), 9);
	end();
}

static void madv_free_of_what_is_in_swap(void **state)
{
	(void)state;
	begin("v6.18");
	store(mm, 0, 7);
	advise(MM_MADV_PAGEOUT);
	advise(MM_MADV_FREE);
	assert_true(pte_none(pte_of(mm)));
	assert_int_equal(mm_mmap(mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
	assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_FREE), -MM_EINVAL);
	end();
}

/* 6c8e2a256915 (v5.18): a page that direct I/O is about to write to is not dropped. */
static void madv_free_and_direct_io(void **state)
{
	struct page *page;

	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		begin(eras[i]);
		store(mm, 0, 7);
		lru_add_drain(machine);
		advise(MM_MADV_FREE);
		assert_int_equal(get_user_pages_fast(mm, BASE, 1, FOLL_WRITE, &page), 1);
		advise(MM_MADV_PAGEOUT);
		*page_words(machine, page) = 8;
		assert_int_equal(load(mm, 0), i >= 3 ? 8 : 0);
		put_page(machine, page);
		end();
	}
}

/* f4c4a3f48480 (v5.14): after a copy the swap cache does not keep the old page. */
static void a_copy_leaves_nothing_in_the_cache(void **state)
{
	static const char *const names[] = {"v5.9", "v5.14"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct page *old;

		begin(names[i]);
		store(mm, 0, 7);
		advise(MM_MADV_PAGEOUT);
		assert_int_equal(load(mm, 0), 7);
		old = page_at(mm);
		lru_add_drain(machine);
		/* Shared with the cache: v5.9 and v5.14 copy. */
		store(mm, 0, 8);
		assert_ptr_not_equal(page_at(mm), old);
		lru_add_drain(machine);
		assert_int_equal(page_flag(old, PG_SWAPCACHE), i == 0);
		end();
	}
}

/* The page is in the swap cache till then, and page-out leaves it alone; then it goes. */
static void writeback_lasts_until_it_is_ended(void **state)
{
	struct page *page;
	unsigned nr_free;

	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		begin_async(&mm_era_find(eras[i])->rules, true);
		store(mm, 1, 0);
		lru_add_drain(machine);
		nr_free = nr_free_pages(machine);
		store(mm, 0, 7);
		page = page_at(mm);
		advise(MM_MADV_PAGEOUT);
		assert_true(is_swapped(mm));
		assert_true(page_flag(page, PG_WRITEBACK));
		assert_true(page_flag(page, PG_SWAPCACHE));
		assert_int_equal(nr_free_pages(machine), nr_free - 1);
		audit(NULL, false);
		assert_int_equal(load(mm, 0), 7);
		assert_ptr_equal(page_at(mm), page);
		advise(MM_MADV_PAGEOUT);
		assert_true(pte_present(pte_of(mm)));
		swap_end_writeback(machine);
		assert_false(page_flag(page, PG_WRITEBACK));
		advise(MM_MADV_PAGEOUT);
		assert_true(is_swapped(mm));
		/* It is clean: there is nothing to write. */
		assert_int_equal(nr_free_pages(machine), nr_free);
		assert_int_equal(load(mm, 0), 7);
		end();
	}
}

/* Who has unmapped the page meanwhile does not free it; the end of writeback does. */
static void nobody_is_left_when_writeback_ends(void **state)
{
	unsigned nr_free;

	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		begin_async(&mm_era_find(eras[i])->rules, true);
		store(mm, 1, 0);
		lru_add_drain(machine);
		nr_free = nr_free_pages(machine);
		store(mm, 0, 7);
		advise(MM_MADV_PAGEOUT);
		load(mm, 0);
		advise(MM_MADV_DONTNEED);
		assert_int_equal(nr_free_pages(machine), nr_free - 1);
		audit(NULL, false);
		swap_end_writeback(machine);
		assert_int_equal(nr_free_pages(machine), nr_free);
		/* Unmapped, but its data is still wanted: it has to come from the device. */
		store(mm, 0, 8);
		advise(MM_MADV_PAGEOUT);
		swap_end_writeback(machine);
		assert_int_equal(nr_free_pages(machine), nr_free);
		assert_int_equal(load(mm, 0), 8);
		end();
	}
}

/*
 * f05714293a59: a page under writeback is not taken where the device needs it unchanged. v5.18
 * never takes it, for the cache has a reference (c145e0b47c77).
 */
static void a_write_under_writeback(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		for (int how = 0; how < 3; how++) {
			struct mm_rules rules = mm_era_find(eras[i])->rules;
			bool stable = how != 0;
			bool taken = how != 1 && rules.swapin_reuse != SWAPIN_REUSE_REFCOUNT;
			struct page *page;

			if (how == 2)
				rules.swap_stable_writes = SWAP_STABLE_WRITES_REUSE;
			begin_async(&rules, stable);
			store(mm, 0, 7);
			page = page_at(mm);
			advise(MM_MADV_PAGEOUT);
			store(mm, 0, 8);
			assert_int_equal(page_at(mm) == page, taken);
			assert_int_equal(recount(NULL, false).finding,
					 taken && stable ? AUDIT_UNSTABLE : AUDIT_OK);
			swap_end_writeback(machine);
			/* What has changed meanwhile is dirty, and written again. */
			advise(MM_MADV_PAGEOUT);
			assert_true(is_swapped(mm));
			swap_end_writeback(machine);
			assert_int_equal(load(mm, 0), 8);
			end();
		}
	}
}

/* 1493a1913e34: read back under writeback, it is not exclusive, or the next write would take it. */
static void a_read_under_writeback(void **state)
{
	(void)state;
	for (int stable = 0; stable < 2; stable++) {
		struct page *page;

		begin_async(&mm_era_find("v6.18")->rules, stable);
		store(mm, 0, 7);
		page = page_at(mm);
		advise(MM_MADV_PAGEOUT);
		load(mm, 0);
		assert_ptr_equal(page_at(mm), page);
		assert_int_equal(page_flag(page, PG_ANON_EXCLUSIVE), !stable);
		store(mm, 0, 8);
		assert_int_equal(page_at(mm) == page, !stable);
		audit(NULL, false);
		end();
	}
}

/* MIGRATE_SYNC waits for writeback. */
static void migration_waits_for_writeback(void **state)
{
	struct page *page;

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	begin_async(&mm_era_find("v6.18")->rules, true);
	store(mm, 0, 7);
	advise(MM_MADV_PAGEOUT);
	load(mm, 0);
	page = page_at(mm);
	assert_true(page_flag(page, PG_WRITEBACK));
	assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
	assert_ptr_not_equal(page_at(mm), page);
	assert_false(page_flag(page_at(mm), PG_WRITEBACK));
	store(mm, 0, 8);
	audit(NULL, false);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_paged_out_comes_back),
		cmocka_unit_test(a_page_that_is_clean_in_swap_is_not_lost),
		cmocka_unit_test(a_shared_page_is_left_alone),
		cmocka_unit_test(fork_shares_what_is_in_swap),
		cmocka_unit_test(the_exclusive_mark_survives_swap),
		cmocka_unit_test(page_out_and_pins),
		cmocka_unit_test(page_out_and_references),
		cmocka_unit_test(soft_dirty_and_uffd_wp_stay_in_the_entry),
		cmocka_unit_test(entries_move_and_go),
		cmocka_unit_test(willneed_reads_into_the_cache),
		cmocka_unit_test(without_room_the_page_stays),
		cmocka_unit_test(madv_free_drops_at_page_out),
		cmocka_unit_test(madv_free_of_what_is_in_swap),
		cmocka_unit_test(madv_free_and_direct_io),
		cmocka_unit_test(a_copy_leaves_nothing_in_the_cache),
		cmocka_unit_test(writeback_lasts_until_it_is_ended),
		cmocka_unit_test(nobody_is_left_when_writeback_ends),
		cmocka_unit_test(a_write_under_writeback),
		cmocka_unit_test(a_read_under_writeback),
		cmocka_unit_test(migration_waits_for_writeback),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
