/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.h - the table of rules: all of it, one row, or what differs between two */
#ifndef TOOL_ERAS_H
#define TOOL_ERAS_H

#include "mm/bugs.h"
#include "mm/stable.h"
#include "tool/terminal.h"
#include "tool/tool.h"

/* What is asked for: no era means all of them. */
struct eras_request {
	int nr_eras;
	struct mm_era eras[2]; /* with what stable releases of these names took from later ones */
	const char *names[2];  /* as given */
};

void eras_in_words(const struct eras_request *request, const struct terminal *terminal);

/* One JSON document. Returns TOOL_OK or TOOL_TROUBLE. */
int eras_in_json(const struct eras_request *request, struct tool_io *io);

/* The value of a field in an era. */
const struct mm_rule_value *eras_value(const struct mm_era *era, const struct mm_rule_field *field);

/* What an era that was never released is a change of: the released row in force at its base. */
const struct mm_era *eras_base(const struct mm_era *era);

#endif
