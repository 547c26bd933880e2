/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_litmus.c - parse anything; what is a test must survive being printed and parsed again
 *
 * A libFuzzer target. With -DFUZZ_REPLAY it is a program that goes once through the files that
 * it is given, for compilers without libFuzzer.
 */
#include "litmus/litmus.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	char *bytes;
	size_t length;
};

static struct text print(const struct litmus_test *test)
{
	struct text text = {0};
	FILE *stream = open_memstream(&text.bytes, &text.length);

	if (!stream || litmus_print(test, stream) || fclose(stream))
		abort();
	return text;
}

/* What says something about a test must not crash on any. */
static void use(const struct litmus_test *test)
{
	int64_t values[LITMUS_MAX_OBSERVABLES];
	char buf[64]; /* short, so that text is cut off */

	for (int i = 0; i < test->nr_observables; i++)
		values[i] = i % 2 ? LITMUS_SIGSEGV : -i;
	litmus_outcome_text(test, values, buf, sizeof(buf));
	litmus_condition_text(test, buf, sizeof(buf));
	litmus_holds(test, values);
	for (int i = 0; i < test->nr_tasks; i++)
		for (int j = 0; j < test->tasks[i].nr_ops; j++)
			litmus_op_text(test, i, &test->tasks[i].ops[j], buf, sizeof(buf));
}

/* One line that begins with the name and says what was expected. */
static void check_message(const char *err)
{
	if (strncmp(err, "fuzz:", 5) || !strstr(err, "expected"))
		abort();
	for (const char *c = err; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			abort();
}

/* A family and its members alike: each can be printed, and is a test again. */
static void check_layout(const struct litmus_test *test)
{
	struct text first = print(test), second;
	struct litmus_test *again;
	char err[512] = "";

	again = litmus_parse("fuzz", first.bytes, first.length, err, sizeof(err));
	if (!again) {
		fprintf(stderr, "%s\n%s", err, first.bytes);
		abort();
	}
	second = print(again);
	if (first.length != second.length || memcmp(first.bytes, second.bytes, first.length)) {
		fprintf(stderr, "printed:\n%s\nprinted again:\n%s", first.bytes, second.bytes);
		abort();
	}
	litmus_free(again);
	free(first.bytes);
	free(second.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char err[512] = "";
	struct litmus_test *test = litmus_parse("fuzz", (const char *)data, size, err, sizeof(err));

	if (!test) {
		check_message(err);
		return 0;
	}
	check_layout(test);
	for (int i = 0; i < litmus_nr_members(test); i++) {
		use(litmus_member(test, i));
		if (test->nr_kinds)
			check_layout(litmus_member(test, i));
	}
	litmus_free(test);
	return 0;
}

#ifdef FUZZ_REPLAY
static int replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *stream = fopen(path, "re");
	size_t size;

	if (!stream) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof(data), stream);
	fclose(stream);
	return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return 1;
	printf("%d inputs\n", argc - 1);
	return 0;
}
#endif
