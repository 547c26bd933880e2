/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model_ops.c - the operations of a litmus test, as calls of mm/ */
#include "targets/model.h"

/* Objects are this many pages apart: never adjacent, nor in one page table. */
#define OBJECT_STRIDE (2 * MM_TABLE_ENTRIES)

_Static_assert(LITMUS_MAX_PAGES <= OBJECT_STRIDE / 2, "objects overlap");
_Static_assert((LITMUS_MAX_OBJECTS + 1) * OBJECT_STRIDE * MM_PAGE_SIZE <= MM_TASK_SIZE,
	       "objects do not fit into the address space");
_Static_assert(LITMUS_MAX_WORDS * sizeof(uint32_t) <= MM_PAGE_SIZE, "variables exceed a page");

/* One operation under way. */
struct model_call {
	struct model *model;
	const struct litmus_op *op;
	int task;
	struct mm *mm;
};

static unsigned long object_address(int object, int page)
{
	return ((unsigned long)(object + 1) * OBJECT_STRIDE + (unsigned long)page) * MM_PAGE_SIZE;
}

unsigned long model_address(const struct litmus_test *test, struct litmus_addr addr)
{
	const struct litmus_var *var = &test->vars[addr.var];

	return object_address(var->object, addr.page) + (unsigned long)var->word * sizeof(uint32_t);
}

static struct model_task *call_task(const struct model_call *call)
{
	return &call->model->state->tasks[call->task];
}

static unsigned long call_address(const struct model_call *call)
{
	return model_address(call->model->test, call->op->addr);
}

/* System calls work on whole pages. */
static unsigned long call_page(const struct model_call *call)
{
	return call_address(call) & MM_PAGE_MASK;
}

static unsigned long call_length(const struct model_call *call)
{
	return (unsigned long)call->op->nr_pages * MM_PAGE_SIZE;
}

static uint32_t call_value(const struct model_call *call)
{
	const struct litmus_value *value = &call->op->value;

	if (value->is_register)
		return (uint32_t)call_task(call)->registers[value->reg];
	return (uint32_t)value->constant;
}

static struct model_process *task_process(const struct model *model, int task)
{
	return &model->state->processes[model->test->tasks[task].process];
}

/* The other task's mm; NULL if its process doesn't run. */
static struct mm *call_other_mm(const struct model_call *call)
{
	return task_process(call->model, call->op->task)->mm;
}

/* A signal ends the process: each of its tasks comes to its end at its next step. */
static void kill_process(struct model *model, int task, int64_t status)
{
	const struct litmus_test *test = model->test;

	task_process(model, task)->dying = true;
	for (int i = 0; i < test->nr_tasks; i++) {
		if (test->tasks[i].process == test->tasks[task].process &&
		    model->state->tasks[i].started && !model->state->tasks[i].ended)
			model->state->tasks[i].status = status;
	}
}

/* An access that fails kills the process. */
static void access_failed(const struct model_call *call, int err)
{
	kill_process(call->model, call->task, err == -MM_ENOMEM ? LITMUS_SIGKILL : LITMUS_SIGSEGV);
}

static int64_t do_store(const struct model_call *call)
{
	int err = mm_store(call->mm, call_address(call), call_value(call));

	if (err)
		access_failed(call, err);
	return 0;
}

static int64_t do_load(const struct model_call *call)
{
	uint32_t value = 0;
	int err = mm_load(call->mm, call_address(call), &value);

	if (err) {
		access_failed(call, err);
		return call_task(call)->registers[call->op->dest];
	}
	return (int32_t)value;
}

static unsigned vm_flags(unsigned prot)
{
	return (prot & LITMUS_PROT_READ ? (unsigned)VM_READ : 0) |
	       (prot & LITMUS_PROT_WRITE ? (unsigned)VM_WRITE : 0);
}

static int64_t do_mmap(const struct model_call *call)
{
	unsigned flags = vm_flags(call->op->flags);

	if (call->op->map & LITMUS_MAP_SHARED)
		flags |= VM_SHARED;
	return mm_mmap(call->mm, call_page(call), call_length(call), flags);
}

static int64_t do_mremap(const struct model_call *call)
{
	unsigned long to = model_address(call->model->test, call->op->to) & MM_PAGE_MASK;

	return mm_mremap(call->mm, call_page(call), call_length(call), to);
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
	};

	return mm_madvise(call->mm, call_page(call), call_length(call), advice[call->op->flags]);
}

static unsigned foll_flags(unsigned flags)
{
	return (flags & LITMUS_FOLL_WRITE ? (unsigned)FOLL_WRITE : 0) |
	       (flags & LITMUS_FOLL_FORCE ? (unsigned)FOLL_FORCE : 0) |
	       (flags & LITMUS_FOLL_LONGTERM ? (unsigned)FOLL_LONGTERM : 0);
}

/* All that takes a reference or a pin. */
static int64_t do_gup(const struct model_call *call)
{
	const struct litmus_op *op = call->op;
	struct model_handle *handle = &call_task(call)->handles[op->dest];
	unsigned long addr = call_address(call);
	unsigned flags = foll_flags(op->flags);
	unsigned nr = (unsigned)op->nr_pages;
	struct mm *mm = call->mm;
	struct page *pages[LITMUS_MAX_PAGES];
	bool pinned = false;
	long ret = -MM_EINVAL;

	if (op->task >= 0)
		mm = call_other_mm(call);
	if (!mm)
		return -MODEL_ESRCH;
	switch (op->code) {
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_REMOTE:
		ret = get_user_pages(mm, addr, nr, flags, pages);
		break;
	case LITMUS_GET_USER_PAGES_FAST:
		ret = get_user_pages_fast(mm, addr, nr, flags, pages);
		break;
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_REMOTE:
		pinned = true;
		ret = pin_user_pages(mm, addr, nr, flags, pages);
		break;
	case LITMUS_PIN_USER_PAGES_FAST:
		pinned = true;
		ret = pin_user_pages_fast(mm, addr, nr, flags, pages);
		break;
	default:
		ret = iov_iter_extract_pages(mm, addr, nr, flags, pages, &pinned);
		break;
	}
	if (ret <= 0)
		return ret;

	handle->nr_pages = (int)ret;
	handle->pinned = pinned;
	handle->word = (unsigned)(addr % MM_PAGE_SIZE / sizeof(uint32_t));
	for (long i = 0; i < ret; i++)
		handle->pages[i] = pages[i];
	return ret;
}

static struct model_handle *call_handle(const struct model_call *call)
{
	return &call_task(call)->handles[call->op->handle];
}

static void unlock_handle_page(struct model_handle *handle, int page)
{
	if (handle->locked & 1u << page)
		port_unlock(&handle->pages[page]->lock);
	handle->locked &= ~(1u << page);
}

static void drop_handle(struct model *model, struct model_handle *handle)
{
	struct machine *machine = model->state->machine;

	for (int i = 0; i < handle->nr_pages; i++) {
		unlock_handle_page(handle, i);
		if (handle->pinned)
			unpin_user_page(machine, handle->pages[i]);
		else
			put_page(machine, handle->pages[i]);
	}
	*handle = (struct model_handle){0};
}

/* The page that a device operation works on; NULL if the handle holds none. */
static struct page *handle_page(const struct model_call *call)
{
	const struct model_handle *handle = call_handle(call);

	return call->op->handle_page < handle->nr_pages ? handle->pages[call->op->handle_page]
							: NULL;
}

/* The device's accesses go to the frame, whatever maps it. */
static int64_t do_dma(const struct model_call *call)
{
	struct page *page = handle_page(call);
	uint32_t *word;

	if (!page)
		return -MODEL_EBADF;
	word = page_words(call->model->state->machine, page) + call_handle(call)->word;
	if (call->op->code == LITMUS_DMA_READ)
		return (int32_t)port_word_read(word);
	port_word_write(word, call_value(call));
	return 0;
}

static int64_t do_pagemap(const struct model_call *call)
{
	struct page *page = handle_page(call);
	pte_t pte = mm_pte(call->mm, call_address(call));

	if (!page)
		return -MODEL_EBADF;
	return pte_present(pte) && pte_pfn(pte) == page_to_pfn(call->model->state->machine, page);
}

static int64_t do_lock_page(const struct model_call *call)
{
	struct page *page = handle_page(call);

	if (!page)
		return -MODEL_EBADF;
	port_lock(&page->lock);
	call_handle(call)->locked |= 1u << call->op->handle_page;
	return 0;
}

static int64_t do_unlock_page(const struct model_call *call)
{
	if (!handle_page(call))
		return -MODEL_EBADF;
	unlock_handle_page(call_handle(call), call->op->handle_page);
	return 0;
}

static int64_t do_drop(const struct model_call *call)
{
	if (!call_handle(call)->nr_pages)
		return -MODEL_EBADF;
	drop_handle(call->model, call_handle(call));
	return 0;
}

/* ptrace and process_vm_*: the other process's memory. */
static int64_t do_remote_access(const struct model_call *call)
{
	struct mm *mm = call_other_mm(call);
	unsigned long addr = call_address(call);
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
		return mm_ptrace_pokedata(mm, addr, call_value(call));
	default:
		return mm_process_vm_writev(mm, addr, call_value(call));
	}
}

static int64_t do_fork(const struct model_call *call)
{
	struct mm *child;
	int err = mm_fork(call->mm, &child);

	if (err)
		return err;
	task_process(call->model, call->op->task)->mm = child;
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
		return (int32_t)call_value(call);
	case LITMUS_MMAP:
		return do_mmap(call);
	case LITMUS_MUNMAP:
		return mm_munmap(call->mm, call_page(call), call_length(call));
	case LITMUS_MPROTECT:
		return mm_mprotect(call->mm, call_page(call), call_length(call),
				   vm_flags(op->flags));
	case LITMUS_MREMAP:
		return do_mremap(call);
	case LITMUS_MADVISE:
		return do_madvise(call);
	case LITMUS_GET_USER_PAGES:
	case LITMUS_GET_USER_PAGES_FAST:
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES:
	case LITMUS_PIN_USER_PAGES_FAST:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_IOV_ITER_EXTRACT_PAGES:
		return do_gup(call);
	case LITMUS_PUT_PAGE:
	case LITMUS_UNPIN_USER_PAGE:
	case LITMUS_BIO_RELEASE_PAGES:
		return do_drop(call);
	case LITMUS_DMA_READ:
	case LITMUS_DMA_WRITE:
		return do_dma(call);
	case LITMUS_PAGEMAP:
		return do_pagemap(call);
	case LITMUS_LOCK_PAGE:
		return do_lock_page(call);
	case LITMUS_UNLOCK_PAGE:
		return do_unlock_page(call);
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
		return do_remote_access(call);
	case LITMUS_FORK:
		return do_fork(call);
	case LITMUS_PTHREAD_CREATE:
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

void model_do_op(struct model *model, int task)
{
	struct model_call call = {
		.model = model,
		.op = model_next_op(model, task),
		.task = task,
		.mm = task_process(model, task)->mm,
	};
	int64_t result = do_op(&call);

	if (call.op->dest >= 0)
		call_task(&call)->registers[call.op->dest] = result;
	call_task(&call)->pc++;
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
		if (err == -MM_ENOMEM)
			model->state->memory[i] = LITMUS_SIGKILL;
		else
			model->state->memory[i] = err ? LITMUS_SIGSEGV : (int32_t)value;
	}
}

/* exit_mm(), then exit_files(): the memory goes before what holds references to it. */
static void end_process(struct model *model, int process)
{
	const struct litmus_test *test = model->test;

	mm_destroy(model->state->processes[process].mm);
	model->state->processes[process].mm = NULL;
	for (int task = 0; task < test->nr_tasks; task++) {
		if (test->tasks[task].process != process)
			continue;
		for (int reg = 0; reg < test->tasks[task].nr_registers; reg++)
			drop_handle(model, &model->state->tasks[task].handles[reg]);
	}
}

void model_end_task(struct model *model, int task)
{
	const struct litmus_test *test = model->test;
	int process = test->tasks[task].process;

	observe_memory(model, task);
	model->state->tasks[task].ended = true;
	for (int i = 0; i < test->nr_tasks; i++) {
		const struct model_task *other = &model->state->tasks[i];

		if (test->tasks[i].process == process && other->started && !other->ended)
			return;
	}
	end_process(model, process);
}

static bool map_object(struct mm *mm, const struct litmus_object *object, int number)
{
	unsigned flags = VM_READ | VM_WRITE;

	if (object->kind.backing == LITMUS_UNMAPPED)
		return true;
	if (object->kind.backing == LITMUS_SHARED)
		flags |= VM_SHARED;
	if (mm_mmap(mm, object_address(number, 0), (unsigned long)object->nr_pages * MM_PAGE_SIZE,
		    flags))
		return false;
	for (int page = 0; page < object->nr_pages; page++) {
		for (int word = 0; object->initialised[page] && word < object->nr_words; word++) {
			unsigned long addr = object_address(number, page) +
					     (unsigned long)word * sizeof(uint32_t);

			if (mm_store(mm, addr, (uint32_t)object->value[page][word]))
				return false;
		}
	}
	return true;
}

bool model_map_objects(struct model *model)
{
	struct mm *mm = model->state->processes[0].mm;

	for (int i = 0; i < model->test->nr_objects; i++) {
		if (!map_object(mm, &model->test->objects[i], i))
			return false;
	}
	return true;
}
