/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_uffd.c - a test's operations on userfaultfds, by the system calls themselves */
#include "targets/host_uffd.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"

/* Not in every libc's headers: of Linux 6.4, 6.7, 6.4 and 6.8. */
#define FEATURE_WP_UNPOPULATED (UINT64_C(1) << 13)
#define FEATURE_WP_ASYNC       (UINT64_C(1) << 15)
#define CONTINUE_MODE_WP       (UINT64_C(1) << 1)
#define IOCTL_MOVE             _IOWR(UFFDIO, 0x05, struct move)
#define MOVE_DONTWAKE          (UINT64_C(1) << 0)
#define MOVE_ALLOW_SRC_HOLES   (UINT64_C(1) << 1)

struct move {
	uint64_t dst;
	uint64_t src;
	uint64_t len;
	uint64_t mode;
	int64_t moved;
};

/* How often who reads looks whether it is still worth it. */
#define SLICE_NS 500000

static long uffd_ioctl(int fd, unsigned long request, void *argument)
{
	return host_syscall(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
}

static uint64_t features(unsigned flags)
{
	return (flags & LITMUS_UFFD_FEATURE_EVENT_FORK ? UFFD_FEATURE_EVENT_FORK : 0) |
	       (flags & LITMUS_UFFD_FEATURE_EVENT_REMAP ? UFFD_FEATURE_EVENT_REMAP : 0) |
	       (flags & LITMUS_UFFD_FEATURE_EVENT_REMOVE ? UFFD_FEATURE_EVENT_REMOVE : 0) |
	       (flags & LITMUS_UFFD_FEATURE_EVENT_UNMAP ? UFFD_FEATURE_EVENT_UNMAP : 0) |
	       (flags & LITMUS_UFFD_FEATURE_WP_UNPOPULATED ? FEATURE_WP_UNPOPULATED : 0) |
	       (flags & LITMUS_UFFD_FEATURE_WP_ASYNC ? FEATURE_WP_ASYNC : 0);
}

/*
 * Without CAP_SYS_PTRACE or vm.unprivileged_userfaultfd the system call gives nothing that sees
 * faults of the kernel's own accesses; /dev/userfaultfd (v6.1) does, for who may open it.
 */
static long open_uffd(void)
{
	long fd = host_syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK, 0, 0, 0, 0, 0);
	long device;

	if (fd != -EPERM)
		return fd;
	device = host_open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	if (device < 0)
		return fd;
	fd = host_syscall(SYS_ioctl, device, (long)USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK, 0,
			  0, 0);
	host_close((int)device);
	return fd;
}

/* Returns the file or -errno. */
static long open_with(uint64_t wanted, uint64_t *offered)
{
	struct uffdio_api api = {.api = UFFD_API, .features = wanted};
	long fd = open_uffd();
	long error;

	if (fd < 0)
		return fd;
	error = uffd_ioctl((int)fd, UFFDIO_API, &api);
	if (!error) {
		*offered = api.features;
		return fd;
	}
	host_close((int)fd);
	return error;
}

static int64_t do_open(struct host *host, const struct litmus_op *op)
{
	uint64_t offered;
	long fd = open_with(features(op->flags), &offered);

	if (fd < 0)
		return fd;
	host_uffd_close(host, op->uffd);
	host_uffd_publish(host, op->uffd, (int)fd);
	return 0;
}

static struct uffdio_range range_of(const struct host *host, const struct litmus_op *op)
{
	return (struct uffdio_range){
		.start = host_page_address(host, op->addr),
		.len = host_length(host, op),
	};
}

static long do_register(const struct host *host, const struct litmus_op *op, int fd)
{
	struct uffdio_register what = {.range = range_of(host, op)};

	if (op->flags & LITMUS_UFFDIO_REGISTER_MODE_MISSING)
		what.mode |= UFFDIO_REGISTER_MODE_MISSING;
	if (op->flags & LITMUS_UFFDIO_REGISTER_MODE_WP)
		what.mode |= UFFDIO_REGISTER_MODE_WP;
	if (op->flags & LITMUS_UFFDIO_REGISTER_MODE_MINOR)
		what.mode |= UFFDIO_REGISTER_MODE_MINOR;
	return uffd_ioctl(fd, UFFDIO_REGISTER, &what);
}

static long do_writeprotect(const struct host *host, const struct litmus_op *op, int fd)
{
	struct uffdio_writeprotect what = {.range = range_of(host, op)};

	if (op->flags & LITMUS_UFFDIO_MODE_WP)
		what.mode |= UFFDIO_WRITEPROTECT_MODE_WP;
	if (op->flags & LITMUS_UFFDIO_MODE_DONTWAKE)
		what.mode |= UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
	return uffd_ioctl(fd, UFFDIO_WRITEPROTECT, &what);
}

static int *map_buffer(struct host *host, uint64_t size)
{
	long result = host_syscall(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (result < 0)
		host_refuse(host, "mmap() of a page to copy", result);
	return (int *)(uintptr_t)result;
}

/* One page of the object, from a buffer that begins with the value. */
static long do_copy(struct host *host, const struct litmus_op *op, int fd, int value)
{
	uint64_t size = host_unit(host, host->test->vars[op->addr.var].object);
	int *buffer = map_buffer(host, size);
	struct uffdio_copy what = {
		.dst = host_page_address(host, op->addr),
		.src = (uint64_t)(uintptr_t)buffer,
		.len = size,
	};
	long error;

	buffer[0] = value;
	if (op->flags & LITMUS_UFFDIO_MODE_WP)
		what.mode |= UFFDIO_COPY_MODE_WP;
	if (op->flags & LITMUS_UFFDIO_MODE_DONTWAKE)
		what.mode |= UFFDIO_COPY_MODE_DONTWAKE;
	error = uffd_ioctl(fd, UFFDIO_COPY, &what);
	host_syscall(SYS_munmap, (long)buffer, (long)size, 0, 0, 0, 0);
	return error;
}

static long do_zeropage(const struct host *host, const struct litmus_op *op, int fd)
{
	struct uffdio_zeropage what = {.range = range_of(host, op)};

	if (op->flags & LITMUS_UFFDIO_MODE_DONTWAKE)
		what.mode |= UFFDIO_ZEROPAGE_MODE_DONTWAKE;
	return uffd_ioctl(fd, UFFDIO_ZEROPAGE, &what);
}

static long do_continue(const struct host *host, const struct litmus_op *op, int fd)
{
	struct uffdio_continue what = {.range = range_of(host, op)};

	if (op->flags & LITMUS_UFFDIO_MODE_WP)
		what.mode |= CONTINUE_MODE_WP;
	if (op->flags & LITMUS_UFFDIO_MODE_DONTWAKE)
		what.mode |= UFFDIO_CONTINUE_MODE_DONTWAKE;
	return uffd_ioctl(fd, UFFDIO_CONTINUE, &what);
}

/* A page that stays busy is held by the test. */
#define MOVE_TRIES 8

static long do_move(const struct host *host, const struct litmus_op *op, int fd)
{
	struct move what = {
		.dst = host_page_address(host, op->addr),
		.src = host_page_address(host, op->to),
		.len = host_length(host, op),
	};
	const struct timespec pause = {.tv_nsec = 1000000};
	long result;

	if (op->flags & LITMUS_UFFDIO_MODE_DONTWAKE)
		what.mode |= MOVE_DONTWAKE;
	if (op->flags & LITMUS_UFFDIO_MODE_SRC_HOLES)
		what.mode |= MOVE_ALLOW_SRC_HOLES;
	/* Whoever in the kernel looks at the page just now is no part of the test: nothing moved.
	 */
	for (int tries = 1; tries < MOVE_TRIES; tries++) {
		result = uffd_ioctl(fd, IOCTL_MOVE, &what);
		if (result != -EBUSY)
			return result;
		host_syscall(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
	}
	return uffd_ioctl(fd, IOCTL_MOVE, &what);
}

static int64_t do_ioctl(struct host *host, const struct litmus_op *op, int fd, int value)
{
	struct uffdio_range range = range_of(host, op);

	switch (op->code) {
	case LITMUS_UFFDIO_REGISTER:
		return do_register(host, op, fd);
	case LITMUS_UFFDIO_UNREGISTER:
		return uffd_ioctl(fd, UFFDIO_UNREGISTER, &range);
	case LITMUS_UFFDIO_WRITEPROTECT:
		return do_writeprotect(host, op, fd);
	case LITMUS_UFFDIO_COPY:
		return do_copy(host, op, fd, value);
	case LITMUS_UFFDIO_ZEROPAGE:
		return do_zeropage(host, op, fd);
	case LITMUS_UFFDIO_CONTINUE:
		return do_continue(host, op, fd);
	case LITMUS_UFFDIO_MOVE:
		return do_move(host, op, fd);
	default:
		return uffd_ioctl(fd, UFFDIO_WAKE, &range);
	}
}

/* Where nobody gives the child's userfaultfd a name, it is closed at once. */
static int64_t fork_event(struct host *host, const struct litmus_op *op, int fd)
{
	if (op->uffd2 < 0) {
		host_close(fd);
		return LITMUS_UFFD_EVENT_FORK;
	}
	host_uffd_close(host, op->uffd2);
	host_uffd_publish(host, op->uffd2, fd);
	return LITMUS_UFFD_EVENT_FORK;
}

static int64_t event_value(struct host *host, const struct litmus_op *op,
			   const struct uffd_msg *message)
{
	uint64_t flags = message->arg.pagefault.flags;

	switch (message->event) {
	case UFFD_EVENT_FORK:
		return fork_event(host, op, (int)message->arg.fork.ufd);
	case UFFD_EVENT_REMAP:
		return LITMUS_UFFD_EVENT_REMAP;
	case UFFD_EVENT_REMOVE:
		return LITMUS_UFFD_EVENT_REMOVE;
	case UFFD_EVENT_UNMAP:
		return LITMUS_UFFD_EVENT_UNMAP;
	case UFFD_EVENT_PAGEFAULT:
		break;
	default:
		host_refuse(host, "userfaultfd brought an event that nobody asked for", 0);
	}
	/* A write to a page that is there is of the first two kinds as well. */
	if (flags & UFFD_PAGEFAULT_FLAG_WP)
		return LITMUS_UFFD_PAGEFAULT_FLAG_WP;
	if (flags & UFFD_PAGEFAULT_FLAG_MINOR)
		return LITMUS_UFFD_PAGEFAULT_FLAG_MINOR;
	if (flags & UFFD_PAGEFAULT_FLAG_WRITE)
		return LITMUS_UFFD_PAGEFAULT_FLAG_WRITE;
	return LITMUS_UFFD_EVENT_PAGEFAULT;
}

/* Wait a moment for an event. False: there is none yet. */
static bool wait_for_event(int fd)
{
	struct timespec slice = {.tv_nsec = SLICE_NS};
	struct pollfd poll_uffd = {.fd = fd, .events = POLLIN};

	return host_syscall(SYS_ppoll, (long)&poll_uffd, 1, (long)&slice, 0, 0, 0) > 0;
}

/*
 * Read the event if there is one. Returns 0, -EAGAIN or another error. Before the event is taken
 * the task has to be HOST_RUNNING: a task that is HOST_READING while there is nothing to be read
 * shows the supervisor that it waits.
 */
static long try_read(struct host *host, int task, int uffd, struct uffd_msg *message)
{
	_Atomic uint32_t *state = &host->shared->now.tasks[task].state;
	uint32_t running = HOST_RUNNING, reading = HOST_READING;
	int fd = host_uffd_get(host, task, uffd);
	long result = -EAGAIN;

	if (fd < 0)
		return fd;
	if (wait_for_event(fd)) {
		atomic_compare_exchange_strong(state, &reading, HOST_RUNNING);
		result = host_read(fd, message, sizeof(*message));
	}
	host_uffd_put(host, task, fd);
	if (result == -EAGAIN)
		atomic_compare_exchange_strong(state, &running, HOST_READING);
	return result < 0 ? result : 0;
}

static int64_t do_read(struct host *host, int task, const struct litmus_op *op)
{
	struct host_task *shared = &host->shared->now.tasks[task];
	uint32_t running = HOST_RUNNING, reading = HOST_READING;
	uint32_t number = atomic_load(&shared->op) + 1;
	struct uffd_msg message;
	long result;

	atomic_compare_exchange_strong(&shared->state, &running, HOST_READING);
	do
		result = try_read(host, task, op->uffd, &message);
	while (result == -EAGAIN && atomic_load(&shared->no_event) != number);
	atomic_compare_exchange_strong(&shared->state, &reading, HOST_RUNNING);
	return result ? result : event_value(host, op, &message);
}

int64_t host_uffd_call(struct host *host, int task, const struct litmus_op *op, int value)
{
	int64_t result;
	int fd;

	switch (op->code) {
	case LITMUS_USERFAULTFD:
		return do_open(host, op);
	case LITMUS_CLOSE:
		host_uffd_close(host, op->uffd);
		return 0;
	case LITMUS_READ:
		return do_read(host, task, op);
	case LITMUS_PM_UFFD_WP:
		return (host_pagemap_entry(host, host_page_address(host, op->addr)) &
			HOST_PAGEMAP_UFFD_WP) != 0;
	default:
		break;
	}
	fd = host_uffd_get(host, task, op->uffd);
	if (fd < 0)
		return fd;
	result = do_ioctl(host, op, fd, value);
	host_uffd_put(host, task, fd);
	return result;
}

/* All features that the test asks for with one of its uffds, or registers pages for. */
static void wishes(const struct litmus_test *test, unsigned *with, unsigned *modes)
{
	*with = 0;
	*modes = 0;
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct litmus_op *op = &test->tasks[i].ops[j];

			if (op->code == LITMUS_USERFAULTFD)
				*with |= op->flags;
			if (op->code == LITMUS_UFFDIO_REGISTER)
				*modes |= op->flags;
		}
	}
}

/* What came with later kernels than userfaultfd itself is an error to the test, and no reason. */
const char *host_probe_uffd(struct host *host)
{
	unsigned with, modes;
	uint64_t offered = 0;
	long fd = open_with(0, &offered);

	wishes(host->test, &with, &modes);
	if (fd == -ENOSYS)
		return "this kernel has no userfaultfd (CONFIG_USERFAULTFD)";
	if (fd == -EPERM)
		return "userfaultfd takes CAP_SYS_PTRACE, vm.unprivileged_userfaultfd = 1 or "
		       "access to /dev/userfaultfd";
	if (fd < 0)
		return "userfaultfd can't be opened";
	host_close((int)fd);
	if (modes & LITMUS_UFFDIO_REGISTER_MODE_WP && !(offered & UFFD_FEATURE_PAGEFAULT_FLAG_WP))
		return "userfaultfd can't write-protect here (HAVE_ARCH_USERFAULTFD_WP)";
	if (!(with & LITMUS_UFFD_FEATURE_EVENT_FORK))
		return NULL;
	fd = open_with(UFFD_FEATURE_EVENT_FORK, &offered);
	if (fd < 0)
		return "UFFD_FEATURE_EVENT_FORK takes CAP_SYS_PTRACE";
	host_close((int)fd);
	return NULL;
}
