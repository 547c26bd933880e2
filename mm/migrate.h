/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.h - moving a page to another frame, and what stands for it where it is left out */
#ifndef MM_MIGRATE_H
#define MM_MIGRATE_H

#if CONFIG_MIGRATION

/* A fault on a migration entry, vmf->orig_pte: wait until the page has arrived. No lock held. */
void migration_entry_wait(struct vm_fault *vmf);

/*
 * Move a folio to another frame; the caller has a reference, and a use of the object that it
 * belongs to, if any. 0; -EAGAIN if somebody else holds it; -ENOMEM. May be called with mmap locks
 * held for reading.
 */
int migrate_folio(struct machine *machine, struct page *from, struct shmem *shmem);

/* mm_move_pages() */
int move_pages_range(struct mm *mm, unsigned long start, unsigned long end);

#else

static inline void migration_entry_wait(struct vm_fault *vmf)
{
	(void)vmf;
}

static inline int migrate_folio(struct machine *machine, struct page *from, struct shmem *shmem)
{
	(void)machine;
	(void)from;
	(void)shmem;
	return -MM_EAGAIN;
}

static inline int move_pages_range(struct mm *mm, unsigned long start, unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return -MM_ENOSYS;
}

#endif
#endif
