/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_cache.h - the cache's directories: who may write, and how a kernel appears in it */
#ifndef TARGETS_KERNEL_CACHE_H
#define TARGETS_KERNEL_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "targets/kernels.h"

/* The cache's own path is held to the first, so that all that is in it fits the second. */
#define KERNEL_DIR_SIZE  2048
#define KERNEL_PATH_SIZE (KERNEL_DIR_SIZE + 1024)

/* Open for writing: one process at a time. */
struct kernel_cache {
	char dir[KERNEL_DIR_SIZE];
	char work[KERNEL_PATH_SIZE]; /* an empty directory in it, for what is not finished */
	int lock;
};

/* Where the cache is, whether or not there is one. Returns 0, or -1 with one line in err. */
int kernel_cache_dir(char dir[KERNEL_DIR_SIZE], char *err, size_t err_size);

/* May a kernel be called this? It becomes the name of a directory. */
bool kernel_name_valid(const char *name);

/*
 * Make the cache if there is none, wait for our turn, and remove what others have left unfinished.
 * Returns 0, or -1 with one line in err.
 */
int kernel_cache_open(struct kernel_cache *cache, const struct kernel_watch *watch, char *err,
		      size_t err_size);

/* Remove what is unfinished, and let others have their turn. */
void kernel_cache_close(struct kernel_cache *cache);

/*
 * Let the directory at `path`, which lies in cache->work, be the kernel `name`; at once, in the
 * place of one that is there. Returns 0, or -1 with one line in err; then all is as it was.
 */
int kernel_cache_publish(struct kernel_cache *cache, const char *path, const char *name, char *err,
			 size_t err_size);

/* Drop the kernel `name`, at once. Returns 0, or -1 with one line in err. */
int kernel_cache_drop(struct kernel_cache *cache, const char *name, char *err, size_t err_size);

/* Remove a directory and all that is in it: something in cache->work that has served. */
void kernel_cache_scrap(const char *path);

/* Is there something called `name`? */
bool kernel_cache_has(const struct kernel_cache *cache, const char *name);

/* Write to the disk what was written to the file or directory. Returns 0, or -1 with errno. */
int kernel_sync(const char *path);

#endif
