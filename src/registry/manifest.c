/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/manifest.h"

#include <string.h>

#include "oci/media_types.h"
#include "util/error.h"
#include "util/sha256.h"
#include "util/text.h"

static const char accepted[] = "Accept: " STRATA_MEDIA_OCI_INDEX ", " STRATA_MEDIA_OCI_MANIFEST
			       ", " STRATA_MEDIA_DOCKER_INDEX ", " STRATA_MEDIA_DOCKER_MANIFEST;

enum { MOST_WARNINGS = 4 };

static int make_path(const struct strata_repository *repository, const char *reference,
	struct strata_buffer *path, struct strata_error *error)
{
	strata_buffer_format(path, "/v2/%s/manifests/%s", repository->name, reference);
	return strata_buffer_check(path, error);
}

/* Warnings that the registry wants to be seen (RFC 7234, code 299). */
static void show_warnings(
	const struct strata_repository *repository, const struct strata_http_exchange *exchange)
{
	const struct strata_observer *observer = strata_client_observer(repository->host);
	const char *header;

	for (size_t i = 0;
		i < MOST_WARNINGS && (header = strata_http_header_at(exchange, "Warning", i));
		i++) {
		strata_autobuffer struct strata_buffer visible = STRATA_BUFFER_INIT;

		if (!strata_text_starts_with(header, "299 "))
			continue;
		strata_text_visible(&visible, header + 4);
		strata_note(
			observer, "%s: %.400s", strata_host_name(repository->host), visible.data);
	}
}

/* The digest that a header says; "" where it says none. */
static void digest_of(const struct strata_http_exchange *exchange, struct strata_digest *digest)
{
	const char *header = strata_http_header(exchange, "Docker-Content-Digest");

	*digest = (struct strata_digest){""};
	if (header && !strata_digest_parse(header, digest))
		*digest = (struct strata_digest){""};
}

int strata_manifest_head(const struct strata_repository *repository, const char *reference,
	bool *there, struct strata_digest *digest, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "HEAD",
		.repository = repository->name,
		.scopes = repository->scopes,
		.headers = {accepted}};
	int status = make_path(repository, reference, &path, error);

	call.path = path.data;
	if (status == 0)
		status = strata_client_call(repository->host, &call, &exchange, error);
	if (status < 0)
		return status;
	*there = strata_http_status(exchange) == 200;
	digest_of(exchange, digest);
	if (*there || strata_http_status(exchange) == 404)
		return 0;
	return strata_client_fail(repository->host, exchange, error, "cannot look for %s in %s",
		reference, repository->name);
}

/* The media type alone, without parameters. */
static char *type_of(const struct strata_http_exchange *exchange)
{
	const char *header = strata_http_header(exchange, "Content-Type");

	return header ? strndup(header, strcspn(header, "; \t")) : strdup("");
}

static int check_digest(const struct strata_http_exchange *exchange, const char *reference,
	const struct strata_digest *digest, struct strata_error *error)
{
	struct strata_digest told;

	if (strchr(reference, ':') && strcmp(reference, digest->text) != 0)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"the manifest %s has the digest %s", reference, digest->text);
	digest_of(exchange, &told);
	if (told.text[0] && !strata_digest_equal(&told, digest))
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"the registry says that the manifest has the digest %s, but it is %s",
			told.text, digest->text);
	return 0;
}

int strata_manifest_get(const struct strata_repository *repository, const char *reference,
	struct strata_buffer *text, char **media_type, struct strata_digest *digest,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "GET",
		.repository = repository->name,
		.scopes = repository->scopes,
		.headers = {accepted}};
	char hex[STRATA_SHA256_HEX_SIZE];
	int status = make_path(repository, reference, &path, error);

	call.path = path.data;
	if (status == 0)
		status = strata_client_call(repository->host, &call, &exchange, error);
	if (status < 0)
		return status;
	if (strata_http_status(exchange) != 200)
		return strata_client_fail(repository->host, exchange, error,
			"cannot read the manifest %s of %s", reference, repository->name);
	status = strata_http_read_all(exchange, STRATA_LARGEST_MANIFEST, text, error);
	if (status == 0)
		status = strata_sha256_of(text->data, text->length, hex, error);
	if (status < 0)
		return strata_context(
			error, status, "the manifest %s of %s", reference, repository->name);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
	status = check_digest(exchange, reference, digest, error);
	if (status < 0)
		return status;
	*media_type = type_of(exchange);
	return *media_type ? 0 : strata_fail_memory(error);
}

/* Make PATH's PUT. The answer is the caller's. */
static int put(const struct strata_repository *repository,
	const struct strata_manifest_bytes *manifest, const char *path, bool *unknown,
	struct strata_http_exchange **result, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer type = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "PUT",
		.path = path,
		.repository = repository->name,
		.scopes = repository->scopes,
		.bytes = manifest->bytes,
		.size = manifest->size};
	struct strata_digest told;
	long code;
	int status;

	strata_buffer_format(&type, "Content-Type: %s", manifest->media_type);
	status = strata_buffer_check(&type, error);
	call.headers[0] = type.data;
	if (status == 0)
		status = strata_client_call(repository->host, &call, &exchange, error);
	if (status < 0)
		return status;
	code = strata_http_status(exchange);
	if (code != 201 && code != 200 && code != 202) {
		status = strata_client_fail(repository->host, exchange, error,
			"cannot push the manifest to %s", repository->name);
		*unknown = error && error->message && strstr(error->message, "BLOB_UNKNOWN");
		return status;
	}
	show_warnings(repository, exchange);
	digest_of(exchange, &told);
	if (told.text[0] && !strata_digest_equal(&told, &manifest->digest))
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s: the manifest %s was pushed, but the registry has it as %s",
			strata_host_name(repository->host), manifest->digest.text, told.text);
	*result = strata_take(exchange);
	return 0;
}

int strata_manifest_put(const struct strata_repository *repository,
	const struct strata_manifest_bytes *manifest, const char *tag, bool *unknown,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	int status = make_path(repository, tag ? tag : manifest->digest.text, &path, error);

	*unknown = false;
	return status < 0 ? status
			  : put(repository, manifest, path.data, unknown, &exchange, error);
}

static bool was_tagged(const struct strata_http_exchange *exchange, const char *tag)
{
	const char *header;

	for (size_t i = 0; (header = strata_http_header_at(exchange, "OCI-Tag", i)); i++) {
		if (strcmp(header, tag) == 0)
			return true;
	}
	return false;
}

int strata_manifest_put_tags(const struct strata_repository *repository,
	const struct strata_manifest_bytes *manifest, const char *const *tags, size_t count,
	bool *unknown, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	int status;

	if (count <= 1)
		return strata_manifest_put(
			repository, manifest, count == 1 ? tags[0] : NULL, unknown, error);
	*unknown = false;
	status = make_path(repository, manifest->digest.text, &path, error);
	/* Tags need no escapes. */
	for (size_t i = 0; i < count; i++)
		strata_buffer_format(&path, "%ctag=%s", i == 0 ? '?' : '&', tags[i]);
	if (status == 0)
		status = strata_buffer_check(&path, error);
	if (status == 0)
		status = put(repository, manifest, path.data, unknown, &exchange, error);
	for (size_t i = 0; status == 0 && i < count; i++) {
		if (!was_tagged(exchange, tags[i]))
			status = strata_manifest_put(repository, manifest, tags[i], unknown, error);
	}
	return status;
}
