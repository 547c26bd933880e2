/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_verdict.c - what to make of the end of a machine */
#include "targets/vm_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "targets/vm_log.h"

/* So often a machine may fail before it is given up. */
#define MAX_FAILURES 2 /* with no test begun */
#define MAX_TRIES    2 /* in one test, killed from outside */

/* "the kernel crashed: BUG: ... (log: FILE)" as the outcome of the test. */
static void tell_crash(struct vm_machine *machine, struct vm_job *job, const char *what,
		       const char *log)
{
	struct outcome *outcome;
	char path[2400];
	char *detail = NULL;
	bool kept = vm_log_keep(log, machine->name, job->test->name, path, sizeof(path));

	if (asprintf(&detail, "%s (%s%s)", what, kept ? "log: " : "no log: ", path) < 0)
		detail = NULL;
	outcome = detail ? run_result_add(&job->result, job->test, NULL, detail, 1, NULL, 0) : NULL;
	free(detail);
	if (outcome)
		outcome->violations = VIOLATION_CRASH;
	else
		run_result_fail(&job->result, "out of memory");
	vm_job_finish(machine, job);
}

void vm_verdict_on_test(struct vm_machine *machine, struct vm_job *job, enum vm_end end, int status,
			const char *log)
{
	char line[200], what[256];

	run_result_free(&job->result);
	if (vm_log_find_crash(log, line, sizeof(line))) {
		snprintf(what, sizeof(what), "the kernel crashed: %s", line);
		tell_crash(machine, job, what, log);
	} else if (end == VM_END_SILENT) {
		snprintf(what, sizeof(what), "the kernel said nothing for %u s", job->seconds);
		tell_crash(machine, job, what, log);
	} else if (vm_log_find_complaint(log, line, sizeof(line))) {
		snprintf(what, sizeof(what), "in the guest: %s", line);
		vm_job_fail(machine, job, what);
	} else if (end == VM_END_CLOSED && !WIFSIGNALED(status)) {
		tell_crash(machine, job, "the kernel went down without a word", log);
	} else if (++job->tries == MAX_TRIES) {
		snprintf(what, sizeof(what),
			 "the virtual machine was ended %s in this test, %u times",
			 end == VM_END_CLOSED ? "from outside" : "by a broken line", job->tries);
		vm_job_fail(machine, job, what);
	}
}

void vm_verdict_on_boot(struct vm_machine *machine, enum vm_end end, const char *log)
{
	char line[160] = "";
	char *said;

	/* There are machines where KVM is there and does not work. */
	if (machine->kvm && !machine->ready) {
		machine->kvm = false;
		return;
	}
	if (++machine->failures < MAX_FAILURES && end != VM_END_SILENT)
		return;
	said = vm_log_read(machine->qemu.stderr);
	if (!vm_log_find_crash(log, line, sizeof(line)) &&
	    !vm_log_find_complaint(log, line, sizeof(line)) && said)
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(said, "\n"), said);
	free(said);
	if (!line[0] && end == VM_END_SILENT)
		snprintf(line, sizeof(line), "nothing was heard of it");
	snprintf(machine->broken, sizeof(machine->broken), "the kernel does not come up%s%s",
		 line[0] ? ": " : "", line);
}
