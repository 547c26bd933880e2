/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - build a line piece by piece */
#ifndef TOOL_TEXT_H
#define TOOL_TEXT_H

#include <stddef.h>

/* Append to the string in buf; what does not fit into `size` bytes is cut. */
void text_append(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
