/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of an image and the descriptors that lead to them, whatever the format.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "image/read/document.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/sha256.h"
#include "util/text.h"

enum {
	MOST_IMAGES = 4096,
	MOST_DOCUMENTS = 65536,
	MOST_DOCUMENT_BYTES = 64 << 20,
};

const char *strata_reading_text(struct strata_reading *reading, const char *format, ...)
{
	strata_autofree char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text = NULL;
		return NULL;
	}
	return strata_arena_string(&reading->arena, text);
}

/* Where a descriptor carries the data itself, the data must match its digest. */
static void check_data(struct strata_reading *reading, const struct strata_descriptor *descriptor,
	const char *where)
{
	const struct strata_json *member = strata_json_member(descriptor->json, "data");
	strata_autobuffer struct strata_buffer data = STRATA_BUFFER_INIT;
	char hex[STRATA_SHA256_HEX_SIZE];

	if (!member)
		return;
	if (!strata_json_string(member) ||
		!strata_text_from_base64(&data, strata_json_string(member)))
		strata_finding(reading->findings, "%s: %s: the descriptor's data is not base64",
			where, descriptor->label);
	else if (data.failed || strata_sha256_of(data.data, data.length, hex, NULL) < 0)
		reading->findings->failed = true;
	else if (strcmp(hex, strata_digest_hex(&descriptor->digest)) != 0)
		strata_finding(reading->findings,
			"%s: %s: the descriptor's data has the digest sha256:%s", where,
			descriptor->label, hex);
}

int strata_descriptor_read(struct strata_reading *reading, const struct strata_json *document,
	const char *where, const char *what, struct strata_descriptor *descriptor,
	struct strata_error *error)
{
	struct strata_error problem = STRATA_ERROR_INIT;
	const char *digest = NULL;
	int status;

	*descriptor = (struct strata_descriptor){.json = document};
	if (!document) {
		strata_finding(reading->findings, "%s: there is no %s", where, what);
		return 0;
	}
	status = strata_json_get_string(
		document, "mediaType", true, &descriptor->media_type, &problem);
	if (status == 0)
		status = strata_json_get_string(document, "digest", true, &digest, &problem);
	if (status == 0)
		status = strata_json_get_size(document, "size", true, &descriptor->size, &problem);
	if (status < 0) {
		strata_finding(reading->findings, "%s: %s: %s", where, what,
			problem.message ? problem.message : "malformed");
		strata_error_clear(&problem);
		return 0;
	}
	if (!strata_digest_parse(digest, &descriptor->digest)) {
		strata_finding(reading->findings,
			"%s: %s: '%.200s' is not a digest: sha256: and 64 lower-case hexadecimal "
			"digits are expected",
			where, what, digest);
		return 0;
	}
	descriptor->label = strata_reading_text(reading, "%s %s", what, descriptor->digest.text);
	if (!descriptor->label)
		return strata_fail_memory(error);
	check_data(reading, descriptor, where);
	return 1;
}

int strata_blob_find(struct strata_reading *reading, const struct strata_digest *digest,
	const char *suffix, struct strata_place *place, struct strata_error *error)
{
	bool dir = reading->format == STRATA_FORMAT_DIR;
	char name[sizeof("blobs/sha256/") + STRATA_DIGEST_SIZE + 32];

	snprintf(name, sizeof(name), "%s%s%s", dir ? "" : "blobs/sha256/",
		strata_digest_hex(digest), dir ? suffix : "");
	return strata_store_find(reading->store, name, place, error);
}

static int keep_document(
	struct strata_reading *reading, struct strata_json *document, struct strata_error *error)
{
	if (strata_grow(&reading->documents, &reading->document_capacity,
		    reading->document_count + 1, sizeof(struct strata_json *)) < 0) {
		strata_json_free(document);
		return strata_fail_memory(error);
	}
	reading->documents[reading->document_count++] = document;
	return 1;
}

int strata_document_read(struct strata_reading *reading, const struct strata_place *place,
	const char *label, const struct strata_json **document, struct strata_digest *digest,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_error problem = STRATA_ERROR_INIT;
	struct strata_json *parsed = NULL;
	char hex[STRATA_SHA256_HEX_SIZE];
	int status;

	reading->document_bytes += place->size;
	if (place->size > STRATA_READ_LARGEST_DOCUMENT ||
		reading->document_bytes > MOST_DOCUMENT_BYTES ||
		reading->document_count == MOST_DOCUMENTS)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"%s: %" PRIu64 " bytes, or the documents so far, are more than an image "
			"plausibly has",
			label, place->size);
	if (place->size > STRATA_READ_PLAUSIBLE_DOCUMENT)
		strata_finding(reading->findings,
			"%s: %" PRIu64 " bytes are more than the 4 MiB that registries and clients "
			"accept",
			label, place->size);
	status = strata_store_read(reading->store, place, &text, error);
	if (status == 0)
		status = strata_sha256_of(text.data, text.length, hex, error);
	if (status < 0)
		return status;
	if (digest)
		snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
	status = strata_json_parse(label, text.data, text.length, &parsed, &problem);
	if (status == STRATA_ERROR_MEMORY) {
		strata_error_clear(&problem);
		return strata_fail_memory(error);
	}
	if (status < 0) {
		strata_finding(reading->findings, "%s", problem.message ? problem.message : label);
		strata_error_clear(&problem);
		return 0;
	}
	*document = parsed;
	return keep_document(reading, parsed, error);
}

int strata_document_read_blob(struct strata_reading *reading, const char *where,
	const struct strata_descriptor *descriptor, const char *suffix,
	const struct strata_json **document, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer label = STRATA_BUFFER_INIT;
	struct strata_place place;
	struct strata_digest digest;
	int status = strata_blob_find(reading, &descriptor->digest, suffix, &place, error);

	if (status < 0)
		return status;
	strata_buffer_format(&label, "%s: %s", where, descriptor->label);
	if (strata_buffer_check(&label, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (status == 0) {
		strata_finding(reading->findings, "%s is missing", label.data);
		return 0;
	}
	if (place.size != descriptor->size) {
		strata_finding(reading->findings,
			"%s: %" PRIu64 " bytes were expected, %" PRIu64 " found", label.data,
			descriptor->size, place.size);
		return 0;
	}
	status = strata_document_read(reading, &place, label.data, document, &digest, error);
	if (status < 0)
		return status;
	if (!strata_digest_equal(&digest, &descriptor->digest)) {
		strata_finding(reading->findings, "%s: the content has the digest %s", label.data,
			digest.text);
		return 0;
	}
	return status;
}

void strata_check_spelling(struct strata_reading *reading, const struct strata_json *object,
	const char *const *keys, bool any_case, const char *label)
{
	const struct strata_json *value;
	const char *name;

	for (; *keys; keys++) {
		void *position = NULL;
		size_t count = 0;
		bool other = false;

		while (strata_json_next(object, &position, &name, &value)) {
			if (strcasecmp(name, *keys) != 0)
				continue;
			count++;
			other = other || strcmp(name, *keys) != 0;
		}
		if (count > 1)
			strata_finding(reading->findings,
				"%s: \"%s\" is there in several spellings; programs differ in "
				"which one they read",
				label, *keys);
		else if (other && !any_case)
			strata_finding(reading->findings,
				"%s: a member is spelt almost like \"%s\"; programs differ in "
				"whether they read it",
				label, *keys);
	}
}

struct strata_read_image *strata_reading_add(
	struct strata_reading *reading, enum strata_view view, struct strata_error *error)
{
	struct strata_read_image *image;

	if (reading->count == MOST_IMAGES) {
		strata_fail(error, STRATA_ERROR_FORMAT, "more than %d images are not plausible",
			MOST_IMAGES);
		return NULL;
	}
	if (strata_grow(&reading->images, &reading->capacity, reading->count + 1,
		    sizeof(*reading->images)) < 0) {
		strata_fail_memory(error);
		return NULL;
	}
	image = &reading->images[reading->count++];
	*image = (struct strata_read_image){.view = view};
	return image;
}
