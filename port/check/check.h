/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - the world in which the checker runs mm/: memory, tasks on stacks of their own, and the
 * whole of it as a block of bytes that can be saved and loaded
 *
 * There is one world in a process. All that mm/ allocates lies in it, at addresses that a load does
 * not change, so pointers into it stay good.
 */
#ifndef PORT_CHECK_CHECK_H
#define PORT_CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define CHECK_MAX_TASKS 8

/* Begin an empty world. 0, or -1 with errno if there is no memory for one. */
int check_reset(void);

/* Let the n-th allocation from now on fail (1: the next); 0: none. The count is part of the world.
 */
void check_fail_allocation(unsigned n);

/* Has that allocation come? */
bool check_allocation_failed(void);

/* Was memory ever refused because the world has no more? Then it is too small for the test. */
bool check_exhausted(void);

/* How many pieces of memory are allocated. */
unsigned check_allocations(void);

/* How a task came back from mm/. */
enum check_run {
	CHECK_DONE,
	CHECK_BLOCKED,  /* it waits for a lock: check_resume() once check_can_resume() */
	CHECK_BUG,      /* the world is broken; check_bug_text() says how */
	CHECK_LIVELOCK, /* it went on without end */
};

/* Run fn(argument) as task `task`, on the CPU of that number, until it returns or has to wait. */
enum check_run check_start(unsigned task, void (*fn)(void *argument), void *argument);

/*
 * The task's CPU translates only addresses with this tag from now on, so that flushes for others
 * don't concern it. Before: for all it may use any.
 */
void check_set_tag(unsigned task, unsigned tag);

/* Is the task in the middle of something, and may it go on? */
bool check_is_blocked(unsigned task);
bool check_can_resume(unsigned task);
/* Does it wait on a port_wait_queue, rather than for a lock? */
bool check_sleeps(unsigned task);
enum check_run check_resume(unsigned task);

/*
 * Steps. Each access to what tasks share begins a step, which goes on up to the next access. The
 * first step of check_start() begins with fn, that of check_resume() with the access that the task
 * had come to.
 */
#define CHECK_MAX_STEPS 4096

struct check_access {
	const void *object;
	/* Stands for the piece of memory that the object lies in: who frees that, writes it. */
	const void *guard;
	bool write;
};

/* The address of this stands for all objects. */
extern const char check_everything;

struct check_trace {
	unsigned nr;  /* steps made so far */
	unsigned max; /* come back (CHECK_BLOCKED) at this number; nr must be smaller */
	/*
	 * How each of them began. Of the first step of check_start() the caller says so. With
	 * CHECK_BLOCKED, how the next one begins stands behind them.
	 */
	struct check_access accesses[CHECK_MAX_STEPS + 1];
};

/*
 * From now on, record the steps of whoever runs; NULL: run on to the end, or to where it has to
 * wait. The trace is not part of the world.
 */
void check_record(struct check_trace *to);

/* From now on, call fn at each access, on the stack of the task that makes it; NULL: don't. */
void check_watch_accesses(void (*fn)(void *context), void *context);

/* How the next step of a task begins that is in the middle of something. */
struct check_access check_next_access(unsigned task);

/* Was the last CHECK_BUG the use of memory that is free (port_poison(), port_free())? */
bool check_bug_is_use(void);

/* What is wrong with the world: "mm/page.c:70: refcount < 0". */
const char *check_bug_text(void);

/* A range of memory that the world lies in; all of it but [first, end) is zero. */
struct check_range {
	unsigned char *start;
	size_t size;
	size_t first; /* what is in use, from the start */
	size_t end;
};

/* Everything outside of any task, and each task's stack. Ranges stay where they are. */
#define CHECK_MAX_RANGES (2 + CHECK_MAX_TASKS)

/*
 * The ranges of the world as it is. Who has put all of them back to what they were at another time
 * says so, before anything runs.
 */
void check_ranges(struct check_range ranges[CHECK_MAX_RANGES]);
void check_restored(void);

size_t check_size(void);
void check_save(void *to);
void check_load(const void *from, size_t size);

#endif
