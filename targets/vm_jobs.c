/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_jobs.c - the tests of one machine: which come next, which are done */
#include "targets/vm_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Tests that the guest has been given and not answered: enough that it need not wait for us, and
 * few enough that a serial port's buffers in the guest (64 KiB and more) have room for them.
 */
#define WINDOW 16

int vm_jobs_queue(struct vm_machine *machine, const struct litmus_test *test,
		  const struct run_options *options)
{
	unsigned seconds = options->vm_seconds ? options->vm_seconds : VM_TEST_SECONDS;
	struct vm_job *jobs =
		reallocarray(machine->jobs, (size_t)machine->nr_jobs + 1, sizeof(*jobs));

	if (!jobs)
		return -ENOMEM;
	machine->jobs = jobs;
	jobs[machine->nr_jobs++] = (struct vm_job){
		.test = test,
		.iterations = options->host_iterations,
		.seconds = seconds,
	};
	return 0;
}

/* Mostly the first that was not taken: results are asked for in order. */
struct vm_job *vm_jobs_find(const struct vm_machine *machine, const struct litmus_test *test)
{
	for (int i = machine->first_kept; i < machine->nr_jobs; i++) {
		struct vm_job *job = &machine->jobs[i];

		if (job->test == test && job->state != VM_JOB_TAKEN)
			return job;
	}
	return NULL;
}

bool vm_jobs_are_left(const struct vm_machine *machine)
{
	return !machine->broken[0] && machine->first_open < machine->nr_jobs;
}

int vm_jobs_next(const struct vm_machine *machine)
{
	int last = machine->first_open + WINDOW;

	for (int i = machine->first_open; i < machine->nr_jobs && i < last; i++) {
		if (machine->jobs[i].state == VM_JOB_WAITING)
			return i;
	}
	return -1;
}

struct vm_job *vm_jobs_begun(const struct vm_machine *machine)
{
	for (int i = machine->first_open; i < machine->nr_jobs; i++) {
		if (machine->jobs[i].state == VM_JOB_BEGUN)
			return &machine->jobs[i];
	}
	return NULL;
}

void vm_jobs_take_back(struct vm_machine *machine)
{
	for (int i = machine->first_open; i < machine->nr_jobs; i++) {
		if (machine->jobs[i].state == VM_JOB_SENT || machine->jobs[i].state == VM_JOB_BEGUN)
			machine->jobs[i].state = VM_JOB_WAITING;
	}
}

void vm_job_finish(struct vm_machine *machine, struct vm_job *job)
{
	run_result_finish(&job->result, job->test);
	job->state = VM_JOB_DONE;
	while (machine->first_open < machine->nr_jobs &&
	       machine->jobs[machine->first_open].state >= VM_JOB_DONE)
		machine->first_open++;
}

void vm_job_fail(struct vm_machine *machine, struct vm_job *job, const char *reason)
{
	run_result_fail(&job->result, reason);
	vm_job_finish(machine, job);
}

bool vm_job_take(struct vm_machine *machine, struct vm_job *job, struct run_result *result)
{
	if (job->state != VM_JOB_DONE) {
		if (machine->broken[0])
			run_result_fail(result, machine->broken);
		return machine->broken[0];
	}
	*result = job->result;
	memset(&job->result, 0, sizeof(job->result));
	job->state = VM_JOB_TAKEN;
	while (machine->first_kept < machine->nr_jobs &&
	       machine->jobs[machine->first_kept].state == VM_JOB_TAKEN)
		machine->first_kept++;
	return true;
}
