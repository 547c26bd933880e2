/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace.c - write files so that nobody sees them half written */

#include "tool/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	return true;
}

static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Mode and owner of the old file, or those of any new one. */
static bool take_after(int fd, const struct stat *old)
{
	if (!old)
		return fchmod(fd, new_mode()) == 0;
	/* Only root may give a file away; the mode is what matters. */
	if (fchown(fd, old->st_uid, old->st_gid) < 0 && errno != EPERM)
		return false;
	return fchmod(fd, old->st_mode & 07777) == 0;
}

static int make_temporary(const char *path, char **name)
{
	int fd;

	if (asprintf(name, "%s.XXXXXX", path) < 0)
		return -1;
	fd = mkostemp(*name, O_CLOEXEC);
	if (fd < 0)
		free(*name);
	return fd;
}

static void unlink_quietly(const char *path)
{
	int error = errno;

	unlink(path);
	errno = error;
}

static bool replace(const char *path, const struct stat *old, const char *text, size_t length)
{
	char *temporary;
	int fd = make_temporary(path, &temporary);
	bool ok;

	if (fd < 0)
		return false;
	ok = take_after(fd, old) && write_all(fd, text, length) && fsync(fd) == 0;
	if (close(fd) < 0)
		ok = false;
	if (ok)
		ok = rename(temporary, path) == 0;
	if (!ok)
		unlink_quietly(temporary);
	free(temporary);
	return ok;
}

/* A pipe or a device stays what it is. */
static bool write_to(const char *path, const char *text, size_t length)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write_all(fd, text, length);
	if (close(fd) < 0)
		ok = false;
	return ok;
}

bool replace_file(const char *path, const char *text, size_t length)
{
	struct stat old;
	char *real;
	bool ok;

	if (stat(path, &old) < 0)
		return errno == ENOENT && replace(path, NULL, text, length);
	if (!S_ISREG(old.st_mode))
		return write_to(path, text, length);
	real = realpath(path, NULL);
	ok = real && replace(real, &old, text, length);
	free(real);
	return ok;
}

bool replace_can(const char *path)
{
	struct stat old;
	char *temporary, *real;
	int fd;

	if (stat(path, &old) < 0 && errno != ENOENT)
		return false;
	real = realpath(path, NULL);
	if (real && S_ISDIR(old.st_mode)) {
		free(real);
		errno = EISDIR;
		return false;
	}
	if (real && !S_ISREG(old.st_mode)) {
		free(real);
		return access(path, W_OK) == 0;
	}
	fd = make_temporary(real ? real : path, &temporary);
	free(real);
	if (fd < 0)
		return false;
	close(fd);
	unlink(temporary);
	free(temporary);
	return true;
}
