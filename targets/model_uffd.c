/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_uffd.c - userfaultfd in a litmus test: the test's names for contexts, and what is read */
#include "targets/model.h"

/* The context behind a name of the test; NULL: not open. */
static struct userfaultfd_ctx **context(const struct model *model, int uffd)
{
	check_access(&model->state->uffds[uffd], CHECK_READ);
	return &model->state->uffds[uffd];
}

static unsigned feature_flags(unsigned flags)
{
	static const struct {
		unsigned litmus, uffd;
	} features[] = {
		{LITMUS_UFFD_FEATURE_EVENT_FORK, UFFD_FEATURE_EVENT_FORK},
		{LITMUS_UFFD_FEATURE_EVENT_REMAP, UFFD_FEATURE_EVENT_REMAP},
		{LITMUS_UFFD_FEATURE_EVENT_REMOVE, UFFD_FEATURE_EVENT_REMOVE},
		{LITMUS_UFFD_FEATURE_EVENT_UNMAP, UFFD_FEATURE_EVENT_UNMAP},
		{LITMUS_UFFD_FEATURE_WP_UNPOPULATED, UFFD_FEATURE_WP_UNPOPULATED},
		{LITMUS_UFFD_FEATURE_WP_ASYNC, UFFD_FEATURE_WP_ASYNC},
	};
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		found |= flags & features[i].litmus ? features[i].uffd : 0;
	return found;
}

static unsigned register_mode(unsigned flags)
{
	return (flags & LITMUS_UFFDIO_REGISTER_MODE_MISSING ? (unsigned)UFFDIO_REGISTER_MODE_MISSING
							    : 0) |
	       (flags & LITMUS_UFFDIO_REGISTER_MODE_WP ? (unsigned)UFFDIO_REGISTER_MODE_WP : 0) |
	       (flags & LITMUS_UFFDIO_REGISTER_MODE_MINOR ? (unsigned)UFFDIO_REGISTER_MODE_MINOR
							  : 0);
}

/* The two modes of an ioctl, which have other values in each. */
static unsigned mode(unsigned flags, unsigned wp, unsigned dontwake)
{
	return (flags & LITMUS_UFFDIO_MODE_WP ? wp : 0) |
	       (flags & LITMUS_UFFDIO_MODE_DONTWAKE ? dontwake : 0);
}

static int64_t open_context(const struct model_call *call)
{
	struct userfaultfd_ctx *ctx;
	int err = userfaultfd_create(call->mm, feature_flags(call->op->flags), &ctx);

	if (err)
		return err;
	check_access(&call->model->state->uffds[call->op->uffd], CHECK_WRITE);
	call->model->state->uffds[call->op->uffd] = ctx;
	return 0;
}

static void close_context(struct userfaultfd_ctx **slot)
{
	struct userfaultfd_ctx *ctx = *slot;

	if (ctx)
		check_access(slot, CHECK_WRITE);
	*slot = NULL;
	if (ctx)
		userfaultfd_close(ctx);
}

void model_close_uffds(struct model *model)
{
	for (int i = 0; i < model->test->nr_uffds; i++)
		close_context(&model->state->uffds[i]);
	for (int i = 0; i < model->test->nr_tasks; i++)
		close_context(&model->state->unnamed_uffds[i]);
}

/* A child's context that the test gives no name stays open to the end. */
static void keep_child(struct model *model, int uffd, struct userfaultfd_ctx *child)
{
	struct userfaultfd_ctx **slot = model->state->unnamed_uffds;

	if (uffd >= 0) {
		*context(model, uffd) = child;
		return;
	}
	/* No task is forked twice: there is one for each. */
	while (*slot)
		slot++;
	*slot = child;
}

static int64_t read_event(const struct model_call *call, struct userfaultfd_ctx *ctx)
{
	struct uffd_msg msg;
	int err = userfaultfd_read(ctx, &msg);

	if (err)
		return err;
	switch (msg.event) {
	case UFFD_EVENT_FORK:
		keep_child(call->model, call->op->uffd2, msg.child);
		return LITMUS_UFFD_EVENT_FORK;
	case UFFD_EVENT_REMAP:
		return LITMUS_UFFD_EVENT_REMAP;
	case UFFD_EVENT_REMOVE:
		return LITMUS_UFFD_EVENT_REMOVE;
	case UFFD_EVENT_UNMAP:
		return LITMUS_UFFD_EVENT_UNMAP;
	case UFFD_EVENT_PAGEFAULT:
		break;
	}
	if (msg.flags & UFFD_PAGEFAULT_FLAG_WP)
		return LITMUS_UFFD_PAGEFAULT_FLAG_WP;
	if (msg.flags & UFFD_PAGEFAULT_FLAG_MINOR)
		return LITMUS_UFFD_PAGEFAULT_FLAG_MINOR;
	if (msg.flags & UFFD_PAGEFAULT_FLAG_WRITE)
		return LITMUS_UFFD_PAGEFAULT_FLAG_WRITE;
	return LITMUS_UFFD_EVENT_PAGEFAULT;
}

bool model_nobody_left(const struct model *model, int task)
{
	for (int i = 0; i < model->test->nr_tasks; i++) {
		const struct model_task *other = &model->state->tasks[i];
		const struct litmus_op *op;

		if (i == task || !other->started || other->over)
			continue;
		if (check_is_blocked((unsigned)i))
			return false;
		op = model_next_op(model, i);
		if (op && (op->code != LITMUS_READ || model_uffd_ready(model, op)))
			return false;
	}
	return true;
}

bool model_uffd_ready(const struct model *model, const struct litmus_op *op)
{
	struct userfaultfd_ctx *ctx = *context(model, op->uffd);

	/* Who holds the lock may be in the midst of a change. */
	if (model->state->machine->uffd_lock.held)
		return false;
	return !ctx || userfaultfd_poll(ctx);
}

bool model_read_can_go(const struct model *model, int task, const struct litmus_op *op)
{
	return model_uffd_ready(model, op) || model_nobody_left(model, task);
}

static int64_t move_pages(const struct model_call *call, struct userfaultfd_ctx *ctx)
{
	const struct litmus_op *op = call->op;
	unsigned long from = model_address(call->model->test, op->to) & MM_PAGE_MASK;
	unsigned flags = mode(op->flags, 0, UFFDIO_MOVE_MODE_DONTWAKE);

	if (op->flags & LITMUS_UFFDIO_MODE_SRC_HOLES)
		flags |= UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;
	return uffdio_move(ctx, call->mm, model_call_page(call), from, model_call_length(call),
			   flags);
}

/* What works on a context that is open. */
static int64_t context_op(const struct model_call *call, struct userfaultfd_ctx *ctx)
{
	const struct litmus_op *op = call->op;
	unsigned long addr = model_call_page(call);
	unsigned long length = model_call_length(call);

	switch (op->code) {
	case LITMUS_UFFDIO_REGISTER:
		return uffdio_register(ctx, addr, length, register_mode(op->flags));
	case LITMUS_UFFDIO_UNREGISTER:
		return uffdio_unregister(ctx, addr, length);
	case LITMUS_UFFDIO_WRITEPROTECT:
		return uffdio_writeprotect(ctx, addr, length,
					   mode(op->flags, UFFDIO_WRITEPROTECT_MODE_WP,
						UFFDIO_WRITEPROTECT_MODE_DONTWAKE));
	case LITMUS_UFFDIO_COPY:
		return uffdio_copy(ctx, addr, model_call_value(call),
				   mode(op->flags, UFFDIO_COPY_MODE_WP, UFFDIO_COPY_MODE_DONTWAKE));
	case LITMUS_UFFDIO_ZEROPAGE:
		return uffdio_zeropage(ctx, addr, length,
				       mode(op->flags, 0, UFFDIO_ZEROPAGE_MODE_DONTWAKE));
	case LITMUS_UFFDIO_CONTINUE:
		return uffdio_continue(
			ctx, addr, length,
			mode(op->flags, UFFDIO_CONTINUE_MODE_WP, UFFDIO_CONTINUE_MODE_DONTWAKE));
	case LITMUS_UFFDIO_MOVE:
		return move_pages(call, ctx);
	default:
		return uffdio_wake(ctx, addr, length);
	}
}

int64_t model_uffd(const struct model_call *call)
{
	const struct litmus_op *op = call->op;
	struct userfaultfd_ctx **slot;

	if (op->code == LITMUS_PM_UFFD_WP)
		return mm_pagemap_uffd_wp(call->mm, model_call_address(call));
	if (op->code == LITMUS_USERFAULTFD)
		return open_context(call);
	slot = context(call->model, op->uffd);
	if (!*slot)
		return -MODEL_EBADF;
	if (op->code == LITMUS_READ)
		return read_event(call, *slot);
	if (op->code == LITMUS_CLOSE) {
		close_context(slot);
		return 0;
	}
	return context_op(call, *slot);
}
