/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation with the daemon of a store: numbers and strings of its protocol, and the messages
 * that come before each answer.
 *
 * Integers have eight bytes, little-endian; strings are padded to a multiple of them. Before each
 * answer comes a stream of messages, which ends with LAST or ERROR. The client has to be quiet
 * until it has the answer: guix-daemon takes what comes earlier for a client that went away.
 */
#ifndef GRAPH_STORE_DAEMON_CONNECTION_H
#define GRAPH_STORE_DAEMON_CONNECTION_H

#include <stdint.h>

#include <stratapack/observer.h>

#include "graph/store/daemon_address.h"
#include "util/buffer.h"

struct strata_daemon_connection {
	struct strata_daemon_address address;
	const struct strata_observer *observer; /* is told what the daemon says; may be NULL */
	int socket;
	bool has_spoken; /* since the last request: it says what it waits for, and so do we wait */
	unsigned char received[8192];
	size_t start, end; /* of what was received and not yet read */
};

void strata_daemon_connection_release(struct strata_daemon_connection *connection);

/* Fail because the daemon did WHAT, which the protocol has not. */
int strata_daemon_fail(const struct strata_daemon_connection *connection, const char *what,
	struct strata_error *error);

int strata_daemon_read_number(struct strata_daemon_connection *connection, uint64_t *number,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Read a string into TEXT, which is emptied first. */
int strata_daemon_read_string(struct strata_daemon_connection *connection,
	struct strata_buffer *text, struct strata_error *error) STRATA_MUST_CHECK;

void strata_daemon_put_number(struct strata_buffer *request, uint64_t number);
void strata_daemon_put_string(struct strata_buffer *request, const char *text);

int strata_daemon_send(struct strata_daemon_connection *connection,
	const struct strata_buffer *request, struct strata_error *error) STRATA_MUST_CHECK;

/* Read the messages before an answer: 0 where the answer follows, 1 where the daemon refused, with
 * its words in COMPLAINT, or a negative status. */
int strata_daemon_read_messages(struct strata_daemon_connection *connection,
	struct strata_buffer *complaint, struct strata_error *error) STRATA_MUST_CHECK;

/* Fail with the daemon's COMPLAINT. */
int strata_daemon_fail_refused(const struct strata_daemon_connection *connection,
	const struct strata_buffer *complaint, struct strata_error *error);

#endif
