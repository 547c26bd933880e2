/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_call.c - the operations of a test that are calls into memory management */
#include "targets/host.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "targets/host_move.h"
#include "targets/host_pages.h"
#include "targets/host_sys.h"
#include "targets/host_uffd.h"

static int map_prot(unsigned prot)
{
	return (prot & LITMUS_PROT_READ ? PROT_READ : 0) |
	       (prot & LITMUS_PROT_WRITE ? PROT_WRITE : 0);
}

/* Those given as numbers are not in every libc's headers. */
static int advice(unsigned litmus)
{
	static const int advices[] = {
		[LITMUS_MADV_DONTNEED] = MADV_DONTNEED,
		[LITMUS_MADV_DONTFORK] = MADV_DONTFORK,
		[LITMUS_MADV_DOFORK] = MADV_DOFORK,
		[LITMUS_MADV_WIPEONFORK] = MADV_WIPEONFORK,
		[LITMUS_MADV_KEEPONFORK] = MADV_KEEPONFORK,
		[LITMUS_MADV_POPULATE_READ] = 22, /* Linux 5.14 */
		[LITMUS_MADV_POPULATE_WRITE] = 23,
		[LITMUS_MADV_FREE] = MADV_FREE,
		[LITMUS_MADV_WILLNEED] = MADV_WILLNEED,
		[LITMUS_MADV_PAGEOUT] = 21, /* Linux 5.4 */
		[LITMUS_MADV_HUGEPAGE] = MADV_HUGEPAGE,
		[LITMUS_MADV_NOHUGEPAGE] = MADV_NOHUGEPAGE,
		[LITMUS_MADV_COLLAPSE] = 25, /* Linux 6.1 */
		[LITMUS_MADV_MERGEABLE] = MADV_MERGEABLE,
		[LITMUS_MADV_UNMERGEABLE] = MADV_UNMERGEABLE,
	};

	return advices[litmus];
}

/* Base pages, unless MADV_HUGEPAGE asks for more later. */
static long map_memory(const struct host *host, const struct litmus_op *op, long addr, long length)
{
	int flags = MAP_ANONYMOUS | MAP_FIXED |
		    (op->map == LITMUS_MAP_SHARED ? MAP_SHARED : MAP_PRIVATE);
	long result = host_syscall(SYS_mmap, addr, length, map_prot(op->flags), flags, -1, 0);

	if (result < 0)
		return result;
	if (host->uses_thp && !host->only_advised)
		host_syscall(SYS_madvise, addr, length, MADV_NOHUGEPAGE, 0, 0, 0);
	return 0;
}

static long move_memory(struct host *host, const struct litmus_op *op, long addr, long length)
{
	long result = host_syscall(SYS_mremap, addr, length, length, MREMAP_MAYMOVE | MREMAP_FIXED,
				   (long)host_page_address(host, op->to), 0);

	return result < 0 ? result : 0;
}

int host_process_of(struct host *host, int task)
{
	struct host_process *process =
		&host->shared->now.processes[host->test->tasks[task].process];

	return atomic_load(&process->state) == HOST_RUNNING ? atomic_load(&process->pid) : 0;
}

static long access_remote(struct host *host, const struct litmus_op *op, int *value)
{
	struct iovec local = {value, sizeof(*value)};
	struct iovec remote = {(void *)(uintptr_t)host_address(host, op->addr), sizeof(*value)};
	long nr =
		op->code == LITMUS_PROCESS_VM_WRITEV ? SYS_process_vm_writev : SYS_process_vm_readv;
	int pid = host_process_of(host, op->task);
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

static long advise(struct host *host, const struct litmus_op *op, long addr, long length)
{
	if (op->flags == LITMUS_MADV_PAGEOUT)
		return host_pageout(host, (uint64_t)addr, (uint64_t)length);
	return host_syscall(SYS_madvise, addr, length, advice(op->flags), 0, 0, 0);
}

/* pread(2) and pwrite(2) of the int in the file that the object maps. */
static int64_t access_file(const struct host *host, const struct litmus_op *op, int value)
{
	const struct litmus_var *var = &host->test->vars[op->addr.var];
	uint64_t offset = host_address(host, op->addr) - host_object_address(host, var->object);
	int fd = HOST_FD_FILE + var->object;
	long result;

	if (op->code == LITMUS_PWRITE)
		result = host_pwrite(fd, &value, sizeof(value), offset);
	else
		result = host_pread(fd, &value, sizeof(value), offset);
	if (result < 0)
		return result;
	return op->code == LITMUS_PWRITE ? 0 : value;
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
	long page = (long)host_page_address(host, op->addr);
	long length = (long)host_length(host, op);
	long error;

	switch (op->code) {
	case LITMUS_MMAP:
		return map_memory(host, op, page, length);
	case LITMUS_MUNMAP:
		return host_syscall(SYS_munmap, page, length, 0, 0, 0, 0);
	case LITMUS_MPROTECT:
		return host_syscall(SYS_mprotect, page, length, map_prot(op->flags), 0, 0, 0);
	case LITMUS_MREMAP:
		return move_memory(host, op, page, length);
	case LITMUS_MADVISE:
		return advise(host, op, page, length);
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return host_take(host, task, op, addr, &handles[op->dest]);
	case LITMUS_PUT_PAGE:
	case LITMUS_UNPIN_USER_PAGE:
	case LITMUS_BIO_RELEASE_PAGES:
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
	case LITMUS_PAGEMAP:
		return use_handle(host, &handles[op->handle], op, value);
	case LITMUS_PTRACE_PEEKDATA:
		error = host_access_forced(host, op, &value);
		return error ? error : value;
	case LITMUS_PTRACE_POKEDATA:
		return host_access_forced(host, op, &value);
	case LITMUS_PROCESS_VM_READV:
		error = access_remote(host, op, &value);
		return error ? error : value;
	case LITMUS_PROCESS_VM_WRITEV:
		return access_remote(host, op, &value);
	case LITMUS_USERFAULTFD:
	case LITMUS_CLOSE:
	case LITMUS_UFFDIO_REGISTER:
	case LITMUS_UFFDIO_UNREGISTER:
	case LITMUS_UFFDIO_WRITEPROTECT:
	case LITMUS_UFFDIO_COPY:
	case LITMUS_UFFDIO_ZEROPAGE:
	case LITMUS_UFFDIO_CONTINUE:
	case LITMUS_UFFDIO_MOVE:
	case LITMUS_UFFDIO_WAKE:
	case LITMUS_READ:
	case LITMUS_PM_UFFD_WP:
		return host_uffd_call(host, task, op, value);
	case LITMUS_PREAD:
	case LITMUS_PWRITE:
		return access_file(host, op, value);
	case LITMUS_KSM_DO_SCAN:
		return host_ksm_do_scan(host);
	case LITMUS_MOVE_PAGES:
		return host_move_pages(host, op);
	case LITMUS_SPLIT_HUGE_PAGE:
		return host_split_huge_page(host, op);
	case LITMUS_CLEAR_REFS:
		return clear_refs(host);
	case LITMUS_LRU_ADD_DRAIN:
		host_drain_lru(host);
		return 0;
	default:
		return -ENOSYS; /* host_can_hold() has said no to the page lock and to writeback */
	}
}
