/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audit.h - does the accounting of a machine hold? */
#ifndef MM_AUDIT_H
#define MM_AUDIT_H

#include "mm/mm.h"

enum audit_finding {
	AUDIT_OK,
	AUDIT_REFCOUNT,      /* refcount is not mappings + references + pins */
	AUDIT_MAPCOUNT,      /* mapcount is not the number of PTEs, or entire_mapcount of PMDs */
	AUDIT_PINCOUNT,      /* pincount of a large folio is not the number of pins */
	AUDIT_FREE_MAPPED,   /* a frame that is free, or none, is reachable from a table */
	AUDIT_FREE_LIST,     /* the free frames don't add up */
	AUDIT_SWAP_SLOT,     /* a slot's count, or the swap cache; pfn is the slot */
	AUDIT_CONTEXT,       /* uses of a userfaultfd context; pfn is its number in the list */
	AUDIT_MIGRATION,     /* an entry of a page on its way, which nobody moves any more */
	AUDIT_NOT_EXCLUSIVE, /* a writable PTE of an anon page not marked exclusive */
	AUDIT_UNSTABLE, /* a page has changed that the swap device is writing and needs as it was */
	AUDIT_HUGETLB,  /* hugetlb's free or reserved pages don't add up */
};

struct audit_result {
	enum audit_finding finding;
	pfn_t pfn;
	int expected;
	int found;
};

/* What a frame's counts should be. */
struct audit_frame {
	int refs;   /* at the head of a folio, for all of it */
	int pins;   /* the same; of a large one */
	int maps;   /* PTEs */
	int entire; /* PMDs */
};

/* Count a reference that get_user_pages() took, or a pin. */
void mm_audit_hold(const struct machine *machine, struct audit_frame *frames,
		   const struct page *page, bool pinned);

/*
 * Recount everything. `frames` has machine->nr_frames entries, zero but for what the caller knows
 * to be held through get_user_pages() and pin_user_pages(), as mm_audit_hold() notes it.
 * No task may be inside mm/. Returns true if all is well; else *result is the first finding.
 */
bool mm_audit(struct machine *machine, struct audit_frame *frames, struct audit_result *result);

#endif
