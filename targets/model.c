/* SPDX-License-Identifier: GPL-2.0-or-later */
/* model.c - a litmus test on mm/ under one row of rules, every interleaving of its operations */
#include "targets/model.h"
#include "spec/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool observes_p0(const struct litmus_test *test)
{
	for (int i = 0; i < test->nr_observables; i++) {
		if (test->observables[i].kind == LITMUS_OBSERVE_MEMORY &&
		    !test->observables[i].task)
			return true;
	}
	return false;
}

const struct litmus_op *model_next_op(const struct model *model, int task)
{
	const struct litmus_task *program = &model->test->tasks[task];
	const struct model_task *state = &model->state->tasks[task];

	if (model->state->processes[program->process].dying || state->pc >= program->nr_ops)
		return NULL;
	return &program->ops[state->pc];
}

/* Has the process of `task` come to its end? One that never started has, too. */
static bool process_ended(const struct model *model, int task)
{
	return !model->state->processes[model->test->tasks[task].process].mm;
}

bool model_others_end(const struct model *model, int task)
{
	for (int i = 0; i < model->test->nr_tasks; i++) {
		const struct model_task *other = &model->state->tasks[i];

		if (i != task && other->started && !other->ending)
			return false;
	}
	return true;
}

/* Has every other task come to its end, with all that follows? */
static bool others_over(const struct model *model, int task)
{
	for (int i = 0; i < model->test->nr_tasks; i++) {
		const struct model_task *other = &model->state->tasks[i];

		if (i != task && other->started && !other->over)
			return false;
	}
	return true;
}

/* Does another process's task wait inside this one's memory? Then that can't go yet. */
static bool memory_in_use(const struct model *model, int process)
{
	for (int i = 0; i < model->test->nr_tasks; i++) {
		const struct litmus_task *program = &model->test->tasks[i];
		const struct model_task *state = &model->state->tasks[i];
		int other;

		if (!check_is_blocked((unsigned)i) || state->pc >= program->nr_ops)
			continue;
		other = program->ops[state->pc].task;
		if (other >= 0 && other != i && model->test->tasks[other].process == process &&
		    program->process != process)
			return true;
	}
	return false;
}

/* May a task that is at its end go there? */
static bool can_end(const struct model *model, int task)
{
	const struct model_task *state = &model->state->tasks[task];

	if (!model->options->fine && memory_in_use(model, model->test->tasks[task].process))
		return false;
	return task || !model->observes_p0 || state->status || others_over(model, task);
}

/* With every access a step of its own, who locks a page waits for the lock itself. */
static bool can_lock_page(const struct model *model, int task, const struct litmus_op *op)
{
	const struct model_handle *handle = &model->state->tasks[task].handles[op->handle];
	struct page *page = model_handle_page(handle, op->handle_page);

	return model->options->fine || !page || !port_is_locked(model_page_lock(model, page));
}

bool model_can_begin(const struct model *model, int task)
{
	const struct model_task *state = &model->state->tasks[task];
	const struct model_task *other;
	const struct litmus_op *op;

	if (!state->started || state->ended)
		return false;
	op = model_next_op(model, task);
	if (!op)
		return can_end(model, task);
	switch (op->code) {
	case LITMUS_WAITPID:
		return process_ended(model, op->task);
	case LITMUS_PTHREAD_JOIN:
		other = &model->state->tasks[op->task];
		return !other->started || other->ended;
	case LITMUS_WAIT_FOR_COMPLETION:
		return model->state->completed & 1u << op->completion;
	case LITMUS_LOCK_PAGE:
		return can_lock_page(model, task, op);
	case LITMUS_READ:
		return model_read_can_go(model, task, op);
	default:
		return true;
	}
}

/* May the task go on, or does what it is at make it wait? */
static bool can_move(const struct model *model, int task)
{
	if (check_is_blocked((unsigned)task))
		return check_can_resume((unsigned)task);
	return model_can_begin(model, task);
}

int model_moves(void *context, struct explore_move moves[EXPLORE_MAX_MOVES])
{
	const struct model *model = context;
	int nr = 0;

	for (int task = 0; task < model->test->nr_tasks; task++) {
		if (can_move(model, task))
			moves[nr++] = (struct explore_move){.task = (int16_t)task};
	}
	return nr;
}

/* What runs on the task's stack. */
struct step {
	struct model *model;
	int task;
};

static void run_step(void *argument)
{
	/* The scheduler's own variable: gone once the task has waited. */
	struct step step = *(const struct step *)argument;

	if (model_next_op(step.model, step.task))
		model_do_op(step.model, step.task);
	else
		model_end_task(step.model, step.task);
}

unsigned model_step(void *context, struct explore_move move)
{
	struct model *model = context;
	struct step step = {model, move.task};
	unsigned task = (unsigned)move.task;
	enum check_run run;

	model->detail[0] = '\0';
	run = check_is_blocked(task) ? check_resume(task) : check_start(task, run_step, &step);
	model->state->tasks[task].busy = run == CHECK_BLOCKED;
	model->result->allocation_failed |= check_allocation_failed();
	switch (run) {
	case CHECK_BUG:
		snprintf(model->detail, sizeof(model->detail), "%s", check_bug_text());
		return VIOLATION_BAD_COUNT;
	case CHECK_LIVELOCK:
		snprintf(model->detail, sizeof(model->detail), "P%u retries without end", task);
		return VIOLATION_LIVELOCK;
	case CHECK_BLOCKED:
	case CHECK_DONE:
		break;
	}
	return model_audit(model);
}

static size_t model_size(void *context)
{
	(void)context;
	return check_size();
}

static void model_save(void *context, void *to)
{
	(void)context;
	check_save(to);
}

static void model_load(void *context, const void *from, size_t size)
{
	(void)context;
	check_load(from, size);
}

void model_values(const struct model *model, int64_t *values)
{
	const struct litmus_test *test = model->test;

	for (int i = 0; i < test->nr_observables; i++) {
		const struct litmus_observable *observable = &test->observables[i];
		const struct model_task *task = &model->state->tasks[observable->task];

		switch (observable->kind) {
		case LITMUS_OBSERVE_REGISTER:
			values[i] = task->registers[observable->reg];
			break;
		case LITMUS_OBSERVE_STATUS:
			values[i] = task->status;
			break;
		case LITMUS_OBSERVE_MEMORY:
			values[i] = model->state->memory[i];
			break;
		}
	}
}

/* A final state in which somebody has not ended: they wait for each other. */
static bool is_deadlock(const struct model *model)
{
	for (int task = 0; task < model->test->nr_tasks; task++) {
		if (model->state->tasks[task].started && !model->state->tasks[task].ended)
			return true;
	}
	return false;
}

bool model_final(void *context, unsigned violations, const struct explore_move *schedule,
		 int nr_moves)
{
	struct model *model = context;
	int64_t values[LITMUS_MAX_OBSERVABLES];
	const char *detail = violations ? model->detail : NULL;
	struct outcome *outcome;

	/* The result would be a lie. */
	if (port_atomic_read_relaxed(&model->state->machine->exhausted) || check_exhausted()) {
		run_result_fail(model->result, "the test needs more memory than its machine has");
		return false;
	}
	if (!violations && is_deadlock(model)) {
		detail = "tasks wait for each other";
		violations = VIOLATION_DEADLOCK;
	}
	if (!detail)
		model_values(model, values);
	outcome = run_result_add(model->result, model->test, detail ? NULL : values, detail, 1,
				 schedule, nr_moves);
	if (!outcome) {
		run_result_fail(model->result, "out of memory");
		return false;
	}
	if (!detail && outcome->count == 1 && model->spec)
		violations = spec_classify(model->test, model->spec, values);
	outcome->violations |= violations;
	return true;
}

static int out_of_memory(struct run_result *result)
{
	run_result_fail(result, "out of memory");
	return -ENOMEM;
}

/* What came of init_memory(): no memory, or a state that these rules don't know. */
static int init_failed(const struct model *model, struct run_result *result)
{
	if (!model->detail[0])
		return out_of_memory(result);
	run_result_fail(result, model->detail);
	return -EINVAL;
}

static void init_memory(void *argument)
{
	struct model *model = argument;
	struct model_state *state = model->state;
	struct machine_config config = model_machine(model->test);

	state->machine = machine_create(model->rules, &config);
	if (!state->machine || !model_open_files(model) || !model_alloc_handles(model))
		return;
	model->allocations = check_allocations();
	state->processes[0].mm = mm_create(state->machine);
	if (state->processes[0].mm && model_map_objects(model))
		state->tasks[0].started = true;
}

int model_init(struct model *model, const struct litmus_test *test, const struct mm_rules *rules,
	       const struct run_options *options, struct run_result *result)
{
	memset(model, 0, sizeof(*model));
	memset(result, 0, sizeof(*result));
	model->test = test;
	model->rules = rules;
	model->options = options;
	model->result = result;
	model->observes_p0 = observes_p0(test);
	model->reads_events = litmus_uses(test, LITMUS_READ);
	model->nr_frames = model_machine(test).nr_frames;
	if (model_cannot(test, result->reason, sizeof(result->reason))) {
		result->status = RUN_SKIPPED;
		return -ENOSYS;
	}
	if (check_reset())
		return out_of_memory(result);
	model->state = port_alloc(sizeof(*model->state));
	if (!model->state)
		return out_of_memory(result);
	/* As the kernel would have done it for P0: on its CPU. */
	if (check_start(0, init_memory, model) != CHECK_DONE || !model->state->tasks[0].started)
		return init_failed(model, result);
	for (int task = 0; task < test->nr_tasks; task++) {
		if (!test->tasks[task].process)
			check_set_tag((unsigned)task, model->state->processes[0].mm->id);
		if (test->tasks[task].birth == LITMUS_BORN_START)
			model->state->tasks[task].started = true;
	}
	check_fail_allocation(options->fail_allocation);
	return 0;
}

void model_run(const struct litmus_test *test, const struct mm_rules *rules,
	       const struct run_options *options, const struct run_result *spec,
	       struct run_result *result)
{
	struct model model;
	struct explore_machine machine = {
		.context = &model,
		.moves = model_moves,
		.step = model_step,
		.size = model_size,
		.save = model_save,
		.load = model_load,
		.final = model_final,
	};

	if (model_init(&model, test, rules, options, result))
		return;
	model.spec = spec;
	if (options->fine)
		model_explore_fine(&model);
	else
		run_result_explore(result, test, &machine, options);
}
