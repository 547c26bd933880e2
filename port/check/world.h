/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h - what the files of the checker's port share */
#ifndef PORT_CHECK_WORLD_H
#define PORT_CHECK_WORLD_H

#include "port/port.h"
#include "port/check/check.h"

/* Room for a machine of either geometry. Only what is in use is ever saved. */
#define WORLD_HEAP_SIZE  (8u << 20)
#define WORLD_STACK_SIZE (256u << 10)

/* Who goes through the world in larger steps than bytes may do so in pieces of this size. */
#define WORLD_GRAIN 64

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
	bool write; /* what it does next to object, once it need not wait */
	const void *object;
	void (*fn)(void *argument);
	void *argument;
};

/*
 * Each task takes memory out of pieces of the heap that are its own: what one allocates does not
 * depend on what others do. Large blocks are pieces of their own.
 */
#define HEAP_GRAIN 16
#define HEAP_CHUNK 1024

/*
 * Which pieces the heap is in: what port_alloc() returned, and what mm/ gives out itself
 * (port_poison()). One bit for each HEAP_GRAIN bytes.
 */
struct shadow {
	uint64_t begins;   /* a piece does, here */
	uint64_t poisoned; /* and nobody may use it */
};

#define SHADOW_GRAINS 64

/*
 * The world. What is saved is this header, the part of the heap that is used with its shadow, and
 * the used part of the stack of each task that is blocked.
 */
struct world {
	unsigned current; /* task */
	unsigned fail_in; /* allocations until one fails; 0: none does */
	bool failed;
	bool exhausted;
	struct fiber fibers[CHECK_MAX_TASKS];
	unsigned allocations; /* not freed */
	size_t heap_used;
	struct heap {
		unsigned char *chunk; /* what is left of a piece of the world's heap */
		size_t left;
		void *free; /* what was freed, to be given out again */
	} heaps[CHECK_MAX_TASKS];
	unsigned cpu_tags[CHECK_MAX_TASKS]; /* whose memory the CPU's task uses; 0: anybody's */
	struct shadow shadow[WORLD_HEAP_SIZE / HEAP_GRAIN / SHADOW_GRAINS];
	_Alignas(WORLD_GRAIN) unsigned char heap[WORLD_HEAP_SIZE];
};

extern struct world *world;
extern unsigned char *world_stacks; /* CHECK_MAX_TASKS of WORLD_STACK_SIZE */

/* Is it a task that runs, and not the scheduler? */
bool fiber_runs(void);

/* A task is at an access, its stack pointer here: clear what functions have left below that. */
void world_clean_below(unsigned task, unsigned char *sp);
/* The task is back in the scheduler: what it has left below its stack pointer goes. */
void world_clean_stack(unsigned task);

/*
 * What stands for the piece of memory that an object lies in: who uses the object reads it, who
 * poisons the piece writes it. NULL: the object lies in none.
 */
const void *world_guard(const void *object);
bool world_is_poisoned(const void *guard);

/* As check_access(), but the task may go on only when the object can be had. */
void fiber_wait(enum wait_kind wait, const void *object, enum check_kind kind);

/* Leave the task for good, with this result. */
_Noreturn void fiber_die(enum check_run run);

#endif
