/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras.c - the rows of the table: which kernel does what; and how versions find theirs */
#include "mm/eras.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* What changed in userfaultfd, release by release; parts of the rows below. */
#define UFFD_5_12 .uffd_wp_flush = UFFD_WP_FLUSH_PENDING
#define UFFD_5_13 .uffd_minor = UFFD_MINOR_HUGETLB
#define UFFD_5_14                                                           \
	.uffd_wp_fork = UFFD_WP_FORK_CHILD, .uffd_minor = UFFD_MINOR_SHMEM, \
	.pagemap_uffd_wp = PAGEMAP_UFFD_WP_YES
#define UFFD_5_16 .uffd_fill_dirty = UFFD_FILL_DIRTY_ALWAYS
#define UFFD_5_19 .uffd_wp = UFFD_WP_MARKERS
#define UFFD_6_0  .uffd_wp_reset = UFFD_WP_RESET_UNREGISTER
#define UFFD_6_2  .uffd_writenotify = UFFD_WRITENOTIFY_YES
#define UFFD_6_3                                                                      \
	.uffd_unprotect = UFFD_UNPROTECT_WRITABLE, .uffd_wp_vmas = UFFD_WP_VMAS_MANY, \
	.gup_longterm_wait = GUP_LONGTERM_WAIT_YES
#define UFFD_6_4       .uffd_wp = UFFD_WP_UNPOPULATED
#define UFFD_6_7       .uffd_wp = UFFD_WP_ASYNC
#define UFFD_6_8       .uffd_move = UFFD_MOVE_NONZERO
#define UFFD_6_9       .uffd_wp_reset = UFFD_WP_RESET_CLOSE, .uffd_move = UFFD_MOVE_DIRTY
#define UFFD_6_13      .mremap_uffd_wp = MREMAP_UFFD_WP_CLEAR
#define UFFD_6_15      .uffd_move = UFFD_MOVE_YES
#define UFFD_6_17      .uffd_unregister = UFFD_UNREGISTER_OWN
#define UFFD_6_18      .uffd_move_retry = UFFD_MOVE_RETRY_STALE
#define UFFD_BREAK_COW .uffd_wp_asks = UFFD_WP_ASKS_WRITE, .uffd_wp_copy = UFFD_WP_COPY_KEEP

/*
 * Each row says only where it differs from the one that it is built on, so that a row reads as the
 * release did. The macros nest; a designator that comes later wins.
 */
#define RULES_5_7 .wp_unlock = WP_UNLOCK_BEFORE_PTL

#define RULES_5_8                                                                               \
	RULES_5_7, .gup_break = GUP_BREAK_FORCE_WRITE, .gup_fast_write = GUP_FAST_WRITE_ALWAYS, \
		   .gup_follow_write = GUP_FOLLOW_COW, .thp_cow = THP_COW_SPLIT,                \
		   .huge_zero_write = HUGE_ZERO_WRITE_SPLIT

#define RULES_5_9_RC4                                                       \
	.thp_cow = THP_COW_SPLIT, .huge_zero_write = HUGE_ZERO_WRITE_SPLIT, \
	.wp_reuse = WP_REUSE_REFCOUNT, .wp_ksm = WP_KSM_COPY

#define RULES_5_9_RC7 \
	RULES_5_9_RC4, .wp_unlock = WP_UNLOCK_BEFORE_PTL, .fork_pinned = FORK_PINNED_PROTECT_COPY

#define RULES_5_9 RULES_5_9_RC7, .fork_pinned = FORK_PINNED_COPY

#define RULES_5_11                                              \
	RULES_5_9, .fork_seqcount = FORK_SEQCOUNT_YES,          \
		   .clear_refs_pinned = CLEAR_REFS_PINNED_SKIP, \
		   .pageout_pinned = PAGEOUT_PINNED_KEEP

#define RULES_5_12 RULES_5_11, UFFD_5_12, .hugetlb_fork = HUGETLB_FORK_COPY_WRITABLE

#define RULES_5_13 RULES_5_12, UFFD_5_13, .gup_longterm = GUP_LONGTERM_MIGRATE

#define RULES_5_14                                                 \
	RULES_5_13, UFFD_5_14, .madv_populate = MADV_POPULATE_YES, \
			       .cow_swap_cache = COW_SWAP_CACHE_FREE

#define RULES_5_16 RULES_5_14, UFFD_5_16, .hugetlb_mremap = HUGETLB_MREMAP_YES

#define RULES_5_18                                                                              \
	RULES_5_16, .wp_reuse = WP_REUSE_REFCOUNT_DRAIN, .swapin_reuse = SWAPIN_REUSE_REFCOUNT, \
		    .madv_free_refs = MADV_FREE_REFS_KEEP,                                      \
		    .hugetlb_dontneed = HUGETLB_DONTNEED_ROUND_UP, .thp_reuse = THP_REUSE_REFCOUNT

#define RULES_5_19                                                                             \
	RULES_5_18, UFFD_5_19, .wp_reuse = WP_REUSE_EXCLUSIVE, .gup_break = GUP_BREAK_UNSHARE, \
			       .swapin_reuse = SWAPIN_REUSE_EXCLUSIVE,                         \
			       .hugetlb_seqcount = HUGETLB_SEQCOUNT_YES,                       \
			       .thp_reuse = THP_REUSE_EXCLUSIVE

#define RULES_6_0                                                       \
	RULES_5_19, UFFD_6_0, .gup_follow_write = GUP_FOLLOW_EXCLUSIVE, \
			      .mprotect_write = MPROTECT_WRITE_DIRTY,   \
			      .hugetlb_force = HUGETLB_FORCE_EFAULT

#define RULES_6_1                                                   \
	RULES_6_0, .hugetlb_dontneed = HUGETLB_DONTNEED_ROUND_DOWN, \
		   .madv_collapse = MADV_COLLAPSE_YES

#define RULES_6_2                                                  \
	RULES_6_1, UFFD_6_2, .gup_break = GUP_BREAK_UNSHARE_COW,   \
			     .mprotect_write = MPROTECT_WRITE_NOW, \
			     .ksm_unmerge = KSM_UNMERGE_UNSHARE

#define RULES_6_3                                                            \
	RULES_6_2, UFFD_6_3, .hugetlb_uffd_wp = HUGETLB_UFFD_WP_FIRST_WRITE, \
			     .migrate_uffd_wp = MIGRATE_UFFD_WP_KEEP,        \
			     .get_longterm = GET_LONGTERM_EINVAL

#define RULES_6_4 RULES_6_3, UFFD_6_4, .hugetlb_uffd_wp = HUGETLB_UFFD_WP_KEEP

#define RULES_6_5 RULES_6_4, .zero_page_pin = ZERO_PAGE_PIN_NONE, .dio_ref = DIO_REF_PIN

#define RULES_6_7 RULES_6_5, UFFD_6_7

#define RULES_6_8 RULES_6_7, UFFD_6_8

#define RULES_6_9                                                    \
	RULES_6_8, UFFD_6_9, .wp_reuse_large = WP_REUSE_LARGE_NEVER, \
			     .hugetlb_unmap = HUGETLB_UNMAP_RESERVE

#define RULES_6_13 RULES_6_9, UFFD_6_13, .huge_zero_write = HUGE_ZERO_WRITE_ALLOC

#define RULES_6_14 \
	RULES_6_13, .hugetlb_fork = HUGETLB_FORK_COPY, .hugetlb_force = HUGETLB_FORCE_READ_ONLY

#define RULES_6_15 RULES_6_14, UFFD_6_15, .wp_reuse_large = WP_REUSE_LARGE_MAPPED

#define RULES_6_17 RULES_6_15, UFFD_6_17, .mremap_range = MREMAP_RANGE_MANY

#define RULES_6_18 RULES_6_17, UFFD_6_18, .gup_fast_huge_zero = GUP_FAST_HUGE_ZERO_SLOW

#define RULES_BREAK_COW_V1                                         \
	RULES_5_9_RC4, UFFD_BREAK_COW, .gup_break = GUP_BREAK_PIN, \
				       .gup_follow_write = GUP_FOLLOW_COW

#define RULES_BREAK_COW_V2 RULES_BREAK_COW_V1, .gup_fast_write = GUP_FAST_WRITE_OR_PIN

#define RULES_PIN_MAPCOUNT RULES_5_9_RC4, .wp_reuse = WP_REUSE_PINNED_MAPCOUNT

/* Overriding is the point of the macros above. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

/* A change that came with a merge window is in force from -rc1 on. */
const struct mm_era mm_eras[] = {
	{"v5.7", "and v5.6: reuse by mapcount", true, {5, 7, 0}, {RULES_5_7}},
	{"v5.8", "every reference breaks COW", true, {5, 8, 1}, {RULES_5_8}},
	{"v5.9-rc4",
	 "reuse by refcount; references leave COW alone",
	 true,
	 {5, 9, 4},
	 {RULES_5_9_RC4}},
	{"v5.9-rc7",
	 "fork copies what may be pinned; page lock dropped in time",
	 true,
	 {5, 9, 7},
	 {RULES_5_9_RC7}},
	{"v5.9",
	 "fork no longer protects before it looks at the count",
	 true,
	 {5, 9, 0},
	 {RULES_5_9}},
	{"v5.11", "fast GUP notices fork; clear_refs spares pins", true, {5, 11, 4}, {RULES_5_11}},
	{"v5.12", "fork copies hugetlb pages that may be pinned", true, {5, 12, 1}, {RULES_5_12}},
	{"v5.13", "long-term pins leave the movable zone", true, {5, 13, 1}, {RULES_5_13}},
	{"v5.14", "MADV_POPULATE_READ and MADV_POPULATE_WRITE", true, {5, 14, 1}, {RULES_5_14}},
	{"v5.16", "mremap() moves hugetlb memory", true, {5, 16, 1}, {RULES_5_16}},
	{"v5.18", "the LRU cache no longer forces a copy", true, {5, 18, 1}, {RULES_5_18}},
	{"v5.19", "anon-exclusive pages; read-only pins unshare", true, {5, 19, 1}, {RULES_5_19}},
	{"v6.0", "FOLL_COW is gone; mprotect makes writable", true, {6, 0, 2}, {RULES_6_0}},
	{"v6.1",
	 "MADV_COLLAPSE; MADV_DONTNEED leaves parts of hugetlb pages",
	 true,
	 {6, 1, 3},
	 {RULES_6_1}},
	{"v6.2", "long-term pins unshare the zero page too", true, {6, 2, 1}, {RULES_6_2}},
	{"v6.3", "FOLL_LONGTERM is for pins only", true, {6, 3, 1}, {RULES_6_3}},
	{"v6.4", "uffd-wp of what is not populated", true, {6, 4, 1}, {RULES_6_4}},
	{"v6.5", "zero page not pinned; direct I/O pins", true, {6, 5, 1}, {RULES_6_5}},
	{"v6.7", "uffd-wp without a monitor to wait for", true, {6, 7, 1}, {RULES_6_7}},
	{"v6.8", "userfaultfd moves pages", true, {6, 8, 1}, {RULES_6_8}},
	{"v6.9", "closing a userfaultfd ends its protection", true, {6, 9, 7}, {RULES_6_9}},
	{"v6.13", "a write makes the huge zero page a huge page", true, {6, 13, 1}, {RULES_6_13}},
	{"v6.14", "FOLL_FORCE writes to hugetlb", true, {6, 14, 1}, {RULES_6_14}},
	{"v6.15", "huge pages are taken though PTEs map them", true, {6, 15, 1}, {RULES_6_15}},
	{"v6.17", "mremap() moves several mappings at once", true, {6, 17, 1}, {RULES_6_17}},
	{"v6.18", "fast GUP leaves the huge zero page alone", true, {6, 18, 1}, {RULES_6_18}},
	{"break-cow-v1",
	 "FAULT_FLAG_BREAK_COW, first draft, 14 Sep 2020",
	 false,
	 {5, 9, 4},
	 {RULES_BREAK_COW_V1}},
	{"break-cow-v2",
	 "FAULT_FLAG_BREAK_COW, second draft, 15 Sep 2020",
	 false,
	 {5, 9, 4},
	 {RULES_BREAK_COW_V2}},
	{"pin-mapcount",
	 "pins reuse by mapcount, 16 Sep 2020",
	 false,
	 {5, 9, 4},
	 {RULES_PIN_MAPCOUNT}},
};

#pragma GCC diagnostic pop

const int mm_nr_eras = COUNT(mm_eras);

/* FOLL_PIN came with v5.6; the first row holds from there on. */
static const struct mm_version oldest = {5, 6, 0};

static bool same_text(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Read digits at *text. False if there are none, or too many for any release. */
static bool parse_number(const char **text, int *number)
{
	int digits = 0;

	for (*number = 0; **text >= '0' && **text <= '9'; (*text)++) {
		*number = *number * 10 + (**text - '0');
		if (++digits > 4)
			return false;
	}
	return digits;
}

bool mm_version_parse(const char *text, struct mm_version *version)
{
	version->rc = 0;
	if (*text == 'v')
		text++;
	if (!parse_number(&text, &version->major) || *text++ != '.')
		return false;
	if (!parse_number(&text, &version->minor))
		return false;
	/* A point release belongs to the release that it is of. */
	while (*text == '.' || (*text >= '0' && *text <= '9'))
		text++;
	if (text[0] == '-' && text[1] == 'r' && text[2] == 'c') {
		text += 3;
		return parse_number(&text, &version->rc) && version->rc > 0;
	}
	return true;
}

int mm_version_compare(struct mm_version a, struct mm_version b)
{
	if (a.major != b.major)
		return a.major - b.major;
	if (a.minor != b.minor)
		return a.minor - b.minor;
	if (!a.rc || !b.rc)
		return !a.rc - !b.rc;
	return a.rc - b.rc;
}

const struct mm_era *mm_era_named(const char *name)
{
	for (int i = 0; i < mm_nr_eras; i++) {
		if (same_text(mm_eras[i].name, name))
			return &mm_eras[i];
	}
	return NULL;
}

const struct mm_era *mm_era_find(const char *text)
{
	const struct mm_era *found = mm_era_named(text);
	struct mm_version version;

	if (found || !mm_version_parse(text, &version) || mm_version_compare(version, oldest) < 0)
		return found;
	found = &mm_eras[0];
	for (int i = 1; i < mm_nr_eras && mm_eras[i].released; i++) {
		if (mm_version_compare(mm_eras[i].since, version) <= 0)
			found = &mm_eras[i];
	}
	return found;
}

bool mm_rules_choose(struct mm_rules *rules, struct mm_rule_choice choice)
{
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];

		if (!same_text(field->name, choice.field))
			continue;
		for (int value = 0; value < field->nr_values; value++) {
			if (same_text(field->values[value].name, choice.value)) {
				mm_rules_set(rules, field, value);
				return true;
			}
		}
	}
	return false;
}
