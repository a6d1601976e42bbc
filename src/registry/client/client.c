/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call to a registry, made of as many requests as it takes (OCI distribution specification;
 * RFC 9110 for redirects and Retry-After).
 */
#include "registry/client/client.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "registry/client/host.h"
#include "registry/http/memory_input.h"
#include "registry/http/url.h"
#include "util/error.h"

enum {
	MOST_REDIRECTS = 5,
	MOST_HEADERS = 12,
	FIRST_DELAY = 500, /* milliseconds; doubled with each try */
	LONGEST_DELAY = 30 * 1000,
	LONGEST_REQUESTED_DELAY = 120 * 1000,
	TICK = 100,
};

/* --- waiting ---------------------------------------------------------------------------------- */

static bool may_succeed_later(long status)
{
	static const long codes[] = {408, 429, 499, 500, 502, 503, 504, 522};

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (codes[i] == status)
			return true;
	}
	return false;
}

/* Anything between nothing and the whole delay, so that many who failed together do not come back
 * together. */
static unsigned choose_delay(unsigned attempt)
{
	unsigned limit = FIRST_DELAY, number = 0;

	for (; attempt > 0 && limit < LONGEST_DELAY; attempt--)
		limit *= 2;
	if (limit > LONGEST_DELAY)
		limit = LONGEST_DELAY;
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = limit;
	return number % (limit + 1);
}

/* Retry-After: seconds, or a date. */
static unsigned requested_delay(const char *after)
{
	struct tm date = {0};
	char *end;
	double seconds;

	seconds = (double)strtoul(after, &end, 10);
	if (end == after && strptime(after, "%a, %d %b %Y %H:%M:%S GMT", &date))
		seconds = difftime(timegm(&date), time(NULL));
	if (seconds <= 0)
		return 0;
	return seconds * 1000 < LONGEST_REQUESTED_DELAY ? (unsigned)(seconds * 1000)
							: LONGEST_REQUESTED_DELAY;
}

int strata_client_wait(struct strata_host *host, unsigned attempt, const char *after,
	const char *words, struct strata_error *error)
{
	const struct strata_registry_options *options = strata_client_options(host->client);
	unsigned delay = choose_delay(attempt), asked = after ? requested_delay(after) : 0;

	if (attempt + 1 >= options->tries)
		return 0;
	if (delay < asked)
		delay = asked;
	strata_note(options->observer, "%s: %s; trying again in %u.%u s", host->name, words,
		delay / 1000, delay % 1000 / 100);
	for (;;) {
		unsigned tick = delay < TICK ? delay : TICK;
		struct timespec pause = {.tv_nsec = (long)tick * 1000000};
		int status = strata_check_cancelled(options->observer, error);

		if (status < 0 || delay == 0)
			return status < 0 ? status : 1;
		nanosleep(&pause, NULL);
		delay -= tick;
	}
}

/* --- redirects -------------------------------------------------------------------------------- */

/* Where the registry may send us: never from TLS to none, never from the internet into a private
 * network by its addresses. */
static int check_target(
	struct strata_host *host, const char *from, const char *to, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer origin = STRATA_BUFFER_INIT;

	strata_url_visible(&visible, to);
	strata_host_origin(host, &origin);
	if (visible.failed || origin.failed)
		return strata_fail_memory(error);
	if (strata_url_is_https(from) && !strata_url_is_https(to))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"it sends us to %s, which is not encrypted", visible.data);
	if (strata_url_is_private(to) && !strata_url_is_private(origin.data))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"it sends us to %s, which is an address of a private network",
			visible.data);
	return 0;
}

static int follow(struct strata_host *host, const char *from,
	const struct strata_http_exchange *exchange, struct strata_buffer *to,
	struct strata_error *error)
{
	const char *location = strata_http_header(exchange, "Location");
	int status;

	if (!location)
		return strata_fail(error, STRATA_ERROR_FORMAT, "its answer has no location");
	status = strata_url_resolve(from, location, to, error);
	return status < 0 ? status : check_target(host, from, to->data, error);
}

static void build_url(
	struct strata_host *host, const struct strata_call *call, struct strata_buffer *url)
{
	if (call->url) {
		strata_buffer_string(url, call->url);
		return;
	}
	strata_host_origin(host, url);
	strata_buffer_string(url, call->path);
}

int strata_client_location(struct strata_host *host, const struct strata_call *call,
	const struct strata_http_exchange *exchange, struct strata_buffer *url,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer from = STRATA_BUFFER_INIT;

	build_url(host, call, &from);
	if (strata_buffer_check(&from, error) < 0)
		return STRATA_ERROR_MEMORY;
	return follow(host, from.data, exchange, url, error);
}

int strata_client_resolve(struct strata_host *host, const struct strata_call *call,
	const char *text, struct strata_buffer *url, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer from = STRATA_BUFFER_INIT;
	int status;

	build_url(host, call, &from);
	status = strata_buffer_check(&from, error);
	if (status == 0)
		status = strata_url_resolve(from.data, text, url, error);
	return status < 0 ? status : check_target(host, from.data, url->data, error);
}

static bool is_redirect(const struct strata_call *call, long status)
{
	if (status == 307 || status == 308)
		return true;
	/* By these, a body would be left behind. */
	return (status == 301 || status == 302 || status == 303) &&
	       (strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0);
}

/* --- one request ------------------------------------------------------------------------------ */

static bool is_own(struct strata_host *host, const char *url)
{
	strata_autobuffer struct strata_buffer origin = STRATA_BUFFER_INIT;

	strata_host_origin(host, &origin);
	return !origin.failed && strata_url_same_origin(url, origin.data);
}

/* Send CALL to URL. AUTHORIZATION is "" where nothing is to be proved. */
static int send_to(struct strata_host *host, const struct strata_call *call, const char *url,
	const char *authorization, struct strata_http_exchange **exchange,
	struct strata_error *error)
{
	const char *headers[MOST_HEADERS] = {NULL};
	const struct strata_blob_source *blob = call->blob;
	struct strata_http_request request = {.method = call->method,
		.url = url,
		.headers = headers,
		.alone = call->alone,
		.tls = is_own(host, url) ? &host->tls : NULL,
		.direct = strata_url_is_loopback(url)};
	struct strata_memory_input memory;
	struct strata_input *opened = NULL;
	size_t count = 0;
	int status = 0;

	for (; count < 4 && call->headers[count]; count++)
		headers[count] = call->headers[count];
	if (*authorization)
		headers[count++] = authorization;
	if (blob) {
		status = blob->open(blob->data, &opened, error);
		request.body = opened;
		request.body_size = blob->size;
	} else if (call->bytes) {
		strata_memory_input_init(&memory, call->bytes, call->size);
		request.body = &memory.input;
		request.body_size = call->size;
	}
	if (status == 0)
		status = strata_http_start(host->client->http, &request, exchange, error);
	if (opened)
		blob->close(blob->data, opened);
	return status;
}

/* Send CALL, and again where the host asks who we are. */
static int send_authorised(struct strata_host *host, const struct strata_call *call,
	const char *url, struct strata_http_exchange **exchange, struct strata_error *error)
{
	for (int again = 0;; again++) {
		strata_autobuffer struct strata_buffer header = STRATA_BUFFER_INIT;
		bool own = is_own(host, url), hope = false;
		int status = 0;

		if (own)
			status = strata_host_authorise(host, call, &header, error);
		if (status == 0)
			status = send_to(host, call, url, header.data, exchange, error);
		if (status == 0 && own && again == 0 && strata_http_status(*exchange) == 401)
			status = strata_host_challenged(
				host, call, *exchange, header.data, &hope, error);
		explicit_bzero(header.data, header.length);
		if (status < 0 || !hope)
			return status;
		strata_http_end(strata_take(*exchange));
	}
}

/* Send CALL, and to where it is redirected. */
static int send_redirected(struct strata_host *host, const struct strata_call *call,
	struct strata_http_exchange **exchange, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;

	build_url(host, call, &url);
	for (int redirects = 0;; redirects++) {
		strata_autobuffer struct strata_buffer next = STRATA_BUFFER_INIT;
		int status = strata_buffer_check(&url, error);

		if (status == 0)
			status = send_authorised(host, call, url.data, exchange, error);
		if (status < 0 || !is_redirect(call, strata_http_status(*exchange)))
			return status;
		if (redirects == MOST_REDIRECTS)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"it redirects us more than %d times", MOST_REDIRECTS);
		status = follow(host, url.data, *exchange, &next, error);
		strata_http_end(strata_take(*exchange));
		if (status < 0)
			return status;
		strata_buffer_truncate(&url, 0);
		strata_buffer_string(&url, next.data);
	}
}

/* Send CALL as the host can be reached. */
static int send_settled(struct strata_host *host, const struct strata_call *call,
	struct strata_http_exchange **exchange, struct strata_error *error)
{
	int status = send_redirected(host, call, exchange, error);

	if (status == 0)
		strata_host_settle(host);
	else if (error->system_error == EPROTONOSUPPORT && strata_host_settle_plain(host))
		status = send_redirected(host, call, exchange, error);
	if (status < 0)
		strata_http_end(strata_take(*exchange));
	return status;
}

static int call_repeatedly(struct strata_host *host, const struct strata_call *call,
	struct strata_http_exchange **exchange, struct strata_error *error)
{
	for (unsigned attempt = 0;; attempt++) {
		struct strata_error problem = STRATA_ERROR_INIT;
		char code[32];
		const char *after = NULL, *words;
		int more, status;

		*exchange = NULL;
		status = send_settled(host, call, exchange, error);
		if (status < 0 && (call->once || !strata_http_is_transient(error)))
			return status;
		if (status == 0 &&
			(call->once || !may_succeed_later(strata_http_status(*exchange))))
			return 0;
		if (status == 0) {
			snprintf(code, sizeof(code), "it answered with %ld",
				strata_http_status(*exchange));
			after = strata_http_header(*exchange, "Retry-After");
		}
		words = status == 0 ? code : error->message;
		more = strata_client_wait(host, attempt, after, words, &problem);
		if (more <= 0) {
			if (more < 0) {
				strata_error_clear(error);
				*error = problem;
			}
			return more < 0 ? more : status;
		}
		strata_http_end(strata_take(*exchange));
		strata_error_clear(error);
	}
}

int strata_client_call(struct strata_host *host, const struct strata_call *call,
	struct strata_http_exchange **exchange, struct strata_error *error)
{
	struct strata_error own = STRATA_ERROR_INIT;
	struct strata_error *filled = error ? error : &own;
	int status = call_repeatedly(host, call, exchange, filled);

	if (status < 0)
		strata_http_end(strata_take(*exchange));
	if (status < 0)
		strata_context(filled, status, "%s", host->name);
	strata_error_clear(&own);
	return status;
}
