/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h - what the files of the checker's port share */
#ifndef PORT_CHECK_WORLD_H
#define PORT_CHECK_WORLD_H

#include "port/port.h"
#include "port/check/check.h"

/* Room for a machine of either geometry. Only what is in use is ever saved. */
#define WORLD_HEAP_SIZE  (8u << 20)
#define WORLD_STACK_SIZE (256u << 10)

/* What a blocked task waits for. */
enum wait_kind {
	WAIT_NOTHING,
	WAIT_SPIN,
	WAIT_READ,
	WAIT_WRITE,
	WAIT_LOCK,
	WAIT_IRQ,
	WAIT_WAKE,  /* until port_wake_all() of the queue */
	WAIT_WOKEN, /* that has come */
};

struct fiber {
	void *sp; /* where it goes on; NULL: it is not running */
	enum wait_kind wait;
	const void *object;
	void (*fn)(void *argument);
	void *argument;
};

/* Memory that was freed, by size, to be given out again. */
#define HEAP_GRAIN   16
#define HEAP_CLASSES 64

/*
 * The world. What is saved is this header with the used part of the heap, and the used part of
 * the stack of each task that is blocked.
 */
struct world {
	unsigned current; /* task */
	unsigned fail_in; /* allocations until one fails; 0: none does */
	bool failed;
	bool exhausted;
	struct fiber fibers[CHECK_MAX_TASKS];
	unsigned allocations; /* not freed */
	size_t heap_used;
	void *free[HEAP_CLASSES + 1];
	_Alignas(HEAP_GRAIN) unsigned char heap[WORLD_HEAP_SIZE];
};

extern struct world *world;
extern unsigned char *world_stacks; /* CHECK_MAX_TASKS of WORLD_STACK_SIZE */

/* Let the scheduler go on until object can be had; returns when the scheduler resumes the task. */
void fiber_wait(enum wait_kind wait, const void *object);

/* Leave the task for good, with this result. */
_Noreturn void fiber_die(enum check_run run);

#endif
