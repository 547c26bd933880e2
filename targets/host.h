/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - inside the target `host`: who runs what, and where results are left
 *
 * host_run() forks a supervisor for the test. For every iteration the supervisor forks P0's
 * process, which maps the objects and runs P0; all other processes of the test are made by its
 * tasks, but as children of the supervisor (CLONE_PARENT), which alone reaps them. Everything that
 * must outlive a process is in `struct host_shared`, memory that all of them share. `struct host`
 * is private memory: each process has its own copy since the fork that made it.
 */
#ifndef TARGETS_HOST_H
#define TARGETS_HOST_H

#include <liburing.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "litmus/litmus.h"
#include "targets/target.h"

/*
 * Objects begin at BASE + i * 2 * LITMUS_MAX_PAGES huge pages: far from everything else, never
 * adjacent, and where a huge page can begin.
 */
#define HOST_BASE UINT64_C(0x7e0000000000)

/* Files that the tasks share have numbers of their own; all other files have higher ones. */
#define HOST_FD_UFFD (STDERR_FILENO + 1) /* two sockets for each uffd (host_uffd_file.c) */
#define HOST_FD_FILE (HOST_FD_UFFD + 2 * LITMUS_MAX_UFFDS) /* for each object (host_map.c) */
#define HOST_FD_FREE (HOST_FD_FILE + LITMUS_MAX_OBJECTS)

#define HOST_STACK_SIZE  (256 * 1024)
#define HOST_MAX_CPUS    64
#define HOST_DETAIL_SIZE 256

/* How a task's process ends, as seen by the supervisor. */
enum host_exit {
	HOST_EXIT_OK = 0,
	HOST_EXIT_SIGNAL = 100, /* a fault; host_task.signal says which */
	HOST_EXIT_REFUSED = 101 /* host_refuse() */
};

/* States of tasks, processes and completions: a futex word, on which others wait for HOST_DONE. */
enum host_state {
	HOST_UNBORN,
	HOST_RUNNING,
	HOST_WAITING, /* a task only: in a wait for another's HOST_DONE */
	HOST_READING, /* a task only: in read(), for an event of a userfaultfd */
	HOST_DONE,
};

struct host_task {
	_Atomic uint32_t state;
	_Atomic uint32_t op; /* the operation that it is at */
	_Atomic(_Atomic uint32_t *) waits_for;
	_Atomic int tid;
	_Atomic uint32_t uffd;     /* index + 1 of the uffd whose file it has open at the moment */
	_Atomic uint32_t no_event; /* op + 1 of a read() that nobody is left to bring an event to */
	_Atomic int signal;        /* that killed its process, before it had ended; 0: none */
	int64_t registers[LITMUS_MAX_REGISTERS];
};

struct host_process {
	_Atomic uint32_t state; /* HOST_DONE: reaped */
	_Atomic int pid;
};

/* What an iteration left behind. */
struct host_result {
	unsigned violations; /* not 0: a broken state, and there are no values */
	char detail[HOST_DETAIL_SIZE];
	int64_t values[LITMUS_MAX_OBSERVABLES];
};

/* All that one iteration writes; cleared before the next. */
struct host_iteration {
	_Atomic uint32_t ready; /* tasks that have come to the start line */
	_Atomic uint32_t completions[LITMUS_MAX_COMPLETIONS];
	_Atomic bool uffds[LITMUS_MAX_UFFDS]; /* open */
	_Atomic uint32_t supervisor_uffd;     /* as host_task.uffd */
	struct host_task tasks[LITMUS_MAX_TASKS];
	struct host_process processes[LITMUS_MAX_TASKS]; /* by litmus_task.process */
	int64_t memory[LITMUS_MAX_OBSERVABLES];          /* of LITMUS_OBSERVE_MEMORY */
};

/* What the kernel would not do for a task, and the error. */
struct host_refusal {
	_Atomic(const char *) what; /* written last; NULL: nothing was refused */
	int error;                  /* 0: `what` says it all */
};

struct host_shared {
	_Atomic bool stop;
	bool finished;        /* the supervisor came to its end */
	bool failed;          /* the reason is our own trouble */
	char reason[256];     /* why the run was skipped or has failed; or "" */
	unsigned providers;   /* a bit for each that the probe found working (host_provider.c) */
	bool force_by_tracer; /* /proc/PID/mem uses FOLL_FORCE for a tracer only */
	unsigned nr_done;     /* entries of results */
	unsigned nr_total;    /* how many there should be */
	bool hung;            /* nothing moved any more in the last of them */
	/* A task refuses once, and there is no iteration after that. */
	_Atomic uint32_t nr_refusals;
	struct host_refusal refusals[LITMUS_MAX_TASKS];
	struct host_iteration now;
	struct host_result results[];
};

struct host_means;

/* A read(2) or write(2) in flight (host_dio.c). */
struct host_direct_io {
	bool is_read;
	int server; /* /dev/fuse */
	int mount;
	void *stack;            /* of the helper thread */
	_Atomic uint32_t alive; /* cleared by the kernel when the helper has ended */
	_Atomic uint32_t state; /* HOST_DONE: the call has returned `result` */
	long result;
};

/* A memory region of RDMA (host_rdma.c). */
struct host_region {
	uint32_t number; /* uverbs' own */
	uint32_t key;    /* that the device is shown */
};

/* What a register of type LITMUS_HANDLE stands for. */
struct host_handle {
	const struct host_means *means; /* NULL: it holds nothing */
	uint64_t addr;                  /* of the int, on the first page */
	uint64_t unit;                  /* from one of its pages to the next */
	int nr_pages;
	struct io_uring ring;
	int pipe[2];
	struct host_direct_io direct;
	struct host_region region;
	uint64_t pfn[LITMUS_MAX_PAGES]; /* 0: not known */
};

struct host {
	const struct litmus_test *test;
	struct host_shared *shared;
	pid_t supervisor;
	long page_size;
	uint64_t huge_size; /* of what a PMD maps */
	unsigned iteration;
	unsigned nr_least; /* iterations that are enough when `budget` seconds are over; 0: all */
	double budget;
	int nr_cpus;
	int cpus[HOST_MAX_CPUS];
	bool concurrent;     /* some tasks run at the same time: jitter them */
	bool uses_pagemap;   /* remember which frames handles hold */
	bool uses_tracing;   /* tasks look into each other's memory */
	bool gated;          /* exit() ends a process between operations, not within */
	bool first_observed; /* P0's memory is part of the outcome */
	bool uses_thp;
	bool only_advised;     /* no huge pages but where MADV_HUGEPAGE asks for them */
	unsigned char *stacks; /* HOST_STACK_SIZE for each task that is a thread */
	/* By what each operation that takes pages does so, in this iteration. */
	const struct host_means *means[LITMUS_MAX_TASKS][LITMUS_MAX_OPS];

	/* From here on each process has its own. */
	int process;
	struct host_rdma *rdma;                /* NULL: its device is not open */
	_Atomic bool inside[LITMUS_MAX_TASKS]; /* in an operation, if gated */
	_Atomic bool exiting;                  /* a task called exit() */
	struct host_handle handles[LITMUS_MAX_TASKS][LITMUS_MAX_REGISTERS];
};

/* host_schedule.c */

/*
 * Can two tasks of this test be runnable at the same time? The end of a task is a step too, until
 * somebody waits for it. `alone`, if not NULL, has an entry for each operation and says whether it
 * certainly runs while every other task waits or ends.
 */
bool host_is_concurrent(const struct litmus_test *test,
			bool alone[LITMUS_MAX_TASKS][LITMUS_MAX_OPS]);

/* Is the memory of one of the first `nr_tasks` tasks part of the outcome? */
bool host_observes_memory(const struct litmus_test *test, int nr_tasks);

/* host_provider.c */

/*
 * Why this kind of reference or pin, or this use of it, can't be had from user space. Writes one
 * line to `reason` and returns false; or returns true.
 */
bool host_can_hold(const struct litmus_test *test, char *reason, size_t size);

/*
 * Try each way of holding pages that the test could use, on a page that can be written to, and
 * note in host->shared which work. False: `reason` says what is missing for one of its operations.
 */
bool host_probe_pins(struct host *host, unsigned char *page, char *reason, size_t size);

/* Fill in host->means for host->iteration: where several ways work, they take turns. */
void host_choose_means(struct host *host);

/* What the means of this process must have before its tasks start. */
void host_start_means(struct host *host);

/* host_pins.c */

/* Take what `op`, of `task`, asks for. Returns the number of pages, or -errno as GUP gives it. */
long host_take(struct host *host, int task, const struct litmus_op *op, uint64_t addr,
	       struct host_handle *handle);

/* Drop all that it holds. Returns 0 or -EBADF. */
long host_drop(struct host *host, struct host_handle *handle);

/* The device writes, or reads, the int on page `page` of the handle. -EBADF if it is not held. */
long host_dma_write(struct host *host, struct host_handle *handle, int page, int value);
long host_dma_read(struct host *host, struct host_handle *handle, int page);

/*
 * Drop what the process holds that ends. The kernel would do it, but let go of an io_uring's pins
 * only some time after the process is gone.
 */
void host_drop_all(struct host *host);

/* A fork()'s child has no handles: forget those of the parent, close their files. */
void host_forget_handles(struct host *host);

/* host_pipe.c */

/* A pipe for a moment; its making ends in host_refuse() if it fails. */
void host_make_pipe(struct host *host, int fds[2]);
void host_close_pipe(const int fds[2]);

/* host_probe.c */

/*
 * Does this kernel, with our privileges, have all that the test needs? Tried out by a child of the
 * supervisor, which may be ended or hang. False: host->shared->reason says what is missing.
 */
bool host_probe(struct host *host);

/* host_force.c */

/*
 * Read or write another task's memory as ptrace(2) does, with FOLL_FORCE, whatever the protection
 * of its mapping. Returns 0, -ESRCH or -EIO.
 */
long host_access_forced(struct host *host, const struct litmus_op *op, int *value);

/* Why this kernel lets nobody do that, or NULL. */
const char *host_probe_force(struct host *host, unsigned char *page);

/* host_refuse.c */

/*
 * Say that the kernel will not do what the test needs, and end the process. `what` is a literal:
 * what the kernel refuses with `error`, -errno; or, if that is 0, all that there is to say.
 */
void host_refuse(struct host *host, const char *what, long error);

bool host_is_refused(const struct host_shared *shared);

/* One line on what was refused; nothing is written if nothing was. */
void host_refusal_text(const struct host_shared *shared, char *buf, size_t size);

/* host_task.c */

/* Run the process whose first task is `task`; ends the process. */
void host_process_main(struct host *host, int task);

/* host_call.c */

/* Pid of a task's process; 0: it doesn't run. */
int host_process_of(struct host *host, int task);

/* Make an operation that is neither an access of the CPU nor about tasks. Returns its result. */
int64_t host_call(struct host *host, int task, const struct litmus_op *op, int value);

/* host_supervisor.c */

/* Run all iterations in this process, which is a fork of the tool. Results go to host->shared. */
void host_supervise(struct host *host);

#endif
