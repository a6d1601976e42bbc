/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that moves the bytes of all exchanges, by libcurl's multi interface. Only this thread
 * touches the handles of exchanges that are attached.
 */
#include "registry/http/exchange.h"

#include "util/error.h"
#include "util/memory.h"

enum {
	IDLE_MILLISECONDS = 1000,
	MOST_STREAMS = 32, /* some registries end connections that have more */
	MOST_CONNECTIONS = 24,
};

struct strata_http {
	struct strata_http_settings settings;
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t detached;
	struct strata_http_exchange *queue;
	bool ending;
};

const struct strata_http_settings *strata_http_settings_of(const struct strata_http *http)
{
	return &http->settings;
}

static struct strata_http_exchange *exchange_of(CURL *easy)
{
	char *data = NULL;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &data);
	return (struct strata_http_exchange *)(void *)data;
}

/* Carry out what was asked of EXCHANGE. Returns whether it was removed. */
static bool obey(struct strata_http *http, struct strata_http_exchange *exchange, unsigned commands)
{
	if (commands & STRATA_HTTP_REMOVE) {
		curl_multi_remove_handle(http->multi, exchange->easy);
		return true;
	}
	if ((commands & STRATA_HTTP_ADD) &&
		curl_multi_add_handle(http->multi, exchange->easy) != CURLM_OK)
		strata_http_ended(exchange, CURLE_OUT_OF_MEMORY);
	else if (commands & STRATA_HTTP_RESUME)
		curl_easy_pause(exchange->easy, CURLPAUSE_CONT);
	return false;
}

/* Carry out what was asked since the last time. */
static void take_commands(struct strata_http *http)
{
	pthread_mutex_lock(&http->lock);
	while (http->queue) {
		struct strata_http_exchange *exchange = http->queue;
		unsigned commands = exchange->commands;

		http->queue = exchange->next;
		exchange->queued = false;
		exchange->commands = 0;
		pthread_mutex_unlock(&http->lock);
		if (obey(http, exchange, commands)) {
			pthread_mutex_lock(&http->lock);
			exchange->attached = false;
			pthread_cond_broadcast(&http->detached);
		} else {
			pthread_mutex_lock(&http->lock);
		}
	}
	pthread_mutex_unlock(&http->lock);
}

static void report_ended(struct strata_http *http)
{
	const CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		if (message->msg == CURLMSG_DONE)
			strata_http_ended(exchange_of(message->easy_handle), message->data.result);
	}
}

static bool is_ending(struct strata_http *http)
{
	bool ending;

	pthread_mutex_lock(&http->lock);
	ending = http->ending;
	pthread_mutex_unlock(&http->lock);
	return ending;
}

static void *run(void *data)
{
	struct strata_http *http = data;
	int running;

	while (!is_ending(http)) {
		take_commands(http);
		curl_multi_perform(http->multi, &running);
		report_ended(http);
		curl_multi_poll(http->multi, NULL, 0, IDLE_MILLISECONDS, NULL);
	}
	return NULL;
}

void strata_http_command(struct strata_http_exchange *exchange, enum strata_http_command command)
{
	struct strata_http *http = exchange->http;

	pthread_mutex_lock(&http->lock);
	if (command == STRATA_HTTP_ADD)
		exchange->attached = true;
	if (exchange->attached) {
		exchange->commands |= command;
		if (!exchange->queued) {
			exchange->queued = true;
			exchange->next = http->queue;
			http->queue = exchange;
		}
		curl_multi_wakeup(http->multi);
	}
	while (command == STRATA_HTTP_REMOVE && exchange->attached)
		pthread_cond_wait(&http->detached, &http->lock);
	pthread_mutex_unlock(&http->lock);
}

static void initialise(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void free_parts(struct strata_http *http)
{
	if (http->multi)
		curl_multi_cleanup(http->multi);
	pthread_mutex_destroy(&http->lock);
	pthread_cond_destroy(&http->detached);
	free(http);
}

int strata_http_new(const struct strata_http_settings *settings, struct strata_http **result,
	struct strata_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct strata_http *http = calloc(1, sizeof(*http));

	if (!http)
		return strata_fail_memory(error);
	pthread_once(&once, initialise);
	http->settings = *settings;
	pthread_mutex_init(&http->lock, NULL);
	pthread_cond_init(&http->detached, NULL);
	http->multi = curl_multi_init();
	if (!http->multi) {
		free_parts(http);
		return strata_fail_memory(error);
	}
	curl_multi_setopt(http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)MOST_STREAMS);
	curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)MOST_CONNECTIONS);
	if (pthread_create(&http->thread, NULL, run, http) != 0) {
		free_parts(http);
		return strata_fail(error, STRATA_ERROR_MEMORY, "cannot start a thread");
	}
	*result = http;
	return 0;
}

void strata_http_free(struct strata_http *http)
{
	if (!http)
		return;
	pthread_mutex_lock(&http->lock);
	http->ending = true;
	pthread_mutex_unlock(&http->lock);
	curl_multi_wakeup(http->multi);
	pthread_join(http->thread, NULL);
	free_parts(http);
}
