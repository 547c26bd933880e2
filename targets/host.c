/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c - run a litmus test on the running kernel: start it, watch it, put its results together */
#include "targets/host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "targets/clock.h"
#include "targets/host_system.h"

/*
 * Iterations, where the caller leaves it to us: so many, or fewer (but no less than that) where
 * they take longer. Taking turns leaves little to chance.
 */
#define ITERATIONS_CONCURRENT       200
#define LEAST_ITERATIONS_CONCURRENT 15
#define BUDGET_CONCURRENT           0.06 /* seconds */
#define ITERATIONS_IN_TURN          20
#define LEAST_ITERATIONS_IN_TURN    5
#define BUDGET_IN_TURN              0.02

/* Of the least, where each takes ten times as long as elsewhere. */
#define SHARE_IF_SLOW 3

/* The tasks share one thread-local storage (host_sys.h), which ThreadSanitizer can't bear. */
#if defined(__SANITIZE_THREAD__)
#define HAVE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAVE_TSAN 1
#endif
#endif
#ifndef HAVE_TSAN
#define HAVE_TSAN 0
#endif

static void end_run(struct run_result *result, enum run_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void end_run(struct run_result *result, enum run_status status, const char *format, ...)
{
	va_list arguments;

	result->status = status;
	va_start(arguments, format);
	vsnprintf(result->reason, sizeof(result->reason), format, arguments);
	va_end(arguments);
}

static bool has_threads(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		if (test->tasks[i].birth == LITMUS_BORN_START ||
		    test->tasks[i].birth == LITMUS_BORN_THREAD)
			return true;
	}
	return false;
}

/*
 * The frame of a handle is found by looking at the page table just after it was taken; that is
 * right only if no other task changes the page table in between.
 */
static bool can_know_frames(const struct litmus_test *test,
			    bool alone[LITMUS_MAX_TASKS][LITMUS_MAX_OPS])
{
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			if (litmus_op_info(test->tasks[i].ops[j].code)->makes_handle &&
			    !alone[i][j])
				return false;
		}
	}
	return true;
}

static bool uses_thp(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].kind.backing == LITMUS_THP)
			return true;
	}
	return host_uses_advice(test, LITMUS_MADV_HUGEPAGE) ||
	       host_uses_advice(test, LITMUS_MADV_NOHUGEPAGE) ||
	       host_uses_advice(test, LITMUS_MADV_COLLAPSE);
}

static bool can_run(const struct litmus_test *test, char *reason, size_t size)
{
	bool alone[LITMUS_MAX_TASKS][LITMUS_MAX_OPS];

	if (HAVE_TSAN) {
		snprintf(reason, size, "this cowherd was built with ThreadSanitizer");
		return false;
	}
	if (!host_can_hold(test, reason, size))
		return false;
	host_is_concurrent(test, alone);
	if (litmus_uses(test, LITMUS_PAGEMAP) && !can_know_frames(test, alone)) {
		snprintf(reason, size,
			 "pagemap() can't tell the frame of what was taken beside other tasks");
		return false;
	}
	return true;
}

/* Memory that children have too: private, a copy of its own for each; shared, the same. */
static void *map_pages(size_t size, int sharing)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static size_t shared_size(unsigned nr_results)
{
	return sizeof(struct host_shared) + nr_results * sizeof(struct host_result);
}

static void free_host(struct host *host, unsigned nr_results)
{
	if (host->shared)
		munmap(host->shared, shared_size(nr_results));
	if (host->stacks)
		munmap(host->stacks, (size_t)LITMUS_MAX_TASKS * HOST_STACK_SIZE);
	munmap(host, sizeof(*host));
}

static struct host *make_host(const struct litmus_test *test, unsigned nr_results)
{
	struct host *host = map_pages(sizeof(*host), MAP_PRIVATE);

	if (!host)
		return NULL;
	host->test = test;
	host->page_size = sysconf(_SC_PAGESIZE);
	/* A page table is one page of 8-byte entries, and a PMD maps what one of PTEs does. */
	host->huge_size = (uint64_t)host->page_size * ((uint64_t)host->page_size / 8);
	host->concurrent = host_is_concurrent(test, NULL);
	host->uses_pagemap = litmus_uses(test, LITMUS_PAGEMAP);
	host->uses_tracing = litmus_uses(test, LITMUS_PTRACE_PEEKDATA) ||
			     litmus_uses(test, LITMUS_PTRACE_POKEDATA) ||
			     litmus_uses(test, LITMUS_PROCESS_VM_READV) ||
			     litmus_uses(test, LITMUS_PROCESS_VM_WRITEV);
	host->gated = litmus_uses(test, LITMUS_EXIT) && has_threads(test) &&
		      host_observes_memory(test, LITMUS_MAX_TASKS);
	host->first_observed = host_observes_memory(test, 1);
	host->uses_thp = uses_thp(test);
	host->shared = map_pages(shared_size(nr_results), MAP_SHARED);
	host->stacks = map_pages((size_t)LITMUS_MAX_TASKS * HOST_STACK_SIZE, MAP_PRIVATE);
	if (!host->shared || !host->stacks) {
		free_host(host, nr_results);
		return NULL;
	}
	host->shared->nr_total = nr_results;
	return host;
}

static pid_t start_supervisor(struct host *host)
{
	pid_t tool = getpid();
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	/* Nothing is left running when the tool is killed; the tasks are bound to us likewise. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != tool)
		_exit(1);
	host_supervise(host);
	_exit(0);
}

/* Wait for the supervisor's end, and tell it when the user wants ours. Returns its status. */
static int wait_for_supervisor(struct host *host, const struct run_options *options, pid_t pid)
{
	struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	int status = 0;

	for (;;) {
		pid_t ended = waitpid(pid, &status, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			break;
		if (options->stop && *options->stop)
			atomic_store(&host->shared->stop, true);
		/* Without pidfd_open(), which is of v5.3, look every now and then. */
		poll(&end, 1, end.fd < 0 ? 1 : 50);
	}
	if (end.fd >= 0)
		close(end.fd);
	return status;
}

static bool add_result(const struct litmus_test *test, const struct host_result *from,
		       struct run_result *result)
{
	bool broken = from->violations != VIOLATION_NONE;
	struct outcome *outcome = run_result_add(result, test, broken ? NULL : from->values,
						 broken ? from->detail : NULL, 1, NULL, 0);

	if (!outcome)
		return false;
	if (broken)
		outcome->violations = from->violations;
	return true;
}

static void gather(const struct litmus_test *test, const struct host_shared *shared,
		   struct run_result *result)
{
	for (unsigned i = 0; i < shared->nr_done; i++) {
		if (!add_result(test, &shared->results[i], result)) {
			end_run(result, RUN_FAILED, "out of memory");
			return;
		}
	}
	run_result_finish(result, test);
	result->status = RUN_DONE;
	if (shared->nr_done == shared->nr_total)
		return;
	if (shared->hung)
		end_run(result, RUN_INCOMPLETE, "hung in iteration %u of %u", shared->nr_done,
			shared->nr_total);
	else
		end_run(result, RUN_INCOMPLETE, "stopped after %u of %u iterations",
			shared->nr_done, shared->nr_total);
}

static void run(struct host *host, const struct run_options *options, struct run_result *result)
{
	pid_t pid = start_supervisor(host);
	int status;

	if (pid < 0) {
		end_run(result, RUN_FAILED, "fork(): %s", strerror(errno));
		return;
	}
	status = wait_for_supervisor(host, options, pid);
	if (!host->shared->finished)
		end_run(result, RUN_FAILED, "the supervisor of the test ended early (status %#x)",
			(unsigned)status);
	else if (host->shared->reason[0])
		end_run(result, host->shared->failed ? RUN_FAILED : RUN_SKIPPED, "%s",
			host->shared->reason);
	else
		gather(host->test, host->shared, result);
}

/* The system is as the test needs it for as long as the run takes. */
static void run_guarded(struct host *host, const struct run_options *options,
			struct run_result *result)
{
	struct host_needs needs = {.huge_size = host->huge_size};
	struct host_system system;
	char reason[256];

	host_find_needs(host->test, &needs);
	if (host_system_take(&system, &needs, options->stop, reason, sizeof(reason))) {
		run(host, options, result);
		host_system_return(&system);
	} else if (reason[0]) {
		end_run(result, RUN_SKIPPED, "%s", reason);
	} else {
		end_run(result, RUN_INCOMPLETE, "stopped after 0 of %u iterations",
			host->shared->nr_total);
	}
}

static void limit_iterations(struct host *host, bool slowly)
{
	host->nr_least = host->concurrent ? LEAST_ITERATIONS_CONCURRENT : LEAST_ITERATIONS_IN_TURN;
	if (slowly)
		host->nr_least = (host->nr_least + SHARE_IF_SLOW - 1) / SHARE_IF_SLOW;
	host->budget = host->concurrent ? BUDGET_CONCURRENT : BUDGET_IN_TURN;
}

void host_run(const struct litmus_test *test, const struct run_options *options,
	      struct run_result *result)
{
	double start = clock_seconds();
	unsigned iterations = options->host_iterations;
	struct host *host;

	memset(result, 0, sizeof(*result));
	if (!can_run(test, result->reason, sizeof(result->reason))) {
		result->status = RUN_SKIPPED;
		return;
	}
	if (!iterations)
		iterations =
			host_is_concurrent(test, NULL) ? ITERATIONS_CONCURRENT : ITERATIONS_IN_TURN;
	host = make_host(test, iterations);
	if (!host) {
		end_run(result, RUN_FAILED, "out of memory");
		return;
	}
	if (!options->host_iterations)
		limit_iterations(host, options->host_slowly);
	run_guarded(host, options, result);
	free_host(host, iterations);
	result->seconds = clock_seconds() - start;
}
