/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_cache.c - the cache's directories: who may write, and how a kernel appears in it
 *
 * A kernel is made in a directory whose name begins with ".tmp-" and gets its own name by
 * rename(2). Only who holds the lock makes such directories, so that one that is there when the
 * lock is taken belongs to nobody.
 */
#include "targets/kernel_cache.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "targets/kernel_fail.h"
#include "targets/xdg.h"

#define UNFINISHED ".tmp-"
#define LOCK       ".lock"

int kernel_cache_dir(char dir[KERNEL_DIR_SIZE], char *err, size_t err_size)
{
	int length =
		xdg_directory("XDG_CACHE_HOME", ".cache", "cowherd/kernels", dir, KERNEL_DIR_SIZE);

	if (length < 0)
		return kernel_fail(err, err_size,
				   "no place for a cache, expected HOME or XDG_CACHE_HOME");
	if (length >= KERNEL_DIR_SIZE)
		return kernel_fail(err, err_size,
				   "%.40s...: too long for a cache, expected %d bytes", dir,
				   KERNEL_DIR_SIZE);
	return 0;
}

bool kernel_name_valid(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > 64 || !isalnum((unsigned char)name[0]))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("._+-", name[i]))
			return false;
	}
	return strcmp(name, "newest") != 0;
}

int kernel_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret, error;

	if (fd < 0)
		return -1;
	ret = fsync(fd);
	error = errno;
	close(fd);
	errno = error;
	return ret;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	/* What can't be removed now is in the way of nothing, and is tried again next time. */
	(void)remove(path);
	return 0;
}

void kernel_cache_scrap(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_unfinished(const struct kernel_cache *cache)
{
	DIR *dir = opendir(cache->dir);
	char path[KERNEL_PATH_SIZE];
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, UNFINISHED, strlen(UNFINISHED)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", cache->dir, entry->d_name);
		kernel_cache_scrap(path);
	}
	if (dir)
		closedir(dir);
}

static int wait_for_turn(const struct kernel_cache *cache, const struct kernel_watch *watch,
			 char *err, size_t err_size)
{
	struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

	while (flock(cache->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return kernel_fail(err, err_size, "%s/" LOCK ": %s", cache->dir,
					   strerror(errno));
		if (kernel_stopped(watch, err, err_size) < 0)
			return -1;
		kernel_progress(watch, "waiting for another cowherd that changes the kernels");
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int begin_work(struct kernel_cache *cache, const struct kernel_watch *watch, char *err,
		      size_t err_size)
{
	if (wait_for_turn(cache, watch, err, err_size) < 0)
		return -1;
	remove_unfinished(cache);
	snprintf(cache->work, sizeof(cache->work), "%s/" UNFINISHED "XXXXXX", cache->dir);
	if (!mkdtemp(cache->work))
		return kernel_fail(err, err_size, "%s: %s", cache->dir, strerror(errno));
	return 0;
}

int kernel_cache_open(struct kernel_cache *cache, const struct kernel_watch *watch, char *err,
		      size_t err_size)
{
	char path[KERNEL_PATH_SIZE];

	if (kernel_cache_dir(cache->dir, err, err_size) < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/" LOCK, cache->dir);
	if (!xdg_make(cache->dir))
		return kernel_fail(err, err_size, "%s: %s", cache->dir, strerror(errno));
	cache->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (cache->lock < 0)
		return kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
	if (begin_work(cache, watch, err, err_size) == 0)
		return 0;
	close(cache->lock);
	return -1;
}

void kernel_cache_close(struct kernel_cache *cache)
{
	kernel_cache_scrap(cache->work);
	close(cache->lock);
}

bool kernel_cache_has(const struct kernel_cache *cache, const char *name)
{
	char path[KERNEL_PATH_SIZE];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", cache->dir, name);
	return lstat(path, &status) == 0;
}

int kernel_cache_publish(struct kernel_cache *cache, const char *path, const char *name, char *err,
			 size_t err_size)
{
	unsigned flags = kernel_cache_has(cache, name) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
	char to[KERNEL_PATH_SIZE];
	int ret;

	snprintf(to, sizeof(to), "%s/%s", cache->dir, name);
	ret = renameat2(AT_FDCWD, path, AT_FDCWD, to, flags);
	/* Not every file system knows the flags; without one there, a plain rename is as good. */
	if (ret < 0 && errno == EINVAL && flags == RENAME_NOREPLACE)
		ret = rename(path, to);
	if (ret < 0 && errno == EINVAL)
		return kernel_fail(err, err_size,
				   "%s: this file system can't exchange directories; run cowherd "
				   "kernels remove %s first",
				   to, name);
	if (ret < 0 || kernel_sync(cache->dir) < 0)
		return kernel_fail(err, err_size, "%s: %s", to, strerror(errno));
	return 0;
}

int kernel_cache_drop(struct kernel_cache *cache, const char *name, char *err, size_t err_size)
{
	char from[KERNEL_PATH_SIZE], to[KERNEL_PATH_SIZE + sizeof("/dropped")];

	snprintf(from, sizeof(from), "%s/%s", cache->dir, name);
	snprintf(to, sizeof(to), "%s/dropped", cache->work);
	if (rename(from, to) < 0 || kernel_sync(cache->dir) < 0)
		return kernel_fail(err, err_size, "%s: %s", from, strerror(errno));
	return 0;
}
