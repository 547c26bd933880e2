/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outcome.c - find outcomes by their values, and by how near they are */

#include "tool/explain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tool/text.h"

/* Cut the blanks around a word. */
static char *trim(char *word)
{
	char *end;

	while (isspace((unsigned char)*word))
		word++;
	end = word + strlen(word);
	while (end > word && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return word;
}

static int find_observable(const struct litmus_test *test, const char *name)
{
	char text[128];

	for (int i = 0; i < test->nr_observables; i++) {
		if (strcmp(litmus_observable_text(test, i, text, sizeof(text)), name) == 0)
			return i;
	}
	return -1;
}

static void list_observables(const struct litmus_test *test, char *err, size_t err_size)
{
	char text[128];

	for (int i = 0; i < test->nr_observables; i++)
		text_append(err, err_size, "%s%s", i ? ", " : "",
			    litmus_observable_text(test, i, text, sizeof(text)));
}

/* One "name=value". Returns the observable, or -1 with a message. */
static int parse_term(const struct litmus_test *test, char *term, char **value, char *err,
		      size_t err_size)
{
	char *equals = strchr(term, '=');
	int observable;

	if (!equals) {
		snprintf(err, err_size, "'%s' is no value, expected name=value", term);
		return -1;
	}
	*equals = '\0';
	*value = trim(equals + 1);
	observable = find_observable(test, trim(term));
	if (observable < 0) {
		snprintf(err, err_size, "no '%s' in this test, expected one of ", trim(term));
		list_observables(test, err, err_size);
	}
	return observable;
}

/* Does it have the values of every "name=value;" in the line? The line is cut to pieces. */
static bool matches(const struct litmus_test *test, const struct outcome *outcome, char *line,
		    char *err, size_t err_size)
{
	char *rest = line;
	char *term;

	while ((term = strsep(&rest, ";"))) {
		char *value;
		char text[32];
		int observable;

		term = trim(term);
		if (!term[0])
			continue;
		observable = parse_term(test, term, &value, err, err_size);
		if (observable < 0)
			return false;
		litmus_value_text(outcome->values[observable], text, sizeof(text));
		if (strcmp(text, value) != 0)
			return false;
	}
	return true;
}

static void list_outcomes(const struct litmus_test *test, const struct run_result *result,
			  const char *line, char *err, size_t err_size)
{
	char text[LITMUS_OUTCOME_SIZE];

	snprintf(err, err_size, "no outcome with '%s', expected one of", line);
	for (int i = 0; i < result->nr_outcomes; i++) {
		if (result->outcomes[i].values)
			text_append(err, err_size, " [%s]",
				    litmus_outcome_text(test, result->outcomes[i].values, text,
							sizeof(text)));
	}
}

bool outcome_has(const struct litmus_test *test, const struct outcome *outcome, const char *line,
		 char *err, size_t err_size)
{
	char *copy = strdup(line);
	bool has;

	err[0] = '\0';
	if (!copy) {
		snprintf(err, err_size, "out of memory");
		return false;
	}
	has = matches(test, outcome, copy, err, err_size);
	free(copy);
	return has;
}

const struct outcome *outcome_find(const struct litmus_test *test, const struct run_result *result,
				   const char *line, char *err, size_t err_size)
{
	const struct outcome *shortest = NULL;

	err[0] = '\0';
	for (int i = 0; i < result->nr_outcomes && !err[0]; i++) {
		const struct outcome *outcome = &result->outcomes[i];

		if (!outcome->values || (shortest && shortest->nr_moves <= outcome->nr_moves))
			continue;
		if (outcome_has(test, outcome, line, err, err_size))
			shortest = outcome;
	}
	if (err[0])
		return NULL;
	if (!shortest)
		list_outcomes(test, result, line, err, err_size);
	return shortest;
}

int outcome_nearest(const struct litmus_test *test, const struct run_result *spec,
		    const int64_t *values)
{
	int nearest = -1;

	for (int i = 0; i < spec->nr_outcomes; i++) {
		int distance;

		if (!spec->outcomes[i].values)
			continue;
		distance = litmus_distance(test, spec->outcomes[i].values, values);
		if (nearest < 0 || distance < nearest)
			nearest = distance;
	}
	return nearest;
}

bool outcome_is_allowed(const struct litmus_test *test, const struct run_result *spec,
			const int64_t *values)
{
	return outcome_nearest(test, spec, values) == 0;
}
