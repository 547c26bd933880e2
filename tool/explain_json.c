/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_json.c - a schedule as one JSON document; cowherd(1) describes its keys */

#include "tool/explain.h"

#include <errno.h>
#include <string.h>

#include "tool/json.h"

struct step_writer {
	struct json *json;
	const struct litmus_test *test;
	json_t *steps;
};

static json_t *make_view(struct json *json, const struct view *view)
{
	json_t *array = json_array();

	for (int i = 0; view && i < view->nr_lines; i++) {
		json_t *line = json_object();

		json_put(json, line, "key", json_text(view->lines[i].key));
		json_put(json, line, "text", json_text(view->lines[i].text));
		json_push(json, array, line);
	}
	return array;
}

static json_t *make_lines(struct json *json, const struct replay_step *step)
{
	json_t *array = json_array();

	for (int i = 0; i < step->nr_lines; i++) {
		json_t *line = json_object();

		json_put(json, line, "file", json_text(step->lines[i].file));
		json_put(json, line, "function", json_text(step->lines[i].function));
		json_put(json, line, "line", json_integer(step->lines[i].number));
		json_push(json, array, line);
	}
	return array;
}

static void write_step(void *context, const struct replay_step *step)
{
	struct step_writer *writer = context;
	struct json *json = writer->json;
	json_t *object = json_object();
	bool is_task = step->task >= 0;
	char text[256];

	if (step->op)
		litmus_op_text(writer->test, step->task, step->op, text, sizeof(text));
	json_put(json, object, "number", json_integer(step->number));
	json_put(json, object, "task", is_task ? json_integer(step->task) : json_null());
	json_put(json, object, "op", json_text(step->op ? text : NULL));
	json_put(json, object, "result", json_text(step->result));
	json_put(json, object, "violations", json_violations(json, step->violations));
	json_put(json, object, "detail", json_text(step->detail));
	json_put(json, object, "view", make_view(json, step->view));
	json_put(json, object, "lines", make_lines(json, step));
	json_push(json, writer->steps, object);
}

static json_t *make_nearest(struct json *json, const struct explanation *explanation)
{
	const struct litmus_test *test = explanation->test;
	const struct run_result *spec = explanation->spec;
	const int64_t *values = explanation->outcome->values;
	json_t *array = json_array();
	char text[LITMUS_OUTCOME_SIZE];
	int nearest;

	if (!values)
		return array;
	nearest = outcome_nearest(test, spec, values);
	for (int i = 0; i < spec->nr_outcomes; i++) {
		const int64_t *allowed = spec->outcomes[i].values;

		if (allowed && litmus_distance(test, allowed, values) == nearest)
			json_push(
				json, array,
				json_text(litmus_outcome_text(test, allowed, text, sizeof(text))));
	}
	return array;
}

static bool is_allowed(const struct explanation *explanation)
{
	const int64_t *values = explanation->outcome->values;

	return values && outcome_is_allowed(explanation->test, explanation->spec, values);
}

int explain_in_json(const struct explanation *explanation)
{
	static const char *const reasons[] = {
		[EXPLAIN_VIOLATION] = "violation",
		[EXPLAIN_CONDITION] = "condition",
		[EXPLAIN_END] = "end",
		[EXPLAIN_CHOSEN] = "chosen",
	};
	struct json json = {0};
	json_t *document = json_object();
	struct step_writer writer = {&json, explanation->test, json_array()};
	int ret = run_replay(explanation->test, explanation->target, explanation->options,
			     explanation->outcome, write_step, &writer);

	json.lost |= ret == -ENOMEM;
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "test", json_text(explanation->test->name));
	json_put(&json, document, "file", json_text(explanation->path));
	json_put(&json, document, "deadlocks", json_boolean(explain_deadlocks(explanation)));
	json_put(&json, document, "kind", json_kind(explanation->test));
	json_put(&json, document, "strict", json_boolean(explanation->options->strict));
	json_put(&json, document, "target", json_target(&json, explanation->target));
	json_put(&json, document, "reason", json_string(reasons[explanation->reason]));
	json_put(&json, document, "complete",
		 json_boolean(explanation->result->status == RUN_DONE));
	json_put(&json, document, "steps", writer.steps);
	json_put(&json, document, "outcome",
		 json_outcome(&json, explanation->test, explanation->target, explanation->options,
			      explanation->outcome));
	json_put(&json, document, "allowed", json_boolean(is_allowed(explanation)));
	json_put(&json, document, "nearest", make_nearest(&json, explanation));
	if (ret == -EINVAL)
		tool_complain(explanation->io, "%s: the schedule could not be replayed",
			      explanation->path);
	if (ret == -EINVAL) {
		json_decref(document);
		return TOOL_TROUBLE;
	}
	return json_print(&json, document, explanation->io);
}
