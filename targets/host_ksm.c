/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_ksm.c - the system's settings of KSM: it scans only when a test asks for it, and then fast
 */
#include "targets/host_system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/host_text.h"

/* In the order in which they are set; `run` is the first, and the last to be put back. */
static const struct {
	const char *path;
	const char *value;
} settings[HOST_KSM_SETTINGS] = {
	{"/sys/kernel/mm/ksm/run", "0"},
	{"/sys/kernel/mm/ksm/advisor_mode", "none"}, /* v6.8; the two below depend on it */
	{"/sys/kernel/mm/ksm/sleep_millisecs", "0"},
	{"/sys/kernel/mm/ksm/pages_to_scan", "1000"},
	{"/sys/kernel/mm/ksm/smart_scan", "0"}, /* v6.7: skips pages that it did not merge before */
	{"/sys/kernel/mm/ksm/use_zero_pages", "0"},
};

/* A choice is shown as "[none] scan-time". */
static void pick_chosen(char *text)
{
	char *open = strchr(text, '[');
	char *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return;
	*close = '\0';
	memmove(text, open + 1, strlen(open + 1) + 1);
}

static bool save(struct host_ksm *ksm)
{
	for (int i = 0; i < HOST_KSM_SETTINGS; i++) {
		if (host_read_text(settings[i].path, ksm->saved[i], sizeof(ksm->saved[i])))
			pick_chosen(ksm->saved[i]);
		else if (i == 0)
			return false;
		else
			ksm->saved[i][0] = '\0';
	}
	return true;
}

/* While nothing is mergeable ksmd sleeps, and counts no scans. */
static bool keep_ksmd_awake(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *page =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	/* Unlike any other. */
	snprintf((char *)page, size, "cowherd's guardian %d", (int)getpid());
	return madvise(page, size, MADV_MERGEABLE) == 0;
}

bool host_ksm_take(struct host_ksm *ksm, char *reason, size_t size)
{
	if (!save(ksm)) {
		snprintf(reason, size, "%s",
			 errno == ENOENT ? "this kernel has no KSM (CONFIG_KSM)"
					 : "/sys/kernel/mm/ksm can't be read");
		return false;
	}
	ksm->changed = true;
	for (int i = 0; i < HOST_KSM_SETTINGS; i++) {
		if (!ksm->saved[i][0] || host_write_text(settings[i].path, settings[i].value))
			continue;
		snprintf(reason, size, "a scan of KSM takes root: %s: %s", settings[i].path,
			 strerror(errno));
		host_ksm_restore(ksm);
		return false;
	}
	if (keep_ksmd_awake())
		return true;
	snprintf(reason, size, "madvise(MADV_MERGEABLE): %s", strerror(errno));
	host_ksm_restore(ksm);
	return false;
}

void host_ksm_restore(struct host_ksm *ksm)
{
	if (!ksm->changed)
		return;
	ksm->changed = false;
	for (int i = HOST_KSM_SETTINGS - 1; i >= 0; i--) {
		if (ksm->saved[i][0])
			host_write_text(settings[i].path, ksm->saved[i]);
	}
}
