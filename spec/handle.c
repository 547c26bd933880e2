/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handle.c - taking pages, and what the device does through a handle */

#include <errno.h>

#include "spec/machine.h"

/* The hold that a handle operation names, or NULL if there is no page. */
static struct hold *hold_of(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int reg = m->first_register[task] + op->handle;
	struct hold *hold = &m->holds[m->first_hold[reg] + op->handle_page];

	return hold->cell ? hold : NULL;
}

int spec_drop_handle(struct spec_machine *m, int task, int reg)
{
	int first = m->first_hold[m->first_register[task] + reg];
	int nr = 0;

	for (int i = 0; i < m->test->tasks[task].registers[reg].handle_pages; i++) {
		nr += m->holds[first + i].cell != 0;
		spec_drop_hold(m, first + i);
	}
	return nr;
}

bool spec_is_gup(enum litmus_opcode code)
{
	switch (code) {
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return true;
	default:
		return false;
	}
}

static bool is_pin(enum litmus_opcode code)
{
	return code == LITMUS_PIN_USER_PAGES || code == LITMUS_PIN_USER_PAGES_FAST ||
	       code == LITMUS_PIN_USER_PAGES_REMOTE || code == LITMUS_IOV_ITER_EXTRACT_PAGES;
}

int spec_gup_mm(const struct spec_machine *m, int task, const struct litmus_op *op)
{
	bool remote = op->code == LITMUS_GET_USER_PAGES_REMOTE ||
		      op->code == LITMUS_PIN_USER_PAGES_REMOTE;

	return spec_process_of(m, remote ? op->task : task);
}

static unsigned gup_how(const struct spec_machine *m, const struct litmus_op *op)
{
	return TOUCH_IS_GUP | (op->flags & LITMUS_FOLL_WRITE ? TOUCH_WRITES : 0) |
	       (op->flags & LITMUS_FOLL_LONGTERM ? TOUCH_LONGTERM : 0) |
	       (spec_may_wait(m, op) ? TOUCH_WAITS : 0);
}

/* Hold the page, which has been touched. */
static void take_page(struct spec_machine *m, const struct litmus_op *op, int mm, int hold,
		      const struct page *page)
{
	const struct taking taking = {
		.pin = is_pin(op->code),
		.write = op->flags & LITMUS_FOLL_WRITE,
		.longterm = op->flags & LITMUS_FOLL_LONGTERM,
		.hole = m->cells[page->cell].flags & CELL_HOLE || spec_shows_file(m, page),
		.shared = page->flags & PAGE_SHARED,
		.writable = page->prot & LITMUS_PROT_WRITE,
	};

	spec_hold(m, hold, page->cell,
		  (struct hold){
			  .word = (uint8_t)spec_word_of(m, op->addr),
			  .mm = (uint8_t)mm,
			  .promise = (uint8_t)promise_of(taking, m->strict),
			  .pin = taking.pin,
		  });
}

/*
 * Take pages from `mm` into the handle op->dest. Returns their number, or -EFAULT. A task that has
 * to wait in the middle keeps what it has, and goes on from there.
 */
static int take_pages(struct spec_machine *m, int task, const struct litmus_op *op, int mm,
		      int choice)
{
	int first_page = spec_page_of(m, op->addr);
	int first_hold = m->first_hold[m->first_register[task] + op->dest];
	int nr = m->tasks[task].done;

	for (; nr < op->nr_pages; nr++) {
		const struct page *page = &m->pages[mm][first_page + nr];

		if (!spec_gup_may(m, page, op->flags))
			break;
		enum touched touched =
			spec_touch(m, task, mm, first_page + nr, gup_how(m, op), &choice);
		if (touched == TOUCHED_FAILS)
			break;
		if (touched == TOUCHED_WAITS) {
			m->tasks[task].done = (uint8_t)nr;
			return 0;
		}
		take_page(m, op, mm, first_hold + nr, page);
	}
	return nr > 0 ? nr : -EFAULT;
}

int spec_gup_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int mm = spec_gup_mm(m, task, op);
	int nr = 1;

	for (int i = m->tasks[task].done; i < op->nr_pages; i++) {
		int page = spec_page_of(m, op->addr) + i;

		if (!spec_gup_may(m, &m->pages[mm][page], op->flags))
			break;
		nr *= spec_touch_choices(m, mm, page, gup_how(m, op));
	}
	return nr;
}

/* FOLL_LONGTERM without FOLL_PIN is -EINVAL since v6.3. */
int64_t spec_gup(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_gup_mm(m, task, op);

	if (!spec_process_runs(m, mm))
		return -ESRCH;
	if (op->flags & LITMUS_FOLL_LONGTERM && !is_pin(op->code) && spec_refuses(m, GET_LONGTERM))
		return -EINVAL;
	return take_pages(m, task, op, mm, choice);
}

static bool page_is_locked(const struct spec_machine *m, int cell)
{
	for (int i = 0; i < m->nr_holds; i++) {
		if (m->holds[i].cell == cell && m->holds[i].locked)
			return true;
	}
	return false;
}

/* Which answers may pagemap() give, apart from those that depend on who lags? */
enum pagemap {
	PAGEMAP_NO,
	PAGEMAP_YES,
	PAGEMAP_EITHER,
	PAGEMAP_LAGS, /* yes, unless the holder lets go now */
};

static enum pagemap pagemap(const struct spec_machine *m, int mm, const struct page *page,
			    const struct hold *hold)
{
	bool same = page->cell == hold->cell;

	if (!page->cell)
		return PAGEMAP_NO;
	/* What is in the page cache need not be in the page table, even while it is mapped. */
	if (same && (page->flags & PAGE_SHARED || spec_shows_file(m, page)))
		return PAGEMAP_EITHER;
	if (same)
		return hold->promise == PROMISE_LAG ? PAGEMAP_LAGS : PAGEMAP_YES;
	if (hold->promise != PROMISE_LAG)
		return PAGEMAP_NO;
	/* Both may be the zero page; or two mms may still share what a fork has left them. */
	if (hold->mm != mm || (m->cells[page->cell].flags & m->cells[hold->cell].flags & CELL_HOLE))
		return PAGEMAP_EITHER;
	return PAGEMAP_NO;
}

static int pagemap_choices(struct spec_machine *m, int mm, const struct page *page,
			   const struct hold *hold)
{
	switch (pagemap(m, mm, page, hold)) {
	case PAGEMAP_EITHER:
		return 2;
	case PAGEMAP_LAGS:
		return spec_lag_choices(m, hold->cell);
	default:
		return 1;
	}
}

/* Paged out, or not. */
static int out_choices(const struct page *page)
{
	return page->flags & PAGE_OUT ? 2 : 1;
}

int spec_handle_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	const struct hold *hold = hold_of(m, task, op);
	int mm = spec_process_of(m, task);
	const struct page *page;

	if (!hold)
		return 1;
	switch (op->code) {
	case LITMUS_DMA_WRITE:
		return spec_lag_choices(m, hold->cell);
	case LITMUS_PAGEMAP:
		page = spec_page(m, mm, op);
		return spec_discard_choices(m, page) * out_choices(page) *
		       pagemap_choices(m, mm, page, hold);
	case LITMUS_LOCK_PAGE:
		return !page_is_locked(m, hold->cell);
	default:
		return 1;
	}
}

int64_t spec_use_handle(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	struct hold *hold = hold_of(m, task, op);
	int mm = spec_process_of(m, task);
	const struct page *page;

	if (!hold)
		return -EBADF;
	switch (op->code) {
	case LITMUS_DMA_READ:
		return m->cells[hold->cell].word[hold->word];
	case LITMUS_DMA_WRITE:
		spec_lag(m, hold->cell, choice);
		spec_write(m, hold->cell, hold->word, spec_value_of(m, task, op->value));
		return 0;
	case LITMUS_PAGEMAP:
		page = spec_page(m, mm, op);
		spec_may_discard(m, mm, spec_page_of(m, op->addr), &choice);
		if (spec_pick(&choice, out_choices(page)))
			return 0;
		switch (pagemap(m, mm, page, hold)) {
		case PAGEMAP_NO:
			return 0;
		case PAGEMAP_YES:
			return 1;
		case PAGEMAP_EITHER:
			return choice;
		case PAGEMAP_LAGS:
			spec_lag(m, hold->cell, choice);
			return page->cell == hold->cell;
		}
		return 0;
	case LITMUS_LOCK_PAGE:
		hold->locked = 1;
		return 0;
	default: /* LITMUS_UNLOCK_PAGE */
		hold->locked = 0;
		return 0;
	}
}
