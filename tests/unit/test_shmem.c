/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_shmem.c - shared memory and files in memory, above all where they go to swap */
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

static struct machine *machine;
static struct mm *mm;

static void begin_with(bool async, unsigned slots)
{
	machine = machine_create(&mm_era_find("v6.18")->rules,
				 &(struct machine_config){.nr_frames = FRAMES,
							  .nr_cpus = 1,
							  .nr_swap_slots = slots,
							  .swap_async = async,
							  .swap_stable_writes = async});
	assert_non_null(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
}

/* Two pages of shared anonymous memory. */
static void begin_shared(bool async)
{
	begin_with(async, 16);
	assert_int_equal(mm_mmap(mm, BASE, 2 * MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
}

static void audit(const struct page *held)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	if (held)
		mm_audit_hold(machine, frames, held, false);
	if (!mm_audit(machine, frames, &result))
		fail_msg("finding %d at %u: %d expected, %d found", result.finding, result.pfn,
			 result.expected, result.found);
}

static void end(void)
{
	audit(NULL);
	if (mm)
		mm_destroy(mm);
	audit(NULL);
	machine_destroy(machine);
}

static void store(unsigned page, uint32_t value)
{
	assert_int_equal(mm_store(mm, BASE + page * MM_PAGE_SIZE, value), 0);
}

static uint32_t load(unsigned page)
{
	uint32_t value;

	assert_int_equal(mm_load(mm, BASE + page * MM_PAGE_SIZE, &value), 0);
	return value;
}

static void page_out(unsigned page)
{
	assert_int_equal(mm_madvise(mm, BASE + page * MM_PAGE_SIZE, MM_PAGE_SIZE, MM_MADV_PAGEOUT),
			 0);
}

static pte_t pte(void)
{
	return mm_pte(mm, BASE);
}

static pte_t swap_entry(void)
{
	return mm->vmas[0].shmem->slots[0].swap;
}

/* shmem_writepage(): the object has the swap entry, the page table nothing. */
static void the_object_has_the_entry(void **state)
{
	unsigned nr_free;

	(void)state;
	begin_shared(false);
	store(1, 0);
	lru_add_drain(machine);
	nr_free = nr_free_pages(machine);
	store(0, 7);
	page_out(0);
	assert_true(pte_none(pte()));
	assert_true(is_swap_pte(swap_entry()));
	assert_int_equal(nr_free_pages(machine), nr_free);
	audit(NULL);
	assert_int_equal(load(0), 7);
	assert_int_equal(swap_entry(), 0);
	/* The slot is free again: what is read back is not in the swap cache. */
	assert_false(page_flag(pfn_to_page(machine, pte_pfn(pte())), PG_SWAPCACHE));
	/* Dirty, for it is nowhere else now. */
	page_out(0);
	assert_int_equal(load(0), 7);
	end();
}

/* What goes with the mapping, goes with the entry too. */
static void what_is_in_swap_goes_with_the_object(void **state)
{
	(void)state;
	begin_shared(false);
	store(0, 7);
	page_out(0);
	assert_non_null(machine->swaplist);
	assert_int_equal(mm_munmap(mm, BASE, 2 * MM_PAGE_SIZE), 0);
	assert_null(machine->swaplist);
	audit(NULL);
	end();
}

/* A hole that was read is dropped while clean; written to through a PTE that is gone, it is not. */
static void only_what_is_clean_is_dropped(void **state)
{
	(void)state;
	begin_shared(false);
	assert_int_equal(load(0), 0);
	lru_add_drain(machine);
	assert_true(shmem_has_page(mm->vmas[0].shmem, 0));
	page_out(0);
	assert_false(shmem_has_page(mm->vmas[0].shmem, 0));
	assert_int_equal(load(0), 0);
	store(0, 7);
	assert_int_equal(mm_madvise(mm, BASE, MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	assert_int_equal(load(0), 7);
	page_out(0);
	assert_int_equal(load(0), 7);
	end();
}

/* is_page_cache_freeable(): a page that somebody holds is unmapped, and stays. */
static void held_pages_stay(void **state)
{
	struct page *page;

	(void)state;
	begin_shared(false);
	store(0, 7);
	assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_WRITE, &page), 1);
	page_out(0);
	assert_true(pte_none(pte()));
	assert_int_equal(swap_entry(), 0);
	audit(page);
	*page_words(machine, page) = 8;
	assert_int_equal(load(0), 8);
	assert_int_equal(pte_pfn(pte()), page_to_pfn(machine, page));
	set_page_dirty(machine, page);
	put_page(machine, page);
	page_out(0);
	assert_true(is_swap_pte(swap_entry()));
	assert_int_equal(load(0), 8);
	end();
}

/* 12e967fd8e4e */
static void what_two_map_is_left_alone(void **state)
{
	struct mm *child;

	(void)state;
	begin_shared(false);
	store(0, 7);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(mm_store(child, BASE, 8), 0);
	assert_int_equal(load(0), 8);
	page_out(0);
	assert_true(pte_present(pte()));
	mm_destroy(child);
	page_out(0);
	assert_true(is_swap_pte(swap_entry()));
	assert_int_equal(load(0), 8);
	end();
}

/* Without swap, or with a full one, everything stays. */
static void without_room_nothing_goes(void **state)
{
	(void)state;
	for (unsigned slots = 0; slots < 2; slots++) {
		begin_with(false, slots);
		assert_int_equal(
			mm_mmap(mm, BASE, 2 * MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
		store(0, 7);
		store(1, 8);
		page_out(0);
		page_out(1);
		audit(NULL);
		assert_int_equal(load(0), 7);
		assert_int_equal(load(1), 8);
		end();
	}
}

/* A private mapping's own pages go as any do, those of the file by way of the file. */
static void files(void **state)
{
	struct shmem *file = shmem_create(2);
	uint32_t value;

	(void)state;
	begin_with(false, 16);
	assert_int_equal(shmem_write(machine, file, 0, 7), 0);
	assert_int_equal(shmem_write(machine, file, MM_PAGE_SIZE, 8), 0);
	assert_int_equal(mm_mmap_file(mm, BASE, 2 * MM_PAGE_SIZE, VM_READ | VM_WRITE, file, 0), 0);
	assert_int_equal(load(0), 7);
	store(1, 9);
	page_out(0);
	page_out(1);
	assert_true(file->slots[0].swap);
	assert_null(file->slots[0].page);
	assert_true(is_swap_pte(mm_pte(mm, BASE + MM_PAGE_SIZE)));
	assert_non_null(file->slots[1].page);
	audit(NULL);
	assert_int_equal(shmem_read(machine, file, 0, &value), 0);
	assert_int_equal(value, 7);
	assert_int_equal(load(1), 9);
	assert_int_equal(shmem_read(machine, file, MM_PAGE_SIZE, &value), 0);
	assert_int_equal(value, 8);

	/* No mapping is left, but the file is still open. */
	assert_int_equal(load(0), 7);
	page_out(0);
	mm_destroy(mm);
	mm = NULL;
	audit(NULL);
	shmem_put(machine, file);
	end();
}

/* shmem_swapin_folio() waits for writeback before it takes the page back. */
static void the_page_is_wanted_under_writeback(void **state)
{
	(void)state;
	begin_shared(true);
	store(0, 7);
	page_out(0);
	assert_true(is_swap_pte(swap_entry()));
	audit(NULL);
	store(0, 8);
	audit(NULL);
	assert_false(page_flag(pfn_to_page(machine, pte_pfn(pte())), PG_WRITEBACK));
	page_out(0);
	swap_end_writeback(machine);
	assert_int_equal(load(0), 8);
	end();
}

/* Bringing it back takes a frame: without one nothing is lost. */
static void no_frame_to_come_back_to(void **state)
{
	struct page *kept[FRAMES];
	unsigned nr = 0;
	uint32_t value;

	(void)state;
	begin_shared(false);
	store(0, 7);
	page_out(0);
	while ((kept[nr] = alloc_page(machine)))
		nr++;
	assert_int_equal(mm_load(mm, BASE, &value), -MM_ENOMEM);
	assert_true(is_swap_pte(swap_entry()));
	while (nr)
		put_page(machine, kept[--nr]);
	assert_int_equal(load(0), 7);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_object_has_the_entry),
		cmocka_unit_test(what_is_in_swap_goes_with_the_object),
		cmocka_unit_test(only_what_is_clean_is_dropped),
		cmocka_unit_test(held_pages_stay),
		cmocka_unit_test(what_two_map_is_left_alone),
		cmocka_unit_test(without_room_nothing_goes),
		cmocka_unit_test(files),
		cmocka_unit_test(the_page_is_wanted_under_writeback),
		cmocka_unit_test(no_frame_to_come_back_to),
	};

	return cmocka_run_group_tests_name("shmem", tests, NULL, NULL);
}
