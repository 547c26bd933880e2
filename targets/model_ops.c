/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_ops.c - the operations of a litmus test, as calls of mm/ */
#include "targets/model.h"

uint32_t model_call_value(const struct model_call *call)
{
	const struct litmus_value *value = &call->op->value;

	if (value->is_register)
		return (uint32_t)model_call_task(call)->registers[value->reg];
	return (uint32_t)value->constant;
}

static struct model_process *task_process(const struct model *model, int task)
{
	return &model->state->processes[model->test->tasks[task].process];
}

struct mm *model_call_other_mm(const struct model_call *call)
{
	return task_process(call->model, call->op->task)->mm;
}

/* Is it the only task that its process can have? */
static bool is_alone(const struct litmus_test *test, int task)
{
	for (int i = 0; i < test->nr_tasks; i++) {
		if (i != task && test->tasks[i].process == test->tasks[task].process)
			return false;
	}
	return true;
}

/* A signal ends the process: each of its tasks comes to its end at its next step. */
static void kill_process(struct model *model, int task, int64_t status)
{
	const struct litmus_test *test = model->test;
	struct model_process *process = task_process(model, task);

	/* Those of its tasks that wait for something else are concerned, whatever that is. */
	check_access(is_alone(test, task) ? (const void *)process : &check_everything, CHECK_WRITE);
	process->dying = true;
	for (int i = 0; i < test->nr_tasks; i++) {
		if (test->tasks[i].process == test->tasks[task].process &&
		    model->state->tasks[i].started && !model->state->tasks[i].ended)
			model->state->tasks[i].status = status;
	}
	mm_kill(process->mm);
}

/* What becomes of a process whose access fails; and what memory is that can't be read. */
static int64_t status_of_error(int err)
{
	switch (err) {
	case -MM_ENOMEM:
		return LITMUS_SIGKILL;
	case -MM_SIGBUS:
		return LITMUS_SIGBUS;
	default:
		return LITMUS_SIGSEGV;
	}
}

/* An access that fails kills the process; one that gave up since the process is killed does not. */
static void access_failed(const struct model_call *call, int err)
{
	if (err != -MM_EINTR)
		kill_process(call->model, call->task, status_of_error(err));
}

static int64_t do_store(const struct model_call *call)
{
	int err = mm_store(call->mm, model_call_address(call), model_call_value(call));

	if (err)
		access_failed(call, err);
	return 0;
}

static int64_t do_load(const struct model_call *call)
{
	uint32_t value = 0;
	int err = mm_load(call->mm, model_call_address(call), &value);

	if (err) {
		access_failed(call, err);
		return model_call_task(call)->registers[call->op->dest];
	}
	return (int32_t)value;
}

static unsigned vm_flags(unsigned prot)
{
	return (prot & LITMUS_PROT_READ ? (unsigned)VM_READ : 0) |
	       (prot & LITMUS_PROT_WRITE ? (unsigned)VM_WRITE : 0);
}

/* Of what may wait for a monitor: a task that is killed meanwhile never learns of the result. */
static int64_t unless_killed(const struct model_call *call, int64_t result)
{
	if (!task_process(call->model, call->task)->dying || call->op->dest < 0)
		return result;
	return model_call_task(call)->registers[call->op->dest];
}

static int64_t do_mmap(const struct model_call *call)
{
	unsigned flags = vm_flags(call->op->flags);

	if (call->op->map & LITMUS_MAP_SHARED)
		flags |= VM_SHARED;
	return mm_mmap(call->mm, model_call_page(call), model_call_length(call), flags);
}

static int64_t do_mremap(const struct model_call *call)
{
	unsigned long to = model_address(call->model->test, call->op->to) & MM_PAGE_MASK;

	return mm_mremap(call->mm, model_call_page(call), model_call_length(call), to);
}

static int64_t do_madvise(const struct model_call *call)
{
	static const enum mm_advice advice[] = {
		[LITMUS_MADV_DONTNEED] = MM_MADV_DONTNEED,
		[LITMUS_MADV_DONTFORK] = MM_MADV_DONTFORK,
		[LITMUS_MADV_DOFORK] = MM_MADV_DOFORK,
		[LITMUS_MADV_WIPEONFORK] = MM_MADV_WIPEONFORK,
		[LITMUS_MADV_KEEPONFORK] = MM_MADV_KEEPONFORK,
		[LITMUS_MADV_POPULATE_READ] = MM_MADV_POPULATE_READ,
		[LITMUS_MADV_POPULATE_WRITE] = MM_MADV_POPULATE_WRITE,
		[LITMUS_MADV_FREE] = MM_MADV_FREE,
		[LITMUS_MADV_WILLNEED] = MM_MADV_WILLNEED,
		[LITMUS_MADV_PAGEOUT] = MM_MADV_PAGEOUT,
		[LITMUS_MADV_HUGEPAGE] = MM_MADV_HUGEPAGE,
		[LITMUS_MADV_NOHUGEPAGE] = MM_MADV_NOHUGEPAGE,
		[LITMUS_MADV_COLLAPSE] = MM_MADV_COLLAPSE,
		[LITMUS_MADV_MERGEABLE] = MM_MADV_MERGEABLE,
		[LITMUS_MADV_UNMERGEABLE] = MM_MADV_UNMERGEABLE,
	};
	unsigned long addr = model_call_page(call);
	unsigned long length = model_call_length(call);

	/* Of a huge page that PTEs map the test names the first base pages, and means all. */
	if (call->op->flags == LITMUS_MADV_COLLAPSE &&
	    model_is_thp(call->model->test, model_call_object(call))) {
		addr &= MM_HPAGE_MASK;
		length = MM_HPAGE_SIZE;
	}
	return mm_madvise(call->mm, addr, length, advice[call->op->flags]);
}

/* pread() and pwrite() of the file that an object maps. */
static int64_t do_file(const struct model_call *call)
{
	const struct model_state *state = call->model->state;
	const struct litmus_var *var = &call->model->test->vars[call->op->addr.var];
	struct shmem *file = state->files[var->object];
	unsigned long offset = (unsigned long)call->op->addr.page * MM_PAGE_SIZE +
			       (unsigned long)var->word * sizeof(uint32_t);
	uint32_t value = 0;
	int err;

	if (call->op->code == LITMUS_PWRITE)
		return shmem_write(state->machine, file, offset, model_call_value(call));
	err = shmem_read(state->machine, file, offset, &value);
	return err ? err : (int32_t)value;
}

/* ptrace and process_vm_*: the other process's memory. */
static int64_t do_remote_access(const struct model_call *call)
{
	struct mm *mm = model_call_other_mm(call);
	unsigned long addr = model_call_address(call);
	uint32_t value = 0;
	int err;

	if (!mm)
		return -MODEL_ESRCH;
	switch (call->op->code) {
	case LITMUS_PTRACE_PEEKDATA:
		err = mm_ptrace_peekdata(mm, addr, &value);
		return err ? err : (int32_t)value;
	case LITMUS_PROCESS_VM_READV:
		err = mm_process_vm_readv(mm, addr, &value);
		return err ? err : (int32_t)value;
	case LITMUS_PTRACE_POKEDATA:
		return mm_ptrace_pokedata(mm, addr, model_call_value(call));
	default:
		return mm_process_vm_writev(mm, addr, model_call_value(call));
	}
}

static int64_t do_fork(const struct model_call *call)
{
	struct mm *child;
	int err = mm_fork(call->mm, &child);

	if (err)
		return err;
	check_access(task_process(call->model, call->op->task), CHECK_WRITE);
	/* Killed while a monitor was to hear of the fork: there won't be a child. */
	if (task_process(call->model, call->task)->dying) {
		mm_destroy(child);
		return -MM_EINTR;
	}
	task_process(call->model, call->op->task)->mm = child;
	for (int task = 0; task < call->model->test->nr_tasks; task++) {
		if (task_process(call->model, task)->mm == child)
			check_set_tag((unsigned)task, child->id);
	}
	call->model->state->tasks[call->op->task].started = true;
	return 0;
}

/*
 * The explorer lets a task wait only when it need not wait any more. Returns `error` if there never
 * was anything to wait for.
 */
static int64_t do_wait(const struct model_call *call, int error)
{
	return call->model->state->tasks[call->op->task].started ? 0 : -error;
}

static int64_t do_op(const struct model_call *call)
{
	const struct litmus_op *op = call->op;

	switch (op->code) {
	case LITMUS_STORE:
		return do_store(call);
	case LITMUS_LOAD:
		return do_load(call);
	case LITMUS_MOVE:
		return (int32_t)model_call_value(call);
	case LITMUS_MMAP:
		return unless_killed(call, do_mmap(call));
	case LITMUS_MUNMAP:
		return unless_killed(
			call, mm_munmap(call->mm, model_call_page(call), model_call_length(call)));
	case LITMUS_MPROTECT:
		return mm_mprotect(call->mm, model_call_page(call), model_call_length(call),
				   vm_flags(op->flags));
	case LITMUS_MREMAP:
		return unless_killed(call, do_mremap(call));
	case LITMUS_MADVISE:
		return unless_killed(call, do_madvise(call));
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return model_gup(call);
	case LITMUS_PUT_PAGE:
	case LITMUS_UNPIN_USER_PAGE:
	case LITMUS_BIO_RELEASE_PAGES:
		return model_drop(call);
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
		return model_dma(call);
	case LITMUS_PAGEMAP:
		return model_pagemap(call);
	case LITMUS_LOCK_PAGE:
		return model_lock_page(call);
	case LITMUS_UNLOCK_PAGE:
		return model_unlock_page(call);
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
		return do_remote_access(call);
	case LITMUS_FORK:
		return do_fork(call);
	case LITMUS_PTHREAD_CREATE:
		check_access(task_process(call->model, call->task), CHECK_WRITE);
		call->model->state->tasks[op->task].started = true;
		return 0;
	case LITMUS_WAITPID:
		return do_wait(call, MODEL_ECHILD);
	case LITMUS_PTHREAD_JOIN:
		return do_wait(call, MODEL_ESRCH);
	case LITMUS_EXIT:
		kill_process(call->model, call->task, 0);
		return 0;
	case LITMUS_COMPLETE:
		check_access(&call->model->state->completed, CHECK_WRITE);
		call->model->state->completed |= 1u << op->completion;
		return 0;
	case LITMUS_WAIT_FOR_COMPLETION:
		return 0;
	case LITMUS_CLEAR_REFS:
		mm_clear_refs(call->mm);
		return 0;
	case LITMUS_LRU_ADD_DRAIN:
		lru_add_drain(call->model->state->machine);
		return 0;
	case LITMUS_END_PAGE_WRITEBACK:
		swap_end_writeback(call->model->state->machine);
		return 0;
	case LITMUS_MOVE_PAGES:
		return mm_move_pages(call->mm, model_call_page(call), model_call_length(call));
	case LITMUS_KSM_DO_SCAN:
		return ksm_do_scan(call->model->state->machine);
	case LITMUS_PREAD:
	case LITMUS_PWRITE:
		return do_file(call);
	case LITMUS_SPLIT_HUGE_PAGE:
		return mm_split_huge_page(call->mm, model_call_page(call));
	case LITMUS_USERFAULTFD:
	case LITMUS_CLOSE:
	case LITMUS_UFFDIO_REGISTER:
	case LITMUS_UFFDIO_UNREGISTER:
	case LITMUS_UFFDIO_WRITEPROTECT:
	case LITMUS_UFFDIO_COPY:
	case LITMUS_UFFDIO_ZEROPAGE:
	case LITMUS_UFFDIO_CONTINUE:
	case LITMUS_UFFDIO_MOVE:
	case LITMUS_UFFDIO_WAKE:
	case LITMUS_READ:
	case LITMUS_PM_UFFD_WP:
		return model_uffd(call);
	case LITMUS_NR_OPCODES:
		break;
	}
	return 0;
}

/* Of the process whose memory the operation works on; NULL: on no other. */
static struct port_rwsem *other_mm_users(const struct model_call *call)
{
	switch (call->op->code) {
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES_REMOTE:
		return &task_process(call->model, call->op->task)->users;
	default:
		return NULL;
	}
}

const void *model_ends_object(const struct model *model)
{
	if (model->reads_events)
		return &model->state->machine->uffd_lock;
	return &model->state->ends;
}

/* What comes after the operation is a read(): for other readers one less who may cause an event. */
static bool comes_to_read(const struct model *model, int task)
{
	const struct litmus_task *program = &model->test->tasks[task];
	int next = model->state->tasks[task].pc + 1;

	return next < program->nr_ops && program->ops[next].code == LITMUS_READ;
}

/* A read() that has come too late for the event that it was told of waits for the next one. */
static bool must_read_again(const struct model_call *call, int64_t result)
{
	return call->op->code == LITMUS_READ && result == -MM_EAGAIN &&
	       !model_nobody_left(call->model, call->task);
}

void model_do_op(struct model *model, int task)
{
	struct model_call call = {
		.model = model,
		.op = model_next_op(model, task),
		.task = task,
		.mm = task_process(model, task)->mm,
	};
	struct port_rwsem *users = other_mm_users(&call);
	int64_t result;

	/* Its process may end, but its memory stays as long as we work on it. */
	if (users) {
		check_access(task_process(model, call.op->task), CHECK_READ);
		port_down_read(users);
	}
	result = do_op(&call);
	if (users)
		port_up_read(users);

	if (must_read_again(&call, result))
		return;
	if (comes_to_read(model, task))
		check_access(model_ends_object(model), CHECK_WRITE);
	if (call.op->dest >= 0)
		model_call_task(&call)->registers[call.op->dest] = result;
	model_call_task(&call)->pc++;
}

/* What the task's observed memory shows now, while its mm is still there. */
static void observe_memory(struct model *model, int task)
{
	const struct litmus_test *test = model->test;
	const struct model_process *process = task_process(model, task);

	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *observable = &test->observables[i];
		uint32_t value = 0;
		int err;

		if (observable->kind != LITMUS_OBSERVE_MEMORY || observable->task != task)
			continue;
		/* A process that a signal killed can't look any more. */
		err = model->state->tasks[task].status
			      ? -MM_EFAULT
			      : mm_load(process->mm, model_address(test, observable->addr), &value);
		model->state->memory[i] = err ? status_of_error(err) : (int32_t)value;
	}
}

/* exit_mm(), then exit_files(): the memory goes before what holds references to it. */
static void end_process(struct model *model, int process)
{
	const struct litmus_test *test = model->test;
	struct model_process *state = &model->state->processes[process];

	port_down_write(&state->users);
	mm_destroy(state->mm);
	check_access(state, CHECK_WRITE);
	state->mm = NULL;
	port_up_write(&state->users);
	for (int task = 0; task < test->nr_tasks; task++) {
		if (test->tasks[task].process != process)
			continue;
		for (int reg = 0; reg < test->tasks[task].nr_registers; reg++)
			model_drop_handle(model, &model->state->tasks[task].handles[reg]);
	}
}

/* The last one to end closes what is open, so that nobody waits for a monitor that is gone. */
static void come_to_end(struct model *model, int task)
{
	if (model->test->nr_uffds)
		check_access(&model->state->ends, CHECK_WRITE);
	model->state->tasks[task].ending = true;
	if (model_others_end(model, task))
		model_close_uffds(model);
}

/* No more task of the process, and it is over, too. */
static bool is_last_of_process(const struct model *model, int process)
{
	for (int i = 0; i < model->test->nr_tasks; i++) {
		const struct model_task *other = &model->state->tasks[i];

		if (model->test->tasks[i].process == process && other->started && !other->ended)
			return false;
	}
	return true;
}

void model_end_task(struct model *model, int task)
{
	int process = model->test->tasks[task].process;

	come_to_end(model, task);
	observe_memory(model, task);
	check_access(&model->state->processes[process], CHECK_WRITE);
	model->state->tasks[task].ended = true;
	if (is_last_of_process(model, process))
		end_process(model, process);
	if (model->observes_p0 || model->reads_events)
		check_access(model_ends_object(model), CHECK_WRITE);
	model->state->tasks[task].over = true;
}
