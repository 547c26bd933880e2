/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_image.c - make an initramfs, in memory: no disk can be full, and nothing is left behind */
#include "targets/vm_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/guest_system.h"

#define GUEST "cowherd-guest"

struct image {
	struct archive *archive;
	char *err;
	size_t err_size;
};

static bool fail(struct image *image, const char *what, const char *why)
{
	snprintf(image->err, image->err_size, "%s: %s", what, why);
	return false;
}

/* Beside this program, as in the build directory, or where it was installed. */
static int open_guest(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);
	char *slash;
	int fd = -1;

	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
		snprintf(slash, size - (size_t)(slash - path), "/" GUEST);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (fd >= 0 || errno != ENOENT)
		return fd;
	snprintf(path, size, "%s", COWHERD_LIBEXECDIR "/" GUEST);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool add_entry(struct image *image, const char *name, mode_t mode, int64_t size)
{
	struct archive_entry *entry = archive_entry_new();
	int error;

	if (!entry)
		return fail(image, name, strerror(ENOMEM));
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_size(entry, size);
	error = archive_write_header(image->archive, entry);
	archive_entry_free(entry);
	return error == ARCHIVE_OK || fail(image, name, archive_error_string(image->archive));
}

static bool copy_bytes(struct image *image, const char *path, int fd)
{
	char bytes[65536];
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		if (archive_write_data(image->archive, bytes, (size_t)got) != got)
			return fail(image, path, archive_error_string(image->archive));
	}
	return got == 0 || fail(image, path, strerror(errno));
}

/* The file that is open as fd, as `name`; closes fd. */
static bool add_open_file(struct image *image, const char *path, int fd, const char *name,
			  mode_t mode)
{
	struct stat info;
	bool good;

	if (fd < 0 || fstat(fd, &info)) {
		fail(image, path, strerror(errno));
		good = false;
	} else {
		good = add_entry(image, name, S_IFREG | mode, info.st_size) &&
		       copy_bytes(image, path, fd);
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static bool add_guest(struct image *image)
{
	char path[4096];
	int fd = open_guest(path, sizeof(path));

	return add_open_file(image, path, fd, "init", 0755);
}

static bool add_modules(struct image *image, const struct kernel *kernel)
{
	/* Without the slash that it begins with in the guest. */
	if (!add_entry(image, &GUEST_MODULES[1], S_IFDIR | 0755, 0))
		return false;
	for (int i = 0; i < kernel->nr_modules; i++) {
		const char *path = kernel->modules[i];
		const char *slash = strrchr(path, '/');
		char name[512];

		/* The number keeps the order of loading; the files may have names of any kind. */
		snprintf(name, sizeof(name), "%s/%03d-%s", &GUEST_MODULES[1], i,
			 slash ? slash + 1 : path);
		if (!add_open_file(image, path, open(path, O_RDONLY | O_CLOEXEC), name, 0644))
			return false;
	}
	return true;
}

static bool fill(struct image *image, const struct kernel *kernel, int fd)
{
	if (archive_write_set_format_cpio_newc(image->archive) != ARCHIVE_OK ||
	    archive_write_add_filter_none(image->archive) != ARCHIVE_OK ||
	    archive_write_open_fd(image->archive, fd) != ARCHIVE_OK)
		return fail(image, "initramfs", archive_error_string(image->archive));
	if (!add_guest(image) || !add_modules(image, kernel))
		return false;
	return archive_write_close(image->archive) == ARCHIVE_OK ||
	       fail(image, "initramfs", archive_error_string(image->archive));
}

int vm_image_make(const struct kernel *kernel, char *err, size_t err_size)
{
	struct image image = {.archive = archive_write_new(), .err = err, .err_size = err_size};
	int fd = memfd_create("initramfs", MFD_CLOEXEC);
	bool good;

	if (!image.archive || fd < 0)
		good = fail(&image, "initramfs", strerror(image.archive ? errno : ENOMEM));
	else
		good = fill(&image, kernel, fd);
	if (image.archive)
		archive_write_free(image.archive);
	if (good)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
