/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/store/daemon.h"

#include <stdlib.h>
#include <string.h>

#include "graph/formats/nar_hash.h"
#include "graph/store/daemon_connection.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/memory.h"

enum {
	CLIENT_MAGIC = 0x6e697863,
	DAEMON_MAGIC = 0x6478696f,
	TOLERANCE = 2, /* of minor versions of the daemon below the client's */

	IS_VALID_PATH = 1,
	ADD_TEMPORARY_ROOT = 11,
	QUERY_PATH_INFO = 26,

	MOST_REFERENCES = 1 << 20,
};

struct strata_store_daemon {
	struct strata_daemon_connection connection;
	uint64_t protocol; /* the version that is spoken */
};

void strata_cleanup_store_daemon(struct strata_store_daemon **daemon)
{
	if (!*daemon)
		return;
	strata_daemon_connection_release(&(*daemon)->connection);
	free(*daemon);
}

const char *strata_store_daemon_address(const struct strata_store_daemon *daemon)
{
	return daemon->connection.address.text;
}

/* --- greeting --------------------------------------------------------------------------------- */

static int greet(struct strata_store_daemon *daemon, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer request = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer complaint = STRATA_BUFFER_INIT;
	uint64_t magic, version = 0;
	int status;

	strata_daemon_put_number(&request, CLIENT_MAGIC);
	status = strata_daemon_send(&daemon->connection, &request, error);
	if (status == 0)
		status = strata_daemon_read_number(&daemon->connection, &magic, error);
	if (status == 0 && magic != DAEMON_MAGIC)
		return strata_daemon_fail(&daemon->connection, "is none of a store", error);
	if (status == 0)
		status = strata_daemon_read_number(&daemon->connection, &version, error);
	if (status < 0)
		return status;
	if (version >> 8 != daemon->protocol >> 8 ||
		(version & 0xff) < (daemon->protocol & 0xff) - TOLERANCE)
		return strata_daemon_fail(
			&daemon->connection, "speaks another version of the protocol", error);
	strata_buffer_truncate(&request, 0);
	strata_daemon_put_number(&request, daemon->protocol);
	strata_daemon_put_number(&request, 0); /* no processor of its own */
	strata_daemon_put_number(&request, 0); /* no space to reserve */
	status = strata_daemon_send(&daemon->connection, &request, error);
	if (status == 0)
		status = strata_daemon_read_messages(&daemon->connection, &complaint, error);
	return status > 0 ? strata_daemon_fail_refused(&daemon->connection, &complaint, error)
			  : status;
}

static int fail_connect(const struct strata_daemon_address *address, const char *problem,
	struct strata_error *error)
{
	int status =
		problem ? strata_fail(error, STRATA_ERROR_IO,
				  "cannot connect to the daemon at '%s', of %s: %s", address->text,
				  address->variable, problem)
			: strata_fail_errno(error, "cannot connect to the daemon at '%s', of %s",
				  address->text, address->variable);

	return strata_hint(
		error, status, "unset %s, or read the database with --store-db", address->variable);
}

int strata_store_daemon_open(const struct strata_known_store *store,
	struct strata_store_daemon **result, const struct strata_observer *observer,
	struct strata_error *error)
{
	strata_autodaemon struct strata_store_daemon *daemon = calloc(1, sizeof(*daemon));
	const char *problem;
	int status;

	if (!daemon)
		return strata_fail_memory(error);
	daemon->protocol = store->protocol;
	daemon->connection.observer = observer;
	daemon->connection.socket = -1;
	status = strata_daemon_address_find(store, &daemon->connection.address, error);
	if (status < 0)
		return status;
	daemon->connection.socket =
		strata_daemon_address_connect(&daemon->connection.address, &problem);
	if (daemon->connection.socket < 0)
		return daemon->connection.address.chosen
			       ? fail_connect(&daemon->connection.address, problem, error)
			       : 0;
	status = greet(daemon, error);
	if (status < 0)
		return status;
	*result = strata_take(daemon);
	return 1;
}

/* --- questions -------------------------------------------------------------------------------- */

/* Ask OPERATION about PATH; returns as strata_daemon_read_messages() does. */
static int ask(struct strata_store_daemon *daemon, uint64_t operation, const char *path,
	struct strata_buffer *complaint, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer request = STRATA_BUFFER_INIT;
	int status;

	strata_daemon_put_number(&request, operation);
	strata_daemon_put_string(&request, path);
	status = strata_daemon_send(&daemon->connection, &request, error);
	return status < 0 ? status
			  : strata_daemon_read_messages(&daemon->connection, complaint, error);
}

int strata_store_daemon_is_valid(
	struct strata_store_daemon *daemon, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer complaint = STRATA_BUFFER_INIT;
	uint64_t valid = 0;
	int status = ask(daemon, IS_VALID_PATH, path, &complaint, error);

	if (status > 0)
		return strata_daemon_fail_refused(&daemon->connection, &complaint, error);
	if (status == 0)
		status = strata_daemon_read_number(&daemon->connection, &valid, error);
	return status < 0 ? status : valid != 0;
}

/* What COMPLAINT about PATH means: 0 where PATH is just not valid, else a failure. */
static int explain(struct strata_store_daemon *daemon, const char *path,
	const struct strata_buffer *complaint, struct strata_error *error)
{
	int status = strata_store_daemon_is_valid(daemon, path, error);

	return status <= 0 ? status
			   : strata_daemon_fail_refused(&daemon->connection, complaint, error);
}

static int read_references(struct strata_store_daemon *daemon, strata_store_taker *take,
	void *context, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	uint64_t count;
	int status = strata_daemon_read_number(&daemon->connection, &count, error);

	if (status == 0 && count > MOST_REFERENCES)
		return strata_daemon_fail(&daemon->connection, "sent too many references", error);
	for (uint64_t i = 0; status == 0 && i < count; i++) {
		status = strata_daemon_read_string(&daemon->connection, &text, error);
		if (status == 0 && text.length == 0)
			return strata_daemon_fail(
				&daemon->connection, "sent a reference without a name", error);
		if (status == 0)
			status = take(context, text.data, error);
	}
	return status;
}

int strata_store_daemon_keep(
	struct strata_store_daemon *daemon, const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer complaint = STRATA_BUFFER_INIT;
	uint64_t always;
	int status = ask(daemon, ADD_TEMPORARY_ROOT, path, &complaint, error);

	if (status > 0)
		return strata_daemon_fail_refused(&daemon->connection, &complaint, error);
	return status < 0 ? status : strata_daemon_read_number(&daemon->connection, &always, error);
}

int strata_store_daemon_find(struct strata_store_daemon *daemon, const char *path,
	struct strata_store_row *row, strata_store_taker *take, void *context,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	uint64_t registered;
	int status = ask(daemon, QUERY_PATH_INFO, path, &text, error);

	*row = (struct strata_store_row){0};
	if (status > 0)
		return explain(daemon, path, &text, error);
	if (status == 0)
		status = strata_daemon_read_string(
			&daemon->connection, &text, error); /* the deriver */
	if (status == 0)
		status = strata_daemon_read_string(&daemon->connection, &text, error);
	if (status == 0 && text.length > 0) {
		status = strata_nar_hash_parse(text.data, &row->hash, error);
		if (status < 0)
			return strata_context(error, status, "the daemon at '%s', '%s'",
				daemon->connection.address.text, path);
	}
	if (status == 0)
		status = read_references(daemon, take, context, error);
	if (status == 0)
		status = strata_daemon_read_number(&daemon->connection, &registered, error);
	if (status == 0)
		status = strata_daemon_read_number(&daemon->connection, &row->size, error);
	return status < 0 ? status : 1;
}
