/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_supervisor.c - run a test's iterations, reap its processes, end those that hang */
#include "targets/host.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "targets/clock.h"
#include "targets/host_system.h"
#include "targets/host_pages.h"
#include "targets/host_stuck.h"
#include "targets/host_sys.h"
#include "targets/host_uffd.h"

/*
 * How often to look for a deadlock, and how long nothing may move before we call it a hang. Who
 * reads from a userfaultfd may have to wait for us to say that nothing will come.
 */
#define TICK_MS      5
#define TICK_MS_UFFD 1
#define HANG_MS      5000

/* How long huge pages of an iteration may stay in use after its end. */
#define POOL_LIMIT_MS 5000

enum verdict {
	VERDICT_RUNNING,
	VERDICT_ENDED,
	VERDICT_DEADLOCK,
	VERDICT_HANG,
	VERDICT_STOPPED, /* by the tool, or since a task was refused something */
};

static void end_process(struct host_process *process)
{
	atomic_store(&process->state, HOST_DONE);
	host_futex_wake(&process->state);
}

/* What a process was about to fork when it was killed will not come any more. */
static void cancel_forks(struct host *host, int parent)
{
	const struct litmus_test *test = host->test;
	struct host_iteration *now = &host->shared->now;

	for (int i = 0; i < test->nr_tasks; i++) {
		const struct litmus_task *task = &test->tasks[i];
		struct host_process *process = &now->processes[task->process];

		if (task->birth != LITMUS_BORN_FORK ||
		    test->tasks[task->parent].process != parent ||
		    atomic_load(&process->state) != HOST_RUNNING || atomic_load(&process->pid))
			continue;
		atomic_store(&now->tasks[i].state, HOST_UNBORN);
		end_process(process);
	}
}

/* The process has ended: its tasks do nothing more, and whoever waits for it goes on. */
static void record_end(struct host *host, int index, int status)
{
	struct host_iteration *now = &host->shared->now;
	struct host_process *process = &now->processes[index];

	for (int i = 0; i < host->test->nr_tasks; i++) {
		struct host_task *task = &now->tasks[i];
		uint32_t state = atomic_load(&task->state);

		if (host->test->tasks[i].process != index || state == HOST_UNBORN ||
		    state == HOST_DONE)
			continue;
		if (WIFSIGNALED(status))
			atomic_store(&task->signal, WTERMSIG(status));
		atomic_store(&task->state, HOST_DONE);
	}
	cancel_forks(host, index);
	end_process(process);
}

/* Reap all that have ended. Returns false when no child is left. */
static bool reap(struct host *host)
{
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid <= 0)
			return pid == 0;
		for (int i = 0; i < host->test->nr_tasks; i++) {
			struct host_process *process = &host->shared->now.processes[i];

			if (atomic_load(&process->pid) == pid &&
			    atomic_load(&process->state) == HOST_RUNNING)
				record_end(host, i, status);
		}
	}
}

static enum verdict watch(struct host *host)
{
	const int tick_ms = host->test->nr_uffds ? TICK_MS_UFFD : TICK_MS;
	const struct timespec tick = {.tv_nsec = tick_ms * 1000000L};
	struct host_watch seen = {0};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (;;) {
		if (!reap(host))
			return host_is_refused(host->shared) ? VERDICT_STOPPED : VERDICT_ENDED;
		if (host_is_refused(host->shared) || atomic_load(&host->shared->stop))
			return VERDICT_STOPPED;
		if (sigtimedwait(&child, NULL, &tick) == SIGCHLD)
			continue;
		switch (host_look_for_standstill(host, &seen)) {
		case HOST_DEADLOCKED:
			return VERDICT_DEADLOCK;
		case HOST_NO_EVENTS:
			host_end_reads(host, &seen);
			break;
		case HOST_MOVES:
			break;
		}
		if (seen.quiet >= (unsigned)(HANG_MS / tick_ms))
			return VERDICT_HANG;
	}
}

/*
 * Each process of the iteration is in the group of the first, whose number is ours until the last
 * of them has been reaped.
 */
static void kill_all(pid_t first)
{
	siginfo_t info;

	if (waitid(P_PGID, (id_t)first, &info, WEXITED | WNOHANG | WNOWAIT) == 0)
		kill(-first, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* "all tasks wait: P0: wait(P1); P1: wait_for_completion(c);" */
static void describe(struct host *host, const char *what, char *buf, size_t size)
{
	const struct litmus_test *test = host->test;
	size_t length = (size_t)snprintf(buf, size, "%s", what);

	for (int i = 0; i < test->nr_tasks && length < size; i++) {
		uint32_t state = atomic_load(&host->shared->now.tasks[i].state);
		uint32_t op = atomic_load(&host->shared->now.tasks[i].op);
		char text[128];

		if (state == HOST_UNBORN || state == HOST_DONE ||
		    op >= (uint32_t)test->tasks[i].nr_ops)
			continue;
		litmus_op_text(test, i, &test->tasks[i].ops[op], text, sizeof(text));
		length += (size_t)snprintf(buf + length, size - length, " P%d: %s", i, text);
	}
}

static int64_t status_of(struct host *host, int task)
{
	switch (atomic_load(&host->shared->now.tasks[task].signal)) {
	case 0:
		return 0;
	case SIGBUS:
		return LITMUS_SIGBUS;
	case SIGSEGV:
		return LITMUS_SIGSEGV;
	default:
		return LITMUS_SIGKILL;
	}
}

static void collect(struct host *host, struct host_result *result)
{
	const struct litmus_test *test = host->test;
	struct host_iteration *now = &host->shared->now;

	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *what = &test->observables[i];

		switch (what->kind) {
		case LITMUS_OBSERVE_REGISTER:
			result->values[i] = now->tasks[what->task].registers[what->reg];
			break;
		case LITMUS_OBSERVE_STATUS:
			result->values[i] = status_of(host, what->task);
			break;
		case LITMUS_OBSERVE_MEMORY:
			/* Who was killed can't look. */
			result->values[i] =
				status_of(host, what->task) ? LITMUS_SIGSEGV : now->memory[i];
			break;
		}
	}
}

static void clear_iteration(struct host *host)
{
	struct host_iteration *now = &host->shared->now;

	memset(now, 0, sizeof(*now));
	for (int i = 0; i < LITMUS_MAX_OBSERVABLES; i++)
		now->memory[i] = LITMUS_SIGSEGV;
	atomic_store(&now->tasks[0].state, HOST_RUNNING);
	atomic_store(&now->processes[0].state, HOST_RUNNING);
	for (int i = 1; i < host->test->nr_tasks; i++) {
		if (host->test->tasks[i].birth == LITMUS_BORN_START)
			atomic_store(&now->tasks[i].state, HOST_RUNNING);
	}
}

/* One iteration. It has a result unless the verdict is VERDICT_STOPPED. */
static enum verdict run_iteration(struct host *host, struct host_result *result)
{
	enum verdict verdict;
	pid_t first;

	clear_iteration(host);
	host_uffd_clear(host);
	first = fork();
	if (first == 0)
		host_process_main(host, 0);
	if (first < 0) {
		snprintf(host->shared->reason, sizeof(host->shared->reason), "fork(): %s",
			 strerror(errno));
		host->shared->failed = true;
		return VERDICT_STOPPED;
	}
	atomic_store(&host->shared->now.processes[0].pid, first);
	setpgid(first, first); /* the child does it too; whoever is first */
	verdict = watch(host);
	if (verdict == VERDICT_ENDED) {
		collect(host, result);
		return verdict;
	}
	if (verdict == VERDICT_DEADLOCK) {
		result->violations = VIOLATION_DEADLOCK;
		describe(host, "all tasks wait:", result->detail, sizeof(result->detail));
	} else if (verdict == VERDICT_HANG) {
		result->violations = VIOLATION_LIVELOCK;
		describe(host, "no progress for 5 s:", result->detail, sizeof(result->detail));
	}
	kill_all(first);
	return verdict;
}

static void list_cpus(struct host *host)
{
	cpu_set_t set;

	host->nr_cpus = 0;
	if (sched_getaffinity(0, sizeof(set), &set) == 0) {
		for (int i = 0; i < CPU_SETSIZE && host->nr_cpus < HOST_MAX_CPUS; i++) {
			if (CPU_ISSET(i, &set))
				host->cpus[host->nr_cpus++] = i;
		}
	}
	if (host->nr_cpus == 0)
		host->cpus[host->nr_cpus++] = 0;
}

/* The tool's handlers and its terminal are no concern of ours; SIGCHLD is for sigtimedwait(). */
static void settle(struct host *host)
{
	sigset_t child;

	host->supervisor = getpid();
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child, NULL);
}

/* Not in every libc's headers; Linux 6.18. */
#define THP_EXCEPT_ADVISED (1 << 1)

/* Pages of a test stay single pages, unless it asks for others. Unprivileged, inherited by fork. */
static void forbid_huge_pages(struct host *host)
{
	if (!host->uses_thp)
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	else if (prctl(PR_SET_THP_DISABLE, 1, THP_EXCEPT_ADVISED, 0, 0) == 0)
		host->only_advised = true;
	else
		prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}

/* Numbers that only files with a meaning of their own shall have (HOST_FD_FREE). */
static bool reserve_numbers(void)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0)
		return false;
	for (int i = STDERR_FILENO + 1; i < HOST_FD_FREE; i++) {
		if (i != fd && dup3(fd, i, O_CLOEXEC) < 0)
			return false;
	}
	if (fd >= HOST_FD_FREE)
		close(fd);
	return host_uffd_prepare();
}

/*
 * What a process that is gone has held is given back a little later, by a worker: the huge pages
 * that its io_uring had pinned. The next iteration is to find the pool as full as this did.
 * free_pages < 0: the test has no part in it.
 */
static bool wait_for_pool(const struct host *host, long free_pages)
{
	const struct timespec tick = {.tv_nsec = 200000};

	if (free_pages < 0)
		return true;
	for (int ticks = 0; host_pool_free(host->huge_size) < free_pages; ticks++) {
		if (ticks == POOL_LIMIT_MS * 5)
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}

/* Have there been enough iterations for the time that they take? */
static bool is_enough(const struct host *host, double start)
{
	return host->nr_least > 0 && host->shared->nr_done >= host->nr_least &&
	       clock_seconds() - start > host->budget;
}

/* Until there are enough, or one can't be run to its end. */
static void repeat(struct host *host, long free_pages)
{
	struct host_shared *shared = host->shared;
	const double start = clock_seconds();

	/* One hang is proof enough, and each takes seconds. */
	while (shared->nr_done < shared->nr_total && !shared->hung && !atomic_load(&shared->stop)) {
		enum verdict verdict;

		if (!wait_for_pool(host, free_pages)) {
			snprintf(shared->reason, sizeof(shared->reason),
				 "huge pages are still in use %d s after a run of the test",
				 POOL_LIMIT_MS / 1000);
			return;
		}
		host->iteration = shared->nr_done;
		host_choose_means(host);
		verdict = run_iteration(host, &shared->results[shared->nr_done]);
		if (verdict == VERDICT_STOPPED)
			return;
		shared->hung = verdict == VERDICT_HANG;
		shared->nr_done++;
		if (is_enough(host, start))
			shared->nr_total = shared->nr_done;
	}
}

static void run_iterations(struct host *host)
{
	const long free_pages = host_has_hugetlb(host->test) ? host_pool_free(host->huge_size) : -1;

	repeat(host, free_pages);
	/* The next test must not find pages in the pool that this one has still in use. */
	wait_for_pool(host, free_pages);
	host_refusal_text(host->shared, host->shared->reason, sizeof(host->shared->reason));
}

void host_supervise(struct host *host)
{
	struct host_shared *shared = host->shared;

	settle(host);
	forbid_huge_pages(host);
	list_cpus(host);
	if (!reserve_numbers()) {
		snprintf(shared->reason, sizeof(shared->reason), "no files for a test: %s",
			 strerror(errno));
		shared->failed = true;
	} else if (host_probe(host)) {
		run_iterations(host);
	}
	shared->finished = true;
}
