/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userfaultfd.c - the system calls about one; see event.c for those who wait for its monitor */

#include <errno.h>
#include <string.h>

#include "spec/uffdio.h"

/* It stays open until it is closed, whoever ends: somebody else can have it, too. */
int64_t spec_userfaultfd(struct spec_machine *m, int task, const struct litmus_op *op)
{
	unsigned features = op->flags;

	if (features & LITMUS_UFFD_FEATURE_WP_ASYNC && spec_refuses(m, HAS_WP_ASYNC))
		return -EINVAL;
	if (features & LITMUS_UFFD_FEATURE_WP_UNPOPULATED && spec_refuses(m, HAS_WP_UNPOPULATED))
		return -EINVAL;
	if (features & LITMUS_UFFD_FEATURE_WP_ASYNC)
		features |= LITMUS_UFFD_FEATURE_WP_UNPOPULATED;
	m->uffds[op->uffd] = (struct uffd_state){
		.open = 1,
		.mm = (uint8_t)spec_process_of(m, task),
		.features = (uint8_t)features,
	};
	return 0;
}

void spec_unregister(struct page *page)
{
	page->uffd = 0;
	page->flags &= (uint16_t) ~(PAGE_MODES | PAGE_PROTECTED);
}

/* Nobody will read of it: the call goes on. */
static void stop_telling(struct task_state *task, int uffd)
{
	int nr = 0;

	if (spec_is_told(task->event) && task->uffd == uffd)
		task->was_read = 1;
	for (int i = 0; i < SPEC_MAX_UNTOLD; i++) {
		uint8_t untold = task->untold[i];

		task->untold[i] = 0;
		if (untold && (untold & 0xf) != uffd)
			task->untold[nr++] = untold;
	}
}

void spec_close(struct spec_machine *m, int uffd)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		for (int i = 0; i < m->nr_pages; i++) {
			if (m->pages[t][i].uffd == uffd + 1)
				spec_unregister(&m->pages[t][i]);
		}
		stop_telling(&m->tasks[t], uffd);
	}
	spec_wake(m, uffd, 0, m->nr_pages);
	memset(&m->uffds[uffd], 0, sizeof(m->uffds[uffd]));
}

bool spec_is_uffdio(enum litmus_opcode code)
{
	switch (code) {
	case LITMUS_UFFDIO_REGISTER:
	case LITMUS_UFFDIO_UNREGISTER:
	case LITMUS_UFFDIO_WRITEPROTECT:
	case LITMUS_UFFDIO_COPY:
	case LITMUS_UFFDIO_ZEROPAGE:
	case LITMUS_UFFDIO_CONTINUE:
	case LITMUS_UFFDIO_MOVE:
	case LITMUS_UFFDIO_WAKE:
		return true;
	default:
		return false;
	}
}

static struct range range_of(struct spec_machine *m, const struct litmus_op *op)
{
	struct range range = {
		.uffd = op->uffd,
		.mm = m->uffds[op->uffd].mm,
		.first = spec_page_of(m, op->addr),
		.nr = op->code == LITMUS_UFFDIO_COPY ? 1 : op->nr_pages,
	};

	range.pages = &m->pages[range.mm][range.first];
	return range;
}

static bool is_any_mapped(const struct range *range)
{
	for (int i = 0; i < range->nr; i++) {
		if (range->pages[i].cell)
			return true;
	}
	return false;
}

static bool may_register(const struct spec_machine *m, int uffd, const struct page *page,
			 unsigned modes)
{
	/* Nobody is to wait, so any memory will do. */
	if (m->uffds[uffd].features & LITMUS_UFFD_FEATURE_WP_ASYNC &&
	    modes == LITMUS_UFFDIO_REGISTER_MODE_WP)
		return true;
	if (page->file && spec_refuses(m, UFFD_ON_FILE))
		return false;
	if (modes & LITMUS_UFFDIO_REGISTER_MODE_WP && !spec_is_anon(page) &&
	    spec_refuses(m, HAS_WP_SHARED))
		return false;
	return !(modes & LITMUS_UFFDIO_REGISTER_MODE_MINOR) ||
	       (!spec_is_anon(page) && !spec_refuses(m, HAS_MINOR));
}

static unsigned page_modes(unsigned modes)
{
	return (modes & LITMUS_UFFDIO_REGISTER_MODE_MISSING ? PAGE_MISSING : 0) |
	       (modes & LITMUS_UFFDIO_REGISTER_MODE_WP ? PAGE_WP : 0) |
	       (modes & LITMUS_UFFDIO_REGISTER_MODE_MINOR ? PAGE_MINOR : 0);
}

/* Where nothing is mapped: -ENOMEM if there is nothing above, either. */
static int64_t do_register(struct spec_machine *m, const struct range *range,
			   const struct litmus_op *op, int choice)
{
	unsigned modes = page_modes(op->flags);

	if (!is_any_mapped(range))
		return choice ? -ENOMEM : -EINVAL;
	for (int i = 0; i < range->nr; i++) {
		const struct page *page = &range->pages[i];

		if (page->cell && !may_register(m, range->uffd, page, op->flags))
			return -EINVAL;
		if (page->uffd && page->uffd != range->uffd + 1)
			return -EBUSY;
	}
	for (int i = 0; i < range->nr; i++) {
		struct page *page = &range->pages[i];

		/* What is registered for more than that stays so. */
		if (!page->cell || (page->uffd && (page->flags & modes) == modes))
			continue;
		page->uffd = (uint8_t)(range->uffd + 1);
		page->flags &= (uint16_t)~PAGE_MODES;
		page->flags |= (uint16_t)modes;
		if (!(modes & PAGE_WP))
			page->flags &= (uint16_t)~PAGE_PROTECTED;
	}
	return 0;
}

/* With another userfaultfd than the range is registered with: -EINVAL since v6.17. */
static bool is_others(const struct range *range)
{
	for (int i = 0; i < range->nr; i++) {
		if (range->pages[i].uffd && range->pages[i].uffd != range->uffd + 1)
			return true;
	}
	return false;
}

static int64_t do_unregister(struct spec_machine *m, const struct range *range, int choice)
{
	if (!is_any_mapped(range))
		return choice ? -ENOMEM : -EINVAL;
	if (choice)
		return -EINVAL;
	for (int i = 0; i < range->nr; i++) {
		const struct page *page = &range->pages[i];

		if (page->file && !page->uffd && spec_refuses(m, UFFD_ON_FILE))
			return -EINVAL;
	}
	for (int i = 0; i < range->nr; i++) {
		struct page *page = &range->pages[i];

		if (!page->uffd)
			continue;
		spec_wake(m, page->uffd - 1, range->first + i, 1);
		spec_unregister(page);
	}
	return 0;
}

/*
 * Private anonymous memory that nothing has touched has no page table entry that could be
 * protected. Without UFFD_FEATURE_WP_UNPOPULATED nothing is promised for it.
 */
static bool is_unpromised(const struct spec_machine *m, const struct page *page)
{
	return page->uffd && spec_is_anon(page) &&
	       m->cells[page->cell].flags & (CELL_EMPTY | CELL_MAYBE) &&
	       !(m->uffds[page->uffd - 1].features & LITMUS_UFFD_FEATURE_WP_UNPOPULATED);
}

static int writeprotect_choices(const struct spec_machine *m, const struct range *range,
				const struct litmus_op *op)
{
	for (int i = 0; i < range->nr && op->flags & LITMUS_UFFDIO_MODE_WP; i++) {
		if (is_unpromised(m, &range->pages[i]))
			return 2 * spec_area_choices(range);
	}
	return spec_area_choices(range);
}

/* Ranges of several VMAs are taken since v6.4. */
static int64_t do_writeprotect(struct spec_machine *m, const struct range *range,
			       const struct litmus_op *op, int choice)
{
	bool protect = op->flags & LITMUS_UFFDIO_MODE_WP;
	bool wake = !(op->flags & LITMUS_UFFDIO_MODE_DONTWAKE);
	int64_t err = -ENOENT;

	if (protect && !wake)
		return -EINVAL;
	if (spec_pick(&choice, spec_area_choices(range)))
		return -ENOENT;
	for (int i = 0; i < range->nr; i++) {
		struct page *page = &range->pages[i];

		if (!page->cell)
			continue;
		if (!(page->flags & PAGE_WP))
			return -ENOENT;
		err = 0;
		if (!protect) {
			page->flags &= (uint16_t)~PAGE_PROTECTED;
		} else if (!choice || !is_unpromised(m, page)) {
			page->flags |= PAGE_PROTECTED;
			spec_weaken(m, page->cell);
		}
	}
	if (!err && !protect && wake)
		spec_wake(m, range->uffd, range->first, range->nr);
	return err;
}

/*
 * Who was told to the monitor, but does not sleep yet, looks again before it does: then it goes on
 * though nobody wakes it.
 */
static int awake_choices(const struct litmus_op *op)
{
	switch (op->code) {
	case LITMUS_UFFDIO_WRITEPROTECT:
		return op->flags & LITMUS_UFFDIO_MODE_DONTWAKE &&
				       !(op->flags & LITMUS_UFFDIO_MODE_WP)
			       ? 2
			       : 1;
	case LITMUS_UFFDIO_COPY:
	case LITMUS_UFFDIO_ZEROPAGE:
	case LITMUS_UFFDIO_CONTINUE:
	case LITMUS_UFFDIO_MOVE:
		return op->flags & LITMUS_UFFDIO_MODE_DONTWAKE ? 2 : 1;
	default:
		return 1;
	}
}

int spec_uffdio_choices(struct spec_machine *m, const struct litmus_op *op)
{
	const struct range range = range_of(m, op);

	if (!m->uffds[op->uffd].open)
		return 1;
	switch (op->code) {
	case LITMUS_UFFDIO_REGISTER:
		return is_any_mapped(&range) ? 1 : 2;
	case LITMUS_UFFDIO_UNREGISTER:
		return is_any_mapped(&range) && !is_others(&range) ? 1 : 2;
	case LITMUS_UFFDIO_WRITEPROTECT:
		return writeprotect_choices(m, &range, op) * awake_choices(op);
	case LITMUS_UFFDIO_MOVE:
		return spec_uffd_move_choices(m, &range, op) * awake_choices(op);
	case LITMUS_UFFDIO_WAKE:
		return 1;
	default:
		return spec_fill_choices(m, &range, op) * awake_choices(op);
	}
}

int64_t spec_uffdio(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	const struct range range = range_of(m, op);
	bool awake;
	int64_t err;

	if (!m->uffds[op->uffd].open)
		return -EBADF;
	if (op->code == LITMUS_UFFDIO_WAKE) {
		spec_wake(m, range.uffd, range.first, range.nr);
		return 0;
	}
	if (op->code == LITMUS_UFFDIO_REGISTER || op->code == LITMUS_UFFDIO_UNREGISTER) {
		if (!spec_mm_lives(m, range.mm))
			return -ENOMEM;
		return op->code == LITMUS_UFFDIO_REGISTER ? do_register(m, &range, op, choice)
							  : do_unregister(m, &range, choice);
	}
	if (op->code == LITMUS_UFFDIO_MOVE && spec_refuses(m, HAS_MOVE))
		return -EINVAL;
	/* While the mm changes, and until the monitor has heard of it. */
	if (spec_is_changing(m, op->uffd))
		return -EAGAIN;
	if (op->code != LITMUS_UFFDIO_MOVE && !spec_mm_lives(m, range.mm))
		return -ESRCH;
	awake = spec_pick(&choice, awake_choices(op));
	if (op->code == LITMUS_UFFDIO_MOVE)
		err = spec_uffd_move(m, task, &range, op, choice);
	else if (op->code == LITMUS_UFFDIO_WRITEPROTECT)
		err = do_writeprotect(m, &range, op, choice);
	else
		err = spec_fill(m, task, &range, op, choice);
	if (!err && awake)
		spec_wake(m, range.uffd, range.first, range.nr);
	return err;
}

/* The mark on a hugetlb page that is not there is not always shown. */
static int mark_choices(const struct spec_machine *m, const struct page *page)
{
	return page->flags & PAGE_HUGETLB && page->flags & PAGE_PROTECTED &&
			       m->cells[page->cell].flags & CELL_EMPTY
		       ? 2
		       : 1;
}

int spec_pm_uffd_wp_choices(const struct spec_machine *m, const struct page *page)
{
	return spec_discard_choices(m, page) * mark_choices(m, page);
}

int64_t spec_pm_uffd_wp(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_process_of(m, task);
	const struct page *page = spec_page(m, mm, op);

	spec_may_discard(m, mm, spec_page_of(m, op->addr), &choice);
	return page->flags & PAGE_PROTECTED && !choice && !spec_refuses(m, HAS_PM_UFFD_WP);
}
