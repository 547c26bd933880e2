/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port_types.h - the threads port: C11 atomics, futexes, one CPU for each thread */
#ifndef PORT_TYPES_H
#define PORT_TYPES_H

#include <stdatomic.h>
#include <stdint.h>

#include "port/soft_tlb.h"

typedef atomic_int port_atomic;
typedef _Atomic uint64_t port_entry;

struct port_spinlock {
	atomic_uint held;
};

struct port_rwsem {
	atomic_uint count;   /* readers, or RWSEM_WRITER */
	atomic_uint waiters; /* tasks that sleep or are about to */
};

struct port_lock {
	atomic_uint held;
	atomic_uint waiters;
};

struct port_wait_queue {
	atomic_uint wakes; /* how often it was woken: what a sleeper compares */
};

/* The lock stands for "interrupts off": a flush takes it, and so waits for the section's end. */
struct port_cpu {
	struct port_spinlock irq;
	struct soft_tlb tlb;
};

#endif
