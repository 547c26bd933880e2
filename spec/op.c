/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op.c - the operations of a litmus test: in how many ways they can go, and going */

#include <errno.h>

#include "spec/machine.h"

static const struct litmus_op *next_op(const struct spec_machine *m, int task)
{
	const struct litmus_task *t = &m->test->tasks[task];

	return m->tasks[task].pc < t->nr_ops ? &t->ops[m->tasks[task].pc] : NULL;
}

int spec_page_of(const struct spec_machine *m, struct litmus_addr addr)
{
	return m->first_page[m->test->vars[addr.var].object] + addr.page;
}

int spec_word_of(const struct spec_machine *m, struct litmus_addr addr)
{
	return m->test->vars[addr.var].word;
}

int spec_answers(const struct spec_machine *m, enum question question)
{
	return m->answered[question] ? 1 : 2;
}

bool spec_is_refused(struct spec_machine *m, enum question question, int choice)
{
	if (!m->answered[question])
		m->answered[question] = (uint8_t)(1 + choice);
	return m->answered[question] == 2;
}

int64_t spec_value_of(const struct spec_machine *m, int task, struct litmus_value value)
{
	if (value.is_register)
		return m->registers[m->first_register[task] + value.reg];
	return value.constant;
}

struct page *spec_page(struct spec_machine *m, int mm, const struct litmus_op *op)
{
	return &m->pages[mm][spec_page_of(m, op->addr)];
}

/* For something that writes to this page, if it may. */
static int write_choices(struct spec_machine *m, const struct page *page, bool allowed)
{
	return allowed ? spec_lag_choices(m, page->cell) : 1;
}

int spec_op_choices(struct spec_machine *m, int task)
{
	const struct litmus_op *op = next_op(m, task);
	int mm = spec_process_of(m, task);
	struct page *page;

	if (m->tasks[task].life != LIFE_RUNS)
		return 0;
	if (!op)
		return spec_may_end(m, task);

	switch (op->code) {
	case LITMUS_STORE:
		page = spec_page(m, mm, op);
		return write_choices(m, page, spec_cpu_may(page, true));
	case LITMUS_PTRACE_POKEDATA:
		page = spec_page(m, spec_process_of(m, op->task), op);
		return write_choices(m, page,
				     spec_gup_may(page, LITMUS_FOLL_WRITE | LITMUS_FOLL_FORCE));
	case LITMUS_PROCESS_VM_WRITEV:
		page = spec_page(m, spec_process_of(m, op->task), op);
		return write_choices(m, page, spec_gup_may(page, LITMUS_FOLL_WRITE));
	case LITMUS_DMA_WRITE:
	case LITMUS_PAGEMAP:
	case LITMUS_LOCK_PAGE:
		return spec_handle_choices(m, task, op);
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
		return spec_gup_choices(m, op);
	case LITMUS_MREMAP:
		return spec_mremap_choices(m, mm, op);
	case LITMUS_MADVISE:
		return spec_madvise_choices(m, op);
	case LITMUS_WAITPID:
		return !spec_process_runs(m, spec_process_of(m, op->task));
	case LITMUS_PTHREAD_JOIN:
		return m->tasks[op->task].life != LIFE_RUNS;
	case LITMUS_WAIT_FOR_COMPLETION:
		return (m->completed >> op->completion) & 1;
	default:
		return 1;
	}
}

static void do_clear_refs(struct spec_machine *m, int mm)
{
	for (int page = 0; page < m->nr_pages; page++) {
		if (m->pages[mm][page].cell)
			spec_weaken(m, m->pages[mm][page].cell);
	}
}

static void write_page(struct spec_machine *m, int task, const struct litmus_op *op,
		       const struct page *page, int choice)
{
	spec_lag(m, page->cell, choice);
	spec_write(m, page->cell, spec_word_of(m, op->addr), spec_value_of(m, task, op->value));
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
	int mm = spec_process_of(m, op->task);
	const struct page *page = spec_page(m, mm, op);

	if (!spec_process_runs(m, mm))
		return -ESRCH;
	if (!spec_gup_may(page, foll))
		return err;
	if (!(foll & LITMUS_FOLL_WRITE))
		return read_page(m, op, page);
	write_page(m, task, op, page, choice);
	return 0;
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
	int mm = spec_process_of(m, task);

	switch (op->code) {
	case LITMUS_STORE:
		write_page(m, task, op, spec_page(m, mm, op), choice);
		return 0;
	case LITMUS_LOAD:
		return read_page(m, op, spec_page(m, mm, op));
	case LITMUS_MOVE:
		return spec_value_of(m, task, op->value);
	case LITMUS_MMAP:
		return spec_mmap(m, task, op);
	case LITMUS_MUNMAP:
		return spec_munmap(m, mm, op);
	case LITMUS_MPROTECT:
		return spec_mprotect(m, mm, op);
	case LITMUS_MREMAP:
		return spec_mremap(m, mm, op, choice);
	case LITMUS_MADVISE:
		return spec_madvise(m, mm, op, choice);
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return spec_gup(m, task, op, choice);
	case LITMUS_PUT_PAGE:
	case LITMUS_UNPIN_USER_PAGE:
	case LITMUS_BIO_RELEASE_PAGES:
		return spec_drop_handle(m, task, op->handle) ? 0 : -EBADF;
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
	case LITMUS_PAGEMAP:
	case LITMUS_LOCK_PAGE:
	case LITMUS_UNLOCK_PAGE:
		return spec_use_handle(m, task, op, choice);
	case LITMUS_PTRACE_PEEKDATA:
		return do_remote(m, task, op, choice, LITMUS_FOLL_FORCE, -EIO);
	case LITMUS_PTRACE_POKEDATA:
		return do_remote(m, task, op, choice, LITMUS_FOLL_FORCE | LITMUS_FOLL_WRITE, -EIO);
	case LITMUS_PROCESS_VM_READV:
		return do_remote(m, task, op, choice, 0, -EFAULT);
	case LITMUS_PROCESS_VM_WRITEV:
		return do_remote(m, task, op, choice, LITMUS_FOLL_WRITE, -EFAULT);
	case LITMUS_FORK:
		spec_copy_mm(m, mm, spec_process_of(m, op->task));
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
	case LITMUS_USERFAULTFD:
	case LITMUS_CLOSE:
	case LITMUS_UFFDIO_REGISTER:
	case LITMUS_UFFDIO_UNREGISTER:
	case LITMUS_UFFDIO_WRITEPROTECT:
	case LITMUS_UFFDIO_COPY:
	case LITMUS_UFFDIO_ZEROPAGE:
	case LITMUS_UFFDIO_CONTINUE:
	case LITMUS_UFFDIO_WAKE:
	case LITMUS_READ:
	case LITMUS_PM_UFFD_WP:
	case LITMUS_PREAD:
	case LITMUS_PWRITE:
	case LITMUS_KSM_DO_SCAN:
	case LITMUS_MOVE_PAGES:
	case LITMUS_SPLIT_HUGE_PAGE:
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
	return !spec_cpu_may(spec_page(m, mm, op), op->code == LITMUS_STORE);
}

static void set_dest(struct spec_machine *m, int task, const struct litmus_op *op, int64_t value)
{
	if (op->dest >= 0)
		m->registers[m->first_register[task] + op->dest] = value;
}

void spec_op_step(struct spec_machine *m, int task, int choice)
{
	const struct litmus_op *op = next_op(m, task);
	int process = spec_process_of(m, task);

	if (!op) {
		spec_end_task(m, task);
		return;
	}
	if (op->code == LITMUS_EXIT) {
		spec_exit(m, process);
		return;
	}
	if (is_killed(m, process, op)) {
		spec_kill(m, process);
		return;
	}
	set_dest(m, task, op, run_op(m, task, op, choice));
	m->tasks[task].pc++;
}
