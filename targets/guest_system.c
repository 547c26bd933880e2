/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_system.c - file systems, console and modules of a virtual machine */
#include "targets/guest_system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "targets/guest_rdma.h"

static const struct {
	const char *type;
	const char *path;
} mounts[] = {
	{"devtmpfs", "/dev"}, {"proc", "/proc"},
	{"sysfs", "/sys"},    {"debugfs", "/sys/kernel/debug"},
	{"tmpfs", "/tmp"},
};

__attribute__((format(printf, 3, 4))) static void note(char *missing, size_t size,
						       const char *format, ...)
{
	size_t length = strlen(missing);
	va_list arguments;

	if (length)
		length += (size_t)snprintf(missing + length, size - length, "; ");
	if (length >= size)
		return;
	va_start(arguments, format);
	vsnprintf(missing + length, size - length, format, arguments);
	va_end(arguments);
}

static void mount_all(char *missing, size_t size)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].path, 0755);
		/* Some kernels mount devtmpfs themselves. */
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, NULL) &&
		    errno != EBUSY)
			note(missing, size, "no %s: %s", mounts[i].type, strerror(errno));
	}
}

/* Process 1 has no standard files if there was no console before /dev was mounted. */
static void open_console(void)
{
	int console = open("/dev/console", O_RDWR | O_NOCTTY);

	if (console < 0)
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(console, fd);
	if (console > STDERR_FILENO)
		close(console);
}

static bool load_module(const char *name)
{
	char path[512];
	long error;
	int fd;

	snprintf(path, sizeof(path), GUEST_MODULES "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	error = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return error == 0 || errno == EEXIST;
}

static int is_module(const struct dirent *entry)
{
	return strstr(entry->d_name, ".ko") != NULL;
}

static void load_modules(char *missing, size_t size)
{
	struct dirent **entries;
	int nr = scandir(GUEST_MODULES, &entries, is_module, alphasort);

	for (int i = 0; i < nr; i++) {
		if (!load_module(entries[i]->d_name))
			note(missing, size, "module %s: %s", entries[i]->d_name, strerror(errno));
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
}

static void start_rdma(char *missing, size_t size)
{
	char reason[256];

	if (!guest_rdma_start(reason, sizeof(reason)))
		note(missing, size, "%s", reason);
}

void guest_set_up(char *missing, size_t size)
{
	mount_all(missing, size);
	open_console();
	load_modules(missing, size);
	start_rdma(missing, size);
}
