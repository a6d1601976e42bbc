/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bearer tokens (the distribution project's "Token Authentication Specification" and "OAuth 2").
 */
#ifndef REGISTRY_AUTH_TOKEN_H
#define REGISTRY_AUTH_TOKEN_H

#include <time.h>

#include "registry/auth/challenge.h"
#include "registry/auth/credentials.h"
#include "registry/http/http.h"

struct strata_token {
	char *text;            /* owned */
	struct timespec until; /* when it is to be replaced, on the monotonic clock */
};

/* Where a token is asked for, and of whose registry. */
struct strata_token_request {
	const char *registry; /* its URL: where a realm may be depends on it */
	const struct strata_challenge *challenge;
	const char *scopes; /* with blanks between; the most important first */
	const struct strata_credentials *credentials;
	const struct strata_http_tls *tls; /* of the registry's host */
};

/* Get a token. *STATUS_CODE is the answer's, for a caller who can ask for less after a refusal
 * (STRATA_ERROR_INVALID). */
int strata_token_get(struct strata_http *http, const struct strata_token_request *request,
	struct strata_token *token, long *status_code,
	struct strata_error *error) STRATA_MUST_CHECK;

/* "Authorization: Basic ..." of a user with a password, into BUFFER. */
void strata_token_basic(const struct strata_credentials *credentials, struct strata_buffer *buffer);

void strata_token_release(struct strata_token *token);

#endif
