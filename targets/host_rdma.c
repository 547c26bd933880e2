/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_rdma.c - pins with FOLL_LONGTERM: memory regions of RDMA
 *
 * A process that needs them opens a device of its own before its tasks start, with two queue pairs
 * that are connected to each other. What the device does to a region, it does as the far end, when
 * an RDMA WRITE or READ for it comes in from the near one.
 *
 * Regions are registered and given back without the library, by one write(2) each: its functions
 * allocate memory, which tasks can't do at the same time (host_sys.h). It would also keep a
 * fork()'s child from getting the pages, if told to by RDMAV_FORK_SAFE, and tests are about just
 * these.
 */
#include "targets/host_means.h"

#include <infiniband/verbs.h>
#include <rdma/ib_user_verbs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "targets/host_sys.h"

#define TOO_MUCH_LOCKED \
	"RLIMIT_MEMLOCK is too small for what RDMA pins (and there is no CAP_IPC_LOCK)"

/* Both may be needed for a region: what it is to be used for says what it is pinned with. */
#define READ_ACCESS  IBV_ACCESS_REMOTE_READ
#define WRITE_ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | READ_ACCESS)

struct host_rdma {
	struct ibv_context *context;
	uint8_t port;
	struct ibv_port_attr port_attr;
	int gid_index;
	union ibv_gid gid;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_qp *near, *far;
	/* What is moved to or from a region; shared memory, so that no fork() makes a copy of it.
	 */
	volatile int *bounce;
	struct ibv_mr *bounce_region;
	_Atomic bool busy; /* a task is at the near end */
};

/* Of the commands that write(2) takes. */
struct register_command {
	struct ib_uverbs_cmd_hdr header;
	struct ib_uverbs_reg_mr body;
};

struct deregister_command {
	struct ib_uverbs_cmd_hdr header;
	struct ib_uverbs_dereg_mr body;
};

static bool find_port(struct host_rdma *rdma, struct ibv_context *context)
{
	struct ibv_device_attr device;

	if (ibv_query_device(context, &device))
		return false;
	for (int port = 1; port <= device.phys_port_cnt; port++) {
		if (ibv_query_port(context, (uint8_t)port, &rdma->port_attr) == 0 &&
		    rdma->port_attr.state == IBV_PORT_ACTIVE) {
			rdma->port = (uint8_t)port;
			return true;
		}
	}
	return false;
}

/* The first device with a port that is up. NULL, and errno: there is none. */
static struct ibv_context *open_context(struct host_rdma *rdma)
{
	int nr = 0;
	struct ibv_device **devices = ibv_get_device_list(&nr);
	struct ibv_context *context = NULL;
	int error = devices ? ENODEV : errno;

	for (int i = 0; i < nr && !context; i++) {
		context = ibv_open_device(devices[i]);
		if (!context) {
			error = errno;
		} else if (!find_port(rdma, context)) {
			error = ENETDOWN;
			ibv_close_device(context);
			context = NULL;
		}
	}
	if (devices)
		ibv_free_device_list(devices);
	errno = error;
	return context;
}

/* An address of the port, to which it sends to itself. */
static bool find_gid(struct host_rdma *rdma)
{
	static const union ibv_gid none;

	for (int i = 0; i < rdma->port_attr.gid_tbl_len; i++) {
		if (ibv_query_gid(rdma->context, rdma->port, i, &rdma->gid) == 0 &&
		    memcmp(&rdma->gid, &none, sizeof(none)) != 0) {
			rdma->gid_index = i;
			return true;
		}
	}
	return false;
}

static struct ibv_qp *make_qp(struct host_rdma *rdma)
{
	struct ibv_qp_init_attr init = {
		.send_cq = rdma->cq,
		.recv_cq = rdma->cq,
		.cap = {.max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1},
		.qp_type = IBV_QPT_RC,
		.sq_sig_all = 1,
	};

	return ibv_create_qp(rdma->pd, &init);
}

static int qp_to_init(const struct host_rdma *rdma, struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_INIT,
		.port_num = rdma->port,
		.qp_access_flags = WRITE_ACCESS,
	};

	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS);
}

static int qp_to_receive(const struct host_rdma *rdma, struct ibv_qp *qp, const struct ibv_qp *peer)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = rdma->port_attr.active_mtu,
		.dest_qp_num = peer->qp_num,
		.max_dest_rd_atomic = 1,
		.min_rnr_timer = 12,
		.ah_attr = {.dlid = rdma->port_attr.lid,
			    .port_num = rdma->port,
			    .is_global = 1,
			    .grh = {.dgid = rdma->gid,
				    .sgid_index = (uint8_t)rdma->gid_index,
				    .hop_limit = 1}},
	};

	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				     IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC |
				     IBV_QP_MIN_RNR_TIMER);
}

static int qp_to_send(struct ibv_qp *qp)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTS,
		.timeout = 14,
		.retry_cnt = 7,
		.rnr_retry = 7,
		.max_rd_atomic = 1,
	};

	return ibv_modify_qp(qp, &attr,
			     IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
				     IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC);
}

static int connect_qp(const struct host_rdma *rdma, struct ibv_qp *qp, const struct ibv_qp *peer)
{
	int error = qp_to_init(rdma, qp);

	if (!error)
		error = qp_to_receive(rdma, qp, peer);
	return error ? error : qp_to_send(qp);
}

static bool make_bounce(struct host_rdma *rdma)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return false;
	rdma->bounce = page;
	rdma->bounce_region = ibv_reg_mr(rdma->pd, page, size, IBV_ACCESS_LOCAL_WRITE);
	return rdma->bounce_region;
}

/*
 * The queues are mappings of the device's file, and keep it open. A child that had them too would
 * hold the pins of its parent after the parent's end.
 */
static bool keep_from_children(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	bool done = maps;

	while (done && fgets(line, sizeof(line), maps)) {
		unsigned long start, end;

		if (!strstr(line, "/dev/infiniband/"))
			continue;
		done = sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		       madvise((void *)start, end - start, MADV_DONTFORK) == 0;
	}
	if (maps)
		fclose(maps);
	return done;
}

/*
 * What could not be had, with errno, or NULL. Nothing is given back: the process ends soon, and
 * then the kernel does.
 */
static const char *open_rdma(struct host_rdma *rdma)
{
	/* Without the library, which would go looking for its drivers. */
	if (access("/sys/class/infiniband_verbs", F_OK))
		errno = ENODEV;
	else
		rdma->context = open_context(rdma);
	if (!rdma->context)
		return "an RDMA device";
	if (!find_gid(rdma))
		return "an address of the RDMA device";
	rdma->pd = ibv_alloc_pd(rdma->context);
	rdma->cq = rdma->pd ? ibv_create_cq(rdma->context, 4, NULL, NULL, 0) : NULL;
	rdma->near = rdma->cq ? make_qp(rdma) : NULL;
	rdma->far = rdma->near ? make_qp(rdma) : NULL;
	if (!rdma->far)
		return "queues of the RDMA device";
	errno = connect_qp(rdma, rdma->far, rdma->near);
	if (!errno)
		errno = connect_qp(rdma, rdma->near, rdma->far);
	if (errno)
		return "a connection of the RDMA device to itself";
	if (!make_bounce(rdma))
		return "a memory region of the RDMA device";
	return keep_from_children() ? NULL : "MADV_DONTFORK of the RDMA device's queues";
}

static void start(struct host *host)
{
	const char *missing;

	if (host->rdma)
		return;
	host->rdma = calloc(1, sizeof(*host->rdma));
	if (!host->rdma)
		host_refuse(host, "memory", -ENOMEM);
	missing = open_rdma(host->rdma);
	if (missing)
		host_refuse(host, missing, -errno);
}

/* Pin the pages and let the device know them. Returns 0 or -errno. */
static long register_region(struct host_rdma *rdma, uint64_t addr, uint64_t length, uint32_t access,
			    struct host_region *region)
{
	struct ib_uverbs_reg_mr_resp response;
	struct register_command command = {
		.header = {.command = IB_USER_VERBS_CMD_REG_MR,
			   .in_words = sizeof(command) / 4,
			   .out_words = sizeof(response) / 4},
		.body = {.response = (uintptr_t)&response,
			 .start = addr,
			 .length = length,
			 .hca_va = addr,
			 .pd_handle = rdma->pd->handle,
			 .access_flags = access},
	};
	long result = host_write(rdma->context->cmd_fd, &command, sizeof(command));

	if (result < 0)
		return result;
	region->number = response.mr_handle;
	region->key = response.rkey;
	return 0;
}

static long deregister_region(struct host_rdma *rdma, const struct host_region *region)
{
	struct deregister_command command = {
		.header = {.command = IB_USER_VERBS_CMD_DEREG_MR, .in_words = sizeof(command) / 4},
		.body = {.mr_handle = region->number},
	};
	long result = host_write(rdma->context->cmd_fd, &command, sizeof(command));

	return result < 0 ? result : 0;
}

/* Let the device move the int between the bounce page and the region. Returns 0 or -errno. */
static long move(struct host_rdma *rdma, enum ibv_wr_opcode opcode, uint64_t addr, uint32_t key)
{
	struct ibv_sge local = {
		.addr = (uintptr_t)rdma->bounce,
		.length = sizeof(int),
		.lkey = rdma->bounce_region->lkey,
	};
	struct ibv_send_wr *failed, request = {
					    .sg_list = &local,
					    .num_sge = 1,
					    .opcode = opcode,
					    .wr.rdma = {.remote_addr = addr, .rkey = key},
				    };
	struct ibv_wc completion;
	int nr, error = ibv_post_send(rdma->near, &request, &failed);

	if (error)
		return -error;
	while ((nr = ibv_poll_cq(rdma->cq, 1, &completion)) == 0)
		host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	return nr > 0 && completion.status == IBV_WC_SUCCESS ? 0 : -EIO;
}

static void lock(struct host_rdma *rdma)
{
	while (atomic_exchange(&rdma->busy, true))
		host_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void unlock(struct host_rdma *rdma)
{
	atomic_store(&rdma->busy, false);
}

static long take(struct host *host, struct host_handle *handle, int nr_pages, uint32_t access)
{
	uint64_t start_of_page = handle->addr & ~((uint64_t)host->page_size - 1);

	/* GUP takes what comes before the first page that it can't; RDMA wants all or nothing. */
	for (int nr = nr_pages; nr > 0; nr--) {
		/* From the first page to the beginning of the last, as if pages were not huge. */
		uint64_t length = (uint64_t)(nr - 1) * handle->unit + (uint64_t)host->page_size;
		long error =
			register_region(host->rdma, start_of_page, length, access, &handle->region);

		if (!error)
			return nr;
		if (error == -ENOMEM)
			host_refuse(host, TOO_MUCH_LOCKED, 0);
		if (error != -EFAULT)
			host_refuse(host, "RDMA's registration of memory", error);
	}
	return -EFAULT;
}

static long take_writable(struct host *host, struct host_handle *handle, int nr_pages)
{
	return take(host, handle, nr_pages, WRITE_ACCESS);
}

static long take_readable(struct host *host, struct host_handle *handle, int nr_pages)
{
	return take(host, handle, nr_pages, READ_ACCESS);
}

static void drop(struct host *host, struct host_handle *handle)
{
	long error = deregister_region(host->rdma, &handle->region);

	if (error)
		host_refuse(host, "the end of an RDMA memory region", error);
}

static int dma_read(struct host *host, struct host_handle *handle, int page)
{
	struct host_rdma *rdma = host->rdma;
	long error;
	int value;

	lock(rdma);
	error = move(rdma, IBV_WR_RDMA_READ, host_word_address(handle, page), handle->region.key);
	value = *rdma->bounce;
	unlock(rdma);
	if (error)
		host_refuse(host, "RDMA READ from registered memory", error);
	return value;
}

static void dma_write(struct host *host, struct host_handle *handle, int page, int value)
{
	struct host_rdma *rdma = host->rdma;
	long error;

	lock(rdma);
	*rdma->bounce = value;
	error = move(rdma, IBV_WR_RDMA_WRITE, host_word_address(handle, page), handle->region.key);
	unlock(rdma);
	if (error)
		host_refuse(host, "RDMA WRITE to registered memory", error);
}

/* Open the device. False: `reason` says what is missing. */
static bool probe_device(struct host *host, char *reason, size_t size)
{
	const char *missing;

	if (host->rdma)
		return true;
	host->rdma = calloc(1, sizeof(*host->rdma));
	errno = ENOMEM;
	missing = host->rdma ? open_rdma(host->rdma) : "memory";
	if (!missing)
		return true;
	if (errno == ENODEV)
		snprintf(reason, size, "only RDMA pins memory so, and there is no RDMA device");
	else
		snprintf(reason, size, "no pins of RDMA without %s: %s", missing, strerror(errno));
	free(host->rdma);
	host->rdma = NULL;
	return false;
}

/* A word of the page goes to the device and comes back. */
static long try_region(struct host_rdma *rdma, unsigned char *page, uint64_t size)
{
	volatile int *word = (volatile int *)(void *)page;
	struct host_region region;
	uint64_t addr = (uintptr_t)page;
	long error = register_region(rdma, addr, size, WRITE_ACCESS, &region);

	if (error)
		return error;
	*word = 1;
	error = move(rdma, IBV_WR_RDMA_READ, addr, region.key);
	if (!error && *rdma->bounce != 1)
		error = -EIO;
	*rdma->bounce = 2;
	if (!error)
		error = move(rdma, IBV_WR_RDMA_WRITE, addr, region.key);
	if (!error && *word != 2)
		error = -EIO;
	deregister_region(rdma, &region);
	return error;
}

bool host_probe_rdma(struct host *host, unsigned char *page, char *reason, size_t size)
{
	long error;

	if (!probe_device(host, reason, size))
		return false;
	error = try_region(host->rdma, page, (uint64_t)host->page_size);
	if (error == -ENOMEM)
		snprintf(reason, size, "%s", TOO_MUCH_LOCKED);
	else if (error)
		snprintf(reason, size, "RDMA does not work here: %s", strerror((int)-error));
	return !error;
}

/*
 * Does a region without write access ask for FOLL_WRITE | FOLL_FORCE? That fails on shared memory
 * that can't be written to. Returns 1, 0 or -errno.
 */
static long asks_for_force(struct host *host)
{
	const size_t size = (size_t)host->page_size;
	void *page = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct host_region region;
	long error;

	if (page == MAP_FAILED)
		return -errno;
	error = register_region(host->rdma, (uintptr_t)page, size, READ_ACCESS, &region);
	if (!error)
		error = deregister_region(host->rdma, &region);
	munmap(page, size);
	return error == -EFAULT ? 1 : error;
}

static bool probe_force(struct host *host, bool wanted, char *reason, size_t size)
{
	long force;

	if (!probe_device(host, reason, size))
		return false;
	force = asks_for_force(host);
	if (force == wanted)
		return true;
	if (force < 0)
		snprintf(reason, size, "no memory regions of RDMA without write access: %s",
			 strerror((int)-force));
	else
		snprintf(reason, size, "%s",
			 force ? "RDMA's memory region without write access asks for FOLL_WRITE | "
				 "FOLL_FORCE up to v6.1"
			       : "RDMA's memory region without write access does not ask for "
				 "FOLL_FORCE since v6.2");
	return false;
}

bool host_probe_rdma_longterm(struct host *host, unsigned char *page, char *reason, size_t size)
{
	(void)page;
	return probe_force(host, false, reason, size);
}

bool host_probe_rdma_force(struct host *host, unsigned char *page, char *reason, size_t size)
{
	(void)page;
	return probe_force(host, true, reason, size);
}

const struct host_means host_rdma_write = {
	.start = start,
	.take = take_writable,
	.drop = drop,
	.dma_read = dma_read,
	.dma_write = dma_write,
};

const struct host_means host_rdma_read = {
	.start = start,
	.take = take_readable,
	.drop = drop,
	.dma_read = dma_read,
	.no_dma = "the device can't write to a memory region of RDMA without write access",
};
