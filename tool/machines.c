/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machines.c - virtual machines for the targets that are some */

#include "tool/machines.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

/* Each machine has two CPUs, and is mostly busy with one. */
static int most_at_a_time(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

static int no_memory(char *err, size_t err_size)
{
	snprintf(err, err_size, "out of memory");
	return -1;
}

static int add_machine(struct machines *machines, const struct target *target, char *err,
		       size_t err_size)
{
	struct kernel kernel;
	int machine;

	if (!machines->vms)
		machines->vms = vms_new(most_at_a_time());
	if (!machines->vms)
		return no_memory(err, err_size);
	if (kernel_find(target->name + strlen("vm:"), &kernel, err, err_size) < 0)
		return -1;
	machine = vms_add(machines->vms, target->name, &kernel);
	if (machine >= 0)
		return 0;
	kernel_free(&kernel);
	return no_memory(err, err_size);
}

int machines_begin(struct machines *machines, const struct target_list *targets, char *err,
		   size_t err_size)
{
	*machines = (struct machines){.targets = targets};
	for (int i = 0; i < targets->nr; i++) {
		if (targets->targets[i].kind == TARGET_VM &&
		    add_machine(machines, &targets->targets[i], err, err_size) < 0)
			return -1;
	}
	return 0;
}

void machines_end(struct machines *machines)
{
	vms_free(machines->vms);
	machines->vms = NULL;
}

/* Machines were added in the order of the targets that are some. */
static int number_of(const struct machines *machines, const struct target *target)
{
	int number = 0;

	for (int i = 0; &machines->targets->targets[i] != target; i++)
		number += machines->targets->targets[i].kind == TARGET_VM;
	return number;
}

int machines_queue(const struct machines *machines, const struct litmus_test *test,
		   const struct run_options *options)
{
	const struct target_list *targets = machines->targets;
	int ret = 0;

	for (int i = 0; i < targets->nr && ret == 0; i++) {
		const struct target *target = &targets->targets[i];

		if (target->kind == TARGET_VM)
			ret = vms_queue(machines->vms, number_of(machines, target), test, options);
	}
	return ret;
}

void machines_run(const struct machines *machines, const struct target *target,
		  const struct litmus_test *test, const struct run_options *options,
		  struct run_result *result)
{
	vms_run(machines->vms, number_of(machines, target), test, options, result);
}

double machines_boot_seconds(const struct machines *machines, const struct target *target)
{
	if (target->kind != TARGET_VM || !machines->vms)
		return 0;
	return vms_boot_seconds(machines->vms, number_of(machines, target));
}
