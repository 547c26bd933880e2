/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sight.c - where the values of an outcome were seen, and who could have written them */

#include "spec/sight.h"

static int process_of(const struct litmus_test *test, int task)
{
	return test->tasks[task].process;
}

struct place spec_place_of(const struct litmus_test *test, struct litmus_addr addr)
{
	return (struct place){test->vars[addr.var].object, addr.page, test->vars[addr.var].word};
}

/* Once pages are moved about, any place may be any other. */
static bool same_place(const struct litmus_test *test, struct place a, struct place b)
{
	if (litmus_moves(test))
		return a.word == b.word;
	return a.object == b.object && a.page == b.page && a.word == b.word;
}

/* The last operation before `end` that sets the register, or NULL. */
static const struct litmus_op *definition(const struct litmus_task *task, int reg, int end)
{
	for (int i = end - 1; i >= 0; i--) {
		if (task->ops[i].dest == reg)
			return &task->ops[i];
	}
	return NULL;
}

/* The mm that a userfaultfd is about. It can be any child's if read() brought it. */
static int mm_of_uffd(const struct litmus_test *test, int uffd)
{
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			if (op->code == LITMUS_USERFAULTFD && op->uffd == uffd)
				return process_of(test, t);
		}
	}
	return MM_UNKNOWN;
}

/* The mm in which an operation that takes or touches memory does so. */
static int mm_of(const struct litmus_test *test, int task, const struct litmus_op *op)
{
	switch (op->code) {
	case LITMUS_GET_USER_PAGES_REMOTE:
	case LITMUS_PIN_USER_PAGES_REMOTE:
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PROCESS_VM_WRITEV:
		return process_of(test, op->task);
	case LITMUS_PREAD:
	case LITMUS_PWRITE:
		return MM_FILE;
	case LITMUS_UFFDIO_COPY:
		return mm_of_uffd(test, op->uffd);
	default:
		return process_of(test, task);
	}
}

/* What the device accesses through the handle of this operation. NULL in `taken`: nothing. */
static struct sight device_sight(const struct litmus_test *test, int task,
				 const struct litmus_op *op)
{
	const struct litmus_task *t = &test->tasks[task];
	struct sight sight = {.by = SEEN_BY_DEVICE, .task = task, .index = (int)(op - t->ops)};

	sight.taken = definition(t, op->handle, sight.index);
	if (!sight.taken)
		return sight;
	sight.mm = mm_of(test, task, sight.taken);
	sight.place = spec_place_of(test, sight.taken->addr);
	sight.place.page += op->handle_page;
	return sight;
}

/* What the operation accesses in somebody's memory, or in a file. */
static struct sight access_sight(const struct litmus_test *test, int task,
				 const struct litmus_op *op, enum seen_by by)
{
	return (struct sight){
		.by = by,
		.task = task,
		.index = (int)(op - test->tasks[task].ops),
		.mm = mm_of(test, task, op),
		.place = spec_place_of(test, op->addr),
		.taken = op,
	};
}

struct sight spec_register_sight(const struct litmus_test *test, int task, int reg, int end)
{
	const struct litmus_task *t = &test->tasks[task];
	const struct litmus_op *op = definition(t, reg, end);
	struct sight sight = {.by = SEEN_AS_RESULT};

	if (!op)
		return sight;
	if (op->code == LITMUS_MOVE && op->value.is_register)
		return spec_register_sight(test, task, op->value.reg, (int)(op - t->ops));
	if (litmus_op_info(op->code)->makes_handle)
		return access_sight(test, task, op, SEEN_BY_GUP);
	switch (op->code) {
	case LITMUS_LOAD:
	case LITMUS_PTRACE_PEEKDATA:
	case LITMUS_PROCESS_VM_READV:
	case LITMUS_PREAD:
		return access_sight(test, task, op, SEEN_BY_CPU);
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_WRITEV:
		return access_sight(test, task, op, SEEN_BY_GUP);
	case LITMUS_READ:
		sight.by = SEEN_BY_MONITOR;
		return sight;
	case LITMUS_PM_UFFD_WP:
		sight.by = SEEN_AS_MARK;
		return sight;
	case LITMUS_DMA_READ:
		return device_sight(test, task, op);
	case LITMUS_PAGEMAP:
		sight = device_sight(test, task, op);
		sight.by = SEEN_BY_PAGEMAP;
		return sight;
	default:
		return sight;
	}
}

struct sight spec_sight_of(const struct litmus_test *test,
			   const struct litmus_observable *observable)
{
	struct sight sight = {.by = SEEN_AS_RESULT};

	switch (observable->kind) {
	case LITMUS_OBSERVE_REGISTER:
		return spec_register_sight(test, observable->task, observable->reg,
					   test->tasks[observable->task].nr_ops);
	case LITMUS_OBSERVE_MEMORY:
		sight.by = SEEN_BY_CPU;
		sight.task = observable->task;
		sight.index = test->tasks[observable->task].nr_ops;
		sight.mm = process_of(test, observable->task);
		sight.place = spec_place_of(test, observable->addr);
		return sight;
	case LITMUS_OBSERVE_STATUS:
		break;
	}
	return sight;
}

/* Can operation `index` of `task` come before the fork that started `child`? */
static bool may_precede_fork(const struct litmus_test *test, int task, int index, int child)
{
	int parent = test->tasks[child].parent;
	int fork = test->tasks[child].start;

	/* Of a task that descends from the parent, what counts is when the parent started it. */
	while (task != parent) {
		if (test->tasks[task].parent < 0)
			return true;
		index = test->tasks[task].start;
		task = test->tasks[task].parent;
	}
	return index < fork;
}

/* May `mm` see what operation `index` of `task` has written for `target`? */
static bool may_see(const struct litmus_test *test, int mm, int target, int task, int index)
{
	while (mm != target) {
		int leader = litmus_leader(test, mm);

		if (leader == 0 || !may_precede_fork(test, task, index, leader))
			return false;
		mm = process_of(test, test->tasks[leader].parent);
	}
	return true;
}

static bool is_shared(const struct litmus_test *test, struct place place)
{
	enum litmus_backing backing = test->objects[place.object].kind.backing;

	if (backing == LITMUS_SHARED || backing == LITMUS_SHARED_HUGETLB)
		return true;
	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			const struct litmus_op *op = &test->tasks[t].ops[i];

			struct place at;

			if (op->code != LITMUS_MMAP || op->map != LITMUS_MAP_SHARED)
				continue;
			at = spec_place_of(test, op->addr);
			if (litmus_moves(test) ||
			    (at.object == place.object && at.page <= place.page &&
			     place.page < at.page + op->nr_pages))
				return true;
		}
	}
	return false;
}

static bool is_initial(const struct litmus_test *test, struct place place, int64_t value)
{
	if (value == 0)
		return true;
	for (int o = 0; o < test->nr_objects; o++) {
		const struct litmus_object *object = &test->objects[o];

		for (int page = 0; page < object->nr_pages; page++) {
			struct place here = {o, page, place.word};

			if (object->initialised[page] && same_place(test, here, place) &&
			    object->value[page][place.word] == value)
				return true;
		}
	}
	return false;
}

/* The observable that is this register's value, or -1. */
static int register_observable(const struct litmus_test *test, int task, int reg)
{
	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *observable = &test->observables[i];

		if (observable->kind == LITMUS_OBSERVE_REGISTER && observable->task == task &&
		    observable->reg == reg)
			return i;
	}
	return -1;
}

bool spec_find_writing(const struct litmus_test *test, int task, int index,
		       const struct sight *sight, struct writing *writing)
{
	const struct litmus_op *op = &test->tasks[task].ops[index];
	struct sight device;

	if (task == sight->task && index >= sight->index)
		return false;
	switch (op->code) {
	case LITMUS_STORE:
	case LITMUS_PTRACE_POKEDATA:
	case LITMUS_PROCESS_VM_WRITEV:
	case LITMUS_PWRITE:
	case LITMUS_UFFDIO_COPY:
		writing->writer = WRITTEN_BY_CPU;
		writing->mm = mm_of(test, task, op);
		writing->place = spec_place_of(test, op->addr);
		break;
	case LITMUS_DMA_WRITE:
		device = device_sight(test, task, op);
		if (!device.taken)
			return false;
		writing->writer = WRITTEN_BY_DEVICE;
		writing->mm = device.mm;
		writing->place = device.place;
		break;
	default:
		return false;
	}
	writing->task = task;
	writing->op = op;
	return same_place(test, writing->place, sight->place);
}

struct written spec_find_written(const struct litmus_test *test, const struct writing *writing)
{
	const struct litmus_task *task = &test->tasks[writing->task];
	const struct litmus_op *op = writing->op;

	while (op->value.is_register) {
		int reg = op->value.reg;
		const struct litmus_op *set = definition(task, reg, (int)(op - task->ops));

		if (set == definition(task, reg, task->nr_ops))
			return (struct written){true, register_observable(test, writing->task, reg),
						0};
		if (set->code != LITMUS_MOVE)
			return (struct written){.observable = -1};
		op = set;
	}
	return (struct written){true, -1, op->value.constant};
}

/* Was it this, in an outcome with these values? */
static bool wrote(const struct litmus_test *test, const struct writing *writing,
		  const int64_t *values, int64_t value)
{
	struct written written = spec_find_written(test, writing);

	if (!written.known)
		return false;
	return (written.observable < 0 ? written.value : values[written.observable]) == value;
}

bool spec_is_visible(const struct litmus_test *test, const struct writing *writing,
		     const struct sight *sight)
{
	int index = (int)(writing->op - test->tasks[writing->task].ops);

	if (writing->mm < 0)
		return true;
	if (sight->mm == MM_FILE)
		return false;
	return is_shared(test, writing->place) ||
	       may_see(test, sight->mm, writing->mm, writing->task, index);
}

unsigned spec_writers_of(const struct litmus_test *test, const int64_t *values,
			 const struct sight *sight, int64_t value)
{
	unsigned writers = is_initial(test, sight->place, value) ? WRITTEN_AT_FIRST : 0;
	struct writing writing;

	for (int t = 0; t < test->nr_tasks; t++) {
		for (int i = 0; i < test->tasks[t].nr_ops; i++) {
			if (!spec_find_writing(test, t, i, sight, &writing) ||
			    !wrote(test, &writing, values, value))
				continue;
			if (spec_is_visible(test, &writing, sight))
				writers |= writing.writer;
			else
				writers |= WRITTEN_BY_STRANGER;
		}
	}
	return writers;
}
