/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_probe.c - what this kernel, with our privileges, can do */
#include "targets/host.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/host_map.h"
#include "targets/host_move.h"
#include "targets/host_pages.h"
#include "targets/host_sys.h"
#include "targets/host_system.h"
#include "targets/host_uffd.h"

/* A probe takes milliseconds. */
#define LIMIT_SECONDS 5

/* How the process that probes ends. */
enum probe_exit {
	PROBE_ABLE,
	PROBE_UNABLE, /* the reason has been written */
};

/* Each probe has a private page of its own, written to, and returns NULL or why not. */

static const char *probe_pagemap(struct host *host, unsigned char *page)
{
	if (host_pagemap(host, (uint64_t)(uintptr_t)page))
		return NULL;
	return "/proc/self/pagemap does not show frame numbers (needs CAP_SYS_ADMIN)";
}

static const char *probe_soft_dirty(struct host *host, unsigned char *page)
{
	uint64_t addr = (uint64_t)(uintptr_t)page;
	long fd = host_open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool cleared, set;

	if (fd < 0)
		return "there is no /proc/self/clear_refs";
	host_write((int)fd, "4", 1);
	host_close((int)fd);
	cleared = !(host_pagemap_entry(host, addr) & HOST_PAGEMAP_SOFT_DIRTY);
	*(volatile unsigned char *)page = 2;
	set = host_pagemap_entry(host, addr) & HOST_PAGEMAP_SOFT_DIRTY;
	return cleared && set ? NULL : "this kernel does not track soft-dirty pages";
}

static const char *probe_process_vm(struct host *host, unsigned char *page)
{
	unsigned char value;
	struct iovec local = {&value, 1};
	struct iovec remote = {page, 1};

	(void)host;
	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1)
		return NULL;
	return "process_vm_readv() does not work here";
}

static const char *probe_uffd(struct host *host, unsigned char *page)
{
	(void)page;
	return host_probe_uffd(host);
}

static const char *probe_move_pages(struct host *host, unsigned char *page)
{
	(void)host;
	(void)page;
	return host_probe_move_pages();
}

static const char *probe_split(struct host *host, unsigned char *page)
{
	(void)page;
	return host_probe_split(host, host_object_address(host, 0));
}

static const char *probe_drain(struct host *host, unsigned char *page)
{
	if (host_syscall(SYS_madvise, (long)page, host->page_size, 20 /* MADV_COLD */, 0, 0, 0) ==
	    0)
		return NULL;
	return "no madvise(MADV_COLD), which would drain the LRU add cache (v5.4)";
}

struct probe {
	enum litmus_opcode opcode;
	const char *(*run)(struct host *host, unsigned char *page);
};

static const struct probe probes[] = {
	{LITMUS_PAGEMAP, probe_pagemap},
	{LITMUS_CLEAR_REFS, probe_soft_dirty},
	{LITMUS_PTRACE_PEEKDATA, host_probe_force},
	{LITMUS_PTRACE_POKEDATA, host_probe_force},
	{LITMUS_PROCESS_VM_READV, probe_process_vm},
	{LITMUS_PROCESS_VM_WRITEV, probe_process_vm},
	{LITMUS_LRU_ADD_DRAIN, probe_drain},
	{LITMUS_USERFAULTFD, probe_uffd},
	{LITMUS_MOVE_PAGES, probe_move_pages},
	{LITMUS_SPLIT_HUGE_PAGE, probe_split},
};

static bool has_thp(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].kind.backing == LITMUS_THP)
			return true;
	}
	return false;
}

static bool run_probes(struct host *host, unsigned char *page, char *reason, size_t size)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		const char *missing;

		if (!litmus_uses(host->test, probes[i].opcode))
			continue;
		*(volatile unsigned char *)page = 1;
		missing = probes[i].run(host, page);
		if (missing) {
			snprintf(reason, size, "%s", missing);
			return false;
		}
	}
	return true;
}

static const char *missing_thp(struct host *host)
{
	/* Beside all objects: nothing is mapped there. */
	if (has_thp(host->test))
		return host_probe_thp(host, host_object_address(host, LITMUS_MAX_OBJECTS));
	if (host->uses_thp && access("/sys/kernel/mm/transparent_hugepage", F_OK))
		return "this kernel has no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)";
	return NULL;
}

static bool have_thp(struct host *host, char *reason, size_t size)
{
	const char *missing = missing_thp(host);

	if (missing)
		snprintf(reason, size, "%s", missing);
	return !missing;
}

/*
 * Is /proc that of our own PID namespace? Where it is another's, /proc/PID is another process,
 * whose memory we must not touch; where there is none, nothing of what follows works.
 */
static bool proc_is_ours(char *reason, size_t size)
{
	char self[32], pid[32];
	ssize_t length = readlink("/proc/self", self, sizeof(self) - 1);

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	if (length > 0) {
		self[length] = '\0';
		if (strcmp(self, pid) == 0)
			return true;
	}
	snprintf(reason, size, "%s",
		 length > 0 ? "/proc belongs to another PID namespace" : "/proc is not mounted");
	return false;
}

static bool run_all(struct host *host, char *reason, size_t size)
{
	/* Two: what has pinned the first lets go of it some time later, as io_uring does. */
	unsigned char *page = mmap(NULL, 2 * (size_t)host->page_size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		snprintf(reason, size, "out of memory");
		return false;
	}
	return proc_is_ours(reason, size) && host_probe_pins(host, page, reason, size) &&
	       have_thp(host, reason, size) &&
	       run_probes(host, page + host->page_size, reason, size);
}

/* False: it did not end in time, and was killed. */
static bool wait_for_probe(pid_t pid, int *status)
{
	const struct timespec limit = {.tv_sec = LIMIT_SECONDS};
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (waitpid(pid, status, WNOHANG) == 0) {
		if (sigtimedwait(&child, NULL, &limit) == SIGCHLD || errno == EINTR)
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, status, 0);
		return false;
	}
	return true;
}

bool host_probe(struct host *host)
{
	struct host_shared *shared = host->shared;
	const size_t size = sizeof(shared->reason);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != host->supervisor)
			_exit(PROBE_UNABLE);
		_exit(run_all(host, shared->reason, size) ? PROBE_ABLE : PROBE_UNABLE);
	}
	if (pid < 0)
		snprintf(shared->reason, size, "fork(): %s", strerror(errno));
	else if (!wait_for_probe(pid, &status))
		snprintf(shared->reason, size, "what the test needs, tried out, takes over %d s",
			 LIMIT_SECONDS);
	else if (host_is_refused(shared))
		host_refusal_text(shared, shared->reason, size);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == PROBE_ABLE)
		return true;
	else if (!shared->reason[0])
		snprintf(shared->reason, size,
			 "trying out what the test needs ended early (status %#x)",
			 (unsigned)status);
	return false;
}
