/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_make.h - put a kernel together and into the cache */
#ifndef TARGETS_KERNEL_MAKE_H
#define TARGETS_KERNEL_MAKE_H

#include <stddef.h>

#include "targets/kernel_cache.h"

/* Of what a kernel is made. */
struct kernel_parts {
	const char *image;   /* path of the bzImage */
	const char *modules; /* a directory with modules in it or below it, or NULL */
	const char *name;    /* in the cache; NULL: the first two numbers of the version */
	const char *origin;
	const char *package; /* NULL: the user's own */
	bool replace;        /* one of that name that is there */
};

/* Returns 0, or -1 with one line in err; then the cache is as it was. */
int kernel_make(struct kernel_cache *cache, const struct kernel_parts *parts,
		const struct kernel_watch *watch, char *err, size_t err_size);

#endif
