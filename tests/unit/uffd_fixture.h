/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_fixture.h - a machine with a monitor, and threads that wait for it */
#ifndef TESTS_UNIT_UFFD_FIXTURE_H
#define TESTS_UNIT_UFFD_FIXTURE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "mm/audit.h"
#include "mm/mm.h"
#include "mm/stable.h"
#include "threads.h"

/* A test may want a larger machine. */
#ifndef FRAMES
#define FRAMES     512
#define SWAP_SLOTS 0
#endif
#define BASE  (1UL << 30)
#define OTHER (BASE + (1UL << 24))
#define PAGE  MM_PAGE_SIZE
#define RW    (VM_READ | VM_WRITE)

/* A machine under the rules of a version, with one mm and one context. */
struct fixture {
	struct machine *machine;
	struct mm *mm;
	struct userfaultfd_ctx *ctx;
};

static inline struct fixture begin(const char *version, unsigned features)
{
	struct machine_config config = {
		.nr_frames = FRAMES,
		.nr_cpus = 2,
		.nr_swap_slots = SWAP_SLOTS,
	};
	struct fixture fixture;
	struct mm_rules rules;

	assert_true(mm_rules_find(version, &rules) >= 0);
	fixture.machine = machine_create(&rules, &config);
	assert_non_null(fixture.machine);
	fixture.mm = mm_create(fixture.machine);
	assert_non_null(fixture.mm);
	assert_int_equal(userfaultfd_create(fixture.mm, features, &fixture.ctx), 0);
	return fixture;
}

static inline void audit(const struct fixture *fixture)
{
	struct audit_frame frames[FRAMES] = {0};
	struct audit_result result;

	assert_true(mm_audit(fixture->machine, frames, &result));
}

static inline void end(struct fixture *fixture)
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

static inline void map(const struct fixture *fixture, unsigned long pages, unsigned flags)
{
	assert_int_equal(mm_mmap(fixture->mm, BASE, pages * PAGE, flags), 0);
}

static inline void store(const struct fixture *fixture, unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(fixture->mm, addr, value), 0);
}

static inline uint32_t load(struct mm *mm, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(mm, addr, &value), 0);
	return value;
}

static inline int register_range(const struct fixture *fixture, unsigned long pages, unsigned mode)
{
	return uffdio_register(fixture->ctx, BASE, pages * PAGE, mode);
}

/* Map `pages` of that kind, write 1 to each, and write-protect them. */
static inline void protect(const struct fixture *fixture, unsigned long pages, unsigned flags)
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

static inline void *run_access(void *argument)
{
	struct access *access = argument;

	port_set_cpu(1);
	access->what(access);
	return NULL;
}

static inline void do_store(struct access *access)
{
	access->result = mm_store(access->mm, access->addr, access->value);
}

static inline void do_load(struct access *access)
{
	access->result = mm_load(access->mm, access->addr, &access->value);
}

static inline void do_pin_longterm(struct access *access)
{
	access->result = pin_user_pages_fast(access->mm, access->addr, 1,
					     FOLL_WRITE | FOLL_LONGTERM, &access->page);
}

static inline void do_readv(struct access *access)
{
	access->result = mm_process_vm_readv(access->mm, access->addr, &access->value);
}

static inline void do_populate(struct access *access)
{
	access->result = mm_madvise(access->mm, access->addr, PAGE, MM_MADV_POPULATE_WRITE);
}

static inline void do_fork(struct access *access)
{
	access->result = mm_fork(access->mm, &access->child);
}

static inline void start(struct access *access, const struct fixture *fixture,
			 void (*what)(struct access *))
{
	*access = (struct access){.mm = fixture->mm, .addr = BASE, .value = 2, .what = what};
	assert_int_equal(pthread_create(&access->thread, NULL, run_access, access), 0);
}

static inline long finish(struct access *access)
{
	assert_int_equal(pthread_join(access->thread, NULL), 0);
	return access->result;
}

/* The next event; there will be one. */
static inline struct uffd_msg wait_event(struct userfaultfd_ctx *ctx)
{
	struct uffd_msg msg;

	while (!userfaultfd_poll(ctx))
		sched_yield();
	assert_int_equal(userfaultfd_read(ctx, &msg), 0);
	return msg;
}

static inline void expect_fault(struct userfaultfd_ctx *ctx, unsigned flags)
{
	struct uffd_msg msg = wait_event(ctx);

	assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
	assert_int_equal(msg.flags, flags);
	assert_int_equal(msg.address, BASE);
}

static inline void unprotect(const struct fixture *fixture)
{
	assert_int_equal(uffdio_writeprotect(fixture->ctx, BASE, PAGE, 0), 0);
	assert_false(pte_uffd_wp(mm_pte(fixture->mm, BASE)));
}

#endif
