/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_log.h - what the console of a virtual machine says of its end */
#ifndef TARGETS_VM_LOG_H
#define TARGETS_VM_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* All that is in the file, with a NUL behind it; to be freed. NULL: it can't be read. */
char *vm_log_read(int fd);

/*
 * The line that says best why the kernel went down: an oops rather than the panic that follows.
 * Without the time before it. False: there is none.
 */
bool vm_log_find_crash(const char *log, char *line, size_t size);

/* The last line in which our own guest complains, without its name. False: there is none. */
bool vm_log_find_complaint(const char *log, char *line, size_t size);

/* Keep the log where its reader finds it: $XDG_STATE_HOME/cowherd. Writes the path, or why not. */
bool vm_log_keep(const char *log, const char *machine, const char *test, char *path, size_t size);

#endif
