/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debugfs.c - what root makes the kernel do to pages: split them, merge them, move them */
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

int mm_split_huge_page(struct mm *mm, unsigned long addr)
{
	int err = -MM_EINVAL;

	port_down_read(&mm->mmap_lock);
	if (find_vma(mm, addr))
		err = split_huge_page_at(mm, addr & MM_PAGE_MASK);
	port_up_read(&mm->mmap_lock);
	return err;
}
