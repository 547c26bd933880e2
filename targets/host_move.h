/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_move.h - inside the target `host`: what moves, merges or splits pages at will */
#ifndef TARGETS_HOST_MOVE_H
#define TARGETS_HOST_MOVE_H

#include "targets/host.h"

/* KSM scans all that is mergeable, until it has merged what is equal. 0. */
int64_t host_ksm_do_scan(struct host *host);

/* Migrate the pages: 0, -EBUSY if some page stayed, or another error. */
int64_t host_move_pages(struct host *host, const struct litmus_op *op);

/* Split the huge page at the address: 0, or the error that the kernel's function gives. */
int64_t host_split_huge_page(struct host *host, const struct litmus_op *op);

/* Each: NULL, or why it can't be done here. */
const char *host_probe_move_pages(void);
const char *host_probe_split(struct host *host, uint64_t addr);

#endif
