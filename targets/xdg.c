/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xdg.c - find and make directories for a user's files */
#include "targets/xdg.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *home(void)
{
	const char *dir = getenv("HOME");
	struct passwd *user;

	if (dir && dir[0] == '/')
		return dir;
	user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

int xdg_directory(const char *variable, const char *below, const char *name, char *dir, size_t size)
{
	const char *base = getenv(variable);

	/* The specification: a relative path is to be ignored. */
	if (base && base[0] == '/')
		return snprintf(dir, size, "%s/%s", base, name);
	base = home();
	return base ? snprintf(dir, size, "%s/%s/%s", base, below, name) : -1;
}

bool xdg_make(const char *dir)
{
	char *path = strdup(dir);
	bool made = path;

	for (char *slash = path; made && (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		made = mkdir(path, 0700) == 0 || errno == EEXIST;
		*slash = '/';
	}
	made = made && (mkdir(path, 0700) == 0 || errno == EEXIST);
	free(path);
	return made;
}
