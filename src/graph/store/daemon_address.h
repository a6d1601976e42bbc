/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the daemon of a store listens.
 */
#ifndef GRAPH_STORE_DAEMON_ADDRESS_H
#define GRAPH_STORE_DAEMON_ADDRESS_H

#include <stdbool.h>

#include "graph/store/location.h"
#include "util/error.h"
#include "util/memory.h"

struct strata_daemon_address {
	const char *variable; /* of the environment, that can name another; borrowed */
	bool chosen;          /* it does */
	char *text;           /* what messages call the address */
	char *path;           /* of a Unix socket; NULL: by TCP */
	char *host, *port;
};

#define STRATA_DAEMON_ADDRESS_INIT                  \
	{                                           \
		NULL, false, NULL, NULL, NULL, NULL \
	}
#define strata_autoaddress STRATA_CLEANUP(strata_daemon_address_release)

/*
 * Find the address of STORE's daemon: what its variable says, else the usual place. As in Guix, a
 * variable holds a file name, or a URI: file:///FILE, unix:///FILE, or guix://HOST[:PORT], which is
 * TCP, by default to port 44146. Another scheme is STRATA_ERROR_UNSUPPORTED. ADDRESS is to be
 * released in any case.
 */
int strata_daemon_address_find(const struct strata_known_store *store,
	struct strata_daemon_address *address, struct strata_error *error) STRATA_MUST_CHECK;
void strata_daemon_address_release(struct strata_daemon_address *address);

/* Connect to ADDRESS: a socket that gives up on a peer that neither takes nor sends anything for
 * two minutes; -1 with errno, or with *PROBLEM, a constant text, where that says more. */
int strata_daemon_address_connect(
	const struct strata_daemon_address *address, const char **problem) STRATA_MUST_CHECK;

#endif
