/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_kernels.c - kernels for virtual machines: images, modules, the cache */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "targets/debian.h"
#include "targets/kernel_image.h"
#include "targets/kernel_modules.h"
#include "targets/kernels.h"
#include "tests/kernels/fake.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

#define DEBIAN_6_1 "6.1.0-57-amd64 (x@y) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-3 (2026-11-26)"
#define RELEASE    "vermagic=6.1.0-57-amd64 SMP mod_unload"

static char dir[128]; /* of one test; XDG_CACHE_HOME too */
static char err[512];

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	return remove(path);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test-kernels-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	err[0] = '\0';
	return setenv("XDG_CACHE_HOME", dir, 1);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* A path in the test's directory; good until the third call after it. */
static const char *in(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void make_module(const char *name, const char *depends, const char *softdep)
{
	char first[128], second[128];
	const char *info[] = {RELEASE, first, second, NULL};

	snprintf(first, sizeof(first), "depends=%s", depends);
	snprintf(second, sizeof(second), "softdep=%s", softdep ? softdep : "");
	if (!softdep)
		info[2] = NULL;
	assert_true(fake_module(in(name), info));
}

static void assert_err(const char *part)
{
	if (!strstr(err, part) || strchr(err, '\n'))
		fail_msg("'%s' is not one line with '%s'", err, part);
}

static void test_image(void **state)
{
	static const struct {
		const char *text, *release, *version;
	} images[] = {
		{DEBIAN_6_1, "6.1.0-57-amd64", "6.1.192"},
		{"6.12.118+deb13-amd64 (x@y) #1 SMP Debian 6.12.118-1 (2026-11-20)",
		 "6.12.118+deb13-amd64", "6.12.118"},
		{"7.3-amd64 (x@y) #1 SMP Debian 7.3~rc7-1~exp1 (2026-11-20)", "7.3-amd64",
		 "7.3-rc7"},
		{"6.18.44 (u@h) #1 SMP Sat", "6.18.44", "6.18.44"},
		{"7.0.0-rc3+ (u@h) #1 SMP Sat", "7.0.0-rc3+", "7.0.0-rc3"},
		{"6.6-rc1-next (u@h) #1", "6.6-rc1-next", "6.6-rc1"},
		{"5.10.0. (u@h) #1", "5.10.0.", "5.10.0"},
	};
	struct kernel_image image;

	(void)state;
	for (size_t i = 0; i < NR(images); i++) {
		assert_true(fake_image(in("image"), images[i].text));
		assert_int_equal(kernel_image_read(in("image"), &image, err, sizeof(err)), 0);
		assert_string_equal(image.release, images[i].release);
		assert_string_equal(image.version, images[i].version);
	}
}

/* Write a good image with some bytes changed, or cut off. */
static void make_bad_image(size_t at, const char *bytes, size_t nr, long size)
{
	FILE *stream;

	assert_true(fake_image(in("image"), DEBIAN_6_1));
	stream = fopen(in("image"), "r+");
	assert_non_null(stream);
	fseek(stream, (long)at, SEEK_SET);
	fwrite(bytes, 1, nr, stream);
	assert_int_equal(fclose(stream), 0);
	assert_int_equal(truncate(in("image"), size), 0);
}

static void test_no_image(void **state)
{
	static const struct {
		size_t at;
		const char *bytes;
		size_t nr;
		long size;
	} bad[] = {
		{0x1fe, "\0\0", 2, 8192}, /* no boot sector */
		{0x202, "hDRs", 4, 8192}, /* no header */
		{0x206, "\0\1", 2, 8192}, /* an old one */
		{0x211, "\0", 1, 8192},   /* a zImage */
		{0x20e, "\0\0", 2, 8192}, /* no string */
		{0x20e, "\xff\xff", 2, 8192},
		{0, "", 0, 0x410}, /* cut off within the string */
		{0, "", 0, 0x205},
		{0, "", 0, 0},
	};
	struct kernel_image image;

	(void)state;
	for (size_t i = 0; i < NR(bad); i++) {
		make_bad_image(bad[i].at, bad[i].bytes, bad[i].nr, bad[i].size);
		assert_int_equal(kernel_image_read(in("image"), &image, err, sizeof(err)), -1);
		assert_err("no bzImage, expected a kernel for x86");
	}
	assert_true(fake_image(in("image"), "unknown (u@h) #1"));
	assert_int_equal(kernel_image_read(in("image"), &image, err, sizeof(err)), -1);
	assert_err("names no version");
	assert_true(fake_image(in("image"), "6.1/../../x (u@h) #1"));
	assert_int_equal(kernel_image_read(in("image"), &image, err, sizeof(err)), -1);
	assert_int_equal(kernel_image_read(in(""), &image, err, sizeof(err)), -1);
	assert_err("no file");
	assert_int_equal(kernel_image_read(in("none"), &image, err, sizeof(err)), -1);
	assert_err("No such file");
}

static void test_versions(void **state)
{
	/* As dpkg --compare-versions orders them. */
	static const char *const ascending[] = {
		"5.9.15-1",
		"5.10.46-1",
		"5.10.223-1",
		"6.1.180-1~deb11u1",
		"6.1.180-1",
		"6.1.192-2",
		"6.1.192-3",
		"6.1.192-10",
		"6.12.90-2~bpo12+1",
		"6.12.117-1",
		"6.12.117-1+deb13u1",
		"7.3~rc7-1~exp1",
		"7.3-1",
		"7.3+dfsg-1",
		"7.3.4-1~bpo13+1",
	};
	static const char *const upstream[][2] = {
		{"6.1.192-3", "6.1.192"},
		{"6.12.117-1~deb12u1", "6.12.117"},
		{"7.3~rc7-1~exp1", "7.3-rc7"},
		{"7.3+dfsg-1", "7.3"},
	};
	char version[32];

	(void)state;
	for (size_t i = 0; i < NR(ascending); i++) {
		for (size_t j = 0; j < NR(ascending); j++) {
			int order = debian_compare_versions(ascending[i], ascending[j]);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	}
	for (size_t i = 0; i < NR(upstream); i++) {
		debian_upstream_version(upstream[i][0], version, sizeof(version));
		assert_string_equal(version, upstream[i][1]);
	}
}

static void take(const char *expected)
{
	struct kernel_modules modules;
	char names[256] = "";

	mkdir(in("to"), 0700);
	assert_int_equal(kernel_modules_take(in("from"), "6.1.0-57-amd64", in("to"), NULL, &modules,
					     err, sizeof(err)),
			 0);
	for (int i = 0; i < modules.nr; i++) {
		char path[64];

		snprintf(path, sizeof(path), "to/%s.ko", modules.names[i]);
		assert_int_equal(access(in(path), R_OK), 0);
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? " " : "",
			 modules.names[i]);
	}
	assert_string_equal(names, expected);
	kernel_modules_free(&modules);
}

/* Each after what it depends on, however it is compressed; what nobody needs is left out. */
static void test_module_order(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in("from"), 0700), 0);
	assert_int_equal(mkdir(in("from/below"), 0700), 0);
	make_module("from/rdma_rxe.ko.xz", "ib_uverbs,ib_core,udp-tunnel", NULL);
	make_module("from/below/ib_uverbs.ko.gz", "ib_core", NULL);
	make_module("from/below/ib_core.ko", "", NULL);
	make_module("from/below/udp-tunnel.ko.zst", "", NULL);
	make_module("from/zram.ko", "", "pre: none lz4 post: lz5");
	make_module("from/lz4.ko", "", NULL);
	make_module("from/lz5.ko", "", NULL);
	make_module("from/lzo-rle.ko.xz", "lzo_compress", NULL);
	make_module("from/lzo-compress.ko.xz", "", NULL);
	make_module("from/unneeded.ko", "", NULL);
	take("lzo_compress lzo_rle ib_core ib_uverbs udp_tunnel rdma_rxe lz4 zram");
	assert_int_not_equal(access(in("to/lz5.ko"), F_OK), 0);
}

/* A module that can't be loaded is left out, with those that need it; the others are not. */
static void test_missing_modules(void **state)
{
	(void)state;
	assert_int_equal(mkdir(in("from"), 0700), 0);
	make_module("from/rdma_rxe.ko", "ib_core", NULL);
	make_module("from/ib_core.ko", "gone", NULL);
	make_module("from/loop.ko", "", NULL);
	make_module("from/fuse.ko", "chicken", NULL);
	make_module("from/chicken.ko", "egg", NULL);
	make_module("from/egg.ko", "chicken", NULL);
	take("loop");
	assert_int_not_equal(access(in("to/rdma_rxe.ko"), F_OK), 0);
}

static void test_bad_modules(void **state)
{
	static const char *const other[] = {"vermagic=6.1.0-56-amd64 SMP", NULL};
	struct kernel_modules modules;
	FILE *stream;

	(void)state;
	assert_int_equal(mkdir(in("from"), 0700), 0);
	assert_int_equal(mkdir(in("to"), 0700), 0);
	assert_int_equal(kernel_modules_take(in("from"), "6.1.0-57-amd64", in("to"), NULL, &modules,
					     err, sizeof(err)),
			 -1);
	assert_err("no modules in it, expected a directory such as /lib/modules/RELEASE");
	assert_true(fake_module(in("from/dummy.ko"), other));
	assert_int_equal(kernel_modules_take(in("from"), "6.1.0-57-amd64", in("to"), NULL, &modules,
					     err, sizeof(err)),
			 -1);
	assert_err("from/dummy.ko: for kernel 6.1.0-56-amd64, expected modules for 6.1.0-57-amd64");
	stream = fopen(in("from/dummy.ko"), "w");
	assert_non_null(stream);
	fputs("not an object", stream);
	fclose(stream);
	assert_int_equal(kernel_modules_take(in("from"), "6.1.0-57-amd64", in("to"), NULL, &modules,
					     err, sizeof(err)),
			 -1);
	assert_err("from/dummy.ko: no module");
	assert_int_equal(kernel_modules_take(in("none"), "6.1.0-57-amd64", in("to"), NULL, &modules,
					     err, sizeof(err)),
			 -1);
	assert_err("none: No such file");
}

static void add(const char *text, const char *name)
{
	assert_true(fake_image(in("image"), text));
	if (kernel_add(in("image"), NULL, name, NULL, err, sizeof(err)) < 0)
		fail_msg("%s", err);
}

/* The names of the list in its order, broken ones behind a '/'. */
static void assert_cached(bool thorough, const char *expected)
{
	struct kernel_list list = {0};
	char names[256] = "";

	assert_int_equal((thorough ? kernels_check : kernels_cached)(&list, err, sizeof(err)), 0);
	for (int i = 0; i < list.nr; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s ",
			 list.kernels[i].name);
	for (int i = 0; i < list.nr_broken; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "/%s ",
			 list.broken[i].name);
	assert_string_equal(names, expected);
	kernels_free(&list);
}

static void assert_found(const char *name, const char *expected)
{
	struct kernel kernel;

	if (kernel_find(name, &kernel, err, sizeof(err)) < 0)
		fail_msg("%s: %s", name, err);
	assert_string_equal(kernel.name, expected);
	assert_int_equal(access(kernel.image, R_OK), 0);
	kernel_free(&kernel);
}

static void assert_not_found(const char *name, const char *why)
{
	struct kernel kernel;

	assert_int_equal(kernel_find(name, &kernel, err, sizeof(err)), -1);
	assert_err(why);
}

static void test_find(void **state)
{
	(void)state;
	assert_cached(false, "");
	assert_not_found("6.1", "no kernel '6.1', the cache has none (cowherd kernels fetch 6.1)");
	add("6.12.118+deb13-amd64 (x@y) #1 SMP Debian 6.12.118-1 (2026)", NULL);
	add(DEBIAN_6_1, NULL);
	add("6.9.0-rc2 (u@h) #1", NULL);
	add("6.9.0 (u@h) #1", "mine");
	assert_cached(false, "6.1 6.9 mine 6.12 ");
	assert_cached(true, "6.1 6.9 mine 6.12 ");
	assert_found("6.1", "6.1");
	assert_found("6.1.192", "6.1");
	assert_found("6.1.0-57-amd64", "6.1");
	assert_found("newest", "6.12");
	assert_found("mine", "mine");
	assert_found(in("image"), in("image"));
	assert_not_found("6.2", "no kernel '6.2' in the cache, expected 6.1, 6.9, mine or 6.12 "
				"(cowherd kernels fetch 6.2)");
	assert_not_found("my", "(cowherd kernels list --offered)");
	assert_not_found("../kernels/6.1", "No such file");
	assert_not_found("", "no kernel ''");
}

static void test_modules_of_kernel(void **state)
{
	struct kernel kernel;

	(void)state;
	assert_true(fake_image(in("image"), DEBIAN_6_1));
	assert_int_equal(mkdir(in("from"), 0700), 0);
	make_module("from/rdma_rxe.ko.xz", "ib_core", NULL);
	make_module("from/ib_core.ko.xz", "", NULL);
	assert_int_equal(kernel_add(in("image"), in("from"), NULL, NULL, err, sizeof(err)), 0);
	assert_int_equal(kernel_find("6.1", &kernel, err, sizeof(err)), 0);
	assert_string_equal(kernel.release, "6.1.0-57-amd64");
	assert_string_equal(kernel.version, "6.1.192");
	assert_string_equal(kernel.origin, in("image"));
	assert_null(kernel.package);
	assert_int_equal(kernel.nr_modules, 2);
	assert_string_equal(kernel.modules[0], in("cowherd/kernels/6.1/modules/001-ib_core.ko"));
	assert_string_equal(kernel.modules[1], in("cowherd/kernels/6.1/modules/002-rdma_rxe.ko"));
	kernel_free(&kernel);
}

/* Nothing that is there is overwritten, and what fails leaves nothing. */
static void test_add_fails(void **state)
{
	(void)state;
	add(DEBIAN_6_1, NULL);
	assert_true(fake_image(in("image"), "6.1.5 (u@h) #1"));
	assert_int_equal(kernel_add(in("image"), NULL, NULL, NULL, err, sizeof(err)), -1);
	assert_err("there is a kernel '6.1' already");
	assert_found("6.1.192", "6.1");
	assert_int_equal(kernel_add(in("image"), NULL, "a/b", NULL, err, sizeof(err)), -1);
	assert_err("'a/b' can't be a kernel's name");
	assert_int_equal(kernel_add(in("image"), NULL, ".tmp-x", NULL, err, sizeof(err)), -1);
	assert_int_equal(kernel_add(in("image"), NULL, "newest", NULL, err, sizeof(err)), -1);
	assert_int_equal(kernel_add(in("image"), in("none"), "other", NULL, err, sizeof(err)), -1);
	assert_err("none: No such file");
	assert_cached(true, "6.1 ");
}

static void test_stop(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct kernel_watch watch = {.stop = &stop};

	(void)state;
	assert_true(fake_image(in("image"), DEBIAN_6_1));
	assert_int_equal(kernel_add(in("image"), NULL, NULL, &watch, err, sizeof(err)), -1);
	assert_string_equal(err, "interrupted");
	assert_cached(false, "");
}

static void test_remove(void **state)
{
	(void)state;
	add(DEBIAN_6_1, NULL);
	add("6.9.0 (u@h) #1", NULL);
	assert_int_equal(kernel_remove("6.2", NULL, err, sizeof(err)), -1);
	assert_string_equal(err, "no kernel '6.2' in the cache, expected 6.1 or 6.9");
	assert_int_equal(kernel_remove("..", NULL, err, sizeof(err)), -1);
	assert_int_equal(kernel_remove("6.1", NULL, err, sizeof(err)), 0);
	assert_cached(true, "6.9 ");
	assert_int_not_equal(access(in("cowherd/kernels/6.1"), F_OK), 0);
}

/* Turn one bit of a file over. */
static void flip(const char *name, long at)
{
	FILE *stream = fopen(in(name), "r+");
	int byte;

	assert_non_null(stream);
	fseek(stream, at, SEEK_SET);
	byte = fgetc(stream);
	fseek(stream, at, SEEK_SET);
	fputc(byte ^ 1, stream);
	assert_int_equal(fclose(stream), 0);
}

/* Whatever byte of kernel.json is wrong, but for blanks, it shows. */
static void test_broken_record(void **state)
{
	const char *path = "cowherd/kernels/6.1/kernel.json";
	struct stat status;

	(void)state;
	add(DEBIAN_6_1, NULL);
	assert_int_equal(stat(in(path), &status), 0);
	for (long at = 0; at < status.st_size; at++) {
		flip(path, at);
		assert_cached(false, "/6.1 ");
		assert_not_found("6.1", "kernel '6.1' is broken: kernel.json");
		flip(path, at);
	}
	assert_found("6.1", "6.1");
	assert_int_equal(truncate(in(path), 0), 0);
	assert_not_found("6.1", "cowherd kernels fetch --again 6.1");
	assert_int_equal(unlink(in(path)), 0);
	assert_not_found("6.1", "kernel.json: No such file");
}

static void test_broken_files(void **state)
{
	(void)state;
	assert_true(fake_image(in("image"), DEBIAN_6_1));
	assert_int_equal(mkdir(in("from"), 0700), 0);
	make_module("from/dummy.ko", "", NULL);
	assert_int_equal(kernel_add(in("image"), in("from"), NULL, NULL, err, sizeof(err)), 0);
	flip("cowherd/kernels/6.1/image", 5000);
	assert_cached(false, "6.1 ");
	assert_cached(true, "/6.1 ");
	assert_not_found("6.1", "kernel '6.1' is broken: image is not what was fetched (cowherd "
				"kernels remove 6.1)");
	flip("cowherd/kernels/6.1/image", 5000);
	assert_found("6.1", "6.1");
	flip("cowherd/kernels/6.1/modules/001-dummy.ko", 70);
	assert_not_found("6.1", "modules/001-dummy.ko is not");
	flip("cowherd/kernels/6.1/modules/001-dummy.ko", 70);
	assert_int_equal(truncate(in("cowherd/kernels/6.1/image"), 100), 0);
	assert_not_found("6.1", "image has 100 bytes, expected 8192");
	assert_int_equal(unlink(in("cowherd/kernels/6.1/image")), 0);
	assert_not_found("6.1", "image: No such file");
}

/* What a process left that was killed is never looked at, and goes when the next one writes. */
static void test_leftovers(void **state)
{
	(void)state;
	add(DEBIAN_6_1, NULL);
	assert_int_equal(mkdir(in("cowherd/kernels/.tmp-abcdef"), 0700), 0);
	assert_int_equal(rename(in("cowherd/kernels/6.1"), in("cowherd/kernels/.tmp-abcdef/6.1")),
			 0);
	assert_cached(false, "");
	add("6.9.0 (u@h) #1", NULL);
	assert_cached(true, "6.9 ");
	assert_int_not_equal(access(in("cowherd/kernels/.tmp-abcdef"), F_OK), 0);
	/* A kernel under another's name is none. */
	assert_int_equal(rename(in("cowherd/kernels/6.9"), in("cowherd/kernels/6.8")), 0);
	assert_cached(false, "/6.8 ");
}

static void test_no_place(void **state)
{
	char long_path[3000];
	struct kernel_list list;

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	setenv("XDG_CACHE_HOME", long_path, 1);
	assert_int_equal(kernels_cached(&list, err, sizeof(err)), -1);
	assert_err("too long for a cache");
	setenv("XDG_CACHE_HOME", "/dev/null/x", 1);
	assert_true(fake_image(in("image"), DEBIAN_6_1));
	assert_int_equal(kernel_add(in("image"), NULL, NULL, NULL, err, sizeof(err)), -1);
	assert_err("/dev/null/x/cowherd/kernels: Not a directory");
}

#define PACKAGE(name, version, size)                                              \
	"Package: " name "\nVersion: " version "\nInstalled-Size: 7\nSize: " size \
	"\nDescription: x\n\n"

static void add_offers(const char *records, const struct debian_suite *suite,
		       struct kernel_offers *offers)
{
	FILE *stream = fmemopen((void *)records, strlen(records), "r");

	assert_non_null(stream);
	assert_int_equal(debian_add_offers(stream, suite, offers), 0);
	fclose(stream);
}

/* The newest of each series that a suite is there for; whole ones only. */
static void test_offers(void **state)
{
	static const struct debian_suite bullseye = {"bullseye", "5.10", false};
	static const struct debian_suite security = {"bullseye-security", "5.10", true};
	static const struct debian_suite sid = {"sid", NULL, false};
	struct kernel_offers offers = {0};

	(void)state;
	add_offers(PACKAGE("linux-image-5.10.0-9-amd64", "5.10.9-1", "50000000")
			   PACKAGE("linux-image-5.10.0-10-amd64", "5.10.20-1", "50000000") PACKAGE(
				   "linux-image-6.1.0-0.deb11.52-amd64", "6.1.180-1", "50000000"),
		   &bullseye, &offers);
	assert_int_equal(offers.nr, 1);
	assert_string_equal(offers.offers[0].release, "5.10.0-10-amd64");
	add_offers(PACKAGE("linux-image-5.10.0-46-amd64", "5.10.262-1", "56995900"), &security,
		   &offers);
	assert_int_equal(offers.nr, 1);
	assert_string_equal(offers.offers[0].name, "5.10");
	assert_string_equal(offers.offers[0].version, "5.10.262");
	assert_string_equal(offers.offers[0].suite, "bullseye-security");
	assert_int_equal(offers.offers[0].size, 56995900);
	assert_false(offers.offers[0].split);
	/* A meta package, a kernel without modules, one in two packages. */
	add_offers(PACKAGE("linux-image-7.2.13-amd64", "7.2.13-1",
			   "1892") PACKAGE("linux-binary-7.1.9-amd64", "7.1.9-1", "14000000")
			   PACKAGE("linux-modules-7.2.13-amd64", "7.2.13-1", "110000000")
				   PACKAGE("linux-binary-7.2.13-amd64", "7.2.13-1", "14000000"),
		   &sid, &offers);
	assert_int_equal(offers.nr, 2);
	assert_string_equal(offers.offers[1].release, "7.2.13-amd64");
	assert_true(offers.offers[1].split);
	assert_int_equal(offers.offers[1].size, 124000000);
	free(offers.offers);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_image),
		TEST(test_no_image),
		TEST(test_versions),
		TEST(test_module_order),
		TEST(test_missing_modules),
		TEST(test_bad_modules),
		TEST(test_find),
		TEST(test_modules_of_kernel),
		TEST(test_add_fails),
		TEST(test_stop),
		TEST(test_remove),
		TEST(test_broken_record),
		TEST(test_broken_files),
		TEST(test_leftovers),
		TEST(test_no_place),
		TEST(test_offers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
