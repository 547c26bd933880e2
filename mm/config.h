/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config.h - what can be left out of mm/, as in the kernel: 1 or 0, on the compiler's command line
 */
#ifndef MM_CONFIG_H
#define MM_CONFIG_H

#ifndef CONFIG_USERFAULTFD
#define CONFIG_USERFAULTFD 1
#endif
#ifndef CONFIG_TRANSPARENT_HUGEPAGE
#define CONFIG_TRANSPARENT_HUGEPAGE 1
#endif
#ifndef CONFIG_HUGETLB_PAGE
#define CONFIG_HUGETLB_PAGE 1
#endif
#ifndef CONFIG_SWAP
#define CONFIG_SWAP 1
#endif
#ifndef CONFIG_KSM
#define CONFIG_KSM 1
#endif
#ifndef CONFIG_MIGRATION
#define CONFIG_MIGRATION 1
#endif

#endif
