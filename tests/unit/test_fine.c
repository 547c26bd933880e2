/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_fine.c - the search access by access, on small programs
 *
 * Programs from the literature on this kind of search, and classical races. Each runs with and
 * without the reduction and the hash; what is expected is known without running it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/fine.h"
#include "port/port.h"

#define BUG      1u
#define DEADLOCK 2u
#define LIVELOCK 8u
#define STUCK    4u /* violations of quiet() */

#define MAX_OUTCOMES 512

/* What the tasks share: the numbers of each program are its own. */
struct memory {
	bool done[CHECK_MAX_TASKS];
	int result[CHECK_MAX_TASKS]; /* each task writes its own */
	port_atomic x[32];
	struct port_spinlock lock[32];
	struct port_lock mutex[8];
	struct port_rwsem sem;
	struct port_cpu cpu[2];
};

struct program {
	unsigned nr_tasks;
	void (*tasks[CHECK_MAX_TASKS])(struct memory *m, unsigned self);
	void (*init)(struct memory *m);
	/* A number for what came out; NULL: nothing. */
	long (*outcome)(const struct memory *m);
};

struct found {
	const struct program *program;
	struct memory *memory;
	unsigned violations;
	int nr_outcomes;
	long outcomes[MAX_OUTCOMES]; /* sorted */
	char bug[256];
	int schedule_length; /* moves to the first violation */
};

static enum fine_next next(void *context, unsigned task, const void **object)
{
	const struct found *found = context;

	*object = NULL;
	return found->memory->done[task] ? FINE_OVER : FINE_READY;
}

static void operate(void *context, unsigned task)
{
	const struct found *found = context;

	found->program->tasks[task](found->memory, task);
	found->memory->done[task] = true;
}

static unsigned ran(void *context, unsigned task, enum check_run run)
{
	(void)context;
	(void)task;
	if (run == CHECK_LIVELOCK)
		return LIVELOCK;
	return run == CHECK_BUG ? BUG : 0;
}

static bool all_done(const struct found *found)
{
	for (unsigned task = 0; task < found->program->nr_tasks; task++) {
		if (!found->memory->done[task])
			return false;
	}
	return true;
}

static void add_outcome(struct found *found, long outcome)
{
	int i = 0;

	while (i < found->nr_outcomes && found->outcomes[i] < outcome)
		i++;
	if (i < found->nr_outcomes && found->outcomes[i] == outcome)
		return;
	assert_true(found->nr_outcomes < MAX_OUTCOMES);
	memmove(&found->outcomes[i + 1], &found->outcomes[i],
		(size_t)(found->nr_outcomes - i) * sizeof(found->outcomes[0]));
	found->outcomes[i] = outcome;
	found->nr_outcomes++;
}

static bool final(void *context, unsigned violations, const struct explore_move *schedule,
		  int nr_moves)
{
	struct found *found = context;

	(void)schedule;
	if (!violations && !all_done(found))
		violations = DEADLOCK;
	if (violations & BUG)
		snprintf(found->bug, sizeof(found->bug), "%s", check_bug_text());
	if (violations && !found->violations)
		found->schedule_length = nr_moves;
	found->violations |= violations;
	if (!violations && found->program->outcome)
		add_outcome(found, found->program->outcome(found->memory));
	return true;
}

static struct fine_options everything(void)
{
	return (struct fine_options){.count = true, .max_switches = UINT_MAX};
}

/* A process of its own gathers from nothing. */
static void begin_own(void *context)
{
	struct found *found = context;

	found->violations = 0;
	found->nr_outcomes = 0;
}

static int send_found(void *context, FILE *to)
{
	return fwrite(context, sizeof(struct found), 1, to) == 1 ? 0 : -1;
}

static int receive_found(void *context, FILE *from)
{
	struct found *found = context;
	static struct found part;

	if (fread(&part, sizeof(part), 1, from) != 1)
		return -1;
	found->violations |= part.violations;
	for (int i = 0; i < part.nr_outcomes; i++)
		add_outcome(found, part.outcomes[i]);
	return 0;
}

static struct fine_stats run_with(const struct program *program, struct found *found,
				  const struct fine_options *options)
{
	struct fine_machine machine = {
		.context = found,
		.nr_tasks = program->nr_tasks,
		.next = next,
		.operate = operate,
		.ran = ran,
		.final = final,
		.fork = begin_own,
		.send = send_found,
		.receive = receive_found,
	};
	struct fine_stats stats;

	memset(found, 0, sizeof(*found));
	assert_int_equal(check_reset(), 0);
	found->program = program;
	found->memory = port_alloc(sizeof(*found->memory));
	if (program->init)
		program->init(found->memory);
	assert_int_equal(explore_fine(&machine, options, &stats), 0);
	return stats;
}

static void assert_same(const struct found *a, const struct found *b)
{
	assert_int_equal(a->violations, b->violations);
	assert_int_equal(a->nr_outcomes, b->nr_outcomes);
	assert_memory_equal(a->outcomes, b->outcomes,
			    (size_t)a->nr_outcomes * sizeof(a->outcomes[0]));
}

/*
 * With and without reduction and hash the same comes out. Programs whose executions have no end
 * can't be run without a hash. Returns what the full search with a hash found, and the numbers of
 * executions without and with reduction.
 */
static struct found run(const struct program *program, bool ends, double executions[2])
{
	struct found full, found;
	struct fine_options options = everything();
	struct fine_stats stats;
	double all, counted;

	options.no_reduction = true;
	stats = run_with(program, &full, &options);
	assert_true(stats.explore.complete);
	all = stats.executions;

	options.no_reduction = false;
	stats = run_with(program, &found, &options);
	assert_true(stats.explore.complete);
	assert_same(&found, &full);
	if (executions) {
		executions[0] = all;
		executions[1] = stats.executions;
	}
	if (!ends)
		return full;

	options.no_hash = true;
	counted = stats.executions;
	stats = run_with(program, &found, &options);
	assert_same(&found, &full);
	/* The sum over paths that is kept with the hashes is what comes of walking them all. */
	assert_true(stats.executions == counted);
	assert_true(stats.explore.final_states == (uint64_t)counted);
	if (all > 1e5)
		return full;

	options.no_reduction = true;
	stats = run_with(program, &found, &options);
	assert_same(&found, &full);
	assert_true(stats.executions == all);
	return full;
}

/* How many orders there are of `n` sequences of `length` steps each. */
static double interleavings(unsigned n, unsigned length)
{
	return round(exp(lgamma(n * length + 1.0) - n * lgamma(length + 1.0)));
}

/* Tasks that have nothing to do with each other. */
static void write_own(struct memory *m, unsigned self)
{
	port_atomic_set(&m->x[self], 1);
	port_atomic_set(&m->x[self], 2);
}

static void test_independent(void **state)
{
	struct program program = {.tasks = {write_own, write_own, write_own, write_own}};

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		double executions[2];

		program.nr_tasks = n;
		run(&program, true, executions);
		/* The beginning is a step, too. */
		assert_true(executions[0] == interleavings(n, 3));
		assert_true(executions[1] == 1);
	}
}

/* x++ without a lock. */
static void increment(struct memory *m, unsigned self)
{
	int x = port_atomic_read(&m->x[0]);

	(void)self;
	port_atomic_set(&m->x[0], x + 1);
}

static long value_of_x(const struct memory *m)
{
	return m->x[0].value;
}

static void test_lost_update(void **state)
{
	struct program program = {
		.tasks = {increment, increment, increment, increment},
		.outcome = value_of_x,
	};

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		double executions[2];
		struct found found;

		program.nr_tasks = n;
		found = run(&program, true, executions);
		assert_true(executions[0] == interleavings(n, 3));
		assert_true(executions[1] <= interleavings(n, 2));
		assert_int_equal(found.nr_outcomes, n);
		assert_int_equal(found.outcomes[0], 1);
	}
}

static void increment_locked(struct memory *m, unsigned self)
{
	port_spin_lock(&m->lock[0]);
	increment(m, self);
	port_spin_unlock(&m->lock[0]);
}

static void test_locked_update(void **state)
{
	struct program program = {
		.tasks = {increment_locked, increment_locked, increment_locked, increment_locked},
		.outcome = value_of_x,
	};
	double factorial = 1;

	(void)state;
	for (unsigned n = 1; n <= 4; n++) {
		double executions[2];
		struct found found;

		program.nr_tasks = n;
		factorial *= n;
		found = run(&program, true, executions);
		assert_int_equal(found.nr_outcomes, 1);
		assert_int_equal(found.outcomes[0], n);
		/* Nothing but the order of the lock's holders. */
		assert_true(executions[1] == factorial);
	}
}

/* Store buffering: both can't read 0 on a machine that is sequentially consistent. */
static void store_then_look(struct memory *m, unsigned self)
{
	port_atomic_set(&m->x[self], 1);
	m->result[self] = port_atomic_read(&m->x[1 - self]);
}

static long both_results(const struct memory *m)
{
	return m->result[0] * 1000 + m->result[1];
}

static void test_store_buffering(void **state)
{
	struct program program = {2, {store_then_look, store_then_look}, NULL, both_results};
	double executions[2];
	struct found found = run(&program, true, executions);

	(void)state;
	assert_true(executions[0] == interleavings(2, 3));
	assert_int_equal(found.nr_outcomes, 3);
	assert_int_equal(found.outcomes[0], 1);
	assert_int_equal(found.outcomes[1], 1000);
	assert_int_equal(found.outcomes[2], 1001);
}

/*
 * lastzero(N) of "Optimal dynamic partial order reduction" (POPL 2014): N writers of an array, and
 * a reader who looks for its last zero from the end. It has (N + 3) * 2^(N - 2) traces.
 */
static unsigned lastzero_n;

static void lastzero_read(struct memory *m, unsigned self)
{
	int i = (int)lastzero_n;

	while (port_atomic_read(&m->x[i]))
		i--;
	m->result[self] = i;
}

static void lastzero_write(struct memory *m, unsigned self)
{
	int before = port_atomic_read(&m->x[self - 1]);

	port_atomic_set(&m->x[self], before + 1);
}

static long lastzero_outcome(const struct memory *m)
{
	long outcome = m->result[0];

	for (unsigned i = 1; i <= lastzero_n; i++)
		outcome = outcome * 8 + m->x[i].value;
	return outcome;
}

static void test_lastzero(void **state)
{
	struct program program = {.tasks = {lastzero_read}, .outcome = lastzero_outcome};

	(void)state;
	for (unsigned n = 1; n <= 5; n++) {
		double traces = (n + 3) * pow(2, (double)n - 2);
		struct fine_options options = everything();
		struct found full, found;
		struct fine_stats stats;

		lastzero_n = n;
		program.nr_tasks = n + 1;
		program.tasks[n] = lastzero_write;
		options.no_reduction = true;
		run_with(&program, &full, &options);
		options.no_reduction = false;
		stats = run_with(&program, &found, &options);
		assert_same(&found, &full);
		/* Fewer would not do. */
		assert_true(stats.executions >= traces);
		print_message("# lastzero(%u): %.0f traces, %.0f executions, %llu states\n", n,
			      traces, stats.executions, (unsigned long long)stats.explore.states);
	}
}

/*
 * The file system of Flanagan and Godefroid (POPL 2005), with fewer blocks, so that tasks from the
 * sixth on meet: 2^(n - 5) traces.
 */
#define NR_BLOCKS 10

static void file_system(struct memory *m, unsigned self)
{
	struct port_spinlock *inode_lock = &m->lock[16 + self];
	unsigned block = self * 2 % NR_BLOCKS;
	bool found = false;

	port_spin_lock(inode_lock);
	while (!found) {
		port_spin_lock(&m->lock[block]);
		if (!port_atomic_read(&m->x[block])) {
			port_atomic_set(&m->x[block], 1);
			m->result[self] = (int)block + 1;
			found = true;
		}
		port_spin_unlock(&m->lock[block]);
		block = (block + 1) % NR_BLOCKS;
	}
	port_spin_unlock(inode_lock);
}

static long file_system_outcome(const struct memory *m)
{
	long outcome = 0;

	for (unsigned i = 0; i < CHECK_MAX_TASKS; i++)
		outcome = outcome * 11 + m->result[i];
	return outcome;
}

static void test_file_system(void **state)
{
	struct program program = {.outcome = file_system_outcome};

	(void)state;
	for (unsigned n = 1; n <= 8; n++) {
		struct fine_options options = everything();
		struct fine_stats stats;
		struct found found;
		int traces = n > 5 ? 1 << (n - 5) : 1;

		program.nr_tasks = n;
		program.tasks[n - 1] = file_system;
		stats = run_with(&program, &found, &options);
		assert_int_equal(found.nr_outcomes, traces);
		assert_true(stats.executions >= traces);
		assert_true(n > 5 || stats.executions == 1);
		print_message("# file system(%u): %d traces, %.0f executions, %llu states\n", n,
			      traces, stats.executions, (unsigned long long)stats.explore.states);
	}
}

/* Their indexer: up to 11 tasks no two words fall on the same place of the table. */
static void indexer(struct memory *m, unsigned self)
{
	for (int word = 1; word <= 3; word++) {
		unsigned value = (unsigned)word * 11 + self;
		unsigned at = value * 7 % 32;

		/* A table of 32 makes them fall together, of 8 tasks and 3 words each. */
		while (port_atomic_or(&m->x[at], (int)value))
			at = (at + 1) % 32;
	}
}

static void test_indexer(void **state)
{
	struct program program = {.nr_tasks = 2, .tasks = {indexer, indexer}};
	double executions[2];

	(void)state;
	run(&program, true, executions);
	assert_true(executions[0] == interleavings(2, 4));
	assert_true(executions[1] == 1);
}

/* Two locks, taken in different orders. */
static void lock_both(struct memory *m, unsigned self)
{
	port_lock(&m->mutex[self]);
	port_lock(&m->mutex[1 - self]);
	port_unlock(&m->mutex[1 - self]);
	port_unlock(&m->mutex[self]);
}

static void test_abba(void **state)
{
	struct program program = {.nr_tasks = 2, .tasks = {lock_both, lock_both}};
	struct found found = run(&program, true, NULL);

	(void)state;
	assert_int_equal(found.violations, DEADLOCK);
}

/* Dining philosophers. */
static unsigned nr_philosophers;

static void dine(struct memory *m, unsigned self)
{
	port_lock(&m->mutex[self]);
	port_lock(&m->mutex[(self + 1) % nr_philosophers]);
	port_unlock(&m->mutex[(self + 1) % nr_philosophers]);
	port_unlock(&m->mutex[self]);
}

static void dine_in_order(struct memory *m, unsigned self)
{
	unsigned other = (self + 1) % nr_philosophers;
	unsigned first = self < other ? self : other;
	unsigned second = self < other ? other : self;

	port_lock(&m->mutex[first]);
	port_lock(&m->mutex[second]);
	port_unlock(&m->mutex[second]);
	port_unlock(&m->mutex[first]);
}

static void test_philosophers(void **state)
{
	(void)state;
	for (unsigned n = 2; n <= 5; n++) {
		struct program program = {.nr_tasks = n};
		struct found found;

		nr_philosophers = n;
		for (unsigned i = 0; i < n; i++)
			program.tasks[i] = dine;
		found = run(&program, n < 5, NULL);
		assert_int_equal(found.violations, DEADLOCK);
		for (unsigned i = 0; i < n; i++)
			program.tasks[i] = dine_in_order;
		found = run(&program, n < 4, NULL);
		assert_int_equal(found.violations, 0);
	}
}

/* Whoever is in the critical section is there alone. */
static void critical_section(struct memory *m)
{
	if (port_atomic_add_return(&m->x[30], 1) != 1)
		port_bug("test", 0, "two in the critical section");
	port_atomic_add_return(&m->x[30], -1);
}

static void peterson(struct memory *m, unsigned self)
{
	unsigned other = 1 - self;

	port_atomic_set(&m->x[self], 1);
	port_atomic_set(&m->x[2], (int)other);
	while (port_atomic_read(&m->x[other]) && port_atomic_read(&m->x[2]) == (int)other)
		;
	critical_section(m);
	port_atomic_set(&m->x[self], 0);
}

/* Turn first, then the flag: wrong. */
static void peterson_swapped(struct memory *m, unsigned self)
{
	unsigned other = 1 - self;

	port_atomic_set(&m->x[2], (int)other);
	port_atomic_set(&m->x[self], 1);
	while (port_atomic_read(&m->x[other]) && port_atomic_read(&m->x[2]) == (int)other)
		;
	critical_section(m);
	port_atomic_set(&m->x[self], 0);
}

static void dekker(struct memory *m, unsigned self)
{
	unsigned other = 1 - self;

	port_atomic_set(&m->x[self], 1);
	while (port_atomic_read(&m->x[other])) {
		if (port_atomic_read(&m->x[2]) == (int)self)
			continue;
		port_atomic_set(&m->x[self], 0);
		while (port_atomic_read(&m->x[2]) != (int)self)
			;
		port_atomic_set(&m->x[self], 1);
	}
	critical_section(m);
	port_atomic_set(&m->x[2], (int)other);
	port_atomic_set(&m->x[self], 0);
}

/* Szymanski's, for two, as SV-COMP has it. */
static void szymanski(struct memory *m, unsigned self)
{
	port_atomic *mine = &m->x[self];
	port_atomic *other = &m->x[1 - self];
	int flag;

	port_atomic_set(mine, 1);
	while (port_atomic_read(other) >= 3)
		;
	port_atomic_set(mine, 3);
	if (port_atomic_read(other) == 1) {
		port_atomic_set(mine, 2);
		while (port_atomic_read(other) != 4)
			;
	}
	port_atomic_set(mine, 4);
	if (self)
		while (port_atomic_read(other) >= 2)
			;
	critical_section(m);
	if (!self)
		while ((flag = port_atomic_read(other)) == 2 || flag == 3)
			;
	port_atomic_set(mine, 0);
}

static void test_mutual_exclusion(void **state)
{
	static const struct {
		void (*task)(struct memory *m, unsigned self);
		unsigned violations;
	} algorithms[] = {{peterson, 0}, {peterson_swapped, BUG}, {dekker, 0}, {szymanski, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct program program = {.nr_tasks = 2};
		struct found found;

		program.tasks[0] = program.tasks[1] = algorithms[i].task;
		found = run(&program, false, NULL);
		assert_int_equal(found.violations, algorithms[i].violations);
	}
}

/* Double-checked locking: x[0] says that x[1] is there. */
static void use_once(struct memory *m, bool publish_first)
{
	if (!port_atomic_read(&m->x[0])) {
		port_spin_lock(&m->lock[0]);
		if (!port_atomic_read(&m->x[0])) {
			if (publish_first)
				port_atomic_set(&m->x[0], 1);
			port_atomic_add_return(&m->x[1], 42);
			port_atomic_set(&m->x[0], 1);
		}
		port_spin_unlock(&m->lock[0]);
	}
	if (port_atomic_read(&m->x[1]) != 42)
		port_bug("test", 0, "it is not there");
}

static void init_then_publish(struct memory *m, unsigned self)
{
	(void)self;
	use_once(m, false);
}

static void publish_then_init(struct memory *m, unsigned self)
{
	(void)self;
	use_once(m, true);
}

static void test_double_checked(void **state)
{
	struct program right = {.nr_tasks = 3,
				.tasks = {init_then_publish, init_then_publish, init_then_publish}};
	struct program wrong = {.nr_tasks = 3,
				.tasks = {publish_then_init, publish_then_init, publish_then_init}};

	(void)state;
	assert_int_equal(run(&right, true, NULL).violations, 0);
	assert_int_equal(run(&wrong, true, NULL).violations, BUG);
}

/* Readers see both halves of what a writer writes, or none. */
static void write_pair(struct memory *m, unsigned self)
{
	port_down_write(&m->sem);
	port_atomic_set(&m->x[0], (int)self);
	port_atomic_set(&m->x[1], (int)self);
	port_up_write(&m->sem);
}

static void read_pair(struct memory *m, unsigned self)
{
	int first, second;

	port_down_read(&m->sem);
	first = port_atomic_read(&m->x[0]);
	second = port_atomic_read(&m->x[1]);
	port_up_read(&m->sem);
	if (first != second)
		port_bug("test", 0, "torn");
	m->result[self] = first;
}

static long readers_outcome(const struct memory *m)
{
	return m->result[0] * 100 + m->result[1] * 10 + m->x[0].value;
}

static void test_readers_writers(void **state)
{
	struct program program = {
		4, {read_pair, read_pair, write_pair, write_pair}, NULL, readers_outcome};
	struct found found = run(&program, false, NULL);

	(void)state;
	assert_int_equal(found.violations, 0);
	/* Each reader sees 0, 2 or 3, but not both 2 and 3 each as the last to a reader's 0... */
	assert_true(found.nr_outcomes > 9);
}

/* Readers don't hinder each other: one execution. */
static void test_readers(void **state)
{
	struct program program = {3, {read_pair, read_pair, read_pair}, NULL, readers_outcome};
	double executions[2];

	(void)state;
	run(&program, true, executions);
	assert_true(executions[0] == interleavings(3, 5));
	assert_true(executions[1] == 1);
}

/* A buffer of one place: x[0] is full or empty; locks as semaphores. */
static void produce(struct memory *m, unsigned self)
{
	for (int i = 1; i <= 3; i++) {
		port_lock(&m->mutex[0]);
		port_atomic_set(&m->x[0], i);
		port_unlock(&m->mutex[1]);
	}
	(void)self;
}

static void consume(struct memory *m, unsigned self)
{
	for (int i = 1; i <= 3; i++) {
		port_lock(&m->mutex[1]);
		m->result[self] = m->result[self] * 10 + port_atomic_read(&m->x[0]);
		port_unlock(&m->mutex[0]);
	}
}

static void empty_buffer(struct memory *m)
{
	m->mutex[1].held = true;
}

static void test_bounded_buffer(void **state)
{
	struct program program = {2, {produce, consume}, empty_buffer, both_results};
	double executions[2];
	struct found found = run(&program, true, executions);

	(void)state;
	assert_int_equal(found.violations, 0);
	assert_int_equal(found.nr_outcomes, 1);
	assert_int_equal(found.outcomes[0], 123);
	assert_true(executions[1] == 1);
}

/*
 * A stack without locks (Treiber): x[0] is the top, x[1] to x[3] who is below. Who pops reads the
 * top and who is below it, and exchanges the top for that, if it still is the top. If meanwhile
 * it was popped, and pushed again over another one, the exchange succeeds though it must not: ABA.
 */
static int pop(struct memory *m)
{
	for (;;) {
		int top = port_atomic_read(&m->x[0]);
		int below;

		if (!top)
			return 0;
		below = port_atomic_read(&m->x[top]);
		if (port_atomic_cmpxchg(&m->x[0], top, below))
			break;
	}
	return 1;
}

static int pop_node(struct memory *m)
{
	for (;;) {
		int top = port_atomic_read(&m->x[0]);
		int below;

		if (!top)
			return 0;
		below = port_atomic_read(&m->x[top]);
		if (port_atomic_cmpxchg(&m->x[0], top, below)) {
			/* Two may not own it. */
			if (port_atomic_add_return(&m->x[10 + top], 1) != 1)
				port_bug("test", 0, "popped twice");
			return top;
		}
	}
}

static void push_node(struct memory *m, int node)
{
	port_atomic_add_return(&m->x[10 + node], -1);
	for (;;) {
		int top = port_atomic_read(&m->x[0]);

		port_atomic_set(&m->x[node], top);
		if (port_atomic_cmpxchg(&m->x[0], top, node))
			return;
	}
}

static void pop_one(struct memory *m, unsigned self)
{
	m->result[self] = pop_node(m);
	if (!m->result[self])
		return;
	/* And another one, if there is any. */
	m->result[self] = m->result[self] * 10 + pop_node(m);
}

static void pop_two_push_first(struct memory *m, unsigned self)
{
	int first = pop_node(m);
	int second = pop_node(m);

	if (first && second)
		push_node(m, first);
	m->result[self] = first * 10 + second;
}

static void stack_of_two(struct memory *m)
{
	m->x[0].value = 1;
	m->x[1].value = 2;
}

static void count_pops(struct memory *m, unsigned self)
{
	m->result[self] = pop(m);
}

static long sum_of_results(const struct memory *m)
{
	return m->result[0] + m->result[1] + m->result[2];
}

static void test_treiber(void **state)
{
	struct program aba = {2, {pop_one, pop_two_push_first}, stack_of_two, NULL};
	struct program only_pops = {
		3, {count_pops, count_pops, count_pops}, stack_of_two, sum_of_results};
	struct found found = run(&aba, true, NULL);

	(void)state;
	assert_int_equal(found.violations, BUG);
	assert_string_equal(found.bug, "test:0: popped twice");
	found = run(&only_pops, false, NULL);
	assert_int_equal(found.violations, 0);
	assert_int_equal(found.nr_outcomes, 1);
	assert_int_equal(found.outcomes[0], 2);
}

/* How few switches does the bug take? One, from a task in the midst of pop() to the other. */
static void test_fewest_switches(void **state)
{
	struct program aba = {2, {pop_one, pop_two_push_first}, stack_of_two, NULL};
	struct fine_options options = everything();
	struct fine_stats stats;
	struct found found;

	(void)state;
	for (unsigned switches = 0; switches < 2; switches++) {
		options.max_switches = switches;
		stats = run_with(&aba, &found, &options);
		assert_false(stats.explore.complete);
		assert_int_equal(found.violations, switches ? BUG : 0);
	}
}

/* To look again and again is no livelock as long as somebody may still set the flag. */
static void wait_for_flag(struct memory *m, unsigned self)
{
	while (!port_atomic_read(&m->x[self]))
		;
}

static void set_flag(struct memory *m, unsigned self)
{
	port_atomic_set(&m->x[1 - self], 1);
}

static void set_none(struct memory *m, unsigned self)
{
	port_atomic_set(&m->x[self], 1);
}

static void test_livelock(void **state)
{
	struct program never = {2, {wait_for_flag, set_none}, NULL, NULL};
	struct program at_last = {2, {wait_for_flag, set_flag}, NULL, NULL};

	(void)state;
	for (int reduced = 0; reduced < 2; reduced++) {
		struct fine_options options = {.max_switches = UINT_MAX, .no_reduction = !reduced};
		struct found found;

		run_with(&never, &found, &options);
		assert_int_equal(found.violations, LIVELOCK);
		run_with(&at_last, &found, &options);
		assert_int_equal(found.violations, 0);
		options.full_compare = true;
		run_with(&never, &found, &options);
		assert_int_equal(found.violations, LIVELOCK);
	}
}

/* fib_bench of SV-COMP: with N turns each, the largest value is Fibonacci's number 2 N + 2. */
#define FIB_TURNS 2

static void fib_add(struct memory *m, unsigned self)
{
	for (int i = 0; i < FIB_TURNS; i++) {
		int mine = port_atomic_read(&m->x[self]);
		int other = port_atomic_read(&m->x[1 - self]);

		port_atomic_set(&m->x[self], mine + other);
	}
}

static void fib_init(struct memory *m)
{
	m->x[0].value = 1;
	m->x[1].value = 1;
}

static long fib_largest(const struct memory *m)
{
	return m->x[0].value > m->x[1].value ? m->x[0].value : m->x[1].value;
}

static void test_fibonacci(void **state)
{
	struct program program = {2, {fib_add, fib_add}, fib_init, fib_largest};
	double executions[2];
	struct found found = run(&program, true, executions);

	(void)state;
	assert_int_equal(found.outcomes[found.nr_outcomes - 1], 8);
	assert_true(executions[0] == interleavings(2, 7));
}

/*
 * A section with interrupts off and a flush: who has cleared the entry, and flushed, knows that
 * nobody uses what it pointed to.
 */
static void use_entry(struct memory *m, unsigned self)
{
	uint64_t entry;

	port_irq_disable(&m->cpu[self]);
	if (!port_tlb_lookup(&m->cpu[self], 1, 7, &entry)) {
		entry = (uint64_t)port_atomic_read(&m->x[0]);
		if (entry)
			port_tlb_insert(&m->cpu[self], 1, 7, entry);
	}
	if (entry && port_atomic_read(&m->x[1]))
		port_bug("test", 0, "use after free");
	port_irq_enable(&m->cpu[self]);
}

static void clear_and_free(struct memory *m, unsigned self)
{
	(void)self;
	port_atomic_set(&m->x[0], 0);
	port_tlb_flush(m->cpu, 1, 1, 7, 7);
	port_atomic_set(&m->x[1], 1);
}

static void clear_and_free_early(struct memory *m, unsigned self)
{
	(void)self;
	port_atomic_set(&m->x[0], 0);
	port_atomic_set(&m->x[1], 1);
	port_tlb_flush(m->cpu, 1, 1, 7, 7);
}

static void set_entry(struct memory *m)
{
	m->x[0].value = 1;
}

static void test_flush(void **state)
{
	struct program right = {2, {use_entry, clear_and_free}, set_entry, NULL};
	struct program wrong = {2, {use_entry, clear_and_free_early}, set_entry, NULL};

	(void)state;
	assert_int_equal(run(&right, true, NULL).violations, 0);
	assert_int_equal(run(&wrong, true, NULL).violations, BUG);
}

/*
 * Two tasks of two operations each, all of which set x[0]: the very first one to 1, the others to
 * 0. So it is 1 while nobody is inside an operation, until the next one.
 */
struct two_operations {
	struct memory *memory;
	unsigned violations;
};

static enum fine_next next_of_two(void *context, unsigned task, const void **object)
{
	const struct two_operations *two = context;

	*object = NULL;
	return two->memory->result[task] == 2 ? FINE_OVER : FINE_READY;
}

static void operate_of_two(void *context, unsigned task)
{
	struct two_operations *two = context;
	struct memory *m = two->memory;

	port_atomic_set(&m->x[0], !task && !m->result[task]);
	m->result[task]++;
}

static unsigned quiet_of_two(void *context)
{
	const struct two_operations *two = context;

	return two->memory->x[0].value ? STUCK : 0;
}

static bool final_of_two(void *context, unsigned violations, const struct explore_move *schedule,
			 int nr_moves)
{
	struct two_operations *two = context;

	(void)schedule;
	(void)nr_moves;
	two->violations |= violations;
	return true;
}

static void test_quiet(void **state)
{
	(void)state;
	for (int reduced = 0; reduced < 2; reduced++) {
		struct two_operations two = {0};
		const struct fine_machine machine = {
			.context = &two,
			.nr_tasks = 2,
			.next = next_of_two,
			.operate = operate_of_two,
			.ran = ran,
			.quiet = quiet_of_two,
			.final = final_of_two,
		};
		const struct fine_options options = {.max_switches = UINT_MAX,
						     .no_reduction = !reduced};
		struct fine_stats stats;

		assert_int_equal(check_reset(), 0);
		two.memory = port_alloc(sizeof(*two.memory));
		assert_int_equal(explore_fine(&machine, &options, &stats), 0);
		assert_int_equal(two.violations, STUCK);
	}
}

/* Several processes find what one does, in rounds of whatever size. */
static void test_jobs(void **state)
{
	struct program programs[] = {
		{2, {fib_add, fib_add}, fib_init, fib_largest},
		{2, {pop_one, pop_two_push_first}, stack_of_two, NULL},
		{4, {dine, dine, dine, dine}, NULL, NULL},
		{2, {wait_for_flag, set_none}, NULL, NULL},
	};

	(void)state;
	nr_philosophers = 4;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		for (int reduced = 0; reduced < 2; reduced++) {
			struct fine_options options = {.max_switches = UINT_MAX,
						       .no_reduction = !reduced};
			struct found one, many;
			struct fine_stats stats = run_with(&programs[i], &one, &options);

			for (options.jobs = 2; options.jobs <= 4; options.jobs++) {
				struct fine_stats shared;

				options.round = 3 * options.jobs - 5;
				shared = run_with(&programs[i], &many, &options);
				assert_same(&one, &many);
				assert_true(shared.explore.complete);
				assert_int_equal(shared.explore.states, stats.explore.states);
				assert_int_equal(shared.explore.transitions,
						 stats.explore.transitions);
				/* Several may come to a circle, and each of them says so. */
				if (!(one.violations & LIVELOCK))
					assert_int_equal(shared.explore.final_states,
							 stats.explore.final_states);
				assert_int_equal(shared.steps, stats.steps);
			}
		}
	}
}

static void test_jobs_with_a_limit(void **state)
{
	struct program program = {2, {fib_add, fib_add}, fib_init, fib_largest};
	struct fine_options options = {
		.max_switches = UINT_MAX, .jobs = 3, .round = 20, .limits = {.max_states = 101}};
	struct found found;
	struct fine_stats stats;

	(void)state;
	options.no_reduction = true;
	stats = run_with(&program, &found, &options);
	assert_int_equal(stats.explore.states, 101);
	assert_false(stats.explore.complete);
}

/* With hashes of a few bits states are taken for others, unless they are compared as a whole. */
static void test_full_compare(void **state)
{
	struct program program = {2, {fib_add, fib_add}, fib_init, fib_largest};
	struct fine_options options = {.max_switches = UINT_MAX, .no_reduction = true};
	struct found all, found;
	struct fine_stats right = run_with(&program, &all, &options);
	struct fine_stats stats;

	(void)state;
	options.hash_bits = 6;
	stats = run_with(&program, &found, &options);
	assert_true(stats.explore.states <= 64);
	assert_true(right.explore.states > 64);
	options.full_compare = true;
	stats = run_with(&program, &found, &options);
	assert_int_equal(stats.explore.states, right.explore.states);
	assert_int_equal(stats.explore.transitions, right.explore.transitions);
	assert_same(&found, &all);
}

static void unlock_spinlock(struct memory *m, unsigned self)
{
	port_spin_unlock(&m->lock[self]);
}

static void unlock_mutex(struct memory *m, unsigned self)
{
	port_unlock(&m->mutex[self]);
}

static void up_read(struct memory *m, unsigned self)
{
	(void)self;
	port_down_write(&m->sem);
	port_up_read(&m->sem);
}

static void up_write(struct memory *m, unsigned self)
{
	(void)self;
	port_down_read(&m->sem);
	port_up_write(&m->sem);
}

static void enable_irq(struct memory *m, unsigned self)
{
	port_irq_enable(&m->cpu[self]);
}

static void ask_for_spinlock(struct memory *m, unsigned self)
{
	bool before = port_spin_is_held(&m->lock[self]);

	port_spin_lock(&m->lock[self]);
	if (before || !port_spin_is_held(&m->lock[self]))
		port_bug("test", 0, "held");
	port_spin_unlock(&m->lock[self]);
}

/* Nobody lets go of what he does not hold. */
static void test_unlock(void **state)
{
	struct program right = {1, {ask_for_spinlock}, NULL, NULL};
	struct program wrong[] = {
		{1, {unlock_spinlock}, NULL, NULL}, {1, {unlock_mutex}, NULL, NULL},
		{1, {up_read}, NULL, NULL},         {1, {up_write}, NULL, NULL},
		{1, {enable_irq}, NULL, NULL},
	};

	(void)state;
	assert_int_equal(run(&right, true, NULL).violations, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(run(&wrong[i], true, NULL).violations, BUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_independent),
		cmocka_unit_test(test_lost_update),
		cmocka_unit_test(test_locked_update),
		cmocka_unit_test(test_store_buffering),
		cmocka_unit_test(test_lastzero),
		cmocka_unit_test(test_file_system),
		cmocka_unit_test(test_indexer),
		cmocka_unit_test(test_abba),
		cmocka_unit_test(test_philosophers),
		cmocka_unit_test(test_mutual_exclusion),
		cmocka_unit_test(test_double_checked),
		cmocka_unit_test(test_readers_writers),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_bounded_buffer),
		cmocka_unit_test(test_treiber),
		cmocka_unit_test(test_fewest_switches),
		cmocka_unit_test(test_fibonacci),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_livelock),
		cmocka_unit_test(test_jobs),
		cmocka_unit_test(test_jobs_with_a_limit),
		cmocka_unit_test(test_full_compare),
		cmocka_unit_test(test_quiet),
		cmocka_unit_test(test_unlock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
