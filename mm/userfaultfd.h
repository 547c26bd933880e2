/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd.h - faults that a monitor resolves, and what stands for it where it is left out */
#ifndef MM_USERFAULTFD_H
#define MM_USERFAULTFD_H

#define VM_UFFD_FLAGS (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

#if CONFIG_USERFAULTFD

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

#endif
#endif
