/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake.h - bzImages and modules that no machine could run, for tests */
#ifndef TESTS_KERNELS_FAKE_H
#define TESTS_KERNELS_FAKE_H

#include <stdbool.h>

/* Write a bzImage whose version string is `text`. False with errno. */
bool fake_image(const char *path, const char *text);

/*
 * Write a module: an ELF object with a section .modinfo of "key=value" strings. It is compressed as
 * the end of its name says (.ko, .ko.gz, .ko.xz or .ko.zst). `info` ends with NULL.
 */
bool fake_module(const char *path, const char *const *info);

#endif
