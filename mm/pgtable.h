/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pgtable.h - the x86-64 entry formats, software bits included */
#ifndef MM_PGTABLE_H
#define MM_PGTABLE_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t pte_t;
typedef uint32_t pfn_t;

/* Bits of a present entry. */
#define PTE_PRESENT    (UINT64_C(1) << 0)
#define PTE_RW         (UINT64_C(1) << 1)
#define PTE_USER       (UINT64_C(1) << 2)
#define PTE_ACCESSED   (UINT64_C(1) << 5)
#define PTE_DIRTY      (UINT64_C(1) << 6)
#define PTE_PROTNONE   (UINT64_C(1) << 8) /* with PTE_PRESENT clear: mapped, but not accessible */
#define PTE_SPECIAL    (UINT64_C(1) << 9) /* no struct page behind it that is counted: zero page */
#define PTE_SOFT_DIRTY (UINT64_C(1) << 11)

/* The frame's number stands here whatever the page size. */
#define PTE_PFN_SHIFT 12
#define PTE_PFN_MASK  (((UINT64_C(1) << 40) - 1) << PTE_PFN_SHIFT)

/* An entry of a table above the PTEs. */
#define TABLE_ENTRY_BITS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)

static inline pfn_t pte_pfn(pte_t pte)
{
	return (pfn_t)((pte & PTE_PFN_MASK) >> PTE_PFN_SHIFT);
}

static inline pte_t pfn_pte(pfn_t pfn, pte_t bits)
{
	return (pte_t)pfn << PTE_PFN_SHIFT | bits;
}

static inline bool pte_none(pte_t pte)
{
	return !pte;
}

/* Mapped; the CPU itself can use it only if it is not PROT_NONE. */
static inline bool pte_present(pte_t pte)
{
	return pte & (PTE_PRESENT | PTE_PROTNONE);
}

static inline bool pte_protnone(pte_t pte)
{
	return (pte & (PTE_PRESENT | PTE_PROTNONE)) == PTE_PROTNONE;
}

static inline bool pte_write(pte_t pte)
{
	return pte & PTE_RW;
}

static inline bool pte_dirty(pte_t pte)
{
	return pte & PTE_DIRTY;
}

static inline bool pte_soft_dirty(pte_t pte)
{
	return pte & PTE_SOFT_DIRTY;
}

static inline bool pte_special(pte_t pte)
{
	return pte & PTE_SPECIAL;
}

/* May the CPU make this access through the entry, without a fault? */
static inline bool pte_access_permitted(pte_t pte, bool write)
{
	pte_t need = PTE_PRESENT | PTE_USER | (write ? PTE_RW : 0);

	return (pte & need) == need;
}

/* On x86 an entry that is made dirty is soft-dirty too. */
static inline pte_t pte_mkdirty(pte_t pte)
{
	return pte | PTE_DIRTY | PTE_SOFT_DIRTY;
}

#endif
