/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a registry says when it refuses (OCI distribution specification, "Error Codes"), as part of
 * our messages: short, visible, and never trusted.
 */
#include <stdarg.h>
#include <string.h>

#include "registry/client/client.h"
#include "util/error.h"
#include "util/json.h"
#include "util/text.h"

enum {
	MOST_WORDS = 64 * 1024, /* bytes that are read */
	MOST_SHOWN = 300,
};

/* Append TEXT, cut off where it is long. */
static void append_short(struct strata_buffer *words, const char *text)
{
	strata_autofree char *part = strndup(text, MOST_SHOWN);

	if (part)
		strata_text_visible(words, part);
	else
		words->failed = true;
}

static void append_errors(struct strata_buffer *words, const struct strata_json *document)
{
	const struct strata_json *errors = strata_json_member(document, "errors");

	for (size_t i = 0; i < strata_json_count(errors) && words->length < MOST_SHOWN; i++) {
		const struct strata_json *one = strata_json_at(errors, i);
		const char *code = strata_json_string(strata_json_member(one, "code"));
		const char *message = strata_json_string(strata_json_member(one, "message"));

		strata_buffer_string(words, words->length > 0 ? "; " : ": ");
		append_short(words, code ? code : "error");
		if (message && *message) {
			strata_buffer_string(words, ", ");
			append_short(words, message);
		}
	}
}

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void append_words(struct strata_http_exchange *exchange, struct strata_buffer *words)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autojson struct strata_json *document = NULL;

	/* What it says beyond that, or cannot say, changes nothing. */
	if (strata_http_read_all(exchange, MOST_WORDS, &text, NULL) < 0 || text.length == 0)
		return;
	if (strata_json_parse("answer", text.data, text.length, &document, NULL) == 0)
		append_errors(words, document);
	else if (strata_text_starts_with(
			 or_nothing(strata_http_header(exchange, "Content-Type")), "text/plain")) {
		strata_buffer_truncate(&text, strcspn(text.data, "\r\n"));
		strata_buffer_string(words, ": ");
		append_short(words, text.data);
	}
}

static const char *hint_of(long status)
{
	switch (status) {
	case 401:
	case 403:
		return "'stratapack login %s' keeps credentials; those in use may not be enough "
		       "for this";
	case 404:
		return "on %s there may be no such repository; some registries want it made first";
	case 413:
		return "%s takes no uploads of that size at once: try --chunk-size 5MB";
	case 429:
		return "%s wants us to ask less often; try again later";
	default:
		return NULL;
	}
}

int strata_client_fail(struct strata_host *host, struct strata_http_exchange *exchange,
	struct strata_error *error, const char *format, ...)
{
	strata_autobuffer struct strata_buffer words = STRATA_BUFFER_INIT;
	strata_autofree char *what = NULL;
	long code = strata_http_status(exchange);
	const char *hint = hint_of(code);
	va_list arguments;
	int length, status = code == 404 ? STRATA_ERROR_NOT_FOUND : STRATA_ERROR_INVALID;

	va_start(arguments, format);
	length = vasprintf(&what, format, arguments);
	va_end(arguments);
	if (length < 0) {
		what = NULL;
		return strata_fail_memory(error);
	}
	append_words(exchange, &words);
	strata_fail(error, status, "%s: %s: the answer is %ld%s", strata_host_name(host), what,
		code, words.data);
	if (hint)
		strata_hint(error, status, hint, strata_host_name(host));
	return status;
}
