/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernels.h - kernels for virtual machines: what Debian offers, and what is in the cache
 *
 * The cache is $XDG_CACHE_HOME/cowherd/kernels (~/.cache without it), with a directory for each
 * kernel: the image, those of its modules that a virtual machine needs, uncompressed, and
 * kernel.json, which names them all with their sizes and hashes. A directory appears whole or not
 * at all, and nothing in it is used that is not as kernel.json says.
 */
#ifndef TARGETS_KERNELS_H
#define TARGETS_KERNELS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel {
	char *name;     /* "6.1": what follows vm: */
	char *release;  /* "6.1.0-56-amd64": what uname -r says */
	char *version;  /* "6.1.192": which fixes it has */
	char *origin;   /* "Debian bookworm", or the path of what the user has given */
	char *package;  /* version of Debian's package: "6.1.192-2"; NULL: the user's own */
	char *image;    /* path of the bzImage */
	int nr_modules; /* in the order in which they are to be loaded */
	char **modules; /* paths */
	uint64_t size;  /* of all of these files, in bytes */
};

/* What is in the cache and can't be used. */
struct kernel_broken {
	char *name;
	char *why; /* one line that also says what to do */
};

struct kernel_list {
	int nr;
	struct kernel *kernels; /* oldest first */
	int nr_broken;
	struct kernel_broken *broken;
};

/* Who waits for something that takes long. Each of these may be NULL, and so may the watch. */
struct kernel_watch {
	const volatile sig_atomic_t *stop;                 /* once set, the work ends with -1 */
	void (*progress)(void *context, const char *text); /* how far it is, again and again */
	void (*note)(void *context, const char *text);     /* a line that should be read */
	void (*done)(void *context, const struct kernel *kernel, bool fetched);
	void *context;
};

void kernel_free(struct kernel *kernel);
void kernels_free(struct kernel_list *list);

/*
 * What the cache has, by what each kernel.json says; the files themselves are only looked at where
 * `thorough`, by kernels_check(). Returns 0, or -1 with one line in err.
 */
int kernels_cached(struct kernel_list *list, char *err, size_t err_size);
int kernels_check(struct kernel_list *list, char *err, size_t err_size);

/*
 * The kernel that `name` means: one in the cache, by name, release or version, each file of it
 * held against kernel.json; "newest", of those; or, with a '/' in it, the path of a bzImage, which
 * has no modules. Returns 0, or -1 with one line in err that also says what to do.
 */
int kernel_find(const char *name, struct kernel *kernel, char *err, size_t err_size);

/*
 * Take a kernel of the user's own into the cache. `modules` is a directory with modules in it or
 * below it, or NULL; `name` may be NULL, which means the first two numbers of the version. Returns
 * 0, or -1 with one line in err.
 */
int kernel_add(const char *image, const char *modules, const char *name,
	       const struct kernel_watch *watch, char *err, size_t err_size);

/* Drop a kernel from the cache. Returns 0, or -1 with one line in err. */
int kernel_remove(const char *name, const struct kernel_watch *watch, char *err, size_t err_size);

/* A kernel that packages of Debian offer: the newest of its name. */
struct kernel_offer {
	char name[16];     /* "6.1" */
	char release[96];  /* "6.1.0-57-amd64" */
	char version[48];  /* "6.1.192" */
	char package[96];  /* "6.1.192-3" */
	const char *suite; /* "bookworm-security" */
	uint64_t size;     /* of the packages, in bytes */
	bool split;        /* into linux-binary-RELEASE and linux-modules-RELEASE */
};

struct kernel_offers {
	int nr;
	struct kernel_offer *offers; /* oldest first */
};

/* How kernels are fetched. */
struct kernel_source {
	const char *mirror; /* of Debian; NULL: that of the user's apt, or deb.debian.org */
	bool again;         /* also what the cache has already */
};

/* Ask the mirror what its suites offer. Returns 0, or -1 with one line in err. */
int kernels_offered(const struct kernel_source *source, const struct kernel_watch *watch,
		    struct kernel_offers *offers, char *err, size_t err_size);

/*
 * Fetch the newest kernels of these names into the cache; "newest" is the newest release of all.
 * watch->done() is called for each, which was fetched or is there already. What came before a
 * failure stays. Returns 0, or -1 with one line in err.
 */
int kernels_fetch(const struct kernel_source *source, const char *const *names, int nr_names,
		  const struct kernel_watch *watch, char *err, size_t err_size);

#endif
