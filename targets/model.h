/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.h - a litmus test on mm/: what the files of this target share */
#ifndef TARGETS_MODEL_H
#define TARGETS_MODEL_H

#include "mm/audit.h"
#include "mm/mm.h"
#include "port/check/check.h"
#include "targets/target.h"

/* No test needs more: model_init() counts what this one needs, for each step recounts all. */
#define MODEL_MAX_FRAMES 2048

/* Linux's numbers, which mm/ itself does not need. */
#define MODEL_ESRCH  3
#define MODEL_EBADF  9
#define MODEL_ECHILD 10

/* A reference or pin that a register holds. */
struct model_handle {
	int nr_pages;    /* 0: none */
	bool pinned;     /* FOLL_PIN, else FOLL_GET */
	unsigned locked; /* set of the pages whose lock we hold */
	unsigned word;
	struct page *pages[LITMUS_MAX_PAGES];
};

struct model_task {
	bool started;
	bool ended;
	bool busy; /* inside an operation, which waits */
	int pc;
	int64_t status;
	int64_t registers[LITMUS_MAX_REGISTERS];
	struct model_handle handles[LITMUS_MAX_REGISTERS];
};

/* Indexed by the lowest task number in it. */
struct model_process {
	struct mm *mm; /* NULL: not started, or ended */
	bool dying;    /* exit() or a signal: its tasks do nothing more */
};

/* All that changes, in the checker's world. */
struct model_state {
	struct machine *machine;
	struct model_task tasks[LITMUS_MAX_TASKS];
	struct model_process processes[LITMUS_MAX_TASKS];
	unsigned completed;                     /* bit mask */
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
	unsigned allocations;      /* with a machine, but no address space */
	unsigned nr_frames;
	struct audit_frame frames[MODEL_MAX_FRAMES]; /* scratch of model_audit() */
	bool exhausted;   /* the machine was too small after all: the result would be a lie */
	char detail[160]; /* what is wrong with the present state */
};

/* model.c: build the initial state. 0, or -ENOMEM with result->status and reason set. */
int model_init(struct model *model, const struct litmus_test *test, const struct mm_rules *rules,
	       const struct run_options *options, struct run_result *result);
int model_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES]);
unsigned model_step(void *context, struct explore_move move);

/* The values of the observables in a final state. */
void model_values(const struct model *model, int64_t *values);

/* The operation that a task is at, or NULL if it is at its end. */
const struct litmus_op *model_next_op(const struct model *model, int task);

/* model_ops.c, on the task's own stack */

/* Do the operation that the task is at. */
void model_do_op(struct model *model, int task);

/* End the task, and its process with it if it is the last one. */
void model_end_task(struct model *model, int task);

/* Make P0's memory as the test declares it. False without memory. */
bool model_map_objects(struct model *model);

/* Where an int of the test lies. */
unsigned long model_address(const struct litmus_test *test, struct litmus_addr addr);

/* model_audit.c: recount the machine. VIOLATION_NONE, or what is wrong, with model->detail. */
unsigned model_audit(struct model *model);

#endif
