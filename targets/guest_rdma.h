/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_rdma.h - inside a virtual machine: an RDMA device where there is no hardware */
#ifndef TARGETS_GUEST_RDMA_H
#define TARGETS_GUEST_RDMA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Make a soft-RoCE device, rxe0, on a network interface that leads nowhere, and wait until it can
 * be used. The modules dummy, ib_uverbs and rdma_rxe are loaded; /proc and /sys are mounted.
 * Returns false with one line in `reason`.
 */
bool guest_rdma_start(char *reason, size_t size);

#endif
