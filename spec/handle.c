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

/* Take pages from `mm` into the handle op->dest. Returns their number, or -EFAULT. */
static int take_pages(struct spec_machine *m, int task, const struct litmus_op *op, int mm,
		      bool pin)
{
	int first_page = spec_page_of(m, op->addr);
	int first_hold = m->first_hold[m->first_register[task] + op->dest];
	int nr = 0;

	for (; nr < op->nr_pages; nr++) {
		const struct page *page = &m->pages[mm][first_page + nr];
		if (!spec_gup_may(page, op->flags))
			break;

		struct cell *cell = &m->cells[page->cell];
		if (op->flags & LITMUS_FOLL_WRITE)
			cell->hole = 0;
		struct taking taking = {
			.pin = pin,
			.write = op->flags & LITMUS_FOLL_WRITE,
			.longterm = op->flags & LITMUS_FOLL_LONGTERM,
			.hole = cell->hole,
			.shared = page->flags & PAGE_SHARED,
			.writable = page->prot & LITMUS_PROT_WRITE,
		};
		struct hold hold = {
			.word = (uint8_t)spec_word_of(m, op->addr),
			.mm = (uint8_t)mm,
			.promise = (uint8_t)promise_of(taking, m->strict),
			.pin = pin,
		};
		spec_hold(m, first_hold + nr, page->cell, hold);
	}
	return nr > 0 ? nr : -EFAULT;
}

/* FOLL_LONGTERM without FOLL_PIN is -EINVAL since v6.3. */
static bool is_questionable(const struct litmus_op *op)
{
	bool get = op->code == LITMUS_GET_USER_PAGES || op->code == LITMUS_GET_USER_PAGES_FAST ||
		   op->code == LITMUS_GET_USER_PAGES_REMOTE;

	return get && (op->flags & LITMUS_FOLL_LONGTERM);
}

int spec_gup_choices(const struct spec_machine *m, const struct litmus_op *op)
{
	return is_questionable(op) ? spec_answers(m, GET_LONGTERM) : 1;
}

int64_t spec_gup(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	bool pin = false;
	int mm = spec_process_of(m, task);

	switch (op->code) {
	case LITMUS_GET_USER_PAGES_REMOTE:
		mm = spec_process_of(m, op->task);
		break;
	case LITMUS_PIN_USER_PAGES_REMOTE:
		mm = spec_process_of(m, op->task);
		pin = true;
		break;
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		pin = true;
		break;
	default:
		break;
	}
	if (!spec_process_runs(m, mm))
		return -ESRCH;
	if (is_questionable(op) && spec_is_refused(m, GET_LONGTERM, choice))
		return -EINVAL;
	return take_pages(m, task, op, mm, pin);
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
	/* A shared page need not be in the page table, even while it is mapped. */
	if (same && (page->flags & PAGE_SHARED))
		return PAGEMAP_EITHER;
	if (same)
		return hold->promise == PROMISE_LAG ? PAGEMAP_LAGS : PAGEMAP_YES;
	if (hold->promise != PROMISE_LAG)
		return PAGEMAP_NO;
	/* Both may be the zero page; or two mms may still share what a fork has left them. */
	if (hold->mm != mm || (m->cells[page->cell].hole && m->cells[hold->cell].hole))
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

int spec_handle_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	const struct hold *hold = hold_of(m, task, op);
	int mm = spec_process_of(m, task);

	if (!hold)
		return 1;
	switch (op->code) {
	case LITMUS_DMA_WRITE:
		return spec_lag_choices(m, hold->cell);
	case LITMUS_PAGEMAP:
		return pagemap_choices(m, mm, spec_page(m, mm, op), hold);
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
