/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_uffd_eras.c - userfaultfd: what kernels have done differently */
#include "uffd_fixture.h"

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
		{"v5.13", RW | VM_SHARED, UFFDIO_REGISTER_MODE_MINOR, -MM_EINVAL},
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

/* 7677f7fd8be7: of hugetlb alone for one release. */
static void minor_faults_began_with_hugetlb(void **state)
{
	static const struct {
		const char *version;
		int err;
	} eras[] = {{"v5.12", -MM_EINVAL}, {"v5.13", 0}, {"v5.14", 0}};

	(void)state;
	if (!mm_has(MM_HUGETLB_PAGE))
		return;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct machine_config config = {.nr_frames = 4096, .nr_cpus = 1, .nr_hugepages = 1};
		struct machine *machine =
			machine_create(&mm_era_find(eras[i].version)->rules, &config);
		struct mm *mm = mm_create(machine);
		struct userfaultfd_ctx *ctx;

		assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, RW | VM_SHARED | VM_HUGETLB), 0);
		assert_int_equal(userfaultfd_create(mm, 0, &ctx), 0);
		assert_int_equal(
			uffdio_register(ctx, BASE, MM_HPAGE_SIZE, UFFDIO_REGISTER_MODE_MINOR),
			eras[i].err);
		userfaultfd_close(ctx);
		mm_destroy(mm);
		machine_destroy(machine);
	}
}

/* 23ec90eb122f */
static void unregistering_with_another_one(void **state)
{
	static const struct {
		const char *version;
		int err;
	} eras[] = {{"v5.7", 0}, {"v6.15", 0}, {"v6.17", -MM_EINVAL}};

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct fixture fixture = begin(eras[i].version, 0);
		struct userfaultfd_ctx *other;

		map(&fixture, 2, RW);
		assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_MISSING), 0);
		assert_int_equal(userfaultfd_create(fixture.mm, 0, &other), 0);
		assert_int_equal(uffdio_unregister(other, BASE, 2 * PAGE), eras[i].err);
		assert_int_equal(fixture.mm->vmas[0].uffd_ctx != NULL, eras[i].err != 0);
		/* What belongs to nobody is no error. */
		assert_int_equal(uffdio_unregister(other, BASE + PAGE, PAGE), 0);
		userfaultfd_close(other);
		end(&fixture);
	}
}

/* a1b92a3f1498: what comes before the mapping that does not fit is protected. */
static void protecting_goes_as_far_as_it_can(void **state)
{
	static const struct {
		const char *version;
		bool first;
	} eras[] = {{"v6.2", false}, {"v6.3", true}, {"v6.18", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct fixture fixture = begin(eras[i].version, 0);
		unsigned protect = UFFDIO_WRITEPROTECT_MODE_WP;

		map(&fixture, 3, RW);
		for (unsigned long addr = BASE; addr < BASE + 3 * PAGE; addr += PAGE)
			store(&fixture, addr, 1);
		assert_int_equal(register_range(&fixture, 1, UFFDIO_REGISTER_MODE_WP), 0);
		assert_int_equal(uffdio_register(fixture.ctx, BASE + 2 * PAGE, PAGE,
						 UFFDIO_REGISTER_MODE_WP),
				 0);
		assert_int_equal(uffdio_writeprotect(fixture.ctx, BASE, 3 * PAGE, protect),
				 -MM_ENOENT);
		assert_int_equal(pte_uffd_wp(mm_pte(fixture.mm, BASE)), eras[i].first);
		assert_false(pte_uffd_wp(mm_pte(fixture.mm, BASE + 2 * PAGE)));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_by_era),
		cmocka_unit_test(minor_faults_began_with_hugetlb),
		cmocka_unit_test(unregistering_with_another_one),
		cmocka_unit_test(protecting_goes_as_far_as_it_can),
		cmocka_unit_test(features_by_era),
		cmocka_unit_test(v5_8_reads_by_gup_as_if_to_write),
		cmocka_unit_test(fork_without_event_clears_the_bit_since_v5_14),
		cmocka_unit_test(unprotected_is_writable_at_once_since_v6_3),
		cmocka_unit_test(mprotect_keeps_the_bit),
		cmocka_unit_test(unregister_and_close_by_era),
		cmocka_unit_test(mremap_by_era),
		cmocka_unit_test(ranges_of_many_vmas_since_v6_3),
		cmocka_unit_test(minor_faults_are_continued),
	};

	/* Nothing to test where it is left out. */
	if (!mm_has(MM_USERFAULTFD))
		return 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
