/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm.c - all virtual machines of a run: which are on, and who is heard next */
#include "targets/vm_machine.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "targets/clock.h"
#include "targets/vm.h"

/* How often to look whether the user wants to stop. */
#define TICK_MS 100

struct vms {
	int max_running;
	int nr;
	struct vm_machine **machines;
	struct pollfd *lines; /* one for each */
};

struct vms *vms_new(int max_running)
{
	struct vms *vms = calloc(1, sizeof(*vms));

	if (vms)
		vms->max_running = max_running;
	return vms;
}

void vms_free(struct vms *vms)
{
	if (!vms)
		return;
	for (int i = 0; i < vms->nr; i++)
		vm_machine_free(vms->machines[i]);
	free(vms->machines);
	free(vms->lines);
	free(vms);
}

/* Room for one more. */
static bool make_room(struct vms *vms)
{
	size_t nr = (size_t)vms->nr + 1;
	struct vm_machine **machines = reallocarray(vms->machines, nr, sizeof(struct vm_machine *));
	struct pollfd *lines;

	if (!machines)
		return false;
	vms->machines = machines;
	lines = reallocarray(vms->lines, nr, sizeof(*lines));
	if (!lines)
		return false;
	vms->lines = lines;
	return true;
}

int vms_add(struct vms *vms, const char *name, struct kernel *kernel)
{
	struct vm_machine *machine = make_room(vms) ? vm_machine_new(name, kernel) : NULL;

	if (!machine)
		return -ENOMEM;
	vms->machines[vms->nr] = machine;
	return vms->nr++;
}

int vms_queue(struct vms *vms, int machine, const struct litmus_test *test,
	      const struct run_options *options)
{
	return vm_jobs_queue(vms->machines[machine], test, options);
}

static int count_running(const struct vms *vms)
{
	int running = 0;

	for (int i = 0; i < vms->nr; i++)
		running += vms->machines[i]->on;
	return running;
}

/* Those that have nothing left to do make room for those that have; `first` if it can be. */
static void switch_machines(struct vms *vms, int first)
{
	int running;

	for (int i = 0; i < vms->nr; i++) {
		if (!vm_jobs_are_left(vms->machines[i]))
			vm_machine_switch_off(vms->machines[i]);
	}
	running = count_running(vms);
	for (int i = 0; i < vms->nr && running < vms->max_running; i++) {
		struct vm_machine *machine = vms->machines[(first + i) % vms->nr];

		if (machine->on || !vm_jobs_are_left(machine))
			continue;
		vm_machine_switch_on(machine);
		running += machine->on;
	}
}

/* Listen to all that are on, for a tick at most. */
static void attend(struct vms *vms)
{
	struct pollfd *lines = vms->lines;
	double before = clock_seconds();

	for (int i = 0; i < vms->nr; i++) {
		lines[i].fd = vms->machines[i]->qemu.line;
		lines[i].events =
			(short)(POLLIN | (vm_line_has_more(vms->machines[i]) ? POLLOUT : 0));
		lines[i].revents = 0;
	}
	poll(lines, (nfds_t)vms->nr, TICK_MS);
	for (int i = 0; i < vms->nr; i++) {
		if (lines[i].fd >= 0)
			vm_machine_attend(vms->machines[i], lines[i].revents & ~POLLOUT,
					  clock_seconds() - before);
	}
}

void vms_run(struct vms *vms, int index, const struct litmus_test *test,
	     const struct run_options *options, struct run_result *result)
{
	struct vm_machine *machine = vms->machines[index];

	memset(result, 0, sizeof(*result));
	if (!vm_jobs_find(machine, test) && vms_queue(vms, index, test, options)) {
		run_result_fail(result, "out of memory");
		return;
	}
	for (;;) {
		if (vm_job_take(machine, vm_jobs_find(machine, test), result))
			return;
		if (options->stop && *options->stop)
			break;
		switch_machines(vms, index);
		attend(vms);
	}
	result->status = RUN_INCOMPLETE;
	snprintf(result->reason, sizeof(result->reason), "interrupted");
}

double vms_boot_seconds(const struct vms *vms, int machine)
{
	return vms->machines[machine]->boot;
}
