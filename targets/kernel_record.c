/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_record.c - kernel.json: which files a kernel in the cache has, and their hashes
 *
 * The document has a hash of itself, too: of all its other members, in jansson's compact form with
 * sorted keys.
 */
#include "targets/kernel_record.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "targets/kernel_cache.h"
#include "targets/kernel_fail.h"

#define FORMAT      1
#define MAX_MODULES 999
#define COMPACT     (JSON_COMPACT | JSON_SORT_KEYS)

void kernel_record_free(struct kernel_record *record)
{
	kernel_free(&record->kernel);
	free(record->files);
	*record = (struct kernel_record){0};
}

static void hash_text(XXH128_hash_t hash, char text[KERNEL_HASH_SIZE])
{
	snprintf(text, KERNEL_HASH_SIZE, "%016llx%016llx", (unsigned long long)hash.high64,
		 (unsigned long long)hash.low64);
}

static int hash_stream(FILE *stream, XXH3_state_t *state, struct kernel_file *file)
{
	unsigned char block[1 << 16];
	size_t size;

	XXH3_128bits_reset(state);
	file->size = 0;
	while ((size = fread(block, 1, sizeof(block), stream)) > 0) {
		XXH3_128bits_update(state, block, size);
		file->size += size;
	}
	hash_text(XXH3_128bits_digest(state), file->hash);
	return ferror(stream) ? -1 : 0;
}

int kernel_file_measure(const char *path, struct kernel_file *file)
{
	FILE *stream = fopen(path, "re");
	XXH3_state_t *state = XXH3_createState();
	int ret = -1, error = ENOMEM;

	if (stream && state) {
		ret = hash_stream(stream, state, file);
		error = errno;
	} else if (!stream) {
		error = errno;
	}
	XXH3_freeState(state);
	if (stream)
		fclose(stream);
	errno = error;
	return ret;
}

/* Of the document without its own hash. */
static int hash_document(json_t *document, char hash[KERNEL_HASH_SIZE])
{
	json_t *bare = json_copy(document);
	char *text;

	if (!bare)
		return -1;
	json_object_del(bare, "xxh128");
	text = json_dumps(bare, COMPACT);
	json_decref(bare);
	if (!text)
		return -1;
	hash_text(XXH3_128bits(text, strlen(text)), hash);
	free(text);
	return 0;
}

static json_t *pack_file(const struct kernel_file *file)
{
	return json_pack("{s:s, s:I, s:s}", "path", file->path, "size", (json_int_t)file->size,
			 "xxh128", file->hash);
}

static json_t *pack_record(const struct kernel_record *record)
{
	const struct kernel *kernel = &record->kernel;
	json_t *document, *modules = json_array();
	char hash[KERNEL_HASH_SIZE];
	int ret = 0;

	for (int i = 1; i < record->nr_files; i++)
		ret |= json_array_append_new(modules, pack_file(&record->files[i]));
	document = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s?, s:o, s:o}", "format", FORMAT, "name",
			     kernel->name, "release", kernel->release, "version", kernel->version,
			     "origin", kernel->origin, "package", kernel->package, "image",
			     pack_file(&record->files[0]), "modules", modules);
	if (!document || ret < 0 || hash_document(document, hash) < 0 ||
	    json_object_set_new(document, "xxh128", json_string(hash)) < 0) {
		json_decref(document);
		return NULL;
	}
	return document;
}

int kernel_record_write(const char *dir, const struct kernel_record *record, char *err,
			size_t err_size)
{
	json_t *document = pack_record(record);
	char path[KERNEL_PATH_SIZE];
	int ret;

	/* jansson takes only UTF-8; all that may be something else is where a file came from. */
	if (!document)
		return kernel_fail(err, err_size, "%s: not UTF-8, or out of memory",
				   record->kernel.origin);
	snprintf(path, sizeof(path), "%s/kernel.json", dir);
	errno = 0;
	ret = json_dump_file(document, path, JSON_INDENT(1));
	json_decref(document);
	if (ret < 0 || kernel_sync(path) < 0)
		return kernel_fail(err, err_size, "%s: %s", path, strerror(errno ? errno : ENOMEM));
	return 0;
}

/* A path in the kernel's own directory: "image" or "modules/NAME.ko". */
static bool is_path(const char *path)
{
	const char *name = strncmp(path, "modules/", 8) == 0 ? path + 8 : path;

	return name[0] && name[0] != '.' && !strchr(name, '/');
}

static int unpack_file(json_t *object, struct kernel_file *file)
{
	const char *path, *hash;
	json_int_t size;

	if (json_unpack(object, "{s:s, s:I, s:s}", "path", &path, "size", &size, "xxh128", &hash) <
		    0 ||
	    size < 0 || strlen(path) >= sizeof(file->path) || !is_path(path) ||
	    strlen(hash) >= sizeof(file->hash))
		return -1;
	snprintf(file->path, sizeof(file->path), "%s", path);
	snprintf(file->hash, sizeof(file->hash), "%s", hash);
	file->size = (uint64_t)size;
	return 0;
}

static int unpack_files(json_t *image, json_t *modules, struct kernel_record *record)
{
	size_t nr = json_array_size(modules);

	if (!json_is_array(modules) || nr > MAX_MODULES)
		return -1;
	record->files = calloc(nr + 1, sizeof(*record->files));
	record->nr_files = (int)nr + 1;
	if (!record->files || unpack_file(image, &record->files[0]) < 0)
		return -1;
	for (size_t i = 0; i < nr; i++) {
		if (unpack_file(json_array_get(modules, i), &record->files[i + 1]) < 0)
			return -1;
	}
	return 0;
}

/* The paths of the files, in struct kernel. Returns 0, or -1 without memory. */
static int fill_paths(const char *cache, struct kernel_record *record)
{
	struct kernel *kernel = &record->kernel;

	kernel->modules = calloc((size_t)record->nr_files, sizeof(*kernel->modules));
	if (!kernel->modules)
		return -1;
	for (int i = 0; i < record->nr_files; i++) {
		char **path = i ? &kernel->modules[i - 1] : &kernel->image;

		if (asprintf(path, "%s/%s/%s", cache, kernel->name, record->files[i].path) < 0) {
			*path = NULL;
			return -1;
		}
		kernel->nr_modules = i;
		kernel->size += record->files[i].size;
	}
	return 0;
}

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static int unpack_record(const char *cache, json_t *document, struct kernel_record *record)
{
	const char *name, *release, *version, *origin;
	json_t *image, *modules;
	int format;

	if (json_unpack(document, "{s:i, s:s, s:s, s:s, s:s, s:o, s:o}", "format", &format, "name",
			&name, "release", &release, "version", &version, "origin", &origin, "image",
			&image, "modules", &modules) < 0 ||
	    format != FORMAT || unpack_files(image, modules, record) < 0)
		return -1;
	record->kernel = (struct kernel){
		.name = copy(name),
		.release = copy(release),
		.version = copy(version),
		.origin = copy(origin),
		.package = copy(json_string_value(json_object_get(document, "package"))),
	};
	if (!record->kernel.name || !record->kernel.release || !record->kernel.version ||
	    !record->kernel.origin)
		return -1;
	return fill_paths(cache, record);
}

/* Is the document as it was written, under this name? */
static bool is_intact(json_t *document, const char *name)
{
	const char *stored = json_string_value(json_object_get(document, "xxh128"));
	const char *own = json_string_value(json_object_get(document, "name"));
	char hash[KERNEL_HASH_SIZE];

	return stored && own && strcmp(own, name) == 0 && hash_document(document, hash) == 0 &&
	       strcmp(stored, hash) == 0;
}

int kernel_record_read(const char *cache, const char *name, struct kernel_record *record, char *err,
		       size_t err_size)
{
	char path[KERNEL_PATH_SIZE];
	json_error_t error;
	json_t *document;
	int ret = -1;

	*record = (struct kernel_record){0};
	snprintf(path, sizeof(path), "%s/%s/kernel.json", cache, name);
	if (access(path, R_OK) < 0)
		return kernel_fail(err, err_size, "kernel.json: %s", strerror(errno));
	document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (document && is_intact(document, name))
		ret = unpack_record(cache, document, record);
	json_decref(document);
	if (ret == 0)
		return 0;
	kernel_record_free(record);
	return kernel_fail(err, err_size, "kernel.json is not as it was written");
}

static int check_file(const char *path, const struct kernel_file *file, char *err, size_t err_size)
{
	struct kernel_file found = {0};

	if (kernel_file_measure(path, &found) < 0)
		return kernel_fail(err, err_size, "%s: %s", file->path, strerror(errno));
	if (found.size != file->size)
		return kernel_fail(err, err_size, "%s has %llu bytes, expected %llu", file->path,
				   (unsigned long long)found.size, (unsigned long long)file->size);
	if (strcmp(found.hash, file->hash) != 0)
		return kernel_fail(err, err_size, "%s is not what was fetched", file->path);
	return 0;
}

int kernel_record_check(const struct kernel_record *record, char *err, size_t err_size)
{
	for (int i = 0; i < record->nr_files; i++) {
		const char *path = i ? record->kernel.modules[i - 1] : record->kernel.image;

		if (check_file(path, &record->files[i], err, err_size) < 0)
			return -1;
	}
	return 0;
}
