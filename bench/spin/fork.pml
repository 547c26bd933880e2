/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fork.pml - tests/litmus/thread/THREAD+pin+fork+write.litmus */
#define NR_TASKS	3
#define CHILD		2
#define FIRST_TLB	{ PAGE_PTE, 0, 0 }
#define FIRST_LRU	{ FIRST_PAGE, 0, 0 }
#define FIRST_OWN	{ 64, 0, 0 }
#define FIRST_STARTED	{ 1, 1, 0 }
#define others_ended(task) (ended[0] + ended[1] == 1)

#include "fork.inc"
