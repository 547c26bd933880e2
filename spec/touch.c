/* SPDX-License-Identifier: GPL-2.0-or-later */
/* touch.c - what happens to a page that the CPU or GUP comes to, and what they may wait for */

#include "spec/machine.h"

/*
 * handle_userfault() puts to sleep who allows FAULT_FLAG_ALLOW_RETRY, and gives SIGBUS to others.
 * The CPU allows it; GUP does where it may drop the mmap lock, that is, where `locked` is not
 * NULL. pin_user_pages() and get_user_pages() never have it, nor has ptrace(2); the slow path of
 * the _fast functions has it, as have the _remote functions where they are called with it, which
 * process_vm_readv(2) does, and MADV_POPULATE_*. With FOLL_LONGTERM it was NULL before v6.3.
 */
bool spec_may_wait(const struct spec_machine *m, const struct litmus_op *op)
{
	switch (op->code) {
	case LITMUS_GET_USER_PAGES:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
		return false;
	default:
		return !spec_is_gup(op->code) || !(op->flags & LITMUS_FOLL_LONGTERM) ||
		       !spec_refuses(m, LONGTERM_WAITS);
	}
}

int spec_discard_choices(const struct spec_machine *m, const struct page *page)
{
	return page->cell && m->cells[page->cell].flags & CELL_FREED ? 2 : 1;
}

void spec_may_discard(struct spec_machine *m, int mm, int page, int *choice)
{
	if (spec_pick(choice, spec_discard_choices(m, &m->pages[mm][page])))
		spec_discard(m, mm, page);
}

/* What it shows is in the page cache, whoever maps it. */
static bool is_cached(const struct spec_machine *m, const struct page *page)
{
	if (m->cells[page->cell].flags & CELL_EMPTY)
		return false;
	return (page->flags & PAGE_SHARED) || spec_shows_file(m, page);
}

/* Can't it be known whether there is an event? */
static bool is_unsettled(const struct spec_machine *m, const struct page *page)
{
	if (page->flags & PAGE_MISSING && m->cells[page->cell].flags & CELL_MAYBE)
		return true;
	return page->flags & PAGE_MINOR && is_cached(m, page) &&
	       !(page->flags & (PAGE_IN_TABLE | PAGE_NOT_IN_TABLE));
}

static void settle(struct spec_machine *m, struct page *page, bool is_there)
{
	struct cell *cell = &m->cells[page->cell];

	if (cell->flags & CELL_MAYBE) {
		cell->flags &= (uint16_t)~CELL_MAYBE;
		cell->flags |= is_there ? 0 : CELL_EMPTY;
	} else {
		page->flags |= is_there ? PAGE_IN_TABLE : PAGE_NOT_IN_TABLE;
	}
}

static enum event event_of(const struct spec_machine *m, const struct page *page, unsigned how)
{
	if (page->flags & PAGE_MISSING && m->cells[page->cell].flags & CELL_EMPTY)
		return how & TOUCH_WRITES ? EVENT_MISSING_WRITE : EVENT_MISSING;
	if (page->flags & PAGE_MINOR && page->flags & PAGE_NOT_IN_TABLE && is_cached(m, page))
		return EVENT_MINOR;
	if (how & TOUCH_WRITES && page->flags & PAGE_PROTECTED &&
	    !(m->uffds[page->uffd - 1].features & LITMUS_UFFD_FEATURE_WP_ASYNC))
		return EVENT_WP;
	return EVENT_NONE;
}

/* A fault in the middle of nothing may bring a huge page, and with it all that is around. */
static void populate_neighbours(struct spec_machine *m, int mm, int index)
{
	const struct page *page = &m->pages[mm][index];

	if (!m->may_be_huge[m->page_object[index]] || !spec_is_anon(page) ||
	    page->flags & PAGE_MISSING)
		return;
	for (int i = 0; i < m->nr_pages; i++) {
		const struct page *other = &m->pages[mm][i];
		struct cell *cell = &m->cells[other->cell];

		if (m->page_object[i] != m->page_object[index] || !other->cell ||
		    other->uffd != page->uffd || !(cell->flags & CELL_EMPTY))
			continue;
		cell->flags &= (uint16_t)~CELL_EMPTY;
		cell->flags |= CELL_MAYBE;
	}
}

static void populate(struct spec_machine *m, int mm, int index)
{
	struct page *page = &m->pages[mm][index];
	struct cell *cell = &m->cells[page->cell];
	bool was_empty = cell->flags & CELL_EMPTY;

	page->flags &= (uint16_t)~PAGE_OUT;
	cell->flags &= (uint16_t) ~(CELL_EMPTY | CELL_MAYBE);
	if (was_empty)
		populate_neighbours(m, mm, index);
	if (m->has_minor && is_cached(m, page)) {
		page->flags &= (uint16_t)~PAGE_NOT_IN_TABLE;
		page->flags |= PAGE_IN_TABLE;
	}
}

/* In how many ways can each of these go? */
struct ways {
	int discard; /* it was freed */
	int lose;    /* there is no huge page for it */
	int event;   /* there is one, or none */
	int copy;    /* holders of the page lag, or they don't; the page is copied from its file */
};

static struct ways ways_of(struct spec_machine *m, int mm, int index, unsigned how)
{
	const struct page *page = &m->pages[mm][index];
	struct ways ways = {
		.discard = spec_discard_choices(m, page),
		.lose = page->flags & PAGE_LOSABLE ? 2 : 1,
		.event = is_unsettled(m, page) ? 2 : 1,
		.copy = 1,
	};

	if (spec_shows_file(m, page)) {
		if (how & TOUCH_WRITES)
			ways.copy = spec_copy_choices(m, mm, page);
		else if (how & TOUCH_IS_GUP && m->has_pwrite)
			ways.copy = 2;
	} else if (how & TOUCH_STORES) {
		ways.copy = spec_lag_choices(m, page->cell);
	}
	return ways;
}

int spec_touch_choices(struct spec_machine *m, int mm, int page, unsigned how)
{
	struct ways ways = ways_of(m, mm, page, how);

	return ways.discard * ways.lose * ways.event * ways.copy;
}

/*
 * GUP may take the file's page, or copy it at once; mmap(2) leaves open which, and it makes a
 * difference only to what is written to the file later. A long-term pin is rather a copy.
 */
static void take_file_page(struct spec_machine *m, int mm, int index, unsigned how, int choice)
{
	if (choice == (how & TOUCH_LONGTERM ? 0 : 1))
		spec_copy_file(m, mm, index, 0);
}

static void write_page(struct spec_machine *m, int mm, int index, unsigned how, int choice)
{
	struct page *page = &m->pages[mm][index];

	page->flags &= (uint16_t)~PAGE_PROTECTED;
	if (spec_shows_file(m, page))
		spec_copy_file(m, mm, index, choice);
	else if (how & TOUCH_STORES)
		spec_lag(m, page->cell, choice);
	m->cells[page->cell].flags &= (uint16_t) ~(CELL_HOLE | CELL_FREED);
}

enum touched spec_touch(struct spec_machine *m, int task, int mm, int index, unsigned how,
			int *choice)
{
	struct page *page = &m->pages[mm][index];
	struct ways ways = ways_of(m, mm, index, how);

	spec_may_discard(m, mm, index, choice);
	if (spec_pick(choice, ways.lose))
		return TOUCHED_FAILS;
	if (ways.event > 1)
		settle(m, page, spec_pick(choice, ways.event));
	enum event event = event_of(m, page, how);
	if (event && !(how & TOUCH_WAITS))
		return TOUCHED_FAILS;
	if (event) {
		spec_wait(m, task, page->uffd - 1, event, index);
		return TOUCHED_WAITS;
	}
	populate(m, mm, index);
	if (how & TOUCH_WRITES)
		write_page(m, mm, index, how, spec_pick(choice, ways.copy));
	else if (how & TOUCH_IS_GUP && spec_shows_file(m, page))
		take_file_page(m, mm, index, how, spec_pick(choice, ways.copy));
	return TOUCHED;
}
