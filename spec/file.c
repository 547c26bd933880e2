/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.c - pages of files, and those of private mappings that still show them */

#include "spec/machine.h"

bool spec_shows_file(const struct spec_machine *m, const struct page *page)
{
	return page->file && page->cell == m->files[page->file - 1];
}

/* Those who hold the file's page on behalf of `mm` and need not go on with its copy. */
static int staying(const struct spec_machine *m, int mm, int cell, int holds[SPEC_MAX_HOLDS])
{
	int nr_lagging = spec_lagging(m, cell, holds);
	int nr = 0;

	for (int i = 0; i < nr_lagging; i++) {
		if (m->holds[holds[i]].mm == mm)
			holds[nr++] = holds[i];
	}
	return nr;
}

int spec_copy_choices(struct spec_machine *m, int mm, const struct page *page)
{
	int holds[SPEC_MAX_HOLDS];

	return spec_combinations(m, staying(m, mm, page->cell, holds));
}

void spec_copy_file(struct spec_machine *m, int mm, int index, int choice)
{
	struct page *page = &m->pages[mm][index];
	int file = page->cell;
	int holds[SPEC_MAX_HOLDS];
	int nr = staying(m, mm, file, holds);
	int own = spec_copy_cell(m, file);

	m->cells[own].home = (uint16_t)index;
	page->cell = (uint16_t)own;
	page->flags &= (uint16_t) ~(PAGE_IN_TABLE | PAGE_NOT_IN_TABLE);
	spec_use_cell(m, own);
	spec_drop_cell(m, file);
	for (int i = 0; i < nr; i++) {
		if (!(choice & 1 << i))
			spec_move_hold(m, holds[i], own);
	}
	/* Whoever has the promise of an alias goes wherever its owner goes. */
	for (int i = 0; i < m->nr_holds; i++) {
		if (m->holds[i].cell == file && m->holds[i].mm == mm &&
		    m->holds[i].promise != PROMISE_LAG)
			spec_move_hold(m, i, own);
	}
}

int64_t spec_pread(const struct spec_machine *m, const struct litmus_op *op)
{
	return m->cells[m->files[spec_page_of(m, op->addr)]].word[spec_word_of(m, op->addr)];
}

int64_t spec_pwrite(struct spec_machine *m, int task, const struct litmus_op *op)
{
	spec_write(m, m->files[spec_page_of(m, op->addr)], spec_word_of(m, op->addr),
		   spec_value_of(m, task, op->value));
	return 0;
}
