/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counts.c - how many tests show what on each target */

#include "tool/counts.h"

#include <string.h>

/* What is counted: "ok", each kind of violation, and why a test was not run to the end. */
enum counted {
	COUNTED_OK,
	COUNTED_KINDS, /* VIOLATION_KINDS of them */
	COUNTED_SKIPPED = COUNTED_KINDS + VIOLATION_KINDS,
	COUNTED_INCOMPLETE,
	COUNTED_FAILED,
	NR_COUNTED,
};

#define GAP       2 /* between two columns */
#define MIN_WIDTH 4 /* of a number */

struct counts {
	int of[NR_COUNTED];
};

static const char *counted_name(int counted)
{
	switch (counted) {
	case COUNTED_OK:
		return "ok";
	case COUNTED_SKIPPED:
		return "skipped";
	case COUNTED_INCOMPLETE:
		return "incomplete";
	case COUNTED_FAILED:
		return "error";
	default:
		return violation_name((enum violation)(1u << (counted - COUNTED_KINDS)));
	}
}

/* A test with two kinds of violations counts under both. */
static void count_cell(struct counts *counts, const struct cell *cell)
{
	enum run_status status = cell->result.status;

	counts->of[COUNTED_OK] += status == RUN_DONE && !cell->violations;
	counts->of[COUNTED_SKIPPED] += status == RUN_SKIPPED;
	counts->of[COUNTED_INCOMPLETE] += status == RUN_INCOMPLETE;
	counts->of[COUNTED_FAILED] += status == RUN_FAILED;
	for (int kind = 0; kind < VIOLATION_KINDS; kind++)
		counts->of[COUNTED_KINDS + kind] += (cell->violations >> kind) & 1;
}

static struct counts count_column(const struct run *run, int column)
{
	struct counts counts = {0};

	for (int i = 0; i < run->nr_rows; i++) {
		if (run->rows[i].cells)
			count_cell(&counts, &run->rows[i].cells[column]);
	}
	return counts;
}

static struct counts count_everything(const struct run *run)
{
	struct counts total = {0};

	for (int i = 0; i < run->targets.nr; i++) {
		struct counts counts = count_column(run, i);

		for (int j = 0; j < NR_COUNTED; j++)
			total.of[j] += counts.of[j];
	}
	return total;
}

static int counted_width(int counted)
{
	int length = (int)strlen(counted_name(counted));

	return length > MIN_WIDTH ? length : MIN_WIDTH;
}

static void print_numbers(const struct run *run, const struct counts *counts,
			  const struct counts *total)
{
	for (int i = 0; i < NR_COUNTED; i++) {
		if (!total->of[i])
			continue;
		if (counts->of[i])
			fprintf(run->terminal.out, "%*d", GAP + counted_width(i), counts->of[i]);
		else
			fprintf(run->terminal.out, "%*s", GAP + counted_width(i), ".");
	}
	fputc('\n', run->terminal.out);
}

void counts_print(const struct run *run)
{
	struct counts total = count_everything(run);
	int name_width = 0;

	for (int i = 0; i < run->targets.nr; i++) {
		int length = (int)strlen(run->targets.targets[i].name);

		if (length > name_width)
			name_width = length;
	}
	fprintf(run->terminal.out, "\n%*s", name_width, "");
	for (int i = 0; i < NR_COUNTED; i++) {
		if (total.of[i])
			fprintf(run->terminal.out, "%*s", GAP + counted_width(i), counted_name(i));
	}
	fputc('\n', run->terminal.out);
	for (int i = 0; i < run->targets.nr; i++) {
		struct counts counts = count_column(run, i);

		fprintf(run->terminal.out, "%-*s", name_width, run->targets.targets[i].name);
		print_numbers(run, &counts, &total);
	}
}
