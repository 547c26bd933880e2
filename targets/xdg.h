/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdg.h - where the XDG Base Directory Specification wants a user's files */
#ifndef TARGETS_XDG_H
#define TARGETS_XDG_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Write `name` below the directory that the environment's `variable` names; without one, below the
 * directory `below` of the user's home. Returns the length, which may be more than there is room
 * for, as snprintf(); -1 if neither is known.
 */
int xdg_directory(const char *variable, const char *below, const char *name, char *dir,
		  size_t size);

/* Make the directory and those that it is in, for their owner alone. False, with errno. */
bool xdg_make(const char *dir);

#endif
