/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_handle.c - references and pins that registers hold, and the device that uses them */
#include "targets/model.h"

bool model_alloc_handles(struct model *model)
{
	const struct litmus_test *test = model->test;

	for (int task = 0; task < test->nr_tasks; task++) {
		unsigned nr = (unsigned)test->tasks[task].nr_registers;
		struct model_handle *handles = port_alloc((nr + 1) * sizeof(*handles));

		if (!handles)
			return false;
		model->state->tasks[task].handles = handles;
		for (int reg = 0; reg < test->tasks[task].nr_registers; reg++) {
			struct model_handle *handle = &model->state->tasks[task].handles[reg];
			unsigned room = model_handle_room(
				test, test->tasks[task].registers[reg].handle_pages);

			if (!room)
				continue;
			handle->pages = port_alloc(room * sizeof(struct page *));
			if (!handle->pages)
				return false;
		}
	}
	return true;
}

static unsigned foll_flags(unsigned flags)
{
	return (flags & LITMUS_FOLL_WRITE ? (unsigned)FOLL_WRITE : 0) |
	       (flags & LITMUS_FOLL_FORCE ? (unsigned)FOLL_FORCE : 0) |
	       (flags & LITMUS_FOLL_LONGTERM ? (unsigned)FOLL_LONGTERM : 0);
}

/* All that takes a reference or a pin. */
int64_t model_gup(const struct model_call *call)
{
	const struct litmus_op *op = call->op;
	struct model_handle *handle = &model_call_task(call)->handles[op->dest];
	unsigned long addr = model_call_address(call);
	unsigned flags = foll_flags(op->flags);
	unsigned unit = model_unit(call->model->test, model_call_object(call));
	unsigned nr = ((unsigned)op->nr_pages - 1) * unit + 1;
	struct page **pages = handle->pages;
	struct mm *mm = call->mm;
	bool pinned = false;
	long ret = -MM_EINVAL;

	if (op->task >= 0)
		mm = model_call_other_mm(call);
	if (!mm)
		return -MODEL_ESRCH;
	switch (op->code) {
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_REMOTE:
		ret = get_user_pages(mm, addr, nr, flags, pages);
		break;
	case LITMUS_GET_USER_PAGES_FAST:
		ret = get_user_pages_fast(mm, addr, nr, flags, pages);
		break;
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_REMOTE:
		pinned = true;
		ret = pin_user_pages(mm, addr, nr, flags, pages);
		break;
	case LITMUS_PIN_USER_PAGES_FAST:
		pinned = true;
		ret = pin_user_pages_fast(mm, addr, nr, flags, pages);
		break;
	default:
		ret = iov_iter_extract_pages(mm, addr, nr, flags, pages, &pinned);
		break;
	}
	/* What it has left behind there is not held. */
	for (unsigned i = ret > 0 ? (unsigned)ret : 0; i < nr; i++)
		pages[i] = NULL;
	if (ret <= 0)
		return ret;

	handle->nr_held = (unsigned)ret;
	handle->nr_pages = (int)((handle->nr_held - 1) / unit + 1);
	handle->unit = unit;
	handle->pinned = pinned;
	handle->write = flags & FOLL_WRITE;
	handle->word = (unsigned)(addr % MM_PAGE_SIZE / sizeof(uint32_t));
	return handle->nr_pages;
}

static struct model_handle *call_handle(const struct model_call *call)
{
	return &model_call_task(call)->handles[call->op->handle];
}

struct page *model_handle_page(const struct model_handle *handle, int page)
{
	return page < handle->nr_pages ? handle->pages[(unsigned)page * handle->unit] : NULL;
}

struct port_lock *model_page_lock(const struct model *model, struct page *page)
{
	pfn_t head = (pfn_t)port_atomic_read_relaxed(&page->head);

	return &pfn_to_page(model->state->machine, head)->lock;
}

static void unlock_handle_page(struct model *model, struct model_handle *handle, int page)
{
	if (handle->locked & 1u << page)
		port_unlock(model_page_lock(model, model_handle_page(handle, page)));
	handle->locked &= ~(1u << page);
}

void model_drop_handle(struct model *model, struct model_handle *handle)
{
	struct machine *machine = model->state->machine;

	for (int i = 0; i < handle->nr_pages; i++)
		unlock_handle_page(model, handle, i);
	for (unsigned i = 0; i < handle->nr_held; i++) {
		if (handle->write)
			set_page_dirty(machine, handle->pages[i]);
		if (handle->pinned)
			unpin_user_page(machine, handle->pages[i]);
		else
			put_page(machine, handle->pages[i]);
		handle->pages[i] = NULL;
	}
	*handle = (struct model_handle){.pages = handle->pages};
}

/* The page that a device operation works on; NULL if the handle holds none. */
static struct page *handle_page(const struct model_call *call)
{
	return model_handle_page(call_handle(call), call->op->handle_page);
}

/* The device's accesses go to the frame, whatever maps it. */
int64_t model_dma(const struct model_call *call)
{
	struct page *page = handle_page(call);
	uint32_t *word;

	if (!page)
		return -MODEL_EBADF;
	word = page_words(call->model->state->machine, page) + call_handle(call)->word;
	if (call->op->code == LITMUS_DMA_READ)
		return (int32_t)port_word_read(word);
	port_word_write(word, model_call_value(call));
	return 0;
}

int64_t model_pagemap(const struct model_call *call)
{
	struct page *page = handle_page(call);
	pte_t pte = mm_pte(call->mm, model_call_address(call));

	if (!page)
		return -MODEL_EBADF;
	return pte_present(pte) && pte_pfn(pte) == page_to_pfn(call->model->state->machine, page);
}

int64_t model_lock_page(const struct model_call *call)
{
	struct page *page = handle_page(call);

	if (!page)
		return -MODEL_EBADF;
	port_lock(model_page_lock(call->model, page));
	call_handle(call)->locked |= 1u << call->op->handle_page;
	return 0;
}

int64_t model_unlock_page(const struct model_call *call)
{
	if (!handle_page(call))
		return -MODEL_EBADF;
	unlock_handle_page(call->model, call_handle(call), call->op->handle_page);
	return 0;
}

int64_t model_drop(const struct model_call *call)
{
	if (!call_handle(call)->nr_pages)
		return -MODEL_EBADF;
	model_drop_handle(call->model, call_handle(call));
	return 0;
}
