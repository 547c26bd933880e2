/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sight.h - where the values of an outcome were seen, and who could have written them */
#ifndef SPEC_SIGHT_H
#define SPEC_SIGHT_H

#include "litmus/litmus.h"

/*
 * All of this is read off the text of the test: who could have written a value, and whose it
 * rightly is. The litmus language has no loops, so the last operation that sets a register is the
 * one whose value it has.
 */

/* An int in memory. */
struct place {
	int object;
	int page;
	int word;
};

/* How a value came into an observable. */
enum seen_by {
	SEEN_BY_CPU, /* a load; ptrace and process_vm_readv() on behalf of the mm; final memory */
	SEEN_BY_DEVICE,  /* dma_read() */
	SEEN_BY_PAGEMAP, /* not a value, but the identity of a page */
	SEEN_BY_MONITOR, /* an event */
	SEEN_AS_MARK,    /* whether a page is protected for its userfaultfd */
	SEEN_BY_GUP,     /* how many pages it took */
	SEEN_AS_RESULT,  /* of another system call, or a status */
};

/* Memory that is no mm's. */
#define MM_FILE    (-1)
#define MM_UNKNOWN (-2)

struct sight {
	enum seen_by by;
	int task;  /* who saw it, */
	int index; /* and at which operation; past the last one for the final memory */
	int mm;    /* whose memory it is, or MM_FILE */
	struct place place;
	/* DEVICE, PAGEMAP: where the handle comes from, or NULL; GUP, CPU: what took or loaded */
	const struct litmus_op *taken;
};

/* Who wrote a value that an mm may see, or may not. */
enum writers {
	WRITTEN_BY_CPU = 1 << 0,
	WRITTEN_BY_DEVICE = 1 << 1,
	WRITTEN_AT_FIRST = 1 << 2,    /* the initial value, or zeroes */
	WRITTEN_BY_STRANGER = 1 << 3, /* for another mm, after the fork that parted them */
};

/* One operation that writes an int. */
struct writing {
	unsigned writer; /* WRITTEN_BY_CPU or WRITTEN_BY_DEVICE */
	int mm;          /* for which mm, or MM_FILE or MM_UNKNOWN */
	struct place place;
	int task;
	const struct litmus_op *op;
};

/* What an operation wrote. */
struct written {
	bool known;     /* else no value of the outcome is what the register held then */
	int observable; /* the register's value at the end, */
	int64_t value;  /* or, where this is -1, always the same */
};

struct place spec_place_of(const struct litmus_test *test, struct litmus_addr addr);

struct sight spec_sight_of(const struct litmus_test *test,
			   const struct litmus_observable *observable);

/* How the register got its value from what stands before `end`. */
struct sight spec_register_sight(const struct litmus_test *test, int task, int reg, int end);

/* Returns false if the operation does not write, or comes after the sight in the same task. */
bool spec_find_writing(const struct litmus_test *test, int task, int index,
		       const struct sight *sight, struct writing *writing);
struct written spec_find_written(const struct litmus_test *test, const struct writing *writing);

/*
 * May who looks see what was written? What is written to a file can be seen in its mappings; what
 * is written to those is never seen in the file.
 */
bool spec_is_visible(const struct litmus_test *test, const struct writing *writing,
		     const struct sight *sight);

/* All who could have written the value where it was seen: a set of enum writers. */
unsigned spec_writers_of(const struct litmus_test *test, const int64_t *values,
			 const struct sight *sight, int64_t value);

#endif
