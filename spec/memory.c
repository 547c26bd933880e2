/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - cells, and the pages and holds that name them */

#include "spec/machine.h"

#include <string.h>

/* A free cell, zeroed, with no user yet. There always is one: see SPEC_MAX_CELLS. */
static int new_cell(struct spec_machine *m, int home)
{
	int cell = 1;

	while (cell <= m->cells_top && m->cells[cell].users > 0)
		cell++;
	if (cell > m->cells_top)
		m->cells_top = cell;
	memset(&m->cells[cell], 0, sizeof(m->cells[cell]));
	m->cells[cell].home = (uint16_t)home;
	return cell;
}

static int copy_cell(struct spec_machine *m, int from)
{
	int cell = new_cell(m, m->cells[from].home);

	memcpy(m->cells[cell].word, m->cells[from].word, sizeof(m->cells[cell].word));
	m->cells[cell].hole = m->cells[from].hole;
	return cell;
}

static void use_cell(struct spec_machine *m, int cell)
{
	if (m->cells[cell].users++ == 0)
		m->nr_cells++;
}

static void drop_cell(struct spec_machine *m, int cell)
{
	if (--m->cells[cell].users == 0)
		m->nr_cells--;
}

static void set_page(struct spec_machine *m, int mm, int page, int cell, struct page attributes)
{
	attributes.cell = (uint16_t)cell;
	m->pages[mm][page] = attributes;
	use_cell(m, cell);
}

void spec_map(struct spec_machine *m, int mm, int page, struct page attributes)
{
	spec_unmap(m, mm, page);
	int cell = new_cell(m, page);
	m->cells[cell].hole = !(attributes.flags & PAGE_SHARED);
	set_page(m, mm, page, cell, attributes);
}

void spec_unmap(struct spec_machine *m, int mm, int page)
{
	struct page *p = &m->pages[mm][page];

	if (!p->cell)
		return;
	drop_cell(m, p->cell);
	memset(p, 0, sizeof(*p));
}

void spec_discard(struct spec_machine *m, int mm, int page)
{
	struct page attributes = m->pages[mm][page];

	if (!(attributes.flags & PAGE_SHARED))
		spec_map(m, mm, page, attributes);
}

void spec_move(struct spec_machine *m, int mm, int from, int to)
{
	struct page moved = m->pages[mm][from];

	spec_unmap(m, mm, to);
	set_page(m, mm, to, moved.cell, moved);
	spec_unmap(m, mm, from);
	m->cells[moved.cell].home = (uint16_t)to;
}

void spec_copy_mm(struct spec_machine *m, int parent, int child)
{
	for (int page = 0; page < m->nr_pages; page++) {
		const struct page *p = &m->pages[parent][page];

		if (!p->cell || (p->flags & PAGE_DONTFORK))
			continue;
		if (p->flags & PAGE_WIPEONFORK) {
			spec_map(m, child, page, *p);
		} else if (p->flags & PAGE_SHARED) {
			set_page(m, child, page, p->cell, *p);
		} else {
			set_page(m, child, page, copy_cell(m, p->cell), *p);
			spec_weaken(m, p->cell);
		}
	}
}

void spec_drop_mm(struct spec_machine *m, int mm)
{
	for (int page = 0; page < m->nr_pages; page++)
		spec_unmap(m, mm, page);
}

void spec_hold(struct spec_machine *m, int hold, int cell, struct hold attributes)
{
	attributes.cell = (uint16_t)cell;
	m->holds[hold] = attributes;
	use_cell(m, cell);
}

void spec_drop_hold(struct spec_machine *m, int hold)
{
	struct hold *h = &m->holds[hold];

	if (!h->cell)
		return;
	drop_cell(m, h->cell);
	memset(h, 0, sizeof(*h));
}

void spec_weaken(struct spec_machine *m, int cell)
{
	for (int i = 0; i < m->nr_holds; i++) {
		struct hold *hold = &m->holds[i];

		if (hold->cell == cell && hold->promise == PROMISE_ALIAS_UNTIL_SHARED)
			hold->promise = PROMISE_LAG;
	}
}

/*
 * The holders of the cell for which it makes a difference whether they let go of it: they may lag,
 * and their task still has something to do with them. Returns how many.
 */
static int lagging(const struct spec_machine *m, int cell, int holds[SPEC_MAX_HOLDS])
{
	int nr = 0;

	for (int i = 0; i < m->nr_holds; i++) {
		const struct task_state *task = &m->tasks[m->hold_task[i]];

		if (m->holds[i].cell == cell && m->holds[i].promise == PROMISE_LAG &&
		    task->life == LIFE_RUNS && task->pc <= m->last_use[i])
			holds[nr++] = i;
	}
	return nr;
}

int spec_lag_choices(struct spec_machine *m, int cell)
{
	int holds[SPEC_MAX_HOLDS];
	int nr = lagging(m, cell, holds);

	if (nr > SPEC_MAX_LAGGING) {
		m->too_many = true;
		nr = SPEC_MAX_LAGGING;
	}
	return 1 << nr;
}

void spec_lag(struct spec_machine *m, int cell, int choice)
{
	int holds[SPEC_MAX_HOLDS];

	if (choice == 0)
		return;
	int nr = lagging(m, cell, holds);
	int kept = copy_cell(m, cell);
	for (int i = 0; i < nr && i < SPEC_MAX_LAGGING; i++) {
		if (!(choice & 1 << i))
			continue;
		m->holds[holds[i]].cell = (uint16_t)kept;
		use_cell(m, kept);
		drop_cell(m, cell);
	}
}

bool spec_cpu_may(const struct page *page, bool write)
{
	return page->cell && (write ? page->prot & LITMUS_PROT_WRITE : page->prot);
}

bool spec_gup_may(const struct page *page, unsigned foll)
{
	bool force = foll & LITMUS_FOLL_FORCE;

	if (!page->cell)
		return false;
	if (foll & LITMUS_FOLL_WRITE)
		return (page->prot & LITMUS_PROT_WRITE) || (force && !(page->flags & PAGE_SHARED));
	return (page->prot & LITMUS_PROT_READ) || force;
}

void spec_write(struct spec_machine *m, int cell, int word, int64_t value)
{
	m->cells[cell].word[word] = value;
	m->cells[cell].hole = 0;
}
