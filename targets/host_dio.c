/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_dio.c - direct I/O that stays in flight until the test says so
 *
 * A file of a FUSE file system, opened with FOPEN_DIRECT_IO, whose server we are: read(2) and
 * write(2) take the pages of the user's buffer, queue a request, and let go of the pages when the
 * server has answered it. The mount is detached, its root is the file, and nobody else sees it.
 *
 * A helper thread makes the blocking call. It has a file table of its own without the server's
 * file, so that when the process dies the server's file is closed, which ends the request, and
 * the helper can always end.
 */
#include "targets/host_means.h"

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "targets/host_sys.h"

#define HELPER_STACK (64 * 1024)

/* A request as the kernel sends it, and an answer to it. */
union request {
	struct fuse_in_header header;
	struct {
		struct fuse_in_header header;
		struct fuse_write_in write;
		int value;
	} write;
	unsigned char room[FUSE_MIN_READ_BUFFER];
};

union answer {
	struct fuse_out_header header;
	struct {
		struct fuse_out_header header;
		union {
			struct fuse_init_out init;
			struct fuse_open_out open;
			struct fuse_write_out write;
			int value;
		} u;
	} with;
};

static long set_option(int fs, const char *key, const char *value)
{
	return host_syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, (long)key, (long)value, 0, 0);
}

/* Make the file system. Returns 0 or -errno; the files are left open in either case. */
static long mount_file(struct host_direct_io *dio)
{
	char text[12];
	long fs, result;

	dio->mount = -1;
	dio->server = (int)host_open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (dio->server < 0)
		return dio->server;
	fs = host_syscall(SYS_fsopen, (long)"fuse", FSOPEN_CLOEXEC, 0, 0, 0, 0);
	if (fs < 0)
		return fs;
	host_decimal((unsigned)dio->server, text);
	result = set_option((int)fs, "fd", text);
	if (!result)
		result = set_option((int)fs, "rootmode", "100600");
	host_decimal(getuid(), text);
	if (!result)
		result = set_option((int)fs, "user_id", text);
	host_decimal(getgid(), text);
	if (!result)
		result = set_option((int)fs, "group_id", text);
	if (!result)
		result = host_syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0, 0);
	if (!result)
		result = host_syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0, 0, 0, 0);
	host_close((int)fs);
	if (result < 0)
		return result;
	dio->mount = (int)result;
	return 0;
}

/* Wait until the helper's call has made a request: 0; or has failed before it did: -errno. */
static long wait_for_request(struct host_direct_io *dio)
{
	struct pollfd poll_server = {.fd = dio->server, .events = POLLIN};
	struct timespec tick;

	for (;;) {
		tick = (struct timespec){.tv_nsec = 1000000};
		if (host_syscall(SYS_ppoll, (long)&poll_server, 1, (long)&tick, 0, 0, 0) > 0)
			return 0;
		if (atomic_load(&dio->state) == HOST_DONE)
			return dio->result < 0 ? dio->result : -EIO;
	}
}

static long next_request(struct host_direct_io *dio, union request *request)
{
	long result = host_read(dio->server, request, sizeof(*request));

	return result < 0 ? result : 0;
}

/* Answer with an error, or with `size` bytes that are in place already. */
static void answer(struct host_direct_io *dio, const union request *request, union answer *reply,
		   size_t size, int error)
{
	reply->header.unique = request->header.unique;
	reply->header.error = error;
	reply->header.len = (uint32_t)(sizeof(reply->header) + size);
	host_write(dio->server, reply, reply->header.len);
}

static void answer_init(struct host_direct_io *dio, const union request *request)
{
	union answer reply = {0};

	reply.with.u.init.major = FUSE_KERNEL_VERSION;
	reply.with.u.init.minor = FUSE_KERNEL_MINOR_VERSION;
	reply.with.u.init.max_write = 4096;
	reply.with.u.init.max_background = 1;
	reply.with.u.init.congestion_threshold = 1;
	reply.with.u.init.time_gran = 1;
	answer(dio, request, &reply, sizeof(reply.with.u.init), 0);
}

static void answer_open(struct host_direct_io *dio, const union request *request)
{
	union answer reply = {0};

	/* No FUSE_FLUSH: a process that ends must not wait for itself to answer. */
	reply.with.u.open.open_flags = FOPEN_DIRECT_IO | FOPEN_NOFLUSH;
	answer(dio, request, &reply, sizeof(reply.with.u.open), 0);
}

/* The kernel's questions up to and including FUSE_OPEN; what comes next is the I/O. Or -errno. */
static long serve_open(struct host_direct_io *dio)
{
	for (;;) {
		union request request;
		union answer refusal = {0};
		long error = wait_for_request(dio);

		if (!error)
			error = next_request(dio, &request);
		if (error)
			return error;
		switch (request.header.opcode) {
		case FUSE_INIT:
			answer_init(dio, &request);
			break;
		case FUSE_OPEN:
			answer_open(dio, &request);
			return 0;
		default:
			answer(dio, &request, &refusal, 0, -ENOSYS);
			break;
		}
	}
}

/* The helper: open, and read or write the int at the handle's address. */
static int helper_main(void *argument)
{
	struct host_handle *handle = argument;
	struct host_direct_io *dio = &handle->direct;
	void *addr = (void *)(uintptr_t)handle->addr;
	char path[32] = "/proc/self/fd/";
	long fd;

	host_close(dio->server);
	host_decimal((unsigned)dio->mount, path + strlen(path));
	fd = host_open(path, (dio->is_read ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
	if (fd < 0)
		dio->result = fd;
	else if (dio->is_read)
		dio->result = host_read((int)fd, addr, sizeof(int));
	else
		dio->result = host_write((int)fd, addr, sizeof(int));
	atomic_store(&dio->state, HOST_DONE);
	host_futex_wake(&dio->state);
	return 0;
}

static long start_helper(struct host_handle *handle)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		    CLONE_CHILD_CLEARTID;
	long stack = host_syscall(SYS_mmap, 0, HELPER_STACK, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack < 0)
		return stack;
	handle->direct.stack = (void *)stack;
	handle->direct.result = 0;
	atomic_store(&handle->direct.state, HOST_RUNNING);
	atomic_store(&handle->direct.alive, 1);
	if (clone(helper_main, (void *)(stack + HELPER_STACK), flags, handle, NULL, NULL,
		  &handle->direct.alive) < 0)
		return -errno;
	return 0;
}

/* Wait for the helper's end, so that its stack can go. */
static void join_helper(struct host_direct_io *dio)
{
	uint32_t alive;

	while ((alive = atomic_load(&dio->alive)) != 0)
		host_futex_wait(&dio->alive, alive);
	host_syscall(SYS_munmap, (long)dio->stack, HELPER_STACK, 0, 0, 0, 0);
}

static void close_files(struct host_direct_io *dio)
{
	host_close(dio->server);
	host_close(dio->mount);
}

static long take(struct host *host, struct host_handle *handle, bool is_read)
{
	struct host_direct_io *dio = &handle->direct;
	long error = mount_file(dio);

	if (error)
		host_refuse(host, "mount of a FUSE file system", error);
	dio->is_read = is_read;
	error = start_helper(handle);
	if (error)
		host_refuse(host, "clone() of a thread", error);
	error = serve_open(dio);
	if (error)
		host_refuse(host, "open() of a FUSE file", error);
	error = wait_for_request(dio);
	if (!error)
		return 1;
	join_helper(dio);
	close_files(dio);
	if (error != -EFAULT)
		host_refuse(host, "direct I/O on a FUSE file", error);
	return error;
}

static long take_read(struct host *host, struct host_handle *handle, int nr_pages)
{
	(void)nr_pages;
	return take(host, handle, true);
}

static long take_write(struct host *host, struct host_handle *handle, int nr_pages)
{
	(void)nr_pages;
	return take(host, handle, false);
}

/* Take the request of the I/O from the queue. */
static void take_request(struct host *host, struct host_direct_io *dio, union request *request)
{
	uint32_t wanted = dio->is_read ? FUSE_READ : FUSE_WRITE;
	long error = next_request(dio, request);

	if (!error && request->header.opcode != wanted)
		error = -EPROTO;
	if (error)
		host_refuse(host, "direct I/O on a FUSE file", error);
}

/* The server's answer lets go of the page. */
static void finish(struct host *host, struct host_direct_io *dio, const union request *request,
		   union answer *reply, size_t size)
{
	answer(dio, request, reply, size, 0);
	join_helper(dio);
	if (dio->result != (long)sizeof(int))
		host_refuse(host, "direct I/O on a FUSE file",
			    dio->result < 0 ? dio->result : -EIO);
}

static int dma_read(struct host *host, struct host_handle *handle, int page)
{
	union request request;
	union answer reply = {0};

	(void)page;
	/* The kernel copies from the page when the server takes the request from the queue. */
	take_request(host, &handle->direct, &request);
	reply.with.u.write.size = sizeof(int);
	finish(host, &handle->direct, &request, &reply, sizeof(reply.with.u.write));
	return request.write.value;
}

static void dma_write(struct host *host, struct host_handle *handle, int page, int value)
{
	union request request;
	union answer reply = {0};

	(void)page;
	take_request(host, &handle->direct, &request);
	reply.with.u.value = value;
	finish(host, &handle->direct, &request, &reply, sizeof(value));
}

static void drop(struct host *host, struct host_handle *handle)
{
	struct host_direct_io *dio = &handle->direct;

	if (atomic_load(&dio->state) != HOST_DONE) {
		union request request;
		union answer reply = {0};

		take_request(host, dio, &request);
		answer(dio, &request, &reply, 0, -EIO);
		join_helper(dio);
	}
	close_files(dio);
}

/* A child that shares our pages and does nothing, until it is killed or we are gone. */
static pid_t fork_sharer(struct host *host, const struct host_direct_io *dio)
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child < 0)
		host_refuse(host, "fork()", -errno);
	if (child > 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	host_close(dio->server);
	while (getppid() == parent)
		pause();
	_exit(0);
}

/* A page that is pinned stays the owner's when a fork is followed by a write of the owner. */
static bool is_pinned(struct host *host, unsigned char *page)
{
	struct host_handle *handle = &host->handles[0][0];
	volatile int *words = (volatile int *)(void *)page;
	pid_t child;
	long taken;

	words[0] = 1;
	handle->addr = (uint64_t)(uintptr_t)page;
	handle->unit = (uint64_t)host->page_size;
	taken = take(host, handle, true);
	if (taken < 0)
		host_refuse(host, "direct I/O on a FUSE file", taken);
	child = fork_sharer(host, &handle->direct);
	words[1] = 2;
	dma_write(host, handle, 0, 3);
	drop(host, handle);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return words[0] == 3;
}

/* What is missing is another thing for each step of the way to the mount. */
static const char *needs_of_mount(const struct host_direct_io *dio, long error)
{
	if (dio->server < 0)
		return error == -ENOENT || error == -ENXIO || error == -ENODEV
			       ? "/dev/fuse (CONFIG_FUSE_FS)"
			       : "access to /dev/fuse";
	return error == -EPERM ? "a FUSE mount (CAP_SYS_ADMIN)" : "a FUSE mount";
}

static bool probe_mount(char *reason, size_t size)
{
	struct host_direct_io dio;
	long error = mount_file(&dio);

	close_files(&dio);
	if (error)
		snprintf(reason, size, "holding direct I/O in flight takes %s: %s",
			 needs_of_mount(&dio, error), strerror((int)-error));
	return !error;
}

bool host_probe_direct(struct host *host, unsigned char *page, char *reason, size_t size)
{
	if (!probe_mount(reason, size))
		return false;
	/* v6.5 gives direct I/O pins for references; FUSE followed later than block devices. */
	if (is_pinned(host, page) == host_is_since(6, 5))
		return true;
	snprintf(reason, size, "direct I/O of FUSE does not take pages here as block devices do");
	return false;
}

bool host_probe_direct_pin(struct host *host, unsigned char *page, char *reason, size_t size)
{
	if (!probe_mount(reason, size))
		return false;
	if (is_pinned(host, page))
		return true;
	snprintf(reason, size,
		 "without FOLL_LONGTERM only direct I/O holds pins, and it takes references here");
	return false;
}

bool host_probe_direct_get(struct host *host, unsigned char *page, char *reason, size_t size)
{
	if (!probe_mount(reason, size))
		return false;
	if (!is_pinned(host, page))
		return true;
	snprintf(reason, size, "direct I/O takes pins here, no references");
	return false;
}

const struct host_means host_direct_read = {
	.take = take_read,
	.drop = drop,
	.dma_write = dma_write,
	.no_dma = "the device of a direct read(2) writes to memory, and can't read it",
	.one_shot = true,
};

const struct host_means host_direct_write = {
	.take = take_write,
	.drop = drop,
	.dma_read = dma_read,
	.no_dma = "the device of a direct write(2) reads memory, and can't write to it",
	.one_shot = true,
};
