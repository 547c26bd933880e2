/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal.h - what the place that we print to can show */
#ifndef TOOL_TERMINAL_H
#define TOOL_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum color_when {
	COLOR_AUTO, /* on a terminal, unless NO_COLOR is set */
	COLOR_ALWAYS,
	COLOR_NEVER,
};

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_WARN,
};

struct terminal {
	FILE *out;
	int width; /* columns */
	bool color;
	bool utf8;
};

void terminal_init(struct terminal *terminal, FILE *out, enum color_when when);

/* Print in a style; plain where there is no colour. */
void terminal_print(const struct terminal *terminal, enum style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Print words, broken at blanks, each line after the first begun with `indent` blanks. */
void terminal_wrap(const struct terminal *terminal, int column, int indent, const char *text);

/*
 * Print text in exactly `width` columns: filled with blanks, or with a mark in the place of what
 * was cut out of the middle: tests are told apart by both ends of their names.
 */
void terminal_fit(const struct terminal *terminal, const char *text, int width);

/* How many columns does text take? */
int terminal_text_width(const struct terminal *terminal, const char *text);

/* A line on standard error that says how far we are, if that is a terminal. */
struct progress {
	FILE *err;   /* NULL: print nothing */
	double next; /* when it may show something */
	bool shown;
};

void progress_begin(struct progress *progress, FILE *err);

/* Show the line, unless less than a second has gone by. */
void progress_show(struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Take the line away; other output can follow. */
void progress_clear(struct progress *progress);

#endif
