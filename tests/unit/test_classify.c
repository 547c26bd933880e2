/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_classify.c - the kinds of wrong in outcomes that kernels have shown */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spec/spec.h"

static struct litmus_test *parse(const char *body)
{
	char text[4096];
	char err[512];

	int length = snprintf(text, sizeof(text), "C test\n%s\nexists (true)\n", body);
	assert_in_range(length, 1, sizeof(text) - 1);
	struct litmus_test *test = litmus_parse("inline", text, (size_t)length, err, sizeof(err));
	if (!test)
		fail_msg("%s\n%s", err, text);
	return test;
}

static int observable_named(const struct litmus_test *test, const char *name)
{
	char text[64];

	for (int i = 0; i < test->nr_observables; i++) {
		if (strcmp(litmus_observable_text(test, i, text, sizeof(text)), name) == 0)
			return i;
	}
	fail_msg("no observable %s", name);
	return -1;
}

struct change {
	const char *name; /* of an observable; NULL after the last one */
	int64_t value;
};

/* An outcome that is the spec's first one, but for these changes. Is it this kind of wrong? */
static void expect_changed(unsigned kinds, const char *body, const struct change *changes)
{
	struct litmus_test *test = parse(body);
	const struct run_options options = {0};
	int64_t values[LITMUS_MAX_OBSERVABLES];
	struct run_result spec;
	char is[128];
	char should[128];

	spec_run(test, &options, &spec);
	assert_true(spec.nr_outcomes > 0);
	memcpy(values, spec.outcomes[0].values, (size_t)test->nr_observables * sizeof(values[0]));
	for (int i = 0; changes[i].name; i++)
		values[observable_named(test, changes[i].name)] = changes[i].value;

	violation_set_names(spec_classify(test, &spec, values), is, sizeof(is));
	violation_set_names(kinds, should, sizeof(should));
	if (strcmp(is, should) != 0)
		fail_msg("\"%s\", expected \"%s\", for%s", is, should, body);
	run_result_free(&spec);
	litmus_free(test);
}

/* The changes as pairs of a name and an int, then NULL. */
static void expect(unsigned kinds, const char *body, ...)
{
	struct change changes[16] = {{NULL, 0}};
	va_list args;
	int nr = 0;

	va_start(args, body);
	for (const char *name; (name = va_arg(args, const char *)); nr++)
		changes[nr] = (struct change){name, va_arg(args, int)};
	va_end(args);
	expect_changed(kinds, body, changes);
}

/* A child keeps a reference to what it has unmapped, the parent writes: CVE-2020-29374. */
static void test_vmsplice(void **state)
{
	static const char body[] =
		"{ anon x = 1; completion c; completion d; }\n"
		"P0(int *x) { fork(P1); wait_for_completion(c); *x = 2; complete(d); wait(P1); }\n"
		"P1(int *x) { r = get_user_pages(x, 0); munmap(x); complete(c);"
		" wait_for_completion(d); r0 = dma_read(r); }\n";

	(void)state;
	expect(VIOLATION_NONE, body, "1:r0", 1, NULL);
	expect(VIOLATION_LEAK, body, "1:r0", 2, NULL);
	/* A value that nobody ever wrote. */
	expect(VIOLATION_WRONG_PAGE, body, "1:r0", 77, NULL);
}

/* Pinned for writing; fork; the parent writes, and is given another page than the device has. */
static void test_pin_fork_write(void **state)
{
	static const char body[] =
		"{ anon x = 1; completion c; }\n"
		"P0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE); fork(P1); *x = 2;"
		" r0 = dma_read(r); dma_write(r, 3); r1 = *x; r2 = pagemap(x, r); complete(c); }\n"
		"P1(int *x) { wait_for_completion(c); r0 = *x; }\n";

	(void)state;
	expect(VIOLATION_NONE, body, NULL);
	expect(VIOLATION_STALE_DMA, body, "0:r0", 1, NULL);
	expect(VIOLATION_LOST_DMA, body, "0:r1", 2, NULL);
	expect(VIOLATION_LOST_DMA, body, "0:r2", 0, NULL);
	/* The child has the pinned page: it sees what the device wrote for its parent. */
	expect(VIOLATION_LEAK, body, "1:r0", 3, NULL);
	/* All at once, as v5.7 shows it. */
	expect(VIOLATION_STALE_DMA | VIOLATION_LOST_DMA | VIOLATION_LEAK, body, "0:r0", 1, "0:r1",
	       2, "0:r2", 0, "1:r0", 3, NULL);
}

/* The regression of v5.9-rc4. */
static void test_rdma(void **state)
{
	static const char body[] =
		"{ anon x = 1; }\n"
		"P0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM); fork(P1);"
		" wait(P1); *x = 2; dma_write(r, 3); r0 = *x; }\n"
		"P1(int *x) { }\n"
		"locations [x]";

	(void)state;
	expect(VIOLATION_NONE, body, NULL);
	expect(VIOLATION_LOST_DMA, body, "0:r0", 2, "x", 2, NULL);
	/* The same with the child writing first. */
	expect(VIOLATION_LOST_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); fork(P1); wait(P1); *x = 2;"
	       " dma_write(r, 3); r0 = *x; }\n"
	       "P1(int *x) { *x = 4; }\n",
	       "0:r0", 2, NULL);
}

/* Pinned for reading, before or after the fork, slow or fast, or of a hole for long. */
static void test_pin_for_reading(void **state)
{
	(void)state;
	expect(VIOLATION_STALE_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { *x = 5; r = pin_user_pages(x, 0); fork(P1); *x = 2;"
	       " r0 = dma_read(r); }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0", 5, NULL);
	expect(VIOLATION_STALE_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r = pin_user_pages(x, 0); *x = 2;"
	       " r0 = dma_read(r); }\n"
	       "P1(int *x) { }\n",
	       "0:r0", 1, NULL);
	expect(VIOLATION_STALE_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { fork(P1); r = pin_user_pages_fast(x, 0); *x = 2; r0 = pagemap(x, r); "
	       "}\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0", 0, NULL);
	expect(VIOLATION_STALE_DMA,
	       "{ anon x; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_LONGTERM); *x = 2; r0 = dma_read(r); }\n",
	       "0:r0", 0, NULL);
}

/* Protected and unprotected again, by mprotect() or for soft-dirty tracking. */
static void test_protect(void **state)
{
	(void)state;
	expect(VIOLATION_LOST_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); mprotect(x, PROT_READ);"
	       " mprotect(x, PROT_READ | PROT_WRITE); *x = 2; dma_write(r, 3); r0 = *x; }\n",
	       "0:r0", 2, NULL);
	expect(VIOLATION_LOST_DMA | VIOLATION_STALE_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = iov_iter_extract_pages(x, FOLL_WRITE); clear_refs(); *x = 2;"
	       " r1 = dma_read(r); dma_write(r, 3); r0 = *x; }\n",
	       "0:r0", 2, "0:r1", 1, NULL);
	/* A reference for writing promises that no longer; then it is no violation. */
	expect(VIOLATION_NONE,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); clear_refs(); *x = 2;"
	       " dma_write(r, 3); r0 = *x; }\n",
	       "0:r0", 2, NULL);
}

/* O_DIRECT read(2) into one half of a page, the parent writes the other half. */
static void test_direct_io(void **state)
{
	static const char body[] =
		"{ anon x = 1, y = 1; completion c; }\n"
		"P0(int *x, int *y) { r = iov_iter_extract_pages(x, FOLL_WRITE); fork(P1); *y = 2;"
		" dma_write(r, 3); complete(c); r0 = *x; r1 = *y; }\n"
		"P1(int *x) { wait_for_completion(c); r0 = *x; }\n";

	(void)state;
	expect(VIOLATION_LOST_DMA, body, "0:r0", 1, NULL);
	expect(VIOLATION_LOST_DMA | VIOLATION_LEAK, body, "0:r0", 1, "1:r0", 3, NULL);
	expect(VIOLATION_LOST_WRITE, body, "0:r1", 1, NULL);
}

/* Writes of the CPU that go astray. */
static void test_cpu_writes(void **state)
{
	static const char body[] = "{ anon x = 1; }\n"
				   "P0(int *x) { *x = 5; fork(P1); *x = 2; wait(P1); r0 = *x; }\n"
				   "P1(int *x) { r0 = *x; *x = 3; r1 = *x; }\n"
				   "locations [x; 1:x]";

	(void)state;
	expect(VIOLATION_LOST_WRITE, body, "0:r0", 5, "x", 5, NULL);
	expect(VIOLATION_LOST_WRITE, body, "1:r1", 5, "1:x", 5, NULL);
	/* What the parent wrote before the fork is the child's; what it writes later is not. */
	expect(VIOLATION_LEAK, body, "1:r0", 2, NULL);
	expect(VIOLATION_LEAK, body, "0:r0", 3, NULL);
	expect(VIOLATION_LEAK, body, "x", 3, NULL);
	expect(VIOLATION_LOST_WRITE, body, "1:r0", 1, NULL);
	/* A value that it has written itself need not be the stranger's. */
	expect(VIOLATION_LOST_WRITE,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { fork(P1); *x = 3; *x = 2; r0 = *x; }\n"
	       "P1(int *x) { *x = 3; }\n",
	       "0:r0", 3, NULL);
	/* Memory that can't be read any more. */
	expect(VIOLATION_WRONG_PAGE, body, "x", -1, NULL);
}

/* ptrace() writes on behalf of the process that it writes to. */
static void test_remote_writes(void **state)
{
	static const char body[] =
		"{ anon x = 1; completion c; completion d; }\n"
		"P0(int *x) { fork(P1); wait_for_completion(c); ptrace_pokedata(P1, x, 2);"
		" r1 = ptrace_peekdata(P1, x); complete(d); r0 = *x; }\n"
		"P1(int *x) { complete(c); wait_for_completion(d); r0 = *x; }\n";

	(void)state;
	expect(VIOLATION_LEAK, body, "0:r0", 2, NULL);
	expect(VIOLATION_LOST_WRITE, body, "1:r0", 1, NULL);
	expect(VIOLATION_LOST_WRITE, body, "0:r1", 1, NULL);
	expect(VIOLATION_WRONG_PAGE, body, "0:r1", -EIO, NULL);
}

/* A thread may write before its process forks: that is no leak. A thread started later can't. */
static void test_threads(void **state)
{
	(void)state;
	expect(VIOLATION_LOST_WRITE,
	       "{ anon x = 1; completion c; }\n"
	       "P0(int *x) { wait_for_completion(c); fork(P2); }\n"
	       "P1(int *x) { *x = 2; *x = 3; complete(c); }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "2:r0", 2, NULL);
	expect(VIOLATION_LEAK,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { fork(P2); pthread_create(P1); }\n"
	       "P1(int *x) { *x = 3; }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "2:r0", 3, NULL);
	/* The child's process began with P2 and bears P1's number. */
	expect(VIOLATION_LEAK,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { fork(P2); *x = 3; }\n"
	       "P1(int *x) { r0 = *x; }\n"
	       "P2(int *x) { pthread_create(P1); }\n",
	       "1:r0", 3, NULL);
	/* A grandchild inherits what was written before each of the forks. */
	expect(VIOLATION_LEAK,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { *x = 2; fork(P1); *x = 3; }\n"
	       "P1(int *x) { *x = 4; fork(P2); *x = 5; }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "2:r0", 3, NULL);
	expect(VIOLATION_LOST_WRITE,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { *x = 2; fork(P1); *x = 3; }\n"
	       "P1(int *x) { *x = 4; fork(P2); *x = 5; }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "2:r0", 2, NULL);
	expect(VIOLATION_LEAK,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { *x = 2; fork(P1); *x = 3; }\n"
	       "P1(int *x) { *x = 4; fork(P2); *x = 5; }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "2:r0", 5, NULL);
}

/* Shared memory has no strangers. */
static void test_shared(void **state)
{
	(void)state;
	expect(VIOLATION_LOST_WRITE,
	       "{ shared x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
	       "P1(int *x) { *x = 2; *x = 3; }\n",
	       "0:r0", 2, NULL);
	expect(VIOLATION_STALE_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { mmap(x, PROT_READ | PROT_WRITE, MAP_SHARED); fork(P1); wait(P1);"
	       " r = pin_user_pages(x, 0); r0 = dma_read(r); }\n"
	       "P1(int *x) { *x = 2; *x = 3; }\n",
	       "0:r0", 2, NULL);
}

/* Values that pass through registers, and pages that move. */
static void test_ways_round(void **state)
{
	(void)state;
	expect(VIOLATION_LOST_DMA,
	       "{ anon x = 1; anon y = 1; }\n"
	       "P0(int *x, int *y) { r = pin_user_pages(x, FOLL_WRITE); fork(P1); *x = 2;"
	       " dma_write(r, 3); r0 = *x; r1 = r0; *y = r1; r2 = *y; }\n"
	       "P1() { }\n",
	       "0:r0", 2, "0:r1", 2, "0:r2", 2, NULL);
	/* Two that account for each other only. */
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x; anon y; }\n"
	       "P0(int *x, int *y) { r0 = *x; *y = r0; }\n"
	       "P1(int *x, int *y) { r0 = *y; *x = r0; }\n",
	       "0:r0", 42, "1:r0", 42, NULL);
	/* A load does not see what its own task writes later. */
	expect(VIOLATION_WRONG_PAGE, "{ anon x = 1; }\nP0(int *x) { r0 = *x; *x = 2; }\n", "0:r0",
	       2, NULL);
	expect(VIOLATION_WRONG_PAGE, "{ anon x = 1; }\nP0(int *x) { *x = 5; r0 = *x; *x = 2; }\n",
	       "0:r0", 2, NULL);
	/* A register that is set again has nothing to do with what was stored from it before. */
	expect(VIOLATION_LOST_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); fork(P1); *x = 2; r0 = *x; *x = r0;"
	       " dma_write(r, 3); r0 = *x; }\n"
	       "P1() { }\n",
	       "0:r0", 2, NULL);
	/* Nor does it keep from us what was stored: a constant, or what the device had shown. */
	expect(VIOLATION_LOST_WRITE,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r0 = 5; r2 = r0; *x = r2; r2 = 9; r1 = *x; }\n",
	       "0:r1", 1, NULL);
	expect(VIOLATION_STALE_DMA,
	       "{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { r = pin_user_pages(x, FOLL_WRITE); fork(P1); *x = 2;"
	       " r0 = dma_read(r); *y = r0; r0 = 7; r1 = *y; }\n"
	       "P1() { }\n",
	       "0:r1", 1, NULL);
	/* Stores that go round in a circle lead nowhere. */
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x; anon y; }\n"
	       "P0(int *x, int *y) { r0 = *x; *y = r0; r0 = 7; r1 = *y; }\n"
	       "P1(int *x, int *y) { r0 = *y; *x = r0; r0 = 7; }\n",
	       "0:r1", 42, NULL);
	/* The second page of a handle. */
	expect(VIOLATION_LOST_DMA,
	       "{ anon x[2] = {1, 2}; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 2, FOLL_WRITE); fork(P1); x[1] = 4;"
	       " dma_write(r[1], 5); r0 = x[1]; }\n"
	       "P1() { }\n",
	       "0:r0", 4, NULL);
	/* y shows what the register holds: what is wrong is only that it differs. */
	expect(VIOLATION_LOST_WRITE,
	       "{ anon x = 1; anon y = 1; }\n"
	       "P0(int *x, int *y) { r0 = *x; r1 = 5; *y = r1; r2 = *y; }\n",
	       "0:r2", 1, NULL);
	expect(VIOLATION_LOST_DMA,
	       "{ anon x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { r = pin_user_pages(x, FOLL_WRITE); mremap(x, z); *z = 2;"
	       " dma_write(r, 3); r0 = *z; }\n",
	       "0:r0", 2, NULL);
}

/* Errors, counts of pages, identities. */
static void test_results(void **state)
{
	(void)state;
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x = 1; }\nP0(int *x) { r = pin_user_pages(x, 0); r0 = munmap(x); }\n",
	       "0:r0", -EINVAL, NULL);
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x = 1; }\nP0(int *x) { r = pin_user_pages(x, 0); r0 = munmap(x); }\n", "0:r",
	       -EFAULT, NULL);
	expect(VIOLATION_WRONG_PAGE, "{ anon x = 1; }\nP0(int *x) { r0 = *x; }\n", "0:status", 1,
	       NULL);
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 0); madvise(x, MADV_DONTNEED); r1 = *x;"
	       " r0 = pagemap(x, r); }\n",
	       "0:r0", 1, NULL);
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x = 1; }\nP0(int *x) { r = pin_user_pages(x, 0); r0 = dma_read(r); }\n",
	       "0:r0", -EBADF, NULL);
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 0); unpin_user_page(r); r0 = dma_read(r); }\n",
	       "0:r0", 1, NULL);
	/* Discarded, and yet the old data: no write of anybody accounts for it. */
	expect(VIOLATION_WRONG_PAGE,
	       "{ anon x = 1; }\nP0(int *x) { madvise(x, MADV_DONTNEED); r0 = *x; }\n", "0:r0", 1,
	       NULL);
}

/* The nearest outcome counts, and among equals one that explains what is seen. */
static void test_nearest(void **state)
{
	static const char body[] =
		"{ anon x = 1; anon y = 1; }\n"
		"P0(int *x, int *y) { r = pin_user_pages(x, FOLL_WRITE); fork(P2); *y = 5; *x = 2;"
		" dma_write(r, 3); r0 = *x; }\n"
		"P1(int *y) { r0 = *y; }\n"
		"P2() { }\n";

	(void)state;
	expect(VIOLATION_LOST_DMA, body, "1:r0", 1, "0:r0", 2, NULL);
	expect(VIOLATION_LOST_DMA, body, "1:r0", 5, "0:r0", 2, NULL);
	expect(VIOLATION_NONE, body, "1:r0", 5, "0:r0", 3, NULL);
	/* A zero that is neither the initial 1 nor the device's 3: rather the latter is lost. */
	expect(VIOLATION_LOST_DMA,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); dma_write(r, 3); }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "1:r0", 0, NULL);
}

#define WP_EVENT LITMUS_UFFD_PAGEFAULT_FLAG_WP

/* P0 is the monitor of x = 1, which is write-protected. */
#define MONITOR                                                                           \
	"{ anon x = 1; }\n"                                                               \
	"P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);" \
	" uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP); pthread_create(P1);"

/* A write that did not wait for the monitor, and one that did without a reason. */
static void test_events(void **state)
{
	static const char write[] = MONITOR " r0 = read(u); r1 = *x; uffdio_writeprotect(u, x, 0);"
					    " r2 = read(u); }\n"
					    "P1(int *x) { *x = 2; }\n";
	static const char take[] = MONITOR " r0 = read(u); r1 = *x; }\n"
					   "P1(int *x) { r = get_user_pages_fast(x, 0); }\n";

	(void)state;
	expect(VIOLATION_NONE, write, NULL);
	expect(VIOLATION_MISSED_WP, write, "0:r0", -EAGAIN, NULL);
	/* The monitor looks too late then: that follows from it. What nobody wrote does not. */
	expect(VIOLATION_MISSED_WP, write, "0:r0", -EAGAIN, "0:r1", 2, NULL);
	expect(VIOLATION_MISSED_WP | VIOLATION_WRONG_PAGE, write, "0:r0", -EAGAIN, "0:r1", 77,
	       NULL);
	/* The event is there, but does not keep the task from writing. */
	expect(VIOLATION_WRONG_PAGE, write, "0:r1", 2, NULL);
	expect_changed(VIOLATION_SPURIOUS_WP, write,
		       (struct change[]){{"0:r2", WP_EVENT}, {NULL, 0}});
	expect_changed(VIOLATION_WRONG_PAGE, write,
		       (struct change[]){{"0:r2", LITMUS_UFFD_EVENT_PAGEFAULT}, {NULL, 0}});
	/* v5.8: GUP breaks COW as if it were to write. */
	expect_changed(VIOLATION_SPURIOUS_WP, take,
		       (struct change[]){{"0:r0", WP_EVENT}, {NULL, 0}});
	/* One event too few, and what comes behind it is read before. */
	expect_changed(VIOLATION_MISSED_WP,
		       "{ anon x = 1; anon y; }\n"
		       "P0(int *x, int *y) { userfaultfd(u, 0);"
		       " uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);"
		       " uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP);"
		       " uffdio_register(u, y, UFFDIO_REGISTER_MODE_MISSING); pthread_create(P1);"
		       " r0 = read(u); uffdio_writeprotect(u, x, 0); r1 = read(u);"
		       " uffdio_zeropage(u, y, 0); }\n"
		       "P1(int *x, int *y) { *x = 2; r0 = *y; }\n",
		       (struct change[]){{"0:r0", LITMUS_UFFD_EVENT_PAGEFAULT},
					 {"0:r1", -EAGAIN},
					 {NULL, 0}});
}

/* GUP that can't wait, and what pagemap shows. */
static void test_protection(void **state)
{
	static const char gup[] =
		MONITOR " }\n"
			"P1(int *x) { r = pin_user_pages(x, 0);"
			" q = pin_user_pages(x, FOLL_WRITE);"
			" r0 = ptrace_peekdata(P1, x); r1 = ptrace_pokedata(P1, x, 2);"
			" r2 = pm_uffd_wp(x); r3 = dma_read(r); r4 = pm_uffd_wp(x); r5 = "
			"pm_uffd_wp(x); }\n";

	(void)state;
	expect(VIOLATION_NONE, gup, NULL);
	expect(VIOLATION_SPURIOUS_WP, gup, "1:r", -EFAULT, "1:r3", -EBADF, NULL);
	expect(VIOLATION_MISSED_WP, gup, "1:q", 1, NULL);
	expect(VIOLATION_SPURIOUS_WP, gup, "1:r0", -EIO, NULL);
	expect(VIOLATION_MISSED_WP, gup, "1:r1", 0, NULL);
	/* A kernel that shows it must show it always; one before v5.14 never does. */
	expect(VIOLATION_NONE, gup, "1:r2", 0, "1:r4", 0, "1:r5", 0, NULL);
	expect(VIOLATION_MISSED_WP, gup, "1:r2", 1, "1:r4", 0, "1:r5", 0, NULL);
	expect(VIOLATION_MISSED_WP, gup, "1:r2", 0, "1:r4", 1, "1:r5", 1, NULL);
	expect(VIOLATION_WRONG_PAGE, gup, "1:r", -ESRCH, NULL);
	expect(VIOLATION_WRONG_PAGE, gup, "1:r2", 7, "1:r4", 1, "1:r5", 1, NULL);
	/* A child has no monitor. */
	expect(VIOLATION_SPURIOUS_WP,
	       "{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, UFFDIO_REGISTER_MODE_WP);"
	       " uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_WP); fork(P1); }\n"
	       "P1(int *x) { r0 = pm_uffd_wp(x); }\n",
	       "1:r0", 1, NULL);
	/* Where nothing is ever protected it is another matter. */
	expect(VIOLATION_WRONG_PAGE, "{ anon x = 1; }\nP0(int *x) { r = pin_user_pages(x, 0); }\n",
	       "0:r", -EFAULT, NULL);
}

/* What is written to a private mapping is never seen in its file: Dirty COW. */
static void test_file(void **state)
{
	static const char body[] = "{ file x = 1; }\n"
				   "P0(int *x) { mprotect(x, PROT_READ);"
				   " ptrace_pokedata(P0, x, 2); r0 = pread(x); r1 = *x; }\n";
	static const char pwrite[] = "{ file x = 1; }\n"
				     "P0(int *x) { pwrite(x, 2); r0 = pread(x); r1 = *x; }\n";

	(void)state;
	expect(VIOLATION_LEAK, body, "0:r0", 2, NULL);
	expect(VIOLATION_LOST_WRITE, body, "0:r1", 1, NULL);
	expect(VIOLATION_LOST_WRITE, pwrite, "0:r0", 1, NULL);
	expect(VIOLATION_LOST_WRITE, pwrite, "0:r1", 1, NULL);
	/* Another mm's writes. */
	expect(VIOLATION_LEAK,
	       "{ file x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0", 2, NULL);
	/* What uffdio_copy() has put there is lost. */
	expect(VIOLATION_LOST_WRITE,
	       "{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x,"
	       " UFFDIO_REGISTER_MODE_MISSING); uffdio_copy(u, x, 7, 0); r0 = *x; }\n",
	       "0:r0", 0, NULL);
	expect(VIOLATION_LOST_WRITE,
	       "{ shared_hugetlb x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0", 1, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmsplice),   cmocka_unit_test(test_pin_fork_write),
		cmocka_unit_test(test_rdma),       cmocka_unit_test(test_pin_for_reading),
		cmocka_unit_test(test_protect),    cmocka_unit_test(test_direct_io),
		cmocka_unit_test(test_cpu_writes), cmocka_unit_test(test_remote_writes),
		cmocka_unit_test(test_threads),    cmocka_unit_test(test_shared),
		cmocka_unit_test(test_ways_round), cmocka_unit_test(test_results),
		cmocka_unit_test(test_nearest),    cmocka_unit_test(test_events),
		cmocka_unit_test(test_protection), cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
