/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/push/source.h"

#include <inttypes.h>
#include <string.h>

#include "image/read/manifest.h"
#include "util/error.h"
#include "util/sha256.h"

enum { DEEPEST_INDEX = 8 };

/* --- blobs ------------------------------------------------------------------------------------ */

static int open_part(void *data, struct strata_input **input, struct strata_error *error)
{
	struct strata_source_blob *blob = data;
	int status = strata_part_open(blob->store, &blob->place, &blob->part, error);

	*input = blob->part.input;
	return status;
}

static void close_part(void *data, struct strata_input *input)
{
	struct strata_source_blob *blob = data;

	strata_part_close(&blob->part);
}

static int add_blob(struct strata_reading *reading, struct strata_source_content *content,
	const struct strata_descriptor *descriptor, struct strata_error *error)
{
	struct strata_place place;
	struct strata_source_blob *blob;
	int found = strata_blob_find(reading, &descriptor->digest, "", &place, error);

	if (found < 0)
		return found;
	if (found == 0) {
		/* Of these, the registry is told where they are. */
		if (strata_media_find(descriptor->media_type)->foreign)
			return 0;
		return strata_fail(
			error, STRATA_ERROR_NOT_FOUND, "%s is missing", descriptor->label);
	}
	if (place.size != descriptor->size)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s: %" PRIu64 " bytes were expected, %" PRIu64 " found", descriptor->label,
			descriptor->size, place.size);
	blob = calloc(1, sizeof(*blob));
	if (!blob)
		return strata_fail_memory(error);
	blob->store = reading->store;
	blob->place = place;
	blob->part = (struct strata_part)STRATA_PART_INIT;
	blob->source = (struct strata_blob_source){
		descriptor->digest, descriptor->size, open_part, close_part, blob};
	blob->next = content->blobs;
	content->blobs = blob;
	return 0;
}

/* --- documents -------------------------------------------------------------------------------- */

static int read_text(struct strata_reading *reading, const struct strata_digest *digest,
	struct strata_buffer *text, struct strata_error *error)
{
	struct strata_place place;
	char hex[STRATA_SHA256_HEX_SIZE];
	int status = strata_manifest_find(reading, digest, &place, error);

	if (status == 0)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND, "%s is missing", digest->text);
	if (status > 0 && place.size > STRATA_LARGEST_MANIFEST)
		return strata_fail(error, STRATA_ERROR_INVALID,
			"%s has %" PRIu64 " bytes; registries take at most %d", digest->text,
			place.size, STRATA_LARGEST_MANIFEST);
	if (status > 0)
		status = strata_store_read(reading->store, &place, text, error);
	if (status == 0)
		status = strata_sha256_of(text->data, text->length, hex, error);
	if (status == 0 && strcmp(hex, strata_digest_hex(digest)) != 0)
		return strata_fail(error, STRATA_ERROR_MISMATCH,
			"%s: the content has the digest sha256:%s", digest->text, hex);
	return status;
}

static void release_document(struct strata_source_document *document)
{
	strata_buffer_release(&document->text);
	free(document->media_type);
	free(document);
}

static bool has_document(
	const struct strata_source_content *content, const struct strata_digest *digest)
{
	const struct strata_source_document *document = content->documents;

	while (document && !strata_digest_equal(&document->digest, digest))
		document = document->next;
	return document;
}

/* What a descriptor in the document called WHERE says; anything wrong with it is an error here. */
static int read_descriptor(struct strata_reading *reading, const struct strata_json *json,
	const char *where, const char *what, struct strata_descriptor *descriptor,
	struct strata_error *error)
{
	int status = strata_descriptor_read(reading, json, where, what, descriptor, error);

	if (status != 0)
		return status < 0 ? status : 0;
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s",
		reading->findings->first ? reading->findings->first : where);
}

static int gather_children(struct strata_reading *reading, const struct strata_json *document,
	const char *where, struct strata_source_content *content, struct strata_error *error)
{
	const struct strata_json *manifests = strata_json_member(document, "manifests");
	const struct strata_json *layers = strata_json_member(document, "layers");
	struct strata_descriptor descriptor;
	int status = 0;

	for (size_t i = 0; status == 0 && i < strata_json_count(manifests); i++) {
		status = read_descriptor(reading, strata_json_at(manifests, i), where, "manifest",
			&descriptor, error);
		if (status == 0)
			status = strata_source_gather(
				reading, &descriptor.digest, descriptor.media_type, content, error);
	}
	if (status < 0 || manifests)
		return status;
	status = read_descriptor(reading, strata_json_member(document, "config"), where, "config",
		&descriptor, error);
	if (status == 0)
		status = add_blob(reading, content, &descriptor, error);
	for (size_t i = 0; status == 0 && i < strata_json_count(layers); i++) {
		status = read_descriptor(
			reading, strata_json_at(layers, i), where, "layer", &descriptor, error);
		if (status == 0)
			status = add_blob(reading, content, &descriptor, error);
	}
	return status;
}

int strata_source_gather(struct strata_reading *reading, const struct strata_digest *digest,
	const char *media_type, struct strata_source_content *content, struct strata_error *error)
{
	strata_autojson struct strata_json *parsed = NULL;
	struct strata_source_document *document;
	const char *type;
	int status;

	if (has_document(content, digest))
		return 0;
	if (++content->depth > DEEPEST_INDEX)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"indexes are nested more than %d deep", DEEPEST_INDEX);
	document = calloc(1, sizeof(*document));
	if (!document)
		return strata_fail_memory(error);
	document->text = (struct strata_buffer)STRATA_BUFFER_INIT;
	document->digest = *digest;
	document->media_type = strdup(media_type);
	status = document->media_type ? read_text(reading, digest, &document->text, error)
				      : strata_fail_memory(error);
	if (status == 0)
		status = strata_json_parse(
			digest->text, document->text.data, document->text.length, &parsed, error);
	if (status == 0 &&
		strata_check_envelope(reading, parsed, digest->text, media_type, &type) == 0)
		status = strata_fail(error, STRATA_ERROR_FORMAT, "%s",
			reading->findings->first ? reading->findings->first : digest->text);
	if (status == 0)
		status = gather_children(reading, parsed, digest->text, content, error);
	if (status < 0) {
		release_document(document);
		return status;
	}
	content->depth--;
	*content->last = document;
	content->last = &document->next;
	return 0;
}

/* --- choosing --------------------------------------------------------------------------------- */

static bool is_of_this_machine(const struct strata_read_image *image)
{
	const char *architecture =
		strata_json_string(strata_json_member_any_case(image->config, "architecture"));
	const char *os = strata_json_string(strata_json_member_any_case(image->config, "os"));
	const char *own = strata_host_architecture();

	return own && architecture && os && strcmp(architecture, own) == 0 &&
	       strcmp(os, "linux") == 0;
}

int strata_source_choose(const struct strata_reading *reading,
	const struct strata_read_image **result, struct strata_error *error)
{
	size_t own = 0, all = 0;
	const struct strata_read_image *first = NULL, *suitable = NULL;

	for (size_t i = 0; i < reading->count; i++) {
		const struct strata_read_image *image = &reading->images[i];

		if (image->artifact || strata_reading_is_repetition(reading, i))
			continue;
		if (first && strata_digest_equal(&image->id, &first->id) &&
			image->view == first->view)
			continue;
		first = first ? first : image;
		all++;
		if (!is_of_this_machine(image))
			continue;
		suitable = suitable ? suitable : image;
		own++;
	}
	*result = all == 1 ? first : suitable;
	if (*result && (all == 1 || own == 1))
		return 0;
	if (all == 0)
		return strata_fail(error, STRATA_ERROR_NOT_FOUND, "there is no image in it");
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "it holds %zu images%s", all,
			own == 0 ? ", none of them for this machine" : ""),
		"say which one is meant, TRANSPORT:PATH:NAME:TAG, or take every platform of an "
		"index with --all");
}

void strata_source_release(struct strata_source_content *content)
{
	while (content->blobs) {
		struct strata_source_blob *blob = content->blobs;

		content->blobs = blob->next;
		free(blob);
	}
	while (content->documents) {
		struct strata_source_document *document = content->documents;

		content->documents = document->next;
		release_document(document);
	}
}
