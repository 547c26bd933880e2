/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_gate.h - inside the target `host`: exit() ends a process between operations, not within */
#ifndef TARGETS_HOST_GATE_H
#define TARGETS_HOST_GATE_H

#include "targets/host.h"

/*
 * exit() ends a process between two operations of all its tasks: what it leaves in memory is looked
 * at after the last of them. Hence each says when it enters and leaves one, where that could make a
 * difference (host->gated).
 */

/* Called in each new process: nobody is inside. */
void host_open_gate(struct host *host);

/* Does not return once exit() has been called. */
void host_enter(struct host *host, int task);
void host_leave(struct host *host, int task);

/*
 * After host->exiting is set: wait until no other task is inside. Who waits there for a
 * userfaultfd's monitor is taken out, and does not finish its access.
 */
void host_wait_outside(struct host *host, int task);

/* The task has ended, and its thread will with its process. */
void host_sleep_for_ever(void);

/* Be prepared to be taken out; once in a process, its children inherit it. */
void host_catch_parking(void);

#endif
