/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arena.h - storage that is given back all at once */
#ifndef LITMUS_ARENA_H
#define LITMUS_ARENA_H

#include <stddef.h>

struct litmus_arena_block;

/* All zero is an empty arena. */
struct litmus_arena {
	struct litmus_arena_block *blocks; /* the newest first */
};

/* Zeroed memory, aligned for any type. NULL if there is none. */
void *litmus_arena_alloc(struct litmus_arena *arena, size_t size);

/* The first `length` bytes of text as a string. NULL without memory. */
char *litmus_arena_string(struct litmus_arena *arena, const char *text, size_t length);

/*
 * Room for one more element in an array of `count` elements: returns `array`, or where it is full
 * (*capacity elements) a longer copy. NULL without memory; the array is then as before.
 */
void *litmus_arena_grow(struct litmus_arena *arena, void *array, int count, int *capacity,
			size_t size);

void litmus_arena_free(struct litmus_arena *arena);

#endif
