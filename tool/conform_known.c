/* SPDX-License-Identifier: GPL-2.0-or-later */
/* conform_known.c - read the explanations of divergences, and find the one for an outcome */

#include "tool/conform_known.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/explain.h"
#include "tool/files.h"

#define NR_FIELDS 5
#define FIELDS    "KERNEL | TEST | OUTCOME | FAULT | EVIDENCE"

/* Where we are in the file. */
struct reader {
	struct known_list *list;
	struct tool_io *io;
	int line;
	bool continues; /* a line that begins with a blank goes on with the last entry */
	int status;
};

static const char *const fault_names[NR_KNOWN_FAULTS] = {
	[KNOWN_KERNEL] = "kernel",
	[KNOWN_MODEL] = "model",
	[KNOWN_FACTS] = "facts",
	[KNOWN_TARGET] = "target",
};

const char *known_fault_name(enum known_fault fault)
{
	return fault_names[fault];
}

__attribute__((format(printf, 2, 3))) static void complain(struct reader *reader,
							   const char *format, ...)
{
	char message[TOOL_MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	tool_complain(reader->io, "%s:%d: %s", reader->list->path, reader->line, message);
	reader->status = TOOL_TROUBLE;
}

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	return text;
}

/* One number of a version; returns what follows, or NULL. */
static const char *parse_part(const char *text, int *part)
{
	char *end;
	long number;

	if (!isdigit((unsigned char)*text))
		return NULL;
	errno = 0;
	number = strtol(text, &end, 10);
	if (errno || number > INT_MAX)
		return NULL;
	*part = (int)number;
	return end;
}

/* Returns what follows the version, or NULL. */
static const char *parse_version(const char *text, struct known_version *version)
{
	const char *end, *third;

	version->part[2] = -1;
	end = parse_part(text + (text[0] == 'v'), &version->part[0]);
	if (!end || *end != '.')
		return NULL;
	end = parse_part(end + 1, &version->part[1]);
	if (!end || *end != '.')
		return end;
	third = parse_part(end + 1, &version->part[2]);
	return third ? third : end;
}

bool known_version_parse(const char *text, struct known_version *version)
{
	return parse_version(text, version);
}

/* "6.1" or "6.1..6.12" */
static bool parse_range(struct known *known)
{
	const char *end = parse_version(known->kernels, &known->from);

	known->to = known->from;
	if (end && strncmp(end, "..", 2) == 0)
		end = parse_version(end + 2, &known->to);
	return end && !*end;
}

/* Compares as many numbers as the bound has: 6.12.30 is no more than 6.12. */
static int compare(const struct known_version *version, const struct known_version *bound)
{
	for (int i = 0; i < 3 && bound->part[i] >= 0; i++) {
		int part = version->part[i] < 0 ? 0 : version->part[i];

		if (part != bound->part[i])
			return part < bound->part[i] ? -1 : 1;
	}
	return 0;
}

static bool is_word(const char *pattern, const char *word)
{
	return strcmp(pattern, word) == 0;
}

static void check_kernels(struct reader *reader, struct known *known)
{
	if (is_word(known->kernels, "*") || is_word(known->kernels, "host"))
		return;
	if (!parse_range(known))
		complain(reader,
			 "no kernel '%s', expected host, a version such as 6.1, a range such as "
			 "6.1..6.12, or *",
			 known->kernels);
	else if (compare(&known->from, &known->to) > 0)
		complain(reader, "'%s' is empty, expected the older version first", known->kernels);
}

static bool is_broken_text(const char *text)
{
	return violation_from_name(text) != VIOLATION_NONE;
}

static void check_outcome(struct reader *reader, const struct known *known)
{
	if (is_word(known->outcome, "*") || is_broken_text(known->outcome) ||
	    strchr(known->outcome, '='))
		return;
	complain(reader,
		 "no outcome '%s', expected values such as 0:r0=2; x=3, deadlock, livelock, crash "
		 "or *",
		 known->outcome);
}

static void check_fault(struct reader *reader, const char *name, struct known *known)
{
	for (int i = 0; i < NR_KNOWN_FAULTS; i++) {
		if (strcmp(fault_names[i], name) == 0) {
			known->fault = (enum known_fault)i;
			return;
		}
	}
	complain(reader, "no fault '%s', expected kernel, model, facts or target", name);
}

/* Cut a line at its bars. Returns false after a complaint. */
static bool split(struct reader *reader, char *text, char **fields)
{
	static const char *const names[NR_FIELDS] = {"kernel", "test", "outcome", "fault",
						     "evidence"};
	char *rest = text;

	for (int i = 0; i < NR_FIELDS; i++) {
		char *field = i == NR_FIELDS - 1 ? rest : strsep(&rest, "|");

		if (!field || (i < NR_FIELDS - 1 && !rest)) {
			complain(reader, "no %s, expected " FIELDS, names[field ? i + 1 : i]);
			return false;
		}
		fields[i] = trim(field);
		if (!fields[i][0]) {
			complain(reader, "no %s, expected " FIELDS, names[i]);
			return false;
		}
	}
	return true;
}

static void no_memory(struct reader *reader)
{
	reader->status = tool_no_memory(reader->io);
}

static struct known *add_entry(struct known_list *list)
{
	struct known *entries = reallocarray(list->entries, (size_t)list->nr + 1, sizeof(*entries));

	if (!entries)
		return NULL;
	list->entries = entries;
	entries += list->nr++;
	memset(entries, 0, sizeof(*entries));
	return entries;
}

static void read_entry(struct reader *reader, const char *line)
{
	struct known *known = add_entry(reader->list);
	char *fields[NR_FIELDS];

	if (known)
		known->text = strdup(line);
	if (!known || !known->text) {
		no_memory(reader);
		return;
	}
	known->line = reader->line;
	known->kernels = known->tests = known->outcome = "";
	if (!split(reader, known->text, fields))
		return;
	known->kernels = fields[0];
	known->tests = fields[1];
	known->outcome = fields[2];
	known->evidence = strdup(fields[4]);
	if (!known->evidence) {
		no_memory(reader);
		return;
	}
	check_kernels(reader, known);
	check_outcome(reader, known);
	check_fault(reader, fields[3], known);
}

/* The evidence goes on. */
static void read_more(struct reader *reader, char *line)
{
	struct known *known;
	char *text;

	if (!reader->continues) {
		complain(reader, "nothing before this line, expected " FIELDS
				 " at the beginning of a line");
		return;
	}
	known = &reader->list->entries[reader->list->nr - 1];
	if (!known->evidence)
		return; /* it was complained about */
	if (asprintf(&text, "%s %s", known->evidence, trim(line)) < 0) {
		no_memory(reader);
		return;
	}
	free(known->evidence);
	known->evidence = text;
}

static void read_line(struct reader *reader, char *line)
{
	const char *first = line + strspn(line, " \t\r");

	if (!*first) {
		reader->continues = false;
		return;
	}
	if (*first == '#')
		return;
	if (first > line) {
		read_more(reader, line);
		return;
	}
	read_entry(reader, line);
	reader->continues = true;
}

int known_parse(struct known_list *list, const char *path, char *text, struct tool_io *io)
{
	struct reader reader = {.list = list, .io = io};
	char *rest = text;
	char *line;

	list->path = path;
	while ((line = strsep(&rest, "\n"))) {
		reader.line++;
		read_line(&reader, line);
	}
	return reader.status;
}

int known_read(struct known_list *list, const char *path, struct tool_io *io)
{
	char err[TOOL_MESSAGE_SIZE];
	size_t length;
	char *text = files_read_text(io, path, &length, err, sizeof(err));
	char *copy;
	int status;

	if (!text) {
		tool_complain(io, "%s", err);
		return TOOL_TROUBLE;
	}
	copy = strndup(text, length); /* with its end */
	free(text);
	if (!copy)
		return tool_no_memory(io);
	status = known_parse(list, path, copy, io);
	free(copy);
	return status;
}

void known_free(struct known_list *list)
{
	for (int i = 0; i < list->nr; i++) {
		free(list->entries[i].text);
		free(list->entries[i].evidence);
	}
	free(list->entries);
	list->entries = NULL;
	list->nr = 0;
}

static bool is_about_kernel(const struct known *known, const struct known_kernel *kernel)
{
	if (is_word(known->kernels, "*"))
		return true;
	if (is_word(known->kernels, "host"))
		return kernel->is_host;
	return kernel->has_version && compare(&kernel->version, &known->from) >= 0 &&
	       compare(&kernel->version, &known->to) <= 0;
}

bool known_is_about(const struct known *known, const struct known_kernel *kernel, const char *test)
{
	return is_about_kernel(known, kernel) && fnmatch(known->tests, test, 0) == 0;
}

static bool is_about_outcome(const struct known *known, const struct litmus_test *test,
			     const struct outcome *outcome)
{
	char text[256], err[TOOL_MESSAGE_SIZE];

	if (is_word(known->outcome, "*"))
		return true;
	if (!outcome->values)
		return is_word(known->outcome,
			       violation_set_names(outcome->violations, text, sizeof(text)));
	return !is_broken_text(known->outcome) &&
	       outcome_has(test, outcome, known->outcome, err, sizeof(err));
}

struct known *known_find(const struct known_list *list, const struct known_kernel *kernel,
			 const struct litmus_test *test, const struct outcome *outcome)
{
	for (int i = 0; i < list->nr; i++) {
		struct known *known = &list->entries[i];

		if (known_is_about(known, kernel, test->name) &&
		    is_about_outcome(known, test, outcome))
			return known;
	}
	return NULL;
}
