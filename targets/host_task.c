/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_task.c - the tasks of a test as real threads and processes, one operation at a time */
#include "targets/host.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "targets/host_gate.h"
#include "targets/host_map.h"
#include "targets/host_pages.h"
#include "targets/host_sys.h"

/* What the handler of a fault must find; a signal has no argument for it. */
static struct host *faulting_host;

/* One running task; on its own stack. */
struct self {
	struct host *host;
	int number;
	const struct litmus_task *task;
	struct host_task *shared;
	uint64_t random;
};

static void run_thread(struct host *host, int task);

static void set_state(_Atomic uint32_t *word, uint32_t state)
{
	atomic_store(word, state);
	host_futex_wake(word);
}

/*
 * Wait for HOST_DONE. That all who have not ended wait shows the supervisor a deadlock. Another
 * thread's exit() may have ended the task by now, and its state stays HOST_DONE then.
 */
static void wait_done(struct host_task *shared, _Atomic uint32_t *word)
{
	uint32_t state = atomic_load(word);
	uint32_t running = HOST_RUNNING, waiting = HOST_WAITING;

	if (state == HOST_DONE)
		return;
	atomic_store(&shared->waits_for, word);
	atomic_compare_exchange_strong(&shared->state, &running, HOST_WAITING);
	for (; state != HOST_DONE; state = atomic_load(word))
		host_futex_wait(word, state);
	atomic_compare_exchange_strong(&shared->state, &waiting, HOST_RUNNING);
}

static void wait_for_threads(struct host *host, int self)
{
	struct host_iteration *now = &host->shared->now;

	for (int i = 0; i < host->test->nr_tasks; i++) {
		uint32_t state = atomic_load(&now->tasks[i].state);

		if (i == self || host->test->tasks[i].process != host->process ||
		    state == HOST_UNBORN || state == HOST_DONE)
			continue;
		wait_done(&now->tasks[self], &now->tasks[i].state);
		i = -1; /* it may have started another */
	}
}

static void wait_for_processes(struct host *host, int self)
{
	struct host_iteration *now = &host->shared->now;

	for (int i = 0; i < host->test->nr_tasks; i++) {
		uint32_t state = atomic_load(&now->processes[i].state);

		if (i == host->process || state == HOST_UNBORN || state == HOST_DONE)
			continue;
		wait_done(&now->tasks[self], &now->processes[i].state);
		i = -1;
	}
}

/* exit() ends all tasks of the process, the caller's own last. */
static void end_tasks(struct self *self)
{
	struct host *host = self->host;

	for (int i = 0; i < host->test->nr_tasks; i++) {
		_Atomic uint32_t *word = &host->shared->now.tasks[i].state;
		uint32_t state = atomic_load(word);

		if (host->test->tasks[i].process != host->process || state == HOST_UNBORN ||
		    state == HOST_DONE)
			continue;
		/* P0's memory is looked at when its process ends. */
		if (i != 0)
			host_observe(host, i);
		/* Ungated, the others go on until the process itself ends. */
		if (host->gated && i != self->number)
			set_state(word, HOST_DONE);
	}
}

/*
 * exit(): all tasks of the process end, here and now. Its memory, where P0's is looked at, stays
 * until all other processes have ended.
 */
static void exit_process(struct self *self)
{
	struct host *host = self->host;
	bool first = !atomic_exchange(&host->exiting, true);

	host_leave(host, self->number);
	if (!first)
		host_sleep_for_ever();
	host_wait_outside(host, self->number);
	end_tasks(self);
	if (host->process == 0 && host->first_observed) {
		wait_for_processes(host, self->number);
		host_observe(host, 0);
	}
	host_exit_group(HOST_EXIT_OK);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Up to some 0.2 ms, short delays as often as long ones: operations take from 1 ns to 1 ms. */
static void jitter(struct self *self)
{
	uint64_t random = next_random(&self->random);
	uint64_t spins = (random >> 8) & ((UINT64_C(1) << (random % 18)) - 1);

	for (volatile uint64_t i = 0; i < spins; i++)
		;
}

static void use_cpu(const struct host *host, int task)
{
	unsigned long mask[1024 / (8 * sizeof(unsigned long))] = {0};
	/* Tasks that take turns need no second CPU, but migration between two may matter. */
	unsigned spread = host->concurrent || host->iteration % 2 ? (unsigned)task : 0;
	unsigned cpu =
		(unsigned)host->cpus[(spread + host->iteration / 2) % (unsigned)host->nr_cpus];
	unsigned bits = 8 * sizeof(mask[0]);

	mask[cpu / bits] = 1UL << cpu % bits;
	host_syscall(SYS_sched_setaffinity, 0, sizeof(mask), (long)mask, 0, 0, 0);
}

/*
 * The supervisor must be the parent of all processes, to reap them in whatever order they end. The
 * kernel itself notes the pid: if we are killed in here, a process without one was never made.
 */
static int64_t fork_task(struct self *self, int task)
{
	struct host *host = self->host;
	struct host_iteration *now = &host->shared->now;
	struct host_process *process = &now->processes[host->test->tasks[task].process];
	long pid;

	atomic_store(&now->tasks[task].state, HOST_RUNNING);
	atomic_store(&process->state, HOST_RUNNING);
	pid = host_syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, 0,
			   (long)&process->pid, 0, 0, 0);
	if (pid == 0)
		host_process_main(host, task);
	if (pid > 0)
		return 0;
	/*
	 * It may have had to copy a pinned huge page, and found no other in the pool. Else it was
	 * for want of memory or of the right to a process: nothing to do with the test.
	 */
	if (pid != -ENOMEM || !host_has_hugetlb(host->test))
		host_refuse(host, "fork()", pid);
	set_state(&now->tasks[task].state, HOST_UNBORN);
	set_state(&process->state, HOST_UNBORN);
	return pid;
}

struct thread_start {
	struct host *host;
	int task;
};

static int thread_main(void *argument)
{
	struct thread_start start = *(struct thread_start *)argument;

	run_thread(start.host, start.task);
	return 0; /* the library's clone() ends the thread, not the process */
}

static void start_thread(struct host *host, int task)
{
	/* The argument is at the stack's lower end; both are this thread's alone. */
	unsigned char *stack = host->stacks + (size_t)task * HOST_STACK_SIZE;
	struct thread_start *start = (struct thread_start *)stack;
	int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

	start->host = host;
	start->task = task;
	atomic_store(&host->shared->now.tasks[task].state, HOST_RUNNING);
	if (clone(thread_main, stack + HOST_STACK_SIZE, flags, start) < 0)
		host_refuse(host, "clone() of a thread", -errno);
}

static int64_t value_of(const struct self *self, struct litmus_value value)
{
	return value.is_register ? self->shared->registers[value.reg] : value.constant;
}

/* wait(): not waitpid(2), since the supervisor reaps; but it returns at the same time. */
static long wait_for_process(struct self *self, int task)
{
	struct host_iteration *now = &self->host->shared->now;
	struct host_process *process = &now->processes[self->host->test->tasks[task].process];

	if (atomic_load(&process->state) == HOST_UNBORN)
		return -ECHILD;
	host_leave(self->host, self->number);
	wait_done(self->shared, &process->state);
	host_enter(self->host, self->number);
	return 0;
}

static long join_thread(struct self *self, int task)
{
	struct host_task *other = &self->host->shared->now.tasks[task];

	if (atomic_load(&other->state) == HOST_UNBORN)
		return -ESRCH;
	host_leave(self->host, self->number);
	wait_done(self->shared, &other->state);
	host_enter(self->host, self->number);
	return 0;
}

/* Make one operation; returns its result. */
static int64_t do_op(struct self *self, const struct litmus_op *op)
{
	struct host *host = self->host;
	struct host_iteration *now = &host->shared->now;
	int64_t value = value_of(self, op->value);

	switch (op->code) {
	case LITMUS_STORE:
		*(volatile int *)(uintptr_t)host_address(host, op->addr) = (int)value;
		return 0;
	case LITMUS_LOAD:
		return *(volatile int *)(uintptr_t)host_address(host, op->addr);
	case LITMUS_MOVE:
		return value;
	case LITMUS_FORK:
		return fork_task(self, op->task);
	case LITMUS_WAITPID:
		return wait_for_process(self, op->task);
	case LITMUS_PTHREAD_CREATE:
		start_thread(host, op->task);
		return 0;
	case LITMUS_PTHREAD_JOIN:
		return join_thread(self, op->task);
	case LITMUS_EXIT:
		exit_process(self);
		return 0;
	case LITMUS_COMPLETE:
		set_state(&now->completions[op->completion], HOST_DONE);
		return 0;
	case LITMUS_WAIT_FOR_COMPLETION:
		host_leave(host, self->number);
		wait_done(self->shared, &now->completions[op->completion]);
		host_enter(host, self->number);
		return 0;
	case LITMUS_READ:
		host_leave(host, self->number);
		value = host_call(host, self->number, op, 0);
		host_enter(host, self->number);
		return value;
	default:
		return host_call(host, self->number, op, (int)value);
	}
}

static void run_task(struct host *host, int number)
{
	struct self self = {
		.host = host,
		.number = number,
		.task = &host->test->tasks[number],
		.shared = &host->shared->now.tasks[number],
		.random = (host->iteration + 1) * UINT64_C(0x9e3779b97f4a7c15) +
			  (uint64_t)number * UINT64_C(0xbf58476d1ce4e5b9),
	};

	atomic_store(&self.shared->tid, (int)host_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0));
	for (int i = 0; i < self.task->nr_ops; i++) {
		const struct litmus_op *op = &self.task->ops[i];
		int64_t result;

		atomic_store(&self.shared->op, (uint32_t)i);
		if (host->concurrent)
			jitter(&self);
		host_enter(host, number);
		result = do_op(&self, op);
		if (op->dest >= 0)
			self.shared->registers[op->dest] = result;
		host_leave(host, number);
	}
	atomic_store(&self.shared->op, (uint32_t)self.task->nr_ops);
	if (host->concurrent)
		jitter(&self);
	/* Where P0's memory is looked at, P0 is the last to end. Threads may start processes. */
	if (number == 0 && host->first_observed) {
		wait_for_threads(host, number);
		wait_for_processes(host, number);
	}
	host_enter(host, number);
	host_observe(host, number);
	/* No longer inside when others see the end: then it has nothing left to do. */
	host_leave(host, number);
	set_state(&self.shared->state, HOST_DONE);
}

/* Tasks that nobody starts run from the beginning: no one of them before the others are there. */
static void start_line(struct host *host)
{
	const struct litmus_test *test = host->test;
	_Atomic uint32_t *ready = &host->shared->now.ready;
	uint32_t wanted = 0;

	for (int i = 0; i < test->nr_tasks; i++)
		wanted += test->tasks[i].birth <= LITMUS_BORN_START;
	atomic_fetch_add(ready, 1);
	while (atomic_load(ready) < wanted)
		host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void run_thread(struct host *host, int task)
{
	use_cpu(host, task);
	if (host->test->tasks[task].birth == LITMUS_BORN_START)
		start_line(host);
	run_task(host, task);
}

/* The process ends with the last of its tasks; the first, which has ended, sees to that. */
static void drain_threads(struct host *host)
{
	for (int i = 0; i < host->test->nr_tasks; i++) {
		_Atomic uint32_t *state = &host->shared->now.tasks[i].state;
		uint32_t value = atomic_load(state);

		if (host->test->tasks[i].process != host->process || value == HOST_UNBORN ||
		    value == HOST_DONE)
			continue;
		host_futex_wait(state, value);
		i = -1; /* look again: it may have started another */
	}
}

/*
 * A fault ends the process as the default action would: all its tasks at once. Done here because
 * the kernel would log each of them and might write a core file.
 */
static void on_fault(int signal)
{
	struct host *host = faulting_host;

	for (int i = 0; i < host->test->nr_tasks; i++) {
		struct host_task *task = &host->shared->now.tasks[i];
		uint32_t state = atomic_load(&task->state);

		if (host->test->tasks[i].process == host->process && state != HOST_UNBORN &&
		    state != HOST_DONE)
			atomic_store(&task->signal, signal);
	}
	host_exit_group(HOST_EXIT_SIGNAL);
}

static void catch_faults(struct host *host)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};

	faulting_host = host;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	host_catch_parking();
}

static void start_first(struct host *host)
{
	/* The supervisor may be late with it, and other tasks ask for it. */
	atomic_store(&host->shared->now.processes[0].pid,
		     (int)host_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0));
	/* A group, so that all processes of the iteration can be killed at once. */
	host_syscall(SYS_setpgid, 0, 0, 0, 0, 0, 0);
	catch_faults(host);
	host_map_objects(host);
	for (int i = 1; i < host->test->nr_tasks; i++) {
		if (host->test->tasks[i].birth == LITMUS_BORN_START)
			start_thread(host, i);
	}
	start_line(host);
}

void host_process_main(struct host *host, int task)
{
	host->process = host->test->tasks[task].process;
	host_open_gate(host);
	/* No process outlives the supervisor; nor does one whose supervisor is gone already. */
	host_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if (host_syscall(SYS_getppid, 0, 0, 0, 0, 0, 0) != host->supervisor)
		host_exit_group(HOST_EXIT_OK);
	host_forget_handles(host);
	if (host->uses_tracing)
		host_syscall(SYS_prctl, PR_SET_PTRACER, (long)PR_SET_PTRACER_ANY, 0, 0, 0, 0);
	/* Now, so that P0 touches its memory first where it runs. */
	use_cpu(host, task);
	host_start_means(host);
	if (task == 0)
		start_first(host);
	run_task(host, task);
	drain_threads(host);
	host_unmap_objects(host);
	host_drop_all(host);
	host_exit_group(HOST_EXIT_OK);
}
