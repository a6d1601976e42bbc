/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP as registries need it, over libcurl's multi interface.
 *
 * One thread of its own moves the bytes of all exchanges, over connections that they share; whoever
 * wants an exchange blocks in its own thread, feeds the body and takes the answer there. Bodies
 * pass through buffers of a fixed size in both directions. Redirects are not followed, nothing is
 * retried, and no credentials are added here: that is client.h.
 */
#ifndef REGISTRY_HTTP_HTTP_H
#define REGISTRY_HTTP_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "tar/input.h"
#include "util/buffer.h"
#include "util/observer.h"

struct strata_http;
struct strata_http_exchange;

/* What proves hosts to us, and us to them. */
struct strata_http_tls {
	struct strata_buffer authorities; /* certificates beside the system's, in PEM */
	char *certificate, *key;          /* files of ours; NULL: none */
};

struct strata_http_settings {
	unsigned stall_seconds; /* without progress for so long, an exchange has failed */
	const struct strata_observer *observer; /* asked whether to go on; borrowed */
};

enum {
	STRATA_HTTP_USUAL_STALL = 60,
};

int strata_http_new(const struct strata_http_settings *settings, struct strata_http **http,
	struct strata_error *error) STRATA_MUST_CHECK;

/* End the thread; no exchange may be open. NULL is fine. */
void strata_http_free(struct strata_http *http);

struct strata_http_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value"; NULL ends them; NULL: none */
	struct strata_input *body;  /* read in the calling thread; NULL: none */
	uint64_t body_size;
	bool body_unbounded; /* BODY_SIZE is unknown: chunked transfer encoding */
	bool alone;          /* on a connection of its own and by HTTP/1.1: for many bytes */
	const struct strata_http_tls *tls; /* NULL: the system's */
	bool direct;                       /* by no proxy */
};

/* Send REQUEST, all of its body, and wait for the headers of the answer. *EXCHANGE, on success, is
 * the caller's. STRATA_ERROR_IO means that the connection failed, unless the body's input failed,
 * whose error it is then. */
int strata_http_start(struct strata_http *http, const struct strata_http_request *request,
	struct strata_http_exchange **exchange, struct strata_error *error) STRATA_MUST_CHECK;

/* The answer's code, and its header NAME, which is the last one where several have it, or NULL. */
long strata_http_status(const struct strata_http_exchange *exchange);
const char *strata_http_header(const struct strata_http_exchange *exchange, const char *name);

/* Header NAME, INDEX counted from 0 of those with that name, or NULL. */
const char *strata_http_header_at(
	const struct strata_http_exchange *exchange, const char *name, size_t index);

/* Whether the failed start or read was the connection's fault, so that trying again may help. */
bool strata_http_is_transient(const struct strata_error *error);

/* Read the answer's body: *GOT is 0 at its end only. */
int strata_http_read(struct strata_http_exchange *exchange, void *bytes, size_t capacity,
	size_t *got, struct strata_error *error) STRATA_MUST_CHECK;

/* Append the rest of the answer's body, of at most LIMIT bytes; more is STRATA_ERROR_FORMAT. */
int strata_http_read_all(struct strata_http_exchange *exchange, size_t limit,
	struct strata_buffer *buffer, struct strata_error *error) STRATA_MUST_CHECK;

/* End the exchange, finished or not. NULL is fine. */
void strata_http_end(struct strata_http_exchange *exchange);
void strata_http_cleanup_exchange(struct strata_http_exchange **exchange);

#define strata_autoexchange STRATA_CLEANUP(strata_http_cleanup_exchange)

#endif
