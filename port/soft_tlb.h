/* SPDX-License-Identifier: GPL-2.0-or-later */
/* soft_tlb.h - a TLB in software, for the ports whose CPU is not ours; the caller locks */
#ifndef PORT_SOFT_TLB_H
#define PORT_SOFT_TLB_H

#include <stdbool.h>
#include <stdint.h>

/* A few entries are enough to hold on to a stale one; the checker saves them with every state. */
#define SOFT_TLB_ENTRIES 8

struct soft_tlb {
	unsigned next; /* the entry that the next insertion takes */
	struct soft_tlb_entry {
		unsigned tag; /* 0: free */
		unsigned long vpn;
		uint64_t entry;
	} entries[SOFT_TLB_ENTRIES];
};

static inline bool soft_tlb_lookup(const struct soft_tlb *tlb, unsigned tag, unsigned long vpn,
				   uint64_t *entry)
{
	for (int i = 0; i < SOFT_TLB_ENTRIES; i++) {
		if (tlb->entries[i].tag == tag && tlb->entries[i].vpn == vpn) {
			*entry = tlb->entries[i].entry;
			return true;
		}
	}
	return false;
}

static inline void soft_tlb_insert(struct soft_tlb *tlb, unsigned tag, unsigned long vpn,
				   uint64_t entry)
{
	struct soft_tlb_entry new = {.tag = tag, .vpn = vpn, .entry = entry};

	for (int i = 0; i < SOFT_TLB_ENTRIES; i++) {
		if (tlb->entries[i].tag == tag && tlb->entries[i].vpn == vpn) {
			tlb->entries[i] = new;
			return;
		}
	}
	tlb->entries[tlb->next] = new;
	tlb->next = (tlb->next + 1) % SOFT_TLB_ENTRIES;
}

/* Does it hold a translation of these pages? */
static inline bool soft_tlb_has(const struct soft_tlb *tlb, unsigned tag, unsigned long first,
				unsigned long last)
{
	for (int i = 0; i < SOFT_TLB_ENTRIES; i++) {
		const struct soft_tlb_entry *entry = &tlb->entries[i];

		if (entry->tag == tag && entry->vpn >= first && entry->vpn <= last)
			return true;
	}
	return false;
}

static inline void soft_tlb_flush(struct soft_tlb *tlb, unsigned tag, unsigned long first,
				  unsigned long last)
{
	for (int i = 0; i < SOFT_TLB_ENTRIES; i++) {
		struct soft_tlb_entry *entry = &tlb->entries[i];

		if (entry->tag == tag && entry->vpn >= first && entry->vpn <= last)
			*entry = (struct soft_tlb_entry){0};
	}
}

#endif
