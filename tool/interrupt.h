/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.h - Ctrl-C ends the search, and what is known is still printed */
#ifndef TOOL_INTERRUPT_H
#define TOOL_INTERRUPT_H

#include <signal.h>

/* Set once SIGINT came. A second one kills the process. */
extern volatile sig_atomic_t interrupt_seen;

/* Begin and end catching SIGINT. */
void interrupt_catch(struct sigaction *before);
void interrupt_release(const struct sigaction *before);

#endif
