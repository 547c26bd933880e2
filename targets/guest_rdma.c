/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_rdma.c - inside a virtual machine: soft-RoCE on a dummy interface, set up by netlink */
#include "targets/guest_rdma.h"

#include <errno.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <rdma/rdma_netlink.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "targets/host_text.h"

#define INTERFACE "cowherd0"
#define DEVICE    "rxe0"
#define PORT      "/sys/class/infiniband/" DEVICE "/ports/1"

/* How long the device may take to find its address. */
#define LIMIT_MS 10000

/* Each returns 0, or libnl's error. */

static int add_interface(struct nl_sock *socket)
{
	struct rtnl_link *link = rtnl_link_alloc();
	int error = -NLE_NOMEM;

	if (link) {
		rtnl_link_set_name(link, INTERFACE);
		rtnl_link_set_flags(link, IFF_UP);
		error = rtnl_link_set_type(link, "dummy");
	}
	if (!error)
		error = rtnl_link_add(socket, link, NLM_F_CREATE | NLM_F_EXCL);
	rtnl_link_put(link);
	return error;
}

/* What a machine sends to its own addresses goes over lo. */
static int start_loopback(struct nl_sock *socket)
{
	struct rtnl_link *lo = NULL, *change = rtnl_link_alloc();
	int error = change ? rtnl_link_get_kernel(socket, 0, "lo", &lo) : -NLE_NOMEM;

	if (!error) {
		rtnl_link_set_flags(change, IFF_UP);
		error = rtnl_link_change(socket, lo, change, 0);
	}
	rtnl_link_put(lo);
	rtnl_link_put(change);
	return error;
}

static int add_device(struct nl_sock *socket)
{
	int type = RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, RDMA_NLDEV_CMD_NEWLINK);
	struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_REQUEST);
	int error =
		message ? nla_put_string(message, RDMA_NLDEV_ATTR_DEV_NAME, DEVICE) : -NLE_NOMEM;

	if (!error)
		error = nla_put_string(message, RDMA_NLDEV_ATTR_LINK_TYPE, "rxe");
	if (!error)
		error = nla_put_string(message, RDMA_NLDEV_ATTR_NDEV_NAME, INTERFACE);
	if (error) {
		nlmsg_free(message);
		return error;
	}
	return nl_send_sync(socket, message); /* and frees the message */
}

/* Let `make` talk to the kernel by a socket of this protocol. */
static int talk(int protocol, int (*make)(struct nl_sock *socket))
{
	struct nl_sock *socket = nl_socket_alloc();
	int error = socket ? nl_connect(socket, protocol) : -NLE_NOMEM;

	if (!error)
		error = make(socket);
	nl_socket_free(socket);
	return error;
}

/* The port is up and has an address: the interface's, made from its number, with fe80:: before. */
static bool is_ready(void)
{
	char state[32], gid[64];

	return host_read_text(PORT "/state", state, sizeof(state)) && strstr(state, "ACTIVE") &&
	       host_read_text(PORT "/gids/0", gid, sizeof(gid)) && strncmp(gid, "fe80", 4) == 0;
}

/* A worker of the kernel's gives the device its address. Nothing tells when it is done. */
static bool wait_until_ready(void)
{
	const struct timespec tick = {.tv_nsec = 1000000};

	for (int ticks = 0; !is_ready(); ticks++) {
		if (ticks == LIMIT_MS)
			return false;
		nanosleep(&tick, NULL);
	}
	return true;
}

bool guest_rdma_start(char *reason, size_t size)
{
	const char *what = "a network interface of type dummy";
	int error;

	/* Nobody else has the address: use it at once. */
	host_write_text("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	error = talk(NETLINK_ROUTE, add_interface);
	if (!error) {
		what = "lo";
		error = talk(NETLINK_ROUTE, start_loopback);
	}
	if (!error) {
		what = "a device of type rxe";
		error = talk(NETLINK_RDMA, add_device);
	}
	if (error) {
		snprintf(reason, size, "no RDMA: %s: %s", what, nl_geterror(error));
		return false;
	}
	if (wait_until_ready())
		return true;
	snprintf(reason, size, "no RDMA: " DEVICE " has no address after %d s", LIMIT_MS / 1000);
	return false;
}
