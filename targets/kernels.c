/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernels.c - the kernels in the cache: list, find, check, remove */

#include "targets/kernels.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "targets/kernel_cache.h"
#include "targets/kernel_fail.h"
#include "targets/kernel_image.h"
#include "targets/kernel_record.h"

void kernel_free(struct kernel *kernel)
{
	free(kernel->name);
	free(kernel->release);
	free(kernel->version);
	free(kernel->origin);
	free(kernel->package);
	free(kernel->image);
	for (int i = 0; i < kernel->nr_modules; i++)
		free(kernel->modules[i]);
	free(kernel->modules);
	*kernel = (struct kernel){0};
}

void kernels_free(struct kernel_list *list)
{
	for (int i = 0; i < list->nr; i++)
		kernel_free(&list->kernels[i]);
	for (int i = 0; i < list->nr_broken; i++) {
		free(list->broken[i].name);
		free(list->broken[i].why);
	}
	free(list->kernels);
	free(list->broken);
	*list = (struct kernel_list){0};
}

/* What to do about a broken kernel. Debian's names are numbers. */
static const char *remedy(const char *name)
{
	return isdigit((unsigned char)name[0]) ? "kernels fetch --again" : "kernels remove";
}

/* Read one kernel's record, and its files where `thorough`. */
static int read_kernel(const char *cache, const char *name, bool thorough,
		       struct kernel_record *record, char *err, size_t err_size)
{
	char what[256];

	if (kernel_record_read(cache, name, record, what, sizeof(what)) < 0)
		return kernel_fail(err, err_size, "kernel '%s' is broken: %s (cowherd %s %s)", name,
				   what, remedy(name), name);
	if (!thorough || kernel_record_check(record, what, sizeof(what)) == 0)
		return 0;
	kernel_fail(err, err_size, "kernel '%s' is broken: %s (cowherd %s %s)", name, what,
		    record->kernel.package ? "kernels fetch --again" : "kernels remove", name);
	kernel_record_free(record);
	return -1;
}

static int add_kernel(struct kernel_list *list, struct kernel kernel)
{
	struct kernel *kernels =
		reallocarray(list->kernels, (size_t)list->nr + 1, sizeof(*kernels));

	if (!kernels)
		return -1;
	list->kernels = kernels;
	kernels[list->nr++] = kernel;
	return 0;
}

static int add_broken(struct kernel_list *list, const char *name, const char *why)
{
	struct kernel_broken *broken =
		reallocarray(list->broken, (size_t)list->nr_broken + 1, sizeof(*broken));

	if (!broken)
		return -1;
	list->broken = broken;
	broken[list->nr_broken].name = strdup(name);
	broken[list->nr_broken].why = strdup(why);
	list->nr_broken++;
	return broken[list->nr_broken - 1].name && broken[list->nr_broken - 1].why ? 0 : -1;
}

/* Returns 0, or -1 without memory. */
static int list_one(const char *cache, const char *name, bool thorough, struct kernel_list *list)
{
	struct kernel_record record;
	char why[512];
	int ret;

	if (read_kernel(cache, name, thorough, &record, why, sizeof(why)) < 0)
		return add_broken(list, name, why);
	ret = add_kernel(list, record.kernel);
	if (ret == 0)
		record.kernel = (struct kernel){0}; /* it is the list's now */
	kernel_record_free(&record);
	return ret;
}

/* strverscmp() knows that 5.10 comes after 5.9; a release candidate stands before its release. */
static int compare_versions(const char *a, const char *b)
{
	size_t length = strcspn(a, "-");

	if (length == strcspn(b, "-") && strncmp(a, b, length) == 0 && !a[length] != !b[length])
		return a[length] ? -1 : 1;
	return strverscmp(a, b);
}

static int compare_kernels(const void *a, const void *b)
{
	const struct kernel *first = a, *second = b;
	int order = compare_versions(first->version, second->version);

	return order ? order : strcmp(first->name, second->name);
}

static int compare_broken(const void *a, const void *b)
{
	const struct kernel_broken *first = a, *second = b;

	return strverscmp(first->name, second->name);
}

static int list_directory(const char *cache, DIR *dir, bool thorough, struct kernel_list *list)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (kernel_name_valid(entry->d_name) &&
		    list_one(cache, entry->d_name, thorough, list) < 0)
			return -1;
	}
	return 0;
}

static int list_cache(bool thorough, struct kernel_list *list, char *err, size_t err_size)
{
	char cache[KERNEL_DIR_SIZE];
	DIR *dir;
	int ret;

	*list = (struct kernel_list){0};
	if (kernel_cache_dir(cache, err, err_size) < 0)
		return -1;
	dir = opendir(cache);
	if (!dir && errno == ENOENT)
		return 0;
	if (!dir)
		return kernel_fail(err, err_size, "%s: %s", cache, strerror(errno));
	ret = list_directory(cache, dir, thorough, list);
	closedir(dir);
	if (ret < 0) {
		kernels_free(list);
		return kernel_no_memory(err, err_size);
	}
	if (list->nr)
		qsort(list->kernels, (size_t)list->nr, sizeof(*list->kernels), compare_kernels);
	if (list->nr_broken)
		qsort(list->broken, (size_t)list->nr_broken, sizeof(*list->broken), compare_broken);
	return 0;
}

int kernels_cached(struct kernel_list *list, char *err, size_t err_size)
{
	return list_cache(false, list, err, err_size);
}

int kernels_check(struct kernel_list *list, char *err, size_t err_size)
{
	return list_cache(true, list, err, err_size);
}

/* The kernel in the list that `name` means, or NULL. */
static const struct kernel *choose(const struct kernel_list *list, const char *name)
{
	if (strcmp(name, "newest") == 0)
		return list->nr ? &list->kernels[list->nr - 1] : NULL;
	for (int i = 0; i < list->nr; i++) {
		if (strcmp(list->kernels[i].name, name) == 0)
			return &list->kernels[i];
	}
	for (int i = list->nr - 1; i >= 0; i--) {
		if (strcmp(list->kernels[i].release, name) == 0 ||
		    strcmp(list->kernels[i].version, name) == 0)
			return &list->kernels[i];
	}
	return NULL;
}

/* Two numbers: what `fetch` takes. */
static bool is_series(const char *name)
{
	size_t major = strspn(name, "0123456789");
	size_t minor = name[major] == '.' ? strspn(name + major + 1, "0123456789") : 0;

	return major && minor && !name[major + 1 + minor];
}

/* Say what there is instead. */
static int not_found(const struct kernel_list *list, const char *name, char *err, size_t err_size)
{
	size_t used;

	if (!list->nr)
		return kernel_fail(err, err_size, "no kernel '%s', the cache has none", name);
	kernel_fail(err, err_size, "no kernel '%s' in the cache, expected ", name);
	for (int i = 0; i < list->nr; i++) {
		const char *before = i == 0 ? "" : i < list->nr - 1 ? ", " : " or ";

		used = strlen(err);
		snprintf(err + used, err_size - used, "%s%s", before, list->kernels[i].name);
	}
	return -1;
}

/* And how to get it. */
static int suggest_fetch(const char *name, char *err, size_t err_size)
{
	size_t used = strlen(err);

	if (is_series(name) || strcmp(name, "newest") == 0)
		snprintf(err + used, err_size - used, " (cowherd kernels fetch %s)", name);
	else
		snprintf(err + used, err_size - used, " (cowherd kernels list --offered)");
	return -1;
}

/* The name under which it lies in the cache. Returns 0, or -1 with one line in err. */
static int find_name(const char *name, char *found, size_t size, char *err, size_t err_size)
{
	const struct kernel *kernel;
	struct kernel_list list;
	int ret = 0;

	if (kernels_cached(&list, err, err_size) < 0)
		return -1;
	kernel = choose(&list, name);
	for (int i = 0; !kernel && i < list.nr_broken; i++) {
		if (strcmp(list.broken[i].name, name) == 0)
			ret = kernel_fail(err, err_size, "%s", list.broken[i].why);
	}
	if (kernel)
		snprintf(found, size, "%s", kernel->name);
	else if (ret == 0 && not_found(&list, name, err, err_size) < 0)
		ret = suggest_fetch(name, err, err_size);
	kernels_free(&list);
	return ret;
}

static int take_path(const char *path, struct kernel *kernel, char *err, size_t err_size)
{
	struct kernel_image image;

	if (kernel_image_read(path, &image, err, err_size) < 0)
		return -1;
	*kernel = (struct kernel){
		.name = strdup(path),
		.release = strdup(image.release),
		.version = strdup(image.version),
		.origin = strdup(path),
		.image = strdup(path),
	};
	if (kernel->name && kernel->release && kernel->version && kernel->origin && kernel->image)
		return 0;
	kernel_free(kernel);
	return kernel_no_memory(err, err_size);
}

int kernel_find(const char *name, struct kernel *kernel, char *err, size_t err_size)
{
	char cache[KERNEL_DIR_SIZE], found[128];
	struct kernel_record record;
	int ret;

	*kernel = (struct kernel){0};
	if (strchr(name, '/'))
		return take_path(name, kernel, err, err_size);
	if (find_name(name, found, sizeof(found), err, err_size) < 0 ||
	    kernel_cache_dir(cache, err, err_size) < 0)
		return -1;
	ret = read_kernel(cache, found, true, &record, err, err_size);
	/* Once more: it may have been replaced while we read it. */
	if (ret < 0)
		ret = read_kernel(cache, found, true, &record, err, err_size);
	if (ret < 0)
		return -1;
	*kernel = record.kernel;
	record.kernel = (struct kernel){0};
	kernel_record_free(&record);
	return 0;
}

int kernel_remove(const char *name, const struct kernel_watch *watch, char *err, size_t err_size)
{
	struct kernel_cache cache;
	struct kernel_list list;
	int ret;

	if (kernel_cache_open(&cache, watch, err, err_size) < 0)
		return -1;
	if (kernel_name_valid(name) && kernel_cache_has(&cache, name)) {
		ret = kernel_cache_drop(&cache, name, err, err_size);
	} else {
		ret = kernels_cached(&list, err, err_size);
		if (ret == 0) {
			ret = not_found(&list, name, err, err_size);
			kernels_free(&list);
		}
	}
	kernel_cache_close(&cache);
	return ret;
}
