/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trail.c - the states of the world on the way to the present one, by what differs */

#include "check/trail.h"
#include "check/reserve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* So much is compared in one go: most of the world does not change. */
#define BLOCK (8 * (size_t)TRAIL_CHUNK)

static const unsigned char zeros[TRAIL_CHUNK];

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

int trail_begin(struct trail *trail)
{
	struct check_range ranges[CHECK_MAX_RANGES];
	size_t size = 0;

	*trail = (struct trail){0};
	check_ranges(ranges);
	for (unsigned i = 0; i < CHECK_MAX_RANGES; i++)
		size += ranges[i].size;
	trail->copies_size = size;
	trail->copies = map(size);
	trail->hashes_size = size / TRAIL_CHUNK * sizeof(*trail->hashes);
	trail->hashes = map(trail->hashes_size);
	if (!trail->copies || !trail->hashes) {
		trail_end(trail);
		return -ENOMEM;
	}
	size = 0;
	for (unsigned i = 0; i < CHECK_MAX_RANGES; i++) {
		trail->ranges[i].world = ranges[i].start;
		trail->ranges[i].copy = trail->copies + size;
		trail->ranges[i].hashes = trail->hashes + size / TRAIL_CHUNK;
		trail->ranges[i].first = ranges[i].size;
		size += ranges[i].size;
	}
	return 0;
}

void trail_end(struct trail *trail)
{
	if (trail->copies)
		munmap(trail->copies, trail->copies_size);
	if (trail->hashes)
		munmap(trail->hashes, trail->hashes_size);
	free(trail->states);
	free(trail->old);
	free(trail->changes);
	*trail = (struct trail){0};
}

static XXH128_hash_t *hash_of(struct trail *trail, const struct trail_chunk *chunk)
{
	return &trail->ranges[chunk->range].hashes[chunk->offset / TRAIL_CHUNK];
}

static unsigned char *world_of(const struct trail *trail, const struct trail_chunk *chunk)
{
	return trail->ranges[chunk->range].world + chunk->offset;
}

static unsigned char *copy_of(const struct trail *trail, const struct trail_chunk *chunk)
{
	return trail->ranges[chunk->range].copy + chunk->offset;
}

static XXH128_hash_t hash_chunk(const struct trail *trail, const struct trail_chunk *chunk)
{
	const unsigned char *bytes = world_of(trail, chunk);
	uint64_t seed = (uint64_t)chunk->range << 32 | chunk->offset;

	/* So that it does not matter how far a range is in use. */
	if (memcmp(bytes, zeros, TRAIL_CHUNK) == 0)
		return (XXH128_hash_t){0, 0};
	return XXH3_128bits_withSeed(bytes, TRAIL_CHUNK, seed);
}

/* The chunks of a range where the world is, or the copy was, in use. */
static void widen(const struct trail_range *range, const struct check_range *used, size_t *first,
		  size_t *end)
{
	*first = used->first / TRAIL_CHUNK * TRAIL_CHUNK;
	*end = (used->end + TRAIL_CHUNK - 1) / TRAIL_CHUNK * TRAIL_CHUNK;
	if (range->first < *first)
		*first = range->first;
	if (range->end > *end)
		*end = range->end;
}

static int add_change(struct trail *trail, unsigned range, size_t offset)
{
	if (reserve(&trail->changes, &trail->changes_room, trail->nr_changes + 1,
		    sizeof(*trail->changes)))
		return -ENOMEM;
	trail->changes[trail->nr_changes++] =
		(struct trail_chunk){.range = range, .offset = offset};
	return 0;
}

/* Call fn() for each chunk of the world that is not as in the last state. 0 or its error. */
static int find_changes(struct trail *trail, int (*fn)(struct trail *, unsigned, size_t))
{
	struct check_range used[CHECK_MAX_RANGES];

	check_ranges(used);
	for (unsigned i = 0; i < CHECK_MAX_RANGES; i++) {
		const struct trail_range *range = &trail->ranges[i];
		size_t first, end;

		widen(range, &used[i], &first, &end);
		for (size_t block = first; block < end; block += BLOCK) {
			size_t size = end - block < BLOCK ? end - block : BLOCK;

			if (memcmp(range->world + block, range->copy + block, size) == 0)
				continue;
			for (size_t at = block; at < block + size; at += TRAIL_CHUNK) {
				if (memcmp(range->world + at, range->copy + at, TRAIL_CHUNK) != 0 &&
				    fn(trail, i, at))
					return -ENOMEM;
			}
		}
	}
	return 0;
}

int trail_look(struct trail *trail, XXH128_hash_t *hash)
{
	trail->nr_changes = 0;
	if (find_changes(trail, add_change))
		return -ENOMEM;
	trail->changed_hash = trail->hash;
	for (size_t i = 0; i < trail->nr_changes; i++) {
		struct trail_chunk *change = &trail->changes[i];
		const XXH128_hash_t *old = hash_of(trail, change);

		change->hash = hash_chunk(trail, change);
		trail->changed_hash.low64 += change->hash.low64 - old->low64;
		trail->changed_hash.high64 += change->hash.high64 - old->high64;
	}
	*hash = trail->changed_hash;
	return 0;
}

/* The world is in the last state: no more of the copy is in use than of it. */
static void measure(struct trail *trail)
{
	struct check_range used[CHECK_MAX_RANGES];

	check_ranges(used);
	for (unsigned i = 0; i < CHECK_MAX_RANGES; i++) {
		trail->ranges[i].first = used[i].first / TRAIL_CHUNK * TRAIL_CHUNK;
		trail->ranges[i].end = (used[i].end + TRAIL_CHUNK - 1) / TRAIL_CHUNK * TRAIL_CHUNK;
	}
}

int trail_push(struct trail *trail)
{
	if (reserve(&trail->states, &trail->states_room, trail->nr_states + 1,
		    sizeof(*trail->states)) ||
	    reserve(&trail->old, &trail->old_room, trail->nr_old + trail->nr_changes,
		    sizeof(*trail->old)))
		return -ENOMEM;
	trail->states[trail->nr_states++] = trail->nr_old;
	for (size_t i = 0; i < trail->nr_changes; i++) {
		const struct trail_chunk *change = &trail->changes[i];
		struct trail_old *old = &trail->old[trail->nr_old++];

		old->chunk = *change;
		old->chunk.hash = *hash_of(trail, change);
		memcpy(old->bytes, copy_of(trail, change), TRAIL_CHUNK);
		memcpy(copy_of(trail, change), world_of(trail, change), TRAIL_CHUNK);
		*hash_of(trail, change) = change->hash;
	}
	trail->hash = trail->changed_hash;
	measure(trail);
	return 0;
}

static int restore_chunk(struct trail *trail, unsigned range, size_t offset)
{
	memcpy(trail->ranges[range].world + offset, trail->ranges[range].copy + offset,
	       TRAIL_CHUNK);
	return 0;
}

void trail_restore(struct trail *trail)
{
	struct check_range used[CHECK_MAX_RANGES];

	check_ranges(used);
	for (unsigned i = 0; i < CHECK_MAX_RANGES; i++) {
		const struct trail_range *range = &trail->ranges[i];
		size_t first, end;

		widen(range, &used[i], &first, &end);
		memcpy(range->world + first, range->copy + first, end - first);
	}
	check_restored();
}

void trail_undo_looked(struct trail *trail)
{
	for (size_t i = 0; i < trail->nr_changes; i++)
		restore_chunk(trail, trail->changes[i].range, trail->changes[i].offset);
	check_restored();
}

void trail_pop(struct trail *trail)
{
	size_t first = trail->states[--trail->nr_states];

	while (trail->nr_old > first) {
		const struct trail_old *old = &trail->old[--trail->nr_old];
		XXH128_hash_t *hash = hash_of(trail, &old->chunk);

		trail->hash.low64 -= hash->low64 - old->chunk.hash.low64;
		trail->hash.high64 -= hash->high64 - old->chunk.hash.high64;
		*hash = old->chunk.hash;
		memcpy(copy_of(trail, &old->chunk), old->bytes, TRAIL_CHUNK);
		memcpy(world_of(trail, &old->chunk), old->bytes, TRAIL_CHUNK);
	}
	check_restored();
	measure(trail);
}
