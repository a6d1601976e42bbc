/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer: libcurl's callbacks fill and empty two rings, and the caller's thread
 * waits at their other ends.
 */
#include "registry/http/exchange.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "util/error.h"
#include "util/memory.h"
#include "util/text.h"

enum {
	TICK_MILLISECONDS = 200, /* how soon a wish to stop is heard */
	CONNECT_SECONDS = 30,
	LARGEST_HEADER = 256 * 1024,
	CHUNK = 64 * 1024,
	LEAST_BYTES = 1024, /* in the time of a stall, or it is one */
	LARGE = 1024 * 1024,
	LARGE_PATIENCE = 15, /* times longer for hosts that hash what they got */
};

/* --- rings ------------------------------------------------------------------------------------ */

static bool ring_open(struct strata_http_ring *ring)
{
	if (!ring->bytes)
		ring->bytes = malloc(STRATA_HTTP_RING);
	return ring->bytes;
}

static size_t ring_room(const struct strata_http_ring *ring)
{
	return STRATA_HTTP_RING - ring->count;
}

static void ring_put(struct strata_http_ring *ring, const uint8_t *bytes, size_t length)
{
	size_t end = (ring->start + ring->count) % STRATA_HTTP_RING;
	size_t first = STRATA_HTTP_RING - end < length ? STRATA_HTTP_RING - end : length;

	memcpy(ring->bytes + end, bytes, first);
	memcpy(ring->bytes, bytes + first, length - first);
	ring->count += length;
}

static size_t ring_take(struct strata_http_ring *ring, uint8_t *bytes, size_t capacity)
{
	size_t length = ring->count < capacity ? ring->count : capacity;
	size_t first =
		STRATA_HTTP_RING - ring->start < length ? STRATA_HTTP_RING - ring->start : length;

	if (length == 0)
		return 0;
	memcpy(bytes, ring->bytes + ring->start, first);
	memcpy(bytes + first, ring->bytes, length - first);
	ring->start = (ring->start + length) % STRATA_HTTP_RING;
	ring->count -= length;
	return length;
}

/* --- the engine's side ------------------------------------------------------------------------ */

static void lock(struct strata_http_exchange *exchange)
{
	pthread_mutex_lock(&exchange->lock);
}

static void unlock(struct strata_http_exchange *exchange)
{
	pthread_mutex_unlock(&exchange->lock);
}

static size_t give_body(char *bytes, size_t size, size_t count, void *data)
{
	struct strata_http_exchange *exchange = data;
	size_t given;

	lock(exchange);
	given = ring_take(&exchange->up, (uint8_t *)bytes, size * count);
	exchange->moved += given;
	if (given == 0 && !exchange->up_ended) {
		exchange->up_paused = true;
		given = CURL_READFUNC_PAUSE;
	}
	pthread_cond_broadcast(&exchange->changed);
	unlock(exchange);
	return given;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *data)
{
	struct strata_http_exchange *exchange = data;
	size_t length = size * count, taken = length;

	lock(exchange);
	if (!ring_open(&exchange->down)) {
		taken = 0;
	} else if (ring_room(&exchange->down) < length) {
		exchange->down_paused = true;
		taken = CURL_WRITEFUNC_PAUSE;
	} else {
		ring_put(&exchange->down, (const uint8_t *)bytes, length);
		exchange->moved += length;
	}
	pthread_cond_broadcast(&exchange->changed);
	unlock(exchange);
	return taken;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *data)
{
	struct strata_http_exchange *exchange = data;
	size_t length = size * count, shown = length;
	long status = 0;

	while (shown > 0 && strchr("\r\n", bytes[shown - 1]))
		shown--;
	lock(exchange);
	if (exchange->answered) {
		unlock(exchange);
		return length; /* behind the body: trailers */
	}
	if (shown >= 5 && strncasecmp(bytes, "HTTP/", 5) == 0)
		strata_buffer_truncate(&exchange->answer, 0);
	if (shown > 0) {
		strata_buffer_append(&exchange->answer, bytes, shown);
		strata_buffer_byte(&exchange->answer, '\0');
	} else {
		curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &status);
		exchange->status = status;
		exchange->answered = status >= 200;
	}
	exchange->moved += length;
	if (exchange->answer.length > LARGEST_HEADER || exchange->answer.failed)
		length = 0;
	pthread_cond_broadcast(&exchange->changed);
	unlock(exchange);
	return length;
}

void strata_http_ended(struct strata_http_exchange *exchange, CURLcode result)
{
	lock(exchange);
	exchange->done = true;
	exchange->result = result;
	pthread_cond_broadcast(&exchange->changed);
	unlock(exchange);
}

/* --- the caller's side ------------------------------------------------------------------------ */

bool strata_http_is_transient(const struct strata_error *error)
{
	return error->status == STRATA_ERROR_IO &&
	       (error->system_error == ECONNRESET || error->system_error == ETIMEDOUT);
}

/* The connection failed by its own fault. */
static int fail_connection(int system_error, const char *words, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

	strata_text_visible(&visible, words);
	strata_fail(error, STRATA_ERROR_IO, "%s", visible.data);
	if (error)
		error->system_error = system_error;
	return STRATA_ERROR_IO;
}

static int fail_result(const struct strata_http_exchange *exchange, struct strata_error *error)
{
	const char *words =
		exchange->words[0] ? exchange->words : curl_easy_strerror(exchange->result);

	switch (exchange->result) {
	case CURLE_OUT_OF_MEMORY:
		return strata_fail_memory(error);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return strata_hint(error, fail_connection(EPROTO, words, error),
			"put the authority that signed its certificate into "
			"/etc/containers/certs.d/HOST/ca.crt");
	case CURLE_SSL_CONNECT_ERROR:
		return fail_connection(EPROTONOSUPPORT, words, error);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return fail_connection(EHOSTUNREACH, words, error);
	default:
		return fail_connection(ECONNRESET, words, error);
	}
}

/* How much was moved, and when that was last enough. */
struct patience {
	uint64_t moved;
	struct timespec until;
	unsigned seconds;
};

static struct timespec now_plus(unsigned seconds, unsigned milliseconds)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += seconds;
	time.tv_nsec += (long)milliseconds * 1000000;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

static bool has_passed(const struct timespec *time)
{
	struct timespec now = now_plus(0, 0);

	return now.tv_sec > time->tv_sec ||
	       (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

static struct patience patience_of(struct strata_http_exchange *exchange, unsigned factor)
{
	unsigned seconds = strata_http_settings_of(exchange->http)->stall_seconds * factor;
	struct patience patience = {0, now_plus(seconds, 0), seconds};

	lock(exchange);
	patience.moved = exchange->moved;
	unlock(exchange);
	return patience;
}

/* Wait until something has changed, with the lock held. */
static int wait_for_change(struct strata_http_exchange *exchange, struct patience *patience,
	struct strata_error *error)
{
	struct timespec tick = now_plus(0, TICK_MILLISECONDS);
	int status;

	pthread_cond_timedwait(&exchange->changed, &exchange->lock, &tick);
	status = strata_check_cancelled(strata_http_settings_of(exchange->http)->observer, error);
	if (status < 0 || !has_passed(&patience->until))
		return status;
	if (exchange->moved - patience->moved < LEAST_BYTES && !exchange->done) {
		strata_fail(error, STRATA_ERROR_IO,
			"it sent and took next to nothing for %u seconds", patience->seconds);
		if (error)
			error->system_error = ETIMEDOUT;
		return STRATA_ERROR_IO;
	}
	patience->moved = exchange->moved;
	patience->until = now_plus(patience->seconds, 0);
	return 0;
}

/* Resume what the engine's side has paused, if it has; without the lock. */
static void resume(struct strata_http_exchange *exchange, bool *paused)
{
	bool was_paused;

	lock(exchange);
	was_paused = *paused;
	*paused = false;
	unlock(exchange);
	if (was_paused)
		strata_http_command(exchange, STRATA_HTTP_RESUME);
}

/* Put LENGTH bytes on their way. *STOPPED: the host has answered already, or never will. */
static int send_bytes(struct strata_http_exchange *exchange, const uint8_t *bytes, size_t length,
	bool *stopped, struct strata_error *error)
{
	struct patience patience = patience_of(exchange, 1);
	int status = 0;

	while (length > 0 && status == 0 && !*stopped) {
		size_t room, part;

		lock(exchange);
		room = ring_room(&exchange->up);
		part = room < length ? room : length;
		ring_put(&exchange->up, bytes, part);
		bytes += part;
		length -= part;
		*stopped = exchange->done || exchange->answered;
		if (length > 0 && !*stopped && part == 0)
			status = wait_for_change(exchange, &patience, error);
		unlock(exchange);
		resume(exchange, &exchange->up_paused);
	}
	return status;
}

static int send_body(struct strata_http_exchange *exchange, struct strata_input *body,
	struct strata_error *error)
{
	strata_autofree uint8_t *chunk = malloc(CHUNK);
	bool stopped = false;
	int status = 0;
	size_t got = 1;

	if (!chunk || !ring_open(&exchange->up))
		return strata_fail_memory(error);
	while (status == 0 && got > 0 && !stopped) {
		status = body->read(body, chunk, CHUNK, &got, error);
		if (status == 0)
			status = send_bytes(exchange, chunk, got, &stopped, error);
	}
	lock(exchange);
	exchange->up_ended = true;
	unlock(exchange);
	resume(exchange, &exchange->up_paused);
	return status;
}

static int wait_for_answer(struct strata_http_exchange *exchange, struct strata_error *error)
{
	struct patience patience = patience_of(exchange, exchange->large ? LARGE_PATIENCE : 1);
	int status = 0;

	lock(exchange);
	while (status == 0 && !exchange->answered && !exchange->done)
		status = wait_for_change(exchange, &patience, error);
	if (status == 0 && !exchange->answered)
		status = exchange->result == CURLE_OK
				 ? fail_connection(ECONNRESET, "it did not answer", error)
				 : fail_result(exchange, error);
	unlock(exchange);
	return status;
}

static int set_headers(struct strata_http_exchange *exchange,
	const struct strata_http_request *request, struct strata_error *error)
{
	/* What libcurl would add by itself. */
	static const char *const none[] = {"Expect:", "Content-Type:", NULL};
	bool typed = false;

	for (size_t i = 0; request->headers && request->headers[i]; i++)
		typed = typed || strncasecmp(request->headers[i], "Content-Type:", 13) == 0;
	for (int own = 0; own < 2; own++) {
		const char *const *list = own ? request->headers : none;

		for (size_t i = 0; list && list[i]; i++) {
			struct curl_slist *grown;

			if (!own && typed && i == 1)
				continue;
			grown = curl_slist_append(exchange->headers, list[i]);
			if (!grown)
				return strata_fail_memory(error);
			exchange->headers = grown;
		}
	}
	curl_easy_setopt(exchange->easy, CURLOPT_HTTPHEADER, exchange->headers);
	return 0;
}

static void set_method(CURL *easy, const struct strata_http_request *request)
{
	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
		if (!request->body_unbounded)
			curl_easy_setopt(
				easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
	} else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "DELETE") != 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, 0L);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_tls(CURL *easy, const struct strata_http_tls *tls)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (!tls)
		return;
	if (tls->authorities.length > 0) {
		struct curl_blob blob = {
			tls->authorities.data, tls->authorities.length, CURL_BLOB_COPY};

		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
	}
	if (tls->certificate) {
		curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->certificate);
		curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key);
	}
}

static int prepare(struct strata_http_exchange *exchange, const struct strata_http_request *request,
	struct strata_error *error)
{
	CURL *easy = exchange->easy;

	curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->words);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)CHUNK);
	curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)CHUNK);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "stratapack/" STRATA_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
		request->alone ? (long)CURL_HTTP_VERSION_1_1 : (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, request->alone ? 0L : 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
	if (request->direct)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	set_method(easy, request);
	set_tls(easy, request->tls);
	return set_headers(exchange, request, error);
}

static struct strata_http_exchange *exchange_new(struct strata_http *http)
{
	struct strata_http_exchange *exchange = calloc(1, sizeof(*exchange));
	pthread_condattr_t monotonic;

	if (!exchange)
		return NULL;
	exchange->easy = curl_easy_init();
	if (!exchange->easy) {
		free(exchange);
		return NULL;
	}
	exchange->http = http;
	exchange->answer = (struct strata_buffer)STRATA_BUFFER_INIT;
	pthread_mutex_init(&exchange->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&exchange->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return exchange;
}

int strata_http_start(struct strata_http *http, const struct strata_http_request *request,
	struct strata_http_exchange **result, struct strata_error *error)
{
	strata_autoexchange struct strata_http_exchange *exchange = exchange_new(http);
	int status;

	if (!exchange)
		return strata_fail_memory(error);
	exchange->large = request->body && (request->body_unbounded || request->body_size > LARGE);
	status = prepare(exchange, request, error);
	if (status < 0)
		return status;
	strata_http_command(exchange, STRATA_HTTP_ADD);
	if (request->body)
		status = send_body(exchange, request->body, error);
	if (status == 0)
		status = wait_for_answer(exchange, error);
	if (status == 0)
		*result = strata_take(exchange);
	return status;
}

long strata_http_status(const struct strata_http_exchange *exchange)
{
	return exchange->status;
}

const char *strata_http_header_at(
	const struct strata_http_exchange *exchange, const char *name, size_t index)
{
	const char *line = exchange->answer.data, *end = line + exchange->answer.length;
	size_t length = strlen(name);

	for (; line < end; line += strlen(line) + 1) {
		if (strncasecmp(line, name, length) != 0 || line[length] != ':' || index-- > 0)
			continue;
		line += length + 1;
		return line + strspn(line, " \t");
	}
	return NULL;
}

const char *strata_http_header(const struct strata_http_exchange *exchange, const char *name)
{
	const char *last = NULL, *found;

	for (size_t i = 0; (found = strata_http_header_at(exchange, name, i)); i++)
		last = found;
	return last;
}

int strata_http_read(struct strata_http_exchange *exchange, void *bytes, size_t capacity,
	size_t *got, struct strata_error *error)
{
	struct patience patience = patience_of(exchange, 1);
	bool roomy;
	int status = 0;

	lock(exchange);
	while (status == 0 && exchange->down.count == 0 && !exchange->done) {
		if (exchange->down_paused) {
			unlock(exchange);
			resume(exchange, &exchange->down_paused);
			lock(exchange);
			continue;
		}
		status = wait_for_change(exchange, &patience, error);
	}
	*got = status == 0 ? ring_take(&exchange->down, bytes, capacity) : 0;
	if (status == 0 && *got == 0 && exchange->result != CURLE_OK)
		status = fail_result(exchange, error);
	roomy = ring_room(&exchange->down) >= STRATA_HTTP_RING / 2;
	unlock(exchange);
	if (roomy)
		resume(exchange, &exchange->down_paused);
	return status;
}

int strata_http_read_all(struct strata_http_exchange *exchange, size_t limit,
	struct strata_buffer *buffer, struct strata_error *error)
{
	char chunk[16384];
	size_t got = 1, total = 0;

	while (got > 0) {
		int status = strata_http_read(exchange, chunk, sizeof(chunk), &got, error);

		if (status < 0)
			return status;
		total += got;
		if (total > limit)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"the answer has more than %zu bytes", limit);
		strata_buffer_append(buffer, chunk, got);
	}
	return strata_buffer_check(buffer, error);
}

void strata_http_end(struct strata_http_exchange *exchange)
{
	if (!exchange)
		return;
	strata_http_command(exchange, STRATA_HTTP_REMOVE);
	curl_easy_cleanup(exchange->easy);
	curl_slist_free_all(exchange->headers);
	strata_buffer_release(&exchange->answer);
	pthread_mutex_destroy(&exchange->lock);
	pthread_cond_destroy(&exchange->changed);
	free(exchange->up.bytes);
	free(exchange->down.bytes);
	free(exchange);
}

void strata_http_cleanup_exchange(struct strata_http_exchange **exchange)
{
	strata_http_end(*exchange);
}
