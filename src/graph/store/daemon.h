/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon of a store, asked over its socket what is valid and what it refers to, and to keep it.
 *
 * The daemon is the stable interface of a Guix store: it answers users who may not read the
 * database, and sees its own latest writes. And it is the one who can keep items from the garbage
 * collector, in Guix and Nix: what was named to it stays for as long as the connection does. The
 * protocol is that of Guix's (guix store) and nix-daemon.cc, and of Nix's worker-protocol.hh, whose
 * versions have the major number 1.
 */
#ifndef GRAPH_STORE_DAEMON_H
#define GRAPH_STORE_DAEMON_H

#include <stdbool.h>

#include <stratapack/observer.h>

#include "graph/store/database.h"
#include "graph/store/location.h"

struct strata_store_daemon;

#define strata_autodaemon STRATA_CLEANUP(strata_cleanup_store_daemon)

/* Connect to the daemon of STORE. Returns 1 with *DAEMON, the caller's; 0 where nobody listens at
 * the usual place; a negative status where the one that was chosen, or one that answers, cannot be
 * spoken to. OBSERVER, which may be NULL, outlives the daemon: it is told what that has to say. */
int strata_store_daemon_open(const struct strata_known_store *store,
	struct strata_store_daemon **daemon, const struct strata_observer *observer,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_cleanup_store_daemon(struct strata_store_daemon **daemon);

/* What messages call it. */
const char *strata_store_daemon_address(const struct strata_store_daemon *daemon);

/* Keep the item at PATH, valid or not, from the garbage collector until the daemon is closed. Waits
 * for a collection that is going on. */
int strata_store_daemon_keep(struct strata_store_daemon *daemon, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether PATH is a valid item: 1, 0, or a negative status. */
int strata_store_daemon_is_valid(struct strata_store_daemon *daemon, const char *path,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Find the valid item at PATH: 1 with ROW (without an id), after TAKE has got each of its
 * references; 0 where it is not valid; or a negative status. For daemons that tell only. */
int strata_store_daemon_find(struct strata_store_daemon *daemon, const char *path,
	struct strata_store_row *row, strata_store_taker *take, void *context,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
