/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernels.h - kernels for virtual machines: what Debian offers, and what is in the cache
 *
 * The cache is $XDG_CACHE_HOME/cowherd/kernels (~/.cache without it), with a directory for each
 * kernel: the image, those of its modules that a virtual machine needs, uncompressed, and
 * kernel.json, which names them all with their sizes and hashes. A directory appears whole or not
 * at all, and nothing in it is used that is not as kernel.json says.
 */
#ifndef TARGETS_KERNELS_H
#define TARGETS_KERNELS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct kernel {
	char *name;     /* "6.1": what follows vm: */
	char *release;  /* "6.1.0-56-amd64": what uname -r says */
	char *version;  /* "6.1.192": which fixes it has */
	char *origin;   /* "Debian bookworm", or the path of what the user has given */
	char *image;    /* path of the bzImage */
	int nr_modules; /* in the order in which they are to be loaded */
	char **modules; /* paths */
};

struct kernel_list {
	int nr;
	struct kernel *kernels; /* oldest first */
};

void kernel_free(struct kernel *kernel);
void kernels_free(struct kernel_list *list);

/* What the cache has. Returns 0, or -1 with one line in err. */
int kernels_cached(struct kernel_list *list, char *err, size_t err_size);

/*
 * The kernel that `name` means: one in the cache, by name, release or version, each file of it
 * held against kernel.json; "newest", of those; or, with a '/' in it, the path of a bzImage, which
 * has no modules. Returns 0, or -1 with one line in err that also says what to do.
 */
int kernel_find(const char *name, struct kernel *kernel, char *err, size_t err_size);

#endif
