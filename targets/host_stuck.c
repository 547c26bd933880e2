/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_stuck.c - does any task go on? Tasks say when they wait for each other; those that wait in a
 * fault or in a call for a userfaultfd's monitor can't, but its file says how many they are
 */
#include "targets/host_stuck.h"

#include <fcntl.h>
#include <string.h>

#include "targets/host_sys.h"
#include "targets/host_uffd.h"

/* For so many ticks all who run must sleep in the kernel, or seem to where /proc won't say. */
#define STUCK_TICKS         2
#define STUCK_TICKS_UNKNOWN 50

static uint64_t progress(struct host *host)
{
	struct host_iteration *now = &host->shared->now;
	uint64_t sum = 0;

	for (int i = 0; i < host->test->nr_tasks; i++) {
		sum = sum * 131 + atomic_load(&now->tasks[i].op);
		sum = sum * 131 + atomic_load(&now->tasks[i].state);
		sum = sum * 131 + atomic_load(&now->processes[i].state);
	}
	return sum;
}

/* /proc/PID/task/TID/syscall shows the number of the call that a thread sleeps in, or -1. */
enum host_thread_state host_thread_state(int pid, int tid)
{
	char path[64] = "/proc/";
	char text[32];
	char *end = host_decimal((unsigned)pid, path + strlen(path));
	long fd, length;

	strcpy(end, "/task/");
	strcpy(host_decimal((unsigned)tid, end + strlen(end)), "/syscall");
	fd = host_open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return HOST_THREAD_UNKNOWN;
	length = host_read((int)fd, text, sizeof(text) - 1);
	host_close((int)fd);
	if (length <= 0)
		return HOST_THREAD_UNKNOWN;
	text[length] = '\0';
	if (strncmp(text, "running", strlen("running")) == 0)
		return HOST_THREAD_AWAKE;
	return strncmp(text, "-1 ", 3) == 0 ? HOST_THREAD_IN_FAULT : HOST_THREAD_IN_CALL;
}

/* What the tasks of an iteration do, all at about the same time. */
struct census {
	int running; /* or so they say */
	int telling; /* of these: waits until a monitor has read of it; in fork(), with its child */
	int waiting; /* for another task */
	int reading;
	bool goes_on;       /* somebody does, or is about to */
	bool is_known;      /* that those who run sleep */
	unsigned nr_faults; /* threads that wait in one */
	uint32_t reads[LITMUS_MAX_TASKS];
};

static bool has_event(const struct host_uffd_state uffds[LITMUS_MAX_UFFDS])
{
	for (int i = 0; i < LITMUS_MAX_UFFDS; i++) {
		if (uffds[i].is_open && uffds[i].has_event)
			return true;
	}
	return false;
}

static const struct litmus_op *op_of(struct host *host, int task)
{
	const struct litmus_task *what = &host->test->tasks[task];
	uint32_t op = atomic_load(&host->shared->now.tasks[task].op);

	return op < (uint32_t)what->nr_ops ? &what->ops[op] : NULL;
}

/* Is it one of the calls that wait until the monitor has heard of them (UFFD_FEATURE_EVENT_*)? */
static bool tells_monitor(const struct litmus_op *op)
{
	switch (op->code) {
	case LITMUS_FORK:
	case LITMUS_MMAP:
	case LITMUS_MUNMAP:
	case LITMUS_MREMAP:
		return true;
	default:
		return op->code == LITMUS_MADVISE &&
		       (op->flags == LITMUS_MADV_DONTNEED || op->flags == LITMUS_MADV_FREE);
	}
}

/* The child has not begun, and its process has no number until fork() is through. */
static bool is_being_forked(struct host *host, int task)
{
	struct host_process *process =
		&host->shared->now.processes[host->test->tasks[task].process];

	return host->test->tasks[task].birth == LITMUS_BORN_FORK && !atomic_load(&process->pid);
}

static void count_running(struct host *host, int task,
			  const struct host_uffd_state uffds[LITMUS_MAX_UFFDS],
			  struct census *census)
{
	struct host_iteration *now = &host->shared->now;
	const struct litmus_op *op = op_of(host, task);
	int pid = atomic_load(&now->processes[host->test->tasks[task].process].pid);

	census->running++;
	if (is_being_forked(host, task)) {
		census->telling += has_event(uffds);
		return;
	}
	switch (host_thread_state(pid, atomic_load(&now->tasks[task].tid))) {
	case HOST_THREAD_AWAKE:
		census->goes_on = true;
		break;
	case HOST_THREAD_UNKNOWN:
		census->is_known = false;
		break;
	case HOST_THREAD_IN_CALL:
		census->telling += op && tells_monitor(op) && has_event(uffds);
		break;
	case HOST_THREAD_IN_FAULT:
		break;
	}
}

static void count_task(struct host *host, int task,
		       const struct host_uffd_state uffds[LITMUS_MAX_UFFDS], struct census *census)
{
	struct host_task *what = &host->shared->now.tasks[task];
	const struct litmus_op *op = op_of(host, task);

	switch (atomic_load(&what->state)) {
	case HOST_RUNNING:
		/*
		 * Without a userfaultfd there is nothing that it could wait for in the kernel. A
		 * process that ends is not done before its last thread is, wherever that waits.
		 */
		if (host->test->nr_uffds == 0 || atomic_load(&what->signal) ||
		    (op && op->code == LITMUS_EXIT))
			census->goes_on = true;
		else
			count_running(host, task, uffds, census);
		break;
	case HOST_WAITING:
		census->goes_on |= atomic_load(atomic_load(&what->waits_for)) == HOST_DONE;
		/* P0 waits for the others before its memory is looked at: it has ended. */
		census->waiting += op && op->code != LITMUS_EXIT;
		break;
	case HOST_READING:
		census->goes_on |= !op || op->code != LITMUS_READ || !uffds[op->uffd].is_open ||
				   uffds[op->uffd].has_event;
		census->reads[task] = atomic_load(&what->op) + 1;
		census->reading++;
		break;
	default:
		break;
	}
}

/* A process whose tasks have all ended is about to end itself. */
static bool is_ending(struct host *host, int process)
{
	struct host_iteration *now = &host->shared->now;

	if (atomic_load(&now->processes[process].state) != HOST_RUNNING)
		return false;
	for (int i = 0; i < host->test->nr_tasks; i++) {
		uint32_t state = atomic_load(&now->tasks[i].state);

		if (host->test->tasks[i].process == process && state != HOST_UNBORN &&
		    state != HOST_DONE)
			return false;
	}
	return true;
}

static void take_census(struct host *host, struct census *census)
{
	struct host_uffd_state uffds[LITMUS_MAX_UFFDS] = {0};

	*census = (struct census){.is_known = true};
	for (int i = 0; i < host->test->nr_uffds; i++) {
		host_uffd_look(host, HOST_SUPERVISOR, i, &uffds[i]);
		census->nr_faults += uffds[i].nr_faults;
	}
	for (int i = 0; i < host->test->nr_tasks; i++) {
		count_task(host, i, uffds, census);
		census->goes_on |= is_ending(host, i);
	}
}

/* Or say so: looking closer takes time. */
static bool does_any_run(struct host *host)
{
	for (int i = 0; i < host->test->nr_tasks; i++) {
		if (atomic_load(&host->shared->now.tasks[i].state) == HOST_RUNNING)
			return true;
	}
	return false;
}

enum host_standstill host_look_for_standstill(struct host *host, struct host_watch *watch)
{
	uint64_t before = progress(host);
	struct census census;

	watch->quiet = before == watch->progress ? watch->quiet + 1 : 0;
	watch->progress = before;
	if (host->test->nr_uffds > 0 && watch->quiet == 0 && does_any_run(host)) {
		watch->stuck = 0;
		return HOST_MOVES;
	}
	take_census(host, &census);
	/*
	 * A task could bring something about and end while we looked at another: nothing may have
	 * moved meanwhile. Each thread that waits in a fault is one that runs, or its helper.
	 */
	if (census.goes_on || progress(host) != before ||
	    census.running - census.telling != (int)census.nr_faults) {
		watch->stuck = 0;
		return HOST_MOVES;
	}
	watch->stuck++;
	if (census.running > 0 &&
	    watch->stuck < (census.is_known ? STUCK_TICKS : STUCK_TICKS_UNKNOWN))
		return HOST_MOVES;
	if (census.running > 0 || census.waiting > 0)
		return HOST_DEADLOCKED;
	memcpy(watch->reads, census.reads, sizeof(watch->reads));
	return census.reading > 0 ? HOST_NO_EVENTS : HOST_MOVES;
}

void host_end_reads(struct host *host, const struct host_watch *watch)
{
	for (int i = 0; i < host->test->nr_tasks; i++) {
		if (watch->reads[i])
			atomic_store(&host->shared->now.tasks[i].no_event, watch->reads[i]);
	}
}
