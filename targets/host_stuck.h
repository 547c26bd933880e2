/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_stuck.h - inside the target `host`: does any task go on? */
#ifndef TARGETS_HOST_STUCK_H
#define TARGETS_HOST_STUCK_H

#include "targets/host.h"

enum host_standstill {
	HOST_MOVES,      /* or it may */
	HOST_NO_EVENTS,  /* all tasks have ended or wait for an event that none of them can raise */
	HOST_DEADLOCKED, /* all tasks that have not ended wait for what only they could bring about
			  */
};

/* What the supervisor remembers from one look to the next. */
struct host_watch {
	uint64_t progress;                /* at the last look */
	unsigned quiet;                   /* looks since anything has moved */
	unsigned stuck;                   /* looks since any task has run, as far as can be known */
	uint32_t reads[LITMUS_MAX_TASKS]; /* op + 1 of who reads; 0: does not */
};

/* Look; once a tick. */
enum host_standstill host_look_for_standstill(struct host *host, struct host_watch *watch);

/* After HOST_NO_EVENTS: they wait no longer. */
void host_end_reads(struct host *host, const struct host_watch *watch);

/* What a thread does. */
enum host_thread_state {
	HOST_THREAD_AWAKE, /* it runs, or will as soon as there is a CPU */
	HOST_THREAD_IN_CALL,
	HOST_THREAD_IN_FAULT,
	HOST_THREAD_UNKNOWN,
};

/* Of this thread of that process. In a system call or a fault: it sleeps there. */
enum host_thread_state host_thread_state(int pid, int tid);

#endif
