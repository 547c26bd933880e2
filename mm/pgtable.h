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
#define PTE_PSE        (UINT64_C(1) << 7) /* of a PMD: maps a huge page */
#define PTE_PROTNONE   (UINT64_C(1) << 8) /* with PTE_PRESENT clear: mapped, but not accessible */
#define PTE_SPECIAL    (UINT64_C(1) << 9) /* no struct page behind it that is counted: zero page */
#define PTE_UFFD_WP    (UINT64_C(1) << 10)
#define PTE_SOFT_DIRTY (UINT64_C(1) << 11)

/* The frame's number stands here whatever the page size. */
#define PTE_PFN_SHIFT 12
#define PTE_PFN_MASK  (((UINT64_C(1) << 40) - 1) << PTE_PFN_SHIFT)

/*
 * An entry that is neither none nor present: a swap entry. Type and inverted offset stand where
 * x86-64 has them, so that speculation on what is not present finds no memory (L1TF).
 */
#define PTE_SWP_SOFT_DIRTY (UINT64_C(1) << 1)
#define PTE_SWP_UFFD_WP    (UINT64_C(1) << 2)
#define PTE_SWP_EXCLUSIVE  (UINT64_C(1) << 3)
#define SWP_FLAGS          (PTE_SWP_SOFT_DIRTY | PTE_SWP_UFFD_WP | PTE_SWP_EXCLUSIVE)
#define SWP_OFFSET_SHIFT   14
#define SWP_OFFSET_BITS    45
#define SWP_OFFSET_MASK    ((UINT64_C(1) << SWP_OFFSET_BITS) - 1)
#define SWP_TYPE_SHIFT     59

enum swp_type {
	SWP_DEVICE, /* offset: a slot of the swap device */
	/* Offset: the frame that is on its way. No mapping, and no reference: who moves it has one.
	 */
	SWP_MIGRATION_READ,
	SWP_MIGRATION_READ_EXCLUSIVE,
	SWP_MIGRATION_WRITE,
	SWP_PTE_MARKER, /* offset: what is said of a page that is not there */
};

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

static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline pte_t swp_entry(enum swp_type type, uint64_t offset)
{
	return (~offset & SWP_OFFSET_MASK) << SWP_OFFSET_SHIFT | (pte_t)type << SWP_TYPE_SHIFT;
}

static inline enum swp_type swp_type(pte_t pte)
{
	return (enum swp_type)(pte >> SWP_TYPE_SHIFT);
}

static inline uint64_t swp_offset(pte_t pte)
{
	return ~(pte >> SWP_OFFSET_SHIFT) & SWP_OFFSET_MASK;
}

static inline bool is_migration_entry(pte_t pte)
{
	return is_swap_pte(pte) && swp_type(pte) >= SWP_MIGRATION_READ &&
	       swp_type(pte) <= SWP_MIGRATION_WRITE;
}

/* What a marker says of the page that is not there: a set. */
#define PTE_MARKER_UFFD_WP (UINT64_C(1) << 0) /* it will be write-protected for userfaultfd */

static inline pte_t make_pte_marker(uint64_t marker)
{
	return swp_entry(SWP_PTE_MARKER, marker);
}

static inline bool is_pte_marker(pte_t pte)
{
	return is_swap_pte(pte) && swp_type(pte) == SWP_PTE_MARKER;
}

static inline bool pte_marker_uffd_wp(pte_t pte)
{
	return is_pte_marker(pte) && swp_offset(pte) & PTE_MARKER_UFFD_WP;
}

/* A PMD that maps a huge page, PROT_NONE or not. */
static inline bool pmd_leaf(pte_t pmd)
{
	return pte_present(pmd) && pmd & PTE_PSE;
}

/* A PMD that leads to a table of PTEs. */
static inline bool pmd_table(pte_t pmd)
{
	return pmd & PTE_PRESENT && !(pmd & PTE_PSE);
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

static inline bool pte_uffd_wp(pte_t pte)
{
	return pte & PTE_UFFD_WP;
}

/* What userfaultfd write-protects is never writable (f1eb1bacfba9). */
static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return (pte & ~PTE_RW) | PTE_UFFD_WP;
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
