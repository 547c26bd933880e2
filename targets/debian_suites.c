/* SPDX-License-Identifier: GPL-2.0-or-later */
/* debian_suites.c - which suites have kernels, and on which mirrors they are */

#include "targets/debian.h"

#include <string.h>

/* Which kernel a suite has is asked for; only where to look for which stands here. */
const struct debian_suite debian_suites[] = {
	{"bullseye", "5.10", false},       {"bullseye-security", "5.10", true},
	{"bookworm", "6.1", false},        {"bookworm-security", "6.1", true},
	{"trixie", "6.12", false},         {"trixie-security", "6.12", true},
	{"trixie-backports", NULL, false}, {"sid", NULL, false},
	{"experimental", NULL, false},
};

const int debian_nr_suites = sizeof(debian_suites) / sizeof(debian_suites[0]);

#define MAIN     "http://deb.debian.org/debian"
#define SECURITY "http://deb.debian.org/debian-security"

/* Where suites go when they are no longer supported. */
#define ARCHIVE          "http://archive.debian.org/debian"
#define ARCHIVE_SECURITY "http://archive.debian.org/debian-security"

/* It becomes a word in a line of sources.list. */
bool debian_mirror_valid(const char *mirror)
{
	const char *colon = strchr(mirror, ':');

	return colon && colon > mirror && colon[1] == '/' &&
	       strspn(mirror, "abcdefghijklmnopqrstuvwxyz+") == (size_t)(colon - mirror) &&
	       !mirror[strcspn(mirror, " \t\n\r\"[]#")] && strlen(mirror) < DEBIAN_URI_SIZE - 16;
}

/* The URI without slashes at its end. */
static void copy_uri(char to[DEBIAN_URI_SIZE], const char *uri)
{
	size_t length = strlen(uri);

	while (length > 0 && uri[length - 1] == '/')
		length--;
	snprintf(to, DEBIAN_URI_SIZE, "%.*s", (int)length, uri);
}

static bool is_called(const char *uri, const char *name)
{
	const char *slash = strrchr(uri, '/');

	return slash && strcmp(slash + 1, name) == 0;
}

/* The first mirror of each archive that the user's apt knows; "" if there is none. */
static void ask_apt(char main[DEBIAN_URI_SIZE], char security[DEBIAN_URI_SIZE])
{
	FILE *stream = popen("LC_ALL=C apt-get indextargets --format '$(REPO_URI)' "
			     "'Created-By: Packages' 2>/dev/null </dev/null",
			     "re");
	char line[DEBIAN_URI_SIZE], uri[DEBIAN_URI_SIZE];

	while (stream && fgets(line, sizeof(line), stream)) {
		line[strcspn(line, "\n")] = '\0';
		copy_uri(uri, line);
		if (!debian_mirror_valid(uri))
			continue;
		if (!main[0] && is_called(uri, "debian"))
			copy_uri(main, uri);
		if (!security[0] && is_called(uri, "debian-security"))
			copy_uri(security, uri);
	}
	if (stream)
		pclose(stream);
}

static void add(struct debian_mirrors *mirrors, const char *main, const char *security)
{
	copy_uri(mirrors->main[mirrors->nr], main);
	copy_uri(mirrors->security[mirrors->nr], security);
	mirrors->nr++;
}

/* Only where the user says so: ".../debian" has ".../debian-security" beside it. */
static void add_given(struct debian_mirrors *mirrors, const char *mirror)
{
	char main[DEBIAN_URI_SIZE], security[2 * DEBIAN_URI_SIZE];

	copy_uri(main, mirror);
	snprintf(security, sizeof(security), "%s-security", main);
	security[DEBIAN_URI_SIZE - 1] = '\0';
	add(mirrors, main, is_called(main, "debian") ? security : SECURITY);
}

void debian_find_mirrors(const char *mirror, struct debian_mirrors *mirrors)
{
	char main[DEBIAN_URI_SIZE] = "", security[DEBIAN_URI_SIZE] = "";

	*mirrors = (struct debian_mirrors){0};
	if (mirror) {
		add_given(mirrors, mirror);
		return;
	}
	ask_apt(main, security);
	if ((main[0] && strcmp(main, MAIN) != 0) ||
	    (security[0] && strcmp(security, SECURITY) != 0))
		add(mirrors, main[0] ? main : MAIN, security[0] ? security : SECURITY);
	add(mirrors, MAIN, SECURITY);
	add(mirrors, ARCHIVE, ARCHIVE_SECURITY);
}
