/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_image.h - the initramfs of a virtual machine: the guest and the kernel's modules */
#ifndef TARGETS_VM_IMAGE_H
#define TARGETS_VM_IMAGE_H

#include <stddef.h>

#include "targets/kernels.h"

/*
 * Write the initramfs to memory. Returns a file descriptor, for the caller to close, or -1 with
 * one line in err.
 */
int vm_image_make(const struct kernel *kernel, char *err, size_t err_size);

#endif
