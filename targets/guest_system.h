/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_system.h - inside a virtual machine: make of a bare kernel what the host target needs */
#ifndef TARGETS_GUEST_SYSTEM_H
#define TARGETS_GUEST_SYSTEM_H

#include <stddef.h>

/* Where the initramfs has the modules, named so that they are in the order of loading. */
#define GUEST_MODULES "/modules"

/*
 * Mount what there is to mount, open the console as the standard files, load the modules. What
 * this kernel does not have is told in `missing`, in words with "; " between; tests that need it
 * will say so, too.
 */
void guest_set_up(char *missing, size_t size);

#endif
