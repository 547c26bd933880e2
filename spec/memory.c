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

int spec_copy_cell(struct spec_machine *m, int from)
{
	int cell = new_cell(m, m->cells[from].home);

	memcpy(m->cells[cell].word, m->cells[from].word, sizeof(m->cells[cell].word));
	m->cells[cell].flags = m->cells[from].flags;
	return cell;
}

void spec_use_cell(struct spec_machine *m, int cell)
{
	if (m->cells[cell].users++ == 0)
		m->nr_cells++;
}

void spec_drop_cell(struct spec_machine *m, int cell)
{
	if (--m->cells[cell].users == 0)
		m->nr_cells--;
}

bool spec_is_anon(const struct page *page)
{
	return !(page->flags & (PAGE_SHARED | PAGE_HUGETLB)) && !page->file;
}

void spec_map_cell(struct spec_machine *m, int mm, int page, int cell, struct page attributes)
{
	attributes.cell = (uint16_t)cell;
	m->pages[mm][page] = attributes;
	spec_use_cell(m, cell);
}

void spec_map(struct spec_machine *m, int mm, int page, struct page attributes)
{
	spec_unmap(m, mm, page);
	int cell = new_cell(m, page);
	m->cells[cell].flags = (uint16_t)((attributes.flags & PAGE_SHARED ? 0 : CELL_HOLE) |
					  (m->has_uffd ? CELL_EMPTY : 0));
	spec_map_cell(m, mm, page, cell, attributes);
}

/* Nobody holds the file's page as an alias of this mm's any longer. */
static void part_from_file(struct spec_machine *m, int mm, int cell)
{
	for (int i = 0; i < m->nr_holds; i++) {
		if (m->holds[i].cell == cell && m->holds[i].mm == mm)
			m->holds[i].promise = PROMISE_LAG;
	}
}

void spec_unmap(struct spec_machine *m, int mm, int page)
{
	struct page *p = &m->pages[mm][page];

	if (!p->cell)
		return;
	if (spec_shows_file(m, p))
		part_from_file(m, mm, p->cell);
	spec_drop_cell(m, p->cell);
	memset(p, 0, sizeof(*p));
}

/* What is marked as protected stays so, but for private anonymous memory: there is no mark. */
void spec_discard(struct spec_machine *m, int mm, int page)
{
	struct page attributes = m->pages[mm][page];

	if (m->has_minor) {
		attributes.flags &= (uint16_t)~PAGE_IN_TABLE;
		attributes.flags |= PAGE_NOT_IN_TABLE;
	}
	if (attributes.flags & PAGE_SHARED) {
		m->pages[mm][page] = attributes;
		return;
	}
	if (spec_is_anon(&attributes))
		attributes.flags &= (uint16_t)~PAGE_PROTECTED;
	spec_unmap(m, mm, page);
	if (attributes.file)
		spec_map_cell(m, mm, page, m->files[attributes.file - 1], attributes);
	else
		spec_map(m, mm, page, attributes);
}

void spec_move(struct spec_machine *m, int mm, int from, int to)
{
	struct page moved = m->pages[mm][from];

	spec_unmap(m, mm, to);
	/* What moves away from its monitor is protected no more. */
	if (moved.uffd && !(m->uffds[moved.uffd - 1].features & LITMUS_UFFD_FEATURE_EVENT_REMAP))
		spec_unregister(&moved);
	spec_map_cell(m, mm, to, moved.cell, moved);
	/* Who holds a page of the file holds it still. */
	m->pages[mm][from].file = 0;
	spec_unmap(m, mm, from);
	if (!spec_shows_file(m, &moved))
		m->cells[moved.cell].home = (uint16_t)to;
}

/* What a child's page is like, before it has one. */
static struct page inherit(const struct spec_machine *m, const struct page *page)
{
	struct page inherited = *page;

	if (page->uffd && !(m->uffds[page->uffd - 1].features & LITMUS_UFFD_FEATURE_EVENT_FORK))
		spec_unregister(&inherited);
	if (m->has_limit && page->flags & PAGE_HUGETLB && !(page->flags & PAGE_SHARED))
		inherited.flags |= PAGE_LOSABLE;
	/* The page tables of what the page cache has are not copied. */
	if (m->has_minor && (page->flags & PAGE_SHARED || spec_shows_file(m, page))) {
		inherited.flags &= (uint16_t)~PAGE_IN_TABLE;
		inherited.flags |= PAGE_NOT_IN_TABLE;
	}
	return inherited;
}

void spec_copy_mm(struct spec_machine *m, int parent, int child)
{
	for (int page = 0; page < m->nr_pages; page++) {
		const struct page *p = &m->pages[parent][page];

		if (!p->cell || (p->flags & PAGE_DONTFORK))
			continue;
		struct page inherited = inherit(m, p);
		if (p->flags & PAGE_WIPEONFORK) {
			inherited.flags &= (uint16_t)~PAGE_PROTECTED;
			spec_map(m, child, page, inherited);
		} else if (p->flags & PAGE_SHARED || spec_shows_file(m, p)) {
			spec_map_cell(m, child, page, p->cell, inherited);
		} else {
			spec_map_cell(m, child, page, spec_copy_cell(m, p->cell), inherited);
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
	spec_use_cell(m, cell);
}

void spec_drop_hold(struct spec_machine *m, int hold)
{
	struct hold *h = &m->holds[hold];

	if (!h->cell)
		return;
	spec_drop_cell(m, h->cell);
	memset(h, 0, sizeof(*h));
}

void spec_move_hold(struct spec_machine *m, int hold, int cell)
{
	spec_use_cell(m, cell);
	spec_drop_cell(m, m->holds[hold].cell);
	m->holds[hold].cell = (uint16_t)cell;
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
 * It makes a difference whether a holder lets go of the cell if it may lag, and its task still has
 * something to do with it.
 */
int spec_lagging(const struct spec_machine *m, int cell, int holds[SPEC_MAX_HOLDS])
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

int spec_combinations(struct spec_machine *m, int nr_holds)
{
	if (nr_holds > SPEC_MAX_LAGGING) {
		m->too_many = true;
		nr_holds = SPEC_MAX_LAGGING;
	}
	return 1 << nr_holds;
}

int spec_lag_choices(struct spec_machine *m, int cell)
{
	int holds[SPEC_MAX_HOLDS];

	return spec_combinations(m, spec_lagging(m, cell, holds));
}

void spec_lag(struct spec_machine *m, int cell, int choice)
{
	int holds[SPEC_MAX_HOLDS];

	if (choice == 0)
		return;
	int nr = spec_lagging(m, cell, holds);
	int kept = spec_copy_cell(m, cell);
	for (int i = 0; i < nr && i < SPEC_MAX_LAGGING; i++) {
		if (choice & 1 << i)
			spec_move_hold(m, holds[i], kept);
	}
}

bool spec_cpu_may(const struct page *page, bool write)
{
	return page->cell && (write ? page->prot & LITMUS_PROT_WRITE : page->prot);
}

bool spec_gup_may(const struct spec_machine *m, const struct page *page, unsigned foll)
{
	bool force = foll & LITMUS_FOLL_FORCE;

	if (!page->cell)
		return false;
	if (page->flags & PAGE_HUGETLB && foll & LITMUS_FOLL_WRITE &&
	    spec_refuses(m, FORCE_HUGETLB))
		force = false;
	if (foll & LITMUS_FOLL_WRITE)
		return (page->prot & LITMUS_PROT_WRITE) || (force && !(page->flags & PAGE_SHARED));
	return (page->prot & LITMUS_PROT_READ) || force;
}

void spec_write(struct spec_machine *m, int cell, int word, int64_t value)
{
	m->cells[cell].word[word] = value;
	m->cells[cell].flags &= (uint16_t)~CELL_HOLE;
}
