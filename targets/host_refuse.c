/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_refuse.c - the kernel will not do what the test needs: say so once, and end */
#include "targets/host.h"

#include <stdio.h>
#include <string.h>

#include "targets/host_sys.h"

void host_refuse(struct host *host, const char *what, long error)
{
	/* An entry for each task: who comes second must not end the process of who writes. */
	unsigned index = atomic_fetch_add(&host->shared->nr_refusals, 1);
	struct host_refusal *refusal = &host->shared->refusals[index];

	refusal->error = (int)-error;
	atomic_store(&refusal->what, what);
	host_exit_group(HOST_EXIT_REFUSED);
}

static const struct host_refusal *find_refusal(const struct host_shared *shared)
{
	for (int i = 0; i < LITMUS_MAX_TASKS; i++) {
		if (atomic_load(&shared->refusals[i].what))
			return &shared->refusals[i];
	}
	return NULL;
}

bool host_is_refused(const struct host_shared *shared)
{
	return find_refusal(shared) != NULL;
}

void host_refusal_text(const struct host_shared *shared, char *buf, size_t size)
{
	const struct host_refusal *refusal = find_refusal(shared);

	if (!refusal)
		return;
	if (refusal->error)
		snprintf(buf, size, "this kernel refuses %s: %s", atomic_load(&refusal->what),
			 strerror(refusal->error));
	else
		snprintf(buf, size, "%s", atomic_load(&refusal->what));
}
