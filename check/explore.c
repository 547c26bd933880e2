/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explore.c - breadth-first search through the states of a machine */

#include "check/explore.h"
#include "check/reserve.h"
#include "check/visited.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * A state with a single move is saved and hashed like any other. To run on to the next state with
 * a choice would change the number of states, would have to keep that state back until its layer
 * comes (or its schedule would no longer be a shortest one), and would never end in a loop of
 * single moves. What such a state does save is the load: see make_present().
 */

#define NO_NODE UINT32_MAX

/* So many states lie between two calls of progress(). */
#define PROGRESS_STATES 4096

/* How a state was reached first; following the parents back gives its schedule. */
struct node {
	uint32_t parent;
	struct explore_move move;
};

/* A saved state in a layer. `size` bytes follow, padded to a multiple of 8. */
struct entry {
	uint32_t node;
	uint32_t size;
};

/* States of equal depth, one after another. */
struct layer {
	unsigned char *bytes;
	size_t used;
	size_t room;
};

struct search {
	const struct explore_machine *machine;
	const struct explore_limits *limits;
	struct explore_stats *stats;
	struct visited visited;
	struct node *nodes;
	size_t nr_nodes;
	size_t nodes_room;
	struct layer layer; /* being expanded */
	struct layer next;  /* what it leads to, one move deeper */
	int depth;          /* of next */
	uint32_t present;   /* the node whose state the machine is in, or NO_NODE */
	struct explore_move *schedule;
	size_t schedule_room;
	bool ended; /* by a limit, `stop` or `final` */
};

/* Tell the machine that it is in a final or broken state, and how it came there. */
static int report(struct search *s, uint32_t node, unsigned violations)
{
	size_t nr_moves = 0;

	for (uint32_t n = node; s->nodes[n].parent != NO_NODE; n = s->nodes[n].parent)
		nr_moves++;
	/* One more: it is an array even without a move. */
	if (reserve(&s->schedule, &s->schedule_room, nr_moves + 1, sizeof(*s->schedule)))
		return -ENOMEM;
	size_t i = nr_moves;
	for (uint32_t n = node; s->nodes[n].parent != NO_NODE; n = s->nodes[n].parent)
		s->schedule[--i] = s->nodes[n].move;

	s->stats->final_states++;
	if (!s->machine->final(s->machine->context, violations, s->schedule, (int)nr_moves))
		s->ended = true;
	return 0;
}

/* Save the machine's state at the end of `next`, not counted in `used` yet. NULL: no memory. */
static struct entry *save(struct search *s)
{
	const struct explore_machine *machine = s->machine;
	size_t size = machine->size(machine->context);
	size_t needed = s->next.used + sizeof(struct entry) + (size + 7) / 8 * 8;

	if (size > UINT32_MAX)
		return NULL;
	if (reserve(&s->next.bytes, &s->next.room, needed, 1))
		return NULL;
	struct entry *entry = (struct entry *)(void *)(s->next.bytes + s->next.used);
	entry->node = NO_NODE;
	entry->size = (uint32_t)size;
	machine->save(machine->context, entry + 1);
	return entry;
}

/* The machine has come from `parent` by `move`. If its state is new, number it and keep it. */
static int arrive(struct search *s, uint32_t parent, struct explore_move move, unsigned violations)
{
	struct entry *entry = save(s);
	if (!entry)
		return -ENOMEM;

	/* A broken state is not the same as a sound one with the same bytes: hence the seed. */
	int new =
		visited_add(&s->visited, XXH3_128bits_withSeed(entry + 1, entry->size, violations));
	if (new <= 0)
		return new;
	if (s->nr_nodes == NO_NODE ||
	    (s->limits->max_states && s->stats->states >= s->limits->max_states)) {
		s->ended = true;
		return 0;
	}

	if (reserve(&s->nodes, &s->nodes_room, s->nr_nodes + 1, sizeof(*s->nodes)))
		return -ENOMEM;
	uint32_t node = (uint32_t)s->nr_nodes++;
	s->nodes[node] = (struct node){parent, move};
	s->stats->states++;
	s->stats->depth = s->depth;
	if (violations)
		return report(s, node, violations);

	entry->node = node;
	s->next.used += sizeof(*entry) + (entry->size + 7) / 8 * 8;
	s->present = node;
	return 0;
}

/* Put the machine into the saved state, unless the last move has just brought it there. */
static void make_present(struct search *s, const struct entry *entry)
{
	if (s->present == entry->node)
		return;
	s->machine->load(s->machine->context, entry + 1, entry->size);
	s->present = entry->node;
}

/* Make every move that is possible in one state. */
static int expand(struct search *s, const struct entry *entry)
{
	const struct explore_machine *machine = s->machine;
	struct explore_move moves[EXPLORE_MAX_MOVES];

	make_present(s, entry);
	int nr_moves = machine->moves(machine->context, moves);
	if (nr_moves == 0)
		return report(s, entry->node, 0);

	for (int i = 0; i < nr_moves && !s->ended; i++) {
		if (s->limits->progress && s->stats->states % PROGRESS_STATES == 0)
			s->limits->progress(s->limits->progress_context, s->stats->states);
		if (s->limits->stop && *s->limits->stop) {
			s->ended = true;
			break;
		}
		make_present(s, entry);
		s->present = NO_NODE;
		unsigned violations = machine->step(machine->context, moves[i]);
		s->stats->transitions++;
		int err = arrive(s, entry->node, moves[i], violations);
		if (err)
			return err;
	}
	return 0;
}

static int expand_layer(struct search *s)
{
	size_t at = 0;

	while (at < s->layer.used && !s->ended) {
		const struct entry *entry = (const void *)(s->layer.bytes + at);
		int err = expand(s, entry);
		if (err)
			return err;
		at += sizeof(*entry) + (entry->size + 7) / 8 * 8;
	}
	return 0;
}

int explore(const struct explore_machine *machine, const struct explore_limits *limits,
	    struct explore_stats *stats)
{
	struct search s = {
		.machine = machine,
		.limits = limits,
		.stats = stats,
		.present = NO_NODE,
	};

	*stats = (struct explore_stats){0};
	int err = arrive(&s, NO_NODE, (struct explore_move){0, 0}, 0);
	while (!err && !s.ended && s.next.used > 0) {
		struct layer expanded = s.layer;

		s.layer = s.next;
		s.next = expanded;
		s.next.used = 0;
		s.depth++;
		err = expand_layer(&s);
	}
	stats->complete = !err && !s.ended;

	visited_free(&s.visited);
	free(s.nodes);
	free(s.layer.bytes);
	free(s.next.bytes);
	free(s.schedule);
	return err;
}
