/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_move.c - move pages to another node, split huge pages, let KSM merge */
#include "targets/host_move.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <time.h>

#include "targets/host_map.h"
#include "targets/host_pages.h"
#include "targets/host_sys.h"
#include "targets/host_text.h"

#define KSM_RUN        "/sys/kernel/mm/ksm/run"
#define KSM_FULL_SCANS "/sys/kernel/mm/ksm/full_scans"

/*
 * A page's content must be the same in two scans before it is merged, and the first scan may have
 * been under way when the page became mergeable.
 */
#define SCANS         3
#define SCAN_LIMIT_MS 4000
#define SCAN_TICK_NS  200000
#define NS_PER_MS     1000000

/* Not in every libc's headers. */
#define MADVISE_COLD 20
#define MPOL_MOVE    (1 << 1) /* MPOL_MF_MOVE */
#define MAX_NODES    64

int64_t host_ksm_do_scan(struct host *host)
{
	const struct timespec tick = {.tv_nsec = SCAN_TICK_NS};
	long start = host_read_number(KSM_FULL_SCANS);
	long ticks = 0;

	do {
		/* Again and again: another task that scans, too, may be through and stop it. */
		if (ticks % 10 == 0 && !host_write_text(KSM_RUN, "1"))
			host_refuse(host, "writing to " KSM_RUN, -errno);
		if (ticks++ >= (long)SCAN_LIMIT_MS * (NS_PER_MS / SCAN_TICK_NS))
			host_refuse(host, "KSM takes too long for a scan of the whole system", 0);
		host_syscall(SYS_nanosleep, (long)&tick, 0, 0, 0, 0, 0);
	} while (host_read_number(KSM_FULL_SCANS) < start + SCANS);
	host_write_text(KSM_RUN, "0");
	return 0;
}

/* Nodes with memory: "0" or "0-1,3". Returns how many, at most MAX_NODES. */
static int list_nodes(int nodes[MAX_NODES])
{
	char text[256];
	char *at = text;
	int nr = 0;

	if (!host_read_text("/sys/devices/system/node/has_memory", text, sizeof(text)))
		return 0;
	while (*at && nr < MAX_NODES) {
		long first = strtol(at, &at, 10);
		long last = *at == '-' ? strtol(at + 1, &at, 10) : first;

		for (long node = first; node <= last && nr < MAX_NODES; node++)
			nodes[nr++] = (int)node;
		if (*at != ',')
			break;
		at++;
	}
	return nr;
}

const char *host_probe_move_pages(void)
{
	int nodes[MAX_NODES];

	if (list_nodes(nodes) >= 2)
		return NULL;
	return "move_pages() takes two NUMA nodes with memory, and this machine has one";
}

/* move_pages(2) for one page. NULL: where is it? Returns its node or -errno. */
static long move_page(uint64_t addr, const int *node)
{
	void *page = (void *)(uintptr_t)addr;
	int status = -EBUSY;
	long error = host_syscall(SYS_move_pages, 0, 1, (long)&page, (long)node, (long)&status,
				  node ? MPOL_MOVE : 0);

	return error < 0 ? error : status;
}

/* Page by page: several may be parts of one folio, which moves as a whole. */
static long move_away(uint64_t addr, const int *nodes, int nr_nodes, int *target)
{
	long node = move_page(addr, NULL);

	if (node < 0 || node == *target)
		return node < 0 ? node : 0;
	for (int i = 0; *target < 0 && i < nr_nodes; i++) {
		if (nodes[i] != node)
			*target = nodes[i];
	}
	return move_page(addr, target) == *target ? 0 : -EBUSY;
}

int64_t host_move_pages(struct host *host, const struct litmus_op *op)
{
	uint64_t unit = host_unit(host, host->test->vars[op->addr.var].object);
	uint64_t addr = host_page_address(host, op->addr);
	int nodes[MAX_NODES];
	int nr_nodes = list_nodes(nodes);
	int target = -1;
	int64_t result = 0;

	for (int i = 0; i < op->nr_pages; i++) {
		long error = move_away(addr + (uint64_t)i * unit, nodes, nr_nodes, &target);

		if (error && (!result || error == -EBUSY))
			result = error;
	}
	return result;
}

/* debugfs in a mount of our own, which nobody else sees. Returns the file or -errno. */
static long open_split_file(void)
{
	long fs = host_syscall(SYS_fsopen, (long)"debugfs", FSOPEN_CLOEXEC, 0, 0, 0, 0);
	long mount, fd;

	if (fs < 0)
		return fs;
	mount = host_syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, 0, 0, 0, 0);
	if (!mount)
		mount = host_syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0, 0, 0, 0);
	host_close((int)fs);
	if (mount < 0)
		return mount;
	fd = host_syscall(SYS_openat, mount, (long)"split_huge_pages", O_WRONLY | O_CLOEXEC, 0, 0,
			  0);
	host_close((int)mount);
	return fd;
}

/* "PID,0xSTART,0xEND" (v5.13). */
static bool split_by_debugfs(uint64_t addr, uint64_t length)
{
	long fd = open_split_file();
	char text[96];
	long result;

	if (fd < 0)
		return false;
	snprintf(text, sizeof(text), "%ld,0x%lx,0x%lx", host_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0),
		 (unsigned long)addr, (unsigned long)(addr + length));
	result = host_write((int)fd, text, strlen(text));
	host_close((int)fd);
	return result > 0;
}

/*
 * MADV_COLD on a part of a huge page splits it, if no other process maps it: the last base page,
 * which then counts as not used for long.
 */
static bool split_by_advice(const struct host *host, uint64_t addr)
{
	uint64_t huge = addr & ~(host->huge_size - 1);

	return host_syscall(SYS_madvise, (long)(huge + host->huge_size - (uint64_t)host->page_size),
			    host->page_size, MADVISE_COLD, 0, 0, 0) == 0;
}

/* What split_huge_page() gives while others hold the page: -EAGAIN since v6.2 (fd4a7ac32918). */
static long split_error(void)
{
	struct utsname name;
	int major = 0, minor = 0;

	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	return major > 6 || (major == 6 && minor >= 2) ? -EAGAIN : -EBUSY;
}

static bool has_forks(const struct litmus_test *test)
{
	return litmus_uses(test, LITMUS_FORK);
}

int64_t host_split_huge_page(struct host *host, const struct litmus_op *op)
{
	uint64_t addr = host_page_address(host, op->addr);
	bool split = split_by_debugfs(addr, (uint64_t)host->page_size);

	/* Neither way says how it went. */
	if (host_is_compound(host, addr) == 1 && !split)
		split_by_advice(host, addr);
	if (host_is_compound(host, addr) != 1)
		return 0;
	if (!split && has_forks(host->test))
		host_refuse(host,
			    "a huge page that processes share is split by debugfs' "
			    "split_huge_pages only, which can't be written here",
			    0);
	return split_error();
}

const char *host_probe_split(struct host *host, uint64_t addr)
{
	const char *missing = host_probe_thp(host, addr);

	if (missing)
		return missing;
	if (host_is_compound(host, addr) != 1)
		return "whether a huge page was split is seen in /proc/kpageflags, which takes "
		       "CAP_SYS_ADMIN";
	if (!split_by_debugfs(addr, (uint64_t)host->page_size))
		split_by_advice(host, addr);
	if (host_is_compound(host, addr) == 0)
		return NULL;
	return "neither debugfs' split_huge_pages nor MADV_COLD splits a huge page here";
}
