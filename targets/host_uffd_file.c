/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_uffd_file.c - the file of a userfaultfd, within reach of all processes of a test */
#include "targets/host_uffd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "targets/host_sys.h"

static int queue_in(int uffd)
{
	return HOST_FD_UFFD + 2 * uffd;
}

static int queue_out(int uffd)
{
	return queue_in(uffd) + 1;
}

bool host_uffd_prepare(void)
{
	for (int i = 0; i < LITMUS_MAX_UFFDS; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds))
			return false;
		if (dup3(fds[0], queue_in(i), O_CLOEXEC) < 0 ||
		    dup3(fds[1], queue_out(i), O_CLOEXEC) < 0)
			return false;
		close(fds[0]);
		close(fds[1]);
	}
	return true;
}

/* A message of one byte with one file. */
struct parcel {
	char byte;
	struct iovec vec;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct msghdr message;
};

static void wrap(struct parcel *parcel)
{
	memset(parcel, 0, sizeof(*parcel));
	parcel->vec = (struct iovec){&parcel->byte, 1};
	parcel->message.msg_iov = &parcel->vec;
	parcel->message.msg_iovlen = 1;
	parcel->message.msg_control = parcel->control;
	parcel->message.msg_controllen = sizeof(parcel->control);
}

/* MSG_PEEK: a copy of the file, which stays in the queue; 0: the file is taken out. Or -1. */
static int receive(int uffd, int flags)
{
	struct parcel parcel;
	const struct cmsghdr *header = (const struct cmsghdr *)parcel.control;
	int fd;

	wrap(&parcel);
	if (host_syscall(SYS_recvmsg, queue_out(uffd), (long)&parcel.message,
			 flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC, 0, 0, 0) < 0)
		return -1;
	if (parcel.message.msg_controllen < CMSG_LEN(sizeof(int)) ||
	    header->cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void host_uffd_clear(struct host *host)
{
	int fd;

	for (int i = 0; i < host->test->nr_uffds; i++) {
		while ((fd = receive(i, 0)) >= 0)
			host_close(fd);
	}
}

void host_uffd_publish(struct host *host, int uffd, int fd)
{
	struct parcel parcel;
	struct cmsghdr *header = (struct cmsghdr *)parcel.control;
	long error;

	wrap(&parcel);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	error = host_syscall(SYS_sendmsg, queue_in(uffd), (long)&parcel.message, MSG_NOSIGNAL, 0, 0,
			     0);
	if (error < 0)
		host_refuse(host, "sendmsg() of a file", error);
	host_close(fd);
	atomic_store(&host->shared->now.uffds[uffd], true);
}

static _Atomic uint32_t *user(struct host *host, int task)
{
	struct host_iteration *now = &host->shared->now;

	return task == HOST_SUPERVISOR ? &now->supervisor_uffd : &now->tasks[task].uffd;
}

int host_uffd_get(struct host *host, int task, int uffd)
{
	int fd = -1;

	atomic_store(user(host, task), (uint32_t)uffd + 1);
	if (atomic_load(&host->shared->now.uffds[uffd]))
		fd = receive(uffd, MSG_PEEK);
	if (fd >= 0)
		return fd;
	atomic_store(user(host, task), 0);
	return -EBADF;
}

void host_uffd_put(struct host *host, int task, int fd)
{
	host_close(fd);
	atomic_store(user(host, task), 0);
}

/* What has ended has closed its files, too. */
static bool is_in_use(struct host *host, int uffd)
{
	struct host_iteration *now = &host->shared->now;

	for (int i = 0; i < host->test->nr_tasks; i++) {
		if (atomic_load(&now->tasks[i].uffd) == (uint32_t)uffd + 1 &&
		    atomic_load(&now->tasks[i].state) != HOST_DONE)
			return true;
	}
	return atomic_load(&now->supervisor_uffd) == (uint32_t)uffd + 1;
}

void host_uffd_close(struct host *host, int uffd)
{
	int fd;

	/* Whoever has a copy from before has said so by now, and gives it back soon. */
	atomic_store(&host->shared->now.uffds[uffd], false);
	while (is_in_use(host, uffd))
		host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	while ((fd = receive(uffd, 0)) >= 0)
		host_close(fd);
}

/* "total:\t3": who waits in a fault, those of whom the monitor has read among them. */
static unsigned read_faults(int fd)
{
	char path[64] = "/proc/self/fdinfo/";
	char text[512];
	const char *total;
	long info, length;

	host_decimal((unsigned)fd, path + strlen(path));
	info = host_open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return 0;
	length = host_read((int)info, text, sizeof(text) - 1);
	host_close((int)info);
	text[length > 0 ? length : 0] = '\0';
	total = strstr(text, "total:");
	return total ? (unsigned)strtoul(total + strlen("total:"), NULL, 10) : 0;
}

void host_uffd_look(struct host *host, int task, int uffd, struct host_uffd_state *state)
{
	struct timespec at_once = {0};
	struct pollfd poll_uffd = {.events = POLLIN};
	int fd = host_uffd_get(host, task, uffd);

	memset(state, 0, sizeof(*state));
	if (fd < 0)
		return;
	state->is_open = true;
	state->nr_faults = read_faults(fd);
	poll_uffd.fd = fd;
	state->has_event =
		host_syscall(SYS_ppoll, (long)&poll_uffd, 1, (long)&at_once, 0, 0, 0) > 0 &&
		poll_uffd.revents & POLLIN;
	host_uffd_put(host, task, fd);
}
