/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_spec_uffd.c - what the ideal machine allows where there is a userfaultfd */

#include "spec_expect.h"

#define MISSING "UFFDIO_REGISTER_MODE_MISSING"
#define WP      "UFFDIO_REGISTER_MODE_WP"
#define MINOR   "UFFDIO_REGISTER_MODE_MINOR"
#define PROTECT "UFFDIO_WRITEPROTECT_MODE_WP"

/* P0 is the monitor of x, which nothing has touched. */
#define MONITOR_HOLE                                                          \
	"{ anon x; }\n"                                                       \
	"P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING ");" \
	" pthread_create(P1);"

/* And here of x = 1, which is write-protected. */
#define MONITOR_PROTECTED                                                \
	"{ anon x = 1; }\n"                                              \
	"P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " WP ");" \
	" uffdio_writeprotect(u, x, " PROTECT "); pthread_create(P1);"

/* The first touch of a page is an event, and waits until there is one. */
static void test_missing(void **state)
{
	(void)state;
	expect(MONITOR_HOLE " r0 = read(u); r1 = uffdio_copy(u, x, 7, 0); r2 = read(u); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=0; 0:r2=-EAGAIN; 1:r0=7;", NULL);
	expect(MONITOR_HOLE " r0 = read(u); r1 = uffdio_zeropage(u, x, 0); r2 = read(u); }\n"
			    "P1(int *x) { *x = 2; }\n"
			    "locations [x]",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=0; 0:r2=-EAGAIN; x=2;", NULL);
	/* Two ints on the page: what is copied has the value first, and zeros behind. */
	expect("{ anon x, y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING ");"
	       " pthread_create(P1); r0 = read(u); uffdio_copy(u, x, 7, 0); }\n"
	       "P1(int *x, int *y) { r0 = *y; r1 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=0; 1:r1=7;", NULL);
	/* What is there is not missing, though it is only read; what is discarded is. */
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); r0 = *y; uffdio_register(u, x, " MISSING
	       "); uffdio_register(u, y, " MISSING "); pthread_create(P1); r1 = read(u); }\n"
	       "P1(int *x, int *y) { r0 = *x; r1 = *y; }\n",
	       "0:r0=0; 0:r1=-EAGAIN; 1:r0=1; 1:r1=0;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); madvise(x, MADV_DONTNEED); pthread_create(P1); r0 = read(u);"
	       " uffdio_copy(u, x, 7, 0); }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=7;", NULL);
	/* It is registered no longer where it is moved to, or mapped anew. */
	expect("{ anon x; unmapped z; }\n"
	       "P0(int *x, int *z) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); mremap(x, z); mmap(x, PROT_READ, MAP_PRIVATE); r0 = *z; r1 = *x; }\n",
	       "0:r0=0; 0:r1=0;", NULL);
	/* Whether it may be touched at all comes first. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); mprotect(x, PROT_READ); *x = 2; }\n",
	       "0:status=SIGSEGV;", NULL);
	/* Memory that is shared is missing for nobody once somebody has touched it. */
	expect("{ shared x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); pthread_create(P1); fork(P2); wait(P2); r0 = *x; madvise(x, MADV_DONTNEED);"
	       " r1 = *x; }\n"
	       "P1() { r0 = read(u); }\n"
	       "P2(int *x) { *x = 2; }\n",
	       "0:r0=2; 0:r1=2; 1:r0=-EAGAIN;", NULL);
}

/* Nobody who sleeps goes on without a reason; who has not fallen asleep yet looks again. */
static void test_waking(void **state)
{
	(void)state;
	/* Woken for nothing, it tries again, which is another event. */
	expect(MONITOR_HOLE " r0 = read(u); r1 = uffdio_wake(u, x); r2 = read(u);"
			    " uffdio_copy(u, x, 7, 0); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=0; 0:r2=UFFD_EVENT_PAGEFAULT; 1:r0=7;", NULL);
	expect(MONITOR_HOLE " r0 = read(u); uffdio_copy(u, x, 7, UFFDIO_COPY_MODE_DONTWAKE);"
			    " r1 = *x; uffdio_wake(u, x); }\n"
			    "P1(int *x) { *x = 2; }\n",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=2;", "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=7;",
	       NULL);
	expect(MONITOR_HOLE " r0 = read(u); uffdio_copy(u, x, 7, UFFDIO_COPY_MODE_DONTWAKE); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=7;", "tasks wait for each other", NULL);
	/* An event that is not read yet vanishes with its reason. */
	expect(MONITOR_HOLE " r0 = uffdio_copy(u, x, 7, 0); r1 = read(u); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "0:r0=0; 0:r1=-EAGAIN; 1:r0=7;", NULL);
	expect(MONITOR_HOLE " r0 = read(u); r1 = uffdio_unregister(u, x); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=0; 1:r0=0;", NULL);
	expect(MONITOR_HOLE " r0 = read(u); close(u); r1 = uffdio_wake(u, x); r2 = read(u); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=-EBADF; 0:r2=-EBADF; 1:r0=0;", NULL);
	/* The mapping is gone: it wakes up to that only when it is woken. */
	expect("{ anon x; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = 1; }\n"
	       "P1(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); pthread_create(P2); r0 = read(u); munmap(x); uffdio_wake(u, x);"
	       " pthread_join(P2); r1 = 1; }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "0:r0=1; 1:r0=UFFD_EVENT_PAGEFAULT; 1:r1=0; 2:r0=0; 1:status=SIGSEGV;"
	       " 2:status=SIGSEGV;",
	       NULL);
	/* Two wait at one page, and at two. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); pthread_create(P1); pthread_create(P2); r0 = read(u); r1 = read(u);"
	       " uffdio_copy(u, x, 7, 0); r2 = read(u); }\n"
	       "P1(int *x) { r0 = *x; }\n"
	       "P2(int *x) { *x = 8; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=UFFD_PAGEFAULT_FLAG_WRITE; 0:r2=-EAGAIN; 1:r0=7;",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=UFFD_PAGEFAULT_FLAG_WRITE; 0:r2=-EAGAIN; 1:r0=8;",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=UFFD_EVENT_PAGEFAULT; 0:r2=-EAGAIN; 1:r0=7;",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=UFFD_EVENT_PAGEFAULT; 0:r2=-EAGAIN; 1:r0=8;",
	       NULL);
	expect("{ anon x[2]; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, 2, " MISSING
	       "); pthread_create(P1); r0 = read(u); uffdio_wake(u, x, 1);"
	       " uffdio_copy(u, x + 1, 7, 0); }\n"
	       "P1(int *x) { r0 = x[1]; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=7;", NULL);
}

/* -EAGAIN: nobody is left who could raise an event. */
static void test_nobody_left(void **state)
{
	(void)state;
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); pthread_create(P1); r0 = read(u); }\n"
	       "P1() { r0 = read(u); }\n",
	       "0:r0=-EAGAIN; 1:r0=-EAGAIN;", NULL);
	/* A reader that has come back can raise one for the other. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); pthread_create(P1); r0 = read(u); uffdio_copy(u, x, 7, 0); }\n"
	       "P1(int *x) { r0 = read(u); r1 = *x; }\n",
	       "0:r0=-EAGAIN; 1:r0=-EAGAIN; 1:r1=7;",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=-EAGAIN; 1:r1=7;", NULL);
	/* Who waits for something else is not gone. */
	expect("{ anon x; completion c; }\n"
	       "P0(int *x) { userfaultfd(u, 0); pthread_create(P1); r0 = read(u); complete(c); }\n"
	       "P1() { wait_for_completion(c); }\n",
	       "tasks wait for each other", NULL);
	/* An event that is read and not dealt with: it waits for ever. */
	expect(MONITOR_HOLE " r0 = read(u); r1 = read(u); }\n"
			    "P1(int *x) { r0 = *x; }\n",
	       "tasks wait for each other", NULL);
	/* P0's process ends last where its memory is looked at; it can't raise an event then. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING "); fork(P1); }\n"
	       "P1() { r0 = read(u); }\n"
	       "locations [x]",
	       "1:r0=-EAGAIN; x=0;", NULL);
}

/* The end of a process is the end of those of it that wait. */
static void test_killed(void **state)
{
	(void)state;
	expect("{ anon x; completion c; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = 1; }\n"
	       "P1(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); pthread_create(P2); r0 = read(u); exit(); }\n"
	       "P2(int *x) { r0 = *x; r1 = 1; }\n",
	       "0:r0=1; 1:r0=UFFD_EVENT_PAGEFAULT; 2:r0=0; 2:r1=0;", NULL);
	expect("{ anon x; unmapped z; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = 1; }\n"
	       "P1(int *x, int *z) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); pthread_create(P2); r0 = read(u); *z = 1; }\n"
	       "P2(int *x) { r0 = *x; }\n",
	       "0:r0=1; 1:r0=UFFD_EVENT_PAGEFAULT; 2:r0=0; 1:status=SIGSEGV; 2:status=SIGSEGV;",
	       NULL);
}

/* Some GUP waits for the monitor, and some can't: __get_user_pages_locked() without `locked`. */
static void test_gup(void **state)
{
	(void)state;
	expect(MONITOR_HOLE " r0 = read(u); uffdio_copy(u, x, 7, 0); r1 = read(u); }\n"
			    "P1(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE);"
			    " r0 = dma_read(r); }\n",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=-EAGAIN; 1:r0=7;", NULL);
	expect(MONITOR_HOLE " r0 = read(u); uffdio_copy(u, x, 7, 0); r1 = read(u); }\n"
			    "P1(int *x) { r = iov_iter_extract_pages(x, 0); r0 = dma_read(r); }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=-EAGAIN; 1:r0=7;", NULL);
	expect(MONITOR_HOLE " r0 = read(u); }\n"
			    "P1(int *x) { r = pin_user_pages(x, 0);"
			    " q = get_user_pages(x, FOLL_WRITE); }\n",
	       "0:r0=-EAGAIN; 1:r=-EFAULT; 1:q=-EFAULT;", NULL);
	/* A long-term pin waits since v6.3. */
	expect(MONITOR_HOLE " r0 = read(u); uffdio_copy(u, x, 7, 0); }\n"
			    "P1(int *x) { r = pin_user_pages_fast(x, FOLL_LONGTERM); }\n",
	       "0:r0=-EAGAIN; 1:r=-EFAULT;", "0:r0=UFFD_EVENT_PAGEFAULT;", NULL);
	/* Which of the pages are there when it comes to them; it keeps those that it has. */
	expect("{ anon x[2] = {1}; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, 2, " MISSING
	       "); pthread_create(P1); r0 = read(u); *x = 2; madvise(x, 1, MADV_DONTNEED);"
	       " uffdio_copy(u, x + 1, 7, 0); }\n"
	       "P1(int *x) { r = pin_user_pages_fast(x, 2, 0); r0 = dma_read(r);"
	       " r1 = dma_read(r[1]); }\n"
	       "locations [1:r]",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r=2; 1:r0=2; 1:r1=7;", NULL);
	expect("{ anon x[2] = {1}; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, 2, " MISSING
	       "); r = pin_user_pages(x, 2, 0); r0 = read(u); }\n",
	       "0:r=1; 0:r0=-EAGAIN;", NULL);
	/* ptrace() can't wait, process_vm_readv() can; the monitor is that of the target. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); fork(P1); r0 = read(u); uffdio_copy(u, x, 7, 0); wait(P1); }\n"
	       "P1(int *x) { r0 = ptrace_peekdata(P0, x); r1 = ptrace_pokedata(P0, x, 5);"
	       " r2 = process_vm_readv(P0, x); r3 = ptrace_peekdata(P0, x); }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=-EIO; 1:r1=-EIO; 1:r2=7; 1:r3=7;", NULL);
	/* The target is gone before anything is done about it, or before it is asked. */
	expect("{ anon x; completion c; }\n"
	       "P0(int *x) { fork(P1); wait_for_completion(c); r0 = process_vm_readv(P1, x); }\n"
	       "P1(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); complete(c); }\n",
	       "0:r0=-ESRCH;", "tasks wait for each other", NULL);
	expect(MONITOR_HOLE " r0 = read(u); uffdio_zeropage(u, x, 0); }\n"
			    "P1(int *x) { r0 = madvise(x, MADV_POPULATE_WRITE); }\n",
	       "0:r0=-EAGAIN; 1:r0=-EINVAL;", "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 1:r0=0;", NULL);
}

/* A write to a protected page is an event, and waits until it is no longer protected. */
static void test_wp(void **state)
{
	(void)state;
	expect(MONITOR_PROTECTED
	       " r0 = read(u); r1 = *x; r2 = pm_uffd_wp(x);"
	       " uffdio_writeprotect(u, x, 0); r3 = read(u); r4 = pm_uffd_wp(x); }\n"
	       "P1(int *x) { *x = 2; }\n"
	       "locations [x]",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=1; 0:r2=0; 0:r3=-EAGAIN; 0:r4=0; x=2;",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=1; 0:r2=1; 0:r3=-EAGAIN; 0:r4=0; x=2;", NULL);
	/* Nothing that only reads raises one, nor ends the protection. */
	expect(MONITOR_PROTECTED " r0 = read(u); r1 = pm_uffd_wp(x); }\n"
				 "P1(int *x) { r0 = *x; r = pin_user_pages_fast(x, FOLL_LONGTERM);"
				 " q = get_user_pages(x, 0); r1 = dma_read(r); }\n",
	       "0:r0=-EAGAIN; 0:r1=0; 1:r0=1; 1:r1=1;", "0:r0=-EAGAIN; 0:r1=1; 1:r0=1; 1:r1=1;",
	       NULL);
	/* Protected once more before it comes to it: another event. */
	expect(MONITOR_PROTECTED " r0 = read(u); uffdio_wake(u, x); r1 = read(u);"
				 " uffdio_writeprotect(u, x, 0); }\n"
				 "P1(int *x) { *x = 2; }\n",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=UFFD_PAGEFAULT_FLAG_WP;", NULL);
	expect(MONITOR_PROTECTED
	       " r0 = read(u); uffdio_writeprotect(u, x, UFFDIO_WRITEPROTECT_MODE_DONTWAKE);"
	       " r1 = *x; uffdio_wake(u, x); }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=1;", "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=2;",
	       NULL);
	expect(MONITOR_PROTECTED " r0 = read(u); uffdio_unregister(u, x); r1 = pm_uffd_wp(x); }\n"
				 "P1(int *x) { *x = 2; }\n"
				 "locations [x]",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=0; x=2;", NULL);
	expect(MONITOR_PROTECTED " r0 = read(u); close(u); r1 = pm_uffd_wp(x); }\n"
				 "P1(int *x) { *x = 2; }\n"
				 "locations [x]",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 0:r1=0; x=2;", NULL);
	/* GUP that writes, and that can wait or not. */
	expect(MONITOR_PROTECTED " r0 = read(u); uffdio_writeprotect(u, x, 0); }\n"
				 "P1(int *x) { r = pin_user_pages(x, FOLL_WRITE);"
				 " q = pin_user_pages_fast(x, FOLL_WRITE); }\n",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WP; 1:r=-EFAULT;", NULL);
	/* Each page on its own. Before v5.14 pagemap shows nothing of it. */
	expect("{ anon x[2] = {1, 2}; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, 2, " WP
	       "); uffdio_writeprotect(u, x + 1, 1, " PROTECT "); *x = 3; r0 = pm_uffd_wp(x);"
	       " r1 = pm_uffd_wp(x + 1); }\n",
	       "0:r0=0; 0:r1=0;", "0:r0=0; 0:r1=1;", NULL);
	/* A shared page is protected for those who are registered. */
	expect("{ shared x = 1; completion c; }\n"
	       "P0(int *x) { userfaultfd(u, 0); r0 = uffdio_register(u, x, " WP
	       "); r1 = uffdio_writeprotect(u, x, " PROTECT "); fork(P1); wait(P1); r2 = *x;"
	       " r3 = pm_uffd_wp(x); }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0=-EINVAL; 0:r1=-ENOENT; 0:r2=2; 0:r3=0;", "0:r0=0; 0:r1=0; 0:r2=2; 0:r3=1;",
	       NULL);
}

/* Devices write through pins unhindered. */
static void test_wp_and_devices(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); userfaultfd(u, 0);"
	       " uffdio_register(u, x, " WP "); uffdio_writeprotect(u, x, " PROTECT
	       "); dma_write(r, 3); r0 = *x; r1 = read(u); r2 = pm_uffd_wp(x); }\n",
	       "0:r0=3; 0:r1=-EAGAIN; 0:r2=0;", "0:r0=3; 0:r1=-EAGAIN; 0:r2=1;", NULL);
	/* A pin stays an alias when the page is protected for a while; a reference need not. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); userfaultfd(u, 0);"
	       " uffdio_register(u, x, " WP "); uffdio_writeprotect(u, x, " PROTECT
	       "); uffdio_writeprotect(u, x, 0); *x = 2; dma_write(r, 3); r0 = *x; }\n",
	       "0:r0=3;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); userfaultfd(u, 0);"
	       " uffdio_register(u, x, " WP "); uffdio_writeprotect(u, x, " PROTECT
	       "); uffdio_writeprotect(u, x, 0); *x = 2; dma_write(r, 3); r0 = *x; }\n",
	       "0:r0=2;", "0:r0=3;", NULL);
}

/* What ends the protection, and what does not. */
static void test_wp_ends(void **state)
{
	(void)state;
	expect("{ anon x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { userfaultfd(u, 0); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); mprotect(x, PROT_READ);"
	       " mprotect(x, PROT_READ | PROT_WRITE); r0 = pm_uffd_wp(x); clear_refs();"
	       " move_pages(x); ksm_do_scan(); madvise(x, MADV_PAGEOUT); r1 = pm_uffd_wp(x);"
	       " mremap(x, z); r2 = pm_uffd_wp(z); *z = 2; r3 = read(u); }\n",
	       "0:r0=0; 0:r1=0; 0:r2=0; 0:r3=-EAGAIN;", "0:r0=1; 0:r1=1; 0:r2=0; 0:r3=-EAGAIN;",
	       NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); madvise(x, MADV_DONTNEED);"
	       " r0 = pm_uffd_wp(x); *x = 2; uffdio_writeprotect(u, x, " PROTECT
	       "); r1 = pm_uffd_wp(x); munmap(x); mmap(x, PROT_READ | PROT_WRITE, MAP_PRIVATE);"
	       " *x = 3; r2 = pm_uffd_wp(x); r3 = read(u); }\n",
	       "0:r0=0; 0:r1=0; 0:r2=0; 0:r3=-EAGAIN;", "0:r0=0; 0:r1=1; 0:r2=0; 0:r3=-EAGAIN;",
	       NULL);
	/* Memory that is not private anonymous has a mark in the place of what is discarded. */
	expect("{ shared x = 1; shared_hugetlb y = 1; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); r0 = uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); madvise(x, MADV_DONTNEED);"
	       " r1 = pm_uffd_wp(x); uffdio_register(u, y, " WP
	       "); uffdio_writeprotect(u, y, " PROTECT "); r2 = pm_uffd_wp(y); }\n",
	       "0:r0=-EINVAL; 0:r1=0; 0:r2=0;", "0:r0=0; 0:r1=1; 0:r2=1;", NULL);
	/* With what is copied it is as that call says. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING " | " WP
	       "); pthread_create(P1); r0 = read(u); uffdio_copy(u, x, 7, UFFDIO_COPY_MODE_WP);"
	       " r1 = read(u); r2 = *x; uffdio_writeprotect(u, x, 0); }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0=UFFD_PAGEFAULT_FLAG_WRITE; 0:r1=UFFD_PAGEFAULT_FLAG_WP; 0:r2=7;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_WP_UNPOPULATED);"
	       " r0 = uffdio_register(u, x, " MISSING " | " WP "); madvise(x, MADV_DONTNEED);"
	       " uffdio_writeprotect(u, x, " PROTECT "); r1 = pm_uffd_wp(x);"
	       " uffdio_copy(u, x, 7, 0); r2 = pm_uffd_wp(x); }\n",
	       "0:r0=-EBADF; 0:r1=0; 0:r2=0;", "0:r0=0; 0:r1=1; 0:r2=0;", NULL);
}

/* What nothing has touched has no page table entry that could be protected. */
static void test_wp_unpopulated(void **state)
{
	(void)state;
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); r0 = pm_uffd_wp(x); }\n",
	       "0:r0=0;", "0:r0=1;", NULL);
	/* Read, it has one. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " WP
	       "); r1 = *x; uffdio_writeprotect(u, x, " PROTECT "); r0 = pm_uffd_wp(x); }\n",
	       "0:r1=0; 0:r0=0;", "0:r1=0; 0:r0=1;", NULL);
	expect("{ anon x; }\n"
	       "P0(int *x) { r0 = userfaultfd(u, UFFD_FEATURE_WP_UNPOPULATED);"
	       " uffdio_register(u, x, " WP "); r1 = uffdio_writeprotect(u, x, " PROTECT
	       "); pthread_create(P1); r2 = read(u); r3 = uffdio_writeprotect(u, x, 0); }\n"
	       "P1(int *x) { r0 = *x; r1 = pm_uffd_wp(x); *x = 2; }\n",
	       "0:r0=-EINVAL; 0:r1=-EBADF; 0:r2=-EBADF; 0:r3=-EBADF; 1:r0=0; 1:r1=0;",
	       "0:r0=0; 0:r1=0; 0:r2=UFFD_PAGEFAULT_FLAG_WP; 0:r3=0; 1:r0=0; 1:r1=1;", NULL);
	/* A huge page may have come with what was touched beside it. */
	expect("{ thp x[2]; }\n"
	       "P0(int *x) { userfaultfd(u, 0); *x = 1; uffdio_register(u, x, 2, " MISSING
	       "); pthread_create(P1); r0 = read(u); r1 = uffdio_zeropage(u, x + 1, 0); }\n"
	       "P1(int *x) { r0 = x[1]; }\n",
	       "0:r0=-EAGAIN; 0:r1=-EEXIST; 1:r0=0;", "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=0; 1:r0=0;",
	       NULL);
	/* Not where each part of it is missed. Once one has a value, all are there. */
	expect("{ thp x[2]; thp y[2] = {1}; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, x, 2, " MISSING
	       "); uffdio_register(u, y, 2, " MISSING "); uffdio_copy(u, x, 7, 0);"
	       " pthread_create(P1); r0 = read(u); r1 = uffdio_zeropage(u, x + 1, 0); }\n"
	       "P1(int *x, int *y) { r0 = y[1]; r1 = x[0]; r2 = x[1]; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=0; 1:r0=0; 1:r1=7; 1:r2=0;", NULL);
}

/* Nobody waits: the first write ends the protection. */
static void test_async(void **state)
{
	(void)state;
	expect("{ anon x = 1; anon y; file z = 1; }\n"
	       "P0(int *x, int *y, int *z) { r0 = userfaultfd(u, UFFD_FEATURE_WP_ASYNC);"
	       " uffdio_register(u, x, " WP "); uffdio_register(u, y, " WP
	       "); r1 = uffdio_register(u, z, " WP "); uffdio_writeprotect(u, x, " PROTECT
	       "); uffdio_writeprotect(u, y, " PROTECT "); uffdio_writeprotect(u, z, " PROTECT
	       "); r2 = pm_uffd_wp(x); r3 = pm_uffd_wp(y); r4 = pm_uffd_wp(z); *x = 2; *y = 2;"
	       " r = pin_user_pages(z, FOLL_WRITE); r5 = pm_uffd_wp(x); r6 = pm_uffd_wp(y);"
	       " r7 = pm_uffd_wp(z); }\n",
	       "0:r0=-EINVAL; 0:r1=-EBADF; 0:r2=0; 0:r3=0; 0:r4=0; 0:r5=0; 0:r6=0; 0:r7=0;",
	       "0:r0=0; 0:r1=0; 0:r2=1; 0:r3=1; 0:r4=1; 0:r5=0; 0:r6=0; 0:r7=0;", NULL);
}

static void test_fork(void **state)
{
	(void)state;
	/* A child has no monitor, unless that asked for it. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); fork(P1); wait(P1); r0 = read(u);"
	       " r1 = pm_uffd_wp(x); }\n"
	       "P1(int *x) { r0 = pm_uffd_wp(x); *x = 2; r1 = *x; }\n",
	       "0:r0=-EAGAIN; 0:r1=0; 1:r0=0; 1:r1=2;", "0:r0=-EAGAIN; 0:r1=1; 1:r0=0; 1:r1=2;",
	       NULL);
	/* Then fork() waits until it has heard of it; what it protects is protected there. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); pthread_create(P2); r0 = fork(P1); }\n"
	       "P1(int *x) { r0 = pm_uffd_wp(x); *x = 2; r1 = pm_uffd_wp(x); }\n"
	       "P2(int *x) { r0 = read(u, v); r1 = read(v); r2 = uffdio_writeprotect(v, x, 0);"
	       " r3 = read(u); r4 = pm_uffd_wp(x); }\n"
	       "locations [1:x; x]",
	       "0:r0=0; 1:r0=0; 1:r1=0; 2:r0=UFFD_EVENT_FORK; 2:r1=UFFD_PAGEFAULT_FLAG_WP; 2:r2=0;"
	       " 2:r3=-EAGAIN; 2:r4=0; 1:x=2; x=1;",
	       "0:r0=0; 1:r0=1; 1:r1=0; 2:r0=UFFD_EVENT_FORK; 2:r1=UFFD_PAGEFAULT_FLAG_WP; 2:r2=0;"
	       " 2:r3=-EAGAIN; 2:r4=1; 1:x=2; x=1;",
	       NULL);
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); uffdio_register(u, x, " WP
	       "); pthread_create(P2); fork(P1); complete(c); }\n"
	       "P1() { }\n"
	       "P2() { wait_for_completion(c); r0 = read(u); }\n",
	       "tasks wait for each other", NULL);
	/* Nothing registered: nothing to tell. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); fork(P1); }\n"
	       "P1() { }\n",
	       "", NULL);
	/* Meanwhile the mm is changing. The memory is copied as it was when fork() was called. */
	expect("{ anon x = 1; completion c; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); uffdio_register(u, x, " WP
	       "); pthread_create(P2); fork(P1); }\n"
	       "P1(int *x) { r0 = *x; }\n"
	       "P2(int *x) { r0 = uffdio_writeprotect(u, x, 0); r1 = read(u); *x = 2; }\n",
	       "1:r0=1; 2:r0=-EAGAIN; 2:r1=UFFD_EVENT_FORK;",
	       "1:r0=1; 2:r0=0; 2:r1=UFFD_EVENT_FORK;", NULL);
	/* The child's memory is there before the child is. */
	expect("{ anon x; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK);"
	       " uffdio_register(u, x, " MISSING "); pthread_create(P2); fork(P1); }\n"
	       "P1(int *x) { r0 = *x; }\n"
	       "P2(int *x) { r0 = read(u, v); r1 = uffdio_copy(v, x, 7, 0); r2 = read(v); }\n",
	       "1:r0=7; 2:r0=UFFD_EVENT_FORK; 2:r1=0; 2:r2=-EAGAIN;", NULL);
	/* Nobody asks for the child's userfaultfd, and yet it is there; or the parent's is gone. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); pthread_create(P2); fork(P1); }\n"
	       "P1(int *x) { r0 = pm_uffd_wp(x); *x = 2; }\n"
	       "P2() { r0 = read(u); }\n"
	       "locations [1:x]",
	       "tasks wait for each other", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); pthread_create(P2); fork(P1); }\n"
	       "P1(int *x) { r0 = pm_uffd_wp(x); *x = 2; }\n"
	       "P2() { close(u); }\n"
	       "locations [1:x; x]",
	       "1:r0=0; 1:x=2; x=1;", NULL);
	/* The parent ends before it was told: there never was a child. */
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x) { fork(P1); r0 = wait(P1); }\n"
	       "P1(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_FORK); uffdio_register(u, x, " WP
	       "); pthread_create(P2); fork(P3); }\n"
	       "P2() { exit(); }\n"
	       "P3() { r0 = 1; }\n",
	       "0:r0=0; 3:r0=0;", NULL);
}

/* Who changes the address space goes on when the monitor has heard of it. */
static void test_events(void **state)
{
	(void)state;
	/* It is gone before it is told of, and nobody may fill in pages until it is. */
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, UFFD_FEATURE_EVENT_UNMAP);"
	       " uffdio_register(u, x, " MISSING "); uffdio_register(u, y, " MISSING
	       "); pthread_create(P1); r0 = uffdio_copy(u, y, 7, 0); r1 = read(u);"
	       " pthread_join(P1); r2 = read(u); }\n"
	       "P1(int *x) { r0 = munmap(x); }\n",
	       "0:r0=-EAGAIN; 0:r1=UFFD_EVENT_UNMAP; 0:r2=-EAGAIN; 1:r0=0;",
	       "0:r0=0; 0:r1=UFFD_EVENT_UNMAP; 0:r2=-EAGAIN; 1:r0=0;", NULL);
	/* Two userfaultfds: the one that is closed is not waited for. */
	expect("{ anon x[2] = {1, 2}; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_UNMAP);"
	       " userfaultfd(v, UFFD_FEATURE_EVENT_UNMAP); uffdio_register(u, x, 1, " MISSING
	       "); uffdio_register(v, x + 1, 1, " MISSING "); pthread_create(P1);"
	       " r0 = read(u); close(v); }\n"
	       "P1(int *x) { r0 = mmap(x, PROT_READ, MAP_PRIVATE); r1 = *x; }\n",
	       "0:r0=UFFD_EVENT_UNMAP; 1:r0=0; 1:r1=0;", NULL);
	/* The target, the move and the source; the memory stays registered. */
	expect("{ anon x = 1; anon y = 2; }\n"
	       "P0(int *x, int *y) {"
	       " userfaultfd(u, UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_UNMAP);"
	       " uffdio_register(u, x, " WP "); uffdio_register(u, y, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); pthread_create(P1); r0 = read(u);"
	       " r1 = read(u); r2 = read(u); r3 = read(u); uffdio_writeprotect(u, y, 0); }\n"
	       "P1(int *x, int *y) { r0 = mremap(x, y); *y = 3; r1 = *y; }\n",
	       "0:r0=UFFD_EVENT_UNMAP; 0:r1=UFFD_EVENT_REMAP; 0:r2=UFFD_EVENT_UNMAP;"
	       " 0:r3=UFFD_PAGEFAULT_FLAG_WP; 1:r0=0; 1:r1=3;",
	       NULL);
	/* Before anything goes; a monitor that fills at once may be too early, or in vain. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_REMOVE); uffdio_register(u, "
	       "x, " MISSING "); pthread_create(P1); r0 = *x; r1 = read(u);"
	       " r2 = uffdio_copy(u, x, 7, 0); pthread_join(P1); }\n"
	       "P1(int *x) { r0 = madvise(x, MADV_DONTNEED); }\n",
	       "0:r0=1; 0:r1=UFFD_EVENT_REMOVE; 0:r2=-EEXIST; 1:r0=0;",
	       "0:r0=1; 0:r1=UFFD_EVENT_REMOVE; 0:r2=-EAGAIN; 1:r0=0;",
	       "0:r0=1; 0:r1=UFFD_EVENT_REMOVE; 0:r2=0; 1:r0=0;", NULL);
	/* What is unmapped meanwhile can't be discarded; two mappings are two events. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_REMOVE); uffdio_register(u, "
	       "x, " MISSING "); pthread_create(P1); r0 = read(u); munmap(x); }\n"
	       "P1(int *x) { r0 = madvise(x, MADV_DONTNEED); }\n",
	       "0:r0=UFFD_EVENT_REMOVE; 1:r0=-ENOMEM;", "0:r0=UFFD_EVENT_REMOVE; 1:r0=0;", NULL);
	expect("{ anon x[2] = {1, 2}; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_REMOVE); mprotect(x, 1, PROT_READ);"
	       " uffdio_register(u, x, 2, " WP "); pthread_create(P1); r0 = read(u);"
	       " r1 = read(u); r2 = read(u); }\n"
	       "P1(int *x) { r0 = madvise(x, 2, MADV_DONTNEED); r1 = x[1]; }\n",
	       "0:r0=UFFD_EVENT_REMOVE; 0:r1=UFFD_EVENT_REMOVE; 0:r2=-EAGAIN; 1:r0=0; 1:r1=0;",
	       NULL);
	/* Nobody tells a process that is gone. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, UFFD_FEATURE_EVENT_UNMAP); uffdio_register(u, "
	       "x, " MISSING "); pthread_create(P1); exit(); }\n"
	       "P1(int *x) { r0 = munmap(x); r1 = 1; }\n",
	       "1:r0=0; 1:r1=0;", NULL);
}

/* Pages that change their place. Any may be one that the kernel keeps where it is. */
static void test_move(void **state)
{
	(void)state;
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); r0 = uffdio_move(u, y, x, 0); r1 = *x; r2 = *y; }\n",
	       "0:r0=-EINVAL; 0:r1=1; 0:r2=0;", "0:r0=-EBUSY; 0:r1=1; 0:r2=0;",
	       "0:r0=0; 0:r1=0; 0:r2=1;", NULL);
	/* Who holds it holds it there, too. */
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); r = pin_user_pages(x, FOLL_WRITE); uffdio_move(u, y, x, 0); dma_write(r, 2);"
	       " r0 = *x; r1 = *y; }\n",
	       "0:r0=0; 0:r1=2;", "0:r0=2; 0:r1=0;", NULL);
	/* Holes, and what is in the way. */
	expect("{ anon x; anon y = 2; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); r0 = uffdio_move(u, y, x, 0); r1 = *y; }\n",
	       "0:r0=-EINVAL; 0:r1=2;", "0:r0=-EEXIST; 0:r1=2;", NULL);
	expect("{ anon x; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); r0 = uffdio_move(u, y, x, 0);"
	       " r1 = uffdio_move(u, y, x, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES); }\n",
	       "0:r0=-EINVAL; 0:r1=-EINVAL;", "0:r0=-ENOENT; 0:r1=0;", NULL);
	expect("{ anon x[2] = {1}; anon y[2]; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); r0 = uffdio_move(u, y, x, 0); r1 = *y; }\n",
	       "0:r0=-EINVAL; 0:r1=0;", "0:r0=-EBUSY; 0:r1=0;", "0:r0=-EAGAIN; 0:r1=1;", NULL);
	/* Not registered, not private, not writable, not there, not the caller's. */
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); r0 = uffdio_move(u, y, x, 0); }\n",
	       "0:r0=-EINVAL;", NULL);
	expect("{ shared x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); r0 = uffdio_move(u, y, x, 0); }\n",
	       "0:r0=-EINVAL;", NULL);
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); mprotect(x, PROT_READ); r0 = uffdio_move(u, y, x, 0); }\n",
	       "0:r0=-EINVAL;", NULL);
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); munmap(x); r0 = uffdio_move(u, y, x, 0); }\n",
	       "0:r0=-EINVAL;", "0:r0=-ENOENT;", NULL);
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, y, " WP
	       "); fork(P1); wait(P1); }\n"
	       "P1(int *x, int *y) { r0 = uffdio_move(u, y, x, 0); }\n",
	       "1:r0=-EINVAL;", NULL);
	/* It wakes who waits, and the protection does not come along. */
	expect("{ anon x = 1; anon y; }\n"
	       "P0(int *x, int *y) { userfaultfd(u, 0); uffdio_register(u, x, " WP
	       "); uffdio_writeprotect(u, x, " PROTECT "); uffdio_register(u, y, " MISSING
	       "); pthread_create(P1); r0 = read(u); r1 = uffdio_move(u, y, x, 0);"
	       " uffdio_zeropage(u, y, 0); pthread_join(P1); *y = 2; r2 = pm_uffd_wp(y); }\n"
	       "P1(int *y) { r0 = *y; }\n",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=-EINVAL; 0:r2=0; 1:r0=0;",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=-EBUSY; 0:r2=0; 1:r0=0;",
	       "0:r0=UFFD_EVENT_PAGEFAULT; 0:r1=0; 0:r2=0; 1:r0=1;", NULL);
}

/* What the calls answer where they can't do what they are asked. */
static void test_errors(void **state)
{
	(void)state;
	expect("{ anon x = 1; anon y; unmapped z; }\n"
	       "P0(int *x, int *y, int *z) { userfaultfd(u, 0); userfaultfd(v, 0);"
	       " r0 = uffdio_writeprotect(u, x, " PROTECT "); uffdio_register(u, x, " MISSING
	       "); r1 = uffdio_writeprotect(u, x, " PROTECT "); r2 = uffdio_register(v, x, " WP
	       "); r3 = uffdio_copy(u, x, 2, 0); r4 = uffdio_copy(u, y, 2, 0);"
	       " r5 = uffdio_copy(u, x, 2, UFFDIO_COPY_MODE_WP); r6 = uffdio_zeropage(u, x, 0);"
	       " r7 = uffdio_writeprotect(u, x, " PROTECT
	       " | UFFDIO_WRITEPROTECT_MODE_DONTWAKE); }\n",
	       "0:r0=-ENOENT; 0:r1=-ENOENT; 0:r2=-EBUSY; 0:r3=-EEXIST; 0:r4=-ENOENT; 0:r5=-EINVAL;"
	       " 0:r6=-EEXIST; 0:r7=-EINVAL;",
	       NULL);
	expect("{ anon x; unmapped z; }\n"
	       "P0(int *x, int *z) { r0 = userfaultfd(u, 0); r1 = uffdio_register(u, z, " MISSING
	       "); uffdio_register(u, x, " MISSING "); r2 = uffdio_register(u, x, " MINOR
	       "); r3 = uffdio_continue(u, x, 0); }\n",
	       "0:r0=0; 0:r1=-EINVAL; 0:r2=-EINVAL; 0:r3=-EINVAL;",
	       "0:r0=0; 0:r1=-ENOMEM; 0:r2=-EINVAL; 0:r3=-EINVAL;", NULL);
	/* Part of what is asked for is done. */
	expect("{ anon x[2]; }\n"
	       "P0(int *x) { userfaultfd(u, 0); r0 = x[1]; uffdio_register(u, x, 2, " MISSING
	       "); r1 = uffdio_zeropage(u, x, 2, 0); r2 = x[0]; }\n",
	       "0:r0=0; 0:r1=-EAGAIN; 0:r2=0;", NULL);
	/* There is no zero page for hugetlb. */
	expect("{ hugetlb x; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, " MISSING
	       "); r0 = uffdio_zeropage(u, x, 0); r1 = uffdio_copy(u, x, 7, 0); r2 = *x; }\n",
	       "0:r0=-EINVAL; 0:r1=0; 0:r2=7;", NULL);
	/* The memory is gone, and with it whoever could raise an event. */
	expect("{ anon x; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = uffdio_register(u, x, " MISSING
	       "); r1 = uffdio_copy(u, x, 7, 0); r2 = uffdio_wake(u, x); r3 = read(u); close(u);"
	       " r4 = uffdio_wake(u, x); }\n"
	       "P1(int *x) { userfaultfd(u, 0); }\n",
	       "0:r0=-ENOMEM; 0:r1=-ESRCH; 0:r2=0; 0:r3=-EAGAIN; 0:r4=-EBADF;", NULL);
	/* A range of two VMAs. */
	expect("{ anon x[2] = {1, 2}; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, 1, " WP
	       "); r0 = uffdio_writeprotect(u, x, 2, " PROTECT "); r1 = pm_uffd_wp(x); }\n",
	       "0:r0=-ENOENT; 0:r1=0;", "0:r0=-ENOENT; 0:r1=1;", NULL);
}

/* What the page cache has and this mm does not map. */
static void test_minor(void **state)
{
	(void)state;
	expect("{ shared x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); r0 = uffdio_register(u, x, " MINOR
	       "); madvise(x, MADV_DONTNEED); pthread_create(P1); r1 = read(u);"
	       " r2 = uffdio_continue(u, x, 0); r3 = uffdio_continue(u, x, 0); }\n"
	       "P1(int *x) { r0 = *x; r1 = *x; }\n",
	       "0:r0=-EINVAL; 0:r1=-EAGAIN; 0:r2=-EINVAL; 0:r3=-EINVAL; 1:r0=1; 1:r1=1;",
	       "0:r0=0; 0:r1=UFFD_PAGEFAULT_FLAG_MINOR; 0:r2=0; 0:r3=-EEXIST; 1:r0=1; 1:r1=1;",
	       NULL);
	/* A private mapping of a file: what was copied is mapped. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); r0 = uffdio_register(u, x, " MINOR
	       "); r1 = uffdio_continue(u, x, 0); *x = 2; r2 = uffdio_continue(u, x, 0);"
	       " madvise(x, MADV_DONTNEED); r3 = uffdio_continue(u, x, 0); r4 = *x; }\n",
	       "0:r0=-EINVAL; 0:r1=-EINVAL; 0:r2=-EINVAL; 0:r3=-EINVAL; 0:r4=1;",
	       "0:r0=-EINVAL; 0:r1=-ENOENT; 0:r2=-ENOENT; 0:r3=-ENOENT; 0:r4=1;",
	       "0:r0=0; 0:r1=0; 0:r2=-EEXIST; 0:r3=0; 0:r4=1;", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_waking),
		cmocka_unit_test(test_nobody_left),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_gup),
		cmocka_unit_test(test_wp),
		cmocka_unit_test(test_wp_and_devices),
		cmocka_unit_test(test_wp_ends),
		cmocka_unit_test(test_wp_unpopulated),
		cmocka_unit_test(test_async),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_minor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
