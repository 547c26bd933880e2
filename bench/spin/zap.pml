/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zap.pml - bench/spin/RACE+write+write+dontneed.litmus, from pthread_create() on */
#define NR_TASKS	3
#define CHILD		3	/* there is none */
#define PAGE_REFS	1
#define PAGE_FLAGS	12	/* ANON | LRU */
#define PAGE_PTE	6	/* pte_of(FIRST_PAGE, 0) */
#define FIRST_TLB	{ 0, 0, 0 }
#define FIRST_LRU	{ 0, 0, 0 }
#define FIRST_OWN	{ 192, 0, 0 }
#define FIRST_STARTED	{ 1, 0, 0 }
#define FRAME_6		65	/* FREE | PCP */
#define FRAME_7		65
#define FIRST_BATCH	8
#define BATCH		4
#include "mm.inc"

/* P0, which outlives the others */
active proctype writer()
{
	byte old, new, frame, i, r0;
	byte content;
	bit reuse;

	begin(0);
	started[1] = 1;
	begin(0);
	started[2] = 1;
	begin(0);
	store(0, 0, 2);
	ended[1];
	ended[2];
	load(0, 0, r0);
	assert(started[0] && r0 != 1);
	ended[0] = 1;
	exit_mm(0, 0)
}

/* P1 */
active proctype discarder()
{
	byte old, frame, i;

	begin(1);
	down_read(0);
	zap(0, 1);
	up_read(0);
	begin(1);
	ended[1] = 1
}

/* P2 */
active proctype other_writer()
{
	byte old, new, content, i;
	bit reuse;

	begin(2);
	store(0, 2, 3);
	begin(2);
	ended[2] = 1
}
