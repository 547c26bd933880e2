/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kind.h - kinds of memory, for parser, checks and printer */
#ifndef LITMUS_KIND_H
#define LITMUS_KIND_H

#include "litmus/print.h"

#define LITMUS_KIND_SIZE 64 /* bytes: room for any kind as text */

bool litmus_same_kind(struct litmus_kind a, struct litmus_kind b);
bool litmus_same_kinds(const struct litmus_kind *a, int nr_a, const struct litmus_kind *b,
		       int nr_b);

/* Where in the list is it? -1: nowhere. */
int litmus_find_kind(const struct litmus_kind *kinds, int nr, struct litmus_kind kind);

/* "thp(pte, swapped)" */
void litmus_put_kind(struct litmus_sink *sink, struct litmus_kind kind);

/* "anon | thp(pte)" */
void litmus_put_kinds(struct litmus_sink *sink, const struct litmus_kind *kinds, int nr);

#endif
