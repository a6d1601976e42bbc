/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tags of a repository, page by page (OCI distribution specification, "Listing Tags").
 */
#include <stratapack/registry.h>

#include <string.h>

#include "registry/http/url.h"
#include "registry/manifest.h"
#include "registry/reference.h"
#include "util/error.h"
#include "util/json.h"

enum {
	LARGEST_PAGE = 16 * 1024 * 1024,
	MOST_PAGES = 10000,
};

struct listing {
	struct strata_repository repository;
	bool (*visit)(void *data, const char *tag);
	void *data;
	bool stopped;
};

/* Pass the tags of a page on. */
static int visit_page(
	struct listing *listing, const struct strata_buffer *text, struct strata_error *error)
{
	strata_autojson struct strata_json *document = NULL;
	const struct strata_json *tags = NULL;
	int status =
		strata_json_parse("the list of tags", text->data, text->length, &document, error);

	/* A repository without tags has null there, with some registries. */
	if (status == 0)
		status = strata_json_get_array(document, "tags", false, &tags, error);
	for (size_t i = 0; status == 0 && !listing->stopped && i < strata_json_count(tags); i++) {
		const char *tag = strata_json_string(strata_json_at(tags, i));

		if (!tag)
			return strata_fail(error, STRATA_ERROR_FORMAT, "a tag is not a string");
		listing->stopped = !listing->visit(listing->data, tag);
	}
	return status;
}

/* The target of a header Link with rel="next" (RFC 8288), or NULL. Malloced. */
static char *next_link(const struct strata_http_exchange *exchange)
{
	const char *link = strata_http_header(exchange, "Link");
	const char *end = link && *link == '<' ? strchr(link, '>') : NULL;

	if (!end || !strstr(end, "rel=\"next\""))
		return NULL;
	return strndup(link + 1, (size_t)(end - link - 1));
}

/* Read the page at CALL's place; *NEXT is the URL of the one behind it, or "". */
static int read_page(struct listing *listing, const struct strata_call *call,
	struct strata_buffer *next, struct strata_error *error)
{
	struct strata_host *host = listing->repository.host;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	strata_autofree char *link = NULL;
	int status = strata_client_call(host, call, &exchange, error);

	if (status < 0)
		return status;
	if (strata_http_status(exchange) != 200)
		return strata_client_fail(host, exchange, error, "cannot list the tags of %s",
			listing->repository.name);
	status = strata_http_read_all(exchange, LARGEST_PAGE, &text, error);
	if (status == 0)
		status = visit_page(listing, &text, error);
	link = next_link(exchange);
	if (status == 0 && link)
		status = strata_client_resolve(host, call, link, next, error);
	return status;
}

static int list(struct listing *listing, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	struct strata_call call = {.method = "GET",
		.repository = listing->repository.name,
		.scopes = listing->repository.scopes};
	int status = 0;

	strata_buffer_format(&path, "/v2/%s/tags/list", listing->repository.name);
	for (int page = 0; status == 0 && page < MOST_PAGES; page++) {
		strata_autobuffer struct strata_buffer next = STRATA_BUFFER_INIT;

		status = strata_buffer_check(&path, error);
		if (status == 0)
			status = strata_buffer_check(&url, error);
		call.path = page == 0 ? path.data : NULL;
		call.url = page == 0 ? NULL : url.data;
		if (status == 0)
			status = read_page(listing, &call, &next, error);
		if (next.length == 0 || listing->stopped)
			break;
		strata_buffer_truncate(&url, 0);
		strata_buffer_string(&url, next.data);
	}
	return status;
}

int strata_registry_tags(struct strata_registry *registry, const char *repository,
	bool (*visit)(void *data, const char *tag), void *data, struct strata_error *error)
{
	strata_autoremotename struct strata_remote_name name = {.host = NULL};
	strata_autobuffer struct strata_buffer scopes = STRATA_BUFFER_INIT;
	struct listing listing = {.visit = visit, .data = data};
	int status = strata_remote_name_parse_repository(repository, &name, error);

	if (status == 0)
		status = strata_client_host(registry, name.host, &listing.repository.host, error);
	if (status < 0)
		return status;
	strata_buffer_format(&scopes, "repository:%s:pull", name.repository);
	listing.repository.name = name.repository;
	listing.repository.scopes = scopes.data;
	status = strata_buffer_check(&scopes, error);
	return status < 0 ? status : list(&listing, error);
}
