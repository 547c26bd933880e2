/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debian.h - Debian's suites, and its package client with lists and caches of our own */
#ifndef TARGETS_DEBIAN_H
#define TARGETS_DEBIAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "targets/kernels.h"

#define DEBIAN_URI_SIZE 512

/* One suite that has kernels. */
struct debian_suite {
	const char *name;   /* "bookworm-security" */
	const char *series; /* whose newest kernel it has: "6.1"; NULL: several, and the newest */
	bool security;      /* not in the main archive, but in debian-security */
};

extern const struct debian_suite debian_suites[];
extern const int debian_nr_suites;

/* The places where a suite may be, in the order in which they are to be tried. */
struct debian_mirrors {
	int nr;
	char main[3][DEBIAN_URI_SIZE];
	char security[3][DEBIAN_URI_SIZE];
};

/* Could this be a mirror? */
bool debian_mirror_valid(const char *mirror);

/* `mirror` alone, or, where it is NULL, that of the user's own apt and then those of Debian. */
void debian_find_mirrors(const char *mirror, struct debian_mirrors *mirrors);

/* Less than, equal to or greater than 0, as dpkg(1) compares versions without epochs. */
int debian_compare_versions(const char *a, const char *b);

/* The part of a package's version that is upstream's: "6.1.192" of "6.1.192-3". */
void debian_upstream_version(const char *package, char *version, size_t size);

/* Offers, and what is left of the packages' lines. */
int debian_add_offers(FILE *records, const struct debian_suite *suite,
		      struct kernel_offers *offers);

/* A package client that knows one suite, in a directory of its own. */
struct apt {
	char dir[2560];
	const struct kernel_watch *watch;
};

enum apt_status {
	APT_OK = 0,
	APT_FAILED = -1,
	APT_NO_SUITE = -2, /* the mirror does not have the suite */
};

/* Read the lists of a suite from a mirror. `archived`: they may be of any age. */
enum apt_status apt_update(struct apt *apt, const char *dir, const struct debian_suite *suite,
			   const char *mirror, bool archived, const struct kernel_watch *watch,
			   char *err, size_t err_size);

/* The records of the packages that may be kernels, as a stream; NULL with one line in err. */
FILE *apt_search(const struct apt *apt, char *err, size_t err_size);

/* Download packages ("NAME=VERSION"; the list ends with NULL) into the directory `to`. */
int apt_download(const struct apt *apt, const char *to, const char *what,
		 const char *const *packages, char *err, size_t err_size);

#endif
