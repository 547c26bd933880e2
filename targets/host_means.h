/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_means.h - a way to hold pages from user space, with a device behind it */
#ifndef TARGETS_HOST_MEANS_H
#define TARGETS_HOST_MEANS_H

#include "targets/host.h"

/*
 * Something that takes references or pins on our behalf. take() returns a number of pages or
 * -errno as GUP would; whatever else goes wrong ends in host_refuse().
 */
struct host_means {
	/* What a process needs before its tasks start and take pages so; or NULL. */
	void (*start)(struct host *host);
	long (*take)(struct host *host, struct host_handle *handle, int nr_pages);
	void (*drop)(struct host *host, struct host_handle *handle);
	/* NULL: the device can't, and no_dma says why. */
	int (*dma_read)(struct host *host, struct host_handle *handle, int page);
	void (*dma_write)(struct host *host, struct host_handle *handle, int page, int value);
	const char *no_dma;
	bool one_shot; /* it lets go of its one page as soon as the device has moved the data */
};

/* Pins with FOLL_LONGTERM: a registered buffer of an io_uring (host_ring.c). */
extern const struct host_means host_ring;

/* The same: a memory region of RDMA, with write access and without (host_rdma.c). */
extern const struct host_means host_rdma_write;
extern const struct host_means host_rdma_read;

/* References: pages in a pipe, by vmsplice(2) (host_pipe.c). */
extern const struct host_means host_pipe_means;

/* Direct I/O in flight: a read(2) into memory, or a write(2) from it (host_dio.c). */
extern const struct host_means host_direct_read;
extern const struct host_means host_direct_write;

/*
 * Try them out on a page of our own. False: `reason` says in one line what is missing. Called in a
 * process that host_refuse() may end.
 */
bool host_probe_ring(struct host *host, unsigned char *page, char *reason, size_t size);
bool host_probe_pipe(struct host *host, unsigned char *page, char *reason, size_t size);

/* An RDMA device; and what a region without write access asks for on this kernel. */
bool host_probe_rdma(struct host *host, unsigned char *page, char *reason, size_t size);
bool host_probe_rdma_longterm(struct host *host, unsigned char *page, char *reason, size_t size);
bool host_probe_rdma_force(struct host *host, unsigned char *page, char *reason, size_t size);

/* Direct I/O takes what it takes of block devices too; what it takes are pins, or references. */
bool host_probe_direct(struct host *host, unsigned char *page, char *reason, size_t size);
bool host_probe_direct_pin(struct host *host, unsigned char *page, char *reason, size_t size);
bool host_probe_direct_get(struct host *host, unsigned char *page, char *reason, size_t size);

/* Is the kernel's release this one or a later? */
bool host_is_since(int major, int minor);

/* Where the handle's int is on its page number `page`. */
uint64_t host_word_address(const struct host_handle *handle, int page);

#endif
