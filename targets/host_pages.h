/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pages.h - inside the target `host`: objects' addresses, and what the kernel shows of pages
 */
#ifndef TARGETS_HOST_PAGES_H
#define TARGETS_HOST_PAGES_H

#include "targets/host.h"

/* host_pages.c */

/* Bytes from one page of the object to the next. */
uint64_t host_unit(const struct host *host, int object);

/* Where the object begins, and where the test's address is. */
uint64_t host_object_address(const struct host *host, int object);
uint64_t host_address(const struct host *host, struct litmus_addr addr);

/* The page that addr is in, and the bytes that the operation is about from there on. */
uint64_t host_page_address(const struct host *host, struct litmus_addr addr);
uint64_t host_length(const struct host *host, const struct litmus_op *op);

bool host_is_hugetlb(const struct litmus_object *object);
bool host_has_hugetlb(const struct litmus_test *test);

/* host_pagemap.c */

/* Bits of an entry in /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define HOST_PAGEMAP_PFN        ((UINT64_C(1) << 55) - 1)
#define HOST_PAGEMAP_SOFT_DIRTY (UINT64_C(1) << 55)
#define HOST_PAGEMAP_UFFD_WP    (UINT64_C(1) << 57)
#define HOST_PAGEMAP_SWAP       (UINT64_C(1) << 62)
#define HOST_PAGEMAP_PRESENT    (UINT64_C(1) << 63)

/* The bits of addr's entry in /proc/self/pagemap, or 0. */
uint64_t host_pagemap_entry(const struct host *host, uint64_t addr);

/* Frame number that addr maps in this process; 0: none, or it may not be known. */
uint64_t host_pagemap(const struct host *host, uint64_t addr);

/* How many base pages in these bytes have `value` in the bits of `mask`? -1: not to be known. */
long host_pagemap_count(const struct host *host, uint64_t addr, uint64_t length, uint64_t mask,
			uint64_t value);

/* Does a PMD map the huge page at addr as a whole? */
bool host_is_huge_mapped(const struct host *host, uint64_t addr);

/* Does the frame that addr maps belong to a larger folio? -1: not to be known. */
int host_is_compound(const struct host *host, uint64_t addr);

/* host_reclaim.c */

/* This CPU's list of pages on their way to the LRU gives up its references. */
void host_drain_lru(struct host *host);

/* madvise(MADV_PAGEOUT). Pages that another CPU has yet to put on the LRU are not left out. */
long host_pageout(struct host *host, uint64_t addr, uint64_t length);

#endif
