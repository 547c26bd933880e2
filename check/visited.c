/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visited.c - the states that were seen, by their hashes */

#include "check/visited.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Tables of at least this size lie in huge pages, where there are any: they are looked up at
 * random. */
#define HUGE_SIZE ((size_t)2 << 20)

static size_t slots_size(size_t nr_slots)
{
	return nr_slots * sizeof(XXH128_hash_t);
}

static XXH128_hash_t *alloc_slots(size_t nr_slots)
{
	size_t size = slots_size(nr_slots);
	void *slots;

	if (size < HUGE_SIZE)
		return calloc(nr_slots, sizeof(XXH128_hash_t));
	slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED)
		return NULL;
	madvise(slots, size, MADV_HUGEPAGE);
	return slots;
}

static void free_slots(XXH128_hash_t *slots, size_t nr_slots)
{
	if (slots_size(nr_slots) < HUGE_SIZE)
		free(slots);
	else
		munmap(slots, slots_size(nr_slots));
}

static bool same_hash(XXH128_hash_t a, XXH128_hash_t b)
{
	return a.low64 == b.low64 && a.high64 == b.high64;
}

/* The slot that holds `hash`, or the free one where it belongs. */
static XXH128_hash_t *find_slot(XXH128_hash_t *slots, size_t nr_slots, XXH128_hash_t hash)
{
	const XXH128_hash_t none = {0, 0};
	size_t i = hash.low64 & (nr_slots - 1);

	while (!same_hash(slots[i], none) && !same_hash(slots[i], hash))
		i = (i + 1) & (nr_slots - 1);
	return &slots[i];
}

static bool is_free(XXH128_hash_t slot)
{
	return same_hash(slot, (XXH128_hash_t){0, 0});
}

/* {0, 0} is no hash. */
static XXH128_hash_t key_of(XXH128_hash_t hash)
{
	if (is_free(hash))
		hash.low64 = 1;
	return hash;
}

/* The table with twice as many slots. */
static int visited_grow(struct visited *visited)
{
	struct visited old = *visited;
	size_t nr_slots = old.nr_slots ? 2 * old.nr_slots : 256;
	XXH128_hash_t *slots = alloc_slots(nr_slots);
	double *values = old.with_values ? calloc(nr_slots, sizeof(*values)) : NULL;

	if (!slots || (old.with_values && !values)) {
		if (slots)
			free_slots(slots, nr_slots);
		free(values);
		return -ENOMEM;
	}
	for (size_t i = 0; i < old.nr_slots; i++) {
		XXH128_hash_t *slot = find_slot(slots, nr_slots, old.slots[i]);

		if (is_free(old.slots[i]))
			continue;
		*slot = old.slots[i];
		if (values)
			values[slot - slots] = old.values[i];
	}
	free_slots(old.slots, old.nr_slots);
	free(old.values);
	visited->slots = slots;
	visited->values = values;
	visited->nr_slots = nr_slots;
	return 0;
}

int visited_add(struct visited *visited, XXH128_hash_t hash)
{
	XXH128_hash_t *slot;

	if (2 * (visited->used + 1) > visited->nr_slots) {
		int err = visited_grow(visited);
		if (err)
			return err;
	}
	slot = find_slot(visited->slots, visited->nr_slots, key_of(hash));
	if (!is_free(*slot))
		return 0;
	*slot = key_of(hash);
	visited->used++;
	return 1;
}

double *visited_value(struct visited *visited, XXH128_hash_t hash)
{
	const XXH128_hash_t *slot = find_slot(visited->slots, visited->nr_slots, key_of(hash));

	return &visited->values[slot - visited->slots];
}

size_t visited_size(const struct visited *visited)
{
	return visited->nr_slots *
	       (sizeof(*visited->slots) + (visited->with_values ? sizeof(*visited->values) : 0));
}

void visited_free(struct visited *visited)
{
	free_slots(visited->slots, visited->nr_slots);
	free(visited->values);
	*visited = (struct visited){0};
}
