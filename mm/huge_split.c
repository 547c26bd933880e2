/* SPDX-License-Identifier: GPL-2.0-or-later */
/* huge_split.c - splitting a huge page into base pages */
#include "mm/internal.h"

int split_huge_page_at(struct mm *mm, unsigned long addr)
{
	(void)mm;
	(void)addr;
	return -MM_EINVAL;
}
