/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork_read.pml - bench/spin/THREAD+pin+fork+write+read.litmus */
#define NR_TASKS	4
#define READER		2
#define CHILD		3
#define FIRST_TLB	{ PAGE_PTE, 0, 0, 0 }
#define FIRST_LRU	{ FIRST_PAGE, 0, 0, 0 }
#define FIRST_OWN	{ 64, 0, 0, 0 }
#define FIRST_STARTED	{ 1, 1, 1, 0 }
#define others_ended(task) (ended[0] + ended[1] + ended[READER] == 2)

#include "fork.inc"

/* P2 */
active proctype reader()
{
	byte old, frame, i, r2;

	begin(READER);
	load(0, READER, r2);
	end_of_thread(READER)
}
