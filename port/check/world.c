/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.c - the checker's port: the world's memory, and saving and loading all of it */
#include "port/check/world.h"

#include <string.h>
#include <sys/mman.h>

struct world *world;
unsigned char *world_stacks;

static void *map(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static size_t shadow_used(void)
{
	size_t bytes = HEAP_GRAIN * SHADOW_GRAINS;

	return (world->heap_used + bytes - 1) / bytes * sizeof(struct shadow);
}

int check_reset(void)
{
	if (!world_stacks)
		world_stacks = map((size_t)CHECK_MAX_TASKS * WORLD_STACK_SIZE);
	if (!world_stacks)
		return -1;
	if (!world)
		world = map(sizeof(*world));
	if (!world)
		return -1;
	memset(world->heap, 0, world->heap_used);
	memset(world->shadow, 0, shadow_used());
	memset(world, 0, offsetof(struct world, shadow));
	return 0;
}

void check_fail_allocation(unsigned n)
{
	world->fail_in = n;
}

bool port_should_fail(void)
{
	if (!world->fail_in)
		return false;
	check_access(&world->fail_in, CHECK_WRITE);
	if (!world->fail_in || --world->fail_in)
		return false;
	world->failed = true;
	return true;
}

bool check_allocation_failed(void)
{
	return world->failed;
}

/* Before each piece of memory: its size, for port_free(). */
struct block {
	_Alignas(HEAP_GRAIN) size_t size;
};

/* What is used of a piece after it was freed shows as this. */
#define POISON 0x6b

/* An odd address: no object's. */
static unsigned char *guard_of_piece(void *piece)
{
	return (unsigned char *)piece + 1;
}

static struct shadow *shadow_of(const void *at, uint64_t *bit)
{
	size_t grain = (size_t)((const unsigned char *)at - world->heap) / HEAP_GRAIN;

	*bit = 1ULL << grain % SHADOW_GRAINS;
	return &world->shadow[grain / SHADOW_GRAINS];
}

const void *world_guard(const void *object)
{
	uintptr_t offset = (uintptr_t)object - (uintptr_t)world->heap;
	size_t grain = offset / HEAP_GRAIN;
	size_t i = grain / SHADOW_GRAINS;
	uint64_t begins;

	if (offset >= world->heap_used || offset % 2)
		return NULL;
	begins =
		world->shadow[i].begins & UINT64_MAX >> (SHADOW_GRAINS - 1 - grain % SHADOW_GRAINS);
	while (!begins && i)
		begins = world->shadow[--i].begins;
	if (!begins)
		return NULL;
	grain = i * SHADOW_GRAINS + SHADOW_GRAINS - 1 - (size_t)__builtin_clzll(begins);
	return guard_of_piece(world->heap + grain * HEAP_GRAIN);
}

bool world_is_poisoned(const void *guard)
{
	uint64_t bit;

	const struct shadow *shadow = shadow_of(guard, &bit);

	return shadow->poisoned & bit;
}

static void begin_piece(void *piece)
{
	uint64_t bit;
	struct shadow *shadow = shadow_of(piece, &bit);

	shadow->begins |= bit;
}

static void set_poisoned(void *piece, bool poisoned)
{
	uint64_t bit;
	struct shadow *shadow = shadow_of(piece, &bit);

	check_access(guard_of_piece(piece), CHECK_WRITE);
	if (poisoned && shadow->poisoned & bit)
		port_bug(__FILE__, __LINE__, "memory is freed that is free");
	if (poisoned)
		shadow->poisoned |= bit;
	else
		shadow->poisoned &= ~bit;
}

void port_poison(void *piece, size_t size)
{
	set_poisoned(piece, true);
	begin_piece(piece);
	memset(piece, POISON, size);
}

void port_unpoison(void *piece, size_t size)
{
	(void)size;
	set_poisoned(piece, false);
}

static struct block *take_free(struct heap *heap, size_t size)
{
	for (void **link = &heap->free; *link; link = *link) {
		struct block *block = (struct block *)*link - 1;

		if (block->size == size) {
			*link = *(void **)*link;
			*(void **)(block + 1) = NULL;
			set_poisoned(block + 1, false);
			return block;
		}
	}
	return NULL;
}

/* A piece of the world's heap, zeroed; NULL if that has no more. */
static unsigned char *take_chunk(size_t size)
{
	unsigned char *chunk;

	check_access(&world->heap_used, CHECK_WRITE);
	chunk = world->heap + world->heap_used;
	if (size > WORLD_HEAP_SIZE - world->heap_used) {
		world->exhausted = true;
		return NULL;
	}
	world->heap_used += size;
	return chunk;
}

static struct block *take_new(struct heap *heap, size_t size)
{
	struct block *block;

	if (size > HEAP_CHUNK / 2)
		return (struct block *)take_chunk(size);
	if (heap->left < size) {
		heap->chunk = take_chunk(HEAP_CHUNK);
		heap->left = heap->chunk ? HEAP_CHUNK : 0;
	}
	if (heap->left < size)
		return NULL;
	block = (struct block *)heap->chunk;
	heap->chunk += size;
	heap->left -= size;
	return block;
}

void *port_alloc(size_t size)
{
	struct heap *heap = &world->heaps[world->current];
	struct block *block;

	if (port_should_fail())
		return NULL;
	size = (size + HEAP_GRAIN - 1) / HEAP_GRAIN * HEAP_GRAIN;
	block = take_free(heap, size);
	if (!block)
		block = take_new(heap, sizeof(*block) + size);
	if (!block)
		return NULL;
	world->allocations++;
	block->size = size;
	begin_piece(block + 1);
	return block + 1;
}

void port_free(void *memory)
{
	struct heap *heap = &world->heaps[world->current];
	struct block *block;

	if (!memory)
		return;
	block = (struct block *)memory - 1;
	set_poisoned(memory, true);
	world->allocations--;
	/* Zeroed at once, so that worlds that differ only in old content are the same. */
	memset(memory, 0, block->size);
	*(void **)memory = heap->free;
	heap->free = memory;
}

void check_set_tag(unsigned task, unsigned tag)
{
	world->cpu_tags[task] = tag;
}

bool check_exhausted(void)
{
	return world->exhausted;
}

unsigned check_allocations(void)
{
	return world->allocations;
}

static size_t stack_used(unsigned task)
{
	const unsigned char *top = world_stacks + (task + 1) * (size_t)WORLD_STACK_SIZE;

	if (!world->fibers[task].sp)
		return 0;
	return (size_t)(top - (const unsigned char *)world->fibers[task].sp);
}

/*
 * What tasks have left below their stack pointers. It must be gone before they go on: whatever a
 * function does not set would otherwise tell worlds apart that are the same.
 */
static unsigned char *stack_low[CHECK_MAX_TASKS];

/* What functions may use of the stack between two accesses, beyond where these are. */
#ifdef __SANITIZE_ADDRESS__
#define STACK_MARGIN 4096
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define STACK_MARGIN 4096
#endif
#endif
#ifndef STACK_MARGIN
#define STACK_MARGIN 256
#endif

void world_clean_below(unsigned task, unsigned char *sp)
{
	unsigned char *low = sp - STACK_MARGIN;

	memset(low, 0, STACK_MARGIN);
	if (!stack_low[task] || low < stack_low[task])
		stack_low[task] = low;
}

void world_clean_stack(unsigned task)
{
	unsigned char *top = world_stacks + (task + 1) * (size_t)WORLD_STACK_SIZE;
	unsigned char *sp = world->fibers[task].sp;

	if (!sp)
		sp = top;
	if (stack_low[task] && stack_low[task] < sp)
		memset(stack_low[task], 0, (size_t)(sp - stack_low[task]));
	stack_low[task] = sp;
}

static void clean_stacks(void)
{
	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++)
		world_clean_stack(task);
}

void check_ranges(struct check_range ranges[CHECK_MAX_RANGES])
{
	clean_stacks();
	*ranges++ = (struct check_range){
		.start = (unsigned char *)world,
		.size = offsetof(struct world, heap),
		.end = offsetof(struct world, shadow) + shadow_used(),
	};
	*ranges++ = (struct check_range){
		.start = world->heap,
		.size = WORLD_HEAP_SIZE,
		.end = world->heap_used,
	};
	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++) {
		*ranges++ = (struct check_range){
			.start = world_stacks + task * (size_t)WORLD_STACK_SIZE,
			.size = WORLD_STACK_SIZE,
			.first = WORLD_STACK_SIZE - stack_used(task),
			.end = WORLD_STACK_SIZE,
		};
	}
}

void check_restored(void)
{
	clean_stacks();
}

size_t check_size(void)
{
	size_t size = offsetof(struct world, shadow) + shadow_used() + world->heap_used;

	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++)
		size += stack_used(task);
	return size;
}

static unsigned char *save(unsigned char *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

static const unsigned char *load(void *to, const unsigned char *from, size_t size)
{
	memcpy(to, from, size);
	return from + size;
}

void check_save(void *to)
{
	unsigned char *at = to;

	clean_stacks();
	at = save(at, world, offsetof(struct world, shadow));
	at = save(at, world->shadow, shadow_used());
	at = save(at, world->heap, world->heap_used);
	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++) {
		if (stack_used(task))
			at = save(at, world->fibers[task].sp, stack_used(task));
	}
}

void check_load(const void *from, size_t size)
{
	const unsigned char *at = from;
	size_t heap_was_used = world->heap_used;
	size_t shadow_was_used = shadow_used();

	(void)size;
	at = load(world, at, offsetof(struct world, shadow));
	at = load(world->shadow, at, shadow_used());
	at = load(world->heap, at, world->heap_used);
	/* Beyond the heap's end all is zero: port_alloc() relies on it. */
	if (heap_was_used > world->heap_used)
		memset(world->heap + world->heap_used, 0, heap_was_used - world->heap_used);
	if (shadow_was_used > shadow_used())
		memset((unsigned char *)world->shadow + shadow_used(), 0,
		       shadow_was_used - shadow_used());
	clean_stacks();
	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++) {
		if (stack_used(task))
			at = load(world->fibers[task].sp, at, stack_used(task));
	}
}
