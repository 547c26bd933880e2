/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_rules.c - what a litmus test can't see: which frame is mapped, with which bits and counts
 *
 * Each test says what kernels do, by release; the sources are the commits in mm/rules.c.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <limits.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/mm.h"
#include "threads.h"

#define FRAMES 256
#define BASE   (1UL << 30)

/* A machine under the rules of a release, with one page that has been written to. */
struct world {
	struct machine *machine;
	struct mm *mm;
	struct mm *child;
};

static struct world begin(const char *release)
{
	struct world world = {0};

	world.machine = machine_create(&mm_era_find(release)->rules,
				       &(struct machine_config){.nr_frames = FRAMES, .nr_cpus = 2});
	assert_non_null(world.machine);
	world.mm = mm_create(world.machine);
	assert_non_null(world.mm);
	assert_int_equal(mm_mmap(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
	assert_int_equal(mm_store(world.mm, BASE, 1), 0);
	return world;
}

static void end(struct world *world)
{
	struct audit_frame frames[FRAMES] = {0};
	struct audit_result result;

	assert_true(mm_audit(world->machine, frames, &result));
	mm_destroy(world->mm);
	machine_destroy(world->machine);
}

static void begin_child(struct world *world)
{
	assert_int_equal(mm_fork(world->mm, &world->child), 0);
}

/* On another CPU, whose LRU cache it is that the exit empties. */
static void end_child(struct world *world)
{
	port_set_cpu(1);
	mm_destroy(world->child);
	port_set_cpu(0);
}

static pfn_t frame(const struct world *world)
{
	return pte_pfn(mm_pte(world->mm, BASE));
}

static bool has_bit(const struct world *world, pte_t bit)
{
	return mm_pte(world->mm, BASE) & bit;
}

/*
 * A page that only we map, read-only since a fork, and still in this CPU's LRU cache: by mapcount
 * it is taken, by refcount copied (09854ba94c6a), until the caches are drained first
 * (d4c470970d45).
 */
static bool lru_cache_forces_copy(const char *release)
{
	struct world world = begin(release);
	pfn_t before = frame(&world);
	bool copied;

	begin_child(&world);
	end_child(&world);
	assert_int_equal(mm_store(world.mm, BASE, 2), 0);
	copied = frame(&world) != before;
	end(&world);
	return copied;
}

static void the_lru_cache_forces_a_copy_from_5_9_to_5_17(void **state)
{
	(void)state;
	assert_false(lru_cache_forces_copy("v5.7"));
	assert_false(lru_cache_forces_copy("v5.8"));
	assert_true(lru_cache_forces_copy("v5.9-rc4"));
	assert_true(lru_cache_forces_copy("v5.9"));
	assert_true(lru_cache_forces_copy("v5.17"));
	assert_false(lru_cache_forces_copy("v5.18"));
	assert_false(lru_cache_forces_copy("v5.19"));
	assert_false(lru_cache_forces_copy("v6.18"));
}

/* Does fork copy a page that has 1024 plain references, in an mm that has pinned something or not?
 */
static bool fork_copies_1024_references(const char *release, bool has_pinned)
{
	static struct page *pages[GUP_PIN_COUNTING_BIAS];
	struct world world = begin(release);
	struct page *pinned;
	bool copied;

	if (has_pinned) {
		assert_int_equal(pin_user_pages(world.mm, BASE, 1, 0, &pinned), 1);
		unpin_user_page(world.machine, pinned);
	}
	for (int i = 0; i < GUP_PIN_COUNTING_BIAS; i++)
		assert_int_equal(get_user_pages(world.mm, BASE, 1, 0, &pages[i]), 1);
	begin_child(&world);
	copied = pte_pfn(mm_pte(world.child, BASE)) != frame(&world);
	end_child(&world);
	for (int i = 0; i < GUP_PIN_COUNTING_BIAS; i++)
		put_page(world.machine, pages[i]);
	end(&world);
	return copied;
}

/* page_maybe_dma_pinned() is fuzzy; mm->has_pinned (008cfe4418b3) spares those who never pin. */
static void references_may_look_like_a_pin(void **state)
{
	(void)state;
	assert_false(fork_copies_1024_references("v5.9-rc4", true));
	assert_false(fork_copies_1024_references("v5.9", false));
	assert_true(fork_copies_1024_references("v5.9", true));
	assert_false(fork_copies_1024_references("v6.5", false));
	assert_true(fork_copies_1024_references("v6.5", true));
}

static int zero_page_refs_of_a_pin(const char *release)
{
	struct world world = begin(release);
	struct page *zero = pfn_to_page(world.machine, world.machine->zero_pfn);
	int before = port_atomic_read(&zero->refcount);
	struct page *page;
	int refs;

	assert_int_equal(mm_mmap(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
	assert_int_equal(pin_user_pages(world.mm, BASE, 1, 0, &page), 1);
	assert_ptr_equal(page, zero);
	refs = port_atomic_read(&zero->refcount) - before;
	unpin_user_page(world.machine, page);
	assert_int_equal(port_atomic_read(&zero->refcount), before);
	end(&world);
	return refs;
}

static void the_zero_page_is_not_pinned_from_6_5_on(void **state)
{
	(void)state;
	assert_int_equal(zero_page_refs_of_a_pin("v5.7"), 1024);
	assert_int_equal(zero_page_refs_of_a_pin("v6.4"), 1024);
	assert_int_equal(zero_page_refs_of_a_pin("v6.5"), 0);
}

/* After mprotect() to PROT_READ and back: must a fault come first? (64fe24a3e05e) */
static bool writable_after_mprotect(const char *release)
{
	struct world world = begin(release);
	bool writable;

	assert_int_equal(mm_mprotect(world.mm, BASE, MM_PAGE_SIZE, VM_READ), 0);
	assert_false(has_bit(&world, PTE_RW));
	assert_int_equal(mm_mprotect(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
	writable = has_bit(&world, PTE_RW);
	end(&world);
	return writable;
}

static void mprotect_makes_writable_from_6_0_on(void **state)
{
	(void)state;
	assert_false(writable_after_mprotect("v5.7"));
	assert_false(writable_after_mprotect("v5.19"));
	assert_true(writable_after_mprotect("v6.0"));
	assert_true(writable_after_mprotect("v6.18"));
}

/* Documentation/admin-guide/mm/soft-dirty.rst: writes after the clearing are seen, all of them. */
static void soft_dirty_tracks_writes(const char *release)
{
	struct world world = begin(release);

	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	mm_clear_refs(world.mm);
	assert_false(has_bit(&world, PTE_SOFT_DIRTY));
	/* Nothing but a write sets it: not protection that comes and goes... */
	assert_int_equal(mm_mprotect(world.mm, BASE, MM_PAGE_SIZE, VM_READ), 0);
	assert_int_equal(mm_mprotect(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
	assert_false(has_bit(&world, PTE_SOFT_DIRTY | PTE_RW));
	assert_int_equal(mm_store(world.mm, BASE, 2), 0);
	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	/* ...and neither clears it. */
	assert_int_equal(mm_mprotect(world.mm, BASE, MM_PAGE_SIZE, VM_READ), 0);
	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	end(&world);
}

static void soft_dirty_tracks_writes_by_gup(const char *release)
{
	struct world world = begin(release);

	assert_int_equal(mm_mprotect(world.mm, BASE, MM_PAGE_SIZE, VM_READ), 0);
	mm_clear_refs(world.mm);
	assert_int_equal(mm_ptrace_pokedata(world.mm, BASE, 2), 0);
	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	assert_false(has_bit(&world, PTE_RW));
	end(&world);
}

/* Shared memory is writable at once, but not while the first write has still to be seen. */
static void soft_dirty_tracks_writes_to_shared_memory(const char *release)
{
	struct world world = begin(release);
	uint32_t value;

	assert_int_equal(mm_mmap(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
	assert_int_equal(mm_store(world.mm, BASE, 1), 0);
	mm_clear_refs(world.mm);
	assert_int_equal(mm_load(world.mm, BASE, &value), 0);
	assert_false(has_bit(&world, PTE_SOFT_DIRTY | PTE_RW));
	assert_int_equal(mm_store(world.mm, BASE, 2), 0);
	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	/* The same where the page is mapped only after the clearing. */
	assert_int_equal(mm_madvise(world.mm, BASE, MM_PAGE_SIZE, MM_MADV_DONTNEED), 0);
	assert_int_equal(mm_load(world.mm, BASE, &value), 0);
	assert_int_equal(value, 2);
	assert_false(has_bit(&world, PTE_SOFT_DIRTY | PTE_RW));
	assert_int_equal(mm_store(world.mm, BASE, 3), 0);
	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	end(&world);
}

static void soft_dirty_is_kept_by_an_unshare(void)
{
	struct world world = begin("v6.5");
	pfn_t before = frame(&world);
	struct page *page;

	begin_child(&world);
	assert_int_equal(pin_user_pages(world.mm, BASE, 1, FOLL_LONGTERM, &page), 1);
	assert_int_not_equal(frame(&world), before);
	assert_true(has_bit(&world, PTE_SOFT_DIRTY));
	assert_false(has_bit(&world, PTE_DIRTY | PTE_RW));
	unpin_user_page(world.machine, page);
	end_child(&world);
	end(&world);
}

static void soft_dirty_is_what_linux_promises(void **state)
{
	(void)state;
	for (int i = 0; i < mm_nr_eras; i++) {
		soft_dirty_tracks_writes(mm_eras[i].name);
		soft_dirty_tracks_writes_by_gup(mm_eras[i].name);
		soft_dirty_tracks_writes_to_shared_memory(mm_eras[i].name);
	}
	soft_dirty_is_kept_by_an_unshare();
}

/* 9348b73c2e1b: a pinned page is not protected, and so not tracked. */
static bool clear_refs_protects_pinned(const char *release)
{
	struct world world = begin(release);
	struct page *page;
	bool protected;

	assert_int_equal(pin_user_pages(world.mm, BASE, 1, FOLL_WRITE, &page), 1);
	mm_clear_refs(world.mm);
	protected = !has_bit(&world, PTE_RW);
	unpin_user_page(world.machine, page);
	end(&world);
	return protected;
}

static void clear_refs_spares_pins_from_5_11_on(void **state)
{
	(void)state;
	assert_true(clear_refs_protects_pinned("v5.7"));
	assert_true(clear_refs_protects_pinned("v5.9"));
	assert_false(clear_refs_protects_pinned("v5.11"));
	assert_false(clear_refs_protects_pinned("v6.18"));
}

/* The CPU's own: the first store through a clean entry sets the dirty bit, though the TLB has it.
 */
static void the_first_store_makes_dirty(void **state)
{
	struct world world = begin("v6.18");
	uint32_t value;

	(void)state;
	assert_int_equal(mm_mmap(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE | VM_SHARED), 0);
	assert_int_equal(mm_load(world.mm, BASE, &value), 0);
	assert_true(has_bit(&world, PTE_RW));
	assert_false(has_bit(&world, PTE_DIRTY));
	assert_int_equal(mm_store(world.mm, BASE, 2), 0);
	assert_true(has_bit(&world, PTE_DIRTY));
	end(&world);
}

/*
 * Until c8070b787519 (v6.5) each pin of the zero page counted: two million of them, and the count
 * is no longer one, so that nobody gets the page any more. try_get_page() refuses such a count.
 */
static void pins_of_the_zero_page_overflow_up_to_6_4(void **state)
{
	static const struct {
		const char *release;
		long then;
	} expected[] = {{"v5.7", -MM_ENOMEM}, {"v6.4", -MM_ENOMEM}, {"v6.5", 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		struct world world = begin(expected[i].release);
		struct page *zero = pfn_to_page(world.machine, world.machine->zero_pfn);
		struct page *page;
		uint32_t value;

		assert_int_equal(mm_mmap(world.mm, BASE, MM_PAGE_SIZE, VM_READ | VM_WRITE), 0);
		assert_int_equal(mm_load(world.mm, BASE, &value), 0);
		/* As if so many pins were there that there is room for less than one more. */
		port_atomic_add_return(&zero->refcount, INT_MAX - GUP_PIN_COUNTING_BIAS);
		assert_int_equal(pin_user_pages(world.mm, BASE, 1, 0, &page), 1);
		assert_ptr_equal(page, zero);
		assert_int_equal(pin_user_pages(world.mm, BASE, 1, 0, &page), expected[i].then);
		port_atomic_set(&zero->refcount, 1);
		end(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lru_cache_forces_a_copy_from_5_9_to_5_17),
		cmocka_unit_test(references_may_look_like_a_pin),
		cmocka_unit_test(the_zero_page_is_not_pinned_from_6_5_on),
		cmocka_unit_test(pins_of_the_zero_page_overflow_up_to_6_4),
		cmocka_unit_test(mprotect_makes_writable_from_6_0_on),
		cmocka_unit_test(soft_dirty_is_what_linux_promises),
		cmocka_unit_test(clear_refs_spares_pins_from_5_11_on),
		cmocka_unit_test(the_first_store_makes_dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
