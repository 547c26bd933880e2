/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_uffd_fill.c - what a monitor fills in: shared memory, files, and where it may not */
#include "uffd_fixture.h"

#include <stdatomic.h>
#include <time.h>

#include "mm/internal.h"

#define MISSING UFFDIO_REGISTER_MODE_MISSING
#define WP      UFFDIO_REGISTER_MODE_WP
#define MINOR   UFFDIO_REGISTER_MODE_MINOR

/* Three pages of that kind, registered. */
static struct fixture begin_fill(const char *version, unsigned flags, unsigned modes)
{
	struct fixture fixture = begin(version, 0);

	map(&fixture, 3, flags);
	assert_int_equal(register_range(&fixture, 3, modes), 0);
	return fixture;
}

static int copy(const struct fixture *fixture, unsigned long addr, uint32_t value, unsigned mode)
{
	return uffdio_copy(fixture->ctx, addr, value, mode);
}

static int zeropage(const struct fixture *fixture, unsigned long addr, unsigned long length)
{
	return uffdio_zeropage(fixture->ctx, addr, length, 0);
}

static void discard(const struct fixture *fixture, unsigned long addr)
{
	assert_int_equal(mm_madvise(fixture->mm, addr, PAGE, MM_MADV_DONTNEED), 0);
}

/* It goes to the object, where all who map it find it (shmem_mfill_atomic_pte()). */
static void shared_memory_is_filled_for_all(void **state)
{
	struct fixture fixture = begin_fill("v5.7", RW | VM_SHARED, MISSING);
	struct access access;
	struct mm *child;

	(void)state;
	assert_int_equal(mm_fork(fixture.mm, &child), 0);
	start(&access, &fixture, do_load);
	expect_fault(fixture.ctx, 0);
	assert_int_equal(copy(&fixture, BASE, 7, 0), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(access.value, 7);
	assert_int_equal(load(child, BASE), 7);
	store(&fixture, BASE, 8);
	assert_int_equal(load(child, BASE), 8);
	assert_int_equal(zeropage(&fixture, BASE + PAGE, PAGE), 0);
	store(&fixture, BASE + PAGE, 9);
	assert_int_equal(load(child, BASE + PAGE), 9);
	mm_destroy(child);
	end(&fixture);
}

/* What is in the page cache is not missing, mapped or not. */
static void the_page_cache_is_not_replaced(void **state)
{
	struct fixture fixture = begin_fill("v5.7", RW | VM_SHARED, MISSING);

	(void)state;
	assert_int_equal(copy(&fixture, BASE, 7, 0), 0);
	assert_int_equal(copy(&fixture, BASE, 8, 0), -MM_EEXIST);
	discard(&fixture, BASE);
	assert_int_equal(copy(&fixture, BASE, 8, 0), -MM_EEXIST);
	assert_int_equal(zeropage(&fixture, BASE, PAGE), -MM_EEXIST);
	audit(&fixture);
	assert_int_equal(load(fixture.mm, BASE), 7);
	end(&fixture);
}

static void a_page_can_be_protected_at_once(unsigned flags)
{
	struct fixture fixture = begin_fill("v5.19", flags, MISSING | WP);
	struct access access;

	assert_int_equal(copy(&fixture, BASE, 7, UFFDIO_COPY_MODE_WP), 0);
	assert_int_equal(load(fixture.mm, BASE), 7);
	assert_true(pte_uffd_wp(mm_pte(fixture.mm, BASE)));
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	unprotect(&fixture);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(load(fixture.mm, BASE), 2);
	end(&fixture);
}

static void pages_can_be_protected_at_once(void **state)
{
	(void)state;
	a_page_can_be_protected_at_once(RW);
	a_page_can_be_protected_at_once(RW | VM_SHARED);
}

/*
 * A mark where nothing is mapped gives way to a page (b1f9e876862d), which is protected only if
 * that is asked for; but not to the zero page.
 */
static void marks_give_way_to_pages(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_WP_UNPOPULATED);
	unsigned protect = UFFDIO_WRITEPROTECT_MODE_WP;

	(void)state;
	map(&fixture, 3, RW);
	assert_int_equal(register_range(&fixture, 3, MISSING | WP), 0);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, 3 * PAGE, protect), 0);
	assert_int_equal(zeropage(&fixture, BASE, PAGE), -MM_EEXIST);
	assert_int_equal(copy(&fixture, BASE, 7, 0), 0);
	assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
	store(&fixture, BASE, 8);
	assert_int_equal(copy(&fixture, BASE + PAGE, 7, UFFDIO_COPY_MODE_WP), 0);
	assert_true(mm_pagemap_uffd_wp(fixture.mm, BASE + PAGE));
	end(&fixture);

	fixture = begin_fill("v6.18", RW | VM_SHARED, MISSING | WP);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, 2 * PAGE, protect), 0);
	assert_int_equal(zeropage(&fixture, BASE, PAGE), 0);
	assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
	assert_true(mm_pagemap_uffd_wp(fixture.mm, BASE + PAGE));
	end(&fixture);
}

/* As with a fault: what may not be written to is not writable. */
static void read_only_memory_is_filled_read_only(void **state)
{
	static const unsigned kinds[] = {0, VM_SHARED};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture = begin_fill("v6.18", RW | kinds[i], MISSING);

		assert_int_equal(mm_mprotect(fixture.mm, BASE, 3 * PAGE, VM_READ), 0);
		assert_int_equal(copy(&fixture, BASE, 7, 0), 0);
		assert_int_equal(load(fixture.mm, BASE), 7);
		assert_int_equal(mm_store(fixture.mm, BASE, 8), -MM_EFAULT);
		assert_int_equal(mm_mprotect(fixture.mm, BASE, 3 * PAGE, RW), 0);
		store(&fixture, BASE, 8);
		end(&fixture);
	}
}

/* Two pages of it hold 4 and 5, the third was never touched. */
static struct shmem *open_file(const struct fixture *fixture, unsigned flags, unsigned modes)
{
	struct shmem *file = shmem_create(3);

	assert_non_null(file);
	assert_int_equal(shmem_write(fixture->machine, file, 0, 4), 0);
	assert_int_equal(shmem_write(fixture->machine, file, PAGE, 5), 0);
	assert_int_equal(mm_mmap_file(fixture->mm, BASE, 3 * PAGE, flags, file, 0), 0);
	assert_int_equal(register_range(fixture, 3, modes), 0);
	return file;
}

static uint32_t read_file(const struct fixture *fixture, struct shmem *file, unsigned long offset)
{
	uint32_t value = 0;

	assert_int_equal(shmem_read(fixture->machine, file, offset, &value), 0);
	return value;
}

/* A private mapping gets pages of its own, whatever the file has there, and leaves that alone. */
static void a_private_mapping_is_filled_by_itself(void **state)
{
	struct fixture fixture = begin("v5.7", 0);
	struct shmem *file = open_file(&fixture, RW, MISSING);

	(void)state;
	assert_int_equal(copy(&fixture, BASE, 7, 0), 0);
	assert_int_equal(zeropage(&fixture, BASE + PAGE, 2 * PAGE), 0);
	assert_int_equal(load(fixture.mm, BASE), 7);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 0);
	store(&fixture, BASE + 2 * PAGE, 6);
	assert_int_equal(read_file(&fixture, file, 0), 4);
	assert_int_equal(read_file(&fixture, file, PAGE), 5);
	assert_int_equal(read_file(&fixture, file, 2 * PAGE), 0);
	shmem_put(fixture.machine, file);
	end(&fixture);
}

/* What the page cache has is mapped: of a private mapping it is not written to. */
static void continuing_maps_the_page_cache(unsigned flags, bool shared)
{
	struct fixture fixture = begin("v6.18", 0);
	struct shmem *file = open_file(&fixture, flags, MINOR);
	struct access access;

	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_MINOR);
	assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, 0), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(read_file(&fixture, file, 0), shared ? 2 : 4);
	assert_int_equal(load(fixture.mm, BASE), 2);
	/* What is mapped is not continued; and the file ends its part where it has no page. */
	assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, 0), -MM_EEXIST);
	assert_int_equal(uffdio_continue(fixture.ctx, BASE + PAGE, 2 * PAGE, 0), -MM_EAGAIN);
	assert_int_equal(uffdio_continue(fixture.ctx, BASE + 2 * PAGE, PAGE, 0), -MM_EFAULT);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 5);
	shmem_put(fixture.machine, file);
	end(&fixture);
}

static void the_page_cache_is_good_as_it_is(void **state)
{
	(void)state;
	continuing_maps_the_page_cache(RW | VM_SHARED, true);
	continuing_maps_the_page_cache(RW, false);
}

/* mfill_atomic(): the VMA, then the modes, then the kind. */
static void wrong_ranges_and_modes(void **state)
{
	struct fixture fixture = begin_fill("v6.18", RW, MISSING);
	struct userfaultfd_ctx *other;

	(void)state;
	assert_int_equal(copy(&fixture, BASE, 7, 1u << 5), -MM_EINVAL);
	assert_int_equal(uffdio_zeropage(fixture.ctx, BASE, PAGE, 1u << 1), -MM_EINVAL);
	assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, 1u << 5), -MM_EINVAL);
	assert_int_equal(copy(&fixture, BASE + 1, 7, 0), -MM_EINVAL);
	assert_int_equal(zeropage(&fixture, BASE, PAGE / 2), -MM_EINVAL);
	assert_int_equal(zeropage(&fixture, BASE, 0), -MM_EINVAL);
	assert_int_equal(zeropage(&fixture, BASE + 2 * PAGE, 2 * PAGE), -MM_ENOENT);
	assert_int_equal(copy(&fixture, BASE, 7, UFFDIO_COPY_MODE_WP), -MM_EINVAL);
	assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, 0), -MM_EINVAL);
	/* It need not be registered with this one. */
	assert_int_equal(userfaultfd_create(fixture.mm, 0, &other), 0);
	assert_int_equal(uffdio_copy(other, BASE, 7, 0), 0);
	userfaultfd_close(other);
	assert_int_equal(uffdio_unregister(fixture.ctx, BASE, 3 * PAGE), 0);
	assert_int_equal(copy(&fixture, BASE + PAGE, 7, 0), -MM_ENOENT);
	end(&fixture);

	/* 0289184476c8 */
	fixture = begin("v6.3", 0);
	map(&fixture, 1, RW | VM_SHARED);
	store(&fixture, BASE, 1);
	assert_int_equal(register_range(&fixture, 1, MINOR | WP), 0);
	discard(&fixture, BASE);
	assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, UFFDIO_CONTINUE_MODE_WP),
			 -MM_EINVAL);
	end(&fixture);
}

static void a_huge_page_is_not_overridden(void **state)
{
	struct machine_config config = {.nr_frames = 4096, .nr_cpus = 1};
	struct userfaultfd_ctx *ctx;
	struct machine *machine;
	struct mm *mm;

	(void)state;
	if (!mm_has(MM_TRANSPARENT_HUGEPAGE))
		return;
	machine = machine_create(&mm_era_find("v6.18")->rules, &config);
	mm = mm_create(machine);
	assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, RW), 0);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
	assert_int_equal(mm_store(mm, BASE, 1), 0);
	assert_int_equal(userfaultfd_create(mm, 0, &ctx), 0);
	assert_int_equal(uffdio_register(ctx, BASE, MM_HPAGE_SIZE, MISSING), 0);
	assert_int_equal(uffdio_copy(ctx, BASE + PAGE, 7, 0), -MM_EEXIST);
	assert_int_equal(uffdio_zeropage(ctx, BASE + PAGE, PAGE, 0), -MM_EEXIST);
	assert_true(mm_pmd_mapped(mm, BASE));
	userfaultfd_close(ctx);
	mm_destroy(mm);
	machine_destroy(machine);
}

/* Each allocation fails once, and the object has no page that nobody maps. */
static void without_memory(void **state)
{
	static const unsigned kinds[] = {0, VM_SHARED};
	int err;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture = begin_fill("v6.18", RW | kinds[i], MISSING);

		err = -MM_ENOMEM;
		for (unsigned n = 1; err; n++) {
			port_fail_allocation(n);
			err = copy(&fixture, BASE, 7, 0);
			port_fail_allocation(0);
			assert_true(!err || err == -MM_ENOMEM);
			audit(&fixture);
		}
		port_fail_allocation(1);
		assert_int_equal(zeropage(&fixture, BASE + PAGE, PAGE), kinds[i] ? -MM_ENOMEM : 0);
		port_fail_allocation(0);
		end(&fixture);
	}
}

/* What a second thread of the monitor does on CPU 1, once it can have the mmap lock. */
static struct userfaultfd_ctx *working_ctx;

static void do_copy(struct access *access)
{
	access->result = uffdio_copy(working_ctx, access->addr, 7, 0);
}

static void do_protect(struct access *access)
{
	access->result =
		uffdio_writeprotect(working_ctx, access->addr, PAGE, UFFDIO_WRITEPROTECT_MODE_WP);
}

static atomic_int destroyed;

static void do_destroy(struct access *access)
{
	mm_destroy(access->mm);
	atomic_store(&destroyed, 1);
}

static void start_behind_lock(struct fixture *fixture, struct access *access,
			      void (*what)(struct access *))
{
	working_ctx = fixture->ctx;
	port_down_write(&fixture->mm->mmap_lock);
	start(access, fixture, what);
	port_spin_lock(&fixture->machine->uffd_lock);
	while (!fixture->mm->uffd_users) {
		port_spin_unlock(&fixture->machine->uffd_lock);
		sched_yield();
		port_spin_lock(&fixture->machine->uffd_lock);
	}
	port_spin_unlock(&fixture->machine->uffd_lock);
}

/* A change that begins while it waits for the lock is one that it must not miss: df2cc96e7701. */
static void a_change_is_seen_behind_the_lock(void **state)
{
	void (*const calls[])(struct access *) = {do_copy, do_protect};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct fixture fixture = begin_fill("v6.18", RW, MISSING | WP);
		struct access access;

		start_behind_lock(&fixture, &access, calls[i]);
		userfaultfd_event_begin(fixture.ctx);
		port_up_write(&fixture.mm->mmap_lock);
		assert_int_equal(finish(&access), -MM_EAGAIN);
		userfaultfd_event_end(fixture.ctx);
		end(&fixture);
	}
}

/* The memory stays until a monitor that works on it has done so. */
static void the_end_waits_for_the_monitor(void **state)
{
	struct fixture fixture = begin_fill("v6.18", RW, MISSING);
	struct mm *mm = userfaultfd_enter(fixture.ctx);
	const struct timespec moment = {.tv_nsec = 20000000};
	struct access ending;

	(void)state;
	assert_ptr_equal(mm, fixture.mm);
	start(&ending, &fixture, do_destroy);
	nanosleep(&moment, NULL);
	assert_int_equal(atomic_load(&destroyed), 0);
	userfaultfd_leave(fixture.ctx, mm);
	finish(&ending);
	assert_int_equal(copy(&fixture, BASE, 7, 0), -MM_ESRCH);
	userfaultfd_close(fixture.ctx);
	lru_add_drain_all(fixture.machine);
	machine_destroy(fixture.machine);
}

/* Who waits elsewhere is not woken. */
static void waking_goes_by_address(void **state)
{
	struct fixture fixture = begin_fill("v6.18", RW, MISSING);
	struct access access;

	(void)state;
	start(&access, &fixture, do_load);
	expect_fault(fixture.ctx, 0);
	assert_int_equal(copy(&fixture, BASE + PAGE, 7, 0), 0);
	assert_int_equal(uffdio_wake(fixture.ctx, BASE + PAGE, 2 * PAGE), 0);
	/* If it had been it would have told again. */
	for (int i = 0; i < 100; i++)
		sched_yield();
	assert_false(userfaultfd_poll(fixture.ctx));
	assert_int_equal(copy(&fixture, BASE, 8, 0), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(access.value, 8);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_memory_is_filled_for_all),
		cmocka_unit_test(the_page_cache_is_not_replaced),
		cmocka_unit_test(pages_can_be_protected_at_once),
		cmocka_unit_test(marks_give_way_to_pages),
		cmocka_unit_test(read_only_memory_is_filled_read_only),
		cmocka_unit_test(a_private_mapping_is_filled_by_itself),
		cmocka_unit_test(the_page_cache_is_good_as_it_is),
		cmocka_unit_test(wrong_ranges_and_modes),
		cmocka_unit_test(a_huge_page_is_not_overridden),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(a_change_is_seen_behind_the_lock),
		cmocka_unit_test(the_end_waits_for_the_monitor),
		cmocka_unit_test(waking_goes_by_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
