/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ops.h - operations and the names of flags, for parser and printer */
#ifndef LITMUS_OPS_H
#define LITMUS_OPS_H

#include "litmus/litmus.h"

/* One letter for each operand, in the order in which they are written. */
enum litmus_operand {
	LITMUS_OPERAND_ADDR = 'a',   /* where */
	LITMUS_OPERAND_RANGE = 'r',  /* where, whole pages; a length may follow */
	LITMUS_OPERAND_PAGES = 'n',  /* optional: how many pages */
	LITMUS_OPERAND_TO = 't',     /* whereto, or where from, whole pages */
	LITMUS_OPERAND_PROT = 'p',   /* PROT_... */
	LITMUS_OPERAND_MAP = 'm',    /* MAP_... */
	LITMUS_OPERAND_ADVICE = 'd', /* MADV_... */
	LITMUS_OPERAND_FOLL = 'f',   /* FOLL_... */
	LITMUS_OPERAND_WRITE = 'w',  /* FOLL_WRITE or 0 */
	LITMUS_OPERAND_HANDLE = 'h', /* a handle, all of it */
	LITMUS_OPERAND_PAGE = 'g',   /* a handle or, with an index, one page of it */
	LITMUS_OPERAND_VALUE = 'v',  /* constant or int register */
	LITMUS_OPERAND_TASK = 'T',   /* P1 */
	LITMUS_OPERAND_COMPLETION = 'c',
	LITMUS_OPERAND_UFFD = 'u',     /* name of a userfaultfd */
	LITMUS_OPERAND_UFFD2 = 'U',    /* optional: name of a second one */
	LITMUS_OPERAND_FEATURES = 'e', /* UFFD_FEATURE_... */
	LITMUS_OPERAND_REGISTER = 'i', /* UFFDIO_REGISTER_MODE_... */
	LITMUS_OPERAND_MODE = 'o',     /* UFFDIO_..._MODE_WP and _DONTWAKE..., by the operation */
};

/* The operation that is called so, or -1. */
int litmus_opcode(const char *name, size_t length);

/* Which operation drops what this one took? LITMUS_NR_OPCODES if it takes nothing. */
enum litmus_opcode litmus_release_of(enum litmus_opcode code);

struct litmus_flag {
	const char *name;
	unsigned value;
};

/* The names that an operand can be made of. */
struct litmus_flag_set {
	const struct litmus_flag *flags; /* in the order in which they are printed */
	int nr_flags;
	bool joined;          /* several can be joined with | */
	const char *none;     /* how the empty set is written, or NULL if it can't be */
	const char *expected; /* for messages */
};

/*
 * The set for one of LITMUS_OPERAND_PROT, MAP, ADVICE, FOLL, WRITE, FEATURES, REGISTER, MODE of
 * this operation.
 */
const struct litmus_flag_set *litmus_flag_set(enum litmus_opcode code, enum litmus_operand operand);

/* Names of error numbers, signals and events of a userfaultfd. */
struct litmus_constant {
	const char *name; /* without the minus of an error */
	int64_t value;
};

extern const struct litmus_constant litmus_constants[];
extern const int litmus_nr_constants;

#endif
