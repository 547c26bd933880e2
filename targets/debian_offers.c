/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debian_offers.c - which kernels the packages of a suite are */

#include "targets/debian.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A package that is smaller is a meta package, which only depends on others. */
#define MIN_SIZE (1 << 20)

/* What we read of a package's record. */
struct package {
	char name[128];
	char version[96];
	uint64_t size;
};

struct packages {
	int nr;
	struct package *all;
};

static bool has_value(const char *line, const char *key, char *value, size_t size)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0 || line[length] != ':')
		return false;
	line += length + 1;
	line += strspn(line, " ");
	snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
	return true;
}

static int add_package(struct packages *packages, struct package *package)
{
	struct package *all;

	if (!package->name[0] || !package->version[0])
		return 0;
	all = reallocarray(packages->all, (size_t)packages->nr + 1, sizeof(*all));
	if (!all)
		return -1;
	packages->all = all;
	all[packages->nr++] = *package;
	*package = (struct package){0};
	return 0;
}

static int read_packages(FILE *records, struct packages *packages)
{
	struct package package = {0};
	char *line = NULL, number[32];
	size_t size = 0;
	int ret = 0;

	while (ret == 0 && getline(&line, &size, records) >= 0) {
		if (line[0] == '\n')
			ret = add_package(packages, &package);
		else if (has_value(line, "Size", number, sizeof(number)))
			package.size = strtoull(number, NULL, 10);
		else if (!has_value(line, "Package", package.name, sizeof(package.name)))
			has_value(line, "Version", package.version, sizeof(package.version));
	}
	if (ret == 0)
		ret = add_package(packages, &package);
	free(line);
	return ret;
}

static const struct package *find_package(const struct packages *packages, const char *prefix,
					  const char *release)
{
	size_t length = strlen(prefix);

	for (int i = 0; i < packages->nr; i++) {
		const struct package *package = &packages->all[i];

		if (strncmp(package->name, prefix, length) == 0 &&
		    strcmp(package->name + length, release) == 0)
			return package;
	}
	return NULL;
}

/* "6.1" of "6.1.192". */
static bool name_of(const char *version, char *name, size_t size)
{
	size_t major = strspn(version, "0123456789");
	size_t minor = version[major] == '.' ? strspn(version + major + 1, "0123456789") : 0;

	snprintf(name, size, "%.*s", (int)(major + 1 + minor), version);
	return major && minor && major + 1 + minor < size;
}

/*
 * The kernel that a package is part of: linux-image-RELEASE is a whole one, signed for Secure Boot;
 * or there are linux-binary-RELEASE and linux-modules-RELEASE.
 */
static bool make_offer(const struct packages *packages, const struct package *package,
		       struct kernel_offer *offer)
{
	const struct package *modules = NULL;
	const char *release = NULL;

	*offer = (struct kernel_offer){.size = package->size};
	if (strncmp(package->name, "linux-image-", 12) == 0 && package->size >= MIN_SIZE)
		release = package->name + 12;
	if (strncmp(package->name, "linux-binary-", 13) == 0) {
		release = package->name + 13;
		modules = find_package(packages, "linux-modules-", release);
		if (!modules || strcmp(modules->version, package->version) != 0)
			return false;
		offer->split = true;
		offer->size += modules->size;
	}
	if (!release || strlen(release) >= sizeof(offer->release))
		return false;
	snprintf(offer->release, sizeof(offer->release), "%s", release);
	snprintf(offer->package, sizeof(offer->package), "%s", package->version);
	debian_upstream_version(package->version, offer->version, sizeof(offer->version));
	return name_of(offer->version, offer->name, sizeof(offer->name));
}

/* Keep the newest of each name. */
static int add_offer(struct kernel_offers *offers, const struct kernel_offer *offer)
{
	struct kernel_offer *all;

	for (int i = 0; i < offers->nr; i++) {
		all = &offers->offers[i];
		if (strcmp(all->name, offer->name) != 0)
			continue;
		if (debian_compare_versions(offer->package, all->package) > 0)
			*all = *offer;
		return 0;
	}
	all = reallocarray(offers->offers, (size_t)offers->nr + 1, sizeof(*all));
	if (!all)
		return -1;
	offers->offers = all;
	all[offers->nr++] = *offer;
	return 0;
}

int debian_add_offers(FILE *records, const struct debian_suite *suite, struct kernel_offers *offers)
{
	struct packages packages = {0};
	struct kernel_offer offer;
	int ret = read_packages(records, &packages);

	for (int i = 0; ret == 0 && i < packages.nr; i++) {
		if (!make_offer(&packages, &packages.all[i], &offer) ||
		    (suite->series && strcmp(suite->series, offer.name) != 0))
			continue;
		offer.suite = suite->name;
		ret = add_offer(offers, &offer);
	}
	free(packages.all);
	return ret;
}
