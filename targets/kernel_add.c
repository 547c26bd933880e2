/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_add.c - take a kernel of the user's own into the cache */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "targets/kernel_cache.h"
#include "targets/kernel_fail.h"
#include "targets/kernel_image.h"
#include "targets/kernel_make.h"

/* What can be seen to be wrong before anything is written. */
static int check(const char *image, const char *name, char *err, size_t err_size)
{
	struct kernel_image header;

	if (name && !kernel_name_valid(name))
		return kernel_fail(err, err_size,
				   "'%s' can't be a kernel's name, expected letters, digits, '.', "
				   "'_', '+' and '-'",
				   name);
	return kernel_image_read(image, &header, err, err_size);
}

int kernel_add(const char *image, const char *modules, const char *name,
	       const struct kernel_watch *watch, char *err, size_t err_size)
{
	char origin[PATH_MAX];
	struct kernel_cache cache;
	int ret;

	if (check(image, name, err, err_size) < 0)
		return -1;
	if (!realpath(image, origin))
		return kernel_fail(err, err_size, "%s: %s", image, strerror(errno));
	if (kernel_cache_open(&cache, watch, err, err_size) < 0)
		return -1;
	ret = kernel_make(
		&cache,
		&(struct kernel_parts){
			.image = image, .modules = modules, .name = name, .origin = origin},
		watch, err, err_size);
	kernel_cache_close(&cache);
	return ret;
}
