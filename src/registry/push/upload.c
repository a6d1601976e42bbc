/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads of blobs (OCI distribution specification, "Pushing blobs"): one POST that may mount the
 * blob from elsewhere, then one PUT with all of it, or pieces by PATCH.
 */
#include "registry/push/upload.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "registry/http/url.h"
#include "util/error.h"
#include "util/text.h"

enum {
	USUAL_CHUNK = 5 * 1024 * 1024, /* what registries with a least size of pieces ask for */
	LARGEST_CHUNK = 1024 * 1024 * 1024,
	GO_ON = 1, /* the session is there, and the blob is not yet */
};

/* An upload under way. */
struct upload {
	const struct strata_repository *repository;
	const struct strata_blob_source *blob;
	_Atomic uint64_t *chunk;
	struct strata_buffer session; /* the URL to go on at */
	uint64_t least_chunk;
	bool broken;    /* the connection, or the registry for the moment: another try may help */
	char words[64]; /* why */
};

static int call_for(const struct upload *upload, struct strata_call *call,
	struct strata_http_exchange **exchange, struct strata_error *error)
{
	call->repository = upload->repository->name;
	call->scopes = upload->repository->scopes;
	return strata_client_call(upload->repository->host, call, exchange, error);
}

int strata_blob_head(const struct strata_repository *repository, const struct strata_digest *digest,
	bool *there, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {
		.method = "HEAD", .repository = repository->name, .scopes = repository->scopes};
	int status;

	strata_buffer_format(&path, "/v2/%s/blobs/%s", repository->name, digest->text);
	status = strata_buffer_check(&path, error);
	call.path = path.data;
	if (status == 0)
		status = strata_client_call(repository->host, &call, &exchange, error);
	if (status < 0)
		return status;
	*there = strata_http_status(exchange) == 200;
	if (*there || strata_http_status(exchange) == 404)
		return 0;
	return strata_client_fail(repository->host, exchange, error, "cannot look for a blob in %s",
		repository->name);
}

static bool succeeded(long code)
{
	return code == 200 || code == 201 || code == 202 || code == 204;
}

/* Take the place where the session goes on, and how it wants its pieces. */
static int take_session(struct upload *upload, const struct strata_call *call,
	const struct strata_http_exchange *exchange, struct strata_error *error)
{
	const char *least = strata_http_header(exchange, "OCI-Chunk-Min-Length");
	strata_autobuffer struct strata_buffer next = STRATA_BUFFER_INIT;
	int status = strata_client_location(upload->repository->host, call, exchange, &next, error);

	if (status < 0)
		return strata_context(
			error, status, "%s", strata_host_name(upload->repository->host));
	strata_buffer_truncate(&upload->session, 0);
	strata_buffer_string(&upload->session, next.data);
	if (!least || !strata_text_to_number(least, 10, &upload->least_chunk) ||
		upload->least_chunk > LARGEST_CHUNK)
		upload->least_chunk = 0;
	return strata_buffer_check(&upload->session, error);
}

static int fail(const struct upload *upload, struct strata_http_exchange *exchange,
	struct strata_error *error)
{
	return strata_client_fail(upload->repository->host, exchange, error,
		"cannot push the blob %s to %s", upload->blob->digest.text,
		upload->repository->name);
}

/* Begin a session, or have the blob mounted. Returns GO_ON, 0 where it is there now, or an error.
 */
static int begin(struct upload *upload, const char *from, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer path = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "POST"};
	long code;
	int status;

	strata_buffer_format(&path, "/v2/%s/blobs/uploads/", upload->repository->name);
	if (from) {
		strata_url_add_query(&path, "mount", upload->blob->digest.text);
		strata_url_add_query(&path, "from", from);
	}
	call.path = path.data;
	status = strata_buffer_check(&path, error);
	if (status == 0)
		status = call_for(upload, &call, &exchange, error);
	if (status < 0)
		return status;
	code = strata_http_status(exchange);
	if (from && code == 201)
		return 0;
	/* Who may not mount, or from there, may still push. */
	if (from && code >= 400 && code < 500)
		return begin(upload, NULL, error);
	if (!succeeded(code))
		return fail(upload, exchange, error);
	status = take_session(upload, &call, exchange, error);
	return status < 0 ? status : GO_ON;
}

static bool may_succeed_later(long code)
{
	return code == 408 || code == 429 || code == 499 || code == 522 ||
	       (code >= 500 && code <= 504 && code != 501);
}

/* Note that a request did not succeed, where another may. */
static bool is_broken(struct upload *upload, int status,
	const struct strata_http_exchange *exchange, const struct strata_error *error)
{
	if (status < 0) {
		upload->broken = strata_http_is_transient(error);
		snprintf(upload->words, sizeof(upload->words), "the connection broke");
	} else {
		upload->broken = may_succeed_later(strata_http_status(exchange));
		snprintf(upload->words, sizeof(upload->words), "it answered with %ld",
			strata_http_status(exchange));
	}
	return upload->broken;
}

/* Whether the answer means that pieces may be taken, where the whole is not. */
static bool wants_pieces(long code)
{
	return code == 405 || code == 413 || code == 415 || code == 501;
}

static int check_digest(const struct upload *upload, const struct strata_http_exchange *exchange,
	struct strata_error *error)
{
	const char *told = strata_http_header(exchange, "Docker-Content-Digest");

	if (!told || strcmp(told, upload->blob->digest.text) == 0)
		return 0;
	return strata_fail(error, STRATA_ERROR_MISMATCH,
		"%s: the blob %s was pushed, but the registry has it under another digest",
		strata_host_name(upload->repository->host), upload->blob->digest.text);
}

/* The session's URL that ends it. */
static int closing_url(
	const struct upload *upload, struct strata_buffer *url, struct strata_error *error)
{
	strata_buffer_string(url, upload->session.data);
	strata_url_add_query(url, "digest", upload->blob->digest.text);
	return strata_buffer_check(url, error);
}

/* The blob, checked while it is sent. */
struct checked_source {
	const struct strata_blob_source *blob;
	struct strata_checked_input checked;
	struct strata_input *opened;
};

static int open_checked(void *data, struct strata_input **input, struct strata_error *error)
{
	struct checked_source *source = data;
	const struct strata_blob_source *blob = source->blob;
	int status = blob->open(blob->data, &source->opened, error);

	if (status < 0)
		return status;
	status = strata_checked_input_init(
		&source->checked, source->opened, &blob->digest, blob->size, error);
	if (status < 0)
		blob->close(blob->data, source->opened);
	*input = &source->checked.input;
	return status;
}

static void close_checked(void *data, struct strata_input *input)
{
	struct checked_source *source = data;

	strata_checked_input_release(&source->checked);
	source->blob->close(source->blob->data, source->opened);
}

/* Send all of the blob at once. */
static int send_whole(struct upload *upload, struct strata_error *error)
{
	struct checked_source source = {.blob = upload->blob};
	struct strata_blob_source checked = {
		upload->blob->digest, upload->blob->size, open_checked, close_checked, &source};
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "PUT",
		.blob = &checked,
		.headers = {"Content-Type: application/octet-stream"},
		.alone = true,
		.once = true};
	int status = closing_url(upload, &url, error);

	call.url = url.data;
	if (status == 0)
		status = call_for(upload, &call, &exchange, error);
	if (is_broken(upload, status, exchange, error) || status < 0)
		return status < 0 ? status : fail(upload, exchange, error);
	if (wants_pieces(strata_http_status(exchange))) {
		/* Another blob's upload may have found that out meanwhile. */
		if (atomic_load(upload->chunk) == 0)
			atomic_store(upload->chunk, USUAL_CHUNK);
		upload->broken = true;
		snprintf(upload->words, sizeof(upload->words), "it takes blobs in pieces only");
	}
	if (!succeeded(strata_http_status(exchange)))
		return fail(upload, exchange, error);
	return check_digest(upload, exchange, error);
}

/* --- pieces ----------------------------------------------------------------------------------- */

/* Where the registry says it has got to, as an offset; SENT where it does not say. */
static uint64_t offset_of(const struct strata_http_exchange *exchange, uint64_t sent)
{
	const char *range = strata_http_header(exchange, "Range");
	uint64_t last;

	if (range && strata_text_starts_with(range, "bytes="))
		range += strlen("bytes=");
	if (!range || !strata_text_starts_with(range, "0-") ||
		!strata_text_to_number(range + 2, 10, &last))
		return sent;
	return last + 1;
}

/* After trouble: ask how much of the session has arrived. Returns GO_ON with *OFFSET, or 0 where
 * the session is of no use any more. */
static int find_offset(struct upload *upload, uint64_t *offset, struct strata_error *error)
{
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = "GET", .url = upload->session.data};
	int status = call_for(upload, &call, &exchange, error);
	uint64_t found;

	if (status < 0)
		return status;
	if (strata_http_status(exchange) != 204 && strata_http_status(exchange) != 202)
		return 0;
	/* "0-0" is said of nothing and of one byte. */
	found = offset_of(exchange, 0);
	*offset = found <= 1 ? 0 : found;
	if (strata_http_header(exchange, "Location")) {
		status = take_session(upload, &call, exchange, error);
		if (status < 0)
			return status;
	}
	return GO_ON;
}

struct piece {
	const uint8_t *bytes;
	size_t size;
	uint64_t offset;
	bool last;
};

static int send_piece(struct upload *upload, const struct piece *piece, uint64_t *offset,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer url = STRATA_BUFFER_INIT;
	strata_autoexchange struct strata_http_exchange *exchange = NULL;
	struct strata_call call = {.method = piece->last ? "PUT" : "PATCH",
		.bytes = piece->bytes,
		.size = piece->size,
		.headers = {"Content-Type: application/octet-stream", NULL},
		.alone = true,
		.once = true};
	char range[80];
	uint64_t end = piece->offset + piece->size;
	int status = 0;

	if (piece->last)
		status = closing_url(upload, &url, error);
	else
		strata_buffer_string(&url, upload->session.data);
	snprintf(range, sizeof(range), "Content-Range: %" PRIu64 "-%" PRIu64, piece->offset,
		end > 0 ? end - 1 : 0);
	call.headers[1] = piece->size > 0 ? range : NULL;
	call.url = url.data;
	if (status == 0)
		status = call_for(upload, &call, &exchange, error);
	if (is_broken(upload, status, exchange, error) || status < 0)
		return status < 0 ? status : fail(upload, exchange, error);
	if (!succeeded(strata_http_status(exchange)))
		return fail(upload, exchange, error);
	*offset = end;
	if (piece->last)
		return check_digest(upload, exchange, error);
	return take_session(upload, &call, exchange, error);
}

/* Send PIECE, and what is missing of it again where the connection breaks. */
static int send_piece_surely(struct upload *upload, struct piece piece, struct strata_error *error)
{
	uint64_t offset = piece.offset;

	for (unsigned attempt = 0;; attempt++) {
		struct strata_error problem = STRATA_ERROR_INIT;
		int status = send_piece(upload, &piece, &offset, error), more;

		if (status == 0 || !upload->broken)
			return status;
		more = strata_client_wait(
			upload->repository->host, attempt, NULL, upload->words, &problem);
		if (more > 0) {
			strata_error_clear(error);
			more = find_offset(upload, &offset, error);
		}
		strata_error_clear(&problem);
		if (more != GO_ON)
			return more < 0 || status == 0 ? more : status;
		if (offset < piece.offset || offset > piece.offset + piece.size)
			return strata_fail(error, STRATA_ERROR_IO,
				"%s has lost a part of the upload",
				strata_host_name(upload->repository->host));
		piece.bytes += offset - piece.offset;
		piece.size -= offset - piece.offset;
		piece.offset = offset;
	}
}

static int send_pieces(struct upload *upload, struct strata_error *error)
{
	uint64_t size = atomic_load(upload->chunk), offset = 0;
	strata_autochecked struct strata_checked_input checked = {.hash = NULL};
	strata_autofree uint8_t *bytes = NULL;
	struct strata_input *opened = NULL;
	const struct strata_blob_source *blob = upload->blob;
	int status;

	if (size < upload->least_chunk)
		size = upload->least_chunk;
	if (size > blob->size)
		size = blob->size > 0 ? blob->size : 1;
	bytes = malloc(size);
	if (!bytes)
		return strata_fail_memory(error);
	status = blob->open(blob->data, &opened, error);
	if (status < 0)
		return status;
	status = strata_checked_input_init(&checked, opened, &blob->digest, blob->size, error);
	do {
		struct piece piece = {.bytes = bytes, .offset = offset};

		if (status == 0)
			status = strata_input_read(&checked.input, bytes, size, &piece.size, error);
		offset += piece.size;
		piece.last = offset >= blob->size;
		if (status == 0)
			status = send_piece_surely(upload, piece, error);
	} while (status == 0 && offset < blob->size);
	blob->close(blob->data, opened);
	return status;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Returns 0 where the blob is there now. */
static int try_once(struct upload *upload, const char *from, enum strata_upload_outcome *outcome,
	struct strata_error *error)
{
	int status = begin(upload, from, error);

	if (status == 0)
		*outcome = STRATA_UPLOAD_MOUNTED;
	if (status <= 0)
		return status;
	*outcome = STRATA_UPLOAD_SENT;
	return atomic_load(upload->chunk) > 0 ? send_pieces(upload, error)
					      : send_whole(upload, error);
}

int strata_blob_upload(const struct strata_repository *repository,
	const struct strata_blob_source *blob, const char *from, _Atomic uint64_t *chunk,
	enum strata_upload_outcome *outcome, struct strata_error *error)
{
	struct strata_error own = STRATA_ERROR_INIT;
	struct strata_error *filled = error ? error : &own;
	struct upload upload = {.repository = repository,
		.blob = blob,
		.chunk = chunk,
		.session = STRATA_BUFFER_INIT};
	bool there = false;
	int status;

	for (unsigned attempt = 0;; attempt++) {
		int more;

		upload.broken = false;
		status = try_once(&upload, attempt == 0 ? from : NULL, outcome, filled);
		if (status == 0 || !upload.broken)
			break;
		more = strata_client_wait(repository->host, attempt, NULL, upload.words, NULL);
		if (more <= 0)
			break;
		strata_error_clear(filled);
		/* The answer alone may have been lost. */
		status = strata_blob_head(repository, &blob->digest, &there, filled);
		if (status < 0 || there)
			break;
	}
	if (there)
		*outcome = STRATA_UPLOAD_PRESENT;
	strata_buffer_release(&upload.session);
	strata_error_clear(&own);
	return status;
}
