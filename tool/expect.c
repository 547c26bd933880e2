/* SPDX-License-Identifier: GPL-2.0-or-later */
/* expect.c - find the `expect` line that is in force for a target */

#include "tool/expect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Rows of mm_eras[]; `first` is -1 for spec. */
struct span {
	int first;
	int last;
};

static int row_of(const char *name)
{
	const struct mm_era *era = targets_find_era(name);

	return era ? (int)(era - mm_eras) : -1;
}

static int last_released(void)
{
	int last = 0;

	for (int i = 0; i < mm_nr_eras; i++) {
		if (mm_eras[i].released)
			last = i;
	}
	return last;
}

__attribute__((format(printf, 5, 6))) static int complain(const struct litmus_test *test,
							  const struct litmus_target_range *range,
							  char *err, size_t err_size,
							  const char *format, ...)
{
	va_list args;
	int length = snprintf(err, err_size, "%s:%d:%d: ", test->file, range->pos.line,
			      range->pos.column);

	if (length < 0 || (size_t)length >= err_size)
		return -1;
	va_start(args, format);
	vsnprintf(err + length, err_size - (size_t)length, format, args);
	va_end(args);
	return -1;
}

/* Look up one end of a range, or a name on its own. Returns a row, or -1 with a message. */
static int find_row(const struct litmus_test *test, const struct litmus_target_range *range,
		    const char *name, char *err, size_t err_size)
{
	char message[256];
	int row = row_of(name);

	if (row >= 0)
		return row;
	targets_unknown_era(name, message, sizeof(message));
	return complain(test, range, err, err_size, "%s", message);
}

static int check_range(const struct litmus_test *test, const struct litmus_target_range *range,
		       char *err, size_t err_size)
{
	int first, last;

	if (!range->to && strcmp(range->from, "spec") == 0)
		return 0;
	first = find_row(test, range, range->from, err, err_size);
	if (first < 0)
		return -1;
	if (!range->to)
		return 0;
	if (!mm_eras[first].released)
		return complain(test, range, err, err_size,
				"'%s' was never released, expected a release to begin the range",
				range->from);
	if (!range->to[0])
		return 0;
	last = find_row(test, range, range->to, err, err_size);
	if (last < 0)
		return -1;
	if (!mm_eras[last].released)
		return complain(test, range, err, err_size,
				"'%s' was never released, expected a release to end the range",
				range->to);
	if (last < first)
		return complain(test, range, err, err_size,
				"'%s' is before '%s', expected the older one first", range->to,
				range->from);
	return 0;
}

int expect_check(const struct litmus_test *test, char *err, size_t err_size)
{
	for (int i = 0; i < test->nr_expectations; i++) {
		const struct litmus_expectation *line = &test->expectations[i];

		for (int j = 0; j < line->nr_ranges; j++) {
			if (check_range(test, &line->ranges[j], err, err_size) < 0)
				return -1;
		}
	}
	return 0;
}

static struct span range_span(const struct litmus_target_range *range)
{
	struct span span = {-1, -1};

	if (!range->to && strcmp(range->from, "spec") == 0)
		return span;
	span.first = row_of(range->from);
	if (!range->to)
		span.last = span.first;
	else if (range->to[0])
		span.last = row_of(range->to);
	else
		span.last = last_released();
	return span;
}

static bool covers(const struct litmus_expectation *line, const struct target *target)
{
	if (line->nr_ranges == 0)
		return true;
	for (int i = 0; i < line->nr_ranges; i++) {
		struct span span = range_span(&line->ranges[i]);
		int row;

		if (target->kind == TARGET_SPEC) {
			if (span.first < 0)
				return true;
			continue;
		}
		row = (int)(target->era - mm_eras);
		if (span.first >= 0 && row >= span.first && row <= span.last)
			return true;
	}
	return false;
}

/* The last line that covers the target, among those for such runs. */
static const struct litmus_expectation *
last_line(const struct litmus_test *test, const struct target *target, enum litmus_mode mode)
{
	for (int i = test->nr_expectations - 1; i >= 0; i--) {
		const struct litmus_expectation *line = &test->expectations[i];

		if (line->mode == mode && covers(line, target))
			return line;
	}
	return NULL;
}

const struct litmus_expectation *expect_find(const struct litmus_test *test,
					     const struct target *target,
					     const struct run_options *options)
{
	const struct litmus_expectation *line = NULL;

	if (target_is_kernel(target) || target->stable)
		return NULL;
	if (options->strict)
		line = last_line(test, target, LITMUS_IF_STRICT);
	if (!line && options->fine)
		line = last_line(test, target, LITMUS_IF_FINE);
	return line ? line : last_line(test, target, LITMUS_ANY_RUN);
}

const char *observation_name(enum litmus_observation observation)
{
	static const char *const names[] = {
		[LITMUS_NEVER] = "Never",
		[LITMUS_SOMETIMES] = "Sometimes",
		[LITMUS_ALWAYS] = "Always",
	};

	return names[observation];
}

char *expect_text(enum litmus_observation observation, unsigned violations, char *buf, size_t size)
{
	char names[256];

	violation_set_names(violations, names, sizeof(names));
	snprintf(buf, size, "%s%s%s", observation_name(observation), names[0] ? " " : "", names);
	return buf;
}
