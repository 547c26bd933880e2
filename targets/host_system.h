/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_system.h - inside the target `host`: what a test needs of the whole system, for its run only
 *
 * A pool of huge pages, swap and KSM are settings of the system. A guardian, a process of its own,
 * changes them before the run and puts them back after it. It does so too when the tool is killed:
 * it waits for the end of a pipe that only the tool and the test's supervisor hold open. While it
 * lives it has a lock on each setting, so that two cowherds take turns.
 */
#ifndef TARGETS_HOST_SYSTEM_H
#define TARGETS_HOST_SYSTEM_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "litmus/litmus.h"

struct host_needs {
	bool hugetlb;
	unsigned huge_pages; /* free in the pool, for hugetlb */
	bool exactly;        /* no more than that, and none beyond the pool */
	uint64_t huge_size;  /* of one, in bytes */
	bool swap;
	bool ksm;
};

bool host_uses_advice(const struct litmus_test *test, enum litmus_advice advice);

/* What the test needs; huge_size is the caller's. */
void host_find_needs(const struct litmus_test *test, struct host_needs *needs);

struct host_system {
	pid_t guardian; /* 0: the test needs nothing */
	int pipe;       /* to be held open by the tool and its supervisor */
};

/*
 * See that the system is as needed. False: `reason` says in one line what is missing; or it is
 * empty, and *stop was set. host_system_return() is to be called after success.
 */
bool host_system_take(struct host_system *system, const struct host_needs *needs,
		      const volatile sig_atomic_t *stop, char *reason, size_t size);

/* As it was before; returns when it is. */
void host_system_return(struct host_system *system);

/*
 * The settings. Each has its take function, which returns false and says in one line why it can't,
 * with nothing changed, and its restore function. Called by the guardian only.
 */

/* host_hugetlb.c */
struct host_pool {
	bool changed;
	uint64_t huge_size;
	long nr_pages;
	long overcommit;
};

/* The file of a pool of huge pages of this size, in /sys. Returns buf. */
char *host_pool_path(uint64_t huge_size, const char *file, char *buf, size_t size);

/* Pages of the pool that are neither in use nor reserved. */
long host_pool_free(uint64_t huge_size);

bool host_pool_take(struct host_pool *pool, const struct host_needs *needs, char *reason,
		    size_t size);
void host_pool_restore(struct host_pool *pool);

/* host_swap.c */
enum host_swap_kind {
	HOST_SWAP_NONE, /* there was some already */
	HOST_SWAP_ZRAM,
	HOST_SWAP_FILE,
	HOST_SWAP_LOOP,
	HOST_NR_SWAP_KINDS,
};

struct host_swap {
	enum host_swap_kind kind;
	int number;      /* of the device */
	char path[4096]; /* of what was given to swapon(2) */
};

bool host_swap_is_active(void);

/* One kind of it. Returns 0 or -errno, with nothing left behind. */
long host_swap_make(struct host_swap *swap, enum host_swap_kind kind);

bool host_swap_take(struct host_swap *swap, char *reason, size_t size);
void host_swap_restore(struct host_swap *swap);

/* host_ksm.c */
#define HOST_KSM_SETTINGS 6

struct host_ksm {
	bool changed;
	char saved[HOST_KSM_SETTINGS][32]; /* "": this kernel has no such setting */
};

bool host_ksm_take(struct host_ksm *ksm, char *reason, size_t size);
void host_ksm_restore(struct host_ksm *ksm);

#endif
