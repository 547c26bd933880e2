/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_midway.c - a fault or GUP, and what another task does right in the middle of it
 *
 * The linker wraps the functions before which something can come in between (../meson.build says
 * which): there the other task has its turn, once.
 */
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

/* Before a call of which function. */
enum place {
	PTE_ALLOC,
	PTE_OFFSET_LOCK,
	PTE_UNLOCK, /* right after it */
	PORT_LOCK,
	PORT_TRYLOCK,
	TRY_GRAB_PAGE,
	COPY_PAGE,
	REUSE_SWAP_PAGE,
	TRY_TO_FREE_SWAP,
	PAGE_ADD_NEW_ANON_RMAP,
	PAGE_REMOVE_RMAP,
	PORT_TLB_FLUSH,
	NR_PLACES,
};

static struct machine *machine;
static struct mm *mm;
static struct page *page; /* that BASE maps at first */
static unsigned frames_at_first;

/* What the other task does, before which call from now on, and where. */
static void (*meanwhile)(void);
static enum place where;
static unsigned calls_left;
static unsigned calls[NR_PLACES];
static pte_t left; /* the entry as it was left by it */

static pte_t pte(void)
{
	return mm_pte(mm, BASE);
}

/* The same without a lock, or interrupts off; 0 where there is no table. */
static pte_t entry(void)
{
	const port_entry *at = pte_lookup(mm, BASE);

	return at ? port_entry_read(at) : 0;
}

static void at_place(enum place place)
{
	void (*what)(void) = meanwhile;

	calls[place]++;
	if (!what || place != where || --calls_left)
		return;
	meanwhile = NULL;
	what();
	left = entry();
}

static void before(enum place place, unsigned call, void (*what)(void))
{
	memset(calls, 0, sizeof(calls));
	where = place;
	calls_left = call;
	meanwhile = what;
}

/* The wrappers. */

int __real_pte_alloc(struct mm *of, unsigned long addr);
int __wrap_pte_alloc(struct mm *of, unsigned long addr);
struct pte_lock __real_pte_offset_lock(struct mm *of, unsigned long addr);
struct pte_lock __wrap_pte_offset_lock(struct mm *of, unsigned long addr);
void __real_pte_unlock(struct pte_lock *pte_lock);
void __wrap_pte_unlock(struct pte_lock *pte_lock);
void __real_port_lock(struct port_lock *lock);
void __wrap_port_lock(struct port_lock *lock);
bool __real_port_trylock(struct port_lock *lock);
bool __wrap_port_trylock(struct port_lock *lock);
void __real_copy_page(struct machine *of, struct page *to, const struct page *from);
void __wrap_copy_page(struct machine *of, struct page *to, const struct page *from);
void __real_page_add_new_anon_rmap(struct machine *of, struct page *added, const struct vma *vma,
				   unsigned long addr);
void __wrap_page_add_new_anon_rmap(struct machine *of, struct page *added, const struct vma *vma,
				   unsigned long addr);
void __real_page_remove_rmap(struct machine *of, struct page *removed);
void __wrap_page_remove_rmap(struct machine *of, struct page *removed);
void __real_port_tlb_flush(struct port_cpu *cpus, unsigned nr, unsigned tag, unsigned long first,
			   unsigned long last);
void __wrap_port_tlb_flush(struct port_cpu *cpus, unsigned nr, unsigned tag, unsigned long first,
			   unsigned long last);
bool __real_try_to_free_swap(struct machine *of, struct page *head);
bool __wrap_try_to_free_swap(struct machine *of, struct page *head);
bool __real_reuse_swap_page(struct machine *of, struct page *reused);
bool __wrap_reuse_swap_page(struct machine *of, struct page *reused);
bool __real_try_grab_page(struct machine *of, struct page *grabbed, enum grab how);
bool __wrap_try_grab_page(struct machine *of, struct page *grabbed, enum grab how);
unsigned __real_handle_mm_fault(struct mm *of, struct vma *vma, unsigned long addr, unsigned flags);
unsigned __wrap_handle_mm_fault(struct mm *of, struct vma *vma, unsigned long addr, unsigned flags);

int __wrap_pte_alloc(struct mm *of, unsigned long addr)
{
	at_place(PTE_ALLOC);
	return __real_pte_alloc(of, addr);
}

struct pte_lock __wrap_pte_offset_lock(struct mm *of, unsigned long addr)
{
	at_place(PTE_OFFSET_LOCK);
	return __real_pte_offset_lock(of, addr);
}

void __wrap_pte_unlock(struct pte_lock *pte_lock)
{
	__real_pte_unlock(pte_lock);
	at_place(PTE_UNLOCK);
}

void __wrap_copy_page(struct machine *of, struct page *to, const struct page *from)
{
	at_place(COPY_PAGE);
	__real_copy_page(of, to, from);
}

/* The order in which a copy takes the place of its original, and the entry at each step. */
#define MAX_STEPS 4

struct step {
	enum place place;
	pte_t entry;
};

static struct {
	bool on;
	unsigned nr;
	struct step steps[MAX_STEPS];
} trace;

static void at_step(enum place place)
{
	at_place(place);
	if (!trace.on)
		return;
	assert_true(trace.nr < MAX_STEPS);
	trace.steps[trace.nr++] = (struct step){place, entry()};
}

void __wrap_page_add_new_anon_rmap(struct machine *of, struct page *added, const struct vma *vma,
				   unsigned long addr)
{
	at_step(PAGE_ADD_NEW_ANON_RMAP);
	__real_page_add_new_anon_rmap(of, added, vma, addr);
}

void __wrap_page_remove_rmap(struct machine *of, struct page *removed)
{
	at_step(PAGE_REMOVE_RMAP);
	__real_page_remove_rmap(of, removed);
}

void __wrap_port_tlb_flush(struct port_cpu *cpus, unsigned nr, unsigned tag, unsigned long first,
			   unsigned long last)
{
	if (trace.on) {
		assert_int_equal(first, BASE >> MM_PAGE_SHIFT);
		assert_int_equal(last, BASE >> MM_PAGE_SHIFT);
	}
	at_step(PORT_TLB_FLUSH);
	__real_port_tlb_flush(cpus, nr, tag, first, last);
}

bool __wrap_try_to_free_swap(struct machine *of, struct page *head)
{
	at_place(TRY_TO_FREE_SWAP);
	return __real_try_to_free_swap(of, head);
}

bool __wrap_reuse_swap_page(struct machine *of, struct page *reused)
{
	at_place(REUSE_SWAP_PAGE);
	return __real_reuse_swap_page(of, reused);
}

static const struct port_lock *waited_for;

void __wrap_port_lock(struct port_lock *lock)
{
	waited_for = lock;
	at_place(PORT_LOCK);
	__real_port_lock(lock);
}

bool __wrap_port_trylock(struct port_lock *lock)
{
	at_place(PORT_TRYLOCK);
	return __real_port_trylock(lock);
}

static bool no_grab; /* the next one fails */

bool __wrap_try_grab_page(struct machine *of, struct page *grabbed, enum grab how)
{
	bool fails = no_grab;

	no_grab = false;
	at_place(TRY_GRAB_PAGE);
	return !fails && __real_try_grab_page(of, grabbed, how);
}

/* The faults that were asked for, and what the first of them comes to in place of a real one. */
#define MAX_FAULTS    4
#define ENOUGH_FAULTS 100 /* then nothing will come of it any more */

static struct {
	unsigned nr;
	unsigned flags[MAX_FAULTS];
	bool instead;
	unsigned result;
	void (*effect)(void);
} faults;

unsigned __wrap_handle_mm_fault(struct mm *of, struct vma *vma, unsigned long addr, unsigned flags)
{
	if (faults.nr < MAX_FAULTS)
		faults.flags[faults.nr] = flags;
	if (++faults.nr >= ENOUGH_FAULTS)
		return VM_FAULT_SIGBUS;
	if (!faults.instead)
		return __real_handle_mm_fault(of, vma, addr, flags);
	faults.instead = false;
	/* Who waits has let go of the mmap lock. */
	if (faults.result & VM_FAULT_RETRY)
		port_up_read(&of->mmap_lock);
	if (faults.effect)
		faults.effect();
	return faults.result;
}

static void first_fault(unsigned result, void (*effect)(void))
{
	memset(&faults, 0, sizeof(faults));
	faults.instead = true;
	faults.result = result;
	faults.effect = effect;
}

/* The machine. */

static void begin_with(const struct mm_rules *rules, unsigned flags)
{
	struct machine_config config = {
		.nr_frames = FRAMES, .nr_cpus = 1, .nr_swap_slots = MM_HPAGE_NR};

	machine = machine_create(rules, &config);
	assert_non_null(machine);
	frames_at_first = nr_free_pages(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, flags), 0);
	memset(&faults, 0, sizeof(faults));
	memset(calls, 0, sizeof(calls));
}

static void begin(const char *version, unsigned flags)
{
	begin_with(&mm_era_find(version)->rules, flags);
}

/* Whatever a test did: the other task had its turn, all counts are right, no frame is lost. */
static void end(void)
{
	static struct audit_frame frames[FRAMES];
	struct audit_result result;
	unsigned kept;

	assert_null(meanwhile);
	memset(frames, 0, sizeof(frames));
	assert_true(mm_audit(machine, frames, &result));
	/* Nobody has left the mmap lock held. */
	port_down_write(&mm->mmap_lock);
	port_up_write(&mm->mmap_lock);
	mm_destroy(mm);
	lru_add_drain(machine);
	kept = machine->huge_zero_pfn ? MM_HPAGE_NR : 0;
	assert_int_equal(nr_free_pages(machine), frames_at_first - kept);
	machine_destroy(machine);
}

static unsigned fault(unsigned flags)
{
	unsigned ret;

	port_down_read(&mm->mmap_lock);
	ret = __real_handle_mm_fault(mm, find_vma(mm, BASE), BASE, flags);
	port_up_read(&mm->mmap_lock);
	return ret;
}

static void store(uint32_t value)
{
	assert_int_equal(mm_store(mm, BASE, value), 0);
	page = pfn_to_page(machine, pte_pfn(pte()));
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

/* What the other task does. */

static void read_fault(void)
{
	assert_int_equal(fault(0), 0);
}

static void write_fault(void)
{
	fault(FAULT_FLAG_WRITE);
}

static void discard(void)
{
	assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
}

static void discard_and_touch(void)
{
	discard();
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
}

static void take_reference(void)
{
	get_page(machine, page);
}

static void lock(void)
{
	get_page(machine, page);
	__real_port_lock(&page->lock);
}

static void take_pin(void)
{
	assert_true(__real_try_grab_page(machine, page, GRAB_PIN));
}

static void unlock(void)
{
	port_unlock(&page->lock);
}

static void unlock_and_discard(void)
{
	port_unlock(&page->lock);
	discard();
}

static void unpin(void)
{
	unpin_user_page(machine, page);
}

static void unmap(void)
{
	assert_int_equal(mm_munmap(mm, BASE, PAGE), 0);
}

static void kill_mm(void)
{
	mm_kill(mm);
}

/* A fault that comes too late: it says nothing, and leaves what it finds. */
static void assert_too_late(unsigned flags, void (*other)(void))
{
	before(PTE_OFFSET_LOCK, 2, other);
	assert_int_equal(fault(flags), 0);
	assert_int_equal(pte(), left);
	/* The entry's lock is free. */
	assert_int_equal(fault(0), 0);
}

static void a_first_touch_that_comes_too_late(void **state)
{
	static const unsigned flags[] = {0, FAULT_FLAG_WRITE};
	static void (*const others[])(void) = {read_fault, write_fault};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct shmem *file;

		/* The table is there. */
		begin(NEWEST, RW);
		read_fault();
		discard();
		assert_too_late(flags[i / 2], others[i % 2]);
		end();

		begin(NEWEST, RW | VM_SHARED);
		read_fault();
		discard();
		assert_too_late(flags[i / 2], others[i % 2]);
		end();

		begin(NEWEST, RW);
		file = shmem_create(1);
		assert_non_null(file);
		assert_int_equal(mm_mmap_file(mm, BASE, PAGE, RW, file, 0), 0);
		read_fault();
		discard();
		assert_too_late(flags[i / 2], others[i % 2]);
		shmem_put(machine, file);
		end();
	}
}

/* wp_page_copy(): the copy that nobody needs goes, the original is somebody else's matter. */
static void a_copy_that_comes_too_late(void **state)
{
	static const struct {
		const char *version;
		unsigned flags;
		bool zero;
		void (*other)(void);
	} cases[] = {
		{"v5.7", FAULT_FLAG_WRITE, false, write_fault},
		{"v5.9", FAULT_FLAG_WRITE, false, discard},
		{"v5.18", FAULT_FLAG_WRITE, false, discard_and_touch},
		{NEWEST, FAULT_FLAG_WRITE, false, write_fault},
		{NEWEST, FAULT_FLAG_UNSHARE, false, write_fault},
		{NEWEST, FAULT_FLAG_UNSHARE, false, discard},
		{NEWEST, FAULT_FLAG_WRITE, true, write_fault},
		{NEWEST, FAULT_FLAG_UNSHARE, true, discard},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm *child;

		begin(cases[i].version, RW);
		if (cases[i].zero)
			read_fault();
		else
			store(1);
		child = fork_mm();
		assert_too_late(cases[i].flags, cases[i].other);
		assert_int_equal(load(child), !cases[i].zero);
		mm_destroy(child);
		end();
	}
}

/* wp_page_copy(): free_swap_cache() is for the page that was copied. */
static void discard_while_locked(void)
{
	/* Who zaps does not wait for the page lock, and so leaves the page in the swap cache. */
	port_lock(&page->lock);
	discard();
	port_unlock(&page->lock);
}

static void a_copy_that_comes_too_late_frees_no_swap_cache(void **state)
{
	(void)state;
	begin("v5.14", RW);
	store(1);
	assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_PAGEOUT), 0);
	assert_int_equal(load(mm), 1);
	page = pfn_to_page(machine, pte_pfn(pte()));
	assert_true(page_flag(page, PG_SWAPCACHE));
	take_reference();
	assert_too_late(FAULT_FLAG_WRITE, discard_while_locked);
	assert_true(page_flag(page, PG_SWAPCACHE));
	free_swap_cache(machine, page);
	assert_false(page_flag(page, PG_SWAPCACHE));
	put_page(machine, page);
	end();
}

/* pte_marker_clear() */
static void a_marker_that_has_gone_meanwhile(void **state)
{
	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	begin(NEWEST, RW | VM_SHARED);
	read_fault();
	discard();
	set_entry(make_pte_marker(PTE_MARKER_UFFD_WP));
	assert_too_late(0, discard_and_touch);
	assert_true(pte_present(pte()));
	end();
}

/* handle_pte_fault(): no table of PTEs is there, but a huge page. */
static void a_huge_page_that_comes_meanwhile(void **state)
{
	(void)state;
	begin(NEWEST, RW);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
	read_fault();
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_DONTNEED), 0);
	/* There is no huge page for this one, and so base pages have to do. */
	before(PTE_ALLOC, 1, write_fault);
	port_fail_allocation(1);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_true(mm_pmd_mapped(mm, BASE));
	end();
}

/* v5.7 sleeps for the page lock, without the lock of the PTE: wp_by_mapcount(). */
static void waiting_for_the_page_lock(void **state)
{
	(void)state;
	begin("v5.7", RW);
	store(1);
	mm_destroy(fork_mm());
	__real_port_lock(&page->lock);
	before(PORT_LOCK, 1, unlock);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_ptr_equal(pfn_to_page(machine, pte_pfn(pte())), page);
	assert_true(pte_write(pte()));
	assert_false(port_is_locked(&page->lock));
	end();

	/* The page is gone from here when the lock is there. */
	begin("v5.7", RW);
	store(1);
	mm_destroy(fork_mm());
	take_reference();
	__real_port_lock(&page->lock);
	before(PORT_LOCK, 1, unlock_and_discard);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_true(pte_none(pte()));
	assert_false(port_is_locked(&page->lock));
	put_page(machine, page);
	/* The entry's lock is free. */
	store(2);
	end();
}

static struct mm *child_mm;

/* Nobody maps the page any more. */
static void discard_all(void)
{
	discard();
	assert_int_equal(mm_madvise(child_mm, BASE, PAGE, MM_MADV_DONTNEED), 0);
}

static void discard_all_then_unlock(void)
{
	discard_all();
	before(PORT_LOCK, 1, unlock);
}

/* Nor does the page go as long as the fault needs it. */
static void a_page_that_is_discarded_while_it_is_copied(void **state)
{
	static const char *const versions[] = {"v5.7", "v5.7", "v5.9", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		bool wait = i == 0;

		begin(versions[i], RW);
		store(1);
		lru_add_drain(machine);
		child_mm = fork_mm();
		if (wait)
			__real_port_lock(&page->lock);
		before(PTE_UNLOCK, 1, wait ? discard_all_then_unlock : discard_all);
		assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
		assert_true(pte_none(pte()));
		assert_true(page_flag(page, PG_FREE));
		mm_destroy(child_mm);
		end();
	}
}

/*
 * wp_page_copy(): the entry is cleared and flushed (4ce072f1faf2) before it is set, and only then
 * the old page is let go of (945754a1754f). The two that had it otherwise are kept as rules.
 */
static void a_copy_takes_its_place_in_order(void **state)
{
	enum { OLD, NONE, NEW };
	static const struct {
		enum cow_order order;
		bool zero; /* of which no mapping is counted */
		struct step steps[MAX_STEPS];
	} cases[] = {
		{COW_ORDER_FLUSH_FIRST,
		 false,
		 {{PORT_TLB_FLUSH, NONE}, {PAGE_ADD_NEW_ANON_RMAP, NONE}, {PAGE_REMOVE_RMAP, NEW}}},
		{COW_ORDER_FLUSH_FIRST,
		 true,
		 {{PORT_TLB_FLUSH, NONE}, {PAGE_ADD_NEW_ANON_RMAP, NONE}}},
		{COW_ORDER_SET_FIRST,
		 false,
		 {{PAGE_ADD_NEW_ANON_RMAP, OLD}, {PORT_TLB_FLUSH, NEW}, {PAGE_REMOVE_RMAP, NEW}}},
		{COW_ORDER_SET_FIRST, true, {{PAGE_ADD_NEW_ANON_RMAP, OLD}, {PORT_TLB_FLUSH, NEW}}},
		{COW_ORDER_RMAP_FIRST,
		 false,
		 {{PAGE_REMOVE_RMAP, OLD}, {PORT_TLB_FLUSH, NONE}, {PAGE_ADD_NEW_ANON_RMAP, NONE}}},
		{COW_ORDER_RMAP_FIRST,
		 true,
		 {{PORT_TLB_FLUSH, NONE}, {PAGE_ADD_NEW_ANON_RMAP, NONE}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm_rules rules = mm_era_find(NEWEST)->rules;
		unsigned nr = cases[i].zero ? 2 : 3;
		struct mm *child;
		pte_t old;

		rules.cow_order = cases[i].order;
		begin_with(&rules, RW);
		if (cases[i].zero)
			read_fault();
		else
			store(1);
		child = fork_mm();
		old = pte();
		trace.nr = 0;
		trace.on = true;
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		trace.on = false;
		assert_int_equal(trace.nr, nr);
		for (unsigned at = 0; at < nr; at++) {
			const pte_t entries[] = {[OLD] = old, [NONE] = 0, [NEW] = pte()};
			const struct step *step = &cases[i].steps[at];

			assert_int_equal(trace.steps[at].place, step->place);
			assert_int_equal(trace.steps[at].entry, entries[step->entry]);
		}
		mm_destroy(child);
		end();
	}
}

static bool locked;

static void look_at_lock(void)
{
	locked = port_is_locked(&page->lock);
}

/* be068f29034f: once the PTE's lock is gone the page may be, too. */
static void which_lock_is_dropped_first(void **state)
{
	static const char *const versions[] = {"v5.7", "v5.9-rc4", "v5.9", "v5.18", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		begin(versions[i], RW);
		store(1);
		lru_add_drain(machine);
		mm_destroy(fork_mm());
		before(PTE_UNLOCK, 1, look_at_lock);
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_int_equal(locked, i == 1);
		assert_false(port_is_locked(&page->lock));
		end();
	}
}

/* The swap cache is asked, and let go of, under the page lock. */
static void the_swap_cache_is_asked_under_the_page_lock(void **state)
{
	(void)state;
	begin("v5.7", RW);
	store(1);
	mm_destroy(fork_mm());
	before(REUSE_SWAP_PAGE, 1, look_at_lock);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(locked);
	end();

	begin("pin-mapcount", RW);
	store(1);
	take_pin();
	mm_destroy(fork_mm());
	before(REUSE_SWAP_PAGE, 1, look_at_lock);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(locked);
	unpin();
	end();

	begin("v5.18", RW);
	store(1);
	lru_add_drain(machine);
	mm_destroy(fork_mm());
	before(TRY_TO_FREE_SWAP, 1, look_at_lock);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(locked);
	end();

	/* Part of a huge page that the swap cache holds: wp_large_by_mappings(). */
	begin(NEWEST, RW);
	assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
	store(1);
	split_huge_pmd(mm, BASE);
	__real_port_lock(&page->lock);
	assert_true(add_to_swap(machine, page));
	port_unlock(&page->lock);
	port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
	set_entry(pte() & ~PTE_RW);
	before(TRY_TO_FREE_SWAP, 1, look_at_lock);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_true(locked);
	assert_false(port_is_locked(&page->lock));
	end();
}

static int count_then;

static void look_at_count(void)
{
	count_then = page_count(page);
}

/* do_cow_fault() holds the file's page till it has copied it. */
static void a_page_of_a_file_stays_while_it_is_copied(void **state)
{
	struct shmem *file;

	(void)state;
	begin(NEWEST, RW);
	file = shmem_create(1);
	assert_non_null(file);
	assert_int_equal(mm_mmap_file(mm, BASE, PAGE, RW, file, 0), 0);
	read_fault();
	page = pfn_to_page(machine, pte_pfn(pte()));
	discard();
	before(COPY_PAGE, 1, look_at_count);
	assert_int_equal(fault(FAULT_FLAG_WRITE), 0);
	assert_int_equal(count_then, 2);
	assert_int_equal(page_count(page), 1);
	shmem_put(machine, file);
	end();
}

/* The swap-in has broken COW, and says so, though what is left to be done comes too late. */
static void a_swapped_page_that_goes_before_it_is_copied(void **state)
{
	(void)state;
	begin("break-cow-v1", RW);
	store(1);
	assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_PAGEOUT), 0);
	before(PTE_OFFSET_LOCK, 3, discard);
	assert_int_equal(fault(FAULT_FLAG_WRITE | FAULT_FLAG_BREAK_COW), VM_FAULT_WRITE);
	assert_true(pte_none(pte()));
	end();
}

/* Who moves a page has locked it, and holds the only reference. */

static pte_t before_move;

static void begin_move(void)
{
	before_move = pte();
	__real_port_lock(&page->lock);
	page_remove_rmap(machine, page);
	set_entry(swp_entry(SWP_MIGRATION_READ, page_to_pfn(machine, page)));
}

static void end_move(void)
{
	take_reference();
	page_add_rmap(page);
	port_entry_set(pte_lookup(mm, BASE), before_move);
	port_unlock(&page->lock);
	put_page(machine, page);
}

static void begin_huge_move(void)
{
	port_entry *pmd = pmd_lookup(mm, BASE);

	before_move = port_entry_read(pmd);
	__real_port_lock(&page->lock);
	hpage_remove_rmap(machine, page);
	port_entry_set(pmd, swp_entry(SWP_MIGRATION_READ, page_to_pfn(machine, page)));
	flush_tlb_range(mm, BASE, BASE + MM_HPAGE_SIZE);
}

static void end_huge_move(void)
{
	take_reference();
	hpage_add_rmap(page);
	port_entry_set(pmd_lookup(mm, BASE), before_move);
	port_unlock(&page->lock);
	put_page(machine, page);
}

/* migration_entry_wait(); then the fault is made again. */
static void a_page_on_its_way_is_waited_for(void **state)
{
	static const unsigned flags[] = {0, FAULT_FLAG_WRITE, FAULT_FLAG_UNSHARE};

	(void)state;
	if (!mm_has(MM_MIGRATION))
		return;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		begin(NEWEST, RW);
		store(1);
		begin_move();
		before(PORT_LOCK, 1, end_move);
		assert_int_equal(fault(flags[i]), 0);
		assert_ptr_equal(waited_for, &page->lock);
		assert_int_equal(pte(), before_move);
		end();

		begin(NEWEST, RW);
		assert_int_equal(mm_madvise(mm, BASE, MM_HPAGE_SIZE, MM_MADV_HUGEPAGE), 0);
		store(1);
		begin_huge_move();
		before(PORT_LOCK, 1, end_huge_move);
		assert_int_equal(fault(flags[i]), 0);
		assert_int_equal(port_entry_read(pmd_lookup(mm, BASE)), before_move);
		end();
	}
}

/* From v5.9 on the count is asked again under the page lock. */
static void a_reference_that_comes_meanwhile(void **state)
{
	static const char *const versions[] = {"v5.9-rc4", "v5.9", "v5.18",
					       NEWEST,     "v5.9", "pin-mapcount"};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		bool pin = i >= 4;

		begin(versions[i], RW);
		store(1);
		lru_add_drain(machine);
		mm_destroy(fork_mm());
		before(PORT_TRYLOCK, 1, pin ? take_pin : take_reference);
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_ptr_not_equal(pfn_to_page(machine, pte_pfn(pte())), page);
		assert_int_equal(page_count(page), pin ? GUP_PIN_COUNTING_BIAS : 1);
		assert_false(port_is_locked(&page->lock));
		if (pin)
			unpin();
		else
			put_page(machine, page);
		end();
	}
}

/* reuse_ksm_page() makes sure of the same, up to v5.8. */
static void a_reference_to_a_merged_page_that_comes_meanwhile(void **state)
{
	(void)state;
	if (!mm_has(MM_KSM))
		return;
	begin("v5.7", RW);
	store(1);
	lru_add_drain(machine);
	set_entry(pte() & ~PTE_RW);
	port_atomic_or(&page->flags, PG_KSM);
	before(PORT_TRYLOCK, 1, take_reference);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_ptr_not_equal(pfn_to_page(machine, pte_pfn(pte())), page);
	assert_true(page_flag(page, PG_KSM));
	put_page(machine, page);
	end();
}

/* Nor does it wait for who has the page lock. */
static void a_lock_that_is_taken_meanwhile(void **state)
{
	static const char *const versions[] = {"v5.9-rc4", "v5.9", "v5.18", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		begin(versions[i], RW);
		store(1);
		lru_add_drain(machine);
		mm_destroy(fork_mm());
		before(PORT_TRYLOCK, 1, lock);
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_ptr_not_equal(pfn_to_page(machine, pte_pfn(pte())), page);
		assert_true(port_is_locked(&page->lock));
		port_unlock(&page->lock);
		put_page(machine, page);
		end();
	}
}

/* The counter-patch lets the mapcount decide on what is pinned, and on nothing else. */
static void a_pin_that_goes_meanwhile(void **state)
{
	(void)state;
	begin("pin-mapcount", RW);
	store(1);
	lru_add_drain(machine);
	assert_int_equal(pin_user_pages(mm, BASE, 1, FOLL_WRITE, &page), 1);
	take_reference();
	mm_destroy(fork_mm());
	before(PORT_TRYLOCK, 1, unpin);
	assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
	assert_ptr_not_equal(pfn_to_page(machine, pte_pfn(pte())), page);
	assert_int_equal(page_count(page), 1);
	assert_false(port_is_locked(&page->lock));
	put_page(machine, page);
	end();
}

/* Who others hold for sure is copied without a look at its lock. */
static void a_shared_page_is_not_locked(void **state)
{
	static const char *const versions[] = {"v5.9", "pin-mapcount", "v5.18", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct mm *child;

		begin(versions[i], RW);
		store(1);
		lru_add_drain(machine);
		child = fork_mm();
		memset(calls, 0, sizeof(calls));
		assert_int_equal(fault(FAULT_FLAG_WRITE), VM_FAULT_WRITE);
		assert_int_equal(calls[PORT_TRYLOCK], 0);
		mm_destroy(child);
		end();
	}
}

/* What a GUP of BASE takes is let go again. */
static long take(long (*gup)(struct mm *, unsigned long, unsigned, unsigned, struct page **),
		 unsigned flags)
{
	struct page *taken = NULL;
	long nr;

	nr = gup(mm, BASE, 1, flags, &taken);
	if (nr == 1 && (gup == get_user_pages || gup == get_user_pages_fast))
		put_page(machine, taken);
	else if (nr == 1)
		unpin_user_page(machine, taken);
	return nr;
}

/* faultin_page(): which fault a request makes of what is not there. */
static void what_gup_asks_of_a_fault(void **state)
{
	static const struct {
		const char *version;
		long (*gup)(struct mm *, unsigned long, unsigned, unsigned, struct page **);
		unsigned flags;
		unsigned vma;
		unsigned fault;
	} cases[] = {
		{NEWEST, get_user_pages, 0, 0, 0},
		{NEWEST, get_user_pages, FOLL_WRITE, 0, FAULT_FLAG_WRITE},
		{NEWEST, pin_user_pages, 0, 0, 0},
		{NEWEST, pin_user_pages, FOLL_WRITE, 0, FAULT_FLAG_WRITE},
		{NEWEST, pin_user_pages_locked, 0, 0, FAULT_FLAG_ALLOW_RETRY},
		/* Fast GUP waits for a monitor; since v6.3 for FOLL_LONGTERM, too. */
		{NEWEST, get_user_pages_fast, 0, 0, FAULT_FLAG_ALLOW_RETRY},
		{NEWEST, pin_user_pages_fast, FOLL_WRITE, 0,
		 FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY},
		{"v6.2", pin_user_pages_fast, FOLL_WRITE, 0,
		 FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY},
		{"v6.2", pin_user_pages_fast, FOLL_WRITE | FOLL_LONGTERM, 0, FAULT_FLAG_WRITE},
		{"v6.3", pin_user_pages_fast, FOLL_WRITE | FOLL_LONGTERM, 0,
		 FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY},
		/* 17839856fd58, in COW mappings only. */
		{"v5.8", get_user_pages, 0, 0, FAULT_FLAG_WRITE},
		{"v5.8", pin_user_pages, 0, 0, FAULT_FLAG_WRITE},
		{"v5.8", get_user_pages, 0, VM_SHARED, 0},
		{"break-cow-v1", pin_user_pages, 0, 0, FAULT_FLAG_BREAK_COW},
		{"break-cow-v1", pin_user_pages, FOLL_WRITE, 0,
		 FAULT_FLAG_BREAK_COW | FAULT_FLAG_WRITE},
		{"break-cow-v1", get_user_pages, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].version, RW | cases[i].vma);
		assert_int_equal(take(cases[i].gup, cases[i].flags), 1);
		assert_true(faults.nr > 0);
		assert_int_equal(faults.flags[0], cases[i].fault);
		end();
	}
}

/* MADV_POPULATE takes nothing, and so breaks no COW that nobody asks to be broken. */
static void what_populate_asks_of_a_fault(void **state)
{
	static const struct {
		const char *version;
		bool write;
		unsigned fault;
	} cases[] = {
		{NEWEST, false, FAULT_FLAG_ALLOW_RETRY},
		{NEWEST, true, FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_WRITE},
		{"v5.8", false, FAULT_FLAG_ALLOW_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(cases[i].version, RW);
		port_down_read(&mm->mmap_lock);
		assert_int_equal(faultin_page_range(mm, BASE, BASE + PAGE, cases[i].write), 0);
		port_up_read(&mm->mmap_lock);
		assert_int_equal(faults.nr, 1);
		assert_int_equal(faults.flags[0], cases[i].fault);
		end();
	}
}

/* c89357e27f20: the first look finds a page that is not exclusive, the second one that is. */
static void unsharing_is_asked_for_once(void **state)
{
	struct mm *child;

	(void)state;
	begin(NEWEST, RW);
	store(1);
	child = fork_mm();
	memset(&faults, 0, sizeof(faults));
	assert_int_equal(take(pin_user_pages, 0), 1);
	assert_int_equal(faults.nr, 1);
	assert_int_equal(faults.flags[0], FAULT_FLAG_UNSHARE);
	mm_destroy(child);
	end();
}

/* vm_fault_to_errno(); and what a fault has waited for is looked up anew. */
static const struct {
	void (*effect)(void);
	long pin;
	unsigned result;
	int populate;
} fault_results[] = {
	{NULL, -MM_ENOMEM, VM_FAULT_OOM, -MM_ENOMEM},
	{NULL, -MM_EFAULT, VM_FAULT_HWPOISON, -MM_EINVAL},
	{NULL, -MM_EFAULT, VM_FAULT_SIGBUS, -MM_EINVAL},
	{NULL, -MM_EFAULT, VM_FAULT_SIGSEGV, -MM_EINVAL},
	{NULL, 1, VM_FAULT_RETRY, 0},
	{unmap, -MM_EFAULT, VM_FAULT_RETRY, -MM_ENOMEM},
	{kill_mm, -MM_EINTR, VM_FAULT_RETRY, -MM_EINTR},
	/* It has raced with another, and is to be made again. */
	{NULL, 1, 0, 0},
};

static void what_becomes_of_a_fault(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fault_results) / sizeof(fault_results[0]); i++) {
		unsigned nr = fault_results[i].pin == 1 ? 2 : 1;

		begin(NEWEST, RW);
		first_fault(fault_results[i].result, fault_results[i].effect);
		assert_int_equal(take(pin_user_pages_locked, FOLL_WRITE), fault_results[i].pin);
		assert_int_equal(faults.nr, nr);
		end();

		begin(NEWEST, RW);
		first_fault(fault_results[i].result, fault_results[i].effect);
		assert_int_equal(mm_madvise(mm, BASE, PAGE, MM_MADV_POPULATE_WRITE),
				 fault_results[i].populate);
		assert_int_equal(faults.nr, nr);
		end();
	}
}

/* 19be0eaffa3a: only a fault that has broken COW says that it has; else it is made again. */
static void force_needs_cow_to_be_broken(void **state)
{
	static const char *const versions[] = {"v5.7", "v5.8", "v5.9", "v5.19", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct page *taken;
		struct mm *child;

		begin(versions[i], RW);
		store(1);
		child = fork_mm();
		assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
		assert_true(pte_dirty(pte()));
		first_fault(0, NULL);
		assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_WRITE | FOLL_FORCE, &taken), 1);
		assert_int_equal(faults.nr, 2);
		assert_ptr_not_equal(taken, page);
		assert_ptr_equal(taken, pfn_to_page(machine, pte_pfn(pte())));
		put_page(machine, taken);
		mm_destroy(child);
		end();
	}
}

/* Someone else has broken COW for us, discarded the copy, and read: the zero page is mapped. */
static void map_zero_page(void)
{
	discard();
	read_fault();
}

/* Dirty COW: that COW was broken is not enough, the entry must be that of the copy. */
static void force_does_not_take_what_is_clean(void **state)
{
	static const char *const versions[] = {"v5.7", "v5.8", "v5.9", "v5.19", NEWEST};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct page *taken;

		begin(versions[i], VM_READ);
		read_fault();
		first_fault(VM_FAULT_WRITE, map_zero_page);
		assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_WRITE | FOLL_FORCE, &taken), 1);
		assert_int_not_equal(page_to_pfn(machine, taken), machine->zero_pfn);
		put_page(machine, taken);
		end();
	}
}

/* v5.19 takes what looks like its copy, though it is shared again: only reads are unshared. */
static void unsharing_is_for_reads(void **state)
{
	struct page *taken;
	struct mm *child;

	(void)state;
	begin("v5.19", RW);
	store(1);
	child = fork_mm();
	assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
	first_fault(VM_FAULT_WRITE, NULL);
	assert_int_equal(pin_user_pages(mm, BASE, 1, FOLL_WRITE | FOLL_FORCE, &taken), 1);
	assert_int_equal(faults.nr, 1);
	assert_ptr_equal(taken, page);
	unpin();
	mm_destroy(child);
	end();
}

/* And where no page is marked exclusive, what is writable is not shared. */
static void what_is_writable_needs_no_mark(void **state)
{
	struct mm_rules rules = mm_era_find("v5.18")->rules;

	(void)state;
	rules.gup_break = GUP_BREAK_UNSHARE;
	begin_with(&rules, RW);
	store(1);
	memset(&faults, 0, sizeof(faults));
	assert_int_equal(take(pin_user_pages, 0), 1);
	assert_int_equal(faults.nr, 0);
	assert_int_equal(take(pin_user_pages_fast, FOLL_FAST_ONLY), 1);
	end();
}

/* 19be0eaffa3a: what Dirty COW was about, once COW is broken nobody asks for a write any more. */
static void a_write_that_is_dropped(void **state)
{
	struct mm_rules rules = mm_era_find("v5.7")->rules;
	struct mm *child;

	(void)state;
	rules.gup_follow_write = GUP_FOLLOW_DROPPED;
	begin_with(&rules, VM_READ);
	assert_int_equal(take(get_user_pages, FOLL_WRITE | FOLL_FORCE), 1);
	assert_false(pte_write(pte()));
	assert_true(faults.nr < ENOUGH_FAULTS);
	end();

	/* Before that one does. */
	begin_with(&rules, RW);
	store(1);
	child = fork_mm();
	assert_int_equal(take(get_user_pages, FOLL_WRITE), 1);
	assert_ptr_not_equal(pfn_to_page(machine, pte_pfn(pte())), page);
	mm_destroy(child);
	end();
}

/*
 * The third draft, as it was meant: a pin breaks COW though the page is write-protected for a
 * monitor, leaves it so, and takes it. FOLL_COW says that it has been broken.
 */
static void a_pin_of_what_is_watched(void **state)
{
	static const struct {
		bool watched;
		bool raced;
		unsigned faults;
	} cases[] = {{true, false, 1}, {true, true, 2}, {false, false, 2}};

	(void)state;
	if (!mm_has(MM_USERFAULTFD))
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mm_rules rules = mm_era_find("break-cow-v1")->rules;
		struct page *taken;
		struct mm *child;

		rules.uffd_wp_copy = UFFD_WP_COPY_MEANT;
		begin_with(&rules, RW);
		store(1);
		child = fork_mm();
		if (cases[i].watched) {
			set_entry(pte() | PTE_UFFD_WP);
			find_vma(mm, BASE)->flags |= VM_UFFD_WP;
		}
		memset(&faults, 0, sizeof(faults));
		/* It says that it has broken COW, or not, and has done nothing. */
		if (cases[i].raced || !cases[i].watched)
			first_fault(cases[i].raced ? 0 : VM_FAULT_WRITE, NULL);
		assert_int_equal(pin_user_pages(mm, BASE, 1, 0, &taken), 1);
		assert_int_equal(faults.nr, cases[i].faults);
		assert_ptr_not_equal(taken, page);
		assert_int_equal(pte_write(pte()), !cases[i].watched);
		unpin_user_page(machine, taken);
		mm_destroy(child);
		find_vma(mm, BASE)->flags &= ~(unsigned)VM_UFFD_WP;
		end();
	}
}

/* follow_hugetlb_page(): there is no FOLL_COW, an entry is writable or not. */
static void force_does_not_take_a_shared_hugetlb_page(void **state)
{
	struct machine_config config = {.nr_frames = FRAMES, .nr_cpus = 1, .nr_hugepages = 4};
	struct page *taken;
	struct mm *child;

	(void)state;
	if (!mm_has(MM_HUGETLB_PAGE))
		return;
	machine = machine_create(&mm_era_find("v5.7")->rules, &config);
	assert_non_null(machine);
	frames_at_first = nr_free_pages(machine);
	mm = mm_create(machine);
	assert_non_null(mm);
	assert_int_equal(mm_mmap(mm, BASE, MM_HPAGE_SIZE, RW | VM_HUGETLB), 0);
	store(1);
	child = fork_mm();
	assert_int_equal(mm_mprotect(mm, BASE, MM_HPAGE_SIZE, VM_READ), 0);
	assert_true(pte_dirty(pte()));
	first_fault(VM_FAULT_WRITE, NULL);
	assert_int_equal(get_user_pages(mm, BASE, 1, FOLL_WRITE | FOLL_FORCE, &taken), 1);
	assert_int_equal(faults.nr, 2);
	assert_ptr_not_equal(taken, page);
	put_page(machine, taken);
	mm_destroy(child);
	end();
}

/*
 * 17839856fd58 had to give up the condition on FOLL_FORCE: a read that is made a write forces
 * nothing, and would fault for ever.
 */
static void a_read_that_is_made_a_write(void **state)
{
	(void)state;
	for (int force = 0; force < 2; force++) {
		struct mm_rules rules = mm_era_find("v5.8")->rules;
		struct mm *child;

		if (force)
			rules.gup_follow_write = GUP_FOLLOW_FORCE_COW;
		begin_with(&rules, RW);
		store(1);
		child = fork_mm();
		assert_int_equal(mm_mprotect(mm, BASE, PAGE, VM_READ), 0);
		assert_int_equal(take(get_user_pages, 0), force ? -MM_EFAULT : 1);
		assert_int_equal(faults.nr >= ENOUGH_FAULTS, force);
		mm_destroy(child);
		end();
	}
}

/* try_grab_folio() fails: too many references, or none any more. */
static void a_page_that_cannot_be_taken(void **state)
{
	(void)state;
	begin(NEWEST, RW);
	store(1);
	no_grab = true;
	assert_int_equal(take(pin_user_pages, FOLL_WRITE), -MM_ENOMEM);
	no_grab = true;
	assert_int_equal(take(pin_user_pages_fast, FOLL_WRITE | FOLL_FAST_ONLY), 0);
	assert_int_equal(page_count(page), 2);
	lru_add_drain(machine);
	assert_int_equal(page_count(page), 1);
	end();
}

/*
 * What comes in between while fast GUP has interrupts off: who unmaps or write-protects the page
 * has changed the entry, and waits for the flush.
 */

static void clear_entry(void)
{
	port_entry_set(pte_lookup(mm, BASE), 0);
}

static void protect_entry(void)
{
	port_entry_set(pte_lookup(mm, BASE), entry() & ~PTE_RW);
}

static void fork_begins(void)
{
	port_atomic_add_return(&mm->write_protect_seq, 1);
}

static void fork_happens(void)
{
	port_atomic_add_return(&mm->write_protect_seq, 2);
}

/* gup_fast_pte_range(): the page is taken, but by then the entry says something else. */
static void an_entry_that_changes_under_fast_gup(void **state)
{
	static const struct {
		const char *version;
		long (*gup)(struct mm *, unsigned long, unsigned, unsigned, struct page **);
		void (*other)(void);
		long taken;
	} cases[] = {
		{"v5.7", get_user_pages_fast, clear_entry, 0},
		{"v5.7", pin_user_pages_fast, protect_entry, 0},
		{NEWEST, get_user_pages_fast, protect_entry, 0},
		{NEWEST, pin_user_pages_fast, clear_entry, 0},
		/* 57efa1fe5957; a reference need not mind. */
		{NEWEST, pin_user_pages_fast, fork_begins, 0},
		{NEWEST, pin_user_pages_fast, fork_happens, 0},
		{NEWEST, get_user_pages_fast, fork_happens, 1},
		{"v5.9", pin_user_pages_fast, fork_happens, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pte_t at_first;

		begin(cases[i].version, RW);
		store(1);
		lru_add_drain(machine);
		at_first = pte();
		before(TRY_GRAB_PAGE, 1, cases[i].other);
		assert_int_equal(take(cases[i].gup, FOLL_WRITE | FOLL_FAST_ONLY), cases[i].taken);
		assert_int_equal(page_count(page), 1);
		set_entry(at_first);
		end();
	}
}

static void lose_mark(void)
{
	port_atomic_andnot(&page->flags, PG_ANON_EXCLUSIVE);
}

/*
 * 088b8aa537c2: the mark is looked at once the page is taken, lest who takes it away has not seen
 * the pin. Before, it could be looked at too early.
 */
static void a_mark_that_goes_under_fast_gup(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		struct mm_rules rules = mm_era_find("v5.19")->rules;

		rules.gup_fast_marker = early ? GUP_FAST_MARKER_EARLY : GUP_FAST_MARKER_LATE;
		begin_with(&rules, RW);
		store(1);
		set_entry(pte() & ~PTE_RW);
		before(TRY_GRAB_PAGE, 1, lose_mark);
		assert_int_equal(take(pin_user_pages_fast, FOLL_FAST_ONLY), early);
		/* By now both see that it is gone, one of them with the page in its hands. */
		memset(calls, 0, sizeof(calls));
		assert_int_equal(take(pin_user_pages_fast, FOLL_FAST_ONLY), 0);
		assert_int_equal(calls[TRY_GRAB_PAGE], !early);
		/* A reference need not mind. */
		assert_int_equal(take(get_user_pages_fast, FOLL_FAST_ONLY), 1);
		end();
	}
}

static bool were_off;

static void look_at_interrupts(void)
{
	were_off = atomic_load(&machine->cpus[0].irq.held);
}

/* Interrupts are off meanwhile, so that no flush is over before; but where none waits for that. */
static void fast_gup_holds_up_flushes(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		struct mm_rules rules = mm_era_find(NEWEST)->rules;

		rules.gup_fast_marker = early ? GUP_FAST_MARKER_EARLY : GUP_FAST_MARKER_LATE;
		begin_with(&rules, RW);
		store(1);
		before(TRY_GRAB_PAGE, 1, look_at_interrupts);
		assert_int_equal(take(pin_user_pages_fast, FOLL_FAST_ONLY), 1);
		assert_int_equal(were_off, !early);
		look_at_interrupts();
		assert_false(were_off);
		/* Nor are they turned on by who has not turned them off. */
		if (early) {
			port_irq_disable(&machine->cpus[0]);
			assert_int_equal(take(pin_user_pages_fast, FOLL_FAST_ONLY), 1);
			look_at_interrupts();
			assert_true(were_off);
			port_irq_enable(&machine->cpus[0]);
		}
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_touch_that_comes_too_late),
		cmocka_unit_test(a_copy_that_comes_too_late),
		cmocka_unit_test(a_copy_that_comes_too_late_frees_no_swap_cache),
		cmocka_unit_test(a_marker_that_has_gone_meanwhile),
		cmocka_unit_test(a_huge_page_that_comes_meanwhile),
		cmocka_unit_test(waiting_for_the_page_lock),
		cmocka_unit_test(a_page_that_is_discarded_while_it_is_copied),
		cmocka_unit_test(a_copy_takes_its_place_in_order),
		cmocka_unit_test(which_lock_is_dropped_first),
		cmocka_unit_test(the_swap_cache_is_asked_under_the_page_lock),
		cmocka_unit_test(a_page_of_a_file_stays_while_it_is_copied),
		cmocka_unit_test(a_swapped_page_that_goes_before_it_is_copied),
		cmocka_unit_test(a_page_on_its_way_is_waited_for),
		cmocka_unit_test(a_reference_that_comes_meanwhile),
		cmocka_unit_test(a_reference_to_a_merged_page_that_comes_meanwhile),
		cmocka_unit_test(a_lock_that_is_taken_meanwhile),
		cmocka_unit_test(a_pin_that_goes_meanwhile),
		cmocka_unit_test(a_shared_page_is_not_locked),
		cmocka_unit_test(what_gup_asks_of_a_fault),
		cmocka_unit_test(what_populate_asks_of_a_fault),
		cmocka_unit_test(unsharing_is_asked_for_once),
		cmocka_unit_test(what_becomes_of_a_fault),
		cmocka_unit_test(force_needs_cow_to_be_broken),
		cmocka_unit_test(force_does_not_take_what_is_clean),
		cmocka_unit_test(unsharing_is_for_reads),
		cmocka_unit_test(what_is_writable_needs_no_mark),
		cmocka_unit_test(a_write_that_is_dropped),
		cmocka_unit_test(a_pin_of_what_is_watched),
		cmocka_unit_test(force_does_not_take_a_shared_hugetlb_page),
		cmocka_unit_test(a_read_that_is_made_a_write),
		cmocka_unit_test(a_page_that_cannot_be_taken),
		cmocka_unit_test(an_entry_that_changes_under_fast_gup),
		cmocka_unit_test(a_mark_that_goes_under_fast_gup),
		cmocka_unit_test(fast_gup_holds_up_flushes),
	};

	return cmocka_run_group_tests_name("midway", tests, NULL, NULL);
}
