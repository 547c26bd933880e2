/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_machine.h - inside the target `vm`: one machine, its tests, and what it answers */
#ifndef TARGETS_VM_MACHINE_H
#define TARGETS_VM_MACHINE_H

#include "targets/kernels.h"
#include "targets/target.h"
#include "targets/vm_qemu.h"

/* In a test, unless the user has said something else: seconds without a word. */
#define VM_TEST_SECONDS 90

enum vm_job_state {
	VM_JOB_WAITING,
	VM_JOB_SENT,
	VM_JOB_BEGUN,
	VM_JOB_DONE,
	VM_JOB_TAKEN,
};

/* A test that the machine is to run. */
struct vm_job {
	const struct litmus_test *test;
	unsigned iterations;
	unsigned seconds; /* that may go by without a word */
	enum vm_job_state state;
	unsigned tries; /* that somebody else ended */
	struct run_result result;
};

struct vm_bytes {
	char *data;
	size_t size;
	size_t room;
};

struct vm_machine {
	const char *name;
	struct kernel kernel;
	struct vm_qemu qemu;
	bool on;
	bool ready; /* the guest waits for tests */
	bool kvm;
	unsigned failures; /* boots that came to nothing, one after the other */
	double silent;     /* seconds in which we listened and heard nothing */
	double started;    /* when it was switched on (clock_seconds()) */
	double boot;       /* seconds from there until the guest was ready; the last time */
	char broken[256];  /* why it is no use to try again; or "" */
	struct vm_bytes in;
	struct vm_bytes out;
	int nr_jobs;
	struct vm_job *jobs; /* they run in this order */
	int first_open;      /* all before it are done */
	int first_kept;      /* all before it are taken */
};

/* vm_machine.c */

/* Takes the kernel over; NULL without memory. */
struct vm_machine *vm_machine_new(const char *name, struct kernel *kernel);
void vm_machine_free(struct vm_machine *machine);

void vm_machine_switch_on(struct vm_machine *machine);
void vm_machine_switch_off(struct vm_machine *machine);

/*
 * Send what there is to send, hear what it has said if `heard`; `seconds` have gone by while
 * somebody listened.
 */
void vm_machine_attend(struct vm_machine *machine, bool heard, double seconds);

/* vm_jobs.c */

/* One more test for it to run. Returns 0 or -ENOMEM. */
int vm_jobs_queue(struct vm_machine *machine, const struct litmus_test *test,
		  const struct run_options *options);

/* The job of a test whose result has not been taken; or NULL. */
struct vm_job *vm_jobs_find(const struct vm_machine *machine, const struct litmus_test *test);

/* Are there tests that it has not run, and can it? */
bool vm_jobs_are_left(const struct vm_machine *machine);

/* The number of the next job that may be sent now, or -1. */
int vm_jobs_next(const struct vm_machine *machine);

/* The job that the guest is at, or NULL. */
struct vm_job *vm_jobs_begun(const struct vm_machine *machine);

/* What the guest was given and has not answered is to be given again. */
void vm_jobs_take_back(struct vm_machine *machine);

/* The job's result is as it should be; or it has failed for this reason. */
void vm_job_finish(struct vm_machine *machine, struct vm_job *job);
void vm_job_fail(struct vm_machine *machine, struct vm_job *job, const char *reason);

/* The result, if there is one now: true, and the job is over. */
bool vm_job_take(struct vm_machine *machine, struct vm_job *job, struct run_result *result);

/* vm_line.c */

/* How a machine's run comes to its end. */
enum vm_end {
	VM_END_NONE,
	VM_END_CLOSED,  /* QEMU has ended */
	VM_END_GARBLED, /* what comes makes no sense */
	VM_END_SILENT,
};

/* Hear all that the guest has said. */
enum vm_end vm_line_hear(struct vm_machine *machine);

/* Is there something to send? Send as much of it as the line takes. */
bool vm_line_has_more(const struct vm_machine *machine);
void vm_line_send(struct vm_machine *machine);

/* vm_verdict.c */

/* It has ended: in a test, or with none begun. `log` is what its console said. */
void vm_verdict_on_test(struct vm_machine *machine, struct vm_job *job, enum vm_end end, int status,
			const char *log);
void vm_verdict_on_boot(struct vm_machine *machine, enum vm_end end, const char *log);

#endif
