/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd.h - faults that a monitor resolves, and what stands for it where it is left out */
#ifndef MM_USERFAULTFD_H
#define MM_USERFAULTFD_H

#define VM_UFFD_FLAGS (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

#if CONFIG_USERFAULTFD

/* A task that waits in a context, on its own stack. Protected by machine->uffd_lock. */
struct uffd_waiter {
	struct uffd_waiter *next;
	struct uffd_msg msg;
	struct port_wait_queue queue;
	bool read; /* the monitor knows of it */
	bool woken;
};

/* What userfaultfd(2) opens. Used by each VMA that it is registered for, by who has it open. */
struct userfaultfd_ctx {
	port_atomic refcount;
	port_atomic mmap_changing; /* changes under way whose events are not read yet */
	port_atomic released;      /* closed */
	struct machine *machine;
	unsigned features;
	/* The rest is protected by machine->uffd_lock. */
	struct mm *mm;              /* NULL: gone */
	struct uffd_waiter *faults; /* the oldest first */
	struct uffd_waiter *events;
	struct userfaultfd_ctx *next;
	struct userfaultfd_ctx *forked_from; /* while its fork is under way */
	struct userfaultfd_ctx *next_fork;
};

static inline bool userfaultfd_missing(const struct vma *vma)
{
	return vma->flags & VM_UFFD_MISSING;
}

static inline bool userfaultfd_wp(const struct vma *vma)
{
	return vma->flags & VM_UFFD_WP;
}

static inline bool userfaultfd_minor(const struct vma *vma)
{
	return vma->flags & VM_UFFD_MINOR;
}

/*
 * Of a VMA that is registered for write-protection. UFFD_FEATURE_WP_ASYNC: write-protection is
 * taken away by the fault, nobody is told.
 */
bool userfaultfd_wp_async(const struct vma *vma);

/* Of such a VMA: does it remember that, with markers, where nothing is mapped? */
bool userfaultfd_wp_use_markers(const struct vma *vma);

/* May entries of shared memory not become writable without a fault (vma_wants_writenotify())? */
bool userfaultfd_wants_writenotify(const struct vma *vma);

/* Uses of a VMA's context. */
void userfaultfd_ctx_get(struct userfaultfd_ctx *ctx);
void userfaultfd_ctx_put(struct machine *machine, struct userfaultfd_ctx *ctx);

/* Does the fault have to go to the monitor, since the entry is write-protected for it? */
bool userfaultfd_pte_wp(const struct vm_fault *vmf, pte_t pte);
bool userfaultfd_huge_pmd_wp(const struct vm_fault *vmf, pte_t pmd);

/*
 * Tell the monitor, and wait for it. `reason` is VM_UFFD_MISSING, _WP or _MINOR. mmap lock held for
 * reading, no other. VM_FAULT_RETRY, with the mmap lock dropped; or VM_FAULT_SIGBUS, with the lock
 * still held, where the fault may not wait.
 */
unsigned handle_userfault(struct vm_fault *vmf, unsigned reason);

/* mm_kill(): nobody of the mm waits any more. */
void userfaultfd_kill(struct mm *mm);

/* mm_destroy(): contexts forget it. Waits for monitors that work on it. No VMA is left. */
void userfaultfd_exit(struct mm *mm);

/* The VMA is on its own from now on. mmap lock held for writing. */
void userfaultfd_detach(struct mm *mm, struct vma *vma);

/*
 * fork: what becomes of the context of a VMA that the child has from its parent. `forks` collects
 * those of which monitors are to be told. 0 or -ENOMEM. Both mmap locks held.
 */
int userfaultfd_dup(struct mm *child, struct vma *vma, struct userfaultfd_ctx **forks);

/* The end of the fork: tell the monitors, and wait until they have heard. No lock held. */
void userfaultfd_dup_complete(struct mm *parent, struct userfaultfd_ctx *forks, bool success);

/*
 * munmap, or what else takes mappings away: note which contexts are to be told that [start, end)
 * goes. Adds to *unmaps. 0, or -ENOMEM and nothing is added. mmap lock held for writing.
 */
int userfaultfd_unmap_prep(struct mm *mm, unsigned long start, unsigned long end,
			   struct uffd_unmap **unmaps);

/* The end of it: tell them, one after the other. No lock held. */
void userfaultfd_unmap_complete(struct mm *mm, struct uffd_unmap *unmaps);

/* Does memory that mremap() moves stay registered? UFFD_FEATURE_EVENT_REMAP */
bool userfaultfd_moves_along(const struct vma *vma);

/*
 * mremap: what becomes of the context of memory that has moved to `moved`. Returns the one that is
 * to be told in the end, or NULL. mmap lock held for writing; then none.
 */
struct userfaultfd_ctx *userfaultfd_mremap_prep(struct mm *mm, struct vma *moved);
void userfaultfd_mremap_complete(struct mm *mm, struct userfaultfd_ctx *ctx, unsigned long from,
				 unsigned long to, unsigned long length);

/*
 * madvise is about to discard part of a VMA: the monitor hears of it first. False: it need not.
 * True: the mmap lock, held for reading, was dropped and taken again.
 */
bool userfaultfd_remove(struct mm *mm, const struct vma *vma, unsigned long start,
			unsigned long end);

/* The child's entry for the parent's, present or swap: does the write-protection go along? */
pte_t userfaultfd_fork_entry(const struct mm *child, const struct vma *child_vma,
			     const struct vma *parent_vma, pte_t entry);

/* The same of the entry for an early copy of the page that `copied` maps. */
pte_t userfaultfd_fork_copy(const struct mm *child, const struct vma *child_vma, pte_t copied,
			    pte_t entry);

/* Does fork have to copy entries even of shared memory? c56d1b62cce8 */
bool userfaultfd_fork_copies(const struct vma *child_vma);

/* For the audit: the contexts, their count, and what holds one beside VMAs. */
const struct userfaultfd_ctx *userfaultfd_next(const struct userfaultfd_ctx *ctx);
int userfaultfd_ctx_count(const struct userfaultfd_ctx *ctx);
int userfaultfd_ctx_holders(const struct userfaultfd_ctx *ctx);

/* Of each other's files: */

struct userfaultfd_ctx *userfaultfd_ctx_alloc(struct mm *mm, unsigned features);
struct mm *userfaultfd_enter(struct userfaultfd_ctx *ctx);
void userfaultfd_leave(struct userfaultfd_ctx *ctx, struct mm *mm);
/*
 * A change begins of which the context is to be told: until its end nobody may fill in or protect
 * pages. The mmap lock is held, or nobody else knows of the context. Then, without any lock: tell,
 * and wait; false: the monitor will never know.
 */
void userfaultfd_event_begin(struct userfaultfd_ctx *ctx);
bool userfaultfd_event(struct userfaultfd_ctx *ctx, const struct mm *mm, struct uffd_msg msg);
void userfaultfd_event_end(struct userfaultfd_ctx *ctx);
void userfaultfd_wake_range(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long end);
int uffd_check_range(unsigned long addr, unsigned long length);

/* Write-protect what is in one VMA, or take that away. mmap lock held. */
void uffd_wp_range(struct mm *mm, struct vma *vma, unsigned long start, unsigned long end,
		   bool protect);

#else

static inline bool userfaultfd_missing(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_wp(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_minor(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline void userfaultfd_ctx_get(struct userfaultfd_ctx *ctx)
{
	(void)ctx;
}

static inline void userfaultfd_ctx_put(struct machine *machine, struct userfaultfd_ctx *ctx)
{
	(void)machine;
	(void)ctx;
}

static inline bool userfaultfd_pte_wp(const struct vm_fault *vmf, pte_t pte)
{
	(void)vmf;
	(void)pte;
	return false;
}

static inline bool userfaultfd_huge_pmd_wp(const struct vm_fault *vmf, pte_t pmd)
{
	(void)vmf;
	(void)pmd;
	return false;
}

static inline unsigned handle_userfault(struct vm_fault *vmf, unsigned reason)
{
	(void)vmf;
	(void)reason;
	return VM_FAULT_SIGBUS;
}

static inline void userfaultfd_kill(struct mm *mm)
{
	(void)mm;
}

static inline bool userfaultfd_wp_async(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline bool userfaultfd_wants_writenotify(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline void userfaultfd_exit(struct mm *mm)
{
	(void)mm;
}

static inline void userfaultfd_detach(struct mm *mm, struct vma *vma)
{
	(void)mm;
	(void)vma;
}

static inline int userfaultfd_dup(struct mm *child, struct vma *vma, struct userfaultfd_ctx **forks)
{
	(void)child;
	(void)vma;
	(void)forks;
	return 0;
}

static inline void userfaultfd_dup_complete(struct mm *parent, struct userfaultfd_ctx *forks,
					    bool success)
{
	(void)parent;
	(void)forks;
	(void)success;
}

static inline int userfaultfd_unmap_prep(struct mm *mm, unsigned long start, unsigned long end,
					 struct uffd_unmap **unmaps)
{
	(void)mm;
	(void)start;
	(void)end;
	(void)unmaps;
	return 0;
}

static inline void userfaultfd_unmap_complete(struct mm *mm, struct uffd_unmap *unmaps)
{
	(void)mm;
	(void)unmaps;
}

static inline bool userfaultfd_moves_along(const struct vma *vma)
{
	(void)vma;
	return false;
}

static inline struct userfaultfd_ctx *userfaultfd_mremap_prep(struct mm *mm, struct vma *moved)
{
	(void)mm;
	(void)moved;
	return NULL;
}

static inline void userfaultfd_mremap_complete(struct mm *mm, struct userfaultfd_ctx *ctx,
					       unsigned long from, unsigned long to,
					       unsigned long length)
{
	(void)mm;
	(void)ctx;
	(void)from;
	(void)to;
	(void)length;
}

static inline bool userfaultfd_remove(struct mm *mm, const struct vma *vma, unsigned long start,
				      unsigned long end)
{
	(void)mm;
	(void)vma;
	(void)start;
	(void)end;
	return false;
}

static inline pte_t userfaultfd_fork_entry(const struct mm *child, const struct vma *child_vma,
					   const struct vma *parent_vma, pte_t entry)
{
	(void)child;
	(void)child_vma;
	(void)parent_vma;
	return entry;
}

static inline pte_t userfaultfd_fork_copy(const struct mm *child, const struct vma *child_vma,
					  pte_t copied, pte_t entry)
{
	(void)child;
	(void)child_vma;
	(void)copied;
	return entry;
}

static inline bool userfaultfd_fork_copies(const struct vma *child_vma)
{
	(void)child_vma;
	return false;
}

static inline const struct userfaultfd_ctx *userfaultfd_next(const struct userfaultfd_ctx *ctx)
{
	(void)ctx;
	return NULL;
}

static inline int userfaultfd_ctx_count(const struct userfaultfd_ctx *ctx)
{
	(void)ctx;
	return 0;
}

static inline int userfaultfd_ctx_holders(const struct userfaultfd_ctx *ctx)
{
	(void)ctx;
	return 0;
}

#endif
#endif
