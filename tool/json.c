/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.c - the objects that the JSON documents are made of */

#include "tool/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void json_put(struct json *json, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		json->lost = true;
}

void json_push(struct json *json, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) < 0)
		json->lost = true;
}

/* File names can be any bytes, JSON can't. */
static json_t *ascii_text(const char *text)
{
	char *copy = strdup(text);
	json_t *string;

	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	string = json_string(copy);
	free(copy);
	return string;
}

json_t *json_text(const char *text)
{
	json_t *string;

	if (!text)
		return json_null();
	string = json_string(text);
	return string ? string : ascii_text(text);
}

json_t *json_value(int64_t value)
{
	char text[32], number[32];

	litmus_value_text(value, text, sizeof(text));
	snprintf(number, sizeof(number), "%lld", (long long)value);
	return strcmp(text, number) == 0 ? json_integer(value) : json_string(text);
}

json_t *json_kind(const struct litmus_test *test)
{
	const struct litmus_kind *kind = litmus_kind_of(test);
	char text[64];

	return json_text(kind ? litmus_kind_text(*kind, text, sizeof(text)) : NULL);
}

json_t *json_violations(struct json *json, unsigned violations)
{
	json_t *array = json_array();

	for (int kind = 0; kind < VIOLATION_KINDS; kind++) {
		if (violations & (1u << kind))
			json_push(json, array,
				  json_string(violation_name((enum violation)(1u << kind))));
	}
	return array;
}

json_t *json_rules(struct json *json, const struct mm_rules *rules)
{
	json_t *object = json_object();

	for (int i = 0; i < mm_nr_rule_fields; i++) {
		const struct mm_rule_field *field = &mm_rule_fields[i];
		int value = mm_rules_get(rules, field);

		json_put(json, object, field->name, json_string(field->values[value].name));
	}
	return object;
}

json_t *json_target(struct json *json, const struct target *target)
{
	static const char *const kinds[] = {
		[TARGET_SPEC] = "spec",
		[TARGET_MODEL] = "model",
		[TARGET_HOST] = "host",
		[TARGET_VM] = "vm",
	};
	json_t *object = json_object();
	char name[256];

	json_put(json, object, "name", json_text(target_full_name(target, name, sizeof(name))));
	json_put(json, object, "kind", json_string(kinds[target->kind]));
	json_put(json, object, "era", json_text(target->era ? target->era->name : NULL));
	if (target->kind == TARGET_MODEL) {
		json_put(json, object, "changed", json_boolean(target->changed));
		json_put(json, object, "rules", json_rules(json, &target->rules));
	}
	return object;
}

static json_t *outcome_values(struct json *json, const struct litmus_test *test,
			      const int64_t *values)
{
	json_t *object = json_object();
	char name[128];

	for (int i = 0; i < test->nr_observables; i++)
		json_put(json, object, litmus_observable_text(test, i, name, sizeof(name)),
			 json_value(values[i]));
	return object;
}

struct schedule_writer {
	struct json *json;
	const struct litmus_test *test;
	json_t *array;
};

static void write_step(void *context, const struct replay_step *step)
{
	struct schedule_writer *writer = context;
	char text[256];
	json_t *object;

	if (step->number == 0)
		return;
	object = json_object();
	json_put(writer->json, object, "task", json_integer(step->task));
	if (step->op)
		litmus_op_text(writer->test, step->task, step->op, text, sizeof(text));
	json_put(writer->json, object, "op", step->op ? json_text(text) : json_null());
	json_put(writer->json, object, "result", json_text(step->result));
	json_push(writer->json, writer->array, object);
}

/* null where there is none: on a real kernel. */
static json_t *schedule(struct json *json, const struct litmus_test *test,
			const struct target *target, const struct run_options *options,
			const struct outcome *outcome)
{
	struct schedule_writer writer = {json, test, NULL};

	if (!outcome->schedule)
		return json_null();
	writer.array = json_array();
	if (run_replay(test, target, options, outcome, write_step, &writer) == -ENOMEM)
		json->lost = true;
	return writer.array;
}

json_t *json_outcome(struct json *json, const struct litmus_test *test, const struct target *target,
		     const struct run_options *options, const struct outcome *outcome)
{
	json_t *object = json_object();
	char text[LITMUS_OUTCOME_SIZE];

	if (outcome->values) {
		litmus_outcome_text(test, outcome->values, text, sizeof(text));
		json_put(json, object, "values", outcome_values(json, test, outcome->values));
		json_put(json, object, "text", json_text(text));
	} else {
		json_put(json, object, "values", json_null());
		json_put(json, object, "text", json_null());
	}
	json_put(json, object, "count", json_integer((json_int_t)outcome->count));
	json_put(json, object, "holds", json_boolean(outcome->holds));
	json_put(json, object, "violations", json_violations(json, outcome->violations));
	json_put(json, object, "detail", json_text(outcome->detail));
	json_put(json, object, "schedule", schedule(json, test, target, options, outcome));
	return object;
}

int json_print(struct json *json, json_t *document, struct tool_io *io)
{
	int ret;

	if (json->lost || !document) {
		json_decref(document);
		return tool_no_memory(io);
	}
	ret = json_dumpf(document, io->out, JSON_INDENT(1));
	json_decref(document);
	fputc('\n', io->out);
	/* A write error also marks the stream, and is reported once, at the end. */
	return ret < 0 && !ferror(io->out) ? tool_no_memory(io) : TOOL_OK;
}
