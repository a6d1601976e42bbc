/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to registries: with credentials where they are asked for, tried again where that may
 * help, and redirected where that is safe.
 */
#ifndef REGISTRY_CLIENT_CLIENT_H
#define REGISTRY_CLIENT_CLIENT_H

#include <stratapack/registry.h>

#include "registry/client/blob_source.h"
#include "registry/http/http.h"

/* One registry; the client's. */
struct strata_host;

/* A client for all registries, of which nothing is known yet. *CLIENT is the caller's; several
 * threads may use it at a time. */
int strata_client_new(const struct strata_registry_options *options,
	struct strata_registry **client, struct strata_error *error) STRATA_MUST_CHECK;

/* What was asked of it. */
const struct strata_registry_options *strata_client_options(const struct strata_registry *client);

/* The registry called NAME ("docker.io", "example.org:5000"). */
int strata_client_host(struct strata_registry *client, const char *name, struct strata_host **host,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Sign in to HOST with these credentials and no others. They are copied. */
struct strata_credentials;
int strata_client_sign_in(struct strata_host *host, const struct strata_credentials *credentials,
	struct strata_error *error) STRATA_MUST_CHECK;

const char *strata_host_name(const struct strata_host *host);

/* Whom to tell; may be NULL. */
const struct strata_observer *strata_client_observer(const struct strata_host *host);

const struct strata_registry *strata_host_client(const struct strata_host *host);

struct strata_call {
	const char *method;
	const char *path;       /* below the registry's address: "/v2/..." */
	const char *url;        /* or all of an address that an answer gave; PATH is NULL then */
	const char *scopes;     /* "repository:NAME:pull,push", the most important first */
	const char *repository; /* whose credentials count */
	const char *headers[4]; /* others, ended by NULL where they are fewer */
	/* The body: of BLOB, else SIZE BYTES, else none. */
	const struct strata_blob_source *blob;
	const void *bytes;
	size_t size;
	bool alone; /* see struct strata_http_request */
	bool once;  /* not to be tried again as it is: the registry's state may have changed */
};

/* Make CALL. Returns 0 with the answer in *EXCHANGE, whatever its status, once it is no redirect,
 * no demand for credentials that could be met, and nothing that a further try may mend. */
int strata_client_call(struct strata_host *host, const struct strata_call *call,
	struct strata_http_exchange **exchange, struct strata_error *error) STRATA_MUST_CHECK;

/* The whole URL of a Location in the answer EXCHANGE to CALL, appended to URL: one that may be
 * followed from HOST, or STRATA_ERROR_INVALID. */
int strata_client_location(struct strata_host *host, const struct strata_call *call,
	const struct strata_http_exchange *exchange, struct strata_buffer *url,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same of TEXT, which an answer to CALL gave elsewhere. */
int strata_client_resolve(struct strata_host *host, const struct strata_call *call,
	const char *text, struct strata_buffer *url, struct strata_error *error) STRATA_MUST_CHECK;

/* Fail because the registry answered so: its own words are read and become part of the message
 * "WHAT: ...". */
int strata_client_fail(struct strata_host *host, struct strata_http_exchange *exchange,
	struct strata_error *error, const char *format, ...) STRATA_PRINTF(4, 5);

/* Sleep before another try: attempt ATTEMPT (from 0) failed for the reason WORDS. Returns 1 where
 * there is to be another, 0 where there were enough, or an error. AFTER is what a header
 * Retry-After said, or NULL. */
int strata_client_wait(struct strata_host *host, unsigned attempt, const char *after,
	const char *words, struct strata_error *error) STRATA_MUST_CHECK;

#endif
