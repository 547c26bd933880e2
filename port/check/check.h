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

/* Is the task in the middle of something that it waits for? */
bool check_is_blocked(unsigned task);
bool check_can_resume(unsigned task);
/* Does it wait on a port_wait_queue, rather than for a lock? */
bool check_sleeps(unsigned task);
enum check_run check_resume(unsigned task);

/* What is wrong with the world: "mm/page.c:70: refcount < 0". */
const char *check_bug_text(void);

size_t check_size(void);
void check_save(void *to);
void check_load(const void *from, size_t size);

#endif
