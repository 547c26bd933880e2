/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_thp.c - transparent huge pages, in the geometry of x86-64, under the rules of several eras
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"
#include "threads.h"

#define FRAMES 8192
#define BASE   (1UL << 30) /* aligned to a huge page */
#define PAGE   MM_PAGE_SIZE
#define HPAGE  MM_HPAGE_SIZE
#define LAST   (BASE + HPAGE - PAGE) /* last base page of the first huge page */

/* A machine with one mm. */
struct fixture {
	struct machine *machine;
	struct mm *mm;
	unsigned free_frames;
};

static struct fixture begin(const char *era)
{
	struct machine_config config = {.nr_frames = FRAMES, .nr_cpus = 1};
	struct fixture fixture;

	fixture.machine = machine_create(&mm_era_find(era)->rules, &config);
	assert_non_null(fixture.machine);
	fixture.free_frames = nr_free_pages(fixture.machine);
	fixture.mm = mm_create(fixture.machine);
	assert_non_null(fixture.mm);
	return fixture;
}

static bool audit(const struct fixture *fixture, const struct page *pinned)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	if (pinned)
		mm_audit_hold(fixture->machine, frames, pinned, true);
	return mm_audit(fixture->machine, frames, &result);
}

/* Whatever a test did: all counts are right, no frame is lost but for the huge zero page. */
static void end(struct fixture *fixture)
{
	unsigned kept = fixture->machine->huge_zero_pfn ? MM_HPAGE_NR : 0;

	port_fail_allocation(0);
	assert_true(audit(fixture, NULL));
	mm_destroy(fixture->mm);
	lru_add_drain(fixture->machine);
	assert_int_equal(nr_free_pages(fixture->machine), fixture->free_frames - kept);
	machine_destroy(fixture->machine);
}

/* Room for two huge pages, with MADV_HUGEPAGE. */
static void map(const struct fixture *fixture)
{
	assert_int_equal(mm_mmap(fixture->mm, BASE, 2 * HPAGE, VM_READ | VM_WRITE), 0);
	assert_int_equal(mm_madvise(fixture->mm, BASE, 2 * HPAGE, MM_MADV_HUGEPAGE), 0);
}

static uint32_t load(struct mm *mm, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(mm, addr, &value), 0);
	return value;
}

static void store(struct mm *mm, unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(mm, addr, value), 0);
}

static struct mm *fork_mm(const struct fixture *fixture)
{
	struct mm *child;

	assert_int_equal(mm_fork(fixture->mm, &child), 0);
	return child;
}

/* A huge page whose first and last base pages hold 1 and 2. */
static struct fixture begin_with_huge_page(const char *era)
{
	struct fixture fixture = begin(era);

	map(&fixture);
	store(fixture.mm, BASE, 1);
	store(fixture.mm, LAST, 2);
	assert_true(mm_pmd_mapped(fixture.mm, BASE));
	return fixture;
}

static struct page *page_at(const struct fixture *fixture, struct mm *mm, unsigned long addr)
{
	return pfn_to_page(fixture->machine, pte_pfn(mm_pte(mm, addr)));
}

/* Documentation/admin-guide/mm/transhuge.rst: with "madvise" only where it was asked for. */
static void only_advised_memory_is_huge(void **state)
{
	struct fixture fixture = begin("v6.18");

	(void)state;
	assert_int_equal(mm_mmap(fixture.mm, BASE, 2 * HPAGE, VM_READ | VM_WRITE), 0);
	store(fixture.mm, BASE, 1);
	assert_false(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(mm_madvise(fixture.mm, BASE, 2 * HPAGE, MM_MADV_HUGEPAGE), 0);
	store(fixture.mm, BASE + HPAGE + 5 * PAGE, 7);
	assert_true(mm_pmd_mapped(fixture.mm, BASE + HPAGE));
	assert_int_equal(load(fixture.mm, BASE + HPAGE), 0);
	assert_int_equal(load(fixture.mm, BASE + HPAGE + 5 * PAGE), 7);
	assert_int_equal(mm_madvise(fixture.mm, BASE + HPAGE, HPAGE, MM_MADV_DONTNEED), 0);
	assert_int_equal(mm_madvise(fixture.mm, BASE, 2 * HPAGE, MM_MADV_NOHUGEPAGE), 0);
	store(fixture.mm, BASE + HPAGE, 1);
	assert_false(mm_pmd_mapped(fixture.mm, BASE + HPAGE));
	end(&fixture);
}

/* A huge page is aligned, and all of it is in one VMA. */
static void a_huge_page_fits_into_its_vma(void **state)
{
	struct fixture fixture = begin("v6.18");

	(void)state;
	map(&fixture);
	assert_int_equal(mm_munmap(fixture.mm, LAST, PAGE), 0);
	store(fixture.mm, BASE, 1);
	assert_false(mm_pmd_mapped(fixture.mm, BASE));
	/* Where VMAs part, so does the PMD. */
	store(fixture.mm, BASE + HPAGE, 1);
	assert_true(mm_pmd_mapped(fixture.mm, BASE + HPAGE));
	assert_int_equal(mm_madvise(fixture.mm, BASE + HPAGE, PAGE, MM_MADV_DONTFORK), 0);
	assert_false(mm_pmd_mapped(fixture.mm, BASE + HPAGE));
	assert_int_equal(load(fixture.mm, BASE + HPAGE), 1);
	end(&fixture);
}

/* 3917c80280c9 (v5.8) split the huge zero page's PMD, 1ced09e0331f (v6.13) does not any more. */
static void a_write_replaces_the_huge_zero_page(void **state)
{
	static const struct {
		const char *era;
		bool huge;
	} cases[] = {{"v5.7", true}, {"v5.8", false}, {"v6.12", false}, {"v6.13", true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin(cases[i].era);

		map(&fixture);
		assert_int_equal(load(fixture.mm, BASE), 0);
		assert_true(mm_pmd_mapped(fixture.mm, BASE));
		assert_int_equal(load(fixture.mm, BASE + HPAGE), 0);
		store(fixture.mm, BASE, 1);
		assert_int_equal(mm_pmd_mapped(fixture.mm, BASE), cases[i].huge);
		assert_int_equal(load(fixture.mm, LAST), 0);
		assert_int_equal(load(fixture.mm, BASE + HPAGE), 0);
		end(&fixture);
	}
}

/* Without memory for a huge page there are base pages. */
static void without_a_huge_page_there_are_base_pages(void **state)
{
	struct fixture fixture = begin("v6.18");

	(void)state;
	map(&fixture);
	store(fixture.mm, BASE, 1);
	port_fail_allocation(1);
	store(fixture.mm, BASE + HPAGE, 1);
	port_fail_allocation(0);
	assert_false(mm_pmd_mapped(fixture.mm, BASE + HPAGE));
	end(&fixture);
}

/* do_huge_pmd_wp_page(): v5.7 copies 2 MiB, later kernels one base page (3917c80280c9). */
static void a_write_to_a_shared_huge_page_copies(void **state)
{
	static const struct {
		const char *era;
		bool huge;
	} cases[] = {{"v5.7", true}, {"v5.8", false}, {"v5.18", false}, {"v6.18", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture = begin_with_huge_page(cases[i].era);
		struct mm *child = fork_mm(&fixture);

		assert_true(mm_pmd_mapped(child, BASE));
		assert_ptr_equal(page_at(&fixture, child, BASE),
				 page_at(&fixture, fixture.mm, BASE));
		store(fixture.mm, BASE, 10);
		assert_int_equal(mm_pmd_mapped(fixture.mm, BASE), cases[i].huge);
		assert_true(mm_pmd_mapped(child, BASE));
		assert_int_equal(load(child, BASE), 1);
		assert_int_equal(load(fixture.mm, LAST), 2);
		/* The rest of it is shared still, if only one page was copied. */
		assert_int_equal(page_at(&fixture, child, LAST) ==
					 page_at(&fixture, fixture.mm, LAST),
				 !cases[i].huge);
		assert_true(audit(&fixture, NULL));
		mm_destroy(child);
		end(&fixture);
	}
}

/* Whoever is left alone with a huge page takes it as it is. */
static void a_sole_owner_takes_the_huge_page(void **state)
{
	static const char *const eras[] = {"v5.7", "v5.9", "v5.18", "v5.19", "v6.18"};

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct fixture fixture = begin_with_huge_page(eras[i]);
		struct page *page = page_at(&fixture, fixture.mm, BASE);

		mm_destroy(fork_mm(&fixture));
		store(fixture.mm, BASE, 10);
		assert_true(mm_pmd_mapped(fixture.mm, BASE));
		assert_ptr_equal(page_at(&fixture, fixture.mm, BASE), page);
		end(&fixture);
	}
}

/*
 * What PTEs map of a huge page that was shared once: by the mapcounts of v5.7 it is taken, by a
 * count that includes the other parts it is not, nor ever from v6.9 on, until v6.15 counts the
 * mappings (1da190f4d0a6).
 */
static void parts_of_a_huge_page_are_taken_by_era(void **state)
{
	static const struct {
		const char *era;
		bool whole;   /* taken while all parts are mapped */
		bool partial; /* taken when it is the only part left */
	} cases[] = {
		{"v5.7", true, true},   {"v5.9", false, true},  {"v5.18", false, true},
		{"v6.8", false, true},  {"v6.9", false, false}, {"v6.14", false, false},
		{"v6.15", true, false}, {"v6.18", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int partial = 0; partial < 2; partial++) {
			struct fixture fixture = begin_with_huge_page(cases[i].era);
			struct page *page = page_at(&fixture, fixture.mm, BASE);
			unsigned long rest = BASE + PAGE;

			assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTFORK), 0);
			assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DOFORK), 0);
			assert_false(mm_pmd_mapped(fixture.mm, BASE));
			mm_destroy(fork_mm(&fixture));
			if (partial)
				assert_int_equal(mm_madvise(fixture.mm, rest, HPAGE - PAGE,
							    MM_MADV_DONTNEED),
						 0);
			store(fixture.mm, BASE, 10);
			assert_int_equal(page_at(&fixture, fixture.mm, BASE) == page,
					 partial ? cases[i].partial : cases[i].whole);
			end(&fixture);
		}
	}
}

/* d042035eaf5f: what may be pinned is split, and each base page copied for the child. */
static void fork_splits_a_pinned_huge_page(void **state)
{
	struct fixture fixture = begin_with_huge_page("v5.9");
	struct page *page, *mapped;
	struct mm *child;

	(void)state;
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE + PAGE, 1, FOLL_WRITE, &page), 1);
	mapped = page_at(&fixture, fixture.mm, BASE);
	child = fork_mm(&fixture);
	assert_false(mm_pmd_mapped(fixture.mm, BASE));
	assert_false(mm_pmd_mapped(child, BASE));
	assert_ptr_equal(page_at(&fixture, fixture.mm, BASE), mapped);
	assert_ptr_not_equal(page_at(&fixture, child, BASE), mapped);
	assert_ptr_not_equal(page_at(&fixture, child, LAST), page_at(&fixture, fixture.mm, LAST));
	store(fixture.mm, BASE + PAGE, 3);
	assert_ptr_equal(page_at(&fixture, fixture.mm, BASE + PAGE), page);
	assert_int_equal(load(child, BASE + PAGE), 0);
	assert_int_equal(load(child, LAST), 2);
	assert_true(audit(&fixture, page));
	unpin_user_page(fixture.machine, page);
	mm_destroy(child);
	end(&fixture);
}

/* mremap() moves a whole huge page as it is, and splits what it moves a part of. */
static void mremap_moves_huge_pages(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	struct page *page = page_at(&fixture, fixture.mm, BASE);
	unsigned long to = BASE + 8 * HPAGE;

	(void)state;
	assert_int_equal(mm_mremap(fixture.mm, BASE, HPAGE, to), 0);
	assert_true(mm_pmd_mapped(fixture.mm, to));
	assert_ptr_equal(page_at(&fixture, fixture.mm, to), page);
	assert_int_equal(load(fixture.mm, to + HPAGE - PAGE), 2);
	assert_true(audit(&fixture, NULL));
	assert_int_equal(mm_mremap(fixture.mm, to, HPAGE / 2, to + 8 * HPAGE), 0);
	assert_false(mm_pmd_mapped(fixture.mm, to + 8 * HPAGE));
	assert_ptr_equal(page_at(&fixture, fixture.mm, to + 8 * HPAGE), page);
	assert_int_equal(load(fixture.mm, to + 8 * HPAGE), 1);
	assert_int_equal(load(fixture.mm, to + HPAGE - PAGE), 2);
	/* To an address that is no multiple of a huge page's size. */
	store(fixture.mm, BASE + HPAGE, 5);
	assert_int_equal(mm_mremap(fixture.mm, BASE + HPAGE, HPAGE, to + 16 * HPAGE + PAGE), 0);
	assert_false(mm_pmd_mapped(fixture.mm, to + 16 * HPAGE + PAGE));
	assert_int_equal(load(fixture.mm, to + 16 * HPAGE + PAGE), 5);
	end(&fixture);
}

static void protection_and_discard_split_what_they_cut(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");

	(void)state;
	assert_int_equal(mm_mprotect(fixture.mm, BASE, HPAGE, VM_READ), 0);
	assert_true(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(mm_store(fixture.mm, BASE, 3), -MM_EFAULT);
	assert_int_equal(mm_mprotect(fixture.mm, BASE, HPAGE, VM_READ | VM_WRITE), 0);
	store(fixture.mm, BASE, 3);
	assert_true(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	assert_false(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(load(fixture.mm, BASE), 0);
	assert_int_equal(load(fixture.mm, LAST), 2);
	end(&fixture);
}

/* split_huge_page(): not while somebody holds the page. */
static void a_huge_page_that_is_held_is_not_split(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	struct mm *child = fork_mm(&fixture);
	struct page *page;

	(void)state;
	assert_int_equal(get_user_pages_fast(child, LAST, 1, 0, &page), 1);
	assert_int_equal(mm_split_huge_page(fixture.mm, BASE), -MM_EAGAIN);
	assert_int_equal(load(fixture.mm, LAST), 2);
	put_page(fixture.machine, page);
	assert_int_equal(mm_split_huge_page(fixture.mm, BASE), 0);
	assert_int_equal(mm_split_huge_page(fixture.mm, BASE), -MM_EINVAL);
	/* Both still share each of its pages, which are on their own now. */
	assert_ptr_equal(page_at(&fixture, child, LAST), page_at(&fixture, fixture.mm, LAST));
	store(fixture.mm, BASE, 10);
	store(child, LAST, 20);
	assert_int_equal(load(child, BASE), 1);
	assert_int_equal(load(fixture.mm, LAST), 2);
	assert_true(audit(&fixture, NULL));
	mm_destroy(child);
	end(&fixture);
}

/* The parts of a split huge page that nobody maps are free. */
static void a_split_frees_what_was_discarded(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	unsigned before;

	(void)state;
	assert_int_equal(mm_madvise(fixture.mm, BASE + PAGE, HPAGE - PAGE, MM_MADV_DONTNEED), 0);
	before = nr_free_pages(fixture.machine);
	assert_int_equal(mm_split_huge_page(fixture.mm, BASE), 0);
	assert_int_equal(nr_free_pages(fixture.machine), before + MM_HPAGE_NR - 1);
	assert_int_equal(load(fixture.mm, BASE), 1);
	end(&fixture);
}

/* MADV_COLLAPSE came with v6.1 (7d8faaf15545). */
static void collapse_makes_base_pages_huge(void **state)
{
	struct fixture fixture = begin("v6.1");
	struct page *page;

	(void)state;
	assert_int_equal(mm_mmap(fixture.mm, BASE, 2 * HPAGE, VM_READ | VM_WRITE), 0);
	store(fixture.mm, BASE, 1);
	store(fixture.mm, LAST, 2);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 0);
	/* Nothing is mapped at all in the second one. */
	assert_int_equal(mm_madvise(fixture.mm, BASE + HPAGE, HPAGE, MM_MADV_COLLAPSE), -MM_EINVAL);
	assert_int_equal(get_user_pages_fast(fixture.mm, LAST, 1, 0, &page), 1);
	assert_int_equal(mm_madvise(fixture.mm, BASE, HPAGE, MM_MADV_COLLAPSE), -MM_EAGAIN);
	put_page(fixture.machine, page);
	assert_int_equal(mm_madvise(fixture.mm, BASE, HPAGE, MM_MADV_COLLAPSE), 0);
	assert_true(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(load(fixture.mm, BASE), 1);
	assert_int_equal(load(fixture.mm, BASE + PAGE), 0);
	assert_int_equal(load(fixture.mm, LAST), 2);
	/* What is huge already is good. */
	assert_int_equal(mm_madvise(fixture.mm, BASE, HPAGE, MM_MADV_COLLAPSE), 0);
	end(&fixture);
}

static void collapse_is_unknown_before(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.0");

	(void)state;
	assert_int_equal(mm_madvise(fixture.mm, BASE, HPAGE, MM_MADV_COLLAPSE), -MM_EINVAL);
	end(&fixture);
}

/* A collapse without memory leaves everything as it was. */
static void collapse_without_memory_changes_nothing(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");

	(void)state;
	assert_int_equal(mm_madvise(fixture.mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
	store(fixture.mm, BASE, 1);
	port_fail_allocation(1);
	assert_int_equal(mm_madvise(fixture.mm, BASE, HPAGE, MM_MADV_COLLAPSE), -MM_ENOMEM);
	port_fail_allocation(0);
	assert_false(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(load(fixture.mm, LAST), 2);
	assert_int_equal(mm_madvise(fixture.mm, BASE, HPAGE, MM_MADV_COLLAPSE), 0);
	assert_int_equal(load(fixture.mm, LAST), 2);
	end(&fixture);
}

/* __do_huge_pmd_anonymous_page(): without a table to put aside there is no huge page. */
static void no_table_no_huge_page(void **state)
{
	(void)state;
	for (int write = 0; write < 2; write++) {
		struct fixture fixture = begin("v6.18");
		uint32_t value;

		map(&fixture);
		/* The tables above, and the huge zero page. */
		assert_int_equal(load(fixture.mm, BASE + HPAGE), 0);
		port_fail_allocation(write ? 2 : 1);
		if (write)
			assert_int_equal(mm_store(fixture.mm, BASE, 1), -MM_ENOMEM);
		else
			assert_int_equal(mm_load(fixture.mm, BASE, &value), -MM_ENOMEM);
		port_fail_allocation(0);
		assert_true(audit(&fixture, NULL));
		assert_true(pte_none(mm_pte(fixture.mm, BASE)));
		store(fixture.mm, BASE, 1);
		assert_true(mm_pmd_mapped(fixture.mm, BASE));
		end(&fixture);
	}
}

/* d82d09e48219: the PMD is special, and fast GUP leaves it to slow GUP. */
static void fast_gup_and_the_huge_zero_page(void **state)
{
	static const struct {
		const char *era;
		long taken;
	} eras[] = {{"v5.7", 1}, {"v6.17", 1}, {"v6.18", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct fixture fixture = begin(eras[i].era);
		struct page *page;

		map(&fixture);
		assert_int_equal(load(fixture.mm, BASE), 0);
		assert_int_equal(get_user_pages_fast(fixture.mm, BASE, 1, FOLL_FAST_ONLY, &page),
				 eras[i].taken);
		if (eras[i].taken)
			put_page(fixture.machine, page);
		assert_int_equal(get_user_pages_fast(fixture.mm, BASE, 1, 0, &page), 1);
		assert_int_equal(page_to_pfn(fixture.machine, page),
				 fixture.machine->huge_zero_pfn);
		put_page(fixture.machine, page);
		end(&fixture);
	}
}

static struct userfaultfd_ctx *monitor(const struct fixture *fixture, unsigned features,
				       unsigned mode)
{
	struct userfaultfd_ctx *ctx;

	assert_int_equal(userfaultfd_create(fixture->mm, features, &ctx), 0);
	assert_int_equal(uffdio_register(ctx, BASE, HPAGE, mode), 0);
	return ctx;
}

/* A monitor is asked for missing memory before a huge page is made, and told of writes to one. */
static void monitored_memory(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct userfaultfd_ctx *ctx;
	struct page *page;

	(void)state;
	map(&fixture);
	if (mm_has(MM_USERFAULTFD)) {
		ctx = monitor(&fixture, 0, UFFDIO_REGISTER_MODE_MISSING);
		/* GUP can't wait for it. */
		assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, FOLL_WRITE, &page),
				 -MM_EFAULT);
		assert_true(pte_none(mm_pte(fixture.mm, BASE)));
		userfaultfd_close(ctx);

		store(fixture.mm, BASE, 1);
		ctx = monitor(&fixture, 0, UFFDIO_REGISTER_MODE_WP);
		assert_int_equal(uffdio_writeprotect(ctx, BASE, HPAGE, UFFDIO_WRITEPROTECT_MODE_WP),
				 0);
		assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, FOLL_WRITE, &page),
				 -MM_EFAULT);
		assert_true(mm_pmd_mapped(fixture.mm, BASE));
		assert_true(pte_uffd_wp(mm_pte(fixture.mm, LAST)));
		userfaultfd_close(ctx);
	}
	end(&fixture);
}

/* d61ea1cb0095: an async write splits the PMD, for only one base page has been written to. */
static void an_async_write_splits(void **state)
{
	struct fixture fixture = begin("v6.18");
	struct userfaultfd_ctx *ctx;

	(void)state;
	map(&fixture);
	store(fixture.mm, BASE, 1);
	if (mm_has(MM_USERFAULTFD)) {
		ctx = monitor(&fixture, UFFD_FEATURE_WP_ASYNC, UFFDIO_REGISTER_MODE_WP);
		assert_int_equal(uffdio_writeprotect(ctx, BASE, HPAGE, UFFDIO_WRITEPROTECT_MODE_WP),
				 0);
		store(fixture.mm, BASE, 2);
		assert_false(mm_pmd_mapped(fixture.mm, BASE));
		assert_false(pte_uffd_wp(mm_pte(fixture.mm, BASE)));
		assert_true(pte_uffd_wp(mm_pte(fixture.mm, LAST)));
		assert_false(userfaultfd_poll(ctx));
		userfaultfd_close(ctx);
	}
	end(&fixture);
}

/* The last one left with a huge page: unsharing makes it exclusive, and not writable. */
static void unsharing_takes_what_is_sole(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	struct page *head = page_at(&fixture, fixture.mm, BASE);
	struct page *page;

	(void)state;
	mm_destroy(fork_mm(&fixture));
	lru_add_drain(fixture.machine);
	assert_false(page_flag(head, PG_ANON_EXCLUSIVE));
	assert_int_equal(pin_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
	assert_ptr_equal(page, head);
	assert_true(mm_pmd_mapped(fixture.mm, BASE));
	assert_true(page_flag(head, PG_ANON_EXCLUSIVE));
	assert_false(pte_write(mm_pte(fixture.mm, BASE)));
	assert_true(audit(&fixture, page));
	unpin_user_page(fixture.machine, page);
	end(&fixture);
}

/* huge_pmd_set_accessed(): who was slower than another fault finds the PMD as he wants it. */
static void a_fault_that_comes_late(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	struct mm *mm = fixture.mm;
	struct pte_lock lock = pmd_offset_lock(mm, BASE);

	(void)state;
	port_entry_set(lock.entry, port_entry_read(lock.entry) & ~(PTE_DIRTY | PTE_ACCESSED));
	pte_unlock(&lock);
	port_down_read(&mm->mmap_lock);
	assert_int_equal(handle_mm_fault(mm, find_vma(mm, BASE), BASE, 0), 0);
	assert_false(pte_dirty(mm_pte(mm, BASE)));
	assert_int_equal(handle_mm_fault(mm, find_vma(mm, BASE), BASE, FAULT_FLAG_WRITE), 0);
	port_up_read(&mm->mmap_lock);
	assert_true(pte_dirty(mm_pte(mm, BASE)));
	assert_true(mm_pte(mm, BASE) & PTE_ACCESSED);
	assert_true(pte_write(mm_pte(mm, BASE)));
	end(&fixture);
}

/* What stands in the PMD while the huge page is on its way; returns what stood there. */
static pte_t send_away(struct mm *mm)
{
	struct pte_lock lock = pmd_offset_lock(mm, BASE);
	pte_t pmd = port_entry_read(lock.entry);

	port_entry_set(lock.entry, swp_entry(SWP_MIGRATION_WRITE, pte_pfn(pmd)));
	flush_tlb_range(mm, BASE, BASE + HPAGE);
	pte_unlock(&lock);
	return pmd;
}

/* copy_huge_pmd(): a huge page on its way arrives read-only in both. */
static void fork_of_a_huge_page_on_its_way(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	pte_t pmd = send_away(fixture.mm), entry;
	struct mm *child = fork_mm(&fixture);
	struct pte_lock lock = pmd_offset_lock(child, BASE);

	(void)state;
	entry = port_entry_xchg(lock.entry, 0);
	put_page(fixture.machine, pgtable_withdraw(child, lock.entry));
	pte_unlock(&lock);
	assert_int_equal(swp_type(entry), SWP_MIGRATION_READ);
	assert_int_equal(swp_offset(entry), pte_pfn(pmd));
	lock = pmd_offset_lock(fixture.mm, BASE);
	assert_int_equal(swp_type(port_entry_xchg(lock.entry, pmd)), SWP_MIGRATION_READ);
	pte_unlock(&lock);
	mm_destroy(child);
	end(&fixture);
}

/* __split_huge_pmd_locked(): each part of one on its way has an entry of its own. */
static void a_huge_page_on_its_way_is_split(void **state)
{
	struct fixture fixture = begin_with_huge_page("v6.18");
	struct mm *mm = fixture.mm;
	pte_t pmd = send_away(mm);

	(void)state;
	split_huge_pmd(mm, BASE);
	for (unsigned i = 0; i < MM_HPAGE_NR; i++) {
		struct pte_lock lock = pte_offset_lock(mm, BASE + i * PAGE);
		pte_t pte = port_entry_read(lock.entry);

		assert_int_equal(swp_type(pte), SWP_MIGRATION_WRITE);
		assert_int_equal(swp_offset(pte), pte_pfn(pmd) + i);
		/* As if it had arrived: the mapping's reference is the PMD's. */
		port_entry_set(lock.entry, 0);
		pte_unlock(&lock);
	}
	hpage_remove_rmap(fixture.machine, pfn_to_page(fixture.machine, pte_pfn(pmd)));
	put_page(fixture.machine, pfn_to_page(fixture.machine, pte_pfn(pmd)));
	end(&fixture);
}

static void *store_on_another_cpu(void *argument)
{
	port_set_cpu(1);
	store(argument, BASE, 3);
	return NULL;
}

/* do_huge_pmd_wp_page() waits for the page lock, under no other, and looks at the PMD again. */
static void a_write_waits_for_the_page_lock(void **state)
{
	struct machine_config config = {.nr_frames = FRAMES, .nr_cpus = 2};
	struct fixture fixture;
	struct page *head;
	pthread_t thread;

	(void)state;
	fixture.machine = machine_create(&mm_era_find("v5.8")->rules, &config);
	assert_non_null(fixture.machine);
	fixture.free_frames = nr_free_pages(fixture.machine);
	fixture.mm = mm_create(fixture.machine);
	map(&fixture);
	store(fixture.mm, BASE, 1);
	mm_destroy(fork_mm(&fixture));
	lru_add_drain(fixture.machine);
	head = page_at(&fixture, fixture.mm, BASE);
	port_lock(&head->lock);
	assert_int_equal(pthread_create(&thread, NULL, store_on_another_cpu, fixture.mm), 0);
	/* The mapping's reference, and the waiting fault's. */
	while (page_count(head) != 2)
		sched_yield();
	assert_false(pte_write(mm_pte(fixture.mm, BASE)));
	port_unlock(&head->lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_ptr_equal(page_at(&fixture, fixture.mm, BASE), head);
	assert_true(mm_pmd_mapped(fixture.mm, BASE));
	assert_int_equal(load(fixture.mm, BASE), 3);
	lru_add_drain_all(fixture.machine);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_advised_memory_is_huge),
		cmocka_unit_test(a_huge_page_fits_into_its_vma),
		cmocka_unit_test(a_write_replaces_the_huge_zero_page),
		cmocka_unit_test(without_a_huge_page_there_are_base_pages),
		cmocka_unit_test(a_write_to_a_shared_huge_page_copies),
		cmocka_unit_test(a_sole_owner_takes_the_huge_page),
		cmocka_unit_test(parts_of_a_huge_page_are_taken_by_era),
		cmocka_unit_test(fork_splits_a_pinned_huge_page),
		cmocka_unit_test(mremap_moves_huge_pages),
		cmocka_unit_test(protection_and_discard_split_what_they_cut),
		cmocka_unit_test(a_huge_page_that_is_held_is_not_split),
		cmocka_unit_test(a_split_frees_what_was_discarded),
		cmocka_unit_test(collapse_makes_base_pages_huge),
		cmocka_unit_test(collapse_is_unknown_before),
		cmocka_unit_test(collapse_without_memory_changes_nothing),
		cmocka_unit_test(no_table_no_huge_page),
		cmocka_unit_test(monitored_memory),
		cmocka_unit_test(an_async_write_splits),
		cmocka_unit_test(unsharing_takes_what_is_sole),
		cmocka_unit_test(a_fault_that_comes_late),
		cmocka_unit_test(fork_of_a_huge_page_on_its_way),
		cmocka_unit_test(a_huge_page_on_its_way_is_split),
		cmocka_unit_test(a_write_waits_for_the_page_lock),
		cmocka_unit_test(fast_gup_and_the_huge_zero_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
