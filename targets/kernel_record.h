/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_record.h - kernel.json: which files a kernel in the cache has, and their hashes */
#ifndef TARGETS_KERNEL_RECORD_H
#define TARGETS_KERNEL_RECORD_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "targets/kernels.h"

#define KERNEL_HASH_SIZE (2 * 16 + 1) /* XXH3, 128 bits, in hexadecimal */

struct kernel_file {
	char path[128]; /* from the kernel's directory: "image", "modules/001-dummy.ko" */
	uint64_t size;
	char hash[KERNEL_HASH_SIZE];
};

struct kernel_record {
	struct kernel kernel;
	int nr_files;
	struct kernel_file *files; /* the image, then the modules */
};

void kernel_record_free(struct kernel_record *record);

/* Read kernel.json of the kernel `name` in `cache`. Returns 0, or -1 with what is wrong in err. */
int kernel_record_read(const char *cache, const char *name, struct kernel_record *record, char *err,
		       size_t err_size);

/*
 * Write kernel.json into the directory; record->kernel's paths are not looked at. Returns 0, or -1
 * with one line in err.
 */
int kernel_record_write(const char *dir, const struct kernel_record *record, char *err,
			size_t err_size);

/* Hold each file against the record. Returns 0, or -1 with what is wrong in err. */
int kernel_record_check(const struct kernel_record *record, char *err, size_t err_size);

/* Fill in size and hash of the file at `path`. Returns 0, or -1 with errno. */
int kernel_file_measure(const char *path, struct kernel_file *file);

#endif
