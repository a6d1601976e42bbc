/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image that exists, written once more: every layer is verified while it is copied, and the
 * documents keep their bytes wherever the other format has a place for them.
 */
#include "image/write/copy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/base/base_image.h"
#include "image/read/document.h"
#include "layer/encode/encoder.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/json.h"
#include "util/memory.h"

/* --- documents -------------------------------------------------------------------------------- */

static int read_document(struct strata_reading *reading, const struct strata_place *place,
	struct strata_document *document, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	int status = strata_store_read(reading->store, place, &text, error);

	return status < 0 ? status : strata_document_seal(document, &text, error);
}

/* What containers run as, alone: the V1 format wants it twice. */
static int make_execution(
	struct strata_image *image, const struct strata_json *config, struct strata_error *error)
{
	const struct strata_json *run = strata_json_member_any_case(config, "config");
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	int status = 0;

	if (run && strata_json_kind(run) == STRATA_JSON_OBJECT)
		status = strata_json_write_value(&json, run, error);
	else
		strata_buffer_string(&text, "{}");
	return status < 0 ? status : strata_document_seal(&image->execution, &text, error);
}

static int copy_member(const struct strata_json *config, const char *key, char **target,
	struct strata_error *error)
{
	const char *text = strata_json_string(strata_json_member_any_case(config, key));

	if (!text)
		return 0;
	*target = strdup(text);
	return *target ? 0 : strata_fail_memory(error);
}

/* The time without fractions, as the V1 format's readers want it. */
static int copy_time(
	const struct strata_json *config, struct strata_image *image, struct strata_error *error)
{
	const char *text = strata_json_string(strata_json_member_any_case(config, "created"));
	size_t length = text ? strcspn(text, ".Z+") : 0;

	if (!text || asprintf(&image->created, "%.*sZ", (int)length, text) < 0)
		image->created = text ? NULL : strdup("1970-01-01T00:00:01Z");
	return image->created ? 0 : strata_fail_memory(error);
}

static bool has_same_layers(const struct strata_read_image *read, const struct strata_layer *layers)
{
	for (size_t i = 0; i < read->layer_count; i++) {
		if (!read->layers[i].has_digest ||
			!strata_digest_equal(&read->layers[i].digest, &layers[i].digest))
			return false;
	}
	return true;
}

static int fill(struct strata_image *image, struct strata_reading *reading,
	const struct strata_read_image *read, struct strata_error *error)
{
	static const struct strata_image_config no_annotations;
	const struct strata_json *config = read->config;
	struct strata_place place;
	int status = read_document(reading, &read->config_place, &image->config, error);

	if (status == 0 && !strata_digest_equal(&image->config.digest, &read->id))
		status = strata_fail(error, STRATA_ERROR_CHANGED,
			"the config %s has changed since it was read", read->id.text);
	if (status == 0)
		status = make_execution(image, config, error);
	if (status == 0)
		status = copy_member(config, "architecture", &image->architecture, error);
	if (status == 0)
		status = copy_member(config, "variant", &image->variant, error);
	if (status == 0)
		status = copy_member(config, "os", &image->os, error);
	if (status == 0)
		status = copy_member(config, "author", &image->author, error);
	if (status == 0)
		status = copy_time(config, image, error);
	if (status == 0)
		status = strata_image_make_manifests(image, &no_annotations, error);
	if (status < 0 || !read->manifest_media_type ||
		strcmp(read->manifest_media_type, STRATA_MEDIA_OCI_MANIFEST) != 0 ||
		!has_same_layers(read, image->layers))
		return status;
	status = strata_manifest_find(reading, &read->manifest_digest, &place, error);
	if (status <= 0)
		return status;
	free(image->oci_manifest.text);
	image->oci_manifest = (struct strata_document){.text = NULL};
	return read_document(reading, &place, &image->oci_manifest, error);
}

int strata_image_of_read(struct strata_reading *reading, const struct strata_read_image *read,
	const struct strata_layer *layers, size_t count, struct strata_image **result,
	struct strata_error *error)
{
	struct strata_image *image = calloc(1, sizeof(*image));
	int status;

	if (!image)
		return strata_fail_memory(error);
	image->layers = layers;
	image->layer_count = count;
	status = fill(image, reading, read, error);
	if (status < 0)
		strata_image_free(image);
	else
		*result = image;
	return status;
}

/* --- layers ----------------------------------------------------------------------------------- */

/* Compress FILE into a blob at PLACE. */
static int encode(struct strata_encoding *encoding, struct strata_file_input *file,
	const struct strata_blob_place *place, struct strata_layer *layer,
	struct strata_error *error)
{
	struct strata_encoder_options options = {.places = place, .place_count = 1, .workers = 1};
	struct strata_encoder *encoder = NULL;
	size_t got = 1;
	int status = strata_compression_parse("gzip", &options.compression, error);

	if (status == 0)
		status = strata_encoder_new(encoding, &options, &encoder, error);
	while (status == 0 && got > 0) {
		uint8_t *room;
		size_t size;

		status = strata_encoder_room(encoder, &room, &size, error);
		if (status == 0)
			status = file->input.read(&file->input, room, size, &got, error);
		if (status == 0 && got > 0)
			status = strata_encoder_advance(encoder, got, error);
	}
	if (status == 0)
		status = strata_encoder_finish(encoder, layer, error);
	strata_encoder_free(encoder);
	return status;
}

/* Replace LAYER's blob, which is not compressed, by a compressed one. */
static int compress(
	struct strata_encoding *encoding, struct strata_layer *layer, struct strata_error *error)
{
	strata_autofree char *path = NULL;
	strata_autoclose int source = -1, target = -1;
	struct strata_file_input file;
	struct strata_blob_place place;
	int status;

	if (asprintf(&path, "%s.gz", layer->blob) < 0) {
		path = NULL;
		return strata_fail_memory(error);
	}
	status = strata_blob_open(layer, &source, error);
	if (status < 0)
		return status;
	target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (target < 0)
		return strata_fail_errno(error, "cannot create '%s'", path);
	place = (struct strata_blob_place){target, path, 0};
	strata_file_input_init(&file, source, layer->blob, 0, layer->size);
	status = encode(encoding, &file, &place, layer, error);
	if (status < 0)
		return status;
	unlink(layer->blob);
	free(layer->blob);
	layer->blob = strata_take(path);
	return 0;
}

struct compressing {
	struct strata_encoding encoding;
	struct strata_layer *layers;
};

static int compress_layer(void *data, size_t index, struct strata_error *error)
{
	struct compressing *compressing = data;
	struct strata_layer *layer = &compressing->layers[index];

	return layer->codec == STRATA_CODEC_NONE ? compress(&compressing->encoding, layer, error)
						 : 0;
}

/* Docker's archives have plain layers; a registry's clients are better served by others. */
static int compress_layers(struct strata_layer *layers, size_t count, struct strata_error *error)
{
	strata_autopool struct strata_pool *pool = strata_pool_new(0, error);
	struct compressing compressing = {.layers = layers};
	int status;

	if (!pool)
		return STRATA_ERROR_MEMORY;
	strata_encoding_init(&compressing.encoding, pool, count);
	status = strata_pool_run(pool, count, compress_layer, &compressing, error);
	strata_encoding_release(&compressing.encoding);
	return status;
}

/* --- all of it -------------------------------------------------------------------------------- */

struct conversion {
	struct strata_base *base;
	bool compress;
	const struct strata_observer *observer;
	int (*write)(void *data, const struct strata_image *image, struct strata_error *error);
	void *data;
	struct strata_layer *layers;
	size_t count;
};

static int write_converted(const struct conversion *conversion, struct strata_error *error)
{
	const struct strata_read_image *read = conversion->base->image;
	struct strata_image_config config = {.base = conversion->base};
	struct strata_image *image = NULL;
	int status;

	/* The oldest format has no config that could be copied. */
	if (read->view == STRATA_VIEW_V1)
		status = strata_image_new(
			conversion->layers, conversion->count, &config, &image, error);
	else
		status = strata_image_of_read(&conversion->base->reading, read, conversion->layers,
			conversion->count, &image, error);
	if (status == 0)
		status = conversion->write(conversion->data, image, error);
	strata_image_free(image);
	return status;
}

static int convert_in(
	struct conversion *conversion, const char *staging, struct strata_error *error)
{
	struct strata_build_options options = {.observer = conversion->observer};
	int status =
		strata_base_layers(conversion->base, staging, &options, conversion->layers, error);

	if (status < 0)
		return status;
	if (conversion->compress)
		status = compress_layers(conversion->layers, conversion->count, error);
	if (status == 0)
		status = write_converted(conversion, error);
	for (size_t i = 0; i < conversion->count; i++)
		strata_layer_release(&conversion->layers[i]);
	return status;
}

int strata_image_convert(const char *source, const char *parent, bool compress,
	const struct strata_observer *observer,
	int (*write)(void *data, const struct strata_image *image, struct strata_error *error),
	void *data, struct strata_error *error)
{
	struct conversion conversion = {
		.compress = compress, .observer = observer, .write = write, .data = data};
	strata_autobase struct strata_base *base = NULL;
	strata_autofree struct strata_layer *layers = NULL;
	strata_autofree char *staging = NULL;
	int status = strata_base_open_sole(source, &base, error);

	if (status < 0)
		return status;
	conversion.base = base;
	conversion.count = strata_base_layer_count(base);
	conversion.layers = layers = strata_allocate(conversion.count, sizeof(*layers));
	if (!layers)
		return strata_fail_memory(error);
	staging = strata_directory_temporary(parent, error);
	if (!staging)
		return error ? (int)error->status : STRATA_ERROR_IO;
	status = convert_in(&conversion, staging, error);
	strata_directory_remove(staging);
	return status;
}

char *strata_image_working_parent(void)
{
	const char *temporary = getenv("TMPDIR");

	return strdup(temporary && *temporary ? temporary : "/var/tmp");
}

static int write_to(void *data, const struct strata_image *image, struct strata_error *error)
{
	const struct strata_destination *destination = data;

	return strata_image_write(image, destination, error);
}

int strata_image_copy(const char *source, const struct strata_destination *destination,
	const struct strata_observer *observer, struct strata_error *error)
{
	bool remote = destination->format == STRATA_FORMAT_REGISTRY;
	strata_autofree char *parent = remote || strcmp(destination->path, "-") == 0
					       ? strata_image_working_parent()
					       : strata_path_directory(destination->path);

	return parent ? strata_image_convert(source, parent, remote, observer, write_to,
				(void *)destination, error)
		      : strata_fail_memory(error);
}
