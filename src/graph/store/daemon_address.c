/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/store/daemon_address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/text.h"

enum { PATIENCE_SECONDS = 120, HIGHEST_PORT = 65535 };

static const char usual_port[] = "44146";

void strata_daemon_address_release(struct strata_daemon_address *address)
{
	free(address->text);
	free(address->path);
	free(address->host);
	free(address->port);
}

static bool has_scheme(const char *text, size_t length, const char *scheme)
{
	return length == strlen(scheme) && strncmp(text, scheme, length) == 0;
}

static int fail_address(const struct strata_daemon_address *address, struct strata_error *error)
{
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"'%s', of %s, is not the address of a daemon", address->text,
			address->variable),
		"write a file name, or guix://HOST:PORT");
}

static int fail_scheme(const struct strata_daemon_address *address, bool by_ssh,
	const struct strata_known_store *store, struct strata_error *error)
{
	int status = strata_fail(error, STRATA_ERROR_UNSUPPORTED,
		"cannot reach the daemon '%s', of %s", address->text, address->variable);

	if (!by_ssh)
		return strata_hint(
			error, status, "write a file name, or guix://HOST:PORT, or unset it");
	return strata_hint(error, status,
		"let ssh bring it here, with ssh -N -L /tmp/daemon.socket:%s HOST, and set "
		"%s=/tmp/daemon.socket; the store's files must be at '%s' here, too",
		store->socket, address->variable, store->directory);
}

/* Take "HOST", "HOST:PORT" or "[HOST]:PORT", perhaps with "/" behind it. */
static int take_host(
	struct strata_daemon_address *address, const char *text, struct strata_error *error)
{
	bool bracketed = *text == '[';
	const char *host = bracketed ? text + 1 : text;
	size_t length = strcspn(host, bracketed ? "]" : ":/"), port_length;
	const char *behind = host + length;
	uint64_t number;

	if (length == 0 || (bracketed && *behind++ != ']'))
		return fail_address(address, error);
	if (*behind == ':') {
		port_length = strcspn(++behind, "/");
		address->port = strndup(behind, port_length);
		behind += port_length;
	} else {
		address->port = strdup(usual_port);
	}
	address->host = strndup(host, length);
	if (!address->port || !address->host)
		return strata_fail_memory(error);
	if (!strata_text_to_number(address->port, 10, &number) || number == 0 ||
		number > HIGHEST_PORT || (*behind && strcmp(behind, "/") != 0))
		return fail_address(address, error);
	return 0;
}

static int take_path(
	struct strata_daemon_address *address, const char *path, struct strata_error *error)
{
	address->path = strdup(path);
	return address->path ? 0 : strata_fail_memory(error);
}

int strata_daemon_address_find(const struct strata_known_store *store,
	struct strata_daemon_address *address, struct strata_error *error)
{
	const char *text = getenv(store->socket_variable), *behind;
	size_t length;

	*address = (struct strata_daemon_address)STRATA_DAEMON_ADDRESS_INIT;
	address->variable = store->socket_variable;
	address->chosen = text && *text;
	if (!address->chosen)
		text = store->socket;
	address->text = strdup(text);
	if (!address->text)
		return strata_fail_memory(error);
	behind = *text == '/' ? NULL : strstr(text, "://");
	if (!behind)
		return take_path(address, text, error);
	length = (size_t)(behind - text);
	behind += strlen("://");
	if (has_scheme(text, length, "file") || has_scheme(text, length, "unix"))
		return take_path(address, behind, error);
	if (has_scheme(text, length, "guix"))
		return take_host(address, behind, error);
	return fail_scheme(address, has_scheme(text, length, "ssh"), store, error);
}

/* --- connecting ------------------------------------------------------------------------------- */

/* Connect a new socket; -1 with errno. */
static int connect_socket(int family, const struct sockaddr *address, socklen_t length)
{
	struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
	int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), kept;

	if (descriptor < 0)
		return -1;
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
		setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) == 0 &&
		connect(descriptor, address, length) == 0)
		return descriptor;
	/* What a connection that takes too long is called. */
	kept = errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(descriptor);
	errno = kept;
	return -1;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if (length >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, length + 1);
	return connect_socket(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
}

static int connect_tcp(const char *host, const char *port, const char **problem)
{
	struct addrinfo wanted = {.ai_socktype = SOCK_STREAM}, *found;
	int descriptor = -1, at_once = 1;
	int code = getaddrinfo(host, port, &wanted, &found);

	if (code != 0) {
		if (code != EAI_SYSTEM)
			*problem = gai_strerror(code);
		return -1;
	}
	for (struct addrinfo *one = found; descriptor < 0 && one; one = one->ai_next)
		descriptor = connect_socket(one->ai_family, one->ai_addr, one->ai_addrlen);
	code = errno;
	freeaddrinfo(found);
	errno = code;
	/* Requests are small, and each waits for its answer. */
	if (descriptor >= 0 &&
		setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once)) < 0) {
		code = errno;
		close(descriptor);
		errno = code;
		return -1;
	}
	return descriptor;
}

int strata_daemon_address_connect(const struct strata_daemon_address *address, const char **problem)
{
	*problem = NULL;
	return address->path ? connect_unix(address->path)
			     : connect_tcp(address->host, address->port, problem);
}
