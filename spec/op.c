/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op.c - the operations of a litmus test: in how many ways they can go, and going */

#include <errno.h>

#include "spec/machine.h"

const struct litmus_op *spec_next_op(const struct spec_machine *m, int task)
{
	const struct litmus_task *t = &m->test->tasks[task];

	return m->tasks[task].pc < t->nr_ops ? &t->ops[m->tasks[task].pc] : NULL;
}

int spec_pick(int *choice, int nr)
{
	int picked = *choice % nr;

	*choice /= nr;
	return picked;
}

int spec_page_of(const struct spec_machine *m, struct litmus_addr addr)
{
	return m->first_page[m->test->vars[addr.var].object] + addr.page;
}

int spec_word_of(const struct spec_machine *m, struct litmus_addr addr)
{
	return m->test->vars[addr.var].word;
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

/* An access to one int: how, and in which mm. */
struct access {
	int mm;
	unsigned how;
	unsigned foll; /* not for the CPU */
	bool by_cpu;
};

static struct access access_of(const struct spec_machine *m, int task, const struct litmus_op *op)
{
	struct access access = {.mm = spec_process_of(m, task), .by_cpu = true};
	bool write = false;

	switch (op->code) {
	case LITMUS_STORE:
		write = true;
		break;
	case LITMUS_PTRACE_PEEKDATA:
		access.foll = LITMUS_FOLL_FORCE;
		access.by_cpu = false;
		break;
	case LITMUS_PTRACE_POKEDATA:
		access.foll = LITMUS_FOLL_FORCE;
		access.by_cpu = false;
		write = true;
		break;
	case LITMUS_PROCESS_VM_READV:
		access.by_cpu = false;
		break;
	case LITMUS_PROCESS_VM_WRITEV:
		access.by_cpu = false;
		write = true;
		break;
	default: /* LITMUS_LOAD */
		break;
	}
	if (!access.by_cpu)
		access.mm = spec_process_of(m, op->task);
	access.how = (write ? TOUCH_WRITES | TOUCH_STORES : 0) |
		     (access.by_cpu ? 0 : TOUCH_IS_GUP) | (spec_may_wait(m, op) ? TOUCH_WAITS : 0);
	access.foll |= write ? LITMUS_FOLL_WRITE : 0;
	return access;
}

static bool may_access(const struct spec_machine *m, const struct access *access,
		       const struct page *page)
{
	if (access->by_cpu)
		return spec_cpu_may(page, access->how & TOUCH_WRITES);
	return spec_gup_may(m, page, access->foll);
}

static int access_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	const struct access access = access_of(m, task, op);

	if (!may_access(m, &access, spec_page(m, access.mm, op)))
		return 1;
	return spec_touch_choices(m, access.mm, spec_page_of(m, op->addr), access.how);
}

static int op_choices(struct spec_machine *m, int task, const struct litmus_op *op)
{
	int mm = spec_process_of(m, task);

	switch (op->code) {
	case LITMUS_STORE:
	case LITMUS_LOAD:
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
		return access_choices(m, task, op);
	case LITMUS_DMA_WRITE:
	case LITMUS_PAGEMAP:
	case LITMUS_LOCK_PAGE:
		return spec_handle_choices(m, task, op);
	case LITMUS_MREMAP:
		return spec_mremap_choices(m, mm, op);
	case LITMUS_MADVISE:
		return spec_madvise_choices(m, task, op);
	case LITMUS_FORK:
		return spec_fork_choices(m, mm);
	case LITMUS_WAITPID:
		return !spec_process_runs(m, spec_process_of(m, op->task));
	case LITMUS_PTHREAD_JOIN:
		return m->tasks[op->task].life != LIFE_RUNS;
	case LITMUS_WAIT_FOR_COMPLETION:
		return (m->completed >> op->completion) & 1;
	case LITMUS_READ:
		return spec_read_choices(m, task, op);
	case LITMUS_PM_UFFD_WP:
		return spec_pm_uffd_wp_choices(m, spec_page(m, mm, op));
	case LITMUS_KSM_DO_SCAN:
	case LITMUS_MOVE_PAGES:
	case LITMUS_SPLIT_HUGE_PAGE:
		return spec_result_choices(op);
	default:
		if (spec_is_gup(op->code))
			return spec_gup_choices(m, task, op);
		return spec_is_uffdio(op->code) ? spec_uffdio_choices(m, op) : 1;
	}
}

int spec_op_choices(struct spec_machine *m, int task)
{
	const struct litmus_op *op = spec_next_op(m, task);

	if (m->tasks[task].life != LIFE_RUNS)
		return 0;
	if (!op)
		return spec_end_choices(m, task);
	/* What it waits for comes from others. */
	if (m->tasks[task].event && !m->tasks[task].was_read)
		return 0;
	if (m->tasks[task].event && !spec_is_told(m->tasks[task].event))
		return 0;
	if (m->tasks[task].event)
		return op->code == LITMUS_MADVISE ? spec_madvise_choices(m, task, op) : 1;
	return spec_question_choices(m, task, op) * op_choices(m, task, op);
}

static void do_clear_refs(struct spec_machine *m, int mm)
{
	for (int page = 0; page < m->nr_pages; page++) {
		if (m->pages[mm][page].cell)
			spec_weaken(m, m->pages[mm][page].cell);
	}
}

/* Load or store; the CPU may be killed for it, GUP gives an error. */
static int64_t do_access(struct spec_machine *m, int task, const struct litmus_op *op, int choice,
			 int64_t err)
{
	const struct access access = access_of(m, task, op);
	const struct page *page = spec_page(m, access.mm, op);
	int word = spec_word_of(m, op->addr);

	if (!spec_process_runs(m, access.mm))
		return -ESRCH;
	if (!may_access(m, &access, page)) {
		if (access.by_cpu)
			spec_kill(m, access.mm, LITMUS_SIGSEGV);
		return err;
	}
	switch (spec_touch(m, task, access.mm, spec_page_of(m, op->addr), access.how, &choice)) {
	case TOUCHED_WAITS:
		return 0;
	case TOUCHED_FAILS:
		if (access.by_cpu)
			spec_kill(m, access.mm, LITMUS_SIGBUS);
		return err;
	case TOUCHED:
		break;
	}
	if (!(access.how & TOUCH_WRITES))
		return m->cells[page->cell].word[word];
	spec_write(m, page->cell, word, spec_value_of(m, task, op->value));
	return 0;
}

static bool was_started(const struct spec_machine *m, int task)
{
	return m->tasks[task].life != LIFE_UNBORN;
}

/* Everything but exit(). */
static int64_t run_op(struct spec_machine *m, int task, const struct litmus_op *op, int choice)
{
	int mm = spec_process_of(m, task);

	switch (op->code) {
	case LITMUS_STORE:
	case LITMUS_LOAD:
		return do_access(m, task, op, choice, 0);
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
		return do_access(m, task, op, choice, -EIO);
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
		return do_access(m, task, op, choice, -EFAULT);
	case LITMUS_MOVE:
		return spec_value_of(m, task, op->value);
	case LITMUS_MMAP:
		return spec_mmap(m, task, op);
	case LITMUS_MUNMAP:
		return spec_munmap(m, task, op);
	case LITMUS_MPROTECT:
		return spec_mprotect(m, mm, op);
	case LITMUS_MREMAP:
		return spec_mremap(m, task, op, choice);
	case LITMUS_MADVISE:
		return spec_madvise(m, task, op, choice);
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
	case LITMUS_FORK:
		return spec_fork(m, task, op, choice);
	case LITMUS_PTHREAD_CREATE:
		m->tasks[op->task].life = LIFE_RUNS;
		return 0;
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
	case LITMUS_USERFAULTFD:
		return spec_userfaultfd(m, task, op);
	case LITMUS_CLOSE:
		spec_close(m, op->uffd);
		return 0;
	case LITMUS_UFFDIO_REGISTER:
	case LITMUS_UFFDIO_UNREGISTER:
	case LITMUS_UFFDIO_WRITEPROTECT:
	case LITMUS_UFFDIO_COPY:
	case LITMUS_UFFDIO_ZEROPAGE:
	case LITMUS_UFFDIO_CONTINUE:
	case LITMUS_UFFDIO_MOVE:
	case LITMUS_UFFDIO_WAKE:
		return spec_uffdio(m, task, op, choice);
	case LITMUS_READ:
		return spec_read(m, op, choice);
	case LITMUS_PM_UFFD_WP:
		return spec_pm_uffd_wp(m, task, op, choice);
	case LITMUS_PREAD:
		return spec_pread(m, op);
	case LITMUS_PWRITE:
		return spec_pwrite(m, task, op);
	case LITMUS_KSM_DO_SCAN:
	case LITMUS_MOVE_PAGES:
	case LITMUS_SPLIT_HUGE_PAGE:
		return spec_result(op, choice);
	case LITMUS_WAIT_FOR_COMPLETION:
	case LITMUS_LRU_ADD_DRAIN:
	case LITMUS_END_PAGE_WRITEBACK:
	case LITMUS_EXIT:
	case LITMUS_NR_OPCODES:
		break;
	}
	return 0;
}

static void set_dest(struct spec_machine *m, int task, const struct litmus_op *op, int64_t value)
{
	if (op->dest >= 0)
		m->registers[m->first_register[task] + op->dest] = value;
}

void spec_op_step(struct spec_machine *m, int task, int choice)
{
	const struct litmus_op *op = spec_next_op(m, task);

	if (!op) {
		spec_end_task(m, task, choice);
		return;
	}
	if (op->code == LITMUS_EXIT) {
		spec_exit(m, spec_process_of(m, task));
		return;
	}
	/* A call that has waited has asked before. */
	if (!m->tasks[task].event)
		spec_answer(m, task, op, &choice);
	int64_t result = run_op(m, task, op, choice);
	/* It waits, and is not done; or its process was killed. */
	if (m->tasks[task].event || m->tasks[task].life != LIFE_RUNS)
		return;
	set_dest(m, task, op, result);
	m->tasks[task].pc++;
	m->tasks[task].done = 0;
}
