/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_spec.c - what the ideal machine allows, operation by operation */

#include "spec_expect.h"

#include "spec/machine.h"
#include "targets/replay.h"

/* The regression of v5.9-rc4, as it was reported. */
#define RDMA                                                                              \
	"{ anon x = 1; }\n"                                                               \
	"P0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM); fork(P1); " \
	"wait(P1); *x = 2; dma_write(r, 3); r0 = *x; }\n"                                 \
	"P1(int *x) { }\n"

static void test_pin(void **state)
{
	(void)state;
	expect(RDMA, "0:r0=3;", NULL);
	/* The child lives, and writes first or last. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); fork(P1); *x = 2; r0 = dma_read(r);"
	       " dma_write(r, 3); r1 = *x; }\n"
	       "P1(int *x) { r0 = *x; *x = 4; r1 = *x; }\n",
	       "0:r0=2; 0:r1=3; 1:r0=1; 1:r1=4;", NULL);
	/* A pin for reading shows the owner's latest data too. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { fork(P1); r = pin_user_pages_fast(x, 0); *x = 2; r0 = dma_read(r); }\n"
	       "P1(int *x) { *x = 3; }\n",
	       "0:r0=2;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = iov_iter_extract_pages(x, FOLL_WRITE); fork(P1); *x = 2;"
	       " dma_write(r, 3); r0 = *x; }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0=3; 1:r0=1;", NULL);
}

static void test_reference_may_lag(void **state)
{
	static const char get[] = "{ anon x = 1; }\n"
				  "P0(int *x) { r = get_user_pages(x, 0); *x = 2; *x = 3;"
				  " r0 = dma_read(r); }\n";

	(void)state;
	expect(get, "0:r0=1;", "0:r0=2;", "0:r0=3;", NULL);
	expect_strict(get, "0:r0=3;", NULL);
	/* The owner's writes may come late or never, another mm's may not come at all. */
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { fork(P1); *x = 2; complete(c); }\n"
	       "P1(int *x) { r = get_user_pages(x, 0); munmap(x); wait_for_completion(c);"
	       " r0 = dma_read(r); }\n",
	       "1:r0=1;", NULL);
	/* Nothing was written: nothing to lag behind. */
	expect("{ anon x = 1; }\nP0(int *x) { r = get_user_pages(x, 0); r0 = dma_read(r); }\n",
	       "0:r0=1;", NULL);
	/* Once behind, it stays behind. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, 0); *x = 2; r0 = dma_read(r); *x = 3;"
	       " r1 = dma_read(r); }\n",
	       "0:r0=1; 0:r1=1;", "0:r0=2; 0:r1=2;", "0:r0=2; 0:r1=3;", NULL);
}

static void test_references_lag_together(void **state)
{
	(void)state;
	/* Two of one page: those that are left behind still hold one page. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); q = get_user_pages(x, 0); fork(P1);"
	       " *x = 2; dma_write(r, 9); r0 = dma_read(q); r1 = *x; }\n"
	       "P1(int *x) { }\n",
	       /* q behind, r not; r behind, q not; both behind, or neither */
	       "0:r0=1; 0:r1=2;", "0:r0=1; 0:r1=9;", "0:r0=2; 0:r1=2;", "0:r0=2; 0:r1=9;",
	       "0:r0=9; 0:r1=2;", "0:r0=9; 0:r1=9;", NULL);
}

static void test_reference_to_write(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); *x = 2; r0 = dma_read(r);"
	       " dma_write(r, 3); r1 = *x; }\n",
	       "0:r0=2; 0:r1=3;", NULL);
	/* fork() shares the page. The child sees neither side's data. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); fork(P1); *x = 2; dma_write(r, 3);"
	       " r0 = *x; }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0=2; 1:r0=1;", "0:r0=3; 1:r0=1;", NULL);
	expect_strict("{ anon x = 1; }\n"
		      "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); fork(P1); *x = 2;"
		      " dma_write(r, 3); r0 = *x; }\n"
		      "P1(int *x) { r0 = *x; }\n",
		      "0:r0=3; 1:r0=1;", NULL);
	/* Unless the child does not inherit it. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); madvise(x, MADV_DONTFORK);"
	       " fork(P1); *x = 2; dma_write(r, 3); r0 = *x; }\n"
	       "P1() { }\n",
	       "0:r0=3;", NULL);
	/* mprotect() and clear_refs() protect it. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); mprotect(x, PROT_READ);"
	       " mprotect(x, PROT_READ | PROT_WRITE); *x = 2; dma_write(r, 3); r0 = *x; }\n",
	       "0:r0=2;", "0:r0=3;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); clear_refs(); *x = 2;"
	       " dma_write(r, 3); r0 = *x; }\n",
	       "0:r0=2;", "0:r0=3;", NULL);
	/* With FOLL_FORCE it may be protected from the start. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { mprotect(x, PROT_READ); r = get_user_pages(x, FOLL_WRITE | "
	       "FOLL_FORCE);"
	       " mprotect(x, PROT_READ | PROT_WRITE); *x = 2; dma_write(r, 3); r0 = *x; }\n",
	       "0:r0=2;", "0:r0=3;", NULL);
	/* A pin stays what it is. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); mprotect(x, PROT_READ);"
	       " mprotect(x, PROT_READ | PROT_WRITE); clear_refs(); *x = 2; dma_write(r, 3);"
	       " r0 = *x; }\n",
	       "0:r0=3;", NULL);
}

static void test_hole(void **state)
{
	static const char shortterm[] = "{ anon x; }\n"
					"P0(int *x) { r = pin_user_pages(x, 0); *x = 2;"
					" r0 = dma_read(r); }\n";

	(void)state;
	expect(shortterm, "0:r0=0;", "0:r0=2;", NULL);
	expect_strict(shortterm, "0:r0=2;", NULL);
	expect("{ anon x; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_LONGTERM); *x = 2; r0 = dma_read(r); }\n",
	       "0:r0=2;", NULL);
	expect("{ anon x; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); *x = 2; r0 = dma_read(r); }\n",
	       "0:r0=2;", NULL);
	/* Written to, if only with what was there: no hole any more. */
	expect("{ anon x; }\n"
	       "P0(int *x) { *x = 0; r = pin_user_pages(x, 0); *x = 2; r0 = dma_read(r); }\n",
	       "0:r0=2;", NULL);
	expect("{ anon x; }\n"
	       "P0(int *x) { q = get_user_pages(x, FOLL_WRITE); r = pin_user_pages(x, 0); *x = 2;"
	       " r0 = dma_read(r); }\n",
	       "0:r0=2;", NULL);
	expect("{ anon x; }\n"
	       "P0(int *x) { e = madvise(x, MADV_POPULATE_WRITE); r = pin_user_pages(x, 0); *x = 2;"
	       " r0 = dma_read(r); }\n",
	       "0:e=-EINVAL; 0:r0=0;", "0:e=-EINVAL; 0:r0=2;", "0:e=0; 0:r0=2;", NULL);
	/* Read from, or inherited: still one. Discarded: one again. */
	expect("{ anon x; }\n"
	       "P0(int *x) { r1 = *x; fork(P1); }\n"
	       "P1(int *x) { r = pin_user_pages(x, 0); *x = 2; r0 = dma_read(r); }\n",
	       "0:r1=0; 1:r0=0;", "0:r1=0; 1:r0=2;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_DONTNEED); r = pin_user_pages(x, 0); *x = 2;"
	       " r0 = dma_read(r); }\n",
	       "0:r0=0;", "0:r0=2;", NULL);
}

static void test_shared(void **state)
{
	(void)state;
	expect("{ shared x = 1; anon y = 1; }\n"
	       "P0(int *x, int *y) { fork(P1); wait(P1); r0 = *x; r1 = *y; }\n"
	       "P1(int *x, int *y) { *x = 2; *y = 2; }\n",
	       "0:r0=2; 0:r1=1;", NULL);
	/* Any reference to shared memory is as good as a pin. */
	expect("{ shared x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); q = get_user_pages(x, 0); fork(P1);"
	       " wait(P1); dma_write(r, 3); r0 = *x; r1 = dma_read(q); }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0=3; 0:r1=3;", NULL);
	/* MADV_DONTNEED leaves the data to the object. */
	expect("{ shared x = 1; }\nP0(int *x) { madvise(x, MADV_DONTNEED); r0 = *x; }\n", "0:r0=1;",
	       NULL);
	/* A new mapping is another object. */
	expect("{ shared x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
	       "P1(int *x) { mmap(x, PROT_READ | PROT_WRITE, MAP_SHARED); r0 = *x; *x = 2; }\n",
	       "0:r0=1; 1:r0=0;", NULL);
}

static void test_promise_ends(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); madvise(x, MADV_DONTNEED); r0 = *x;"
	       " *x = 2; r1 = dma_read(r); dma_write(r, 3); r2 = *x; r3 = pagemap(x, r); }\n",
	       "0:r0=0; 0:r1=1; 0:r2=2; 0:r3=0;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); munmap(x); r0 = dma_read(r);"
	       " dma_write(r, 2); r1 = dma_read(r); r2 = pagemap(x, r); }\n",
	       "0:r0=1; 0:r1=2; 0:r2=0;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE);"
	       " r1 = mmap(x, PROT_READ | PROT_WRITE, MAP_PRIVATE); dma_write(r, 2); r0 = *x; }\n",
	       "0:r1=0; 0:r0=0;", NULL);
	/* The owner of the page ends; who holds it is another process. */
	/* The owner of the page ends; who holds it is another process. */
	expect("{ anon x = 1; completion c; completion d; }\n"
	       "P0(int *x) { fork(P1); wait_for_completion(c); r = pin_user_pages_remote(P1, x, 0);"
	       " complete(d); wait(P1); *x = 3; r0 = dma_read(r); r1 = pagemap(x, r); }\n"
	       "P1(int *x) { *x = 2; complete(c); wait_for_completion(d); *x = 4; }\n",
	       "0:r0=4; 0:r1=0;", NULL);
}

static void test_madvise_fork(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_DONTFORK); fork(P1); }\n"
	       "P1(int *x) { r0 = 7; r0 = *x; }\n",
	       "1:r0=7; 1:status=SIGSEGV;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_DONTFORK); madvise(x, MADV_DOFORK); fork(P1); }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "1:r0=1;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_WIPEONFORK); fork(P1); r0 = *x; }\n"
	       "P1(int *x) { r0 = *x; *x = 2; fork(P2); }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "0:r0=1; 1:r0=0; 2:r0=0;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_WIPEONFORK); madvise(x, MADV_KEEPONFORK); fork(P1); "
	       "}\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "1:r0=1;", NULL);
	expect("{ shared x = 1; }\n"
	       "P0(int *x) { r0 = madvise(x, MADV_WIPEONFORK); fork(P1); }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0=-EINVAL; 1:r0=1;", NULL);
}

static void test_mremap(void **state)
{
	(void)state;
	/* Pins follow the pages, and so do the ints on them. */
	expect("{ anon x = 1, y = 2; unmapped z, w; }\n"
	       "P0(int *x, int *y, int *z, int *w) { r = pin_user_pages(y, FOLL_WRITE);"
	       " r0 = mremap(x, z); r1 = *z; r2 = *w; dma_write(r, 3); r3 = *w; r4 = pagemap(w, r);"
	       " r5 = *x; }\n",
	       "0:r0=0; 0:r1=1; 0:r2=2; 0:r3=3; 0:r4=1; 0:r5=0; 0:status=SIGSEGV;", NULL);
	/* What was at the target goes. */
	expect("{ anon x = 1; anon z = 5; }\n"
	       "P0(int *x, int *z) { r = pin_user_pages(z, 0); mremap(x, z); r0 = *z;"
	       " r1 = dma_read(r); }\n",
	       "0:r0=1; 0:r1=5;", NULL);
	/* Attributes go along: a child does not get the page. */
	expect("{ anon x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { madvise(x, MADV_DONTFORK); mremap(x, z); fork(P1); }\n"
	       "P1(int *z) { r0 = *z; }\n",
	       "1:r0=0; 1:status=SIGSEGV;", NULL);
	/* Nothing there: -EFAULT, after the target has been unmapped (before v5.16) or not. */
	expect("{ unmapped x; anon z = 5; }\n"
	       "P0(int *x, int *z) { r0 = mremap(x, z); r1 = *z; }\n",
	       "0:r0=-EFAULT; 0:r1=0; 0:status=SIGSEGV;", "0:r0=-EFAULT; 0:r1=5;", NULL);
	expect("{ anon x[3] = {1, 2, 3}; }\n"
	       "P0(int *x) { r0 = mremap(x, 2, x + 1); r1 = x[1]; }\n",
	       "0:r0=-EINVAL; 0:r1=2;", NULL);
	expect("{ unmapped x[3]; }\n"
	       "P0(int *x) { r0 = mremap(x, 2, x + 1); }\n",
	       "0:r0=-EINVAL;", "0:r0=-EFAULT;", NULL);
	/* Two mappings that look alike may be one VMA, or moved like one. */
	expect("{ anon x[2] = {1, 2}; unmapped z[2]; }\n"
	       "P0(int *x, int *z) { mmap(x, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE);"
	       " r0 = mremap(x, 2, z); }\n",
	       "0:r0=-EFAULT;", "0:r0=0;", NULL);
	expect("{ anon x[2] = {1, 2}; unmapped z[2]; }\n"
	       "P0(int *x, int *z) { mremap(x, 1, z + 1); mremap(x + 1, 1, z);"
	       " r0 = mremap(z, 2, x); r1 = *x; }\n",
	       "0:r0=-EFAULT; 0:r1=0; 0:status=SIGSEGV;", "0:r0=0; 0:r1=2;", NULL);
	expect("{ anon x[2] = {1, 2}; unmapped z[2]; }\n"
	       "P0(int *x, int *z) { madvise(x, 1, MADV_DONTFORK); r0 = mremap(x, 2, z); }\n",
	       "0:r0=-EFAULT;", "0:r0=0;", NULL);
	expect("{ anon x[2] = {1, 2}; unmapped z[2]; }\n"
	       "P0(int *x, int *z) { mprotect(x, 1, PROT_READ);"
	       " mprotect(x, 1, PROT_READ | PROT_WRITE); r0 = mremap(x, 2, z); r1 = z[1]; }\n",
	       "0:r0=0; 0:r1=2;", NULL);
	/* Two mappings: moved since v6.17. */
	expect("{ anon x[2] = {1, 2}; unmapped z[2]; }\n"
	       "P0(int *x, int *z) { mprotect(x, 1, PROT_READ); r0 = mremap(x, 2, z); r1 = z[1]; "
	       "}\n",
	       "0:r0=-EFAULT; 0:r1=0; 0:status=SIGSEGV;", "0:r0=0; 0:r1=2;", NULL);
}

static void test_mapping_errors(void **state)
{
	(void)state;
	expect("{ unmapped x; }\n"
	       "P0(int *x) { r0 = munmap(x); r1 = mprotect(x, PROT_READ);"
	       " r2 = madvise(x, MADV_DONTNEED); r3 = madvise(x, MADV_DONTFORK); }\n",
	       "0:r0=0; 0:r1=-ENOMEM; 0:r2=-ENOMEM; 0:r3=-ENOMEM;", NULL);
	/* mprotect() stops at the hole, having changed what comes before it. */
	expect("{ anon x[3] = {1, 2, 3}; }\n"
	       "P0(int *x) { munmap(x + 1, 1); r0 = mprotect(x, 3, PROT_READ); x[2] = 4; r1 = x[2];"
	       " *x = 5; }\n",
	       "0:r0=-ENOMEM; 0:r1=4; 0:status=SIGSEGV;", NULL);
	/* madvise() goes on behind it. */
	expect("{ anon x[3] = {1, 2, 3}; }\n"
	       "P0(int *x) { munmap(x + 1, 1); r0 = madvise(x, 3, MADV_DONTNEED); r1 = *x;"
	       " r2 = x[2]; }\n",
	       "0:r0=-ENOMEM; 0:r1=0; 0:r2=0;", NULL);
	/* Either the kernel has MADV_POPULATE_*, or it has not. */
	expect("{ anon x[2]; }\n"
	       "P0(int *x) { r0 = madvise(x, MADV_POPULATE_WRITE); mprotect(x, PROT_READ);"
	       " r1 = madvise(x, MADV_POPULATE_WRITE); r2 = madvise(x, MADV_POPULATE_READ);"
	       " munmap(x + 1, 1); r3 = madvise(x, MADV_POPULATE_READ); }\n",
	       "0:r0=-EINVAL; 0:r1=-EINVAL; 0:r2=-EINVAL; 0:r3=-EINVAL;",
	       "0:r0=0; 0:r1=-EINVAL; 0:r2=0; 0:r3=-ENOMEM;", NULL);
}

static void test_signals(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\nP0(int *x) { mprotect(x, PROT_READ); r0 = *x; *x = 2; r0 = 3; }\n",
	       "0:r0=1; 0:status=SIGSEGV;", NULL);
	expect("{ anon x = 1; }\nP0(int *x) { mprotect(x, PROT_NONE); r0 = *x; }\n",
	       "0:r0=0; 0:status=SIGSEGV;", NULL);
	/* All tasks of the process die, and no others. */
	expect("{ unmapped x; completion c; completion d; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = 1; }\n"
	       "P1(int *x) { pthread_create(P2); wait_for_completion(c); r0 = *x; }\n"
	       "P2() { r0 = 5; complete(c); wait_for_completion(d); r0 = 6; }\n",
	       "0:r0=1; 1:r0=0; 2:r0=5; 1:status=SIGSEGV; 2:status=SIGSEGV;", NULL);
	/* Who has ended before is not killed. */
	expect("{ unmapped x; }\n"
	       "P0(int *x) { fork(P1); }\n"
	       "P1(int *x) { pthread_create(P2); pthread_join(P2); r0 = *x; }\n"
	       "P2() { r0 = 5; }\n",
	       "1:r0=0; 2:r0=5; 1:status=SIGSEGV;", NULL);
	/* Who was killed can't look at memory. */
	expect("{ anon x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { fork(P1); wait(P1); r0 = *z; }\n"
	       "P1(int *x, int *z) { r0 = *z; }\n"
	       "locations [x; 1:x]",
	       "0:r0=0; 1:r0=0; 0:status=SIGSEGV; 1:status=SIGSEGV; x=SIGSEGV; 1:x=SIGSEGV;", NULL);
	/* exit() does it without a signal. */
	expect("{ completion c; completion d; }\n"
	       "P0() { fork(P1); wait(P1); r0 = 1; }\n"
	       "P1() { pthread_create(P2); wait_for_completion(c); exit(); r0 = 4; }\n"
	       "P2() { r0 = 5; complete(c); wait_for_completion(d); r0 = 6; }\n",
	       "0:r0=1; 1:r0=0; 2:r0=5;", NULL);
}

static void test_gup_rights(void **state)
{
	(void)state;
	expect("{ anon x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { mprotect(x, PROT_READ); a = pin_user_pages(x, FOLL_WRITE);"
	       " b = pin_user_pages(x, 0); c = pin_user_pages(x, FOLL_WRITE | FOLL_FORCE);"
	       " dma_write(c, 2); r0 = *x; d = get_user_pages_fast(z, FOLL_FORCE); }\n",
	       "0:a=-EFAULT; 0:r0=2; 0:d=-EFAULT;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { mprotect(x, PROT_NONE); a = get_user_pages(x, 0);"
	       " b = get_user_pages(x, FOLL_FORCE); r0 = dma_read(b); }\n",
	       "0:a=-EFAULT; 0:r0=1;", NULL);
	/* FOLL_FORCE makes a private copy; there is none of a shared page. */
	expect("{ shared x = 1; }\n"
	       "P0(int *x) { mprotect(x, PROT_READ); a = pin_user_pages(x, FOLL_WRITE | "
	       "FOLL_FORCE);"
	       " b = pin_user_pages(x, FOLL_FORCE); }\n",
	       "0:a=-EFAULT;", NULL);
	/* A forced write goes to the writer's own page. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { mprotect(x, PROT_READ); fork(P1); wait(P1); r0 = *x; }\n"
	       "P1(int *x) { r = pin_user_pages(x, FOLL_WRITE | FOLL_FORCE); dma_write(r, 2);"
	       " r0 = *x; }\n",
	       "0:r0=1; 1:r0=2;", NULL);
	/* As many pages as there are; none: the error. */
	expect("{ anon x[3] = {1, 2, 3}; }\n"
	       "P0(int *x) { munmap(x + 1, 1); a = pin_user_pages(x, 3, 0); r0 = dma_read(a);"
	       " r1 = dma_read(a[1]); b = pin_user_pages(x + 1, 2, 0); }\n",
	       "0:a=1; 0:r0=1; 0:r1=-EBADF; 0:b=-EFAULT;", NULL);
	expect("{ anon x[2] = {1, 2}; }\n"
	       "P0(int *x) { a = pin_user_pages(x, 2, FOLL_WRITE); dma_write(a[1], 5); r0 = *x;"
	       " r1 = x[1]; }\n",
	       "0:r0=1; 0:r1=5;", NULL);
	/* FOLL_LONGTERM wants FOLL_PIN since v6.3. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { a = get_user_pages(x, FOLL_LONGTERM); b = get_user_pages(x,"
	       " FOLL_LONGTERM); }\n",
	       "0:a=-EINVAL; 0:b=-EINVAL;", "", NULL);
}

static void test_handle_without_page(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); unpin_user_page(r);"
	       " dma_write(r, 2); r0 = dma_read(r); r1 = *x; r2 = pagemap(x, r); lock_page(r);"
	       " lock_page(r); }\n",
	       "0:r0=-EBADF; 0:r1=1; 0:r2=-EBADF;", NULL);
}

static void test_pagemap(void **state)
{
	(void)state;
	expect("{ anon x = 1; anon y = 1; }\n"
	       "P0(int *x, int *y) { r = pin_user_pages(x, 0); r0 = pagemap(x, r);"
	       " r1 = pagemap(y, r); }\n",
	       "0:r0=1; 0:r1=0;", NULL);
	/* Who may lag may have been left behind; then it does not come back. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, 0); r0 = pagemap(x, r); r1 = pagemap(x, r); }\n",
	       "0:r0=0; 0:r1=0;", "0:r0=1; 0:r1=0;", "0:r0=1; 0:r1=1;", NULL);
	/* And it shows which. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); fork(P1); *x = 2;"
	       " r0 = pagemap(x, r); dma_write(r, 3); r1 = *x; }\n"
	       "P1() { }\n",
	       "0:r0=0; 0:r1=2;", "0:r0=1; 0:r1=2;", "0:r0=1; 0:r1=3;", NULL);
	/* Two mms may still share what fork() has left them, but not what one of them has pinned.
	 */
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { fork(P1); r = get_user_pages_remote(P1, x, 0); r0 = pagemap(x, r);"
	       " complete(c); }\n"
	       "P1(int *x) { wait_for_completion(c); }\n",
	       "0:r0=0;", "0:r0=1;", NULL);
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { fork(P1); r = pin_user_pages_remote(P1, x, 0); r0 = pagemap(x, r);"
	       " complete(c); }\n"
	       "P1(int *x) { wait_for_completion(c); }\n",
	       "0:r0=0;", NULL);
	/* A shared page need not be in the page table. */
	expect("{ shared x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 0); r0 = pagemap(x, r); }\n",
	       "0:r0=0;", "0:r0=1;", NULL);
	/* All holes may be one zero page. */
	expect("{ anon x; anon y; }\n"
	       "P0(int *x, int *y) { r = get_user_pages(x, 0); r0 = pagemap(y, r); }\n",
	       "0:r0=0;", "0:r0=1;", NULL);
}

static void test_other_process(void **state)
{
	(void)state;
	expect("{ anon x = 1; completion c; completion d; }\n"
	       "P0(int *x) { e0 = ptrace_peekdata(P1, x); fork(P1); wait_for_completion(c);"
	       " r0 = ptrace_peekdata(P1, x); r1 = process_vm_readv(P1, x);"
	       " r2 = ptrace_pokedata(P1, x, 5); r3 = process_vm_writev(P1, x, 6); complete(d);"
	       " wait(P1); e1 = process_vm_readv(P1, x); r = get_user_pages_remote(P1, x, 0);"
	       " r4 = *x; }\n"
	       "P1(int *x) { *x = 2; complete(c); wait_for_completion(d); r0 = *x; }\n",
	       "0:e0=-ESRCH; 0:r0=2; 0:r1=2; 0:r2=0; 0:r3=0; 0:e1=-ESRCH; 0:r=-ESRCH; 0:r4=1; "
	       "1:r0=6;",
	       NULL);
	/* ptrace() writes what the process itself can't, process_vm_writev() does not. */
	expect("{ anon x = 1; shared y = 1; completion c; completion d; }\n"
	       "P0(int *x, int *y) { mprotect(x, PROT_READ); mprotect(y, PROT_READ); fork(P1);"
	       " wait_for_completion(c); r0 = process_vm_writev(P1, x, 5);"
	       " r1 = ptrace_pokedata(P1, x, 6); r2 = ptrace_pokedata(P1, y, 7); complete(d);"
	       " r3 = *x; }\n"
	       "P1(int *x) { complete(c); wait_for_completion(d); r0 = *x; }\n",
	       "0:r0=-EFAULT; 0:r1=0; 0:r2=-EIO; 0:r3=1; 1:r0=6;", NULL);
	expect("{ anon x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { mprotect(x, PROT_NONE); r0 = process_vm_readv(P0, x);"
	       " r1 = ptrace_peekdata(P0, x); r2 = ptrace_peekdata(P0, z);"
	       " r3 = process_vm_readv(P0, z); }\n",
	       "0:r0=-EFAULT; 0:r1=1; 0:r2=-EIO; 0:r3=-EFAULT;", NULL);
}

static void test_tasks(void **state)
{
	(void)state;
	/* Threads share memory, which is sequentially consistent here. */
	expect("{ anon x = 0; anon y = 0; }\n"
	       "P0(int *x, int *y) { *x = 1; r0 = *y; }\n"
	       "P1(int *x, int *y) { *y = 1; r0 = *x; }\n",
	       "0:r0=0; 1:r0=1;", "0:r0=1; 1:r0=0;", "0:r0=1; 1:r0=1;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { pthread_create(P1); pthread_join(P1); r0 = *x; }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0=2;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { e0 = wait(P1); r0 = fork(P1); e1 = wait(P1); }\n"
	       "P1() { }\n",
	       "0:e0=-ECHILD; 0:r0=0; 0:e1=0;", NULL);
	/* A task that nobody comes to start does nothing. */
	expect("{ unmapped x; anon y = 1; }\n"
	       "P0(int *x) { r0 = *x; fork(P1); }\n"
	       "P1(int *y) { r0 = *y; }\n"
	       "locations [1:y]",
	       "0:r0=0; 1:r0=0; 0:status=SIGSEGV; 1:y=SIGSEGV;", NULL);
	/* A process has the number of its first task, which need not be the one it began with. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { fork(P2); wait(P2); r0 = *x; }\n"
	       "P1(int *x) { *x = 2; }\n"
	       "P2(int *x) { pthread_create(P1); pthread_join(P1); r0 = *x; fork(P3); }\n"
	       "P3(int *x) { r0 = *x; }\n",
	       "0:r0=1; 2:r0=2; 3:r0=2;", NULL);
	expect("{ completion c; }\n"
	       "P0() { wait_for_completion(c); r0 = 1; }\n"
	       "P1() { complete(c); }\n"
	       "P2() { wait_for_completion(c); r0 = 1; }\n",
	       "0:r0=1; 2:r0=1;", NULL);
}

static void test_deadlock(void **state)
{
	static const char crossed[] = "{ completion c; completion d; }\n"
				      "P0() { wait_for_completion(c); complete(d); }\n"
				      "P1() { wait_for_completion(d); complete(c); }\n";
	const struct run_options options = {0};
	struct run_result result;

	(void)state;
	expect(crossed, "tasks wait for each other", NULL);
	struct litmus_test *test = parse(crossed);
	spec_run(test, &options, &result);
	assert_int_equal(run_result_violations(&result), VIOLATION_DEADLOCK);
	assert_int_equal(run_result_observation(&result), LITMUS_NEVER);
	run_result_free(&result);
	litmus_free(test);
	/* Only one order of two locks is bad; it comes after the outcomes. */
	expect("{ shared x = 1; shared y = 1; }\n"
	       "P0(int *x, int *y) { r = pin_user_pages(x, 0); q = pin_user_pages(y, 0);"
	       " lock_page(r); lock_page(q); unlock_page(q); unlock_page(r); }\n"
	       "P1(int *x, int *y) { r = pin_user_pages(x, 0); q = pin_user_pages(y, 0);"
	       " lock_page(q); lock_page(r); unlock_page(q); unlock_page(r); }\n",
	       "", "tasks wait for each other", NULL);
}

static void test_page_lock(void **state)
{
	(void)state;
	/* Inside the lock, nobody comes between the two accesses. */
	expect("{ anon x = 0; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 0); lock_page(r); r0 = *x; *x = 1; r1 = *x;"
	       " unlock_page(r); }\n"
	       "P1(int *x) { r = pin_user_pages(x, 0); lock_page(r); *x = 2; unlock_page(r); }\n",
	       "0:r0=0; 0:r1=1;", "0:r0=2; 0:r1=1;", NULL);
	/* What drops the handle drops the lock. */
	expect("{ anon x = 0; }\n"
	       "P0(int *x) { r = get_user_pages(x, 0); lock_page(r); put_page(r);"
	       " q = get_user_pages(x, 0); lock_page(q); r0 = 1; }\n",
	       "0:r0=1;", NULL);
}

static void test_final_memory(void **state)
{
	(void)state;
	/* P0's is looked at when all others have ended, another's when it ends itself. */
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { fork(P1); *x = 2; complete(c); }\n"
	       "P1(int *x) { wait_for_completion(c); process_vm_writev(P0, x, 3); *x = 4; }\n"
	       "locations [x; 1:x]",
	       "x=3; 1:x=4;", NULL);
	/* If nobody looks at it, P0 may end before. */
	expect("{ anon x = 1; }\n"
	       "P0() { fork(P1); }\n"
	       "P1(int *x) { r0 = ptrace_peekdata(P0, x); }\n",
	       "1:r0=-ESRCH;", "1:r0=1;", NULL);
	/* exit() waits likewise. */
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { fork(P1); complete(c); exit(); }\n"
	       "P1(int *x) { wait_for_completion(c); process_vm_writev(P0, x, 3); }\n"
	       "locations [x]",
	       "x=3;", NULL);
	/* But the other tasks of its process stop at once: P1 may not come to complete c. */
	expect("{ anon x = 1; completion c; completion d; }\n"
	       "P0(int *x) { fork(P2); complete(d); exit(); }\n"
	       "P1(int *x) { wait_for_completion(d); *x = 2; complete(c); }\n"
	       "P2() { wait_for_completion(c); r0 = 1; }\n"
	       "locations [x]",
	       "2:r0=1; x=2;", "tasks wait for each other", NULL);
	expect("{ anon x = 1; completion d; }\n"
	       "P0(int *x) { fork(P2); exit(); }\n"
	       "P1(int *x) { wait_for_completion(d); *x = 2; }\n"
	       "P2() { complete(d); }\n"
	       "locations [x]",
	       "x=1;", "x=2;", NULL);
	expect("{ anon x = 1; anon y; unmapped z; }\n"
	       "P0(int *x, int *y) { munmap(x); }\n"
	       "locations [x; y; z]",
	       "x=SIGSEGV; y=0; z=SIGSEGV;", NULL);
	/* An error is an int like any other. */
	expect("{ anon x; unmapped z; }\n"
	       "P0(int *x, int *z) { r0 = mprotect(z, PROT_READ); *x = r0; r1 = *x; r2 = r1; }\n"
	       "locations [x]",
	       "0:r0=-ENOMEM; 0:r1=-ENOMEM; 0:r2=-ENOMEM; x=-ENOMEM;", NULL);
}

/* (ops + 1 end)^tasks states for tasks that don't touch each other. */
static void test_states(void **state)
{
	struct litmus_test *test = parse("{ anon x; }\n"
					 "P0() { r0 = 1; r1 = 2; }\n"
					 "P1() { r0 = 1; r1 = 2; }\n"
					 "P2() { r0 = 1; r1 = 2; }\n");
	struct run_options options = {0};
	struct run_result result;

	(void)state;
	spec_run(test, &options, &result);
	assert_int_equal(result.status, RUN_DONE);
	assert_int_equal(result.states, 64);
	assert_int_equal(result.transitions, 3 * 3 * 16);
	assert_int_equal(result.outcomes[0].count, 1);
	assert_int_equal(result.outcomes[0].nr_moves, 9);
	run_result_free(&result);

	options.max_states = 63;
	spec_run(test, &options, &result);
	assert_int_equal(result.status, RUN_INCOMPLETE);
	assert_string_equal(result.reason, "stopped after 63 states");
	assert_int_equal(result.nr_outcomes, 0);
	run_result_free(&result);

	volatile sig_atomic_t stop = 1;
	options = (struct run_options){.stop = &stop};
	spec_run(test, &options, &result);
	assert_int_equal(result.status, RUN_INCOMPLETE);
	assert_string_equal(result.reason, "interrupted after 1 states");
	run_result_free(&result);
	litmus_free(test);
}

/* More references than can be let go of one by one: never "done". */
static void test_too_many_references(void **state)
{
	struct litmus_test *test = parse("{ anon x = 1; }\n"
					 "P0(int *x) { a = get_user_pages(x, 0);"
					 " b = get_user_pages(x, 0); c = get_user_pages(x, 0);"
					 " d = get_user_pages(x, 0); e = get_user_pages(x, 0);"
					 " f = get_user_pages(x, 0); *x = 2; ra = dma_read(a);"
					 " rb = dma_read(b); rc = dma_read(c); rd = dma_read(d);"
					 " re = dma_read(e); rf = dma_read(f); }\n");
	const struct run_options options = {0};
	struct run_result result;

	(void)state;
	spec_run(test, &options, &result);
	assert_int_equal(result.status, RUN_INCOMPLETE);
	assert_int_equal(result.nr_outcomes, 32);
	run_result_free(&result);
	litmus_free(test);
}

/* What replay hands out, as text. */
struct story {
	char text[8192];
	size_t used;
	int nr_steps;
};

static void tell(void *context, const struct replay_step *step)
{
	struct story *story = context;

	assert_int_equal(step->number, story->nr_steps++);
	story->used +=
		(size_t)snprintf(story->text + story->used, sizeof(story->text) - story->used,
				 "%d P%d %s%s%s\n", step->number, step->task, step->result,
				 step->detail ? "; " : "", step->detail ? step->detail : "");
	for (int i = 0; i < step->view->nr_lines; i++) {
		const struct view_line *line = &step->view->lines[i];

		assert_in_range(strlen(line->key) + 1 + strlen(line->text), 1, 78);
		story->used += (size_t)snprintf(story->text + story->used,
						sizeof(story->text) - story->used, "  %s: %s\n",
						line->key, line->text);
	}
	assert_true(story->used < sizeof(story->text));
}

static void test_replay(void **state)
{
	const struct run_options options = {0};
	struct run_result result;
	struct story story = {.used = 0};
	struct litmus_test *test = parse(
		"{ anon x = 1, y = 2; }\n"
		"P0(int *x, int *y) { r = get_user_pages(x, 0); q = pin_user_pages(y, FOLL_WRITE);"
		" fork(P1); *x = 3; r0 = dma_read(r); }\n"
		"P1(int *x) { mprotect(x, PROT_READ); *x = 4; }\n");

	(void)state;
	spec_run(test, &options, &result);
	assert_int_equal(result.nr_outcomes, 2);
	/* A schedule of our own: P0 to its last operation, where r is left behind; then P1. */
	static const struct explore_move schedule[] = {{0, 0}, {0, 0}, {0, 0}, {0, 1},
						       {0, 0}, {1, 0}, {1, 0}, {0, 0}};
	assert_int_equal(spec_replay(test, &options, schedule, 8, tell, &story), 0);
	assert_string_equal(story.text,
			    "0 P-1 \n"
			    "  P0 x: cell 1 rw\n"
			    "  cell 1: x=1, y=2\n"
			    "1 P0 r = 1\n"
			    "  P0 x: cell 1 rw\n"
			    "  cell 1: x=1, y=2; referenced, may lag: P0:r\n"
			    "2 P0 q = 1\n"
			    "  P0 x: cell 1 rw\n"
			    "  cell 1: x=1, y=2; pinned by P0:q; referenced, may lag: P0:r\n"
			    "3 P0 \n"
			    "  P0 x: cell 1 rw\n"
			    "  P1 x: cell 2 rw\n"
			    "  cell 1: x=1, y=2; pinned by P0:q; referenced, may lag: P0:r\n"
			    "  cell 2: x=1, y=2\n"
			    "4 P0 ; P0:r now lags: it keeps the page as it was\n"
			    "  P0 x: cell 1 rw\n"
			    "  P1 x: cell 2 rw\n"
			    "  cell 1: x=3, y=2; pinned by P0:q\n"
			    "  cell 2: x=1, y=2\n"
			    "  cell 3: x=1, y=2; referenced, may lag: P0:r\n"
			    "5 P0 r0 = 1\n"
			    "  P0 x: cell 1 rw\n"
			    "  P1 x: cell 2 rw\n"
			    "  cell 1: x=3, y=2; pinned by P0:q\n"
			    "  cell 2: x=1, y=2\n"
			    "  cell 3: x=1, y=2; referenced, may lag: P0:r\n"
			    "6 P1 \n"
			    "  P0 x: cell 1 rw\n"
			    "  P1 x: cell 2 r-\n"
			    "  cell 1: x=3, y=2; pinned by P0:q\n"
			    "  cell 2: x=1, y=2\n"
			    "  cell 3: x=1, y=2; referenced, may lag: P0:r\n"
			    "7 P1 SIGSEGV\n"
			    "  P0 x: cell 1 rw\n"
			    "  cell 1: x=3, y=2; pinned by P0:q\n"
			    "  cell 3: x=1, y=2; referenced, may lag: P0:r\n"
			    "8 P0 \n");

	/* Those that spec_run() gave can be replayed; others are refused. */
	for (int i = 0; i < result.nr_outcomes; i++) {
		const struct outcome *outcome = &result.outcomes[i];

		story = (struct story){.used = 0};
		assert_int_equal(spec_replay(test, &options, outcome->schedule, outcome->nr_moves,
					     tell, &story),
				 0);
		assert_int_equal(story.nr_steps, outcome->nr_moves + 1);
	}
	static const struct explore_move wrong[] = {{0, 0}, {1, 0}};
	story = (struct story){.used = 0};
	assert_int_equal(spec_replay(test, &options, wrong, 2, tell, &story), -EINVAL);
	run_result_free(&result);
	litmus_free(test);
}

/* A page bears the name of the place where it is now. */
static void test_replay_mremap(void **state)
{
	static const struct explore_move schedule[] = {{0, 0}, {0, 0}, {0, 0}};
	const struct run_options options = {0};
	struct story story = {.used = 0};
	struct litmus_test *test = parse("{ anon x = 1; unmapped z[2]; }\n"
					 "P0(int *x, int *z) { mprotect(x, PROT_NONE);"
					 " madvise(x, MADV_DONTFORK); mremap(x, z + 1); }\n");

	(void)state;
	assert_int_equal(spec_replay(test, &options, schedule, 3, tell, &story), 0);
	assert_non_null(strstr(story.text, "3 P0 \n"
					   "  P0 z[1]: cell 1 -- dontfork\n"
					   "  cell 1: z[1]=1\n"));
	litmus_free(test);
}

/* A view that is far too wide is cut, and stays within its bounds. */
static void test_replay_wide(void **state)
{
	const struct run_options options = {0};
	struct run_result result;
	struct story story = {.used = 0};
	struct litmus_test *test = parse(
		"{ anon a_rather_long_name = 1, another_long_name = 2, a_third_long_name = 3; }\n"
		"P0(int *a_rather_long_name) {"
		" a_long_register = pin_user_pages(a_rather_long_name, FOLL_WRITE);"
		" b_long_register = get_user_pages(a_rather_long_name, FOLL_WRITE);"
		" c_long_register = get_user_pages(a_rather_long_name, 0); }\n");

	(void)state;
	spec_run(test, &options, &result);
	const struct outcome *outcome = &result.outcomes[0];
	assert_int_equal(
		spec_replay(test, &options, outcome->schedule, outcome->nr_moves, tell, &story), 0);
	assert_non_null(strstr(story.text, "...\n"));
	run_result_free(&result);
	litmus_free(test);
}

/* Files, freed pages, and those who wait for a monitor. */
static void test_replay_waiting(void **state)
{
	static const struct explore_move schedule[] = {{0, 0}, {0, 0}, {0, 0}, {0, 0},
						       {0, 0}, {0, 0}, {0, 0}, {0, 1},
						       {1, 0}, {0, 0}, {0, 0}, {1, 0}};
	const struct run_options options = {0};
	struct story story = {.used = 0};
	struct litmus_test *test = parse(
		"{ file x = 1; hugetlb y; }\n"
		"P0(int *x, int *y) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK);"
		" uffdio_register(u, y, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);"
		" uffdio_copy(u, y, 2, UFFDIO_COPY_MODE_WP); pthread_create(P1);"
		" r = pin_user_pages(x, 0); q = get_user_pages(x, 0); pwrite(x, 5); *x = 3;"
		" r0 = read(u); uffdio_writeprotect(u, y, 0); r1 = dma_read(r);"
		" r2 = dma_read(q); }\n"
		"P1(int *y) { *y = 4; }\n");

	(void)state;
	assert_int_equal(spec_replay(test, &options, schedule, 12, tell, &story), 0);
	assert_non_null(strstr(story.text, "0 P-1 \n"
					   "  P0 x: cell 1 rw of the file\n"
					   "  P0 y: cell 2 rw hugetlb\n"
					   "  cell 1: x=1; in the file\n"
					   "  cell 2: y=0; untouched\n"
					   "1 P0 \n"));
	assert_non_null(strstr(story.text, "  u: userfaultfd of P0, event-fork\n"));
	assert_non_null(strstr(story.text, "  P0 y: cell 2 rw hugetlb; u: missing wp\n"));
	assert_non_null(strstr(story.text, "8 P0 ; P0:r now lags: it keeps the page as it was\n"
					   "  P0 x: cell 3 rw\n"
					   "  P0 y: cell 2 rw hugetlb; u: missing wp, protected\n"
					   "  cell 1: x=5; in the file; pinned, may lag: P0:r\n"
					   "  cell 2: y=2\n"
					   "  cell 3: x=3; referenced, may lag: P0:q\n"
					   "  u: userfaultfd of P0, event-fork\n"
					   "9 P1 waits\n"));
	assert_non_null(strstr(story.text, "  P1 waits: write-protected page y; u is to show it\n"
					   "10 P0 r0 = UFFD_PAGEFAULT_FLAG_WP\n"));
	assert_non_null(strstr(story.text, "  P1 waits: write-protected page y; u has shown it\n"));
	assert_non_null(strstr(story.text, "12 P1 \n"));
	litmus_free(test);
}

static void check_save(const char *body)
{
	struct litmus_test *test = parse(body);
	struct spec_machine *m = malloc(sizeof(*m));
	struct spec_machine *n = malloc(sizeof(*n));
	uint32_t seed = 1;

	assert_non_null(m);
	assert_non_null(n);
	spec_machine_init(n, test, false);
	for (int walk = 0; walk < 200; walk++) {
		struct explore_move moves[EXPLORE_MAX_MOVES];
		int nr;

		spec_machine_init(m, test, false);
		while ((nr = spec_machine_moves(m, moves)) > 0) {
			seed = seed * 1664525 + 1013904223;
			spec_machine_step(m, moves[(seed >> 8) % (uint32_t)nr]);

			size_t size = spec_machine_size(m);
			void *first = malloc(size);
			void *second = malloc(size);
			assert_non_null(first);
			assert_non_null(second);
			spec_machine_save(m, first);
			spec_machine_load(n, first);
			assert_int_equal(spec_machine_size(n), size);
			spec_machine_save(n, second);
			assert_memory_equal(first, second, size);
			free(first);
			free(second);
			struct spec_machine *swap = m;
			m = n;
			n = swap;
		}
		/* Every process has ended: no cell is left, but those of files. */
		int nr_cells = 0;
		for (int i = 0; i < m->nr_pages; i++)
			nr_cells += m->files[i] > 0;
		assert_false(spec_machine_stuck(m));
		assert_int_equal(m->nr_cells, nr_cells);
	}
	free(m);
	free(n);
	litmus_free(test);
}

/* What is saved, loaded and saved again is the same, and goes on in the same way. */
static void test_save(void **state)
{
	(void)state;
	check_save("{ anon x = 1; shared y[2] = {2}; completion c; }\n"
		   "P0(int *x, int *y) { r = get_user_pages(x, FOLL_WRITE); fork(P1); *x = 2;"
		   " q = pin_user_pages(y, 2, 0); lock_page(q); complete(c);"
		   " madvise(x, MADV_DONTNEED); *x = 3; dma_write(r, 4); r0 = *x; }\n"
		   "P1(int *x, int *y) { wait_for_completion(c); munmap(y); r = get_user_pages(x, "
		   "0);"
		   " *x = 5; r1 = dma_read(r); }\n"
		   "locations [x; 1:x]");
	check_save("{ nr_hugepages = 2; file x[2] = {1, 2}; hugetlb y = 3; thp z[2]; }\n"
		   "P0(int *x, int *y, int *z) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK);"
		   " uffdio_register(u, z, UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);"
		   " pthread_create(P1); r = pin_user_pages(x, 2, 0); pwrite(x, 4); fork(P2);"
		   " x[1] = 5; r0 = dma_read(r); q = pin_user_pages_fast(z, 2, FOLL_WRITE);"
		   " madvise(z, MADV_FREE); r1 = *z; *y = 6; }\n"
		   "P1(int *z) { r0 = read(u, v); r1 = read(u);"
		   " uffdio_copy(u, z, 7, UFFDIO_COPY_MODE_WP); uffdio_zeropage(u, z + 1, 0);"
		   " r2 = read(u); uffdio_writeprotect(u, z, 0); close(v); close(u); }\n"
		   "P2(int *x, int *y, int *z) { *x = 8; r0 = *y; r1 = *z; }\n"
		   "locations [x; x[1]; y; z; 2:y]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_reference_may_lag),
		cmocka_unit_test(test_references_lag_together),
		cmocka_unit_test(test_reference_to_write),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_promise_ends),
		cmocka_unit_test(test_madvise_fork),
		cmocka_unit_test(test_mremap),
		cmocka_unit_test(test_mapping_errors),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_gup_rights),
		cmocka_unit_test(test_handle_without_page),
		cmocka_unit_test(test_pagemap),
		cmocka_unit_test(test_other_process),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_page_lock),
		cmocka_unit_test(test_final_memory),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_too_many_references),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_mremap),
		cmocka_unit_test(test_replay_wide),
		cmocka_unit_test(test_replay_waiting),
		cmocka_unit_test(test_save),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
