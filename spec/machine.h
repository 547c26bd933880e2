/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * machine.h - the ideal machine's state, and what can be done to it
 *
 * Memory is made of cells, one page's worth of ints each. A page of an mm names a cell, and so does
 * each page that a handle holds. Private cells are never shared between two mms: fork() copies
 * them at once. Nothing else is needed to say what copy-on-write must look like.
 */
#ifndef SPEC_MACHINE_H
#define SPEC_MACHINE_H

#include "check/explore.h"
#include "litmus/litmus.h"
#include "spec/promise.h"

#define SPEC_MAX_PAGES     (LITMUS_MAX_OBJECTS * LITMUS_MAX_PAGES) /* of one mm */
#define SPEC_MAX_REGISTERS (LITMUS_MAX_TASKS * LITMUS_MAX_REGISTERS)
#define SPEC_MAX_HOLDS     (SPEC_MAX_REGISTERS * LITMUS_MAX_PAGES)
/* Cell 0 is no cell, and one more lives while a holder moves from one cell to another. */
#define SPEC_MAX_CELLS (LITMUS_MAX_TASKS * SPEC_MAX_PAGES + SPEC_MAX_HOLDS + 2)
/* So many holders of one cell may let go of it at the same time, in any combination. */
#define SPEC_MAX_LAGGING 5

/* What is said of a state in which no task can go on, but not all have ended. */
#define SPEC_STUCK "tasks wait for each other"

enum life {
	LIFE_UNBORN,
	LIFE_RUNS,
	LIFE_ENDED,
};

struct task_state {
	uint8_t pc; /* next operation */
	uint8_t life;
	uint8_t killed; /* by SIGSEGV */
};

/* The structs below have no padding: their bytes are what states are compared by. */

struct cell {
	int64_t word[LITMUS_MAX_WORDS];
	uint32_t users; /* pages and holds that name it; 0: free */
	uint16_t home;  /* the page that it was made for, to name its ints */
	uint16_t hole;  /* private, and nothing was ever written to it */
};

enum page_flags {
	PAGE_SHARED = 1 << 0,
	PAGE_DONTFORK = 1 << 1,
	PAGE_WIPEONFORK = 1 << 2,
};

/* One page of an mm's address space. */
struct page {
	uint16_t cell;  /* 0: nothing is mapped here; then the rest is 0 too */
	uint16_t area;  /* pages that one mmap() mapped have the same number... */
	uint8_t offset; /* ...and successive offsets, until mremap() tears them apart */
	uint8_t prot;
	uint16_t flags;
};

/* What kernels answer differently; 0: not asked yet, 1: it works, 2: -EINVAL. */
enum question {
	HAS_POPULATE, /* MADV_POPULATE_READ and MADV_POPULATE_WRITE: since v5.14 */
	GET_LONGTERM, /* FOLL_LONGTERM with FOLL_GET: until v6.3 */
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

	/* The state. A process and its mm have the lowest number of their tasks. */
	struct task_state tasks[LITMUS_MAX_TASKS];
	uint8_t answered[NR_QUESTIONS];
	uint32_t completed; /* set of completions */
	int64_t registers[SPEC_MAX_REGISTERS];
	int64_t observed[LITMUS_MAX_OBSERVABLES]; /* memory: what it was when its task ended */
	struct page pages[LITMUS_MAX_TASKS][SPEC_MAX_PAGES];
	struct hold holds[SPEC_MAX_HOLDS];
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
/* The outcome, in a final state: test->nr_observables values. */
void spec_machine_values(const struct spec_machine *m, int64_t *values);

/* op.c: the operations */
/* In how many ways can the task's next operation go? 0: it has to wait. */
int spec_op_choices(struct spec_machine *m, int task);
void spec_op_step(struct spec_machine *m, int task, int choice);
/* The page and the int that an address names. */
int spec_page_of(const struct spec_machine *m, struct litmus_addr addr);
int spec_word_of(const struct spec_machine *m, struct litmus_addr addr);
/* The page that the operation's address names in `mm`. */
struct page *spec_page(struct spec_machine *m, int mm, const struct litmus_op *op);
/* A constant, or what the register holds. */
int64_t spec_value_of(const struct spec_machine *m, int task, struct litmus_value value);
/* Both answers are possible; but a kernel that has answered once sticks to its answer. */
int spec_answers(const struct spec_machine *m, enum question question);
bool spec_is_refused(struct spec_machine *m, enum question question, int choice);

/* task.c: processes, and how tasks and processes end */
int spec_process_of(const struct spec_machine *m, int task);
bool spec_process_runs(const struct spec_machine *m, int process);
/* May the task end? The last one ends the process. */
bool spec_may_end(const struct spec_machine *m, int task);
void spec_end_task(struct spec_machine *m, int task);
/* exit(): no task of the process does anything more but to end. */
void spec_exit(struct spec_machine *m, int process);
/* SIGSEGV: all its tasks end at once. */
void spec_kill(struct spec_machine *m, int process);

/* mapping.c: the system calls that change an address space; they return their result */
int64_t spec_mmap(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_munmap(struct spec_machine *m, int mm, const struct litmus_op *op);
int64_t spec_mprotect(struct spec_machine *m, int mm, const struct litmus_op *op);
int spec_mremap_choices(const struct spec_machine *m, int mm, const struct litmus_op *op);
int64_t spec_mremap(struct spec_machine *m, int mm, const struct litmus_op *op, int choice);
int spec_madvise_choices(const struct spec_machine *m, const struct litmus_op *op);
int64_t spec_madvise(struct spec_machine *m, int mm, const struct litmus_op *op, int choice);

/* handle.c: taking pages, and what the device does through a handle */
/* get_user_pages() and all of its kin: the number of pages, or an error. */
int spec_gup_choices(const struct spec_machine *m, const struct litmus_op *op);
int64_t spec_gup(struct spec_machine *m, int task, const struct litmus_op *op, int choice);
/* dma_read(), dma_write(), pagemap(), lock_page() and unlock_page(). */
int spec_handle_choices(struct spec_machine *m, int task, const struct litmus_op *op);
int64_t spec_use_handle(struct spec_machine *m, int task, const struct litmus_op *op, int choice);
/* Returns how many pages the handle held. */
int spec_drop_handle(struct spec_machine *m, int task, int reg);

/* memory.c: cells, the pages and the holds that name them */
/* Map fresh memory, zeroed, replacing what is there. */
void spec_map(struct spec_machine *m, int mm, int page, struct page attributes);
void spec_unmap(struct spec_machine *m, int mm, int page);
/* The page's private cell is replaced by a fresh one, a shared one stays. */
void spec_discard(struct spec_machine *m, int mm, int page);
void spec_move(struct spec_machine *m, int mm, int from, int to);
void spec_copy_mm(struct spec_machine *m, int parent, int child);
void spec_drop_mm(struct spec_machine *m, int mm);
void spec_hold(struct spec_machine *m, int hold, int cell, struct hold attributes);
void spec_drop_hold(struct spec_machine *m, int hold);
void spec_write(struct spec_machine *m, int cell, int word, int64_t value);
/* As on x86, the CPU can read whatever it can write; GUP asks for PROT_READ itself. */
bool spec_cpu_may(const struct page *page, bool write);
bool spec_gup_may(const struct page *page, unsigned foll);
/* Somebody shares or write-protects the page: PROMISE_ALIAS_UNTIL_SHARED ends. */
void spec_weaken(struct spec_machine *m, int cell);
/* Into how many combinations can the holders of the cell that may lag let go of it, or stay? */
int spec_lag_choices(struct spec_machine *m, int cell);
/* Let go those of combination `choice`; together they keep the page as it is now. */
void spec_lag(struct spec_machine *m, int cell, int choice);

#endif
