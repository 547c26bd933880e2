/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counts.h - how many tests show what on each target */
#ifndef TOOL_COUNTS_H
#define TOOL_COUNTS_H

#include "tool/run.h"

/* One line for each target, one column for each kind of thing that some test shows. */
void counts_print(const struct run *run);

#endif
