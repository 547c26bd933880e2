/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.c - Ctrl-C ends the search, and what is known is still printed */

#include "tool/interrupt.h"

volatile sig_atomic_t interrupt_seen;

static void note(int signal)
{
	(void)signal;
	interrupt_seen = 1;
}

void interrupt_catch(struct sigaction *before)
{
	struct sigaction action = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND};

	interrupt_seen = 0;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, before);
}

void interrupt_release(const struct sigaction *before)
{
	sigaction(SIGINT, before, NULL);
}
