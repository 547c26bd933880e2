/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - how long something takes */
#ifndef TARGETS_CLOCK_H
#define TARGETS_CLOCK_H

/* Seconds of a clock that only goes on. */
double clock_seconds(void);

#endif
