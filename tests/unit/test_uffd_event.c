/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_uffd_event.c - who moves, discards or unmaps registered memory tells the monitor */
#include "uffd_fixture.h"

#define ALL_EVENTS (UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP)

static void do_munmap(struct access *access)
{
	access->result = mm_munmap(access->mm, access->addr, 2 * PAGE);
}

static void do_munmap_three(struct access *access)
{
	access->result = mm_munmap(access->mm, access->addr, 3 * PAGE);
}

static void do_mmap(struct access *access)
{
	access->result = mm_mmap(access->mm, access->addr, 2 * PAGE, RW);
}

static void do_mremap(struct access *access)
{
	access->result = mm_mremap(access->mm, access->addr, 2 * PAGE, OTHER);
}

static void do_dontneed(struct access *access)
{
	access->result = mm_madvise(access->mm, access->addr, 2 * PAGE, MM_MADV_DONTNEED);
}

static void do_free(struct access *access)
{
	access->result = mm_madvise(access->mm, access->addr, 2 * PAGE, MM_MADV_FREE);
}

static void wait_for(const struct fixture *fixture)
{
	while (!userfaultfd_poll(fixture->ctx))
		sched_yield();
}

/* Two pages that hold 1, write-protected, and somebody who does `what` to them. */
static void start_on_two(struct fixture *fixture, struct access *access, const char *version,
			 unsigned features, void (*what)(struct access *))
{
	*fixture = begin(version, features);
	protect(fixture, 2, RW);
	start(access, fixture, what);
}

static void expect_event(const struct fixture *fixture, enum uffd_event event, unsigned long addr)
{
	struct uffd_msg msg = wait_event(fixture->ctx);

	assert_int_equal(msg.event, event);
	assert_int_equal(msg.address, addr);
	assert_int_equal(msg.end, addr + 2 * PAGE);
	assert_int_equal(msg.to, event == UFFD_EVENT_REMAP ? OTHER : 0);
}

/* Until the event is read nobody can fill or protect pages; the counts are right meanwhile. */
static void expect_changing(const struct fixture *fixture)
{
	wait_for(fixture);
	audit(fixture);
	assert_int_equal(uffdio_writeprotect(fixture->ctx, BASE, PAGE, 0), -MM_EAGAIN);
	assert_int_equal(uffdio_copy(fixture->ctx, BASE, 1, 0), -MM_EAGAIN);
	assert_int_equal(uffdio_zeropage(fixture->ctx, BASE, PAGE, 0), -MM_EAGAIN);
	assert_int_equal(uffdio_continue(fixture->ctx, BASE, PAGE, 0), -MM_EAGAIN);
}

static void munmap_tells_when_the_memory_is_gone(void **state)
{
	struct fixture fixture;
	struct access access;

	(void)state;
	start_on_two(&fixture, &access, "v5.14", UFFD_FEATURE_EVENT_UNMAP, do_munmap);
	wait_for(&fixture);
	assert_int_equal(fixture.mm->nr_vmas, 0);
	expect_changing(&fixture);
	expect_event(&fixture, UFFD_EVENT_UNMAP, BASE);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, 0), -MM_ENOENT);
	end(&fixture);
}

static void mmap_tells_of_what_was_there(void **state)
{
	struct fixture fixture;
	struct access access;

	(void)state;
	start_on_two(&fixture, &access, "v6.18", ALL_EVENTS, do_mmap);
	expect_event(&fixture, UFFD_EVENT_UNMAP, BASE);
	assert_int_equal(finish(&access), 0);
	assert_null(fixture.mm->vmas[0].uffd_ctx);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);
}

static void discarding_tells_before_anything_goes(void (*what)(struct access *), bool goes)
{
	struct fixture fixture;
	struct access access;

	start_on_two(&fixture, &access, "v6.18", ALL_EVENTS, what);
	expect_changing(&fixture);
	assert_int_equal(load(fixture.mm, BASE), 1);
	expect_event(&fixture, UFFD_EVENT_REMOVE, BASE);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(load(fixture.mm, BASE), goes ? 0 : 1);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);
}

static void madvise_tells_before_anything_goes(void **state)
{
	(void)state;
	discarding_tells_before_anything_goes(do_dontneed, true);
	discarding_tells_before_anything_goes(do_free, false);
}

/* The lock is free meanwhile: what is there when the event is read is what goes. */
static void madvise_looks_again(void **state)
{
	struct fixture fixture;
	struct access access;

	(void)state;
	start_on_two(&fixture, &access, "v6.18", UFFD_FEATURE_EVENT_REMOVE, do_dontneed);
	wait_for(&fixture);
	assert_int_equal(mm_munmap(fixture.mm, BASE, PAGE), 0);
	expect_event(&fixture, UFFD_EVENT_REMOVE, BASE);
	assert_int_equal(finish(&access), -MM_ENOMEM);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 1);
	end(&fixture);

	start_on_two(&fixture, &access, "v6.18", UFFD_FEATURE_EVENT_REMOVE, do_dontneed);
	wait_for(&fixture);
	assert_int_equal(mm_mprotect(fixture.mm, BASE + PAGE, PAGE, VM_READ), 0);
	expect_event(&fixture, UFFD_EVENT_REMOVE, BASE);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(load(fixture.mm, BASE), 0);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 1);
	end(&fixture);
}

static void each_vma_is_discarded_by_itself(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_EVENT_REMOVE);
	struct access access;
	struct uffd_msg msg;

	(void)state;
	protect(&fixture, 2, RW);
	assert_int_equal(mm_mprotect(fixture.mm, BASE + PAGE, PAGE, VM_READ), 0);
	start(&access, &fixture, do_dontneed);
	for (unsigned long addr = BASE; addr < BASE + 2 * PAGE; addr += PAGE) {
		msg = wait_event(fixture.ctx);
		assert_int_equal(msg.event, UFFD_EVENT_REMOVE);
		assert_int_equal(msg.address, addr);
		assert_int_equal(msg.end, addr + PAGE);
	}
	assert_int_equal(finish(&access), 0);
	end(&fixture);
}

/* With the event memory stays registered and protected where it is; without it does not. */
static void mremap_tells_where_it_is(void **state)
{
	struct fixture fixture;
	struct access access;

	(void)state;
	start_on_two(&fixture, &access, "v6.18", ALL_EVENTS, do_mremap);
	expect_event(&fixture, UFFD_EVENT_REMAP, BASE);
	audit(&fixture);
	expect_event(&fixture, UFFD_EVENT_UNMAP, BASE);
	assert_int_equal(finish(&access), 0);
	assert_ptr_equal(fixture.mm->vmas[0].uffd_ctx, fixture.ctx);
	assert_true(pte_uffd_wp(mm_pte(fixture.mm, OTHER)));
	assert_int_equal(uffdio_writeprotect(fixture.ctx, OTHER, PAGE, 0), 0);
	end(&fixture);

	fixture = begin("v6.18", UFFD_FEATURE_EVENT_UNMAP);
	map(&fixture, 2, RW);
	assert_int_equal(mm_mmap(fixture.mm, OTHER, 2 * PAGE, RW), 0);
	assert_int_equal(uffdio_register(fixture.ctx, OTHER, 2 * PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	start(&access, &fixture, do_mremap);
	expect_event(&fixture, UFFD_EVENT_UNMAP, OTHER);
	assert_int_equal(finish(&access), 0);
	assert_null(fixture.mm->vmas[0].uffd_ctx);
	end(&fixture);
}

/* d23cb648e365 moves several mappings, but none that is registered. */
static void registered_memory_moves_alone(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_EVENT_REMAP);

	(void)state;
	map(&fixture, 4, RW);
	store(&fixture, BASE, 1);
	store(&fixture, BASE + PAGE, 2);
	assert_int_equal(mm_mprotect(fixture.mm, BASE, PAGE, VM_READ), 0);
	assert_int_equal(uffdio_register(fixture.ctx, BASE + PAGE, PAGE, UFFDIO_REGISTER_MODE_WP),
			 0);
	assert_int_equal(mm_mremap(fixture.mm, BASE + PAGE, 2 * PAGE, OTHER), -MM_EFAULT);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 2);
	/* What comes before it has moved by then. */
	assert_int_equal(mm_mremap(fixture.mm, BASE, 2 * PAGE, OTHER), -MM_EFAULT);
	assert_int_equal(load(fixture.mm, OTHER), 1);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 2);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);
}

static void close_and_kill_end_the_wait(void **state)
{
	void (*const calls[])(struct access *) = {do_munmap, do_mmap, do_mremap, do_dontneed};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct fixture fixture;
		struct access access;

		start_on_two(&fixture, &access, "v6.18", ALL_EVENTS, calls[i]);
		wait_for(&fixture);
		userfaultfd_close(fixture.ctx);
		fixture.ctx = NULL;
		assert_int_equal(finish(&access), 0);
		end(&fixture);

		start_on_two(&fixture, &access, "v6.18", ALL_EVENTS, calls[i]);
		wait_for(&fixture);
		mm_kill(fixture.mm);
		assert_int_equal(finish(&access), 0);
		end(&fixture);
	}
}

/* However many mappings each has, every context is told once, and the first one first. */
static void each_context_is_told_once(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_EVENT_UNMAP);
	struct userfaultfd_ctx *other;
	struct access access;

	(void)state;
	map(&fixture, 2, RW);
	assert_int_equal(userfaultfd_create(fixture.mm, UFFD_FEATURE_EVENT_UNMAP, &other), 0);
	assert_int_equal(uffdio_register(other, BASE + PAGE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(uffdio_register(fixture.ctx, BASE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	/* Of the second it is a mapping more. */
	assert_int_equal(mm_mmap(fixture.mm, BASE + 2 * PAGE, PAGE, VM_READ), 0);
	assert_int_equal(uffdio_register(other, BASE + 2 * PAGE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	start(&access, &fixture, do_munmap_three);
	wait_for(&fixture);
	assert_false(userfaultfd_poll(other));
	/* It is not told yet, but knows that it will be. */
	assert_int_equal(uffdio_copy(other, BASE, 1, 0), -MM_EAGAIN);
	assert_int_equal(wait_event(fixture.ctx).end, BASE + 3 * PAGE);
	assert_int_equal(wait_event(other).event, UFFD_EVENT_UNMAP);
	assert_int_equal(finish(&access), 0);
	userfaultfd_close(other);
	end(&fixture);
}

static void what_nobody_asked_for_is_no_event(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_EVENT_FORK);

	(void)state;
	protect(&fixture, 2, RW);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	assert_int_equal(mm_mremap(fixture.mm, BASE, PAGE, OTHER), 0);
	assert_int_equal(mm_munmap(fixture.mm, BASE, 2 * PAGE), 0);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);

	/* Nor is advice that takes nothing away, nor the end of the process. */
	fixture = begin("v6.18", ALL_EVENTS);
	protect(&fixture, 2, RW);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_PAGEOUT), 0);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTFORK), 0);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);
}

/* Nothing is unmapped or moved, and nobody is told, if there is no memory to note it. */
static void without_memory(void **state)
{
	struct fixture fixture = begin("v6.18", ALL_EVENTS);
	struct userfaultfd_ctx *other;

	(void)state;
	protect(&fixture, 2, RW);
	port_fail_allocation(1);
	assert_int_equal(mm_munmap(fixture.mm, BASE, 2 * PAGE), -MM_ENOMEM);
	assert_int_equal(load(fixture.mm, BASE), 1);
	/* A table, room for VMAs, and the note. */
	for (unsigned n = 1; n <= 3; n++) {
		port_fail_allocation(n);
		assert_int_equal(mm_mremap(fixture.mm, BASE, 2 * PAGE, OTHER), -MM_ENOMEM);
		port_fail_allocation(0);
		audit(&fixture);
	}
	assert_int_equal(load(fixture.mm, BASE), 1);
	assert_false(userfaultfd_poll(fixture.ctx));
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, 0), 0);
	/* Nor the first of two, if the second one can't be. */
	assert_int_equal(userfaultfd_create(fixture.mm, UFFD_FEATURE_EVENT_UNMAP, &other), 0);
	assert_int_equal(uffdio_unregister(fixture.ctx, BASE + PAGE, PAGE), 0);
	assert_int_equal(uffdio_register(other, BASE + PAGE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	port_fail_allocation(2);
	assert_int_equal(mm_munmap(fixture.mm, BASE, 2 * PAGE), -MM_ENOMEM);
	port_fail_allocation(0);
	audit(&fixture);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, 0), 0);
	userfaultfd_close(other);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(munmap_tells_when_the_memory_is_gone),
		cmocka_unit_test(mmap_tells_of_what_was_there),
		cmocka_unit_test(madvise_tells_before_anything_goes),
		cmocka_unit_test(madvise_looks_again),
		cmocka_unit_test(each_vma_is_discarded_by_itself),
		cmocka_unit_test(mremap_tells_where_it_is),
		cmocka_unit_test(registered_memory_moves_alone),
		cmocka_unit_test(close_and_kill_end_the_wait),
		cmocka_unit_test(each_context_is_told_once),
		cmocka_unit_test(what_nobody_asked_for_is_no_event),
		cmocka_unit_test(without_memory),
	};

	/* Nothing to test where it is left out. */
	if (!mm_has(MM_USERFAULTFD))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
