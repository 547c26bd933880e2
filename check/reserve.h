/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reserve.h - arrays that grow */
#ifndef CHECK_RESERVE_H
#define CHECK_RESERVE_H

#include <stddef.h>

/*
 * Make room for `needed` elements of `size` bytes in the array that *array points to, which has
 * *room; NULL and 0 at first. 0, or -ENOMEM: then it is as before.
 */
int reserve(void *array, size_t *room, size_t needed, size_t size);

#endif
