/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_archive.h - unpack Debian packages and compressed modules, with libarchive */
#ifndef TARGETS_KERNEL_ARCHIVE_H
#define TARGETS_KERNEL_ARCHIVE_H

#include <stddef.h>

#include "targets/kernels.h"

/*
 * Take out of the Debian package at `path` what a virtual machine can use: the image becomes
 * `dir`/image, and the modules, still compressed, files in `dir`/modules, all in one directory.
 * Returns 0, or -1 with one line in err.
 */
int kernel_unpack_package(const char *path, const char *dir, const struct kernel_watch *watch,
			  char *err, size_t err_size);

/*
 * Copy the file at `from`, uncompressed if it is compressed by gzip, xz or zstd, to a new file,
 * onto the disk. Returns 0, or -1 with one line in err.
 */
int kernel_uncompress(const char *from, const char *to, char *err, size_t err_size);

/* The same without a look at what is in it. */
int kernel_copy(const char *from, const char *to, char *err, size_t err_size);

#endif
