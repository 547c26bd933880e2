/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_call.c - the operations of a test that are calls into memory management */
#include "targets/host.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "targets/host_sys.h"

uint64_t host_address(const struct host *host, struct litmus_addr addr)
{
	const struct litmus_var *var = &host->test->vars[addr.var];

	return HOST_BASE + (uint64_t)var->object * HOST_STRIDE +
	       (uint64_t)addr.page * (uint64_t)host->page_size + (uint64_t)var->word * sizeof(int);
}

static uint64_t page_address(const struct host *host, struct litmus_addr addr)
{
	return host_address(host, addr) & ~((uint64_t)host->page_size - 1);
}

static int map_prot(unsigned prot)
{
	return (prot & LITMUS_PROT_READ ? PROT_READ : 0) |
	       (prot & LITMUS_PROT_WRITE ? PROT_WRITE : 0);
}

static int advice(unsigned litmus)
{
	static const int advices[] = {
		[LITMUS_MADV_DONTNEED] = MADV_DONTNEED,
		[LITMUS_MADV_DONTFORK] = MADV_DONTFORK,
		[LITMUS_MADV_DOFORK] = MADV_DOFORK,
		[LITMUS_MADV_WIPEONFORK] = MADV_WIPEONFORK,
		[LITMUS_MADV_KEEPONFORK] = MADV_KEEPONFORK,
		[LITMUS_MADV_POPULATE_READ] = 22, /* Linux 5.14; not in every libc's headers */
		[LITMUS_MADV_POPULATE_WRITE] = 23,
	};

	return advices[litmus];
}

static long map_memory(const struct litmus_op *op, long addr, long length)
{
	int flags = MAP_ANONYMOUS | MAP_FIXED |
		    (op->map == LITMUS_MAP_SHARED ? MAP_SHARED : MAP_PRIVATE);
	long result = host_syscall(SYS_mmap, addr, length, map_prot(op->flags), flags, -1, 0);

	return result < 0 ? result : 0;
}

static long move_memory(struct host *host, const struct litmus_op *op, long addr, long length)
{
	long result = host_syscall(SYS_mremap, addr, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
				   (long)page_address(host, op->to), 0);

	return result < 0 ? result : 0;
}

/* Pid of a task's process; 0: it doesn't run. */
static int process_of(struct host *host, int task)
{
	struct host_process *process =
		&host->shared->now.processes[host->test->tasks[task].process];

	return atomic_load(&process->state) == HOST_RUNNING ? atomic_load(&process->pid) : 0;
}

/* /proc/PID/mem, which uses FOLL_FORCE like PTRACE_PEEKDATA but needs no stopped tracee. */
static long access_forced(struct host *host, const struct litmus_op *op, int *value)
{
	char path[32] = "/proc/";
	int pid = process_of(host, op->task);
	long fd, result;

	if (!pid)
		return -ESRCH;
	strcpy(host_decimal((unsigned)pid, path + strlen(path)), "/mem");
	fd = host_open(path, O_RDWR | O_CLOEXEC);
	if (fd == -ENOENT || fd == -ESRCH)
		return -ESRCH;
	if (fd < 0)
		host_refuse(host, "/proc/PID/mem", fd);
	if (op->code == LITMUS_PTRACE_POKEDATA)
		result = host_pwrite((int)fd, value, sizeof(*value), host_address(host, op->addr));
	else
		result = host_pread((int)fd, value, sizeof(*value), host_address(host, op->addr));
	host_close((int)fd);
	/* 0: the process has no memory any more. */
	return result == 0 ? -ESRCH : result < 0 ? -EIO : 0;
}

static long access_remote(struct host *host, const struct litmus_op *op, int *value)
{
	struct iovec local = {value, sizeof(*value)};
	struct iovec remote = {(void *)(uintptr_t)host_address(host, op->addr), sizeof(*value)};
	long nr =
		op->code == LITMUS_PROCESS_VM_WRITEV ? SYS_process_vm_writev : SYS_process_vm_readv;
	int pid = process_of(host, op->task);
	long result;

	if (!pid)
		return -ESRCH;
	result = host_syscall(nr, pid, (long)&local, 1, (long)&remote, 1, 0);
	if (result == -EPERM)
		host_refuse(host, "process_vm_readv() of a process of our own", result);
	return result < 0 ? result : 0;
}

static long clear_refs(struct host *host)
{
	long fd = host_open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	long result;

	if (fd < 0)
		host_refuse(host, "/proc/self/clear_refs", fd);
	result = host_write((int)fd, "4", 1);
	host_close((int)fd);
	return result < 0 ? result : 0;
}

/* MADV_COLD (Linux 5.4) begins with lru_add_drain(); of a page that was never touched it is all. */
static long drain_lru(struct host *host)
{
	long page = host_syscall(SYS_mmap, 0, host->page_size, PROT_READ,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	if (page < 0)
		host_refuse(host, "mmap() of a page to drain", page);
	result = host_syscall(SYS_madvise, page, host->page_size, 20 /* MADV_COLD */, 0, 0, 0);
	if (result < 0)
		host_refuse(host, "madvise(MADV_COLD)", result);
	host_syscall(SYS_munmap, page, host->page_size, 0, 0, 0, 0);
	return 0;
}

/* What is held, and the device that uses it. */
static int64_t use_handle(struct host *host, struct host_handle *handle, const struct litmus_op *op,
			  int value)
{
	switch (op->code) {
	case LITMUS_DMA_READ:
		return host_dma_read(host, handle, op->handle_page);
	case LITMUS_DMA_WRITE:
		return host_dma_write(host, handle, op->handle_page, value);
	case LITMUS_PAGEMAP:
		if (op->handle_page >= handle->nr_pages)
			return -EBADF;
		return host_pagemap(host, host_address(host, op->addr)) ==
		       handle->pfn[op->handle_page];
	default:
		return host_drop(host, handle);
	}
}

int64_t host_call(struct host *host, int task, const struct litmus_op *op, int value)
{
	struct host_handle *handles = host->handles[task];
	uint64_t addr = host_address(host, op->addr);
	long page = (long)(addr & ~((uint64_t)host->page_size - 1));
	long length = op->nr_pages * host->page_size;
	long error;

	switch (op->code) {
	case LITMUS_MMAP:
		return map_memory(op, page, length);
	case LITMUS_MUNMAP:
		return host_syscall(SYS_munmap, page, length, 0, 0, 0, 0);
	case LITMUS_MPROTECT:
		return host_syscall(SYS_mprotect, page, length, map_prot(op->flags), 0, 0, 0);
	case LITMUS_MREMAP:
		return move_memory(host, op, page, length);
	case LITMUS_MADVISE:
		return host_syscall(SYS_madvise, page, length, advice(op->flags), 0, 0, 0);
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return host_take(host, op, addr, &handles[op->dest]);
	case LITMUS_PUT_PAGE:
	case LITMUS_UNPIN_USER_PAGE:
	case LITMUS_BIO_RELEASE_PAGES:
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
	case LITMUS_PAGEMAP:
		return use_handle(host, &handles[op->handle], op, value);
	case LITMUS_PTRACE_PEEKDATA:
		error = access_forced(host, op, &value);
		return error ? error : value;
	case LITMUS_PTRACE_POKEDATA:
		return access_forced(host, op, &value);
	case LITMUS_PROCESS_VM_READV:
		error = access_remote(host, op, &value);
		return error ? error : value;
	case LITMUS_PROCESS_VM_WRITEV:
		return access_remote(host, op, &value);
	case LITMUS_CLEAR_REFS:
		return clear_refs(host);
	case LITMUS_LRU_ADD_DRAIN:
		return drain_lru(host);
	default:
		return -ENOSYS; /* host_can_hold() has said no to the page lock */
	}
}
