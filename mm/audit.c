/* SPDX-License-Identifier: GPL-2.0-or-later */
/* audit.c - recount every reference and mapping, and hold them against what the frames say */
#include "mm/audit.h"
#include "mm/internal.h"

struct audit {
	struct machine *machine;
	struct audit_frame *frames;
	struct audit_result *result;
};

static bool finding(struct audit *audit, enum audit_finding what, pfn_t pfn, int expected,
		    int found)
{
	*audit->result = (struct audit_result){what, pfn, expected, found};
	return false;
}

void mm_audit_hold(const struct machine *machine, struct audit_frame *frames,
		   const struct page *page, bool pinned)
{
	const struct page *head = compound_head(machine, page);
	struct audit_frame *frame = &frames[page_to_pfn(machine, head)];
	int bias = pinned ? page_pin_bias(machine, head) : 1;

	frame->refs += bias;
	if (pinned && bias && folio_is_large(head))
		frame->pins++;
}

/* A present entry: of a PTE, or of a PMD that maps a huge page. */
static bool audit_leaf(struct audit *audit, pte_t pte)
{
	const struct machine *machine = audit->machine;
	const struct page *page, *head;

	if (pte_pfn(pte) >= machine->nr_frames)
		return finding(audit, AUDIT_FREE_MAPPED, pte_pfn(pte), 0, 0);
	page = vm_normal_page(machine, pte);
	if (!page)
		return true;
	head = compound_head(machine, page);
	audit->frames[page_to_pfn(machine, head)].refs++;
	if (pte & PTE_PSE)
		audit->frames[pte_pfn(pte)].entire++;
	else
		audit->frames[pte_pfn(pte)].maps++;
	if (page_flag(head, PG_FREE))
		return finding(audit, AUDIT_FREE_MAPPED, pte_pfn(pte), 0, page_count(head));
	if (machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE && pte_write(pte) &&
	    page_flag(head, PG_ANON) && !page_flag(page, PG_ANON_EXCLUSIVE))
		return finding(audit, AUDIT_NOT_EXCLUSIVE, pte_pfn(pte), 1, 0);
	return true;
}

/* The tables that are put aside for the huge pages of a table of PMDs. */
static bool audit_deposits(struct audit *audit, pfn_t table, unsigned level)
{
	const struct machine *machine = audit->machine;

	for (pfn_t at = pfn_to_page(machine, table)->next_free; at && level == 2;
	     at = pfn_to_page(machine, at)->next_free) {
		if (at >= machine->nr_frames || !page_flag(pfn_to_page(machine, at), PG_TABLE))
			return finding(audit, AUDIT_FREE_MAPPED, at, 0, 0);
		audit->frames[at].refs++;
	}
	return true;
}

static bool audit_table(struct audit *audit, pfn_t table, unsigned level);

static bool audit_entry(struct audit *audit, pte_t entry, unsigned level)
{
	if (pte_none(entry))
		return true;
	if (level > 1 && pmd_table(entry))
		return audit_table(audit, pte_pfn(entry), level - 1);
	if (pte_present(entry))
		return audit_leaf(audit, entry);
	if (is_migration_entry(entry))
		return finding(audit, AUDIT_MIGRATION, (pfn_t)swp_offset(entry), 0, 1);
	if (swp_type(entry) == SWP_DEVICE && !swap_audit_entry(audit->machine, entry))
		return finding(audit, AUDIT_SWAP_SLOT, (pfn_t)swp_offset(entry), 0, 0);
	return true;
}

/* Count the table itself and all that it leads to. The depth is that of the tables. */
static bool audit_table(struct audit *audit, pfn_t table, unsigned level)
{
	const struct machine *machine = audit->machine;
	const struct page *page = pfn_to_page(machine, table);
	port_entry *entries = (port_entry *)(machine->memory + table * MM_PAGE_SIZE);

	if (table >= machine->nr_frames)
		return finding(audit, AUDIT_FREE_MAPPED, table, 0, 0);
	audit->frames[table].refs++;
	if (page_flag(page, PG_FREE))
		return finding(audit, AUDIT_FREE_MAPPED, table, 0, page_count(page));
	for (unsigned i = 0; i < MM_TABLE_ENTRIES; i++) {
		if (!audit_entry(audit, port_entry_read(&entries[i]), level))
			return false;
	}
	return audit_deposits(audit, table, level);
}

static void audit_lru_caches(struct audit *audit)
{
	const struct machine *machine = audit->machine;

	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++) {
		const struct lru_add_cache *cache = &machine->lru_add[cpu];

		for (unsigned i = 0; i < cache->nr; i++)
			audit->frames[page_to_pfn(machine, cache->pages[i])].refs++;
	}
}

static bool audit_frame(struct audit *audit, pfn_t pfn)
{
	const struct machine *machine = audit->machine;
	const struct page *page = pfn_to_page(machine, pfn);
	struct audit_frame *frame = &audit->frames[pfn];
	int entire = port_atomic_read(&page->entire_mapcount);
	int maps = port_atomic_read(&page->mapcount);
	int pins = port_atomic_read(&page->pincount);

	/* The machine's own. */
	if (pfn &&
	    (pfn == machine->zero_pfn || pfn == (pfn_t)port_atomic_read(&machine->huge_zero_pfn)))
		frame->refs++;
	/* The object that it belongs to. */
	if (page_flag(page, PG_SHMEM))
		frame->refs++;
	frame->refs += folio_swapcache_refs(page);
	if (page_count(page) != frame->refs)
		return finding(audit, AUDIT_REFCOUNT, pfn, frame->refs, page_count(page));
	if (maps != frame->maps || entire != frame->entire)
		return finding(audit, AUDIT_MAPCOUNT, pfn, frame->maps + frame->entire,
			       maps + entire);
	if (pins != frame->pins)
		return finding(audit, AUDIT_PINCOUNT, pfn, frame->pins, pins);
	return true;
}

/* Add the frames of the list to *listed, as long as that is not above `max`. */
static void count_list(const struct machine *machine, pfn_t first, unsigned max, unsigned *listed)
{
	for (pfn_t pfn = first; pfn && *listed <= max; pfn = pfn_to_page(machine, pfn)->next_free)
		*listed += folio_nr_pages(pfn_to_page(machine, pfn));
}

static bool audit_free_list(struct audit *audit)
{
	const struct machine *machine = audit->machine;
	unsigned flagged = 0;
	unsigned listed = 0;

	for (pfn_t pfn = 1; pfn < machine->nr_frames; pfn++)
		flagged += page_flag(pfn_to_page(machine, pfn), PG_FREE);
	for (int list = 0; list < 4; list++)
		count_list(machine, machine->free_list[list], flagged, &listed);
	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++) {
		count_list(machine, machine->pcp[cpu].lists[0], flagged, &listed);
		count_list(machine, machine->pcp[cpu].lists[1], flagged, &listed);
	}
	if (listed != flagged || listed != nr_free_pages(machine))
		return finding(audit, AUDIT_FREE_LIST, machine->free_list[0], (int)flagged,
			       (int)listed);
	return true;
}

static bool audit_swap(struct audit *audit)
{
	unsigned slot = 0;
	int expected, found;

	if (swap_audit_slots(audit->machine, &slot, &expected, &found))
		return true;
	return finding(audit, AUDIT_SWAP_SLOT, slot, expected, found);
}

static bool audit_writeback(struct audit *audit)
{
	pfn_t bad = 0;

	if (writeback_audit(audit->machine, &bad))
		return true;
	return finding(audit, AUDIT_UNSTABLE, bad, 0, 1);
}

/* How many VMAs belong to the context. */
static int context_vmas(const struct machine *machine, const struct userfaultfd_ctx *ctx)
{
	int vmas = 0;

	for (const struct mm *mm = machine->mms; mm; mm = mm->next) {
		for (unsigned i = 0; i < mm->nr_vmas; i++)
			vmas += mm->vmas[i].uffd_ctx == ctx;
	}
	return vmas;
}

static bool audit_contexts(struct audit *audit)
{
	const struct machine *machine = audit->machine;
	pfn_t number = 0;

	for (const struct userfaultfd_ctx *ctx = machine->uffd_ctxs; ctx;
	     ctx = userfaultfd_next(ctx)) {
		int expected = userfaultfd_ctx_holders(ctx) + context_vmas(machine, ctx);
		int found = userfaultfd_ctx_count(ctx);

		if (found != expected)
			return finding(audit, AUDIT_CONTEXT, number, expected, found);
		number++;
	}
	return true;
}

bool mm_audit(struct machine *machine, struct audit_frame *frames, struct audit_result *result)
{
	struct audit audit = {machine, frames, result};

	*result = (struct audit_result){0};
	swap_audit_begin(machine);
	for (const struct mm *mm = machine->mms; mm; mm = mm->next) {
		if (!audit_table(&audit, mm->pgd, MM_TOP_LEVEL))
			return false;
	}
	audit_lru_caches(&audit);
	if (!shmem_audit(machine))
		return finding(&audit, AUDIT_SWAP_SLOT, 0, 0, 0);
	if (!hugetlb_audit(machine, frames, result))
		return false;
	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++) {
		if (!audit_frame(&audit, pfn))
			return false;
	}
	return audit_swap(&audit) && audit_writeback(&audit) && audit_contexts(&audit) &&
	       audit_free_list(&audit);
}
