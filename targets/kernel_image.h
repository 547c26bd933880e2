/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_image.h - which kernel a bzImage is */
#ifndef TARGETS_KERNEL_IMAGE_H
#define TARGETS_KERNEL_IMAGE_H

#include <stddef.h>

struct kernel_image {
	char release[96]; /* "6.1.0-57-amd64" */
	char version[48]; /* "6.1.192" */
};

/* Read the header of the file at `path`. Returns 0, or -1 with one line in err. */
int kernel_image_read(const char *path, struct kernel_image *image, char *err, size_t err_size);

#endif
