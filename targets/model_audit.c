/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_audit.c - the invariants of the machine, which must hold after every step */
#include "targets/model.h"

#include <stdio.h>
#include <string.h>

static const struct mm *mm_with_id(const struct machine *machine, unsigned id)
{
	const struct mm *mm = machine->mms;

	while (mm && mm->id != id)
		mm = mm->next;
	return mm;
}

/* With nobody inside mm/, no CPU may know a translation that the tables no longer have. */
static bool stale_tlb_entry(struct model *model, unsigned cpu, const struct soft_tlb_entry *entry)
{
	struct machine *machine = model->state->machine;
	struct mm *mm = (struct mm *)mm_with_id(machine, entry->tag);
	unsigned long addr = entry->vpn << MM_PAGE_SHIFT;
	pte_t pte = mm ? mm_pte(mm, addr) : 0;

	if (pte_access_permitted(pte, pte_write(entry->entry)) &&
	    pte_pfn(pte) == pte_pfn(entry->entry))
		return false;
	snprintf(model->detail, sizeof(model->detail),
		 "CPU %u still translates 0x%lx to frame %u%s", cpu, addr, pte_pfn(entry->entry),
		 pte_write(entry->entry) ? ", writable" : "");
	return true;
}

static bool stale_tlb(struct model *model)
{
	struct machine *machine = model->state->machine;

	for (unsigned cpu = 0; cpu < machine->nr_cpus; cpu++) {
		for (int i = 0; i < SOFT_TLB_ENTRIES; i++) {
			const struct soft_tlb_entry *entry = &machine->cpus[cpu].tlb.entries[i];

			if (entry->tag && stale_tlb_entry(model, cpu, entry))
				return true;
		}
	}
	return false;
}

static void count_handles(struct model *model)
{
	const struct machine *machine = model->state->machine;

	for (int task = 0; task < model->test->nr_tasks; task++) {
		for (int reg = 0; reg < model->test->tasks[task].nr_registers; reg++) {
			const struct model_handle *handle = &model->state->tasks[task].handles[reg];

			for (unsigned i = 0; i < handle->nr_held; i++)
				mm_audit_hold(machine, model->frames, handle->pages[i],
					      handle->pinned);
		}
	}
}

static unsigned report(struct model *model, const struct audit_result *result)
{
	static const struct {
		unsigned violation;
		const char *what;
	} findings[] = {
		[AUDIT_OK] = {VIOLATION_NONE, ""},
		[AUDIT_REFCOUNT] = {VIOLATION_BAD_COUNT, "references"},
		[AUDIT_MAPCOUNT] = {VIOLATION_BAD_COUNT, "mappings"},
		[AUDIT_PINCOUNT] = {VIOLATION_BAD_COUNT, "pins"},
		[AUDIT_FREE_MAPPED] = {VIOLATION_USE_AFTER_FREE, "mappings of a free frame"},
		[AUDIT_FREE_LIST] = {VIOLATION_BAD_COUNT, "free frames"},
		[AUDIT_CONTEXT] = {VIOLATION_BAD_COUNT, "uses of a userfaultfd context"},
		[AUDIT_SWAP_SLOT] = {VIOLATION_BAD_COUNT, "entries (a slot of swap)"},
		[AUDIT_MIGRATION] = {VIOLATION_BAD_COUNT, "migration entries"},
		[AUDIT_NOT_EXCLUSIVE] = {VIOLATION_BAD_COUNT, "anon-exclusive marks"},
		[AUDIT_UNSTABLE] = {VIOLATION_UNSTABLE_PAGE, "changes under writeback"},
		[AUDIT_HUGETLB] = {VIOLATION_BAD_COUNT, "huge pages of the pool"},
	};

	snprintf(model->detail, sizeof(model->detail), "frame %u: %d %s, found %d", result->pfn,
		 result->expected, findings[result->finding].what, result->found);
	return findings[result->finding].violation;
}

/* Who waits for a monitor holds nothing, unless it is about to take several pages. */
static bool holds_nothing(const struct model *model, int task)
{
	const struct litmus_task *program = &model->test->tasks[task];
	int pc = model->state->tasks[task].pc;

	return check_sleeps((unsigned)task) &&
	       (pc >= program->nr_ops || !litmus_op_info(program->ops[pc].code)->makes_handle);
}

/* A task that waits inside mm/ may hold references of its own. */
static bool somebody_is_inside(const struct model *model)
{
	for (int task = 0; task < model->test->nr_tasks; task++) {
		if (model->state->tasks[task].busy && !holds_nothing(model, task))
			return true;
	}
	return false;
}

/* Once the last address space is gone, all that mm/ has allocated for them must be, too. */
static bool memory_lost(struct model *model)
{
	unsigned allocations = check_allocations();

	if (model->state->machine->mms || allocations == model->allocations)
		return false;
	snprintf(model->detail, sizeof(model->detail), "%u allocations, expected %u", allocations,
		 model->allocations);
	return true;
}

unsigned model_audit(struct model *model)
{
	struct audit_result result;

	if (somebody_is_inside(model))
		return VIOLATION_NONE;
	memset(model->frames, 0, model->nr_frames * sizeof(model->frames[0]));
	count_handles(model);
	if (!mm_audit(model->state->machine, model->frames, &result))
		return report(model, &result);
	if (memory_lost(model))
		return VIOLATION_BAD_COUNT;
	return stale_tlb(model) ? VIOLATION_STALE_TLB : VIOLATION_NONE;
}
