/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An exchange as its two sides see it: the engine's thread, which runs libcurl's callbacks, and the
 * caller's, which waits.
 */
#ifndef REGISTRY_HTTP_EXCHANGE_H
#define REGISTRY_HTTP_EXCHANGE_H

#include <curl/curl.h>
#include <pthread.h>

#include "registry/http/http.h"

/* What the engine is asked to do with an exchange. */
enum strata_http_command {
	STRATA_HTTP_ADD = 1,
	STRATA_HTTP_RESUME = 2,
	STRATA_HTTP_REMOVE = 4,
};

/* Bytes on their way between the two threads. */
struct strata_http_ring {
	uint8_t *bytes; /* NULL until it is needed */
	size_t start, count;
};

struct strata_http_exchange {
	struct strata_http *http;
	CURL *easy;
	struct curl_slist *headers;
	char words[CURL_ERROR_SIZE];

	pthread_mutex_t lock; /* guards all up to `result` */
	pthread_cond_t changed;
	struct strata_http_ring up, down;
	bool up_ended, up_paused, down_paused;
	struct strata_buffer answer; /* the lines of the header, each ended by a NUL */
	bool answered;               /* the header is complete */
	long status;
	bool done;
	uint64_t moved; /* bytes, in both directions */
	CURLcode result;

	/* The engine's, under its lock. */
	struct strata_http_exchange *next;
	unsigned commands;
	bool queued, attached;

	bool large; /* has a body that takes the host some time to look at */
};

enum { STRATA_HTTP_RING = 256 * 1024 };

/* How long to wait for the other side, and whether to go on at all. */
const struct strata_http_settings *strata_http_settings_of(const struct strata_http *http);

/* Ask the engine for COMMAND. After STRATA_HTTP_REMOVE has returned, it knows the exchange no more.
 */
void strata_http_command(struct strata_http_exchange *exchange, enum strata_http_command command);

/* Called by the engine when the transfer has ended. */
void strata_http_ended(struct strata_http_exchange *exchange, CURLcode result);

#endif
