/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uffd_event.c - events: who unmaps, moves or discards registered memory tells the monitor, and
 * goes on when that has read of it. Forks tell in the same way (uffd_fork.c).
 */
#include "mm/internal.h"

/* One context that is to be told of one range. */
struct uffd_unmap {
	struct uffd_unmap *next;
	struct userfaultfd_ctx *ctx;
	unsigned long start;
	unsigned long end;
};

void userfaultfd_event_begin(struct userfaultfd_ctx *ctx)
{
	userfaultfd_ctx_get(ctx);
	port_atomic_add_return(&ctx->mmap_changing, 1);
}

void userfaultfd_event_end(struct userfaultfd_ctx *ctx)
{
	port_atomic_add_return(&ctx->mmap_changing, -1);
	userfaultfd_ctx_put(ctx->machine, ctx);
}

/* Is the context noted from `unmaps` on? */
static bool is_noted(const struct uffd_unmap *unmaps, const struct userfaultfd_ctx *ctx)
{
	while (unmaps && unmaps->ctx != ctx)
		unmaps = unmaps->next;
	return unmaps;
}

static void drop_unmaps(struct uffd_unmap **unmaps)
{
	while (*unmaps) {
		struct uffd_unmap *unmap = *unmaps;

		*unmaps = unmap->next;
		userfaultfd_event_end(unmap->ctx);
		port_free(unmap);
	}
}

static bool note_unmap(struct uffd_unmap **unmaps, struct userfaultfd_ctx *ctx, unsigned long start,
		       unsigned long end)
{
	struct uffd_unmap *unmap = port_alloc(sizeof(*unmap));

	if (!unmap)
		return false;
	*unmap = (struct uffd_unmap){.ctx = ctx, .start = start, .end = end};
	userfaultfd_event_begin(ctx);
	while (*unmaps)
		unmaps = &(*unmaps)->next;
	*unmaps = unmap;
	return true;
}

int userfaultfd_unmap_prep(struct mm *mm, unsigned long start, unsigned long end,
			   struct uffd_unmap **unmaps)
{
	while (*unmaps)
		unmaps = &(*unmaps)->next;
	for (unsigned i = vma_index(mm, start); i < mm->nr_vmas && mm->vmas[i].start < end; i++) {
		struct userfaultfd_ctx *ctx = mm->vmas[i].uffd_ctx;

		/* However many VMAs it has there, it is told once. */
		if (!ctx || !(ctx->features & UFFD_FEATURE_EVENT_UNMAP) || is_noted(*unmaps, ctx))
			continue;
		if (!note_unmap(unmaps, ctx, start, end)) {
			drop_unmaps(unmaps);
			return -MM_ENOMEM;
		}
	}
	return 0;
}

void userfaultfd_unmap_complete(struct mm *mm, struct uffd_unmap *unmaps)
{
	while (unmaps) {
		struct uffd_unmap *unmap = unmaps;
		struct uffd_msg msg = {
			.event = UFFD_EVENT_UNMAP,
			.address = unmap->start,
			.end = unmap->end,
		};

		unmaps = unmap->next;
		userfaultfd_event(unmap->ctx, mm, msg);
		userfaultfd_event_end(unmap->ctx);
		port_free(unmap);
	}
}

bool userfaultfd_moves_along(const struct vma *vma)
{
	return vma->uffd_ctx && vma->uffd_ctx->features & UFFD_FEATURE_EVENT_REMAP;
}

struct userfaultfd_ctx *userfaultfd_mremap_prep(struct mm *mm, struct vma *moved)
{
	if (!userfaultfd_moves_along(moved)) {
		userfaultfd_detach(mm, moved);
		return NULL;
	}
	userfaultfd_event_begin(moved->uffd_ctx);
	return moved->uffd_ctx;
}

void userfaultfd_mremap_complete(struct mm *mm, struct userfaultfd_ctx *ctx, unsigned long from,
				 unsigned long to, unsigned long length)
{
	struct uffd_msg msg = {
		.event = UFFD_EVENT_REMAP,
		.address = from,
		.end = from + length,
		.to = to,
	};

	if (!ctx)
		return;
	userfaultfd_event(ctx, mm, msg);
	userfaultfd_event_end(ctx);
}

bool userfaultfd_remove(struct mm *mm, const struct vma *vma, unsigned long start,
			unsigned long end)
{
	struct userfaultfd_ctx *ctx = vma->uffd_ctx;
	struct uffd_msg msg = {.event = UFFD_EVENT_REMOVE, .address = start, .end = end};

	if (!ctx || !(ctx->features & UFFD_FEATURE_EVENT_REMOVE))
		return false;
	userfaultfd_event_begin(ctx);
	port_up_read(&mm->mmap_lock);
	userfaultfd_event(ctx, mm, msg);
	userfaultfd_event_end(ctx);
	/* From here on to the lock the monitor may fill what is about to go. */
	port_resched();
	port_down_read(&mm->mmap_lock);
	return true;
}
