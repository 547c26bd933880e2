/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_log.c - read and keep what the console of a virtual machine said */
#include "targets/vm_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/xdg.h"

/* What lines begin with that tell of a crash; the first in the log is what happened first. */
static const char *const crash_words[] = {
	"BUG: ",       "kernel BUG at ",  "general protection fault", "divide error",
	"Oops: ",      "Kernel panic - ", "unable to handle",         "invalid opcode",
	"stack guard", "double fault",    "Bad page state",
};

#define NR_CRASH_WORDS (sizeof(crash_words) / sizeof(crash_words[0]))

#define COMPLAINT "cowherd: "

char *vm_log_read(int fd)
{
	struct stat info;
	char *log;
	ssize_t got;

	if (fd < 0 || fstat(fd, &info))
		return NULL;
	log = malloc((size_t)info.st_size + 1);
	if (!log)
		return NULL;
	got = pread(fd, log, (size_t)info.st_size, 0);
	if (got < 0)
		got = 0;
	/* Firmware and bugs write what ends no string. */
	for (ssize_t i = 0; i < got; i++) {
		if (!log[i])
			log[i] = ' ';
	}
	log[got] = '\0';
	return log;
}

/* "[    3.141593] " */
static const char *skip_time(const char *line)
{
	const char *end;

	if (line[0] != '[')
		return line;
	end = strchr(line, ']');
	return end && end[1] == ' ' ? end + 2 : line;
}

static void copy_line(const char *from, char *line, size_t size)
{
	snprintf(line, size, "%.*s", (int)strcspn(from, "\r\n"), from);
}

static bool tells_of_crash(const char *line, size_t length)
{
	for (size_t i = 0; i < NR_CRASH_WORDS; i++) {
		if (memmem(line, length, crash_words[i], strlen(crash_words[i])))
			return true;
	}
	return false;
}

bool vm_log_find_crash(const char *log, char *line, size_t size)
{
	for (const char *at = log; *at; at += strspn(at, "\r\n")) {
		size_t length = strcspn(at, "\r\n");

		if (tells_of_crash(at, length)) {
			copy_line(skip_time(at), line, size);
			return true;
		}
		at += length;
	}
	return false;
}

bool vm_log_find_complaint(const char *log, char *line, size_t size)
{
	const char *last = NULL;

	for (const char *at = log; (at = strstr(at, COMPLAINT)); at += strlen(COMPLAINT))
		last = at;
	if (last)
		copy_line(last + strlen(COMPLAINT), line, size);
	return last;
}

static bool write_log(const char *path, const char *log)
{
	FILE *out = fopen(path, "we");
	bool good;

	if (!out)
		return false;
	good = fputs(log, out) >= 0;
	return fclose(out) == 0 && good;
}

bool vm_log_keep(const char *log, const char *machine, const char *test, char *path, size_t size)
{
	char directory[2048];
	char name[256];
	int length = xdg_directory("XDG_STATE_HOME", ".local/state", "cowherd", directory,
				   sizeof(directory));

	snprintf(name, sizeof(name), "%s-%s.log", machine, test);
	for (char *slash = name; (slash = strpbrk(slash, "/:")); slash++)
		*slash = '-';
	if (length < 0 || length >= (int)sizeof(directory) || !xdg_make(directory)) {
		snprintf(path, size, "no directory for logs");
		return false;
	}
	snprintf(path, size, "%s/%s", directory, name);
	if (write_log(path, log))
		return true;
	snprintf(path, size, "%s: %s", directory, strerror(errno));
	return false;
}
