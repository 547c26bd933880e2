/* SPDX-License-Identifier: GPL-2.0-or-later */
/* visited.c - the states that were seen, by their hashes */

#include "check/visited.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#define LEAST_SLOTS 256

/*
 * Tables of at least this size lie in huge pages, where there are any: they are looked up at
 * random.
 */
#define HUGE_SIZE ((size_t)2 << 20)

/* Of `high`. */
#define LEFT    1ULL
#define WRITTEN 2ULL

struct key {
	unsigned long long low;
	unsigned long long high;
};

static struct key key_of(XXH128_hash_t hash)
{
	return (struct key){hash.low64 ? hash.low64 : 1, (hash.high64 & ~LEFT) | WRITTEN};
}

static size_t slots_size(size_t nr_slots)
{
	return nr_slots * sizeof(struct visited_slot);
}

static bool is_mapped(size_t nr_slots, bool shared)
{
	return shared || slots_size(nr_slots) >= HUGE_SIZE;
}

static struct visited_slot *alloc_slots(size_t nr_slots, bool shared)
{
	size_t size = slots_size(nr_slots);
	void *slots;

	if (!is_mapped(nr_slots, shared))
		return calloc(nr_slots, sizeof(struct visited_slot));
	slots = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED)
		return NULL;
	if (size >= HUGE_SIZE)
		madvise(slots, size, MADV_HUGEPAGE);
	return slots;
}

static void free_slots(struct visited_slot *slots, size_t nr_slots, bool shared)
{
	if (slots && is_mapped(nr_slots, shared))
		munmap(slots, slots_size(nr_slots));
	else
		free(slots);
}

/* What a slot that is taken holds, once whoever takes it has written all of it. */
static unsigned long long high_of(struct visited_slot *slot)
{
	unsigned long long high;

	while (!(high = atomic_load_explicit(&slot->high, memory_order_acquire)))
		sched_yield();
	return high & ~LEFT;
}

/* The slot of a key, which is taken for it if there is none: then *new is set. */
static struct visited_slot *take_slot(const struct visited *visited, struct key key, bool *new)
{
	size_t mask = visited->nr_slots - 1;

	for (size_t i = key.low & mask;; i = (i + 1) & mask) {
		struct visited_slot *slot = &visited->slots[i];
		unsigned long long low = atomic_load_explicit(&slot->low, memory_order_relaxed);

		if (!low && atomic_compare_exchange_strong(&slot->low, &low, key.low)) {
			atomic_store_explicit(&slot->high, key.high, memory_order_release);
			*new = true;
			return slot;
		}
		if (low == key.low && high_of(slot) == key.high)
			return slot;
	}
}

/* The slot of a hash that was added. */
static struct visited_slot *slot_of(const struct visited *visited, XXH128_hash_t hash)
{
	bool new;

	return take_slot(visited, key_of(hash), &new);
}

static void move_slots(const struct visited *from, struct visited *to)
{
	for (size_t i = 0; i < from->nr_slots; i++) {
		const struct visited_slot *old = &from->slots[i];
		struct visited_slot *slot;
		bool new;

		if (!old->low)
			continue;
		slot = take_slot(to, (struct key){old->low, old->high & ~LEFT}, &new);
		slot->high = old->high;
		if (from->values)
			to->values[slot - to->slots] = from->values[i];
	}
}

/* The same table with more slots, or in other memory. */
static int move_to(struct visited *visited, size_t nr_states, bool shared)
{
	struct visited bigger = *visited;

	bigger.shared = shared;
	bigger.nr_slots = visited->nr_slots ? visited->nr_slots : LEAST_SLOTS;
	while (bigger.nr_slots < 2 * nr_states)
		bigger.nr_slots *= 2;
	bigger.slots = alloc_slots(bigger.nr_slots, shared);
	bigger.values =
		visited->with_values ? calloc(bigger.nr_slots, sizeof(*bigger.values)) : NULL;
	if (!bigger.slots || (visited->with_values && !bigger.values)) {
		free_slots(bigger.slots, bigger.nr_slots, bigger.shared);
		free(bigger.values);
		return -ENOMEM;
	}
	move_slots(visited, &bigger);
	free_slots(visited->slots, visited->nr_slots, visited->shared);
	free(visited->values);
	*visited = bigger;
	return 0;
}

int visited_reserve(struct visited *visited, size_t nr_states)
{
	return 2 * nr_states <= visited->nr_slots ? 0
						  : move_to(visited, nr_states, visited->shared);
}

int visited_share(struct visited *visited)
{
	return visited->shared ? 0 : move_to(visited, visited->used, true);
}

int visited_add(struct visited *visited, XXH128_hash_t hash)
{
	bool new = false;
	int err = visited_reserve(visited, visited->used + 1);

	if (err)
		return err;
	take_slot(visited, key_of(hash), &new);
	visited->used += new;
	return new;
}

void visited_leave(struct visited *visited, XXH128_hash_t hash)
{
	atomic_fetch_or_explicit(&slot_of(visited, hash)->high, LEFT, memory_order_relaxed);
}

bool visited_is_left(struct visited *visited, XXH128_hash_t hash)
{
	return atomic_load_explicit(&slot_of(visited, hash)->high, memory_order_relaxed) & LEFT;
}

struct visited_value *visited_value(struct visited *visited, XXH128_hash_t hash)
{
	return &visited->values[slot_of(visited, hash) - visited->slots];
}

size_t visited_size(const struct visited *visited)
{
	return slots_size(visited->nr_slots) +
	       (visited->with_values ? visited->nr_slots * sizeof(*visited->values) : 0);
}

void visited_free(struct visited *visited)
{
	free_slots(visited->slots, visited->nr_slots, visited->shared);
	free(visited->values);
	*visited = (struct visited){0};
}
