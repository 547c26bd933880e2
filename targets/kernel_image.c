/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_image.c - which kernel a bzImage is
 *
 * The boot protocol's header has the offset of a string such as
 * "6.1.0-57-amd64 (maintainer) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-3 (2026-11-26)".
 */
#include "targets/kernel_image.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "targets/kernel_fail.h"

#define BOOT_FLAG      0x1fe /* 0xaa55 */
#define HEADER_MAGIC   0x202 /* "HdrS" */
#define HEADER_VERSION 0x206 /* the string is there since 2.00 */
#define KERNEL_VERSION 0x20e /* offset of the string, less 0x200 */
#define LOAD_FLAGS     0x211 /* bit 0: loaded high, which makes it a bzImage */

/* The string lies in the setup code, whose size is at most 64 sectors and the boot sector. */
#define SETUP_SIZE (65 * 512)

static unsigned read16(const unsigned char *at)
{
	return at[0] | (unsigned)at[1] << 8;
}

/* The string, ended by a 0 that is within the `size` bytes; NULL if this is no bzImage. */
static const char *find_string(const unsigned char *setup, size_t size)
{
	unsigned offset;

	if (size < 0x260 || read16(setup + BOOT_FLAG) != 0xaa55 ||
	    memcmp(setup + HEADER_MAGIC, "HdrS", 4) != 0 ||
	    read16(setup + HEADER_VERSION) < 0x200 || !(setup[LOAD_FLAGS] & 1))
		return NULL;
	offset = read16(setup + KERNEL_VERSION) + 0x200;
	if (offset == 0x200 || offset >= size || !memchr(setup + offset, '\0', size - offset))
		return NULL;
	return (const char *)setup + offset;
}

/*
 * The numbers at the beginning of text, and that of a release candidate, which is "7.3~rc7" in
 * Debian. "" if there are not two numbers.
 */
static void take_version(const char *text, char *version, size_t size)
{
	size_t length = strspn(text, "0123456789.");
	const char *dot = memchr(text, '.', length);
	size_t number;

	version[0] = '\0';
	if (!isdigit((unsigned char)text[0]) || !dot || !isdigit((unsigned char)dot[1]))
		return;
	while (text[length - 1] == '.')
		length--;
	number = strncmp(text + length, "-rc", 3) == 0 || strncmp(text + length, "~rc", 3) == 0
			 ? strspn(text + length + 3, "0123456789")
			 : 0;
	if (number && length + 3 + number < size)
		snprintf(version, size, "%.*s-rc%.*s", (int)length, text, (int)number,
			 text + length + 3);
	else if (length < size)
		snprintf(version, size, "%.*s", (int)length, text);
}

/* Debian's release is the same for many versions; the version stands further back. */
static void find_version(const char *text, char *version, size_t size)
{
	const char *debian = strstr(text, " Debian ");

	version[0] = '\0';
	if (debian)
		take_version(debian + strlen(" Debian "), version, size);
	if (!version[0])
		take_version(text, version, size);
}

static ssize_t read_setup(const char *path, unsigned char *setup, char *err, size_t err_size)
{
	FILE *stream = fopen(path, "re");
	struct stat status;
	size_t size;

	if (!stream)
		return kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
	if (fstat(fileno(stream), &status) < 0 || !S_ISREG(status.st_mode)) {
		fclose(stream);
		return kernel_fail(err, err_size, "%s: no file, expected a bzImage", path);
	}
	size = fread(setup, 1, SETUP_SIZE, stream);
	if (ferror(stream)) {
		kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
		fclose(stream);
		return -1;
	}
	fclose(stream);
	return (ssize_t)size;
}

/* Both go to files and to screens. */
static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if (!isgraph((unsigned char)*text) || strchr("\"\\/", *text))
			return false;
	}
	return true;
}

int kernel_image_read(const char *path, struct kernel_image *image, char *err, size_t err_size)
{
	unsigned char setup[SETUP_SIZE];
	ssize_t size = read_setup(path, setup, err, err_size);
	const char *text;
	size_t length;

	if (size < 0)
		return -1;
	text = find_string(setup, (size_t)size);
	if (!text)
		return kernel_fail(err, err_size, "%s: no bzImage, expected a kernel for x86",
				   path);
	length = strcspn(text, " ");
	if (length < sizeof(image->release))
		snprintf(image->release, sizeof(image->release), "%.*s", (int)length, text);
	find_version(text, image->version, sizeof(image->version));
	if (length == 0 || length >= sizeof(image->release) || !is_plain(image->release) ||
	    !image->version[0])
		return kernel_fail(err, err_size,
				   "%s: its header names no version, expected one such as 6.1.192",
				   path);
	return 0;
}
