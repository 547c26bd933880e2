/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h - the name that somebody meant to type */
#ifndef TOOL_SUGGEST_H
#define TOOL_SUGGEST_H

/* The one of `names` that is nearest to `word`, or NULL if none is near. */
const char *suggest_nearest(const char *word, const char *const *names, int nr_names);

#endif
