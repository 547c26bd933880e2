/* SPDX-License-Identifier: GPL-2.0-or-later */
/* eras_json.c - the table of rules as one JSON document; cowherd(1) describes its keys */

#include "tool/eras.h"

#include "tool/json.h"

static json_t *make_field(struct json *json, const struct mm_rule_field *field)
{
	json_t *object = json_object();
	json_t *values = json_array();

	json_put(json, object, "name", json_text(field->name));
	json_put(json, object, "what", json_text(field->what));
	for (int i = 0; i < field->nr_values; i++) {
		json_t *value = json_object();

		json_put(json, value, "name", json_text(field->values[i].name));
		json_put(json, value, "what", json_text(field->values[i].what));
		json_put(json, value, "commit", json_text(field->values[i].commit));
		json_push(json, values, value);
	}
	json_put(json, object, "values", values);
	return object;
}

static json_t *make_era(struct json *json, const struct mm_era *era)
{
	json_t *object = json_object();

	json_put(json, object, "name", json_text(era->name));
	json_put(json, object, "what", json_text(era->what));
	json_put(json, object, "released", json_boolean(era->released));
	json_put(json, object, "base", json_text(era->released ? NULL : eras_base(era)->name));
	json_put(json, object, "rules", json_rules(json, &era->rules));
	return object;
}

static json_t *make_choice(struct json *json, const char *era, struct mm_rule_choice choice)
{
	json_t *object = json_object();

	json_put(json, object, "era", json_text(era));
	json_put(json, object, "rule", json_text(choice.field));
	json_put(json, object, "value", json_text(choice.value));
	return object;
}

static json_t *make_bug(struct json *json, const struct mm_bug *bug)
{
	json_t *object = json_object();

	json_put(json, object, "name", json_text(bug->name));
	json_put(json, object, "what", json_text(bug->what));
	json_put(json, object, "with", make_choice(json, bug->era, bug->bug));
	json_put(json, object, "without", make_choice(json, bug->era, bug->fix));
	json_put(json, object, "brought", json_text(bug->brought));
	json_put(json, object, "fixed", json_text(bug->fixed));
	return object;
}

static json_t *make_backport(struct json *json, const struct mm_backport *backport)
{
	json_t *object = json_object();
	char release[32];

	snprintf(release, sizeof(release), "%d.%d.%d", backport->series.major,
		 backport->series.minor, backport->since);
	json_put(json, object, "since", json_text(release));
	json_put(json, object, "rule", json_text(backport->rule.field));
	json_put(json, object, "value", json_text(backport->rule.value));
	json_put(json, object, "commit", json_text(backport->commit));
	return object;
}

static bool is_shown(const struct eras_request *request, const struct mm_rule_field *field)
{
	return request->nr_eras < 2 ||
	       eras_value(&request->eras[0], field) != eras_value(&request->eras[1], field);
}

int eras_in_json(const struct eras_request *request, struct tool_io *io)
{
	struct json json = {0};
	json_t *document = json_object();
	json_t *eras = json_array();
	json_t *fields = json_array();
	json_t *bugs = json_array();
	json_t *backports = json_array();

	for (int i = 0; i < request->nr_eras; i++)
		json_push(&json, eras, make_era(&json, &request->eras[i]));
	for (int i = 0; request->nr_eras == 0 && i < mm_nr_eras; i++)
		json_push(&json, eras, make_era(&json, &mm_eras[i]));
	for (int i = 0; i < mm_nr_rule_fields; i++) {
		if (is_shown(request, &mm_rule_fields[i]))
			json_push(&json, fields, make_field(&json, &mm_rule_fields[i]));
	}
	json_put(&json, document, "cowherd", json_string(COWHERD_VERSION));
	json_put(&json, document, "eras", eras);
	for (int i = 0; request->nr_eras == 0 && i < mm_nr_bugs; i++)
		json_push(&json, bugs, make_bug(&json, &mm_bugs[i]));
	for (int i = 0; request->nr_eras == 0 && i < mm_nr_backports; i++)
		json_push(&json, backports, make_backport(&json, &mm_backports[i]));
	json_put(&json, document, "fields", fields);
	json_put(&json, document, "bugs", bugs);
	json_put(&json, document, "backports", backports);
	return json_print(&json, document, io);
}
