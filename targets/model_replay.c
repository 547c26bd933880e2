/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_replay.c - go through a schedule again, and describe the machine after each step */
#include "targets/model.h"
#include "targets/replay.h"
#include "targets/source_lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Append to a text that is cut off where it doesn't fit. */
__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
							 const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* A new line with an empty text; the last one is used again where there are too many. */
__attribute__((format(printf, 2, 3))) static struct view_line *new_line(struct view *view,
									const char *key, ...)
{
	int number = view->nr_lines < VIEW_MAX_LINES ? view->nr_lines++ : VIEW_MAX_LINES - 1;
	struct view_line *line = &view->lines[number];
	va_list args;

	va_start(args, key);
	vsnprintf(line->key, sizeof(line->key), key, args);
	va_end(args);
	line->text[0] = '\0';
	return line;
}

/* A page that is mapped at addr. */
static void describe_mapped(struct mm *mm, unsigned long addr, pte_t pte, char *text, size_t size)
{
	bool huge = mm_pmd_mapped(mm, addr);

	if (pte_special(pte))
		append(text, size, huge ? "huge zero page" : "zero page");
	else
		append(text, size, "frame %u", pte_pfn(pte));
	if (huge && !pte_special(pte))
		append(text, size, ", huge");
	append(text, size, ", %s",
	       pte_protnone(pte) ? "PROT_NONE"
	       : pte_write(pte)  ? "read-write"
				 : "read-only");
	if (pte & PTE_ACCESSED)
		append(text, size, ", accessed");
	if (pte_dirty(pte))
		append(text, size, ", dirty");
	if (pte_soft_dirty(pte))
		append(text, size, ", soft-dirty");
	if (pte_uffd_wp(pte))
		append(text, size, ", uffd-wp");
}

/* What stands for a page that is not there. */
static void describe_swap_entry(pte_t pte, char *text, size_t size)
{
	if (swp_type(pte) == SWP_DEVICE)
		append(text, size, "swapped out, slot %u", (unsigned)swp_offset(pte));
	else if (is_migration_entry(pte))
		append(text, size, "on its way, frame %u", (unsigned)swp_offset(pte));
	else
		append(text, size, "not there");
	if (pte & PTE_SWP_SOFT_DIRTY)
		append(text, size, ", soft-dirty");
	if (pte & PTE_SWP_UFFD_WP || pte_marker_uffd_wp(pte))
		append(text, size, ", uffd-wp");
	if (pte & PTE_SWP_EXCLUSIVE)
		append(text, size, ", exclusive");
}

/* The process's mm, as long as nobody takes it apart. */
static struct mm *view_mm(const struct model *model, int process)
{
	struct mm *mm = model->state->machine->mms;

	while (mm && mm != model->state->processes[process].mm)
		mm = mm->next;
	return mm;
}

static void view_process(const struct model *model, int process, struct view *view)
{
	const struct litmus_test *test = model->test;
	struct mm *mm = view_mm(model, process);

	for (int i = 0; mm && i < test->nr_objects; i++) {
		const struct litmus_object *object = &test->objects[i];

		for (int page = 0; page < object->nr_pages; page++) {
			struct litmus_addr addr = {.var = object->first_var, .page = page};
			unsigned long at = model_address(test, addr);
			pte_t pte = mm_pte(mm, at);
			struct view_line *line;

			if (pte_none(pte))
				continue;
			line = new_line(view, "P%d %s", process, test->vars[addr.var].name);
			if (object->nr_pages > 1)
				append(line->key, sizeof(line->key), "[%d]", page);
			if (pte_present(pte))
				describe_mapped(mm, at, pte, line->text, sizeof(line->text));
			else
				describe_swap_entry(pte, line->text, sizeof(line->text));
		}
	}
}

/* Who holds a frame, besides its mappings. */
struct holders {
	int references;
	int pins;
	int lru;
};

static struct holders count_holders(const struct model *model, const struct page *page)
{
	const struct machine *machine = model->state->machine;
	struct holders holders = {0};

	for (int task = 0; task < model->test->nr_tasks; task++) {
		for (int reg = 0; reg < model->test->tasks[task].nr_registers; reg++) {
			const struct model_handle *handle = &model->state->tasks[task].handles[reg];

			for (unsigned i = 0; i < handle->nr_held; i++) {
				if (handle->pages[i] != page)
					continue;
				holders.pins += handle->pinned;
				holders.references += !handle->pinned;
			}
		}
	}
	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++) {
		const struct lru_add_cache *cache = &machine->lru_add[cpu];

		for (unsigned i = 0; i < cache->nr; i++)
			holders.lru += cache->pages[i] == page;
	}
	return holders;
}

static void append_count(struct view_line *line, const char **separator, int count,
			 const char *what)
{
	if (!count)
		return;
	append(line->text, sizeof(line->text), "%s%d %s%s", *separator, count, what,
	       count > 1 ? "s" : "");
	*separator = " + ";
}

/* How many ints of a page this test gives a name to. */
static int named_words(const struct litmus_test *test)
{
	int words = 1;

	for (int i = 0; i < test->nr_objects; i++) {
		if (test->objects[i].nr_words > words)
			words = test->objects[i].nr_words;
	}
	return words;
}

static void view_frame(const struct model *model, const struct page *page, struct view *view)
{
	const struct machine *machine = model->state->machine;
	int flags = port_atomic_read(&page->flags);
	struct holders holders = count_holders(model, page);
	const uint32_t *words = page_words(machine, page);
	const struct page *head = pfn_to_page(machine, (pfn_t)port_atomic_read(&page->head));
	const char *separator = " = ";
	struct view_line *line;

	/* What nobody holds is free, in hugetlb's pool, say. */
	if (flags & (PG_FREE | PG_TABLE | PG_RESERVED) || !port_atomic_read(&head->refcount))
		return;
	line = new_line(view, "frame %u", page_to_pfn(machine, page));
	append(line->text, sizeof(line->text), "holds");
	for (int i = 0; i < named_words(model->test); i++)
		append(line->text, sizeof(line->text), " %d", (int)(int32_t)words[i]);
	if (head != page) {
		append(line->text, sizeof(line->text), "; of the huge page at frame %u",
		       page_to_pfn(machine, head));
		separator = "; ";
	} else {
		append(line->text, sizeof(line->text), "; refcount %d",
		       port_atomic_read(&page->refcount));
	}
	append_count(line, &separator, port_atomic_read(&page->entire_mapcount), "huge mapping");
	append_count(line, &separator, port_atomic_read(&page->mapcount), "mapping");
	append_count(line, &separator, holders.references, "reference");
	append_count(line, &separator, holders.pins, "pin");
	append_count(line, &separator, holders.lru, "LRU cache");
	append_count(line, &separator, flags & PG_SWAPCACHE ? 1 << page->order : 0, "swap cache");
	append_count(line, &separator, !!(flags & PG_SHMEM), "shmem");
	if (flags & PG_ANON_EXCLUSIVE)
		append(line->text, sizeof(line->text), "; exclusive");
	if (flags & PG_KSM)
		append(line->text, sizeof(line->text), "; merged");
	if (flags & PG_WRITEBACK)
		append(line->text, sizeof(line->text), "; under writeback");
	if (port_is_locked(&page->lock))
		append(line->text, sizeof(line->text), "; locked");
}

static void view_handles(const struct model *model, struct view *view)
{
	const struct machine *machine = model->state->machine;

	for (int task = 0; task < model->test->nr_tasks; task++) {
		const struct litmus_task *program = &model->test->tasks[task];

		for (int reg = 0; reg < program->nr_registers; reg++) {
			const struct model_handle *handle = &model->state->tasks[task].handles[reg];
			struct view_line *line;

			if (!handle->nr_pages)
				continue;
			line = new_line(view, "P%d:%s", task, program->registers[reg].name);
			append(line->text, sizeof(line->text), "%s%s on",
			       handle->pinned ? "pin" : "reference",
			       handle->nr_pages > 1 ? "s" : "");
			for (int i = 0; i < handle->nr_pages; i++) {
				pfn_t pfn = page_to_pfn(machine, model_handle_page(handle, i));

				append(line->text, sizeof(line->text), i ? ", " : " ");
				if (pfn == machine->zero_pfn)
					append(line->text, sizeof(line->text), "zero page");
				else
					append(line->text, sizeof(line->text), "frame %u", pfn);
			}
		}
	}
}

static void make_view(const struct model *model, struct view *view)
{
	const struct machine *machine = model->state->machine;

	view->nr_lines = 0;
	for (int process = 0; process < model->test->nr_tasks; process++)
		view_process(model, process, view);
	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++)
		view_frame(model, pfn_to_page(machine, pfn), view);
	view_handles(model, view);
}

/* What came of the step, in a few words. */
static void describe_result(const struct model *model, int task, const struct litmus_op *op,
			    char *text, size_t size)
{
	const struct model_task *state = &model->state->tasks[task];
	char value[32];

	text[0] = '\0';
	if (state->busy && check_can_resume((unsigned)task))
		snprintf(text, size, "is interrupted");
	else if (state->busy)
		snprintf(text, size, "waits for %s",
			 check_sleeps((unsigned)task) ? "the monitor" : "a lock");
	else if (state->status && !state->ended)
		snprintf(text, size, "%s", litmus_value_text(state->status, value, sizeof(value)));
	else if (op && op->dest >= 0)
		snprintf(text, size, "%s = %s", model->test->tasks[task].registers[op->dest].name,
			 litmus_value_text(state->registers[op->dest], value, sizeof(value)));
}

static bool is_possible(struct model *model, struct explore_move move)
{
	struct explore_move moves[EXPLORE_MAX_MOVES];
	int nr = model_moves(model, moves);

	for (int i = 0; i < nr; i++) {
		if (moves[i].task == move.task && moves[i].choice == move.choice)
			return true;
	}
	return false;
}

/* The lines of one step. What does not fit any more is left out. */
#define MAX_STEP_LINES 128

struct step_lines {
	struct source_lines *source;
	int nr;
	struct replay_line lines[MAX_STEP_LINES];
};

static void add_line(void *context)
{
	struct step_lines *lines = context;
	struct replay_line line;

	if (lines->nr == MAX_STEP_LINES || !source_lines_here(lines->source, &line))
		return;
	for (int i = 0; i < lines->nr; i++) {
		if (lines->lines[i].number == line.number &&
		    strcmp(lines->lines[i].file, line.file) == 0)
			return;
	}
	lines->lines[lines->nr++] = line;
}

static unsigned replay_move(struct model *model, struct explore_move move)
{
	return model->options->fine ? model_step_fine(model, move) : model_step(model, move);
}

static int replay_moves(struct model *model, const struct explore_move *schedule, int nr_moves,
			struct view *view, struct step_lines *lines, replay_fn *fn, void *context)
{
	struct replay_step step = {.task = -1, .result = "", .view = view, .lines = lines->lines};
	char result[64];

	make_view(model, view);
	fn(context, &step);
	for (int i = 0; i < nr_moves && !step.violations; i++) {
		if (!model->options->fine && !is_possible(model, schedule[i]))
			return -EINVAL;
		step.number++;
		step.task = schedule[i].task;
		step.op = model_next_op(model, step.task);
		step.is_part = model->options->fine && check_is_blocked((unsigned)step.task);
		lines->nr = 0;
		step.violations = replay_move(model, schedule[i]);
		/* What a task does of one operation without a break is one step to look at. */
		while (!step.violations && i + 1 < nr_moves && model->options->fine &&
		       schedule[i + 1].task == step.task && check_is_blocked((unsigned)step.task))
			step.violations = replay_move(model, schedule[++i]);
		step.detail = step.violations ? model->detail : NULL;
		step.is_part |= model->options->fine && check_is_blocked((unsigned)step.task);
		step.nr_lines = lines->nr;
		describe_result(model, step.task, step.op, result, sizeof(result));
		step.result = result;
		make_view(model, view);
		fn(context, &step);
	}
	return 0;
}

int model_replay(const struct litmus_test *test, const struct mm_rules *rules,
		 const struct run_options *options, const struct explore_move *schedule,
		 int nr_moves, replay_fn *fn, void *context)
{
	struct run_result result;
	struct model model;
	struct view *view = malloc(sizeof(*view));
	struct step_lines *lines = calloc(1, sizeof(*lines));
	int err = -ENOMEM;

	if (!view || !lines)
		goto out;
	err = model_init(&model, test, rules, options, &result);
	if (err)
		goto out;
	if (options->fine && options->source_lines)
		lines->source = source_lines_open();
	if (lines->source)
		check_watch_accesses(add_line, lines);
	err = replay_moves(&model, schedule, nr_moves, view, lines, fn, context);
	check_watch_accesses(NULL, NULL);
	source_lines_close(lines->source);
out:
	free(lines);
	free(view);
	return err;
}
