/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random.c [FIRST [COUNT]] - programs made at random, on the spec and on every era
 *
 * Under the newest rules no outcome may be one that the spec forbids: since v6.2 a pin keeps its
 * promise whatever else happens. Under any rules the accounting holds. The programs leave out what
 * is known to be wrong to this day: plain references for writing, and any of hugetlb pages. The
 * same numbers give the same programs; one that fails is printed whole.
 */
#include "mm/eras.h"
#include "spec/spec.h"
#include "targets/target.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEWEST "v6.18"
#define BROKEN \
	(VIOLATION_BAD_COUNT | VIOLATION_USE_AFTER_FREE | VIOLATION_STALE_TLB | VIOLATION_LIVELOCK)

/* A search that is larger than this is left out; few are. */
#define MAX_STATES 20000

/* What x is made of. */
struct material {
	const char *declaration; /* of two pages */
	const char *values;
	bool swap;    /* may be paged out */
	bool huge;    /* may be split and collapsed */
	bool hugetlb; /* whole pages only, and no plain references */
};

static const struct material materials[] = {
	{"anon x[2]", " = {1, 2}", true, false, false},
	{"anon x[2]", "", true, false, false},
	{"anon(swapped) x[2]", " = {1, 2}", true, false, false},
	{"file x[2]", " = {1, 2}", true, false, false},
	{"shared x[2]", " = {1, 2}", true, false, false},
	{"thp x[2]", " = {1, 2}", true, true, false},
	{"thp x[2]", "", true, true, false},
	{"thp(pte) x[2]", " = {1, 2}", true, true, false},
	{"thp(partial) x[2]", " = {1, 2}", true, true, false},
	{"hugetlb x[2]", " = {1, 2}", false, false, true},
};

#define NR_MATERIALS (unsigned)(sizeof(materials) / sizeof(materials[0]))

struct program {
	FILE *out;
	uint64_t seed;
	const struct material *material;
	int value;      /* the last one that was written; each is written once */
	int result;     /* the last register */
	int handles[2]; /* by task: how many it has taken */
	bool written[2][LITMUS_MAX_REGISTERS]; /* FOLL_WRITE: the device may write */
};

static unsigned pick(struct program *program, unsigned below)
{
	program->seed = program->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(program->seed >> 33) % below;
}

__attribute__((format(printf, 2, 3))) static void add(struct program *program, const char *format,
						      ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(program->out, format, args);
	va_end(args);
}

static const char *address(struct program *program)
{
	static const char *const addresses[] = {"x", "x + 1", "y", "z"};

	return addresses[pick(program, 4)];
}

static void add_access(struct program *program)
{
	static const char *const places[] = {"x[0]", "x[1]", "*y", "*z"};
	const char *place = places[pick(program, 4)];

	/* z is mapped only now and then; what is not there kills, and little is left to look at. */
	if (place[1] == 'z' && pick(program, 4))
		place = "x[0]";
	if (pick(program, 2))
		add(program, "%s = %d;\n", place, ++program->value);
	else
		add(program, "r%d = %s;\n", ++program->result, place);
}

/* What moves, merges or splits pages; nobody must notice. */
static void add_move(struct program *program)
{
	static const char *const advices[] = {
		"MADV_PAGEOUT",     "MADV_WILLNEED", "MADV_MERGEABLE", "MADV_HUGEPAGE",
		"MADV_UNMERGEABLE", "MADV_COLLAPSE", "MADV_NOHUGEPAGE"};

	switch (pick(program, 6)) {
	case 0:
		add(program, "ksm_do_scan();\n");
		break;
	case 1:
		add(program, "move_pages(%s, 1);\n", address(program));
		break;
	case 2:
		if (program->material->huge)
			add(program, "split_huge_page(x);\n");
		else if (program->material->swap)
			add(program, "end_page_writeback();\n");
		break;
	default:
		if (program->material->swap)
			add(program, "madvise(%s, 1, %s);\n", address(program),
			    advices[pick(program, 7)]);
		break;
	}
}

static void add_call(struct program *program)
{
	static const char *const prots[] = {"PROT_READ", "PROT_READ | PROT_WRITE"};
	static const char *const advices[] = {"MADV_DONTNEED", "MADV_DONTFORK", "MADV_DOFORK",
					      "MADV_WIPEONFORK", "MADV_KEEPONFORK"};

	program->result++;
	switch (pick(program, 6)) {
	case 0:
		add(program, "r%d = mprotect(%s, 1, %s);\n", program->result, address(program),
		    prots[pick(program, 2)]);
		break;
	case 1:
		add(program, "r%d = madvise(%s, 1, %s);\n", program->result, address(program),
		    advices[pick(program, 5)]);
		break;
	case 2:
		add(program, "r%d = munmap(%s, 1);\n", program->result, address(program));
		break;
	case 3:
		add(program, "r%d = mremap(%s, 1, z);\n", program->result,
		    pick(program, 2) ? "x" : "x + 1");
		break;
	case 4:
		add(program, "r%d = mmap(%s, 1, PROT_READ | PROT_WRITE, MAP_%s);\n",
		    program->result, address(program), pick(program, 3) ? "PRIVATE" : "SHARED");
		break;
	case 5:
		add(program, "lru_add_drain();\n");
		break;
	}
}

static void add_gup(struct program *program, int task)
{
	int handle = program->handles[task]++;
	bool get = pick(program, 4) == 0 && !program->material->hugetlb;
	bool write = !get && pick(program, 2);

	add(program, "h%d = %s_user_pages%s(%s, %s);\n", handle, get ? "get" : "pin",
	    pick(program, 2) ? "_fast" : "", address(program),
	    get     ? "0"
	    : write ? "FOLL_WRITE | FOLL_LONGTERM"
		    : "FOLL_LONGTERM");
	program->written[task][handle] = write;
}

static void add_device(struct program *program, int task)
{
	int handle;

	if (!program->handles[task]) {
		add_gup(program, task);
		return;
	}
	handle = (int)pick(program, (unsigned)program->handles[task]);
	if (program->written[task][handle] && pick(program, 2))
		add(program, "dma_write(h%d, %d);\n", handle, ++program->value);
	else
		add(program, "r%d = dma_read(h%d);\n", ++program->result, handle);
}

static void add_op(struct program *program, int task)
{
	switch (pick(program, 9)) {
	case 8:
		add_move(program);
		break;
	case 0:
	case 1:
	case 2:
		add_access(program);
		break;
	case 3:
		if (program->handles[task] < 3)
			add_gup(program, task);
		break;
	case 4:
	case 5:
		add_device(program, task);
		break;
	default:
		add_call(program);
		break;
	}
}

static void add_ops(struct program *program, int task, unsigned most)
{
	for (unsigned i = pick(program, most); i; i--)
		add_op(program, task);
}

static char *make_program(unsigned long number, size_t *length)
{
	struct program program = {.seed = number, .value = 10};
	char *text = NULL;

	program.out = open_memstream(&text, length);
	if (!program.out)
		return NULL;
	/* The first numbers of neighbouring seeds are alike. */
	for (int i = 0; i < 8; i++)
		pick(&program, 2);
	program.material = &materials[pick(&program, NR_MATERIALS)];
	add(&program, "C random-%lu\n{\n%s%s;\n%s y = 3;\nunmapped z;\n}\n", number,
	    program.material->declaration, program.material->values,
	    pick(&program, 3) ? "anon" : "shared");
	add(&program, "P0(int *x, int *y, int *z)\n{\n");
	add_ops(&program, 0, 4);
	add(&program, "fork(P1);\n");
	add_ops(&program, 0, 4);
	if (pick(&program, 2))
		add(&program, "wait(P1);\n");
	add_ops(&program, 0, 4);
	add(&program, "}\nP1(int *x, int *y, int *z)\n{\n");
	program.result = 0;
	add_ops(&program, 1, 5);
	add(&program, "}\nexists (true)\n");
	if (fclose(program.out) == 0)
		return text;
	free(text);
	return NULL;
}

/* What is wrong with the result: a set of kinds. */
static unsigned wrong(const struct mm_era *era, const struct run_result *result)
{
	unsigned kinds = run_result_violations(result);

	return era == mm_era_find(NEWEST) ? kinds : kinds & BROKEN;
}

static bool run_everywhere(const struct litmus_test *test, const char *text, int *done)
{
	const struct run_options options = {.max_states = MAX_STATES};
	struct run_result spec;
	bool good = true;

	spec_run(test, &options, &spec);
	for (int i = 0; good && spec.status == RUN_DONE && i < mm_nr_eras; i++) {
		struct run_result model;
		char kinds[256];

		model_run(test, &mm_eras[i].rules, &options, &spec, &model);
		*done += model.status == RUN_DONE;
		good = model.status != RUN_FAILED && !wrong(&mm_eras[i], &model);
		if (!good)
			printf("# %s on %s: %s\n# %s\n", test->name, mm_eras[i].name,
			       violation_set_names(run_result_violations(&model), kinds,
						   sizeof(kinds)),
			       text);
		run_result_free(&model);
	}
	run_result_free(&spec);
	return good;
}

static bool try_program(unsigned long number, int *done)
{
	struct litmus_test *test;
	char err[512];
	size_t length;
	char *text = make_program(number, &length);
	bool good;

	if (!text) {
		printf("# out of memory\n");
		return false;
	}
	test = litmus_parse("random", text, length, err, sizeof(err));
	if (!test)
		printf("# %s\n# %s\n", err, text);
	good = test && run_everywhere(test, text, done);
	if (test)
		litmus_free(test);
	free(text);
	return good;
}

int main(int argc, char **argv)
{
	unsigned long first = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000;
	unsigned long bad = 0;
	int done = 0;

	printf("TAP version 13\n1..2\n");
	for (unsigned long i = 0; i < count && bad < 5; i++)
		bad += !try_program(first + i, &done);
	printf("%sok 1 - %lu programs\n", bad ? "not " : "", count);
	/* Searches that are all cut off would prove nothing. */
	printf("%sok 2 - %d complete searches\n", done > (int)count ? "" : "not ", done);
	return bad || done <= (int)count;
}
