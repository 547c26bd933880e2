/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html.h - text on a page */
#ifndef TOOL_HTML_H
#define TOOL_HTML_H

#include <stdio.h>

/*
 * Print text so that it means itself, also as the value of an attribute in quotes. Bytes that are
 * no UTF-8 and characters that no page may have become '?'.
 */
void html_text(FILE *out, const char *text);

/* The same for what printf() would print. */
void html_printf(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
