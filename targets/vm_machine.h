/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_machine.h - inside the target `vm`: one machine, its tests, and what it answers */
#ifndef TARGETS_VM_MACHINE_H
#define TARGETS_VM_MACHINE_H

#include "targets/kernels.h"
#include "targets/target.h"

struct vm_machine;

/* Takes the kernel over; NULL without memory. */
struct vm_machine *vm_machine_new(const char *name, struct kernel *kernel);
void vm_machine_free(struct vm_machine *machine);

/* One more test for it to run. Returns 0 or -ENOMEM. */
int vm_machine_queue(struct vm_machine *machine, const struct litmus_test *test,
		     const struct run_options *options);

/* Was this test queued, and its result not taken yet? */
bool vm_machine_knows(const struct vm_machine *machine, const struct litmus_test *test);

/* Are there tests that it has not run, and can it? */
bool vm_machine_has_work(const struct vm_machine *machine);

bool vm_machine_is_on(const struct vm_machine *machine);
void vm_machine_switch_on(struct vm_machine *machine);
void vm_machine_switch_off(struct vm_machine *machine);

/* What to poll; -1 if it is off. */
int vm_machine_line(const struct vm_machine *machine);

/* Is there something to send? */
bool vm_machine_has_more(const struct vm_machine *machine);

/*
 * Send what there is to send, hear what it has said if `heard`; `seconds` have gone by while
 * somebody listened.
 */
void vm_machine_attend(struct vm_machine *machine, bool heard, double seconds);

/* The result, if there is one now: true, and the machine forgets the test. */
bool vm_machine_take_result(struct vm_machine *machine, const struct litmus_test *test,
			    struct run_result *result);

/* Of a clock that only goes on. */
double vm_seconds(void);

#endif
