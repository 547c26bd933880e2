/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_uffd_ctx.c - each function of mm/userfaultfd.c by itself: who waits in a context, who is
 * woken, and what is left of it
 */
#include "uffd_fixture.h"

#include <string.h>
#include <unistd.h>

#include "mm/internal.h"

/* Nobody has to run for there to be somebody who waits. */
static void init_waiter(struct uffd_waiter *waiter, unsigned event, unsigned long addr)
{
	*waiter = (struct uffd_waiter){.msg = {.event = event, .address = addr}};
	port_wait_init(&waiter->queue);
}

/* Faults at these addresses wait, in that order. */
static void wait_at(struct userfaultfd_ctx *ctx, struct uffd_waiter *waiters,
		    const unsigned long *addresses, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++) {
		init_waiter(&waiters[i], UFFD_EVENT_PAGEFAULT, addresses[i]);
		waiters[i].next = i + 1 < nr ? &waiters[i + 1] : NULL;
	}
	ctx->faults = waiters;
}

/* Does nobody hold the lock that protects all contexts? */
static void expect_unlocked(const struct fixture *fixture)
{
	assert_false(port_spin_is_held(&fixture->machine->uffd_lock));
}

static void waking_goes_from_start_to_end(void **state)
{
	static const unsigned long addresses[] = {BASE - PAGE, BASE, BASE + PAGE, BASE + 2 * PAGE,
						  BASE};
	struct fixture fixture = begin("v6.18", 0);
	struct uffd_waiter waiters[5];

	(void)state;
	wait_at(fixture.ctx, waiters, addresses, 5);
	userfaultfd_wake_range(fixture.ctx, BASE, BASE + 2 * PAGE);
	for (int i = 0; i < 5; i++)
		assert_int_equal(waiters[i].woken, i == 1 || i == 2 || i == 4);
	expect_unlocked(&fixture);
	fixture.ctx->faults = NULL;
	end(&fixture);
}

/* Who waits in contexts of that mm, wherever, and nobody else; close() the same of one context. */
static void kill_and_close_wake_all_of_theirs(void **state)
{
	(void)state;
	for (int close = 0; close < 2; close++) {
		static const unsigned long addresses[] = {0, MM_TASK_SIZE - PAGE};
		struct fixture fixture = begin("v6.18", 0);
		struct uffd_waiter mine[2], event, others[2];
		struct userfaultfd_ctx *other;
		struct mm *mm = close ? fixture.mm : mm_create(fixture.machine);

		assert_int_equal(userfaultfd_create(mm, 0, &other), 0);
		wait_at(other, others, addresses, 2);
		wait_at(fixture.ctx, mine, addresses, 2);
		init_waiter(&event, UFFD_EVENT_FORK, 0);
		fixture.ctx->events = &event;
		if (close) {
			/* The waiters' reference. */
			userfaultfd_ctx_get(fixture.ctx);
			userfaultfd_close(fixture.ctx);
		} else {
			mm_kill(fixture.mm);
		}
		assert_true(mine[0].woken && mine[1].woken && event.woken);
		assert_false(others[0].woken || others[1].woken);
		expect_unlocked(&fixture);
		/* Nobody hears of what does not wait any more. */
		assert_false(userfaultfd_poll(fixture.ctx));
		fixture.ctx->faults = NULL;
		fixture.ctx->events = NULL;
		other->faults = NULL;
		userfaultfd_close(other);
		if (close)
			userfaultfd_ctx_put(fixture.machine, fixture.ctx);
		else
			mm_destroy(mm);
		if (close)
			fixture.ctx = NULL;
		end(&fixture);
	}
}

/* Faults first, each once, in the order in which they came; events are done with when heard. */
static void the_monitor_reads(void **state)
{
	static const unsigned long addresses[] = {BASE, BASE + PAGE, BASE + 2 * PAGE};
	struct fixture fixture = begin("v6.18", 0);
	struct uffd_waiter faults[3], event;
	struct uffd_msg msg = {0};

	(void)state;
	assert_false(userfaultfd_poll(fixture.ctx));
	assert_int_equal(userfaultfd_read(fixture.ctx, &msg), -MM_EAGAIN);
	init_waiter(&event, UFFD_EVENT_UNMAP, OTHER);
	wait_at(fixture.ctx, faults, addresses, 3);
	fixture.ctx->events = &event;
	/* The second one has been woken before anybody read of it. */
	faults[1].woken = true;
	for (int i = 0; i < 3; i += 2) {
		assert_true(userfaultfd_poll(fixture.ctx));
		assert_int_equal(userfaultfd_read(fixture.ctx, &msg), 0);
		assert_int_equal(msg.event, UFFD_EVENT_PAGEFAULT);
		assert_int_equal(msg.address, addresses[i]);
		assert_true(faults[i].read);
		assert_false(faults[i].woken);
		expect_unlocked(&fixture);
	}
	assert_false(faults[1].read);
	assert_true(userfaultfd_poll(fixture.ctx));
	assert_int_equal(userfaultfd_read(fixture.ctx, &msg), 0);
	assert_int_equal(msg.event, UFFD_EVENT_UNMAP);
	assert_int_equal(msg.address, OTHER);
	assert_true(event.read && event.woken);
	assert_false(userfaultfd_poll(fixture.ctx));
	expect_unlocked(&fixture);
	assert_int_equal(userfaultfd_read(fixture.ctx, &msg), -MM_EAGAIN);
	fixture.ctx->faults = NULL;
	fixture.ctx->events = NULL;
	end(&fixture);
}

/* What a kernel does not know it refuses. */
static void features_come_with_kernels(void **state)
{
	static const struct {
		const char *version;
		unsigned features;
	} eras[] = {
		{"v5.7", 0},
		{"v6.3", 0},
		{"v6.4", UFFD_FEATURE_WP_UNPOPULATED},
		{"v6.5", UFFD_FEATURE_WP_UNPOPULATED},
		{"v6.7", UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC},
	};
	const unsigned always = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP |
				UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP;

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct fixture fixture = begin(eras[i].version, 0);

		for (unsigned feature = 1; feature; feature <<= 1) {
			bool known = feature & (always | eras[i].features);
			struct userfaultfd_ctx *ctx;

			assert_int_equal(userfaultfd_create(fixture.mm, feature, &ctx),
					 known ? 0 : -MM_EINVAL);
			if (!known)
				continue;
			assert_int_equal(ctx->features,
					 feature == UFFD_FEATURE_WP_ASYNC
						 ? feature | UFFD_FEATURE_WP_UNPOPULATED
						 : feature);
			assert_int_equal(userfaultfd_ctx_count(ctx), 1);
			userfaultfd_close(ctx);
		}
		end(&fixture);
	}
}

/* Of three contexts each can go first. */
static void contexts_go_in_any_order(void **state)
{
	(void)state;
	for (int first = 0; first < 3; first++) {
		struct fixture fixture = begin("v6.18", 0);
		struct userfaultfd_ctx *ctxs[3] = {fixture.ctx};

		for (int i = 1; i < 3; i++)
			assert_int_equal(userfaultfd_create(fixture.mm, 0, &ctxs[i]), 0);
		for (int i = 0; i < 3; i++) {
			const struct userfaultfd_ctx *ctx;

			userfaultfd_close(ctxs[(first + i) % 3]);
			expect_unlocked(&fixture);
			audit(&fixture);
			ctx = fixture.machine->uffd_ctxs;
			for (int left = 2 - i; left; left--)
				ctx = userfaultfd_next(ctx);
			assert_null(ctx);
		}
		fixture.ctx = NULL;
		end(&fixture);
	}
}

/* A context that is closed can't be worked on; one that is worked on stays until that ends. */
static void who_is_at_work_keeps_it(void **state)
{
	struct fixture fixture = begin("v6.18", 0);

	(void)state;
	assert_ptr_equal(userfaultfd_enter(fixture.ctx), fixture.mm);
	expect_unlocked(&fixture);
	assert_int_equal(fixture.mm->uffd_users, 1);
	userfaultfd_close(fixture.ctx);
	assert_int_equal(fixture.mm->uffd_users, 1);
	assert_int_equal(userfaultfd_ctx_count(fixture.ctx), 1);
	assert_null(userfaultfd_enter(fixture.ctx));
	expect_unlocked(&fixture);
	assert_int_equal(fixture.mm->uffd_users, 1);
	userfaultfd_leave(fixture.ctx, fixture.mm);
	assert_int_equal(fixture.mm->uffd_users, 0);
	assert_null(fixture.machine->uffd_ctxs);
	fixture.ctx = NULL;
	end(&fixture);
}

struct destroy {
	struct mm *mm;
	port_atomic done;
};

static void *destroy(void *argument)
{
	struct destroy *what = argument;

	port_set_cpu(1);
	mm_destroy(what->mm);
	port_atomic_set(&what->done, 1);
	return NULL;
}

/* The process ends while two monitors are at work on it: it waits for both, and then they find
 * none. */
static void the_end_of_a_process_waits_for_monitors(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct userfaultfd_ctx *other;
	struct destroy end_of = {.mm = mm_create(fixture.machine)};
	bool gone = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(userfaultfd_create(end_of.mm, 0, &other), 0);
	for (int i = 0; i < 2; i++)
		assert_ptr_equal(userfaultfd_enter(other), end_of.mm);
	assert_int_equal(pthread_create(&thread, NULL, destroy, &end_of), 0);
	for (int i = 0; i < 5000 && !gone; i++) {
		usleep(1000);
		port_spin_lock(&fixture.machine->uffd_lock);
		gone = !other->mm;
		port_spin_unlock(&fixture.machine->uffd_lock);
	}
	assert_true(gone);
	assert_null(userfaultfd_enter(other));
	/* Of another process nothing has changed. */
	assert_ptr_equal(fixture.ctx->mm, fixture.mm);
	for (int i = 0; i < 2; i++) {
		usleep(10000);
		assert_false(port_atomic_read(&end_of.done));
		userfaultfd_leave(other, end_of.mm);
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	userfaultfd_close(other);
	end(&fixture);
}

/* do_wp_page(), userfaultfd_pte_wp(): which faults is the monitor told of? */
static void faults_that_the_monitor_hears_of(void **state)
{
	static const struct {
		pte_t pte;
		enum uffd_wp_asks rule;
		unsigned flags;
		unsigned vma;
		bool told;
	} cases[] = {
		{PTE_UFFD_WP, UFFD_WP_ASKS_ALWAYS, FAULT_FLAG_WRITE, VM_UFFD_WP, true},
		{PTE_UFFD_WP, UFFD_WP_ASKS_ALWAYS, FAULT_FLAG_BREAK_COW, VM_UFFD_WP, true},
		{PTE_UFFD_WP, UFFD_WP_ASKS_ALWAYS, FAULT_FLAG_UNSHARE, VM_UFFD_WP, false},
		{0, UFFD_WP_ASKS_ALWAYS, FAULT_FLAG_WRITE, VM_UFFD_WP, false},
		{PTE_UFFD_WP, UFFD_WP_ASKS_ALWAYS, FAULT_FLAG_WRITE, VM_UFFD_MISSING, false},
		{PTE_UFFD_WP, UFFD_WP_ASKS_WRITE, FAULT_FLAG_WRITE, VM_UFFD_WP, true},
		{PTE_UFFD_WP, UFFD_WP_ASKS_WRITE, FAULT_FLAG_BREAK_COW, VM_UFFD_WP, false},
		{PTE_UFFD_WP, UFFD_WP_ASKS_WRITE, FAULT_FLAG_UNSHARE, VM_UFFD_WP, false},
	};
	struct fixture fixture = begin("v6.18", 0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vma vma = {.flags = cases[i].vma};
		struct vm_fault vmf = {.mm = fixture.mm, .vma = &vma, .flags = cases[i].flags};

		fixture.machine->rules.uffd_wp_asks = cases[i].rule;
		assert_int_equal(userfaultfd_pte_wp(&vmf, cases[i].pte), cases[i].told);
		assert_int_equal(userfaultfd_huge_pmd_wp(&vmf, cases[i].pte), cases[i].told);
	}
	end(&fixture);
}

static void what_is_remembered_where_nothing_is(void **state)
{
	struct shmem *file = shmem_create(1);

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 4; i++) {
		unsigned features = i & 1 ? UFFD_FEATURE_WP_UNPOPULATED : 0;
		struct fixture fixture = begin("v6.18", features);
		struct vma vma = {
			.flags = VM_UFFD_WP, .uffd_ctx = fixture.ctx, .shmem = i & 2 ? file : NULL};

		assert_int_equal(userfaultfd_wp_use_markers(&vma), i != 0);
		if (i == 3)
			shmem_put(fixture.machine, file);
		end(&fixture);
	}
}

/* A fault that a monitor is to resolve, and what the entry says by then. */
struct raised {
	const struct fixture *fixture;
	unsigned flags;
	unsigned reason;
	unsigned ret;
};

static void *raise_fault(void *argument)
{
	struct raised *raised = argument;
	struct mm *mm = raised->fixture->mm;
	struct vm_fault vmf = {.mm = mm, .addr = BASE, .flags = raised->flags};

	port_set_cpu(1);
	port_down_read(&mm->mmap_lock);
	vmf.vma = find_vma(mm, BASE);
	raised->ret = handle_userfault(&vmf, raised->reason);
	return NULL;
}

/* The lock is free, and can be had for writing. */
static void expect_mmap_unlocked(struct mm *mm)
{
	port_down_write(&mm->mmap_lock);
	port_up_write(&mm->mmap_lock);
}

/* userfaultfd_must_wait(): who comes too late does not wait for what is done already. */
static void a_fault_waits_if_it_is_one_still(void **state)
{
	const struct {
		pte_t entry;
		unsigned reason;
		bool waits;
	} cases[] = {
		{0, VM_UFFD_MISSING, true},
		{PTE_PRESENT, VM_UFFD_MISSING, false},
		{PTE_PRESENT | PTE_RW, VM_UFFD_MISSING, false},
		{PTE_PRESENT, VM_UFFD_WP, true},
		{PTE_PROTNONE, VM_UFFD_WP, true},
		{PTE_PRESENT | PTE_RW, VM_UFFD_WP, false},
		/* On its way: whoever moves it has the last word. */
		{swp_entry(SWP_MIGRATION_READ, 0), VM_UFFD_WP, false},
		{0, VM_UFFD_WP, true},
		/* PTE_MARKER_UFFD_WP, of what was protected before it was there. */
		{make_pte_marker(PTE_MARKER_UFFD_WP), VM_UFFD_MISSING, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin("v6.18", UFFD_FEATURE_WP_UNPOPULATED);
		struct raised raised = {.fixture = &fixture,
					.flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_WRITE,
					.reason = cases[i].reason};
		pthread_t thread;

		map(&fixture, 1, RW);
		assert_int_equal(
			register_range(&fixture, 1,
				       UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP),
			0);
		assert_int_equal(pte_alloc(fixture.mm, BASE), 0);
		port_entry_set(pte_lookup(fixture.mm, BASE), cases[i].entry);
		assert_int_equal(pthread_create(&thread, NULL, raise_fault, &raised), 0);
		if (cases[i].waits) {
			expect_fault(fixture.ctx,
				     UFFD_PAGEFAULT_FLAG_WRITE |
					     (cases[i].reason == VM_UFFD_WP ? UFFD_PAGEFAULT_FLAG_WP
									    : 0));
			assert_int_equal(userfaultfd_ctx_count(fixture.ctx), 3);
			expect_mmap_unlocked(fixture.mm);
			usleep(10000);
			expect_unlocked(&fixture);
			assert_non_null(fixture.ctx->faults);
			userfaultfd_wake_range(fixture.ctx, BASE, BASE + PAGE);
		}
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(raised.ret, VM_FAULT_RETRY);
		assert_null(fixture.ctx->faults);
		assert_int_equal(userfaultfd_ctx_count(fixture.ctx), 2);
		expect_unlocked(&fixture);
		expect_mmap_unlocked(fixture.mm);
		port_entry_set(pte_lookup(fixture.mm, BASE), 0);
		end(&fixture);
	}
}

/* What can't wait is told so, and keeps the lock. */
static void who_must_not_wait(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct raised raised = {.fixture = &fixture, .reason = VM_UFFD_MISSING};
	pthread_t thread;

	(void)state;
	map(&fixture, 1, RW);
	assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
	assert_int_equal(pthread_create(&thread, NULL, raise_fault, &raised), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(raised.ret, VM_FAULT_SIGBUS);
	port_up_read(&fixture.mm->mmap_lock);
	expect_mmap_unlocked(fixture.mm);
	assert_int_equal(userfaultfd_ctx_count(fixture.ctx), 2);
	end(&fixture);
}

/* close() lets go of the context's VMAs alone, and joins those that nothing parts any more. */
static void close_detaches_its_own(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct userfaultfd_ctx *other;

	(void)state;
	map(&fixture, 4, RW);
	assert_int_equal(userfaultfd_create(fixture.mm, 0, &other), 0);
	assert_int_equal(uffdio_register(fixture.ctx, BASE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(uffdio_register(other, BASE + PAGE, PAGE, UFFDIO_REGISTER_MODE_MISSING),
			 0);
	assert_int_equal(
		uffdio_register(fixture.ctx, BASE + 3 * PAGE, PAGE, UFFDIO_REGISTER_MODE_MISSING),
		0);
	/* Its place in the array is not cleared. */
	assert_int_equal(mm_munmap(fixture.mm, BASE + 3 * PAGE, PAGE), 0);
	assert_int_equal(fixture.mm->nr_vmas, 3);
	userfaultfd_close(fixture.ctx);
	fixture.ctx = NULL;
	expect_mmap_unlocked(fixture.mm);
	assert_null(find_vma(fixture.mm, BASE)->uffd_ctx);
	assert_false(find_vma(fixture.mm, BASE)->flags & VM_UFFD_FLAGS);
	assert_ptr_equal(find_vma(fixture.mm, BASE + PAGE)->uffd_ctx, other);
	assert_true(userfaultfd_missing(find_vma(fixture.mm, BASE + PAGE)));
	assert_int_equal(userfaultfd_ctx_count(other), 2);
	audit(&fixture);
	userfaultfd_close(other);
	assert_int_equal(fixture.mm->nr_vmas, 1);
	end(&fixture);
}

/* What becomes of the protection then, in memory that was registered for it, and in other. */
static void close_takes_the_protection_away(void **state)
{
	static const struct {
		enum uffd_wp_reset rule;
		unsigned mode;
		bool kept;
	} cases[] = {
		{UFFD_WP_RESET_NEVER, UFFDIO_REGISTER_MODE_WP, true},
		{UFFD_WP_RESET_UNREGISTER, UFFDIO_REGISTER_MODE_WP, true},
		{UFFD_WP_RESET_CLOSE, UFFDIO_REGISTER_MODE_WP, false},
		{UFFD_WP_RESET_CLOSE, UFFDIO_REGISTER_MODE_MISSING, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin("v6.18", 0);
		port_entry *entry;

		fixture.machine->rules.uffd_wp_reset = cases[i].rule;
		map(&fixture, 1, RW);
		store(&fixture, BASE, 1);
		assert_int_equal(register_range(&fixture, 1, cases[i].mode), 0);
		entry = pte_lookup(fixture.mm, BASE);
		port_entry_set(entry, pte_mkuffd_wp(port_entry_read(entry)));
		userfaultfd_close(fixture.ctx);
		fixture.ctx = NULL;
		assert_int_equal(pte_uffd_wp(port_entry_read(entry)), cases[i].kept);
		flush_tlb_range(fixture.mm, BASE, BASE + PAGE);
		end(&fixture);
	}
}

/* Each context is audited, not only the youngest. */
static void the_audit_counts_all_contexts(void **state)
{
	struct fixture fixture = begin("v6.18", 0);
	struct audit_frame frames[FRAMES] = {0};
	struct userfaultfd_ctx *younger;
	struct audit_result result;

	(void)state;
	assert_int_equal(userfaultfd_create(fixture.mm, 0, &younger), 0);
	userfaultfd_ctx_get(fixture.ctx);
	assert_false(mm_audit(fixture.machine, frames, &result));
	assert_int_equal(result.finding, AUDIT_CONTEXT);
	assert_int_equal(result.expected, 1);
	assert_int_equal(result.found, 2);
	userfaultfd_ctx_put(fixture.machine, fixture.ctx);
	userfaultfd_close(younger);
	end(&fixture);
}

/* /proc/PID/pagemap: entries of each kind, and where there is none. */
static void pagemap_shows_the_protection(void **state)
{
	const struct {
		pte_t entry;
		bool shown;
	} cases[] = {
		{0, false},
		{PTE_PRESENT, false},
		{PTE_PRESENT | PTE_UFFD_WP, true},
		{PTE_PROTNONE | PTE_UFFD_WP, true},
		/* A swap entry has its bit elsewhere. */
		{PTE_SWP_UFFD_WP, true},
		{swp_entry(SWP_MIGRATION_READ, 0), false},
		{make_pte_marker(PTE_MARKER_UFFD_WP), true},
	};
	struct fixture fixture = begin("v6.18", 0);

	(void)state;
	map(&fixture, 1, RW);
	/* No table, and none of PTEs. */
	assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
	assert_int_equal(pmd_alloc(fixture.mm, BASE), 0);
	assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
	assert_int_equal(pte_alloc(fixture.mm, BASE), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		port_entry_set(pte_lookup(fixture.mm, BASE), cases[i].entry);
		assert_int_equal(mm_pagemap_uffd_wp(fixture.mm, BASE), cases[i].shown);
		expect_mmap_unlocked(fixture.mm);
		fixture.machine->rules.pagemap_uffd_wp = PAGEMAP_UFFD_WP_NO;
		assert_false(mm_pagemap_uffd_wp(fixture.mm, BASE));
		fixture.machine->rules.pagemap_uffd_wp = PAGEMAP_UFFD_WP_YES;
	}
	port_entry_set(pte_lookup(fixture.mm, BASE), 0);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waking_goes_from_start_to_end),
		cmocka_unit_test(kill_and_close_wake_all_of_theirs),
		cmocka_unit_test(the_monitor_reads),
		cmocka_unit_test(features_come_with_kernels),
		cmocka_unit_test(contexts_go_in_any_order),
		cmocka_unit_test(who_is_at_work_keeps_it),
		cmocka_unit_test(the_end_of_a_process_waits_for_monitors),
		cmocka_unit_test(faults_that_the_monitor_hears_of),
		cmocka_unit_test(what_is_remembered_where_nothing_is),
		cmocka_unit_test(a_fault_waits_if_it_is_one_still),
		cmocka_unit_test(who_must_not_wait),
		cmocka_unit_test(close_detaches_its_own),
		cmocka_unit_test(close_takes_the_protection_away),
		cmocka_unit_test(the_audit_counts_all_contexts),
		cmocka_unit_test(pagemap_shows_the_protection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
