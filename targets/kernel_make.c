/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_make.c - put a kernel together and into the cache */

#include "targets/kernel_make.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "targets/kernel_archive.h"
#include "targets/kernel_fail.h"
#include "targets/kernel_image.h"
#include "targets/kernel_modules.h"
#include "targets/kernel_record.h"

/* A kernel in the making. */
struct making {
	const struct kernel_parts *parts;
	char name[80];
	char dir[KERNEL_PATH_SIZE];
	struct kernel_image image;
	struct kernel_modules modules;
	struct kernel_record record;
};

/* "6.1" of "6.1.192", "7.3" of "7.3-rc4". */
static void name_of(const char *version, char *name, size_t size)
{
	size_t length = strcspn(version, ".");

	if (version[length] == '.')
		length += 1 + strspn(version + length + 1, "0123456789");
	snprintf(name, size, "%.*s", (int)length, version);
}

/* All that is in it is to be found again after a crash: files by kernel_sync(), names here. */
static int make_directory(struct making *making, char *err, size_t err_size)
{
	char modules[KERNEL_PATH_SIZE + 16];

	snprintf(modules, sizeof(modules), "%s/modules", making->dir);
	if (mkdir(making->dir, 0700) < 0 || mkdir(modules, 0700) < 0)
		return kernel_fail(err, err_size, "%s: %s", modules, strerror(errno));
	return 0;
}

static int sync_directory(const struct making *making, char *err, size_t err_size)
{
	char modules[KERNEL_PATH_SIZE + 16];

	snprintf(modules, sizeof(modules), "%s/modules", making->dir);
	if (kernel_sync(modules) < 0 || kernel_sync(making->dir) < 0)
		return kernel_fail(err, err_size, "%s: %s", making->dir, strerror(errno));
	return 0;
}

static int take_modules(struct making *making, const struct kernel_watch *watch, char *err,
			size_t err_size)
{
	char to[KERNEL_PATH_SIZE + 16];

	if (!making->parts->modules)
		return 0;
	snprintf(to, sizeof(to), "%s/modules", making->dir);
	return kernel_modules_take(making->parts->modules, making->image.release, to, watch,
				   &making->modules, err, err_size);
}

/* A module's file gets its place in the order into its name. */
static int number_module(const struct making *making, int number, struct kernel_file *file)
{
	const char *name = making->modules.names[number];
	char from[KERNEL_PATH_SIZE + 160], to[KERNEL_PATH_SIZE + 160];

	snprintf(file->path, sizeof(file->path), "modules/%03d-%.100s.ko", number + 1, name);
	snprintf(from, sizeof(from), "%s/modules/%.127s.ko", making->dir, name);
	snprintf(to, sizeof(to), "%s/%s", making->dir, file->path);
	return rename(from, to);
}

static int measure_files(struct making *making, char *err, size_t err_size)
{
	struct kernel_record *record = &making->record;
	char path[KERNEL_PATH_SIZE + 160];

	record->nr_files = making->modules.nr + 1;
	record->files = calloc((size_t)record->nr_files, sizeof(*record->files));
	if (!record->files)
		return kernel_no_memory(err, err_size);
	for (int i = 0; i < record->nr_files; i++) {
		struct kernel_file *file = &record->files[i];

		if (i == 0)
			snprintf(file->path, sizeof(file->path), "image");
		else if (number_module(making, i - 1, file) < 0)
			return kernel_fail(err, err_size, "%s: %s", file->path, strerror(errno));
		snprintf(path, sizeof(path), "%s/%s", making->dir, file->path);
		if (kernel_file_measure(path, file) < 0)
			return kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
	}
	return 0;
}

/* What the record says of the kernel; it only borrows. */
static struct kernel describe(struct making *making)
{
	struct kernel kernel = {
		.name = making->name,
		.release = making->image.release,
		.version = making->image.version,
		.origin = (char *)making->parts->origin,
		.package = (char *)making->parts->package,
		.nr_modules = making->modules.nr,
	};

	for (int i = 0; i < making->record.nr_files; i++)
		kernel.size += making->record.files[i].size;
	return kernel;
}

static int choose_name(struct making *making, const struct kernel_cache *cache, char *err,
		       size_t err_size)
{
	const struct kernel_parts *parts = making->parts;

	if (parts->name)
		snprintf(making->name, sizeof(making->name), "%s", parts->name);
	else
		name_of(making->image.version, making->name, sizeof(making->name));
	if (!parts->replace && kernel_cache_has(cache, making->name))
		return kernel_fail(err, err_size,
				   "there is a kernel '%s' already, expected another --name (or "
				   "cowherd kernels remove %s first)",
				   making->name, making->name);
	return 0;
}

static int fill(struct making *making, const struct kernel_watch *watch, char *err, size_t err_size)
{
	char image[KERNEL_PATH_SIZE + 16];

	snprintf(image, sizeof(image), "%s/image", making->dir);
	if (make_directory(making, err, err_size) < 0 ||
	    kernel_copy(making->parts->image, image, err, err_size) < 0 ||
	    take_modules(making, watch, err, err_size) < 0 ||
	    measure_files(making, err, err_size) < 0)
		return -1;
	making->record.kernel = describe(making);
	if (kernel_record_write(making->dir, &making->record, err, err_size) < 0)
		return -1;
	return sync_directory(making, err, err_size);
}

int kernel_make(struct kernel_cache *cache, const struct kernel_parts *parts,
		const struct kernel_watch *watch, char *err, size_t err_size)
{
	struct making making = {.parts = parts};
	int ret;

	if (kernel_image_read(parts->image, &making.image, err, err_size) < 0 ||
	    choose_name(&making, cache, err, err_size) < 0)
		return -1;
	snprintf(making.dir, sizeof(making.dir), "%.2100s/made-%s", cache->work, making.name);
	ret = fill(&making, watch, err, err_size);
	/* What was asked for to end is not to appear all the same. */
	if (ret == 0)
		ret = kernel_stopped(watch, err, err_size);
	if (ret == 0)
		ret = kernel_cache_publish(cache, making.dir, making.name, err, err_size);
	if (ret == 0 && watch && watch->done)
		watch->done(watch->context, &making.record.kernel, true);
	making.record.kernel = (struct kernel){0};
	kernel_modules_free(&making.modules);
	kernel_record_free(&making.record);
	return ret;
}
