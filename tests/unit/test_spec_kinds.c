/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_spec_kinds.c - kinds of memory on the ideal machine, and what happens to it */

#include "spec_expect.h"

/* Whatever pages are made of, and wherever they are: what can be seen is the same. */
static void test_same(void **state)
{
	static const char *const kinds[] = {
		"anon",         "anon(swapped)", "thp",     "thp(pte)",
		"thp(partial)", "thp(swapped)",  "hugetlb", "file",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char body[1024];

		snprintf(body, sizeof(body),
			 "{ %s x = 1; }\n"
			 "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE | FOLL_LONGTERM); fork(P1);"
			 " *x = 2; r0 = dma_read(r); dma_write(r, 3); r1 = *x; move_pages(x);"
			 " ksm_do_scan(); madvise(x, MADV_PAGEOUT); madvise(x, MADV_WILLNEED);"
			 " madvise(x, MADV_HUGEPAGE); madvise(x, MADV_COLLAPSE);"
			 " madvise(x, MADV_MERGEABLE); madvise(x, MADV_UNMERGEABLE);"
			 " madvise(x, MADV_NOHUGEPAGE); r2 = *x; r3 = pagemap(x, r); }\n"
			 "P1(int *x) { r0 = *x; *x = 4; r1 = *x; }\n",
			 kinds[i]);
		expect(body, "0:r0=2; 0:r1=3; 0:r2=3; 0:r3=1; 1:r0=1; 1:r1=4;", NULL);
	}
	expect("{ thp x[2] = {1, 2}; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 2, 0); split_huge_page(x); fork(P1); x[1] = 3;"
	       " r0 = dma_read(r[1]); madvise(x, 1, MADV_DONTNEED); r1 = x[0]; r2 = x[1]; }\n"
	       "P1(int *x) { r0 = x[1]; }\n",
	       "0:r0=3; 0:r1=0; 0:r2=3; 1:r0=2;", NULL);
	expect("{ shared_hugetlb x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = *x; }\n"
	       "P1(int *x) { *x = 2; }\n",
	       "0:r0=2;", NULL);
}

/* What comes of a request that changes nothing is the kernel's affair. */
static void test_results(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\nP0(int *x) { r0 = madvise(x, MADV_COLLAPSE); r1 = *x; }\n",
	       "0:r0=-EINVAL; 0:r1=1;", "0:r0=-EBUSY; 0:r1=1;", "0:r0=-ENOMEM; 0:r1=1;",
	       "0:r0=-EAGAIN; 0:r1=1;", "0:r0=0; 0:r1=1;", NULL);
	expect("{ anon x = 1; }\nP0(int *x) { r0 = madvise(x, MADV_MERGEABLE); }\n",
	       "0:r0=-EINVAL;", "0:r0=0;", NULL);
	expect("{ thp x = 1; }\nP0(int *x) { r0 = split_huge_page(x); }\n", "0:r0=-EINVAL;",
	       "0:r0=-EBUSY;", "0:r0=-ENOMEM;", "0:r0=-EAGAIN;", "0:r0=0;", NULL);
	/* MADV_PAGEOUT may do nothing, but not for hugetlb. */
	expect("{ anon x = 1; hugetlb y = 1; file z = 1; unmapped w; }\n"
	       "P0(int *x, int *y, int *z, int *w) { r0 = madvise(x, MADV_PAGEOUT);"
	       " r1 = madvise(y, MADV_PAGEOUT); r2 = madvise(z, MADV_PAGEOUT);"
	       " r3 = madvise(w, MADV_PAGEOUT); }\n",
	       "0:r0=0; 0:r1=-EINVAL; 0:r2=0; 0:r3=-ENOMEM;", NULL);
	/* Until the page is touched again there may be no frame; the one who holds it has it. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = get_user_pages(x, FOLL_WRITE); madvise(x, MADV_PAGEOUT);"
	       " r0 = pagemap(x, r); *x = 2; r1 = pagemap(x, r); r2 = dma_read(r); }\n",
	       "0:r0=0; 0:r1=1; 0:r2=2;", "0:r0=1; 0:r1=1; 0:r2=2;", NULL);
	/* Only private anonymous memory can be freed, or wiped. */
	expect("{ anon x = 1; hugetlb y = 1; file z = 1; shared w = 1; }\n"
	       "P0(int *x, int *y, int *z, int *w) { r0 = madvise(x, MADV_FREE);"
	       " r1 = madvise(y, MADV_FREE); r2 = madvise(z, MADV_FREE); r3 = madvise(w, "
	       "MADV_FREE);"
	       " s0 = madvise(x, MADV_WIPEONFORK); s1 = madvise(y, MADV_WIPEONFORK);"
	       " s2 = madvise(z, MADV_WIPEONFORK); }\n",
	       "0:r0=0; 0:r1=-EINVAL; 0:r2=-EINVAL; 0:r3=-EINVAL; 0:s0=0; 0:s1=-EINVAL;"
	       " 0:s2=-EINVAL;",
	       NULL);
	/* Some kernels can't do that with hugetlb; the rest of the test depends on it. */
	expect("{ hugetlb x = 1; }\n"
	       "P0(int *x) { r0 = madvise(x, MADV_DONTNEED); r1 = *x; *x = 2;"
	       " r2 = madvise(x, MADV_DONTNEED); r3 = *x; }\n",
	       "0:r0=-EINVAL; 0:r1=1; 0:r2=-EINVAL; 0:r3=2;", "0:r0=0; 0:r1=0; 0:r2=0; 0:r3=0;",
	       NULL);
	expect("{ hugetlb x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { r0 = mremap(x, z); r1 = *z; }\n",
	       "0:r0=-EINVAL; 0:r1=0; 0:status=SIGSEGV;", "0:r0=0; 0:r1=1;", NULL);
	expect("{ hugetlb x = 1; }\n"
	       "P0(int *x) { mprotect(x, PROT_READ); r = pin_user_pages(x, FOLL_WRITE | "
	       "FOLL_FORCE);"
	       " r0 = ptrace_pokedata(P0, x, 2); r1 = *x; }\n",
	       "0:r=-EFAULT; 0:r0=-EIO; 0:r1=1;", "0:r0=0; 0:r1=2;", NULL);
}

/* What is freed may be gone at any time until it is written to, and once it is gone it is zero. */
static void test_madv_free(void **state)
{
	(void)state;
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_FREE); r0 = *x; r1 = *x; *x = 2; r2 = *x; }\n",
	       "0:r0=0; 0:r1=0; 0:r2=2;", "0:r0=1; 0:r1=0; 0:r2=2;", "0:r0=1; 0:r1=1; 0:r2=2;",
	       NULL);
	/* All of the page, and before it was written or never. */
	expect("{ anon x = 1, y = 2; }\n"
	       "P0(int *x, int *y) { madvise(x, MADV_FREE); *x = 3; r0 = *x; r1 = *y; }\n",
	       "0:r0=3; 0:r1=0;", "0:r0=3; 0:r1=2;", NULL);
	/* A child's copy goes on its own. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_FREE); fork(P1); *x = 2; r0 = *x; }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0=2; 1:r0=0;", "0:r0=2; 1:r0=1;", NULL);
	expect("{ anon x = 1; }\nP0(int *x) { madvise(x, MADV_FREE); }\nlocations [x]", "x=0;",
	       "x=1;", NULL);
	/* A pin of it is one of a page that is to be replaced. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); madvise(x, MADV_FREE); *x = 2;"
	       " r0 = dma_read(r); r1 = pagemap(x, r); }\n",
	       "0:r0=1; 0:r1=0;", "0:r0=2; 0:r1=1;", NULL);
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { madvise(x, MADV_FREE); r = pin_user_pages(x, FOLL_WRITE); *x = 2;"
	       " r0 = dma_read(r); }\n",
	       "0:r0=2;", NULL);
	/* Who can tell what was never touched can tell what is gone. */
	expect("{ anon x = 1; }\n"
	       "P0(int *x) { userfaultfd(u, 0); uffdio_register(u, x, "
	       "UFFDIO_REGISTER_MODE_MISSING);"
	       " madvise(x, MADV_FREE); pthread_create(P1); r0 = read(u);"
	       " uffdio_copy(u, x, 7, 0); }\n"
	       "P1(int *x) { r0 = *x; }\n",
	       "0:r0=-EAGAIN; 1:r0=1;", "0:r0=UFFD_EVENT_PAGEFAULT; 1:r0=7;", NULL);
}

/* A private mapping shows the file until its mm writes to it. */
static void test_file(void **state)
{
	(void)state;
	expect("{ file x = 1; }\n"
	       "P0(int *x) { r0 = *x; pwrite(x, 2); r1 = *x; *x = 3; r2 = pread(x); pwrite(x, 4);"
	       " r3 = *x; madvise(x, MADV_DONTNEED); r4 = *x; }\n",
	       "0:r0=1; 0:r1=2; 0:r2=2; 0:r3=3; 0:r4=4;", NULL);
	/* What of it is written is copied with what is around it. */
	expect("{ file x = 1, y = 2; }\n"
	       "P0(int *x, int *y) { *x = 3; pwrite(y, 4); r0 = *y; r1 = pread(y); r2 = pread(x); "
	       "}\n",
	       "0:r0=2; 0:r1=4; 0:r2=1;", NULL);
	/* fork() changes nothing about it. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { fork(P1); wait(P1); r0 = *x; r1 = pread(x); }\n"
	       "P1(int *x) { pwrite(x, 2); *x = 3; r0 = *x; }\n",
	       "0:r0=2; 0:r1=2; 1:r0=3;", NULL);
	/* Not even a forced write reaches the file: Dirty COW. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { mprotect(x, PROT_READ); pthread_create(P1);"
	       " r0 = ptrace_pokedata(P0, x, 2); r1 = pread(x); }\n"
	       "P1(int *x) { madvise(x, MADV_DONTNEED); }\n"
	       "locations [x]",
	       "0:r0=0; 0:r1=1; x=1;", "0:r0=0; 0:r1=1; x=2;", NULL);
	/* The mapping is not the file. */
	expect("{ file x = 1; unmapped z; }\n"
	       "P0(int *x, int *z) { mremap(x, z); pwrite(x, 2); r0 = *z; *z = 3;"
	       " madvise(z, MADV_DONTNEED); r1 = *z; munmap(z); r2 = pread(x); }\n",
	       "0:r0=2; 0:r1=2; 0:r2=2;", NULL);
	expect("{ file x[2] = {1}; }\n"
	       "P0(int *x) { r0 = pread(x + 1); x[1] = 2; r1 = x[0]; }\n",
	       "0:r0=0; 0:r1=1;", NULL);
}

/* Those who hold a page of the file, and its mm writes. */
static void test_file_held(void **state)
{
	(void)state;
	/* A short-term pin for reading may be one of the file's page. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 0); *x = 2; r0 = dma_read(r);"
	       " r1 = pagemap(x, r); }\n",
	       "0:r0=1; 0:r1=0;", "0:r0=2; 0:r1=0;", "0:r0=2; 0:r1=1;", NULL);
	expect_strict("{ file x = 1; }\n"
		      "P0(int *x) { r = get_user_pages(x, 0); *x = 2; r0 = dma_read(r); }\n",
		      "0:r0=2;", NULL);
	/* A long-term pin is one of the mm's, whose page is copied then or later. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_LONGTERM); *x = 2; r0 = dma_read(r);"
	       " r1 = pagemap(x, r); }\n",
	       "0:r0=2; 0:r1=1;", NULL);
	expect("{ file x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_LONGTERM); pwrite(x, 5); r0 = dma_read(r);"
	       " r1 = *x; *x = 2; r2 = dma_read(r); }\n",
	       "0:r0=1; 0:r1=1; 0:r2=2;", "0:r0=5; 0:r1=5; 0:r2=2;", NULL);
	/* The owner discards what it had: the pin keeps it, or the file's. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); *x = 2; madvise(x, MADV_DONTNEED);"
	       " r0 = *x; dma_write(r, 3); r1 = *x; r2 = pread(x); r3 = dma_read(r); }\n",
	       "0:r0=1; 0:r1=1; 0:r2=1; 0:r3=3;", NULL);
	/* It is the file's page, or has been copied at once; and then it is as any other. */
	expect("{ file x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, 0); *x = 2; pwrite(x, 5); r0 = dma_read(r); }\n",
	       "0:r0=2;", "0:r0=5;", NULL);
}

/* Where huge pages are scarce, the one who reserved them has them, and its children lose. */
static void test_hugetlb_pool(void **state)
{
	static const char read[] = "P0(int *x) { fork(P1); *x = 2; r0 = *x; wait(P1); }\n"
				   "P1(int *x) { r0 = 5; r0 = *x; }\n";
	char body[512];

	(void)state;
	snprintf(body, sizeof(body), "{ nr_hugepages = 1; hugetlb x = 1; }\n%s", read);
	expect(body, "0:r0=2; 1:r0=1;", "0:r0=2; 1:r0=5; 1:status=SIGBUS;", NULL);
	snprintf(body, sizeof(body), "{ hugetlb x = 1; }\n%s", read);
	expect(body, "0:r0=2; 1:r0=1;", NULL);
	snprintf(body, sizeof(body), "{ nr_hugepages = 1; shared_hugetlb x = 1; }\n%s", read);
	expect(body, "0:r0=2; 1:r0=1;", "0:r0=2; 1:r0=2;", NULL);
	/* It is an error to GUP; and nothing is lost to the owner in any case. */
	expect("{ nr_hugepages = 1; hugetlb x = 1; }\n"
	       "P0(int *x) { fork(P1); *x = 2; wait(P1); r0 = *x; }\n"
	       "P1(int *x) { r = pin_user_pages(x, 0); r0 = ptrace_pokedata(P1, x, 3); }\n",
	       "0:r0=2; 1:r=-EFAULT; 1:r0=-EIO;", "0:r0=2; 1:r=-EFAULT; 1:r0=0;",
	       "0:r0=2; 1:r0=-EIO;", "0:r0=2; 1:r0=0;", NULL);
	expect("{ nr_hugepages = 1; hugetlb x = 1; }\n"
	       "P0(int *x) { fork(P1); }\n"
	       "P1(int *x) { }\n"
	       "locations [x; 1:x]",
	       "x=1; 1:x=1;", "x=1; 1:x=SIGBUS;", NULL);
	/* fork() copies what is pinned at once, or fails. */
	expect("{ nr_hugepages = 1; hugetlb x = 1; }\n"
	       "P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); r0 = fork(P1); r1 = wait(P1); }\n"
	       "P1() { r0 = 1; }\n",
	       "0:r0=-ENOMEM; 0:r1=-ECHILD; 1:r0=0;", "0:r0=0; 0:r1=0; 1:r0=1;", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),      cmocka_unit_test(test_results),
		cmocka_unit_test(test_madv_free), cmocka_unit_test(test_file),
		cmocka_unit_test(test_file_held), cmocka_unit_test(test_hugetlb_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
