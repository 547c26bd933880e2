/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pins.c - what handles hold, and the device behind them */
#include "targets/host_means.h"

#include <limits.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"

uint64_t host_word_address(const struct host_handle *handle, int page)
{
	return handle->addr + (uint64_t)page * handle->unit;
}

long host_take(struct host *host, int task, const struct litmus_op *op, uint64_t addr,
	       struct host_handle *handle)
{
	const struct host_means *means = host->means[task][op - host->test->tasks[task].ops];
	uint64_t page_mask = ~((uint64_t)host->page_size - 1);
	long nr;

	handle->addr = addr;
	handle->unit = host_unit(host, host->test->vars[op->addr.var].object);
	nr = means->take(host, handle, op->nr_pages);
	if (nr < 0)
		return nr;
	handle->means = means;
	handle->nr_pages = (int)nr;
	for (int i = 0; host->uses_pagemap && i < nr; i++)
		handle->pfn[i] = host_pagemap(host, host_word_address(handle, i) & page_mask);
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

void host_drop_all(struct host *host)
{
	for (int i = 0; i < LITMUS_MAX_TASKS; i++) {
		for (int j = 0; j < LITMUS_MAX_REGISTERS; j++)
			host_drop(host, &host->handles[i][j]);
	}
}

void host_forget_handles(struct host *host)
{
	host->rdma = NULL;
	for (int i = 0; i < LITMUS_MAX_TASKS; i++) {
		for (int j = 0; j < LITMUS_MAX_REGISTERS; j++) {
			host->handles[i][j].means = NULL;
			host->handles[i][j].nr_pages = 0;
		}
	}
	/* close_range(2) is of Linux 5.9. */
	if (host_syscall(SYS_close_range, HOST_FD_FREE, UINT_MAX, 0, 0, 0, 0) == 0)
		return;
	for (int fd = HOST_FD_FREE; fd < 1024; fd++)
		host_close(fd);
}
