/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event.c - tasks that wait for a userfaultfd's monitor, and its read() */

#include <errno.h>
#include <string.h>

#include "spec/machine.h"

void spec_wait(struct spec_machine *m, int task, int uffd, enum event event, int page)
{
	m->tasks[task].event = (uint8_t)event;
	m->tasks[task].uffd = (uint8_t)uffd;
	m->tasks[task].page = (uint8_t)page;
	m->tasks[task].was_read = 0;
}

static void go_on(struct task_state *task)
{
	task->event = EVENT_NONE;
	task->uffd = 0;
	task->page = 0;
	task->was_read = 0;
	task->error = 0;
	memset(task->untold, 0, sizeof(task->untold));
}

bool spec_is_told(enum event event)
{
	return event >= EVENT_FORK;
}

/* Room for both in one byte: see SPEC_MAX_UFFDS. */
static uint8_t pack(int uffd, enum event event)
{
	return (uint8_t)(event << 4 | (unsigned)uffd);
}

void spec_note(struct spec_machine *m, int task, int uffd, enum event event)
{
	uint8_t *untold = m->tasks[task].untold;
	int i = 0;

	while (untold[i])
		i++;
	untold[i] = pack(uffd, event);
}

int64_t spec_tell(struct spec_machine *m, int task)
{
	struct task_state *t = &m->tasks[task];
	int64_t result = -(int64_t)t->error;
	uint8_t next = t->untold[0];

	if (!next) {
		go_on(t);
		return result;
	}
	memmove(t->untold, t->untold + 1, SPEC_MAX_UNTOLD - 1);
	t->untold[SPEC_MAX_UNTOLD - 1] = 0;
	spec_wait(m, task, next & 0xf, (enum event)(next >> 4), 0);
	return 0;
}

void spec_wake(struct spec_machine *m, int uffd, int page, int nr_pages)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		struct task_state *task = &m->tasks[t];

		if (task->event && !spec_is_told(task->event) && task->uffd == uffd &&
		    task->page >= page && task->page < page + nr_pages)
			go_on(task);
	}
}

void spec_stop_waiting(struct spec_machine *m, int task)
{
	const struct litmus_op *op = spec_next_op(m, task);

	/* The child of a fork() that did not come to its end never ran. */
	if (m->tasks[task].event == EVENT_FORK)
		spec_drop_mm(m, spec_process_of(m, op->task));
	go_on(&m->tasks[task]);
	m->tasks[task].done = 0;
}

/* Is the task in a fork() whose child has memory that the userfaultfd knows nothing of yet? */
static bool is_forking(const struct spec_machine *m, int task, int uffd)
{
	int child;

	if (m->tasks[task].event != EVENT_FORK)
		return false;
	child = spec_process_of(m, spec_next_op(m, task)->task);
	for (int i = 0; i < m->nr_pages; i++) {
		if (m->pages[child][i].uffd == uffd + 1 && m->uffds[uffd].mm != child)
			return true;
	}
	return m->tasks[task].uffd == uffd;
}

bool spec_is_changing(const struct spec_machine *m, int uffd)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		const struct task_state *task = &m->tasks[t];

		if (spec_is_told(task->event) && task->uffd == uffd && task->was_read < 2)
			return true;
		if (is_forking(m, t, uffd))
			return true;
		for (int i = 0; i < SPEC_MAX_UNTOLD && task->untold[i]; i++) {
			if ((task->untold[i] & 0xf) == uffd)
				return true;
		}
	}
	return false;
}

/*
 * Events that can be read. Which of them came first nobody can know: those who wait can't tell.
 * Returns how many, and the tasks that wait.
 */
static int unread(const struct spec_machine *m, int uffd, int tasks[LITMUS_MAX_TASKS])
{
	int nr = 0;

	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (m->tasks[t].event && m->tasks[t].uffd == uffd && !m->tasks[t].was_read)
			tasks[nr++] = t;
	}
	return nr;
}

/* It will raise no event any more, unless one is raised for it to read. */
static bool is_idle(const struct spec_machine *m, int task)
{
	const struct litmus_op *op = spec_next_op(m, task);
	int tasks[LITMUS_MAX_TASKS];

	if (m->tasks[task].life != LIFE_RUNS || !op)
		return true;
	return op->code == LITMUS_READ && m->uffds[op->uffd].open &&
	       unread(m, op->uffd, tasks) == 0;
}

int spec_read_choices(const struct spec_machine *m, int task, const struct litmus_op *op)
{
	int tasks[LITMUS_MAX_TASKS];
	int nr = unread(m, op->uffd, tasks);

	if (!m->uffds[op->uffd].open)
		return 1;
	if (nr > 0)
		return nr;
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (t != task && !is_idle(m, t))
			return 0;
	}
	return 1;
}

/* Who gives the child's userfaultfd no name has it all the same: it stays open to the end. */
static void read_fork(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int child = spec_process_of(m, spec_next_op(m, task)->task);
	int uffd = op->uffd2 >= 0 ? op->uffd2 : m->test->nr_uffds + child;

	spec_close(m, uffd);
	m->uffds[uffd] = m->uffds[op->uffd];
	m->uffds[uffd].mm = (uint8_t)child;
	for (int i = 0; i < m->nr_pages; i++) {
		if (m->pages[child][i].uffd == op->uffd + 1)
			m->pages[child][i].uffd = (uint8_t)(uffd + 1);
	}
}

int64_t spec_read(struct spec_machine *m, const struct litmus_op *op, int choice)
{
	int tasks[LITMUS_MAX_TASKS];

	if (!m->uffds[op->uffd].open)
		return -EBADF;
	if (unread(m, op->uffd, tasks) == 0)
		return -EAGAIN;
	struct task_state *task = &m->tasks[tasks[choice]];
	task->was_read = 1;
	switch ((enum event)task->event) {
	case EVENT_MISSING:
		return LITMUS_UFFD_EVENT_PAGEFAULT;
	case EVENT_MISSING_WRITE:
		return LITMUS_UFFD_PAGEFAULT_FLAG_WRITE;
	case EVENT_WP:
		return LITMUS_UFFD_PAGEFAULT_FLAG_WP;
	case EVENT_MINOR:
		return LITMUS_UFFD_PAGEFAULT_FLAG_MINOR;
	case EVENT_FORK:
		read_fork(m, tasks[choice], op);
		return LITMUS_UFFD_EVENT_FORK;
	case EVENT_REMAP:
		return LITMUS_UFFD_EVENT_REMAP;
	case EVENT_REMOVE:
		return LITMUS_UFFD_EVENT_REMOVE;
	case EVENT_UNMAP:
		return LITMUS_UFFD_EVENT_UNMAP;
	case EVENT_NONE:
		break;
	}
	return 0;
}
