/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_explore.c - the explorer on tiny machines whose states can be counted by hand */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/explore.h"

#define MAX_TASKS 6
#define MAX_STEPS 24
#define MAX_FINAL 4096

/* A violation of these tests' own; the explorer does not care which kind it is. */
#define BROKEN 4u

/* What `final` has seen. */
struct finals {
	int nr;
	int nr_broken;
	int shortest; /* of all schedules, -1 if there is none */
	int longest;
	int nr_moves[MAX_FINAL];
	int stop_after; /* 0: never */
	struct explore_move first[MAX_STEPS];
};

static bool note_final(struct finals *finals, unsigned violations,
		       const struct explore_move *schedule, int nr_moves)
{
	assert_true(finals->nr < MAX_FINAL);
	if (finals->nr == 0 && nr_moves <= MAX_STEPS)
		memcpy(finals->first, schedule, (size_t)nr_moves * sizeof(*schedule));
	if (finals->nr == 0 || nr_moves < finals->shortest)
		finals->shortest = nr_moves;
	if (nr_moves > finals->longest)
		finals->longest = nr_moves;
	finals->nr_moves[finals->nr++] = nr_moves;
	finals->nr_broken += violations != 0;
	return finals->nr != finals->stop_after;
}

/*
 * n tasks of k steps each. With `trace`, the state is the order of the steps, so that each
 * interleaving is a state of its own; its size then grows by one byte a step.
 */
struct counter {
	int nr_tasks;
	int nr_steps;
	int nr_choices;
	bool trace;
	uint8_t done[MAX_TASKS];
	uint8_t length;
	uint8_t order[MAX_STEPS];
	unsigned long nr_loads;
	struct finals finals;
};

static int counter_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	struct counter *c = context;
	int nr = 0;

	for (int t = 0; t < c->nr_tasks; t++) {
		for (int choice = 0; c->done[t] < c->nr_steps && choice < c->nr_choices; choice++)
			moves[nr++] = (struct explore_move){(int16_t)t, (int16_t)choice};
	}
	return nr;
}

static unsigned counter_step(void *context, struct explore_move move)
{
	struct counter *c = context;

	c->done[move.task]++;
	c->order[c->length++] = (uint8_t)(16 * move.choice + move.task);
	return 0;
}

static size_t counter_size(void *context)
{
	struct counter *c = context;

	return sizeof(c->done) + 1 + (c->trace ? c->length : 0);
}

static void counter_save(void *context, void *to)
{
	struct counter *c = context;
	uint8_t *bytes = to;

	memcpy(bytes, c->done, sizeof(c->done));
	bytes[sizeof(c->done)] = c->length;
	if (c->trace)
		memcpy(bytes + sizeof(c->done) + 1, c->order, c->length);
}

static void counter_load(void *context, const void *from, size_t size)
{
	struct counter *c = context;
	const uint8_t *bytes = from;

	memcpy(c->done, bytes, sizeof(c->done));
	c->length = bytes[sizeof(c->done)];
	if (c->trace)
		memcpy(c->order, bytes + sizeof(c->done) + 1, c->length);
	assert_int_equal(size, counter_size(c));
	c->nr_loads++;
}

static bool counter_final(void *context, unsigned violations, const struct explore_move *schedule,
			  int nr_moves)
{
	struct counter *c = context;
	uint8_t done[MAX_TASKS] = {0};

	/* The schedule must be one that leads here. */
	for (int i = 0; i < nr_moves; i++) {
		done[schedule[i].task]++;
		if (c->trace)
			assert_int_equal(c->order[i], 16 * schedule[i].choice + schedule[i].task);
	}
	assert_memory_equal(done, c->done, sizeof(done));
	return note_final(&c->finals, violations, schedule, nr_moves);
}

static int explore_counter(struct counter *c, struct explore_limits limits,
			   struct explore_stats *stats)
{
	const struct explore_machine machine = {c,
						counter_moves,
						counter_step,
						counter_size,
						counter_save,
						counter_load,
						counter_final};

	if (c->nr_choices == 0)
		c->nr_choices = 1;
	return explore(&machine, &limits, stats);
}

static uint64_t power(uint64_t base, int exponent)
{
	uint64_t product = 1;

	while (exponent-- > 0)
		product *= base;
	return product;
}

/* Steps that don't touch each other: (k+1)^n states, n k (k+1)^(n-1) moves, one final state. */
static void test_independent(void **state)
{
	(void)state;
	for (int n = 0; n <= 4; n++) {
		for (int k = 1; k <= 4; k++) {
			struct counter c = {.nr_tasks = n, .nr_steps = k};
			struct explore_stats stats;

			assert_int_equal(explore_counter(&c, (struct explore_limits){0}, &stats),
					 0);
			assert_true(stats.complete);
			assert_int_equal(stats.states, power((uint64_t)k + 1, n));
			assert_int_equal(stats.transitions,
					 n ? (uint64_t)(n * k) * power((uint64_t)k + 1, n - 1) : 0);
			assert_int_equal(stats.final_states, 1);
			assert_int_equal(stats.depth, n * k);
			assert_int_equal(c.finals.nr, 1);
			assert_int_equal(c.finals.shortest, n * k);
		}
	}
}

/* Every interleaving a state of its own: (nk)! / (k!)^n of them are final. */
static void test_interleavings(void **state)
{
	static const struct {
		int n, k, finals;
	} cases[] = {{2, 1, 2},  {2, 2, 6},  {2, 3, 20},  {3, 1, 6},
		     {3, 2, 90}, {4, 1, 24}, {3, 3, 1680}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct counter c = {.nr_tasks = cases[i].n, .nr_steps = cases[i].k, .trace = true};
		struct explore_stats stats;

		assert_int_equal(explore_counter(&c, (struct explore_limits){0}, &stats), 0);
		assert_int_equal(stats.final_states, cases[i].finals);
		assert_int_equal(c.finals.nr, cases[i].finals);
		/* A tree: one move leads to each state but the first. */
		assert_int_equal(stats.transitions, stats.states - 1);
	}
}

/* One task, k steps, each of which can go c ways: c^k ends, and sum of c^i states. */
static void test_choices(void **state)
{
	struct counter c = {.nr_tasks = 1, .nr_steps = 4, .nr_choices = 3, .trace = true};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore_counter(&c, (struct explore_limits){0}, &stats), 0);
	assert_int_equal(stats.final_states, 81);
	assert_int_equal(stats.states, 1 + 3 + 9 + 27 + 81);
}

/* Where there is one way only, the machine never has to be put back. */
static void test_single_path_needs_no_load(void **state)
{
	struct counter c = {.nr_tasks = 1, .nr_steps = 20};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore_counter(&c, (struct explore_limits){0}, &stats), 0);
	assert_int_equal(stats.states, 21);
	assert_int_equal(c.nr_loads, 0);
}

/* The limit is on states; the search knows that it was cut short. */
static void test_limit(void **state)
{
	struct explore_stats stats;

	(void)state;
	for (uint64_t max = 1; max < 27; max++) {
		struct counter c = {.nr_tasks = 3, .nr_steps = 2};

		assert_int_equal(
			explore_counter(&c, (struct explore_limits){.max_states = max}, &stats), 0);
		assert_int_equal(stats.states, max);
		assert_false(stats.complete);
	}
	struct counter c = {.nr_tasks = 3, .nr_steps = 2};
	assert_int_equal(explore_counter(&c, (struct explore_limits){.max_states = 27}, &stats), 0);
	assert_int_equal(stats.states, 27);
	assert_true(stats.complete);
}

static void test_stop(void **state)
{
	volatile sig_atomic_t stop = 1;
	struct counter c = {.nr_tasks = 3, .nr_steps = 2};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore_counter(&c, (struct explore_limits){.stop = &stop}, &stats), 0);
	assert_false(stats.complete);
	assert_int_equal(stats.transitions, 0);
	assert_int_equal(c.finals.nr, 0);
}

static void test_final_ends_search(void **state)
{
	struct counter c = {
		.nr_tasks = 3, .nr_steps = 2, .trace = true, .finals = {.stop_after = 7}};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore_counter(&c, (struct explore_limits){0}, &stats), 0);
	assert_false(stats.complete);
	assert_int_equal(c.finals.nr, 7);
	assert_int_equal(stats.final_states, 7);
}

/* A state that is larger than any memory. */
static size_t vast_size(void *context)
{
	return counter_size(context) + SIZE_MAX / 4;
}

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static void test_no_memory(void **state)
{
	struct counter c = {.nr_tasks = 1, .nr_steps = 1, .nr_choices = 1};
	const struct explore_machine machine = {&c,           counter_moves, counter_step,
						vast_size,    counter_save,  counter_load,
						counter_final};
	struct explore_limits limits = {0};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore(&machine, &limits, &stats), -ENOMEM);
	assert_false(stats.complete);
	assert_int_equal(stats.states, 0);
}

/*
 * Two tasks that want a critical section. Each: say "I want it" and leave the turn to the other,
 * wait, enter, leave. `guarded` is Peterson's algorithm; without, nobody waits.
 */
struct mutex {
	bool guarded;
	uint8_t s[4]; /* pc of both tasks; who wants (bits); whose turn */
	struct finals finals;
};

static int mutex_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	struct mutex *m = context;
	int nr = 0;

	for (int t = 0; t < 2; t++) {
		bool waits = m->s[t] == 2 && m->guarded && (m->s[2] & 1 << (1 - t)) && m->s[3] != t;

		if (m->s[t] < 4 && !waits)
			moves[nr++] = (struct explore_move){(int16_t)t, 0};
	}
	return nr;
}

static unsigned mutex_step(void *context, struct explore_move move)
{
	struct mutex *m = context;
	int t = move.task;

	switch (m->s[t]++) {
	case 0:
		m->s[2] |= (uint8_t)(1 << t);
		break;
	case 1:
		m->s[3] = (uint8_t)(1 - t);
		break;
	case 3:
		m->s[2] &= (uint8_t) ~(1 << t);
		break;
	}
	return m->s[0] == 3 && m->s[1] == 3 ? BROKEN : 0;
}

static size_t mutex_size(void *context)
{
	struct mutex *m = context;

	return sizeof(m->s);
}

static void mutex_save(void *context, void *to)
{
	struct mutex *m = context;

	memcpy(to, m->s, sizeof(m->s));
}

static void mutex_load(void *context, const void *from, size_t size)
{
	struct mutex *m = context;

	memcpy(m->s, from, size);
}

static bool mutex_final(void *context, unsigned violations, const struct explore_move *schedule,
			int nr_moves)
{
	struct mutex *m = context;

	assert_int_equal(violations, m->s[0] == 3 && m->s[1] == 3 ? BROKEN : 0);
	return note_final(&m->finals, violations, schedule, nr_moves);
}

static struct explore_stats explore_mutex(struct mutex *m)
{
	const struct explore_machine machine = {m,          mutex_moves, mutex_step, mutex_size,
						mutex_save, mutex_load,  mutex_final};
	const struct explore_limits limits = {0};
	struct explore_stats stats;

	assert_int_equal(explore(&machine, &limits, &stats), 0);
	assert_true(stats.complete);
	return stats;
}

static void test_mutual_exclusion(void **state)
{
	struct mutex m = {.guarded = true};

	(void)state;
	explore_mutex(&m);
	assert_int_equal(m.finals.nr_broken, 0);
	/* Both are through; whose turn it was last is all that can differ. */
	assert_int_equal(m.finals.nr, 2);
	assert_int_equal(m.finals.shortest, 8);
}

static void test_broken(void **state)
{
	struct mutex m = {.guarded = false};

	(void)state;
	struct explore_stats stats = explore_mutex(&m);
	/* Both inside, after three steps each; two states, by whose turn it is. */
	assert_int_equal(m.finals.nr_broken, 2);
	assert_int_equal(m.finals.nr_moves[0], 6);
	/* Those that are not broken come last, with all their steps. */
	assert_int_equal(stats.final_states, 4);
	assert_int_equal(m.finals.longest, 8);
	assert_int_equal(stats.depth, 8);
}

/* One state, reached in a broken way and in a sound one. */
struct twice {
	uint8_t pc;
	struct finals finals;
};

static int twice_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	struct twice *t = context;

	moves[0] = (struct explore_move){0, 1};
	moves[1] = (struct explore_move){0, 0};
	return t->pc == 0 ? 2 : 0;
}

static unsigned twice_step(void *context, struct explore_move move)
{
	struct twice *t = context;

	t->pc = 1;
	return move.choice ? BROKEN : 0;
}

static size_t twice_size(void *context)
{
	struct twice *t = context;

	return sizeof(t->pc);
}

static void twice_save(void *context, void *to)
{
	struct twice *t = context;

	memcpy(to, &t->pc, sizeof(t->pc));
}

static void twice_load(void *context, const void *from, size_t size)
{
	struct twice *t = context;

	memcpy(&t->pc, from, size);
}

static bool twice_final(void *context, unsigned violations, const struct explore_move *schedule,
			int nr_moves)
{
	struct twice *t = context;

	return note_final(&t->finals, violations, schedule, nr_moves);
}

static void test_broken_and_sound(void **state)
{
	struct twice t = {0};
	const struct explore_machine machine = {&t,         twice_moves, twice_step, twice_size,
						twice_save, twice_load,  twice_final};
	const struct explore_limits limits = {0};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore(&machine, &limits, &stats), 0);
	assert_int_equal(t.finals.nr, 2);
	assert_int_equal(t.finals.nr_broken, 1);
}

/* Two tasks take two locks, the second one in the opposite order. */
struct locks {
	uint8_t s[4]; /* pc of both tasks; owners of both locks: task + 1 */
	int nr_stuck;
	struct finals finals;
};

static int locks_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	struct locks *l = context;
	int nr = 0;

	for (int t = 0; t < 2; t++) {
		int pc = l->s[t];

		if (pc < 2 && l->s[2 + (t ^ pc)])
			continue;
		if (pc < 4)
			moves[nr++] = (struct explore_move){(int16_t)t, 0};
	}
	return nr;
}

static unsigned locks_step(void *context, struct explore_move move)
{
	struct locks *l = context;
	int t = move.task;
	int pc = l->s[t]++;

	if (pc < 2)
		l->s[2 + (t ^ pc)] = (uint8_t)(t + 1);
	else
		l->s[2 + (t ^ (3 - pc))] = 0;
	return 0;
}

static size_t locks_size(void *context)
{
	struct locks *l = context;

	return sizeof(l->s);
}

static void locks_save(void *context, void *to)
{
	struct locks *l = context;

	memcpy(to, l->s, sizeof(l->s));
}

static void locks_load(void *context, const void *from, size_t size)
{
	struct locks *l = context;

	memcpy(l->s, from, size);
}

static bool locks_final(void *context, unsigned violations, const struct explore_move *schedule,
			int nr_moves)
{
	struct locks *l = context;

	l->nr_stuck += l->s[0] < 4 || l->s[1] < 4;
	return note_final(&l->finals, violations, schedule, nr_moves);
}

static void test_deadlock(void **state)
{
	struct locks l = {0};
	const struct explore_machine machine = {&l,         locks_moves, locks_step, locks_size,
						locks_save, locks_load,  locks_final};
	const struct explore_limits limits = {0};
	struct explore_stats stats;

	(void)state;
	assert_int_equal(explore(&machine, &limits, &stats), 0);
	assert_int_equal(stats.final_states, 2);
	assert_int_equal(l.nr_stuck, 1);
	/* The stuck state comes first: one step of each task. */
	assert_int_equal(l.finals.nr_moves[0], 2);
	assert_int_equal(l.finals.first[0].task + l.finals.first[1].task, 1);
	assert_int_equal(l.finals.nr_moves[1], 8);
}

/* A graph with loops, some of whose nodes are broken. */
#define GRAPH_NODES 300
#define GRAPH_EDGES 3

struct graph {
	uint16_t at;
	uint16_t edges[GRAPH_NODES][GRAPH_EDGES];
	bool is_final[GRAPH_NODES];
	bool is_broken[GRAPH_NODES];
	int distance[GRAPH_NODES]; /* -1: can't be reached */
	int nr_finals;
};

static int graph_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	struct graph *g = context;

	assert_false(g->is_broken[g->at]);
	if (g->is_final[g->at])
		return 0;
	for (int i = 0; i < GRAPH_EDGES; i++)
		moves[i] = (struct explore_move){0, (int16_t)i};
	return GRAPH_EDGES;
}

static unsigned graph_step(void *context, struct explore_move move)
{
	struct graph *g = context;

	g->at = g->edges[g->at][move.choice];
	return g->is_broken[g->at] ? BROKEN : 0;
}

static size_t graph_size(void *context)
{
	struct graph *g = context;

	return sizeof(g->at) + g->at % 13;
}

static void graph_save(void *context, void *to)
{
	struct graph *g = context;

	memset(to, 0, graph_size(g));
	memcpy(to, &g->at, sizeof(g->at));
}

static void graph_load(void *context, const void *from, size_t size)
{
	struct graph *g = context;

	memcpy(&g->at, from, sizeof(g->at));
	assert_int_equal(size, graph_size(g));
}

static bool graph_final(void *context, unsigned violations, const struct explore_move *schedule,
			int nr_moves)
{
	struct graph *g = context;
	uint16_t at = 0;

	for (int i = 0; i < nr_moves; i++)
		at = g->edges[at][schedule[i].choice];
	assert_int_equal(at, g->at);
	assert_int_equal(nr_moves, g->distance[at]);
	assert_int_equal(violations != 0, g->is_broken[at]);
	assert_true(g->is_final[at] || g->is_broken[at]);
	g->nr_finals++;
	return true;
}

/* Distances by relaxing every edge until nothing changes: slow, simple, and not the explorer. */
static void measure(struct graph *g)
{
	bool changed = true;

	for (int i = 0; i < GRAPH_NODES; i++)
		g->distance[i] = -1;
	g->distance[0] = 0;
	while (changed) {
		changed = false;
		for (int i = 0; i < GRAPH_NODES; i++) {
			if (g->distance[i] < 0 || g->is_final[i] || g->is_broken[i])
				continue;
			for (int e = 0; e < GRAPH_EDGES; e++) {
				int *distance = &g->distance[g->edges[i][e]];

				if (*distance >= 0 && *distance <= g->distance[i] + 1)
					continue;
				*distance = g->distance[i] + 1;
				changed = true;
			}
		}
	}
}

static void test_graphs(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct graph g = {0};

		for (int i = 0; i < GRAPH_NODES; i++) {
			for (int e = 0; e < GRAPH_EDGES; e++) {
				seed = seed * 1664525 + 1013904223;
				g.edges[i][e] = (uint16_t)((seed >> 8) % GRAPH_NODES);
			}
			g.is_final[i] = i % 17 == 5;
			g.is_broken[i] = i % 19 == 7;
		}
		measure(&g);

		int nr_states = 0;
		int nr_finals = 0;
		int depth = 0;
		for (int i = 0; i < GRAPH_NODES; i++) {
			if (g.distance[i] < 0)
				continue;
			nr_states++;
			nr_finals += g.is_final[i] || g.is_broken[i];
			if (g.distance[i] > depth)
				depth = g.distance[i];
		}

		const struct explore_machine machine = {&g,         graph_moves, graph_step,
							graph_size, graph_save,  graph_load,
							graph_final};
		const struct explore_limits limits = {0};
		struct explore_stats stats;
		assert_int_equal(explore(&machine, &limits, &stats), 0);
		assert_true(stats.complete);
		assert_int_equal(stats.states, nr_states);
		assert_int_equal(stats.final_states, nr_finals);
		assert_int_equal(g.nr_finals, nr_finals);
		assert_int_equal(stats.depth, depth);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_independent),
		cmocka_unit_test(test_interleavings),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_single_path_needs_no_load),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_final_ends_search),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_mutual_exclusion),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_broken_and_sound),
		cmocka_unit_test(test_deadlock),
		cmocka_unit_test(test_graphs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
