/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several images under one name: an OCI layout whose index.json leads to another index, which lists
 * an image for each platform (image-index.md). Clients pick the one for their machine. containerd
 * and skopeo do not understand a flat index.json with several platforms under one name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/read/document.h"
#include "image/write/blobs.h"
#include "image/write/image.h"
#include "oci/platform.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/memory.h"
#include "util/sha256.h"

struct joined {
	struct strata_buffer index; /* the list of manifests, as it grows */
	struct strata_json_writer json;
	char **platforms; /* "linux/arm64/v8"; owned */
	const char **sources;
	size_t count, capacity, source_capacity;
	char *blobs; /* the directory; owned */
};

static void cleanup_joined(struct joined *joined)
{
	for (size_t i = 0; i < joined->count; i++)
		free(joined->platforms[i]);
	free(joined->platforms);
	free(joined->sources);
	free(joined->blobs);
	strata_buffer_release(&joined->index);
}

/* Copy what INPUT delivers to TARGET, called PATH, and hash it. */
static int copy_hashed(struct strata_input *input, int target, const char *path,
	struct strata_digest *digest, struct strata_error *error)
{
	enum { CHUNK = 256 * 1024 };
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	strata_autofree char *chunk = malloc(CHUNK);
	char hex[STRATA_SHA256_HEX_SIZE];
	size_t got = 0;

	if (!hash || !chunk)
		return strata_fail_memory(error);
	do {
		int status = input->read(input, chunk, CHUNK, &got, error);

		if (status == 0)
			status = strata_file_write(target, path, chunk, got, error);
		if (status < 0)
			return status;
		strata_sha256_update(hash, chunk, got);
	} while (got > 0);
	strata_sha256_finish(hash, hex);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
	return 0;
}

static int copy_blob(const struct joined *joined, struct strata_store *store,
	const struct strata_place *place, const struct strata_digest *digest,
	struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(joined->blobs, strata_digest_hex(digest));
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	strata_autoclose int target = -1;
	struct strata_digest found;
	int status;

	if (!path)
		return strata_fail_memory(error);
	target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (target < 0 && errno == EEXIST)
		return 0; /* images share layers */
	if (target < 0)
		return strata_fail_errno(error, "cannot create '%s'", path);
	status = strata_part_open(store, place, &part, error);
	if (status == 0)
		status = copy_hashed(part.input, target, path, &found, error);
	if (status == 0 && !strata_digest_equal(digest, &found))
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_MISMATCH,
				"%s: the content has the digest %s, expected was %s", place->name,
				found.text, digest->text),
			"'stratapack verify' tells what is wrong with the image");
	return status;
}

/* Copy a document that is found by its digest; *SIZE is its size. */
static int copy_document(const struct joined *joined, struct strata_reading *reading,
	const struct strata_digest *digest, uint64_t *size, struct strata_error *error)
{
	struct strata_place place;
	int found = strata_blob_find(reading, digest, "", &place, error);

	if (found <= 0)
		return found < 0 ? found
				 : strata_fail(error, STRATA_ERROR_NOT_FOUND, "%s is missing",
					   digest->text);
	*size = place.size;
	return copy_blob(joined, reading->store, &place, digest, error);
}

static int copy_image(const struct joined *joined, struct strata_reading *reading,
	const struct strata_read_image *image, uint64_t *manifest_size, struct strata_error *error)
{
	uint64_t size;
	int status = copy_document(joined, reading, &image->manifest_digest, manifest_size, error);

	if (status == 0)
		status = copy_document(joined, reading, &image->id, &size, error);
	for (size_t i = 0; status == 0 && i < image->layer_count; i++) {
		const struct strata_read_layer *layer = &image->layers[i];

		status = layer->stored && layer->has_digest
				 ? copy_blob(joined, reading->store, &layer->place, &layer->digest,
					   error)
				 : strata_fail(error, STRATA_ERROR_NOT_FOUND, "%s is missing",
					   layer->label);
	}
	return status;
}

/* Remember the platform of an image from SOURCE; two images of one are a mistake. */
static int claim_platform(struct joined *joined, const char *source, const char *os,
	const char *architecture, const char *variant, struct strata_error *error)
{
	char *platform;

	/* arm64 and arm64/v8 are one. */
	variant = strata_platform_variant(architecture, variant);
	if (!variant)
		variant = "";
	if (asprintf(&platform, "%s/%s%s%s", os, architecture, *variant ? "/" : "", variant) < 0)
		return strata_fail_memory(error);
	for (size_t i = 0; i < joined->count; i++) {
		if (strcmp(joined->platforms[i], platform) == 0) {
			int status = strata_hint(error,
				strata_fail(error, STRATA_ERROR_INVALID,
					"'%s' and '%s' are both of the platform %s",
					joined->sources[i], source, platform),
				"an index has one image for each platform");

			free(platform);
			return status;
		}
	}
	if (strata_grow(&joined->platforms, &joined->capacity, joined->count + 1,
		    sizeof(*joined->platforms)) < 0 ||
		strata_grow(&joined->sources, &joined->source_capacity, joined->count + 1,
			sizeof(*joined->sources)) < 0) {
		free(platform);
		return strata_fail_memory(error);
	}
	joined->sources[joined->count] = source;
	joined->platforms[joined->count++] = platform;
	return 0;
}

static int add_image(struct joined *joined, const char *source, struct strata_reading *reading,
	const struct strata_read_image *image, struct strata_error *error)
{
	const char *os = strata_json_string(strata_json_member(image->config, "os"));
	const char *architecture =
		strata_json_string(strata_json_member(image->config, "architecture"));
	const char *variant = strata_json_string(strata_json_member(image->config, "variant"));
	uint64_t size = 0;
	int status;

	if (image->broken || !image->config || !os || !architecture)
		return strata_hint(error,
			strata_fail(
				error, STRATA_ERROR_FORMAT, "%s is no sound image", image->label),
			"'stratapack verify' tells what is wrong with it");
	status = claim_platform(joined, source, os, architecture, variant, error);
	if (status == 0)
		status = copy_image(joined, reading, image, &size, error);
	if (status < 0)
		return status;
	strata_json_begin_object(&joined->json);
	strata_json_member_string(&joined->json, "mediaType", STRATA_MEDIA_OCI_MANIFEST);
	strata_json_member_string(&joined->json, "digest", image->manifest_digest.text);
	strata_json_member_size(&joined->json, "size", size);
	strata_json_key(&joined->json, "platform");
	strata_json_begin_object(&joined->json);
	strata_json_member_string(&joined->json, "architecture", architecture);
	strata_json_member_string(&joined->json, "os", os);
	strata_json_member_string(&joined->json, "variant", variant);
	strata_json_end_object(&joined->json);
	strata_json_end_object(&joined->json);
	return 0;
}

static int add_source(struct joined *joined, const char *source, struct strata_error *error)
{
	struct strata_findings findings = {0};
	strata_autoreading struct strata_reading reading = {0};
	int status = strata_reading_open(source, &findings, &reading, error);
	size_t found = 0;

	strata_findings_release(&findings);
	for (size_t i = 0; status == 0 && i < reading.count; i++) {
		const struct strata_read_image *image = &reading.images[i];

		if (image->artifact || strata_reading_is_repetition(&reading, i))
			continue;
		if (image->view != STRATA_VIEW_OCI || !image->manifest_media_type ||
			strcmp(image->manifest_media_type, STRATA_MEDIA_OCI_MANIFEST) != 0) {
			status = strata_hint(error,
				strata_fail(error, STRATA_ERROR_UNSUPPORTED,
					"%s has no manifest of OCI", image->label),
				"make it with the output oci:PATH");
			break;
		}
		found++;
		status = add_image(joined, source, &reading, image, error);
	}
	if (status == 0 && found == 0)
		status = strata_fail(error, STRATA_ERROR_NOT_FOUND, "there is no image");
	return status < 0 ? strata_context(error, status, "'%s'", source) : 0;
}

static int write_file(const char *directory, const char *name, const struct strata_buffer *text,
	struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, name);

	return path ? strata_file_place(directory, path, text->data, text->length, error)
		    : strata_fail_memory(error);
}

/* index.json: the other index under each of the names. */
static int write_top(const char *directory, const struct strata_destination *destination,
	const struct strata_document *index, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	size_t names = destination->name_count;
	int status = 0;

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&json, "manifests");
	strata_json_begin_array(&json);
	for (size_t i = 0; status == 0 && i < (names ? names : 1); i++) {
		strata_json_begin_object(&json);
		strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
		strata_json_member_string(&json, "digest", index->digest.text);
		strata_json_member_size(&json, "size", index->size);
		if (names)
			status = strata_image_write_name(
				&json, &destination->names[i], false, error);
		strata_json_end_object(&json);
	}
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	if (status == 0)
		status = strata_buffer_check(&text, error);
	return status < 0 ? status : write_file(directory, "index.json", &text, error);
}

/* All of the layout in DIRECTORY. */
static int fill_layout(struct joined *joined, const char *directory, const char *const *sources,
	size_t count, const struct strata_destination *destination, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer layout = STRATA_BUFFER_INIT;
	struct strata_document index = {0};
	int status = 0;

	joined->blobs = strata_path_join(directory, "blobs/sha256");
	if (!joined->blobs)
		return strata_fail_memory(error);
	status = strata_directory_create(joined->blobs, error);
	strata_json_begin_object(&joined->json);
	strata_json_member_size(&joined->json, "schemaVersion", 2);
	strata_json_member_string(&joined->json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&joined->json, "manifests");
	strata_json_begin_array(&joined->json);
	for (size_t i = 0; status == 0 && i < count; i++)
		status = add_source(joined, sources[i], error);
	strata_json_end_array(&joined->json);
	strata_json_end_object(&joined->json);
	if (status == 0)
		status = strata_document_seal(&index, &joined->index, error);
	if (status == 0)
		status = strata_blobs_place_document(directory, joined->blobs, &index, error);
	if (status == 0)
		status = write_top(directory, destination, &index, error);
	free(index.text);
	strata_buffer_string(&layout, STRATA_LAYOUT_MARKER);
	if (status == 0)
		status = strata_buffer_check(&layout, error);
	return status < 0 ? status : write_file(directory, STRATA_LAYOUT_FILE, &layout, error);
}

int strata_index_write(const char *const *sources, size_t count,
	const struct strata_destination *destination, struct strata_error *error)
{
	STRATA_CLEANUP(cleanup_joined) struct joined joined = {.index = STRATA_BUFFER_INIT};
	strata_autooutput struct strata_output output = STRATA_OUTPUT_INIT;
	int status;

	joined.json.buffer = &joined.index;
	if (destination->format != STRATA_FORMAT_OCI)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_UNSUPPORTED, "the format %s holds no index",
				strata_format_name(destination->format)),
			"write it to oci:PATH");
	status = strata_output_open_directory(&output, destination->path, error);
	if (status == 0)
		status = fill_layout(&joined, output.temporary, sources, count, destination, error);
	return status < 0 ? status : strata_output_commit(&output, error);
}
