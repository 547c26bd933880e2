/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace.h - write files so that nobody sees them half written */
#ifndef TOOL_REPLACE_H
#define TOOL_REPLACE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Give the file this text, by a new file that takes its place. An old one's mode stays, and so does
 * a symbolic link: what it points to is replaced. What is no regular file is written to. Returns
 * false with errno set; the old file is then as it was.
 */
bool replace_file(const char *path, const char *text, size_t length);

/* Could replace_file() work? False with errno set; nothing is left behind. */
bool replace_can(const char *path);

#endif
