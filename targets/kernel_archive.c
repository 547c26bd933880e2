/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_archive.c - unpack Debian packages and compressed modules, with libarchive
 *
 * A package is an ar archive, and its member data.tar.xz a tar archive: the inner one is read
 * through the outer one. Of an entry's path nothing but a base name that we know is used.
 */
#include "targets/kernel_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/kernel_cache.h"
#include "targets/kernel_fail.h"

#define BLOCK (1 << 16)

/* The outer archive, as the inner one reads it. */
struct outer {
	struct archive *archive;
	char block[BLOCK];
};

/* What libarchive says may have line ends in it. */
static int fail_archive(struct archive *archive, const char *path, char *err, size_t err_size)
{
	const char *why = archive_error_string(archive);

	return kernel_fail(err, err_size, "%s: %.*s", path, why ? (int)strcspn(why, "\n") : 7,
			   why ? why : "broken");
}

static ssize_t read_outer(struct archive *inner, void *context, const void **block)
{
	struct outer *outer = context;
	ssize_t size = archive_read_data(outer->archive, outer->block, sizeof(outer->block));

	*block = outer->block;
	if (size >= 0)
		return size;
	archive_set_error(inner, archive_errno(outer->archive), "%s",
			  archive_error_string(outer->archive));
	return -1;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static bool is_module(const char *name)
{
	return ends_with(name, ".ko") || ends_with(name, ".ko.xz") || ends_with(name, ".ko.zst") ||
	       ends_with(name, ".ko.gz");
}

static bool is_image(const char *name)
{
	return strcmp(name, "vmlinuz") == 0 || strncmp(name, "vmlinuz-", 8) == 0;
}

/* Where in `dir` the entry goes. False: nowhere. */
static bool choose_place(struct archive_entry *entry, const char *dir, char *to, size_t size)
{
	const char *path = archive_entry_pathname(entry);
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *name = slash ? slash + 1 : path;

	if (!name || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
		return false;
	if (is_image(name))
		snprintf(to, size, "%s/image", dir);
	else if (is_module(name) && strlen(name) < 256)
		snprintf(to, size, "%s/modules/%s", dir, name);
	else
		return false;
	return true;
}

/* Write the entry's data to a new file. */
static int write_entry(struct archive *archive, const char *from, const char *to, char *err,
		       size_t err_size)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char block[BLOCK];
	ssize_t size = 0;

	if (fd < 0)
		return kernel_fail(err, err_size, "%s: %s", to, strerror(errno));
	while ((size = archive_read_data(archive, block, sizeof(block))) > 0) {
		/* Short only on a full disk; the rest then fails with the reason. */
		for (ssize_t done = 0, n; done < size; done += n) {
			n = write(fd, block + done, (size_t)(size - done));
			if (n < 0) {
				kernel_fail(err, err_size, "%s: %s", to, strerror(errno));
				close(fd);
				return -1;
			}
		}
	}
	if (size < 0)
		fail_archive(archive, from, err, err_size);
	else if (close(fd) == 0)
		return 0;
	else
		return kernel_fail(err, err_size, "%s: %s", to, strerror(errno));
	close(fd);
	return -1;
}

static int unpack_entries(struct archive *inner, const char *path, const char *dir,
			  const struct kernel_watch *watch, char *err, size_t err_size)
{
	char to[KERNEL_PATH_SIZE];
	struct archive_entry *entry;
	int ret;

	while ((ret = archive_read_next_header(inner, &entry)) == ARCHIVE_OK ||
	       ret == ARCHIVE_WARN) {
		if (kernel_stopped(watch, err, err_size) < 0)
			return -1;
		kernel_progress(watch, "unpacking %s", strrchr(path, '/') + 1);
		if (choose_place(entry, dir, to, sizeof(to)) &&
		    write_entry(inner, path, to, err, err_size) < 0)
			return -1;
	}
	return ret == ARCHIVE_EOF ? 0 : fail_archive(inner, path, err, err_size);
}

static void support_compression(struct archive *archive)
{
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
}

static int unpack_data(struct archive *archive, const char *path, const char *dir,
		       const struct kernel_watch *watch, char *err, size_t err_size)
{
	struct outer outer = {.archive = archive};
	struct archive *inner = archive_read_new();
	int ret;

	if (!inner)
		return kernel_no_memory(err, err_size);
	support_compression(inner);
	archive_read_support_format_tar(inner);
	if (archive_read_open(inner, &outer, NULL, read_outer, NULL) != ARCHIVE_OK)
		ret = fail_archive(inner, path, err, err_size);
	else
		ret = unpack_entries(inner, path, dir, watch, err, err_size);
	archive_read_free(inner);
	return ret;
}

/* Go to the member with the files. */
static int find_data(struct archive *archive, const char *path, char *err, size_t err_size)
{
	struct archive_entry *entry;
	int ret;

	while ((ret = archive_read_next_header(archive, &entry)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);

		if (name && strncmp(name, "data.tar", 8) == 0)
			return 0;
	}
	if (ret == ARCHIVE_EOF)
		return kernel_fail(err, err_size, "%s: no Debian package", path);
	return fail_archive(archive, path, err, err_size);
}

int kernel_unpack_package(const char *path, const char *dir, const struct kernel_watch *watch,
			  char *err, size_t err_size)
{
	struct archive *archive = archive_read_new();
	int ret;

	if (!archive)
		return kernel_no_memory(err, err_size);
	archive_read_support_format_ar(archive);
	if (archive_read_open_filename(archive, path, BLOCK) != ARCHIVE_OK)
		ret = fail_archive(archive, path, err, err_size);
	else
		ret = find_data(archive, path, err, err_size);
	if (ret == 0)
		ret = unpack_data(archive, path, dir, watch, err, err_size);
	archive_read_free(archive);
	return ret;
}

/* Copy through an archive that is nothing but its only member's data. */
static int copy_raw(struct archive *archive, const char *from, const char *to, char *err,
		    size_t err_size)
{
	struct archive_entry *entry;

	if (archive_read_open_filename(archive, from, BLOCK) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return fail_archive(archive, from, err, err_size);
	if (write_entry(archive, from, to, err, err_size) < 0)
		return -1;
	if (kernel_sync(to) < 0)
		return kernel_fail(err, err_size, "%s: %s", to, strerror(errno));
	return 0;
}

static int copy_file(const char *from, const char *to, bool uncompress, char *err, size_t err_size)
{
	struct archive *archive = archive_read_new();
	int ret;

	if (!archive)
		return kernel_no_memory(err, err_size);
	if (uncompress)
		support_compression(archive);
	archive_read_support_format_raw(archive);
	ret = copy_raw(archive, from, to, err, err_size);
	archive_read_free(archive);
	return ret;
}

int kernel_uncompress(const char *from, const char *to, char *err, size_t err_size)
{
	return copy_file(from, to, true, err, err_size);
}

int kernel_copy(const char *from, const char *to, char *err, size_t err_size)
{
	return copy_file(from, to, false, err, err_size);
}
