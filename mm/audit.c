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

static bool audit_pte(struct audit *audit, pte_t pte)
{
	const struct machine *machine = audit->machine;
	const struct page *page;

	if (!pte_present(pte))
		return true;
	if (pte_pfn(pte) >= machine->nr_frames)
		return finding(audit, AUDIT_FREE_MAPPED, pte_pfn(pte), 0, 0);
	page = vm_normal_page(machine, pte);
	if (!page)
		return true;
	audit->frames[pte_pfn(pte)].refs++;
	audit->frames[pte_pfn(pte)].maps++;
	if (page_flag(page, PG_FREE))
		return finding(audit, AUDIT_FREE_MAPPED, pte_pfn(pte), 0, page_count(page));
	if (machine->rules.wp_reuse == WP_REUSE_EXCLUSIVE && pte_write(pte) &&
	    page_flag(page, PG_ANON) && !page_flag(page, PG_ANON_EXCLUSIVE))
		return finding(audit, AUDIT_NOT_EXCLUSIVE, pte_pfn(pte), 1, 0);
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
		pte_t entry = port_entry_read(&entries[i]);

		if (pte_none(entry))
			continue;
		if (level == 1 ? !audit_pte(audit, entry)
			       : !audit_table(audit, pte_pfn(entry), level - 1))
			return false;
	}
	return true;
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
	const struct page *page = pfn_to_page(audit->machine, pfn);
	struct audit_frame *frame = &audit->frames[pfn];

	if (page_flag(page, PG_RESERVED))
		frame->refs++;
	/* The object that it belongs to. */
	if (page_flag(page, PG_SHMEM))
		frame->refs++;
	if (page_count(page) != frame->refs)
		return finding(audit, AUDIT_REFCOUNT, pfn, frame->refs, page_count(page));
	if (page_mapcount(page) != frame->maps)
		return finding(audit, AUDIT_MAPCOUNT, pfn, frame->maps, page_mapcount(page));
	return true;
}

static bool audit_free_list(struct audit *audit)
{
	const struct machine *machine = audit->machine;
	unsigned listed = 0;
	unsigned flagged = 0;
	pfn_t pfn = machine->first_free;

	/* Frame 0 has the flag but is never given out. */
	for (pfn_t at = 1; at < machine->nr_frames; at++)
		flagged += page_flag(pfn_to_page(machine, at), PG_FREE);
	for (; pfn && listed <= flagged; pfn = pfn_to_page(machine, pfn)->next_free)
		listed++;
	if (listed != flagged || listed != machine->nr_free)
		return finding(audit, AUDIT_FREE_LIST, pfn, (int)flagged, (int)listed);
	return true;
}

bool mm_audit(struct machine *machine, struct audit_frame *frames, struct audit_result *result)
{
	struct audit audit = {machine, frames, result};

	*result = (struct audit_result){0};
	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++)
		frames[pfn].maps = 0;
	for (const struct mm *mm = machine->mms; mm; mm = mm->next) {
		if (!audit_table(&audit, mm->pgd, MM_TOP_LEVEL))
			return false;
	}
	audit_lru_caches(&audit);
	for (pfn_t pfn = 0; pfn < machine->nr_frames; pfn++) {
		if (!audit_frame(&audit, pfn))
			return false;
	}
	return audit_free_list(&audit);
}
