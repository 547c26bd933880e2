/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_model.c - the model target: what it makes of a test, against what the spec says */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mm/eras.h"
#include "targets/replay.h"
#include "targets/target.h"

struct runs {
	struct litmus_test *test;
	struct run_result spec;
	struct run_result model;
};

static const struct run_options options;

static struct runs run(const char *text, const char *release)
{
	struct runs runs;
	char err[512];

	runs.test = litmus_parse("t", text, strlen(text), err, sizeof(err));
	if (!runs.test)
		fail_msg("%s", err);
	spec_run(runs.test, &options, &runs.spec);
	assert_int_equal(runs.spec.status, RUN_DONE);
	model_run(runs.test, &mm_era_find(release)->rules, &options, &runs.spec, &runs.model);
	return runs;
}

static void done(struct runs *runs)
{
	run_result_free(&runs->spec);
	run_result_free(&runs->model);
	litmus_free(runs->test);
}

/* The only outcome, as text. */
static void expect_only(const char *text, const char *release, const char *outcome)
{
	struct runs runs = run(text, release);
	char seen[512];

	assert_int_equal(runs.model.status, RUN_DONE);
	assert_int_equal(runs.model.nr_outcomes, 1);
	assert_int_equal(runs.model.outcomes[0].violations, VIOLATION_NONE);
	litmus_outcome_text(runs.test, runs.model.outcomes[0].values, seen, sizeof(seen));
	assert_string_equal(seen, outcome);
	done(&runs);
}

/* Append one line. */
__attribute__((format(printf, 2, 3))) static void add(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(out, format, args);
	va_end(args);
}

/* A test at the limits of the language: every process writes to every page, and all live. */
static char *largest_test(void)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	add(out, "C largest\n{\n");
	for (int object = 0; object < LITMUS_MAX_OBJECTS; object++)
		add(out, "anon x%d[4] = {1, 2, 3, 4};\n", object);
	add(out, "}\n");
	for (int task = 0; task < LITMUS_MAX_TASKS; task++) {
		add(out, "P%d(", task);
		for (int object = 0; object < LITMUS_MAX_OBJECTS; object++)
			add(out, "%sint *x%d", object ? ", " : "", object);
		add(out, ")\n{\n");
		for (int object = 0; object < LITMUS_MAX_OBJECTS; object++) {
			for (int page = 0; page < 4; page++)
				add(out, "x%d[%d] = %d;\n", object, page, task * 100 + page);
		}
		if (task + 1 < LITMUS_MAX_TASKS)
			add(out, "r = fork(P%d);\nwait(P%d);\n", task + 1, task + 1);
		add(out, "q = x7[3];\n}\n");
	}
	add(out, "exists (true)\n");
	fclose(out);
	return text;
}

static void the_largest_test_has_memory(void **state)
{
	static const char *const releases[] = {"v5.7", "v5.9", "v6.18"};
	char *text = largest_test();

	(void)state;
	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		struct runs runs = run(text, releases[i]);

		assert_int_equal(runs.model.status, RUN_DONE);
		assert_int_equal(runs.model.nr_outcomes, 1);
		assert_int_equal(runs.model.outcomes[0].violations, VIOLATION_NONE);
		done(&runs);
	}
	free(text);
}

static void each_page_of_a_handle_has_a_lock(void **state)
{
	(void)state;
	expect_only("C t\n{\n anon x[2] = {1, 2};\n}\n"
		    "P0(int *x)\n{\n"
		    " r = pin_user_pages(x, 2, FOLL_WRITE);\n"
		    " lock_page(r[0]);\n lock_page(r[1]);\n unlock_page(r[0]);\n lock_page(r[0]);\n"
		    " unlock_page(r[1]);\n unlock_page(r[0]);\n}\n"
		    "exists (true)\n",
		    "v5.9", "");
	/* The second page could not be taken; there is nothing to lock. */
	expect_only("C t\n{\n anon x[2] = {1, 2};\n}\n"
		    "P0(int *x)\n{\n"
		    " munmap(x + 1, 1);\n"
		    " r = pin_user_pages(x, 2, FOLL_WRITE);\n"
		    " lock_page(r[0]);\n lock_page(r[1]);\n r0 = dma_read(r[1]);\n}\n"
		    "exists (true)\n",
		    "v5.9", "0:r=1; 0:r0=-EBADF;");
}

/* waitpid(2) and pthread_join(3) name the error differently. */
static void waiting_for_what_never_was_is_an_error(void **state)
{
	static const char *const text = "C t\n{\n anon x = 1;\n}\n"
					"P0(int *x)\n{\n"
					" r0 = pthread_join(P1);\n r1 = wait(P2);\n"
					" pthread_create(P1);\n fork(P2);\n}\n"
					"P1(int *x)\n{\n}\nP2(int *x)\n{\n}\n"
					"exists (true)\n";

	(void)state;
	expect_only(text, "v5.7", "0:r0=-ESRCH; 0:r1=-ECHILD;");
	expect_only(text, "v6.18", "0:r0=-ESRCH; 0:r1=-ECHILD;");
}

static void tasks_that_wait_for_each_other_are_a_deadlock(void **state)
{
	struct runs runs = run("C t\n{\n completion a;\n completion b;\n}\n"
			       "P0()\n{\n wait_for_completion(a);\n complete(b);\n}\n"
			       "P1()\n{\n wait_for_completion(b);\n complete(a);\n}\n"
			       "exists (true)\n",
			       "v6.18");

	(void)state;
	assert_int_equal(runs.model.nr_outcomes, 1);
	assert_null(runs.model.outcomes[0].values);
	assert_int_equal(runs.model.outcomes[0].violations, VIOLATION_DEADLOCK);
	done(&runs);
}

/* exit_group(2): the thread does not get to complete c, for spec and model alike. */
static void exit_stops_the_other_tasks(void **state)
{
	struct runs runs = run("C t\n{\n anon x = 1;\n completion c;\n completion d;\n}\n"
			       "P0(int *x)\n{\n fork(P2);\n complete(d);\n exit();\n}\n"
			       "P1(int *x)\n{\n wait_for_completion(d);\n complete(c);\n}\n"
			       "P2(int *x)\n{\n wait_for_completion(c);\n r0 = 1;\n}\n"
			       "exists (x=1)\n",
			       "v6.18");

	(void)state;
	/* Either the thread was quick enough, or P2 waits for ever. */
	assert_int_equal(runs.spec.nr_outcomes, 2);
	assert_int_equal(run_result_violations(&runs.spec), VIOLATION_DEADLOCK);
	assert_int_equal(runs.model.nr_outcomes, 2);
	assert_int_equal(run_result_violations(&runs.model), VIOLATION_DEADLOCK);
	done(&runs);
}

static const char *const forked = "C t\n{\n anon x = 1;\n}\n"
				  "P0(int *x)\n{\n fork(P1);\n *x = 2;\n r0 = *x;\n}\n"
				  "P1(int *x)\n{\n *x = 3;\n r0 = *x;\n}\n"
				  "exists (true)\n";

static void a_search_that_stops_says_so(void **state)
{
	struct run_options few = {.max_states = 3};
	struct runs runs = run(forked, "v6.18");
	struct run_result result;

	(void)state;
	model_run(runs.test, &mm_era_find("v6.18")->rules, &few, &runs.spec, &result);
	assert_int_equal(result.status, RUN_INCOMPLETE);
	assert_string_not_equal(result.reason, "");
	run_result_free(&result);
	done(&runs);
}

struct seen {
	int steps;
	int ends;
	int64_t last_view;
};

static void see(void *context, const struct replay_step *step)
{
	struct seen *seen = context;

	assert_int_equal(step->number, seen->steps);
	assert_int_equal(step->violations, 0);
	seen->steps++;
	seen->ends += step->task >= 0 && !step->op;
	seen->last_view = step->view->nr_lines;
}

static void a_schedule_can_be_replayed(void **state)
{
	struct runs runs = run(forked, "v6.18");
	const struct mm_rules *rules = &mm_era_find("v6.18")->rules;
	struct outcome *outcome = &runs.model.outcomes[0];
	struct seen seen = {0};

	(void)state;
	assert_int_equal(model_replay(runs.test, rules, &options, outcome->schedule,
				      outcome->nr_moves, see, &seen),
			 0);
	/* The initial state, three operations and an end of P0's, two and an end of P1's. */
	assert_int_equal(seen.steps, 1 + 4 + 3);
	assert_int_equal(seen.ends, 2);
	outcome->schedule[0].task = 1;
	seen = (struct seen){0};
	assert_int_equal(model_replay(runs.test, rules, &options, outcome->schedule,
				      outcome->nr_moves, see, &seen),
			 -EINVAL);
	done(&runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_largest_test_has_memory),
		cmocka_unit_test(each_page_of_a_handle_has_a_lock),
		cmocka_unit_test(waiting_for_what_never_was_is_an_error),
		cmocka_unit_test(tasks_that_wait_for_each_other_are_a_deadlock),
		cmocka_unit_test(exit_stops_the_other_tasks),
		cmocka_unit_test(a_search_that_stops_says_so),
		cmocka_unit_test(a_schedule_can_be_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
