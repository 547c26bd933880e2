/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_ring.c - pins with FOLL_LONGTERM: the registered buffers of an io_uring */
#include "targets/host_means.h"

#include <stdio.h>
#include <string.h>

#include "targets/host_sys.h"

#define TOO_MUCH_LOCKED \
	"RLIMIT_MEMLOCK is too small for what io_uring pins (and there is no CAP_IPC_LOCK)"

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
		/* From the first page to the beginning of the last: base pages, if pages are huge.
		 */
		error = register_pages(&handle->ring, start,
				       (nr - 1) * (long)handle->unit + host->page_size);
		if (!error)
			return nr;
		if (error == -ENOMEM)
			host_refuse(host, TOO_MUCH_LOCKED, 0);
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

	host_make_pipe(host, fds);
	io_uring_prep_write_fixed(io_uring_get_sqe(&handle->ring), fds[1],
				  (void *)(uintptr_t)host_word_address(handle, page), sizeof(value),
				  0, 0);
	ring_run(host, handle);
	host_read(fds[0], &value, sizeof(value));
	host_close_pipe(fds);
	return value;
}

static void ring_dma_write(struct host *host, struct host_handle *handle, int page, int value)
{
	int fds[2];

	host_make_pipe(host, fds);
	host_write(fds[1], &value, sizeof(value));
	io_uring_prep_read_fixed(io_uring_get_sqe(&handle->ring), fds[0],
				 (void *)(uintptr_t)host_word_address(handle, page), sizeof(value),
				 0, 0);
	ring_run(host, handle);
	host_close_pipe(fds);
}

bool host_probe_ring(struct host *host, unsigned char *page, char *reason, size_t size)
{
	struct io_uring ring;
	long error = io_uring_queue_init(1, &ring, 0);

	if (!error) {
		error = register_pages(&ring, (uint64_t)(uintptr_t)page, host->page_size);
		io_uring_queue_exit(&ring);
	}
	switch (error) {
	case 0:
		return true;
	case -ENOMEM:
		snprintf(reason, size, "%s", TOO_MUCH_LOCKED);
		break;
	case -EPERM:
		snprintf(reason, size,
			 "no pins without io_uring, which is forbidden here "
			 "(kernel.io_uring_disabled, or seccomp)");
		break;
	default:
		snprintf(reason, size, "no pins without io_uring's registered buffers: %s",
			 strerror((int)-error));
		break;
	}
	return false;
}

const struct host_means host_ring = {
	.take = ring_take,
	.drop = ring_drop,
	.dma_read = ring_dma_read,
	.dma_write = ring_dma_write,
};
