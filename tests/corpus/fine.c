/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fine.c - access by access, the corpus shows the same with the reduction as without it
 *
 * For each test whose interleavings are few enough for both: the same outcomes, and the same
 * violations.
 */
#include "mm/eras.h"
#include "spec/spec.h"
#include "targets/target.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

/* States of a search with the reduction, and without it. */
#define MAX_REDUCED 400
#define MAX_FULL    30000

/* So many tests have to be small enough, for each era. */
#define LEAST_COMPARED 100

static const char *const eras[] = {"v5.7", "v5.9-rc4", "v5.12", "v6.9"};

#define NR_ERAS (int)(sizeof(eras) / sizeof(eras[0]))

struct count {
	int compared;
	int different;
	uint64_t reduced; /* states */
	uint64_t full;
};

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Both are sorted. How often each outcome was found differs. */
static bool same_outcomes(const struct litmus_test *test, const struct run_result *a,
			  const struct run_result *b)
{
	size_t size = (size_t)test->nr_observables * sizeof(int64_t);

	if (a->nr_outcomes != b->nr_outcomes)
		return false;
	for (int i = 0; i < a->nr_outcomes; i++) {
		const struct outcome *x = &a->outcomes[i];
		const struct outcome *y = &b->outcomes[i];

		if (!x->values != !y->values || x->violations != y->violations ||
		    !same_text(x->detail, y->detail))
			return false;
		if (x->values && memcmp(x->values, y->values, size) != 0)
			return false;
	}
	return true;
}

static void compare(const struct litmus_test *test, const struct mm_rules *rules,
		    struct count *count)
{
	struct run_options options = {.fine = true, .max_states = MAX_REDUCED};
	struct run_result spec, reduced, full;

	spec_run(test, &options, &spec);
	model_run(test, rules, &options, &spec, &reduced);
	if (reduced.status != RUN_DONE)
		goto out;
	options.no_reduction = true;
	options.max_states = MAX_FULL;
	model_run(test, rules, &options, &spec, &full);
	if (full.status == RUN_DONE) {
		count->compared++;
		count->reduced += reduced.states;
		count->full += full.states;
		if (!same_outcomes(test, &reduced, &full)) {
			printf("# %s: %d outcomes with the reduction, %d without\n", test->name,
			       reduced.nr_outcomes, full.nr_outcomes);
			count->different++;
		}
	}
	run_result_free(&full);
out:
	run_result_free(&reduced);
	run_result_free(&spec);
}

static void compare_file(const char *path, const struct mm_rules *rules, struct count *count)
{
	char err[512];
	struct litmus_test *read = litmus_read(path, err, sizeof(err));

	if (!read) {
		printf("# %s\n", err);
		count->different++;
		return;
	}
	if (!read->nr_kinds)
		compare(read, rules, count);
	for (int i = 0; i < read->nr_kinds; i++)
		compare(&read->members[i], rules, count);
	litmus_free(read);
}

static bool compare_era(const char *name, const glob_t *files)
{
	const struct mm_era *era = mm_era_named(name);
	struct count count = {0};

	for (size_t i = 0; era && i < files->gl_pathc; i++)
		compare_file(files->gl_pathv[i], &era->rules, &count);
	printf("# %s: %d tests, %llu states with the reduction, %llu without\n", name,
	       count.compared, (unsigned long long)count.reduced, (unsigned long long)count.full);
	return count.compared >= LEAST_COMPARED && !count.different;
}

int main(void)
{
	glob_t files;
	int bad = 0;

	printf("TAP version 13\n1..%d\n", NR_ERAS);
	if (glob("tests/litmus/*/*.litmus", 0, NULL, &files)) {
		printf("Bail out! no tests/litmus\n");
		return 1;
	}
	for (int i = 0; i < NR_ERAS; i++) {
		bool good = compare_era(eras[i], &files);

		bad += !good;
		printf("%sok %d - %s\n", good ? "" : "not ", i + 1, eras[i]);
		fflush(stdout);
	}
	globfree(&files);
	return bad != 0;
}
