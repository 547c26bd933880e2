/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_force.c - another process's memory with FOLL_FORCE, as PTRACE_PEEKDATA and POKEDATA have it
 *
 * /proc/PID/mem uses FOLL_FORCE as they do, and needs no stopped tracee. Since v6.12 a kernel can
 * want its user to be the tracer (41e8149c8892 "proc: add config & param to block forcing mem
 * writes", CONFIG_PROC_MEM_FORCE_PTRACE). There, a helper thread becomes the tracer with
 * PTRACE_SEIZE, which stops nobody, and ends as soon as it has read or written: with it ends the
 * tracing, for which PTRACE_DETACH would want a tracee that is stopped.
 */
#include "targets/host.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"

#define HELPER_STACK (64 * 1024)

struct access {
	int pid;
	int fd; /* /proc/PID/mem */
	bool write;
	uint64_t addr;
	void *value;
	size_t size;
	long result;            /* of read(2) or write(2), or of ptrace(2) where that failed */
	bool traced;            /* it could be traced */
	_Atomic uint32_t alive; /* cleared by the kernel when the helper has ended */
};

static void access_memory(struct access *access)
{
	access->result =
		access->write ? host_pwrite(access->fd, access->value, access->size, access->addr)
			      : host_pread(access->fd, access->value, access->size, access->addr);
}

static int helper_main(void *argument)
{
	struct access *access = argument;

	access->result = host_syscall(SYS_ptrace, PTRACE_SEIZE, access->pid, 0, 0, 0, 0);
	access->traced = access->result == 0;
	if (access->traced)
		access_memory(access);
	return 0;
}

/* Let a helper trace the process and access its memory. Returns 0, or -errno: there is no helper.
 */
static long access_as_tracer(struct access *access)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_CHILD_CLEARTID;
	long stack = host_syscall(SYS_mmap, 0, HELPER_STACK, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long error = 0;
	uint32_t alive;

	if (stack < 0)
		return stack;
	access->traced = false;
	atomic_store(&access->alive, 1);
	if (clone(helper_main, (void *)(stack + HELPER_STACK), flags, access, NULL, NULL,
		  &access->alive) < 0)
		error = -errno;
	while (!error && (alive = atomic_load(&access->alive)) != 0)
		host_futex_wait(&access->alive, alive);
	host_syscall(SYS_munmap, stack, HELPER_STACK, 0, 0, 0, 0);
	return error;
}

/*
 * A process has one tracer at a time: wait for the helper of another task, or of our last access,
 * to be gone. Nor can it be traced once it is about to end, and then it has no memory either.
 */
static void access_by_force(struct host *host, int task, struct access *access)
{
	if (!host->shared->force_by_tracer) {
		access_memory(access);
		return;
	}
	if (host->test->tasks[task].process == host->process)
		host_refuse(host,
			    "this kernel lets only a tracer use FOLL_FORCE, and no thread traces "
			    "its own process",
			    0);
	do {
		long error = access_as_tracer(access);

		if (error)
			host_refuse(host, "clone() of a thread", error);
		if (access->traced || access->result != -EPERM)
			return;
		host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	} while (host_process_of(host, task));
	access->result = -ESRCH;
}

/* Opens the file as user space does for any process, or refuses. -ESRCH: there is none. */
static long open_memory(struct host *host, int pid)
{
	char path[32] = "/proc/";
	long fd;

	strcpy(host_decimal((unsigned)pid, path + strlen(path)), "/mem");
	fd = host_open(path, O_RDWR | O_CLOEXEC);
	if (fd == -ENOENT || fd == -ESRCH)
		return -ESRCH;
	if (fd < 0)
		host_refuse(host, "/proc/PID/mem", fd);
	return fd;
}

long host_access_forced(struct host *host, const struct litmus_op *op, int *value)
{
	struct access access = {
		.pid = host_process_of(host, op->task),
		.write = op->code == LITMUS_PTRACE_POKEDATA,
		.addr = host_address(host, op->addr),
		.value = value,
		.size = sizeof(*value),
	};
	long fd = access.pid ? open_memory(host, access.pid) : -ESRCH;

	if (fd < 0)
		return fd;
	access.fd = (int)fd;
	access_by_force(host, op->task, &access);
	host_close(access.fd);
	/* 0: the process has no memory any more. */
	if (access.result == 0 || access.result == -ESRCH)
		return -ESRCH;
	return access.result < 0 ? -EIO : 0;
}

/* Can the read-only page be written to in the process? */
static bool can_write(struct host *host, int pid, unsigned char *page, bool as_tracer)
{
	unsigned char value = 3;
	struct access access = {
		.pid = pid,
		.fd = (int)open_memory(host, pid),
		.write = true,
		.addr = (uint64_t)(uintptr_t)page,
		.value = &value,
		.size = sizeof(value),
	};

	if (access.fd < 0)
		return false;
	if (!as_tracer)
		access_memory(&access);
	else if (access_as_tracer(&access))
		access.result = -1;
	host_close(access.fd);
	return access.result == 1;
}

/* A child with the same pages, that waits to be killed. */
static pid_t fork_sleeper(void)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static bool can_write_as_tracer(struct host *host, unsigned char *page)
{
	pid_t child = fork_sleeper();
	bool written;

	if (child < 0)
		host_refuse(host, "fork()", -errno);
	written = can_write(host, child, page, true);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return written;
}

const char *host_probe_force(struct host *host, unsigned char *page)
{
	bool able;

	host_syscall(SYS_mprotect, (long)page, host->page_size, PROT_READ, 0, 0, 0);
	able = can_write(host, getpid(), page, false);
	host->shared->force_by_tracer = !able;
	if (!able)
		able = can_write_as_tracer(host, page);
	host_syscall(SYS_mprotect, (long)page, host->page_size, PROT_READ | PROT_WRITE, 0, 0, 0);
	return able ? NULL : "this kernel does not let /proc/PID/mem use FOLL_FORCE";
}
