/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_map.h - inside the target `host`: the memory that P0's process has before any task runs */
#ifndef TARGETS_HOST_MAP_H
#define TARGETS_HOST_MAP_H

#include "targets/host.h"

/* What files are called that objects map, before the object's digit. */
#define HOST_FILE_NAME "litmus-object-"

/* host_map.c */

/* Map all objects, in the states that the test asks for. What can't be had ends in host_refuse().
 */
void host_map_objects(struct host *host);

/* The memory of a process that ends: before its handles go, as it is when the kernel ends it. */
void host_unmap_objects(struct host *host);

/* host_thp.c */

/* Private anonymous memory, and madvise(MADV_HUGEPAGE). */
void host_map_thp(struct host *host, int object);

/* Bring the object, whose values have been written, into its state: pte, partial, or none. */
void host_make_thp_state(struct host *host, int object);

/* Is there a huge page to be had? Tried out at addr, where nothing is mapped. NULL, or why not. */
const char *host_probe_thp(struct host *host, uint64_t addr);

/* host_look.c */

/* Record the memory that the condition reads in this task's view. */
void host_observe(struct host *host, int task);

#endif
