/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_words.c - the letters and sentences that the reports share */

#include "tool/conform.h"

#include <inttypes.h>
#include <string.h>

#include "tool/explain.h"
#include "tool/text.h"

const char conform_letters[] = "C!EkmftX?-~.";

static char fault_letter(enum known_fault fault)
{
	static const char letters[NR_KNOWN_FAULTS] = {
		[KNOWN_KERNEL] = 'k',
		[KNOWN_MODEL] = 'm',
		[KNOWN_FACTS] = 'f',
		[KNOWN_TARGET] = 't',
	};

	return letters[fault];
}

char conform_letter(const struct conform_cell *cell)
{
	static const char letters[NR_CONFORM_VERDICTS] = {
		[CONFORM_INCOMPLETE] = '?', [CONFORM_AGREES] = '.',  [CONFORM_UNSEEN] = '~',
		[CONFORM_DIVERGES] = '!',   [CONFORM_SKIPPED] = '-', [CONFORM_FAILED] = 'E',
	};
	const struct known *known = conform_explanation(cell);

	if (known)
		return fault_letter(known->fault);
	return conform_crashed(cell) ? 'C' : letters[cell->verdict];
}

const char *conform_letter_text(char letter)
{
	switch (letter) {
	case '.':
		return "agrees";
	case '~':
		return "agrees, something that the model allows was not seen";
	case '!':
		return "diverges, unexplained";
	case 'C':
		return "crashed, unexplained";
	case 'k':
		return "diverges: the kernel's fault";
	case 'm':
		return "diverges: the model's fault";
	case 'f':
		return "diverges: the facts are wrong";
	case 't':
		return "diverges: the target's fault";
	case '-':
		return "skipped";
	case 'E':
		return "failed";
	default:
		return "incomplete";
	}
}

const char *conform_verdict_name(enum conform_verdict verdict)
{
	static const char *const names[NR_CONFORM_VERDICTS] = {
		[CONFORM_INCOMPLETE] = "incomplete", [CONFORM_AGREES] = "agrees",
		[CONFORM_UNSEEN] = "unseen",         [CONFORM_DIVERGES] = "diverges",
		[CONFORM_SKIPPED] = "skipped",       [CONFORM_FAILED] = "failed",
	};

	return names[verdict];
}

char *conform_outcome_text(const struct litmus_test *test, const struct outcome *outcome, char *buf,
			   size_t size)
{
	if (!outcome->values)
		return violation_set_names(outcome->violations, buf, size);
	litmus_outcome_text(test, outcome->values, buf, size);
	if (!buf[0])
		snprintf(buf, size, "(nothing to see)");
	return buf;
}

const struct outcome *conform_nearest(const struct litmus_test *test,
				      const struct conform_model *model,
				      const struct outcome *outcome)
{
	const struct run_result *allowed = &model->coarse;
	int nearest;

	if (!outcome->values)
		return NULL;
	nearest = outcome_nearest(test, allowed, outcome->values);
	for (int i = 0; i < allowed->nr_outcomes; i++) {
		const int64_t *values = allowed->outcomes[i].values;

		if (values && litmus_distance(test, values, outcome->values) == nearest)
			return &allowed->outcomes[i];
	}
	return NULL;
}

char *conform_fine_text(const struct conform_model *model, char *buf, size_t size)
{
	const struct run_result *fine = &model->fine;

	if (!model->ran_fine)
		snprintf(buf, size, "it was not looked for access by access");
	else if (fine->status == RUN_DONE)
		snprintf(buf, size, "not even access by access, in all of %" PRIu64 " states",
			 fine->states);
	else
		snprintf(buf, size, "access by access it was not found, but: %s", fine->reason);
	return buf;
}

/* As one word of a shell. */
static void append_word(char *buf, size_t size, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=:,./@%";

	if (word[0] && strspn(word, plain) == strlen(word)) {
		text_append(buf, size, " %s", word);
		return;
	}
	text_append(buf, size, " '");
	for (; *word; word++) {
		if (*word == '\'')
			text_append(buf, size, "'\\''");
		else
			text_append(buf, size, "%c", *word);
	}
	text_append(buf, size, "'");
}

char *conform_hint(const struct conform *conform, int row, int kernel,
		   const struct outcome *outcome, char *buf, size_t size)
{
	const struct litmus_test *test = conform->run.rows[row].test;
	const struct litmus_kind *kind = litmus_kind_of(test);
	char text[LITMUS_OUTCOME_SIZE];

	snprintf(buf, size, "cowherd explain --on model:%s",
		 conform->run.targets.targets[kernel].model);
	if (kind)
		text_append(buf, size, " --kind %s", litmus_kind_name(*kind, text, sizeof(text)));
	if (outcome && outcome->values) {
		litmus_outcome_text(test, outcome->values, text, sizeof(text));
		if (text[0]) {
			text_append(buf, size, " --outcome");
			append_word(buf, size, text);
		}
	}
	append_word(buf, size, conform->run.rows[row].path);
	return buf;
}

static void add_count(char *buf, size_t size, int nr, const char *what)
{
	if (nr)
		text_append(buf, size, ", %d %s", nr, what);
}

static int count_tests(const struct conform *conform)
{
	int nr = 0;

	for (int i = 0; i < conform->run.nr_rows; i++)
		nr += conform->rows[i].cells != NULL;
	return nr;
}

static const char *say_divergences(const struct conform_counts *counts, char *buf, size_t size)
{
	int nr = counts->verdicts[CONFORM_DIVERGES];

	if (nr == 0)
		return conform_nr_run(counts) ? "no divergence"
					      : "nothing was held against the model";
	snprintf(buf, size, "%d divergence%s, ", nr, nr == 1 ? "" : "s");
	if (counts->unexplained)
		text_append(buf, size, "%d unexplained", counts->unexplained);
	else
		text_append(buf, size, "all explained");
	return buf;
}

char *conform_summary(const struct conform *conform, char *buf, size_t size)
{
	struct conform_counts counts = conform_count(conform, -1);
	int nr_tests = count_tests(conform);
	int nr_kernels = conform->run.targets.nr;
	char divergences[128];

	snprintf(buf, size, "%d test%s on %d kernel%s: %s", nr_tests, nr_tests == 1 ? "" : "s",
		 nr_kernels, nr_kernels == 1 ? "" : "s",
		 say_divergences(&counts, divergences, sizeof(divergences)));
	add_count(buf, size, counts.verdicts[CONFORM_SKIPPED], "skipped");
	add_count(buf, size, counts.verdicts[CONFORM_INCOMPLETE], "incomplete");
	add_count(buf, size, counts.verdicts[CONFORM_FAILED], "failed");
	add_count(buf, size, conform->run.nr_bad, "not read");
	if (conform->run.interrupted)
		text_append(buf, size, ", interrupted");
	return buf;
}
