/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - the formats in which `cowherd run` reports */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "tool/run.h"

/* A format. Any of the functions may be NULL. */
struct report {
	const char *name;
	int (*check)(const struct run *run);  /* can it report on these targets? else complains */
	void (*begin)(const struct run *run); /* before the first test */
	void (*row)(const struct run *run, const struct row *row); /* after each test */
	int (*end)(const struct run *run); /* after the last; TOOL_OK or TOOL_TROUBLE */
};

extern const struct report report_table;
extern const struct report report_diff;
extern const struct report report_herd;
extern const struct report report_ktap;
extern const struct report report_json;

#endif
