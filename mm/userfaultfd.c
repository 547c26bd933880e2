/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd.c - contexts, the faults that wait in them, and the monitor that reads of those */
#include "mm/internal.h"

/*
 * All contexts of a machine, their lists and what waits in them are protected by
 * machine->uffd_lock, the innermost of locks but for what the port does itself.
 */
#define BUG_ON_UNLOCKED(machine) BUG_ON(!port_spin_is_held(&(machine)->uffd_lock))

bool userfaultfd_wp_async(const struct vma *vma)
{
	return vma->uffd_ctx->features & UFFD_FEATURE_WP_ASYNC;
}

bool userfaultfd_wp_use_markers(const struct vma *vma)
{
	return !vma_is_anonymous(vma) || vma->uffd_ctx->features & UFFD_FEATURE_WP_UNPOPULATED;
}

bool userfaultfd_wants_writenotify(const struct vma *vma)
{
	return userfaultfd_wp(vma) &&
	       vma->uffd_ctx->machine->rules.uffd_writenotify == UFFD_WRITENOTIFY_YES;
}

void userfaultfd_ctx_get(struct userfaultfd_ctx *ctx)
{
	port_atomic_add_return(&ctx->refcount, 1);
}

void userfaultfd_ctx_put(struct machine *machine, struct userfaultfd_ctx *ctx)
{
	struct userfaultfd_ctx **link;

	if (port_atomic_add_return(&ctx->refcount, -1))
		return;
	BUG_ON(ctx->faults || ctx->events);
	port_spin_lock(&machine->uffd_lock);
	for (link = &machine->uffd_ctxs; *link != ctx; link = &(*link)->next)
		BUG_ON(!*link);
	*link = ctx->next;
	port_spin_unlock(&machine->uffd_lock);
	port_free(ctx);
}

/* Which features do kernels with these rules have? */
static unsigned known_features(const struct mm_rules *rules)
{
	unsigned features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP |
			    UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP;

	if (rules->uffd_wp >= UFFD_WP_UNPOPULATED)
		features |= UFFD_FEATURE_WP_UNPOPULATED;
	if (rules->uffd_wp >= UFFD_WP_ASYNC)
		features |= UFFD_FEATURE_WP_ASYNC;
	return features;
}

struct userfaultfd_ctx *userfaultfd_ctx_alloc(struct mm *mm, unsigned features)
{
	struct machine *machine = mm->machine;
	struct userfaultfd_ctx *ctx = port_alloc(sizeof(*ctx));

	if (!ctx)
		return NULL;
	*ctx = (struct userfaultfd_ctx){.machine = machine, .mm = mm, .features = features};
	port_atomic_set(&ctx->refcount, 1);
	port_spin_lock(&machine->uffd_lock);
	ctx->next = machine->uffd_ctxs;
	machine->uffd_ctxs = ctx;
	port_spin_unlock(&machine->uffd_lock);
	return ctx;
}

int userfaultfd_create(struct mm *mm, unsigned features, struct userfaultfd_ctx **ctx)
{
	if (features & ~known_features(&mm->machine->rules))
		return -MM_EINVAL;
	/* Asynchronous protection covers what is not populated, too: d61ea1cb0095. */
	if (features & UFFD_FEATURE_WP_ASYNC)
		features |= UFFD_FEATURE_WP_UNPOPULATED;
	*ctx = userfaultfd_ctx_alloc(mm, features);
	return *ctx ? 0 : -MM_ENOMEM;
}

/*
 * Work on a context's mm from outside: it is not destroyed before userfaultfd_leave(). NULL: it is
 * gone, or the context is closed.
 */
struct mm *userfaultfd_enter(struct userfaultfd_ctx *ctx)
{
	struct mm *mm;

	port_spin_lock(&ctx->machine->uffd_lock);
	mm = port_atomic_read(&ctx->released) ? NULL : ctx->mm;
	if (mm) {
		mm->uffd_users++;
		userfaultfd_ctx_get(ctx);
	}
	port_spin_unlock(&ctx->machine->uffd_lock);
	return mm;
}

void userfaultfd_leave(struct userfaultfd_ctx *ctx, struct mm *mm)
{
	struct machine *machine = ctx->machine;

	port_spin_lock(&machine->uffd_lock);
	mm->uffd_users--;
	port_wake_all(&mm->uffd_idle);
	port_spin_unlock(&machine->uffd_lock);
	userfaultfd_ctx_put(machine, ctx);
}

void userfaultfd_exit(struct mm *mm)
{
	struct machine *machine = mm->machine;

	port_spin_lock(&machine->uffd_lock);
	for (struct userfaultfd_ctx *ctx = machine->uffd_ctxs; ctx; ctx = ctx->next) {
		if (ctx->mm == mm)
			ctx->mm = NULL;
	}
	while (mm->uffd_users)
		port_wait(&mm->uffd_idle, &machine->uffd_lock);
	port_spin_unlock(&machine->uffd_lock);
}

static void add_waiter(const struct userfaultfd_ctx *ctx, struct uffd_waiter **list,
		       struct uffd_waiter *waiter)
{
	BUG_ON_UNLOCKED(ctx->machine);
	while (*list)
		list = &(*list)->next;
	*list = waiter;
}

static void remove_waiter(const struct userfaultfd_ctx *ctx, struct uffd_waiter **list,
			  const struct uffd_waiter *waiter)
{
	BUG_ON_UNLOCKED(ctx->machine);
	for (; *list != waiter; list = &(*list)->next)
		BUG_ON(!*list);
	*list = waiter->next;
}

static void wake(const struct userfaultfd_ctx *ctx, struct uffd_waiter *waiter)
{
	BUG_ON_UNLOCKED(ctx->machine);
	waiter->woken = true;
	port_wake_all(&waiter->queue);
}

static void wake_everybody(const struct userfaultfd_ctx *ctx)
{
	for (struct uffd_waiter *waiter = ctx->faults; waiter; waiter = waiter->next)
		wake(ctx, waiter);
	for (struct uffd_waiter *waiter = ctx->events; waiter; waiter = waiter->next)
		wake(ctx, waiter);
}

void userfaultfd_wake_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end)
{
	port_spin_lock(&ctx->machine->uffd_lock);
	for (struct uffd_waiter *waiter = ctx->faults; waiter; waiter = waiter->next) {
		if (waiter->msg.address >= start && waiter->msg.address < end)
			wake(ctx, waiter);
	}
	port_spin_unlock(&ctx->machine->uffd_lock);
}

void userfaultfd_kill(struct mm *mm)
{
	struct machine *machine = mm->machine;

	port_spin_lock(&machine->uffd_lock);
	for (struct userfaultfd_ctx *ctx = machine->uffd_ctxs; ctx; ctx = ctx->next) {
		if (ctx->mm == mm)
			wake_everybody(ctx);
	}
	port_spin_unlock(&machine->uffd_lock);
}

bool userfaultfd_pte_wp(const struct vm_fault *vmf, pte_t pte)
{
	if (!userfaultfd_wp(vmf->vma) || !pte_uffd_wp(pte))
		return false;
	/* To unshare is not to write (v5.19). */
	if (vmf->flags & FAULT_FLAG_UNSHARE)
		return false;
	if (vmf->mm->machine->rules.uffd_wp_asks == UFFD_WP_ASKS_WRITE)
		return vmf->flags & FAULT_FLAG_WRITE;
	return true;
}

bool userfaultfd_huge_pmd_wp(const struct vm_fault *vmf, pte_t pmd)
{
	return userfaultfd_pte_wp(vmf, pmd);
}

/*
 * Is the fault still to be resolved? The monitor may have done it between the fault's look at the
 * entry and its entry in the list. mmap lock held.
 */
static bool must_wait(const struct vm_fault *vmf, unsigned reason)
{
	/* The fault has made the tables, which stay as long as it has the mmap lock. */
	pte_t entry = port_entry_read(pmd_lookup(vmf->mm, vmf->addr));

	if (pmd_table(entry))
		entry = port_entry_read(pte_lookup(vmf->mm, vmf->addr));
	if (pte_none(entry) || pte_marker_uffd_wp(entry))
		return true;
	return reason == VM_UFFD_WP && pte_present(entry) && !pte_write(entry);
}

static struct uffd_msg fault_msg(const struct vm_fault *vmf, unsigned reason)
{
	struct uffd_msg msg = {.event = UFFD_EVENT_PAGEFAULT, .address = vmf->addr};

	if (vmf->flags & FAULT_FLAG_WRITE)
		msg.flags |= UFFD_PAGEFAULT_FLAG_WRITE;
	if (reason == VM_UFFD_WP)
		msg.flags |= UFFD_PAGEFAULT_FLAG_WP;
	if (reason == VM_UFFD_MINOR)
		msg.flags |= UFFD_PAGEFAULT_FLAG_MINOR;
	return msg;
}

/* Sleep until the waiter is woken, the context closed, or the mm killed. */
static void wait_in(const struct userfaultfd_ctx *ctx, const struct mm *mm,
		    struct uffd_waiter *waiter)
{
	BUG_ON_UNLOCKED(ctx->machine);
	while (!waiter->woken && !port_atomic_read(&ctx->released) &&
	       !port_atomic_read(&mm->killed))
		port_wait(&waiter->queue, &ctx->machine->uffd_lock);
}

bool userfaultfd_event(struct userfaultfd_ctx *ctx, const struct mm *mm, struct uffd_msg msg)
{
	struct uffd_waiter waiter = {.msg = msg};

	port_wait_init(&waiter.queue);
	port_spin_lock(&ctx->machine->uffd_lock);
	add_waiter(ctx, &ctx->events, &waiter);
	wait_in(ctx, mm, &waiter);
	remove_waiter(ctx, &ctx->events, &waiter);
	port_spin_unlock(&ctx->machine->uffd_lock);
	return waiter.read;
}

unsigned handle_userfault(struct vm_fault *vmf, unsigned reason)
{
	struct mm *mm = vmf->mm;
	struct machine *machine = mm->machine;
	struct userfaultfd_ctx *ctx = vmf->vma->uffd_ctx;
	struct uffd_waiter waiter = {.msg = fault_msg(vmf, reason)};
	bool wait;

	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return VM_FAULT_SIGBUS;
	port_wait_init(&waiter.queue);
	userfaultfd_ctx_get(ctx);
	port_spin_lock(&machine->uffd_lock);
	add_waiter(ctx, &ctx->faults, &waiter);
	port_spin_unlock(&machine->uffd_lock);

	/* From here on a monitor knows of the fault; so look again whether it is one. */
	wait = must_wait(vmf, reason);
	port_up_read(&mm->mmap_lock);
	port_spin_lock(&machine->uffd_lock);
	if (wait)
		wait_in(ctx, mm, &waiter);
	remove_waiter(ctx, &ctx->faults, &waiter);
	port_spin_unlock(&machine->uffd_lock);
	userfaultfd_ctx_put(machine, ctx);
	return VM_FAULT_RETRY;
}

/* The oldest that the monitor has not read of. */
static struct uffd_waiter *first_unread(const struct userfaultfd_ctx *ctx, struct uffd_waiter *list)
{
	BUG_ON_UNLOCKED(ctx->machine);
	while (list && (list->read || list->woken))
		list = list->next;
	return list;
}

bool userfaultfd_poll(struct userfaultfd_ctx *ctx)
{
	bool ready;

	port_spin_lock(&ctx->machine->uffd_lock);
	ready = first_unread(ctx, ctx->faults) || first_unread(ctx, ctx->events);
	port_spin_unlock(&ctx->machine->uffd_lock);
	return ready;
}

int userfaultfd_read(struct userfaultfd_ctx *ctx, struct uffd_msg *msg)
{
	struct uffd_waiter *waiter;

	port_spin_lock(&ctx->machine->uffd_lock);
	/* Faults come before events, however old. */
	waiter = first_unread(ctx, ctx->faults);
	if (!waiter)
		waiter = first_unread(ctx, ctx->events);
	if (waiter) {
		waiter->read = true;
		*msg = waiter->msg;
		/* Who tells of a change only waits for it to be heard. */
		if (msg->event != UFFD_EVENT_PAGEFAULT)
			wake(ctx, waiter);
	}
	port_spin_unlock(&ctx->machine->uffd_lock);
	return waiter ? 0 : -MM_EAGAIN;
}

void userfaultfd_detach(struct mm *mm, struct vma *vma)
{
	struct userfaultfd_ctx *ctx = vma->uffd_ctx;

	vma_set_uffd(mm, vma, NULL, 0);
	if (ctx)
		userfaultfd_ctx_put(mm->machine, ctx);
}

/* No VMA of the mm belongs to the context any more. */
static void detach_all(struct mm *mm, const struct userfaultfd_ctx *ctx)
{
	port_down_write(&mm->mmap_lock);
	for (unsigned i = 0; i < mm->nr_vmas; i++) {
		struct vma *vma = &mm->vmas[i];

		if (vma->uffd_ctx != ctx)
			continue;
		if (userfaultfd_wp(vma) && mm->machine->rules.uffd_wp_reset == UFFD_WP_RESET_CLOSE)
			uffd_wp_range(mm, vma, vma->start, vma->end, false);
		userfaultfd_detach(mm, vma);
	}
	vma_merge(mm);
	port_up_write(&mm->mmap_lock);
}

void userfaultfd_close(struct userfaultfd_ctx *ctx)
{
	struct machine *machine = ctx->machine;
	struct mm *mm = userfaultfd_enter(ctx);

	port_atomic_set(&ctx->released, 1);
	if (mm)
		detach_all(mm, ctx);
	port_spin_lock(&machine->uffd_lock);
	wake_everybody(ctx);
	port_spin_unlock(&machine->uffd_lock);
	if (mm)
		userfaultfd_leave(ctx, mm);
	userfaultfd_ctx_put(machine, ctx);
}

const struct userfaultfd_ctx *userfaultfd_next(const struct userfaultfd_ctx *ctx)
{
	return ctx->next;
}

int userfaultfd_ctx_count(const struct userfaultfd_ctx *ctx)
{
	return port_atomic_read(&ctx->refcount);
}

/* Who has it open, each fault that waits, and each change under way. */
int userfaultfd_ctx_holders(const struct userfaultfd_ctx *ctx)
{
	int holders = !port_atomic_read(&ctx->released) + port_atomic_read(&ctx->mmap_changing);

	for (const struct uffd_waiter *waiter = ctx->faults; waiter; waiter = waiter->next)
		holders++;
	return holders;
}

/*
 * What maps addr: a PMD that is no table, or the PTE. Under locks, as pagemap_read() has it: no
 * entry is caught on its way.
 */
static pte_t lowest_entry(struct mm *mm, unsigned long addr)
{
	struct pte_lock lock;
	pte_t entry = 0;

	port_down_read(&mm->mmap_lock);
	lock = pmd_offset_lock(mm, addr);
	if (lock.entry) {
		entry = port_entry_read(lock.entry);
		pte_unlock(&lock);
	}
	/* It stays a table while we have the mmap lock. */
	if (pmd_table(entry)) {
		lock = pte_offset_lock(mm, addr);
		entry = port_entry_read(lock.entry);
		pte_unlock(&lock);
	}
	port_up_read(&mm->mmap_lock);
	return entry;
}

bool mm_pagemap_uffd_wp(struct mm *mm, unsigned long addr)
{
	pte_t entry;

	if (mm->machine->rules.pagemap_uffd_wp == PAGEMAP_UFFD_WP_NO)
		return false;
	entry = lowest_entry(mm, addr);
	if (pte_present(entry))
		return pte_uffd_wp(entry);
	return entry & PTE_SWP_UFFD_WP || pte_marker_uffd_wp(entry);
}
