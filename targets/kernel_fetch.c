/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_fetch.c - fetch kernels that packages of Debian offer into the cache */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "targets/debian.h"
#include "targets/kernel_archive.h"
#include "targets/kernel_cache.h"
#include "targets/kernel_fail.h"
#include "targets/kernel_make.h"
#include "targets/kernel_record.h"

#define MAX_SUITES 16

/* One call of kernels_fetch() or kernels_offered(). */
struct session {
	const struct kernel_source *source;
	const struct kernel_watch *watch;
	struct kernel_cache cache;
	struct debian_mirrors mirrors;
	struct apt apts[MAX_SUITES]; /* for each of debian_suites[] */
	bool asked[MAX_SUITES];
	struct kernel_offers offers;
	char trouble[512]; /* a suite that no mirror has; "" if there is none */
};

/* Note what went wrong and does not end the work. */
static void note_trouble(const struct session *session)
{
	if (session->trouble[0] && session->watch && session->watch->note)
		session->watch->note(session->watch->context, session->trouble);
}

/* Read the suite's lists from the first mirror that has them. */
static enum apt_status read_lists(struct session *session, int number, char *err, size_t err_size)
{
	const struct debian_suite *suite = &debian_suites[number];
	const struct debian_mirrors *mirrors = &session->mirrors;
	enum apt_status ret = APT_NO_SUITE;
	char dir[KERNEL_PATH_SIZE];

	snprintf(dir, sizeof(dir), "%.2100s/%s", session->cache.work, suite->name);
	for (int i = 0; i < mirrors->nr && ret == APT_NO_SUITE; i++) {
		bool archive = i > 0 && i == mirrors->nr - 1;

		ret = apt_update(&session->apts[number], dir, suite,
				 suite->security ? mirrors->security[i] : mirrors->main[i], archive,
				 session->watch, err, err_size);
	}
	return ret;
}

/* Ask one suite for its kernels. Others may have them if it is nowhere. */
static int ask_suite(struct session *session, int number, char *err, size_t err_size)
{
	enum apt_status status;
	FILE *records;
	int ret;

	if (session->asked[number])
		return 0;
	session->asked[number] = true;
	status = read_lists(session, number, err, err_size);
	if (status == APT_NO_SUITE) {
		if (!session->trouble[0])
			snprintf(session->trouble, sizeof(session->trouble), "%s", err);
		return 0;
	}
	if (status != APT_OK)
		return -1;
	records = apt_search(&session->apts[number], err, err_size);
	if (!records)
		return -1;
	ret = debian_add_offers(records, &debian_suites[number], &session->offers);
	fclose(records);
	return ret < 0 ? kernel_no_memory(err, err_size) : 0;
}

/* Is there a suite for this name alone? */
static bool has_suite(const char *name)
{
	for (int i = 0; i < debian_nr_suites; i++) {
		if (debian_suites[i].series && strcmp(debian_suites[i].series, name) == 0)
			return true;
	}
	return false;
}

/* Ask the suites that may have the kernel `name`; NULL: all. */
static int ask_suites(struct session *session, const char *name, char *err, size_t err_size)
{
	bool special = name && has_suite(name);

	for (int i = 0; i < debian_nr_suites && i < MAX_SUITES; i++) {
		const char *series = debian_suites[i].series;

		if (name && (special ? !series || strcmp(series, name) != 0 : series != NULL))
			continue;
		if (ask_suite(session, i, err, err_size) < 0)
			return -1;
	}
	return 0;
}

static int compare_offers(const void *a, const void *b)
{
	const struct kernel_offer *first = a, *second = b;

	return debian_compare_versions(first->package, second->package);
}

static void sort_offers(struct kernel_offers *offers)
{
	if (offers->nr)
		qsort(offers->offers, (size_t)offers->nr, sizeof(*offers->offers), compare_offers);
}

/* The newest offer that is a release. */
static const struct kernel_offer *newest_offer(struct kernel_offers *offers)
{
	sort_offers(offers);
	for (int i = offers->nr - 1; i >= 0; i--) {
		if (!strstr(offers->offers[i].version, "-rc"))
			return &offers->offers[i];
	}
	return NULL;
}

static const struct kernel_offer *find_offer(struct kernel_offers *offers, const char *name)
{
	if (strcmp(name, "newest") == 0)
		return newest_offer(offers);
	for (int i = 0; i < offers->nr; i++) {
		if (strcmp(offers->offers[i].name, name) == 0)
			return &offers->offers[i];
	}
	return NULL;
}

static int not_offered(struct session *session, const char *name, char *err, size_t err_size)
{
	const char *before = "expected newest, ";
	size_t used;

	if (session->trouble[0])
		return kernel_fail(err, err_size, "%s", session->trouble);
	sort_offers(&session->offers);
	kernel_fail(err, err_size, "no suite of Debian offers a kernel '%s', ", name);
	for (int i = 0; i < debian_nr_suites; i++) {
		const char *series = debian_suites[i].series;

		if (!series || debian_suites[i].security)
			continue;
		used = strlen(err);
		snprintf(err + used, err_size - used, "%s%s", before, series);
		before = ", ";
	}
	for (int i = 0; i < session->offers.nr; i++) {
		if (has_suite(session->offers.offers[i].name))
			continue;
		used = strlen(err);
		snprintf(err + used, err_size - used, "%s%s",
			 i == session->offers.nr - 1 ? " or " : ", ",
			 session->offers.offers[i].name);
	}
	return -1;
}

static int open_session(struct session *session, const struct kernel_source *source,
			const struct kernel_watch *watch, char *err, size_t err_size)
{
	session->source = source;
	session->watch = watch;
	if (source->mirror && !debian_mirror_valid(source->mirror))
		return kernel_fail(err, err_size,
				   "'%s' is no mirror, expected a URI such as "
				   "http://deb.debian.org/debian",
				   source->mirror);
	if (kernel_cache_open(&session->cache, watch, err, err_size) < 0)
		return -1;
	debian_find_mirrors(source->mirror, &session->mirrors);
	return 0;
}

static void close_session(struct session *session)
{
	kernel_cache_close(&session->cache);
	free(session->offers.offers);
}

int kernels_offered(const struct kernel_source *source, const struct kernel_watch *watch,
		    struct kernel_offers *offers, char *err, size_t err_size)
{
	struct session *session = calloc(1, sizeof(*session));
	int ret;

	*offers = (struct kernel_offers){0};
	if (!session)
		return kernel_no_memory(err, err_size);
	ret = open_session(session, source, watch, err, err_size);
	if (ret == 0) {
		ret = ask_suites(session, NULL, err, err_size);
		if (ret == 0 && !session->offers.nr)
			ret = not_offered(session, "newest", err, err_size);
		if (ret == 0) {
			note_trouble(session);
			sort_offers(&session->offers);
			*offers = session->offers;
			session->offers = (struct kernel_offers){0};
		}
		close_session(session);
	}
	free(session);
	return ret;
}

/* Where the files of one kernel are, on their way. */
struct unpacking {
	const struct kernel_offer *offer;
	char dir[KERNEL_PATH_SIZE];
	char packages[KERNEL_PATH_SIZE + 16]; /* a directory with the packages */
	char image[KERNEL_PATH_SIZE + 16];
	char modules[KERNEL_PATH_SIZE + 16];
};

static int make_places(const struct session *session, struct unpacking *unpacking, char *err,
		       size_t err_size)
{
	snprintf(unpacking->dir, sizeof(unpacking->dir), "%.2100s/parts-%s", session->cache.work,
		 unpacking->offer->name);
	snprintf(unpacking->packages, sizeof(unpacking->packages), "%s/packages", unpacking->dir);
	snprintf(unpacking->image, sizeof(unpacking->image), "%s/image", unpacking->dir);
	snprintf(unpacking->modules, sizeof(unpacking->modules), "%s/modules", unpacking->dir);
	if (mkdir(unpacking->dir, 0700) < 0 || mkdir(unpacking->packages, 0700) < 0 ||
	    mkdir(unpacking->modules, 0700) < 0)
		return kernel_fail(err, err_size, "%s: %s", unpacking->dir, strerror(errno));
	return 0;
}

static const struct apt *apt_of(const struct session *session, const struct kernel_offer *offer)
{
	int i = 0;

	while (strcmp(debian_suites[i].name, offer->suite) != 0)
		i++;
	return &session->apts[i];
}

static int download(const struct session *session, const struct unpacking *unpacking, char *err,
		    size_t err_size)
{
	const struct kernel_offer *offer = unpacking->offer;
	char first[256], second[256], what[96];
	const char *packages[] = {first, offer->split ? second : NULL, NULL};

	snprintf(first, sizeof(first), "linux-%s-%s=%s", offer->split ? "binary" : "image",
		 offer->release, offer->package);
	snprintf(second, sizeof(second), "linux-modules-%s=%s", offer->release, offer->package);
	snprintf(what, sizeof(what), "%s: downloading %llu MB", offer->name,
		 (unsigned long long)(offer->size + 999999) / 1000000);
	return apt_download(apt_of(session, offer), unpacking->packages, what, packages, err,
			    err_size);
}

static int unpack(const struct session *session, const struct unpacking *unpacking, char *err,
		  size_t err_size)
{
	DIR *dir = opendir(unpacking->packages);
	char path[KERNEL_PATH_SIZE + 300];
	struct dirent *entry;
	int ret = 0;

	if (!dir)
		return kernel_fail(err, err_size, "%s: %s", unpacking->packages, strerror(errno));
	while (ret == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", unpacking->packages, entry->d_name);
		ret = kernel_unpack_package(path, unpacking->dir, session->watch, err, err_size);
	}
	closedir(dir);
	return ret;
}

static int make(struct session *session, const struct unpacking *unpacking, char *err,
		size_t err_size)
{
	const struct kernel_offer *offer = unpacking->offer;
	char origin[64];

	snprintf(origin, sizeof(origin), "Debian %s", offer->suite);
	return kernel_make(&session->cache,
			   &(struct kernel_parts){.image = unpacking->image,
						  .modules = unpacking->modules,
						  .name = offer->name,
						  .origin = origin,
						  .package = offer->package,
						  .replace = true},
			   session->watch, err, err_size);
}

static int fetch(struct session *session, const struct kernel_offer *offer, char *err,
		 size_t err_size)
{
	struct unpacking unpacking = {.offer = offer};
	int ret = make_places(session, &unpacking, err, err_size);

	if (ret == 0)
		ret = download(session, &unpacking, err, err_size);
	if (ret == 0)
		ret = unpack(session, &unpacking, err, err_size);
	if (ret == 0)
		ret = make(session, &unpacking, err, err_size);
	kernel_cache_scrap(unpacking.dir);
	return ret;
}

/*
 * Does the cache have what is offered? Then the watch is told. What can't be read, or is not what
 * was fetched, does not count.
 */
static bool has_offer(const struct session *session, const struct kernel_offer *offer)
{
	struct kernel_record record;
	char why[256];
	bool has;

	if (session->source->again ||
	    kernel_record_read(session->cache.dir, offer->name, &record, why, sizeof(why)) < 0)
		return false;
	has = record.kernel.package && strcmp(record.kernel.package, offer->package) == 0 &&
	      strcmp(record.kernel.release, offer->release) == 0 &&
	      kernel_record_check(&record, why, sizeof(why)) == 0;
	if (has && session->watch && session->watch->done)
		session->watch->done(session->watch->context, &record.kernel, false);
	kernel_record_free(&record);
	return has;
}

/* The user's own kernel of that name is not replaced. */
static int check_own(const struct session *session, const char *name, char *err, size_t err_size)
{
	struct kernel_record record;
	char why[256];
	int ret = 0;

	if (kernel_record_read(session->cache.dir, name, &record, why, sizeof(why)) < 0)
		return 0;
	if (!record.kernel.package)
		ret = kernel_fail(err, err_size,
				  "kernel '%s' is your own, from %s; run cowherd kernels remove %s "
				  "first",
				  name, record.kernel.origin, name);
	kernel_record_free(&record);
	return ret;
}

static int fetch_name(struct session *session, const char *name, char *err, size_t err_size)
{
	struct kernel_offer offer = *find_offer(&session->offers, name);

	if (check_own(session, offer.name, err, err_size) < 0)
		return -1;
	return has_offer(session, &offer) ? 0 : fetch(session, &offer, err, err_size);
}

static int check_name(const struct session *session, const char *name, char *err, size_t err_size)
{
	size_t major = strspn(name, "0123456789");
	size_t minor = name[major] == '.' ? strspn(name + major + 1, "0123456789") : 0;

	if (strcmp(name, "newest") == 0)
		return 0;
	if (!major || !minor || name[major + 1 + minor])
		return kernel_fail(err, err_size,
				   "can't fetch '%s', expected two numbers such as 6.1, or newest",
				   name);
	return check_own(session, name, err, err_size);
}

/* What is wrong with any name is told before anything is fetched. */
static int fetch_names(struct session *session, const char *const *names, int nr_names, char *err,
		       size_t err_size)
{
	for (int i = 0; i < nr_names; i++) {
		if (check_name(session, names[i], err, err_size) < 0)
			return -1;
	}
	for (int i = 0; i < nr_names; i++) {
		if (ask_suites(session, names[i], err, err_size) < 0)
			return -1;
		if (!find_offer(&session->offers, names[i]))
			return not_offered(session, names[i], err, err_size);
	}
	note_trouble(session);
	for (int i = 0; i < nr_names; i++) {
		if (fetch_name(session, names[i], err, err_size) < 0)
			return -1;
	}
	return 0;
}

int kernels_fetch(const struct kernel_source *source, const char *const *names, int nr_names,
		  const struct kernel_watch *watch, char *err, size_t err_size)
{
	struct session *session = calloc(1, sizeof(*session));
	int ret;

	if (!session)
		return kernel_no_memory(err, err_size);
	ret = open_session(session, source, watch, err, err_size);
	if (ret == 0) {
		ret = fetch_names(session, names, nr_names, err, err_size);
		close_session(session);
	}
	free(session);
	return ret;
}
