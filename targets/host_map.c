/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_map.c - map the objects of a test, and bring them into their states */
#include "targets/host_map.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "targets/host_pages.h"
#include "targets/host_sys.h"

/* The size of a huge page goes into the flags of mmap(2) and memfd_create(2) as its logarithm. */
#define SIZE_SHIFT 26

static int size_flag(const struct host *host)
{
	return __builtin_ctzll(host->huge_size) << SIZE_SHIFT;
}

static uint64_t span(const struct host *host, int object)
{
	return (uint64_t)host->test->objects[object].nr_pages * host_unit(host, object);
}

/* A file without a name, at a number that forks inherit. Returns that. */
static int make_file(struct host *host, int object, int flags)
{
	char name[] = HOST_FILE_NAME "0";
	int number = HOST_FD_FILE + object;
	long fd, error;

	name[sizeof(name) - 2] = (char)('0' + object);
	fd = host_syscall(SYS_memfd_create, (long)name, flags, 0, 0, 0, 0);
	if (fd < 0)
		host_refuse(host, "memfd_create()", fd);
	error = host_syscall(SYS_ftruncate, fd, (long)span(host, object), 0, 0, 0, 0);
	if (error)
		host_refuse(host, "ftruncate() of a memfd", error);
	error = host_syscall(SYS_dup3, fd, number, O_CLOEXEC, 0, 0, 0);
	if (error < 0)
		host_refuse(host, "dup3()", error);
	host_close((int)fd);
	return number;
}

static void map_at(struct host *host, int object, int flags, int fd)
{
	uint64_t addr = host_object_address(host, object);
	long result = host_syscall(SYS_mmap, (long)addr, (long)span(host, object),
				   PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (result != (long)addr)
		host_refuse(host, "mmap() at the address of an object",
			    result < 0 ? result : -EEXIST);
}

/* Shared memory is a file, too, so that it can be looked at without a fault (host_look.c). */
static void map_object(struct host *host, int object)
{
	switch (host->test->objects[object].kind.backing) {
	case LITMUS_ANON:
		map_at(host, object, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		break;
	case LITMUS_SHARED:
		map_at(host, object, MAP_SHARED, make_file(host, object, 0));
		break;
	case LITMUS_FILE:
		map_at(host, object, MAP_PRIVATE, make_file(host, object, 0));
		break;
	case LITMUS_THP:
		host_map_thp(host, object);
		break;
	case LITMUS_HUGETLB:
		map_at(host, object, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | size_flag(host),
		       -1);
		break;
	case LITMUS_SHARED_HUGETLB:
		map_at(host, object, MAP_SHARED,
		       make_file(host, object, MFD_HUGETLB | size_flag(host)));
		break;
	case LITMUS_UNMAPPED:
		break;
	}
}

/* The values of a file object are the file's, and nothing is mapped yet. */
static void write_word(struct host *host, int object, int page, int word)
{
	const struct litmus_object *what = &host->test->objects[object];
	uint64_t offset = (uint64_t)page * host_unit(host, object) + (uint64_t)word * sizeof(int);
	int value = (int)what->value[page][word];

	if (what->kind.backing != LITMUS_FILE)
		*(volatile int *)(uintptr_t)(host_object_address(host, object) + offset) = value;
	else if (host_pwrite(HOST_FD_FILE + object, &value, sizeof(value), offset) !=
		 (long)sizeof(value))
		host_refuse(host, "pwrite() to a memfd", -EIO);
}

static void write_values(struct host *host, int object)
{
	const struct litmus_object *what = &host->test->objects[object];

	for (int page = 0; page < what->nr_pages; page++) {
		for (int word = 0; what->initialised[page] && word < what->nr_words; word++)
			write_word(host, object, page, word);
	}
}

/* Page it out, and see that no page of it is left in memory. */
static void make_swapped(struct host *host, int object)
{
	uint64_t addr = host_object_address(host, object);
	uint64_t length = span(host, object);

	/* The pages of a PTE-mapped huge page are all of it. */
	if (host->test->objects[object].kind.states & LITMUS_PTE_MAPPED)
		length = host->huge_size;
	for (int tries = 0; tries < 5; tries++) {
		long error = host_pageout(host, addr, length);

		if (error)
			host_refuse(host, "madvise(MADV_PAGEOUT)", error);
		if (host_pagemap_count(host, addr, length, HOST_PAGEMAP_PRESENT,
				       HOST_PAGEMAP_PRESENT) == 0)
			return;
		host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	host_refuse(host, "madvise(MADV_PAGEOUT) leaves pages in memory that should be swapped out",
		    0);
}

void host_map_objects(struct host *host)
{
	for (int i = 0; i < host->test->nr_objects; i++) {
		const struct litmus_object *object = &host->test->objects[i];

		map_object(host, i);
		write_values(host, i);
		if (object->kind.backing == LITMUS_THP && object->initialised[0])
			host_make_thp_state(host, i);
		if (object->kind.states & LITMUS_SWAPPED)
			make_swapped(host, i);
	}
}

/* Would somebody have to read of it? Then who ends reads no more. */
static bool tells_of_unmap(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			const struct litmus_op *op = &test->tasks[i].ops[j];

			if (op->code == LITMUS_USERFAULTFD &&
			    op->flags & LITMUS_UFFD_FEATURE_EVENT_UNMAP)
				return true;
		}
	}
	return false;
}

static bool has_handles(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		for (int j = 0; j < test->tasks[i].nr_ops; j++) {
			if (litmus_op_info(test->tasks[i].ops[j].code)->makes_handle)
				return true;
		}
	}
	return false;
}

void host_unmap_objects(struct host *host)
{
	/* Else a monitor in another process would find the memory gone, and the process still
	 * there. */
	if (!has_handles(host->test))
		return;
	/* The end of the process is no event. */
	if (tells_of_unmap(host->test))
		return;
	uint64_t start = host_object_address(host, 0);
	uint64_t end = host_object_address(host, LITMUS_MAX_OBJECTS);

	host_syscall(SYS_munmap, (long)start, (long)(end - start), 0, 0, 0, 0);
}
