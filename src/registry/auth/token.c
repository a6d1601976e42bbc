/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/auth/token.h"

#include <inttypes.h>
#include <string.h>

#include "registry/http/memory_input.h"
#include "registry/http/url.h"
#include "util/json.h"
#include "util/text.h"

enum {
	LARGEST_ANSWER = 1024 * 1024,
	LONGEST_TOKEN = 64 * 1024,
	SHORTEST_LIFE = 60, /* seconds, also where less or nothing is said */
	LONGEST_LIFE = 24 * 3600,
};

void strata_token_basic(const struct strata_credentials *credentials, struct strata_buffer *buffer)
{
	strata_autobuffer struct strata_buffer plain = STRATA_BUFFER_INIT;

	strata_buffer_format(&plain, "%s:%s", credentials->user,
		credentials->password ? credentials->password : "");
	strata_buffer_string(buffer, "Authorization: Basic ");
	strata_text_base64(buffer, plain.data, plain.length);
	if (plain.capacity > 0)
		explicit_bzero(plain.data, plain.length);
	buffer->failed = buffer->failed || plain.failed;
}

/* A realm gets our password, so it must be in as good a place as the registry is. */
static int check_realm(const char *realm, const char *registry, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

	strata_url_visible(&visible, realm);
	if (!strata_url_is_https(realm) && strata_url_is_https(registry))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"it sends us to %s for a token, which is not encrypted", visible.data);
	if (strata_url_is_private(realm) && !strata_url_is_private(registry))
		return strata_fail(error, STRATA_ERROR_INVALID,
			"it sends us to %s for a token, which is an address of a private network",
			visible.data);
	return 0;
}

static void add_scopes(struct strata_buffer *url, const char *scopes)
{
	while (*scopes) {
		size_t length = strcspn(scopes, " ");
		strata_autofree char *scope = strndup(scopes, length);

		if (!scope)
			url->failed = true;
		else if (length > 0)
			strata_url_add_query(url, "scope", scope);
		scopes += length + (scopes[length] == ' ');
	}
}

static int ask(struct strata_http *http, const struct strata_token_request *request,
	const struct strata_http_request *question, struct strata_http_exchange **exchange,
	struct strata_error *error)
{
	struct strata_http_request whole = *question;

	whole.direct = strata_url_is_loopback(question->url);
	/* The certificates of the registry are its own; another host's are the system's. */
	whole.tls = strata_url_same_origin(question->url, request->registry) ||
				    (strata_url_is_loopback(question->url) &&
					    strata_url_is_loopback(request->registry))
			    ? request->tls
			    : NULL;
	return strata_http_start(http, &whole, exchange, error);
}

static int ask_simply(struct strata_http *http, const struct strata_token_request *request,
	const char *realm, struct strata_http_exchange **exchange, struct strata_error *error)
{
	const struct strata_credentials *credentials = request->credentials;
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer basic = STRATA_BUFFER_INIT;
	const char *headers[] = {"Accept: application/json", NULL, NULL};
	struct strata_http_request question = {.method = "GET", .headers = headers};
	int status;

	strata_buffer_string(&url, realm);
	if (request->challenge->service)
		strata_url_add_query(&url, "service", request->challenge->service);
	add_scopes(&url, request->scopes);
	if (credentials->user) {
		strata_token_basic(credentials, &basic);
		headers[1] = basic.data;
	}
	status = strata_buffer_check(&url, error);
	if (status == 0)
		status = strata_buffer_check(&basic, error);
	question.url = url.data;
	if (status == 0)
		status = ask(http, request, &question, exchange, error);
	explicit_bzero(basic.data, basic.length);
	return status;
}

/* Exchange an identity token for one that says what we may do. */
static int ask_with_identity(struct strata_http *http, const struct strata_token_request *request,
	const char *realm, struct strata_http_exchange **exchange, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer form = STRATA_BUFFER_INIT;
	const char *headers[] = {"Accept: application/json",
		"Content-Type: application/x-www-form-urlencoded", NULL};
	struct strata_http_request question = {.method = "POST", .headers = headers, .url = realm};
	struct strata_memory_input body;
	int status;

	strata_url_add_query(&form, "grant_type", "refresh_token");
	strata_url_add_query(
		&form, "service", request->challenge->service ? request->challenge->service : "");
	strata_url_add_query(&form, "client_id", "stratapack");
	strata_url_add_query(&form, "scope", request->scopes);
	strata_url_add_query(&form, "refresh_token", request->credentials->identity_token);
	status = strata_buffer_check(&form, error);
	if (status < 0)
		return status;
	/* Without the "?" of a query. */
	strata_memory_input_init(&body, form.data + 1, form.length - 1);
	question.body = &body.input;
	question.body_size = form.length - 1;
	status = ask(http, request, &question, exchange, error);
	explicit_bzero(form.data, form.length);
	return status;
}

static int keep(
	const char *text, int64_t life, struct strata_token *token, struct strata_error *error)
{
	if (strlen(text) > LONGEST_TOKEN || strpbrk(text, "\r\n"))
		return strata_fail(error, STRATA_ERROR_FORMAT, "the token is none");
	token->text = strdup(text);
	clock_gettime(CLOCK_MONOTONIC, &token->until);
	if (life < SHORTEST_LIFE)
		life = SHORTEST_LIFE;
	if (life > LONGEST_LIFE)
		life = LONGEST_LIFE;
	/* Replaced before it ends: what begins with it must come to its end. */
	token->until.tv_sec += life - life / 5;
	return token->text ? 0 : strata_fail_memory(error);
}

static int read_answer(struct strata_http_exchange *exchange, struct strata_token *token,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autojson struct strata_json *document = NULL;
	const struct strata_json *life;
	const char *found;
	int status = strata_http_read_all(exchange, LARGEST_ANSWER, &text, error);

	if (status < 0)
		return status;
	status = strata_json_parse("the token", text.data, text.length, &document, error);
	explicit_bzero(text.data, text.length);
	if (status < 0)
		return strata_fail(
			error, STRATA_ERROR_FORMAT, "the answer with the token is no JSON");
	found = strata_json_string(strata_json_member(document, "token"));
	if (!found || !*found)
		found = strata_json_string(strata_json_member(document, "access_token"));
	if (!found || !*found)
		return strata_fail(error, STRATA_ERROR_FORMAT, "the answer has no token");
	life = strata_json_member(document, "expires_in");
	return keep(found, strata_json_integer(life), token, error);
}

int strata_token_get(struct strata_http *http, const struct strata_token_request *request,
	struct strata_token *token, long *status_code, struct strata_error *error)
{
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	strata_autobuffer struct strata_buffer realm = STRATA_BUFFER_INIT;
	bool identity = request->credentials->identity_token != NULL;
	int status =
		strata_url_resolve(request->registry, request->challenge->realm, &realm, error);

	*status_code = 0;
	if (status == 0)
		status = check_realm(realm.data, request->registry, error);
	if (status == 0)
		status = identity ? ask_with_identity(http, request, realm.data, &exchange, error)
				  : ask_simply(http, request, realm.data, &exchange, error);
	if (status < 0)
		return strata_context(error, status, "getting a token");
	*status_code = strata_http_status(exchange);
	if (identity && (*status_code == 404 || *status_code == 405)) {
		strata_http_end(strata_take(exchange));
		status = ask_simply(http, request, realm.data, &exchange, error);
		if (status < 0)
			return strata_context(error, status, "getting a token");
		*status_code = strata_http_status(exchange);
	}
	if (*status_code != 200)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"the server of tokens answered with %ld", *status_code);
	return read_answer(exchange, token, error);
}

void strata_token_release(struct strata_token *token)
{
	if (token->text)
		explicit_bzero(token->text, strlen(token->text));
	free(token->text);
	*token = (struct strata_token){.text = NULL};
}
