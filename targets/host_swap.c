/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_swap.c - some swap where the system has none: zram, a file, or a loop device */
#include "targets/host_system.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "targets/host_text.h"

/* Every page of a test, in every process, has room several times. */
#define SWAP_SIZE (64L << 20)

/* The header of a swap area (include/linux/swap.h: union swap_header), as mkswap(8) writes it. */
#define SWAP_BOOT_BYTES 1024
static const char swap_magic[] = {'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2'};

bool host_swap_is_active(void)
{
	FILE *file = fopen("/proc/swaps", "re");
	char line[4096];
	int lines = 0;

	while (file && fgets(line, sizeof(line), file))
		lines++;
	if (file)
		fclose(file);
	return lines > 1; /* the first is the heading */
}

/* Returns 0 or -errno. */
static long write_header(int fd)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	const uint32_t info[] = {1 /* version */, (uint32_t)(SWAP_SIZE / (long)size - 1), 0};
	unsigned char *page = calloc(1, size);
	long error = 0;

	if (!page)
		return -ENOMEM;
	memcpy(page + SWAP_BOOT_BYTES, info, sizeof(info));
	memcpy(page + size - sizeof(swap_magic), swap_magic, sizeof(swap_magic));
	if (pwrite(fd, page, size, 0) != (ssize_t)size || fsync(fd))
		error = errno ? -errno : -EIO;
	free(page);
	return error;
}

/* Write a header to the device or file at swap->path, and use it. Returns 0 or -errno. */
static long start(struct host_swap *swap)
{
	int fd = open(swap->path, O_RDWR | O_CLOEXEC);
	long error;

	if (fd < 0)
		return -errno;
	error = write_header(fd);
	close(fd);
	if (!error && swapon(swap->path, 0))
		error = -errno;
	return error;
}

static void remove_zram(const struct host_swap *swap)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/block/zram%d/reset", swap->number);
	host_write_text(path, "1");
	host_write_number("/sys/class/zram-control/hot_remove", swap->number);
}

/* A device of our own: reading hot_add makes one. */
static long make_zram(struct host_swap *swap)
{
	char path[64];
	long number = host_read_number("/sys/class/zram-control/hot_add");
	long error;

	if (number < 0)
		return -errno;
	swap->number = (int)number;
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", swap->number);
	snprintf(swap->path, sizeof(swap->path), "/dev/zram%d", swap->number);
	error = host_write_number(path, SWAP_SIZE) ? 0 : -errno;
	if (!error)
		error = start(swap);
	if (error)
		remove_zram(swap);
	return error;
}

/* The blocks of a file in a tmpfs are themselves memory that can be swapped out. */
static bool is_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

static long make_file_in(struct host_swap *swap, const char *directory)
{
	long error;
	int fd;

	snprintf(swap->path, sizeof(swap->path), "%s/cowherd-swap-XXXXXX", directory);
	fd = mkostemp(swap->path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	error = is_memory(fd) ? -EOPNOTSUPP : -posix_fallocate(fd, 0, SWAP_SIZE);
	close(fd);
	if (!error)
		error = start(swap);
	if (error)
		unlink(swap->path);
	return error;
}

static long make_file(struct host_swap *swap)
{
	const char *const directories[] = {getenv("TMPDIR"), "/var/tmp", "/tmp", "."};
	long error = -ENOENT;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (directories[i])
			error = make_file_in(swap, directories[i]);
		if (!error)
			return 0;
	}
	return error;
}

/* Let a free loop device stand for the file. Returns its number or -errno. */
static long attach_loop(int file)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	long number = -EBUSY;

	if (control < 0)
		return -errno;
	/* Somebody else may be quicker. */
	for (int tries = 0; tries < 10 && number == -EBUSY; tries++) {
		char path[32];
		int loop;

		number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0) {
			number = -errno;
			break;
		}
		snprintf(path, sizeof(path), "/dev/loop%ld", number);
		loop = open(path, O_RDWR | O_CLOEXEC);
		if (loop < 0 || ioctl(loop, LOOP_SET_FD, file))
			number = -errno;
		if (loop >= 0)
			close(loop);
	}
	close(control);
	return number;
}

static void detach_loop(const struct host_swap *swap)
{
	int loop = open(swap->path, O_RDWR | O_CLOEXEC);

	if (loop < 0)
		return;
	ioctl(loop, LOOP_CLR_FD);
	close(loop);
}

/* The file has no name, and goes with the device. */
static long make_loop(struct host_swap *swap)
{
	int file = memfd_create("cowherd-swap", MFD_CLOEXEC);
	long number, error;

	if (file < 0)
		return -errno;
	error = ftruncate(file, SWAP_SIZE) ? -errno : 0;
	number = error ? error : attach_loop(file);
	close(file);
	if (number < 0)
		return number;
	swap->number = (int)number;
	snprintf(swap->path, sizeof(swap->path), "/dev/loop%d", swap->number);
	error = start(swap);
	if (error)
		detach_loop(swap);
	return error;
}

long host_swap_make(struct host_swap *swap, enum host_swap_kind kind)
{
	long error = 0;

	switch (kind) {
	case HOST_SWAP_ZRAM:
		error = make_zram(swap);
		break;
	case HOST_SWAP_FILE:
		error = make_file(swap);
		break;
	case HOST_SWAP_LOOP:
		error = make_loop(swap);
		break;
	default:
		break;
	}
	swap->kind = error ? HOST_SWAP_NONE : kind;
	return error;
}

bool host_swap_take(struct host_swap *swap, char *reason, size_t size)
{
	long error = 0;

	swap->kind = HOST_SWAP_NONE;
	if (access("/proc/swaps", F_OK)) {
		snprintf(reason, size, "this kernel has no swap (CONFIG_SWAP)");
		return false;
	}
	if (host_swap_is_active())
		return true;
	for (int kind = HOST_SWAP_ZRAM; kind < HOST_NR_SWAP_KINDS; kind++) {
		error = host_swap_make(swap, (enum host_swap_kind)kind);
		if (!error)
			return true;
	}
	snprintf(reason, size,
		 "no swap is active, and neither zram nor a file or a loop device can be used for "
		 "some%s: %s",
		 error == -EPERM || error == -EACCES ? " (CAP_SYS_ADMIN)" : "",
		 strerror((int)-error));
	return false;
}

void host_swap_restore(struct host_swap *swap)
{
	const struct timespec moment = {.tv_nsec = 10000000};

	if (swap->kind == HOST_SWAP_NONE)
		return;
	/* It fails while memory is short or a process of the test is on its way out. */
	for (int tries = 0; swapoff(swap->path) && errno != EINVAL && tries < 100; tries++)
		nanosleep(&moment, NULL);
	switch (swap->kind) {
	case HOST_SWAP_ZRAM:
		remove_zram(swap);
		break;
	case HOST_SWAP_FILE:
		unlink(swap->path);
		break;
	case HOST_SWAP_LOOP:
		detach_loop(swap);
		break;
	default:
		break;
	}
	swap->kind = HOST_SWAP_NONE;
}
