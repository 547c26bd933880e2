/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_text.c - read and write small files of /proc and /sys */
#include "targets/host_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool host_read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;
	int error;

	if (fd < 0)
		return false;
	length = read(fd, buf, size - 1);
	error = errno;
	close(fd);
	errno = error;
	if (length < 0)
		return false;
	buf[length] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

long host_read_number(const char *path)
{
	char text[32];

	return host_read_text(path, text, sizeof(text)) ? strtol(text, NULL, 10) : -1;
}

bool host_write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t length;
	int error;

	if (fd < 0)
		return false;
	length = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return length == (ssize_t)strlen(text);
}

bool host_write_number(const char *path, long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%ld", number);
	return host_write_text(path, text);
}
