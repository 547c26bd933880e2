/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_hugetlb.c - the system's pool of huge pages */
#include "targets/host_system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "targets/host_text.h"

/* How often to try to make the pool as large as needed. */
#define TRIES 5

char *host_pool_path(uint64_t huge_size, const char *file, char *buf, size_t size)
{
	snprintf(buf, size, "/sys/kernel/mm/hugepages/hugepages-%lukB/%s",
		 (unsigned long)(huge_size / 1024), file);
	return buf;
}

static long read_pool(uint64_t huge_size, const char *file)
{
	char path[128];

	return host_read_number(host_pool_path(huge_size, file, path, sizeof(path)));
}

static bool write_pool(uint64_t huge_size, const char *file, long number)
{
	char path[128];

	return host_write_number(host_pool_path(huge_size, file, path, sizeof(path)), number);
}

long host_pool_free(uint64_t huge_size)
{
	return read_pool(huge_size, "free_hugepages") - read_pool(huge_size, "resv_hugepages");
}

static bool is_enough(const struct host_needs *needs)
{
	long nr = host_pool_free(needs->huge_size);

	return needs->exactly ? nr == (long)needs->huge_pages : nr >= (long)needs->huge_pages;
}

/* Let the pool grow or shrink by what is too few or too many. */
static bool resize(const struct host_needs *needs)
{
	for (int tries = 0; tries < TRIES; tries++) {
		long nr = read_pool(needs->huge_size, "nr_hugepages");

		nr += (long)needs->huge_pages - host_pool_free(needs->huge_size);
		if (!write_pool(needs->huge_size, "nr_hugepages", nr))
			return false;
		if (is_enough(needs))
			return true;
		host_write_text("/proc/sys/vm/compact_memory", "1");
	}
	errno = ENOMEM;
	return false;
}

static void say_why(const struct host_needs *needs, char *reason, size_t size)
{
	const char *pages = needs->exactly ? "exactly" : "at least";
	char path[128];

	if (errno == ENOMEM)
		snprintf(reason, size,
			 "the pool can't have %s %u free huge pages: memory is too fragmented",
			 pages, needs->huge_pages);
	else
		snprintf(reason, size, "the pool must have %s %u free huge pages, and %s: %s",
			 pages, needs->huge_pages,
			 host_pool_path(needs->huge_size, "nr_hugepages", path, sizeof(path)),
			 strerror(errno));
}

bool host_pool_take(struct host_pool *pool, const struct host_needs *needs, char *reason,
		    size_t size)
{
	pool->huge_size = needs->huge_size;
	pool->nr_pages = read_pool(needs->huge_size, "nr_hugepages");
	pool->overcommit = read_pool(needs->huge_size, "nr_overcommit_hugepages");
	if (is_enough(needs) && (!needs->exactly || pool->overcommit <= 0))
		return true;
	pool->changed = true;
	if ((pool->overcommit <= 0 || write_pool(needs->huge_size, "nr_overcommit_hugepages", 0)) &&
	    resize(needs))
		return true;
	say_why(needs, reason, size);
	host_pool_restore(pool);
	return false;
}

void host_pool_restore(struct host_pool *pool)
{
	if (!pool->changed)
		return;
	pool->changed = false;
	write_pool(pool->huge_size, "nr_hugepages", pool->nr_pages);
	if (pool->overcommit > 0)
		write_pool(pool->huge_size, "nr_overcommit_hugepages", pool->overcommit);
}
