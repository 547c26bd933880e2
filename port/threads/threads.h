/* SPDX-License-Identifier: GPL-2.0-or-later */
/* threads.h - what a program that links the threads port says to it */
#ifndef PORT_THREADS_THREADS_H
#define PORT_THREADS_THREADS_H

/* The calling thread is CPU `cpu` from now on; 0 if it never says. No two threads may share one. */
void port_set_cpu(unsigned cpu);

/* Let the n-th allocation from now on fail (1: the next), once, whichever thread makes it. 0: none.
 */
void port_fail_allocation(unsigned n);

#endif
