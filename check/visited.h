/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * visited.h - the states that were seen, by their hashes
 *
 * States are told apart by 126 bits of a hash of what they are, so that a state costs 16 bytes once
 * it has been expanded. Even among 2^40 states the chance that two of them share a hash is below
 * 2^-46.
 *
 * A table in shared memory may be used by several processes at once. It can't grow then:
 * visited_reserve() beforehand.
 */
#ifndef CHECK_VISITED_H
#define CHECK_VISITED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h> /* the same hashes, by the best instructions that the CPU has */
#endif

struct visited_slot {
	atomic_ullong low;  /* 0: free */
	atomic_ullong high; /* 0: not written yet; the lowest bit says that the state was left */
};

/* What can be kept of a state. */
struct visited_value {
	double executions; /* from there to the end */
	size_t saved;      /* where its bytes are */
};

/* A table with linear probing, at most half full. All zero: empty. */
struct visited {
	bool shared;      /* in shared memory */
	bool with_values; /* not if shared */
	struct visited_slot *slots;
	struct visited_value *values; /* one for each slot, zero at first, if they are wanted */
	size_t nr_slots;              /* a power of two */
	size_t used;
};

/* Make room for so many states in all. 0 or -ENOMEM. */
int visited_reserve(struct visited *visited, size_t nr_states);

/* Move the table to shared memory. 0 or -ENOMEM. */
int visited_share(struct visited *visited);

/* Returns 1 if the hash is new, 0 if it was there, or -ENOMEM. */
int visited_add(struct visited *visited, XXH128_hash_t hash);

/* Of a hash that was added: every move from the state has been made; was that said? */
void visited_leave(struct visited *visited, XXH128_hash_t hash);
bool visited_is_left(struct visited *visited, XXH128_hash_t hash);

/* The value of a hash that was added; good until the next one is. */
struct visited_value *visited_value(struct visited *visited, XXH128_hash_t hash);

/* How much memory it takes, in bytes. */
size_t visited_size(const struct visited *visited);

void visited_free(struct visited *visited);

#endif
