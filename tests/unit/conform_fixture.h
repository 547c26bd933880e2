/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_fixture.h - kernels whose results are made by hand */
#ifndef TESTS_UNIT_CONFORM_FIXTURE_H
#define TESTS_UNIT_CONFORM_FIXTURE_H

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mm/eras.h"
#include "tool/conform.h"

/* Either order is good, for an operation at a time: 1:r0 is 1 or 2. */
#define RACE                                                                         \
	"C RACE\n{ anon x = 1; }\nP0(int *x) { *x = 2; }\nP1(int *x) { r0 = *x; }\n" \
	"exists (1:r0=2)\n"

#define NR_FIXTURE_TARGETS 2

struct fixture {
	struct conform conform;
	struct known_list known;
	struct tool_io io;
	struct target targets[NR_FIXTURE_TARGETS];
	struct row row;
	char *output; /* on io.out and io.err */
	size_t length;
};

static struct target kernel_of(const char *name, enum target_kind kind, const char *era)
{
	struct target target = {.kind = kind, .name = (char *)name};

	if (era)
		target_set_kernel(&target, era, era);
	return target;
}

/* One test on two kernels; no more is prepared. */
static void fixture_begin(struct fixture *fixture, const char *text, const char *path)
{
	char err[512];

	memset(fixture, 0, sizeof(*fixture));
	fixture->io.out = open_memstream(&fixture->output, &fixture->length);
	assert_non_null(fixture->io.out);
	fixture->io.err = fixture->io.out;
	fixture->row.path = path;
	fixture->row.owned = litmus_parse("t", text, strlen(text), err, sizeof(err));
	if (!fixture->row.owned)
		fail_msg("%s", err);
	fixture->row.test = fixture->row.owned;
	fixture->targets[0] = kernel_of("host", TARGET_HOST, "v6.18");
	fixture->targets[1] = kernel_of("other", TARGET_HOST, "v5.9");
	fixture->conform.run.io = &fixture->io;
	fixture->conform.run.targets.nr = NR_FIXTURE_TARGETS;
	fixture->conform.run.targets.targets = fixture->targets;
	fixture->conform.run.rows = &fixture->row;
	fixture->conform.run.nr_rows = 1;
	fixture->conform.known = &fixture->known;
	fixture->conform.fine_seconds = 20;
	terminal_init(&fixture->conform.run.terminal, fixture->io.out, COLOR_NEVER);
}

/* The test on both kernels; their models have said nothing yet, and would not say more. */
static void fixture_prepare(struct fixture *fixture, const char *text)
{
	char err[512];

	fixture_begin(fixture, text, "dir/t.litmus");
	assert_int_equal(conform_prepare(&fixture->conform, err, sizeof(err)), 0);
	for (int i = 0; i < NR_FIXTURE_TARGETS; i++) {
		fixture->conform.rows[0].models[i].ran = true;
		fixture->conform.rows[0].models[i].ran_fine = true;
	}
}

static void fixture_end(struct fixture *fixture)
{
	conform_free(&fixture->conform);
	known_free(&fixture->known);
	litmus_free(fixture->row.owned);
	fclose(fixture->io.out);
	free(fixture->output);
}

static struct conform_cell *cell_of(struct fixture *fixture, int kernel)
{
	return &fixture->conform.rows[0].cells[kernel];
}

static struct conform_model *model_of(struct fixture *fixture, int kernel)
{
	return &fixture->conform.rows[0].models[kernel];
}

/* 1:r0 has this value, and nothing else is to be said. */
static void shows(struct fixture *fixture, struct run_result *result, int64_t value, uint64_t count)
{
	const struct litmus_test *test = fixture->row.test;
	int64_t values[LITMUS_MAX_OBSERVABLES] = {0};
	char name[128];

	for (int i = 0; i < test->nr_observables; i++) {
		litmus_observable_text(test, i, name, sizeof(name));
		if (strcmp(name, "1:r0") == 0)
			values[i] = value;
	}
	assert_non_null(run_result_add(result, test, values, NULL, count, NULL, 0));
	run_result_finish(result, test);
}

static void breaks(struct fixture *fixture, struct run_result *result, unsigned violations,
		   const char *detail)
{
	struct outcome *outcome =
		run_result_add(result, fixture->row.test, NULL, detail, 1, NULL, 0);

	assert_non_null(outcome);
	outcome->violations = violations;
	run_result_finish(result, fixture->row.test);
}

static void explain(struct fixture *fixture, const char *line)
{
	char *copy = strdup(line);

	assert_non_null(copy);
	assert_int_equal(known_parse(&fixture->known, "known.txt", copy, &fixture->io), TOOL_OK);
	free(copy);
}

static const struct conform_cell *judge(struct fixture *fixture, int kernel)
{
	assert_int_equal(conform_judge(&fixture->conform, 0, kernel), 0);
	return cell_of(fixture, kernel);
}

#endif
