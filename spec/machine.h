/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.h - the ideal machine's state, and what can be done to it
 *
 * Memory is made of cells, one page's worth of ints each. A page of an mm names a cell, and so does
 * each page that a handle holds. Private cells are never shared between two mms: fork() copies
 * them at once. Nothing else is needed to say what copy-on-write must look like.
 *
 * A page of a file is a cell, too: a private mapping names it until its mm writes there, and a
 * cell of its own from then on. How large pages are, where they are and whether they are merged
 * with others is nowhere in this machine; what can be known of it is whether a page has ever been
 * touched, since userfaultfd(2) tells.
 */
#ifndef SPEC_MACHINE_H
#define SPEC_MACHINE_H

#include "check/explore.h"
#include "litmus/litmus.h"
#include "spec/promise.h"

#define SPEC_MAX_PAGES     (LITMUS_MAX_OBJECTS * LITMUS_MAX_PAGES) /* of one mm */
#define SPEC_MAX_REGISTERS (LITMUS_MAX_TASKS * LITMUS_MAX_REGISTERS)
#define SPEC_MAX_HOLDS     (SPEC_MAX_REGISTERS * LITMUS_MAX_PAGES)
/* Files have pages too, cell 0 is no cell, and one lives while a holder moves to another cell. */
#define SPEC_MAX_CELLS ((LITMUS_MAX_TASKS + 1) * SPEC_MAX_PAGES + SPEC_MAX_HOLDS + 2)
/* So many holders of one cell may let go of it at the same time, in any combination. */
#define SPEC_MAX_LAGGING 5

/* Userfaultfds that the test names, and those of children that it gives no name. */
#define SPEC_MAX_UFFDS (LITMUS_MAX_UFFDS + LITMUS_MAX_TASKS)

/* What is said of a state in which no task can go on, but not all have ended. */
#define SPEC_STUCK "tasks wait for each other"

enum life {
	LIFE_UNBORN,
	LIFE_RUNS,
	LIFE_ENDED,
};

/* What a task can wait for until a userfaultfd's monitor has dealt with it. */
enum event {
	EVENT_NONE,
	EVENT_MISSING, /* nothing has ever touched the page, and it is to be read */
	EVENT_MISSING_WRITE,
	EVENT_WP,
	EVENT_MINOR, /* the page is there, but not in this mm's page table */
	/* Who tells the monitor of a change waits only until it has read of that. */
	EVENT_FORK,
	EVENT_REMAP,
	EVENT_REMOVE,
	EVENT_UNMAP,
};

/* So many a call can have to tell: those of a target, one of the move, and those of the source. */
#define SPEC_MAX_UNTOLD (2 * LITMUS_MAX_PAGES + 1)

struct task_state {
	uint8_t pc; /* next operation */
	uint8_t life;
	uint8_t killed;   /* 0, or the number of the signal */
	uint8_t done;     /* so many pages of the next operation are done */
	uint8_t event;    /* it waits for this; EVENT_NONE: it does not wait, then the rest is 0 */
	uint8_t uffd;     /* where the event is to be read */
	uint8_t page;     /* at which the task waits */
	uint8_t was_read; /* the event was; 2: and the monitor may do what it likes again */
	uint8_t error;    /* what the call is to return in the end, without the minus */
	uint8_t untold[SPEC_MAX_UNTOLD]; /* who is to be told next, and of what; 0: nobody */
};

/* The structs below have no padding: their bytes are what states are compared by. */

struct cell {
	int64_t word[LITMUS_MAX_WORDS];
	uint32_t users; /* pages and holds that name it; 0: free */
	uint16_t home;  /* the page that it was made for, to name its ints */
	uint16_t flags;
};

enum cell_flags {
	CELL_HOLE = 1 << 0, /* private, and nothing was ever written to it */
	/* Kept only where the test has a userfaultfd, which tells one that was never touched. */
	CELL_EMPTY = 1 << 1, /* nothing has ever touched it */
	CELL_MAYBE = 1 << 2, /* the same, but for a neighbour in what may be one huge page */
	CELL_FREED = 1 << 3, /* by MADV_FREE: it may be discarded at any time */
};

enum page_flags {
	PAGE_SHARED = 1 << 0,
	PAGE_DONTFORK = 1 << 1,
	PAGE_WIPEONFORK = 1 << 2,
	PAGE_HUGETLB = 1 << 3,
	PAGE_LOSABLE = 1 << 4, /* hugetlb that a child has inherited and may be killed for */
	/* How it is registered with its userfaultfd; PAGE_MODES are all of them. */
	PAGE_MISSING = 1 << 5,
	PAGE_WP = 1 << 6,
	PAGE_MINOR = 1 << 7,
	PAGE_PROTECTED = 1 << 8, /* by UFFDIO_WRITEPROTECT; only with PAGE_WP */
	/* Kept only where the test registers for minor faults; neither: it can't be known. */
	PAGE_IN_TABLE = 1 << 9, /* what it maps is in the page table */
	PAGE_NOT_IN_TABLE = 1 << 10,
	/* MADV_PAGEOUT: pagemap() may show no frame. Kept only where the test uses that. */
	PAGE_OUT = 1 << 11,
};

#define PAGE_MODES (PAGE_MISSING | PAGE_WP | PAGE_MINOR)

/* One page of an mm's address space. */
struct page {
	uint16_t cell; /* 0: nothing is mapped here; then the rest is 0 too */
	uint16_t area; /* pages that one mmap() mapped have the same number... */
	uint16_t flags;
	uint8_t offset; /* ...and successive offsets, until mremap() tears them apart */
	uint8_t prot;
	uint8_t file; /* the page of a file that it maps, plus 1; 0: none */
	uint8_t uffd; /* it is registered with, plus 1; 0: none */
};

/* All zero: it is not open. */
struct uffd_state {
	uint8_t open;
	uint8_t mm; /* whose it is */
	uint8_t features;
};

/* What kernels answer differently; but one that has answered sticks to its answer. */
enum question {
	HAS_POPULATE,       /* MADV_POPULATE_READ and MADV_POPULATE_WRITE: since v5.14 */
	GET_LONGTERM,       /* FOLL_LONGTERM with FOLL_GET: until v6.3 */
	LONGTERM_WAITS,     /* FOLL_LONGTERM waits for a monitor where others do: since v6.3 */
	FORCE_HUGETLB,      /* FOLL_FORCE and FOLL_WRITE on hugetlb: not in v6.1 and some later */
	DONTNEED_HUGETLB,   /* MADV_DONTNEED of hugetlb: since v5.18 */
	MREMAP_HUGETLB,     /* since v5.16 */
	HAS_WP_UNPOPULATED, /* the feature: since v6.4 */
	HAS_WP_ASYNC,       /* the feature: since v6.7 */
	HAS_WP_SHARED,      /* UFFDIO_REGISTER_MODE_WP of other than private anonymous: v5.19 */
	HAS_MINOR,          /* UFFDIO_REGISTER_MODE_MINOR and UFFDIO_CONTINUE: since v5.13 */
	HAS_PM_UFFD_WP,     /* pagemap shows what is protected: since v5.14; else it never does */
	HAS_MOVE,           /* UFFDIO_MOVE: since v6.8 */
	UFFD_ON_FILE,       /* userfaultfd on a mapped file: if it is one of tmpfs */
	NR_QUESTIONS,
};

/* One page that a handle holds. */
struct hold {
	uint16_t cell; /* 0: none; then the rest is 0 too */
	uint8_t word;  /* the int that the device reads and writes */
	uint8_t mm;    /* where it was taken */
	uint8_t promise;
	uint8_t pin;    /* FOLL_PIN; else FOLL_GET */
	uint8_t locked; /* the page lock was taken through it */
	uint8_t unused;
};

struct spec_machine {
	const struct litmus_test *test;
	bool strict;

	/* Where things stand in the arrays below. */
	int nr_uffds; /* those without a name come behind the others, by the child's number */
	int nr_pages;
	int first_page[LITMUS_MAX_OBJECTS];
	int page_object[SPEC_MAX_PAGES];
	int nr_registers;
	int first_register[LITMUS_MAX_TASKS];
	int nr_holds;
	int first_hold[SPEC_MAX_REGISTERS];
	int hold_task[SPEC_MAX_HOLDS];
	int hold_register[SPEC_MAX_HOLDS]; /* in its task */
	int last_use[SPEC_MAX_HOLDS];      /* last operation to which its cell matters, or -1 */
	bool first_observed; /* memory as P0's process sees it is part of the outcome */
	bool has_uffd;       /* the test uses userfaultfd(), */
	bool has_minor;      /* registers for minor faults, */
	bool has_pwrite;     /* writes to a file, */
	bool has_pagemap;    /* looks for frames, */
	bool has_limit;      /* has a pool of huge pages that may be too small */
	bool may_be_huge[LITMUS_MAX_OBJECTS]; /* neighbours may be parts of one huge page */

	/* The state. A process and its mm have the lowest number of their tasks. */
	struct task_state tasks[LITMUS_MAX_TASKS];
	uint8_t answered[NR_QUESTIONS]; /* 0: not asked yet, 1: yes, 2: no */
	uint32_t completed;             /* set of completions */
	int64_t registers[SPEC_MAX_REGISTERS];
	int64_t observed[LITMUS_MAX_OBSERVABLES]; /* memory: what it was when its task ended */
	struct page pages[LITMUS_MAX_TASKS][SPEC_MAX_PAGES];
	struct hold holds[SPEC_MAX_HOLDS];
	uint16_t files[SPEC_MAX_PAGES]; /* the cell of each page that is one of a file */
	struct uffd_state uffds[SPEC_MAX_UFFDS];
	struct cell cells[SPEC_MAX_CELLS];
	int nr_cells;  /* in use */
	int cells_top; /* no cell above is in use */

	/* About the whole run. */
	bool too_many; /* choices were left out */
};

/* machine.c: the initial state, and what the explorer asks for */
void spec_machine_init(struct spec_machine *m, const struct litmus_test *test, bool strict);
size_t spec_machine_size(const struct spec_machine *m);
void spec_machine_save(const struct spec_machine *m, void *to);
void spec_machine_load(struct spec_machine *m, const void *from);
int spec_machine_moves(struct spec_machine *m, struct explore_move moves[EXPLORE_MAX_MOVES]);
void spec_machine_step(struct spec_machine *m, struct explore_move move);
/* Some task has not ended, and none can go on. */
bool spec_machine_stuck(struct spec_machine *m);
/* 0, or the signal that killed the task; its number is the low bits of the value. */
int64_t spec_status(const struct spec_machine *m, int task);
/* The outcome, in a final state: test->nr_observables values. */
void spec_machine_values(const struct spec_machine *m, int64_t *values);

/* op.c: the operations */
/* In how many ways can the task's next operation go? 0: it has to wait. */
int spec_op_choices(struct spec_machine *m, int task);
void spec_op_step(struct spec_machine *m, int task, int choice);
const struct litmus_op *spec_next_op(const struct spec_machine *m, int task);
/* The page and the int that an address names. */
int spec_page_of(const struct spec_machine *m, struct litmus_addr addr);
int spec_word_of(const struct spec_machine *m, struct litmus_addr addr);
/* The page that the operation's address names in `mm`. */
struct page *spec_page(struct spec_machine *m, int mm, const struct litmus_op *op);
/* A constant, or what the register holds. */
int64_t spec_value_of(const struct spec_machine *m, int task, struct litmus_value value);
/* Take one of `nr` ways out of *choice, which holds several such decisions. */
int spec_pick(int *choice, int nr);

/* question.c: what kernels answer differently */
/* In how many ways can what the operation asks be answered? */
int spec_question_choices(struct spec_machine *m, int task, const struct litmus_op *op);
void spec_answer(struct spec_machine *m, int task, const struct litmus_op *op, int *choice);
bool spec_refuses(const struct spec_machine *m, enum question question);
/* How many results may an operation have that does nothing, or what is not seen? Which? */
int spec_result_choices(const struct litmus_op *op);
int64_t spec_result(const struct litmus_op *op, int choice);

/* task.c: processes, and how tasks and processes end */
int spec_process_of(const struct spec_machine *m, int task);
bool spec_process_runs(const struct spec_machine *m, int process);
/* Its process runs, or fork() has not come to its end yet. */
bool spec_mm_lives(const struct spec_machine *m, int mm);
/* In how many ways may the task end? 0: not yet. The last one ends the process. */
int spec_end_choices(const struct spec_machine *m, int task);
void spec_end_task(struct spec_machine *m, int task, int choice);
/* exit(): no task of the process does anything more but to end. */
void spec_exit(struct spec_machine *m, int process);
/* LITMUS_SIGSEGV or LITMUS_SIGBUS: all its tasks end at once. */
void spec_kill(struct spec_machine *m, int process, int64_t signal);
int spec_fork_choices(const struct spec_machine *m, int mm);
/* Takes a second step, once those have read of it who asked for UFFD_FEATURE_EVENT_FORK. */
int64_t spec_fork(struct spec_machine *m, int task, const struct litmus_op *op, int choice);

/* mapping.c: the system calls that change an address space; they return their result */
int64_t spec_mmap(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_munmap(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_mprotect(struct spec_machine *m, int mm, const struct litmus_op *op);
int spec_mremap_choices(const struct spec_machine *m, int mm, const struct litmus_op *op);
int64_t spec_mremap(struct spec_machine *m, int task, const struct litmus_op *op, int choice);
/* Do the pages belong to one mapping? Then, whatever the kernel merges, they are one VMA. */
bool spec_is_one_area(const struct page *pages, int nr);

/*
 * Where does the VMA of the first of these pages end? Pages of two mappings may be in one VMA, or
 * not: not if `cut`.
 */
int spec_vma_end(const struct page *pages, int nr, bool cut);

/* madvise.c */
bool spec_is_populate(const struct litmus_op *op);
int spec_madvise_choices(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_madvise(struct spec_machine *m, int task, const struct litmus_op *op, int choice);

/* handle.c: taking pages, and what the device does through a handle */
bool spec_is_gup(enum litmus_opcode code);
/* The mm whose pages a GUP operation takes. */
int spec_gup_mm(const struct spec_machine *m, int task, const struct litmus_op *op);
/* get_user_pages() and all of its kin: the number of pages, or an error. */
int spec_gup_choices(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_gup(struct spec_machine *m, int task, const struct litmus_op *op, int choice);
/* dma_read(), dma_write(), pagemap(), lock_page() and unlock_page(). */
int spec_handle_choices(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_use_handle(struct spec_machine *m, int task, const struct litmus_op *op, int choice);
/* Returns how many pages the handle held. */
int spec_drop_handle(struct spec_machine *m, int task, int reg);

/* touch.c: what happens to a page that the CPU or GUP comes to */
enum touch {
	TOUCH_WRITES = 1 << 0,
	TOUCH_STORES = 1 << 1, /* and the data changes at once; only with TOUCH_WRITES */
	TOUCH_IS_GUP = 1 << 2,
	TOUCH_LONGTERM = 1 << 3,
	TOUCH_WAITS = 1 << 4, /* it may wait for a monitor; else it fails where it would have to */
};
enum touched {
	TOUCHED,
	TOUCHED_WAITS, /* the task waits now; it tries again when it is woken */
	TOUCHED_FAILS, /* the kernel says SIGBUS to the CPU, and -EFAULT to GUP */
};
/* Can the operation, which touches pages, wait for a userfaultfd's monitor? */
bool spec_may_wait(const struct spec_machine *m, const struct litmus_op *op);
/* The page must be mapped, and allow it. */
int spec_touch_choices(struct spec_machine *m, int mm, int page, unsigned how);
enum touched spec_touch(struct spec_machine *m, int task, int mm, int index, unsigned how,
			int *choice);
/* A page that MADV_FREE has freed may have been discarded: 2 ways, else 1. */
int spec_discard_choices(const struct spec_machine *m, const struct page *page);
void spec_may_discard(struct spec_machine *m, int mm, int page, int *choice);

/* file.c: pages of files, and those of private mappings that still show them */
/* Does the page show the file's? It does until its mm writes to it. */
bool spec_shows_file(const struct spec_machine *m, const struct page *page);
int spec_copy_choices(struct spec_machine *m, int mm, const struct page *page);
/* From now on the page is the mm's own. */
void spec_copy_file(struct spec_machine *m, int mm, int index, int choice);
int64_t spec_pread(const struct spec_machine *m, const struct litmus_op *op);
int64_t spec_pwrite(struct spec_machine *m, int task, const struct litmus_op *op);

/* event.c: tasks that wait for a userfaultfd's monitor, and its read() */
void spec_wait(struct spec_machine *m, int task, int uffd, enum event event, int page);
/* Those who wait at these pages go on, and try again. */
void spec_wake(struct spec_machine *m, int uffd, int page, int nr_pages);
/* A task that waits does not any longer, and will not try again. */
void spec_stop_waiting(struct spec_machine *m, int task);
/* Is it one that a call tells the monitor of, and no fault? */
bool spec_is_told(enum event event);
/* The call that the task is in is to tell the userfaultfd of this, after what it has to tell. */
void spec_note(struct spec_machine *m, int task, int uffd, enum event event);
/* The call has done its work. It waits for the next monitor, or returns its result. */
int64_t spec_tell(struct spec_machine *m, int task);
/* Is some call still waiting until the monitor has heard of it? */
bool spec_is_changing(const struct spec_machine *m, int uffd);
int spec_read_choices(const struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_read(struct spec_machine *m, const struct litmus_op *op, int choice);

/* userfaultfd.c: the system calls about one */
bool spec_is_uffdio(enum litmus_opcode code);
int64_t spec_userfaultfd(struct spec_machine *m, int task, const struct litmus_op *op);
void spec_close(struct spec_machine *m, int uffd);
/* The page is registered no longer, nor protected. */
void spec_unregister(struct page *page);
int spec_uffdio_choices(struct spec_machine *m, const struct litmus_op *op);
int64_t spec_uffdio(struct spec_machine *m, int task, const struct litmus_op *op, int choice);
int spec_pm_uffd_wp_choices(const struct spec_machine *m, const struct page *page);
int64_t spec_pm_uffd_wp(struct spec_machine *m, int task, const struct litmus_op *op, int choice);

/* memory.c: cells, the pages and the holds that name them */
/* Private anonymous memory of base pages or THP: neither hugetlb nor a file. */
bool spec_is_anon(const struct page *page);
/* Map fresh memory, zeroed, replacing what is there. */
void spec_map(struct spec_machine *m, int mm, int page, struct page attributes);
/* Map what is in the cell. */
void spec_map_cell(struct spec_machine *m, int mm, int page, int cell, struct page attributes);
void spec_unmap(struct spec_machine *m, int mm, int page);
/* The page's private cell is replaced by a fresh one, or its file's; a shared one stays. */
void spec_discard(struct spec_machine *m, int mm, int page);
void spec_move(struct spec_machine *m, int mm, int from, int to);
void spec_copy_mm(struct spec_machine *m, int parent, int child);
void spec_drop_mm(struct spec_machine *m, int mm);
/* A cell like this one, with no user yet. */
int spec_copy_cell(struct spec_machine *m, int from);
void spec_use_cell(struct spec_machine *m, int cell);
void spec_drop_cell(struct spec_machine *m, int cell);
void spec_hold(struct spec_machine *m, int hold, int cell, struct hold attributes);
void spec_drop_hold(struct spec_machine *m, int hold);
/* Hold another cell instead. */
void spec_move_hold(struct spec_machine *m, int hold, int cell);
void spec_write(struct spec_machine *m, int cell, int word, int64_t value);
/* As on x86, the CPU can read whatever it can write; GUP asks for PROT_READ itself. */
bool spec_cpu_may(const struct page *page, bool write);
bool spec_gup_may(const struct spec_machine *m, const struct page *page, unsigned foll);
/* Somebody shares or write-protects the page: PROMISE_ALIAS_UNTIL_SHARED ends. */
void spec_weaken(struct spec_machine *m, int cell);
/* Those who hold the cell and may lag, and for whom it matters. Returns how many. */
int spec_lagging(const struct spec_machine *m, int cell, int holds[SPEC_MAX_HOLDS]);
/* In how many combinations can so many let go of a cell, or stay? */
int spec_combinations(struct spec_machine *m, int nr_holds);
/* The holders of the cell that may lag let go of it, or stay. */
int spec_lag_choices(struct spec_machine *m, int cell);
/* Let go those of combination `choice`; together they keep the page as it is now. */
void spec_lag(struct spec_machine *m, int cell, int choice);

#endif
