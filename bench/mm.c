/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mm.c - how long fork and copy-on-write take in libcowherd-mm, and in the kernel that we run on */

#include "mm/eras.h"
#include "mm/mm.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NR_PAGES  1024
#define NR_ROUNDS 41 /* odd: the median is one of them */
#define BASE      0x10000000UL

/* What one round took: nanoseconds a page. */
struct times {
	double fork[NR_ROUNDS];
	double copy[NR_ROUNDS];
};

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench/mm: %s\n", what);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, NR_ROUNDS, sizeof(*values), compare);
	return values[NR_ROUNDS / 2];
}

static void store_all(struct mm *mm, uint32_t value)
{
	for (unsigned long i = 0; i < NR_PAGES; i++) {
		if (mm_store(mm, BASE + i * MM_PAGE_SIZE, value))
			die("a store failed");
	}
}

static const struct mm_rules *newest_rules(void)
{
	const struct mm_era *newest = mm_eras;

	for (int i = 0; i < mm_nr_eras; i++) {
		if (mm_eras[i].released)
			newest = &mm_eras[i];
	}
	return &newest->rules;
}

/* Fork an address space, and let the child write to every page of it. */
static void measure_ours(struct times *times)
{
	struct machine *machine = machine_create(
		newest_rules(), &(struct machine_config){.nr_frames = 4 * NR_PAGES, .nr_cpus = 1});
	struct mm *parent;

	if (!machine)
		die("no memory");
	parent = mm_create(machine);
	if (!parent || mm_mmap(parent, BASE, NR_PAGES * MM_PAGE_SIZE, VM_READ | VM_WRITE))
		die("no memory");
	for (int round = 0; round < NR_ROUNDS; round++) {
		struct mm *child;
		double start;

		store_all(parent, 1);
		start = now();
		if (mm_fork(parent, &child))
			die("no memory");
		times->fork[round] = (now() - start) / NR_PAGES;
		start = now();
		store_all(child, 2);
		times->copy[round] = (now() - start) / NR_PAGES;
		mm_destroy(child);
	}
	mm_destroy(parent);
	machine_destroy(machine);
}

static void touch_all(volatile char *memory, char value)
{
	for (size_t i = 0; i < NR_PAGES; i++)
		memory[i * 4096] = value;
}

/* The same with real processes. The child reports its time through shared memory. */
static void measure_host(struct times *times)
{
	char *memory = mmap(NULL, NR_PAGES * 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	double *copy = mmap(NULL, sizeof(*copy), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);

	if (memory == MAP_FAILED || copy == MAP_FAILED)
		die("no memory");
	madvise(memory, NR_PAGES * 4096, MADV_NOHUGEPAGE);
	for (int round = 0; round < NR_ROUNDS; round++) {
		double start;
		pid_t pid;

		touch_all(memory, 1);
		start = now();
		pid = fork();
		if (pid == 0) {
			start = now();
			touch_all(memory, 2);
			*copy = now() - start;
			_exit(0);
		}
		times->fork[round] = (now() - start) / NR_PAGES;
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork failed");
		times->copy[round] = *copy / NR_PAGES;
	}
	munmap(memory, NR_PAGES * 4096);
	munmap(copy, sizeof(*copy));
}

static void print_row(const char *what, double ours, double host)
{
	printf("  %-24s %8.0f ns %8.0f ns   %.2f\n", what, ours, host, ours / host);
}

int main(void)
{
	static struct times ours;
	static struct times host;

	measure_ours(&ours);
	measure_host(&host);
	printf("median of %d rounds over %d pages, a page:\n", NR_ROUNDS, NR_PAGES);
	printf("  %-24s %11s %11s   %s\n", "", "mm/", "this kernel", "ratio");
	print_row("fork", median(ours.fork), median(host.fork));
	print_row("write fault that copies", median(ours.copy), median(host.copy));
	return 0;
}
