/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_look.c - look at memory for the outcome, without a signal and without waiting for anybody */
#include "targets/host_map.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"

/*
 * Swap entries whose type is no swap device stand for something else, such as the mark of a
 * userfaultfd on a page that is not there. Devices are numbered from 0, and are few.
 */
#define SWAP_TYPE(entry)  ((entry)&31)
#define MOST_SWAP_DEVICES 16

/* A load that gives -EFAULT instead of a signal: the kernel makes it, for a pipe. */
static bool peek(struct host *host, uint64_t addr, int *value)
{
	int fds[2];
	long result;

	host_make_pipe(host, fds);
	result = host_write(fds[1], (const void *)(uintptr_t)addr, sizeof(*value));
	if (result == (long)sizeof(*value))
		result = host_read(fds[0], value, sizeof(*value));
	host_close_pipe(fds);
	if (result < 0 && result != -EFAULT)
		host_refuse(host, "write() to a pipe", result);
	return result == (long)sizeof(*value);
}

/* Would a load find the page in the page table, or in swap? Else it could wait for a monitor. */
static bool is_populated(const struct host *host, uint64_t addr)
{
	uint64_t entry = host_pagemap_entry(host, addr);

	if (entry & HOST_PAGEMAP_PRESENT)
		return true;
	return entry & HOST_PAGEMAP_SWAP && SWAP_TYPE(entry) < MOST_SWAP_DEVICES;
}

/* The mapping that holds addr, as a line of /proc/self/maps shows it. */
struct area {
	bool is_readable;
	int file; /* the object whose file it is (host_map.c), or -1 */
	uint64_t start;
	uint64_t offset;
};

/* "7e0000000000-7e0000001000 rw-p 00000000 00:01 1234   /memfd:litmus0 (deleted)" */
static bool parse_area(const char *line, uint64_t addr, struct area *area)
{
	const char *name = strstr(line, HOST_FILE_NAME);
	char *at;
	uint64_t end;

	area->start = strtoull(line, &at, 16);
	end = strtoull(at + 1, &at, 16);
	if (addr < area->start || addr >= end)
		return false;
	area->is_readable = at[1] == 'r';
	area->offset = strtoull(at + sizeof(" rw-p"), NULL, 16);
	area->file = name ? name[strlen(HOST_FILE_NAME)] - '0' : -1;
	return true;
}

/* Read a line of at most size - 1 characters; what is longer is cut off. 0: the end. */
static bool read_line(int fd, char *line, size_t size)
{
	size_t length = 0;
	char c;

	while (host_read(fd, &c, 1) == 1 && c != '\n') {
		if (length < size - 1)
			line[length++] = c;
	}
	line[length] = '\0';
	return length > 0;
}

static bool find_area(uint64_t addr, struct area *area)
{
	long fd = host_open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char line[256];
	bool found = false;

	if (fd < 0)
		return false;
	while (!found && read_line((int)fd, line, sizeof(line)))
		found = parse_area(line, addr, area);
	host_close((int)fd);
	return found;
}

/* What a load would find where nothing is in the page table. */
static bool look_behind(uint64_t addr, int *value)
{
	struct area area;

	if (!find_area(addr, &area) || !area.is_readable)
		return false;
	*value = 0;
	return area.file < 0 || host_pread(HOST_FD_FILE + area.file, value, sizeof(*value),
					   area.offset + (addr - area.start)) >= 0;
}

static bool look(struct host *host, struct litmus_addr at, int *value)
{
	uint64_t addr = host_address(host, at);

	if (host->test->nr_uffds == 0 || is_populated(host, addr))
		return peek(host, addr, value);
	return look_behind(addr, value);
}

void host_observe(struct host *host, int task)
{
	const struct litmus_test *test = host->test;

	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *what = &test->observables[i];
		int value;

		if (what->kind != LITMUS_OBSERVE_MEMORY || what->task != task)
			continue;
		if (look(host, what->addr, &value))
			host->shared->now.memory[i] = value;
	}
}
