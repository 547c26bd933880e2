/* SPDX-License-Identifier: GPL-2.0-or-later */
/* work.h - what is left of a search: moves that nobody has made yet */
#ifndef CHECK_WORK_H
#define CHECK_WORK_H

#include <stdio.h>

#include "check/search.h"

/* All zero: nothing. */
struct work {
	struct work_item {
		size_t first; /* of the moves below: how to come there, this one the last */
		size_t nr;
		unsigned switches; /* search_switches() of it */
		bool alone;        /* it was the state's only move */
	} * items;
	size_t nr_items;
	size_t items_room;
	struct explore_move *moves;
	size_t nr_moves;
	size_t moves_room;
};

/* Add what the frames of a search have not tried yet. 0 or -ENOMEM. */
int work_add_frames(struct work *work, struct search *s);

/* Add another one's items, from that number on. 0 or -ENOMEM. */
int work_add(struct work *work, const struct work *from, size_t first);

/* Write it down, and add what was written down. 0, or -EIO or -ENOMEM. */
int work_send(const struct work *work, FILE *to);
int work_receive(struct work *work, FILE *from);

void work_free(struct work *work);

#endif
