/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm_qemu.c - start QEMU and end it */
#include "targets/vm_qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/vm_image.h"

#define QEMU "qemu-system-x86_64"

/* What QEMU may take to end after it has closed its files. */
#define GRACE_MS 2000

/*
 * An oops is a panic, and a panic a reboot, which -no-reboot makes the end of QEMU. Huge pages are
 * for those who ask, as tests are written. The rest makes emulation quicker and the same each time.
 */
static const char command_line[] =
	"console=ttyS0 quiet loglevel=5 panic=-1 oops=panic mitigations=off nokaslr "
	"random.trust_cpu=on tsc=unstable transparent_hugepage=madvise";

/* The numbers that QEMU knows our files by. */
enum {
	FD_LINE = 3,
	FD_CONSOLE,
	FD_INITRAMFS,
	FD_LAST = FD_INITRAMFS,
};

/*
 * Two CPUs, each with memory of its own, so that pages can be moved from node to node. The host's
 * KSM is to leave that memory alone: tests on the host use it, too.
 */
static const char *const common[] = {
	"-M",
	"q35",
	"-cpu",
	"max",
	"-smp",
	"2",
	"-m",
	"1024",
	"-object",
	"memory-backend-ram,id=m0,size=512M,merge=off",
	"-object",
	"memory-backend-ram,id=m1,size=512M,merge=off",
	"-numa",
	"node,nodeid=0,cpus=0,memdev=m0",
	"-numa",
	"node,nodeid=1,cpus=1,memdev=m1",
	"-nodefaults",
	"-no-user-config",
	"-display",
	"none",
	"-no-reboot",
	"-serial",
	"file:/proc/self/fd/4",
	"-chardev",
	"socket,id=line,fd=3",
	"-serial",
	"chardev:line",
	"-initrd",
	"/proc/self/fd/5",
	"-append",
	command_line,
};

#define NR_COMMON (sizeof(common) / sizeof(common[0]))

bool vm_qemu_has_kvm(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int machine;

	if (kvm < 0)
		return false;
	machine = ioctl(kvm, KVM_CREATE_VM, 0);
	close(kvm);
	if (machine < 0)
		return false;
	close(machine);
	return true;
}

/* In the child. Returns only if there is no QEMU. */
static void become_qemu(const struct kernel *kernel, bool kvm, const int files[FD_LAST + 1])
{
	const char *arguments[NR_COMMON + 8];
	size_t nr = 0;

	arguments[nr++] = QEMU;
	arguments[nr++] = "-accel";
	arguments[nr++] = kvm ? "kvm" : "tcg,thread=multi";
	arguments[nr++] = "-kernel";
	arguments[nr++] = kernel->image;
	memcpy(arguments + nr, common, sizeof(common));
	arguments[nr + NR_COMMON] = NULL;
	/* Each has a number above FD_LAST (above()), so none is overwritten. */
	for (int fd = STDERR_FILENO; fd <= FD_LAST; fd++)
		dup2(files[fd], fd);
	execvp(QEMU, (char *const *)arguments);
}

__attribute__((noreturn)) static void child(const struct kernel *kernel, bool kvm,
					    const int files[FD_LAST + 1], int failure, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Ctrl-C is for us; we end QEMU then. */
	setpgid(0, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	become_qemu(kernel, kvm, files);
	error = errno;
	if (write(failure, &error, sizeof(error)) < 0)
		_exit(2);
	_exit(1);
}

/* The same file with a number that no file of QEMU's has. */
static int above(int fd)
{
	int higher = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_LAST + 1);

	if (fd >= 0)
		close(fd);
	return higher;
}

static void close_all(const int *files, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (files[i] >= 0)
			close(files[i]);
	}
}

/* 0, or the error of execvp(): the pipe closes by itself when QEMU runs. */
static int wait_for_exec(int failure)
{
	int error = 0;
	ssize_t got;

	do
		got = read(failure, &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	return got == (ssize_t)sizeof(error) ? error : 0;
}

static int no_qemu(int error, char *err, size_t err_size)
{
	snprintf(err, err_size, QEMU ": %s%s", strerror(error),
		 error == ENOENT ? " (Debian: apt-get install qemu-system-x86)" : "");
	return -1;
}

static int launch(struct vm_qemu *qemu, const struct kernel *kernel, bool kvm,
		  const int files[FD_LAST + 1], int failure[2], char *err, size_t err_size)
{
	pid_t self = getpid();
	pid_t pid = fork();
	int error;

	if (pid == 0)
		child(kernel, kvm, files, failure[1], self);
	close(failure[1]);
	error = pid < 0 ? errno : wait_for_exec(failure[0]);
	close(failure[0]);
	failure[0] = failure[1] = -1;
	if (!error) {
		qemu->pid = pid;
		return 0;
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return no_qemu(error, err, err_size);
}

int vm_qemu_start(struct vm_qemu *qemu, const struct kernel *kernel, bool kvm, char *err,
		  size_t err_size)
{
	int image = above(vm_image_make(kernel, err, err_size));
	int files[FD_LAST + 1] = {-1, -1, -1, -1, -1, image};
	int failure[2] = {-1, -1};
	int line[2] = {-1, -1};
	int ret = -1;

	*qemu = (struct vm_qemu){.line = -1, .console = -1, .stderr = -1};
	if (image < 0)
		return -1;
	files[STDERR_FILENO] = above(memfd_create("stderr", MFD_CLOEXEC));
	files[FD_CONSOLE] = above(memfd_create("console", MFD_CLOEXEC));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) == 0) {
		files[FD_LINE] = above(line[1]);
		line[1] = -1;
	}
	if (pipe2(failure, O_CLOEXEC) == 0)
		failure[1] = above(failure[1]);
	if (files[STDERR_FILENO] < 0 || files[FD_CONSOLE] < 0 || files[FD_LINE] < 0 ||
	    failure[1] < 0 || fcntl(line[0], F_SETFL, O_NONBLOCK))
		snprintf(err, err_size, "no files for a virtual machine: %s", strerror(errno));
	else
		ret = launch(qemu, kernel, kvm, files, failure, err, err_size);
	if (ret == 0) {
		qemu->line = line[0];
		qemu->console = files[FD_CONSOLE];
		qemu->stderr = files[STDERR_FILENO];
		close(files[FD_LINE]);
		close(image);
	} else {
		close_all(files, FD_LAST + 1);
		close_all(line, 2);
		close_all(failure, 2);
	}
	return ret;
}

/* Has it ended by itself? */
static bool has_ended(struct vm_qemu *qemu, int *status)
{
	const struct timespec tick = {.tv_nsec = 10000000};

	for (int ticks = 0; ticks < GRACE_MS / 10; ticks++) {
		if (waitpid(qemu->pid, status, WNOHANG) == qemu->pid)
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

int vm_qemu_stop(struct vm_qemu *qemu, bool ends)
{
	int status = 0;

	if (qemu->line >= 0)
		close(qemu->line);
	qemu->line = -1;
	if (!qemu->pid)
		return 0;
	if (!ends || !has_ended(qemu, &status)) {
		kill(qemu->pid, SIGKILL);
		while (waitpid(qemu->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	qemu->pid = 0;
	return status;
}

void vm_qemu_close(struct vm_qemu *qemu)
{
	if (qemu->console >= 0)
		close(qemu->console);
	if (qemu->stderr >= 0)
		close(qemu->stderr);
	qemu->console = qemu->stderr = -1;
}
