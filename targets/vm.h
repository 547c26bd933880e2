/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vm.h - virtual machines that run litmus tests on kernels of their own
 *
 * A machine is told beforehand which tests it will be asked for. It boots when it is needed, runs
 * them one after the other while we do something else, and is switched off when it has run all. A
 * test that brings the kernel down is told as a result, and the machine boots again for the rest.
 */
#ifndef TARGETS_VM_H
#define TARGETS_VM_H

#include "targets/kernels.h"
#include "targets/target.h"

struct vms;

/* At most `max_running` machines are on at a time. NULL without memory. */
struct vms *vms_new(int max_running);

/* Switch all machines off. NULL is allowed. */
void vms_free(struct vms *vms);

/*
 * A machine with this kernel, which is taken over; `name` is for messages and outlives the
 * machine. Returns its number, or -ENOMEM (the kernel is then still the caller's).
 */
int vms_add(struct vms *vms, const char *name, struct kernel *kernel);

/*
 * The machine will be asked for this test, which outlives it. Tests run in the order in which they
 * were queued. Returns 0 or -ENOMEM.
 */
int vms_queue(struct vms *vms, int machine, const struct litmus_test *test,
	      const struct run_options *options);

/*
 * Wait for the result of a test, which is queued now if it was not before. No violations but
 * broken states, as host_run(). The result of a test that was asked for once is gone.
 */
void vms_run(struct vms *vms, int index, const struct litmus_test *test,
	     const struct run_options *options, struct run_result *result);

/* What the machine's last boot took, in seconds; 0: it has come up never. */
double vms_boot_seconds(const struct vms *vms, int machine);

#endif
