/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of one registry: how it is reached, what it asks for, and the tokens that it gave.
 */
#ifndef REGISTRY_CLIENT_HOST_H
#define REGISTRY_CLIENT_HOST_H

#include <pthread.h>

#include "registry/auth/token.h"
#include "registry/client/client.h"

struct strata_kept_token {
	char *scopes;
	struct strata_token token;
	struct strata_kept_token *next;
};

struct strata_kept_credentials {
	char *repository; /* NULL: of all */
	struct strata_credentials credentials;
	struct strata_kept_credentials *next;
};

struct strata_host {
	struct strata_registry *client;
	struct strata_host *next;
	char *name;
	struct strata_http_tls tls;

	pthread_mutex_t lock; /* guards what follows; held while a token is asked for */
	bool plain, settled;  /* no TLS; that is certain */
	struct strata_challenge challenge;
	struct strata_kept_credentials *credentials;
	struct strata_kept_token *tokens;
};

struct strata_registry {
	struct strata_registry_options options;
	struct strata_http *http;
	pthread_mutex_t lock; /* guards the list */
	struct strata_host *hosts;
};

/* "https://registry-1.docker.io": appended to URL. */
void strata_host_origin(struct strata_host *host, struct strata_buffer *url);

/* Where TLS was not understood by a host that may be spoken to without: do so from now on. Returns
 * whether that is new. */
bool strata_host_settle_plain(struct strata_host *host);

/* It was understood: there is no going back to without. */
void strata_host_settle(struct strata_host *host);

/* Append the header with what CALL may prove by now: nothing, until the host has asked. */
int strata_host_authorise(struct strata_host *host, const struct strata_call *call,
	struct strata_buffer *header, struct strata_error *error) STRATA_MUST_CHECK;

/* Take in what an answer 401 asks for. *HOPE: there is something now that was not tried; USED is
 * the header that was. */
int strata_host_challenged(struct strata_host *host, const struct strata_call *call,
	const struct strata_http_exchange *exchange, const char *used, bool *hope,
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
