/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_judge.c - the verdict on a cell: by the `expect` line, and of a real kernel by its model */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
/* Before cmocka.h, which has a macro of the name of one of its functions. */
#include "tool/expect.h"

#include <cmocka.h>
#include <string.h>

#include "mm/eras.h"
#include "tool/run.h"

/* What a kernel does that copies a pinned page at the next write: 0:r0=2 loses what the device
 * wrote.
 */
#define LOST                                                                          \
	"C LOST\n{ anon x = 1; }\n"                                                   \
	"P0(int *x) { r = pin_user_pages(x, FOLL_WRITE); fork(P1); wait(P1); *x = 2;" \
	" dma_write(r, 3); r0 = *x; }\nP1() { }\nexists (0:r0=2)\n"                   \
	"expect Never\nexpect Always lost-dma on v5.9-rc4\n"

/* Either order is good. */
#define RACE                                                                         \
	"C RACE\n{ anon x = 1; }\nP0(int *x) { *x = 2; }\nP1(int *x) { r0 = *x; }\n" \
	"exists (1:r0=2)\nexpect Sometimes\n"

static const struct run_options options;

struct judged {
	struct litmus_test *test;
	struct run_result spec;
	struct cell cell;
};

static struct target target_of(enum target_kind kind, const char *release)
{
	const struct mm_era *era = release ? mm_era_find(release) : NULL;
	struct target target = {.kind = kind, .name = (char *)"target", .era = era};

	if (era)
		target.rules = era->rules;
	return target;
}

static struct judged prepare(const char *text)
{
	struct judged judged = {0};
	char err[512];

	judged.test = litmus_parse("t", text, strlen(text), err, sizeof(err));
	if (!judged.test)
		fail_msg("%s", err);
	spec_run(judged.test, &options, &judged.spec);
	return judged;
}

static void finish(struct judged *judged)
{
	cell_free(&judged->cell);
	run_result_free(&judged->spec);
	litmus_free(judged->test);
}

/* A model's real result, judged by the lines of the test. */
static struct judged judge_model(const char *text, const char *release)
{
	struct judged judged = prepare(text);
	struct target target = target_of(TARGET_MODEL, release);

	model_run(judged.test, &target.rules, &options, &judged.spec, &judged.cell.result);
	assert_int_equal(judge_cell(judged.test, &target, &options, &judged.spec, &judged.cell), 0);
	return judged;
}

/*
 * A kernel that showed one value of the one register that P0 or P1 reads into last, and 0 in all
 * that is said of statuses; handles held one page.
 */
static void showed(struct judged *judged, const char *observable, int64_t value)
{
	const struct litmus_test *test = judged->test;
	int64_t values[LITMUS_MAX_OBSERVABLES] = {0};
	char name[128];

	for (int i = 0; i < test->nr_observables; i++) {
		litmus_observable_text(test, i, name, sizeof(name));
		if (strcmp(name, "0:r") == 0)
			values[i] = 1;
		if (strcmp(name, observable) == 0)
			values[i] = value;
	}
	assert_non_null(run_result_add(&judged->cell.result, test, values, NULL, 7, NULL, 0));
}

static void judge_host(struct judged *judged, const char *release)
{
	struct target target = target_of(TARGET_HOST, release);

	run_result_finish(&judged->cell.result, judged->test);
	assert_int_equal(judge_cell(judged->test, &target, &options, &judged->spec, &judged->cell),
			 0);
}

static void a_line_that_holds(void **state)
{
	struct judged judged = judge_model(LOST, "v5.9-rc4");

	(void)state;
	assert_int_equal(judged.cell.verdict, VERDICT_EXPECTED);
	assert_int_equal(judged.cell.observation, LITMUS_ALWAYS);
	assert_int_equal(judged.cell.violations, VIOLATION_LOST_DMA);
	assert_int_equal(judged.cell.expected->pos.line, 7);
	assert_null(judged.cell.why);
	finish(&judged);
}

static void a_line_that_does_not(void **state)
{
	struct judged judged = judge_model(
		"C T\n{ anon x = 1; }\nP0(int *x) { r0 = *x; }\nexists (0:r0=1)\nexpect Never\n",
		"v6.18");

	(void)state;
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_string_equal(judged.cell.why, "expected Never, saw Always");
	finish(&judged);

	judged = judge_model("C T\n{ anon x = 1; }\nP0(int *x) { r0 = *x; }\nexists (0:r0=1)\n"
			     "expect Always leak\n",
			     "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_string_equal(judged.cell.why, "expected Always leak, saw Always");
	finish(&judged);
}

static void no_line_no_verdict(void **state)
{
	struct judged judged = judge_model(
		"C T\n{ anon x = 1; }\nP0(int *x) { r0 = *x; }\nexists (0:r0=1)\n", "v6.18");

	(void)state;
	assert_int_equal(judged.cell.verdict, VERDICT_NONE);
	assert_null(judged.cell.expected);
	finish(&judged);
}

static void what_is_not_done_is_not_as_expected(void **state)
{
	struct judged judged = prepare(RACE);
	struct target target = target_of(TARGET_MODEL, "v6.18");

	(void)state;
	judged.cell.result.status = RUN_INCOMPLETE;
	strcpy(judged.cell.result.reason, "stopped after 3 states");
	assert_int_equal(judge_cell(judged.test, &target, &options, &judged.spec, &judged.cell), 0);
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_non_null(strstr(judged.cell.why, "stopped after 3 states"));
	finish(&judged);
}

static void what_was_seen_counts_though_more_may_come(void **state)
{
	struct judged judged =
		prepare("C T\n{ anon x = 1; }\nP0(int *x) { r0 = *x; }\nexists (0:r0=1)\n"
			"expect Never\n");
	struct target target = target_of(TARGET_MODEL, "v6.18");

	(void)state;
	showed(&judged, "0:r0", 1);
	run_result_finish(&judged.cell.result, judged.test);
	judged.cell.result.status = RUN_INCOMPLETE;
	assert_int_equal(judge_cell(judged.test, &target, &options, &judged.spec, &judged.cell), 0);
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_string_equal(judged.cell.why, "expected Never, saw Always");
	finish(&judged);
}

static void lines_for_such_runs_come_first(void **state)
{
	static const struct {
		struct run_options options;
		enum litmus_observation observation;
	} runs[] = {
		{{0}, LITMUS_NEVER},
		{{.fine = true}, LITMUS_SOMETIMES},
		{{.strict = true}, LITMUS_ALWAYS},
		{{.fine = true, .strict = true}, LITMUS_ALWAYS},
	};
	struct judged judged =
		prepare("C T\n{ anon x = 1; }\nP0(int *x) { r0 = *x; }\nexists (0:r0=1)\n"
			"expect Sometimes if fine\nexpect Always if strict\nexpect Never\n");
	struct target target = target_of(TARGET_MODEL, "v6.18");

	(void)state;
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
		const struct litmus_expectation *line =
			expect_find(judged.test, &target, &runs[i].options);

		assert_int_equal(line->observation, runs[i].observation);
	}
	finish(&judged);
}

static void what_was_skipped_has_no_verdict(void **state)
{
	struct judged judged = prepare(RACE);
	struct target target = target_of(TARGET_MODEL, "v6.18");

	(void)state;
	judged.cell.result.status = RUN_SKIPPED;
	assert_int_equal(judge_cell(judged.test, &target, &options, &judged.spec, &judged.cell), 0);
	assert_int_equal(judged.cell.verdict, VERDICT_NONE);
	finish(&judged);
}

/* A kernel is held against the model of its era, not against the lines. */
static void a_kernel_as_its_model(void **state)
{
	struct judged judged = prepare(LOST);

	(void)state;
	showed(&judged, "0:r0", 2);
	judge_host(&judged, "v5.9-rc4");
	assert_int_equal(judged.cell.verdict, VERDICT_EXPECTED);
	finish(&judged);

	judged = prepare(LOST);
	showed(&judged, "0:r0", 3);
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_EXPECTED);
	finish(&judged);
}

static void a_kernel_that_its_model_forbids(void **state)
{
	struct judged judged = prepare(LOST);

	(void)state;
	showed(&judged, "0:r0", 2);
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_non_null(strstr(judged.cell.why, "always gives 0:r0=3; this kernel gave 0:r0=2;"));
	finish(&judged);
}

/* Where the model allows several outcomes, one of them is enough; one more is too many. */
static void a_kernel_that_shows_some(void **state)
{
	struct judged judged = prepare(RACE);

	(void)state;
	showed(&judged, "1:r0", 1);
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_EXPECTED);
	finish(&judged);

	judged = prepare(RACE);
	showed(&judged, "1:r0", 1);
	showed(&judged, "1:r0", 5);
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_non_null(strstr(judged.cell.why, "never gives"));
	assert_non_null(strstr(judged.cell.why, "1:r0=5"));
	finish(&judged);
}

static void a_kernel_that_hangs(void **state)
{
	struct judged judged = prepare(RACE);
	struct outcome *outcome;

	(void)state;
	outcome = run_result_add(&judged.cell.result, judged.test, NULL, "tasks hang", 1, NULL, 0);
	assert_non_null(outcome);
	outcome->violations = VIOLATION_DEADLOCK;
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	assert_non_null(strstr(judged.cell.why, "tasks hang"));
	finish(&judged);
}

/* A run that was cut short may break the rules, but never proves that it keeps them. */
static void a_kernel_that_was_interrupted(void **state)
{
	struct judged judged = prepare(RACE);

	(void)state;
	showed(&judged, "1:r0", 2);
	judged.cell.result.status = RUN_INCOMPLETE;
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_NONE);
	finish(&judged);

	judged = prepare(RACE);
	showed(&judged, "1:r0", 9);
	judged.cell.result.status = RUN_INCOMPLETE;
	judge_host(&judged, "v6.18");
	assert_int_equal(judged.cell.verdict, VERDICT_UNEXPECTED);
	finish(&judged);
}

static void a_kernel_of_no_era(void **state)
{
	struct judged judged = prepare(RACE);

	(void)state;
	showed(&judged, "1:r0", 9);
	judge_host(&judged, NULL);
	assert_int_equal(judged.cell.verdict, VERDICT_NONE);
	finish(&judged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_holds),
		cmocka_unit_test(a_line_that_does_not),
		cmocka_unit_test(no_line_no_verdict),
		cmocka_unit_test(what_is_not_done_is_not_as_expected),
		cmocka_unit_test(what_was_seen_counts_though_more_may_come),
		cmocka_unit_test(lines_for_such_runs_come_first),
		cmocka_unit_test(what_was_skipped_has_no_verdict),
		cmocka_unit_test(a_kernel_as_its_model),
		cmocka_unit_test(a_kernel_that_its_model_forbids),
		cmocka_unit_test(a_kernel_that_shows_some),
		cmocka_unit_test(a_kernel_that_hangs),
		cmocka_unit_test(a_kernel_that_was_interrupted),
		cmocka_unit_test(a_kernel_of_no_era),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
