/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trail.h - the states of the world on the way to the present one, by what differs
 *
 * A step changes little of the world. So a state is kept as what was there before it, and its hash
 * is made from that of the state before: both cost what has changed, and one look at the rest.
 */
#ifndef CHECK_TRAIL_H
#define CHECK_TRAIL_H

#include "port/check/check.h"

#include <xxhash.h>

/* The world is compared, hashed and kept in pieces of this size. */
#define TRAIL_CHUNK 64

/* A chunk of a range, and the hash that it has in a state. */
struct trail_chunk {
	size_t offset;
	unsigned range;
	XXH128_hash_t hash; /* all zero: the chunk is */
};

/* What a chunk was before it changed. */
struct trail_old {
	struct trail_chunk chunk;
	unsigned char bytes[TRAIL_CHUNK];
};

/* One of the ranges of memory that the world lies in. */
struct trail_range {
	unsigned char *world;
	unsigned char *copy;   /* of the last state */
	XXH128_hash_t *hashes; /* of the copy's chunks */
	size_t first;          /* beyond these the copy is zero */
	size_t end;
};

/* All zero: none. */
struct trail {
	struct trail_range ranges[CHECK_MAX_RANGES];
	unsigned char *copies;
	size_t copies_size;
	XXH128_hash_t *hashes;
	size_t hashes_size;
	XXH128_hash_t hash; /* of the last state */
	size_t *states;     /* where the changes begin by which each was reached */
	size_t nr_states;
	size_t states_room;
	struct trail_old *old;
	size_t nr_old;
	size_t old_room;
	struct trail_chunk *changes; /* what trail_look() has found */
	size_t nr_changes;
	size_t changes_room;
	XXH128_hash_t changed_hash;
};

/* Begin a trail, with no state. 0 or -ENOMEM. */
int trail_begin(struct trail *trail);
void trail_end(struct trail *trail);

/* Which state is the world in? Sets *hash, of which 128 bits are all that it depends on. */
int trail_look(struct trail *trail, XXH128_hash_t *hash);

/* What trail_look() has just seen becomes the last state. */
int trail_push(struct trail *trail);

/*
 * Put the world back into the last state: whatever has happened since, or, which is quicker, with
 * nothing since trail_look().
 */
void trail_restore(struct trail *trail);
void trail_undo_looked(struct trail *trail);

/* From the last state, in which the world is, to the one before. */
void trail_pop(struct trail *trail);

#endif
