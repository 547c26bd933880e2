/* SPDX-License-Identifier: GPL-2.0-or-later */
/* violation.h - the kinds of wrong that an outcome, or a state on the way, can show */
#ifndef LITMUS_VIOLATION_H
#define LITMUS_VIOLATION_H

#include <stddef.h>

/* A set of kinds is the bitwise or of these. */
enum violation {
	VIOLATION_NONE = 0,
	VIOLATION_LOST_DMA = 1 << 0,       /* the owner does not see what the device wrote */
	VIOLATION_STALE_DMA = 1 << 1,      /* the device does not see what the owner wrote */
	VIOLATION_LEAK = 1 << 2,           /* one mm sees what another wrote after the fork */
	VIOLATION_MISSED_WP = 1 << 3,      /* a write to a protected range raised no event */
	VIOLATION_SPURIOUS_WP = 1 << 4,    /* an event without a write */
	VIOLATION_LOST_WRITE = 1 << 5,     /* a CPU's write is not seen by its own mm */
	VIOLATION_WRONG_PAGE = 1 << 6,     /* a value, a mapping or an error no rule accounts for */
	VIOLATION_BAD_COUNT = 1 << 7,      /* refcount != mappings + references + pins */
	VIOLATION_USE_AFTER_FREE = 1 << 8, /* a freed frame is reachable */
	VIOLATION_STALE_TLB = 1 << 9,      /* a TLB entry outlived its PTE */
	VIOLATION_DEADLOCK = 1 << 10,      /* tasks wait for each other */
	VIOLATION_LIVELOCK = 1 << 11,      /* a task retries without end */
	VIOLATION_UNSTABLE_PAGE =
		1 << 12,           /* a page changed while a device that can't bear it wrote it */
	VIOLATION_CRASH = 1 << 13, /* a real kernel panicked, or answered no more */
};

#define VIOLATION_KINDS 14

/* Name of one kind ("lost-dma"); the kind must be a single bit. */
const char *violation_name(enum violation kind);

/* The kind with this name, or VIOLATION_NONE. */
enum violation violation_from_name(const char *name);

/* Write the names in `set`, comma-separated, to buf; "" for an empty set. Returns buf. */
char *violation_set_names(unsigned set, char *buf, size_t size);

#endif
