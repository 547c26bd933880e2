/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_thp.c - transparent huge pages: make sure that they are */
#include "targets/host_map.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"
#include "targets/host_text.h"

/* Not in every libc's headers. */
#define MADVISE_COLLAPSE 25

#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

/* How often to ask for a huge page before memory counts as too fragmented. */
#define TRIES 8

static long advise(uint64_t addr, uint64_t length, int advice)
{
	return host_syscall(SYS_madvise, (long)addr, (long)length, advice, 0, 0, 0);
}

/* Returns 0 or -errno. */
static long map_advised(const struct host *host, uint64_t addr)
{
	long result =
		host_syscall(SYS_mmap, (long)addr, (long)host->huge_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (result != (long)addr)
		return result < 0 ? result : -EEXIST;
	return advise(addr, host->huge_size, MADV_HUGEPAGE);
}

/*
 * Touch the huge page that is to be at addr. A fault that finds none falls back to base pages;
 * MADV_COLLAPSE (v6.1) tries harder, and where the system's settings say never.
 */
static bool touch_huge(const struct host *host, uint64_t addr)
{
	*(volatile int *)(uintptr_t)addr = 0;
	if (host_is_huge_mapped(host, addr))
		return true;
	return advise(addr, host->huge_size, MADVISE_COLLAPSE) == 0 &&
	       host_is_huge_mapped(host, addr);
}

/* Have the kernel move pages together, where we may. */
static void compact(void)
{
	host_write_text("/proc/sys/vm/compact_memory", "1");
}

static bool have_huge(const struct host *host, uint64_t addr)
{
	for (int tries = 0; tries < TRIES; tries++) {
		if (touch_huge(host, addr))
			return true;
		advise(addr, host->huge_size, MADV_DONTNEED);
		compact();
	}
	return false;
}

static const char *why_not_huge(void)
{
	char enabled[64];

	if (!host_read_text(THP_ENABLED, enabled, sizeof(enabled)))
		return "this kernel has no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)";
	if (strstr(enabled, "[never]"))
		return "transparent huge pages are switched off: " THP_ENABLED " is never";
	return "there is no huge page to be had: memory is too fragmented";
}

void host_map_thp(struct host *host, int object)
{
	uint64_t addr = host_object_address(host, object);
	long error = map_advised(host, addr);

	if (error)
		host_refuse(host, "mmap() of a transparent huge page", error);
	if (host->test->objects[object].initialised[0] && !have_huge(host, addr))
		host_refuse(host, why_not_huge(), 0);
}

/*
 * Where VMAs part in the middle of a huge page its PMD is split, and stays so when they join again.
 * Unlike mprotect() this leaves the PTEs as they are.
 */
static void split_pmd(struct host *host, uint64_t addr)
{
	uint64_t size = (uint64_t)host->page_size;
	uint64_t last = addr + host->huge_size - size;

	if (advise(last, size, MADV_DONTFORK) || advise(last, size, MADV_DOFORK) ||
	    host_is_huge_mapped(host, addr))
		host_refuse(host, "a huge page can't be mapped by PTEs", 0);
}

void host_make_thp_state(struct host *host, int object)
{
	const struct litmus_object *what = &host->test->objects[object];
	uint64_t addr = host_object_address(host, object);
	uint64_t kept = (uint64_t)what->nr_pages * (uint64_t)host->page_size;

	if (!host_is_huge_mapped(host, addr))
		host_refuse(host, why_not_huge(), 0);
	if (!(what->kind.states & (LITMUS_PTE_MAPPED | LITMUS_PARTIAL)))
		return;
	split_pmd(host, addr);
	if (what->kind.states & LITMUS_PARTIAL &&
	    advise(addr + kept, host->huge_size - kept, MADV_DONTNEED))
		host_refuse(host, "a part of a huge page can't be discarded", 0);
}

const char *host_probe_thp(struct host *host, uint64_t addr)
{
	if (map_advised(host, addr))
		return why_not_huge();
	return have_huge(host, addr) ? NULL : why_not_huge();
}
