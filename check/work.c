/* SPDX-License-Identifier: GPL-2.0-or-later */
/* work.c - what is left of a search: moves that nobody has made yet */

#include "check/work.h"
#include "check/reserve.h"

#include <errno.h>
#include <stdlib.h>

static int add_move(struct work *work, struct explore_move move)
{
	if (reserve(&work->moves, &work->moves_room, work->nr_moves + 1, sizeof(*work->moves)))
		return -ENOMEM;
	work->moves[work->nr_moves++] = move;
	return 0;
}

/* An item that has no moves yet. */
static int add_item(struct work *work, unsigned switches, bool alone)
{
	if (reserve(&work->items, &work->items_room, work->nr_items + 1, sizeof(*work->items)))
		return -ENOMEM;
	work->items[work->nr_items++] =
		(struct work_item){.first = work->nr_moves, .switches = switches, .alone = alone};
	return 0;
}

/* To the state of a frame, and on by a move. */
static int add_path(struct work *work, const struct search *s, size_t frame,
		    struct explore_move move)
{
	int err = add_item(work, search_switches(&s->frames[frame], move),
			   s->frames[frame].nr_moves == 1);

	for (size_t i = 0; !err && i < s->prefix.nr; i++)
		err = add_move(work, s->prefix.moves[i]);
	for (size_t i = 1; !err && i <= frame; i++)
		err = add_move(work, s->frames[i].via);
	if (!err)
		err = add_move(work, move);
	if (!err)
		work->items[work->nr_items - 1].nr =
			work->nr_moves - work->items[work->nr_items - 1].first;
	return err;
}

int work_add_frames(struct work *work, struct search *s)
{
	for (size_t i = 0; i < s->depth; i++) {
		const struct frame *frame = &s->frames[i];

		for (int next = frame->next; next < frame->nr_moves; next++) {
			struct explore_move move = frame->moves[next];

			if (search_switches(frame, move) > s->options->max_switches)
				s->bound = true;
			else if (add_path(work, s, i, move))
				return -ENOMEM;
		}
	}
	return 0;
}

int work_add(struct work *work, const struct work *from, size_t first)
{
	for (size_t i = first; i < from->nr_items; i++) {
		const struct work_item *item = &from->items[i];

		if (add_item(work, item->switches, item->alone))
			return -ENOMEM;
		work->items[work->nr_items - 1].nr = item->nr;
		for (size_t k = 0; k < item->nr; k++) {
			if (add_move(work, from->moves[item->first + k]))
				return -ENOMEM;
		}
	}
	return 0;
}

static int put(FILE *to, const void *from, size_t size, size_t nr)
{
	return fwrite(from, size, nr, to) == nr ? 0 : -EIO;
}

static int get(FILE *from, void *to, size_t size, size_t nr)
{
	return fread(to, size, nr, from) == nr ? 0 : -EIO;
}

int work_send(const struct work *work, FILE *to)
{
	if (put(to, &work->nr_items, sizeof(work->nr_items), 1) ||
	    put(to, &work->nr_moves, sizeof(work->nr_moves), 1) ||
	    put(to, work->items, sizeof(*work->items), work->nr_items) ||
	    put(to, work->moves, sizeof(*work->moves), work->nr_moves))
		return -EIO;
	return 0;
}

int work_receive(struct work *work, FILE *from)
{
	struct work read = {0};
	int err = -EIO;

	if (get(from, &read.nr_items, sizeof(read.nr_items), 1) ||
	    get(from, &read.nr_moves, sizeof(read.nr_moves), 1))
		return -EIO;
	read.items = calloc(read.nr_items + 1, sizeof(*read.items));
	read.moves = calloc(read.nr_moves + 1, sizeof(*read.moves));
	if (!read.items || !read.moves)
		err = -ENOMEM;
	else if (!get(from, read.items, sizeof(*read.items), read.nr_items) &&
		 !get(from, read.moves, sizeof(*read.moves), read.nr_moves))
		err = work_add(work, &read, 0);
	work_free(&read);
	return err;
}

void work_free(struct work *work)
{
	free(work->items);
	free(work->moves);
	*work = (struct work){0};
}
