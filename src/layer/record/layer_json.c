/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/encode/encoder.h"
#include "layer/record/layer_json.h"
#include "oci/media_types.h"
#include "util/file.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/sha256.h"

enum {
	FORMAT_VERSION = 1,
	LARGEST_FILE = 256 << 20,
};

static const char description_name[] = "layer.json";
static const char blob_name[] = "blob";

void strata_layer_release(struct strata_layer *layer)
{
	for (size_t i = 0; i < layer->item_count; i++)
		free(layer->items[i]);
	free(layer->items);
	free(layer->blob);
	*layer = (struct strata_layer){0};
}

void strata_layer_write(struct strata_json_writer *json, const struct strata_layer *layer)
{
	char media_type[96];

	snprintf(media_type, sizeof(media_type), STRATA_MEDIA_OCI_LAYER "%s",
		strata_codec_of(layer->codec)->media_suffix);
	strata_json_begin_object(json);
	strata_json_member_size(json, "stratapackLayer", FORMAT_VERSION);
	strata_json_member_string(json, "recipeKey", layer->recipe_key.text);
	strata_json_member_string(json, "diffId", layer->diff_id.text);
	strata_json_member_size(json, "diffSize", layer->diff_size);
	strata_json_member_string(json, "digest", layer->digest.text);
	strata_json_member_size(json, "size", layer->size);
	strata_json_member_string(json, "mediaType", media_type);
	strata_json_member_string(json, "compression", strata_codec_of(layer->codec)->name);
	strata_json_member_bool(json, "customised", layer->customised);
	if (layer->contents.text[0]) {
		strata_json_member_string(json, "contents", layer->contents.text);
	} else {
		strata_json_key(json, "items");
		strata_json_begin_array(json);
		for (size_t i = 0; i < layer->item_count; i++)
			strata_json_write_string(json, layer->items[i]);
		strata_json_end_array(json);
	}
	strata_json_end_object(json);
}

static int write_description(const struct strata_layer *layer, const char *directory,
	const char *path, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text, .indented = true};
	int status;

	strata_layer_write(&json, layer);
	strata_buffer_byte(&text, '\n');
	status = strata_buffer_check(&text, error);
	return status < 0 ? status
			  : strata_file_place(directory, path, text.data, text.length, error);
}

int strata_layer_save(struct strata_layer *layer, const char *directory, struct strata_error *error)
{
	strata_autofree char *description = strata_path_join(directory, description_name);
	strata_autofree char *blob = strata_path_join(directory, blob_name);
	int status;

	if (!description || !blob)
		return strata_fail_memory(error);
	status = write_description(layer, directory, description, error);
	if (status < 0)
		return status;
	if (rename(layer->blob, blob) < 0)
		return strata_fail_errno(error, "cannot move '%s' to '%s'", layer->blob, blob);
	free(layer->blob);
	layer->blob = strata_take(blob);
	layer->staged = false;
	return 0;
}

static int read_digest(const struct strata_json *document, const char *key,
	struct strata_digest *digest, struct strata_error *error)
{
	const char *text = NULL;
	int status = strata_json_get_string(document, key, true, &text, error);

	if (status == 0 && !strata_digest_parse(text, digest))
		status = strata_fail(
			error, STRATA_ERROR_FORMAT, "\"%s\" is not a sha256 digest", key);
	return status;
}

static int read_items(
	struct strata_layer *layer, const struct strata_json *document, struct strata_error *error)
{
	const struct strata_json *array = NULL;
	int status = strata_json_get_array(document, "items", true, &array, error);

	if (status < 0)
		return status;
	layer->items = strata_allocate(strata_json_count(array), sizeof(*layer->items));
	if (!layer->items)
		return strata_fail_memory(error);
	for (size_t i = 0; i < strata_json_count(array); i++) {
		const char *id = strata_json_string(strata_json_at(array, i));

		if (!id)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"\"items\" must be an array of strings");
		layer->items[i] = strdup(id);
		if (!layer->items[i])
			return strata_fail_memory(error);
		layer->item_count++;
	}
	return 0;
}

int strata_layer_read(
	struct strata_layer *layer, const struct strata_json *document, struct strata_error *error)
{
	const char *codec = NULL;
	uint64_t version = 0;
	int status = strata_json_get_size(document, "stratapackLayer", true, &version, error);

	if (status == 0 && version != FORMAT_VERSION)
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"it is of version %llu, this program knows version %d",
			(unsigned long long)version, FORMAT_VERSION);
	if (status == 0)
		status = read_digest(document, "recipeKey", &layer->recipe_key, error);
	if (status == 0)
		status = read_digest(document, "diffId", &layer->diff_id, error);
	if (status == 0)
		status = read_digest(document, "digest", &layer->digest, error);
	if (status == 0)
		status = strata_json_get_size(document, "diffSize", true, &layer->diff_size, error);
	if (status == 0)
		status = strata_json_get_size(document, "size", true, &layer->size, error);
	if (status == 0)
		status = strata_json_get_bool(
			document, "customised", true, &layer->customised, error);
	if (status == 0)
		status = strata_json_get_string(document, "compression", true, &codec, error);
	if (status == 0)
		status = strata_codec_parse(codec, &layer->codec, error);
	if (status < 0)
		return status;
	if (strata_json_member(document, "contents"))
		return read_digest(document, "contents", &layer->contents, error);
	return read_items(layer, document, error);
}

/* The directory may be incomplete or wrong, so the blob is hashed again. */
int strata_layer_check_blob(const struct strata_layer *layer, struct strata_error *error)
{
	enum { CHUNK = 256 * 1024 };
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	strata_autofree char *chunk = malloc(CHUNK);
	strata_autoclose int descriptor = open(layer->blob, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char hex[STRATA_SHA256_HEX_SIZE];
	uint64_t size = 0;

	if (descriptor < 0)
		return strata_fail_errno(error, "cannot open '%s'", layer->blob);
	if (!hash || !chunk)
		return strata_fail_memory(error);
	for (;;) {
		ssize_t got = read(descriptor, chunk, CHUNK);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strata_fail_errno(error, "cannot read '%s'", layer->blob);
		if (got == 0)
			break;
		strata_sha256_update(hash, chunk, (size_t)got);
		size += (uint64_t)got;
	}
	strata_sha256_finish(hash, hex);
	if (size != layer->size || strcmp(hex, strata_digest_hex(&layer->digest)) != 0)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_MISMATCH,
				"'%s' has %llu bytes and digest sha256:%s, but its description "
				"says %llu bytes and %s",
				layer->blob, (unsigned long long)size, hex,
				(unsigned long long)layer->size, layer->digest.text),
			"make this layer again");
	return 0;
}

int strata_layer_load(const char *directory, struct strata_layer *layer, struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(directory, description_name);
	strata_autojson struct strata_json *document = NULL;
	int status;

	*layer = (struct strata_layer){0};
	if (!path)
		return strata_fail_memory(error);
	status = strata_json_load(path, LARGEST_FILE, &document, error);
	if (status < 0)
		return strata_hint(
			error, status, "a layer is a directory that 'stratapack layer' wrote");
	status = strata_layer_read(layer, document, error);
	if (status < 0)
		status = strata_context(error, status, "layer '%s'", path);
	if (status == 0) {
		layer->blob = strata_path_join(directory, blob_name);
		status = layer->blob ? strata_layer_check_blob(layer, error)
				     : strata_fail_memory(error);
	}
	if (status < 0)
		strata_layer_release(layer);
	return status;
}
