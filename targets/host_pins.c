/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pins.c - which references and pins user space can take, and by what means */
#include "targets/host_means.h"

#include <limits.h>
#include <stdio.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"

uint64_t host_word_address(const struct host_handle *handle, int page)
{
	return handle->addr + (uint64_t)page * handle->unit;
}

/*
 * What takes references and pins with exactly these flags. Of slow and fast GUP user space can't
 * choose one, and what there is takes the fast one. They differ in what they lock, and in whether
 * they wait for a userfaultfd's monitor (may_fail_slowly()); fast GUP leaves to slow whatever it
 * can't do.
 */
struct host_provider {
	enum litmus_opcode opcode;
	unsigned flags;
	const struct host_means *means;
	/* Try it out on a page of our own. False: `reason` says in one line what is missing. */
	bool (*probe)(struct host *host, unsigned char *page, char *reason, size_t size);
};

static const struct host_provider providers[] = {
	{LITMUS_PIN_USER_PAGES, LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM, &host_ring,
	 host_probe_ring},
	{LITMUS_PIN_USER_PAGES_FAST, LITMUS_FOLL_WRITE | LITMUS_FOLL_LONGTERM, &host_ring,
	 host_probe_ring},
	{LITMUS_PIN_USER_PAGES, LITMUS_FOLL_WRITE, &host_direct_read, host_probe_direct_pin},
	{LITMUS_PIN_USER_PAGES_FAST, LITMUS_FOLL_WRITE, &host_direct_read, host_probe_direct_pin},
	{LITMUS_PIN_USER_PAGES, 0, &host_direct_write, host_probe_direct_pin},
	{LITMUS_PIN_USER_PAGES_FAST, 0, &host_direct_write, host_probe_direct_pin},
	{LITMUS_GET_USER_PAGES, 0, &host_pipe_means, host_probe_pipe},
	{LITMUS_GET_USER_PAGES_FAST, 0, &host_pipe_means, host_probe_pipe},
	{LITMUS_IOV_ITER_EXTRACT_PAGES, LITMUS_FOLL_WRITE, &host_direct_read, host_probe_direct},
	{LITMUS_IOV_ITER_EXTRACT_PAGES, 0, &host_direct_write, host_probe_direct},
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

/* Is there a register operation of the test whose pages this operation could come to? */
static bool meets_monitor(const struct litmus_test *test, const struct litmus_op *gup)
{
	int object = test->vars[gup->addr.var].object;

	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct litmus_op *op = &test->tasks[i].ops[j];

			if (op->code != LITMUS_UFFDIO_REGISTER)
				continue;
			if (op->flags == LITMUS_UFFDIO_REGISTER_MODE_WP &&
			    !(gup->flags & LITMUS_FOLL_WRITE))
				continue;
			if (test->vars[op->addr.var].object == object || litmus_moves(test))
				return true;
		}
	}
	return false;
}

/* Slow GUP, which keeps the mmap lock, fails where fast GUP drops it and waits for a monitor. */
static bool may_fail_slowly(const struct litmus_test *test, const struct litmus_op *op)
{
	return (op->code == LITMUS_GET_USER_PAGES || op->code == LITMUS_PIN_USER_PAGES) &&
	       meets_monitor(test, op);
}

static bool can_take(const struct litmus_test *test, const struct litmus_op *op, char *reason,
		     size_t size)
{
	const struct host_means *means = find_means(op);
	char flags[64];

	flag_names(op->flags, flags, sizeof(flags));
	if (!means)
		snprintf(reason, size, "nothing in user space holds on to %s(%s)",
			 litmus_op_info(op->code)->name, flags[0] ? flags + 3 : "0");
	else if (may_fail_slowly(test, op))
		snprintf(reason, size,
			 "slow GUP fails where fast GUP waits for a userfaultfd, and user space "
			 "has fast GUP only");
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
	case LITMUS_END_PAGE_WRITEBACK:
		snprintf(reason, size, "user space can't tell a swap device when to be done");
		return false;
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
		return can_dma(test, task, index, reason, size);
	default:
		return !takes_pages(op) || can_take(test, op, reason, size);
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
		    !providers[i].probe(host, page, reason, size))
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
