/* SPDX-License-Identifier: GPL-2.0-or-later */
/* search.h - the search of fine.c, as those see it who begin one elsewhere than at the beginning */
#ifndef CHECK_SEARCH_H
#define CHECK_SEARCH_H

#include "check/ahead.h"
#include "check/fine.h"
#include "check/trail.h"
#include "check/visited.h"

#include <time.h>

/* A state on the way from the first one to the present one, and what has been tried in it. */
struct frame {
	struct explore_move via; /* how it was reached */
	unsigned switches;       /* away from tasks that could go on, up to it */
	XXH128_hash_t plain_hash;
	XXH128_hash_t hash; /* the same, but for full_compare */
	double executions;  /* through it, to the end */
	bool could_go_on;   /* the task by which it was reached */
	int nr_moves;
	int next;
	struct explore_move moves[CHECK_MAX_TASKS];
};

/* A way from the first state of all. */
struct search_path {
	const struct explore_move *moves;
	size_t nr;
	unsigned switches; /* search_switches() of the last move */
	bool alone;        /* that was the only one that its state had */
};

struct search {
	const struct fine_machine *machine;
	const struct fine_options *options;
	struct fine_stats *stats;
	struct visited visited;
	struct frame *frames;
	size_t depth;
	size_t frames_room;
	struct trail trail;        /* the states of the frames */
	bool present;              /* the world is in the state of the last frame, */
	bool looked;               /* or as the trail has last seen it */
	struct search_path prefix; /* by which the first frame was reached */
	uint64_t max_states;       /* stop and leave the rest when so many are found */
	struct explore_move *schedule;
	size_t schedule_room;
	unsigned char *saved; /* with full_compare: the bytes of all states */
	size_t nr_saved;
	size_t saved_room;
	bool ended; /* by a limit, `stop` or `final` */
	bool bound; /* a move was left out */
	struct timespec start;
	struct aheads aheads;
};

/*
 * Search on from the state that a path leads to from that which the trail is in, if nobody has seen
 * it: until every move from there on is made, or s->max_states are found, or something ends the
 * search; then the frames say what is left. There must be no frame yet. 0 or -ENOMEM.
 */
int search_from(struct search *s, const struct search_path *path);

/* With this move from the state of a frame: how often tasks that could go on have been left. */
unsigned search_switches(const struct frame *frame, struct explore_move move);

/* Put the world into the state of the last frame; without one, into that of the trail. */
void search_return(struct search *s);

/* Drop the last frame. */
void search_pop(struct search *s);

/* Is it time to stop? Also shows how far the search is. */
bool search_must_stop(struct search *s);

#endif
