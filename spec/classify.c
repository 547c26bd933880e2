/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classify.c - spec_classify(): what is wrong with an outcome that the spec does not allow */

#include "spec/spec.h"

/*
 * All of this is read off the text of the test: who could have written a value, and whose it
 * rightly is. The litmus language has no loops, so the last operation that sets a register is the
 * one whose value it has.
 */

/* An int in memory. */
struct place {
	int object;
	int page;
	int word;
};

/* How a value came into an observable. */
enum seen_by {
	SEEN_BY_CPU, /* a load; ptrace and process_vm_readv() on behalf of the mm; final memory */
	SEEN_BY_DEVICE,  /* dma_read() */
	SEEN_BY_PAGEMAP, /* not a value, but the identity of a page */
	SEEN_AS_RESULT,  /* of a system call, or a status */
};

struct sight {
	enum seen_by by;
	int task;  /* who saw it, */
	int index; /* and at which operation; past the last one for the final memory */
	int mm;    /* whose memory it is */
	struct place place;
	const struct litmus_op *taken; /* DEVICE, PAGEMAP: where the handle comes from, or NULL */
};

/* Who wrote a value that an mm may see, or may not. */
enum writers {
	WRITTEN_BY_CPU = 1 << 0,
	WRITTEN_BY_DEVICE = 1 << 1,
	WRITTEN_AT_FIRST = 1 << 2,    /* the initial value, or zeroes */
	WRITTEN_BY_STRANGER = 1 << 3, /* for another mm, after the fork that parted them */
};

static int process_of(const struct litmus_test *test, int task)
{
	return test->tasks[task].process;
}

static struct place place_of(const struct litmus_test *test, struct litmus_addr addr)
{
	return (struct place){test->vars[addr.var].object, addr.page, test->vars[addr.var].word};
}

/* Once pages are moved about, any place may be any other. */
static bool same_place(const struct litmus_test *test, struct place a, struct place b)
{
	if (litmus_uses(test, LITMUS_MREMAP))
		return a.word == b.word;
	return a.object == b.object && a.page == b.page && a.word == b.word;
}

/* The last operation before `end` that sets the register, or NULL. */
static const struct litmus_op *definition(const struct litmus_task *task, int reg, int end)
{
	for (int i = end - 1; i >= 0; i--) {
		if (task->ops[i].dest == reg)
			return &task->ops[i];
	}
	return NULL;
}

/* The mm in which an operation that takes or touches memory does so. */
static int mm_of(const struct litmus_test *test, int task, const struct litmus_op *op)
{
	switch (op->code) {
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
		return process_of(test, op->task);
	default:
		return process_of(test, task);
	}
}

/* What the device accesses through the handle of this operation. NULL in `taken`: nothing. */
static struct sight device_sight(const struct litmus_test *test, int task,
				 const struct litmus_op *op)
{
	const struct litmus_task *t = &test->tasks[task];
	struct sight sight = {.by = SEEN_BY_DEVICE, .task = task, .index = (int)(op - t->ops)};

	sight.taken = definition(t, op->handle, sight.index);
	if (!sight.taken)
		return sight;
	sight.mm = mm_of(test, task, sight.taken);
	sight.place = place_of(test, sight.taken->addr);
	sight.place.page += op->handle_page;
	return sight;
}

/* How the register got its value from what stands before `end`. */
static struct sight register_sight(const struct litmus_test *test, int task, int reg, int end)
{
	const struct litmus_task *t = &test->tasks[task];
	const struct litmus_op *op = definition(t, reg, end);
	struct sight sight = {.by = SEEN_AS_RESULT};

	if (!op)
		return sight;
	switch (op->code) {
	case LITMUS_MOVE:
		if (op->value.is_register)
			return register_sight(test, task, op->value.reg, (int)(op - t->ops));
		return sight;
	case LITMUS_LOAD:
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PROCESS_VM_READV:
		sight.by = SEEN_BY_CPU;
		sight.task = task;
		sight.index = (int)(op - t->ops);
		sight.mm = mm_of(test, task, op);
		sight.place = place_of(test, op->addr);
		return sight;
	case LITMUS_DMA_READ:
		return device_sight(test, task, op);
	case LITMUS_PAGEMAP:
		sight = device_sight(test, task, op);
		sight.by = SEEN_BY_PAGEMAP;
		return sight;
	default:
		return sight;
	}
}

static struct sight sight_of(const struct litmus_test *test,
			     const struct litmus_observable *observable)
{
	struct sight sight = {.by = SEEN_AS_RESULT};

	switch (observable->kind) {
	case LITMUS_OBSERVE_REGISTER:
		return register_sight(test, observable->task, observable->reg,
				      test->tasks[observable->task].nr_ops);
	case LITMUS_OBSERVE_MEMORY:
		sight.by = SEEN_BY_CPU;
		sight.task = observable->task;
		sight.index = test->tasks[observable->task].nr_ops;
		sight.mm = process_of(test, observable->task);
		sight.place = place_of(test, observable->addr);
		return sight;
	case LITMUS_OBSERVE_STATUS:
		break;
	}
	return sight;
}

/* Can operation `index` of `task` come before the fork that started `child`? */
static bool may_precede_fork(const struct litmus_test *test, int task, int index, int child)
{
	int parent = test->tasks[child].parent;
	int fork = test->tasks[child].start;

	/* Of a task that descends from the parent, what counts is when the parent started it. */
	while (task != parent) {
		if (test->tasks[task].parent < 0)
			return true;
		index = test->tasks[task].start;
		task = test->tasks[task].parent;
	}
	return index < fork;
}

/* May `mm` see what operation `index` of `task` has written for `target`? */
static bool may_see(const struct litmus_test *test, int mm, int target, int task, int index)
{
	while (mm != target) {
		int leader = litmus_leader(test, mm);

		if (leader == 0 || !may_precede_fork(test, task, index, leader))
			return false;
		mm = process_of(test, test->tasks[leader].parent);
	}
	return true;
}

static bool is_shared(const struct litmus_test *test, struct place place)
{
	if (test->objects[place.object].kind.backing == LITMUS_SHARED)
		return true;
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			struct place at;

			if (op->code != LITMUS_MMAP || op->map != LITMUS_MAP_SHARED)
				continue;
			at = place_of(test, op->addr);
			if (litmus_uses(test, LITMUS_MREMAP) ||
			    (at.object == place.object && at.page <= place.page &&
			     place.page < at.page + op->nr_pages))
				return true;
		}
	}
	return false;
}

static bool is_initial(const struct litmus_test *test, struct place place, int64_t value)
{
	if (value == 0)
		return true;
	for (int o = 0; o < test->nr_objects; o++) {
		const struct litmus_object *object = &test->objects[o];

		for (int page = 0; page < object->nr_pages; page++) {
			struct place here = {o, page, place.word};

			if (object->initialised[page] && same_place(test, here, place) &&
			    object->value[page][place.word] == value)
				return true;
		}
	}
	return false;
}

/* The observable that is this register's value, or -1. */
static int register_observable(const struct litmus_test *test, int task, int reg)
{
	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *observable = &test->observables[i];

		if (observable->kind == LITMUS_OBSERVE_REGISTER && observable->task == task &&
		    observable->reg == reg)
			return i;
	}
	return -1;
}

/* One operation that writes an int. */
struct writing {
	unsigned writer; /* WRITTEN_BY_CPU or WRITTEN_BY_DEVICE */
	int mm;          /* for which mm */
	struct place place;
	int task;
	const struct litmus_op *op;
};

/* Returns false if the operation does not write, or comes after the sight in the same task. */
static bool find_writing(const struct litmus_test *test, int task, int index,
			 const struct sight *sight, struct writing *writing)
{
	const struct litmus_op *op = &test->tasks[task].ops[index];
	struct sight device;

	if (task == sight->task && index >= sight->index)
		return false;
	switch (op->code) {
	case LITMUS_STORE:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_WRITEV:
		writing->writer = WRITTEN_BY_CPU;
		writing->mm = mm_of(test, task, op);
		writing->place = place_of(test, op->addr);
		break;
	case LITMUS_DMA_WRITE:
		device = device_sight(test, task, op);
		if (!device.taken)
			return false;
		writing->writer = WRITTEN_BY_DEVICE;
		writing->mm = device.mm;
		writing->place = device.place;
		break;
	default:
		return false;
	}
	writing->task = task;
	writing->op = op;
	return same_place(test, writing->place, sight->place);
}

/* What an operation wrote. */
struct written {
	bool known;     /* else no value of the outcome is what the register held then */
	int observable; /* the register's value at the end, */
	int64_t value;  /* or, where this is -1, always the same */
};

static struct written find_written(const struct litmus_test *test, const struct writing *writing)
{
	const struct litmus_task *task = &test->tasks[writing->task];
	const struct litmus_op *op = writing->op;

	while (op->value.is_register) {
		int reg = op->value.reg;
		const struct litmus_op *set = definition(task, reg, (int)(op - task->ops));

		if (set == definition(task, reg, task->nr_ops))
			return (struct written){true, register_observable(test, writing->task, reg),
						0};
		if (set->code != LITMUS_MOVE)
			return (struct written){.observable = -1};
		op = set;
	}
	return (struct written){true, -1, op->value.constant};
}

/* Was it this, in an outcome with these values? */
static bool wrote(const struct litmus_test *test, const struct writing *writing,
		  const int64_t *values, int64_t value)
{
	struct written written = find_written(test, writing);

	if (!written.known)
		return false;
	return (written.observable < 0 ? written.value : values[written.observable]) == value;
}

/* May who looks see what was written? */
static bool is_visible(const struct litmus_test *test, const struct writing *writing,
		       const struct sight *sight)
{
	int index = (int)(writing->op - test->tasks[writing->task].ops);

	return is_shared(test, writing->place) ||
	       may_see(test, sight->mm, writing->mm, writing->task, index);
}

/* All who could have written the value where it was seen: a set of enum writers. */
static unsigned writers_of(const struct litmus_test *test, const int64_t *values,
			   const struct sight *sight, int64_t value)
{
	unsigned writers = is_initial(test, sight->place, value) ? WRITTEN_AT_FIRST : 0;
	struct writing writing;

	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			if (!find_writing(test, t, i, sight, &writing) ||
			    !wrote(test, &writing, values, value))
				continue;
			if (is_visible(test, &writing, sight))
				writers |= writing.writer;
			else
				writers |= WRITTEN_BY_STRANGER;
		}
	}
	return writers;
}

/*
 * Does the value differ only because a register does that was written there? Then what is wrong
 * is wrong with that register.
 */
static bool is_consequence(const struct litmus_test *test, const int64_t *seen,
			   const int64_t *allowed, int observable, const struct sight *sight)
{
	struct writing writing;

	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			int written;

			if (!find_writing(test, t, i, sight, &writing))
				continue;
			written = find_written(test, &writing).observable;
			if (written >= 0 && written != observable &&
			    seen[written] == seen[observable] &&
			    allowed[written] == allowed[observable])
				return true;
		}
	}
	return false;
}

static enum violation classify_pagemap(const struct sight *sight, int64_t seen, int64_t allowed)
{
	if (!sight->taken || seen != 0 || allowed != 1)
		return VIOLATION_WRONG_PAGE;
	return sight->taken->flags & LITMUS_FOLL_WRITE ? VIOLATION_LOST_DMA : VIOLATION_STALE_DMA;
}

/* One value of the outcome `seen`, which differs from that of the outcome `allowed`. */
struct difference {
	const struct litmus_test *test;
	const int64_t *seen;
	const int64_t *allowed;
	int observable;
	/* Where it has been followed to: stores go round in circles, from task to task. */
	bool followed[LITMUS_MAX_TASKS][LITMUS_MAX_OPS];
};

static enum violation classify_sight(struct difference *difference, const struct sight *sight);

/*
 * The value may have come through a register that no longer shows it: then what is wrong is what
 * was wrong when that register was set.
 */
static enum violation follow(struct difference *difference, const struct sight *sight)
{
	const struct litmus_test *test = difference->test;
	struct writing writing;

	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			enum violation kind;
			struct sight source;

			if (!find_writing(test, t, i, sight, &writing) ||
			    find_written(test, &writing).known || difference->followed[t][i] ||
			    !is_visible(test, &writing, sight))
				continue;
			difference->followed[t][i] = true;
			source = register_sight(test, t, writing.op->value.reg, i);
			kind = classify_sight(difference, &source);
			if (kind != VIOLATION_WRONG_PAGE)
				return kind;
		}
	}
	return VIOLATION_WRONG_PAGE;
}

static enum violation classify_sight(struct difference *difference, const struct sight *sight)
{
	const struct litmus_test *test = difference->test;
	int64_t seen = difference->seen[difference->observable];
	int64_t allowed = difference->allowed[difference->observable];

	if (sight->by == SEEN_AS_RESULT)
		return VIOLATION_WRONG_PAGE;
	if (sight->by == SEEN_BY_PAGEMAP)
		return classify_pagemap(sight, seen, allowed);
	if (sight->by == SEEN_BY_DEVICE && !sight->taken)
		return VIOLATION_WRONG_PAGE;
	if (is_consequence(test, difference->seen, difference->allowed, difference->observable,
			   sight))
		return VIOLATION_NONE;

	unsigned wrote_seen = writers_of(test, difference->seen, sight, seen);
	unsigned wrote_allowed = writers_of(test, difference->allowed, sight, allowed);
	if (wrote_seen == WRITTEN_BY_STRANGER)
		return VIOLATION_LEAK;
	/* An error, or a value that can't come from this place. */
	if (wrote_seen == 0 || wrote_allowed == 0)
		return follow(difference, sight);
	if (sight->by == SEEN_BY_DEVICE)
		return VIOLATION_STALE_DMA;
	if (wrote_allowed & WRITTEN_BY_DEVICE)
		return VIOLATION_LOST_DMA;
	if (wrote_allowed & WRITTEN_BY_CPU)
		return VIOLATION_LOST_WRITE;
	return VIOLATION_WRONG_PAGE;
}

static enum violation classify_value(const struct litmus_test *test, const int64_t *seen,
				     const int64_t *allowed, int observable)
{
	const struct sight sight = sight_of(test, &test->observables[observable]);
	struct difference difference = {
		.test = test,
		.seen = seen,
		.allowed = allowed,
		.observable = observable,
	};

	return classify_sight(&difference, &sight);
}

static unsigned classify_against(const struct litmus_test *test, const int64_t *seen,
				 const int64_t *allowed)
{
	unsigned violations = VIOLATION_NONE;

	for (int i = 0; i < test->nr_observables; i++) {
		if (seen[i] != allowed[i])
			violations |= classify_value(test, seen, allowed, i);
	}
	/* Each the consequence of another: a value out of thin air. */
	return violations ? violations : VIOLATION_WRONG_PAGE;
}

unsigned spec_classify(const struct litmus_test *test, const struct run_result *spec,
		       const int64_t *values)
{
	unsigned nearest = VIOLATION_WRONG_PAGE; /* what is wrong, against the nearest outcome */
	int least = test->nr_observables + 1;

	for (int i = 0; i < spec->nr_outcomes; i++) {
		const int64_t *allowed = spec->outcomes[i].values;

		if (!allowed)
			continue;
		int nr = litmus_distance(test, values, allowed);
		if (nr == 0)
			return VIOLATION_NONE;
		if (nr > least)
			continue;
		/* Of two that are equally near, the one that explains every value is better. */
		unsigned violations = classify_against(test, values, allowed);
		if (nr < least ||
		    ((nearest & VIOLATION_WRONG_PAGE) && !(violations & VIOLATION_WRONG_PAGE)))
			nearest = violations;
		least = nr;
	}
	return nearest;
}
