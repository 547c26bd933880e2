/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classify.c - spec_classify(): what is wrong with an outcome that the spec does not allow */

#include <errno.h>

#include "spec/sight.h"
#include "spec/spec.h"

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

			if (!spec_find_writing(test, t, i, sight, &writing))
				continue;
			written = spec_find_written(test, &writing).observable;
			if (written >= 0 && written != observable &&
			    seen[written] == seen[observable] &&
			    allowed[written] == allowed[observable])
				return true;
		}
	}
	return false;
}

/* Is the memory there ever protected for a userfaultfd? */
static bool is_protected(const struct litmus_test *test, struct place place)
{
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];
			struct place at;

			if ((op->code != LITMUS_UFFDIO_WRITEPROTECT &&
			     op->code != LITMUS_UFFDIO_COPY &&
			     op->code != LITMUS_UFFDIO_CONTINUE) ||
			    !(op->flags & LITMUS_UFFDIO_MODE_WP))
				continue;
			at = spec_place_of(test, op->addr);
			if (litmus_moves(test) ||
			    (at.object == place.object && at.page <= place.page &&
			     place.page < at.page + (op->nr_pages > 0 ? op->nr_pages : 1)))
				return true;
		}
	}
	return false;
}

static bool is_write(const struct litmus_op *op)
{
	if (litmus_op_info(op->code)->makes_handle)
		return op->flags & LITMUS_FOLL_WRITE;
	return op->code == LITMUS_PTRACE_POKEDATA || op->code == LITMUS_PROCESS_VM_WRITEV;
}

/*
 * Where GUP can't wait for the monitor it fails, and takes fewer pages than it was asked for, or
 * none. It has to where it would write to a protected page, and only there.
 */
static enum violation classify_gup(const struct litmus_test *test, const struct sight *sight,
				   int64_t seen, int64_t allowed)
{
	if (!is_protected(test, sight->place))
		return VIOLATION_WRONG_PAGE;
	if (seen < allowed && (seen >= 0 || seen == -EFAULT || seen == -EIO))
		return VIOLATION_SPURIOUS_WP;
	if (seen > allowed && (allowed >= 0 || allowed == -EFAULT || allowed == -EIO) &&
	    is_write(sight->taken))
		return VIOLATION_MISSED_WP;
	return VIOLATION_WRONG_PAGE;
}

static enum violation classify_mark(int64_t seen, int64_t allowed)
{
	if (seen == 0 && allowed == 1)
		return VIOLATION_MISSED_WP;
	if (seen == 1 && allowed == 0)
		return VIOLATION_SPURIOUS_WP;
	return VIOLATION_WRONG_PAGE;
}

/* What monitors read of writes to protected pages, in all of an outcome. */
static int nr_wp_events(const struct litmus_test *test, const int64_t *values)
{
	int nr = 0;

	for (int i = 0; i < test->nr_observables; i++)
		nr += spec_sight_of(test, &test->observables[i]).by == SEEN_BY_MONITOR &&
		      values[i] == LITMUS_UFFD_PAGEFAULT_FLAG_WP;
	return nr;
}

/* One event too few or too many, and all that come after it are read in another place. */
static enum violation classify_events(const struct litmus_test *test, const int64_t *seen,
				      const int64_t *allowed)
{
	int nr_seen = nr_wp_events(test, seen);
	int nr_allowed = nr_wp_events(test, allowed);

	if (nr_seen == nr_allowed)
		return VIOLATION_WRONG_PAGE;
	return nr_seen < nr_allowed ? VIOLATION_MISSED_WP : VIOLATION_SPURIOUS_WP;
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

			if (!spec_find_writing(test, t, i, sight, &writing) ||
			    spec_find_written(test, &writing).known || difference->followed[t][i] ||
			    !spec_is_visible(test, &writing, sight))
				continue;
			difference->followed[t][i] = true;
			source = spec_register_sight(test, t, writing.op->value.reg, i);
			kind = classify_sight(difference, &source);
			if (kind != VIOLATION_WRONG_PAGE)
				return kind;
		}
	}
	return VIOLATION_WRONG_PAGE;
}

/* Was less taken than should have been? Then what is wrong is wrong with the handle. */
static bool took_less(const struct difference *difference, const struct sight *sight)
{
	const struct litmus_test *test = difference->test;

	if ((sight->by != SEEN_BY_DEVICE && sight->by != SEEN_BY_PAGEMAP) || !sight->taken)
		return false;
	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *observable = &test->observables[i];

		if (observable->kind == LITMUS_OBSERVE_REGISTER &&
		    observable->task == sight->task && observable->reg == sight->taken->dest)
			return difference->seen[i] < difference->allowed[i];
	}
	return false;
}

static enum violation classify_sight(struct difference *difference, const struct sight *sight)
{
	const struct litmus_test *test = difference->test;
	int64_t seen = difference->seen[difference->observable];
	int64_t allowed = difference->allowed[difference->observable];

	if (sight->by == SEEN_AS_RESULT)
		return VIOLATION_WRONG_PAGE;
	if (seen == -EBADF && took_less(difference, sight))
		return VIOLATION_NONE;
	if (sight->by == SEEN_BY_PAGEMAP)
		return classify_pagemap(sight, seen, allowed);
	if (sight->by == SEEN_BY_MONITOR)
		return classify_events(test, difference->seen, difference->allowed);
	if (sight->by == SEEN_AS_MARK)
		return classify_mark(seen, allowed);
	if (sight->by == SEEN_BY_GUP)
		return classify_gup(test, sight, seen, allowed);
	if (sight->by == SEEN_BY_CPU && sight->taken && sight->taken->code != LITMUS_LOAD &&
	    (seen == -EFAULT || seen == -EIO))
		return classify_gup(test, sight, seen, allowed);
	if (sight->by == SEEN_BY_DEVICE && !sight->taken)
		return VIOLATION_WRONG_PAGE;
	if (is_consequence(test, difference->seen, difference->allowed, difference->observable,
			   sight))
		return VIOLATION_NONE;

	unsigned wrote_seen = spec_writers_of(test, difference->seen, sight, seen);
	unsigned wrote_allowed = spec_writers_of(test, difference->allowed, sight, allowed);
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
	const struct sight sight = spec_sight_of(test, &test->observables[observable]);
	struct difference difference = {
		.test = test,
		.seen = seen,
		.allowed = allowed,
		.observable = observable,
	};

	return classify_sight(&difference, &sight);
}

/*
 * Who should have waited and did not, or the other way round, is early or late: then others see in
 * memory what was there at another time. That is no wrong of its own.
 */
static bool is_untimely(const struct litmus_test *test, const int64_t *seen, int observable)
{
	const struct sight sight = spec_sight_of(test, &test->observables[observable]);
	unsigned writers;

	if (sight.by != SEEN_BY_CPU && (sight.by != SEEN_BY_DEVICE || !sight.taken))
		return false;
	writers = spec_writers_of(test, seen, &sight, seen[observable]);
	return writers && writers != WRITTEN_BY_STRANGER;
}

static unsigned classify_against(const struct litmus_test *test, const int64_t *seen,
				 const int64_t *allowed)
{
	enum violation kinds[LITMUS_MAX_OBSERVABLES] = {VIOLATION_NONE};
	unsigned violations = VIOLATION_NONE;
	bool other_times = false;

	for (int i = 0; i < test->nr_observables; i++) {
		if (seen[i] == allowed[i])
			continue;
		kinds[i] = classify_value(test, seen, allowed, i);
		if (spec_sight_of(test, &test->observables[i]).by == SEEN_BY_MONITOR)
			other_times |= kinds[i] != VIOLATION_WRONG_PAGE;
	}
	for (int i = 0; i < test->nr_observables; i++) {
		if (kinds[i] && !(other_times && is_untimely(test, seen, i)))
			violations |= kinds[i];
	}
	/* Each the consequence of another: a value out of thin air. */
	return violations ? violations : VIOLATION_WRONG_PAGE;
}

/* Does the kernel show what is protected, where anything is? Not all do. */
static bool shows_marks(const struct litmus_test *test, const int64_t *values)
{
	for (int i = 0; i < test->nr_observables; i++) {
		if (values[i] == 1 && spec_sight_of(test, &test->observables[i]).by == SEEN_AS_MARK)
			return true;
	}
	return false;
}

/* Are there outcomes of a kernel that does? */
static bool may_show_marks(const struct litmus_test *test, const struct run_result *spec)
{
	for (int i = 0; i < spec->nr_outcomes; i++) {
		if (spec->outcomes[i].values && shows_marks(test, spec->outcomes[i].values))
			return true;
	}
	return false;
}

unsigned spec_classify(const struct litmus_test *test, const struct run_result *spec,
		       const int64_t *values)
{
	unsigned nearest = VIOLATION_WRONG_PAGE; /* what is wrong, against the nearest outcome */
	int least = test->nr_observables + 1;
	/* One that does is not held against one that does not. */
	bool marks = shows_marks(test, values) && may_show_marks(test, spec);

	for (int i = 0; i < spec->nr_outcomes; i++) {
		const int64_t *allowed = spec->outcomes[i].values;

		if (!allowed || (marks && !shows_marks(test, allowed)))
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

void spec_classify_result(const struct litmus_test *test, const struct run_result *spec,
			  struct run_result *result)
{
	for (int i = 0; i < result->nr_outcomes; i++) {
		struct outcome *outcome = &result->outcomes[i];

		if (outcome->values)
			outcome->violations = spec_classify(test, spec, outcome->values);
	}
}
