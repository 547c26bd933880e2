/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stress_mm.c - mm/ on real threads: faults, forks, pins and all that moves, shares or drops pages
 * at the same time, under each row of the table
 *
 * Each thread has memory of its own in the mm that all share, and expects from it what the rules
 * promise, whatever the others do. At the end the accounting must hold and every frame be free
 * again. Made for ThreadSanitizer; the amount of work is fixed, not the time.
 */
#include "stress.h"
#include "mm/audit.h"
#include "mm/eras.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES    16384
#define SLOTS     4096
#define HUGEPAGES 8 /* too few for all copies */
#define ROUNDS    60

unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

static _Noreturn void bail_out(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

void expect(const struct worker *worker, const char *what, long expected, long found)
{
	if (expected == found)
		return;
	printf("Bail out! thread %u: %s: expected %ld, found %ld\n", worker->cpu, what, expected,
	       found);
	exit(1);
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	port_set_cpu(worker->cpu);
	own_init(worker);
	for (int round = 0; round < ROUNDS; round++) {
		own_check(worker);
		own_disturb(worker);
		for (int i = 0; i < 4; i++)
			chaos(worker);
	}
	return NULL;
}

/*
 * What stays when every mm is gone: the huge zero page, and what the swap cache could not let go
 * of, since somebody had locked it just then. The kernel's page-out would find those.
 */
static unsigned kept_frames(struct machine *machine)
{
	unsigned kept = machine->huge_zero_pfn ? MM_HPAGE_NR : 0;

	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++) {
		const struct page *page = pfn_to_page(machine, pfn);

		if (port_atomic_read(&page->flags) & PG_SWAPCACHE)
			kept += 1U << page->order;
	}
	return kept;
}

static void check_accounting(struct machine *machine)
{
	struct audit_frame *frames = calloc(machine->nr_frames, sizeof(*frames));
	struct audit_result result;

	if (!frames)
		bail_out("no memory");
	if (!mm_audit(machine, frames, &result)) {
		printf("Bail out! accounting: frame %u: finding %d, expected %d, found %d\n",
		       result.pfn, (int)result.finding, result.expected, result.found);
		exit(1);
	}
	free(frames);
}

static void start(pthread_t *thread, void *(*function)(void *), void *argument)
{
	if (pthread_create(thread, NULL, function, argument))
		bail_out("no thread");
}

static void run_threads(struct stress *stress)
{
	struct worker workers[WORKERS];
	pthread_t threads[WORKERS], monitor_thread;

	start(&monitor_thread, monitor, stress);
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.stress = stress, .cpu = i, .seed = i + 1};
		start(&threads[i], work, &workers[i]);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&stress->done, true);
	pthread_join(monitor_thread, NULL);
	port_fail_allocation(0);
}

static void stress_under(const struct mm_rules *rules)
{
	/* Up to v5.17 parts of huge pages change under writeback. */
	bool stable = rules->swapin_reuse != SWAPIN_REUSE_MAPCOUNT;
	struct stress stress = {0};
	unsigned free_before;

	stress.machine =
		machine_create(rules, &(struct machine_config){.nr_frames = FRAMES,
							       .nr_cpus = CPUS,
							       .nr_swap_slots = SLOTS,
							       .swap_async = true,
							       .swap_stable_writes = stable,
							       .nr_hugepages = HUGEPAGES});
	if (!stress.machine)
		bail_out("no memory");
	free_before = nr_free_pages(stress.machine);
	stress.mm = mm_create(stress.machine);
	stress.file = shmem_create(WORKERS + 4);
	if (!stress.mm || !stress.file || own_map(&stress) || chaos_map(&stress))
		bail_out("no memory");
	run_threads(&stress);

	check_accounting(stress.machine);
	mm_destroy(stress.mm);
	shmem_put(stress.machine, stress.file);
	lru_add_drain_all(stress.machine);
	swap_end_writeback(stress.machine);
	check_accounting(stress.machine);
	if (nr_free_pages(stress.machine) + kept_frames(stress.machine) != free_before)
		bail_out("frames are lost");
	machine_destroy(stress.machine);
}

int main(int argc, char **argv)
{
	printf("TAP version 13\n1..%d\n", argc > 1 ? argc - 1 : mm_nr_eras);
	for (int i = 0; i < mm_nr_eras; i++) {
		struct mm_rules rules = mm_eras[i].rules;
		bool wanted = argc == 1;

		for (int arg = 1; arg < argc; arg++)
			wanted |= !strcmp(argv[arg], mm_eras[i].name);
		if (!wanted)
			continue;
		/* Bugs that come up once in a while, and would be found here. */
		rules.wp_unlock = WP_UNLOCK_BEFORE_PTL;
		rules.migrate_dirty = MIGRATE_DIRTY_KEEP;
		stress_under(&rules);
		printf("ok %d %s\n", i + 1, mm_eras[i].name);
		fflush(stdout);
	}
	return 0;
}
