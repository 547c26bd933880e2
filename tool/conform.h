/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform.h - what real kernels did, held against what the model of their era allows */
#ifndef TOOL_CONFORM_H
#define TOOL_CONFORM_H

#include "tool/conform_known.h"
#include "tool/run.h"

enum conform_verdict {
	CONFORM_INCOMPLETE, /* of what is not known yet: nothing that was seen is forbidden */
	CONFORM_AGREES,
	CONFORM_UNSEEN,   /* agrees, but something that the model allows was not seen */
	CONFORM_DIVERGES, /* something that was seen is forbidden */
	CONFORM_SKIPPED,
	CONFORM_FAILED,
};

#define NR_CONFORM_VERDICTS 6

/* What the model says of an outcome that a kernel showed. */
enum conform_rule {
	CONFORM_ALLOWED,
	CONFORM_ALLOWED_FINE, /* only if what tasks do inside the kernel mixes */
	CONFORM_FORBIDDEN,
};

struct conform_note {
	enum conform_rule rule;
	const struct known *known; /* CONFORM_FORBIDDEN: who is at fault; NULL: nobody knows */
};

/* One test on the model of one era. */
struct conform_model {
	bool ran;
	struct run_result coarse; /* every operation is a step: what the kernel is held against */
	bool ran_fine;
	struct run_result fine; /* every access is: asked only where the kernel showed more */
};

/* One test on one kernel. */
struct conform_cell {
	struct run_result result;
	enum conform_verdict verdict;
	const char *reason;         /* skipped, failed, incomplete: why; else NULL */
	struct conform_note *notes; /* one for each outcome; NULL: it was held against nothing */
	int nr_forbidden;           /* outcomes */
	int nr_unexplained;         /* of those */
	int nr_unseen;              /* outcomes of the model */
};

struct conform_row {
	struct run_result spec;
	bool ran_spec;
	struct conform_model *models; /* of each kernel's rules, at the first kernel with these */
	struct conform_cell *cells;   /* one for each kernel */
};

/* A column. */
struct conform_kernel {
	struct known_kernel known;
	int model;   /* the first kernel with the same rules, whose model is ours, too */
	double boot; /* seconds that its virtual machine took to come up; 0: there was none */
};

struct conform {
	struct run run; /* its targets are kernels; its rows have no cells */
	const struct known_list *known;
	double fine_seconds; /* for a search access by access; 0: no limit */
	double seconds;      /* that all took */
	struct conform_kernel *kernels;
	struct conform_row *rows; /* as run.rows; what could not be read has no cells */
};

/*
 * What a run of all tests on all kernels takes. Returns 0, -ENOMEM, or -EINVAL after writing to
 * err what is wrong with a target; conform_free() then, too. It does not free what is in `run`.
 */
int conform_prepare(struct conform *conform, char *err, size_t err_size);
void conform_free(struct conform *conform);

/* Kernel by kernel, until all is done or run.options.stop is set. Returns 0 or -ENOMEM. */
int conform_run(struct conform *conform, struct progress *progress);

/*
 * Hold cell->result against the model and fill in the rest of the cell. Where the model forbids
 * something, it is asked once more, access by access. Returns 0 or -ENOMEM.
 */
int conform_judge(struct conform *conform, int row, int kernel);

/*
 * Does the model come to this? To the same values; or it breaks in the same way. A kernel that
 * crashes does what a model does whose counts or frames are wrong.
 */
bool conform_allows(const struct litmus_test *test, const struct run_result *model,
		    const struct outcome *outcome);

/* Did the kernel show this outcome of the model? */
bool conform_seen(const struct litmus_test *test, const struct conform_cell *cell,
		  const struct outcome *outcome);

/* The model that a cell is held against. */
const struct conform_model *conform_model(const struct conform *conform, int row, int kernel);

/* The model of a kernel's era, as a target. */
struct target conform_model_target(const struct conform *conform, int kernel);

/* "0:r0=2; x=3;", or how it is broken: "deadlock", "livelock", "crash". Returns buf. */
char *conform_outcome_text(const struct litmus_test *test, const struct outcome *outcome, char *buf,
			   size_t size);

/* How often the test came to an end on the kernel. */
uint64_t conform_iterations(const struct conform_cell *cell);

/* The explanation that stands for the cell: NULL if it diverges without one, or does not. */
const struct known *conform_explanation(const struct conform_cell *cell);

/* A kernel crashed in this test, and nobody knows why. */
bool conform_crashed(const struct conform_cell *cell);

/* '.', '~', '!' and so on; and what it means. */
char conform_letter(const struct conform_cell *cell);
const char *conform_letter_text(char letter);

/* All letters, the worst first. */
extern const char conform_letters[];

/* "agrees", "unseen", "diverges", "skipped", "incomplete", "failed" */
const char *conform_verdict_name(enum conform_verdict verdict);

struct conform_counts {
	int tests; /* that could be read */
	int verdicts[NR_CONFORM_VERDICTS];
	int explained; /* of those that diverge: with all that they show */
	int unexplained;
	/* Outcomes: */
	int explained_outcomes;
	int unexplained_outcomes;
	int fine;       /* seen, and CONFORM_ALLOWED_FINE */
	int unseen;     /* allowed, and not seen */
	double seconds; /* that the tests took on the kernel: machines run beside each other */
};

/* Of one kernel; of all where `kernel` is negative. */
struct conform_counts conform_count(const struct conform *conform, int kernel);

/* How many tests ran to the end, or diverged; of a hundred; and how long one took. */
int conform_nr_run(const struct conform_counts *counts);
double conform_percent_run(const struct conform_counts *counts);
double conform_seconds_each(const struct conform_counts *counts);

/*
 * The next reason why a kernel has such a verdict, and for how many tests: begin with *row = 0.
 * NULL after the last. Equal reasons come once.
 */
const char *conform_next_reason(const struct conform *conform, int kernel,
				enum conform_verdict verdict, int *row, int *count);

/*
 * An explanation is stale if some kernel that it is about ran a test that it is about, and it
 * explained nothing.
 */
bool conform_is_stale(const struct conform *conform, const struct known *known);

/* Is there nothing left to run, and nothing that was cut short? */
bool conform_is_complete(const struct conform *conform);

/* "cowherd explain --on model:v6.18 --outcome '0:r0=3;' t.litmus", of the model. Returns buf. */
char *conform_hint(const struct conform *conform, int row, int kernel,
		   const struct outcome *outcome, char *buf, size_t size);

/* What the model allows that is nearest to a forbidden outcome; NULL where nothing is near. */
const struct outcome *conform_nearest(const struct litmus_test *test,
				      const struct conform_model *model,
				      const struct outcome *outcome);

/* In one sentence, what the search access by access says of a forbidden outcome. Returns buf. */
char *conform_fine_text(const struct conform_model *model, char *buf, size_t size);

/* One sentence on the whole: "512 tests on 2 kernels: no divergence, 3 skipped". Returns buf. */
char *conform_summary(const struct conform *conform, char *buf, size_t size);

/* The three reports; each returns TOOL_OK or TOOL_TROUBLE. */
int conform_print_text(const struct conform *conform);
int conform_print_json(const struct conform *conform, FILE *out);
int conform_print_html(const struct conform *conform, FILE *out);

#endif
