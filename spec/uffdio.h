/* SPDX-License-Identifier: GPL-2.0-or-later */
/* uffdio.h - what the calls about a userfaultfd have in common */
#ifndef SPEC_UFFDIO_H
#define SPEC_UFFDIO_H

#include "spec/machine.h"

/* What one of the calls is about. */
struct range {
	int uffd;
	int mm;
	int first;
	struct page *pages;
	int nr;
};

/* A range that is not one VMA is an error to some calls, or was. */
int spec_area_choices(const struct range *range);

/* uffdio_copy(), uffdio_zeropage() and uffdio_continue() on memory that lives. */
int spec_fill_choices(const struct spec_machine *m, const struct range *range,
		      const struct litmus_op *op);
int64_t spec_fill(struct spec_machine *m, int task, const struct range *range,
		  const struct litmus_op *op, int choice);

/* Some pages are done, from the first one on; `err` is what kept it from the next one. */
int64_t spec_end_partly(struct spec_machine *m, const struct range *range,
			const struct litmus_op *op, int done, int64_t err);

/* uffd_move.c: the same of uffdio_move(). */
int spec_uffd_move_choices(struct spec_machine *m, const struct range *range,
			   const struct litmus_op *op);
int64_t spec_uffd_move(struct spec_machine *m, int task, const struct range *range,
		       const struct litmus_op *op, int choice);

#endif
