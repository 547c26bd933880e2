/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_uffd.c - userfaultfd on the threads port: what a monitor sees, and what it can do */
#include "uffd_fixture.h"

static void a_write_waits_until_the_page_is_unprotected(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct access access;

	(void)state;
	protect(&fixture, 1, RW);
	assert_int_equal(load(fixture.mm, BASE), 1);
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	assert_false(userfaultfd_poll(fixture.ctx));
	audit(&fixture);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, 0), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(load(fixture.mm, BASE), 2);
	end(&fixture);
}

static void dontwake_leaves_it_waiting_until_wake(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct access access;

	(void)state;
	protect(&fixture, 1, RW);
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	assert_int_equal(
		uffdio_writeprotect(fixture.ctx, BASE, PAGE, UFFDIO_WRITEPROTECT_MODE_DONTWAKE), 0);
	assert_int_equal(load(fixture.mm, BASE), 1);
	assert_int_equal(uffdio_wake(fixture.ctx, BASE, PAGE), 0);
	assert_int_equal(finish(&access), 0);
	end(&fixture);
}

static void close_lets_it_go_on(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct access access;

	(void)state;
	protect(&fixture, 1, RW);
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	userfaultfd_close(fixture.ctx);
	fixture.ctx = NULL;
	assert_int_equal(finish(&access), 0);
	assert_int_equal(load(fixture.mm, BASE), 2);
	end(&fixture);
}

static void kill_ends_the_wait(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct access access;

	(void)state;
	protect(&fixture, 1, RW);
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	mm_kill(fixture.mm);
	assert_int_equal(finish(&access), -MM_EINTR);
	assert_int_equal(load(fixture.mm, BASE), 1);
	end(&fixture);
}

static void missing_pages_are_filled(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct access access;

	(void)state;
	map(&fixture, 3, RW);
	assert_int_equal(register_range(&fixture, 3, UFFDIO_REGISTER_MODE_MISSING), 0);
	start(&access, &fixture, do_load);
	expect_fault(fixture.ctx, 0);
	assert_int_equal(uffdio_copy(fixture.ctx, BASE, 7, 0), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(access.value, 7);
	assert_int_equal(uffdio_copy(fixture.ctx, BASE, 8, 0), -MM_EEXIST);
	assert_int_equal(uffdio_copy(fixture.ctx, BASE + PAGE, 8, UFFDIO_COPY_MODE_WP), -MM_EINVAL);
	/* One page is there: the rest is not. */
	assert_int_equal(uffdio_copy(fixture.ctx, BASE + 2 * PAGE, 9, 0), 0);
	assert_int_equal(uffdio_zeropage(fixture.ctx, BASE + PAGE, 2 * PAGE, 0), -MM_EAGAIN);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 0);
	assert_int_equal(uffdio_zeropage(fixture.ctx, BASE + PAGE, PAGE, 0), -MM_EEXIST);
	assert_int_equal(uffdio_copy(fixture.ctx, OTHER, 1, 0), -MM_ENOENT);
	end(&fixture);
}

static void a_page_cannot_be_registered_twice(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct userfaultfd_ctx *other;

	(void)state;
	map(&fixture, 2, RW);
	assert_int_equal(userfaultfd_create(fixture.mm, 0, &other), 0);
	assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	assert_int_equal(fixture.mm->nr_vmas, 2);
	assert_int_equal(uffdio_register(other, BASE, 2 * PAGE, UFFDIO_REGISTER_MODE_WP),
			 -MM_EBUSY);
	assert_int_equal(uffdio_register(other, BASE + PAGE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	audit(&fixture);
	userfaultfd_close(other);
	assert_int_equal(uffdio_unregister(fixture.ctx, BASE, PAGE), 0);
	assert_int_equal(fixture.mm->nr_vmas, 1);
	end(&fixture);
}

static void bad_requests_are_refused(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct userfaultfd_ctx *other;

	(void)state;
	map(&fixture, 2, RW);
	assert_int_equal(userfaultfd_create(fixture.mm, 1u << 20, &other), -MM_EINVAL);
	assert_int_equal(register_range(&fixture, 1, 0), -MM_EINVAL);
	assert_int_equal(register_range(&fixture, 1, 1u << 5), -MM_EINVAL);
	assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_MINOR), -MM_EINVAL);
	assert_int_equal(uffdio_register(fixture.ctx, BASE, 5, UFFDIO_REGISTER_MODE_WP),
			 -MM_EINVAL);
	assert_int_equal(uffdio_register(fixture.ctx, OTHER, PAGE, UFFDIO_REGISTER_MODE_WP),
			 -MM_EINVAL);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, UFFDIO_WRITEPROTECT_MODE_WP),
			 -MM_ENOENT);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE,
					     UFFDIO_WRITEPROTECT_MODE_WP |
						     UFFDIO_WRITEPROTECT_MODE_DONTWAKE),
			 -MM_EINVAL);
	end(&fixture);
}

/* Only callers that let go of the mmap lock can wait. */
static void plain_gup_fails_instead_of_waiting(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct page *page;
	uint32_t value;

	(void)state;
	protect(&fixture, 1, RW);
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, FOLL_WRITE, &page), -MM_EFAULT);
	assert_int_equal(mm_ptrace_pokedata(fixture.mm, BASE, 3), -MM_EIO);
	assert_int_equal(mm_ptrace_peekdata(fixture.mm, BASE, &value), 0);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);
}

/* Who lets go of the lock waits for the monitor, and then does what it came for. */
static void waits(const char *version, void (*what)(struct access *))
{
	struct fixture fixture = begin(version, 0);
	struct access access;

	protect(&fixture, 1, RW);
	start(&access, &fixture, what);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, 0), 0);
	assert_true(finish(&access) >= 0);
	if (access.page)
		unpin_user_page(fixture.machine, access.page);
	end(&fixture);
}

static void fast_gup_and_populate_wait(void **state)
{
	struct fixture fixture = begin("v6.2", 0);
	struct access access;
	struct page *page;

	(void)state;
	waits("v6.3", do_pin_longterm);
	waits("v6.18", do_populate);
	/* Before b2a72dff85fa. */
	protect(&fixture, 1, RW);
	assert_int_equal(
		pin_user_pages_fast(fixture.mm, BASE, 1, FOLL_WRITE | FOLL_LONGTERM, &page),
		-MM_EFAULT);
	end(&fixture);

	fixture = begin("v5.7", 0);
	map(&fixture, 1, RW);
	assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	start(&access, &fixture, do_readv);
	expect_fault(fixture.ctx, 0);
	assert_int_equal(uffdio_copy(fixture.ctx, BASE, 4, 0), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(access.value, 4);
	end(&fixture);
}

static void fork_with_event_waits_for_the_monitor(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_EVENT_FORK);
	struct access access, write;
	struct uffd_msg msg;

	(void)state;
	protect(&fixture, 1, RW);
	start(&access, &fixture, do_fork);
	while (!userfaultfd_poll(fixture.ctx))
		sched_yield();
	/* The monitor is to hear of the child first. */
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, 0), -MM_EAGAIN);
	msg = wait_event(fixture.ctx);
	assert_int_equal(msg.event, UFFD_EVENT_FORK);
	assert_int_equal(finish(&access), 0);
	audit(&fixture);
	assert_true(pte_uffd_wp(mm_pte(access.child, BASE)));

	write = (struct access){.mm = access.child, .addr = BASE, .value = 6, .what = do_store};
	assert_int_equal(pthread_create(&write.thread, NULL, run_access, &write), 0);
	expect_fault(msg.child, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	assert_int_equal(uffdio_writeprotect(msg.child, BASE, PAGE, 0), 0);
	assert_int_equal(finish(&write), 0);
	assert_int_equal(load(fixture.mm, BASE), 1);
	mm_destroy(access.child);
	/* Its memory is gone. */
	assert_int_equal(uffdio_writeprotect(msg.child, BASE, PAGE, 0), -MM_ESRCH);
	userfaultfd_close(msg.child);
	end(&fixture);
}

static void a_fork_that_nobody_hears_of_goes_on(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_EVENT_FORK);
	struct access access;

	(void)state;
	protect(&fixture, 1, RW);
	start(&access, &fixture, do_fork);
	while (!userfaultfd_poll(fixture.ctx))
		sched_yield();
	userfaultfd_close(fixture.ctx);
	fixture.ctx = NULL;
	assert_int_equal(finish(&access), 0);
	assert_int_equal(mm_store(access.child, BASE, 5), 0);
	audit(&fixture);
	mm_destroy(access.child);
	end(&fixture);
}

static void shared_memory_stays_protected_when_it_is_let_go(void **state)
{
	struct fixture fixture = begin("v5.19", 0);
	struct access access;

	(void)state;
	protect(&fixture, 1, RW | VM_SHARED);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	assert_true(pte_marker_uffd_wp(mm_pte(fixture.mm, BASE)));
	assert_true(mm_pagemap_uffd_wp(fixture.mm, BASE));
	assert_int_equal(load(fixture.mm, BASE), 1);
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	unprotect(&fixture);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(mm_munmap(fixture.mm, BASE, PAGE), 0);
	end(&fixture);
}

static void anonymous_memory_forgets_when_it_is_let_go(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_WP_UNPOPULATED);

	(void)state;
	protect(&fixture, 1, RW);
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	store(&fixture, BASE, 3);
	assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
	end(&fixture);
}

static void unpopulated_memory_can_be_protected(void **state)
{
	struct fixture fixture = begin("v6.4", UFFD_FEATURE_WP_UNPOPULATED);
	struct access access;

	(void)state;
	map(&fixture, 1, RW);
	assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, UFFDIO_WRITEPROTECT_MODE_WP),
			 0);
	assert_true(mm_pagemap_uffd_wp(fixture.mm, BASE));
	start(&access, &fixture, do_store);
	expect_fault(fixture.ctx, UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
	unprotect(&fixture);
	assert_int_equal(finish(&access), 0);
	end(&fixture);
}

static void async_protection_goes_with_the_first_write(void **state)
{
	struct fixture fixture = begin("v6.7", UFFD_FEATURE_WP_ASYNC);

	(void)state;
	protect(&fixture, 2, RW);
	store(&fixture, BASE, 2);
	assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
	assert_true(mm_pagemap_uffd_wp(fixture.mm, BASE + PAGE));
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);
}

static void the_audit_counts_contexts(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct audit_frame frames[FRAMES] = {0};
	struct audit_result result;

	(void)state;
	protect(&fixture, 1, RW);
	fixture.mm->vmas[0].uffd_ctx = NULL;
	assert_false(mm_audit(fixture.machine, frames, &result));
	assert_int_equal(result.finding, AUDIT_CONTEXT);
	assert_int_equal(result.expected, 1);
	assert_int_equal(result.found, 2);
	fixture.mm->vmas[0].uffd_ctx = fixture.ctx;
	end(&fixture);
}

/* Each allocation fails once; then nothing has changed. */
static void without_memory(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_WP_UNPOPULATED);
	struct userfaultfd_ctx *other;
	int err;

	(void)state;
	map(&fixture, 1, RW);
	assert_int_equal(
		register_range(&fixture, 1, UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING),
		0);
	port_fail_allocation(1);
	assert_int_equal(userfaultfd_create(fixture.mm, 0, &other), -MM_ENOMEM);
	port_fail_allocation(1);
	assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, PAGE, UFFDIO_WRITEPROTECT_MODE_WP),
			 -MM_ENOMEM);
	err = -MM_ENOMEM;
	for (unsigned n = 1; err; n++) {
		port_fail_allocation(n);
		err = uffdio_copy(fixture.ctx, BASE, 1, 0);
		port_fail_allocation(0);
		assert_true(!err || err == -MM_ENOMEM);
		audit(&fixture);
	}
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_waits_until_the_page_is_unprotected),
		cmocka_unit_test(dontwake_leaves_it_waiting_until_wake),
		cmocka_unit_test(close_lets_it_go_on),
		cmocka_unit_test(kill_ends_the_wait),
		cmocka_unit_test(missing_pages_are_filled),
		cmocka_unit_test(a_page_cannot_be_registered_twice),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(plain_gup_fails_instead_of_waiting),
		cmocka_unit_test(fast_gup_and_populate_wait),
		cmocka_unit_test(fork_with_event_waits_for_the_monitor),
		cmocka_unit_test(a_fork_that_nobody_hears_of_goes_on),
		cmocka_unit_test(shared_memory_stays_protected_when_it_is_let_go),
		cmocka_unit_test(anonymous_memory_forgets_when_it_is_let_go),
		cmocka_unit_test(unpopulated_memory_can_be_protected),
		cmocka_unit_test(async_protection_goes_with_the_first_write),
		cmocka_unit_test(the_audit_counts_contexts),
		cmocka_unit_test(without_memory),
	};

	/* Nothing to test where it is left out. */
	if (!mm_has(MM_USERFAULTFD))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
