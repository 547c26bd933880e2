/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_eras.c - the table of rules is well-formed, and versions find their row */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "mm/stable.h"

static void every_rule_is_a_field_with_named_values(void **state)
{
	(void)state;
	assert_int_equal(mm_nr_rule_fields * sizeof(int), sizeof(struct mm_rules));
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];

		assert_int_equal(field->offset, (size_t)i * sizeof(int));
		for (int value = 0; value < field->nr_values; value++) {
			assert_non_null(field->values[value].name);
			assert_non_null(field->values[value].what);
		}
		for (int era = 0; era < mm_nr_eras; era++)
			assert_in_range(mm_rules_get(&mm_eras[era].rules, field), 0,
					field->nr_values - 1);
	}
}

static void released_rows_come_first_in_order_of_time(void **state)
{
	(void)state;
	for (int i = 1; i < mm_nr_eras; i++) {
		if (mm_eras[i].released) {
			assert_true(mm_eras[i - 1].released);
			assert_true(mm_version_compare(mm_eras[i - 1].since, mm_eras[i].since) < 0);
		}
	}
}

static void no_two_neighbours_have_the_same_rules(void **state)
{
	(void)state;
	for (int i = 1; i < mm_nr_eras; i++)
		assert_memory_not_equal(&mm_eras[i - 1].rules, &mm_eras[i].rules,
					sizeof(struct mm_rules));
}

static void find_is(const char *text, const char *name)
{
	const struct mm_era *era = mm_era_find(text);

	if (!name) {
		assert_null(era);
		return;
	}
	assert_non_null(era);
	assert_string_equal(era->name, name);
}

static void a_version_finds_the_row_in_force(void **state)
{
	(void)state;
	find_is("v5.6", "v5.7");
	find_is("v5.7", "v5.7");
	find_is("v5.8.18", "v5.8");
	find_is("v5.9-rc1", "v5.8");
	find_is("v5.8-rc1", "v5.8");
	find_is("v5.19-rc5", "v5.19");
	find_is("v5.9-rc4", "v5.9-rc4");
	find_is("v5.9-rc6", "v5.9-rc4");
	find_is("v5.9-rc7", "v5.9-rc7");
	find_is("v5.9-rc8", "v5.9-rc7");
	find_is("v5.9", "v5.9");
	find_is("5.10.223", "v5.9");
	find_is("5.15.0-91-generic", "v5.14");
	find_is("6.1.0-18-amd64", "v6.1");
	find_is("v6.4", "v6.4");
	find_is("v6.8-rc1", "v6.8");
	find_is("v6.16", "v6.15");
	find_is("v6.18", "v6.18");
	find_is("7.2.13+deb14-amd64", "v6.18");
	find_is("break-cow-v2", "break-cow-v2");
}

static void what_is_no_version_finds_nothing(void **state)
{
	(void)state;
	find_is("", NULL);
	find_is("v", NULL);
	find_is("v5", NULL);
	find_is("v5.", NULL);
	find_is("v5.5", NULL);
	find_is("v4.19", NULL);
	find_is("v5.9-rc", NULL);
	find_is("v5.9-rc0", NULL);
	find_is("v99999.1", NULL);
	find_is("break-cow", NULL);
}

/* facts from the commits: which rule each release is known for */
static void rules_are(const char *name, enum wp_reuse reuse, enum gup_break gup_break,
		      enum fork_pinned fork_pinned)
{
	const struct mm_era *era = mm_era_named(name);

	assert_non_null(era);
	assert_int_equal(era->rules.wp_reuse, reuse);
	assert_int_equal(era->rules.gup_break, gup_break);
	assert_int_equal(era->rules.fork_pinned, fork_pinned);
}

static void rows_have_the_rules_of_their_commits(void **state)
{
	(void)state;
	rules_are("v5.7", WP_REUSE_MAPCOUNT, GUP_BREAK_NEVER, FORK_PINNED_SHARE);
	rules_are("v5.8", WP_REUSE_MAPCOUNT, GUP_BREAK_FORCE_WRITE, FORK_PINNED_SHARE);
	rules_are("v5.9-rc4", WP_REUSE_REFCOUNT, GUP_BREAK_NEVER, FORK_PINNED_SHARE);
	rules_are("v5.9-rc7", WP_REUSE_REFCOUNT, GUP_BREAK_NEVER, FORK_PINNED_PROTECT_COPY);
	rules_are("v5.9", WP_REUSE_REFCOUNT, GUP_BREAK_NEVER, FORK_PINNED_COPY);
	rules_are("v5.18", WP_REUSE_REFCOUNT_DRAIN, GUP_BREAK_NEVER, FORK_PINNED_COPY);
	rules_are("v5.19", WP_REUSE_EXCLUSIVE, GUP_BREAK_UNSHARE, FORK_PINNED_COPY);
	rules_are("v6.2", WP_REUSE_EXCLUSIVE, GUP_BREAK_UNSHARE_COW, FORK_PINNED_COPY);
	rules_are("break-cow-v1", WP_REUSE_REFCOUNT, GUP_BREAK_PIN, FORK_PINNED_SHARE);
	rules_are("pin-mapcount", WP_REUSE_PINNED_MAPCOUNT, GUP_BREAK_NEVER, FORK_PINNED_SHARE);
}

static void a_field_can_be_set(void **state)
{
	struct mm_rules rules = mm_era_named("v5.9")->rules;

	(void)state;
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		for (int value = 0; value < mm_rule_fields[i].nr_values; value++) {
			mm_rules_set(&rules, &mm_rule_fields[i], value);
			assert_int_equal(mm_rules_get(&rules, &mm_rule_fields[i]), value);
		}
	}
	assert_int_equal(rules.gup_break, GUP_BREAK_UNSHARE_COW);
	assert_int_equal(rules.mremap_range, MREMAP_RANGE_MANY);
}

/* The row that brought the value to mainline, after the one in force in the series. */
static bool a_later_row_has(const struct mm_era *era, const struct mm_rule_choice *choice)
{
	for (const struct mm_era *later = era + 1; later < mm_eras + mm_nr_eras; later++) {
		struct mm_rules rules = later->rules;

		if (later->released && mm_rules_choose(&rules, *choice) &&
		    memcmp(&rules, &later->rules, sizeof(rules)) == 0)
			return true;
	}
	return false;
}

/* Newer than the table: it is in stable releases only, so far. */
static bool no_row_has(const struct mm_rule_choice *choice)
{
	for (int i = 0; i < mm_nr_eras; i++) {
		struct mm_rules rules = mm_eras[i].rules;

		if (mm_rules_choose(&rules, *choice) &&
		    memcmp(&rules, &mm_eras[i].rules, sizeof(rules)) == 0)
			return false;
	}
	return true;
}

static void a_backport_brings_what_a_later_row_has(void **state)
{
	(void)state;
	for (int i = 0; i < mm_nr_backports; i++) {
		const struct mm_backport *backport = &mm_backports[i];
		struct mm_rules rules;
		char name[32];

		snprintf(name, sizeof(name), "v%d.%d", backport->series.major,
			 backport->series.minor);
		assert_int_equal(mm_rules_find(name, &rules), 0);
		assert_true(mm_rules_choose(&rules, backport->rule));
		assert_memory_not_equal(&rules, &mm_era_find(name)->rules, sizeof(rules));
		assert_true(a_later_row_has(mm_era_find(name), &backport->rule) ||
			    no_row_has(&backport->rule));
		assert_true(backport->since > 0);
		assert_true(!backport->commit || strlen(backport->commit) == 12);
	}
}

static void a_stable_release_has_what_came_before_it(void **state)
{
	struct mm_rules rules;

	(void)state;
	assert_int_equal(mm_rules_find("4.19.300", &rules), -1);
	assert_int_equal(mm_rules_find("v5.9", &rules), 0);
	assert_memory_equal(&rules, &mm_era_named("v5.9")->rules, sizeof(rules));
	mm_rules_find("v5.10.52", &rules);
	assert_int_equal(rules.uffd_wp_fork, UFFD_WP_FORK_PARENT);
	mm_rules_find("5.10.262-1", &rules);
	assert_int_equal(rules.uffd_wp_fork, UFFD_WP_FORK_CHILD);
	/* Not of the next series: v5.11 had its own. */
	mm_rules_find("5.11.99", &rules);
	assert_int_equal(rules.uffd_wp_fork, UFFD_WP_FORK_PARENT);
	mm_rules_find("5.10-rc7", &rules);
	assert_int_equal(rules.uffd_wp_fork, UFFD_WP_FORK_PARENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_is_a_field_with_named_values),
		cmocka_unit_test(released_rows_come_first_in_order_of_time),
		cmocka_unit_test(no_two_neighbours_have_the_same_rules),
		cmocka_unit_test(a_version_finds_the_row_in_force),
		cmocka_unit_test(what_is_no_version_finds_nothing),
		cmocka_unit_test(rows_have_the_rules_of_their_commits),
		cmocka_unit_test(a_field_can_be_set),
		cmocka_unit_test(a_backport_brings_what_a_later_row_has),
		cmocka_unit_test(a_stable_release_has_what_came_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
