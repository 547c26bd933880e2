/* SPDX-License-Identifier: GPL-2.0-or-later */
/* violation.c - names of the kinds of wrong */
#include "litmus/violation.h"

#include <stdio.h>
#include <string.h>

/* In the order of the bits. */
static const char *const names[VIOLATION_KINDS] = {
	"lost-dma",   "stale-dma",  "leak",          "missed-wp",      "spurious-wp",
	"lost-write", "wrong-page", "bad-count",     "use-after-free", "stale-tlb",
	"deadlock",   "livelock",   "unstable-page", "crash",
};

const char *violation_name(enum violation kind)
{
	for (int i = 0; i < VIOLATION_KINDS; i++)
		if ((unsigned)kind == 1u << i)
			return names[i];
	return "none";
}

enum violation violation_from_name(const char *name)
{
	for (int i = 0; i < VIOLATION_KINDS; i++)
		if (!strcmp(name, names[i]))
			return (enum violation)(1u << i);
	return VIOLATION_NONE;
}

char *violation_set_names(unsigned set, char *buf, size_t size)
{
	size_t used = 0;

	if (size)
		buf[0] = '\0';
	for (int i = 0; i < VIOLATION_KINDS && used < size; i++)
		if (set & 1u << i)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 names[i]);
	return buf;
}
