/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task.c - processes, and how tasks and processes end */

#include <errno.h>

#include "spec/machine.h"

int spec_process_of(const struct spec_machine *m, int task)
{
	return m->test->tasks[task].process;
}

bool spec_process_runs(const struct spec_machine *m, int process)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_process_of(m, t) == process && m->tasks[t].life == LIFE_RUNS)
			return true;
	}
	return false;
}

bool spec_mm_lives(const struct spec_machine *m, int mm)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (m->tasks[t].event == EVENT_FORK &&
		    spec_process_of(m, spec_next_op(m, t)->task) == mm)
			return true;
	}
	return spec_process_runs(m, mm);
}

/* P0's memory is looked at when its process ends; and who was killed can't look. */
static bool observes(const struct spec_machine *m, int observable, int task)
{
	return m->test->observables[observable].kind == LITMUS_OBSERVE_MEMORY &&
	       m->test->observables[observable].task == task && !m->tasks[task].killed;
}

static const struct page *observed_page(const struct spec_machine *m, int observable)
{
	const struct litmus_observable *o = &m->test->observables[observable];

	return &m->pages[spec_process_of(m, o->task)][spec_page_of(m, o->addr)];
}

/* The page may have been discarded, or lost, by the time when it is looked at. */
static int observe_choices(const struct spec_machine *m, int task)
{
	int nr = 1;

	for (int i = 0; i < m->test->nr_observables; i++) {
		if (!observes(m, i, task))
			continue;
		nr *= spec_discard_choices(m, observed_page(m, i));
		nr *= observed_page(m, i)->flags & PAGE_LOSABLE ? 2 : 1;
	}
	return nr;
}

/* Note the memory that the outcome records of `task`, as its mm has it now; there is no monitor. */
static void observe(struct spec_machine *m, int task, int *choice)
{
	for (int i = 0; i < m->test->nr_observables; i++) {
		const struct litmus_observable *observable = &m->test->observables[i];
		const struct page *page;

		if (!observes(m, i, task))
			continue;
		page = observed_page(m, i);
		spec_may_discard(m, spec_process_of(m, task), spec_page_of(m, observable->addr),
				 choice);
		if (!spec_cpu_may(page, false))
			m->observed[i] = LITMUS_SIGSEGV;
		else if (spec_pick(choice, page->flags & PAGE_LOSABLE ? 2 : 1))
			m->observed[i] = LITMUS_SIGBUS;
		else
			m->observed[i] =
				m->cells[page->cell].word[spec_word_of(m, observable->addr)];
	}
}

static void end_task(struct spec_machine *m, int task, int *choice)
{
	if (task != 0)
		observe(m, task, choice);
	m->tasks[task].life = LIFE_ENDED;
}

/* All tasks have ended: the memory goes, then the handles. */
static void end_process(struct spec_machine *m, int process, int *choice)
{
	if (process == 0)
		observe(m, 0, choice);
	spec_drop_mm(m, process);
	for (int i = 0; i < m->nr_holds; i++) {
		if (spec_process_of(m, m->hold_task[i]) == process)
			spec_drop_hold(m, i);
	}
}

void spec_exit(struct spec_machine *m, int process)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_process_of(m, t) != process)
			continue;
		if (m->tasks[t].life == LIFE_RUNS)
			spec_stop_waiting(m, t);
		m->tasks[t].pc = (uint8_t)m->test->tasks[t].nr_ops;
	}
}

void spec_kill(struct spec_machine *m, int process, int64_t signal)
{
	int no_choice = 0;

	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_process_of(m, t) != process || m->tasks[t].life != LIFE_RUNS)
			continue;
		spec_stop_waiting(m, t);
		m->tasks[t].killed = (uint8_t)signal;
		end_task(m, t, &no_choice);
	}
	end_process(m, process, &no_choice);
}

/* Where P0's memory is part of the outcome, its process ends last. */
static bool may_end_process(const struct spec_machine *m, int process)
{
	if (process != 0 || !m->first_observed)
		return true;
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_process_of(m, t) != 0 && m->tasks[t].life == LIFE_RUNS)
			return false;
	}
	return true;
}

static bool is_last(const struct spec_machine *m, int task)
{
	int process = spec_process_of(m, task);

	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (t != task && spec_process_of(m, t) == process && m->tasks[t].life == LIFE_RUNS)
			return false;
	}
	return true;
}

int spec_end_choices(const struct spec_machine *m, int task)
{
	int process = spec_process_of(m, task);
	int nr = 1;

	if (task != 0)
		nr *= observe_choices(m, task);
	if (!is_last(m, task))
		return nr;
	if (!may_end_process(m, process))
		return 0;
	return process == 0 ? nr * observe_choices(m, 0) : nr;
}

void spec_end_task(struct spec_machine *m, int task, int choice)
{
	end_task(m, task, &choice);
	if (!spec_process_runs(m, spec_process_of(m, task)))
		end_process(m, spec_process_of(m, task), &choice);
}

/*
 * Where huge pages are scarce, fork() may find none for its copy of one that is pinned; of those
 * that are not it makes none.
 */
int spec_fork_choices(const struct spec_machine *m, int mm)
{
	for (int i = 0; m->has_limit && i < m->nr_holds; i++) {
		for (int page = 0; m->holds[i].pin && page < m->nr_pages; page++) {
			const struct page *p = &m->pages[mm][page];

			if (p->cell && p->cell == m->holds[i].cell && p->flags & PAGE_HUGETLB &&
			    !(p->flags & PAGE_SHARED))
				return 2;
		}
	}
	return 1;
}

/* A userfaultfd that has to be told that there is a child; -1: none, or none any more. */
static int untold(const struct spec_machine *m, int child)
{
	for (int i = 0; i < m->nr_pages; i++) {
		int uffd = m->pages[child][i].uffd - 1;

		if (uffd >= 0 && m->uffds[uffd].mm != child)
			return uffd;
	}
	return -1;
}

int64_t spec_fork(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int child = spec_process_of(m, op->task);

	if (choice)
		return -ENOMEM;
	if (m->tasks[task].event)
		spec_wait(m, task, 0, EVENT_NONE, 0);
	else
		spec_copy_mm(m, spec_process_of(m, task), child);
	int uffd = untold(m, child);
	if (uffd >= 0)
		spec_wait(m, task, uffd, EVENT_FORK, 0);
	else
		m->tasks[op->task].life = LIFE_RUNS;
	return 0;
}
