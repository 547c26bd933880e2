/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.h - moving a page to another frame, and what stands for it where it is left out */
#ifndef MM_MIGRATE_H
#define MM_MIGRATE_H

#if CONFIG_MIGRATION

/* A fault on a migration entry, vmf->orig_pte: wait until the page has arrived. No lock held. */
void migration_entry_wait(struct vm_fault *vmf);

/* Where a folio may be moved to. */
enum migrate_to {
	MIGRATE_TO_ANY,
	MIGRATE_TO_UNMOVABLE, /* out of ZONE_MOVABLE */
};

/*
 * Move a folio to another frame; the caller has a reference, and a use of the object that it
 * belongs to, if any. 0; -EAGAIN if somebody else holds it; -ENOMEM. May be called with mmap locks
 * held for reading.
 */
int migrate_folio(struct machine *machine, struct page *from, struct shmem *shmem,
		  enum migrate_to where);

/* mm_move_pages() */
int move_pages_range(struct mm *mm, unsigned long start, unsigned long end);

/* Move what is in ZONE_MOVABLE out of it. 0 or -ENOMEM. No lock held. */
int move_out_of_movable(struct mm *mm, unsigned long start, unsigned long end);

#else

static inline void migration_entry_wait(struct vm_fault *vmf)
{
	(void)vmf;
}

static inline int move_out_of_movable(struct mm *mm, unsigned long start, unsigned long end)
{
	(void)mm;
	(void)start;
	(void)end;
	return -MM_ENOMEM;
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
