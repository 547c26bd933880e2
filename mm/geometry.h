/* SPDX-License-Identifier: GPL-2.0-or-later */
/* geometry.h - sizes, fixed when mm/ is compiled */
#ifndef MM_GEOMETRY_H
#define MM_GEOMETRY_H

/*
 * A table fills one page, as on x86-64. The small geometry keeps that, with 4 entries a table, so
 * that a checker can save thousands of whole machines.
 */
#ifdef MM_GEOMETRY_SMALL
#define MM_PAGE_SHIFT  5
#define MM_TABLE_SHIFT 2
#else
#define MM_PAGE_SHIFT  12
#define MM_TABLE_SHIFT 9
#endif

#define MM_PAGE_SIZE     (1UL << MM_PAGE_SHIFT)
#define MM_PAGE_MASK     (~(MM_PAGE_SIZE - 1))
#define MM_TABLE_ENTRIES (1U << MM_TABLE_SHIFT)

/* A huge page is what one PMD maps (HPAGE_PMD_ORDER, HPAGE_PMD_NR, HPAGE_PMD_SIZE). */
#define MM_HPAGE_ORDER MM_TABLE_SHIFT
#define MM_HPAGE_NR    MM_TABLE_ENTRIES
#define MM_HPAGE_SIZE  (MM_PAGE_SIZE << MM_HPAGE_ORDER)
#define MM_HPAGE_MASK  (~(MM_HPAGE_SIZE - 1))

/* Levels of tables: 1 holds PTEs, 2 PMDs, 3 PUDs, 4 is the PGD. */
#define MM_TOP_LEVEL 4

/* The upper half of the address space is the kernel's. */
#define MM_TASK_SIZE (1UL << (MM_PAGE_SHIFT + MM_TOP_LEVEL * MM_TABLE_SHIFT - 1))

#endif
