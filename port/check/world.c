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
	memset(world, 0, offsetof(struct world, heap));
	return 0;
}

void check_fail_allocation(unsigned n)
{
	world->fail_in = n;
}

bool port_should_fail(void)
{
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

/* Sizes in grains; all the large ones share the last list. */
static unsigned heap_class(size_t size)
{
	return size / HEAP_GRAIN < HEAP_CLASSES ? (unsigned)(size / HEAP_GRAIN) : HEAP_CLASSES;
}

static struct block *take_free(size_t size)
{
	void **link = &world->free[heap_class(size)];

	for (; *link; link = *link) {
		struct block *block = (struct block *)*link - 1;

		if (block->size == size) {
			*link = *(void **)*link;
			return block;
		}
	}
	return NULL;
}

void *port_alloc(size_t size)
{
	struct block *block;

	if (port_should_fail())
		return NULL;
	size = (size + HEAP_GRAIN - 1) / HEAP_GRAIN * HEAP_GRAIN;
	block = take_free(size);
	if (block) {
		*(void **)(block + 1) = NULL;
		world->allocations++;
		return block + 1;
	}
	if (size + sizeof(*block) > WORLD_HEAP_SIZE - world->heap_used) {
		world->exhausted = true;
		return NULL;
	}
	world->allocations++;
	block = (struct block *)(world->heap + world->heap_used);
	world->heap_used += size + sizeof(*block);
	block->size = size;
	return block + 1;
}

void port_free(void *memory)
{
	struct block *block;
	unsigned class;

	if (!memory)
		return;
	block = (struct block *)memory - 1;
	world->allocations--;
	/* Zeroed at once, so that worlds that differ only in old content are the same. */
	memset(memory, 0, block->size);
	class = heap_class(block->size);
	*(void **)memory = world->free[class];
	world->free[class] = memory;
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

static size_t used_size(void)
{
	return offsetof(struct world, heap) + world->heap_used;
}

size_t check_size(void)
{
	size_t size = used_size();

	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++)
		size += stack_used(task);
	return size;
}

void check_save(void *to)
{
	unsigned char *at = to;

	memcpy(at, world, used_size());
	at += used_size();
	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++) {
		if (!stack_used(task))
			continue;
		memcpy(at, world->fibers[task].sp, stack_used(task));
		at += stack_used(task);
	}
}

void check_load(const void *from, size_t size)
{
	const unsigned char *at = from;
	size_t was_used = world->heap_used;

	(void)size;
	memcpy(world, at, offsetof(struct world, heap));
	memcpy(world->heap, at + offsetof(struct world, heap), world->heap_used);
	/* Beyond the heap's end all is zero: port_alloc() relies on it. */
	if (was_used > world->heap_used)
		memset(world->heap + world->heap_used, 0, was_used - world->heap_used);
	at += used_size();
	for (unsigned task = 0; task < CHECK_MAX_TASKS; task++) {
		if (!stack_used(task))
			continue;
		memcpy(world->fibers[task].sp, at, stack_used(task));
		at += stack_used(task);
	}
}
