/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_gate.c - who is inside an operation, and nobody when exit() ends the process */
#include "targets/host_gate.h"

#include <signal.h>

#include "targets/host_stuck.h"
#include "targets/host_sys.h"
#include "targets/host_uffd.h"

#define PARKING_SIGNAL SIGUSR1

void host_sleep_for_ever(void)
{
	_Atomic uint32_t never = HOST_UNBORN;

	for (;;)
		host_futex_wait(&never, HOST_UNBORN);
}

void host_open_gate(struct host *host)
{
	for (int i = 0; i < LITMUS_MAX_TASKS; i++)
		atomic_store(&host->inside[i], false);
	atomic_store(&host->exiting, false);
}

void host_enter(struct host *host, int task)
{
	if (!host->gated)
		return;
	atomic_store(&host->inside[task], true);
	if (!atomic_load(&host->exiting))
		return;
	atomic_store(&host->inside[task], false);
	host_sleep_for_ever();
}

void host_leave(struct host *host, int task)
{
	if (host->gated)
		atomic_store(&host->inside[task], false);
}

static void park(int signal)
{
	(void)signal;
	host_sleep_for_ever();
}

void host_catch_parking(void)
{
	struct sigaction action = {.sa_handler = park};

	sigaction(PARKING_SIGNAL, &action, NULL);
}

static bool has_faults(struct host *host, int task)
{
	for (int i = 0; i < host->test->nr_uffds; i++) {
		struct host_uffd_state state;

		host_uffd_look(host, task, i, &state);
		if (state.nr_faults > 0)
			return true;
	}
	return false;
}

/* Does the other task wait for a monitor, in a fault of its own or in one of a system call's? */
static bool waits_for_monitor(struct host *host, int task, int other)
{
	int pid = (int)host_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	int tid = atomic_load(&host->shared->now.tasks[other].tid);

	switch (host_thread_state(pid, tid)) {
	case HOST_THREAD_IN_CALL:
	case HOST_THREAD_IN_FAULT:
		return has_faults(host, task);
	default:
		return false;
	}
}

/*
 * The signal ends the wait in a fault of its own at once, that of a system call when the process
 * ends; but in neither case does the task come back from it.
 */
static void take_out(struct host *host, int other)
{
	long pid = host_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);

	host_syscall(SYS_tgkill, pid, atomic_load(&host->shared->now.tasks[other].tid),
		     PARKING_SIGNAL, 0, 0, 0);
}

void host_wait_outside(struct host *host, int task)
{
	bool taken_out[LITMUS_MAX_TASKS] = {false};

	for (int i = 0; i < host->test->nr_tasks;) {
		if (i == task || taken_out[i] || !atomic_load(&host->inside[i])) {
			i++;
		} else if (host->test->nr_uffds > 0 && waits_for_monitor(host, task, i)) {
			take_out(host, i);
			taken_out[i] = true;
		} else {
			host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
		}
	}
}
