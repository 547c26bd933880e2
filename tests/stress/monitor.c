/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitor.c - a userfaultfd's monitor: registers, write-protects, and resolves the faults */
#include "stress.h"

#include <sched.h>

struct monitor {
	struct stress *stress;
	struct userfaultfd_ctx *ctx;
	unsigned seed;
	unsigned long addr;
	unsigned long length;
};

static bool open_context(struct monitor *monitor)
{
	static const unsigned features[] = {
		0,
		UFFD_FEATURE_EVENT_FORK,
		UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_WP_UNPOPULATED,
		UFFD_FEATURE_WP_ASYNC,
		UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE,
		UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP,
	};
	unsigned modes = 1 + next_random(&monitor->seed) % 7;

	monitor->ctx = NULL;
	if (userfaultfd_create(monitor->stress->mm, features[next_random(&monitor->seed) % 6],
			       &monitor->ctx))
		return false;
	/* The memory may not be there, or not be fit for it: then there is little to do. */
	uffdio_register(monitor->ctx, monitor->addr, monitor->length, modes);
	return true;
}

/* Who waits must go on in the end, if only to try again. */
static void resolve(struct monitor *monitor, const struct uffd_msg *msg)
{
	unsigned long addr = msg->address & MM_PAGE_MASK;
	unsigned random = next_random(&monitor->seed);
	int err;

	if (msg->flags & UFFD_PAGEFAULT_FLAG_WP)
		err = uffdio_writeprotect(monitor->ctx, addr, MM_PAGE_SIZE, 0);
	else if (msg->flags & UFFD_PAGEFAULT_FLAG_MINOR)
		err = uffdio_continue(monitor->ctx, addr, MM_PAGE_SIZE, 0);
	else if (random % 4)
		err = uffdio_copy(monitor->ctx, addr, 1, random % 8 ? 0 : UFFDIO_COPY_MODE_WP);
	else
		err = uffdio_zeropage(monitor->ctx, addr, MM_PAGE_SIZE, 0);
	if (err)
		uffdio_wake(monitor->ctx, addr, MM_PAGE_SIZE);
}

static void serve(struct monitor *monitor)
{
	struct uffd_msg msg;

	while (!userfaultfd_read(monitor->ctx, &msg)) {
		if (msg.event == UFFD_EVENT_FORK)
			userfaultfd_close(msg.child);
		else if (msg.event == UFFD_EVENT_PAGEFAULT)
			resolve(monitor, &msg);
	}
}

/* A page, or all of a huge page's, from one place in the range to another. */
static void move(struct monitor *monitor, unsigned long addr)
{
	unsigned random = next_random(&monitor->seed);
	unsigned long from = monitor->addr + random % 8 * MM_PAGE_SIZE;
	unsigned long length = MM_PAGE_SIZE;

	if (random / 8 % 8 == 0) {
		addr &= MM_HPAGE_MASK;
		from = (from & MM_HPAGE_MASK) + MM_HPAGE_SIZE;
		length = MM_HPAGE_SIZE;
	}
	uffdio_move(monitor->ctx, monitor->stress->mm, addr, from, length,
		    UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
}

static void protect(struct monitor *monitor)
{
	unsigned random = next_random(&monitor->seed);
	unsigned long addr = monitor->addr + random / 8 % 4 * MM_PAGE_SIZE;

	switch (random % 10) {
	case 8:
	case 9:
		move(monitor, addr);
		break;
	case 0:
		uffdio_unregister(monitor->ctx, addr, MM_PAGE_SIZE);
		break;
	case 1:
		uffdio_register(monitor->ctx, monitor->addr, monitor->length,
				UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
		break;
	case 2:
		uffdio_writeprotect(monitor->ctx, addr, MM_PAGE_SIZE, 0);
		break;
	default:
		uffdio_writeprotect(monitor->ctx, addr, MM_PAGE_SIZE, UFFDIO_WRITEPROTECT_MODE_WP);
		break;
	}
}

void *monitor(void *stress)
{
	struct monitor monitor = {.stress = stress, .seed = 1};

	port_set_cpu(WORKERS);
	monitor.addr = chaos_monitored(&monitor.length);
	while (!atomic_load(&monitor.stress->done)) {
		if (!open_context(&monitor)) {
			sched_yield();
			continue;
		}
		for (int i = 0; i < 100 && !atomic_load(&monitor.stress->done); i++) {
			serve(&monitor);
			protect(&monitor);
			sched_yield();
		}
		userfaultfd_close(monitor.ctx);
	}
	return NULL;
}
