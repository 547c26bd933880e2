/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.c - each rule and its values: what they mean, and which commit brought them */
#include "mm/eras.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct mm_rule_value wp_reuse_values[] = {
	[WP_REUSE_MAPCOUNT] = {"mapcount", "no other PTE maps it; references and pins do not count",
			       NULL},
	[WP_REUSE_REFCOUNT] = {"refcount", "nobody else holds it in any way, and its lock is free",
			       "09854ba94c6a"},
	[WP_REUSE_PINNED_MAPCOUNT] = {"pinned-mapcount",
				      "as refcount, but the mapcount decides if it may be pinned",
				      "list, 16 Sep 2020"},
	[WP_REUSE_REFCOUNT_DRAIN] = {"refcount-drain",
				     "as refcount, after this CPU's LRU cache has let go of it",
				     "d4c470970d45"},
	[WP_REUSE_EXCLUSIVE] = {"exclusive", "it is anon-exclusive; else as refcount-drain",
				"6c287605fd56"},
};

static const struct mm_rule_value wp_reuse_large_values[] = {
	[WP_REUSE_LARGE_COUNT] = {"count",
				  "when no other part of it is mapped, and nobody holds it", NULL},
	[WP_REUSE_LARGE_NEVER] = {"never", "never", "cd197c3a2040"},
	[WP_REUSE_LARGE_MAPPED] = {"mapped", "when this mm's mappings are all that holds it",
				   "1da190f4d0a6"},
};

static const struct mm_rule_value thp_reuse_values[] = {
	[THP_REUSE_MAPCOUNT] = {"mapcount",
				"nobody else maps any of it; references and pins do not count",
				NULL},
	[THP_REUSE_REFCOUNT] = {"refcount", "nobody else holds it in any way", "3bff7e3f1f16"},
	[THP_REUSE_EXCLUSIVE] = {"exclusive", "it is anon-exclusive; else as refcount",
				 "6c287605fd56"},
};

static const struct mm_rule_value thp_cow_values[] = {
	[THP_COW_COPY] = {"copy", "copy all of it to another huge page", NULL},
	[THP_COW_SPLIT] = {"split", "split the PMD, and copy one base page", "3917c80280c9"},
};

static const struct mm_rule_value huge_zero_write_values[] = {
	[HUGE_ZERO_WRITE_ALLOC] = {"alloc", "map a huge page of zeroes instead", "1ced09e0331f"},
	[HUGE_ZERO_WRITE_SPLIT] = {"split", "split the PMD, and map one base page", "3917c80280c9"},
	[HUGE_ZERO_WRITE_KEEP] = {"keep", "as alloc; but to unshare is no write, and keeps uffd-wp",
				  "list, 2026"},
};

static const struct mm_rule_value wp_unlock_values[] = {
	[WP_UNLOCK_AFTER_PTL] = {"after-ptl", "after the PTE lock, when it may be freed already",
				 "09854ba94c6a"},
	[WP_UNLOCK_BEFORE_PTL] = {"before-ptl", "while the PTE lock keeps it mapped",
				  "be068f29034f"},
};

static const struct mm_rule_value gup_break_values[] = {
	[GUP_BREAK_NEVER] = {"never", "it takes the page as it is", NULL},
	[GUP_BREAK_FORCE_WRITE] = {"force-write", "it faults as if FOLL_WRITE had been asked for",
				   "17839856fd58"},
	[GUP_BREAK_PIN] = {"pin", "FOLL_PIN faults with FAULT_FLAG_BREAK_COW", "list, 14 Sep 2020"},
	[GUP_BREAK_UNSHARE] = {"unshare", "FOLL_PIN unshares an anonymous page not exclusive",
			       "a7f226604170"},
	[GUP_BREAK_UNSHARE_COW] = {"unshare-cow",
				   "and FOLL_LONGTERM anything else in a COW mapping",
				   "84209e87c696"},
};

static const struct mm_rule_value gup_fast_write_values[] = {
	[GUP_FAST_WRITE_ONLY] = {"write", "FOLL_WRITE", NULL},
	[GUP_FAST_WRITE_ALWAYS] = {"always", "every request but FOLL_FAST_ONLY", "17839856fd58"},
	[GUP_FAST_WRITE_OR_PIN] = {"write-or-pin", "FOLL_WRITE and FOLL_PIN", "list, 15 Sep 2020"},
};

static const struct mm_rule_value gup_fast_huge_zero_values[] = {
	[GUP_FAST_HUGE_ZERO_TAKE] = {"take", "yes", NULL},
	[GUP_FAST_HUGE_ZERO_SLOW] = {"slow", "no, slow GUP does", "d82d09e48219"},
};

static const struct mm_rule_value gup_follow_write_values[] = {
	[GUP_FOLLOW_FORCE_COW] = {"force-cow", "with FOLL_FORCE, once COW was broken, if dirty",
				  "19be0eaffa3a"},
	[GUP_FOLLOW_COW] = {"cow", "once COW was broken, if dirty", "17839856fd58"},
	[GUP_FOLLOW_EXCLUSIVE] = {"exclusive", "with FOLL_FORCE, if the page is anon-exclusive",
				  "5535be309971"},
	[GUP_FOLLOW_DROPPED] = {"dropped", "once COW was broken, always", NULL},
};

static const struct mm_rule_value gup_touch_pmd_values[] = {
	[GUP_TOUCH_PMD_WRITE] = {"write", "with FOLL_WRITE", "a8f97366452e"},
	[GUP_TOUCH_PMD_ALWAYS] = {"always", "whenever it takes a reference", NULL},
};

static const struct mm_rule_value gup_fast_marker_values[] = {
	[GUP_FAST_MARKER_LATE] = {"late", "once it has the page", "088b8aa537c2"},
	[GUP_FAST_MARKER_EARLY] = {"early",
				   "before, if the CPU reads ahead and flushes don't wait for it",
				   NULL},
};

static const struct mm_rule_value cow_order_values[] = {
	[COW_ORDER_FLUSH_FIRST] = {"flush-first", "clear, flush, set, let go of the old page",
				   "4ce072f1faf2"},
	[COW_ORDER_SET_FIRST] = {"set-first", "set, then flush", NULL},
	[COW_ORDER_RMAP_FIRST] = {"rmap-first", "let go of the old page, then flush", NULL},
};

static const struct mm_rule_value fork_pinned_values[] = {
	[FORK_PINNED_SHARE] = {"share", "it is shared like any other", NULL},
	[FORK_PINNED_PROTECT_COPY] = {"protect-copy",
				      "the child gets a copy; the parent's PTE was read-only "
				      "while fork looked at the count",
				      "70e806e4e645"},
	[FORK_PINNED_COPY] = {"copy", "the child gets a copy at once", "f3c64eda3e50"},
};

static const struct mm_rule_value fork_seqcount_values[] = {
	[FORK_SEQCOUNT_NO] = {"no", "a pin may slip in between fork's look and its protection",
			      NULL},
	[FORK_SEQCOUNT_YES] = {"yes", "mm->write_protect_seq sends it to the slow path",
			       "57efa1fe5957"},
};

static const struct mm_rule_value clear_refs_pinned_values[] = {
	[CLEAR_REFS_PINNED_PROTECT] = {"protect", "its PTE is write-protected like any other",
				       NULL},
	[CLEAR_REFS_PINNED_SKIP] = {"skip", "its PTE is left alone", "9348b73c2e1b"},
};

static const struct mm_rule_value mprotect_write_values[] = {
	[MPROTECT_WRITE_FAULT] = {"fault", "no, the next write fault makes it", NULL},
	[MPROTECT_WRITE_DIRTY] = {"dirty", "yes, if the page is anon-exclusive and the PTE dirty",
				  "64fe24a3e05e"},
	[MPROTECT_WRITE_NOW] = {"now", "yes, if the page is anon-exclusive", "d84887739d5c"},
};

static const struct mm_rule_value zero_page_pin_values[] = {
	[ZERO_PAGE_PIN_COUNTED] = {"counted", "1024, as to any page", NULL},
	[ZERO_PAGE_PIN_NONE] = {"none", "nothing", "c8070b787519"},
};

static const struct mm_rule_value get_longterm_values[] = {
	[GET_LONGTERM_YES] = {"yes", "yes, and it means nothing", NULL},
	[GET_LONGTERM_EINVAL] = {"einval", "no: -EINVAL", "d64e2dbc33a1"},
};

static const struct mm_rule_value dio_ref_values[] = {
	[DIO_REF_GET] = {"get", "a reference, FOLL_GET", NULL},
	[DIO_REF_PIN] = {"pin", "a pin, FOLL_PIN", "a7e689dd1c06"},
};

static const struct mm_rule_value madv_populate_values[] = {
	[MADV_POPULATE_EINVAL] = {"einval", "no: -EINVAL", NULL},
	[MADV_POPULATE_YES] = {"yes", "yes, both", "4ca9b3859dac"},
};

static const struct mm_rule_value madv_collapse_values[] = {
	[MADV_COLLAPSE_EINVAL] = {"einval", "no: -EINVAL", NULL},
	[MADV_COLLAPSE_YES] = {"yes", "yes", "7d8faaf15545"},
};

static const struct mm_rule_value mremap_range_values[] = {
	[MREMAP_RANGE_ONE] = {"one", "memory of one mapping", NULL},
	[MREMAP_RANGE_MANY] = {"many", "several mappings, and what is between them is left out",
			       "d23cb648e365"},
};

static const struct mm_rule_value swapin_reuse_values[] = {
	[SWAPIN_REUSE_MAPCOUNT] = {"mapcount", "no other PTE or swap entry leads to it", NULL},
	[SWAPIN_REUSE_REFCOUNT] = {"refcount", "nobody else holds it in any way", "c145e0b47c77"},
	[SWAPIN_REUSE_EXCLUSIVE] = {"exclusive", "or it was anon-exclusive when it was paged out",
				    "1493a1913e34"},
};

static const struct mm_rule_value pageout_pinned_values[] = {
	[PAGEOUT_PINNED_UNMAP] = {"unmap", "it is unmapped, and stays in the swap cache", NULL},
	[PAGEOUT_PINNED_KEEP] = {"keep", "it stays as it is", "feb889fb40fa"},
};

static const struct mm_rule_value swap_stable_writes_values[] = {
	[SWAP_STABLE_WRITES_COPY] = {"copy", "copies it; but not part of a huge page up to v5.17",
				     "f05714293a59"},
	[SWAP_STABLE_WRITES_REUSE] = {"reuse", "takes it, if it is its own, as before v4.10", NULL},
};

static const struct mm_rule_value cow_swap_cache_values[] = {
	[COW_SWAP_CACHE_KEEP] = {"keep", "it stays there until page-out finds it", NULL},
	[COW_SWAP_CACHE_FREE] = {"free", "it is freed at once", "f4c4a3f48480"},
};

static const struct mm_rule_value madv_free_refs_values[] = {
	[MADV_FREE_REFS_IGNORE] = {"ignore", "it is dropped while it is clean", NULL},
	[MADV_FREE_REFS_KEEP] = {"keep", "it stays while anybody holds it", "6c8e2a256915"},
};

static const struct mm_rule_value madv_free_ksm_values[] = {
	[MADV_FREE_KSM_DROP] = {"drop",
				"it lets page-out drop it, with what others have that KSM merges "
				"with it",
				"854e9ed09ded"},
	[MADV_FREE_KSM_KEEP] = {"keep", "nothing: its data stays",
				"\"mm/madvise: fix data loss from MADV_FREE on a KSM page\""},
};

static const struct mm_rule_value hugetlb_fork_values[] = {
	[HUGETLB_FORK_SHARE] = {"share", "it is shared like any other", NULL},
	[HUGETLB_FORK_COPY_WRITABLE] = {"copy-writable",
					"the child gets a copy, writable even without VM_WRITE",
					"4eae4efa2c29"},
	[HUGETLB_FORK_COPY] = {"copy", "the child gets a copy, as its VMA allows", "d8fd84dd4ce7"},
};

static const struct mm_rule_value hugetlb_seqcount_values[] = {
	[HUGETLB_SEQCOUNT_NO] = {"no", "a pin may slip in between fork's look and its protection",
				 NULL},
	[HUGETLB_SEQCOUNT_YES] = {"yes", "as with other pages", "623a1ddfeb23"},
};

static const struct mm_rule_value hugetlb_force_values[] = {
	[HUGETLB_FORCE_WRITABLE] = {"writable", "it makes the entry writable for everybody", NULL},
	[HUGETLB_FORCE_EFAULT] = {"efault", "-EFAULT", "1d8d14641fd9"},
	[HUGETLB_FORCE_READ_ONLY] = {"read-only", "it works, and the entry stays read-only",
				     "052ccfbcc6cd"},
};

static const struct mm_rule_value hugetlb_dontneed_values[] = {
	[HUGETLB_DONTNEED_EINVAL] = {"einval", "no: -EINVAL", NULL},
	[HUGETLB_DONTNEED_ROUND_UP] = {"round-up", "yes, of each huge page that the range touches",
				       "90e7e7f5ef3f"},
	[HUGETLB_DONTNEED_ROUND_DOWN] = {"round-down", "yes, of whole huge pages in the range",
					 "8ebe0a5eaaeb"},
};

static const struct mm_rule_value hugetlb_mremap_values[] = {
	[HUGETLB_MREMAP_EINVAL] = {"einval", "no: -EINVAL", NULL},
	[HUGETLB_MREMAP_YES] = {"yes", "yes, whole huge pages", "550a7d60bd5e"},
};

static const struct mm_rule_value hugetlb_unmap_values[] = {
	[HUGETLB_UNMAP_FREE] = {"free", "no, anybody can have it", NULL},
	[HUGETLB_UNMAP_RESERVE] = {"reserve", "yes, once it is free", "df7a6d1f6405"},
};

static const struct mm_rule_value hugetlb_uffd_wp_values[] = {
	[HUGETLB_UFFD_WP_MAPPED] = {"mapped", "not in a first write, nor in copies by GUP or fork",
				    NULL},
	[HUGETLB_UFFD_WP_FIRST_WRITE] = {"first-write", "in the first write to a page, too",
					 "60d5b473d61b"},
	[HUGETLB_UFFD_WP_KEEP] = {"keep", "and in copies by GUP and fork", "0f230bc24b6e"},
};

static const struct mm_rule_value gup_longterm_values[] = {
	[GUP_LONGTERM_STAY] = {"stay", "it stays where it is", NULL},
	[GUP_LONGTERM_MIGRATE] = {"migrate", "it is moved first; -ENOMEM if it can't be",
				  "d1e153fea2a8"},
};

static const struct mm_rule_value migrate_dirty_values[] = {
	[MIGRATE_DIRTY_KEEP] = {"keep", "the page is dirty then", NULL},
	[MIGRATE_DIRTY_LOST] = {"lost", "it is lost, as with migrate_vma() until fd35ca3d12cc",
				"8c3328f1f36a"},
};

static const struct mm_rule_value migrate_uffd_wp_values[] = {
	[MIGRATE_UFFD_WP_LOST] = {"lost", "it is lost", NULL},
	[MIGRATE_UFFD_WP_KEEP] = {"keep", "it is kept, as that of a PTE is", "24bf08c4376b"},
};

static const struct mm_rule_value wp_ksm_values[] = {
	[WP_KSM_REUSE] = {"reuse", "makes it an ordinary page again", NULL},
	[WP_KSM_COPY] = {"copy", "copies it all the same", "1a0cf26323c8"},
};

static const struct mm_rule_value ksm_unmerge_values[] = {
	[KSM_UNMERGE_WRITE] = {"write", "a write; if it is userfaultfd's affair, it stays merged",
			       NULL},
	[KSM_UNMERGE_UNSHARE] = {"unshare", "FAULT_FLAG_UNSHARE", "6cce3314b928"},
};

static const struct mm_rule_value uffd_wp_values[] = {
	[UFFD_WP_ANON] = {"anon", "anonymous memory that is populated", NULL},
	[UFFD_WP_MARKERS] = {"markers", "and shared memory, files and hugetlb, populated or not",
			     "b1f9e876862d"},
	[UFFD_WP_UNPOPULATED] = {"unpopulated",
				 "and all anonymous memory, with UFFD_FEATURE_WP_UNPOPULATED",
				 "2bad466cc9d9"},
	[UFFD_WP_ASYNC] = {"async", "and nobody is told of writes, with UFFD_FEATURE_WP_ASYNC",
			   "d61ea1cb0095"},
};

static const struct mm_rule_value uffd_wp_asks_values[] = {
	[UFFD_WP_ASKS_ALWAYS] = {"always", "all, but FAULT_FLAG_UNSHARE where there is that", NULL},
	[UFFD_WP_ASKS_WRITE] = {"write", "those with FAULT_FLAG_WRITE", "list, 14 Sep 2020"},
};

static const struct mm_rule_value uffd_wp_copy_values[] = {
	[UFFD_WP_COPY_DROP] = {"drop", "no", NULL},
	[UFFD_WP_COPY_KEEP] = {"keep",
			       "that of a copy, and of a huge PMD, which are write-protected then",
			       "list, 14 Sep 2020"},
	[UFFD_WP_COPY_MEANT] =
		{"meant", "what the drafts meant: of what is reused, too, and GUP takes it so",
		 NULL},
};

static const struct mm_rule_value uffd_wp_fork_values[] = {
	[UFFD_WP_FORK_PARENT] = {"parent",
				 "the parent's; swap entries keep it, early copies lose it", NULL},
	[UFFD_WP_FORK_CHILD] = {"child", "the child's, for every kind of entry", "8f34f1eac382"},
};

static const struct mm_rule_value uffd_wp_flush_values[] = {
	[UFFD_WP_FLUSH_NO] = {"no", "no: another CPU may still write to the page that is copied",
			      NULL},
	[UFFD_WP_FLUSH_PENDING] = {"pending", "yes, if the mm has a flush pending", "6ce64428d620"},
};

static const struct mm_rule_value uffd_writenotify_values[] = {
	[UFFD_WRITENOTIFY_NO] = {"no", "yes, mprotect() and unprotecting make them", NULL},
	[UFFD_WRITENOTIFY_YES] = {"yes", "no, every write is noticed", "51d3d5eb74ff"},
};

static const struct mm_rule_value uffd_unprotect_values[] = {
	[UFFD_UNPROTECT_FAULT] = {"fault", "it is read-only until the next write fault", NULL},
	[UFFD_UNPROTECT_WRITABLE] = {"writable", "it is writable at once, as after mprotect()",
				     "931298e103c2"},
};

static const struct mm_rule_value uffd_wp_reset_values[] = {
	[UFFD_WP_RESET_NEVER] = {"never", "never: the bits stay in the entries", NULL},
	[UFFD_WP_RESET_UNREGISTER] = {"unregister", "by UFFDIO_UNREGISTER", "f369b07c8614"},
	[UFFD_WP_RESET_CLOSE] = {"close", "and by close()", "c88033efe9a3"},
};

static const struct mm_rule_value uffd_wp_vmas_values[] = {
	[UFFD_WP_VMAS_ONE] = {"one", "one, which holds all of it", NULL},
	[UFFD_WP_VMAS_MANY] = {"many", "any number, and holes between them", "a1b92a3f1498"},
};

static const struct mm_rule_value uffd_unregister_values[] = {
	[UFFD_UNREGISTER_ANY] = {"any", "anything", NULL},
	[UFFD_UNREGISTER_OWN] = {"own", "not what is registered with another one", "23ec90eb122f"},
};

static const struct mm_rule_value uffd_minor_values[] = {
	[UFFD_MINOR_NO] = {"no", "nothing", NULL},
	[UFFD_MINOR_HUGETLB] = {"hugetlb", "hugetlb", "7677f7fd8be7"},
	[UFFD_MINOR_SHMEM] = {"shmem", "and shared memory, and files in memory", "c949b097ef2e"},
};

static const struct mm_rule_value uffd_fill_dirty_values[] = {
	[UFFD_FILL_DIRTY_WRITABLE] = {"writable", "no", NULL},
	[UFFD_FILL_DIRTY_ALWAYS] = {"always", "yes, like any other", "9ae0f87d009c"},
};

static const struct mm_rule_value uffd_move_values[] = {
	[UFFD_MOVE_NO] = {"no", "no", NULL},
	[UFFD_MOVE_NONZERO] = {"nonzero", "not the zero page; the rest counts as written to then",
			       "adef440691ba"},
	[UFFD_MOVE_DIRTY] = {"dirty", "all pages, which count as written to then", "eb1521dad8f3"},
	[UFFD_MOVE_YES] = {"yes", "all pages, as dirty as they are", "75cb1cca2c88"},
	[UFFD_MOVE_ZERO_PLAIN] = {"zero-plain",
				  "the same, but the huge zero page is counted afterwards",
				  "d82d09e48219"},
};

static const struct mm_rule_value uffd_move_split_values[] = {
	[UFFD_MOVE_SPLIT_AGAIN] = {"again",
				   "it looks again, for as long as somebody holds it, until it is "
				   "killed",
				   "adef440691ba"},
	[UFFD_MOVE_SPLIT_BUSY] =
		{"busy", "it gives up: -EBUSY",
		 "\"userfaultfd: fix UFFDIO_MOVE livelock on large folio with extra "
		 "references\""},
};

static const struct mm_rule_value uffd_move_retry_values[] = {
	[UFFD_MOVE_RETRY_DONE] = {"done", "it is done", NULL},
	[UFFD_MOVE_RETRY_STALE] = {"stale", "an error, for it is tried once more, and is there",
				   "list, Aug 2025"},
};

static const struct mm_rule_value mremap_uffd_wp_values[] = {
	[MREMAP_UFFD_WP_KEEP] = {"keep", "yes, the entries move as they are", NULL},
	[MREMAP_UFFD_WP_CLEAR] = {"clear", "no, they are cleared", "0cef0bb836e3"},
};

static const struct mm_rule_value pagemap_uffd_wp_values[] = {
	[PAGEMAP_UFFD_WP_NO] = {"no", "no", NULL},
	[PAGEMAP_UFFD_WP_YES] = {"yes", "yes, as PM_UFFD_WP", "fb8e37f35a2f"},
};

static const struct mm_rule_value gup_longterm_wait_values[] = {
	[GUP_LONGTERM_WAIT_NO] = {"no", "no: -EFAULT", NULL},
	[GUP_LONGTERM_WAIT_YES] = {"yes", "yes, like any other", "b2a72dff85fa"},
};

#define FIELD(field, question)                                                             \
	{                                                                                  \
#field, question, offsetof(struct mm_rules, field), COUNT(field##_values), \
			field##_values                                                     \
	}

const struct mm_rule_field mm_rule_fields[] = {
	FIELD(wp_reuse, "When may a write fault take an anonymous page instead of copying it?"),
	FIELD(wp_reuse_large, "When may it take part of a huge page that PTEs map?"),
	FIELD(thp_reuse, "When may a write fault on a PMD take the huge page?"),
	FIELD(thp_cow, "What does a write fault on a PMD do when it can't?"),
	FIELD(huge_zero_write, "What does a write fault do on the huge zero page?"),
	FIELD(cow_order, "In which order does a copy take the place of the page?"),
	FIELD(wp_unlock, "When does a write fault that takes the page drop the page lock?"),
	FIELD(gup_break, "What does GUP without FOLL_WRITE do about a page that may be shared?"),
	FIELD(gup_fast_write, "For which requests does fast GUP demand a writable entry?"),
	FIELD(gup_fast_huge_zero, "Does fast GUP take the huge zero page?"),
	FIELD(gup_follow_write, "When does FOLL_WRITE get the page of a read-only PTE?"),
	FIELD(gup_touch_pmd, "When does FOLL_GET make the PMD of a huge page dirty?"),
	FIELD(gup_fast_marker, "When does fast GUP look whether a page is anon-exclusive?"),
	FIELD(fork_pinned, "What does fork do with an anonymous page that may be pinned?"),
	FIELD(fork_seqcount, "Does FOLL_PIN by fast GUP notice a fork at the same time?"),
	FIELD(clear_refs_pinned, "What does clearing soft-dirty do to a page that may be pinned?"),
	FIELD(mprotect_write, "Does mprotect() to PROT_WRITE make a private PTE writable at once?"),
	FIELD(zero_page_pin, "What does FOLL_PIN add to the zero page's count?"),
	FIELD(get_longterm, "Is there FOLL_LONGTERM without FOLL_PIN?"),
	FIELD(dio_ref, "What does direct I/O take on the pages that it works on?"),
	FIELD(madv_populate, "Are there MADV_POPULATE_READ and MADV_POPULATE_WRITE?"),
	FIELD(madv_collapse, "Is there MADV_COLLAPSE?"),
	FIELD(mremap_range, "What can mremap() move to another address?"),
	FIELD(swapin_reuse, "When is a page that comes from swap writable at once?"),
	FIELD(pageout_pinned, "What does page-out do with a page that may be pinned?"),
	FIELD(swap_stable_writes,
	      "What does a write fault do with a page that swap is writing, and needs unchanged?"),
	FIELD(cow_swap_cache, "What becomes of a copied page that only the swap cache holds?"),
	FIELD(madv_free_refs, "When does page-out drop a page after MADV_FREE?"),
	FIELD(madv_free_ksm, "What does MADV_FREE do to a merged page that nobody else maps?"),
	FIELD(hugetlb_fork, "What does fork do with a hugetlb page, where it would copy others?"),
	FIELD(hugetlb_seqcount,
	      "Does FOLL_PIN by fast GUP of hugetlb notice a fork, as elsewhere?"),
	FIELD(hugetlb_force, "What does FOLL_FORCE do in private hugetlb memory without VM_WRITE?"),
	FIELD(hugetlb_dontneed, "Is there MADV_DONTNEED for hugetlb?"),
	FIELD(hugetlb_mremap, "Can mremap() move hugetlb memory?"),
	FIELD(hugetlb_unmap, "Is a huge page reserved again for its owner, who has unmapped it?"),
	FIELD(hugetlb_uffd_wp, "Where does hugetlb memory keep its uffd-wp protection?"),
	FIELD(gup_longterm, "What does FOLL_LONGTERM do with a page of the movable zone?"),
	FIELD(migrate_dirty, "What becomes of the dirty bit of a PTE when its page is moved?"),
	FIELD(migrate_uffd_wp, "What becomes of the uffd-wp bit of a PMD when its page is moved?"),
	FIELD(wp_ksm, "What does a write do to a merged page that nobody else uses?"),
	FIELD(ksm_unmerge, "What kind of fault takes merged pages apart again?"),
	FIELD(uffd_wp, "What can userfaultfd write-protect?"),
	FIELD(uffd_wp_asks, "For which faults on a uffd-wp entry is the monitor told?"),
	FIELD(uffd_wp_copy, "Does an entry whose COW is broken keep its uffd-wp bit?"),
	FIELD(uffd_wp_fork, "Whose VMA decides if the child's entries keep the uffd-wp bit?"),
	FIELD(uffd_wp_flush, "Does a write fault flush the TLB first where uffd-wp has not yet?"),
	FIELD(uffd_writenotify, "Can uffd-wp shared memory become writable without a fault?"),
	FIELD(uffd_unprotect, "What becomes of a private entry that uffd-wp protects no more?"),
	FIELD(uffd_wp_reset, "When does uffd-wp protection go for good?"),
	FIELD(uffd_wp_vmas, "How many VMAs may UFFDIO_WRITEPROTECT work on?"),
	FIELD(uffd_unregister, "What can UFFDIO_UNREGISTER unregister?"),
	FIELD(uffd_minor, "What has UFFDIO_REGISTER_MODE_MINOR?"),
	FIELD(uffd_fill_dirty, "Does UFFDIO_CONTINUE map a read-only page as dirty?"),
	FIELD(uffd_move, "What does UFFDIO_MOVE move?"),
	FIELD(uffd_move_split,
	      "What does UFFDIO_MOVE do about a huge page that PTEs map, and that somebody else "
	      "holds?"),
	FIELD(uffd_move_retry, "What if UFFDIO_MOVE succeeds only at the second try?"),
	FIELD(mremap_uffd_wp, "Does mremap() take the uffd-wp bits along, without the context?"),
	FIELD(pagemap_uffd_wp, "Does /proc/PID/pagemap show the uffd-wp bit?"),
	FIELD(gup_longterm_wait, "May fast GUP's FOLL_LONGTERM wait for a userfaultfd monitor?"),
};

const int mm_nr_rule_fields = COUNT(mm_rule_fields);

int mm_rules_get(const struct mm_rules *rules, const struct mm_rule_field *field)
{
	return (int)*(const unsigned *)((const char *)rules + field->offset);
}

void mm_rules_set(struct mm_rules *rules, const struct mm_rule_field *field, int value)
{
	*(unsigned *)((char *)rules + field->offset) = (unsigned)value;
}
