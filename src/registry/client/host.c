/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/client/host.h"

#include <string.h>
#include <strings.h>

#include "registry/http/tls.h"
#include "registry/http/url.h"
#include "util/error.h"

static const char *address_of(const struct strata_host *host)
{
	return strcmp(host->name, "docker.io") == 0 ? "registry-1.docker.io" : host->name;
}

void strata_host_origin(struct strata_host *host, struct strata_buffer *url)
{
	pthread_mutex_lock(&host->lock);
	strata_buffer_format(url, "%s://%s", host->plain ? "http" : "https", address_of(host));
	pthread_mutex_unlock(&host->lock);
}

bool strata_host_settle_plain(struct strata_host *host)
{
	bool changed;

	pthread_mutex_lock(&host->lock);
	changed = !host->settled;
	host->plain = host->plain || changed;
	host->settled = true;
	pthread_mutex_unlock(&host->lock);
	return changed;
}

void strata_host_settle(struct strata_host *host)
{
	pthread_mutex_lock(&host->lock);
	host->settled = true;
	pthread_mutex_unlock(&host->lock);
}

const char *strata_host_name(const struct strata_host *host)
{
	return host->name;
}

const struct strata_registry *strata_host_client(const struct strata_host *host)
{
	return host->client;
}

const struct strata_observer *strata_client_observer(const struct strata_host *host)
{
	return host->client->options.observer;
}

/* --- credentials ------------------------------------------------------------------------------ */

/* The credentials for REPOSITORY, looked for once. NULL on error. With the lock held. */
static const struct strata_credentials *find_credentials(
	struct strata_host *host, const char *repository, struct strata_error *error)
{
	const char *file = host->client->options.credentials_file;
	struct strata_kept_credentials *kept;

	for (kept = host->credentials; kept; kept = kept->next) {
		if (!kept->repository || (repository && strcmp(kept->repository, repository) == 0))
			return &kept->credentials;
	}
	kept = calloc(1, sizeof(*kept));
	if (!kept || !(kept->repository = strdup(repository ? repository : ""))) {
		free(kept);
		strata_fail_memory(error);
		return NULL;
	}
	if (strata_credentials_find(file, host->name, repository, &kept->credentials, error) < 0) {
		free(kept->repository);
		free(kept);
		return NULL;
	}
	kept->next = host->credentials;
	host->credentials = kept;
	return &kept->credentials;
}

static int copy_text(char **target, const char *source)
{
	*target = source ? strdup(source) : NULL;
	return source && !*target ? -1 : 0;
}

int strata_client_sign_in(struct strata_host *host, const struct strata_credentials *credentials,
	struct strata_error *error)
{
	struct strata_kept_credentials *kept = calloc(1, sizeof(*kept));

	if (!kept)
		return strata_fail_memory(error);
	pthread_mutex_lock(&host->lock);
	kept->next = host->credentials;
	host->credentials = kept;
	if (copy_text(&kept->credentials.user, credentials->user) < 0 ||
		copy_text(&kept->credentials.password, credentials->password) < 0)
		strata_fail_memory(error);
	pthread_mutex_unlock(&host->lock);
	return 0;
}

/* --- tokens ----------------------------------------------------------------------------------- */

static bool has_ended(const struct strata_token *token)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec >= token->until.tv_sec;
}

static struct strata_kept_token *find_token(struct strata_host *host, const char *scopes)
{
	struct strata_kept_token *kept;

	for (kept = host->tokens; kept; kept = kept->next) {
		if (strcmp(kept->scopes, scopes) == 0)
			return kept;
	}
	return NULL;
}

/* A place for the token of SCOPES. */
static struct strata_kept_token *add_token(
	struct strata_host *host, const char *scopes, struct strata_error *error)
{
	struct strata_kept_token *kept = calloc(1, sizeof(*kept));

	if (!kept || !(kept->scopes = strdup(scopes))) {
		free(kept);
		strata_fail_memory(error);
		return NULL;
	}
	kept->next = host->tokens;
	host->tokens = kept;
	return kept;
}

/* Ask for a token of SCOPES, or where that is refused of the first of them alone: the others are
 * for mounts, which can be done without. */
static int ask_for_token(struct strata_host *host, const char *scopes,
	const struct strata_credentials *credentials, struct strata_token *token,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer origin = STRATA_BUFFER_INIT;
	strata_autofree char *first = strndup(scopes, strcspn(scopes, " "));
	struct strata_token_request request = {
		.challenge = &host->challenge, .scopes = scopes, .credentials = credentials};
	long code;
	int status;

	strata_buffer_format(&origin, "%s://%s", host->plain ? "http" : "https", address_of(host));
	if (!first || origin.failed)
		return strata_fail_memory(error);
	request.registry = origin.data;
	request.tls = &host->tls;
	status = strata_token_get(host->client->http, &request, token, &code, error);
	if (status < 0 && (code == 400 || code == 401 || code == 403) &&
		strcmp(first, scopes) != 0) {
		request.scopes = first;
		status = strata_token_get(host->client->http, &request, token, &code, error);
	}
	if (status < 0 && (code == 401 || code == 403))
		strata_hint(error, status,
			strata_credentials_are_there(credentials)
				? "the credentials for %s are not accepted; 'stratapack login %s' "
				  "takes others"
				: "'stratapack login %s' keeps credentials for it",
			host->name, host->name);
	return status;
}

static int append_token(struct strata_host *host, const struct strata_call *call,
	const struct strata_credentials *credentials, struct strata_buffer *header,
	struct strata_error *error)
{
	const char *scopes = call->scopes ? call->scopes : "";
	struct strata_kept_token *kept = find_token(host, scopes);
	int status = 0;

	if (!kept)
		kept = add_token(host, scopes, error);
	if (!kept)
		return STRATA_ERROR_MEMORY;
	if (!kept->token.text || has_ended(&kept->token)) {
		strata_token_release(&kept->token);
		status = ask_for_token(host, scopes, credentials, &kept->token, error);
	}
	if (status == 0)
		strata_buffer_format(header, "Authorization: Bearer %s", kept->token.text);
	return status;
}

int strata_host_authorise(struct strata_host *host, const struct strata_call *call,
	struct strata_buffer *header, struct strata_error *error)
{
	const struct strata_credentials *credentials;
	int status = 0;

	pthread_mutex_lock(&host->lock);
	if (host->challenge.scheme != STRATA_AUTH_NONE) {
		credentials = find_credentials(host, call->repository, error);
		if (!credentials)
			status = STRATA_ERROR_INVALID;
		else if (credentials->registry_token)
			strata_buffer_format(
				header, "Authorization: Bearer %s", credentials->registry_token);
		else if (host->challenge.scheme == STRATA_AUTH_BEARER)
			status = append_token(host, call, credentials, header, error);
		else if (credentials->user)
			strata_token_basic(credentials, header);
	}
	pthread_mutex_unlock(&host->lock);
	if (status < 0)
		return error && error->status ? (int)error->status : status;
	return strata_buffer_check(header, error);
}

/* Read all challenges; what was asked for before is forgotten. */
static int read_challenges(struct strata_host *host, const struct strata_http_exchange *exchange,
	struct strata_error *error)
{
	const char *header;

	strata_challenge_release(&host->challenge);
	for (size_t i = 0; (header = strata_http_header_at(exchange, "WWW-Authenticate", i)); i++) {
		if (strata_challenge_read(header, &host->challenge) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

int strata_host_challenged(struct strata_host *host, const struct strata_call *call,
	const struct strata_http_exchange *exchange, const char *used, bool *hope,
	struct strata_error *error)
{
	struct strata_kept_token *kept;
	int status;

	pthread_mutex_lock(&host->lock);
	status = read_challenges(host, exchange, error);
	*hope = status == 0 && host->challenge.scheme != STRATA_AUTH_NONE;
	kept = find_token(host, call->scopes ? call->scopes : "");
	/* The token that was refused is not to be used again; another thread may have got a new one
	 * meanwhile. */
	if (kept && kept->token.text && strlen(used) > strlen("Authorization: Bearer ") &&
		strcmp(used + strlen("Authorization: Bearer "), kept->token.text) == 0)
		strata_token_release(&kept->token);
	if (host->challenge.scheme == STRATA_AUTH_BASIC && *used)
		*hope = false;
	pthread_mutex_unlock(&host->lock);
	return status;
}

/* --- the client ------------------------------------------------------------------------------- */

static bool is_named_plain(const struct strata_registry_options *options, const char *name)
{
	for (size_t i = 0; i < options->plain_host_count; i++) {
		if (strcasecmp(options->plain_hosts[i], name) == 0)
			return true;
	}
	return false;
}

static void host_free(struct strata_host *host)
{
	while (host->tokens) {
		struct strata_kept_token *kept = host->tokens;

		host->tokens = kept->next;
		strata_token_release(&kept->token);
		free(kept->scopes);
		free(kept);
	}
	while (host->credentials) {
		struct strata_kept_credentials *kept = host->credentials;

		host->credentials = kept->next;
		strata_credentials_release(&kept->credentials);
		free(kept->repository);
		free(kept);
	}
	strata_challenge_release(&host->challenge);
	strata_tls_release(&host->tls);
	pthread_mutex_destroy(&host->lock);
	free(host->name);
	free(host);
}

static struct strata_host *host_new(
	struct strata_registry *client, const char *name, struct strata_error *error)
{
	const struct strata_registry_options *options = &client->options;
	struct strata_host *host = calloc(1, sizeof(*host));
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
	bool certified = false;

	if (!host) {
		strata_fail_memory(error);
		return NULL;
	}
	pthread_mutex_init(&host->lock, NULL);
	host->client = client;
	host->name = strdup(name);
	host->tls.authorities = (struct strata_buffer)STRATA_BUFFER_INIT;
	strata_buffer_format(&url, "https://%s/", name);
	if (!host->name || strata_buffer_check(&url, error) < 0 ||
		strata_tls_find(options->certificates, name, &host->tls, &certified, error) < 0) {
		host_free(host);
		return NULL;
	}
	host->plain = is_named_plain(options, name);
	/* This machine may be spoken to without TLS, but only where it knows none. */
	host->settled = host->plain || certified || !strata_url_is_loopback(url.data);
	return host;
}

int strata_client_host(struct strata_registry *client, const char *name, struct strata_host **host,
	struct strata_error *error)
{
	pthread_mutex_lock(&client->lock);
	for (*host = client->hosts; *host && strcmp((*host)->name, name) != 0;)
		*host = (*host)->next;
	if (!*host) {
		*host = host_new(client, name, error);
		if (*host) {
			(*host)->next = client->hosts;
			client->hosts = *host;
		}
	}
	pthread_mutex_unlock(&client->lock);
	if (*host)
		return 0;
	return error ? (int)error->status : STRATA_ERROR_MEMORY;
}

const struct strata_registry_options *strata_client_options(const struct strata_registry *client)
{
	return &client->options;
}

int strata_client_new(const struct strata_registry_options *options,
	struct strata_registry **client, struct strata_error *error)
{
	struct strata_registry *self = calloc(1, sizeof(*self));
	struct strata_http_settings settings;
	int status;

	if (!self)
		return strata_fail_memory(error);
	if (options)
		self->options = *options;
	if (self->options.stall_seconds == 0)
		self->options.stall_seconds = STRATA_HTTP_USUAL_STALL;
	if (self->options.tries == 0)
		self->options.tries = 6;
	if (self->options.transfers == 0)
		self->options.transfers = 6;
	settings =
		(struct strata_http_settings){self->options.stall_seconds, self->options.observer};
	pthread_mutex_init(&self->lock, NULL);
	status = strata_http_new(&settings, &self->http, error);
	if (status < 0) {
		pthread_mutex_destroy(&self->lock);
		free(self);
		return status;
	}
	*client = self;
	return 0;
}

void strata_registry_close(struct strata_registry *client)
{
	if (!client)
		return;
	strata_http_free(client->http);
	while (client->hosts) {
		struct strata_host *host = client->hosts;

		client->hosts = host->next;
		host_free(host);
	}
	pthread_mutex_destroy(&client->lock);
	free(client);
}
