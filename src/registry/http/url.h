/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs of registries: resolving a Location against the request it answers, and the questions that
 * decide what may be sent where.
 */
#ifndef REGISTRY_HTTP_URL_H
#define REGISTRY_HTTP_URL_H

#include <stdbool.h>

#include "util/buffer.h"

/* BASE's answer said LOCATION, which may be relative: append the whole URL to BUFFER. What is no
 * URL of http or https, or has a user in it, is STRATA_ERROR_FORMAT. */
int strata_url_resolve(const char *base, const char *location, struct strata_buffer *buffer,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Whether scheme, host and port of both are the same. */
bool strata_url_same_origin(const char *left, const char *right);

bool strata_url_is_https(const char *url);

/* Whether URL's host is this machine by name or address. */
bool strata_url_is_loopback(const char *url);

/* Whether URL's host is written as an address that is not of the public internet: loopback, private
 * networks, link-local (where clouds keep their metadata), or none at all. */
bool strata_url_is_private(const char *url);

/* Append "?" or "&", KEY, "=" and VALUE with everything but unreserved characters escaped. */
void strata_url_add_query(struct strata_buffer *url, const char *key, const char *value);

/* Append URL without its query, in which signatures and tokens are: for messages. */
void strata_url_visible(struct strata_buffer *buffer, const char *url);

#endif
