/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_qemu.h - one run of QEMU: a virtual machine from power-on to its end */
#ifndef TARGETS_VM_QEMU_H
#define TARGETS_VM_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "targets/kernels.h"

struct vm_qemu {
	pid_t pid;   /* 0: not running */
	int line;    /* our end of the second serial port: non-blocking */
	int console; /* what the first one wrote: a file in memory */
	int stderr;  /* what QEMU itself had to say: a file in memory */
};

/* Does the CPU help? Else QEMU translates all that the guest does. */
bool vm_qemu_has_kvm(void);

/*
 * Power on. QEMU ends with the process that started it. Returns 0, or -1 with one line in err; then
 * there is nothing to stop.
 */
int vm_qemu_start(struct vm_qemu *qemu, const struct kernel *kernel, bool kvm, char *err,
		  size_t err_size);

/*
 * Pull the plug. Where QEMU has said that it ends, it is given a moment to do so. Returns its
 * status as waitpid() gives it.
 */
int vm_qemu_stop(struct vm_qemu *qemu, bool ends);

/* Let go of console and stderr, which outlast vm_qemu_stop(). */
void vm_qemu_close(struct vm_qemu *qemu);

#endif
