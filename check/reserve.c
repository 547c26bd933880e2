/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reserve.c - arrays that grow */

#include "check/reserve.h"

#include <errno.h>
#include <stdlib.h>

int reserve(void *array, size_t *room, size_t needed, size_t size)
{
	size_t new_room = *room ? *room : 64;
	void *bigger;

	if (needed <= *room)
		return 0;
	while (new_room < needed)
		new_room *= 2;
	bigger = reallocarray(*(void **)array, new_room, size);
	if (!bigger)
		return -ENOMEM;
	*(void **)array = bigger;
	*room = new_room;
	return 0;
}
