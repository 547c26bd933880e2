/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mutant.c - which mutant mm/ is: what the environment says, or later whoever sets mutant_nr
 *
 * MUTANT is the number, 0 for none. MUTANT_REACHED is a file to which the numbers of those are
 * written at the end that would have made a difference on the way.
 */
#include "tests/mutants/mutant.h"

#include <stdio.h>
#include <stdlib.h>

int mutant_nr;
unsigned char mutant_reached[MUTANT_MAX / 8];

static void write_reached(void)
{
	FILE *out = fopen(getenv("MUTANT_REACHED"), "w");

	for (int nr = 1; out && nr < MUTANT_MAX; nr++) {
		if (mutant_reached[nr / 8] & 1U << nr % 8)
			fprintf(out, "%d\n", nr);
	}
	if (out)
		fclose(out);
}

__attribute__((constructor)) static void from_environment(void)
{
	const char *number = getenv("MUTANT");

	if (number)
		mutant_nr = (int)strtol(number, NULL, 10);
	if (getenv("MUTANT_REACHED"))
		atexit(write_reached);
}
