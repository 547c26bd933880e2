/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_count.c - how many tests came to what on each kernel, and why */

#include "tool/conform.h"

#include <string.h>

uint64_t conform_iterations(const struct conform_cell *cell)
{
	uint64_t nr = 0;

	for (int i = 0; i < cell->result.nr_outcomes; i++)
		nr += cell->result.outcomes[i].count;
	return nr;
}

static int count_fine(const struct conform_cell *cell)
{
	int nr = 0;

	for (int i = 0; i < cell->result.nr_outcomes && cell->notes; i++)
		nr += cell->notes[i].rule == CONFORM_ALLOWED_FINE;
	return nr;
}

static void count_cell(struct conform_counts *counts, const struct conform_cell *cell)
{
	counts->tests++;
	counts->verdicts[cell->verdict]++;
	counts->seconds += cell->result.seconds;
	counts->unseen += cell->nr_unseen;
	counts->fine += count_fine(cell);
	counts->unexplained_outcomes += cell->nr_unexplained;
	counts->explained_outcomes += cell->nr_forbidden - cell->nr_unexplained;
	if (cell->verdict != CONFORM_DIVERGES)
		return;
	if (cell->nr_unexplained)
		counts->unexplained++;
	else
		counts->explained++;
}

struct conform_counts conform_count(const struct conform *conform, int kernel)
{
	struct conform_counts counts = {0};

	for (int i = 0; i < conform->run.targets.nr; i++) {
		if (kernel >= 0 && kernel != i)
			continue;
		for (int j = 0; j < conform->run.nr_rows; j++) {
			if (conform->rows[j].cells)
				count_cell(&counts, &conform->rows[j].cells[i]);
		}
	}
	return counts;
}

int conform_nr_run(const struct conform_counts *counts)
{
	return counts->verdicts[CONFORM_AGREES] + counts->verdicts[CONFORM_UNSEEN] +
	       counts->verdicts[CONFORM_DIVERGES];
}

double conform_percent_run(const struct conform_counts *counts)
{
	return counts->tests ? 100.0 * conform_nr_run(counts) / counts->tests : 0;
}

double conform_seconds_each(const struct conform_counts *counts)
{
	int nr = conform_nr_run(counts);

	return nr ? counts->seconds / nr : 0;
}

static const struct conform_cell *find_cell(const struct conform *conform, int row, int kernel,
					    enum conform_verdict verdict)
{
	const struct conform_cell *cells = conform->rows[row].cells;

	return cells && cells[kernel].verdict == verdict && cells[kernel].reason ? &cells[kernel]
										 : NULL;
}

const char *conform_next_reason(const struct conform *conform, int kernel,
				enum conform_verdict verdict, int *row, int *count)
{
	for (; *row < conform->run.nr_rows; (*row)++) {
		const struct conform_cell *cell = find_cell(conform, *row, kernel, verdict);
		int nr[2] = {0, 0}; /* before this row, and from it on */

		if (!cell)
			continue;
		for (int i = 0; i < conform->run.nr_rows; i++) {
			const struct conform_cell *other = find_cell(conform, i, kernel, verdict);

			if (other && strcmp(other->reason, cell->reason) == 0)
				nr[i >= *row]++;
		}
		if (nr[0])
			continue;
		*count = nr[1];
		(*row)++;
		return cell->reason;
	}
	return NULL;
}

static bool was_held(const struct conform_cell *cell)
{
	return cell->notes && cell->result.nr_outcomes;
}

bool conform_is_stale(const struct conform *conform, const struct known *known)
{
	if (known->seen)
		return false;
	for (int i = 0; i < conform->run.nr_rows; i++) {
		for (int j = 0; j < conform->run.targets.nr && conform->rows[i].cells; j++) {
			if (was_held(&conform->rows[i].cells[j]) &&
			    known_is_about(known, &conform->kernels[j].known,
					   conform->run.rows[i].test->name))
				return true;
		}
	}
	return false;
}

bool conform_is_complete(const struct conform *conform)
{
	for (int i = 0; i < conform->run.nr_rows; i++) {
		for (int j = 0; j < conform->run.targets.nr && conform->rows[i].cells; j++) {
			const struct conform_cell *cell = &conform->rows[i].cells[j];

			if (cell->verdict == CONFORM_INCOMPLETE)
				return false;
		}
	}
	return !conform->run.interrupted;
}

const struct known *conform_explanation(const struct conform_cell *cell)
{
	if (cell->verdict != CONFORM_DIVERGES || cell->nr_unexplained)
		return NULL;
	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		if (cell->notes[i].known)
			return cell->notes[i].known;
	}
	return NULL;
}

bool conform_crashed(const struct conform_cell *cell)
{
	for (int i = 0; i < cell->result.nr_outcomes && cell->notes; i++) {
		const struct outcome *outcome = &cell->result.outcomes[i];

		if (!outcome->values && outcome->violations & VIOLATION_CRASH &&
		    cell->notes[i].rule == CONFORM_FORBIDDEN && !cell->notes[i].known)
			return true;
	}
	return false;
}
