/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pins.c - which references and pins user space can take, by what, and the device behind them
 */
#include "targets/host_means.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "targets/host_sys.h"

static uint64_t word_address(const struct host *host, const struct host_handle *handle, int page)
{
	return handle->addr + (uint64_t)page * (uint64_t)host->page_size;
}

static void make_pipe(struct host *host, int fds[2])
{
	long error = host_pipe(fds, O_CLOEXEC);

	if (error < 0)
		host_refuse(host, "pipe2()", error);
}

static void close_pipe(const int fds[2])
{
	host_close(fds[0]);
	host_close(fds[1]);
}

/*
 * A registered buffer of an io_uring: pinned while it is registered, by pin_user_pages() and in
 * later kernels by pin_user_pages_fast(). READ_FIXED and WRITE_FIXED go to the pinned pages and
 * not through the page table: the device's side of DMA.
 */
static long register_pages(struct io_uring *ring, uint64_t addr, long length)
{
	struct iovec vec = {(void *)(uintptr_t)addr, (size_t)length};

	return io_uring_register_buffers(ring, &vec, 1);
}

static long ring_take(struct host *host, struct host_handle *handle, int nr_pages)
{
	uint64_t start = handle->addr & ~((uint64_t)host->page_size - 1);
	long error = io_uring_queue_init(1, &handle->ring, 0);

	if (error)
		host_refuse(host, "io_uring_setup()", error);
	/* A child that inherited the ring's memory could not hold the pin, but would hold the
	 * memory. */
	error = io_uring_ring_dontfork(&handle->ring);
	if (error)
		host_refuse(host, "madvise(MADV_DONTFORK) of a ring", error);

	/* GUP takes what comes before the first page that it can't; io_uring wants all or nothing.
	 */
	for (int nr = nr_pages; nr > 0; nr--) {
		error = register_pages(&handle->ring, start, nr * host->page_size);
		if (!error)
			return nr;
		if (error != -EFAULT)
			host_refuse(host, "io_uring's registration of a buffer", error);
	}
	io_uring_queue_exit(&handle->ring);
	return -EFAULT;
}

static void ring_drop(struct host *host, struct host_handle *handle)
{
	(void)host;
	/* Unpins before it returns: no request is in flight any more. The ring itself ends later.
	 */
	io_uring_unregister_buffers(&handle->ring);
	io_uring_queue_exit(&handle->ring);
}

/* Let the prepared request run to its end; it moves one int. */
static void ring_run(struct host *host, struct host_handle *handle)
{
	struct io_uring_cqe *cqe = NULL;
	long error = io_uring_submit_and_wait(&handle->ring, 1);

	if (error >= 0)
		error = io_uring_wait_cqe(&handle->ring, &cqe);
	if (error >= 0 && cqe->res != (int)sizeof(int))
		error = cqe->res < 0 ? cqe->res : -EIO;
	if (error < 0)
		host_refuse(host, "I/O on a registered buffer", error);
	io_uring_cqe_seen(&handle->ring, cqe);
}

static int ring_dma_read(struct host *host, struct host_handle *handle, int page)
{
	int fds[2];
	int value;

	make_pipe(host, fds);
	io_uring_prep_write_fixed(io_uring_get_sqe(&handle->ring), fds[1],
				  (void *)(uintptr_t)word_address(host, handle, page),
				  sizeof(value), 0, 0);
	ring_run(host, handle);
	host_read(fds[0], &value, sizeof(value));
	close_pipe(fds);
	return value;
}

static void ring_dma_write(struct host *host, struct host_handle *handle, int page, int value)
{
	int fds[2];

	make_pipe(host, fds);
	host_write(fds[1], &value, sizeof(value));
	io_uring_prep_read_fixed(io_uring_get_sqe(&handle->ring), fds[0],
				 (void *)(uintptr_t)word_address(host, handle, page), sizeof(value),
				 0, 0);
	ring_run(host, handle);
	close_pipe(fds);
}

static bool ring_probe(struct host *host, unsigned char *page, char *reason, size_t size)
{
	struct io_uring ring;
	long error = io_uring_queue_init(1, &ring, 0);

	if (!error) {
		error = register_pages(&ring, (uint64_t)(uintptr_t)page, host->page_size);
		io_uring_queue_exit(&ring);
	}
	if (error)
		snprintf(reason, size, "no pins without io_uring's registered buffers: %s",
			 strerror((int)-error));
	return !error;
}

static const struct host_means ring_means = {
	.take = ring_take,
	.drop = ring_drop,
	.dma_read = ring_dma_read,
	.dma_write = ring_dma_write,
	.probe = ring_probe,
};

/* vmsplice(2) into a pipe: the pipe holds a reference to each page, from get_user_pages_fast(). */
static long pipe_take(struct host *host, struct host_handle *handle, int nr_pages)
{
	struct iovec vecs[LITMUS_MAX_PAGES];
	long result;

	for (int i = 0; i < nr_pages; i++) {
		vecs[i].iov_base = (void *)(uintptr_t)word_address(host, handle, i);
		vecs[i].iov_len = sizeof(int);
	}
	make_pipe(host, handle->pipe);
	result = host_syscall(SYS_vmsplice, handle->pipe[1], (long)vecs, nr_pages, 0, 0, 0);
	if (result > 0)
		return result / (long)sizeof(int);
	close_pipe(handle->pipe);
	if (result != -EFAULT)
		host_refuse(host, "vmsplice()", result);
	return result;
}

static void pipe_drop(struct host *host, struct host_handle *handle)
{
	int values[LITMUS_MAX_PAGES];

	(void)host;
	/* Reading drops the references, even while a child still has the pipe open. */
	host_read(handle->pipe[0], values, sizeof(values));
	close_pipe(handle->pipe);
}

static int pipe_dma_read(struct host *host, struct host_handle *handle, int page)
{
	size_t size = (size_t)(page + 1) * sizeof(int);
	int values[LITMUS_MAX_PAGES] = {0};
	int copy[2];
	long result;

	/* tee(2) so that the pipe keeps what it holds. */
	make_pipe(host, copy);
	result = host_syscall(SYS_tee, handle->pipe[0], copy[1], (long)size, 0, 0, 0);
	if (result == (long)size)
		result = host_read(copy[0], values, size);
	if (result != (long)size)
		host_refuse(host, "tee() of a pipe", result < 0 ? result : -EIO);
	close_pipe(copy);
	return values[page];
}

static bool pipe_probe(struct host *host, unsigned char *page, char *reason, size_t size)
{
	struct iovec vec = {page, sizeof(int)};
	int fds[2];
	long result = host_pipe(fds, O_CLOEXEC);

	(void)host;
	if (result >= 0) {
		result = host_syscall(SYS_vmsplice, fds[1], (long)&vec, 1, 0, 0, 0);
		close_pipe(fds);
	}
	if (result < 0)
		snprintf(reason, size, "no references without vmsplice(): %s",
			 strerror((int)-result));
	return result >= 0;
}

static const struct host_means pipe_means = {
	.take = pipe_take,
	.drop = pipe_drop,
	.dma_read = pipe_dma_read,
	.probe = pipe_probe,
	.no_dma = "a reference is a page in a pipe (vmsplice), which nothing can write to",
};

/*
 * What takes references and pins with exactly these flags. Of slow and fast GUP user space can't
 * choose one, but they differ only in what they lock: fast GUP leaves to slow whatever it can't do.
 */
struct host_provider {
	enum litmus_opcode opcode;
	unsigned flags;
	const struct host_means *means;
};

static const struct host_provider providers[] = {
	{LITMUS_PIN_USER_PAGES, LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM, &ring_means},
	{LITMUS_PIN_USER_PAGES_FAST, LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM, &ring_means},
	{LITMUS_PIN_USER_PAGES, LITMUS_FOLL_WRITE, &host_short_write_pin},
	{LITMUS_PIN_USER_PAGES_FAST, LITMUS_FOLL_WRITE, &host_short_write_pin},
	{LITMUS_PIN_USER_PAGES, 0, &host_short_read_pin},
	{LITMUS_PIN_USER_PAGES_FAST, 0, &host_short_read_pin},
	{LITMUS_GET_USER_PAGES, 0, &pipe_means},
	{LITMUS_GET_USER_PAGES_FAST, 0, &pipe_means},
	{LITMUS_IOV_ITER_EXTRACT_PAGES, LITMUS_FOLL_WRITE, &host_direct_read},
	{LITMUS_IOV_ITER_EXTRACT_PAGES, 0, &host_direct_write},
};

/* The means for this operation, or NULL. */
static const struct host_means *find_means(const struct litmus_op *op)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		if (providers[i].opcode == op->code && providers[i].flags == op->flags)
			return providers[i].means;
	}
	return NULL;
}

static bool takes_pages(const struct litmus_op *op)
{
	return litmus_op_info(op->code)->makes_handle;
}

static void flag_names(unsigned flags, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", flags & LITMUS_FOLL_WRITE ? " | FOLL_WRITE" : "",
		 flags & LITMUS_FOLL_FORCE ? " | FOLL_FORCE" : "",
		 flags & LITMUS_FOLL_LONGTERM ? " | FOLL_LONGTERM" : "");
}

static bool can_take(const struct litmus_op *op, char *reason, size_t size)
{
	const struct host_means *means = find_means(op);
	char flags[64];

	flag_names(op->flags, flags, sizeof(flags));
	if (!means)
		snprintf(reason, size, "nothing in user space holds on to %s(%s)",
			 litmus_op_info(op->code)->name, flags[0] ? flags + 3 : "0");
	else if (means->one_shot && op->nr_pages > 1)
		snprintf(reason, size, "direct I/O is held in flight on single pages only");
	else
		return true;
	return false;
}

/* Is the handle of this operation dropped right after it? */
static bool is_last_use(const struct litmus_test *test, const struct litmus_task *task, int op)
{
	const struct litmus_op *next = &task->ops[op + 1];

	if (op + 1 == task->nr_ops)
		return test->nr_tasks == 1;
	return next->handle == task->ops[op].handle &&
	       (next->code == LITMUS_PUT_PAGE || next->code == LITMUS_UNPIN_USER_PAGE ||
		next->code == LITMUS_BIO_RELEASE_PAGES);
}

/* Can the device do this, whatever took the handle's pages? */
static bool can_dma(const struct litmus_test *test, const struct litmus_task *task, int index,
		    char *reason, size_t size)
{
	const struct litmus_op *op = &task->ops[index];

	for (int i = 0; i < task->nr_ops; i++) {
		const struct litmus_op *take = &task->ops[i];
		const struct host_means *means = takes_pages(take) ? find_means(take) : NULL;

		if (!means || take->dest != op->handle)
			continue;
		if (!(op->code == LITMUS_DMA_READ ? means->dma_read != NULL
						  : means->dma_write != NULL)) {
			snprintf(reason, size, "%s", means->no_dma);
			return false;
		}
		if (means->one_shot && !is_last_use(test, task, index)) {
			snprintf(reason, size,
				 "direct I/O lets go of its page when it has moved the data");
			return false;
		}
	}
	return true;
}

static bool can_do(const struct litmus_test *test, const struct litmus_task *task, int index,
		   char *reason, size_t size)
{
	const struct litmus_op *op = &task->ops[index];

	switch (op->code) {
	case LITMUS_LOCK_PAGE:
	case LITMUS_UNLOCK_PAGE:
		snprintf(reason, size, "user space can't take the page lock");
		return false;
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
		return can_dma(test, task, index, reason, size);
	default:
		return !takes_pages(op) || can_take(op, reason, size);
	}
}

bool host_can_hold(const struct litmus_test *test, char *reason, size_t size)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		const struct litmus_task *task = &test->tasks[i];

		for (int j = 0; j < task->nr_ops; j++) {
			if (!can_do(test, task, j, reason, size))
				return false;
		}
	}
	return true;
}

static bool needs(const struct litmus_test *test, const struct host_provider *provider)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct litmus_op *op = &test->tasks[i].ops[j];

			if (op->code == provider->opcode && op->flags == provider->flags)
				return true;
		}
	}
	return false;
}

bool host_probe_pins(struct host *host, unsigned char *page, char *reason, size_t size)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++) {
		if (needs(host->test, &providers[i]) &&
		    !providers[i].means->probe(host, page, reason, size))
			return false;
	}
	return true;
}

long host_take(struct host *host, const struct litmus_op *op, uint64_t addr,
	       struct host_handle *handle)
{
	const struct host_means *means = find_means(op);
	uint64_t page_mask = ~((uint64_t)host->page_size - 1);
	long nr;

	host_drop(host, handle); /* what the register held before */
	handle->addr = addr;
	nr = means->take(host, handle, op->nr_pages);
	if (nr < 0)
		return nr;
	handle->means = means;
	handle->nr_pages = (int)nr;
	for (int i = 0; host->uses_pagemap && i < nr; i++)
		handle->pfn[i] = host_pagemap(host, word_address(host, handle, i) & page_mask);
	return nr;
}

long host_drop(struct host *host, struct host_handle *handle)
{
	if (!handle->nr_pages)
		return -EBADF;
	handle->means->drop(host, handle);
	handle->means = NULL;
	handle->nr_pages = 0;
	return 0;
}

long host_dma_write(struct host *host, struct host_handle *handle, int page, int value)
{
	if (page >= handle->nr_pages)
		return -EBADF;
	handle->means->dma_write(host, handle, page, value);
	return 0;
}

long host_dma_read(struct host *host, struct host_handle *handle, int page)
{
	if (page >= handle->nr_pages)
		return -EBADF;
	return handle->means->dma_read(host, handle, page);
}

void host_forget_handles(struct host *host)
{
	for (int i = 0; i < LITMUS_MAX_TASKS; i++) {
		for (int j = 0; j < LITMUS_MAX_REGISTERS; j++) {
			host->handles[i][j].means = NULL;
			host->handles[i][j].nr_pages = 0;
		}
	}
	/* close_range(2) is of Linux 5.9. */
	if (host_syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0, 0, 0, 0) == 0)
		return;
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
		host_close(fd);
}
