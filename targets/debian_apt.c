/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * debian_apt.c - Debian's package client, with lists and caches of our own
 *
 * Nothing of the system's own is read but the user's settings of proxies, passwords and trusted
 * keys, and nothing is written but in the directory that we are given. apt checks the signature of
 * a suite, and by it the hash of all that it downloads.
 */
#include "targets/debian.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/kernel_fail.h"

#define KEYRING   "/usr/share/keyrings/debian-archive-keyring.gpg"
#define STATUS_FD 3
#define MAX_ARGS  16
#define NO_CLIENT 127 /* what the child returns if it can't be started */

/* Images of Debian's standard flavour, without debug information. */
#define KERNELS "^linux-(image|binary|modules)-[0-9][^-]*(-[0-9r][^-]*)?-amd64$"

/* A run of the client. What it says goes to memory: the disk may be full. */
struct run {
	const char *argv[MAX_ARGS];
	const char *directory; /* where it runs */
	const char *what;      /* for the progress: "downloading ..." */
	int out, err;
	int status[2]; /* a pipe */
};

static int write_file(const char *path, const char *text, char *err, size_t err_size)
{
	FILE *stream = fopen(path, "we");
	bool written;

	if (!stream)
		return kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
	written = fputs(text, stream) >= 0;
	if (fclose(stream) == 0 && written)
		return 0;
	return kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
}

static int write_settings(const struct apt *apt, char *err, size_t err_size)
{
	char path[sizeof(apt->dir) + 32], *text;
	int ret;

	if (asprintf(&text,
		     "#clear APT::Update::Pre-Invoke;\n"
		     "#clear APT::Update::Post-Invoke;\n"
		     "#clear APT::Update::Post-Invoke-Success;\n"
		     "#clear APT::Default-Release;\n"
		     "#clear APT::Architectures;\n"
		     "APT::Architecture \"amd64\";\n"
		     "APT::Architectures { \"amd64\"; };\n"
		     "APT::Sandbox::User \"root\";\n"
		     "APT::Update::Error-Mode \"any\";\n"
		     "APT::Get::AllowUnauthenticated \"false\";\n"
		     "Acquire::AllowInsecureRepositories \"false\";\n"
		     "Acquire::Languages \"none\";\n"
		     "Acquire::Retries \"2\";\n"
		     "Acquire::http::Timeout \"30\";\n"
		     "Acquire::https::Timeout \"30\";\n"
		     "Dir::State \"%s/state\";\n"
		     "Dir::State::lists \"%s/lists\";\n"
		     "Dir::State::status \"/dev/null\";\n"
		     "Dir::Cache \"%s/cache\";\n"
		     "Dir::Etc::sourcelist \"%s/sources.list\";\n"
		     "Dir::Etc::sourceparts \"/dev/null\";\n"
		     "Dir::Etc::preferences \"/dev/null\";\n"
		     "Dir::Etc::preferencesparts \"/dev/null\";\n",
		     apt->dir, apt->dir, apt->dir, apt->dir) < 0)
		return kernel_no_memory(err, err_size);
	snprintf(path, sizeof(path), "%s/apt.conf", apt->dir);
	ret = write_file(path, text, err, err_size);
	free(text);
	return ret;
}

static int write_sources(const struct apt *apt, const struct debian_suite *suite,
			 const char *mirror, bool archived, char *err, size_t err_size)
{
	char path[sizeof(apt->dir) + 32], line[2 * DEBIAN_URI_SIZE];

	snprintf(line, sizeof(line), "deb [arch=amd64 lang=none target=Packages%s%s] %s %s main\n",
		 access(KEYRING, R_OK) == 0 ? " signed-by=" KEYRING : "",
		 archived ? " check-valid-until=no" : "", mirror, suite->name);
	snprintf(path, sizeof(path), "%s/sources.list", apt->dir);
	return write_file(path, line, err, err_size);
}

static int make_directories(const struct apt *apt, char *err, size_t err_size)
{
	static const char *const names[] = {"",
					    "/state",
					    "/lists",
					    "/cache",
					    "/lists/partial",
					    "/cache/archives",
					    "/cache/archives/partial"};
	char path[sizeof(apt->dir) + 32];

	/* The path is quoted in apt.conf. */
	if (strpbrk(apt->dir, "\"\n"))
		return kernel_fail(err, err_size, "%s: apt can't be told of such a path", apt->dir);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", apt->dir, names[i]);
		if (mkdir(path, 0700) < 0 && errno != EEXIST)
			return kernel_fail(err, err_size, "%s: %s", path, strerror(errno));
	}
	return 0;
}

/* The child, until it is the client. */
static void become_client(const struct run *run, pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	/* Should we be killed, nobody is to go on writing where we did. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(NO_CLIENT);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("LC_ALL", "C", 1);
	unsetenv("APT_CONFIG");
	if (null < 0 || dup2(null, 0) < 0 || dup2(run->out, 1) < 0 || dup2(run->err, 2) < 0 ||
	    dup2(run->status[1], STATUS_FD) < 0 || (run->directory && chdir(run->directory) < 0))
		_exit(NO_CLIENT);
	execvp(run->argv[0], (char *const *)run->argv);
	_exit(NO_CLIENT);
}

/* "dlstatus:1:45.1234:Retrieving file 1 of 1" */
static void show_progress(const struct run *run, const struct apt *apt, char *text)
{
	char *line = NULL;

	for (char *rest = text, *next; (next = strsep(&rest, "\n")) && rest;)
		line = next;
	if (line && strncmp(line, "dlstatus:", 9) == 0 && (line = strchr(line + 9, ':')))
		kernel_progress(apt->watch, "%s: %.0f %%", run->what, strtod(line + 1, NULL));
	else
		kernel_progress(apt->watch, "%s", run->what);
}

/* Wait until there is something to read, or a moment. */
static void wait_a_moment(const struct run *run, const struct apt *apt)
{
	struct pollfd pollfd = {.fd = run->status[0], .events = POLLIN};
	struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
	char text[4096] = "";
	ssize_t size = 0;

	if (poll(&pollfd, 1, 100) > 0) {
		size = read(run->status[0], text, sizeof(text) - 1);
		/* At the end of the pipe poll() does not wait. */
		if (size <= 0)
			nanosleep(&pause, NULL);
	}
	text[size > 0 ? size : 0] = '\0';
	show_progress(run, apt, text);
}

/* Returns the client's exit status, or -1 if the work should end. */
static int await_client(const struct run *run, const struct apt *apt, pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (kernel_stopped(apt->watch, NULL, 0) < 0) {
			kill(pid, SIGTERM);
			waitpid(pid, &status, 0);
			return -1;
		}
		wait_a_moment(run, apt);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start(struct run *run, const struct apt *apt)
{
	pid_t parent = getpid(), pid;
	int status;

	if (pipe2(run->status, O_CLOEXEC) < 0)
		return NO_CLIENT;
	pid = fork();
	if (pid == 0)
		become_client(run, parent);
	close(run->status[1]);
	status = pid < 0 ? NO_CLIENT : await_client(run, apt, pid);
	close(run->status[0]);
	return status;
}

/* The line that says most about what went wrong: the first that a cause has. */
static void find_cause(int fd, char *cause, size_t size)
{
	FILE *stream = fdopen(dup(fd), "r");
	char line[1024];

	cause[0] = '\0';
	if (!stream)
		return;
	rewind(stream);
	while (fgets(line, sizeof(line), stream)) {
		bool error = strncmp(line, "E: ", 3) == 0;

		line[strcspn(line, "\n")] = '\0';
		if (!error && strncmp(line, "W: Failed", 9) != 0 && strncmp(line, "W: GPG", 6) != 0)
			continue;
		if (!cause[0])
			snprintf(cause, size, "%.*s", (int)size - 1, line + 3);
	}
	fclose(stream);
}

/* Say why the client has failed; returns what that means. */
static enum apt_status explain(const struct run *run, int status, char *err, size_t err_size)
{
	char cause[400];

	if (status == NO_CLIENT)
		return kernel_fail(
			err, err_size,
			"no %s to fetch kernels with; cowherd kernels add takes a bzImage "
			"that you have",
			run->argv[0]);
	find_cause(run->err, cause, sizeof(cause));
	if (strstr(cause, "NO_PUBKEY"))
		kernel_fail(err, err_size, "%s (install debian-archive-keyring)", cause);
	else if (cause[0])
		kernel_fail(err, err_size, "%s: %s", run->argv[0], cause);
	else
		kernel_fail(err, err_size, "%s failed with status %d", run->argv[0], status);
	return strstr(cause, "does not have a Release file") || strstr(cause, "404") ? APT_NO_SUITE
										     : APT_FAILED;
}

/* Run the client. run->out stays open if that succeeds. */
static enum apt_status run_client(struct run *run, const struct apt *apt, char *err,
				  size_t err_size)
{
	enum apt_status ret = APT_OK;
	int status;

	run->out = memfd_create("out", MFD_CLOEXEC);
	run->err = memfd_create("err", MFD_CLOEXEC);
	if (run->out < 0 || run->err < 0)
		ret = kernel_no_memory(err, err_size);
	if (ret == APT_OK) {
		status = start(run, apt);
		if (status < 0 || kernel_stopped(apt->watch, err, err_size) < 0)
			ret = kernel_fail(err, err_size, "interrupted");
		else if (status > 0)
			ret = explain(run, status, err, err_size);
	}
	if (run->err >= 0)
		close(run->err);
	if (ret != APT_OK && run->out >= 0)
		close(run->out);
	return ret;
}

enum apt_status apt_update(struct apt *apt, const char *dir, const struct debian_suite *suite,
			   const char *mirror, bool archived, const struct kernel_watch *watch,
			   char *err, size_t err_size)
{
	char conf[sizeof(apt->dir) + 32], what[128];
	struct run run = {.argv = {"apt-get", "-q", "-c", conf, "-o", "APT::Status-Fd=3", "update"},
			  .what = what};
	enum apt_status ret;

	apt->watch = watch;
	snprintf(apt->dir, sizeof(apt->dir), "%s", dir);
	snprintf(conf, sizeof(conf), "%s/apt.conf", apt->dir);
	snprintf(what, sizeof(what), "reading the list of %s", suite->name);
	if (make_directories(apt, err, err_size) < 0 || write_settings(apt, err, err_size) < 0 ||
	    write_sources(apt, suite, mirror, archived, err, err_size) < 0)
		return APT_FAILED;
	ret = run_client(&run, apt, err, err_size);
	if (ret == APT_OK)
		close(run.out);
	return ret;
}

FILE *apt_search(const struct apt *apt, char *err, size_t err_size)
{
	char conf[sizeof(apt->dir) + 32];
	struct run run = {.argv = {"apt-cache", "-q", "-c", conf, "search", "--names-only",
				   "--full", KERNELS},
			  .what = "looking for kernels"};
	FILE *stream;

	snprintf(conf, sizeof(conf), "%s/apt.conf", apt->dir);
	if (run_client(&run, apt, err, err_size) != APT_OK)
		return NULL;
	stream = fdopen(run.out, "r");
	if (!stream) {
		close(run.out);
		kernel_no_memory(err, err_size);
		return NULL;
	}
	rewind(stream);
	return stream;
}

int apt_download(const struct apt *apt, const char *to, const char *what,
		 const char *const *packages, char *err, size_t err_size)
{
	char conf[sizeof(apt->dir) + 32];
	struct run run = {
		.argv = {"apt-get", "-q", "-c", conf, "-o", "APT::Status-Fd=3", "download"},
		.directory = to,
		.what = what};
	int argc = 7;

	snprintf(conf, sizeof(conf), "%s/apt.conf", apt->dir);
	while (*packages && argc < MAX_ARGS - 1)
		run.argv[argc++] = *packages++;
	if (run_client(&run, apt, err, err_size) != APT_OK)
		return -1;
	close(run.out);
	return 0;
}
