/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h - the objects that the JSON documents are made of */
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include <jansson.h>

#include "tool/run.h"

/*
 * A document in the making. What could not be made or put for want of memory is left out and sets
 * `lost`; json_print() then refuses to print the document.
 */
struct json {
	bool lost;
};

/* Put a new reference into an object or an array; NULL is a value that could not be made. */
void json_put(struct json *json, json_t *object, const char *key, json_t *value);
void json_push(struct json *json, json_t *array, json_t *value);

/* A string; NULL gives null, and bytes that are no UTF-8 become '?'. */
json_t *json_text(const char *text);

/* A number, or a name such as "SIGSEGV" or "-EFAULT". */
json_t *json_value(int64_t value);

/* The kind of memory that a member of a family is for, or null. */
json_t *json_kind(const struct litmus_test *test);

/* ["lost-dma", "leak"] */
json_t *json_violations(struct json *json, unsigned violations);

/* {"wp_reuse": "refcount", ...} */
json_t *json_rules(struct json *json, const struct mm_rules *rules);

/* {"name", "kind", "era", "changed", "rules"} */
json_t *json_target(struct json *json, const struct target *target);

/* {"values", "text", "count", "holds", "violations", "detail", "schedule"} */
json_t *json_outcome(struct json *json, const struct litmus_test *test, const struct target *target,
		     const struct run_options *options, const struct outcome *outcome);

/* Print the document and a newline, and drop it. Returns an enum tool_status. */
int json_print(struct json *json, json_t *document, struct tool_io *io);

#endif
