/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake.c - bzImages and modules that no machine could run, for tests */

#include "tests/kernels/fake.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>

#define IMAGE_SIZE  8192
#define STRING      0x400 /* where the version string lies */
#define MODULE_SIZE 4096

static bool write_file(const char *path, const void *bytes, size_t size)
{
	FILE *stream = fopen(path, "we");
	bool written;

	if (!stream)
		return false;
	written = fwrite(bytes, 1, size, stream) == size;
	return !fclose(stream) && written;
}

bool fake_image(const char *path, const char *text)
{
	static const unsigned char flag[] = {0x55, 0xaa};
	static const unsigned char header[] = {'H', 'd', 'r', 'S', 0x0f, 0x02};
	static unsigned char image[IMAGE_SIZE];

	memset(image, 0, sizeof(image));
	image[0x1f1] = 4; /* sectors of setup code */
	memcpy(image + 0x1fe, flag, sizeof(flag));
	memcpy(image + 0x202, header, sizeof(header));
	image[0x20e] = (STRING - 0x200) & 0xff;
	image[0x20f] = (STRING - 0x200) >> 8;
	image[0x211] = 1; /* loaded high */
	snprintf((char *)image + STRING, 512, "%s", text);
	return write_file(path, image, sizeof(image));
}

/* The object: a header, the strings, the sections' names, the section headers. */
static size_t fill_module(unsigned char *bytes, const char *const *info)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_REL,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
		.e_shstrndx = 2,
	};
	Elf64_Shdr sections[3] = {
		{0},
		{.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = sizeof(header)},
		{.sh_name = 10, .sh_type = SHT_STRTAB, .sh_size = sizeof(names)},
	};
	size_t at = sizeof(header);

	for (; *info; info++) {
		memcpy(bytes + at, *info, strlen(*info) + 1);
		at += strlen(*info) + 1;
	}
	sections[1].sh_size = at - sizeof(header);
	sections[2].sh_offset = at;
	memcpy(bytes + at, names, sizeof(names));
	at = (at + sizeof(names) + 7) & ~(size_t)7;
	header.e_shoff = at;
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + at, sections, sizeof(sections));
	return at + sizeof(sections);
}

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static bool compress(struct archive *archive, const char *path, const void *bytes, size_t size)
{
	struct archive_entry *entry = archive_entry_new();
	bool written;

	if (ends_with(path, ".xz"))
		archive_write_add_filter_xz(archive);
	else if (ends_with(path, ".zst"))
		archive_write_add_filter_zstd(archive);
	else
		archive_write_add_filter_gzip(archive);
	archive_write_set_format_raw(archive);
	archive_entry_set_filetype(entry, AE_IFREG);
	written = archive_write_open_filename(archive, path) == ARCHIVE_OK &&
		  archive_write_header(archive, entry) == ARCHIVE_OK &&
		  archive_write_data(archive, bytes, size) == (la_ssize_t)size &&
		  archive_write_close(archive) == ARCHIVE_OK;
	archive_entry_free(entry);
	return written;
}

bool fake_module(const char *path, const char *const *info)
{
	unsigned char bytes[MODULE_SIZE] = {0};
	size_t size = fill_module(bytes, info);
	struct archive *archive;
	bool written;

	if (ends_with(path, ".ko"))
		return write_file(path, bytes, size);
	archive = archive_write_new();
	written = compress(archive, path, bytes, size);
	archive_write_free(archive);
	return written;
}
