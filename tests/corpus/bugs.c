/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bugs.c - each historical bug shows in a test of the corpus while its rule is on, and is gone with
 * the rule that cured it
 */
#include "mm/bugs.h"
#include "mm/eras.h"
#include "mm/geometry.h"
#include "spec/spec.h"
#include "targets/target.h"

#include <stdio.h>
#include <string.h>

/* Which test shows which bug, how. A family's member is named after the kind. */
static const struct {
	const char *bug;
	const char *file; /* below tests/litmus/ */
	const char *test; /* its name, or NULL: the file's only one */
	unsigned violation;
} shown[] = {
	{"CVE-2020-29374", "get/vmsplice+munmap+write", "vmsplice+munmap+write+anon",
	 VIOLATION_LEAK},
	{"pin, fork, write", "pin/RDMA+pin+fork+write", "RDMA+pin+fork+write+anon",
	 VIOLATION_LOST_DMA},
	{"RDMA regression", "pin/RDMA+pin+fork+exit+write", NULL, VIOLATION_LOST_DMA},
	{"soft-dirty takes the pin's page", "count/SOFTDIRTY+pin+write", "SOFTDIRTY+pin+write+anon",
	 VIOLATION_LOST_DMA},
	{"mprotect takes the pin's page", "mprotect/MPROTECT+pin+r+rw+write",
	 "MPROTECT+pin+r+rw+write+anon", VIOLATION_LOST_DMA},
	{"read-only pin of a shared page", "pin-ro/RO+fork+pin+write", "RO+fork+pin+write+anon",
	 VIOLATION_STALE_DMA},
	{"long-term pin of the zero page", "zero-page/ZERO+pin-ro+write", NULL,
	 VIOLATION_STALE_DMA},
	{"O_DIRECT and fork", "dio/DIO-R+fork+write", "DIO-R+fork+write+anon", VIOLATION_LOST_DMA},
	{"CVE-2020-29374 of a huge page", "get/vmsplice+munmap+write", "vmsplice+munmap+write+thp",
	 VIOLATION_LEAK},
	{"CVE-2020-29374 of hugetlb", "get/vmsplice+munmap+write", "vmsplice+munmap+write+hugetlb",
	 VIOLATION_LEAK},
	{"pin, fork, write of hugetlb", "pin/RDMA+pin+fork+write", "RDMA+pin+fork+write+hugetlb",
	 VIOLATION_LOST_DMA},
	{"writable copy of a hugetlb pin", "hugetlb/HUGETLB+pin+r+fork+child-write",
	 "HUGETLB+pin+r+fork+child-write+hugetlb", VIOLATION_WRONG_PAGE},
	{"FOLL_FORCE and hugetlb", "hugetlb/HUGETLB+poke-ro+write", NULL, VIOLATION_WRONG_PAGE},
	{"first write to uffd-wp hugetlb", "hugetlb/HUGETLB+wp-hole+write", NULL,
	 VIOLATION_MISSED_WP},
	{"copies of uffd-wp hugetlb", "hugetlb/HUGETLB+wp+fork+pin-ro+write", NULL,
	 VIOLATION_MISSED_WP},
	{"O_DIRECT and swap", "swap/DIO+get+pageout+read+write", NULL, VIOLATION_LOST_DMA},
	{"pin and swap", "swap/PIN+pageout+read+write", "PIN+pageout+read+write+anon",
	 VIOLATION_LOST_DMA},
	{"reuse under writeback", "swap/WRITEBACK+pageout+write", "WRITEBACK+pageout+write+anon",
	 VIOLATION_UNSTABLE_PAGE},
	{"MADV_FREE and O_DIRECT", "swap/FREE+dio-r+pageout", NULL, VIOLATION_LOST_DMA},
	{"dirty bit lost in migrate_vma()", "migrate/MIGRATE+swapped+write+move+pageout", NULL,
	 VIOLATION_LOST_WRITE},
	{"references tell the monitor", "uffd/UFFD+wp+pin-ro", "UFFD+wp+pin-ro+anon",
	 VIOLATION_SPURIOUS_WP},
	{"BREAK_COW drafts lose uffd-wp", "uffd/UFFD+wp+pin-ro+write", "UFFD+wp+pin-ro+write+anon",
	 VIOLATION_MISSED_WP},
	{"fork and uffd-wp", "uffd/UFFD+wp+fork+child-register+write",
	 "UFFD+wp+fork+child-register+write+anon", VIOLATION_SPURIOUS_WP},
	{"unregistered memory keeps uffd-wp", "uffd/UFFD+wp+unregister+register+write",
	 "UFFD+wp+unregister+register+write+anon", VIOLATION_SPURIOUS_WP},
	{"uffd-wp of a huge page that moves", "uffd/UFFD+wp+migrate+write",
	 "UFFD+wp+migrate+write+thp", VIOLATION_MISSED_WP},
	{"uffd-wp of shared memory", "uffd/UFFD+wp+mprotect+write+shared", NULL,
	 VIOLATION_MISSED_WP},
	{"CVE-2024-36881", "uffd/UFFD+wp+close+register+write", "UFFD+wp+close+register+write+anon",
	 VIOLATION_SPURIOUS_WP},
	{"CVE-2025-21696", "uffd/UFFD+wp+mremap+register+write",
	 "UFFD+wp+mremap+register+write+anon", VIOLATION_SPURIOUS_WP},
	{"fast GUP and fork", "thread/THREAD+pin+fork+write", NULL, VIOLATION_LOST_DMA},
	{"fast GUP and fork of hugetlb", "race/RACE+pin+fork+write+hugetlb", NULL,
	 VIOLATION_LOST_DMA},
	{"misplaced unlock_page()", "race/RACE+write+dontneed", NULL, VIOLATION_BAD_COUNT},
	{"CVE-2016-5195", "file/DIRTYCOW", NULL, VIOLATION_LEAK},
	{"CVE-2017-1000405", "race/RACE+poke+dontneed+read+get", NULL, VIOLATION_WRONG_PAGE},
	{"CVE-2022-2590", "race/RACE+poke+dontneed+continue", NULL, VIOLATION_LEAK},
	{"fast GUP reads the marker early", "race/RACE+ksm+pin-ro-fast", NULL, VIOLATION_STALE_DMA},
	{"COW sets the PTE before the flush", "race/RACE+cow+write+read", NULL,
	 VIOLATION_LOST_WRITE},
	{"COW lets go of the page before the flush", "race/RACE+cow+read+child-write", NULL,
	 VIOLATION_LEAK},
	{"copy before the flush of uffd-wp", "race/RACE+unwp+write", NULL, VIOLATION_LOST_WRITE},
	{"unshared huge zero page", "uffd/UFFD+wp-zero+pin-ro+write",
	 "UFFD+wp-zero+pin-ro+write+thp", VIOLATION_MISSED_WP},
	{"UFFDIO_MOVE after a retry", "uffd/UFFD+move+lock+dontneed", NULL, VIOLATION_WRONG_PAGE},
	{"MADV_FREE of a merged page", "ksm/KSM+free+merge+pageout", NULL, VIOLATION_LOST_WRITE},
	{"UFFDIO_MOVE of a held huge page", "uffd/UFFD+move+get", "UFFD+move+get+thp-pte",
	 VIOLATION_LIVELOCK},
	{"CVE-2026-31397", "uffd/UFFD+move+zero", "UFFD+move+zero+thp", VIOLATION_BAD_COUNT},
};

/* Races, which show only if every access is a step. */
static const char *const races[] = {
	"fast GUP and fork",
	"fast GUP and fork of hugetlb",
	"misplaced unlock_page()",
	"copy before the flush of uffd-wp",
	"CVE-2016-5195",
	"CVE-2017-1000405",
	"CVE-2022-2590",
	"fast GUP reads the marker early",
	"COW sets the PTE before the flush",
	"COW lets go of the page before the flush",
};

static bool is_race(const struct mm_bug *bug)
{
	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++) {
		if (strcmp(races[i], bug->name) == 0)
			return true;
	}
	return false;
}

#define NR_SHOWN (int)(sizeof(shown) / sizeof(shown[0]))

/* The era's rules with one of them changed. False: there is no such rule or value. */
static bool make_rules(const struct mm_bug *bug, struct mm_rule_choice choice,
		       struct mm_rules *rules)
{
	const struct mm_era *era = mm_era_named(bug->era);

	if (era) {
		*rules = era->rules;
		if (mm_rules_choose(rules, choice))
			return true;
	}
	printf("# %s: there is no rule %s=%s in %s\n", bug->name, choice.field, choice.value,
	       bug->era);
	return false;
}

/* What the test shows under the era's rules with one of them changed, if it runs. */
static enum run_status run_with(const struct litmus_test *test, const struct run_options *options,
				const struct run_result *spec, const struct mm_bug *bug,
				struct mm_rule_choice choice, unsigned *violations)
{
	struct run_result result;
	struct mm_rules rules;
	enum run_status status;

	if (!make_rules(bug, choice, &rules))
		return RUN_FAILED;
	model_run(test, &rules, options, spec, &result);
	status = result.status;
	if (status != RUN_DONE)
		printf("# %s: %s\n", bug->name, result.reason);
	*violations = run_result_violations(&result);
	run_result_free(&result);
	return status;
}

/* Is a bug seen? Without a part of mm/ that its test needs it can't be. */
enum verdict {
	NOT_SEEN,
	SEEN,
	LEFT_OUT,
};

static enum verdict shows(const struct litmus_test *test, const struct mm_bug *bug,
			  unsigned violation)
{
	const struct run_options options = {.fine = is_race(bug)};
	unsigned with = 0, without = 0;
	struct run_result spec;
	enum run_status status;

	/* With large page tables each step and each state is large: that would take hours. */
	if (options.fine && MM_PAGE_SIZE > 1024)
		return LEFT_OUT;
	spec_run(test, &options, &spec);
	status = run_with(test, &options, &spec, bug, bug->bug, &with);
	if (status == RUN_DONE)
		status = run_with(test, &options, &spec, bug, bug->fix, &without);
	run_result_free(&spec);
	if (status == RUN_SKIPPED)
		return LEFT_OUT;
	if (status != RUN_DONE)
		return NOT_SEEN;
	if (with == violation && !without)
		return SEEN;
	printf("# %s in %s: violations 0x%x with it, expected 0x%x; 0x%x without\n", bug->name,
	       test->name, with, violation, without);
	return NOT_SEEN;
}

/* The test of a file, or the member of its family that has the name. */
static const struct litmus_test *find_test(const struct litmus_test *read, const char *name)
{
	if (!name)
		return read->nr_kinds ? NULL : read;
	for (int i = 0; i < read->nr_kinds; i++) {
		if (strcmp(read->members[i].name, name) == 0)
			return &read->members[i];
	}
	return NULL;
}

static enum verdict bug_shows(const struct mm_bug *bug, int i)
{
	const struct litmus_test *test;
	struct litmus_test *read;
	char path[256], err[512];
	enum verdict verdict = NOT_SEEN;

	snprintf(path, sizeof(path), "tests/litmus/%s.litmus", shown[i].file);
	read = litmus_read(path, err, sizeof(err));
	if (!read) {
		printf("# %s\n", err);
		return NOT_SEEN;
	}
	test = find_test(read, shown[i].test);
	if (!test)
		printf("# %s: no test %s\n", path, shown[i].test ? shown[i].test : "of its own");
	else
		verdict = shows(test, bug, shown[i].violation);
	litmus_free(read);
	return verdict;
}

int main(void)
{
	int bad = 0;

	printf("TAP version 13\n1..%d\n", mm_nr_bugs);
	for (int b = 0; b < mm_nr_bugs; b++) {
		enum verdict verdict = NOT_SEEN;

		for (int i = 0; i < NR_SHOWN; i++) {
			if (strcmp(shown[i].bug, mm_bugs[b].name) == 0)
				verdict = bug_shows(&mm_bugs[b], i);
		}
		bad += verdict == NOT_SEEN;
		printf("%sok %d - %s%s\n", verdict == NOT_SEEN ? "not " : "", b + 1,
		       mm_bugs[b].name, verdict == LEFT_OUT ? " # SKIP left out" : "");
	}
	return bad != 0;
}
