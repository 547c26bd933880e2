/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arena.c - storage that is given back all at once */
#include "litmus/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

struct litmus_arena_block {
	struct litmus_arena_block *next;
	alignas(max_align_t) unsigned char bytes[];
};

void *litmus_arena_alloc(struct litmus_arena *arena, size_t size)
{
	struct litmus_arena_block *block;

	if (size > (size_t)-1 - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->next = arena->blocks;
	arena->blocks = block;
	return memset(block->bytes, 0, size);
}

char *litmus_arena_string(struct litmus_arena *arena, const char *text, size_t length)
{
	char *copy = litmus_arena_alloc(arena, length + 1);

	if (copy)
		memcpy(copy, text, length);
	return copy;
}

void *litmus_arena_grow(struct litmus_arena *arena, void *array, int count, int *capacity,
			size_t size)
{
	int longer = *capacity ? *capacity * 2 : 8;
	void *copy;

	if (count < *capacity)
		return array;
	copy = litmus_arena_alloc(arena, (size_t)longer * size);
	if (!copy)
		return NULL;
	if (count)
		memcpy(copy, array, (size_t)count * size);
	*capacity = longer;
	return copy;
}

void litmus_arena_free(struct litmus_arena *arena)
{
	struct litmus_arena_block *block = arena->blocks;

	while (block) {
		struct litmus_arena_block *next = block->next;

		free(block);
		block = next;
	}
	arena->blocks = NULL;
}
