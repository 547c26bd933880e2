/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_host_kinds.c - the target `host`: each kind of memory, and each operation on it, once */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/support.h"

/* What follows from the manual pages of the system calls, whatever the kernel's rules for COW. */
static struct example examples[] = {
	/* Pages of a huge page are parts of it, and what is pinned of them are its base pages. */
	{
		.name = "thp",
		.body = "{ thp x[4] = {1, 2, 3, 4}; }\n"
			"P0(int *x) { x[3] = 5; fork(P1); wait(P1); r0 = x[0]; r1 = x[3]; }\n"
			"P1(int *x) { r0 = x[3]; x[0] = 7; r1 = x[2]; }\n"
			"locations [x; 1:x; x[2]]\nexists (true)",
		.outcome = "0:r0=1; 0:r1=5; 1:r0=5; 1:r1=3; x[0]=1; 1:x[0]=7; x[2]=3;",
		.may_skip = true,
	},
	{
		.name = "thp_hole",
		.body = "{ thp x[2]; }\nP0(int *x) { r0 = x[1]; x[0] = 2; r1 = x[1]; r2 = x[0]; }\n"
			"exists (true)",
		.outcome = "0:r0=0; 0:r1=0; 0:r2=2;",
		.may_skip = true,
	},
	{
		.name = "thp_is_pinned_in_parts",
		.body = "{ thp x[2] = {1, 2}; }\n"
			"P0(int *x) { r = pin_user_pages_fast(x, 2, FOLL_WRITE | FOLL_LONGTERM);\n"
			"dma_write(r, 3); dma_write(r[1], 4); r0 = x[0]; r1 = x[1];\n"
			"x[1] = 5; r2 = dma_read(r[1]); r3 = pagemap(x + 1, r[1]); }\n"
			"exists (true)",
		.outcome = "0:r0=3; 0:r1=4; 0:r2=5; 0:r3=1;",
		.may_skip = true,
	},
	{
		.name = "thp_pte",
		.body = "{ thp(pte) x[2] = {1, 2}; }\n"
			"P0(int *x) { munmap(x + 1); r0 = mmap(x + 1, PROT_READ | PROT_WRITE, "
			"MAP_PRIVATE);\n"
			"r1 = x[0]; r2 = x[1]; }\nexists (true)",
		.outcome = "0:r0=0; 0:r1=1; 0:r2=0;",
		.may_skip = true,
	},
	{
		.name = "thp_partial",
		.body = "{ thp(partial) x[2] = {1, 2}; }\n"
			"P0(int *x) { fork(P1); wait(P1); x[1] = 3; r0 = x[0]; r1 = x[1]; }\n"
			"P1(int *x) { r0 = x[0]; r1 = x[1]; }\nexists (true)",
		.outcome = "0:r0=1; 0:r1=3; 1:r0=1; 1:r1=2;",
		.may_skip = true,
	},
	{
		.name = "thp_swapped",
		.body = "{ thp(swapped) x[2] = {1, 2}; thp(pte, swapped) y = 3; }\n"
			"P0(int *x, int *y) { r0 = x[0]; r1 = x[1]; r2 = *y; }\nexists (true)",
		.outcome = "0:r0=1; 0:r1=2; 0:r2=3;",
		.may_skip = true,
	},
	{
		.name = "thp_moves",
		.body = "{ thp x[2] = {1, 2}; unmapped u[2]; }\n"
			"P0(int *x, int *u) { r0 = mremap(x, u); r1 = u[0]; r2 = u[1]; }\n"
			"locations [x; u[1]]\nexists (true)",
		.outcome = "0:r0=0; 0:r1=1; 0:r2=2; x[0]=SIGSEGV; u[1]=2;",
		.may_skip = true,
	},
	{
		.name = "thp_collapses",
		.body = "{ thp x = 1; }\n"
			"P0(int *x) { a = madvise(x, MADV_NOHUGEPAGE); b = madvise(x, "
			"MADV_HUGEPAGE);\n"
			"r0 = *x; }\nexists (true)",
		.outcome = "0:a=0; 0:b=0; 0:r0=1;",
		.may_skip = true,
	},
	{
		.name = "thp_is_split",
		.body = "{ thp x[2] = {1, 2}; }\n"
			"P0(int *x) { r0 = split_huge_page(x); r1 = x[0]; r2 = x[1];\n"
			"r3 = split_huge_page(x); }\nexists (true)",
		.outcome = "0:r0=0; 0:r1=1; 0:r2=2; 0:r3=0;",
		.may_skip = true,
	},
	{
		.name = "hugetlb",
		.body = "{ hugetlb x[2] = {1, 2}; }\n"
			"P0(int *x) { fork(P1); wait(P1); r0 = x[0]; x[1] = 5; r1 = x[1]; }\n"
			"P1(int *x) { x[0] = 3; r0 = x[0]; r1 = x[1]; }\nlocations [x]\nexists "
			"(true)",
		.outcome = "0:r0=1; 0:r1=5; 1:r0=3; 1:r1=2; x[0]=1;",
		.may_skip = true,
	},
	{
		.name = "shared_hugetlb",
		.body = "{ shared_hugetlb x[2] = {1, 2}; }\n"
			"P0(int *x) { fork(P1); wait(P1); r0 = x[0]; r1 = x[1]; }\n"
			"P1(int *x) { x[0] = 3; }\nexists (true)",
		.outcome = "0:r0=3; 0:r1=2;",
		.may_skip = true,
	},
	{
		.name = "hugetlb_is_pinned",
		.body = "{ hugetlb x[2] = {1, 2}; }\n"
			"P0(int *x) { r = pin_user_pages_fast(x, 2, FOLL_WRITE | FOLL_LONGTERM);\n"
			"dma_write(r[1], 3); r0 = x[1]; r1 = dma_read(r);\n"
			"g = get_user_pages_fast(x, 2, 0); r2 = dma_read(g[1]); }\n"
			"exists (true)",
		.outcome = "0:r0=3; 0:r1=1; 0:r2=3;",
		.may_skip = true,
	},
	/* The child has no reservation, and the parent's page is the only one: mmap(2), SIGBUS. */
	{
		.name = "hugetlb_pool_is_empty",
		.body = "{ nr_hugepages = 1; hugetlb x = 1; }\n"
			"P0(int *x) { fork(P1); wait(P1); r0 = *x; }\nP1(int *x) { *x = 2; }\n"
			"exists (1:status=SIGBUS)",
		.outcome = "0:r0=1; 1:status=SIGBUS;",
		.may_skip = true,
	},
	{
		.name = "file",
		.body = "{ file x[2] = {1, 2}; }\n"
			"P0(int *x) { r0 = pwrite(x + 1, 7); r1 = x[1]; x[0] = 5; r2 = pread(x);\n"
			"pwrite(x, 8); r3 = x[0]; fork(P1); wait(P1); r4 = pread(x + 1); }\n"
			"P1(int *x) { r0 = pread(x); pwrite(x + 1, 9); }\n"
			"locations [x[1]]\nexists (true)",
		.outcome = "0:r0=0; 0:r1=7; 0:r2=1; 0:r3=5; 0:r4=9; 1:r0=8; x[1]=9;",
	},
	{
		.name = "swapped",
		.body = "{ anon x[2] = {1, 2}; anon(swapped) y = 3; }\n"
			"P0(int *x, int *y) { a = madvise(x, MADV_PAGEOUT);\n"
			"b = madvise(x, MADV_WILLNEED); r0 = x[0]; r1 = x[1]; r2 = *y; }\n"
			"exists (true)",
		.outcome = "0:a=0; 0:b=0; 0:r0=1; 0:r1=2; 0:r2=3;",
		.may_skip = true,
	},
	{
		.name = "lazily_freed",
		.body = "{ anon x = 1; }\nP0(int *x) { a = madvise(x, MADV_FREE); *x = 2; r0 = *x; "
			"}\nexists (true)",
		.outcome = "0:a=0; 0:r0=2;",
	},
	/* Equal pages are one frame, until one of them is written to. */
	{
		.name = "ksm",
		.body = "{ anon x[2] = {1, 1}; }\n"
			"P0(int *x) { a = madvise(x, MADV_MERGEABLE); b = ksm_do_scan();\n"
			"r = get_user_pages_fast(x, 0); r0 = pagemap(x + 1, r); x[1] = 2;\n"
			"r1 = pagemap(x + 1, r); r2 = x[0]; c = madvise(x, MADV_UNMERGEABLE); }\n"
			"exists (true)",
		.outcome = "0:a=0; 0:b=0; 0:r0=1; 0:r1=0; 0:r2=1; 0:c=0;",
		.may_skip = true,
	},
	{
		.name = "move_pages",
		.body = "{ anon x[2] = {1, 2}; }\nP0(int *x) { a = move_pages(x); r0 = x[1]; }\n"
			"exists (true)",
		.outcome = "0:a=0; 0:r0=2;",
		.may_skip = true,
	},
	/* userfaultfd */
	{
		.name = "uffd_is_a_file",
		.body = "{ anon x = 1; }\n"
			"P0(int *x) { a = uffdio_wake(u, x); b = userfaultfd(u, 0);\n"
			"c = uffdio_wake(u, x); close(u);\n"
			"e = uffdio_wake(u, x); f = read(u); }\nexists (true)",
		.outcome = "0:a=-EBADF; 0:b=0; 0:c=0; 0:e=-EBADF; 0:f=-EBADF;",
		.may_skip = true,
	},
	{
		.name = "uffd_wp_by_a_thread",
		.body = "{ anon x = 1; }\n"
			"P0(int *x) { userfaultfd(u, 0);\n"
			"a = uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);\n"
			"b = uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP);\n"
			"c = pm_uffd_wp(x); pthread_create(P1); *x = 2; d = pm_uffd_wp(x);\n"
			"pthread_join(P1); e = uffdio_unregister(u, x); }\n"
			"P1(int *x) { r0 = read(u); r1 = *x; a = uffdio_writeprotect(u, x, 0); }\n"
			"locations [x]\nexists (true)",
		.outcome = "0:a=0; 0:b=0; 0:c=1; 0:d=0; 0:e=0; 1:r0=UFFD_PAGEFAULT_FLAG_WP; "
			   "1:r1=1; 1:a=0; x=2;",
		.may_skip = true,
	},
	{
		.name = "uffd_missing_by_a_process",
		.body = "{ anon x[3]; }\n"
			"P0(int *x) { userfaultfd(u, 0);\n"
			"uffdio_register(u, x, UFFDIO_REGISTER_MODE_MISSING); fork(P1);\n"
			"r0 = x[0]; x[1] = 3; wait(P1); r1 = x[1]; r2 = x[2]; }\n"
			"P1(int *x) { r0 = read(u); a = uffdio_copy(u, x, 7, 0); r1 = read(u);\n"
			"b = uffdio_zeropage(u, x + 1, 1, 0); c = uffdio_copy(u, x, 8, 0);\n"
			"d = uffdio_copy(u, x + 2, 9, UFFDIO_COPY_MODE_DONTWAKE); }\n"
			"exists (true)",
		.outcome = "0:r0=7; 0:r1=3; 0:r2=9; 1:r0=UFFD_EVENT_PAGEFAULT; 1:a=0; "
			   "1:r1=UFFD_PAGEFAULT_FLAG_WRITE; 1:b=0; 1:c=-EEXIST; 1:d=0;",
		.may_skip = true,
	},
	{
		.name = "uffd_minor",
		.body = "{ shared x[2] = {1, 2}; }\n"
			"P0(int *x) { userfaultfd(u, 0);\n"
			"a = uffdio_register(u, x, UFFDIO_REGISTER_MODE_MINOR);\n"
			"madvise(x, MADV_DONTNEED); pthread_create(P1); r0 = x[0]; }\n"
			"P1(int *x) { r0 = read(u); b = uffdio_continue(u, x, 1, 0); }\n"
			"locations [x; x[1]]\nexists (true)",
		.outcome = "0:a=0; 0:r0=1; 1:r0=UFFD_PAGEFAULT_FLAG_MINOR; 1:b=0; x[0]=1; x[1]=2;",
		.may_skip = true,
	},
	{
		.name = "uffd_on_huge_pages",
		.body = "{ hugetlb x[2]; thp y = 1; }\n"
			"P0(int *x, int *y) { userfaultfd(u, 0);\n"
			"uffdio_register(u, x, UFFDIO_REGISTER_MODE_MISSING);\n"
			"uffdio_register(u, y, UFFDIO_REGISTER_MODE_WP);\n"
			"a = uffdio_writeprotect(u, y, UFFDIO_WRITEPROTECT_MODE_WP);\n"
			"b = pm_uffd_wp(y); fork(P1); r0 = x[1]; *y = 2; r1 = *y; }\n"
			"P1(int *x, int *y) { r0 = read(u); c = uffdio_copy(u, x + 1, 5, 0);\n"
			"r1 = read(u); d = uffdio_writeprotect(u, y, 0); }\nexists (true)",
		.outcome = "0:a=0; 0:b=1; 0:r0=5; 0:r1=2; 1:r0=UFFD_EVENT_PAGEFAULT; 1:c=0; "
			   "1:r1=UFFD_PAGEFAULT_FLAG_WP; 1:d=0;",
		.may_skip = true,
	},
	/* The child's memory has a userfaultfd of its own, and close() lets go who waits for it. */
	{
		.name = "uffd_of_a_child",
		.body = "{ anon x = 1; }\n"
			"P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK);\n"
			"uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);\n"
			"uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP);\n"
			"pthread_create(P1); a = fork(P2); wait(P2); }\n"
			"P1() { r0 = read(u, v); r1 = read(v); close(v); }\n"
			"P2(int *x) { *x = 3; r0 = *x; }\nexists (true)",
		.outcome = "0:a=0; 1:r0=UFFD_EVENT_FORK; 1:r1=UFFD_PAGEFAULT_FLAG_WP; 2:r0=3;",
		.may_skip = true,
	},
	/* Who reads goes on when all others have ended or read, too. */
	{
		.name = "uffd_without_events",
		.body = "{ anon x = 1; }\n"
			"P0(int *x) { userfaultfd(u, 0); fork(P1); fork(P2); r0 = read(u); }\n"
			"P1() { r0 = read(u); }\nP2(int *x) { *x = 3; }\n"
			"locations [x; 2:x]\nexists (true)",
		.outcome = "0:r0=-EAGAIN; 1:r0=-EAGAIN; x=1; 2:x=3;",
		.may_skip = true,
	},
	/* The uffd outlives who opened it, but not the memory that it is about. */
	{
		.name = "uffd_of_who_has_ended",
		.body = "{ anon x = 1; }\n"
			"P0() { fork(P1); wait(P1); fork(P2); }\n"
			"P1(int *x) { userfaultfd(u, 0);\n"
			"uffdio_register(u, x, UFFDIO_REGISTER_MODE_MISSING); }\n"
			"P2(int *x) { a = uffdio_copy(u, x, 1, 0); r0 = read(u); close(u);\n"
			"b = uffdio_copy(u, x, 1, 0); }\nexists (true)",
		.outcome = "2:a=-ESRCH; 2:r0=-EAGAIN; 2:b=-EBADF;",
		.may_skip = true,
	},
	{
		.name = "exit_leaves_a_fault",
		.body = "{ anon x = 1; anon y; }\n"
			"P0(int *x, int *y) { userfaultfd(u, 0);\n"
			"uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);\n"
			"uffdio_register(u, y, UFFDIO_REGISTER_MODE_MISSING);\n"
			"uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP);\n"
			"pthread_create(P1); r0 = read(u); exit(); }\n"
			"P1(int *x) { *x = 3; }\nlocations [x; 1:x; y]\nexists (true)",
		.outcome = "0:r0=UFFD_PAGEFAULT_FLAG_WP; x=1; 1:x=1; y=0;",
		.may_skip = true,
	},
	{
		.name = "a_signal_leaves_a_fault",
		.body = "{ anon x = 1; unmapped n; }\n"
			"P0(int *x) { userfaultfd(u, 0); fork(P1); wait(P1); }\n"
			"P1(int *x, int *n) { userfaultfd(v, 0);\n"
			"uffdio_register(v, x, UFFDIO_REGISTER_MODE_WP);\n"
			"uffdio_writeprotect(v, x, UFFDIO_WRITEPROTECT_MODE_WP);\n"
			"pthread_create(P2); r0 = read(v); *n = 1; }\n"
			"P2(int *x) { *x = 3; }\nexists (true)",
		.outcome = "1:r0=UFFD_PAGEFAULT_FLAG_WP; 1:status=SIGSEGV; 2:status=SIGSEGV;",
		.may_skip = true,
	},
};

#define NR_EXAMPLES (sizeof(examples) / sizeof(examples[0]))

/* Tasks that wait in a fault, or in fork(), for a monitor that never comes. */
static const char *const deadlocks[] = {
	"{ anon x = 1; }\n"
	"P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);\n"
	"uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP); *x = 2; }\nexists (true)",
	/* It has heard of it, and waits for the next. */
	"{ anon x; }\n"
	"P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, UFFDIO_REGISTER_MODE_MISSING);\n"
	"fork(P1); r0 = *x; }\nP1() { r0 = read(u); r1 = read(u); }\nexists (true)",
	"{ anon x = 1; }\n"
	"P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK);\n"
	"uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP); fork(P1); }\n"
	"P1(int *x) { *x = 2; }\nexists (true)",
	/* GUP waits as a store does, and a read() of the other's does not help. */
	"{ anon x; anon y; }\n"
	"P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, UFFDIO_REGISTER_MODE_MISSING);\n"
	"fork(P1); r = get_user_pages_fast(x, 0); }\n"
	"P1(int *y) { userfaultfd(v, 0); uffdio_register(v, y, UFFDIO_REGISTER_MODE_MISSING);\n"
	"r0 = read(v); }\nexists (true)",
};

#define NR_DEADLOCKS (sizeof(deadlocks) / sizeof(deadlocks[0]))

static void a_deadlock_in_the_kernel_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_DEADLOCKS; i++) {
		struct litmus_test *test = parse(deadlocks[i]);
		struct run_result result;

		run(test, 10, &result);
		assert_int_equal(result.status, RUN_DONE);
		assert_int_equal(result.nr_outcomes, 1);
		assert_null(result.outcomes[0].values);
		assert_int_equal(result.outcomes[0].violations, VIOLATION_DEADLOCK);
		assert_int_equal(result.outcomes[0].count, 10);
		run_result_free(&result);
		litmus_free(test);
	}
}

int main(void)
{
	const char *reason = why_skipped("{ anon x; }\nP0(int *x) { *x = 1; }\nexists (true)");
	const struct CMUnitTest deadlock = cmocka_unit_test(a_deadlock_in_the_kernel_is_found);
	struct CMUnitTest tests[NR_EXAMPLES + 1] = {0};
	bool has_deadlocks = true;
	size_t nr;

	if (reason) {
		printf("1..0 # SKIP %s\n", reason);
		return 0;
	}
	nr = add_examples(examples, NR_EXAMPLES, tests);
	for (size_t i = 0; i < NR_DEADLOCKS; i++)
		has_deadlocks = has_deadlocks && !is_left_out(deadlock.name, deadlocks[i]);
	if (has_deadlocks)
		tests[nr++] = deadlock;
	fflush(stdout); /* before what cmocka prints */
	return _cmocka_run_group_tests("test_host_kinds", tests, nr, NULL, NULL);
}
