/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_text.h - small files of /proc and /sys as text */
#ifndef TARGETS_HOST_TEXT_H
#define TARGETS_HOST_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* What the file holds, without the newline at its end. False, and errno, if it can't be read. */
bool host_read_text(const char *path, char *buf, size_t size);

/* The number in the file, or -1, and errno. */
long host_read_number(const char *path);

/* False, and errno, if not all of it could be written. */
bool host_write_text(const char *path, const char *text);
bool host_write_number(const char *path, long number);

#endif
