/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_uffd.h - inside the target `host`: userfaultfds, which all tasks of a test can use */
#ifndef TARGETS_HOST_UFFD_H
#define TARGETS_HOST_UFFD_H

#include "targets/host.h"

/*
 * host_uffd_file.c: the file of a uffd lies in a socket's queue, from which every process can take
 * a copy. So it is open until a task closes it, and not just until the task ends that opened it.
 */

/* Whose the file is at the moment: a task's, or the supervisor's. */
#define HOST_SUPERVISOR LITMUS_MAX_TASKS

/* Called by the supervisor: before the first iteration; before each. False: errno says why not. */
bool host_uffd_prepare(void);
void host_uffd_clear(struct host *host);

/* From now on all can get at the file. Takes it over. */
void host_uffd_publish(struct host *host, int uffd, int fd);

/* A copy of its file, for as long as the operation takes; or -EBADF. One for each task at a time.
 */
int host_uffd_get(struct host *host, int task, int uffd);
void host_uffd_put(struct host *host, int task, int fd);

/* close(): waits until nobody has a copy any more. */
void host_uffd_close(struct host *host, int uffd);

/* What can be known of it without its monitor. */
struct host_uffd_state {
	bool is_open;
	bool has_event;     /* that nobody has read */
	unsigned nr_faults; /* threads that wait in one for its monitor */
};

void host_uffd_look(struct host *host, int task, int uffd, struct host_uffd_state *state);

/* host_uffd.c */

/* What a test does with userfaultfds, and pm_uffd_wp(). Returns the operation's result. */
int64_t host_uffd_call(struct host *host, int task, const struct litmus_op *op, int value);

/* NULL, or why this test's userfaultfd can't be had. */
const char *host_probe_uffd(struct host *host);

#endif
