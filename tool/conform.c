/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform.c - run tests on kernels, and hold what they show against the model of their era */

#include "tool/conform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "targets/clock.h"

/* Of these a model says that it went no further; on a kernel anything can follow. */
#define CORRUPTION (~(unsigned)(VIOLATION_DEADLOCK | VIOLATION_LIVELOCK | VIOLATION_CRASH))

static bool same_values(const struct litmus_test *test, const int64_t *a, const int64_t *b)
{
	return memcmp(a, b, (size_t)test->nr_observables * sizeof(*a)) == 0;
}

static bool same_break(const struct outcome *model, const struct outcome *kernel)
{
	if (kernel->violations == VIOLATION_CRASH && model->violations & CORRUPTION)
		return true;
	return model->violations == kernel->violations;
}

/* Is what the kernel showed this outcome of the model? */
static bool is_same(const struct litmus_test *test, const struct outcome *model,
		    const struct outcome *kernel)
{
	if (!model->values || !kernel->values)
		return !model->values && !kernel->values && same_break(model, kernel);
	return same_values(test, model->values, kernel->values);
}

bool conform_allows(const struct litmus_test *test, const struct run_result *model,
		    const struct outcome *outcome)
{
	for (int i = 0; i < model->nr_outcomes; i++) {
		if (is_same(test, &model->outcomes[i], outcome))
			return true;
	}
	return false;
}

bool conform_seen(const struct litmus_test *test, const struct conform_cell *cell,
		  const struct outcome *outcome)
{
	for (int i = 0; i < cell->result.nr_outcomes; i++) {
		if (is_same(test, outcome, &cell->result.outcomes[i]))
			return true;
	}
	return false;
}

static struct conform_model *model_of(const struct conform *conform, int row, int kernel)
{
	return &conform->rows[row].models[conform->kernels[kernel].model];
}

const struct conform_model *conform_model(const struct conform *conform, int row, int kernel)
{
	return model_of(conform, row, kernel);
}

struct target conform_model_target(const struct conform *conform, int kernel)
{
	struct target *target = &conform->run.targets.targets[kernel];

	return (struct target){
		.kind = TARGET_MODEL,
		.name = target->model,
		.era = target->era,
		.rules = target->rules,
	};
}

/* The first kernel with the same rules. */
static int first_of_rules(const struct target_list *targets, int kernel)
{
	int first = 0;

	while (memcmp(&targets->targets[first].rules, &targets->targets[kernel].rules,
		      sizeof(struct mm_rules)) != 0)
		first++;
	return first;
}

static int prepare_kernel(struct conform *conform, int i, char *err, size_t err_size)
{
	const struct target *target = &conform->run.targets.targets[i];
	struct conform_kernel *kernel = &conform->kernels[i];
	char name[256];

	if (!target_is_kernel(target)) {
		snprintf(err, err_size, "%s is no kernel, expected host, vm or vm:KERNEL",
			 target_full_name(target, name, sizeof(name)));
		return -EINVAL;
	}
	kernel->known.is_host = target->kind == TARGET_HOST;
	kernel->known.has_version = known_version_parse(target->version, &kernel->known.version);
	if (!target->era) {
		snprintf(err, err_size,
			 "%s: no era for Linux %s, expected %s or newer, or there is nothing to "
			 "hold it against",
			 target->name, target->release, mm_eras[0].name);
		return -EINVAL;
	}
	kernel->model = first_of_rules(&conform->run.targets, i);
	return 0;
}

static int prepare_row(struct conform_row *row, int nr_kernels)
{
	row->models = calloc((size_t)nr_kernels, sizeof(*row->models));
	row->cells = calloc((size_t)nr_kernels, sizeof(*row->cells));
	if (!row->models || !row->cells)
		return -ENOMEM;
	for (int i = 0; i < nr_kernels; i++)
		row->cells[i].reason = "not begun";
	return 0;
}

int conform_prepare(struct conform *conform, char *err, size_t err_size)
{
	const struct run *run = &conform->run;
	int ret = 0;

	conform->kernels = calloc((size_t)run->targets.nr, sizeof(*conform->kernels));
	conform->rows = calloc((size_t)run->nr_rows + 1, sizeof(*conform->rows));
	if (!conform->kernels || !conform->rows)
		return -ENOMEM;
	for (int i = 0; i < run->targets.nr && ret == 0; i++)
		ret = prepare_kernel(conform, i, err, err_size);
	for (int i = 0; i < run->nr_rows && ret == 0; i++) {
		if (run->rows[i].test)
			ret = prepare_row(&conform->rows[i], run->targets.nr);
	}
	return ret;
}

static void free_row(struct conform_row *row, int nr_kernels)
{
	run_result_free(&row->spec);
	for (int i = 0; i < nr_kernels && row->models; i++) {
		run_result_free(&row->models[i].coarse);
		run_result_free(&row->models[i].fine);
	}
	for (int i = 0; i < nr_kernels && row->cells; i++) {
		run_result_free(&row->cells[i].result);
		free(row->cells[i].notes);
	}
	free(row->models);
	free(row->cells);
}

void conform_free(struct conform *conform)
{
	for (int i = 0; i < conform->run.nr_rows && conform->rows; i++)
		free_row(&conform->rows[i], conform->run.targets.nr);
	free(conform->rows);
	free(conform->kernels);
	conform->rows = NULL;
	conform->kernels = NULL;
}

/* What the model comes to access by access; where it is asked for the first time, it is run. */
static const struct run_result *ask_fine(struct conform *conform, int row, int kernel)
{
	struct conform_model *model = model_of(conform, row, kernel);
	struct target target = conform_model_target(conform, kernel);
	struct run_options options = conform->run.options;

	if (model->ran_fine)
		return &model->fine;
	options.fine = true;
	options.max_seconds = conform->fine_seconds;
	run_model(conform->run.rows[row].test, &target, &options, &conform->rows[row].spec,
		  &model->fine);
	model->ran_fine = true;
	return &model->fine;
}

static void note_outcome(struct conform *conform, int row, int kernel, int i)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct outcome *outcome = &cell->result.outcomes[i];
	struct conform_note *note = &cell->notes[i];
	struct known *known;

	if (conform_allows(test, &model_of(conform, row, kernel)->coarse, outcome)) {
		note->rule = CONFORM_ALLOWED;
		return;
	}
	if (conform_allows(test, ask_fine(conform, row, kernel), outcome)) {
		note->rule = CONFORM_ALLOWED_FINE;
		return;
	}
	note->rule = CONFORM_FORBIDDEN;
	cell->nr_forbidden++;
	known = known_find(conform->known, &conform->kernels[kernel].known, test, outcome);
	note->known = known;
	if (known)
		known->seen++;
	else
		cell->nr_unexplained++;
}

static int count_unseen(const struct litmus_test *test, const struct run_result *model,
			const struct conform_cell *cell)
{
	int nr = 0;

	for (int i = 0; i < model->nr_outcomes; i++)
		nr += !conform_seen(test, cell, &model->outcomes[i]);
	return nr;
}

static int give_up(struct conform_cell *cell, enum run_status status, const char *reason)
{
	static const enum conform_verdict verdicts[] = {
		[RUN_DONE] = CONFORM_AGREES,
		[RUN_INCOMPLETE] = CONFORM_INCOMPLETE,
		[RUN_SKIPPED] = CONFORM_SKIPPED,
		[RUN_FAILED] = CONFORM_FAILED,
	};

	cell->verdict = verdicts[status];
	cell->reason = reason;
	return 0;
}

int conform_judge(struct conform *conform, int row, int kernel)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	struct conform_cell *cell = &conform->rows[row].cells[kernel];
	const struct run_result *model = &model_of(conform, row, kernel)->coarse;
	const struct run_result *result = &cell->result;

	if (model->status != RUN_DONE)
		return give_up(cell, model->status, model->reason);
	if (result->status == RUN_SKIPPED || result->status == RUN_FAILED)
		return give_up(cell, result->status, result->reason);
	cell->notes = calloc((size_t)result->nr_outcomes + 1, sizeof(*cell->notes));
	if (!cell->notes)
		return -ENOMEM;
	for (int i = 0; i < result->nr_outcomes; i++)
		note_outcome(conform, row, kernel, i);
	cell->nr_unseen = count_unseen(test, model, cell);
	cell->reason = NULL;
	if (result->status == RUN_INCOMPLETE)
		cell->reason = result->reason;
	else if (result->nr_outcomes == 0)
		cell->reason = "it never came to an end"; /* and nothing agrees with nothing */
	if (cell->nr_forbidden)
		cell->verdict = CONFORM_DIVERGES;
	else if (cell->reason)
		cell->verdict = CONFORM_INCOMPLETE;
	else
		cell->verdict = cell->nr_unseen ? CONFORM_UNSEEN : CONFORM_AGREES;
	return 0;
}

/* The line that says how far we are. */
struct conform_line {
	struct progress *progress;
	const char *test;
	const char *kernel;
	int number;
	int of;
};

static void show_search(void *context, uint64_t states)
{
	const struct conform_line *line = context;

	progress_show(line->progress, "%d of %d on %s: %s, %llu states", line->number, line->of,
		      line->kernel, line->test, (unsigned long long)states);
}

/* The spec and the model, where no kernel before this one has asked for them. */
static void ask_model(struct conform *conform, int row, int kernel)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	struct conform_model *model = model_of(conform, row, kernel);
	struct target target = conform_model_target(conform, kernel);
	struct conform_row *of = &conform->rows[row];

	if (!of->ran_spec)
		spec_run(test, &conform->run.options, &of->spec);
	of->ran_spec = true;
	if (model->ran)
		return;
	run_model(test, &target, &conform->run.options, &of->spec, &model->coarse);
	model->ran = true;
}

static int run_cell(struct conform *conform, int row, int kernel)
{
	struct run *run = &conform->run;
	struct conform_cell *cell = &conform->rows[row].cells[kernel];

	ask_model(conform, row, kernel);
	if (conform_model(conform, row, kernel)->coarse.status == RUN_DONE)
		run_kernel(run, run->rows[row].test, &run->targets.targets[kernel],
			   &conform->rows[row].spec, &cell->result);
	return conform_judge(conform, row, kernel);
}

static bool is_stopped(const struct run *run)
{
	return run->options.stop && *run->options.stop;
}

static int run_all(struct conform *conform, int kernel, struct progress *progress)
{
	struct run *run = &conform->run;
	int ret = 0;

	for (int i = 0; i < run->nr_rows && ret == 0 && !is_stopped(run); i++) {
		struct conform_line line = {progress, NULL, run->targets.targets[kernel].name,
					    i + 1, run->nr_rows};

		if (!run->rows[i].test)
			continue;
		line.test = run->rows[i].test->name;
		run->options.progress = show_search;
		run->options.progress_context = &line;
		progress_show(progress, "%d of %d on %s: %s", line.number, line.of, line.kernel,
			      line.test);
		ret = run_cell(conform, i, kernel);
		run->options.progress = NULL;
		run->options.progress_context = NULL;
	}
	return ret;
}

int conform_run(struct conform *conform, struct progress *progress)
{
	double began = clock_seconds();
	int ret = 0;

	for (int i = 0; i < conform->run.targets.nr && ret == 0; i++)
		ret = run_all(conform, i, progress);
	for (int i = 0; i < conform->run.targets.nr; i++)
		conform->kernels[i].boot = machines_boot_seconds(&conform->run.machines,
								 &conform->run.targets.targets[i]);
	conform->seconds = clock_seconds() - began;
	return ret;
}
