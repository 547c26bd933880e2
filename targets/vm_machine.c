/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_machine.c - one virtual machine: switch it on and off, and attend to it in between */
#include "targets/vm_machine.h"

#include <stdlib.h>
#include <string.h>

#include "targets/clock.h"
#include "targets/vm_log.h"

/* How long a machine may say nothing while it boots, and we listen. */
#define BOOT_SECONDS     180
#define KVM_BOOT_SECONDS 30

struct vm_machine *vm_machine_new(const char *name, struct kernel *kernel)
{
	struct vm_machine *machine = calloc(1, sizeof(*machine));

	if (!machine)
		return NULL;
	machine->name = name;
	machine->kernel = *kernel;
	machine->qemu = (struct vm_qemu){.line = -1, .console = -1, .stderr = -1};
	machine->kvm = vm_qemu_has_kvm();
	memset(kernel, 0, sizeof(*kernel));
	return machine;
}

void vm_machine_free(struct vm_machine *machine)
{
	vm_machine_switch_off(machine);
	for (int i = 0; i < machine->nr_jobs; i++)
		run_result_free(&machine->jobs[i].result);
	free(machine->jobs);
	free(machine->in.data);
	free(machine->out.data);
	kernel_free(&machine->kernel);
	free(machine);
}

void vm_machine_switch_on(struct vm_machine *machine)
{
	if (vm_qemu_start(&machine->qemu, &machine->kernel, machine->kvm, machine->broken,
			  sizeof(machine->broken)) < 0)
		return;
	machine->on = true;
	machine->ready = false;
	machine->silent = 0;
	machine->started = clock_seconds();
	machine->in.size = machine->out.size = 0;
}

void vm_machine_switch_off(struct vm_machine *machine)
{
	vm_qemu_stop(&machine->qemu, false);
	vm_qemu_close(&machine->qemu);
	machine->on = false;
	vm_jobs_take_back(machine);
}

static void end(struct vm_machine *machine, enum vm_end end)
{
	struct vm_job *job = vm_jobs_begun(machine);
	int status = vm_qemu_stop(&machine->qemu, end == VM_END_CLOSED);
	char *log = vm_log_read(machine->qemu.console);

	if (job)
		vm_verdict_on_test(machine, job, end, status, log ? log : "");
	else
		vm_verdict_on_boot(machine, end, log ? log : "");
	free(log);
	vm_machine_switch_off(machine);
}

/* How long it may say nothing now. */
static double patience(const struct vm_machine *machine)
{
	const struct vm_job *job = vm_jobs_begun(machine);

	if (machine->ready)
		return job ? job->seconds : VM_TEST_SECONDS;
	return machine->kvm ? KVM_BOOT_SECONDS : BOOT_SECONDS;
}

void vm_machine_attend(struct vm_machine *machine, bool heard, double seconds)
{
	enum vm_end why = VM_END_NONE;

	machine->silent += seconds;
	if (heard)
		why = vm_line_hear(machine);
	if (why == VM_END_NONE && machine->ready)
		vm_line_send(machine);
	if (why == VM_END_NONE && machine->silent > patience(machine))
		why = VM_END_SILENT;
	if (why != VM_END_NONE)
		end(machine, why);
}
