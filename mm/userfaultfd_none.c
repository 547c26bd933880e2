/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd_none.c - the calls of mm.h where userfaultfd is left out: there are no contexts */
#include "mm/internal.h"

int userfaultfd_create(struct mm *mm, unsigned features, struct userfaultfd_ctx **ctx)
{
	(void)mm;
	(void)features;
	(void)ctx;
	return -MM_ENOSYS;
}

void userfaultfd_close(struct userfaultfd_ctx *ctx)
{
	(void)ctx;
}

int uffdio_register(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode)
{
	(void)ctx;
	(void)addr;
	(void)length;
	(void)mode;
	return -MM_ENOSYS;
}

int uffdio_unregister(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length)
{
	(void)ctx;
	(void)addr;
	(void)length;
	return -MM_ENOSYS;
}

int uffdio_writeprotect(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
			unsigned mode)
{
	(void)ctx;
	(void)addr;
	(void)length;
	(void)mode;
	return -MM_ENOSYS;
}

int uffdio_wake(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length)
{
	(void)ctx;
	(void)addr;
	(void)length;
	return -MM_ENOSYS;
}

int uffdio_copy(struct userfaultfd_ctx *ctx, unsigned long addr, uint32_t value, unsigned mode)
{
	(void)ctx;
	(void)addr;
	(void)value;
	(void)mode;
	return -MM_ENOSYS;
}

int uffdio_zeropage(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode)
{
	(void)ctx;
	(void)addr;
	(void)length;
	(void)mode;
	return -MM_ENOSYS;
}

int uffdio_continue(struct userfaultfd_ctx *ctx, unsigned long addr, unsigned long length,
		    unsigned mode)
{
	(void)ctx;
	(void)addr;
	(void)length;
	(void)mode;
	return -MM_ENOSYS;
}

int uffdio_move(struct userfaultfd_ctx *ctx, struct mm *caller, unsigned long dst,
		unsigned long src, unsigned long length, unsigned mode)
{
	(void)ctx;
	(void)caller;
	(void)dst;
	(void)src;
	(void)length;
	(void)mode;
	return -MM_ENOSYS;
}

int userfaultfd_read(struct userfaultfd_ctx *ctx, struct uffd_msg *msg)
{
	(void)ctx;
	(void)msg;
	return -MM_ENOSYS;
}

bool userfaultfd_poll(struct userfaultfd_ctx *ctx)
{
	(void)ctx;
	return false;
}

bool mm_pagemap_uffd_wp(struct mm *mm, unsigned long addr)
{
	(void)mm;
	(void)addr;
	return false;
}
