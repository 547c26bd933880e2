/* SPDX-License-Identifier: GPL-2.0-or-later */
/* question.c - what kernels answer differently, and what nobody can foretell */

#include <errno.h>

#include "spec/machine.h"

#define MAX_QUESTIONS 3 /* of one operation */

struct questions {
	enum question asked[MAX_QUESTIONS];
	int nr;
};

static void ask(struct questions *questions, enum question question, bool really)
{
	if (really)
		questions->asked[questions->nr++] = question;
}

static bool is_any_hugetlb(const struct page *pages, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (pages[i].flags & PAGE_HUGETLB)
			return true;
	}
	return false;
}

static bool is_any_registered(const struct page *pages, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (pages[i].uffd)
			return true;
	}
	return false;
}

static bool is_forced(const struct page *page, unsigned foll)
{
	return foll & LITMUS_FOLL_FORCE && foll & LITMUS_FOLL_WRITE &&
	       !(page->prot & LITMUS_PROT_WRITE);
}

static void ask_madvise(struct questions *questions, const struct litmus_op *op,
			const struct page *pages)
{
	ask(questions, HAS_POPULATE, spec_is_populate(op));
	ask(questions, DONTNEED_HUGETLB,
	    op->flags == LITMUS_MADV_DONTNEED && is_any_hugetlb(pages, op->nr_pages));
}

static void ask_gup(struct questions *questions, const struct litmus_op *op,
		    const struct page *pages)
{
	bool get = op->code == LITMUS_GET_USER_PAGES || op->code == LITMUS_GET_USER_PAGES_FAST ||
		   op->code == LITMUS_GET_USER_PAGES_REMOTE;
	bool waits = op->code != LITMUS_GET_USER_PAGES && op->code != LITMUS_PIN_USER_PAGES;

	if (op->flags & LITMUS_FOLL_LONGTERM) {
		ask(questions, GET_LONGTERM, get);
		ask(questions, LONGTERM_WAITS, waits && is_any_registered(pages, op->nr_pages));
	}
	ask(questions, FORCE_HUGETLB,
	    is_any_hugetlb(pages, op->nr_pages) && is_forced(pages, op->flags));
}

static void ask_userfaultfd(struct questions *questions, unsigned features)
{
	ask(questions, HAS_WP_ASYNC, features & LITMUS_UFFD_FEATURE_WP_ASYNC);
	ask(questions, HAS_WP_UNPOPULATED, features & LITMUS_UFFD_FEATURE_WP_UNPOPULATED);
}

static void ask_register(struct questions *questions, const struct litmus_op *op,
			 const struct page *pages)
{
	bool anon = true;
	bool file = false;

	for (int i = 0; i < op->nr_pages; i++) {
		anon &= !pages[i].cell || spec_is_anon(&pages[i]);
		file |= pages[i].file > 0;
	}
	ask(questions, UFFD_ON_FILE, file);
	if (op->code == LITMUS_UFFDIO_UNREGISTER)
		return;
	ask(questions, HAS_WP_SHARED, op->flags & LITMUS_UFFDIO_REGISTER_MODE_WP && !anon);
	ask(questions, HAS_MINOR, op->flags & LITMUS_UFFDIO_REGISTER_MODE_MINOR && !anon);
}

/* Has it anything that came after what pagemap shows of userfaultfd? */
static bool is_newer(const struct spec_machine *m)
{
	return m->answered[HAS_WP_SHARED] == 1 || m->answered[HAS_WP_UNPOPULATED] == 1 ||
	       m->answered[HAS_WP_ASYNC] == 1;
}

/* What the operation asks that has not been asked before. */
static struct questions questions_of(struct spec_machine *m, int task, const struct litmus_op *op)
{
	struct questions all = {.nr = 0};
	struct questions unanswered = {.nr = 0};
	int mm = spec_process_of(m, task);

	switch (op->code) {
	case LITMUS_MADVISE:
		ask_madvise(&all, op, spec_page(m, mm, op));
		break;
	case LITMUS_MREMAP:
		ask(&all, MREMAP_HUGETLB, is_any_hugetlb(spec_page(m, mm, op), op->nr_pages));
		break;
	case LITMUS_PTRACE_POKEDATA:
		mm = spec_process_of(m, op->task);
		ask(&all, FORCE_HUGETLB,
		    is_any_hugetlb(spec_page(m, mm, op), 1) &&
			    is_forced(spec_page(m, mm, op), LITMUS_FOLL_FORCE | LITMUS_FOLL_WRITE));
		break;
	case LITMUS_USERFAULTFD:
		ask_userfaultfd(&all, op->flags);
		break;
	case LITMUS_UFFDIO_REGISTER:
	case LITMUS_UFFDIO_UNREGISTER:
		if (m->uffds[op->uffd].open)
			ask_register(&all, op, spec_page(m, m->uffds[op->uffd].mm, op));
		break;
	case LITMUS_PM_UFFD_WP:
		ask(&all, HAS_PM_UFFD_WP,
		    spec_page(m, mm, op)->flags & PAGE_PROTECTED && !is_newer(m));
		break;
	case LITMUS_UFFDIO_CONTINUE:
		ask(&all, HAS_MINOR, m->uffds[op->uffd].open);
		break;
	case LITMUS_UFFDIO_MOVE:
		ask(&all, HAS_MOVE, m->uffds[op->uffd].open);
		break;
	default:
		if (spec_is_gup(op->code))
			ask_gup(&all, op, spec_page(m, spec_gup_mm(m, task, op), op));
		break;
	}
	for (int i = 0; i < all.nr; i++)
		ask(&unanswered, all.asked[i], !m->answered[all.asked[i]]);
	return unanswered;
}

int spec_question_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	return 1 << questions_of(m, task, op).nr;
}

void spec_answer(struct spec_machine *m, int task, const struct litmus_op *op, int *choice)
{
	struct questions questions = questions_of(m, task, op);

	for (int i = 0; i < questions.nr; i++)
		m->answered[questions.asked[i]] = (uint8_t)(1 + spec_pick(choice, 2));
}

bool spec_refuses(const struct spec_machine *m, enum question question)
{
	return m->answered[question] == 2;
}

/*
 * What moves, merges, splits or pages out pages changes nothing that can be seen. Whether it comes
 * to anything depends on much that is nowhere in this machine.
 */
static const struct {
	enum litmus_opcode code;
	enum litmus_advice advice; /* for LITMUS_MADVISE */
	int nr_errors;
	int errors[4];
} results[] = {
	{LITMUS_MADVISE, LITMUS_MADV_WILLNEED, 1, {EBADF}},
	{LITMUS_MADVISE, LITMUS_MADV_HUGEPAGE, 1, {EINVAL}},
	{LITMUS_MADVISE, LITMUS_MADV_NOHUGEPAGE, 1, {EINVAL}},
	{LITMUS_MADVISE, LITMUS_MADV_COLLAPSE, 4, {EINVAL, EAGAIN, EBUSY, ENOMEM}},
	{LITMUS_MADVISE, LITMUS_MADV_MERGEABLE, 1, {EINVAL}},
	{LITMUS_MADVISE, LITMUS_MADV_UNMERGEABLE, 1, {EINVAL}},
	{LITMUS_KSM_DO_SCAN, 0, 2, {EINVAL, ENOSYS}},
	{LITMUS_MOVE_PAGES, 0, 4, {EBUSY, ENOENT, EFAULT, ENOSYS}},
	{LITMUS_SPLIT_HUGE_PAGE, 0, 4, {EBUSY, EAGAIN, EINVAL, ENOMEM}},
};

static int row_of(const struct litmus_op *op)
{
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		if (results[i].code == op->code &&
		    (op->code != LITMUS_MADVISE || results[i].advice == op->flags))
			return (int)i;
	}
	return -1;
}

int spec_result_choices(const struct litmus_op *op)
{
	int row = row_of(op);

	return row >= 0 && op->dest >= 0 ? 1 + results[row].nr_errors : 1;
}

int64_t spec_result(const struct litmus_op *op, int choice)
{
	return choice > 0 ? -results[row_of(op)].errors[choice - 1] : 0;
}
