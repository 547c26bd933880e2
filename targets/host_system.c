/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_system.c - the guardian, which changes settings of the system and puts them back */
#include "targets/host_system.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/host_pages.h"

/* How long to wait for another cowherd to be done with a setting. */
#define LOCK_SECONDS 60
#define TICK_MS      10

/* Files of the test have lower numbers (HOST_FD_FREE), and the supervisor closes them. */
#define LOWEST_FD 64

bool host_uses_advice(const struct litmus_test *test, enum litmus_advice advice)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct litmus_op *op = &test->tasks[i].ops[j];

			if (op->code == LITMUS_MADVISE && op->flags == (unsigned)advice)
				return true;
		}
	}
	return false;
}

static bool needs_swap(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].kind.states & LITMUS_SWAPPED)
			return true;
	}
	return host_uses_advice(test, LITMUS_MADV_PAGEOUT);
}

/* Pages that nobody but handles may hold. */
static unsigned handle_pages(const struct litmus_test *test)
{
	unsigned pages = 0;

	for (int i = 0; i < test->nr_tasks; i++) {
		for (int reg = 0; reg < test->tasks[i].nr_registers; reg++)
			pages += (unsigned)test->tasks[i].registers[reg].handle_pages;
	}
	return pages;
}

/* What the test says, or a copy of each page for each task, and what handles hold. */
static void find_huge_pages(const struct litmus_test *test, struct host_needs *needs)
{
	unsigned pages = 0;

	for (int i = 0; i < test->nr_objects; i++) {
		if (host_is_hugetlb(&test->objects[i]))
			pages += (unsigned)test->objects[i].nr_pages;
	}
	needs->hugetlb = pages > 0;
	needs->exactly = test->nr_hugepages >= 0;
	needs->huge_pages = needs->exactly ? (unsigned)test->nr_hugepages
					   : pages * (unsigned)test->nr_tasks + handle_pages(test);
}

void host_find_needs(const struct litmus_test *test, struct host_needs *needs)
{
	find_huge_pages(test, needs);
	needs->swap = needs_swap(test);
	needs->ksm = litmus_uses(test, LITMUS_KSM_DO_SCAN) ||
		     host_uses_advice(test, LITMUS_MADV_MERGEABLE);
}

/* All that the guardian has changed, and its locks. */
struct settings {
	struct host_pool pool;
	struct host_swap swap;
	struct host_ksm ksm;
};

/* The other end of the pipe: is anybody left who holds it? */
static bool is_abandoned(int control, int wait_ms)
{
	struct pollfd end = {.fd = control};

	return poll(&end, 1, wait_ms) > 0;
}

/*
 * A lock on the setting's own file: no file of ours is left behind, and the kernel drops it with
 * the guardian. Returns the file or -1.
 */
static int lock(const char *path, int control, char *reason, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0) {
		snprintf(reason, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	for (int ticks = 0; ticks < LOCK_SECONDS * 1000 / TICK_MS; ticks++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (errno != EWOULDBLOCK || is_abandoned(control, TICK_MS))
			break;
	}
	snprintf(reason, size, "another process has had a lock on %s for too long", path);
	close(fd);
	return -1;
}

static bool take_pool(struct settings *settings, const struct host_needs *needs, int control,
		      char *reason, size_t size)
{
	char path[128];

	if (!needs->hugetlb)
		return true;
	host_pool_path(needs->huge_size, "nr_hugepages", path, sizeof(path));
	if (access(path, F_OK)) {
		snprintf(reason, size,
			 "this kernel has no hugetlb pages of %lu kB (CONFIG_HUGETLB_PAGE)",
			 (unsigned long)(needs->huge_size / 1024));
		return false;
	}
	return lock(path, control, reason, size) >= 0 &&
	       host_pool_take(&settings->pool, needs, reason, size);
}

static bool take_swap(struct settings *settings, const struct host_needs *needs, int control,
		      char *reason, size_t size)
{
	int fd;

	if (!needs->swap)
		return true;
	if (access("/proc/swaps", F_OK))
		return host_swap_take(&settings->swap, reason, size);
	/* What another cowherd has made must not count as the system's own: lock first. */
	fd = lock("/proc/swaps", control, reason, size);
	if (fd < 0 || !host_swap_take(&settings->swap, reason, size))
		return false;
	if (settings->swap.kind == HOST_SWAP_NONE)
		close(fd);
	return true;
}

static bool take_ksm(struct settings *settings, const struct host_needs *needs, int control,
		     char *reason, size_t size)
{
	const char *path = "/sys/kernel/mm/ksm/run";

	if (!needs->ksm)
		return true;
	if (access(path, F_OK))
		return host_ksm_take(&settings->ksm, reason, size);
	return lock(path, control, reason, size) >= 0 &&
	       host_ksm_take(&settings->ksm, reason, size);
}

static void restore(struct settings *settings)
{
	host_ksm_restore(&settings->ksm);
	host_swap_restore(&settings->swap);
	host_pool_restore(&settings->pool);
}

/* Always in the same order, so that no two guardians wait for each other. */
static bool take_all(struct settings *settings, const struct host_needs *needs, int control,
		     char *reason, size_t size)
{
	if (take_pool(settings, needs, control, reason, size) &&
	    take_swap(settings, needs, control, reason, size) &&
	    take_ksm(settings, needs, control, reason, size))
		return true;
	restore(settings);
	return false;
}

/* Signals that end the tool, or all that a terminal runs, are no concern of the guardian's. */
static void settle(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

	setsid();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

static void guard(const struct host_needs *needs, int control, int answer)
{
	struct settings settings = {0};
	char reason[256] = "";
	bool taken;

	settle();
	taken = take_all(&settings, needs, control, reason, sizeof(reason));
	/* If nobody is there to hear it, the pipe's end says so. */
	if (write(answer, reason, strlen(reason) + 1) < 0 && errno != EPIPE)
		taken = false;
	close(answer);
	while (taken && !is_abandoned(control, -1))
		;
	restore(&settings);
}

/* A pipe whose ends have high numbers. */
static bool make_pipe(int fds[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC))
		return false;
	for (int i = 0; i < 2; i++) {
		fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, LOWEST_FD);
		close(low[i]);
	}
	return fds[0] >= 0 && fds[1] >= 0;
}

/* Returns what the guardian says: "" if all is as needed. False: it, or *stop, ended the wait. */
static bool hear(int answer, const volatile sig_atomic_t *stop, char *text, size_t size)
{
	struct pollfd end = {.fd = answer, .events = POLLIN};
	ssize_t length;

	while (poll(&end, 1, TICK_MS) <= 0) {
		if (stop && *stop)
			return false;
	}
	length = read(answer, text, size - 1);
	text[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static pid_t start_guardian(struct host_system *system, const struct host_needs *needs,
			    const int answer[2])
{
	int control[2];
	pid_t pid;

	if (!make_pipe(control))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(control[1]);
		close(answer[0]);
		guard(needs, control[0], answer[1]);
		_exit(0);
	}
	close(control[0]);
	system->pipe = control[1];
	return pid;
}

bool host_system_take(struct host_system *system, const struct host_needs *needs,
		      const volatile sig_atomic_t *stop, char *reason, size_t size)
{
	int answer[2];
	bool heard;

	memset(system, 0, sizeof(*system));
	if (!needs->hugetlb && !needs->swap && !needs->ksm)
		return true;
	snprintf(reason, size, "a guardian of the system's settings can't be started");
	if (!make_pipe(answer))
		return false;
	system->guardian = start_guardian(system, needs, answer);
	close(answer[1]);
	if (system->guardian < 0) {
		close(answer[0]);
		return false;
	}
	snprintf(reason, size, "the guardian of the system's settings ended early");
	heard = hear(answer[0], stop, reason, size);
	close(answer[0]);
	if (heard && !reason[0])
		return true;
	if (!heard && stop && *stop)
		reason[0] = '\0';
	host_system_return(system);
	return false;
}

void host_system_return(struct host_system *system)
{
	if (system->guardian <= 0)
		return;
	close(system->pipe);
	while (waitpid(system->guardian, NULL, 0) < 0 && errno == EINTR)
		;
	system->guardian = 0;
}
