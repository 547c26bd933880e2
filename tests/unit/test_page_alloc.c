/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_page_alloc.c - frames that CPUs keep for themselves are there for the others all the same */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/eras.h"
#include "mm/internal.h"
#include "threads.h"

#define NR_CPUS   2
#define NR_BLOCKS 16
#define NR_FRAMES (NR_BLOCKS * MM_HPAGE_NR)

static struct machine *new_machine(unsigned nr_movable)
{
	const struct machine_config config = {
		.nr_frames = NR_FRAMES, .nr_cpus = NR_CPUS, .nr_movable = nr_movable};
	struct machine *machine = machine_create(&mm_eras[0].rules, &config);

	assert_non_null(machine);
	return machine;
}

static void one_cpu_gets_what_another_has_freed(void **state)
{
	static struct page *pages[NR_FRAMES];
	struct machine *machine = new_machine(0);
	unsigned nr_free = nr_free_pages(machine);
	unsigned nr = 0;

	(void)state;
	port_set_cpu(0);
	for (int i = 0; i < 3; i++)
		pages[i] = alloc_page(machine);
	for (int i = 0; i < 3; i++)
		put_page(machine, pages[i]);
	port_set_cpu(1);
	while ((pages[nr] = alloc_page(machine)))
		nr++;
	assert_int_equal(nr, nr_free);
	assert_int_equal(nr_free_pages(machine), 0);
	while (nr)
		put_page(machine, pages[--nr]);
	assert_int_equal(nr_free_pages(machine), nr_free);
	machine_destroy(machine);
}

static void what_a_cpu_keeps_becomes_a_huge_page_again(void **state)
{
	struct machine *machine = new_machine(0);
	struct page *pages[NR_BLOCKS];
	struct page *single;
	unsigned nr = 0;

	(void)state;
	port_set_cpu(0);
	single = alloc_page(machine);
	put_page(machine, single);
	port_set_cpu(1);
	while ((pages[nr] = alloc_hpage(machine)))
		nr++;
	/* All but the one that the first frames are in, which are never given out. */
	assert_int_equal(nr, NR_BLOCKS - 1);
	while (nr)
		put_page(machine, pages[--nr]);
	machine_destroy(machine);
}

static void a_cpu_does_not_keep_more_than_it_needs(void **state)
{
	struct machine *machine = new_machine(0);
	struct page *pages[4 * PCP_HIGH];

	(void)state;
	port_set_cpu(0);
	for (int i = 0; i < 4 * PCP_HIGH; i++)
		pages[i] = alloc_page(machine);
	for (int i = 0; i < 4 * PCP_HIGH; i++) {
		put_page(machine, pages[i]);
		assert_true(machine->pcp[0].nr <= PCP_HIGH);
	}
	machine_destroy(machine);
}

static void the_zones_stay_apart(void **state)
{
	struct machine *machine = new_machine(NR_FRAMES / 2);
	struct page *movable, *other;

	(void)state;
	port_set_cpu(0);
	movable = alloc_page(machine);
	other = alloc_unmovable(machine, 0);
	assert_true(page_is_movable(machine, movable));
	assert_false(page_is_movable(machine, other));
	put_page(machine, movable);
	put_page(machine, other);
	/* From the CPU's lists, now. */
	other = alloc_unmovable(machine, 0);
	assert_false(page_is_movable(machine, other));
	movable = alloc_page(machine);
	assert_true(page_is_movable(machine, movable));
	put_page(machine, movable);
	put_page(machine, other);
	machine_destroy(machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_cpu_gets_what_another_has_freed),
		cmocka_unit_test(what_a_cpu_keeps_becomes_a_huge_page_again),
		cmocka_unit_test(a_cpu_does_not_keep_more_than_it_needs),
		cmocka_unit_test(the_zones_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
