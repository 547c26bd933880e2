/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replay.c - spec_replay(): one schedule again, with a view of the machine after each step */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/machine.h"
#include "spec/spec.h"
#include "targets/replay.h"

#define VIEW_WIDTH 78 /* of key and text together, with a space between them */

struct replay {
	struct spec_machine machine;
	struct hold holds_before[SPEC_MAX_HOLDS]; /* as they were before the step */
	struct page pages_before[LITMUS_MAX_TASKS][SPEC_MAX_PAGES];
	struct view view;
	char result[64];
	char detail[VIEW_TEXT_SIZE];
};

/* Text that is cut with "..." where it would get too wide. */
struct line {
	char *text;
	size_t width;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
	size_t room = line->width + 1 - line->used;
	va_list args;

	va_start(args, format);
	int length = vsnprintf(line->text + line->used, room, format, args);
	va_end(args);
	if (length < 0)
		return;
	if ((size_t)length < room) {
		line->used += (size_t)length;
		return;
	}
	line->used = line->width;
	memcpy(line->text + line->width - 3, "...", 4);
}

/* A new line of the view with this key; its text is still empty. */
__attribute__((format(printf, 2, 3))) static struct line add_line(struct view *view,
								  const char *format, ...)
{
	va_list args;

	/* The last line of a view that is full is written over: there is no room to say more. */
	if (view->nr_lines < VIEW_MAX_LINES)
		view->nr_lines++;
	struct view_line *line = &view->lines[view->nr_lines - 1];
	va_start(args, format);
	vsnprintf(line->key, sizeof(line->key), format, args);
	va_end(args);
	line->text[0] = '\0';
	return (struct line){line->text, VIEW_WIDTH - 1 - strlen(line->key), 0};
}

/* The name of word 0 of a page, "x" or "x[1]". */
static const char *page_name(const struct spec_machine *m, int page, char *buf, size_t size)
{
	int object = m->page_object[page];
	const char *name = m->test->vars[m->test->objects[object].first_var].name;

	if (page == m->first_page[object])
		snprintf(buf, size, "%.16s", name);
	else
		snprintf(buf, size, "%.16s[%d]", name, page - m->first_page[object]);
	return buf;
}

static void put_holder(const struct spec_machine *m, struct line *line, int hold)
{
	int task = m->hold_task[hold];
	int reg = m->hold_register[hold];
	int page = hold - m->first_hold[m->first_register[task] + reg];

	put(line, "P%d:%s", task, m->test->tasks[task].registers[reg].name);
	if (m->test->tasks[task].registers[reg].handle_pages > 1)
		put(line, "[%d]", page);
}

static void put_holders(const struct spec_machine *m, struct line *line, int cell, bool pin,
			bool lags, const char *what)
{
	const char *before = what;

	for (int i = 0; i < m->nr_holds; i++) {
		const struct hold *hold = &m->holds[i];

		if (hold->cell != cell || hold->pin != pin ||
		    (hold->promise == PROMISE_LAG) != lags)
			continue;
		put(line, "%s ", before);
		put_holder(m, line, i);
		before = ",";
	}
}

static const char *uffd_name(const struct spec_machine *m, int uffd)
{
	return uffd < m->test->nr_uffds ? m->test->uffds[uffd] : "(no name)";
}

static void put_registration(const struct spec_machine *m, struct line *line,
			     const struct page *page)
{
	if (!page->uffd)
		return;
	put(line, "; %.16s:", uffd_name(m, page->uffd - 1));
	if (page->flags & PAGE_MISSING)
		put(line, " missing");
	if (page->flags & PAGE_WP)
		put(line, " wp");
	if (page->flags & PAGE_MINOR)
		put(line, " minor");
	if (page->flags & PAGE_PROTECTED)
		put(line, ", protected");
}

static void view_mm(const struct spec_machine *m, struct view *view, int mm)
{
	char name[32];

	for (int i = 0; i < m->nr_pages; i++) {
		const struct page *page = &m->pages[mm][i];

		if (!page->cell)
			continue;
		struct line line =
			add_line(view, "P%d %s", mm, page_name(m, i, name, sizeof(name)));
		put(&line, "cell %d %c%c", page->cell, page->prot & LITMUS_PROT_READ ? 'r' : '-',
		    page->prot & LITMUS_PROT_WRITE ? 'w' : '-');
		if (page->flags & PAGE_SHARED)
			put(&line, " shared");
		if (page->flags & PAGE_DONTFORK)
			put(&line, " dontfork");
		if (page->flags & PAGE_WIPEONFORK)
			put(&line, " wipeonfork");
		if (page->flags & PAGE_HUGETLB)
			put(&line, " hugetlb");
		if (spec_shows_file(m, page))
			put(&line, " of the file");
		put_registration(m, &line, page);
	}
}

/* The file whose page this cell is: the page's number plus 1, or 0. */
static int file_of(const struct spec_machine *m, int cell)
{
	for (int i = 0; i < m->nr_pages; i++) {
		if (cell && m->files[i] == cell)
			return i + 1;
	}
	return 0;
}

static void view_cell(const struct spec_machine *m, struct view *view, int cell)
{
	const struct cell *c = &m->cells[cell];
	const struct litmus_object *object = &m->test->objects[m->page_object[c->home]];
	struct line line = add_line(view, "cell %d", cell);
	char name[32];

	put(&line, "%s=%lld", page_name(m, c->home, name, sizeof(name)), (long long)c->word[0]);
	for (int word = 1; word < object->nr_words; word++)
		put(&line, ", %.16s=%lld", m->test->vars[object->first_var + word].name,
		    (long long)c->word[word]);
	if (file_of(m, cell))
		put(&line, "; in the file");
	if (c->flags & CELL_EMPTY)
		put(&line, "; untouched");
	if (c->flags & CELL_MAYBE)
		put(&line, "; untouched, but perhaps there");
	if (c->flags & CELL_FREED)
		put(&line, "; freed");
	put_holders(m, &line, cell, true, false, "; pinned by");
	put_holders(m, &line, cell, true, true, "; pinned, may lag:");
	put_holders(m, &line, cell, false, false, "; referenced by");
	put_holders(m, &line, cell, false, true, "; referenced, may lag:");
	for (int i = 0; i < m->nr_holds; i++) {
		if (m->holds[i].cell != cell || !m->holds[i].locked)
			continue;
		put(&line, "; locked by ");
		put_holder(m, &line, i);
	}
}

static void view_uffd(const struct spec_machine *m, struct view *view, int uffd)
{
	const struct uffd_state *u = &m->uffds[uffd];
	struct line line = add_line(view, "%.16s", uffd_name(m, uffd));

	put(&line, "userfaultfd of P%d", u->mm);
	if (u->features & LITMUS_UFFD_FEATURE_EVENT_FORK)
		put(&line, ", event-fork");
	if (u->features & LITMUS_UFFD_FEATURE_EVENT_REMAP)
		put(&line, ", event-remap");
	if (u->features & LITMUS_UFFD_FEATURE_EVENT_REMOVE)
		put(&line, ", event-remove");
	if (u->features & LITMUS_UFFD_FEATURE_EVENT_UNMAP)
		put(&line, ", event-unmap");
	if (u->features & LITMUS_UFFD_FEATURE_WP_UNPOPULATED)
		put(&line, ", wp-unpopulated");
	if (u->features & LITMUS_UFFD_FEATURE_WP_ASYNC)
		put(&line, ", wp-async");
}

static void view_waiting(const struct spec_machine *m, struct view *view, int t)
{
	static const char *const what[] = {
		[EVENT_MISSING] = "missing page",
		[EVENT_MISSING_WRITE] = "missing page, to write",
		[EVENT_WP] = "write-protected page",
		[EVENT_MINOR] = "page that is not in its page table",
		[EVENT_FORK] = "child",
		[EVENT_REMAP] = "move",
		[EVENT_REMOVE] = "discard",
		[EVENT_UNMAP] = "unmapping",
	};
	const struct task_state *task = &m->tasks[t];
	struct line line = add_line(view, "P%d waits", t);
	char name[32];

	put(&line, "%s", what[task->event]);
	if (!spec_is_told(task->event))
		put(&line, " %s", page_name(m, task->page, name, sizeof(name)));
	put(&line, "; %.16s %s it", uffd_name(m, task->uffd),
	    task->was_read ? "has shown" : "is to show");
}

/* Mappings of each process, then the cells with those who hold them, then who waits for whom. */
static void fill_view(struct replay *r)
{
	const struct spec_machine *m = &r->machine;

	r->view.nr_lines = 0;
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (m->test->tasks[t].process == t)
			view_mm(m, &r->view, t);
	}
	for (int cell = 1; cell <= m->cells_top; cell++) {
		if (m->cells[cell].users > 0)
			view_cell(m, &r->view, cell);
	}
	for (int uffd = 0; uffd < m->nr_uffds; uffd++) {
		if (m->uffds[uffd].open)
			view_uffd(m, &r->view, uffd);
	}
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (m->tasks[t].event)
			view_waiting(m, &r->view, t);
	}
}

/* "r0 = 2", "SIGSEGV", "waits" or "". */
static void fill_result(struct replay *r, int task, const struct litmus_op *op, bool killed)
{
	const struct spec_machine *m = &r->machine;
	char value[32];

	r->result[0] = '\0';
	if (killed) {
		litmus_value_text(spec_status(m, task), r->result, sizeof(r->result));
	} else if (m->tasks[task].event) {
		snprintf(r->result, sizeof(r->result), "waits");
	} else if (op && op->dest >= 0) {
		litmus_value_text(m->registers[m->first_register[task] + op->dest], value,
				  sizeof(value));
		snprintf(r->result, sizeof(r->result), "%.24s = %s",
			 m->test->tasks[task].registers[op->dest].name, value);
	}
}

/* Has an mm's page been copied from the file's, while this hold still has the latter? */
static bool missed_copy(const struct replay *r, const struct hold *was, const struct hold *is)
{
	const struct page *before = r->pages_before[was->mm];
	const struct page *now = r->machine.pages[was->mm];
	int file = file_of(&r->machine, is->cell);

	for (int i = 0; file && i < r->machine.nr_pages; i++) {
		if (before[i].file == file && before[i].cell == was->cell && now[i].cell &&
		    now[i].file == file && now[i].cell != before[i].cell)
			return true;
	}
	return false;
}

/* Does any page of the mm that it was taken from show what is held? */
static bool is_seen(const struct spec_machine *m, const struct hold *hold)
{
	for (int i = 0; i < m->nr_pages; i++) {
		if (m->pages[hold->mm][i].cell == hold->cell)
			return true;
	}
	return false;
}

/* Name the holders that the step has left behind. Returns NULL if there is none. */
static const char *fill_detail(struct replay *r)
{
	struct line line = {r->detail, VIEW_WIDTH, 0};
	const char *before = "";

	for (int i = 0; i < r->machine.nr_holds; i++) {
		const struct hold *was = &r->holds_before[i];
		const struct hold *is = &r->machine.holds[i];

		if (!was->cell || !is->cell)
			continue;
		if (was->cell == is->cell ? !missed_copy(r, was, is) : is_seen(&r->machine, is))
			continue;
		put(&line, "%s", before);
		put_holder(&r->machine, &line, i);
		before = ", ";
	}
	if (line.used == 0)
		return NULL;
	put(&line, " now lags: it keeps the page as it was");
	return r->detail;
}

static bool is_possible(struct spec_machine *m, struct explore_move move)
{
	struct explore_move moves[EXPLORE_MAX_MOVES];
	int nr = spec_machine_moves(m, moves);

	for (int i = 0; i < nr; i++) {
		if (moves[i].task == move.task && moves[i].choice == move.choice)
			return true;
	}
	return false;
}

static void replay_step(struct replay *r, struct explore_move move, struct replay_step *step)
{
	struct spec_machine *m = &r->machine;
	bool was_killed = m->tasks[move.task].killed;

	step->task = move.task;
	step->op = spec_next_op(m, move.task);
	memcpy(r->holds_before, m->holds, sizeof(r->holds_before));
	memcpy(r->pages_before, m->pages, sizeof(r->pages_before));
	spec_machine_step(m, move);
	fill_result(r, move.task, step->op, !was_killed && m->tasks[move.task].killed);
	step->detail = fill_detail(r);
	if (spec_machine_stuck(m)) {
		step->violations = VIOLATION_DEADLOCK;
		step->detail = SPEC_STUCK;
	}
	fill_view(r);
}

int spec_replay(const struct litmus_test *test, const struct run_options *options,
		const struct explore_move *schedule, int nr_moves, replay_fn *fn, void *context)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	spec_machine_init(&r->machine, test, options->strict);
	fill_view(r);
	struct replay_step first = {.task = -1, .result = r->result, .view = &r->view};
	fn(context, &first);

	for (int i = 0; i < nr_moves; i++) {
		struct replay_step step = {.number = i + 1, .result = r->result, .view = &r->view};

		if (!is_possible(&r->machine, schedule[i])) {
			free(r);
			return -EINVAL;
		}
		replay_step(r, schedule[i], &step);
		fn(context, &step);
	}
	free(r);
	return 0;
}
