/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/store/daemon_connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "graph/formats/source_text.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/observer.h"

enum {
	MESSAGE_NEXT = 0x6f6c6d67,
	MESSAGE_ERROR = 0x63787470,
	MESSAGE_LAST = 0x616c7473,

	WORD = 8, /* bytes of an integer */
	LONGEST_STRING = 1 << 20,
};

void strata_daemon_connection_release(struct strata_daemon_connection *connection)
{
	if (connection->socket >= 0)
		close(connection->socket);
	strata_daemon_address_release(&connection->address);
}

/* --- bytes ------------------------------------------------------------------------------------ */

int strata_daemon_fail(const struct strata_daemon_connection *connection, const char *what,
	struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_FORMAT, "the daemon at '%s' %s",
			connection->address.text, what),
		"read the database instead, with --store-db");
}

static int receive(struct strata_daemon_connection *connection, struct strata_error *error)
{
	ssize_t got;

	do {
		int status = strata_check_cancelled(connection->observer, error);

		if (status < 0)
			return status;
		got = recv(
			connection->socket, connection->received, sizeof(connection->received), 0);
	} while (got < 0 && (errno == EINTR || (errno == EAGAIN && connection->has_spoken)));
	if (got == 0)
		return strata_daemon_fail(connection, "hung up", error);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return strata_daemon_fail(connection, "does not answer", error);
	if (got < 0)
		return strata_fail_errno(
			error, "cannot read from the daemon at '%s'", connection->address.text);
	connection->start = 0;
	connection->end = (size_t)got;
	return 0;
}

static int read_bytes(struct strata_daemon_connection *connection, void *bytes, size_t length,
	struct strata_error *error)
{
	unsigned char *to = bytes;

	while (length > 0) {
		size_t ready = connection->end - connection->start;
		size_t count = ready < length ? ready : length;

		if (ready == 0) {
			int status = receive(connection, error);

			if (status < 0)
				return status;
			continue;
		}
		memcpy(to, connection->received + connection->start, count);
		connection->start += count;
		to += count;
		length -= count;
	}
	return 0;
}

int strata_daemon_read_number(
	struct strata_daemon_connection *connection, uint64_t *number, struct strata_error *error)
{
	unsigned char bytes[WORD];
	int status = read_bytes(connection, bytes, WORD, error);

	*number = 0;
	for (size_t i = WORD; status == 0 && i-- > 0;)
		*number = *number << 8 | bytes[i];
	return status;
}

int strata_daemon_read_string(struct strata_daemon_connection *connection,
	struct strata_buffer *text, struct strata_error *error)
{
	static const char zeros[WORD];
	char padding[WORD];
	uint64_t length;
	int status = strata_daemon_read_number(connection, &length, error);

	strata_buffer_truncate(text, 0);
	if (status < 0)
		return status;
	if (length > LONGEST_STRING)
		return strata_daemon_fail(connection, "sent a text that is too long", error);
	while (status == 0 && length > 0) {
		char chunk[1024];
		size_t count = length < sizeof(chunk) ? (size_t)length : sizeof(chunk);

		status = read_bytes(connection, chunk, count, error);
		if (status == 0)
			strata_buffer_append(text, chunk, count);
		length -= count;
	}
	if (status == 0 && text->length % WORD != 0) {
		size_t count = WORD - text->length % WORD;

		status = read_bytes(connection, padding, count, error);
		if (status == 0 && memcmp(padding, zeros, count) != 0)
			return strata_daemon_fail(
				connection, "sent a text with bad padding", error);
	}
	if (status < 0)
		return status;
	strata_buffer_string(text, "");
	if (strata_buffer_check(text, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (text->data && strlen(text->data) != text->length)
		return strata_daemon_fail(connection, "sent a text with a zero byte in it", error);
	return 0;
}

void strata_daemon_put_number(struct strata_buffer *request, uint64_t number)
{
	for (size_t i = 0; i < WORD; i++)
		strata_buffer_byte(request, (char)(number >> (8 * i) & 0xff));
}

void strata_daemon_put_string(struct strata_buffer *request, const char *text)
{
	size_t length = strlen(text);

	strata_daemon_put_number(request, length);
	strata_buffer_append(request, text, length);
	for (; length % WORD != 0; length++)
		strata_buffer_byte(request, '\0');
}

int strata_daemon_send(struct strata_daemon_connection *connection,
	const struct strata_buffer *request, struct strata_error *error)
{
	size_t sent = 0;

	connection->has_spoken = false;
	if (strata_buffer_check(request, error) < 0)
		return STRATA_ERROR_MEMORY;
	while (sent < request->length) {
		ssize_t count = send(connection->socket, request->data + sent,
			request->length - sent, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return strata_fail_errno(error, "cannot write to the daemon at '%s'",
				connection->address.text);
		sent += (size_t)count;
	}
	return 0;
}

/* --- messages --------------------------------------------------------------------------------- */

static void tell(const struct strata_daemon_connection *connection, const char *words)
{
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;
	size_t length = strlen(words);

	while (length > 0 && words[length - 1] == '\n')
		length--;
	strata_buffer_append(&shown, words, length);
	if (length > 0)
		strata_note(connection->observer, "the daemon at '%s' says: %s",
			connection->address.text, shown.data);
}

int strata_daemon_read_messages(struct strata_daemon_connection *connection,
	struct strata_buffer *complaint, struct strata_error *error)
{
	uint64_t message, code;
	int status;

	for (;;) {
		status = strata_daemon_read_number(connection, &message, error);
		if (status < 0 || message == MESSAGE_LAST)
			return status;
		if (message != MESSAGE_NEXT && message != MESSAGE_ERROR)
			return strata_daemon_fail(connection, "speaks another protocol", error);
		status = strata_daemon_read_string(connection, complaint, error);
		if (status == 0 && message == MESSAGE_ERROR)
			status = strata_daemon_read_number(connection, &code, error);
		if (status < 0)
			return status;
		if (message == MESSAGE_ERROR)
			return 1;
		connection->has_spoken = true;
		if (complaint->length > 0)
			tell(connection, complaint->data);
	}
}

int strata_daemon_fail_refused(const struct strata_daemon_connection *connection,
	const struct strata_buffer *complaint, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;

	strata_source_excerpt(&shown, complaint->data ? complaint->data : "");
	return strata_fail(error, STRATA_ERROR_IO, "the daemon at '%s' refuses: %s",
		connection->address.text, shown.data ? shown.data : "");
}
