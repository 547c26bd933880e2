/* SPDX-License-Identifier: GPL-2.0-or-later */
/* targets.c - read --on and --rules */

#include "tool/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "mm/stable.h"
#include "targets/kernels.h"
#include "tool/suggest.h"
#include "tool/text.h"

#define MAX_NAMES    64
#define VERSION_SIZE 64

static int no_memory(char *err, size_t err_size)
{
	snprintf(err, err_size, "out of memory");
	return -1;
}

void targets_free(struct target_list *list)
{
	for (int i = 0; i < list->nr; i++)
		free(list->targets[i].name);
	free(list->targets);
	list->targets = NULL;
	list->nr = 0;
}

static bool is_listed(const struct target_list *list, const char *name)
{
	for (int i = 0; i < list->nr; i++) {
		if (strcmp(list->targets[i].name, name) == 0)
			return true;
	}
	return false;
}

static int append(struct target_list *list, const char *name, struct target target, char *err,
		  size_t err_size)
{
	struct target *targets;

	if (is_listed(list, name))
		return 0;
	targets = reallocarray(list->targets, (size_t)list->nr + 1, sizeof(*targets));
	if (!targets)
		return no_memory(err, err_size);
	list->targets = targets;
	target.name = strdup(name);
	if (!target.name)
		return no_memory(err, err_size);
	targets[list->nr++] = target;
	return 0;
}

int targets_append(struct target_list *list, const struct target_list *from, char *err,
		   size_t err_size)
{
	for (int i = 0; i < from->nr; i++) {
		if (append(list, from->targets[i].name, from->targets[i], err, err_size) < 0)
			return -1;
	}
	return 0;
}

static int append_era(struct target_list *list, const char *name, const struct mm_era *era,
		      char *err, size_t err_size)
{
	struct target target = {.kind = TARGET_MODEL, .era = era};

	target.stable = mm_rules_find(name, &target.rules) > 0;
	return append(list, name, target, err, err_size);
}

static int append_all_eras(struct target_list *list, char *err, size_t err_size)
{
	for (int i = 0; i < mm_nr_eras; i++) {
		if (append_era(list, mm_eras[i].name, &mm_eras[i], err, err_size) < 0)
			return -1;
	}
	return 0;
}

void target_set_kernel(struct target *target, const char *release, const char *version)
{
	snprintf(target->version, sizeof(target->version), "%s", version);
	if (strcmp(release, version) == 0)
		snprintf(target->release, sizeof(target->release), "%s", release);
	else
		snprintf(target->release, sizeof(target->release), "%s (%s)", release, version);
	target->era = mm_era_find(version);
	if (!target->era)
		return;
	if (mm_rules_find(version, &target->rules) > 0)
		snprintf(target->model, sizeof(target->model), "v%.*s",
			 (int)strspn(version, "0123456789."), version);
	else
		snprintf(target->model, sizeof(target->model), "%s", target->era->name);
}

/* Debian's is in "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-1 (2026-11-20)". */
static const char *host_version(const struct utsname *name, char version[VERSION_SIZE])
{
	const char *debian = strstr(name->version, "Debian ");

	if (!debian)
		return name->release;
	debian += strlen("Debian ");
	snprintf(version, VERSION_SIZE, "%.*s", (int)strspn(debian, "0123456789."), debian);
	return version;
}

static int append_host(struct target_list *list, char *err, size_t err_size)
{
	struct target target = {.kind = TARGET_HOST};
	char version[VERSION_SIZE];
	struct utsname name;

	if (uname(&name) == 0)
		target_set_kernel(&target, name.release, host_version(&name, version));
	return append(list, "host", target, err, err_size);
}

/* "vm:6.1" */
static int append_machine(struct target_list *list, const char *name, char *err, size_t err_size)
{
	struct target target = {.kind = TARGET_VM};
	struct kernel kernel;

	if (kernel_find(name + strlen("vm:"), &kernel, err, err_size) < 0)
		return -1;
	target_set_kernel(&target, kernel.release, kernel.version);
	kernel_free(&kernel);
	return append(list, name, target, err, err_size);
}

static int append_cached(struct target_list *list, const struct kernel_list *kernels, char *err,
			 size_t err_size)
{
	if (kernels->nr == 0) {
		snprintf(err, err_size,
			 "no kernels for 'vm', expected some in the cache "
			 "('cowherd kernels fetch')");
		return -1;
	}
	for (int i = 0; i < kernels->nr; i++) {
		char name[256];

		snprintf(name, sizeof(name), "vm:%s", kernels->kernels[i].name);
		if (append_machine(list, name, err, err_size) < 0)
			return -1;
	}
	return 0;
}

static int append_all_machines(struct target_list *list, char *err, size_t err_size)
{
	struct kernel_list kernels = {0};
	int ret = kernels_cached(&kernels, err, err_size);

	if (ret == 0)
		ret = append_cached(list, &kernels, err, err_size);
	kernels_free(&kernels);
	return ret;
}

static int newest_major(void)
{
	int major = 0;

	for (int i = 0; i < mm_nr_eras; i++)
		if (mm_eras[i].since.major > major)
			major = mm_eras[i].since.major;
	return major;
}

/* "v6" or "6" */
static bool is_major_alone(const char *name)
{
	const char *digits = name + (name[0] == 'v');

	return digits[0] && digits[strspn(digits, "0123456789")] == '\0';
}

const struct mm_era *targets_find_era(const char *name)
{
	const struct mm_era *era = mm_era_find(name);
	struct mm_version version;

	/* What is much newer than all that we know is a slip of the fingers. */
	if (era && !mm_era_named(name) && mm_version_parse(name, &version) &&
	    version.major > newest_major() + 1)
		return NULL;
	return era;
}

void targets_unknown_era(const char *name, char *err, size_t err_size)
{
	const char *names[MAX_NAMES];
	struct mm_version version;
	const char *near;
	int nr = 0;

	if (mm_version_parse(name, &version)) {
		snprintf(err, err_size, "no era for '%s', expected a version from %s to v%d.x",
			 name, mm_eras[0].name, newest_major() + 1);
		return;
	}
	if (is_major_alone(name)) {
		snprintf(err, err_size, "no era '%s', expected two numbers such as v%s.0", name,
			 name + (name[0] == 'v'));
		return;
	}
	for (int i = 0; i < mm_nr_eras && nr < MAX_NAMES; i++)
		names[nr++] = mm_eras[i].name;
	near = suggest_nearest(name, names, nr);
	snprintf(err, err_size, "no era '%s', %s%s%s", name,
		 near ? "did you mean '" : "expected a version such as v6.1 or a name that ",
		 near ? near : "'cowherd eras' lists", near ? "'?" : "");
}

static void unknown_target(const char *text, char *err, size_t err_size)
{
	static const char *const words[] = {"spec", "model", "host", "vm"};
	struct mm_version version;
	const char *near = suggest_nearest(text, words, 4);

	if (targets_find_era(text)) {
		snprintf(err, err_size, "no target '%s', did you mean 'model:%s'?", text, text);
		return;
	}
	if (is_major_alone(text) || mm_version_parse(text, &version)) {
		targets_unknown_era(text, err, err_size);
		text_append(err, err_size, " behind 'model:'");
		return;
	}
	if (near) {
		snprintf(err, err_size, "no target '%s', did you mean '%s'?", text, near);
		return;
	}
	snprintf(err, err_size,
		 "no target '%s', expected spec, model, model:ERA, host, vm or vm:KERNEL", text);
}

static int add_one(struct target_list *list, const char *text, char *err, size_t err_size)
{
	const struct mm_era *era;

	if (strcmp(text, "spec") == 0)
		return append(list, text, (struct target){.kind = TARGET_SPEC}, err, err_size);
	if (strcmp(text, "model") == 0)
		return append_all_eras(list, err, err_size);
	if (strcmp(text, "host") == 0)
		return append_host(list, err, err_size);
	if (strcmp(text, "vm") == 0)
		return append_all_machines(list, err, err_size);
	if (strncmp(text, "vm:", 3) == 0)
		return append_machine(list, text, err, err_size);
	if (strncmp(text, "model:", 6) != 0) {
		unknown_target(text, err, err_size);
		return -1;
	}
	era = targets_find_era(text + 6);
	if (!era) {
		targets_unknown_era(text + 6, err, err_size);
		return -1;
	}
	return append_era(list, text + 6, era, err, err_size);
}

int targets_add(struct target_list *list, const char *text, char *err, size_t err_size)
{
	char *copy = strdup(text);
	char *rest = copy;
	char *word;
	int ret = 0;

	if (!copy)
		return no_memory(err, err_size);
	while (ret == 0 && (word = strsep(&rest, ",")))
		ret = add_one(list, word, err, err_size);
	free(copy);
	return ret;
}

static const struct mm_rule_field *find_field(const char *name, char *err, size_t err_size)
{
	const char *names[MAX_NAMES];
	const char *near;
	int nr = 0;

	for (int i = 0; i < mm_nr_rule_fields && nr < MAX_NAMES; i++) {
		if (strcmp(mm_rule_fields[i].name, name) == 0)
			return &mm_rule_fields[i];
		names[nr++] = mm_rule_fields[i].name;
	}
	near = suggest_nearest(name, names, nr);
	snprintf(err, err_size, "no rule '%s', %s%s%s", name,
		 near ? "did you mean '" : "expected one that ",
		 near ? near : "'cowherd eras' lists", near ? "'?" : "");
	return NULL;
}

static int find_value(const struct mm_rule_field *field, const char *name, char *err,
		      size_t err_size)
{
	for (int i = 0; i < field->nr_values; i++) {
		if (strcmp(field->values[i].name, name) == 0)
			return i;
	}
	snprintf(err, err_size, "no value '%s' of %s, expected", name, field->name);
	for (int i = 0; i < field->nr_values; i++) {
		const char *before = i == 0 ? " " : i == field->nr_values - 1 ? " or " : ", ";

		text_append(err, err_size, "%s%s", before, field->values[i].name);
	}
	return -1;
}

static int change_rule(struct mm_rules *rules, char *text, char *err, size_t err_size)
{
	const struct mm_rule_field *field;
	char *equals = strchr(text, '=');
	int value;

	if (!equals) {
		snprintf(err, err_size, "'%s' is no rule, expected field=value", text);
		return -1;
	}
	*equals = '\0';
	field = find_field(text, err, err_size);
	if (!field)
		return -1;
	value = find_value(field, equals + 1, err, err_size);
	if (value < 0)
		return -1;
	mm_rules_set(rules, field, value);
	return 0;
}

static int parse_rules(char *text, struct target *target, char *err, size_t err_size)
{
	char *rest = text;
	char *word = strsep(&rest, ",");

	if (!rest) {
		snprintf(err, err_size, "'%s' changes no rule, expected ERA,field=value", text);
		return -1;
	}
	target->era = targets_find_era(word);
	if (!target->era) {
		targets_unknown_era(word, err, err_size);
		return -1;
	}
	target->rules = target->era->rules;
	while ((word = strsep(&rest, ","))) {
		if (change_rule(&target->rules, word, err, err_size) < 0)
			return -1;
	}
	return 0;
}

int targets_add_rules(struct target_list *list, const char *text, char *err, size_t err_size)
{
	struct target target = {.kind = TARGET_MODEL, .changed = true};
	char *copy = strdup(text);
	int ret;

	if (!copy)
		return no_memory(err, err_size);
	ret = parse_rules(copy, &target, err, err_size);
	free(copy);
	if (ret < 0)
		return ret;
	return append(list, text, target, err, err_size);
}

bool target_is_kernel(const struct target *target)
{
	return target->kind == TARGET_HOST || target->kind == TARGET_VM;
}

char *target_full_name(const struct target *target, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", target->kind == TARGET_MODEL ? "model:" : "", target->name);
	return buf;
}
