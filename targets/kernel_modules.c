/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_modules.c - which modules a virtual machine needs, and in which order
 *
 * What a module depends on stands in the module itself (depends, softdep), and only names other
 * modules: what is part of the image is not listed there. So no depmod is needed.
 */
#include "targets/kernel_modules.h"

#include <errno.h>
#include <ftw.h>
#include <libkmod.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "targets/kernel_archive.h"
#include "targets/kernel_cache.h"
#include "targets/kernel_fail.h"

/*
 * The modules that a virtual machine needs, those first that others ask for by name only when they
 * are used: rxe wants crc32 of the crypto API, zram lzo-rle.
 */
static const char *const needed[] = {
	"crc32_generic", "lzo", "lzo_rle", "ib_uverbs", "rdma_rxe", "dummy", "zram", "fuse", "loop",
};

#define NR_NEEDED ((int)(sizeof(needed) / sizeof(needed[0])))

#define NAME_SIZE 128 /* of a module's name, as in the kernel: 64 less a pointer */
#define MAX_DEPTH 32

enum state {
	UNSEEN,
	BEGUN,
	TAKEN,
	MISSING, /* it can't be loaded: something that it needs is not there */
};

struct module {
	char name[NAME_SIZE]; /* with '_' for '-', as the kernel has it */
	char *path;
	enum state state;
};

/* All modules there are, and what was taken. */
struct forest {
	int nr;
	struct module *modules; /* sorted by name */
	struct kmod_ctx *kmod;
	const char *to;
	const char *release;
	struct kernel_modules *taken;
	char *err;
	size_t err_size;
	bool failed; /* err says why */
};

void kernel_modules_free(struct kernel_modules *modules)
{
	for (int i = 0; i < modules->nr; i++)
		free(modules->names[i]);
	free(modules->names);
	*modules = (struct kernel_modules){0};
}

/* The name of the module in a file: "lzo-rle.ko.xz" gives "lzo_rle". False: it is none. */
static bool module_name(const char *file, char name[NAME_SIZE])
{
	const char *ko = strstr(file, ".ko");
	size_t length = ko ? (size_t)(ko - file) : 0;

	if (length == 0 || length >= NAME_SIZE ||
	    (strcmp(ko, ".ko") != 0 && strcmp(ko, ".ko.xz") != 0 && strcmp(ko, ".ko.zst") != 0 &&
	     strcmp(ko, ".ko.gz") != 0))
		return false;
	memcpy(name, file, length);
	name[length] = '\0';
	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	return true;
}

/* nftw() has no argument for us. */
static struct forest *walked;

static int walk_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	struct module *modules;
	char name[NAME_SIZE];

	(void)status;
	if (type != FTW_F || !module_name(path + where->base, name))
		return 0;
	/* One more at a time is slow; there are thousands. */
	if ((walked->nr & (walked->nr + 1)) == 0) {
		modules = reallocarray(walked->modules, 2 * ((size_t)walked->nr + 1),
				       sizeof(*modules));
		if (!modules)
			return -1;
		walked->modules = modules;
	}
	modules = &walked->modules[walked->nr];
	*modules = (struct module){.path = strdup(path)};
	memcpy(modules->name, name, sizeof(name));
	walked->nr++;
	return modules->path ? 0 : -1;
}

static int compare_modules(const void *a, const void *b)
{
	const struct module *first = a, *second = b;
	int order = strcmp(first->name, second->name);

	return order ? order : strcmp(first->path, second->path);
}

static int fail(struct forest *forest, const char *path, const char *why)
{
	forest->failed = true;
	return kernel_fail(forest->err, forest->err_size, "%s: %s", path, why);
}

static int walk(struct forest *forest, const char *from)
{
	char *real;
	int ret;

	/* Links are not followed: modules lie beside links to sources. But `from` may be one. */
	real = realpath(from, NULL);
	if (!real)
		return fail(forest, from, strerror(errno));
	walked = forest;
	errno = 0;
	ret = nftw(real, walk_entry, 16, FTW_PHYS);
	walked = NULL;
	free(real);
	if (ret < 0)
		return fail(forest, from, strerror(errno ? errno : ENOMEM));
	if (!forest->nr)
		return fail(forest, from,
			    "no modules in it, expected a directory such as /lib/modules/RELEASE");
	qsort(forest->modules, (size_t)forest->nr, sizeof(*forest->modules), compare_modules);
	return 0;
}

static struct module *find(struct forest *forest, const char *name)
{
	for (int i = 0; i < forest->nr; i++) {
		if (strcmp(forest->modules[i].name, name) == 0)
			return &forest->modules[i];
	}
	return NULL;
}

static bool take(struct forest *forest, const char *name, int depth);

/* Take each of the names in a list such as "ib_core,udp_tunnel". False if one is not there. */
static bool take_list(struct forest *forest, const char *list, int depth)
{
	char name[NAME_SIZE];

	while (*list) {
		size_t length = strcspn(list, ", ");

		if (length > 0 && length < sizeof(name)) {
			snprintf(name, sizeof(name), "%.*s", (int)length, list);
			for (char *dash = name; (dash = strchr(dash, '-'));)
				*dash = '_';
			if (!take(forest, name, depth + 1))
				return false;
		}
		list += length;
		list += strspn(list, ", ");
	}
	return true;
}

/* "pre: a b post: c": what should be there before, but need not. */
static void take_soft(struct forest *forest, const char *value, int depth)
{
	const char *list = strstr(value, "pre:");
	char name[NAME_SIZE];

	if (!list)
		return;
	for (list += 4; *list; list += strcspn(list, " ")) {
		list += strspn(list, " ");
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(list, " "), list);
		if (strchr(name, ':'))
			return;
		take_list(forest, name, depth);
	}
}

static void check_release(struct forest *forest, const char *path, const char *vermagic)
{
	size_t length = strcspn(vermagic, " ");
	char why[256];

	if (strlen(forest->release) == length && strncmp(vermagic, forest->release, length) == 0)
		return;
	snprintf(why, sizeof(why), "for kernel %.*s, expected modules for %s",
		 (int)(length < 96 ? length : 96), vermagic, forest->release);
	fail(forest, path, why);
}

static bool take_dependencies(struct forest *forest, const struct module *module,
			      const struct kmod_list *info, int depth)
{
	const struct kmod_list *entry;

	kmod_list_foreach(entry, info)
	{
		const char *key = kmod_module_info_get_key(entry);
		const char *value = kmod_module_info_get_value(entry);

		if (strcmp(key, "vermagic") == 0)
			check_release(forest, module->path, value);
		else if (strcmp(key, "softdep") == 0)
			take_soft(forest, value, depth);
		else if (strcmp(key, "depends") == 0 && !take_list(forest, value, depth))
			return false;
	}
	return !forest->failed;
}

/* Write it to where it belongs, and read there what it depends on. */
static bool take_file(struct forest *forest, const struct module *module, int depth)
{
	struct kmod_module *mod = NULL;
	struct kmod_list *info = NULL;
	char path[KERNEL_PATH_SIZE];
	bool there;
	int ret;

	snprintf(path, sizeof(path), "%s/%s.ko", forest->to, module->name);
	if (kernel_uncompress(module->path, path, forest->err, forest->err_size) < 0) {
		forest->failed = true;
		return false;
	}
	ret = kmod_module_new_from_path(forest->kmod, path, &mod);
	if (ret == 0)
		ret = kmod_module_get_info(mod, &info);
	if (ret < 0)
		fail(forest, module->path, ret == -ENOMEM ? "out of memory" : "no module");
	there = ret >= 0 && take_dependencies(forest, module, info, depth);
	kmod_module_info_free_list(info);
	kmod_module_unref(mod);
	if (!there)
		unlink(path);
	return there;
}

static bool append(struct forest *forest, const struct module *module)
{
	struct kernel_modules *taken = forest->taken;
	char **names = reallocarray(taken->names, (size_t)taken->nr + 1, sizeof(*names));

	if (names) {
		taken->names = names;
		names[taken->nr] = strdup(module->name);
	}
	if (!names || !names[taken->nr]) {
		fail(forest, module->path, "out of memory");
		return false;
	}
	taken->nr++;
	return true;
}

/* Take a module after all that it depends on. False if it can't be loaded. */
static bool take(struct forest *forest, const char *name, int depth)
{
	struct module *module = find(forest, name);

	if (!module || forest->failed)
		return false;
	if (module->state == UNSEEN && depth < MAX_DEPTH) {
		module->state = BEGUN;
		module->state = take_file(forest, module, depth) && append(forest, module)
					? TAKEN
					: MISSING;
	}
	return module->state == TAKEN;
}

static void free_forest(struct forest *forest)
{
	for (int i = 0; i < forest->nr; i++)
		free(forest->modules[i].path);
	free(forest->modules);
	if (forest->kmod)
		kmod_unref(forest->kmod);
}

static int take_needed(struct forest *forest, const struct kernel_watch *watch)
{
	for (int i = 0; i < NR_NEEDED && !forest->failed; i++) {
		if (kernel_stopped(watch, forest->err, forest->err_size) < 0)
			return -1;
		take(forest, needed[i], 0);
	}
	return forest->failed ? -1 : 0;
}

int kernel_modules_take(const char *from, const char *release, const char *to,
			const struct kernel_watch *watch, struct kernel_modules *modules, char *err,
			size_t err_size)
{
	static const char *const no_config = NULL;
	struct forest forest = {
		.to = to, .release = release, .taken = modules, .err = err, .err_size = err_size};
	int ret;

	*modules = (struct kernel_modules){0};
	/* Only files that we name are read: nothing of this system's own modules. */
	forest.kmod = kmod_new(to, &no_config);
	ret = forest.kmod ? walk(&forest, from) : kernel_no_memory(err, err_size);
	if (ret == 0)
		ret = take_needed(&forest, watch);
	free_forest(&forest);
	if (ret < 0)
		kernel_modules_free(modules);
	return ret;
}
