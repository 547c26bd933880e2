/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bugs.c - the historical bugs that are values of rules: what brings each back, and what cures it
 */
#include "mm/bugs.h"

const struct mm_bug mm_bugs[] = {
	{
		.name = "CVE-2020-29374",
		.what = "who keeps a reference and unmaps the page reads what the other writes",
		.era = "v5.7",
		.bug = {"wp_reuse", "mapcount"},
		.fix = {"wp_reuse", "refcount"},
		.fixed = "17839856fd58",
	},
	{
		.name = "pin, fork, write",
		.what = "the writer leaves the page that it had pinned, as long as the child has "
			"it",
		.era = "v5.9-rc4",
		.bug = {"fork_pinned", "share"},
		.fix = {"fork_pinned", "copy"},
		.fixed = "70e806e4e645",
	},
	{
		.name = "RDMA regression",
		.what = "the same although the child has ended: the pin itself makes the write "
			"copy",
		.era = "v5.9-rc4",
		.bug = {"wp_reuse", "refcount"},
		.fix = {"wp_reuse", "mapcount"},
		.brought = "09854ba94c6a",
		.fixed = "70e806e4e645",
	},
	{
		.name = "soft-dirty takes the pin's page",
		.what = "clear_refs write-protects a pinned page, and the next write leaves it",
		.era = "v5.9",
		.bug = {"clear_refs_pinned", "protect"},
		.fix = {"clear_refs_pinned", "skip"},
		.brought = "09854ba94c6a",
		.fixed = "9348b73c2e1b",
	},
	{
		.name = "mprotect takes the pin's page",
		.what = "mprotect() to read-only and back, and the next write leaves the pinned "
			"page",
		.era = "v5.18",
		.bug = {"wp_reuse", "refcount-drain"},
		.fix = {"wp_reuse", "exclusive"},
		.brought = "09854ba94c6a",
		.fixed = "6c287605fd56",
	},
	{
		.name = "read-only pin of a shared page",
		.what = "the device keeps reading the page that the next write leaves behind",
		.era = "v5.19",
		.bug = {"gup_break", "never"},
		.fix = {"gup_break", "unshare"},
		.fixed = "a7f226604170",
	},
	{
		.name = "long-term pin of the zero page",
		.what = "the device reads zeroes for ever",
		.era = "v6.2",
		.bug = {"gup_break", "unshare"},
		.fix = {"gup_break", "unshare-cow"},
		.fixed = "84209e87c696",
	},
	{
		.name = "O_DIRECT and fork",
		.what = "what read(2) brings lands in the page that the next write leaves to the "
			"child",
		.era = "v6.5",
		.bug = {"dio_ref", "get"},
		.fix = {"dio_ref", "pin"},
		.fixed = "a7e689dd1c06",
	},
	{
		.name = "CVE-2020-29374 of a huge page",
		.what = "the same with a transparent huge page that a PMD maps, whose reuse went "
			"by the mapcount until v5.18",
		.era = "v5.18",
		.bug = {"thp_reuse", "mapcount"},
		.fix = {"thp_reuse", "refcount"},
		.fixed = "3bff7e3f1f16",
	},
	{
		.name = "CVE-2020-29374 of hugetlb",
		.what = "the same with hugetlb memory, whose reuse still goes by the mapcount",
		.era = "v5.8",
		.bug = {"gup_break", "never"},
		.fix = {"gup_break", "force-write"},
	},
	{
		.name = "pin, fork, write of hugetlb",
		.what = "fork shares a pinned page of hugetlb, and the writer leaves it",
		.era = "v5.12",
		.bug = {"hugetlb_fork", "share"},
		.fix = {"hugetlb_fork", "copy-writable"},
		.fixed = "4eae4efa2c29",
	},
	{
		.name = "writable copy of a hugetlb pin",
		.what = "the child may write to its copy of a pinned page, though the memory is "
			"read-only",
		.era = "v6.14",
		.bug = {"hugetlb_fork", "copy-writable"},
		.fix = {"hugetlb_fork", "copy"},
		.brought = "4eae4efa2c29",
		.fixed = "list, Dec 2024",
	},
	{
		.name = "FOLL_FORCE and hugetlb",
		.what = "a write by force makes read-only hugetlb memory writable for everybody",
		.era = "v6.0",
		.bug = {"hugetlb_force", "writable"},
		.fix = {"hugetlb_force", "efault"},
		.fixed = "1d8d14641fd9",
	},
	{
		.name = "first write to uffd-wp hugetlb",
		.what = "what was write-protected before it was there can be written unseen",
		.era = "v6.3",
		.bug = {"hugetlb_uffd_wp", "mapped"},
		.fix = {"hugetlb_uffd_wp", "first-write"},
		.fixed = "60d5b473d61b",
	},
	{
		.name = "copies of uffd-wp hugetlb",
		.what = "the copy that a pin or fork makes is not write-protected any more",
		.era = "v6.4",
		.bug = {"hugetlb_uffd_wp", "first-write"},
		.fix = {"hugetlb_uffd_wp", "keep"},
		.fixed = "0f230bc24b6e",
	},
	{
		.name = "O_DIRECT and swap",
		.what = "reclaim unmaps the page under the device; read back, the next write "
			"leaves it",
		.era = "v5.19",
		.bug = {"swapin_reuse", "refcount"},
		.fix = {"swapin_reuse", "exclusive"},
		.brought = "09854ba94c6a",
		.fixed = "1493a1913e34",
	},
	{
		.name = "pin and swap",
		.what = "the same to a pinned page",
		.era = "v5.11",
		.bug = {"pageout_pinned", "unmap"},
		.fix = {"pageout_pinned", "keep"},
		.brought = "09854ba94c6a",
		.fixed = "feb889fb40fa",
	},
	{
		.name = "MADV_FREE and O_DIRECT",
		.what = "reclaim drops a page that is clean, though a device is writing to it",
		.era = "v5.18",
		.bug = {"madv_free_refs", "ignore"},
		.fix = {"madv_free_refs", "keep"},
		.fixed = "6c8e2a256915",
	},
	{
		.name = "dirty bit lost in migrate_vma()",
		.what = "a page that has moved seems to be as it is in swap, and is dropped",
		.era = "v5.19",
		.bug = {"migrate_dirty", "lost"},
		.fix = {"migrate_dirty", "keep"},
		.brought = "8c3328f1f36a",
		.fixed = "fd35ca3d12cc",
	},
};

const int mm_nr_bugs = (int)(sizeof(mm_bugs) / sizeof(mm_bugs[0]));
