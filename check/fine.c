/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fine.c - depth-first search through what tasks can do to each other, access by access */

#include "check/fine.h"
#include "check/ahead.h"
#include "check/trail.h"
#include "check/visited.h"

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
 * too: no task then looks further ahead than to the beginning of its next operation, so that such a
 * state is the one after all steps before the reaches.
 */

/* A state on the way from the first one to the present one, and what has been tried in it. */
struct frame {
	struct explore_move via; /* how it was reached */
	unsigned switches;       /* away from tasks that could go on, up to it */
	XXH128_hash_t hash;
	double executions; /* through it, to the end */
	bool could_go_on;  /* the task by which it was reached */
	int nr_moves;
	int next;
	struct explore_move moves[CHECK_MAX_TASKS];
};

struct search {
	const struct fine_machine *machine;
	const struct fine_options *options;
	struct fine_stats *stats;
	struct visited visited;
	struct frame *frames;
	size_t depth;
	size_t frames_room;
	struct trail trail; /* the states of the frames */
	bool present;       /* the world is in the state of the last frame, */
	bool looked;        /* or as the trail has last seen it */
	struct explore_move *schedule;
	size_t schedule_room;
	bool ended; /* by a limit, `stop` or `final` */
	bool bound; /* a move was left out */
	struct timespec start;
	struct aheads aheads;
};

/* Make room for `needed` elements of `size` bytes in *array. 0 or -ENOMEM. */
static int reserve(void *array, size_t *room, size_t needed, size_t size)
{
	size_t new_room = *room ? *room : 64;
	void *bigger;

	if (needed <= *room)
		return 0;
	while (new_room < needed)
		new_room *= 2;
	bigger = reallocarray(*(void **)array, new_room, size);
	if (!bigger)
		return -ENOMEM;
	*(void **)array = bigger;
	*room = new_room;
	return 0;
}

static struct frame *top_frame(struct search *s)
{
	return &s->frames[s->depth - 1];
}

/* Put the world into the state of the last frame. */
static void make_present(struct search *s)
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
	size_t length = s->depth - 1 + (size_t)nr;

	if (reserve(&s->schedule, &s->schedule_room, length + 1, sizeof(*s->schedule)))
		return -ENOMEM;
	for (size_t i = 1; i < s->depth; i++)
		s->schedule[i - 1] = s->frames[i].via;
	for (int i = 0; i < nr; i++)
		s->schedule[s->depth - 1 + (size_t)i] = moves[i];
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
	return XXH3_128bits_withSeed(&world, sizeof(world), seed);
}

/* All tasks make the steps before their reaches. Fills in their moves and returns how many. */
static int reach_all(struct search *s, struct explore_move moves[CHECK_MAX_TASKS])
{
	static struct check_trace trace;
	int nr = 0;

	make_present(s);
	for (unsigned task = 0; task < s->machine->nr_tasks; task++) {
		unsigned reach = s->aheads.tasks[task].reach;

		if (!reach)
			continue;
		s->present = false;
		ahead_run(s->machine, task, reach, &trace);
		moves[nr++] = (struct explore_move){(int16_t)task, (int16_t)reach};
	}
	return nr;
}

/*
 * What the tasks' reaches lead to without a move: the end, if there is no move; a state in which
 * all are between two operations; or nothing of note.
 */
static int look_around(struct search *s)
{
	struct frame *frame = top_frame(s);
	struct explore_move moves[CHECK_MAX_TASKS];
	unsigned violations = 0;
	bool quiet = true;
	int nr;

	for (unsigned task = 0; task < s->machine->nr_tasks; task++) {
		const struct ahead *ahead = &s->aheads.tasks[task];

		quiet &= ahead->quiet && ahead->reach == ahead->last;
	}
	quiet &= s->machine->quiet != NULL;
	if (!quiet && frame->nr_moves)
		return 0;
	nr = reach_all(s, moves);
	if (quiet)
		violations = s->machine->quiet(s->machine->context);
	if (!violations && frame->nr_moves)
		return 0;
	/* What is broken is not explored further. */
	frame->nr_moves = 0;
	frame->executions = 1;
	return report(s, violations, moves, nr);
}

/* Let the task look ahead, or, without reduction, just where it is. */
static void look_ahead(struct search *s, unsigned task)
{
	struct ahead *ahead = &s->aheads.tasks[task];

	make_present(s);
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
static int expand(struct search *s)
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
	return look_around(s);
}

/*
 * The world has come back to a state on the way to it, and all the time only one task had a move:
 * what the others can still do, if anything, does not concern it, so that it will never come out.
 */
static bool is_livelock(const struct search *s, XXH128_hash_t hash)
{
	for (size_t i = s->depth; i-- > 0 && s->frames[i].nr_moves == 1;) {
		if (XXH128_isEqual(s->frames[i].hash, hash))
			return true;
	}
	return false;
}

static int report_livelock(struct search *s, struct explore_move move)
{
	unsigned violations =
		s->machine->ran(s->machine->context, (unsigned)move.task, CHECK_LIVELOCK);

	top_frame(s)->executions++;
	move.choice = (int16_t)-move.choice;
	return report(s, violations, &move, 1);
}

/* The world has come to a state by a move, or is in its first one. If it is new, look into it. */
static int arrive(struct search *s, struct explore_move via, unsigned switches)
{
	struct explore_stats *stats = &s->stats->explore;
	struct frame *frame;
	XXH128_hash_t world;
	size_t size = check_size();

	if (reserve(&s->frames, &s->frames_room, s->depth + 1, sizeof(*s->frames)) ||
	    trail_look(&s->trail, &world))
		return -ENOMEM;
	s->looked = true;
	frame = &s->frames[s->depth];
	*frame = (struct frame){.via = via, .switches = switches};
	if (size > s->stats->state_size)
		s->stats->state_size = size;

	if (!s->options->no_hash) {
		int new;

		frame->hash = hash_state(s, frame, world);
		new = visited_add(&s->visited, frame->hash);
		if (new < 0)
			return new;
		if (!new && s->options->count)
			top_frame(s)->executions += *visited_value(&s->visited, frame->hash);
		if (!new)
			return is_livelock(s, frame->hash) ? report_livelock(s, via) : 0;
	}
	if (s->options->limits.max_states && stats->states == s->options->limits.max_states) {
		s->ended = true;
		return 0;
	}
	if (trail_push(&s->trail))
		return -ENOMEM;
	stats->states++;
	s->depth++;
	if ((int)s->depth > stats->depth)
		stats->depth = (int)s->depth;
	s->present = true;
	s->looked = false;
	return expand(s);
}

/* Every move of the last frame was made. */
static void leave(struct search *s)
{
	struct frame *frame = top_frame(s);

	if (s->options->count && !s->options->no_hash)
		*visited_value(&s->visited, frame->hash) = frame->executions;
	if (s->depth > 1)
		frame[-1].executions += frame->executions;
	else
		s->stats->executions = frame->executions;
	make_present(s);
	trail_pop(&s->trail);
	s->depth--;
}

static int make_move(struct search *s, struct explore_move move)
{
	static struct check_trace trace;
	struct frame *frame = top_frame(s);
	bool is_switch = frame->could_go_on && move.task != frame->via.task;
	unsigned switches = frame->switches + is_switch;
	unsigned violations;

	if (switches > s->options->max_switches) {
		s->bound = true;
		return 0;
	}
	make_present(s);
	s->present = false;
	violations = ahead_run(s->machine, (unsigned)move.task, (unsigned)move.choice, &trace);
	s->stats->explore.transitions++;
	s->stats->steps += trace.nr;
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

/* Is it time to stop? The clock is looked at now and then. */
static bool must_stop(struct search *s)
{
	const struct fine_options *options = s->options;
	const struct explore_limits *limits = &options->limits;

	if (limits->progress && s->stats->explore.transitions % EXPLORE_PROGRESS_STATES == 0)
		limits->progress(limits->progress_context, s->stats->explore.states);
	if (options->limits.stop && *options->limits.stop)
		return true;
	return options->max_seconds > 0 && s->stats->explore.transitions % 256 == 0 &&
	       seconds_since(&s->start) >= options->max_seconds;
}

/* The search: depth first, one move after another. */
static int search(struct search *s)
{
	int err = arrive(s, (struct explore_move){-1, 0}, 0);

	while (!err && s->depth && !s->ended) {
		struct frame *frame = top_frame(s);

		if (must_stop(s))
			s->ended = true;
		else if (frame->next == frame->nr_moves)
			leave(s);
		else
			err = make_move(s, frame->moves[frame->next++]);
	}
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
	s->visited.with_values = options->count;
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
