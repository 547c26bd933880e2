/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_uffd_move.c - UFFDIO_MOVE, on base pages, huge pages and swap */
#define FRAMES     8192
#define SWAP_SLOTS 1024
#include "uffd_fixture.h"

#define HPAGE MM_HPAGE_SIZE

/* `length` bytes at BASE, of which the first page holds 1, and a registered place at OTHER. */
static struct fixture begin_move(const char *version, unsigned long length, unsigned advice)
{
	struct fixture fixture = begin(version, 0);

	assert_int_equal(mm_mmap(fixture.mm, BASE, length, RW), 0);
	assert_int_equal(mm_mmap(fixture.mm, OTHER, length, RW), 0);
	if (advice == MM_MADV_HUGEPAGE && mm_has(MM_TRANSPARENT_HUGEPAGE))
		assert_int_equal(mm_madvise(fixture.mm, BASE, length, MM_MADV_HUGEPAGE), 0);
	store(&fixture, BASE, 1);
	assert_int_equal(uffdio_register(fixture.ctx, OTHER, length, UFFDIO_REGISTER_MODE_MISSING),
			 0);
	return fixture;
}

static int move(const struct fixture *fixture, unsigned long length)
{
	return uffdio_move(fixture->ctx, fixture->mm, OTHER, BASE, length, 0);
}

static void advise(const struct fixture *fixture, unsigned long addr, enum mm_advice advice)
{
	assert_int_equal(mm_madvise(fixture->mm, addr, PAGE, advice), 0);
}

static bool is_swapped(const struct fixture *fixture, unsigned long addr)
{
	pte_t pte = mm_pte(fixture->mm, addr);

	return is_swap_pte(pte) && swp_type(pte) == SWP_DEVICE;
}

static pfn_t frame_at(const struct fixture *fixture, unsigned long addr)
{
	return pte_pfn(mm_pte(fixture->mm, addr));
}

static void a_page_moves_without_a_copy(void **state)
{
	struct fixture fixture = begin_move("v6.8", PAGE, MM_MADV_NOHUGEPAGE);
	pfn_t frame = frame_at(&fixture, BASE);

	(void)state;
	assert_int_equal(move(&fixture, PAGE), 0);
	audit(&fixture);
	assert_int_equal(frame_at(&fixture, OTHER), frame);
	assert_int_equal(load(fixture.mm, OTHER), 1);
	/* No CPU has kept the old entry. */
	assert_int_equal(load(fixture.mm, BASE), 0);
	store(&fixture, OTHER, 2);
	assert_int_equal(frame_at(&fixture, OTHER), frame);
	end(&fixture);
}

/* No CPU has kept an entry of what has moved from there, and is unmapped by now. */
static void expect_gone(const struct fixture *fixture, unsigned long addr)
{
	uint32_t value;

	assert_int_equal(mm_load(fixture->mm, addr, &value), -MM_EFAULT);
}

/* adef440691ba, eb1521dad8f3 and 867a43a34ff8. */
static void eras_differ(void **state)
{
	static const struct {
		const char *version;
		int page, zero, unmapped;
	} eras[] = {
		{"v6.7", -MM_EINVAL, -MM_EINVAL, -MM_EINVAL},
		{"v6.8", 0, -MM_EBUSY, -MM_EINVAL},
		{"v6.9", 0, 0, -MM_ENOENT},
		{"v6.18", 0, 0, -MM_ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(eras) / sizeof(eras[0]); i++) {
		struct fixture fixture = begin_move(eras[i].version, 2 * PAGE, MM_MADV_NOHUGEPAGE);

		assert_int_equal(load(fixture.mm, BASE + PAGE), 0);
		assert_int_equal(move(&fixture, PAGE), eras[i].page);
		assert_int_equal(
			uffdio_move(fixture.ctx, fixture.mm, OTHER + PAGE, BASE + PAGE, PAGE, 0),
			eras[i].zero);
		assert_int_equal(
			uffdio_move(fixture.ctx, fixture.mm, OTHER, OTHER + HPAGE, PAGE, 0),
			eras[i].unmapped);
		if (!eras[i].zero) {
			assert_int_equal(frame_at(&fixture, OTHER + PAGE),
					 fixture.machine->zero_pfn);
			store(&fixture, OTHER + PAGE, 3);
			assert_int_equal(mm_munmap(fixture.mm, BASE + PAGE, PAGE), 0);
			expect_gone(&fixture, BASE + PAGE);
		}
		end(&fixture);
	}
}

static void bad_requests_are_refused(void **state)
{
	struct fixture fixture = begin_move("v6.18", 4 * PAGE, MM_MADV_NOHUGEPAGE);
	struct mm *mm = fixture.mm;
	struct mm *child;

	(void)state;
	assert_int_equal(move(&fixture, 0), -MM_EINVAL);
	assert_int_equal(move(&fixture, 100), -MM_EINVAL);
	assert_int_equal(uffdio_move(fixture.ctx, mm, OTHER, BASE, PAGE, 4), -MM_EINVAL);
	assert_int_equal(uffdio_move(fixture.ctx, mm, OTHER, BASE + 1, PAGE, 0), -MM_EINVAL);
	assert_int_equal(uffdio_move(fixture.ctx, mm, OTHER + 1, BASE, PAGE, 0), -MM_EINVAL);
	/* Beyond the end of one mapping, to what is not registered, and out of another process. */
	assert_int_equal(uffdio_move(fixture.ctx, mm, OTHER, BASE + 3 * PAGE, 2 * PAGE, 0),
			 -MM_EINVAL);
	assert_int_equal(uffdio_move(fixture.ctx, mm, OTHER + 3 * PAGE, BASE, 2 * PAGE, 0),
			 -MM_EINVAL);
	assert_int_equal(uffdio_move(fixture.ctx, mm, BASE, OTHER, PAGE, 0), -MM_EINVAL);
	assert_int_equal(mm_fork(mm, &child), 0);
	assert_int_equal(uffdio_move(fixture.ctx, child, OTHER, BASE, PAGE, 0), -MM_EINVAL);
	mm_destroy(child);
	/* Both have to be private, anonymous, writable, and of one protection. */
	assert_int_equal(mm_mprotect(mm, OTHER, PAGE, VM_WRITE), 0);
	assert_int_equal(move(&fixture, PAGE), -MM_EINVAL);
	assert_int_equal(mm_mprotect(mm, OTHER, PAGE, VM_READ), 0);
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
	assert_int_equal(move(&fixture, PAGE), -MM_EINVAL);
	assert_int_equal(mm_mprotect(mm, OTHER, PAGE, RW), 0);
	assert_int_equal(mm_mmap(mm, BASE, PAGE, RW | VM_SHARED), 0);
	store(&fixture, BASE, 2);
	assert_int_equal(move(&fixture, PAGE), -MM_EINVAL);
	end(&fixture);
}

static void what_is_there_is_not_replaced(void **state)
{
	struct fixture fixture = begin_move("v6.18", 3 * PAGE, MM_MADV_NOHUGEPAGE);
	unsigned holes = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;

	(void)state;
	assert_int_equal(uffdio_copy(fixture.ctx, OTHER, 7, 0), 0);
	assert_int_equal(move(&fixture, PAGE), -MM_EEXIST);
	assert_int_equal(load(fixture.mm, BASE), 1);
	assert_int_equal(load(fixture.mm, OTHER), 7);
	/* Holes. */
	assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, OTHER + PAGE, BASE + PAGE, PAGE, 0),
			 -MM_ENOENT);
	assert_int_equal(
		uffdio_move(fixture.ctx, fixture.mm, OTHER + PAGE, BASE + PAGE, 2 * PAGE, holes),
		0);
	/* As far as it goes. */
	store(&fixture, BASE + PAGE, 2);
	assert_int_equal(
		uffdio_move(fixture.ctx, fixture.mm, OTHER + PAGE, BASE + PAGE, 2 * PAGE, 0),
		-MM_EAGAIN);
	assert_int_equal(load(fixture.mm, OTHER + PAGE), 2);
	end(&fixture);
}

/* Marks of what was protected before it was there are in the way on both sides. */
static void markers_are_in_the_way(void **state)
{
	struct fixture fixture = begin("v6.18", UFFD_FEATURE_WP_UNPOPULATED);

	(void)state;
	map(&fixture, 4, RW);
	assert_int_equal(register_range(&fixture, 4, UFFDIO_REGISTER_MODE_WP), 0);
	store(&fixture, BASE, 1);
	assert_int_equal(
		uffdio_writeprotect(fixture.ctx, BASE + PAGE, PAGE, UFFDIO_WRITEPROTECT_MODE_WP),
		0);
	assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, BASE + PAGE, BASE, PAGE, 0),
			 -MM_EEXIST);
	assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, BASE + 2 * PAGE, BASE + PAGE, PAGE,
				     UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES),
			 -MM_EFAULT);
	end(&fixture);
}

/* Whatever holds the page: a pin keeps it, another process, and not a plain reference. */
static void what_is_not_the_movers_alone_stays(void **state)
{
	struct fixture fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	struct page *page;
	struct mm *child;

	(void)state;
	assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 1, FOLL_WRITE, &page), 1);
	assert_int_equal(move(&fixture, PAGE), -MM_EBUSY);
	assert_int_equal(page_to_pfn(fixture.machine, page), frame_at(&fixture, BASE));
	unpin_user_page(fixture.machine, page);
	assert_int_equal(mm_fork(fixture.mm, &child), 0);
	assert_int_equal(move(&fixture, PAGE), -MM_EBUSY);
	mm_destroy(child);
	/* It may still be shared, for all that is known, until a write takes it. */
	assert_int_equal(move(&fixture, PAGE), -MM_EBUSY);
	store(&fixture, BASE, 2);
	assert_int_equal(get_user_pages_fast(fixture.mm, BASE, 1, 0, &page), 1);
	assert_int_equal(move(&fixture, PAGE), 0);
	assert_int_equal(page_to_pfn(fixture.machine, page), frame_at(&fixture, OTHER));
	put_page(fixture.machine, page);
	end(&fixture);
}

static void the_write_protection_does_not_move(void **state)
{
	struct fixture fixture = begin("v6.18", 0);

	(void)state;
	protect(&fixture, 1, RW);
	assert_int_equal(mm_mmap(fixture.mm, OTHER, PAGE, RW), 0);
	assert_int_equal(uffdio_register(fixture.ctx, OTHER, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(move(&fixture, PAGE), 0);
	assert_false(mm_pagemap_uffd_wp(fixture.mm, OTHER));
	store(&fixture, OTHER, 2);
	assert_false(userfaultfd_poll(fixture.ctx));
	end(&fixture);

	/* That of a page in swap does. */
	if (!mm_has(MM_SWAP))
		return;
	fixture = begin("v6.18", 0);
	protect(&fixture, 1, RW);
	advise(&fixture, BASE, MM_MADV_PAGEOUT);
	assert_int_equal(mm_mmap(fixture.mm, OTHER, PAGE, RW), 0);
	assert_int_equal(uffdio_register(fixture.ctx, OTHER, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(move(&fixture, PAGE), 0);
	assert_true(mm_pagemap_uffd_wp(fixture.mm, OTHER));
	end(&fixture);
}

static void a_page_in_swap_moves(void **state)
{
	struct fixture fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	struct page *page;
	struct mm *child;

	(void)state;
	if (mm_has(MM_SWAP)) {
		advise(&fixture, BASE, MM_MADV_PAGEOUT);
		assert_true(is_swapped(&fixture, BASE));
		assert_int_equal(move(&fixture, PAGE), 0);
		audit(&fixture);
		assert_true(is_swapped(&fixture, OTHER));
		assert_int_equal(load(fixture.mm, OTHER), 1);
		/* From the new place it can be found, and paged out again (c50f8e6053b0). */
		store(&fixture, OTHER, 2);
		assert_int_equal(get_user_pages(fixture.mm, OTHER, 1, 0, &page), 1);
		advise(&fixture, OTHER, MM_MADV_PAGEOUT);
		assert_true(is_swapped(&fixture, OTHER));
		assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, OTHER, OTHER, PAGE, 0),
				 -MM_EEXIST);
		put_page(fixture.machine, page);
	}
	end(&fixture);

	fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	if (mm_has(MM_SWAP)) {
		/* The swap cache has it still, for the reference. */
		assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
		advise(&fixture, BASE, MM_MADV_PAGEOUT);
		assert_true(is_swapped(&fixture, BASE));
		assert_int_equal(move(&fixture, PAGE), 0);
		assert_int_equal(load(fixture.mm, OTHER), 1);
		assert_int_equal(page_to_pfn(fixture.machine, page), frame_at(&fixture, OTHER));
		put_page(fixture.machine, page);
		advise(&fixture, OTHER, MM_MADV_PAGEOUT);
		assert_true(is_swapped(&fixture, OTHER));
	}
	end(&fixture);

	fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	if (mm_has(MM_SWAP)) {
		advise(&fixture, BASE, MM_MADV_PAGEOUT);
		assert_int_equal(mm_fork(fixture.mm, &child), 0);
		assert_int_equal(move(&fixture, PAGE), -MM_EBUSY);
		mm_destroy(child);
	}
	end(&fixture);
}

/* 75cb1cca2c88: what nobody has written to since MADV_FREE can go, wherever it is. */
static void freed_once_moved(const char *version, uint32_t kept)
{
	struct fixture fixture = begin_move(version, PAGE, MM_MADV_NOHUGEPAGE);

	advise(&fixture, BASE, MM_MADV_FREE);
	assert_int_equal(move(&fixture, PAGE), 0);
	advise(&fixture, OTHER, MM_MADV_PAGEOUT);
	if (kept)
		assert_int_equal(load(fixture.mm, OTHER), kept);
	else
		assert_true(pte_none(mm_pte(fixture.mm, OTHER)));
	end(&fixture);
}

static void what_moves_stays_clean(void **state)
{
	(void)state;
	if (!mm_has(MM_SWAP))
		return;
	freed_once_moved("v6.14", 1);
	freed_once_moved("v6.15", 0);
}

static void a_huge_page_moves_whole(void **state)
{
	struct fixture fixture = begin_move("v6.18", 2 * HPAGE, MM_MADV_HUGEPAGE);
	pfn_t frame = frame_at(&fixture, BASE);

	(void)state;
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		store(&fixture, BASE + HPAGE - PAGE, 2);
		assert_int_equal(move(&fixture, HPAGE), 0);
		audit(&fixture);
		assert_true(mm_pmd_mapped(fixture.mm, OTHER));
		assert_false(mm_pmd_mapped(fixture.mm, BASE));
		assert_int_equal(frame_at(&fixture, OTHER), frame);
		assert_int_equal(load(fixture.mm, OTHER + HPAGE - PAGE), 2);
		/* It can be found where it is, with the table for its split. */
		assert_int_equal(mm_split_huge_page(fixture.mm, OTHER), 0);
		assert_int_equal(load(fixture.mm, BASE), 0);
	}
	end(&fixture);
}

static void a_huge_page_is_split_to_move_a_part(void **state)
{
	struct fixture fixture = begin_move("6.18.44", 2 * HPAGE, MM_MADV_HUGEPAGE);
	struct page *page;

	(void)state;
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		store(&fixture, BASE + PAGE, 2);
		/* Who holds it keeps it from being split (before 6.18.44: for ever); the PMD goes.
		 */
		assert_int_equal(get_user_pages(fixture.mm, BASE, 1, 0, &page), 1);
		assert_int_equal(move(&fixture, PAGE), -MM_EBUSY);
		assert_false(mm_pmd_mapped(fixture.mm, BASE));
		put_page(fixture.machine, page);
		assert_int_equal(move(&fixture, PAGE), 0);
		audit(&fixture);
		assert_int_equal(load(fixture.mm, OTHER), 1);
		assert_int_equal(load(fixture.mm, BASE + PAGE), 2);
	}
	end(&fixture);

	/* The target has a table, or is not aligned: base page by base page. */
	fixture = begin_move("v6.18", 2 * HPAGE, MM_MADV_HUGEPAGE);
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		assert_int_equal(uffdio_zeropage(fixture.ctx, OTHER, PAGE, 0), 0);
		advise(&fixture, OTHER, MM_MADV_DONTNEED);
		assert_int_equal(move(&fixture, HPAGE), 0);
		assert_false(mm_pmd_mapped(fixture.mm, OTHER));
		assert_int_equal(load(fixture.mm, OTHER), 1);
	}
	end(&fixture);
}

static void huge_pages_that_stay(void **state)
{
	struct fixture fixture = begin_move("v6.18", 2 * HPAGE, MM_MADV_HUGEPAGE);
	struct page *page;
	struct mm *child;

	(void)state;
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		assert_int_equal(pin_user_pages_fast(fixture.mm, BASE, 1, FOLL_WRITE, &page), 1);
		assert_int_equal(move(&fixture, HPAGE), -MM_EBUSY);
		assert_true(mm_pmd_mapped(fixture.mm, BASE));
		unpin_user_page(fixture.machine, page);
		assert_int_equal(mm_fork(fixture.mm, &child), 0);
		assert_int_equal(move(&fixture, HPAGE), -MM_EBUSY);
		/* Nor is it split for a part. */
		assert_int_equal(move(&fixture, PAGE), -MM_EBUSY);
		assert_true(mm_pmd_mapped(fixture.mm, BASE));
		mm_destroy(child);
	}
	end(&fixture);

	/* And nothing goes in place of a huge page. */
	fixture = begin_move("v6.18", 2 * HPAGE, MM_MADV_HUGEPAGE);
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		store(&fixture, BASE + HPAGE, 2);
		assert_int_equal(
			uffdio_register(fixture.ctx, BASE, 2 * HPAGE, UFFDIO_REGISTER_MODE_WP), 0);
		assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, BASE + HPAGE, BASE, HPAGE, 0),
				 -MM_EEXIST);
	}
	end(&fixture);
}

/* eb1521dad8f3 */
static void the_huge_zero_page_moves(void **state)
{
	struct fixture fixture = begin_move("v6.8", 2 * HPAGE, MM_MADV_HUGEPAGE);

	(void)state;
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		assert_int_equal(load(fixture.mm, BASE + HPAGE), 0);
		assert_int_equal(
			uffdio_move(fixture.ctx, fixture.mm, OTHER, BASE + HPAGE, HPAGE, 0),
			-MM_EBUSY);
		assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, OTHER, BASE + HPAGE, PAGE, 0),
				 -MM_EBUSY);
	}
	end(&fixture);

	fixture = begin_move("v6.9", 2 * HPAGE, MM_MADV_HUGEPAGE);
	if (mm_has(MM_TRANSPARENT_HUGEPAGE)) {
		assert_int_equal(load(fixture.mm, BASE + HPAGE), 0);
		assert_int_equal(
			uffdio_move(fixture.ctx, fixture.mm, OTHER, BASE + HPAGE, HPAGE, 0), 0);
		assert_true(mm_pmd_mapped(fixture.mm, OTHER));
		assert_int_equal(load(fixture.mm, OTHER), 0);
		store(&fixture, OTHER, 1);
		assert_int_equal(mm_munmap(fixture.mm, BASE + HPAGE, HPAGE), 0);
		expect_gone(&fixture, BASE + HPAGE);
	}
	end(&fixture);
}

/* d82d09e48219: then it is counted, and was not before (fae654083bfa). */
static void a_huge_zero_page_that_is_counted(void **state)
{
	struct mm_rules rules = mm_era_find("v6.18")->rules;
	struct machine_config config = {.nr_frames = FRAMES, .nr_cpus = 2};
	static struct audit_frame frames[FRAMES];
	struct audit_result result;
	/* Such a machine can't be taken down. It is not lost, either. */
	static struct fixture fixture;

	(void)state;
	if (!mm_has(MM_TRANSPARENT_HUGEPAGE))
		return;
	rules.uffd_move = UFFD_MOVE_ZERO_PLAIN;
	fixture.machine = machine_create(&rules, &config);
	fixture.mm = mm_create(fixture.machine);
	assert_int_equal(userfaultfd_create(fixture.mm, 0, &fixture.ctx), 0);
	map(&fixture, 2 * MM_HPAGE_NR, RW);
	assert_int_equal(mm_madvise(fixture.mm, BASE, 2 * HPAGE, MM_MADV_HUGEPAGE), 0);
	assert_int_equal(register_range(&fixture, 2 * MM_HPAGE_NR, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(load(fixture.mm, BASE), 0);
	assert_int_equal(uffdio_move(fixture.ctx, fixture.mm, BASE + HPAGE, BASE, HPAGE, 0), 0);
	assert_false(mm_audit(fixture.machine, frames, &result));
	assert_int_equal(result.pfn, fixture.machine->huge_zero_pfn);
	assert_int_equal(result.expected, 2);
	assert_int_equal(result.found, 1);
}

static void do_load_other(struct access *access)
{
	access->result = mm_load(access->mm, OTHER, &access->value);
}

static void who_waits_there_is_woken(void **state)
{
	struct fixture fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	struct access access;

	(void)state;
	start(&access, &fixture, do_load_other);
	assert_int_equal(wait_event(fixture.ctx).address, OTHER);
	assert_int_equal(move(&fixture, PAGE), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(access.value, 1);
	end(&fixture);

	fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	start(&access, &fixture, do_load_other);
	assert_int_equal(wait_event(fixture.ctx).address, OTHER);
	assert_int_equal(
		uffdio_move(fixture.ctx, fixture.mm, OTHER, BASE, PAGE, UFFDIO_MOVE_MODE_DONTWAKE),
		0);
	sched_yield();
	/* As start() has left it. */
	assert_int_equal(access.value, 2);
	assert_int_equal(uffdio_wake(fixture.ctx, OTHER, PAGE), 0);
	assert_int_equal(finish(&access), 0);
	assert_int_equal(access.value, 1);
	end(&fixture);
}

static void do_move(struct access *access)
{
	access->result =
		uffdio_move(access->mm->vmas[1].uffd_ctx, access->mm, OTHER, BASE, PAGE, 0);
}

/* While it waits for the page lock another page takes the place. */
static void looks_again(const char *version, int result)
{
	struct fixture fixture = begin_move(version, PAGE, MM_MADV_NOHUGEPAGE);
	struct page *page = pfn_to_page(fixture.machine, frame_at(&fixture, BASE));
	struct access access;
	int count;

	lru_add_drain_all(fixture.machine);
	count = port_atomic_read(&page->refcount);
	port_lock(&page->lock);
	start(&access, &fixture, do_move);
	while (port_atomic_read(&page->refcount) == count)
		sched_yield();
	advise(&fixture, BASE, MM_MADV_DONTNEED);
	store(&fixture, BASE, 5);
	port_unlock(&page->lock);
	assert_int_equal(finish(&access), result);
	audit(&fixture);
	assert_int_equal(load(fixture.mm, OTHER), 5);
	assert_int_equal(load(fixture.mm, BASE), 0);
	end(&fixture);
}

/* What v6.18 says then is not so. */
static void it_looks_again_when_it_has_the_lock(void **state)
{
	(void)state;
	looks_again("v6.8", 0);
	looks_again("v6.17", 0);
	looks_again("v6.18", -MM_EEXIST);
}

#define ROUNDS 2000

/* Wherever the page is, take it to the other end. */
static void move_to_and_fro(const struct fixture *fixture)
{
	for (int i = 0; i < ROUNDS; i++) {
		move(fixture, PAGE);
		uffdio_move(fixture->ctx, fixture->mm, BASE, OTHER, PAGE, 0);
	}
}

/* And somebody replaces it. */
static void *discard(void *argument)
{
	const struct fixture *fixture = argument;

	port_set_cpu(1);
	for (int i = 0; i < ROUNDS; i++) {
		mm_madvise(fixture->mm, BASE, PAGE, MM_MADV_DONTNEED);
		mm_store(fixture->mm, BASE, 1);
		mm_madvise(fixture->mm, OTHER, PAGE, MM_MADV_DONTNEED);
	}
	return NULL;
}

static void it_goes_while_it_moves(void **state)
{
	struct fixture fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	pthread_t thread;

	(void)state;
	assert_int_equal(uffdio_register(fixture.ctx, BASE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	assert_int_equal(pthread_create(&thread, NULL, discard, &fixture), 0);
	move_to_and_fro(&fixture);
	assert_int_equal(pthread_join(thread, NULL), 0);
	audit(&fixture);
	end(&fixture);
}

/* Each allocation fails once; the page is where it was. */
static void without_memory(void **state)
{
	struct fixture fixture = begin_move("v6.18", PAGE, MM_MADV_NOHUGEPAGE);
	int err = -MM_ENOMEM;

	(void)state;
	for (unsigned n = 1; err; n++) {
		port_fail_allocation(n);
		err = move(&fixture, PAGE);
		port_fail_allocation(0);
		assert_true(!err || err == -MM_ENOMEM);
		assert_int_equal(load(fixture.mm, err ? BASE : OTHER), 1);
		audit(&fixture);
	}
	end(&fixture);
}

static void the_killed_move_no_more(void **state)
{
	struct fixture fixture = begin_move("v6.18", 2 * PAGE, MM_MADV_NOHUGEPAGE);

	(void)state;
	mm_kill(fixture.mm);
	assert_int_equal(move(&fixture, 2 * PAGE), -MM_EINTR);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_moves_without_a_copy),
		cmocka_unit_test(eras_differ),
		cmocka_unit_test(bad_requests_are_refused),
		cmocka_unit_test(what_is_there_is_not_replaced),
		cmocka_unit_test(markers_are_in_the_way),
		cmocka_unit_test(what_is_not_the_movers_alone_stays),
		cmocka_unit_test(the_write_protection_does_not_move),
		cmocka_unit_test(a_page_in_swap_moves),
		cmocka_unit_test(what_moves_stays_clean),
		cmocka_unit_test(a_huge_page_moves_whole),
		cmocka_unit_test(a_huge_page_is_split_to_move_a_part),
		cmocka_unit_test(huge_pages_that_stay),
		cmocka_unit_test(the_huge_zero_page_moves),
		cmocka_unit_test(a_huge_zero_page_that_is_counted),
		cmocka_unit_test(who_waits_there_is_woken),
		cmocka_unit_test(it_looks_again_when_it_has_the_lock),
		cmocka_unit_test(it_goes_while_it_moves),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(the_killed_move_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
