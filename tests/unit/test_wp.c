/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_wp.c - a write to a page that is mapped read-only: is it taken, or copied, era by era */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"
#include "threads.h"

#define FRAMES 4096
#define BASE   (1UL << 30) /* aligned to a huge page */
#define PAGE   MM_PAGE_SIZE
#define RW     (VM_READ | VM_WRITE)
#define NEWEST "v6.18"

static struct machine *machine;
static struct mm *mm;

static void begin_with(const struct mm_rules *rules, unsigned flags)
{
	struct machine_config config = {
		.nr_frames = FRAMES, .nr_cpus = 1, .nr_swap_slots = 2 * MM_HPAGE_NR};

	machine = machine_create(rules, &config);
	assert_non_null(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, flags), 0);
}

static void begin(const char *version, unsigned flags)
{
	begin_with(&mm_era_find(version)->rules, flags);
}

static void end(void)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	assert_true(mm_audit(machine, frames, &result));
	mm_destroy(mm);
	machine_destroy(machine);
}

static unsigned fault_at(unsigned long addr, unsigned flags)
{
	unsigned ret;

	port_down_read(&mm->mmap_lock);
	ret = handle_mm_fault(mm, find_vma(mm, addr), addr, flags);
	port_up_read(&mm->mmap_lock);
	return ret;
}

static unsigned fault(unsigned flags)
{
	return fault_at(BASE, flags);
}

static pte_t pte(void)
{
	return mm_pte(mm, BASE);
}

static struct page *page_at(unsigned long addr)
{
	return pfn_to_page(machine, pte_pfn(mm_pte(mm, addr)));
}

static void store(unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(mm, addr, value), 0);
}

static uint32_t load(struct mm *of)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(of, BASE, &value), 0);
	return value;
}

static void set_entry(pte_t entry)
{
	port_entry_set(pte_lookup(mm, BASE), entry);
	flush_tlb_range(mm, BASE, BASE + PAGE);
}

static struct mm *fork_mm(void)
{
	struct mm *child;

	assert_int_equal(mm_fork(mm, &child), 0);
	return child;
}

/* What holds the page beside its one mapping, and what is to be known of it. A set. */
enum matter {
	MAPPED = 1 << 0, /* by a child, too */
	GOT = 1 << 1,    /* a reference */
	GOT_TOO = 1 << 2,
	PINNED = 1 << 3,
	FRESH = 1 << 4, /* the CPU's cache of what is to go to the LRU */
	LOCKED = 1 << 5,
	CACHED = 1 << 6,    /* the swap cache, but no entry names the slot */
	NAMED = 1 << 7,     /* a child's entry does name it */
	EXCLUSIVE = 1 << 8, /* as it is at first */
	MERGED = 1 << 9,    /* PageKsm */
};

/* The page is in the swap cache, and mapped again. */
static void page_out_and_in(bool named, struct mm **child)
{
	assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_PAGEOUT), 0);
	if (named)
		*child = fork_mm();
	assert_int_equal(load(mm), 1);
	lru_add_drain(machine);
	assert_true(page_flag(page_at(BASE), PG_SWAPCACHE));
}

/* Make it so. A child that is needed for that is there afterwards. */
static struct page *prepare(unsigned matter, struct mm **child)
{
	struct page *page, *pinned;

	*child = NULL;
	store(BASE, 1);
	if (!(matter & FRESH))
		lru_add_drain(machine);
	if (matter & (CACHED | NAMED))
		page_out_and_in(matter & NAMED, child);
	page = page_at(BASE);
	if (matter & GOT)
		get_page(machine, page);
	if (matter & GOT_TOO)
		get_page(machine, page);
	if (matter & PINNED)
		assert_int_equal(pin_user_pages(mm, BASE, 1, 0, &pinned), 1);
	if (matter & MAPPED)
		*child = fork_mm();
	if (!(matter & EXCLUSIVE))
		port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
	if (matter & MERGED)
		port_atomic_or(&page->flags, PG_KSM);
	if (matter & LOCKED)
		port_lock(&page->lock);
	/* Nor has it been used since. */
	set_entry(pte() & ~(PTE_RW | PTE_ACCESSED));
	return page;
}

static void undo(unsigned matter, struct page *page, struct mm *child)
{
	assert_int_equal(port_is_locked(&page->lock), !!(matter & LOCKED));
	if (matter & LOCKED)
		port_unlock(&page->lock);
	if (matter & MERGED)
		port_atomic_andnot(&page->flags, PG_KSM);
	if (child)
		mm_destroy(child);
	if (matter & PINNED)
		unpin_user_page(machine, page);
	if (matter & GOT)
		put_page(machine, page);
	if (matter & GOT_TOO)
		put_page(machine, page);
}

/*
 * Taken or copied, and which of PG_LRU, PG_SWAPCACHE and PG_FREE the page has afterwards: the order
 * in which do_wp_page() of that version looks at things says it.
 */
static const struct {
	const char *version;
	unsigned matter;
	bool taken;
	int flags;
} decisions[] = {
	/* reuse_swap_page(): nobody else maps it, or has a swap entry for it. */
	{"v5.7", 0, true, PG_LRU},
	{"v5.7", GOT | GOT_TOO, true, PG_LRU},
	{"v5.7", PINNED, true, PG_LRU},
	{"v5.7", FRESH, true, 0},
	{"v5.7", CACHED, true, PG_LRU},
	{"v5.7", MAPPED, false, PG_LRU},
	{"v5.7", NAMED, false, PG_LRU | PG_SWAPCACHE},
	/* A merged page that others hold is no reason to wait for the lock. */
	{"v5.7", MERGED | GOT | LOCKED, false, PG_LRU},

	/* 09854ba94c6a: nobody else holds it in any way, and its lock is free. */
	{"v5.9-rc4", 0, true, PG_LRU},
	{"v5.9", 0, true, PG_LRU},
	{"v5.9", GOT, false, PG_LRU},
	{"v5.9", PINNED, false, PG_LRU},
	{"v5.9", FRESH, false, 0},
	{"v5.9", MAPPED, false, PG_LRU},
	{"v5.9", CACHED, false, PG_LRU | PG_SWAPCACHE},
	{"v5.9", MERGED, false, PG_FREE},

	/* The counter-patch: the mapcount decides on what may be pinned. */
	{"pin-mapcount", 0, true, PG_LRU},
	{"pin-mapcount", PINNED, true, PG_LRU},
	{"pin-mapcount", PINNED | GOT, true, PG_LRU},
	{"pin-mapcount", PINNED | CACHED, true, PG_LRU},
	{"pin-mapcount", PINNED | MAPPED, false, PG_LRU},
	{"pin-mapcount", PINNED | LOCKED, false, PG_LRU},
	{"pin-mapcount", GOT, false, PG_LRU},
	{"pin-mapcount", MAPPED, false, PG_LRU},

	/* f4c4a3f48480: once it is copied, only who has an entry for it wants the swap cache. */
	{"v5.14", CACHED, false, PG_FREE},
	{"v5.14", CACHED | GOT, false, PG_LRU},
	{"v5.14", NAMED, false, PG_LRU | PG_SWAPCACHE},

	/* d4c470970d45, 53a05ad9f21d: our own caches let go of it; but not if that can't help. */
	{"v5.18", 0, true, PG_LRU},
	{"v5.18", FRESH, true, PG_LRU},
	{"v5.18", FRESH | GOT, false, PG_LRU},
	{"v5.18", FRESH | GOT | GOT_TOO, false, 0},
	{"v5.18", CACHED, true, PG_LRU},
	{"v5.18", CACHED | GOT, false, PG_LRU},
	{"v5.18", NAMED, false, PG_LRU | PG_SWAPCACHE},
	{"v5.18", GOT, false, PG_LRU},
	{"v5.18", PINNED, false, PG_LRU},
	{"v5.18", MAPPED, false, PG_LRU},
	{"v5.18", MERGED, false, PG_FREE},

	/* 6c287605fd56: what is exclusive is ours. Else the same. */
	{"v5.19", EXCLUSIVE | GOT | GOT_TOO | LOCKED, true, PG_LRU},
	{"v5.19", 0, true, PG_LRU},
	{NEWEST, EXCLUSIVE | PINNED, true, PG_LRU},
	{NEWEST, EXCLUSIVE | FRESH, true, 0},
	{NEWEST, EXCLUSIVE | CACHED, true, PG_LRU | PG_SWAPCACHE},
	{NEWEST, 0, true, PG_LRU},
	{NEWEST, FRESH, true, PG_LRU},
	{NEWEST, CACHED, true, PG_LRU},
	{NEWEST, NAMED, false, PG_LRU | PG_SWAPCACHE},
	{NEWEST, GOT, false, PG_LRU},
	{NEWEST, MAPPED, false, PG_LRU},
};

static void what_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		const char *version = decisions[i].version;
		bool marks = mm_era_find(version)->rules.wp_reuse == WP_REUSE_EXCLUSIVE;
		struct page *page;
		struct mm *child;

		begin(version, RW);
		page = prepare(decisions[i].matter, &child);
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_int_equal(page_at(BASE) == page, decisions[i].taken);
		assert_int_equal(pte() & ~PTE_PFN_MASK, PTE_PRESENT | PTE_USER | PTE_RW |
								PTE_DIRTY | PTE_SOFT_DIRTY |
								PTE_ACCESSED);
		assert_int_equal(page_flag(page_at(BASE), PG_ANON_EXCLUSIVE), marks);
		assert_int_equal(port_atomic_read(&page->flags) & (PG_LRU | PG_SWAPCACHE | PG_FREE),
				 decisions[i].flags);
		assert_int_equal(load(mm), 1);
		undo(decisions[i].matter, page, child);
		end();
	}
}

/* What is on the LRU is not held up, and no reason to drain the cache. */
static void the_cache_is_drained_where_that_helps(void **state)
{
	static const char *const versions[] = {"v5.18", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct mm *child;

		begin(versions[i], RW);
		prepare(0, &child);
		store(BASE + PAGE, 1);
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_false(page_flag(page_at(BASE + PAGE), PG_LRU));
		end();
	}
}

/* A huge page that is mapped by PTEs, and not marked exclusive; `nr` of its parts stay mapped. */
static struct page *prepare_large(const char *version, unsigned nr)
{
	struct page *head;

	begin(version, RW);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
	store(BASE, 1);
	head = page_at(BASE);
	split_huge_pmd(mm, BASE);
	if (nr < MM_HPAGE_NR)
		assert_int_equal(mm_madvise(mm, BASE + nr * PAGE, (MM_HPAGE_NR - nr) * PAGE,
					    MM_MADV_DONTNEED),
				 0);
	port_atomic_andnot(&head->flags, PG_ANON_EXCLUSIVE);
	set_entry(pte() & ~PTE_RW);
	return head;
}

/* 1da190f4d0a6 (v6.15): all that holds it is our mappings, of more than one part. */
static void a_part_of_a_huge_page(void **state)
{
	static const struct {
		unsigned mapped;
		unsigned matter;
		bool taken;
		bool cached; /* afterwards */
	} cases[] = {
		{MM_HPAGE_NR, 0, true, false},
		{2, 0, true, false},
		{1, 0, false, false},
		{2, GOT, false, false},
		/* try_to_free_swap(), with the page lock */
		{2, CACHED, true, false},
		{2, CACHED | GOT, false, false},
		{2, CACHED | LOCKED, false, true},
		{2, NAMED, false, true},
		{2, LOCKED, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct page *head = prepare_large("v6.15", cases[i].mapped);
		unsigned matter = cases[i].matter;
		pte_t named = 0;

		port_lock(&head->lock);
		if (matter & (CACHED | NAMED))
			assert_true(add_to_swap(machine, head));
		if (matter & NAMED) {
			named = swp_entry(SWP_DEVICE, page_swap_slot(machine, head + 7));
			swap_duplicate(machine, named);
		}
		if (!(matter & LOCKED))
			port_unlock(&head->lock);
		if (matter & GOT)
			get_page(machine, head);

		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_int_equal(page_at(BASE) == head, cases[i].taken);
		assert_true(pte_write(pte()));
		assert_true(page_flag(page_at(BASE), PG_ANON_EXCLUSIVE));
		assert_int_equal(page_flag(head, PG_SWAPCACHE), cases[i].cached);
		assert_int_equal(port_is_locked(&head->lock), !!(matter & LOCKED));
		assert_int_equal(load(mm), 1);

		if (matter & LOCKED)
			port_unlock(&head->lock);
		if (matter & NAMED)
			swap_free(machine, named);
		if (matter & GOT)
			put_page(machine, head);
		end();
	}
}

/* It is everybody's: a write to it is none to a copy, whatever the rules for anonymous pages. */
static void shared_memory_is_not_copied(void **state)
{
	static const char *const versions[] = {"v5.7", "v5.9", "v5.18", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct page *page;

		begin(versions[i], RW | VM_SHARED);
		store(BASE, 1);
		page = page_at(BASE);
		set_entry(pte() & ~PTE_RW);
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_ptr_equal(page_at(BASE), page);
		assert_true(pte_write(pte()));
		end();
	}
}

/* No copy that a write makes keeps the bit, in any kernel; in the drafts of the patch it does. */
static void a_copy_and_the_uffd_wp_bit(void **state)
{
	static const struct {
		const char *version;
		unsigned flags;
		bool kept;
	} cases[] = {
		{"v5.7", FAULT_FLAG_WRITE, false},
		{NEWEST, FAULT_FLAG_WRITE, false},
		{NEWEST, FAULT_FLAG_UNSHARE, true},
		{"break-cow-v1", FAULT_FLAG_BREAK_COW, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *child;

		/* Nobody is registered, so that nobody is told. */
		begin(cases[i].version, RW);
		prepare(MAPPED, &child);
		set_entry(pte() | PTE_UFFD_WP);
		fault(cases[i].flags);
		assert_int_equal(pte_uffd_wp(pte()), cases[i].kept);
		assert_int_equal(pte_write(pte()), !cases[i].kept);
		mm_destroy(child);
		end();
	}
}

/* userfaultfd_wp(), and nobody has to be told of anything. */
static void watch(unsigned flag)
{
	find_vma(mm, BASE)->flags |= flag;
}

/* The patch as it was meant: nor does what is reused lose the bit, where somebody is registered. */
static void a_reused_page_and_the_uffd_wp_bit(void **state)
{
	static const struct {
		enum uffd_wp_copy rule;
		unsigned watched;
		pte_t bit;
		bool writable;
	} cases[] = {
		{UFFD_WP_COPY_MEANT, VM_UFFD_WP, PTE_UFFD_WP, false},
		{UFFD_WP_COPY_MEANT, VM_UFFD_WP, 0, true},
		{UFFD_WP_COPY_MEANT, 0, PTE_UFFD_WP, true},
		{UFFD_WP_COPY_KEEP, VM_UFFD_WP, PTE_UFFD_WP, true},
	};

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm_rules rules = mm_era_find("break-cow-v1")->rules;
		struct page *page;
		struct mm *child;

		rules.uffd_wp_copy = cases[i].rule;
		begin_with(&rules, RW);
		page = prepare(0, &child);
		set_entry(pte() | cases[i].bit);
		watch(cases[i].watched);
		assert_int_equal(fault(FAULT_FLAG_BREAK_COW), VM_FAULT_WRITE);
		assert_ptr_equal(page_at(BASE), page);
		assert_int_equal(pte_write(pte()), cases[i].writable);
		assert_int_equal(pte() & PTE_UFFD_WP, cases[i].bit);
		find_vma(mm, BASE)->flags &= ~(unsigned)VM_UFFD_WP;
		end();
	}
}

/* 6ce64428d620 (v5.12) */
static void a_protection_whose_flush_is_pending(void **state)
{
	static const struct {
		const char *version;
		unsigned watched;
		int pending;
		unsigned flags;
		bool flushed;
	} cases[] = {
		{"v5.12", VM_UFFD_WP, 1, FAULT_FLAG_WRITE, true},
		{NEWEST, VM_UFFD_WP, 2, FAULT_FLAG_WRITE, true},
		{"v5.11", VM_UFFD_WP, 1, FAULT_FLAG_WRITE, false},
		{NEWEST, 0, 1, FAULT_FLAG_WRITE, false},
		{NEWEST, VM_UFFD_WP, 0, FAULT_FLAG_WRITE, false},
		{NEWEST, VM_UFFD_WP, 1, FAULT_FLAG_UNSHARE, false},
	};

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned long vpn = BASE >> MM_PAGE_SHIFT;
		struct soft_tlb *tlb;

		begin(cases[i].version, RW);
		tlb = &machine->cpus[0].tlb;
		store(BASE, 1);
		lru_add_drain(machine);
		assert_true(soft_tlb_has(tlb, mm->id, vpn, vpn));
		port_entry_set(pte_lookup(mm, BASE), pte() & ~PTE_RW);
		watch(cases[i].watched);
		port_atomic_set(&mm->tlb_flush_pending, cases[i].pending);
		fault(cases[i].flags);
		assert_int_equal(soft_tlb_has(tlb, mm->id, vpn, vpn), !cases[i].flushed);
		port_atomic_set(&mm->tlb_flush_pending, 0);
		find_vma(mm, BASE)->flags &= ~(unsigned)VM_UFFD_WP;
		end();
	}
}

/* do_fault(): what is not there yet is missing, not a minor fault; and the other way round. */
static void missing_and_minor(void **state)
{
	static const struct {
		unsigned watched;
		bool there;
		unsigned ret;
	} cases[] = {
		{VM_UFFD_MISSING, false, VM_FAULT_SIGBUS},
		{VM_UFFD_MISSING, true, 0},
		{VM_UFFD_MINOR, false, 0},
		{VM_UFFD_MINOR, true, VM_FAULT_SIGBUS},
	};

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(NEWEST, RW | VM_SHARED);
		if (cases[i].there) {
			store(BASE, 1);
			assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
		}
		/* The fault may not wait, and so can't be handled. */
		watch(cases[i].watched);
		assert_int_equal(fault(0), cases[i].ret);
		assert_int_equal(pte_present(pte()), !cases[i].ret);
		find_vma(mm, BASE)->flags &= ~(unsigned)VM_UFFD_FLAGS;
		end();
	}
}

/* Where a marker stands the page is missing as anywhere else, and may not be had. */
static void a_marker_without_memory(void **state)
{
	pte_t marker = make_pte_marker(PTE_MARKER_UFFD_WP);
	struct userfaultfd_ctx *ctx;

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	begin(NEWEST, RW | VM_SHARED);
	store(BASE + PAGE, 1);
	assert_int_equal(userfaultfd_create(mm, 0, &ctx), 0);
	assert_int_equal(uffdio_register(ctx, BASE, PAGE, UFFDIO_REGISTER_MODE_WP), 0);
	set_entry(marker);
	port_fail_allocation(1);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_OOM);
	assert_int_equal(pte(), marker);
	assert_int_equal(fault(0), 0);
	assert_true(pte_uffd_wp(pte()));
	userfaultfd_close(ctx);
	end();
}

/* do_cow_fault(): the page of the file is there, but no frame for its copy. */
static void a_private_copy_without_memory(void **state)
{
	struct shmem *file;

	(void)state;
	begin(NEWEST, RW);
	file = shmem_create(1);
	assert_non_null(file);
	assert_int_equal(shmem_write(machine, file, 0, 7), 0);
	assert_int_equal(mm_mmap_file(mm, BASE, PAGE, RW, file, 0), 0);
	store(BASE + PAGE, 1);
	port_fail_allocation(1);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_OOM);
	assert_true(pte_none(pte()));
	/* The page is the file's, and has one mapping now. */
	assert_int_equal(fault(0), 0);
	assert_int_equal(page_count(page_at(BASE)), 2);
	shmem_put(machine, file);
	end();
}

/* handle_pmd_fault(): to read is nothing to a huge page that is write-protected. */
static void a_read_of_a_protected_huge_page(void **state)
{
	port_entry *pmd;
	pte_t before;

	(void)state;
	begin(NEWEST, RW);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
	store(BASE, 1);
	pmd = pmd_lookup(mm, BASE);
	before = port_entry_read(pmd) & ~PTE_RW;
	port_entry_set(pmd, before);
	flush_tlb_range(mm, BASE, BASE + MM_HPAGE_SIZE);
	assert_int_equal(fault(0), 0);
	assert_int_equal(port_entry_read(pmd), before);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_decides),
		cmocka_unit_test(the_cache_is_drained_where_that_helps),
		cmocka_unit_test(a_part_of_a_huge_page),
		cmocka_unit_test(shared_memory_is_not_copied),
		cmocka_unit_test(a_copy_and_the_uffd_wp_bit),
		cmocka_unit_test(a_reused_page_and_the_uffd_wp_bit),
		cmocka_unit_test(a_protection_whose_flush_is_pending),
		cmocka_unit_test(missing_and_minor),
		cmocka_unit_test(a_marker_without_memory),
		cmocka_unit_test(a_private_copy_without_memory),
		cmocka_unit_test(a_read_of_a_protected_huge_page),
	};

	return cmocka_run_group_tests_name("wp", tests, NULL, NULL);
}
