/* SPDX-License-Identifier: GPL-2.0-or-later */
/* task.c - processes, and how tasks and processes end */

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

/* Note the memory that the outcome records of `task`, as its mm has it now. */
static void observe(struct spec_machine *m, int task)
{
	for (int i = 0; i < m->test->nr_observables; i++) {
		const struct litmus_observable *observable = &m->test->observables[i];

		if (observable->kind != LITMUS_OBSERVE_MEMORY || observable->task != task)
			continue;
		const struct page *page =
			&m->pages[spec_process_of(m, task)][spec_page_of(m, observable->addr)];
		m->observed[i] =
			spec_cpu_may(page, false)
				? m->cells[page->cell].word[spec_word_of(m, observable->addr)]
				: LITMUS_SIGSEGV;
	}
}

static void end_task(struct spec_machine *m, int task)
{
	/* P0's memory is looked at when its process ends; and who was killed can't look. */
	if (task != 0 && !m->tasks[task].killed)
		observe(m, task);
	m->tasks[task].life = LIFE_ENDED;
}

/* All tasks have ended: the memory goes, then the handles. */
static void end_process(struct spec_machine *m, int process)
{
	if (process == 0 && !m->tasks[0].killed)
		observe(m, 0);
	spec_drop_mm(m, process);
	for (int i = 0; i < m->nr_holds; i++) {
		if (spec_process_of(m, m->hold_task[i]) == process)
			spec_drop_hold(m, i);
	}
}

void spec_exit(struct spec_machine *m, int process)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_process_of(m, t) == process)
			m->tasks[t].pc = (uint8_t)m->test->tasks[t].nr_ops;
	}
}

void spec_kill(struct spec_machine *m, int process)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_process_of(m, t) != process || m->tasks[t].life != LIFE_RUNS)
			continue;
		m->tasks[t].killed = true;
		end_task(m, t);
	}
	end_process(m, process);
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

bool spec_may_end(const struct spec_machine *m, int task)
{
	int process = spec_process_of(m, task);

	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (t != task && spec_process_of(m, t) == process && m->tasks[t].life == LIFE_RUNS)
			return true;
	}
	return may_end_process(m, process);
}

void spec_end_task(struct spec_machine *m, int task)
{
	end_task(m, task);
	if (!spec_process_runs(m, spec_process_of(m, task)))
		end_process(m, spec_process_of(m, task));
}
