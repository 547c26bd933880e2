/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * corpus.c STAGE [PROCESSES] - tries mutants of mm/ on the corpus, each in a process of its own
 *
 * Reads the mutants' numbers, and writes a line for each: its number, `caught` or `survived`, and
 * by what, or on how many runs. A run is one test on one era. First every run is made without a
 * mutant, which shows what it comes to, how much work that is, and which mutants could make a
 * difference to it: a mutant is tried on those runs only, the quickest first.
 *
 * Limits are on work: states, or CPU time where a mutant goes on without end inside one step.
 */
#include "spec/spec.h"
#include "targets/target.h"
#include "tests/mutants/mutant.h"
#include "tool/run.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 8

/* How much more work than without a mutant is still no search without an end. */
#define MORE_STATES   10
#define LEAST_STATES  10000
#define MORE_SECONDS  20
#define LEAST_SECONDS 3

/* Larger searches access by access are left out, and so are eras that are much like others. */
#define MAX_FINE_STATES 20000

static const char *const fine_eras[] = {"v5.7",  "v5.9-rc4", "v5.9", "v5.12",
					"v5.19", "v6.9",     "v6.17"};

/* What a failing allocation must not bring about. */
#define BROKEN \
	(VIOLATION_BAD_COUNT | VIOLATION_USE_AFTER_FREE | VIOLATION_STALE_TLB | VIOLATION_LIVELOCK)
#define MAX_ALLOCATIONS 1000

/* A way to look at one test on one era. */
struct stage {
	const char *name;
	struct run_options options;
	bool fail; /* let each allocation fail */
	bool same; /* has to show what it does without a mutant, beyond what `expect` says */
};

static const struct stage stages[] = {
	{"plain", {0}, false, false},
	{"strict", {.strict = true}, false, false},
	{"fail", {0}, true, false},
	{"fine", {.fine = true, .max_states = MAX_FINE_STATES}, false, true},
};

#define NR_STAGES (int)(sizeof(stages) / sizeof(stages[0]))

/* One test on one era, and what it comes to without a mutant. */
struct trial {
	const struct litmus_test *test;
	const struct target *target;
	const struct run_result *spec;
	struct run_result result; /* of the stages that compare with it */
	uint64_t states;
	double seconds;
	unsigned char reached[MUTANT_MAX / 8];
};

struct corpus {
	const struct stage *stage;
	struct target_list targets;
	int nr_trials;
	int room;
	struct trial *trials;
	struct trial **sorted; /* the quickest first */
};

/* A mutant that is being tried. */
struct process {
	pid_t pid; /* 0: none */
	int mutant;
	char *said; /* shared: by what it was caught, or what it is at */
};

#define SAID_SIZE 512

static void die(const char *why)
{
	fprintf(stderr, "mutants: %s\n", why);
	exit(2);
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Does it show what the test expects? Else writes what is wrong. */
static bool as_expected(const struct trial *trial, const struct stage *stage,
			const struct run_result *result, char *why)
{
	struct cell cell = {.result = *result};
	bool good;

	judge_cell(trial->test, trial->target, &stage->options, trial->spec, &cell);
	good = cell.verdict != VERDICT_UNEXPECTED;
	if (!good)
		snprintf(why, SAID_SIZE, "%s", cell.why);
	free(cell.why);
	return good;
}

static bool same_outcome(const struct litmus_test *test, const struct outcome *a,
			 const struct outcome *b)
{
	size_t size = (size_t)test->nr_observables * sizeof(int64_t);

	if (!a->values != !b->values || a->violations != b->violations)
		return false;
	return a->values ? memcmp(a->values, b->values, size) == 0
			 : strcmp(a->detail, b->detail) == 0;
}

static bool has_outcome(const struct litmus_test *test, const struct run_result *result,
			const struct outcome *outcome)
{
	for (int i = 0; i < result->nr_outcomes; i++) {
		if (same_outcome(test, &result->outcomes[i], outcome))
			return true;
	}
	return false;
}

/* Are the outcomes those without a mutant? */
static bool as_before(const struct trial *trial, const struct run_result *result, char *why)
{
	char text[LITMUS_OUTCOME_SIZE];
	int missing = result->status == RUN_DONE ? trial->result.nr_outcomes : 0;

	for (int i = 0; i < result->nr_outcomes; i++) {
		const struct outcome *outcome = &result->outcomes[i];

		missing--;
		if (has_outcome(trial->test, &trial->result, outcome))
			continue;
		if (outcome->values)
			litmus_outcome_text(trial->test, outcome->values, text, sizeof(text));
		snprintf(why, SAID_SIZE, "comes to %.400s",
			 outcome->values ? text : outcome->detail);
		return false;
	}
	if (missing > 0)
		snprintf(why, SAID_SIZE, "%d outcomes are missing", missing);
	return missing <= 0;
}

/* What is wrong after an allocation has failed, as in ../corpus/fail_alloc.c. */
static bool is_sound(const struct trial *trial, const struct run_result *result, char *why)
{
	unsigned broken =
		trial->target->era->released ? BROKEN : BROKEN & ~(unsigned)VIOLATION_LIVELOCK;

	for (int i = 0; i < result->nr_outcomes; i++) {
		const struct outcome *outcome = &result->outcomes[i];

		if (!outcome->detail || !(outcome->violations & broken))
			continue;
		snprintf(why, SAID_SIZE, "%s", outcome->detail);
		return false;
	}
	return true;
}

static bool is_complete(const struct run_result *result, char *why)
{
	if (result->status == RUN_DONE)
		return true;
	snprintf(why, SAID_SIZE, "no end after %llu states", (unsigned long long)result->states);
	return false;
}

/* Is the result good? Without a mutant it always is. */
static bool judge(const struct trial *trial, const struct stage *stage,
		  const struct run_result *result, char *why)
{
	if (result->status == RUN_FAILED || result->status == RUN_SKIPPED) {
		snprintf(why, SAID_SIZE, "%s", result->reason);
		return false;
	}
	if (stage->fail)
		return is_sound(trial, result, why) && is_complete(result, why);
	if (!stage->same && !as_expected(trial, stage, result, why))
		return false;
	if (stage->same && !as_before(trial, result, why))
		return false;
	return is_complete(result, why);
}

/* Let each allocation fail in turn. */
static bool fail_each(const struct trial *trial, const struct stage *stage,
		      struct run_options *options, char *why, uint64_t *states)
{
	bool failed = true;

	*states = 0;
	for (unsigned n = 1; failed; n++) {
		struct run_result result;
		bool good;

		options->fail_allocation = n;
		model_run(trial->test, &trial->target->rules, options, NULL, &result);
		if (result.states > *states)
			*states = result.states;
		failed = result.allocation_failed;
		good = judge(trial, stage, &result, why);
		run_result_free(&result);
		if (good && n < MAX_ALLOCATIONS)
			continue;
		if (good)
			snprintf(why, SAID_SIZE, "no end of allocations");
		return false;
	}
	return true;
}

/* Make one run with a mutant. */
static bool try_mutant(const struct trial *trial, const struct stage *stage, char *why)
{
	struct run_options options = stage->options;
	struct run_result result;
	uint64_t states;
	bool good;

	options.max_states = trial->states * MORE_STATES + LEAST_STATES;
	if (stage->fail)
		return fail_each(trial, stage, &options, why, &states);
	model_run(trial->test, &trial->target->rules, &options, trial->spec, &result);
	good = judge(trial, stage, &result, why);
	run_result_free(&result);
	return good;
}

/* Make it without. False: it is none, for nothing can be learned from it. */
static bool try_original(struct trial *trial, const struct stage *stage)
{
	struct run_options options = stage->options;
	char why[SAID_SIZE];
	double start = cpu_seconds();
	bool good;

	memset(mutant_reached, 0, sizeof(mutant_reached));
	if (stage->fail) {
		good = fail_each(trial, stage, &options, why, &trial->states);
	} else {
		model_run(trial->test, &trial->target->rules, &options, trial->spec,
			  &trial->result);
		trial->states = trial->result.states;
		good = trial->result.status == RUN_DONE && judge(trial, stage, &trial->result, why);
		if (!stage->same || !good)
			run_result_free(&trial->result);
	}
	trial->seconds = cpu_seconds() - start;
	memcpy(trial->reached, mutant_reached, sizeof(mutant_reached));
	return good;
}

/* Is the era tried at this stage? */
static bool is_wanted(const struct stage *stage, const struct target *target)
{
	for (size_t i = 0; stage->same && i < sizeof(fine_eras) / sizeof(fine_eras[0]); i++) {
		if (strcmp(target->era->name, fine_eras[i]) == 0)
			return true;
	}
	return !stage->same;
}

static void add_test(struct corpus *corpus, const struct litmus_test *test)
{
	struct run_result *spec = malloc(sizeof(*spec));

	if (!spec)
		die("out of memory");
	spec_run(test, &corpus->stage->options, spec);
	if (spec->status != RUN_DONE)
		return;
	for (int i = 0; i < corpus->targets.nr; i++) {
		struct trial *trial = &corpus->trials[corpus->nr_trials];

		if (!is_wanted(corpus->stage, &corpus->targets.targets[i]))
			continue;
		*trial = (struct trial){
			.test = test,
			.target = &corpus->targets.targets[i],
			.spec = spec,
		};
		corpus->nr_trials += try_original(trial, corpus->stage);
	}
}

static int compare_trials(const void *a, const void *b)
{
	const struct trial *x = *(const struct trial *const *)a;
	const struct trial *y = *(const struct trial *const *)b;

	return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

/* All tests of the corpus. They live as long as the process. */
static void read_corpus(struct corpus *corpus)
{
	glob_t files;
	struct litmus_test **tests;
	int room = 0;
	char err[512];

	if (targets_add(&corpus->targets, "model", err, sizeof(err)))
		die(err);
	if (glob("tests/litmus/*/*.litmus", 0, NULL, &files))
		die("no tests/litmus");
	tests = calloc(files.gl_pathc, sizeof(struct litmus_test *));
	for (size_t i = 0; tests && i < files.gl_pathc; i++) {
		tests[i] = litmus_read(files.gl_pathv[i], err, sizeof(err));
		if (!tests[i])
			die(err);
		room += litmus_nr_members(tests[i]) * corpus->targets.nr;
	}
	if (!room)
		die("no tests");
	corpus->trials = calloc((size_t)room, sizeof(struct trial));
	corpus->sorted = calloc((size_t)room, sizeof(struct trial *));
	if (!tests || !corpus->trials || !corpus->sorted)
		die("out of memory");
	for (size_t i = 0; i < files.gl_pathc; i++) {
		for (int m = 0; m < litmus_nr_members(tests[i]); m++)
			add_test(corpus, litmus_member(tests[i], m));
	}
	for (int i = 0; i < corpus->nr_trials; i++)
		corpus->sorted[i] = &corpus->trials[i];
	qsort(corpus->sorted, (size_t)corpus->nr_trials, sizeof(struct trial *), compare_trials);
	free(tests);
	globfree(&files);
}

static bool reaches(const struct trial *trial, int mutant)
{
	return trial->reached[mutant / 8] & 1U << mutant % 8;
}

/* SIGPROF after so much CPU time: it is caught by that. */
static void limit_cpu(double seconds)
{
	struct itimerval limit = {0};

	limit.it_value.tv_sec = (time_t)seconds + 1;
	setitimer(ITIMER_PROF, &limit, NULL);
}

/* In a process of its own: exit status 1 if the mutant is caught. */
static void try_all(const struct corpus *corpus, const struct process *process)
{
	int tried = 0;

	mutant_nr = process->mutant;
	for (int i = 0; i < corpus->nr_trials; i++) {
		const struct trial *trial = corpus->sorted[i];
		char why[SAID_SIZE];

		if (!reaches(trial, mutant_nr))
			continue;
		tried++;
		snprintf(process->said, SAID_SIZE, "%s on %s", trial->test->name,
			 trial->target->name);
		limit_cpu(trial->seconds * MORE_SECONDS + LEAST_SECONDS);
		if (try_mutant(trial, corpus->stage, why))
			continue;
		snprintf(process->said + strlen(process->said), SAID_SIZE - strlen(process->said),
			 ": %s", why);
		_exit(1);
	}
	snprintf(process->said, SAID_SIZE, "%d runs", tried);
	_exit(0);
}

static void begin(const struct corpus *corpus, struct process *process, int mutant)
{
	process->mutant = mutant;
	process->said[0] = '\0';
	process->pid = fork();
	if (process->pid < 0)
		die(strerror(errno));
	if (!process->pid)
		try_all(corpus, process);
}

static void end(struct process *process, int status)
{
	const char *verdict = "caught";

	if (WIFEXITED(status) && !WEXITSTATUS(status))
		verdict = "survived";
	printf("%d\t%s\t%s%s%s\n", process->mutant, verdict, process->said,
	       WIFSIGNALED(status) ? ": " : "",
	       !WIFSIGNALED(status)          ? ""
	       : WTERMSIG(status) == SIGPROF ? "no end of a step"
					     : strsignal(WTERMSIG(status)));
	fflush(stdout);
	process->pid = 0;
}

static void wait_for_one(struct process *processes, int nr)
{
	int status;
	pid_t pid = wait(&status);

	for (int i = 0; i < nr; i++) {
		if (processes[i].pid == pid)
			end(&processes[i], status);
	}
}

static struct process *free_process(struct process *processes, int nr)
{
	for (;;) {
		for (int i = 0; i < nr; i++) {
			if (!processes[i].pid)
				return &processes[i];
		}
		wait_for_one(processes, nr);
	}
}

static void try_mutants(const struct corpus *corpus, int nr)
{
	struct process processes[MAX_PROCESSES] = {0};
	int mutant;

	for (int i = 0; i < nr; i++) {
		processes[i].said = mmap(NULL, SAID_SIZE, PROT_READ | PROT_WRITE,
					 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (processes[i].said == MAP_FAILED)
			die(strerror(errno));
	}
	while (scanf("%d", &mutant) == 1 && mutant > 0 && mutant < MUTANT_MAX)
		begin(corpus, free_process(processes, nr), mutant);
	for (int i = 0; i < nr; i++) {
		while (processes[i].pid)
			wait_for_one(processes, nr);
	}
}

int main(int argc, char **argv)
{
	struct corpus corpus = {0};
	int nr = argc > 2 ? atoi(argv[2]) : 1;

	for (int i = 0; argc > 1 && i < NR_STAGES; i++) {
		if (strcmp(argv[1], stages[i].name) == 0)
			corpus.stage = &stages[i];
	}
	if (!corpus.stage || nr < 1 || nr > MAX_PROCESSES)
		die("usage: corpus plain|strict|fail|fine [PROCESSES]");
	read_corpus(&corpus);
	printf("# %d runs\n", corpus.nr_trials);
	fflush(stdout);
	try_mutants(&corpus, nr);
	return 0;
}
