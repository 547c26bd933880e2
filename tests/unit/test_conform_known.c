/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_conform_known.c - the file of explanations: what it may say, and whom it is about */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tool/conform_known.h"

/* What is read from `text`; all that it says of it is in `said`, to be freed. */
static int read_text(struct known_list *list, const char *text, char **said)
{
	struct tool_io io = {0};
	size_t length;
	char *copy = strdup(text);
	int status;

	assert_non_null(copy);
	io.out = io.err = open_memstream(said, &length);
	assert_non_null(io.err);
	memset(list, 0, sizeof(*list));
	status = known_parse(list, "f.txt", copy, &io);
	fclose(io.err);
	free(copy);
	return status;
}

static void all_fields(void **state)
{
	static const char text[] =
		"# KERNEL | TEST | OUTCOME | FAULT | EVIDENCE\n"
		"\n"
		"host | RDMA+* | 0:r0=2; x=3; | kernel | commit 0123 (\"mm: x\")\n"
		"  # a comment in between\n"
		"  and | what follows\n"
		"6.1..6.12|A|*|facts|b";
	struct known_list list;
	char *said;

	(void)state;
	assert_int_equal(read_text(&list, text, &said), TOOL_OK);
	assert_string_equal(said, "");
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.entries[0].line, 3);
	assert_string_equal(list.entries[0].kernels, "host");
	assert_string_equal(list.entries[0].tests, "RDMA+*");
	assert_string_equal(list.entries[0].outcome, "0:r0=2; x=3;");
	assert_int_equal(list.entries[0].fault, KNOWN_KERNEL);
	assert_string_equal(list.entries[0].evidence, "commit 0123 (\"mm: x\") and | what follows");
	assert_int_equal(list.entries[1].line, 6);
	assert_int_equal(list.entries[1].fault, KNOWN_FACTS);
	assert_string_equal(list.entries[1].evidence, "b");
	known_free(&list);
	free(said);
}

static void bad_lines(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} bad[] = {
		{"host", "f.txt:1: no test, expected KERNEL | TEST | OUTCOME | FAULT | EVIDENCE"},
		{"host | T | *", "f.txt:1: no fault, expected KERNEL |"},
		{"host | T | * | kernel", "f.txt:1: no evidence, expected KERNEL |"},
		{"host | T | * | kernel |  ", "f.txt:1: no evidence, expected KERNEL |"},
		{"| T | * | kernel | e", "f.txt:1: no kernel, expected KERNEL |"},
		{"host | | * | kernel | e", "f.txt:1: no test, expected KERNEL |"},
		{"#\n6 | T | * | kernel | e", "f.txt:2: no kernel '6', expected host, a version"},
		{"6.1.. | T | * | kernel | e", "f.txt:1: no kernel '6.1..', expected host"},
		{"6.1-rc1 | T | * | kernel | e", "f.txt:1: no kernel '6.1-rc1', expected host"},
		{"6.99999999999 | T | * | kernel | e", "f.txt:1: no kernel '6.99999999999'"},
		{"6.12..6.1 | T | * | kernel | e",
		 "f.txt:1: '6.12..6.1' is empty, expected the older version first"},
		{"host | T | r0 | kernel | e", "f.txt:1: no outcome 'r0', expected values such as"},
		{"host | T | * | nobody | e",
		 "f.txt:1: no fault 'nobody', expected kernel, model, facts or target"},
		{"  more", "f.txt:1: nothing before this line, expected KERNEL |"},
		{"host | T | * | kernel | e\n\n  more", "f.txt:3: nothing before this line"},
		/* All of them are told. */
		{"host\n  more\nhost | T | * | x | e", "f.txt:3: no fault 'x'"},
		{"host\n  more\nhost | T | * | x | e", "f.txt:1: no test"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct known_list list;
		char *said;

		assert_int_equal(read_text(&list, bad[i].text, &said), TOOL_TROUBLE);
		if (!strstr(said, bad[i].said))
			fail_msg("'%s' says '%s', not '%s'", bad[i].text, said, bad[i].said);
		known_free(&list);
		free(said);
	}
}

static void which_kernels(void **state)
{
	static const struct {
		const char *pattern;
		const char *release;
		bool is_host;
		bool about;
	} cases[] = {
		{"host", "6.18.44", true, true},        {"host", "6.18.44", false, false},
		{"*", "whatever", false, true},         {"6.1", "6.1.0-56-amd64", false, true},
		{"v6.1", "6.1.192", true, true},        {"6.1", "6.12.1", false, false},
		{"6.1", "6.2", false, false},           {"6.1", "5.1.7", false, false},
		{"6.1", "mine", false, false},          {"6.1..6.12", "6.0.9", false, false},
		{"6.1..6.12", "6.1", false, true},      {"6.1..6.12", "6.9.3", false, true},
		{"6.1..6.12", "6.12.30", false, true},  {"6.1..6.12", "6.13", false, false},
		{"5.19..6.1", "6.0", false, true},      {"6.1.5..6.1.9", "6.1.4", false, false},
		{"6.1.5..6.1.9", "6.1.5", false, true}, {"6.1.5..6.1.9", "6.1.10", false, false},
		{"6.1.5..6.2", "6.1.10", false, true},  {"6.1.5", "6.1", false, false},
		{"6.1.0..6.1.3", "6.1", false, true},   {"0.0..99.0", "mine", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct known_kernel kernel = {.is_host = cases[i].is_host};
		struct known_list list;
		char line[128], *said;

		kernel.has_version = known_version_parse(cases[i].release, &kernel.version);
		snprintf(line, sizeof(line), "%s | T* | * | model | e", cases[i].pattern);
		assert_int_equal(read_text(&list, line, &said), TOOL_OK);
		if (known_is_about(&list.entries[0], &kernel, "TEST") != cases[i].about)
			fail_msg("%s and %s", cases[i].pattern, cases[i].release);
		assert_false(known_is_about(&list.entries[0], &kernel, "ATEST"));
		known_free(&list);
		free(said);
	}
}

static void which_outcomes(void **state)
{
	static const char text[] = "C T\n{ anon x = 1; }\nP0(int *x) { r0 = *x; r1 = *x; }\n"
				   "exists (0:r0=1)\n";
	static const struct {
		const char *pattern;
		bool values; /* 0:r0=1; 0:r1=2; */
		bool crashed;
		bool locked;
	} cases[] = {
		{"*", true, true, true},
		{"0:r0=1; 0:r1=2;", true, false, false},
		{"0:r1=2", true, false, false},
		{"0:r0=2", false, false, false},
		{"0:r0=1; 0:r1=1", false, false, false},
		{"0:r7=1", false, false, false}, /* this test has none */
		{"crash", false, true, false},
		{"deadlock", false, false, true},
		{"livelock", false, false, false},
	};
	const struct known_kernel kernel = {.is_host = true};
	struct litmus_test *test;
	int64_t values[LITMUS_MAX_OBSERVABLES] = {0};
	const struct outcome outcome = {.values = values};
	const struct outcome crash = {.detail = (char *)"BUG", .violations = VIOLATION_CRASH};
	const struct outcome lock = {.violations = VIOLATION_DEADLOCK};
	char err[512], name[128];

	(void)state;
	test = litmus_parse("t", text, strlen(text), err, sizeof(err));
	assert_non_null(test);
	for (int i = 0; i < test->nr_observables; i++) {
		litmus_observable_text(test, i, name, sizeof(name));
		if (strcmp(name, "0:r0") == 0)
			values[i] = 1;
		if (strcmp(name, "0:r1") == 0)
			values[i] = 2;
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct known_list list;
		char line[128], *said;

		snprintf(line, sizeof(line), "host | T | %s | model | e", cases[i].pattern);
		assert_int_equal(read_text(&list, line, &said), TOOL_OK);
		if ((known_find(&list, &kernel, test, &outcome) != NULL) != cases[i].values ||
		    (known_find(&list, &kernel, test, &crash) != NULL) != cases[i].crashed ||
		    (known_find(&list, &kernel, test, &lock) != NULL) != cases[i].locked)
			fail_msg("%s", cases[i].pattern);
		known_free(&list);
		free(said);
	}
	litmus_free(test);
}

static void the_first_that_fits(void **state)
{
	const struct known_kernel kernel = {.is_host = true};
	const struct outcome crash = {0};
	struct known_list list;
	struct litmus_test test = {0};
	char *said;

	(void)state;
	test.name = (char *)"T";
	assert_int_equal(read_text(&list,
				   "host | U | * | kernel | a\nhost | T | * | model | b\n"
				   "* | * | * | facts | c\n",
				   &said),
			 TOOL_OK);
	assert_ptr_equal(known_find(&list, &kernel, &test, &crash), &list.entries[1]);
	known_free(&list);
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_fields),          cmocka_unit_test(bad_lines),
		cmocka_unit_test(which_kernels),       cmocka_unit_test(which_outcomes),
		cmocka_unit_test(the_first_that_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
