/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_modules.h - which modules a virtual machine needs, and in which order */
#ifndef TARGETS_KERNEL_MODULES_H
#define TARGETS_KERNEL_MODULES_H

#include <stddef.h>

#include "targets/kernels.h"

struct kernel_modules {
	int nr;
	char **names; /* in the order in which they are to be loaded: "ib_core" */
};

void kernel_modules_free(struct kernel_modules *modules);

/*
 * Find the modules that a virtual machine needs, and those that they depend on, among the files in
 * `from` and below it; write them, uncompressed, to the directory `to` as NAME.ko. One that is not
 * there is left out: it may be part of the image. All must be of `release`. Returns 0, or -1 with
 * one line in err.
 */
int kernel_modules_take(const char *from, const char *release, const char *to,
			const struct kernel_watch *watch, struct kernel_modules *modules, char *err,
			size_t err_size);

#endif
