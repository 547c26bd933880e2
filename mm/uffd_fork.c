/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffd_fork.c - what fork does with userfaultfd: contexts for the child, and the event */
#include "mm/internal.h"

/* The child's context in place of `orig`, made with the first VMA that needs it. */
static struct userfaultfd_ctx *child_ctx(struct mm *child, struct userfaultfd_ctx *orig,
					 struct userfaultfd_ctx **forks)
{
	struct userfaultfd_ctx *new;

	for (new = *forks; new; new = new->next_fork) {
		if (new->forked_from == orig)
			return new;
	}
	new = userfaultfd_ctx_alloc(child, orig->features);
	if (!new)
		return NULL;
	userfaultfd_event_begin(orig);
	new->forked_from = orig;
	new->next_fork = *forks;
	*forks = new;
	return new;
}

int userfaultfd_dup(struct mm *child, struct vma *vma, struct userfaultfd_ctx **forks)
{
	struct userfaultfd_ctx *orig = vma->uffd_ctx;
	struct userfaultfd_ctx *new;

	if (!orig)
		return 0;
	if (!(orig->features & UFFD_FEATURE_EVENT_FORK)) {
		userfaultfd_detach(child, vma);
		return 0;
	}
	new = child_ctx(child, orig, forks);
	if (!new)
		return -MM_ENOMEM;
	userfaultfd_ctx_get(new);
	vma_set_uffd(child, vma, new, vma->flags & VM_UFFD_FLAGS);
	userfaultfd_ctx_put(child->machine, orig);
	return 0;
}

/* The next context off the list, and what it was made from. */
static struct userfaultfd_ctx *take_fork(struct userfaultfd_ctx **forks,
					 struct userfaultfd_ctx **orig)
{
	struct userfaultfd_ctx *new = *forks;

	*forks = new->next_fork;
	*orig = new->forked_from;
	new->next_fork = NULL;
	new->forked_from = NULL;
	return new;
}

void userfaultfd_dup_complete(struct mm *parent, struct userfaultfd_ctx *forks, bool success)
{
	while (forks) {
		struct userfaultfd_ctx *orig, *new;
		struct uffd_msg msg = {.event = UFFD_EVENT_FORK};

		new = take_fork(&forks, &orig);
		msg.child = new;
		/* A child that nobody monitors goes on without. */
		if (!success || !userfaultfd_event(orig, parent, msg))
			userfaultfd_close(new);
		userfaultfd_event_end(orig);
	}
}

pte_t userfaultfd_fork_entry(const struct mm *child, const struct vma *child_vma,
			     const struct vma *parent_vma, pte_t entry)
{
	switch (child->machine->rules.uffd_wp_fork) {
	case UFFD_WP_FORK_PARENT:
		/* The parent's VMA always has the flag that its entries have been made with. */
		if (pte_present(entry) && !userfaultfd_wp(parent_vma))
			return entry & ~PTE_UFFD_WP;
		return entry;
	case UFFD_WP_FORK_CHILD:
		break;
	}
	if (userfaultfd_wp(child_vma))
		return entry;
	return entry & ~(pte_present(entry) ? PTE_UFFD_WP : PTE_SWP_UFFD_WP);
}

pte_t userfaultfd_fork_copy(const struct mm *child, const struct vma *child_vma, pte_t copied,
			    pte_t entry)
{
	if (child->machine->rules.uffd_wp_fork == UFFD_WP_FORK_PARENT)
		return entry;
	if (!userfaultfd_wp(child_vma) || !pte_uffd_wp(copied))
		return entry;
	return pte_mkuffd_wp(entry);
}

bool userfaultfd_fork_copies(const struct vma *child_vma)
{
	return userfaultfd_wp(child_vma) && userfaultfd_wp_use_markers(child_vma);
}
