/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fine.c - depth-first search through what tasks can do to each other, access by access */

#include "check/fine.h"
#include "check/crew.h"
#include "check/reserve.h"
#include "check/search.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/*
 * The reduction is Cartesian partial-order reduction (Gueta, Flanagan, Yahav and Sagiv, SPIN 2007).
 *
 * In each state every task looks ahead (ahead.h): alone, it goes on from there until a step that it
 * may not pass. From the state there is then one move for each task that can make that step: all
 * its steps up to and including that one, in one go. No other order has to be tried.
 *
 * Why that loses nothing. Take any execution from the state, and the first task in it that makes
 * the step at its reach. Until then every other task has only made steps before its own reach, and
 * none of these conflicts with any step of that first task. So the first task could as well have
 * gone ahead of all of them: its move, and then the rest of the execution, which has become
 * shorter, from the state after the move. Steps that don't conflict commute: the new execution
 * passes the same objects in the same order, each task does the same in it, and it ends in the same
 * state. If no task makes the step at its reach, then each task has only done what it did when it
 * looked ahead, without a conflict; so if the execution is at its end, then so is every task before
 * its reach, and one state is left to look at: that after all these steps.
 *
 * What has been used: what a task does next depends on what it has read so far; what is not
 * reported as an access is protected by locks that are; steps of different objects, and two reads,
 * commute, and none of them lets the other wait. What a move is depends on the state alone, so a
 * state needs no second look however it was reached, and the search may be cut at any state that
 * was seen before, also in circles. A task that waits does not reach further than the step it waits
 * for, so a lock's holder goes on in one move until it lets go.
 *
 * A step of a task that finds something wrong by itself is made when the task looks ahead, if not
 * before. Where states in which all tasks are between two operations are asked for, they are found
 * too: no task then looks further ahead than to the beginning of its next operation. Up to the
 * moves, such a state is one that those reach who are in the midst of an operation, and of the
 * others any that can finish one.
 */

static struct frame *top_frame(struct search *s)
{
	return &s->frames[s->depth - 1];
}

void search_return(struct search *s)
{
	if (!s->present && s->looked)
		trail_undo_looked(&s->trail);
	else if (!s->present)
		trail_restore(&s->trail);
	s->present = true;
	s->looked = false;
}

/*
 * Tell the machine that it is in a final or broken state, and how it came there: to the last frame,
 * and then by `nr` moves more.
 */
static int report(struct search *s, unsigned violations, const struct explore_move *moves, int nr)
{
	size_t length = 0;
	size_t room = s->prefix.nr + s->depth + (size_t)nr;

	if (reserve(&s->schedule, &s->schedule_room, room, sizeof(*s->schedule)))
		return -ENOMEM;
	for (size_t i = 0; i < s->prefix.nr; i++)
		s->schedule[length++] = s->prefix.moves[i];
	for (size_t i = 1; i < s->depth; i++)
		s->schedule[length++] = s->frames[i].via;
	for (int i = 0; i < nr; i++)
		s->schedule[length++] = moves[i];
	s->stats->explore.final_states++;
	if (!s->machine->final(s->machine->context, violations, s->schedule, (int)length))
		s->ended = true;
	return 0;
}

/* One state: with a bound on switches, also how many are left and for whom one is free. */
static XXH128_hash_t hash_state(const struct search *s, const struct frame *frame,
				XXH128_hash_t world)
{
	uint64_t seed = 0;

	if (s->options->max_switches != UINT_MAX)
		seed = (uint64_t)frame->switches << 16 | (uint16_t)frame->via.task;
	world = XXH3_128bits_withSeed(&world, sizeof(world), seed);
	if (!s->options->hash_bits)
		return world;
	return (XXH128_hash_t){.low64 = world.low64 >> (64 - s->options->hash_bits)};
}

/*
 * The tasks of the set make the steps before their reaches. Fills in their moves and returns how
 * many.
 */
static int reach_some(struct search *s, unsigned set, struct explore_move moves[CHECK_MAX_TASKS])
{
	static struct check_trace trace;
	int nr = 0;

	search_return(s);
	for (unsigned task = 0; task < s->machine->nr_tasks; task++) {
		unsigned reach = s->aheads.tasks[task].reach;

		if (!reach || !(set >> task & 1))
			continue;
		s->present = false;
		ahead_run(s->machine, task, reach, &trace);
		moves[nr++] = (struct explore_move){(int16_t)task, (int16_t)reach};
	}
	return nr;
}

/*
 * Which tasks have to go to their reaches for all to be between two operations, and which may?
 * False: they can't all come there without a move.
 */
static bool ways_to_quiet(struct search *s, unsigned *must, unsigned *may)
{
	*must = 0;
	*may = 0;
	search_return(s);
	for (unsigned task = 0; task < s->machine->nr_tasks; task++) {
		const struct ahead *ahead = &s->aheads.tasks[task];
		bool comes = ahead->quiet && ahead->reach == ahead->last;

		if (check_is_blocked(task) && !comes)
			return false;
		if (check_is_blocked(task))
			*must |= 1u << task;
		else if (comes && ahead->last)
			*may |= 1u << task;
	}
	return true;
}

/*
 * Look at each state in which all tasks are between two operations and that can be reached without
 * a move. Sets *here if that of the last frame itself is broken, and *end if that is which all
 * tasks have gone to.
 */
static int look_at_quiet(struct search *s, bool *here, bool *end)
{
	struct explore_move moves[CHECK_MAX_TASKS];
	unsigned must, may, some = 0;
	int err = 0;

	if (!s->machine->quiet || !ways_to_quiet(s, &must, &may))
		return 0;
	/* All subsets of `may`: the next one, as a number, is that minus `may`, as far as it goes.
	 */
	do {
		int nr = reach_some(s, must | some, moves);
		unsigned violations = s->machine->quiet(s->machine->context);

		if (violations) {
			err = report(s, violations, moves, nr);
			*here |= !nr;
			*end |= some == may;
		}
		some = (some - may) & may;
	} while (!err && some);
	return err;
}

/* Without a move, what the tasks' reaches lead to is the end. */
static int look_around(struct search *s)
{
	struct frame *frame = top_frame(s);
	struct explore_move moves[CHECK_MAX_TASKS];
	bool here = false, end = false;
	int err = look_at_quiet(s, &here, &end);

	/* What is broken is not explored further. */
	if (here)
		frame->nr_moves = 0;
	if (err || frame->nr_moves)
		return err;
	frame->executions = 1;
	return here || end ? 0 : report(s, 0, moves, reach_some(s, ~0U, moves));
}

/* Let the task look ahead, or, without reduction, just where it is. */
static void look_ahead(struct search *s, unsigned task)
{
	struct ahead *ahead = &s->aheads.tasks[task];

	search_return(s);
	if (s->options->no_reduction) {
		ahead->reach = 0;
		ahead->last = 0;
		ahead_describe(s->machine, task, ahead, 0);
		return;
	}
	if (ahead_look(s->machine, task, ahead))
		s->present = false;
	s->stats->ahead += ahead->last;
}

/* Find the moves that are to be made in the state of the last frame. */
static void find_moves(struct search *s)
{
	struct frame *frame = top_frame(s);

	s->aheads.nr_tasks = s->machine->nr_tasks;
	for (unsigned task = 0; task < s->machine->nr_tasks; task++)
		look_ahead(s, task);
	if (!s->options->no_reduction)
		ahead_reach(&s->aheads);
	for (unsigned task = 0; task < s->machine->nr_tasks; task++) {
		const struct ahead *ahead = &s->aheads.tasks[task];

		if (ahead->reach < ahead->last || ahead->can_go_on)
			frame->moves[frame->nr_moves++] =
				(struct explore_move){(int16_t)task, (int16_t)(ahead->reach + 1)};
		if (frame->via.task == (int)task)
			frame->could_go_on = ahead->last > 0 || ahead->can_go_on;
	}
}

static int push_frame(struct search *s, const struct frame *frame)
{
	if (reserve(&s->frames, &s->frames_room, s->depth + 1, sizeof(*s->frames)) ||
	    trail_push(&s->trail))
		return -ENOMEM;
	s->frames[s->depth++] = *frame;
	s->present = true;
	s->looked = false;
	return 0;
}

void search_pop(struct search *s)
{
	search_return(s);
	trail_pop(&s->trail);
	s->depth--;
}

/* A circle of more moves than these is not found. */
#define MAX_CIRCLE 10000

/*
 * The world has come to the state of `frame`, which was seen and not left. Does it come back to it,
 * while all the time only one task has a move? What the others can still do, if anything, does not
 * concern that one, so that it will never come out. 1 or 0, or -ENOMEM.
 */
static int is_livelock(struct search *s, const struct frame *frame)
{
	size_t depth = s->depth;
	struct frame at = *frame;
	int found = 0;

	while (!found && s->depth - depth < MAX_CIRCLE) {
		static struct check_trace trace;
		struct explore_move move;
		XXH128_hash_t world;

		if (push_frame(s, &at))
			return -ENOMEM;
		find_moves(s);
		if (top_frame(s)->nr_moves != 1)
			break;
		move = top_frame(s)->moves[0];
		search_return(s);
		s->present = false;
		if (ahead_run(s->machine, (unsigned)move.task, (unsigned)move.choice, &trace))
			break;
		if (trail_look(&s->trail, &world))
			return -ENOMEM;
		s->looked = true;
		at = (struct frame){.via = move, .switches = frame->switches};
		found = XXH128_isEqual(hash_state(s, &at, world), frame->plain_hash);
	}
	while (s->depth > depth)
		search_pop(s);
	return found;
}

static int report_livelock(struct search *s, struct explore_move move)
{
	unsigned violations =
		s->machine->ran(s->machine->context, (unsigned)move.task, CHECK_LIVELOCK);

	s->present = false;
	if (s->depth)
		top_frame(s)->executions++;
	else
		s->prefix.nr--; /* which ends with the move */
	move.choice = (int16_t)-move.choice;
	return report(s, violations, &move, 1);
}

/* Keep the bytes of the present state, or compare them with those kept. 1, 0 or -ENOMEM. */
static int compare_whole(struct search *s, const struct frame *frame, struct visited_value *value,
			 bool new)
{
	const uint64_t hidden = (uint64_t)frame->switches << 16 | (uint16_t)frame->via.task;
	size_t size = sizeof(size_t) + sizeof(hidden) + check_size();
	unsigned char *bytes;

	if (reserve(&s->saved, &s->saved_room, s->nr_saved + size, 1))
		return -ENOMEM;
	bytes = s->saved + s->nr_saved;
	memcpy(bytes, &size, sizeof(size));
	memset(bytes + sizeof(size), 0, sizeof(hidden));
	if (s->options->max_switches != UINT_MAX)
		memcpy(bytes + sizeof(size), &hidden, sizeof(hidden));
	check_save(bytes + sizeof(size) + sizeof(hidden));
	if (!new)
		return memcmp(s->saved + value->saved, bytes, size) == 0;
	value->saved = s->nr_saved;
	s->nr_saved += size;
	return 1;
}

/*
 * Add the state of the frame to those that were seen. 1 if it is new, 0 if not, or -ENOMEM. With
 * full_compare a state that is another one than that with its hash takes the next free hash.
 */
static int add_state(struct search *s, struct frame *frame)
{
	int new, same;

	for (;;) {
		new = visited_add(&s->visited, frame->hash);
		if (new < 0 || !s->options->full_compare)
			return new;
		same = compare_whole(s, frame, visited_value(&s->visited, frame->hash), new);
		if (same)
			return same < 0 ? same : new;
		frame->hash.high64 += 4;
	}
}

/* The state of the frame was seen before. */
static int meet_again(struct search *s, const struct frame *frame)
{
	int found;
	bool alone = s->depth ? top_frame(s)->nr_moves == 1 : s->prefix.alone;

	if (s->options->count)
		top_frame(s)->executions += visited_value(&s->visited, frame->hash)->executions;
	if (!alone || visited_is_left(&s->visited, frame->hash))
		return 0;
	found = is_livelock(s, frame);
	return found > 0 ? report_livelock(s, frame->via) : found;
}

/* The world has come to a state by a move, or is in its first one. If it is new, look into it. */
static int arrive(struct search *s, struct explore_move via, unsigned switches)
{
	struct explore_stats *stats = &s->stats->explore;
	struct frame frame = {.via = via, .switches = switches};
	XXH128_hash_t world;

	if (trail_look(&s->trail, &world))
		return -ENOMEM;
	s->looked = true;

	if (!s->options->no_hash) {
		int new;

		frame.plain_hash = hash_state(s, &frame, world);
		frame.hash = frame.plain_hash;
		new = add_state(s, &frame);
		if (new <= 0)
			return new ? new : meet_again(s, &frame);
	}
	if (s->options->limits.max_states && stats->states == s->options->limits.max_states) {
		s->ended = true;
		return 0;
	}
	if (push_frame(s, &frame))
		return -ENOMEM;
	stats->states++;
	if ((int)(s->prefix.nr + s->depth) > stats->depth)
		stats->depth = (int)(s->prefix.nr + s->depth);
	find_moves(s);
	return look_around(s);
}

/* Every move of the last frame was made. */
static void leave(struct search *s)
{
	const struct frame *frame = top_frame(s);

	if (!s->options->no_hash)
		visited_leave(&s->visited, frame->hash);
	if (s->options->count && !s->options->no_hash)
		visited_value(&s->visited, frame->hash)->executions = frame->executions;
	if (s->depth > 1)
		s->frames[s->depth - 2].executions += frame->executions;
	else
		s->stats->executions = frame->executions;
	search_pop(s);
}

unsigned search_switches(const struct frame *frame, struct explore_move move)
{
	return frame->switches + (frame->could_go_on && move.task != frame->via.task);
}

/* The world makes a move. Returns what is wrong then. */
static unsigned run_move(struct search *s, struct explore_move move)
{
	static struct check_trace trace;
	unsigned violations =
		ahead_run(s->machine, (unsigned)move.task, (unsigned)move.choice, &trace);

	s->present = false;
	s->looked = false;
	s->stats->explore.transitions++;
	s->stats->steps += trace.nr;
	return violations;
}

static int make_move(struct search *s, struct explore_move move)
{
	struct frame *frame = top_frame(s);
	unsigned switches = search_switches(frame, move);
	unsigned violations;

	if (switches > s->options->max_switches) {
		s->bound = true;
		return 0;
	}
	search_return(s);
	violations = run_move(s, move);
	if (!violations)
		return arrive(s, move, switches);
	frame->executions++;
	return report(s, violations, &move, 1);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

bool search_must_stop(struct search *s)
{
	const struct fine_options *options = s->options;
	const struct explore_limits *limits = &options->limits;

	if (limits->progress)
		limits->progress(limits->progress_context, s->stats->explore.states);
	if (limits->stop && *limits->stop)
		return true;
	return options->max_seconds > 0 && seconds_since(&s->start) >= options->max_seconds;
}

/* At a clock, and whether somebody wants to stop. */
#define MOVES_BETWEEN_LOOKS 256

/* The search: depth first, one move after another. */
static int search_frames(struct search *s)
{
	int err = 0;

	while (!err && s->depth && !s->ended && s->stats->explore.states < s->max_states) {
		struct frame *frame = top_frame(s);

		if (s->stats->explore.transitions % MOVES_BETWEEN_LOOKS == 0 && search_must_stop(s))
			s->ended = true;
		else if (frame->next == frame->nr_moves)
			leave(s);
		else
			err = make_move(s, frame->moves[frame->next++]);
	}
	return err;
}

int search_from(struct search *s, const struct search_path *path)
{
	static struct check_trace trace;
	const struct explore_move *moves = path->moves;
	unsigned violations;
	int err;

	s->prefix = *path;
	if (!path->nr) {
		err = arrive(s, (struct explore_move){-1, 0}, 0);
		return err ? err : search_frames(s);
	}
	search_return(s);
	for (size_t i = 0; i + 1 < path->nr; i++)
		ahead_run(s->machine, (unsigned)moves[i].task, (unsigned)moves[i].choice, &trace);
	violations = run_move(s, moves[path->nr - 1]);
	if (violations)
		return report(s, violations, NULL, 0);
	err = arrive(s, moves[path->nr - 1], path->switches);
	return err ? err : search_frames(s);
}

/* Large searches are for several processes. */
static int search(struct search *s)
{
	const struct fine_options *options = s->options;
	bool alone = options->jobs < 2 || !s->machine->fork || options->no_hash ||
		     s->visited.with_values;
	int err;

	s->max_states = alone ? UINT64_MAX : options->round ? options->round : CREW_ROUND;
	err = search_from(s, &(struct search_path){0});
	if (!err && !s->ended && s->depth)
		err = crew_search(s);
	return err;
}

int explore_fine(const struct fine_machine *machine, const struct fine_options *options,
		 struct fine_stats *stats)
{
	/* Most of it is room that is seldom needed, all of which calloc() may have to clear. */
	struct search *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err;

	*stats = (struct fine_stats){0};
	if (s == MAP_FAILED)
		return -ENOMEM;
	s->machine = machine;
	s->options = options;
	s->stats = stats;
	s->visited.with_values = options->count || options->full_compare;
	clock_gettime(CLOCK_MONOTONIC, &s->start);
	err = trail_begin(&s->trail);
	if (!err)
		err = search(s);
	stats->seconds = seconds_since(&s->start);
	stats->explore.complete = !err && !s->ended && !s->bound;
	stats->visited_size = visited_size(&s->visited);

	visited_free(&s->visited);
	free(s->frames);
	trail_end(&s->trail);
	free(s->schedule);
	free(s->saved);
	munmap(s, sizeof(*s));
	return err;
}

unsigned fine_step(const struct fine_machine *machine, struct explore_move move)
{
	static struct check_trace trace;
	unsigned steps = (unsigned)abs(move.choice);
	unsigned violations = ahead_run(machine, (unsigned)move.task, steps, &trace);

	if (move.choice < 0)
		violations |= machine->ran(machine->context, (unsigned)move.task, CHECK_LIVELOCK);
	return violations;
}
