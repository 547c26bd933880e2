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

#include "targets/host_sys.h"

/* Entries of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGEMAP_PFN        ((UINT64_C(1) << 55) - 1)
#define PAGEMAP_SOFT_DIRTY (UINT64_C(1) << 55)
#define PAGEMAP_PRESENT    (UINT64_C(1) << 63)

uint64_t host_pagemap_entry(const struct host *host, uint64_t addr)
{
	uint64_t entry = 0;
	long fd = host_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (host_pread((int)fd, &entry, sizeof(entry),
		       addr / (uint64_t)host->page_size * sizeof(entry)) != (long)sizeof(entry))
		entry = 0;
	host_close((int)fd);
	return entry;
}

uint64_t host_pagemap(const struct host *host, uint64_t addr)
{
	uint64_t entry = host_pagemap_entry(host, addr);

	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

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
	cleared = !(host_pagemap_entry(host, addr) & PAGEMAP_SOFT_DIRTY);
	*(volatile unsigned char *)page = 2;
	set = host_pagemap_entry(host, addr) & PAGEMAP_SOFT_DIRTY;
	return cleared && set ? NULL : "this kernel does not track soft-dirty pages";
}

/* Since v6.12 a kernel may keep /proc/PID/mem from overriding protections. */
static const char *probe_force(struct host *host, unsigned char *page)
{
	unsigned char value = 3;
	long fd = host_open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return "/proc/PID/mem can't be opened";
	host_syscall(SYS_mprotect, (long)page, host->page_size, PROT_READ, 0, 0, 0);
	written = host_pwrite((int)fd, &value, 1, (uint64_t)(uintptr_t)page) == 1;
	host_syscall(SYS_mprotect, (long)page, host->page_size, PROT_READ | PROT_WRITE, 0, 0, 0);
	host_close((int)fd);
	return written ? NULL : "this kernel does not let /proc/PID/mem use FOLL_FORCE";
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
	{LITMUS_PTRACE_PEEKDATA, probe_force},
	{LITMUS_PTRACE_POKEDATA, probe_force},
	{LITMUS_PROCESS_VM_READV, probe_process_vm},
	{LITMUS_PROCESS_VM_WRITEV, probe_process_vm},
	{LITMUS_LRU_ADD_DRAIN, probe_drain},
};

static bool uses(const struct litmus_test *test, enum litmus_opcode opcode)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			if (test->tasks[i].ops[j].code == opcode)
				return true;
		}
	}
	return false;
}

static bool run_probes(struct host *host, unsigned char *page, char *reason, size_t size)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		const char *missing;

		if (!uses(host->test, probes[i].opcode))
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
	unsigned char *page = mmap(NULL, (size_t)host->page_size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		snprintf(reason, size, "out of memory");
		return false;
	}
	return proc_is_ours(reason, size) && host_probe_pins(host, page, reason, size) &&
	       run_probes(host, page, reason, size);
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
