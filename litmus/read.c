/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.c - a test from a file or from standard input */
#include "litmus/lexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIZE ((size_t)1 << 20)

static struct litmus_test *parse_stream(const char *name, FILE *stream, char *err, size_t err_size)
{
	const struct litmus_source source = {.file = name, .err = err, .err_size = err_size};
	const struct litmus_pos nowhere = {0};
	struct litmus_test *test = NULL;
	char *text = malloc(MAX_SIZE + 1);
	size_t length;

	if (!text) {
		litmus_fail_memory(&source);
		return NULL;
	}
	errno = 0;
	length = fread(text, 1, MAX_SIZE + 1, stream);
	if (ferror(stream))
		litmus_fail(&source, nowhere, "%s, expected a litmus test", strerror(errno));
	else if (length > MAX_SIZE)
		litmus_fail(&source, nowhere, "too long, expected at most %zu bytes", MAX_SIZE);
	else if (memchr(text, '\0', length))
		litmus_fail(&source, nowhere, "binary data, expected a litmus test");
	else
		test = litmus_parse(name, text, length, err, err_size);
	free(text);
	return test;
}

struct litmus_test *litmus_read(const char *path, char *err, size_t err_size)
{
	const struct litmus_source source = {.file = path, .err = err, .err_size = err_size};
	struct litmus_test *test;
	FILE *stream;

	if (!strcmp(path, "-"))
		return parse_stream("<stdin>", stdin, err, err_size);
	stream = fopen(path, "re");
	if (!stream) {
		litmus_fail(&source, (struct litmus_pos){0}, "%s, expected a litmus test",
			    strerror(errno));
		return NULL;
	}
	test = parse_stream(path, stream, err, err_size);
	fclose(stream);
	return test;
}
