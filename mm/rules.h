/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h - each decision on which kernels differ, as one field; the values stand in rules.c */
#ifndef MM_RULES_H
#define MM_RULES_H

/* When may a write fault on a read-only anonymous PTE take the page instead of copying it? */
enum wp_reuse {
	WP_REUSE_MAPCOUNT,        /* nobody else maps it; references and pins don't count */
	WP_REUSE_REFCOUNT,        /* nobody else holds it in any way */
	WP_REUSE_PINNED_MAPCOUNT, /* the same, but a pinned page is judged by its mapcount */
	WP_REUSE_REFCOUNT_DRAIN,  /* by refcount, after our own caches have let go of it */
	WP_REUSE_EXCLUSIVE,       /* it is marked anon-exclusive; else as before */
};

/*
 * When may a write fault on a PTE take a base page of a huge page that is not anon-exclusive? The
 * base page's rule comes first: the count there is that of the whole huge page.
 */
enum wp_reuse_large {
	WP_REUSE_LARGE_COUNT, /* as a base page: when no more of it is mapped or held */
	WP_REUSE_LARGE_NEVER,
	WP_REUSE_LARGE_MAPPED, /* when all that holds it are our mappings, of several base pages */
};

/* When may a write fault on a PMD take the huge page? */
enum thp_reuse {
	THP_REUSE_MAPCOUNT,  /* nobody else maps any of it; references and pins don't count */
	THP_REUSE_REFCOUNT,  /* nobody else holds it in any way */
	THP_REUSE_EXCLUSIVE, /* it is marked anon-exclusive; else as before */
};

/* What does a write fault on a PMD do when it can't take the huge page? */
enum thp_cow {
	THP_COW_COPY,  /* copy all of it to another huge page */
	THP_COW_SPLIT, /* split the PMD, and copy one base page */
};

/* What does a write fault do on the huge zero page? */
enum huge_zero_write {
	HUGE_ZERO_WRITE_ALLOC, /* map a huge page of zeroes instead */
	HUGE_ZERO_WRITE_SPLIT, /* split the PMD, and map one base page */
	HUGE_ZERO_WRITE_KEEP,  /* as ALLOC; to unshare is not to write, and keeps the uffd-wp bit */
};

/* Is there MADV_COLLAPSE? */
enum madv_collapse {
	MADV_COLLAPSE_EINVAL,
	MADV_COLLAPSE_YES,
};

/* When does a reusing write fault drop the page lock? */
enum wp_unlock {
	WP_UNLOCK_AFTER_PTL,  /* after the PTE lock: the page may be freed already */
	WP_UNLOCK_BEFORE_PTL, /* while the PTE lock still keeps the page mapped */
};

/* In which order does a copy take the place of its original? */
enum cow_order {
	COW_ORDER_FLUSH_FIRST, /* clear and flush the PTE, set it, let go of the old page */
	COW_ORDER_SET_FIRST,   /* set the PTE, then flush */
	COW_ORDER_RMAP_FIRST,  /* let go of the old page, then flush */
};

/* What does GUP without FOLL_WRITE do to a page that may be COW-shared? */
enum gup_break {
	GUP_BREAK_NEVER,       /* take it as it is */
	GUP_BREAK_FORCE_WRITE, /* FOLL_GET and FOLL_PIN fault as if for FOLL_WRITE */
	GUP_BREAK_PIN,         /* FOLL_PIN faults with FAULT_FLAG_BREAK_COW */
	GUP_BREAK_UNSHARE,     /* FOLL_PIN of an anon page not exclusive: FAULT_FLAG_UNSHARE */
	GUP_BREAK_UNSHARE_COW, /* and FOLL_LONGTERM of anything else in a COW mapping */
};

/* For which requests does fast GUP demand a writable entry? */
enum gup_fast_write {
	GUP_FAST_WRITE_ONLY,   /* FOLL_WRITE */
	GUP_FAST_WRITE_ALWAYS, /* all of them */
	GUP_FAST_WRITE_OR_PIN, /* FOLL_WRITE and FOLL_PIN */
};

/* Does fast GUP take the huge zero page? */
enum gup_fast_huge_zero {
	GUP_FAST_HUGE_ZERO_TAKE,
	GUP_FAST_HUGE_ZERO_SLOW, /* its PMD is special, as the zero page's PTE always was */
};

/* When does follow_page() hand out a read-only PTE for FOLL_WRITE? */
enum gup_follow_write {
	GUP_FOLLOW_FORCE_COW, /* FOLL_FORCE, COW was broken (FOLL_COW), and it is dirty */
	GUP_FOLLOW_COW,       /* COW was broken (FOLL_COW), and it is dirty */
	GUP_FOLLOW_EXCLUSIVE, /* FOLL_FORCE, and the page is anon-exclusive */
	GUP_FOLLOW_DROPPED,   /* COW was broken: nobody asks any more */
};

/* When does FOLL_GET make the PMD that it finds a huge page by dirty? */
enum gup_touch_pmd {
	GUP_TOUCH_PMD_WRITE, /* with FOLL_WRITE */
	GUP_TOUCH_PMD_ALWAYS,
};

/* When does fast GUP look whether an anonymous page is exclusive? */
enum gup_fast_marker {
	GUP_FAST_MARKER_LATE,  /* once it has the page */
	GUP_FAST_MARKER_EARLY, /* before, on a CPU whose TLB others flush without asking it */
};

/* What does fork do with an anonymous page that may be pinned? */
enum fork_pinned {
	FORK_PINNED_SHARE,        /* share it, like any other */
	FORK_PINNED_PROTECT_COPY, /* write-protect, look, and copy it if it is pinned after all */
	FORK_PINNED_COPY,         /* copy it for the child at once */
};

/* Does FOLL_PIN by fast GUP notice a fork that runs at the same time? */
enum fork_seqcount {
	FORK_SEQCOUNT_NO,
	FORK_SEQCOUNT_YES, /* mm->write_protect_seq */
};

/* Does clearing soft-dirty write-protect a pinned page? */
enum clear_refs_pinned {
	CLEAR_REFS_PINNED_PROTECT,
	CLEAR_REFS_PINNED_SKIP,
};

/* Does mprotect() to PROT_WRITE make the PTE of an exclusive anonymous page writable at once? */
enum mprotect_write {
	MPROTECT_WRITE_FAULT, /* no, the next write fault does */
	MPROTECT_WRITE_DIRTY, /* if it is dirty */
	MPROTECT_WRITE_NOW,
};

/* What does FOLL_PIN do to the zero page's count? */
enum zero_page_pin {
	ZERO_PAGE_PIN_COUNTED,
	ZERO_PAGE_PIN_NONE,
};

/* Is there FOLL_LONGTERM without FOLL_PIN? */
enum get_longterm {
	GET_LONGTERM_YES,
	GET_LONGTERM_EINVAL,
};

/* What does direct I/O take on the pages that it works on? */
enum dio_ref {
	DIO_REF_GET,
	DIO_REF_PIN,
};

/* Is a page that comes from swap the faulting mm's alone, so that it can be written to at once? */
enum swapin_reuse {
	SWAPIN_REUSE_MAPCOUNT,  /* if no other PTE or swap entry leads to it */
	SWAPIN_REUSE_REFCOUNT,  /* if nobody else holds it in any way */
	SWAPIN_REUSE_EXCLUSIVE, /* or it was exclusive when it went: the swap entry says so */
};

/* What does page-out do with a page that may be pinned? */
enum pageout_pinned {
	PAGEOUT_PINNED_UNMAP, /* unmap it; then it stays in the swap cache */
	PAGEOUT_PINNED_KEEP,
};

/* What does a write fault do with a page that the swap device is writing, and needs unchanged? */
enum swap_stable_writes {
	SWAP_STABLE_WRITES_COPY,
	SWAP_STABLE_WRITES_REUSE, /* as with any other device */
};

/* What becomes of a page that only the swap cache holds, after a write fault has copied it? */
enum cow_swap_cache {
	COW_SWAP_CACHE_KEEP, /* it stays until page-out finds it */
	COW_SWAP_CACHE_FREE,
};

/* What does FOLL_LONGTERM do with a page of the movable zone? */
enum gup_longterm {
	GUP_LONGTERM_STAY,
	GUP_LONGTERM_MIGRATE, /* have it moved first; -ENOMEM if it can't be */
};

/* What does migration do with the dirty bit of a PTE that it replaces? */
enum migrate_dirty {
	MIGRATE_DIRTY_KEEP,
	MIGRATE_DIRTY_LOST, /* as the device drivers' own way of unmapping did */
};

/* Does the entry that stands for a huge page on its way keep the uffd-wp bit of the PMD? */
enum migrate_uffd_wp {
	MIGRATE_UFFD_WP_LOST,
	MIGRATE_UFFD_WP_KEEP,
};

/* What does a write fault do with a merged page (KSM) that nobody else uses any more? */
enum wp_ksm {
	WP_KSM_REUSE, /* make it an ordinary page again */
	WP_KSM_COPY,
};

/* What kind of fault gives merged memory a page of its own for MADV_UNMERGEABLE? */
enum ksm_unmerge {
	KSM_UNMERGE_WRITE, /* a write, which a userfaultfd may have to be told of: then none */
	KSM_UNMERGE_UNSHARE,
};

/* When does page-out drop a page after MADV_FREE? */
enum madv_free_refs {
	MADV_FREE_REFS_IGNORE, /* if it is clean */
	MADV_FREE_REFS_KEEP,   /* if it is clean, and nobody holds a reference */
};

/* What does MADV_FREE do to a merged page that nobody else maps? */
enum madv_free_ksm {
	MADV_FREE_KSM_DROP, /* lets page-out drop it, though KSM may merge others with it */
	MADV_FREE_KSM_KEEP, /* nothing */
};

/* Are there MADV_POPULATE_READ and MADV_POPULATE_WRITE? */
enum madv_populate {
	MADV_POPULATE_EINVAL,
	MADV_POPULATE_YES,
};

/* What can mremap() move to another address? */
enum mremap_range {
	MREMAP_RANGE_ONE,  /* memory of one mapping; the target is unmapped before that is known */
	MREMAP_RANGE_MANY, /* any mappings, with what is between them left out */
};

/* What does fork do with a hugetlb page that may be pinned, where it would copy any other? */
enum hugetlb_fork {
	HUGETLB_FORK_SHARE,         /* share it all the same */
	HUGETLB_FORK_COPY_WRITABLE, /* copy it; the child may write even without VM_WRITE */
	HUGETLB_FORK_COPY,
};

/* Does fast GUP notice a fork that shares a hugetlb page, where it notices others? */
enum hugetlb_seqcount {
	HUGETLB_SEQCOUNT_NO,
	HUGETLB_SEQCOUNT_YES,
};

/* What does FOLL_FORCE to write do in private hugetlb memory without VM_WRITE? */
enum hugetlb_force {
	HUGETLB_FORCE_WRITABLE, /* the entry becomes writable, for everybody */
	HUGETLB_FORCE_EFAULT,
	HUGETLB_FORCE_READ_ONLY, /* the entry stays read-only, as with base pages */
};

/* Is there MADV_DONTNEED for hugetlb? */
enum hugetlb_dontneed {
	HUGETLB_DONTNEED_EINVAL,
	HUGETLB_DONTNEED_ROUND_UP,   /* the length, to whole huge pages */
	HUGETLB_DONTNEED_ROUND_DOWN, /* a part of a huge page stays */
};

/* Where does hugetlb memory keep its userfaultfd write-protection? */
enum hugetlb_uffd_wp {
	HUGETLB_UFFD_WP_MAPPED,      /* not in the first write, an unshared or an early copy */
	HUGETLB_UFFD_WP_FIRST_WRITE, /* in the first write, too */
	HUGETLB_UFFD_WP_KEEP,        /* everywhere */
};

/* Is a huge page reserved again for its owner, who has unmapped it? */
enum hugetlb_unmap {
	HUGETLB_UNMAP_FREE, /* no, anybody can have it */
	HUGETLB_UNMAP_RESERVE,
};

/* Can mremap() move hugetlb memory? */
enum hugetlb_mremap {
	HUGETLB_MREMAP_EINVAL,
	HUGETLB_MREMAP_YES,
};

/* What can userfaultfd write-protect? */
enum uffd_wp {
	UFFD_WP_ANON,        /* anonymous memory, as far as it is populated */
	UFFD_WP_MARKERS,     /* and shared memory, files and hugetlb, populated or not */
	UFFD_WP_UNPOPULATED, /* and on request anonymous memory that is not populated */
	UFFD_WP_ASYNC,       /* and on request without telling anybody of writes */
};

/* For which faults on a write-protected entry is the monitor told? */
enum uffd_wp_asks {
	UFFD_WP_ASKS_ALWAYS, /* all that do_wp_page() gets, but FAULT_FLAG_UNSHARE */
	UFFD_WP_ASKS_WRITE,  /* FAULT_FLAG_WRITE */
};

/* Does an entry whose COW is broken keep its uffd-wp bit? */
enum uffd_wp_copy {
	UFFD_WP_COPY_DROP,
	UFFD_WP_COPY_KEEP,  /* that of a copy, which is write-protected, and a huge PMD's */
	UFFD_WP_COPY_MEANT, /* of what is reused, too, and GUP takes it as it is */
};

/* On whose VMA does it depend whether the child's entries keep the uffd-wp bit? */
enum uffd_wp_fork {
	UFFD_WP_FORK_PARENT, /* the parent's; swap entries always, early copies never */
	UFFD_WP_FORK_CHILD,
};

/* Does a write fault flush the TLB first, while a write-protection has not done it yet? */
enum uffd_wp_flush {
	UFFD_WP_FLUSH_NO,
	UFFD_WP_FLUSH_PENDING,
};

/* Can entries of write-protectable shared memory become writable without a write fault? */
enum uffd_writenotify {
	UFFD_WRITENOTIFY_NO,
	UFFD_WRITENOTIFY_YES,
};

/* What becomes of an entry that is not write-protected any more? */
enum uffd_unprotect {
	UFFD_UNPROTECT_FAULT,    /* it is read-only until the next write fault */
	UFFD_UNPROTECT_WRITABLE, /* it is writable at once, where nobody can share the page */
};

/* When is write-protection taken away for good? */
enum uffd_wp_reset {
	UFFD_WP_RESET_NEVER, /* the bits stay in the entries */
	UFFD_WP_RESET_UNREGISTER,
	UFFD_WP_RESET_CLOSE, /* then, too */
};

/* How many VMAs may a range have that UFFDIO_WRITEPROTECT works on? */
enum uffd_wp_vmas {
	UFFD_WP_VMAS_ONE,
	UFFD_WP_VMAS_MANY,
};

/* What can UFFDIO_UNREGISTER unregister? */
enum uffd_unregister {
	UFFD_UNREGISTER_ANY,
	UFFD_UNREGISTER_OWN, /* not what is registered with another userfaultfd */
};

/* For what is there UFFDIO_REGISTER_MODE_MINOR? */
enum uffd_minor {
	UFFD_MINOR_NO,
	UFFD_MINOR_HUGETLB,
	UFFD_MINOR_SHMEM, /* and shared memory, and files in memory */
};

/* Is a page of the page cache mapped dirty that UFFDIO_CONTINUE maps read-only? */
enum uffd_fill_dirty {
	UFFD_FILL_DIRTY_WRITABLE, /* no, only a writable one */
	UFFD_FILL_DIRTY_ALWAYS,
};

/* Is there UFFDIO_MOVE, and how does it move? */
enum uffd_move {
	UFFD_MOVE_NO,
	UFFD_MOVE_NONZERO,    /* not the zero page; what has moved counts as written to */
	UFFD_MOVE_DIRTY,      /* the zero page, too */
	UFFD_MOVE_YES,        /* and what has moved is as dirty as it was */
	UFFD_MOVE_ZERO_PLAIN, /* but the huge zero page becomes one like any other */
};

/* What does UFFDIO_MOVE do about a huge page that PTEs map, and that somebody else holds? */
enum uffd_move_split {
	UFFD_MOVE_SPLIT_AGAIN, /* looks again, as if another had changed something: for ever */
	UFFD_MOVE_SPLIT_BUSY,  /* -EBUSY */
};

/* What does UFFDIO_MOVE make of a page that moves only when it is tried again? */
enum uffd_move_retry {
	UFFD_MOVE_RETRY_DONE,
	UFFD_MOVE_RETRY_STALE, /* it is tried once more, and found to be there already: -EEXIST */
};

/* Does mremap() take the uffd-wp bits along, though it leaves the context behind? */
enum mremap_uffd_wp {
	MREMAP_UFFD_WP_KEEP,
	MREMAP_UFFD_WP_CLEAR,
};

/* Does /proc/PID/pagemap show the uffd-wp bit? */
enum pagemap_uffd_wp {
	PAGEMAP_UFFD_WP_NO,
	PAGEMAP_UFFD_WP_YES,
};

/* May FOLL_LONGTERM wait for a monitor, where fast GUP becomes slow? */
enum gup_longterm_wait {
	GUP_LONGTERM_WAIT_NO, /* -EFAULT */
	GUP_LONGTERM_WAIT_YES,
};

/*
 * The rules that a machine runs under. mm_rule_fields[] in rules.c names each field and value for
 * the command line, says what it means, and which commit brought it.
 */
struct mm_rules {
	enum wp_reuse wp_reuse;
	enum wp_reuse_large wp_reuse_large;
	enum thp_reuse thp_reuse;
	enum thp_cow thp_cow;
	enum huge_zero_write huge_zero_write;
	enum cow_order cow_order;
	enum wp_unlock wp_unlock;
	enum gup_break gup_break;
	enum gup_fast_write gup_fast_write;
	enum gup_fast_huge_zero gup_fast_huge_zero;
	enum gup_follow_write gup_follow_write;
	enum gup_touch_pmd gup_touch_pmd;
	enum gup_fast_marker gup_fast_marker;
	enum fork_pinned fork_pinned;
	enum fork_seqcount fork_seqcount;
	enum clear_refs_pinned clear_refs_pinned;
	enum mprotect_write mprotect_write;
	enum zero_page_pin zero_page_pin;
	enum get_longterm get_longterm;
	enum dio_ref dio_ref;
	enum madv_populate madv_populate;
	enum madv_collapse madv_collapse;
	enum mremap_range mremap_range;
	enum swapin_reuse swapin_reuse;
	enum pageout_pinned pageout_pinned;
	enum swap_stable_writes swap_stable_writes;
	enum cow_swap_cache cow_swap_cache;
	enum madv_free_refs madv_free_refs;
	enum madv_free_ksm madv_free_ksm;
	enum hugetlb_fork hugetlb_fork;
	enum hugetlb_seqcount hugetlb_seqcount;
	enum hugetlb_force hugetlb_force;
	enum hugetlb_dontneed hugetlb_dontneed;
	enum hugetlb_mremap hugetlb_mremap;
	enum hugetlb_unmap hugetlb_unmap;
	enum hugetlb_uffd_wp hugetlb_uffd_wp;
	enum gup_longterm gup_longterm;
	enum migrate_dirty migrate_dirty;
	enum migrate_uffd_wp migrate_uffd_wp;
	enum wp_ksm wp_ksm;
	enum ksm_unmerge ksm_unmerge;
	enum uffd_wp uffd_wp;
	enum uffd_wp_asks uffd_wp_asks;
	enum uffd_wp_copy uffd_wp_copy;
	enum uffd_wp_fork uffd_wp_fork;
	enum uffd_wp_flush uffd_wp_flush;
	enum uffd_writenotify uffd_writenotify;
	enum uffd_unprotect uffd_unprotect;
	enum uffd_wp_reset uffd_wp_reset;
	enum uffd_wp_vmas uffd_wp_vmas;
	enum uffd_unregister uffd_unregister;
	enum uffd_minor uffd_minor;
	enum uffd_fill_dirty uffd_fill_dirty;
	enum uffd_move uffd_move;
	enum uffd_move_split uffd_move_split;
	enum uffd_move_retry uffd_move_retry;
	enum mremap_uffd_wp mremap_uffd_wp;
	enum pagemap_uffd_wp pagemap_uffd_wp;
	enum gup_longterm_wait gup_longterm_wait;
};

#endif
