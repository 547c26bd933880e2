/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_reclaim.c - the LRU, and paging out */
#include "targets/host_pages.h"

#include <sys/mman.h>

#include "targets/host_sys.h"

/* Not in every libc's headers. */
#define MADVISE_COLD    20
#define MADVISE_PAGEOUT 21

/* MADV_COLD (Linux 5.4) begins with lru_add_drain(); of a page that was never touched it is all. */
void host_drain_lru(struct host *host)
{
	long page = host_syscall(SYS_mmap, 0, host->page_size, PROT_READ,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	if (page < 0)
		host_refuse(host, "mmap() of a page to drain", page);
	result = host_syscall(SYS_madvise, page, host->page_size, MADVISE_COLD, 0, 0, 0);
	if (result < 0)
		host_refuse(host, "madvise(MADV_COLD)", result);
	host_syscall(SYS_munmap, page, host->page_size, 0, 0, 0, 0);
}

/* Each CPU that we may use: it is where the test's pages were touched. */
static void drain_all(struct host *host)
{
	unsigned long before[1024 / (8 * sizeof(unsigned long))] = {0};
	const unsigned bits = 8 * sizeof(before[0]);
	long size = host_syscall(SYS_sched_getaffinity, 0, sizeof(before), (long)before, 0, 0, 0);

	for (int i = 0; size > 0 && i < host->nr_cpus; i++) {
		unsigned long mask[1024 / (8 * sizeof(unsigned long))] = {0};
		unsigned cpu = (unsigned)host->cpus[i];

		mask[cpu / bits] = 1UL << cpu % bits;
		host_syscall(SYS_sched_setaffinity, 0, sizeof(mask), (long)mask, 0, 0, 0);
		host_drain_lru(host);
	}
	if (size > 0)
		host_syscall(SYS_sched_setaffinity, 0, size, (long)before, 0, 0, 0);
}

long host_pageout(struct host *host, uint64_t addr, uint64_t length)
{
	long error = host_syscall(SYS_madvise, (long)addr, (long)length, MADVISE_PAGEOUT, 0, 0, 0);

	if (error ||
	    host_pagemap_count(host, addr, length, HOST_PAGEMAP_PRESENT, HOST_PAGEMAP_PRESENT) == 0)
		return error;
	/* It drains only the list of its own CPU, and skips what is on another's. */
	drain_all(host);
	return host_syscall(SYS_madvise, (long)addr, (long)length, MADVISE_PAGEOUT, 0, 0, 0);
}
