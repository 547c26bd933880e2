/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stress.h - what the parts of the stress say to each other */
#ifndef STRESS_STRESS_H
#define STRESS_STRESS_H

#include "mm/mm.h"
#include "threads.h"

#include <stdatomic.h>

#define WORKERS 4
#define CPUS    (WORKERS + 1) /* the monitor has one, too */

/* Where each kind of memory lies, one after the other with room between them. */
#define AREA(n) (((n) + 1) * 16 * MM_HPAGE_SIZE)

/* What a worker has alone, though all may look at it, move it and swap it out. */
enum own_kind {
	OWN_PAGE, /* nobody but forks and the owner's pins comes near it */
	OWN_ANON,
	OWN_FILE,
	OWN_HUGE_FIRST, /* of a transparent huge page */
	OWN_HUGE_LAST,
	OWN_HUGETLB,
	NR_OWN,
};

struct own {
	unsigned long addr;
	uint32_t value; /* what its owner has written there */
};

/* One machine under one row of the table. */
struct stress {
	struct machine *machine;
	struct mm *mm; /* that all work in */
	struct shmem *file;
	atomic_bool done; /* the workers are */
};

struct worker {
	struct stress *stress;
	unsigned cpu;
	unsigned seed;
	struct own own[NR_OWN];
};

unsigned next_random(unsigned *seed);

/* Print what was expected and found, and end with status 1, unless they are equal. */
void expect(const struct worker *worker, const char *what, long expected, long found);

/* own.c: map what the workers have. 0 or an error. */
int own_map(struct stress *stress);

/* The addresses of one worker's, with a first value in each. */
void own_init(struct worker *worker);

/* Write and read, fork and compare, pin and write: what the rules promise must hold. */
void own_check(struct worker *worker);

/* Whatever changes no content, to anybody's. */
void own_disturb(struct worker *worker);

/* chaos.c: memory that everybody changes; only the accounting is promised. 0 or an error. */
int chaos_map(struct stress *stress);
void chaos(struct worker *worker);

/* The part of it that is the monitor's. */
unsigned long chaos_monitored(unsigned long *length);

/* monitor.c: a thread that resolves the faults of a userfaultfd until stress->done. */
void *monitor(void *stress);

#endif
