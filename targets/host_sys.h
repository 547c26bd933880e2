/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_sys.h - system calls without the C library
 *
 * The tasks of a test are made with clone(2) and not by the C library, so that fork() and
 * pthread_create() can be mixed in any order. Threads made so share one errno; hence calls that
 * return the kernel's own number, negative for an error.
 */
#ifndef TARGETS_HOST_SYS_H
#define TARGETS_HOST_SYS_H

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
static inline long host_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long host_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#else
static inline long host_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	long result = syscall(nr, a, b, c, d, e, f);

	return result < 0 ? -errno : result;
}
#endif

static inline long host_read(int fd, void *to, size_t size)
{
	return host_syscall(SYS_read, fd, (long)to, (long)size, 0, 0, 0);
}

/* -EFAULT if `from` can't be read, exactly where a load would get SIGSEGV or SIGBUS. */
static inline long host_write(int fd, const void *from, size_t size)
{
	return host_syscall(SYS_write, fd, (long)from, (long)size, 0, 0, 0);
}

static inline long host_pread(int fd, void *to, size_t size, uint64_t offset)
{
	return host_syscall(SYS_pread64, fd, (long)to, (long)size, (long)offset, 0, 0);
}

static inline long host_pwrite(int fd, const void *from, size_t size, uint64_t offset)
{
	return host_syscall(SYS_pwrite64, fd, (long)from, (long)size, (long)offset, 0, 0);
}

static inline long host_open(const char *path, int flags)
{
	return host_syscall(SYS_openat, -100 /* AT_FDCWD */, (long)path, flags, 0, 0, 0);
}

static inline void host_close(int fd)
{
	host_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline long host_pipe(int fds[2], int flags)
{
	return host_syscall(SYS_pipe2, (long)fds, flags, 0, 0, 0, 0);
}

static inline void host_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	host_syscall(SYS_futex, (long)word, FUTEX_WAIT, value, 0, 0, 0);
}

static inline void host_futex_wake(_Atomic uint32_t *word)
{
	host_syscall(SYS_futex, (long)word, FUTEX_WAKE, INT32_MAX, 0, 0, 0);
}

/* Write the decimal digits of `number`, at most 10, and a NUL. Returns where the NUL is. */
static inline char *host_decimal(unsigned number, char *to)
{
	char digits[10];
	int nr = 0;

	do {
		digits[nr++] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	while (nr)
		*to++ = digits[--nr];
	*to = '\0';
	return to;
}

/*
 * Does not return, but the compiler shall not know: AddressSanitizer would look for the bounds of
 * the stack before each call, and the tasks' are none of its own.
 */
static inline void host_exit_group(int code)
{
	host_syscall(SYS_exit_group, code, 0, 0, 0, 0, 0);
}

#endif
