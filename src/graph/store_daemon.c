#include "graph/store_daemon.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "graph/internal.h"

enum {
	CLIENT_MAGIC = 0x6e697863,
	DAEMON_MAGIC = 0x6478696f,
	PROTOCOL = 0x163, /* what this client speaks: 1.99 */
	OLDEST_MINOR = 0x61,

	MESSAGE_NEXT = 0x6f6c6d67,
	MESSAGE_ERROR = 0x63787470,
	MESSAGE_LAST = 0x616c7473,

	IS_VALID_PATH = 1,
	QUERY_PATH_INFO = 26,

	WORD = 8, /* bytes of an integer */
	LONGEST_STRING = 1 << 20,
	MOST_REFERENCES = 1 << 20,
	TIMEOUT_SECONDS = 120,
};

static const char usual_socket[] = "/var/guix/daemon-socket/socket";

struct strata_store_daemon {
	char *path;
	int socket;
	unsigned char received[8192];
	size_t start, end; /* of what was received and not yet read */
};

void strata_cleanup_store_daemon(struct strata_store_daemon **daemon)
{
	if (!*daemon)
		return;
	if ((*daemon)->socket >= 0)
		close((*daemon)->socket);
	free((*daemon)->path);
	free(*daemon);
}

const char *strata_store_daemon_path(const struct strata_store_daemon *daemon)
{
	return daemon->path;
}

/* --- places ----------------------------------------------------------------------------------- */

int strata_store_daemon_socket(char **path, bool *chosen, struct strata_error *error)
{
	const char *text = getenv("GUIX_DAEMON_SOCKET"), *scheme_end;

	*chosen = text && *text;
	if (!*chosen)
		text = usual_socket;
	scheme_end = *text == '/' ? NULL : strstr(text, "://");
	if (scheme_end) {
		size_t length = (size_t)(scheme_end - text);

		if (!(length == 4 && strncmp(text, "file", 4) == 0) &&
			!(length == 4 && strncmp(text, "unix", 4) == 0))
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_UNSUPPORTED,
					"the daemon '%s', of GUIX_DAEMON_SOCKET, is not on this "
					"machine",
					text),
				"unset GUIX_DAEMON_SOCKET, or read the database with --store-db");
		text = scheme_end + 3;
	}
	*path = strdup(text);
	return *path ? 0 : strata_fail_memory(error);
}

static int connect_to(struct strata_store_daemon *daemon)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = TIMEOUT_SECONDS};
	size_t length = strlen(daemon->path);

	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, daemon->path, length + 1);
	daemon->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (daemon->socket < 0 || setsockopt(daemon->socket, SOL_SOCKET, SO_RCVTIMEO, &patience,
					  sizeof(patience)) < 0)
		return -1;
	return connect(daemon->socket, (const struct sockaddr *)&address, sizeof(address));
}

/* --- bytes ------------------------------------------------------------------------------------ */

static int fail_protocol(
	const struct strata_store_daemon *daemon, const char *what, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(
			error, STRATA_ERROR_FORMAT, "the daemon at '%s' %s", daemon->path, what),
		"read the database instead, with --store-db");
}

static int receive(struct strata_store_daemon *daemon, struct strata_error *error)
{
	ssize_t got;

	do
		got = recv(daemon->socket, daemon->received, sizeof(daemon->received), 0);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return fail_protocol(daemon, "hung up", error);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return fail_protocol(daemon, "does not answer", error);
	if (got < 0)
		return strata_fail_errno(
			error, "cannot read from the daemon at '%s'", daemon->path);
	daemon->start = 0;
	daemon->end = (size_t)got;
	return 0;
}

static int read_bytes(
	struct strata_store_daemon *daemon, void *bytes, size_t length, struct strata_error *error)
{
	unsigned char *to = bytes;

	while (length > 0) {
		size_t ready = daemon->end - daemon->start;
		size_t count = ready < length ? ready : length;

		if (ready == 0) {
			int status = receive(daemon, error);

			if (status < 0)
				return status;
			continue;
		}
		memcpy(to, daemon->received + daemon->start, count);
		daemon->start += count;
		to += count;
		length -= count;
	}
	return 0;
}

static int read_number(
	struct strata_store_daemon *daemon, uint64_t *number, struct strata_error *error)
{
	unsigned char bytes[WORD];
	int status = read_bytes(daemon, bytes, WORD, error);

	*number = 0;
	for (size_t i = WORD; status == 0 && i-- > 0;)
		*number = *number << 8 | bytes[i];
	return status;
}

/* Read a string into TEXT, which is emptied first. */
static int read_string(
	struct strata_store_daemon *daemon, struct strata_buffer *text, struct strata_error *error)
{
	static const char zeros[WORD];
	char padding[WORD];
	uint64_t length;
	int status = read_number(daemon, &length, error);

	strata_buffer_truncate(text, 0);
	if (status < 0)
		return status;
	if (length > LONGEST_STRING)
		return fail_protocol(daemon, "sent a text that is too long", error);
	while (status == 0 && length > 0) {
		char chunk[1024];
		size_t count = length < sizeof(chunk) ? (size_t)length : sizeof(chunk);

		status = read_bytes(daemon, chunk, count, error);
		if (status == 0)
			strata_buffer_append(text, chunk, count);
		length -= count;
	}
	if (status == 0 && text->length % WORD != 0) {
		size_t count = WORD - text->length % WORD;

		status = read_bytes(daemon, padding, count, error);
		if (status == 0 && memcmp(padding, zeros, count) != 0)
			return fail_protocol(daemon, "sent a text with bad padding", error);
	}
	if (status < 0)
		return status;
	strata_buffer_string(text, "");
	if (strata_buffer_check(text, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (text->data && strlen(text->data) != text->length)
		return fail_protocol(daemon, "sent a text with a zero byte in it", error);
	return 0;
}

static void put_number(struct strata_buffer *request, uint64_t number)
{
	for (size_t i = 0; i < WORD; i++)
		strata_buffer_byte(request, (char)(number >> (8 * i) & 0xff));
}

static void put_string(struct strata_buffer *request, const char *text)
{
	size_t length = strlen(text);

	put_number(request, length);
	strata_buffer_append(request, text, length);
	for (; length % WORD != 0; length++)
		strata_buffer_byte(request, '\0');
}

static int send_request(struct strata_store_daemon *daemon, const struct strata_buffer *request,
	struct strata_error *error)
{
	size_t sent = 0;

	if (strata_buffer_check(request, error) < 0)
		return STRATA_ERROR_MEMORY;
	while (sent < request->length) {
		ssize_t count = send(
			daemon->socket, request->data + sent, request->length - sent, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return strata_fail_errno(
				error, "cannot write to the daemon at '%s'", daemon->path);
		sent += (size_t)count;
	}
	return 0;
}

/* --- messages --------------------------------------------------------------------------------- */

/* Read the messages before an answer: 0 where the answer follows, 1 where the daemon refused, with
 * its words in COMPLAINT. */
static int read_messages(struct strata_store_daemon *daemon, struct strata_buffer *complaint,
	struct strata_error *error)
{
	uint64_t message, code;
	int status;

	for (;;) {
		status = read_number(daemon, &message, error);
		if (status < 0 || message == MESSAGE_LAST)
			return status;
		if (message != MESSAGE_NEXT && message != MESSAGE_ERROR)
			return fail_protocol(daemon, "speaks another protocol", error);
		status = read_string(daemon, complaint, error);
		if (status == 0 && message == MESSAGE_ERROR)
			status = read_number(daemon, &code, error);
		if (status < 0)
			return status;
		if (message == MESSAGE_ERROR)
			return 1;
	}
}

static int fail_refused(const struct strata_store_daemon *daemon,
	const struct strata_buffer *complaint, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer shown = STRATA_BUFFER_INIT;

	strata_source_excerpt(&shown, complaint->data ? complaint->data : "");
	return strata_fail(error, STRATA_ERROR_IO, "the daemon at '%s' refuses: %s", daemon->path,
		shown.data ? shown.data : "");
}

static int greet(struct strata_store_daemon *daemon, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer request = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer complaint = STRATA_BUFFER_INIT;
	uint64_t magic, version = 0;
	int status;

	put_number(&request, CLIENT_MAGIC);
	status = send_request(daemon, &request, error);
	if (status == 0)
		status = read_number(daemon, &magic, error);
	if (status == 0 && magic != DAEMON_MAGIC)
		return fail_protocol(daemon, "is none of Guix", error);
	if (status == 0)
		status = read_number(daemon, &version, error);
	if (status < 0)
		return status;
	if (version >> 8 != PROTOCOL >> 8 || (version & 0xff) < OLDEST_MINOR)
		return fail_protocol(daemon, "speaks another version of the protocol", error);
	strata_buffer_truncate(&request, 0);
	put_number(&request, PROTOCOL);
	put_number(&request, 0); /* no processor of its own */
	put_number(&request, 0); /* no space to reserve */
	status = send_request(daemon, &request, error);
	if (status == 0)
		status = read_messages(daemon, &complaint, error);
	return status > 0 ? fail_refused(daemon, &complaint, error) : status;
}

int strata_store_daemon_open(struct strata_store_daemon **result, struct strata_error *error)
{
	strata_autodaemon struct strata_store_daemon *daemon = calloc(1, sizeof(*daemon));
	bool chosen;
	int status;

	if (!daemon)
		return strata_fail_memory(error);
	daemon->socket = -1;
	status = strata_store_daemon_socket(&daemon->path, &chosen, error);
	if (status < 0)
		return status;
	if (connect_to(daemon) < 0) {
		if (!chosen)
			return 0;
		return strata_hint(error,
			strata_fail_errno(error,
				"cannot connect to the daemon at '%s', of GUIX_DAEMON_SOCKET",
				daemon->path),
			"unset GUIX_DAEMON_SOCKET, or read the database with --store-db");
	}
	status = greet(daemon, error);
	if (status < 0)
		return status;
	*result = strata_take(daemon);
	return 1;
}

/* --- questions -------------------------------------------------------------------------------- */

/* Ask OPERATION about PATH; returns as read_messages() does. */
static int ask(struct strata_store_daemon *daemon, uint64_t operation, const char *path,
	struct strata_buffer *complaint, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer request = STRATA_BUFFER_INIT;
	int status;

	put_number(&request, operation);
	put_string(&request, path);
	status = send_request(daemon, &request, error);
	return status < 0 ? status : read_messages(daemon, complaint, error);
}

/* What COMPLAINT about PATH means: 0 where PATH is just not valid, else a failure. */
static int explain(struct strata_store_daemon *daemon, const char *path,
	const struct strata_buffer *complaint, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer another = STRATA_BUFFER_INIT;
	uint64_t valid = 0;
	int status = ask(daemon, IS_VALID_PATH, path, &another, error);

	if (status == 0)
		status = read_number(daemon, &valid, error);
	if (status < 0)
		return status;
	return status == 0 && !valid ? 0 : fail_refused(daemon, complaint, error);
}

static int read_references(struct strata_store_daemon *daemon, strata_store_taker *take,
	void *context, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	uint64_t count;
	int status = read_number(daemon, &count, error);

	if (status == 0 && count > MOST_REFERENCES)
		return fail_protocol(daemon, "sent too many references", error);
	for (uint64_t i = 0; status == 0 && i < count; i++) {
		status = read_string(daemon, &text, error);
		if (status == 0 && text.length == 0)
			return fail_protocol(daemon, "sent a reference without a name", error);
		if (status == 0)
			status = take(context, text.data, error);
	}
	return status;
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
		status = read_string(daemon, &text, error); /* the deriver */
	if (status == 0)
		status = read_string(daemon, &text, error);
	if (status == 0 && text.length > 0) {
		status = strata_nar_hash_parse(text.data, &row->hash, error);
		if (status < 0)
			return strata_context(
				error, status, "the daemon at '%s', '%s'", daemon->path, path);
	}
	if (status == 0)
		status = read_references(daemon, take, context, error);
	if (status == 0)
		status = read_number(daemon, &registered, error);
	if (status == 0)
		status = read_number(daemon, &row->size, error);
	return status < 0 ? status : 1;
}
