/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op.c - what each operation of a litmus test does on the ideal machine */

#include <errno.h>
#include <string.h>

#include "spec/machine.h"

static const struct litmus_op *next_op(const struct spec_machine *m, int task)
{
	const struct litmus_task *t = &m->test->tasks[task];

	return m->tasks[task].pc < t->nr_ops ? &t->ops[m->tasks[task].pc] : NULL;
}

static int process_of(const struct spec_machine *m, int task)
{
	return m->test->tasks[task].process;
}

static bool process_runs(const struct spec_machine *m, int process)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (process_of(m, t) == process && m->tasks[t].life == LIFE_RUNS)
			return true;
	}
	return false;
}

int spec_page_of(const struct spec_machine *m, struct litmus_addr addr)
{
	return m->first_page[m->test->vars[addr.var].object] + addr.page;
}

int spec_word_of(const struct spec_machine *m, struct litmus_addr addr)
{
	return m->test->vars[addr.var].word;
}

/* Memory is made of ints, whatever a register holds. */
static int64_t value_of(const struct spec_machine *m, int task, struct litmus_value value)
{
	if (value.is_register)
		return (int32_t)m->registers[m->first_register[task] + value.reg];
	return (int32_t)value.constant;
}

static void set_dest(struct spec_machine *m, int task, const struct litmus_op *op, int64_t value)
{
	if (op->dest >= 0)
		m->registers[m->first_register[task] + op->dest] = value;
}

/*
 * Access rights. As on x86, the CPU can read whatever it can write; GUP asks for PROT_READ itself.
 */

static bool cpu_may(const struct page *page, bool write)
{
	return page->cell && (write ? page->prot & LITMUS_PROT_WRITE : page->prot);
}

static bool gup_may(const struct page *page, unsigned foll)
{
	bool force = foll & LITMUS_FOLL_FORCE;

	if (!page->cell)
		return false;
	if (foll & LITMUS_FOLL_WRITE)
		return (page->prot & LITMUS_PROT_WRITE) || (force && !(page->flags & PAGE_SHARED));
	return (page->prot & LITMUS_PROT_READ) || force;
}

/* The ends of tasks and processes. */

/* Note the memory that the outcome records of `task`, as its mm has it now. */
static void observe(struct spec_machine *m, int task)
{
	for (int i = 0; i < m->test->nr_observables; i++) {
		const struct litmus_observable *observable = &m->test->observables[i];

		if (observable->kind != LITMUS_OBSERVE_MEMORY || observable->task != task)
			continue;
		const struct page *page =
			&m->pages[process_of(m, task)][spec_page_of(m, observable->addr)];
		m->observed[i] =
			cpu_may(page, false)
				? m->cells[page->cell].word[spec_word_of(m, observable->addr)]
				: LITMUS_SIGSEGV;
	}
}

static void end_task(struct spec_machine *m, int task)
{
	/* P0's memory is looked at when its process ends; and who was killed can't look. */
	if (task != 0 && !m->tasks[task].killed)
		observe(m, task);
	m->tasks[task].life = LIFE_ENDED;
}

/* All tasks have ended: the memory goes, then the handles. */
static void end_process(struct spec_machine *m, int process)
{
	if (process == 0 && !m->tasks[0].killed)
		observe(m, 0);
	spec_drop_mm(m, process);
	for (int i = 0; i < m->nr_holds; i++) {
		if (process_of(m, m->hold_task[i]) == process)
			spec_drop_hold(m, i);
	}
}

static void exit_process(struct spec_machine *m, int process, bool killed)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (process_of(m, t) != process || m->tasks[t].life != LIFE_RUNS)
			continue;
		m->tasks[t].killed = killed;
		end_task(m, t);
	}
	end_process(m, process);
}

/* May the process end by itself? P0's waits for all others if its memory is looked at then. */
static bool may_exit(const struct spec_machine *m, int process)
{
	if (process != 0 || !m->first_observed)
		return true;
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (process_of(m, t) != 0 && m->tasks[t].life == LIFE_RUNS)
			return false;
	}
	return true;
}

static bool is_last_of_process(const struct spec_machine *m, int task)
{
	for (int t = 0; t < m->test->nr_tasks; t++) {
		if (t != task && process_of(m, t) == process_of(m, task) &&
		    m->tasks[t].life == LIFE_RUNS)
			return false;
	}
	return true;
}

/* Handles. */

/* The hold that a handle operation names, or NULL if there is no page. */
static struct hold *hold_of(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int reg = m->first_register[task] + op->handle;

	if (op->handle_page >= m->test->tasks[task].registers[op->handle].handle_pages)
		return NULL;
	struct hold *hold = &m->holds[m->first_hold[reg] + op->handle_page];
	return hold->cell ? hold : NULL;
}

/* Returns how many pages the handle held. */
static int drop_handle(struct spec_machine *m, int task, int reg)
{
	int first = m->first_hold[m->first_register[task] + reg];
	int nr = 0;

	for (int i = 0; i < m->test->tasks[task].registers[reg].handle_pages; i++) {
		nr += m->holds[first + i].cell != 0;
		spec_drop_hold(m, first + i);
	}
	return nr;
}

/* Take pages from `mm` into the handle op->dest. Returns their number, or -EFAULT. */
static int take_pages(struct spec_machine *m, int task, const struct litmus_op *op, int mm,
		      bool pin)
{
	int first_page = spec_page_of(m, op->addr);
	int first_hold = m->first_hold[m->first_register[task] + op->dest];
	int nr = 0;

	for (; nr < op->nr_pages; nr++) {
		const struct page *page = &m->pages[mm][first_page + nr];
		if (!gup_may(page, op->flags))
			break;

		struct cell *cell = &m->cells[page->cell];
		if (op->flags & LITMUS_FOLL_WRITE)
			cell->hole = 0;
		struct taking taking = {
			.pin = pin,
			.write = op->flags & LITMUS_FOLL_WRITE,
			.longterm = op->flags & LITMUS_FOLL_LONGTERM,
			.hole = cell->hole,
			.shared = page->flags & PAGE_SHARED,
			.writable = page->prot & LITMUS_PROT_WRITE,
		};
		struct hold hold = {
			.word = (uint8_t)spec_word_of(m, op->addr),
			.mm = (uint8_t)mm,
			.promise = (uint8_t)promise_of(taking, m->strict),
			.pin = pin,
		};
		spec_hold(m, first_hold + nr, page->cell, hold);
	}
	return nr > 0 ? nr : -EFAULT;
}

static bool page_is_locked(const struct spec_machine *m, int cell)
{
	for (int i = 0; i < m->nr_holds; i++) {
		if (m->holds[i].cell == cell && m->holds[i].locked)
			return true;
	}
	return false;
}

/*
 * Where kernels may rightly differ. An operation that is not named here, and neither writes to a
 * page that somebody holds nor asks pagemap about one, has a single result.
 */

/* Which answers may pagemap() give, apart from those that depend on who lags? */
enum pagemap {
	PAGEMAP_NO,
	PAGEMAP_YES,
	PAGEMAP_EITHER,
	PAGEMAP_LAGS, /* yes, unless the holder lets go now */
};

static enum pagemap pagemap(const struct spec_machine *m, int mm, const struct page *page,
			    const struct hold *hold)
{
	bool same = page->cell == hold->cell;

	if (!page->cell)
		return PAGEMAP_NO;
	/* A shared page need not be in the page table, even while it is mapped. */
	if (same && (page->flags & PAGE_SHARED))
		return PAGEMAP_EITHER;
	if (same)
		return hold->promise == PROMISE_LAG ? PAGEMAP_LAGS : PAGEMAP_YES;
	if (hold->promise != PROMISE_LAG)
		return PAGEMAP_NO;
	/* Both may be the zero page; or two mms may still share what a fork has left them. */
	if (hold->mm != mm || (m->cells[page->cell].hole && m->cells[hold->cell].hole))
		return PAGEMAP_EITHER;
	return PAGEMAP_NO;
}

enum mremap {
	MREMAP_MOVES,
	MREMAP_FAULT,       /* -EFAULT: no mapping, or more than one */
	MREMAP_FAULT_UNMAP, /* the same, after the target has been unmapped */
	MREMAP_INVALID,     /* -EINVAL: the ranges overlap */
};

/* Do the pages belong to one mapping? Then, whatever the kernel merges, they are one VMA. */
static bool is_one_area(const struct page *pages, int nr)
{
	for (int i = 1; i < nr; i++) {
		if (pages[i].area != pages[0].area || pages[i].prot != pages[0].prot ||
		    pages[i].flags != pages[0].flags || pages[i].offset != pages[0].offset + i ||
		    !pages[i].cell)
			return false;
	}
	return true;
}

/* Write what mremap() may do to `ways`; returns how many ways there are. */
static int mremap_ways(const struct spec_machine *m, int mm, const struct litmus_op *op,
		       enum mremap ways[3])
{
	int from = spec_page_of(m, op->addr);
	int to = spec_page_of(m, op->to);
	bool is_mapped = m->pages[mm][from].cell;
	int nr = 0;

	if (from < to + op->nr_pages && to < from + op->nr_pages) {
		ways[nr++] = MREMAP_INVALID;
		if (!is_mapped)
			ways[nr++] = MREMAP_FAULT;
		return nr;
	}
	if (is_mapped)
		ways[nr++] = MREMAP_MOVES;
	if (is_mapped && is_one_area(&m->pages[mm][from], op->nr_pages))
		return nr;
	/*
	 * More than one VMA is moved since v6.17. Before, and where there is none, it is -EFAULT,
	 * which v5.16 and later can find out before they unmap the target.
	 */
	ways[nr++] = MREMAP_FAULT;
	ways[nr++] = MREMAP_FAULT_UNMAP;
	return nr;
}

static bool is_populate(const struct litmus_op *op)
{
	return op->flags == LITMUS_MADV_POPULATE_READ || op->flags == LITMUS_MADV_POPULATE_WRITE;
}

/* A kernel that has once answered a question gives the same answer from then on. */
static int answers(const struct spec_machine *m, enum question question)
{
	return m->answered[question] ? 1 : 2;
}

static bool is_refused(struct spec_machine *m, enum question question, int choice)
{
	if (!m->answered[question])
		m->answered[question] = (uint8_t)(1 + choice);
	return m->answered[question] == 2;
}

/* In how many ways can something that writes to this page go? */
static int write_ways(struct spec_machine *m, const struct page *page, bool allowed)
{
	return allowed ? spec_lag_choices(m, page->cell) : 1;
}

static int pagemap_ways(struct spec_machine *m, int mm, const struct page *page,
			const struct hold *hold)
{
	switch (pagemap(m, mm, page, hold)) {
	case PAGEMAP_EITHER:
		return 2;
	case PAGEMAP_LAGS:
		return spec_lag_choices(m, hold->cell);
	default:
		return 1;
	}
}

/* The page that an operation's address names, in the mm that it works on. */
static struct page *page_of(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	return &m->pages[mm][spec_page_of(m, op->addr)];
}

int spec_op_choices(struct spec_machine *m, int task)
{
	const struct litmus_op *op = next_op(m, task);
	int mm = process_of(m, task);
	struct hold *hold;
	struct page *page;
	enum mremap ways[3];

	if (m->tasks[task].life != LIFE_RUNS)
		return 0;
	if (!op)
		return !is_last_of_process(m, task) || may_exit(m, mm);

	switch (op->code) {
	case LITMUS_STORE:
		page = page_of(m, mm, op);
		return write_ways(m, page, cpu_may(page, true));
	case LITMUS_PTRACE_POKEDATA:
		page = page_of(m, process_of(m, op->task), op);
		return write_ways(m, page, gup_may(page, LITMUS_FOLL_WRITE | LITMUS_FOLL_FORCE));
	case LITMUS_PROCESS_VM_WRITEV:
		page = page_of(m, process_of(m, op->task), op);
		return write_ways(m, page, gup_may(page, LITMUS_FOLL_WRITE));
	case LITMUS_DMA_WRITE:
		hold = hold_of(m, task, op);
		return hold ? spec_lag_choices(m, hold->cell) : 1;
	case LITMUS_PAGEMAP:
		hold = hold_of(m, task, op);
		return hold ? pagemap_ways(m, mm, page_of(m, mm, op), hold) : 1;
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
		return op->flags & LITMUS_FOLL_LONGTERM ? answers(m, GET_LONGTERM) : 1;
	case LITMUS_MREMAP:
		return mremap_ways(m, mm, op, ways);
	case LITMUS_MADVISE:
		return is_populate(op) ? answers(m, HAS_POPULATE) : 1;
	case LITMUS_LOCK_PAGE:
		hold = hold_of(m, task, op);
		return !hold || !page_is_locked(m, hold->cell);
	case LITMUS_WAITPID:
		return !process_runs(m, process_of(m, op->task));
	case LITMUS_PTHREAD_JOIN:
		return m->tasks[op->task].life != LIFE_RUNS;
	case LITMUS_WAIT_FOR_COMPLETION:
		return (m->completed >> op->completion) & 1;
	case LITMUS_EXIT:
		return may_exit(m, mm);
	default:
		return 1;
	}
}

/* The operations. Each returns the result that its register gets. */

static int64_t do_mmap(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int first = spec_page_of(m, op->addr);

	for (int i = 0; i < op->nr_pages; i++) {
		struct page attributes = {
			/* Unlike any other mapping's number: an operation runs only once. */
			.area = (uint16_t)(1 + task * LITMUS_MAX_OPS + m->tasks[task].pc),
			.offset = (uint8_t)i,
			.prot = (uint8_t)op->flags,
			.flags = op->map & LITMUS_MAP_SHARED ? PAGE_SHARED : 0,
		};
		spec_map(m, process_of(m, task), first + i, attributes);
	}
	return 0;
}

static int64_t do_munmap(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	for (int i = 0; i < op->nr_pages; i++)
		spec_unmap(m, mm, spec_page_of(m, op->addr) + i);
	return 0;
}

/* A hole ends it with -ENOMEM; what comes before has been changed by then. */
static int64_t do_mprotect(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	for (int i = 0; i < op->nr_pages; i++) {
		struct page *page = page_of(m, mm, op) + i;

		if (!page->cell)
			return -ENOMEM;
		page->prot = (uint8_t)op->flags;
		if (!(page->prot & LITMUS_PROT_WRITE))
			spec_weaken(m, page->cell);
	}
	return 0;
}

static int64_t do_mremap(struct spec_machine *m, int mm, const struct litmus_op *op, int choice)
{
	int from = spec_page_of(m, op->addr);
	int to = spec_page_of(m, op->to);
	enum mremap ways[3];

	mremap_ways(m, mm, op, ways);
	switch (ways[choice]) {
	case MREMAP_INVALID:
		return -EINVAL;
	case MREMAP_FAULT:
		return -EFAULT;
	case MREMAP_FAULT_UNMAP:
		for (int i = 0; i < op->nr_pages; i++)
			spec_unmap(m, mm, to + i);
		return -EFAULT;
	case MREMAP_MOVES:
		for (int i = 0; i < op->nr_pages; i++) {
			if (m->pages[mm][from + i].cell)
				spec_move(m, mm, from + i, to + i);
		}
	}
	return 0;
}

/* Prefault as a read or write would: the first page that can't be ends it. */
static int64_t do_populate(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	bool write = op->flags == LITMUS_MADV_POPULATE_WRITE;

	for (int i = 0; i < op->nr_pages; i++) {
		const struct page *page = page_of(m, mm, op) + i;

		if (!page->cell)
			return -ENOMEM;
		if (!gup_may(page, write ? LITMUS_FOLL_WRITE : 0))
			return -EINVAL;
		if (write)
			m->cells[page->cell].hole = 0;
	}
	return 0;
}

static int64_t advise_page(struct spec_machine *m, int mm, int page, unsigned advice)
{
	struct page *p = &m->pages[mm][page];

	switch (advice) {
	case LITMUS_MADV_DONTNEED:
		spec_discard(m, mm, page);
		return 0;
	case LITMUS_MADV_DONTFORK:
		p->flags |= PAGE_DONTFORK;
		return 0;
	case LITMUS_MADV_DOFORK:
		p->flags &= (uint16_t)~PAGE_DONTFORK;
		return 0;
	case LITMUS_MADV_WIPEONFORK:
		if (p->flags & PAGE_SHARED)
			return -EINVAL;
		p->flags |= PAGE_WIPEONFORK;
		return 0;
	default: /* MADV_KEEPONFORK */
		p->flags &= (uint16_t)~PAGE_WIPEONFORK;
		return 0;
	}
}

static int64_t do_madvise(struct spec_machine *m, int mm, const struct litmus_op *op, int choice)
{
	int64_t err = 0;

	if (is_populate(op))
		return is_refused(m, HAS_POPULATE, choice) ? -EINVAL : do_populate(m, mm, op);
	for (int i = 0; i < op->nr_pages; i++) {
		int page = spec_page_of(m, op->addr) + i;

		if (!m->pages[mm][page].cell) {
			err = -ENOMEM;
			continue;
		}
		int64_t page_err = advise_page(m, mm, page, op->flags);
		if (page_err)
			return page_err;
	}
	return err;
}

static void do_clear_refs(struct spec_machine *m, int mm)
{
	for (int page = 0; page < m->nr_pages; page++) {
		if (m->pages[mm][page].cell)
			spec_weaken(m, m->pages[mm][page].cell);
	}
}

static int64_t do_gup(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	bool pin = false;
	int mm = process_of(m, task);

	switch (op->code) {
	case LITMUS_GET_USER_PAGES_REMOTE:
		mm = process_of(m, op->task);
		break;
	case LITMUS_PIN_USER_PAGES_REMOTE:
		mm = process_of(m, op->task);
		pin = true;
		break;
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		pin = true;
		break;
	default:
		break;
	}
	drop_handle(m, task, op->dest);
	if (!process_runs(m, mm))
		return -ESRCH;
	if (!pin && (op->flags & LITMUS_FOLL_LONGTERM) && is_refused(m, GET_LONGTERM, choice))
		return -EINVAL;
	return take_pages(m, task, op, mm, pin);
}

static void write_cell(struct spec_machine *m, int cell, int word, int64_t value)
{
	m->cells[cell].word[word] = value;
	m->cells[cell].hole = 0;
}

static void write_page(struct spec_machine *m, int task, const struct litmus_op *op,
		       const struct page *page, int choice)
{
	spec_lag(m, page->cell, choice);
	write_cell(m, page->cell, spec_word_of(m, op->addr), value_of(m, task, op->value));
}

static int64_t read_page(struct spec_machine *m, const struct litmus_op *op,
			 const struct page *page)
{
	return m->cells[page->cell].word[spec_word_of(m, op->addr)];
}

/* Access to the memory of another process, without the CPU: `err` if it can't be accessed. */
static int64_t do_remote(struct spec_machine *m, int task, const struct litmus_op *op, int choice,
			 unsigned foll, int64_t err)
{
	int mm = process_of(m, op->task);
	const struct page *page = page_of(m, mm, op);

	if (!process_runs(m, mm))
		return -ESRCH;
	if (!gup_may(page, foll))
		return err;
	if (!(foll & LITMUS_FOLL_WRITE))
		return read_page(m, op, page);
	write_page(m, task, op, page, choice);
	return 0;
}

static int64_t do_handle(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	struct hold *hold = hold_of(m, task, op);
	int mm = process_of(m, task);
	const struct page *page;

	if (!hold)
		return -EBADF;
	switch (op->code) {
	case LITMUS_DMA_READ:
		return m->cells[hold->cell].word[hold->word];
	case LITMUS_DMA_WRITE:
		spec_lag(m, hold->cell, choice);
		write_cell(m, hold->cell, hold->word, value_of(m, task, op->value));
		return 0;
	case LITMUS_PAGEMAP:
		page = page_of(m, mm, op);
		switch (pagemap(m, mm, page, hold)) {
		case PAGEMAP_NO:
			return 0;
		case PAGEMAP_YES:
			return 1;
		case PAGEMAP_EITHER:
			return choice;
		case PAGEMAP_LAGS:
			spec_lag(m, hold->cell, choice);
			return page->cell == hold->cell;
		}
		return 0;
	case LITMUS_LOCK_PAGE:
		hold->locked = 1;
		return 0;
	default: /* LITMUS_UNLOCK_PAGE */
		hold->locked = 0;
		return 0;
	}
}

static int64_t start_task(struct spec_machine *m, int task)
{
	m->tasks[task].life = LIFE_RUNS;
	return 0;
}

static bool was_started(const struct spec_machine *m, int task)
{
	return m->tasks[task].life != LIFE_UNBORN;
}

/* Everything but what may end the process. */
static int64_t run_op(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = process_of(m, task);

	switch (op->code) {
	case LITMUS_STORE:
		write_page(m, task, op, page_of(m, mm, op), choice);
		return 0;
	case LITMUS_LOAD:
		return read_page(m, op, page_of(m, mm, op));
	case LITMUS_MOVE:
		return value_of(m, task, op->value);
	case LITMUS_MMAP:
		return do_mmap(m, task, op);
	case LITMUS_MUNMAP:
		return do_munmap(m, mm, op);
	case LITMUS_MPROTECT:
		return do_mprotect(m, mm, op);
	case LITMUS_MREMAP:
		return do_mremap(m, mm, op, choice);
	case LITMUS_MADVISE:
		return do_madvise(m, mm, op, choice);
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return do_gup(m, task, op, choice);
	case LITMUS_PUT_PAGE:
	case LITMUS_UNPIN_USER_PAGE:
	case LITMUS_BIO_RELEASE_PAGES:
		return drop_handle(m, task, op->handle) ? 0 : -EBADF;
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
	case LITMUS_PAGEMAP:
	case LITMUS_LOCK_PAGE:
	case LITMUS_UNLOCK_PAGE:
		return do_handle(m, task, op, choice);
	case LITMUS_PTRACE_PEEKDATA:
		return do_remote(m, task, op, choice, LITMUS_FOLL_FORCE, -EIO);
	case LITMUS_PTRACE_POKEDATA:
		return do_remote(m, task, op, choice, LITMUS_FOLL_FORCE | LITMUS_FOLL_WRITE, -EIO);
	case LITMUS_PROCESS_VM_READV:
		return do_remote(m, task, op, choice, 0, -EFAULT);
	case LITMUS_PROCESS_VM_WRITEV:
		return do_remote(m, task, op, choice, LITMUS_FOLL_WRITE, -EFAULT);
	case LITMUS_FORK:
		spec_copy_mm(m, mm, process_of(m, op->task));
		return start_task(m, op->task);
	case LITMUS_PTHREAD_CREATE:
		return start_task(m, op->task);
	case LITMUS_WAITPID:
		return was_started(m, op->task) ? 0 : -ECHILD;
	case LITMUS_PTHREAD_JOIN:
		return was_started(m, op->task) ? 0 : -ESRCH;
	case LITMUS_COMPLETE:
		m->completed |= UINT32_C(1) << op->completion;
		return 0;
	case LITMUS_CLEAR_REFS:
		do_clear_refs(m, mm);
		return 0;
	case LITMUS_WAIT_FOR_COMPLETION:
	case LITMUS_LRU_ADD_DRAIN:
	case LITMUS_EXIT:
	case LITMUS_NR_OPCODES:
		break;
	}
	return 0;
}

/* Is it an access that the kernel answers with SIGSEGV? */
static bool is_killed(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	if (op->code != LITMUS_STORE && op->code != LITMUS_LOAD)
		return false;
	return !cpu_may(page_of(m, mm, op), op->code == LITMUS_STORE);
}

void spec_op_step(struct spec_machine *m, int task, int choice)
{
	const struct litmus_op *op = next_op(m, task);
	int process = process_of(m, task);

	if (!op) {
		end_task(m, task);
		if (!process_runs(m, process))
			end_process(m, process);
		return;
	}
	if (op->code == LITMUS_EXIT || is_killed(m, process, op)) {
		exit_process(m, process, op->code != LITMUS_EXIT);
		return;
	}
	set_dest(m, task, op, run_op(m, task, op, choice));
	m->tasks[task].pc++;
}
