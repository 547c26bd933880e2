/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_uffd.c - userfaultfd on the threads port: what a monitor sees, and what it can do */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/mm.h"
#include "threads.h"

#define FRAMES 512
#define BASE   (1UL << 30)
#define OTHER  (BASE + (1UL << 24))
#define PAGE   MM_PAGE_SIZE
#define RW     (VM_READ | VM_WRITE)

/* A machine under the rules of a version, with one mm and one context. */
struct fixture {
	struct machine *machine;
	struct mm *mm;
	struct userfaultfd_ctx *ctx;
};

static struct fixture begin(const char *version, unsigned features)
{
	struct machine_config config = {.nr_frames = FRAMES, .nr_cpus = 2};
	struct fixture fixture;

	fixture.machine = machine_create(&mm_era_find(version)->rules, &config);
	assert_non_null(fixture.machine);
	fixture.mm = mm_create(fixture.machine);
	assert_non_null(fixture.mm);
	assert_int_equal(userfaultfd_create(fixture.mm, features, &fixture.ctx), 0);
	return fixture;
}

static void audit(const struct fixture *fixture)
{
	struct audit_frame frames[FRAMES] = {0};
	struct audit_result result;

	assert_true(mm_audit(fixture->machine, frames, &result));
}

static void end(struct fixture *fixture)
{
	audit(fixture);
	if (fixture->ctx)
		userfaultfd_close(fixture->ctx);
	audit(fixture);
	mm_destroy(fixture->mm);
	lru_add_drain(fixture->machine);
	assert_null(fixture->machine->uffd_ctxs);
	machine_destroy(fixture->machine);
}

static void map(const struct fixture *fixture, unsigned long pages, unsigned flags)
{
	assert_int_equal(mm_mmap(fixture->mm, BASE, pages * PAGE, flags), 0);
}

static void store(const struct fixture *fixture, unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(fixture->mm, addr, value), 0);
}

static uint32_t load(struct mm *mm, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(mm, addr, &value), 0);
	return value;
}

static int register_range(const struct fixture *fixture, unsigned long pages, unsigned mode)
{
	return uffdio_register(fixture->ctx, BASE, pages * PAGE, mode);
}

/* Map `pages` of that kind, write 1 to each, and write-protect them. */
static void protect(const struct fixture *fixture, unsigned long pages, unsigned flags)
{
	map(fixture, pages, flags);
	for (unsigned long i = 0; i < pages; i++)
		store(fixture, BASE + i * PAGE, 1);
	assert_int_equal(register_range(fixture, pages, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(
		uffdio_writeprotect(fixture->ctx, BASE, pages * PAGE, UFFDIO_WRITEPROTECT_MODE_WP),
		0);
}

/* Something that another thread does on CPU 1, and that may have to wait for the monitor. */
struct access {
	struct mm *mm;
	unsigned long addr;
	uint32_t value;
	struct page *page;
	struct mm *child;
	long result;
	void (*what)(struct access *access);
	pthread_t thread;
};

static void *run_access(void *argument)
{
	struct access *access = argument;

	port_set_cpu(1);
	access->what(access);
	return NULL;
}

static void do_store(struct access *access)
{
	access->result = mm_store(access->mm, access->addr, access->value);
}

static void do_load(struct access *access)
{
	access->result = mm_load(access->mm, access->addr, &access->value);
}

static void do_pin_longterm(struct access *access)
{
	access->result = pin_user_pages_fast(access->mm, access->addr, 1,
					     FOLL_WRITE | FOLL_LONGTERM, &access->page);
}

static void do_readv(struct access *access)
{
	access->result = mm_process_vm_readv(access->mm, access->addr, &access->value);
}

static void do_populate(struct access *access)
{
	access->result = mm_madvise(access->mm, access->addr, PAGE, MM_MADV_POPULATE_WRITE);
}

static void do_fork(struct access *access)
{
	access->result = mm_fork(access->mm, &access->child);
}

static void start(struct access *access, const struct fixture *fixture,
		  void (*what)(struct access *))
{
	*access = (struct access){.mm = fixture->mm, .addr = BASE, .value = 2, .what = what};
	assert_int_equal(pthread_create(&access->thread, NULL, run_access, access), 0);
}

static long finish(struct access *access)
{
	assert_int_equal(pthread_join(access->thread, NULL), 0);
	return access->result;
}

/* The next event; there will be one. */
static struct uffd_msg wait_event(struct userfaultfd_ctx *ctx)
{
	struct uffd_msg msg;

	while (!userfaultfd_poll(ctx))
		sched_yield();
	assert_int_equal(userfaultfd_read(ctx, &msg), 0);
	return msg;
}

static void expect_fault(struct userfaultfd_ctx *ctx, unsigned flags)
{
	struct uffd_msg msg = wait_event(ctx);

	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	assert_int_equal(msg.flags, flags);
	assert_int_equal(msg.address, BASE);
}

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

/* What can be registered how, and since when. */
static void modes_by_era(void **state)
{
	static const struct {
		const char *version;
		unsigned flags;
		unsigned mode;
		int err;
	} modes[] = {
		{"v5.7", RW, UFFDIO_REGISTER_MODE_WP, 0},
		{"v5.7", RW | VM_SHARED, UFFDIO_REGISTER_MODE_MISSING, 0},
		{"v5.18", RW | VM_SHARED, UFFDIO_REGISTER_MODE_WP, -MM_EINVAL},
		{"v5.19", RW | VM_SHARED, UFFDIO_REGISTER_MODE_WP, 0},
		{"v5.12", RW | VM_SHARED, UFFDIO_REGISTER_MODE_MINOR, -MM_EINVAL},
		{"v5.14", RW | VM_SHARED, UFFDIO_REGISTER_MODE_MINOR, 0},
		{"v6.18", RW, UFFDIO_REGISTER_MODE_MINOR, -MM_EINVAL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct fixture fixture = begin(modes[i].version, 0);

		map(&fixture, 1, modes[i].flags);
		assert_int_equal(register_range(&fixture, 1, modes[i].mode), modes[i].err);
		end(&fixture);
	}
}

/* 2bad466cc9d9, d61ea1cb0095 */
static void features_by_era(void **state)
{
	struct fixture fixture = begin("v6.3", 0);
	struct userfaultfd_ctx *other;

	(void)state;
	assert_int_equal(userfaultfd_create(fixture.mm, UFFD_FEATURE_WP_UNPOPULATED, &other),
			 -MM_EINVAL);
	end(&fixture);
	fixture = begin("v6.4", UFFD_FEATURE_WP_UNPOPULATED);
	assert_int_equal(userfaultfd_create(fixture.mm, UFFD_FEATURE_WP_ASYNC, &other), -MM_EINVAL);
	end(&fixture);
	fixture = begin("v6.7", UFFD_FEATURE_WP_ASYNC);
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

/* 17839856fd58: a read by GUP is a write fault, and so an event or -EFAULT. */
static void v5_8_reads_by_gup_as_if_to_write(void **state)
{
	struct fixture fixture = begin("v5.8", 0);
	struct page *page;

	(void)state;
	protect(&fixture, 1, RW);
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), -MM_EFAULT);
	end(&fixture);
	fixture = begin("v5.9", 0);
	protect(&fixture, 1, RW);
	assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
	put_page(fixture.machine, page);
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

/* A fork without UFFD_FEATURE_EVENT_FORK: does the child's entry keep the bit? */
static void fork_keeps(const char *version, bool keeps)
{
	struct fixture fixture = begin(version, 0);
	struct mm *child;

	protect(&fixture, 1, RW);
	assert_int_equal(mm_fork(fixture.mm, &child), 0);
	assert_int_equal(pte_uffd_wp(mm_pte(child, BASE)), keeps);
	assert_true(pte_uffd_wp(mm_pte(fixture.mm, BASE)));
	audit(&fixture);
	assert_int_equal(mm_store(child, BASE, 5), 0);
	assert_int_equal(load(fixture.mm, BASE), 1);
	mm_destroy(child);
	end(&fixture);
}

/* 8f34f1eac382 */
static void fork_without_event_clears_the_bit_since_v5_14(void **state)
{
	(void)state;
	fork_keeps("v5.7", true);
	fork_keeps("v5.12", true);
	fork_keeps("v5.14", false);
	fork_keeps("v6.18", false);
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

static void unprotect(const struct fixture *fixture)
{
	assert_int_equal(uffdio_writeprotect(fixture->ctx, BASE, PAGE, 0), 0);
	assert_false(pte_uffd_wp(mm_pte(fixture->mm, BASE)));
}

/* 931298e103c2 */
static void unprotected_is_writable_at_once_since_v6_3(void **state)
{
	struct fixture fixture = begin("v6.2", 0);

	(void)state;
	protect(&fixture, 1, RW);
	unprotect(&fixture);
	assert_false(pte_write(mm_pte(fixture.mm, BASE)));
	end(&fixture);
	fixture = begin("v6.3", 0);
	protect(&fixture, 1, RW);
	unprotect(&fixture);
	assert_true(pte_write(mm_pte(fixture.mm, BASE)));
	end(&fixture);
}

/* The bit stays through mprotect(); of shared memory only since 51d3d5eb74ff the protection, too.
 */
static void mprotect_and_shared_memory(const char *version, bool writable)
{
	struct fixture fixture = begin(version, 0);

	protect(&fixture, 1, RW | VM_SHARED);
	assert_int_equal(mm_mprotect(fixture.mm, BASE, PAGE, VM_READ), 0);
	assert_int_equal(mm_mprotect(fixture.mm, BASE, PAGE, RW), 0);
	assert_true(pte_uffd_wp(mm_pte(fixture.mm, BASE)));
	assert_int_equal(pte_write(mm_pte(fixture.mm, BASE)), writable);
	end(&fixture);
}

static void mprotect_keeps_the_bit(void **state)
{
	(void)state;
	mprotect_and_shared_memory("v5.19", true);
	mprotect_and_shared_memory("v6.2", false);
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

/* f369b07c8614, c88033efe9a3 */
static void protection_that_goes(const char *version, bool unregister, bool stays)
{
	struct fixture fixture = begin(version, 0);

	protect(&fixture, 1, RW);
	if (unregister) {
		assert_int_equal(uffdio_unregister(fixture.ctx, BASE, PAGE), 0);
	} else {
		userfaultfd_close(fixture.ctx);
		fixture.ctx = NULL;
	}
	assert_int_equal(pte_uffd_wp(mm_pte(fixture.mm, BASE)), stays);
	store(&fixture, BASE, 2);
	end(&fixture);
}

static void unregister_and_close_by_era(void **state)
{
	(void)state;
	protection_that_goes("v5.19", true, true);
	protection_that_goes("v6.0", true, false);
	protection_that_goes("v6.0", false, true);
	protection_that_goes("v6.9", false, false);
}

/* 0cef0bb836e3 */
static void mremap_by_era(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		struct fixture fixture = begin(after ? "v6.13" : "v6.12", 0);

		protect(&fixture, 1, RW);
		assert_int_equal(mm_mremap(fixture.mm, BASE, PAGE, OTHER), 0);
		assert_int_equal(pte_uffd_wp(mm_pte(fixture.mm, OTHER)), !after);
		audit(&fixture);
		assert_int_equal(mm_store(fixture.mm, OTHER, 2), 0);
		end(&fixture);
	}
}

/* a1b92a3f1498 */
static void ranges_of_many_vmas_since_v6_3(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		struct fixture fixture = begin(after ? "v6.3" : "v6.2", 0);

		protect(&fixture, 2, RW);
		assert_int_equal(mm_mprotect(fixture.mm, BASE, PAGE, VM_READ), 0);
		assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, 2 * PAGE, 0),
				 after ? 0 : -MM_ENOENT);
		end(&fixture);
	}
}

/* UFFDIO_CONTINUE maps what the file has; private memory read-only, and since v5.16 dirty. */
static void minor_faults_are_continued(void **state)
{
	(void)state;
	for (int after = 0; after < 2; after++) {
		struct fixture fixture = begin(after ? "v5.16" : "v5.14", 0);
		struct shmem *file = shmem_create(2);

		assert_non_null(file);
		assert_int_equal(shmem_write(fixture.machine, file, 0, 9), 0);
		assert_int_equal(mm_mmap_file(fixture.mm, BASE, 2 * PAGE, RW, file, 0), 0);
		assert_int_equal(register_range(&fixture, 2, UFFDIO_REGISTER_MODE_MINOR), 0);
		assert_int_equal(uffdio_continue(fixture.ctx, BASE + PAGE, PAGE, 0), -MM_EFAULT);
		assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, UFFDIO_CONTINUE_MODE_WP),
				 -MM_EINVAL);
		assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, 0), 0);
		assert_false(pte_write(mm_pte(fixture.mm, BASE)));
		assert_int_equal(pte_dirty(mm_pte(fixture.mm, BASE)), after);
		assert_int_equal(load(fixture.mm, BASE), 9);
		assert_int_equal(uffdio_continue(fixture.ctx, BASE, PAGE, 0), -MM_EEXIST);
		audit(&fixture);
		assert_int_equal(mm_munmap(fixture.mm, BASE, 2 * PAGE), 0);
		shmem_put(fixture.machine, file);
		end(&fixture);
	}
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
		cmocka_unit_test(modes_by_era),
		cmocka_unit_test(features_by_era),
		cmocka_unit_test(plain_gup_fails_instead_of_waiting),
		cmocka_unit_test(v5_8_reads_by_gup_as_if_to_write),
		cmocka_unit_test(fast_gup_and_populate_wait),
		cmocka_unit_test(fork_without_event_clears_the_bit_since_v5_14),
		cmocka_unit_test(fork_with_event_waits_for_the_monitor),
		cmocka_unit_test(a_fork_that_nobody_hears_of_goes_on),
		cmocka_unit_test(unprotected_is_writable_at_once_since_v6_3),
		cmocka_unit_test(mprotect_keeps_the_bit),
		cmocka_unit_test(shared_memory_stays_protected_when_it_is_let_go),
		cmocka_unit_test(anonymous_memory_forgets_when_it_is_let_go),
		cmocka_unit_test(unpopulated_memory_can_be_protected),
		cmocka_unit_test(async_protection_goes_with_the_first_write),
		cmocka_unit_test(unregister_and_close_by_era),
		cmocka_unit_test(mremap_by_era),
		cmocka_unit_test(ranges_of_many_vmas_since_v6_3),
		cmocka_unit_test(minor_faults_are_continued),
		cmocka_unit_test(the_audit_counts_contexts),
		cmocka_unit_test(without_memory),
	};

	/* Nothing to test where it is left out. */
	if (!mm_has(MM_USERFAULTFD))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
