/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_conform.c - what a kernel showed, held against its model; both are made by hand */
#include "conform_fixture.h"

/* Two whole operations never mix; inside fork() of v5.9 the pin can be missed. */
#define FORK_RACE                                                                      \
	"C RACE\n{ anon x = 1; completion done; }\n"                                   \
	"P0(int *x) { r = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM); *x = 2;" \
	" dma_write(r, 3); r0 = *x; complete(done); }\nP1(int *x) { fork(P2); }\n"     \
	"P2(int *x) { wait_for_completion(done); }\nexists (0:r0=2)\n"

static void all_that_it_may(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 2, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 2, 7);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 9);
	cell = judge(&fixture, 0);
	assert_int_equal(cell->verdict, CONFORM_AGREES);
	assert_int_equal(cell->nr_unseen, 0);
	assert_int_equal(cell->nr_forbidden, 0);
	assert_null(cell->reason);
	assert_int_equal(conform_letter(cell), '.');
	assert_int_equal(conform_iterations(cell), 16);
	fixture_end(&fixture);
}

static void less_than_it_may(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 2, 4);
	breaks(&fixture, &model_of(&fixture, 0)->coarse, VIOLATION_DEADLOCK, "P0 waits");
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 9);
	cell = judge(&fixture, 0);
	assert_int_equal(cell->verdict, CONFORM_UNSEEN);
	assert_int_equal(cell->nr_unseen, 2);
	assert_int_equal(conform_letter(cell), '~');
	assert_int_equal(conform_count(&fixture.conform, 0).unseen, 2);
	assert_int_equal(conform_count(&fixture.conform, 1).unseen, 0);
	fixture_end(&fixture);
}

/* Model: 1 or 4. Kernel: 1, and 5, which nothing allows; the 4 is then unseen as well. */
static void more_than_it_may(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;
	const struct outcome *nearest;
	char text[LITMUS_OUTCOME_SIZE];

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 4, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 9);
	shows(&fixture, &cell_of(&fixture, 0)->result, 5, 2);
	cell = judge(&fixture, 0);
	assert_int_equal(cell->verdict, CONFORM_DIVERGES);
	assert_int_equal(cell->nr_forbidden, 1);
	assert_int_equal(cell->nr_unexplained, 1);
	assert_int_equal(cell->nr_unseen, 1);
	assert_int_equal(cell->notes[0].rule, CONFORM_ALLOWED);
	assert_int_equal(cell->notes[1].rule, CONFORM_FORBIDDEN);
	assert_null(cell->notes[1].known);
	assert_int_equal(conform_letter(cell), '!');
	assert_int_equal(conform_count(&fixture.conform, 0).fine, 0);
	nearest =
		conform_nearest(fixture.row.test, model_of(&fixture, 0), &cell->result.outcomes[1]);
	assert_ptr_equal(nearest, &model_of(&fixture, 0)->coarse.outcomes[0]);
	assert_string_equal(conform_hint(&fixture.conform, 0, 0, nearest, text, sizeof(text)),
			    "cowherd explain --on model:v6.18 --outcome '1:r0=1;' dir/t.litmus");
	fixture_end(&fixture);
}

/* Each kernel has its own model. */
static void another_era_another_model(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	assert_ptr_equal(conform_model(&fixture.conform, 0, 1), model_of(&fixture, 1));
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 1)->coarse, 2, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 2, 9);
	shows(&fixture, &cell_of(&fixture, 1)->result, 2, 9);
	assert_int_equal(judge(&fixture, 0)->verdict, CONFORM_DIVERGES);
	assert_int_equal(judge(&fixture, 1)->verdict, CONFORM_AGREES);
	fixture_end(&fixture);
}

static void kernels_of_one_era_share_it(void **state)
{
	struct fixture fixture;
	char err[512];

	(void)state;
	fixture_begin(&fixture, RACE, "t");
	fixture.targets[1].era = fixture.targets[0].era;
	fixture.targets[1].rules = fixture.targets[0].rules;
	assert_int_equal(conform_prepare(&fixture.conform, err, sizeof(err)), 0);
	assert_int_equal(fixture.conform.kernels[0].model, 0);
	assert_int_equal(fixture.conform.kernels[1].model, 0);
	assert_ptr_equal(conform_model(&fixture.conform, 0, 1), model_of(&fixture, 0));
	fixture_end(&fixture);
}

static void what_is_no_kernel(void **state)
{
	static const struct {
		enum target_kind kind;
		const char *era;
		const char *message;
	} bad[] = {
		{TARGET_SPEC, NULL, "spec is no kernel, expected host, vm or vm:KERNEL"},
		{TARGET_MODEL, "v6.1", "model:spec is no kernel, expected host, vm or vm:KERNEL"},
		{TARGET_HOST, NULL, "no era for Linux"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fixture fixture;
		char err[512] = "";

		fixture_begin(&fixture, RACE, "t");
		fixture.targets[1] = kernel_of("spec", bad[i].kind, bad[i].era);
		assert_int_equal(conform_prepare(&fixture.conform, err, sizeof(err)), -EINVAL);
		assert_non_null(strstr(err, bad[i].message));
		fixture_end(&fixture);
	}
}

static void explained_by_somebody(void **state)
{
	static const char letters[] = "kmft";
	static const char *const faults[] = {"kernel", "model", "facts", "target"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct fixture fixture;
		const struct conform_cell *cell;
		char line[128];

		fixture_prepare(&fixture, RACE);
		snprintf(line, sizeof(line), "host | RACE | 1:r0=5 | %s | read it", faults[i]);
		explain(&fixture, line);
		shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
		shows(&fixture, &cell_of(&fixture, 0)->result, 5, 2);
		cell = judge(&fixture, 0);
		assert_int_equal(cell->verdict, CONFORM_DIVERGES);
		assert_int_equal(cell->nr_forbidden, 1);
		assert_int_equal(cell->nr_unexplained, 0);
		assert_ptr_equal(cell->notes[0].known, &fixture.known.entries[0]);
		assert_int_equal(fixture.known.entries[0].seen, 1);
		assert_int_equal(conform_letter(cell), letters[i]);
		assert_int_equal(conform_count(&fixture.conform, -1).explained, 1);
		assert_int_equal(conform_count(&fixture.conform, -1).unexplained, 0);
		assert_false(conform_is_stale(&fixture.conform, &fixture.known.entries[0]));
		fixture_end(&fixture);
	}
}

/* One of two is explained: that is not enough. */
static void explained_by_half(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;

	(void)state;
	fixture_prepare(&fixture, RACE);
	explain(&fixture, "host | RACE | 1:r0=5 | kernel | read it");
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 5, 2);
	shows(&fixture, &cell_of(&fixture, 0)->result, 6, 2);
	cell = judge(&fixture, 0);
	assert_int_equal(cell->nr_forbidden, 2);
	assert_int_equal(cell->nr_unexplained, 1);
	assert_int_equal(conform_letter(cell), '!');
	assert_null(conform_explanation(cell));
	assert_int_equal(conform_count(&fixture.conform, -1).unexplained, 1);
	assert_int_equal(conform_count(&fixture.conform, -1).explained, 0);
	fixture_end(&fixture);
}

static void explained_but_not_seen(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	explain(&fixture, "host | RA* | 1:r0=5 | kernel | was seen once\n"
			  "host | OTHER | * | kernel | no such test here\n"
			  "4.19 | RACE | * | kernel | no such kernel here\n");
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 2);
	/* Nothing has run: nothing is stale. */
	assert_false(conform_is_stale(&fixture.conform, &fixture.known.entries[0]));
	judge(&fixture, 0);
	assert_true(conform_is_stale(&fixture.conform, &fixture.known.entries[0]));
	assert_false(conform_is_stale(&fixture.conform, &fixture.known.entries[1]));
	assert_false(conform_is_stale(&fixture.conform, &fixture.known.entries[2]));
	fixture_end(&fixture);
}

static void allowed_access_by_access(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 0)->fine, 1, 4);
	shows(&fixture, &model_of(&fixture, 0)->fine, 5, 1);
	shows(&fixture, &cell_of(&fixture, 0)->result, 5, 2);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 2);
	cell = judge(&fixture, 0);
	assert_int_equal(cell->verdict, CONFORM_AGREES);
	assert_int_equal(cell->notes[1].rule, CONFORM_ALLOWED_FINE);
	assert_int_equal(conform_count(&fixture.conform, -1).fine, 1);
	fixture_end(&fixture);
}

/* The search is made by itself, for the era of the kernel: v5.9 has the race, v6.18 has not. */
static void asked_access_by_access(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, FORK_RACE);
	spec_run(fixture.row.test, &fixture.conform.run.options, &fixture.conform.rows[0].spec);
	for (int i = 0; i < NR_FIXTURE_TARGETS; i++) {
		struct target target = conform_model_target(&fixture.conform, i);
		struct conform_model *model = model_of(&fixture, i);
		int64_t values[LITMUS_MAX_OBSERVABLES] = {0};
		char name[128];

		model->ran_fine = false;
		model_run(fixture.row.test, &target.rules, &fixture.conform.run.options,
			  &fixture.conform.rows[0].spec, &model->coarse);
		assert_int_equal(model->coarse.nr_outcomes, 1);
		memcpy(values, model->coarse.outcomes[0].values,
		       (size_t)fixture.row.test->nr_observables * sizeof(*values));
		for (int k = 0; k < fixture.row.test->nr_observables; k++) {
			litmus_observable_text(fixture.row.test, k, name, sizeof(name));
			if (strcmp(name, "0:r0") == 0)
				values[k] = 2;
		}
		assert_non_null(run_result_add(&cell_of(&fixture, i)->result, fixture.row.test,
					       values, NULL, 3, NULL, 0));
	}
	assert_int_equal(judge(&fixture, 0)->verdict, CONFORM_DIVERGES);
	assert_true(model_of(&fixture, 0)->ran_fine);
	assert_int_equal(model_of(&fixture, 0)->fine.status, RUN_DONE);
	assert_int_equal(judge(&fixture, 1)->verdict, CONFORM_UNSEEN);
	assert_int_equal(cell_of(&fixture, 1)->notes[0].rule, CONFORM_ALLOWED_FINE);
	fixture_end(&fixture);
}

static void no_search_where_all_is_allowed(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	model_of(&fixture, 0)->ran_fine = false;
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 4);
	judge(&fixture, 0);
	assert_false(model_of(&fixture, 0)->ran_fine);
	fixture_end(&fixture);
}

static void skipped_or_failed(void **state)
{
	static const struct {
		enum run_status status;
		enum conform_verdict verdict;
		char letter;
	} cases[] = {
		{RUN_SKIPPED, CONFORM_SKIPPED, '-'},
		{RUN_FAILED, CONFORM_FAILED, 'E'},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture fixture;
		const struct conform_cell *cell;

		fixture_prepare(&fixture, RACE);
		shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
		cell_of(&fixture, 0)->result.status = cases[i].status;
		strcpy(cell_of(&fixture, 0)->result.reason, "no such device");
		cell = judge(&fixture, 0);
		assert_int_equal(cell->verdict, cases[i].verdict);
		assert_string_equal(cell->reason, "no such device");
		assert_int_equal(conform_letter(cell), cases[i].letter);
		assert_int_equal(cell->nr_unseen, 0);
		fixture_end(&fixture);
	}
}

/* Where the model does not know, the kernel proves nothing. */
static void a_model_that_does_not_know(void **state)
{
	static const enum conform_verdict verdicts[] = {
		[RUN_INCOMPLETE] = CONFORM_INCOMPLETE,
		[RUN_SKIPPED] = CONFORM_SKIPPED,
		[RUN_FAILED] = CONFORM_FAILED,
	};

	(void)state;
	for (int status = RUN_INCOMPLETE; status <= RUN_FAILED; status++) {
		struct fixture fixture;
		const struct conform_cell *cell;

		fixture_prepare(&fixture, RACE);
		shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
		model_of(&fixture, 0)->coarse.status = (enum run_status)status;
		strcpy(model_of(&fixture, 0)->coarse.reason, "no model of that");
		shows(&fixture, &cell_of(&fixture, 0)->result, 5, 4);
		cell = judge(&fixture, 0);
		assert_int_equal(cell->verdict, verdicts[status]);
		assert_string_equal(cell->reason, "no model of that");
		fixture_end(&fixture);
	}
}

/* Cut short: it never agrees, but it can diverge. */
static void cut_short(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 4);
	cell_of(&fixture, 0)->result.status = RUN_INCOMPLETE;
	strcpy(cell_of(&fixture, 0)->result.reason, "stopped after 4 of 20 iterations");
	cell = judge(&fixture, 0);
	assert_int_equal(cell->verdict, CONFORM_INCOMPLETE);
	assert_string_equal(cell->reason, "stopped after 4 of 20 iterations");
	assert_int_equal(conform_letter(cell), '?');
	assert_false(conform_is_complete(&fixture.conform));
	fixture_end(&fixture);

	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 5, 4);
	cell_of(&fixture, 0)->result.status = RUN_INCOMPLETE;
	assert_int_equal(judge(&fixture, 0)->verdict, CONFORM_DIVERGES);
	fixture_end(&fixture);
}

static void nothing_agrees_with_nothing(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	assert_int_equal(judge(&fixture, 0)->verdict, CONFORM_INCOMPLETE);
	fixture_end(&fixture);
}

static void what_was_not_begun(void **state)
{
	struct fixture fixture;
	int row = 0, count = 0;

	(void)state;
	fixture_prepare(&fixture, RACE);
	assert_int_equal(conform_letter(cell_of(&fixture, 0)), '?');
	assert_false(conform_is_complete(&fixture.conform));
	assert_string_equal(
		conform_next_reason(&fixture.conform, 0, CONFORM_INCOMPLETE, &row, &count),
		"not begun");
	assert_int_equal(count, 1);
	assert_null(conform_next_reason(&fixture.conform, 0, CONFORM_INCOMPLETE, &row, &count));
	fixture_end(&fixture);
}

static void a_crash(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;
	char text[64];

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	/* A test that deadlocks does not make a crash good. */
	breaks(&fixture, &model_of(&fixture, 0)->coarse, VIOLATION_DEADLOCK, "P0 waits");
	breaks(&fixture, &model_of(&fixture, 0)->coarse, VIOLATION_LIVELOCK, "P0 tries again");
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 4);
	breaks(&fixture, &cell_of(&fixture, 0)->result, VIOLATION_CRASH, "kernel BUG");
	cell = judge(&fixture, 0);
	assert_int_equal(cell->verdict, CONFORM_DIVERGES);
	assert_true(conform_crashed(cell));
	assert_int_equal(conform_letter(cell), 'C');
	assert_string_equal(conform_outcome_text(fixture.row.test, &cell->result.outcomes[1], text,
						 sizeof(text)),
			    "crash");
	assert_null(conform_nearest(fixture.row.test, model_of(&fixture, 0),
				    &cell->result.outcomes[1]));
	fixture_end(&fixture);
}

static void a_crash_that_is_explained(void **state)
{
	struct fixture fixture;
	const struct conform_cell *cell;

	(void)state;
	fixture_prepare(&fixture, RACE);
	explain(&fixture, "host | RACE | crash | kernel | CVE");
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	breaks(&fixture, &cell_of(&fixture, 0)->result, VIOLATION_CRASH, "kernel BUG");
	cell = judge(&fixture, 0);
	assert_false(conform_crashed(cell));
	assert_int_equal(conform_letter(cell), 'k');
	fixture_end(&fixture);
}

/* Where the model's frames are wrong it stops; a kernel goes on until it crashes. */
static void a_crash_that_the_model_has(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	breaks(&fixture, &model_of(&fixture, 0)->coarse, VIOLATION_USE_AFTER_FREE, "frame 3");
	shows(&fixture, &cell_of(&fixture, 0)->result, 1, 4);
	breaks(&fixture, &cell_of(&fixture, 0)->result, VIOLATION_CRASH, "kernel BUG");
	assert_int_equal(judge(&fixture, 0)->verdict, CONFORM_AGREES);
	assert_false(conform_crashed(cell_of(&fixture, 0)));
	fixture_end(&fixture);
}

static void a_deadlock(void **state)
{
	struct fixture fixture;

	(void)state;
	fixture_prepare(&fixture, RACE);
	breaks(&fixture, &model_of(&fixture, 0)->coarse, VIOLATION_DEADLOCK, "P0 waits for P1");
	breaks(&fixture, &cell_of(&fixture, 0)->result, VIOLATION_DEADLOCK, "all tasks wait: P0");
	assert_int_equal(judge(&fixture, 0)->verdict, CONFORM_AGREES);
	/* That nothing moves any more is something else. */
	shows(&fixture, &model_of(&fixture, 1)->coarse, 1, 4);
	breaks(&fixture, &model_of(&fixture, 1)->coarse, VIOLATION_DEADLOCK, "P0 waits for P1");
	breaks(&fixture, &cell_of(&fixture, 1)->result, VIOLATION_LIVELOCK, "no progress");
	assert_int_equal(judge(&fixture, 1)->verdict, CONFORM_DIVERGES);
	assert_int_equal(conform_letter(cell_of(&fixture, 1)), '!');
	fixture_end(&fixture);
}

static void sums(void **state)
{
	struct fixture fixture;
	struct conform_counts counts;
	char text[512];

	(void)state;
	fixture_prepare(&fixture, RACE);
	shows(&fixture, &model_of(&fixture, 0)->coarse, 1, 4);
	shows(&fixture, &model_of(&fixture, 1)->coarse, 1, 4);
	shows(&fixture, &cell_of(&fixture, 0)->result, 5, 2);
	cell_of(&fixture, 1)->result.status = RUN_SKIPPED;
	cell_of(&fixture, 0)->result.seconds = 3;
	judge(&fixture, 0);
	judge(&fixture, 1);
	counts = conform_count(&fixture.conform, -1);
	assert_int_equal(counts.tests, 2);
	assert_int_equal(counts.verdicts[CONFORM_DIVERGES], 1);
	assert_int_equal(counts.verdicts[CONFORM_SKIPPED], 1);
	assert_int_equal((int)conform_percent_run(&counts), 50);
	assert_int_equal((int)conform_seconds_each(&counts), 3);
	assert_true(conform_is_complete(&fixture.conform));
	assert_string_equal(conform_summary(&fixture.conform, text, sizeof(text)),
			    "1 test on 2 kernels: 1 divergence, 1 unexplained, 1 skipped");
	fixture_end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_it_may),
		cmocka_unit_test(less_than_it_may),
		cmocka_unit_test(more_than_it_may),
		cmocka_unit_test(another_era_another_model),
		cmocka_unit_test(kernels_of_one_era_share_it),
		cmocka_unit_test(what_is_no_kernel),
		cmocka_unit_test(explained_by_somebody),
		cmocka_unit_test(explained_by_half),
		cmocka_unit_test(explained_but_not_seen),
		cmocka_unit_test(allowed_access_by_access),
		cmocka_unit_test(asked_access_by_access),
		cmocka_unit_test(no_search_where_all_is_allowed),
		cmocka_unit_test(skipped_or_failed),
		cmocka_unit_test(a_model_that_does_not_know),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(nothing_agrees_with_nothing),
		cmocka_unit_test(what_was_not_begun),
		cmocka_unit_test(a_crash),
		cmocka_unit_test(a_crash_that_is_explained),
		cmocka_unit_test(a_crash_that_the_model_has),
		cmocka_unit_test(a_deadlock),
		cmocka_unit_test(sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
