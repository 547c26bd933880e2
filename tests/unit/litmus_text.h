/* SPDX-License-Identifier: GPL-2.0-or-later */
/* litmus_text.h - what tests of the language do with a text: read, print, be told what is wrong */
#ifndef TESTS_UNIT_LITMUS_TEXT_H
#define TESTS_UNIT_LITMUS_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "litmus/litmus.h"

#include <stdlib.h>
#include <string.h>

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* A test with this initial state, and P0 from its parameters on. */
#define AROUND(state, body) "C t\n{ " state " }\nP0(" body "\n}\nexists (true)\n"

static inline struct litmus_test *parse(const char *text)
{
	char err[256] = "";
	struct litmus_test *test = litmus_parse("t", text, strlen(text), err, sizeof(err));

	if (!test)
		fail_msg("%s\n%s", err, text);
	assert_string_equal(err, "");
	return test;
}

static inline char *print(const struct litmus_test *test)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	assert_int_equal(litmus_print(test, stream), 0);
	fclose(stream);
	return text;
}

/* The layout of `text` is `expected`, and that of `expected` is itself. */
static inline void assert_layout(const char *text, const char *expected)
{
	struct litmus_test *test = parse(text);
	char *printed = print(test);

	assert_string_equal(printed, expected);
	litmus_free(test);
	free(printed);
	test = parse(expected);
	printed = print(test);
	assert_string_equal(printed, expected);
	litmus_free(test);
	free(printed);
}

struct message {
	const char *text;
	const char *err; /* after "t:" */
};

static inline void assert_message(const char *text, const char *expected)
{
	char err[512] = "", full[520];

	snprintf(full, sizeof(full), "t:%s", expected);
	if (litmus_parse("t", text, strlen(text), err, sizeof(err)))
		fail_msg("accepted, expected '%s':\n%s", expected, text);
	if (strcmp(err, full))
		fail_msg("'%s', expected '%s':\n%s", err, full, text);
	assert_non_null(strstr(err, "expected"));
}

static inline void assert_messages(const char *before, const struct message *messages, size_t nr,
				   const char *after)
{
	char text[8192];

	for (size_t i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), "%s%s%s", before, messages[i].text, after);
		assert_message(text, messages[i].err);
	}
}

#endif
