/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_fail.h - say in one line why something about kernels failed */
#ifndef TARGETS_KERNEL_FAIL_H
#define TARGETS_KERNEL_FAIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "targets/kernels.h"

/* Write the line to err; returns -1. */
__attribute__((format(printf, 3, 4))) static inline int kernel_fail(char *err, size_t err_size,
								    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, err_size, format, args);
	va_end(args);
	return -1;
}

static inline int kernel_no_memory(char *err, size_t err_size)
{
	return kernel_fail(err, err_size, "out of memory");
}

/* Should the work end? Then returns -1, and err says so. */
static inline int kernel_stopped(const struct kernel_watch *watch, char *err, size_t err_size)
{
	if (watch && watch->stop && *watch->stop)
		return kernel_fail(err, err_size, "interrupted");
	return 0;
}

/* Tell the watch how far we are. */
__attribute__((format(printf, 2, 3))) static inline void
kernel_progress(const struct kernel_watch *watch, const char *format, ...)
{
	char text[160];
	va_list args;

	if (!watch || !watch->progress)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	watch->progress(watch->context, text);
}

#endif
