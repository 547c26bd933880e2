/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_migrate.c - what moves to another frame, what stays, and what it keeps */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"

#define FRAMES 2048
#define BASE   (1UL << 30)

static struct machine *machine;
static struct mm *mm;

static void begin(const char *era)
{
	machine = machine_create(
		&mm_era_find(era)->rules,
		&(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 1, .nr_swap_slots = 64});
	assert_non_null(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, 4 * MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
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

static void store(struct mm *in, uint32_t value)
{
	assert_int_equal(mm_store(in, BASE, value), 0);
}

static uint32_t load(struct mm *in)
{
	uint32_t value;

	assert_int_equal(mm_load(in, BASE, &value), 0);
	return value;
}

static pte_t pte_of(struct mm *in)
{
	return mm_pte(in, BASE);
}

static struct page *page_at(struct mm *in)
{
	return pfn_to_page(machine, pte_pfn(pte_of(in)));
}

static const char *const eras[] = {"v5.7", "v5.9-rc4", "v5.11", "v5.18", "v5.19", "v6.18"};
#define NR_ERAS (sizeof(eras) / sizeof(eras[0]))

static void a_page_moves(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		pte_t pte;

		begin(eras[i]);
		store(mm, 7);
		pte = pte_of(mm);
		assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
		assert_int_not_equal(pte_pfn(pte_of(mm)), pte_pfn(pte));
		/* It may be written to as before, and is as soft-dirty as before. */
		assert_int_equal(pte_write(pte_of(mm)), pte_write(pte));
		assert_int_equal(pte_soft_dirty(pte_of(mm)), pte_soft_dirty(pte));
		assert_int_equal(load(mm), 7);
		audit(NULL, false);
		end();
	}
}

static void a_shared_page_moves_for_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_ERAS; i++) {
		struct mm *child;
		struct page *page;

		begin(eras[i]);
		store(mm, 7);
		assert_int_equal(mm_fork(mm, &child), 0);
		page = page_at(mm);
		assert_int_equal(mm_move_pages(child, BASE, MM_PAGE_SIZE), 0);
		assert_ptr_not_equal(page_at(mm), page);
		assert_ptr_equal(page_at(mm), page_at(child));
		assert_false(pte_write(pte_of(mm)));
		assert_false(page_flag(page_at(mm), PG_ANON_EXCLUSIVE));
		audit(NULL, false);
		store(mm, 8);
		assert_int_equal(load(child), 7);
		mm_destroy(child);
		end();
	}
}

static void a_held_page_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * NR_ERAS; i++) {
		bool pinned = i % 2;
		struct page *page;
		long got;
		pte_t pte;

		begin(eras[i / 2]);
		store(mm, 7);
		got = pinned ? pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page)
			     : get_user_pages(mm, BASE, 1, FOLL_WRITE, &page);
		assert_int_equal(got, 1);
		pte = pte_of(mm);
		assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), -MM_EBUSY);
		assert_ptr_equal(page_at(mm), page);
		assert_int_equal(pte_write(pte_of(mm)), pte_write(pte));
		audit(page, pinned);
		if (pinned)
			unpin_user_page(machine, page);
		else
			put_page(machine, page);
		assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
		end();
	}
}

static void the_exclusive_mark_moves_along(void **state)
{
	struct pte_lock lock;

	(void)state;
	begin("v6.18");
	store(mm, 7);
	lock = pte_offset_lock(mm, BASE);
	port_entry_set(lock.entry, (port_entry_read(lock.entry) | PTE_UFFD_WP) & ~PTE_RW);
	pte_unlock(&lock);
	flush_tlb_range(mm, BASE, BASE + MM_PAGE_SIZE);
	assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
	assert_true(page_flag(page_at(mm), PG_ANON_EXCLUSIVE));
	assert_false(pte_write(pte_of(mm)));
	assert_true(pte_uffd_wp(pte_of(mm)));
	end();
}

/* What is newer than its copy in swap is so after the move, too (fd35ca3d12cc lost that). */
static void what_is_dirty_stays_dirty(void **state)
{
	(void)state;
	if (!mm_has(MM_SWAP))
		return;
	for (int lost = 0; lost < 2; lost++) {
		begin("v6.18");
		machine->rules.migrate_dirty = lost ? MIGRATE_DIRTY_LOST : MIGRATE_DIRTY_KEEP;
		store(mm, 7);
		assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_PAGEOUT), 0);
		assert_int_equal(load(mm), 7);
		assert_true(page_flag(page_at(mm), PG_SWAPCACHE));
		/* The page keeps its slot, for it is exclusive and nobody asks. */
		store(mm, 8);
		assert_int_equal(page_flag(page_at(mm), PG_SWAPCACHE), 1);
		assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
		assert_int_equal(page_flag(page_at(mm), PG_SWAPCACHE), 1);
		audit(NULL, false);
		assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_PAGEOUT), 0);
		assert_int_equal(load(mm), lost ? 7 : 8);
		end();
	}
}

static void shared_memory_moves(void **state)
{
	struct mm *child;
	struct page *page;

	(void)state;
	begin("v6.18");
	assert_int_equal(mm_mmap(mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
	store(mm, 7);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(load(child), 7);
	page = page_at(mm);
	assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
	assert_ptr_not_equal(page_at(mm), page);
	assert_ptr_equal(page_at(mm), page_at(child));
	store(child, 8);
	assert_int_equal(load(mm), 8);
	audit(NULL, false);
	assert_int_equal(get_user_pages(mm, BASE, 1, 0, &page), 1);
	assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), -MM_EBUSY);
	put_page(machine, page);
	mm_destroy(child);
	end();
}

static void what_is_not_there(void **state)
{
	uint32_t value;

	(void)state;
	begin("v6.18");
	assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
	assert_int_equal(mm_move_pages(mm, BASE + 8 * MM_PAGE_SIZE, MM_PAGE_SIZE), -MM_EFAULT);
	assert_int_equal(mm_load(mm, BASE, &value), 0);
	/* The zero page is not moved. */
	assert_int_equal(mm_move_pages(mm, BASE, MM_PAGE_SIZE), 0);
	assert_int_equal(pte_pfn(pte_of(mm)), machine->zero_pfn);
	end();
}

static void a_huge_page_moves_as_a_whole(void **state)
{
	struct mm *child;
	struct page *head;

	(void)state;
	if (!mm_has(MM_TRANSPARENT_HUGEPAGE))
		return;
	begin("v6.18");
	assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, VM_READ | VM_WRITE), 0);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
	store(mm, 7);
	assert_int_equal(mm_store(mm, BASE + MM_PAGE_SIZE, 8), 0);
	assert_true(mm_pmd_mapped(mm, BASE));
	head = page_at(mm);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(mm_madvise(child, BASE, MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	assert_int_equal(mm_move_pages(mm, BASE, MM_HPAGE_SIZE), 0);
	assert_true(mm_pmd_mapped(mm, BASE));
	assert_ptr_not_equal(page_at(mm), head);
	assert_int_equal(pte_pfn(mm_pte(child, BASE + MM_PAGE_SIZE)), pte_pfn(pte_of(mm)) + 1);
	audit(NULL, false);
	assert_int_equal(load(mm), 7);
	mm_destroy(child);
	end();
}

/* d1e153fea2a8 (v5.13): a long-term pin does not stay where nothing may stay for long. */
static void long_term_pins_leave_the_movable_zone(void **state)
{
	(void)state;
	for (int i = 0; i < 8; i++) {
		bool moves = i & 1, fast = i & 2, shared = i & 4;
		struct page *page, *before;
		long got;

		machine = machine_create(&mm_era_find(moves ? "v5.13" : "v5.12")->rules,
					 &(struct machine_config){.nr_frames = FRAMES,
								  .nr_cpus = 1,
								  .nr_movable = FRAMES / 2});
		assert_non_null(machine);
		mm = mm_create(machine);
		assert_non_null(mm);
		assert_int_equal(mm_mmap(mm, BASE, MM_PAGE_SIZE,
					 VM_READ | VM_WRITE | (shared ? VM_SHARED : 0)),
				 0);
		store(mm, 7);
		before = page_at(mm);
		assert_true(page_is_movable(machine, before));
		/* Short-term ones may. */
		assert_int_equal(pin_user_pages_fast(mm, BASE, 1, FOLL_WRITE, &page), 1);
		assert_ptr_equal(page, before);
		if (moves) {
			long err = pin_user_pages(mm, BASE, 1, FOLL_LONGTERM, &before);

			assert_int_equal(err, -MM_ENOMEM);
		}
		unpin_user_page(machine, page);

		got = fast ? pin_user_pages_fast(mm, BASE, 1, FOLL_WRITE | FOLL_LONGTERM, &page)
			   : pin_user_pages(mm, BASE, 1, FOLL_WRITE | FOLL_LONGTERM, &page);
		assert_int_equal(got, 1);
		assert_int_equal(page_is_movable(machine, page), !moves);
		assert_ptr_equal(page, page_at(mm));
		*page_words(machine, page) = 8;
		assert_int_equal(load(mm), 8);
		audit(page, true);
		unpin_user_page(machine, page);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_moves),
		cmocka_unit_test(a_shared_page_moves_for_all),
		cmocka_unit_test(a_held_page_stays),
		cmocka_unit_test(the_exclusive_mark_moves_along),
		cmocka_unit_test(what_is_dirty_stays_dirty),
		cmocka_unit_test(shared_memory_moves),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(a_huge_page_moves_as_a_whole),
		cmocka_unit_test(long_term_pins_leave_the_movable_zone),
	};

	return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
