/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels.h - print the kernels for virtual machines */
#ifndef TOOL_KERNELS_H
#define TOOL_KERNELS_H

#include "targets/kernels.h"
#include "tool/terminal.h"
#include "tool/tool.h"

/* The name of the era that a kernel of this version belongs to; NULL if it is older than all. */
const char *kernels_era(const char *version);

/* The kernel of that name in the list, or NULL. */
const struct kernel *kernels_named(const struct kernel_list *list, const char *name);

/* What the cache has, as a table; and what Debian offers, beside what the cache has of it. */
void kernels_in_words(const struct kernel_list *list, const struct terminal *terminal);
void offers_in_words(const struct kernel_offers *offers, const struct kernel_list *cached,
		     const struct terminal *terminal);

/* The same as JSON documents. Return an enum tool_status. */
int kernels_in_json(const struct kernel_list *list, struct tool_io *io);
int offers_in_json(const struct kernel_offers *offers, const struct kernel_list *cached,
		   struct tool_io *io);

#endif
