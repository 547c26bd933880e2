/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mutant.h - which mutant a mutated source is; what mutate.py writes calls this */
#ifndef TESTS_MUTANTS_MUTANT_H
#define TESTS_MUTANTS_MUTANT_H

#include <stdbool.h>

#define MUTANT_MAX 8192

/* 0: none, and who asks is noted in mutant_reached. */
extern int mutant_nr;
extern unsigned char mutant_reached[MUTANT_MAX / 8];

/* Is this the mutant? Asked only where its answer makes a difference to the next step. */
static inline bool mutant(int nr)
{
	if (__builtin_expect(!mutant_nr, 0))
		mutant_reached[nr / 8] |= (unsigned char)(1U << nr % 8);
	return __builtin_expect(mutant_nr == nr, 0);
}

/* Each operand is evaluated once; the mutant differs where both are equal. */
#define MUTANT_LESS(nr, a, b)                                        \
	({                                                           \
		__auto_type a_##nr = (a);                            \
		__auto_type b_##nr = (b);                            \
		a_##nr < b_##nr || (a_##nr == b_##nr && mutant(nr)); \
	})
#define MUTANT_LESS_EQUAL(nr, a, b)                                   \
	({                                                            \
		__auto_type a_##nr = (a);                             \
		__auto_type b_##nr = (b);                             \
		a_##nr < b_##nr || (a_##nr == b_##nr && !mutant(nr)); \
	})
#define MUTANT_MORE(nr, a, b)                                        \
	({                                                           \
		__auto_type a_##nr = (a);                            \
		__auto_type b_##nr = (b);                            \
		a_##nr > b_##nr || (a_##nr == b_##nr && mutant(nr)); \
	})
#define MUTANT_MORE_EQUAL(nr, a, b)                                   \
	({                                                            \
		__auto_type a_##nr = (a);                             \
		__auto_type b_##nr = (b);                             \
		a_##nr > b_##nr || (a_##nr == b_##nr && !mutant(nr)); \
	})

/* 0 instead of what is not. */
#define MUTANT_ZERO(nr, value)                    \
	({                                        \
		__auto_type v_##nr = (value);     \
		v_##nr &&mutant(nr) ? 0 : v_##nr; \
	})

#endif
