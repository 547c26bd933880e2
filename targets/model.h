/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.h - a litmus test on mm/: what the files of this target share */
#ifndef TARGETS_MODEL_H
#define TARGETS_MODEL_H

#include "mm/audit.h"
#include "mm/mm.h"
#include "port/check/check.h"
#include "targets/target.h"

/*
 * A test that needs more frames is skipped: each state is saved as a whole. No test without huge
 * pages does, nor does one with them where page tables are small.
 */
#define MODEL_MAX_FRAMES (MM_PAGE_SIZE > 1024 ? 1600 : 8192)

/* Linux's numbers, which mm/ itself does not need. */
#define MODEL_ESRCH  3
#define MODEL_EBADF  9
#define MODEL_ECHILD 10

/*
 * A reference or pin that a register holds. A page of the test may be many base pages: what is
 * held goes from the first to the beginning of the last.
 */
struct model_handle {
	int nr_pages;        /* of the test; 0: none */
	unsigned nr_held;    /* base pages */
	unsigned unit;       /* base pages in a page of the test */
	bool pinned;         /* FOLL_PIN, else FOLL_GET */
	bool write;          /* FOLL_WRITE */
	unsigned locked;     /* set of the pages whose lock we hold */
	unsigned word;       /* of each page, that the device works on */
	struct page **pages; /* room for all that it can hold */
};

struct model_task {
	bool started;
	bool ended;
	bool ending; /* nothing is left of it but its end */
	bool over;   /* that has come, too */
	bool busy;   /* inside an operation, which waits */
	int pc;
	int64_t status;
	int64_t registers[LITMUS_MAX_REGISTERS];
	struct model_handle *handles; /* one for each register */
};

/* Indexed by the lowest task number in it. */
struct model_process {
	struct mm *mm;           /* NULL: not started, or ended */
	bool dying;              /* exit() or a signal: its tasks do nothing more */
	struct port_rwsem users; /* held for reading by other processes that work on mm */
};

/* All that changes, in the checker's world. */
struct model_state {
	struct machine *machine;
	struct model_task tasks[LITMUS_MAX_TASKS];
	struct model_process processes[LITMUS_MAX_TASKS];
	struct shmem *files[LITMUS_MAX_OBJECTS]; /* of those that map one; open to the end */
	struct userfaultfd_ctx *uffds[LITMUS_MAX_UFFDS];
	struct userfaultfd_ctx *unnamed_uffds[LITMUS_MAX_TASKS]; /* of children, not asked for */
	char ends;          /* stands for `ending` of all tasks; see model_ends_object(), too */
	unsigned completed; /* bit mask */
	int64_t memory[LITMUS_MAX_OBSERVABLES]; /* what LITMUS_OBSERVE_MEMORY has seen */
};

/* One run. What is here does not change from state to state. */
struct model {
	const struct litmus_test *test;
	const struct mm_rules *rules;
	const struct run_options *options;
	const struct run_result *spec;
	struct run_result *result;
	struct model_state *state; /* in the world; its address never changes */
	bool observes_p0;          /* P0's memory is observed: it ends last */
	bool reads_events;         /* some task does */
	unsigned allocations;      /* with a machine, but no address space */
	unsigned nr_frames;
	struct audit_frame frames[MODEL_MAX_FRAMES]; /* scratch of model_audit() */
	char detail[160];                            /* what is wrong with the present state */
};

/* model.c: build the initial state. 0, or an error with result->status and reason set. */
int model_init(struct model *model, const struct litmus_test *test, const struct mm_rules *rules,
	       const struct run_options *options, struct run_result *result);

/* May a task that is between two operations begin the next one, or end? */
bool model_can_begin(const struct model *model, int task);

int model_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES]);
unsigned model_step(void *context, struct explore_move move);

/* As explore_machine's `final`. */
bool model_final(void *context, unsigned violations, const struct explore_move *schedule,
		 int nr_moves);

/* model_fine.c: the same, access by access */
void model_explore_fine(struct model *model);
unsigned model_step_fine(struct model *model, struct explore_move move);

/* The values of the observables in a final state. */
void model_values(const struct model *model, int64_t *values);

/* Have all tasks but this one ended, of those that ever began? */
bool model_others_end(const struct model *model, int task);

/* The operation that a task is at, or NULL if it is at its end. */
const struct litmus_op *model_next_op(const struct model *model, int task);

/* model_layout.c */

/* Is the object, or the one that it is like, a transparent huge page? */
bool model_is_thp(const struct litmus_test *test, int object);

/* How many base pages a page of the object is, and how many base pages the object is. */
unsigned model_unit(const struct litmus_test *test, int object);
unsigned model_span(const struct litmus_test *test, int object);

/* Where a page of an object begins, and where an int of the test lies. */
unsigned long model_object_address(const struct litmus_test *test, int object, int page);
unsigned long model_address(const struct litmus_test *test, struct litmus_addr addr);

/* How many base pages a register for so many pages of the test may have to hold. */
unsigned model_handle_room(const struct litmus_test *test, int handle_pages);

/* A machine that is large enough for the test. */
struct machine_config model_machine(const struct litmus_test *test);

/* Is there something that keeps the model from running the test? Says what. */
bool model_cannot(const struct litmus_test *test, char *reason, size_t size);

/* model_map.c, on the task's own stack */

/* Open the files of the test, with what they hold at first. False without memory. */
bool model_open_files(struct model *model);

/*
 * Make P0's memory as the test declares it. False if that failed: without memory, or, with
 * model->detail saying so, since the kernel of the rules can't bring it into that state.
 */
bool model_map_objects(struct model *model);

/* model_ops.c, on the task's own stack */

/* One operation under way. */
struct model_call {
	struct model *model;
	const struct litmus_op *op;
	int task;
	struct mm *mm;
};

/* Do the operation that the task is at. */
void model_do_op(struct model *model, int task);

/* End the task, and its process with it if it is the last one. */
void model_end_task(struct model *model, int task);

/*
 * What stands for `over` of all tasks. A read() waits for an event as long as somebody is left who
 * may cause one: so it is the lock of the events where the test has one.
 */
const void *model_ends_object(const struct model *model);

static inline struct model_task *model_call_task(const struct model_call *call)
{
	return &call->model->state->tasks[call->task];
}

/* The object of the operation's address, and that address; system calls work on whole pages. */
static inline int model_call_object(const struct model_call *call)
{
	return call->model->test->vars[call->op->addr.var].object;
}

static inline unsigned long model_call_address(const struct model_call *call)
{
	return model_address(call->model->test, call->op->addr);
}

static inline unsigned long model_call_page(const struct model_call *call)
{
	return model_call_address(call) & MM_PAGE_MASK;
}

static inline unsigned long model_call_length(const struct model_call *call)
{
	return (unsigned long)call->op->nr_pages *
	       model_unit(call->model->test, model_call_object(call)) * MM_PAGE_SIZE;
}

/* What it writes. */
uint32_t model_call_value(const struct model_call *call);

/* The other task's mm; NULL if its process doesn't run. */
struct mm *model_call_other_mm(const struct model_call *call);

/* model_handle.c: references and pins. Each operation returns its result. */

/* Give every register that may hold pages room for them. False without memory. */
bool model_alloc_handles(struct model *model);

int64_t model_gup(const struct model_call *call);
int64_t model_drop(const struct model_call *call);
int64_t model_dma(const struct model_call *call);
int64_t model_pagemap(const struct model_call *call);
int64_t model_lock_page(const struct model_call *call);
int64_t model_unlock_page(const struct model_call *call);
void model_drop_handle(struct model *model, struct model_handle *handle);

/* Page `page` of the test that the handle holds; NULL if it does not. */
struct page *model_handle_page(const struct model_handle *handle, int page);

/* The lock of a page, which its folio has. */
struct port_lock *model_page_lock(const struct model *model, struct page *page);

/* model_uffd.c: all operations of userfaultfd */
int64_t model_uffd(const struct model_call *call);

/* Has a read() something to read, or nothing to wait for any more? */
bool model_uffd_ready(const struct model *model, const struct litmus_op *op);
bool model_read_can_go(const struct model *model, int task, const struct litmus_op *op);

/* Is there nobody else left who could cause an event? */
bool model_nobody_left(const struct model *model, int task);

/* The test ends: what is still open is closed. */
void model_close_uffds(struct model *model);

/* model_audit.c: recount the machine. VIOLATION_NONE, or what is wrong, with model->detail. */
unsigned model_audit(struct model *model);

#endif
