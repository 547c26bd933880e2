/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fine.c - how fast `run --fine` goes through one litmus test
 *
 * bench-fine ERA FILE [no-reduction] [first] [count] prints one line of JSON: the search as it is,
 * without its reduction, up to the first violation, with the executions counted. It is repeated
 * until it has taken long enough to be timed; the quickest counts, in seconds of the CPU.
 */
#include "mm/eras.h"
#include "spec/spec.h"
#include "targets/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LEAST_SECONDS 0.5

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool read_options(struct run_options *options, int nr, char **words)
{
	for (int i = 0; i < nr; i++) {
		if (strcmp(words[i], "no-reduction") == 0)
			options->no_reduction = true;
		else if (strcmp(words[i], "first") == 0)
			options->first_violation = true;
		else if (strcmp(words[i], "count") == 0)
			options->count_executions = true;
		else
			return false;
	}
	return true;
}

static void print(const struct run_result *result, const struct run_options *options,
		  double seconds)
{
	printf("{\"complete\": %s, \"violated\": %s, \"states\": %" PRIu64 ", "
	       "\"transitions\": %" PRIu64 ", \"ahead\": %" PRIu64 ", \"bytes\": %zu, ",
	       result->status == RUN_DONE ? "true" : "false",
	       run_result_violations(result) ? "true" : "false", result->states,
	       result->transitions, result->ahead, result->visited_size);
	if (options->count_executions)
		printf("\"executions\": %g, ", result->executions);
	printf("\"seconds\": %.9f}\n", seconds);
}

/* Run the test, again and again. 0, or 1 if it could not be run. */
static int measure(const struct litmus_test *test, const struct mm_rules *rules,
		   const struct run_options *options)
{
	double least = 0;
	double all = 0;
	struct run_result spec, result;

	spec_run(test, options, &spec);
	do {
		double start = cpu_seconds();
		double seconds;

		if (all > 0)
			run_result_free(&result);
		model_run(test, rules, options, &spec, &result);
		seconds = cpu_seconds() - start;
		if (all <= 0 || seconds < least)
			least = seconds;
		all += seconds;
	} while (all < LEAST_SECONDS);
	if (result.status == RUN_DONE || result.status == RUN_INCOMPLETE)
		print(&result, options, least);
	else
		fprintf(stderr, "bench-fine: %s: %s\n", test->name, result.reason);
	run_result_free(&spec);
	run_result_free(&result);
	return result.status == RUN_SKIPPED || result.status == RUN_FAILED;
}

int main(int argc, char **argv)
{
	struct run_options options = {.fine = true};
	const struct mm_era *era = argc > 2 ? mm_era_named(argv[1]) : NULL;
	struct litmus_test *test;
	char err[512];
	int status;

	if (!era || !read_options(&options, argc - 3, argv + 3)) {
		fprintf(stderr, "usage: bench-fine ERA FILE [no-reduction] [first] [count]\n");
		return 2;
	}
	test = litmus_read(argv[2], err, sizeof(err));
	if (!test) {
		fprintf(stderr, "%s\n", err);
		return 2;
	}
	status = measure(test, &era->rules, &options);
	litmus_free(test);
	return status;
}
