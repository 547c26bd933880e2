/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_html.h - the parts of the page that are about one test */
#ifndef TOOL_CONFORM_HTML_H
#define TOOL_CONFORM_HTML_H

#include "tool/conform.h"

/*
 * Each divergence of a test on a kernel that is explained, or each that is not, with what the model
 * allows and who is at fault.
 */
void conform_html_divergences(const struct conform *conform, FILE *out, int row, int kernel,
			      bool explained);

/* All that is known of a test, kernel by kernel. */
void conform_html_row(const struct conform *conform, FILE *out, int row);

/* The class of a letter: "good", "bad", "warn" or "soft". */
const char *conform_html_class(char letter);

#endif
