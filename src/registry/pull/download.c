/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Downloads of blobs (OCI distribution specification, "Pulling blobs"; RFC 9110, section 14 for
 * ranges).
 */
#include "registry/pull/download.h"

#include <inttypes.h>
#include <string.h>

#include "util/error.h"
#include "util/text.h"

/* Whether the answer begins at the position that was asked for. */
static bool begins_at(const struct strata_http_exchange *exchange, uint64_t position)
{
	const char *range = strata_http_header(exchange, "Content-Range");
	char wanted[40];

	snprintf(wanted, sizeof(wanted), "bytes %" PRIu64 "-", position);
	return range && strata_text_starts_with(range, wanted);
}

/* Read and forget what was there before, where the host knows no ranges. */
static int pass_over(
	struct strata_http_exchange *exchange, uint64_t count, struct strata_error *error)
{
	char chunk[16384];

	while (count > 0) {
		size_t part = count < sizeof(chunk) ? (size_t)count : sizeof(chunk), got;
		int status = strata_http_read(exchange, chunk, part, &got, error);

		if (status < 0 || got == 0)
			return status;
		count -= got;
	}
	return 0;
}

static int open_exchange(struct strata_download *download, struct strata_error *error)
{
	const struct strata_repository *repository = download->repository;
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "GET",
		.repository = repository->name,
		.scopes = repository->scopes,
		.alone = true};
	char range[64];
	long code;
	int status;

	strata_buffer_format(&path, "/v2/%s/blobs/%s", repository->name, download->digest.text);
	snprintf(range, sizeof(range), "Range: bytes=%" PRIu64 "-", download->position);
	call.headers[0] = download->position > 0 ? range : NULL;
	call.path = path.data;
	status = strata_buffer_check(&path, error);
	if (status == 0)
		status = strata_client_call(repository->host, &call, &exchange, error);
	if (status < 0)
		return status;
	code = strata_http_status(exchange);
	if (code == 206 && !begins_at(exchange, download->position))
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: the blob %s was to go on at byte %" PRIu64 ", and does not",
			strata_host_name(repository->host), download->digest.text,
			download->position);
	if (code != 200 && code != 206)
		return strata_client_fail(repository->host, exchange, error,
			"cannot read the blob %s of %s", download->digest.text, repository->name);
	if (code == 200)
		status = pass_over(exchange, download->position, error);
	if (status == 0)
		download->exchange = strata_take(exchange);
	return status;
}

static int read_more(struct strata_download *download, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	int status = download->exchange || download->too_long ? 0 : open_exchange(download, error);
	if (status == 0 && !download->too_long)
		status = strata_http_read(download->exchange, bytes, capacity, got, error);
	if (status == 0 && !download->too_long && *got == 0 && download->position < download->size)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s: the blob %s ends after %" PRIu64 " bytes, expected were %" PRIu64,
			strata_host_name(download->repository->host), download->digest.text,
			download->position, download->size);
	download->too_long =
		download->too_long || (status == 0 && *got > download->size - download->position);
	if (download->too_long)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s: the blob %s has more than the %" PRIu64 " bytes that it should have",
			strata_host_name(download->repository->host), download->digest.text,
			download->size);
	return status;
}

static int read_download(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_download *download = (struct strata_download *)input;
	struct strata_error own = STRATA_ERROR_INIT;
	struct strata_error *filled = error ? error : &own;
	int status, more;

	do {
		status = read_more(download, bytes, capacity, got, filled);
		if (status == 0) {
			download->position += *got;
			download->attempt = *got > 0 ? 0 : download->attempt;
			return 0;
		}
		/* Its beginning was tried again already. */
		if (!download->exchange || !strata_http_is_transient(filled))
			break;
		strata_http_end(strata_take(download->exchange));
		more = strata_client_wait(download->repository->host, download->attempt++, NULL,
			filled->message, NULL);
		if (more > 0)
			strata_error_clear(filled);
	} while (more > 0);
	strata_error_clear(&own);
	return status;
}

void strata_download_init(struct strata_download *download,
	const struct strata_repository *repository, const struct strata_digest *digest,
	uint64_t size)
{
	*download = (struct strata_download){.input = {.read = read_download},
		.repository = repository,
		.digest = *digest,
		.size = size};
}

void strata_download_release(struct strata_download *download)
{
	strata_http_end(strata_take(download->exchange));
}
