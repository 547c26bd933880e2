/* SPDX-License-Identifier: GPL-2.0-or-later */
/* migrate.h - moving a page to another frame, and what stands for it where it is left out */
#ifndef MM_MIGRATE_H
#define MM_MIGRATE_H

#if CONFIG_MIGRATION

/* A fault on a migration entry, vmf->orig_pte: wait until the page has arrived. No lock held. */
void migration_entry_wait(struct vm_fault *vmf);

#else

static inline void migration_entry_wait(struct vm_fault *vmf)
{
	(void)vmf;
}

#endif
#endif
