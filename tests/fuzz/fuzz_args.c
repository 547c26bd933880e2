/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_args.c - libFuzzer target: the command line, one argument a line */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tool/tool.h"

#define MAX_ARGUMENTS 32
#define MAX_SIZE      4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What every file name stands for: small, and every part of a report has something to say. */
static const char example[] = "C example\n"
			      "{\n"
			      "\tanon x = 1;\n"
			      "}\n"
			      "P0(int *x)\n"
			      "{\n"
			      "\tr = pin_user_pages_fast(x, FOLL_WRITE | FOLL_LONGTERM);\n"
			      "\tfork(P1);\n"
			      "\twait(P1);\n"
			      "\t*x = 2;\n"
			      "\tdma_write(r, 3);\n"
			      "\tr0 = *x;\n"
			      "}\n"
			      "P1(int *x)\n"
			      "{\n"
			      "}\n"
			      "exists (0:r0=2)\n"
			      "expect Never\n"
			      "expect Always lost-dma on v5.9-rc4\n";

/* Cut the text at its newlines; argv ends with NULL. */
static int split(char *text, char **argv)
{
	int argc = 0;
	char *rest = text;
	char *word;

	argv[argc++] = "cowherd";
	while (argc < MAX_ARGUMENTS && (word = strsep(&rest, "\n")))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[MAX_ARGUMENTS + 1];
	struct tool_io io = {.example = example};
	char *text, *output = NULL;
	size_t length;
	int argc;

	if (size > MAX_SIZE)
		return -1;
	text = malloc(size + 1);
	io.out = open_memstream(&output, &length);
	if (!text || !io.out)
		abort();
	io.err = io.out;
	memcpy(text, data, size);
	text[size] = '\0';
	argc = split(text, argv);
	cowherd_main(argc, argv, &io);
	fclose(io.out);
	free(output);
	free(text);
	return 0;
}
