/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_huge_memory.c - each function of mm/huge_memory.c by itself: what it leaves of the PMD, the
 * counts, the TLBs and the locks, above all where somebody else was quicker
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "mm/audit.h"
#include "mm/eras.h"
#include "mm/internal.h"
#include "threads.h"

#define FRAMES 4096
#define SLOTS  1024
#define BASE   (1UL << 30) /* aligned to a huge page */
#define PAGE   MM_PAGE_SIZE
#define HPAGE  MM_HPAGE_SIZE
#define MIDDLE (BASE + 5 * PAGE)
#define NR     MM_HPAGE_NR
#define RW     (VM_READ | VM_WRITE)
#define NEWEST "v6.18"

/* What an entry says beyond its frame. */
#define HUGE  (PTE_PRESENT | PTE_USER | PTE_PSE)
#define DIRTY (PTE_DIRTY | PTE_SOFT_DIRTY)
#define BITS  (~PTE_PFN_MASK)

static struct machine *machine;
static struct mm *mm;
static unsigned frames_at_first;

/* Room for two huge pages, wanted by MADV_HUGEPAGE. */
static void begin_with(const struct mm_rules *rules)
{
	struct machine_config config = {
		.nr_frames = FRAMES,
		.nr_cpus = 2,
		.nr_swap_slots = SLOTS,
	};

	machine = machine_create(rules, &config);
	assert_non_null(machine);
	frames_at_first = nr_free_pages(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, 2 * HPAGE, RW), 0);
	assert_int_equal(mm_madvise(mm, BASE, 2 * HPAGE, MM_MADV_HUGEPAGE), 0);
}

static void begin(const char *version)
{
	begin_with(&mm_era_find(version)->rules);
}

static void audit(void)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;

	memset(frames, 0, sizeof(frames));
	assert_true(mm_audit(machine, frames, &result));
}

/* Whatever a test did: all counts are right, and no frame is lost. */
static void end(void)
{
	port_fail_allocation(0);
	audit();
	mm_destroy(mm);
	lru_add_drain_all(machine);
	assert_int_equal(nr_free_pages(machine),
			 frames_at_first - (machine->huge_zero_pfn ? NR : 0));
	machine_destroy(machine);
}

static struct vma *vma_of(struct mm *of)
{
	return find_vma(of, BASE);
}

static pte_t pmd_of(struct mm *of)
{
	return port_entry_read(pmd_lookup(of, BASE));
}

static pte_t pmd(void)
{
	return pmd_of(mm);
}

static struct page *head(void)
{
	return pfn_to_page(machine, pte_pfn(pmd()));
}

/* Whoever was in there has let go of the PMD's lock. */
static void expect_unlocked(struct mm *of)
{
	size_t offset = (size_t)((unsigned char *)pmd_lookup(of, BASE) - machine->memory);

	assert_false(port_spin_is_held(&machine->pages[offset >> MM_PAGE_SHIFT].ptl));
}

/* Another thread is about to take a reference. */
static void wait_for_count(const struct page *page, int count)
{
	for (int i = 0; i < 5000 && page_count(page) != count; i++)
		usleep(1000);
	assert_int_equal(page_count(page), count);
}

static void set_pmd(pte_t entry)
{
	port_entry_set(pmd_lookup(mm, BASE), entry);
	flush_tlb_range(mm, BASE, BASE + HPAGE);
}

static uint32_t load(struct mm *of, unsigned long addr)
{
	uint32_t value = 0;

	assert_int_equal(mm_load(of, addr, &value), 0);
	return value;
}

static void store(unsigned long addr, uint32_t value)
{
	assert_int_equal(mm_store(mm, addr, value), 0);
}

/* Each base page holds a number of its own. */
static void fill(void)
{
	for (unsigned i = 0; i < NR; i++)
		store(BASE + i * PAGE, i + 1);
	assert_true(pmd_leaf(pmd()));
}

static void expect_filled(struct mm *of, unsigned long from)
{
	for (unsigned i = 0; i < NR; i++)
		assert_int_equal(load(of, from + i * PAGE), i + 1);
}

static struct mm *fork_mm(void)
{
	struct mm *child;

	assert_int_equal(mm_fork(mm, &child), 0);
	return child;
}

static unsigned fault(unsigned long addr, unsigned flags)
{
	unsigned ret;

	port_down_read(&mm->mmap_lock);
	ret = handle_mm_fault(mm, find_vma(mm, addr), addr, flags);
	port_up_read(&mm->mmap_lock);
	return ret;
}

/* CPU 1 has cached what is mapped around the first huge page. */
static const unsigned long cached[] = {BASE - PAGE, BASE, MIDDLE, BASE + HPAGE - PAGE,
				       BASE + HPAGE};

static void fill_tlb(void)
{
	struct port_cpu *cpu = &machine->cpus[1];

	port_irq_disable(cpu);
	for (size_t i = 0; i < sizeof(cached) / sizeof(cached[0]); i++)
		port_tlb_insert(cpu, mm->id, cached[i] >> MM_PAGE_SHIFT, PTE_PRESENT);
	port_irq_enable(cpu);
}

/* All of it is flushed, or nothing, and never what is beside it. */
static void expect_flush(bool flushed)
{
	struct port_cpu *cpu = &machine->cpus[1];
	uint64_t entry;

	port_irq_disable(cpu);
	for (size_t i = 0; i < sizeof(cached) / sizeof(cached[0]); i++) {
		bool inside = cached[i] >= BASE && cached[i] < BASE + HPAGE;

		assert_int_equal(port_tlb_lookup(cpu, mm->id, cached[i] >> MM_PAGE_SHIFT, &entry),
				 !(inside && flushed));
	}
	port_irq_enable(cpu);
	flush_tlb_range(mm, BASE - PAGE, BASE + HPAGE + PAGE);
}

/* thp_vma_suitable_order(), and "madvise" in .../transparent_hugepage/enabled */
static void where_a_huge_page_may_be(void **state)
{
	struct shmem *file = shmem_create(1);
	const struct {
		struct vma vma;
		bool allowed;
	} cases[] = {
		{{.start = BASE, .end = BASE + HPAGE, .flags = VM_HUGEPAGE}, true},
		{{.start = BASE - PAGE, .end = BASE + HPAGE + PAGE, .flags = VM_HUGEPAGE}, true},
		{{.start = BASE + PAGE, .end = BASE + 2 * HPAGE, .flags = VM_HUGEPAGE}, false},
		{{.start = BASE, .end = BASE + HPAGE - PAGE, .flags = VM_HUGEPAGE}, false},
		{{.start = BASE, .end = BASE + HPAGE}, false},
		{{.start = BASE, .end = BASE + HPAGE, .flags = VM_NOHUGEPAGE}, false},
		{{.start = BASE, .end = BASE + HPAGE, .flags = VM_HUGEPAGE, .shmem = file}, false},
	};

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(thp_fault_allowed(&cases[i].vma, BASE), cases[i].allowed);
		assert_int_equal(thp_fault_allowed(&cases[i].vma, MIDDLE), cases[i].allowed);
	}
	begin(NEWEST);
	shmem_put(machine, file);
	end();
}

/* get_huge_zero_page(): one for all, which is never freed. */
static void the_huge_zero_page_is_one_for_all(void **state)
{
	unsigned before;
	struct mm *other;

	(void)state;
	begin(NEWEST);
	other = mm_create(machine);
	assert_non_null(other);
	assert_int_equal(mm_mmap(other, BASE, HPAGE, RW), 0);
	assert_int_equal(mm_madvise(other, BASE, HPAGE, MM_MADV_HUGEPAGE), 0);
	assert_int_equal(fault(MIDDLE, 0), 0);
	assert_int_equal(pte_pfn(pmd()), machine->huge_zero_pfn);
	assert_true(page_flag(head(), PG_RESERVED));
	assert_int_equal(page_count(head()), 1);
	assert_int_equal(folio_mapcount(head()), 0);
	before = nr_free_pages(machine);
	/* The table that is put aside is all that the next one takes. */
	assert_int_equal(fault(BASE + HPAGE, 0), 0);
	assert_int_equal(nr_free_pages(machine), before - 1);
	assert_int_equal(load(other, BASE), 0);
	assert_int_equal(pte_pfn(pmd_of(other)), machine->huge_zero_pfn);
	audit();
	mm_destroy(other);
	assert_int_equal(page_count(head()), 1);
	end();
}

/* Without memory for it what is read are base pages. */
static void no_huge_zero_page(void **state)
{
	(void)state;
	begin(NEWEST);
	store(BASE + HPAGE, 1); /* makes the tables above */
	port_fail_allocation(1);
	assert_int_equal(fault(MIDDLE, 0), 0);
	assert_true(pmd_table(pmd()));
	assert_int_equal(machine->huge_zero_pfn, 0);
	assert_int_equal(pte_pfn(mm_pte(mm, MIDDLE)), machine->zero_pfn);
	end();
}

/* do_huge_pmd_anonymous_page(): where it is mapped, rmap finds it. */
static void the_first_write(void **state)
{
	unsigned before;

	(void)state;
	begin(NEWEST);
	store(BASE + HPAGE, 1);
	before = nr_free_pages(machine);
	assert_int_equal(fault(MIDDLE, FAULT_FLAG_WRITE), 0);
	assert_int_equal(pmd() & BITS, HUGE | PTE_RW | PTE_ACCESSED | DIRTY);
	assert_int_equal(head()->index, BASE >> MM_PAGE_SHIFT);
	assert_int_equal(port_atomic_read(&head()->entire_mapcount), 1);
	assert_true(page_flag(head(), PG_ANON));
	assert_int_equal(nr_free_pages(machine), before - NR - 1);
	expect_unlocked(mm);
	end();
}

/* The functions of a fault, and what each took the PMD for. */
static struct vm_fault fault_on(pte_t found, unsigned flags)
{
	return (struct vm_fault){
		.mm = mm, .vma = vma_of(mm), .addr = MIDDLE, .flags = flags, .orig_pte = found};
}

static unsigned set_accessed(struct vm_fault *vmf)
{
	huge_pmd_set_accessed(vmf);
	return 0;
}

/* The PMD is not any more as the fault found it: nothing happens, and the access is made again. */
static void a_fault_that_comes_too_late(void **state)
{
	static const struct {
		unsigned (*fault)(struct vm_fault *vmf);
		pte_t found;
		unsigned flags;
	} cases[] = {
		{do_huge_pmd_anonymous_page, 0, 0},
		{do_huge_pmd_anonymous_page, 0, FAULT_FLAG_WRITE},
		{set_accessed, HUGE, FAULT_FLAG_WRITE},
		{do_huge_pmd_wp_page, HUGE, FAULT_FLAG_WRITE},
		{do_huge_pmd_wp_page, HUGE | PTE_SPECIAL, FAULT_FLAG_WRITE},
	};
	static const char *const versions[] = {"v5.7", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t v = 0; v < 2; v++) {
			struct vm_fault vmf;
			unsigned before;
			pte_t entry;

			begin(versions[v]);
			store(BASE, 1);
			load(mm, BASE + HPAGE); /* makes the huge zero page */
			vmf = fault_on(cases[i].found, cases[i].flags);
			entry = pmd();
			before = nr_free_pages(machine);
			fill_tlb();
			assert_int_equal(cases[i].fault(&vmf), 0);
			expect_flush(false);
			assert_int_equal(pmd(), entry);
			assert_int_equal(nr_free_pages(machine), before);
			expect_unlocked(mm);
			assert_int_equal(page_count(head()), 1);
			assert_false(port_is_locked(&head()->lock));
			end();
		}
	}
}

/*
 * A huge page that is mapped read-only, as after a fork whose child is gone: not exclusive, held by
 * the PMD alone.
 */
static void begin_shared_once(const char *version)
{
	begin(version);
	fill();
	mm_destroy(fork_mm());
	assert_false(pte_write(pmd()));
	assert_int_equal(page_count(head()), 1);
}

/* do_huge_pmd_wp_page(): who may take the huge page as it is? */
static void who_may_take_it(void **state)
{
	static const struct {
		const char *version;
		bool exclusive, held, mapped; /* marked; with a reference; by a child, too */
		bool taken;
	} cases[] = {
		{"v5.7", false, false, false, true},
		/* By the mapcount a reference does not matter. */
		{"v5.7", false, true, false, true},
		{"v5.7", false, false, true, false},
		/* 3bff7e3f1f16 (v5.18): it does. */
		{"v5.18", false, false, false, true},
		{"v5.18", false, true, false, false},
		{"v5.18", false, false, true, false},
		/* 6c287605fd56 (v5.19): unless the huge page is exclusive. */
		{NEWEST, false, false, false, true},
		{NEWEST, false, true, false, false},
		{NEWEST, false, false, true, false},
		{NEWEST, true, true, false, true},
		{NEWEST, true, false, false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *child = NULL;
		struct page *page;

		begin_shared_once(cases[i].version);
		page = head();
		if (cases[i].exclusive)
			port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
		if (cases[i].held)
			get_page(machine, page);
		if (cases[i].mapped)
			child = fork_mm();
		fill_tlb();
		assert_int_equal(fault(MIDDLE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_false(port_is_locked(&page->lock));
		expect_unlocked(mm);
		if (cases[i].taken) {
			assert_ptr_equal(head(), page);
			assert_int_equal(pmd() & BITS, HUGE | PTE_RW | PTE_ACCESSED | DIRTY);
			expect_flush(false);
			/* None is marked where no kernel marks any. */
			assert_int_equal(page_flag(page, PG_ANON_EXCLUSIVE),
					 machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE);
		} else {
			assert_ptr_not_equal(pfn_to_page(machine, pte_pfn(mm_pte(mm, MIDDLE))),
					     page + 5);
			assert_true(pte_write(mm_pte(mm, MIDDLE)));
			assert_false(page_flag(page, PG_ANON_EXCLUSIVE));
		}
		if (child)
			expect_filled(child, BASE);
		if (child)
			mm_destroy(child);
		if (cases[i].held)
			put_page(machine, page);
		expect_filled(mm, BASE);
		end();
	}
}

/* The mark counts where the rule says so, and nowhere else. */
static void a_mark_that_does_not_count(void **state)
{
	struct mm_rules rules = mm_era_find(NEWEST)->rules;
	struct vm_fault vmf;
	struct page *page;

	(void)state;
	rules.thp_reuse = THP_REUSE_REFCOUNT;
	begin_with(&rules);
	fill();
	page = head();
	assert_true(page_flag(page, PG_ANON_EXCLUSIVE));
	set_pmd(pmd() & ~PTE_RW);
	get_page(machine, page);
	vmf = fault_on(pmd(), FAULT_FLAG_WRITE);
	assert_int_equal(do_huge_pmd_wp_page(&vmf), VM_FAULT_FALLBACK);
	assert_true(pmd_table(pmd()));
	put_page(machine, page);
	end();

	begin_with(&rules);
	fill();
	mm_destroy(fork_mm());
	vmf = fault_on(pmd(), FAULT_FLAG_WRITE);
	assert_int_equal(do_huge_pmd_wp_page(&vmf), VM_FAULT_WRITE);
	assert_true(pte_write(pmd()));
	assert_false(page_flag(head(), PG_ANON_EXCLUSIVE));
	port_atomic_or(&head()->flags, PG_ANON_EXCLUSIVE); /* as the audit wants it */
	end();
}

/* 3bff7e3f1f16: the swap cache lets go of it, unless somebody else does not, or it can't. */
static void the_swap_cache_is_no_holder(void **state)
{
	static const struct {
		const char *version;
		bool held, writeback;
	} cases[] = {
		{"v5.18", false, false}, {"v5.18", true, false}, {NEWEST, false, false},
		{NEWEST, true, false},   {NEWEST, false, true},
	};

	(void)state;
	if (!mm_has(MM_SWAP))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool kept = cases[i].held || cases[i].writeback;
		struct vm_fault vmf;
		struct page *page;

		begin_shared_once(cases[i].version);
		page = head();
		/* As page-out leaves it when it can't go on. */
		port_lock(&page->lock);
		assert_true(add_to_swap(machine, page));
		port_unlock(&page->lock);
		if (cases[i].held)
			get_page(machine, page);
		if (cases[i].writeback)
			port_atomic_or(&page->flags, PG_WRITEBACK);
		vmf = fault_on(pmd(), FAULT_FLAG_WRITE);
		assert_int_equal(do_huge_pmd_wp_page(&vmf),
				 kept ? VM_FAULT_FALLBACK : VM_FAULT_WRITE);
		assert_int_equal(pmd_leaf(pmd()), !kept);
		assert_int_equal(page_flag(page, PG_SWAPCACHE), kept);
		assert_int_equal(page_count(page), kept ? NR + cases[i].held + NR : 1);
		if (kept) {
			port_atomic_andnot(&page->flags, PG_WRITEBACK);
			port_lock(&page->lock);
			assert_true(try_to_free_swap(machine, page));
			port_unlock(&page->lock);
		}
		if (cases[i].held)
			put_page(machine, page);
		expect_filled(mm, BASE);
		end();
	}
}

/* What is exclusive is taken without the page lock, whoever has that. */
static void an_exclusive_page_is_not_waited_for(void **state)
{
	(void)state;
	begin(NEWEST);
	store(BASE, 1);
	set_pmd(pmd() & ~PTE_RW);
	port_lock(&head()->lock);
	assert_int_equal(fault(MIDDLE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(pte_write(pmd()));
	port_unlock(&head()->lock);
	end();
}

static void *fault_on_another_cpu(void *result)
{
	port_set_cpu(1);
	*(unsigned *)result = fault(MIDDLE, FAULT_FLAG_WRITE);
	return NULL;
}

/* What becomes of the huge page while a write fault waits for its lock. */
enum meanwhile {
	NOTHING,
	DISCARDED,
	UNSHARED, /* another thread's fault has marked it */
	SHARED,   /* somebody has come to hold it */
};

/*
 * The fault holds nothing but a reference while it waits, and then looks again: at the PMD, and
 * whether the page is exclusive by now.
 */
static void a_write_waits_for_the_page_lock(void **state)
{
	static const struct {
		enum meanwhile meanwhile;
		unsigned ret;
		bool taken;
	} cases[] = {
		{NOTHING, VM_FAULT_WRITE, true},
		{DISCARDED, 0, false},
		{UNSHARED, VM_FAULT_WRITE, true},
		{SHARED, VM_FAULT_WRITE, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct page *page;
		pthread_t thread;
		unsigned ret;

		begin_shared_once(NEWEST);
		page = head();
		port_lock(&page->lock);
		assert_int_equal(pthread_create(&thread, NULL, fault_on_another_cpu, &ret), 0);
		wait_for_count(page, 2);
		expect_unlocked(mm);
		switch (cases[i].meanwhile) {
		case NOTHING:
			break;
		case DISCARDED:
			assert_int_equal(mm_madvise(mm, BASE, HPAGE, MM_MADV_DONTNEED), 0);
			assert_int_equal(page_count(page), 1);
			break;
		case UNSHARED:
			port_atomic_or(&page->flags, PG_ANON_EXCLUSIVE);
			get_page(machine, page);
			break;
		case SHARED:
			get_page(machine, page);
			break;
		}
		port_unlock(&page->lock);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_int_equal(ret, cases[i].ret);
		expect_unlocked(mm);
		if (cases[i].meanwhile == DISCARDED) {
			assert_int_equal(pmd(), 0);
			assert_int_equal(page_count(page), 0);
		} else {
			assert_false(port_is_locked(&page->lock));
			assert_int_equal(pmd_leaf(pmd()) && pte_write(pmd()), cases[i].taken);
		}
		if (cases[i].meanwhile > DISCARDED)
			put_page(machine, page);
		end();
	}
}

/*
 * Does a huge page that is taken stay write-protected for the monitor? Not in the kernels; in the
 * drafts, whose FAULT_FLAG_BREAK_COW is no write, it does, or does if the monitor is there.
 */
static void what_is_taken_keeps_its_protection(void **state)
{
	static const struct {
		enum uffd_wp_copy rule;
		bool marked, registered, kept;
	} cases[] = {
		{UFFD_WP_COPY_DROP, true, true, false},   {UFFD_WP_COPY_KEEP, true, true, true},
		{UFFD_WP_COPY_KEEP, true, false, true},   {UFFD_WP_COPY_MEANT, true, true, true},
		{UFFD_WP_COPY_MEANT, true, false, false}, {UFFD_WP_COPY_KEEP, false, true, false},
		{UFFD_WP_COPY_MEANT, false, true, false},
	};

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm_rules rules = mm_era_find("break-cow-v1")->rules;
		struct userfaultfd_ctx *ctx;
		pte_t mark = cases[i].marked ? PTE_UFFD_WP : 0;

		rules.uffd_wp_copy = cases[i].rule;
		rules.uffd_wp_asks = UFFD_WP_ASKS_WRITE;
		begin_with(&rules);
		assert_int_equal(userfaultfd_create(mm, 0, &ctx), 0);
		store(BASE, 1);
		if (cases[i].registered)
			assert_int_equal(uffdio_register(ctx, BASE, HPAGE, UFFDIO_REGISTER_MODE_WP),
					 0);
		set_pmd((pmd() & ~(PTE_RW | PTE_DIRTY | PTE_ACCESSED)) | mark);
		assert_int_equal(fault(MIDDLE, FAULT_FLAG_BREAK_COW), VM_FAULT_WRITE);
		assert_int_equal(pmd() & BITS,
				 HUGE | PTE_ACCESSED | DIRTY | mark | (cases[i].kept ? 0 : PTE_RW));
		userfaultfd_close(ctx);
		end();
	}
}

/* do_huge_pmd_wp_page() of v5.7 */
static void a_huge_page_is_copied(void **state)
{
	struct page *old;
	struct mm *child;

	(void)state;
	begin("v5.7");
	fill();
	child = fork_mm();
	old = head();
	assert_int_equal(page_count(old), 2);
	fill_tlb();
	assert_int_equal(fault(MIDDLE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	expect_flush(true);
	expect_unlocked(mm);
	assert_ptr_not_equal(head(), old);
	assert_int_equal(pmd() & BITS, HUGE | PTE_RW | PTE_ACCESSED | DIRTY);
	assert_int_equal(head()->index, BASE >> MM_PAGE_SHIFT);
	assert_int_equal(page_count(head()), 1);
	assert_int_equal(page_count(old), 1);
	assert_int_equal(port_atomic_read(&old->entire_mapcount), 1);
	expect_filled(mm, BASE);
	expect_filled(child, BASE);
	audit();
	mm_destroy(child);
	end();
}

/* 3917c80280c9 (v5.8) splits it, 1ced09e0331f (v6.13) does not; KEEP is a proposal of the list. */
static void the_huge_zero_page_is_replaced(void **state)
{
	static const struct {
		enum huge_zero_write rule;
		unsigned flags;
		pte_t bits; /* of the PMD; 0: it is split */
	} cases[] = {
		{HUGE_ZERO_WRITE_ALLOC, FAULT_FLAG_WRITE, HUGE | PTE_RW | PTE_ACCESSED | DIRTY},
		{HUGE_ZERO_WRITE_ALLOC, FAULT_FLAG_UNSHARE, HUGE | PTE_RW | PTE_ACCESSED | DIRTY},
		{HUGE_ZERO_WRITE_SPLIT, FAULT_FLAG_WRITE, 0},
		{HUGE_ZERO_WRITE_KEEP, FAULT_FLAG_WRITE, HUGE | PTE_RW | PTE_ACCESSED | DIRTY},
		{HUGE_ZERO_WRITE_KEEP, FAULT_FLAG_UNSHARE,
		 HUGE | PTE_ACCESSED | PTE_SOFT_DIRTY | PTE_UFFD_WP},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm_rules rules = mm_era_find(NEWEST)->rules;
		struct page *zero;

		rules.huge_zero_write = cases[i].rule;
		begin_with(&rules);
		assert_int_equal(load(mm, BASE), 0);
		zero = head();
		set_pmd(pmd() | PTE_SOFT_DIRTY | PTE_UFFD_WP);
		fill_tlb();
		assert_int_equal(fault(MIDDLE, cases[i].flags), VM_FAULT_WRITE);
		expect_unlocked(mm);
		expect_flush(true);
		assert_int_equal(page_count(zero), 1);
		if (cases[i].bits) {
			assert_int_equal(pmd() & BITS, cases[i].bits);
			assert_ptr_not_equal(head(), zero);
			assert_int_equal(head()->index, BASE >> MM_PAGE_SHIFT);
			assert_int_equal(page_count(head()), 1);
		} else {
			assert_true(pmd_table(pmd()));
		}
		for (unsigned n = 0; n < NR; n++)
			assert_int_equal(load(mm, BASE + n * PAGE), 0);
		end();
	}
}

/* Without memory, or where none is wanted any more, it is split all the same. */
static void the_huge_zero_page_is_split_instead(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin(NEWEST);
		load(mm, BASE);
		if (i)
			assert_int_equal(mm_madvise(mm, BASE, HPAGE, MM_MADV_NOHUGEPAGE), 0);
		port_fail_allocation(i ? 0 : 1);
		assert_int_equal(fault(MIDDLE, FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_true(pmd_table(pmd()));
		assert_int_equal(pte_pfn(mm_pte(mm, BASE)), machine->zero_pfn);
		assert_true(pte_write(mm_pte(mm, MIDDLE)));
		end();
	}
}

/* A child that has nothing yet, and a place for what it gets from fork. */
static struct mm *empty_child(void)
{
	struct mm *child = mm_create(machine);

	assert_non_null(child);
	assert_int_equal(mm_mmap(child, BASE, 2 * HPAGE, RW), 0);
	return child;
}

static int copy(struct mm *child)
{
	return copy_huge_pmd(child, mm, vma_of(child), vma_of(mm), MIDDLE & MM_HPAGE_MASK);
}

/* copy_huge_pmd(): both map it, neither may write to it; the child has not accessed it. */
static void fork_shares_a_huge_page(void **state)
{
	struct mm *child;
	unsigned before;
	pte_t entry;

	(void)state;
	begin(NEWEST);
	fill();
	child = empty_child();
	entry = pmd();
	assert_int_equal(copy(child), 0);
	assert_int_equal(pmd(), entry & ~PTE_RW);
	assert_int_equal(pmd_of(child), entry & ~(PTE_RW | PTE_ACCESSED));
	assert_int_equal(page_count(head()), 2);
	assert_int_equal(port_atomic_read(&head()->entire_mapcount), 2);
	assert_false(page_flag(head(), PG_ANON_EXCLUSIVE));
	expect_unlocked(mm);
	expect_unlocked(child);
	flush_tlb_range(mm, BASE, BASE + HPAGE);
	audit();
	mm_destroy(child);

	/* The huge zero page is not counted. */
	assert_int_equal(mm_madvise(mm, BASE, HPAGE, MM_MADV_DONTNEED), 0);
	load(mm, BASE);
	child = empty_child();
	before = nr_free_pages(machine);
	assert_int_equal(copy(child), 0);
	/* Two tables above, and one put aside. */
	assert_int_equal(nr_free_pages(machine), before - 3);
	assert_int_equal(pmd_of(child), pmd() & ~PTE_ACCESSED);
	assert_int_equal(page_count(head()), 1);
	audit();
	mm_destroy(child);
	end();
}

/* d042035eaf5f: what may be pinned can't be shared; nor can what somebody has split meanwhile. */
static void fork_shares_no_pinned_huge_page(void **state)
{
	struct page *pinned, *page;
	struct mm *child;
	unsigned before;

	(void)state;
	begin(NEWEST);
	fill();
	page = head();
	assert_int_equal(pin_user_pages_fast(mm, BASE, 1, FOLL_WRITE, &pinned), 1);
	child = empty_child();
	assert_int_equal(pmd_alloc(child, BASE), 0);
	before = nr_free_pages(machine);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(copy(child), -MM_EAGAIN);
		assert_true(pmd_table(pmd()));
		assert_int_equal(pmd_of(child), 0);
		assert_int_equal(nr_free_pages(machine), before);
		assert_ptr_equal(pfn_to_page(machine, pte_pfn(mm_pte(mm, BASE))), page);
		assert_true(pte_write(mm_pte(mm, BASE)));
		expect_unlocked(mm);
		expect_unlocked(child);
	}
	unpin_user_page(machine, pinned);
	mm_destroy(child);
	end();
}

static void fork_without_memory(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 3; n++) {
		struct mm *child;
		pte_t entry;

		begin(NEWEST);
		fill();
		child = empty_child();
		entry = pmd();
		/* Two tables above, and one to put aside. */
		port_fail_allocation(n);
		assert_int_equal(copy(child), -MM_ENOMEM);
		port_fail_allocation(0);
		assert_int_equal(pmd(), entry);
		audit();
		mm_destroy(child);
		end();
	}
}

/* The huge page is on its way: what stands for it has no mapping. Takes it out of the counts. */
static pte_t send_away(void)
{
	pte_t entry = swp_entry(SWP_MIGRATION_WRITE, pte_pfn(pmd())) | PTE_SWP_UFFD_WP;

	hpage_remove_rmap(machine, head());
	set_pmd(entry);
	return entry;
}

static void fork_shares_what_is_on_its_way(void **state)
{
	struct page *page;
	struct mm *child;
	pte_t entry;

	(void)state;
	begin(NEWEST);
	store(BASE, 1);
	page = head();
	entry = send_away();
	child = empty_child();
	vma_of(child)->flags |= VM_UFFD_WP;
	assert_int_equal(copy(child), 0);
	vma_of(child)->flags &= ~(unsigned)VM_UFFD_WP;
	entry = swp_entry(SWP_MIGRATION_READ, swp_offset(entry)) | PTE_SWP_UFFD_WP;
	assert_int_equal(pmd(), entry);
	assert_int_equal(pmd_of(child), entry);
	assert_int_equal(page_count(page), 1);
	/* What goes with its mapping has a table put aside, and no page. */
	mm_destroy(child);
	assert_int_equal(mm_munmap(mm, BASE, HPAGE), 0);
	assert_int_equal(page_count(page), 1);
	put_page(machine, page);
	end();
}

/* zap_huge_pmd() */
static void what_is_unmapped_is_flushed(void **state)
{
	unsigned before;

	(void)state;
	begin(NEWEST);
	store(BASE, 1);
	before = nr_free_pages(machine);
	fill_tlb();
	assert_int_equal(mm_madvise(mm, BASE, HPAGE, MM_MADV_DONTNEED), 0);
	expect_flush(true);
	assert_int_equal(pmd(), 0);
	assert_int_equal(nr_free_pages(machine), before + NR + 1);
	end();
}

#define TARGET (BASE + HPAGE)

static bool move(void)
{
	bool moved;

	port_down_write(&mm->mmap_lock);
	moved = move_huge_pmd(mm, BASE, TARGET);
	port_up_write(&mm->mmap_lock);
	return moved;
}

static pte_t target(void)
{
	return port_entry_read(pmd_lookup(mm, TARGET));
}

/* move_huge_pmd(): where it was nothing is left, and no CPU has kept it. */
static void a_huge_pmd_moves(void **state)
{
	unsigned before;
	pte_t entry;

	(void)state;
	for (int zero = 0; zero < 2; zero++) {
		begin(NEWEST);
		if (zero)
			load(mm, BASE);
		else
			fill();
		assert_int_equal(pte_alloc(mm, TARGET), 0);
		set_pmd(pmd() & ~PTE_SOFT_DIRTY);
		entry = pmd();
		before = nr_free_pages(machine);
		fill_tlb();
		assert_true(move());
		expect_flush(true);
		assert_int_equal(pmd(), 0);
		assert_int_equal(target(), entry | PTE_SOFT_DIRTY);
		/* Of two tables one is put aside for it, and the other is free. */
		assert_int_equal(nr_free_pages(machine), before + 1);
		expect_unlocked(mm);
		audit();
		split_huge_pmd(mm, TARGET);
		if (!zero)
			expect_filled(mm, TARGET);
		/* mremap() gives the page a new place. */
		assert_int_equal(mm_munmap(mm, TARGET, HPAGE), 0);
		end();
	}
}

static void a_huge_pmd_on_its_way_moves(void **state)
{
	struct page *page;
	pte_t entry;

	(void)state;
	begin(NEWEST);
	store(BASE, 1);
	assert_int_equal(pte_alloc(mm, TARGET), 0);
	page = head();
	entry = send_away();
	fill_tlb();
	assert_true(move());
	/* What no CPU can have cached need not be flushed. */
	expect_flush(false);
	assert_int_equal(pmd(), 0);
	assert_int_equal(target(), entry | PTE_SWP_SOFT_DIRTY);
	assert_int_equal(mm_munmap(mm, TARGET, HPAGE), 0);
	put_page(machine, page);
	end();
}

/* Where no huge page is mapped there is none to move: nothing at all, or PTEs. */
static void what_is_no_huge_pmd_does_not_move(void **state)
{
	pte_t table;

	(void)state;
	begin(NEWEST);
	/* No table of PMDs. */
	assert_true(move());
	assert_null(pmd_lookup(mm, BASE));
	assert_int_equal(pte_alloc(mm, TARGET), 0);
	table = target();
	assert_true(move());
	expect_unlocked(mm);
	assert_int_equal(pmd(), 0);
	assert_int_equal(target(), table);
	assert_int_equal(mm_madvise(mm, BASE, HPAGE, MM_MADV_NOHUGEPAGE), 0);
	store(BASE, 1);
	assert_true(pmd_table(pmd()));
	assert_false(move());
	expect_unlocked(mm);
	assert_true(pmd_table(pmd()));
	assert_int_equal(target(), table);
	assert_int_equal(load(mm, BASE), 1);
	end();
}

/* 0cef0bb836e3 (v6.13): what leaves its monitor is not write-protected for it any more. */
static void the_protection_stays_behind(void **state)
{
	static const char *const versions[] = {"v6.12", "v6.13"};
	struct userfaultfd_ctx *ctx;

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (int i = 0; i < 2; i++) {
		begin(versions[i]);
		store(BASE, 1);
		assert_int_equal(userfaultfd_create(mm, 0, &ctx), 0);
		assert_int_equal(uffdio_register(ctx, BASE, HPAGE, UFFDIO_REGISTER_MODE_WP), 0);
		assert_int_equal(uffdio_writeprotect(ctx, BASE, HPAGE, UFFDIO_WRITEPROTECT_MODE_WP),
				 0);
		assert_int_equal(pte_alloc(mm, TARGET), 0);
		assert_true(move());
		assert_int_equal(pte_uffd_wp(target()), !i);
		userfaultfd_close(ctx);
		assert_int_equal(mm_munmap(mm, TARGET, HPAGE), 0);
		end();
	}
}

/* __split_huge_pmd_locked() */
static void each_part_is_mapped_by_a_pte(void **state)
{
	(void)state;
	for (int exclusive = 0; exclusive < 2; exclusive++) {
		struct page *page;
		pte_t entry;

		begin(NEWEST);
		fill();
		page = head();
		if (!exclusive)
			mm_destroy(fork_mm());
		entry = pmd();
		fill_tlb();
		split_huge_pmd(mm, MIDDLE);
		expect_flush(true);
		expect_unlocked(mm);
		assert_int_equal(pmd() & BITS, TABLE_ENTRY_BITS);
		assert_int_equal(page_count(page), NR);
		assert_int_equal(port_atomic_read(&page->entire_mapcount), 0);
		assert_int_equal(port_atomic_read(&page[NR].mapcount), 0);
		for (unsigned i = 0; i < NR; i++) {
			assert_int_equal(
				mm_pte(mm, BASE + i * PAGE),
				pfn_pte(page_to_pfn(machine, page + i), entry & BITS & ~PTE_PSE));
			assert_int_equal(port_atomic_read(&page[i].mapcount), 1);
			assert_int_equal(page_flag(page + i, PG_ANON_EXCLUSIVE), exclusive);
		}
		/* There is nothing left to split. */
		entry = pmd();
		split_huge_pmd(mm, MIDDLE);
		split_huge_pmd_page(mm, MIDDLE, page);
		assert_int_equal(pmd(), entry);
		expect_unlocked(mm);
		end();
	}
}

static void parts_of_what_is_on_its_way(void **state)
{
	struct page *page;
	pte_t entry;

	(void)state;
	begin(NEWEST);
	store(BASE, 1);
	page = head();
	entry = send_away();
	fill_tlb();
	split_huge_pmd(mm, MIDDLE);
	expect_flush(false);
	for (unsigned i = 0; i < NR; i++)
		assert_int_equal(mm_pte(mm, BASE + i * PAGE),
				 swp_entry(SWP_MIGRATION_WRITE, swp_offset(entry) + i) |
					 PTE_SWP_UFFD_WP);
	/* Nothing is counted for them. */
	assert_int_equal(page_count(page), 1);
	assert_int_equal(folio_mapcount(page), 0);
	assert_int_equal(mm_munmap(mm, BASE, HPAGE), 0);
	put_page(machine, page);
	end();
}

/* Who comes from a page splits only what maps that. */
static void another_huge_page_is_not_split(void **state)
{
	struct page *page;
	pte_t entry;

	(void)state;
	begin(NEWEST);
	/* No table at all, nothing, and the huge zero page. */
	split_huge_pmd(mm, BASE);
	split_huge_pmd_page(mm, BASE, pfn_to_page(machine, 1));
	assert_null(pmd_lookup(mm, BASE));
	store(TARGET, 1);
	split_huge_pmd(mm, BASE);
	split_huge_pmd_page(mm, BASE, pfn_to_page(machine, 1));
	assert_int_equal(pmd(), 0);
	expect_unlocked(mm);
	load(mm, BASE);
	entry = pmd();
	split_huge_pmd_page(mm, BASE, head());
	assert_int_equal(pmd(), entry);
	assert_int_equal(mm_madvise(mm, BASE, HPAGE, MM_MADV_DONTNEED), 0);

	store(BASE, 1);
	entry = pmd();
	page = head();
	split_huge_pmd_page(mm, MIDDLE, pfn_to_page(machine, pte_pfn(target())));
	assert_int_equal(pmd(), entry);
	expect_unlocked(mm);
	/* Nor what is on its way. */
	entry = send_away();
	split_huge_pmd_page(mm, MIDDLE, page);
	assert_int_equal(pmd(), entry);
	expect_unlocked(mm);
	assert_int_equal(mm_munmap(mm, BASE, HPAGE), 0);
	put_page(machine, page);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_a_huge_page_may_be),
		cmocka_unit_test(the_huge_zero_page_is_one_for_all),
		cmocka_unit_test(no_huge_zero_page),
		cmocka_unit_test(the_first_write),
		cmocka_unit_test(a_fault_that_comes_too_late),
		cmocka_unit_test(who_may_take_it),
		cmocka_unit_test(a_mark_that_does_not_count),
		cmocka_unit_test(the_swap_cache_is_no_holder),
		cmocka_unit_test(an_exclusive_page_is_not_waited_for),
		cmocka_unit_test(a_write_waits_for_the_page_lock),
		cmocka_unit_test(what_is_taken_keeps_its_protection),
		cmocka_unit_test(a_huge_page_is_copied),
		cmocka_unit_test(the_huge_zero_page_is_replaced),
		cmocka_unit_test(the_huge_zero_page_is_split_instead),
		cmocka_unit_test(fork_shares_a_huge_page),
		cmocka_unit_test(fork_shares_no_pinned_huge_page),
		cmocka_unit_test(fork_without_memory),
		cmocka_unit_test(fork_shares_what_is_on_its_way),
		cmocka_unit_test(what_is_unmapped_is_flushed),
		cmocka_unit_test(a_huge_pmd_moves),
		cmocka_unit_test(a_huge_pmd_on_its_way_moves),
		cmocka_unit_test(what_is_no_huge_pmd_does_not_move),
		cmocka_unit_test(the_protection_stays_behind),
		cmocka_unit_test(each_part_is_mapped_by_a_pte),
		cmocka_unit_test(parts_of_what_is_on_its_way),
		cmocka_unit_test(another_huge_page_is_not_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
