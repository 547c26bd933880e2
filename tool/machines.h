/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machines.h - the virtual machines of a run of the command */
#ifndef TOOL_MACHINES_H
#define TOOL_MACHINES_H

#include "targets/vm.h"
#include "tool/targets.h"

struct machines {
	struct vms *vms;                   /* NULL: no target is one */
	const struct target_list *targets; /* which of them is which: by their order */
};

/*
 * A machine for each target that is one; none is switched on yet. Returns 0, or -1 after writing a
 * message to err; machines_end() then, too.
 */
int machines_begin(struct machines *machines, const struct target_list *targets, char *err,
		   size_t err_size);
void machines_end(struct machines *machines);

/* Every machine will be asked for this test, after those before. Returns 0 or -ENOMEM. */
int machines_queue(const struct machines *machines, const struct litmus_test *test,
		   const struct run_options *options);

/* Run the test on the machine that is this target. */
void machines_run(const struct machines *machines, const struct target *target,
		  const struct litmus_test *test, const struct run_options *options,
		  struct run_result *result);

/* What the last boot of the machine that is this target took, in seconds; 0: there was none. */
double machines_boot_seconds(const struct machines *machines, const struct target *target);

#endif
