/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_get.c - read one JSON document and print the value at a path: json_get tests 0 name */

#include <jansson.h>
#include <stdlib.h>

/* One step of the path: the key of an object, or the index of an array. */
static json_t *descend(json_t *value, const char *step)
{
	if (json_is_object(value))
		return json_object_get(value, step);
	if (json_is_array(value))
		return json_array_get(value, (size_t)strtoul(step, NULL, 10));
	return NULL;
}

int main(int argc, char **argv)
{
	json_error_t error;
	json_t *document = json_loadf(stdin, 0, &error);
	json_t *value = document;

	if (!document) {
		fprintf(stderr, "json_get: line %d: %s\n", error.line, error.text);
		return 1;
	}
	for (int i = 1; i < argc && value; i++) {
		if (json_is_array(value) && argv[i][0] == '#') {
			printf("%zu\n", json_array_size(value));
			json_decref(document);
			return 0;
		}
		value = descend(value, argv[i]);
	}
	if (!value) {
		fprintf(stderr, "json_get: no such value\n");
		json_decref(document);
		return 1;
	}
	if (json_is_string(value))
		puts(json_string_value(value));
	else {
		json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
		putchar('\n');
	}
	json_decref(document);
	return 0;
}
