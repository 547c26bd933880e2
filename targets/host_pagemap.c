/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_pagemap.c - what /proc shows of the pages that this process maps */
#include "targets/host_pages.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "targets/host_sys.h"

/* Bits of an entry in /proc/kpageflags. */
#define KPF_COMPOUND_HEAD 15
#define KPF_COMPOUND_TAIL 16

/* PAGEMAP_SCAN is of Linux 6.7, and not in every libc's headers. */
#define SCAN_PAGE_IS_HUGE (UINT64_C(1) << 6)

struct scan_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)

/* Read so many of the entries, from addr's on. Returns how many. */
static long read_entries(const struct host *host, uint64_t addr, uint64_t *entries, size_t nr)
{
	long fd = host_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long result;

	if (fd < 0)
		return 0;
	result = host_pread((int)fd, entries, nr * sizeof(*entries),
			    addr / (uint64_t)host->page_size * sizeof(*entries));
	host_close((int)fd);
	return result > 0 ? result / (long)sizeof(*entries) : 0;
}

uint64_t host_pagemap_entry(const struct host *host, uint64_t addr)
{
	uint64_t entry;

	return read_entries(host, addr, &entry, 1) == 1 ? entry : 0;
}

uint64_t host_pagemap(const struct host *host, uint64_t addr)
{
	uint64_t entry = host_pagemap_entry(host, addr);

	return entry & HOST_PAGEMAP_PRESENT ? entry & HOST_PAGEMAP_PFN : 0;
}

long host_pagemap_count(const struct host *host, uint64_t addr, uint64_t length, uint64_t mask,
			uint64_t value)
{
	uint64_t entries[512];
	long count = 0;

	for (uint64_t end = addr + length; addr < end;) {
		uint64_t left = (end - addr) / (uint64_t)host->page_size;
		size_t nr = left < 512 ? left : 512;

		if (read_entries(host, addr, entries, nr) != (long)nr)
			return -1;
		for (size_t i = 0; i < nr; i++)
			count += (entries[i] & mask) == value;
		addr += nr * (uint64_t)host->page_size;
	}
	return count;
}

/* AnonHugePages of the mapping that holds addr, in kB; -1: there is no such line. */
static long smaps_anon_huge(uint64_t addr)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[512];
	long found = -1;
	bool inside = false;

	while (file && found < 0 && fgets(line, sizeof(line), file)) {
		unsigned long start, end;
		long kb;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= addr && addr < end;
		else if (inside && sscanf(line, "AnonHugePages: %ld", &kb) == 1)
			found = kb;
	}
	if (file)
		fclose(file);
	return found;
}

bool host_is_huge_mapped(const struct host *host, uint64_t addr)
{
	struct scan_region region = {0};
	struct scan_arg scan = {
		.size = sizeof(scan),
		.start = addr,
		.end = addr + host->huge_size,
		.vec = (uint64_t)(uintptr_t)&region,
		.vec_len = 1,
		.category_mask = SCAN_PAGE_IS_HUGE,
		.return_mask = SCAN_PAGE_IS_HUGE,
	};
	long fd = host_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long result = fd;

	if (fd >= 0) {
		result = host_syscall(SYS_ioctl, fd, SCAN_IOCTL, (long)&scan, 0, 0, 0);
		host_close((int)fd);
	}
	if (result >= 0)
		return result == 1 && region.start == scan.start && region.end == scan.end;
	return smaps_anon_huge(addr) == (long)(host->huge_size / 1024);
}

int host_is_compound(const struct host *host, uint64_t addr)
{
	uint64_t frame = host_pagemap(host, addr);
	uint64_t flags;
	long fd, result;

	if (!frame)
		return -1;
	fd = host_open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	result = host_pread((int)fd, &flags, sizeof(flags), frame * sizeof(flags));
	host_close((int)fd);
	if (result != (long)sizeof(flags))
		return -1;
	return (flags >> KPF_COMPOUND_HEAD & 1) || (flags >> KPF_COMPOUND_TAIL & 1);
}
