/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debugfs.c - what is done to pages from outside: they are split, merged, moved, and written */
#include "mm/internal.h"

int ksm_do_scan(struct machine *machine)
{
	return ksm_scan(machine);
}

int mm_move_pages(struct mm *mm, unsigned long addr, unsigned long length)
{
	int err = check_range(addr, &length);

	return err ? err : move_pages_range(mm, addr, addr + length);
}

void swap_end_writeback(struct machine *machine)
{
	end_all_writeback(machine);
}

int mm_split_huge_page(struct mm *mm, unsigned long addr)
{
	int err = -MM_EINVAL;

	port_down_read(&mm->mmap_lock);
	if (find_vma(mm, addr))
		err = split_huge_page_at(mm, addr & MM_PAGE_MASK);
	port_up_read(&mm->mmap_lock);
	return err;
}
