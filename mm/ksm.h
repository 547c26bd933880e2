/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ksm.h - merging of equal pages, and what stands for it where it is left out */
#ifndef MM_KSM_H
#define MM_KSM_H

#if CONFIG_KSM

/* The machine ends. */
void ksm_destroy(struct machine *machine);

#else

static inline void ksm_destroy(struct machine *machine)
{
	(void)machine;
}

#endif
#endif
