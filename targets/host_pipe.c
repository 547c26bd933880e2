/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pipe.c - references: pages in a pipe */
#include "targets/host_means.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "targets/host_sys.h"

void host_make_pipe(struct host *host, int fds[2])
{
	long error = host_pipe(fds, O_CLOEXEC);

	if (error < 0)
		host_refuse(host, "pipe2()", error);
}

void host_close_pipe(const int fds[2])
{
	host_close(fds[0]);
	host_close(fds[1]);
}

/* vmsplice(2) into a pipe: the pipe holds a reference to each page, from get_user_pages_fast(). */
static long pipe_take(struct host *host, struct host_handle *handle, int nr_pages)
{
	struct iovec vecs[LITMUS_MAX_PAGES];
	long result;

	for (int i = 0; i < nr_pages; i++) {
		vecs[i].iov_base = (void *)(uintptr_t)host_word_address(handle, i);
		vecs[i].iov_len = sizeof(int);
	}
	host_make_pipe(host, handle->pipe);
	result = host_syscall(SYS_vmsplice, handle->pipe[1], (long)vecs, nr_pages, 0, 0, 0);
	if (result > 0)
		return result / (long)sizeof(int);
	host_close_pipe(handle->pipe);
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
	host_close_pipe(handle->pipe);
}

static int pipe_dma_read(struct host *host, struct host_handle *handle, int page)
{
	size_t size = (size_t)(page + 1) * sizeof(int);
	int values[LITMUS_MAX_PAGES] = {0};
	int copy[2];
	long result;

	/* tee(2) so that the pipe keeps what it holds. */
	host_make_pipe(host, copy);
	result = host_syscall(SYS_tee, handle->pipe[0], copy[1], (long)size, 0, 0, 0);
	if (result == (long)size)
		result = host_read(copy[0], values, size);
	if (result != (long)size)
		host_refuse(host, "tee() of a pipe", result < 0 ? result : -EIO);
	host_close_pipe(copy);
	return values[page];
}

bool host_probe_pipe(struct host *host, unsigned char *page, char *reason, size_t size)
{
	struct iovec vec = {page, sizeof(int)};
	int fds[2];
	long result = host_pipe(fds, O_CLOEXEC);

	(void)host;
	if (result >= 0) {
		result = host_syscall(SYS_vmsplice, fds[1], (long)&vec, 1, 0, 0, 0);
		host_close_pipe(fds);
	}
	if (result < 0)
		snprintf(reason, size, "no references without vmsplice(): %s",
			 strerror((int)-result));
	return result >= 0;
}

const struct host_means host_pipe_means = {
	.take = pipe_take,
	.drop = pipe_drop,
	.dma_read = pipe_dma_read,
	.no_dma = "a reference is a page in a pipe (vmsplice), which nothing can write to",
};
