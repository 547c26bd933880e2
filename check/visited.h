/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * visited.h - the states that were seen, by their hashes
 *
 * States are told apart by the 128-bit XXH3 hash of their saved bytes, so that a state costs 16
 * bytes once it has been expanded. Even among 2^40 states the chance that two of them share a hash
 * is below 2^-48.
 */
#ifndef CHECK_VISITED_H
#define CHECK_VISITED_H

#include <stdbool.h>
#include <stddef.h>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h> /* the same hashes, by the best instructions that the CPU has */
#endif

/* A table with linear probing, at most half full. All zero: empty. */
struct visited {
	XXH128_hash_t *slots; /* {0, 0}: free */
	size_t nr_slots;      /* a power of two */
	size_t used;
	bool with_values;
	double *values; /* one for each slot, 0 at first, if they are wanted */
};

/* Returns 1 if the hash is new, 0 if it was there, or -ENOMEM. */
int visited_add(struct visited *visited, XXH128_hash_t hash);

/* The value of a hash that was added; good until the next one is. */
double *visited_value(struct visited *visited, XXH128_hash_t hash);

/* How much memory it takes, in bytes. */
size_t visited_size(const struct visited *visited);

void visited_free(struct visited *visited);

#endif
