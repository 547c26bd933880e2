/* SPDX-License-Identifier: GPL-2.0-or-later */
/* port_types.h - the checker's port: one task runs at a time, and the checker says which */
#ifndef PORT_TYPES_H
#define PORT_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "port/soft_tlb.h"

typedef struct {
	int value;
} port_atomic;

typedef struct {
	uint64_t value;
} port_entry;

struct port_spinlock {
	bool held;
};

struct port_rwsem {
	int count; /* readers, or -1 for a writer */
};

struct port_lock {
	bool held;
};

struct port_wait_queue {
	unsigned sleepers;
};

struct port_cpu {
	bool irqs_off;
	struct soft_tlb tlb;
};

#endif
