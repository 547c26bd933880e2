/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debugfs.c - what a write to a file of debugfs does: split_huge_pages */
#include "mm/internal.h"

int mm_split_huge_page(struct mm *mm, unsigned long addr)
{
	int err = -MM_EINVAL;

	port_down_read(&mm->mmap_lock);
	if (find_vma(mm, addr))
		err = split_huge_page_at(mm, addr & MM_PAGE_MASK);
	port_up_read(&mm->mmap_lock);
	return err;
}
