/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - the ideal machine: its initial state, saving and loading, moves and outcome */

#include "spec/machine.h"

#include <string.h>

static bool uses_cell(enum litmus_opcode code)
{
	return code == LITMUS_DMA_READ || code == LITMUS_DMA_WRITE || code == LITMUS_PAGEMAP ||
	       code == LITMUS_LOCK_PAGE || code == LITMUS_UNLOCK_PAGE;
}

static int last_use(const struct litmus_task *task, int reg, int page)
{
	for (int pc = task->nr_ops - 1; pc >= 0; pc--) {
		const struct litmus_op *op = &task->ops[pc];

		if (uses_cell(op->code) && op->handle == reg && op->handle_page == page)
			return pc;
	}
	return -1;
}

/* Number the pages, registers and holds. */
static void lay_out(struct spec_machine *m)
{
	const struct litmus_test *test = m->test;

	for (int o = 0; o < test->nr_objects; o++) {
		m->first_page[o] = m->nr_pages;
		for (int page = 0; page < test->objects[o].nr_pages; page++)
			m->page_object[m->nr_pages++] = o;
	}
	for (int t = 0; t < test->nr_tasks; t++) {
		const struct litmus_task *task = &test->tasks[t];

		m->first_register[t] = m->nr_registers;
		for (int reg = 0; reg < task->nr_registers; reg++) {
			m->first_hold[m->nr_registers++] = m->nr_holds;
			if (task->registers[reg].type != LITMUS_HANDLE)
				continue;
			for (int page = 0; page < task->registers[reg].handle_pages; page++) {
				m->hold_task[m->nr_holds] = t;
				m->hold_register[m->nr_holds] = reg;
				m->last_use[m->nr_holds++] = last_use(task, reg, page);
			}
		}
	}
	for (int i = 0; i < test->nr_observables; i++) {
		if (test->observables[i].kind == LITMUS_OBSERVE_MEMORY)
			m->observed[i] = LITMUS_SIGSEGV;
	}
	m->first_observed = litmus_observes_memory(test, 0);
}

static bool registers_minor(const struct litmus_test *test)
{
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			if (op->code == LITMUS_UFFDIO_REGISTER &&
			    op->flags & LITMUS_UFFDIO_REGISTER_MODE_MINOR)
				return true;
		}
	}
	return false;
}

static bool asks_event_fork(const struct litmus_test *test)
{
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			if (op->code == LITMUS_USERFAULTFD &&
			    op->flags & LITMUS_UFFD_FEATURE_EVENT_FORK)
				return true;
		}
	}
	return false;
}

static bool advises_huge(const struct litmus_test *test)
{
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			if (op->code == LITMUS_MADVISE && op->flags == LITMUS_MADV_HUGEPAGE)
				return true;
		}
	}
	return false;
}

/* What of the machine the test has to do with: the rest of its state need not be kept. */
static void find_uses(struct spec_machine *m)
{
	const struct litmus_test *test = m->test;

	m->has_uffd = litmus_uses(test, LITMUS_USERFAULTFD);
	m->nr_uffds = test->nr_uffds + (asks_event_fork(test) ? test->nr_tasks : 0);
	m->has_minor = registers_minor(test);
	m->has_pwrite = litmus_uses(test, LITMUS_PWRITE);
	m->has_pagemap = litmus_uses(test, LITMUS_PAGEMAP);
	m->has_limit = test->nr_hugepages >= 0;
	for (int o = 0; o < test->nr_objects; o++) {
		const struct litmus_object *object = &test->objects[o];
		enum litmus_backing backing = object->kind.backing;

		/* Mappings that are made there have pages of the same size. */
		if (backing == LITMUS_UNMAPPED && object->like >= 0)
			backing = test->objects[object->like].kind.backing;
		m->may_be_huge[o] = backing == LITMUS_THP || advises_huge(test);
	}
}

/* Of a huge page all is there once P0 has written to one part. */
static bool is_there(const struct litmus_object *object, int page)
{
	for (int i = 0; i < object->nr_pages && object->kind.backing == LITMUS_THP; i++) {
		if (object->initialised[i])
			return true;
	}
	return object->initialised[page];
}

/* P0's memory, as P0 has left it. */
static void map_object(struct spec_machine *m, int o)
{
	const struct litmus_object *object = &m->test->objects[o];
	enum litmus_backing backing = object->kind.backing;
	bool shared = backing == LITMUS_SHARED || backing == LITMUS_SHARED_HUGETLB;
	bool hugetlb = backing == LITMUS_HUGETLB || backing == LITMUS_SHARED_HUGETLB;
	bool file = backing == LITMUS_FILE;

	if (backing == LITMUS_UNMAPPED)
		return;
	for (int i = 0; i < object->nr_pages; i++) {
		int page = m->first_page[o] + i;
		struct page attributes = {
			.offset = (uint8_t)i,
			.prot = LITMUS_PROT_READ | LITMUS_PROT_WRITE,
			.flags = (uint16_t)((shared ? PAGE_SHARED : 0) |
					    (hugetlb ? PAGE_HUGETLB : 0) |
					    (file && m->has_minor ? PAGE_NOT_IN_TABLE : 0)),
			.file = (uint8_t)(file ? page + 1 : 0),
		};

		spec_map(m, 0, page, attributes);
		struct cell *cell = &m->cells[m->pages[0][page].cell];
		if (object->initialised[i])
			memcpy(cell->word, object->value[i], sizeof(cell->word));
		if (is_there(object, i) || file)
			cell->flags = 0;
		if (file) {
			m->files[page] = m->pages[0][page].cell;
			spec_use_cell(m, m->files[page]);
		}
	}
}

void spec_machine_init(struct spec_machine *m, const struct litmus_test *test, bool strict)
{
	memset(m, 0, sizeof(*m));
	m->test = test;
	m->strict = strict;
	lay_out(m);
	find_uses(m);
	for (int o = 0; o < test->nr_objects; o++)
		map_object(m, o);
	for (int t = 0; t < test->nr_tasks; t++) {
		enum litmus_birth birth = test->tasks[t].birth;

		if (birth == LITMUS_BORN_FIRST || birth == LITMUS_BORN_START)
			m->tasks[t].life = LIFE_RUNS;
	}
}

/* An mm has the lowest number of its tasks. */
static bool has_mm(const struct spec_machine *m, int task)
{
	return m->test->tasks[task].process == task;
}

static bool is_file(const struct spec_machine *m, int page)
{
	return m->test->objects[m->page_object[page]].kind.backing == LITMUS_FILE;
}

static size_t nr_file_pages(const struct spec_machine *m)
{
	size_t nr = 0;

	for (int page = 0; page < m->nr_pages; page++)
		nr += is_file(m, page);
	return nr;
}

size_t spec_machine_size(const struct spec_machine *m)
{
	size_t nr_mms = 0;

	for (int t = 0; t < m->test->nr_tasks; t++)
		nr_mms += has_mm(m, t);
	return (size_t)m->test->nr_tasks * sizeof(m->tasks[0]) + sizeof(m->completed) +
	       sizeof(m->answered) + (size_t)m->nr_registers * sizeof(m->registers[0]) +
	       (size_t)m->test->nr_observables * sizeof(m->observed[0]) +
	       nr_mms * (size_t)m->nr_pages * sizeof(struct page) +
	       (size_t)m->nr_holds * sizeof(struct hold) + nr_file_pages(m) * sizeof(m->files[0]) +
	       (size_t)m->nr_uffds * sizeof(m->uffds[0]) +
	       (size_t)m->nr_cells * sizeof(struct cell);
}

static unsigned char *put(unsigned char *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

static const unsigned char *get(const unsigned char *from, void *to, size_t size)
{
	memcpy(to, from, size);
	return from + size;
}

/*
 * Cells are numbered in the order in which pages and holds name them, so that states that differ
 * only in the cells' numbers are saved as the same bytes.
 */
struct numbering {
	uint16_t number[SPEC_MAX_CELLS]; /* 0: not named yet */
	uint16_t cell[SPEC_MAX_CELLS];   /* by number */
	int nr;
};

static uint16_t number_of(struct numbering *numbering, uint16_t cell)
{
	if (cell && !numbering->number[cell]) {
		numbering->number[cell] = (uint16_t)++numbering->nr;
		numbering->cell[numbering->nr] = cell;
	}
	return numbering->number[cell];
}

void spec_machine_save(const struct spec_machine *m, void *to)
{
	unsigned char *at = to;
	struct numbering numbering;

	memset(numbering.number, 0, ((size_t)m->cells_top + 1) * sizeof(numbering.number[0]));
	numbering.nr = 0;

	at = put(at, m->tasks, (size_t)m->test->nr_tasks * sizeof(m->tasks[0]));
	at = put(at, &m->completed, sizeof(m->completed));
	at = put(at, m->answered, sizeof(m->answered));
	at = put(at, m->registers, (size_t)m->nr_registers * sizeof(m->registers[0]));
	at = put(at, m->observed, (size_t)m->test->nr_observables * sizeof(m->observed[0]));
	for (int t = 0; t < m->test->nr_tasks; t++) {
		for (int i = 0; has_mm(m, t) && i < m->nr_pages; i++) {
			struct page page = m->pages[t][i];

			page.cell = number_of(&numbering, page.cell);
			at = put(at, &page, sizeof(page));
		}
	}
	for (int i = 0; i < m->nr_holds; i++) {
		struct hold hold = m->holds[i];

		hold.cell = number_of(&numbering, hold.cell);
		at = put(at, &hold, sizeof(hold));
	}
	for (int i = 0; i < m->nr_pages; i++) {
		uint16_t file = is_file(m, i) ? number_of(&numbering, m->files[i]) : 0;

		if (is_file(m, i))
			at = put(at, &file, sizeof(file));
	}
	at = put(at, m->uffds, (size_t)m->nr_uffds * sizeof(m->uffds[0]));
	for (int i = 1; i <= numbering.nr; i++)
		at = put(at, &m->cells[numbering.cell[i]], sizeof(struct cell));
}

void spec_machine_load(struct spec_machine *m, const void *from)
{
	const unsigned char *at = from;
	int nr_cells = 0;

	at = get(at, m->tasks, (size_t)m->test->nr_tasks * sizeof(m->tasks[0]));
	at = get(at, &m->completed, sizeof(m->completed));
	at = get(at, m->answered, sizeof(m->answered));
	at = get(at, m->registers, (size_t)m->nr_registers * sizeof(m->registers[0]));
	at = get(at, m->observed, (size_t)m->test->nr_observables * sizeof(m->observed[0]));
	for (int t = 0; t < m->test->nr_tasks; t++) {
		for (int i = 0; has_mm(m, t) && i < m->nr_pages; i++) {
			at = get(at, &m->pages[t][i], sizeof(struct page));
			if (m->pages[t][i].cell > nr_cells)
				nr_cells = m->pages[t][i].cell;
		}
	}
	for (int i = 0; i < m->nr_holds; i++) {
		at = get(at, &m->holds[i], sizeof(struct hold));
		if (m->holds[i].cell > nr_cells)
			nr_cells = m->holds[i].cell;
	}
	for (int i = 0; i < m->nr_pages; i++) {
		if (!is_file(m, i))
			continue;
		at = get(at, &m->files[i], sizeof(m->files[i]));
		if (m->files[i] > nr_cells)
			nr_cells = m->files[i];
	}
	at = get(at, m->uffds, (size_t)m->nr_uffds * sizeof(m->uffds[0]));
	get(at, &m->cells[1], (size_t)nr_cells * sizeof(struct cell));
	m->nr_cells = nr_cells;
	m->cells_top = nr_cells;
}

int spec_machine_moves(struct spec_machine *m, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	int nr = 0;

	for (int t = 0; t < m->test->nr_tasks; t++) {
		int nr_choices = spec_op_choices(m, t);

		for (int choice = 0; choice < nr_choices; choice++) {
			if (nr == EXPLORE_MAX_MOVES) {
				m->too_many = true;
				return nr;
			}
			moves[nr++] = (struct explore_move){(int16_t)t, (int16_t)choice};
		}
	}
	return nr;
}

void spec_machine_step(struct spec_machine *m, struct explore_move move)
{
	spec_op_step(m, move.task, move.choice);
}

bool spec_machine_stuck(struct spec_machine *m)
{
	bool running = false;

	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (spec_op_choices(m, t) > 0)
			return false;
		running |= m->tasks[t].life == LIFE_RUNS;
	}
	return running;
}

int64_t spec_status(const struct spec_machine *m, int task)
{
	int signal = m->tasks[task].killed;

	return signal ? (LITMUS_SIGSEGV & ~INT64_C(0xff)) | signal : 0;
}

void spec_machine_values(const struct spec_machine *m, int64_t *values)
{
	for (int i = 0; i < m->test->nr_observables; i++) {
		const struct litmus_observable *observable = &m->test->observables[i];

		switch (observable->kind) {
		case LITMUS_OBSERVE_REGISTER:
			values[i] =
				m->registers[m->first_register[observable->task] + observable->reg];
			break;
		case LITMUS_OBSERVE_STATUS:
			values[i] = spec_status(m, observable->task);
			break;
		case LITMUS_OBSERVE_MEMORY:
			values[i] = m->observed[i];
			break;
		}
	}
}
