/*
 * The daemon of a Guix store, asked over its socket what is valid and what it refers to.
 *
 * The daemon is the store's stable interface: it answers users who may not read the database, and
 * sees its own latest writes. The protocol is that of Guix's (guix store) and nix-daemon.cc, whose
 * versions have the major number 1: integers of eight bytes, little-endian, and strings padded to
 * them; before each answer comes a stream of messages, which ends with LAST or ERROR.
 */
#ifndef GRAPH_STORE_DAEMON_H
#define GRAPH_STORE_DAEMON_H

#include <stdbool.h>

#include "graph/store_database.h"

struct strata_store_daemon;

#define strata_autodaemon STRATA_CLEANUP(strata_cleanup_store_daemon)

/* The socket: what GUIX_DAEMON_SOCKET says, a file name or a URI with the scheme "file" or "unix",
 * else the usual place. *PATH is malloced, the caller's; *CHOSEN tells whether the variable is set.
 * Another scheme is STRATA_ERROR_UNSUPPORTED. */
int strata_store_daemon_socket(
	char **path, bool *chosen, struct strata_error *error) STRATA_MUST_CHECK;

/* Connect. Returns 1 with *DAEMON, the caller's; 0 where nobody listens at the usual place; a
 * negative status where the one that was chosen, or one that answers, cannot be spoken to. */
int strata_store_daemon_open(
	struct strata_store_daemon **daemon, struct strata_error *error) STRATA_MUST_CHECK;
void strata_cleanup_store_daemon(struct strata_store_daemon **daemon);

const char *strata_store_daemon_path(const struct strata_store_daemon *daemon);

/* Find the valid item at PATH: 1 with ROW (without an id), after TAKE has got each of its
 * references; 0 where it is not valid; or a negative status. */
int strata_store_daemon_find(struct strata_store_daemon *daemon, const char *path,
	struct strata_store_row *row, strata_store_taker *take, void *context,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
