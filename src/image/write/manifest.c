/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests of OCI and of Docker's schema 2, and the descriptors of an index.
 */
#include <string.h>

#include "image/write/image.h"
#include "layer/encode/encoder.h"

static void write_descriptor(struct strata_json_writer *json, const char *media_type,
	const struct strata_digest *digest, uint64_t size)
{
	strata_json_member_string(json, "mediaType", media_type);
	strata_json_member_string(json, "digest", digest->text);
	strata_json_member_size(json, "size", size);
}

struct flavour {
	const char *manifest, *config, *layer;
	bool annotated;
};

static const struct flavour oci = {
	STRATA_MEDIA_OCI_MANIFEST, STRATA_MEDIA_OCI_CONFIG, STRATA_MEDIA_OCI_LAYER, true};
static const struct flavour docker = {
	STRATA_MEDIA_DOCKER_MANIFEST, STRATA_MEDIA_DOCKER_CONFIG, STRATA_MEDIA_DOCKER_LAYER, false};

static const char *layer_suffix(const struct flavour *flavour, enum strata_codec_kind kind)
{
	if (flavour == &docker)
		return kind == STRATA_CODEC_GZIP ? ".gzip" : "";
	return strata_codec_of(kind)->media_suffix;
}

static int compare_pairs(const void *left, const void *right)
{
	const struct strata_pair *a = left, *b = right;

	return strcmp(a->key, b->key);
}

static int write_annotations(struct strata_json_writer *json,
	const struct strata_image_config *config, struct strata_error *error)
{
	strata_autofree struct strata_pair *sorted =
		strata_allocate(config->annotation_count, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		return strata_fail_memory(error);
	if (config->annotation_count == 0)
		return 0;
	for (size_t i = 0; i < config->annotation_count; i++) {
		if (!strata_pairs_overridden(config->annotations, config->annotation_count, i))
			sorted[count++] = config->annotations[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_pairs);
	strata_json_key(json, "annotations");
	strata_json_begin_object(json);
	for (size_t i = 0; i < count; i++)
		strata_json_member_string(json, sorted[i].key, sorted[i].value);
	strata_json_end_object(json);
	return 0;
}

static int make_manifest(const struct strata_image *image, const struct strata_image_config *config,
	const struct flavour *flavour, struct strata_document *document, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &buffer};
	int status = 0;

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", flavour->manifest);
	strata_json_key(&json, "config");
	strata_json_begin_object(&json);
	write_descriptor(&json, flavour->config, &image->config.digest, image->config.size);
	strata_json_end_object(&json);
	strata_json_key(&json, "layers");
	strata_json_begin_array(&json);
	for (size_t i = 0; i < image->layer_count; i++) {
		const struct strata_layer *layer = &image->layers[i];
		char media_type[96];

		snprintf(media_type, sizeof(media_type), "%s%s", flavour->layer,
			layer_suffix(flavour, layer->codec));
		strata_json_begin_object(&json);
		write_descriptor(&json, media_type, &layer->digest, layer->size);
		strata_json_end_object(&json);
	}
	strata_json_end_array(&json);
	if (flavour->annotated)
		status = write_annotations(&json, config, error);
	strata_json_end_object(&json);
	if (status == 0)
		status = strata_document_seal(document, &buffer, error);
	if (status == 0 && document->size > STRATA_LARGEST_MANIFEST)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the image's manifest would have %zu bytes; registries take at "
				"most %d",
				document->size, STRATA_LARGEST_MANIFEST),
			"use fewer layers or annotations");
	return status;
}

int strata_image_make_manifests(struct strata_image *image,
	const struct strata_image_config *config, struct strata_error *error)
{
	int status = make_manifest(image, config, &oci, &image->oci_manifest, error);

	for (size_t i = 0; i < image->layer_count; i++) {
		if (image->layers[i].codec == STRATA_CODEC_ZSTD)
			return status;
	}
	if (status == 0)
		status = make_manifest(image, config, &docker, &image->docker_manifest, error);
	return status;
}

const char *strata_image_reference(const struct strata_reference *name)
{
	const char *slash = strrchr(name->text, '/');

	return strchr(slash ? slash : name->text, ':') ? name->tag : name->text;
}

int strata_image_write_name(struct strata_json_writer *json, const struct strata_reference *name,
	bool is_taken, struct strata_error *error)
{
	strata_autofree char *full = strata_reference_full(name);

	if (!full)
		return strata_fail_memory(error);
	strata_json_key(json, "annotations");
	strata_json_begin_object(json);
	/* containerd looks for the whole name, everybody else for the reference. */
	strata_json_member_string(json, "io.containerd.image.name", full);
	strata_json_member_string(json, "org.opencontainers.image.ref.name",
		is_taken ? name->text : strata_image_reference(name));
	strata_json_end_object(json);
	return 0;
}

static int write_index_entry(struct strata_json_writer *json, const struct strata_image *image,
	const struct strata_reference *name, bool is_taken, struct strata_error *error)
{
	strata_json_begin_object(json);
	write_descriptor(json, STRATA_MEDIA_OCI_MANIFEST, &image->oci_manifest.digest,
		image->oci_manifest.size);
	if (name) {
		int status = strata_image_write_name(json, name, is_taken, error);

		if (status < 0)
			return status;
	}
	strata_json_key(json, "platform");
	strata_json_begin_object(json);
	strata_json_member_string(json, "architecture", image->architecture);
	strata_json_member_string(json, "os", image->os);
	strata_json_member_string(json, "variant", image->variant);
	strata_json_end_object(json);
	strata_json_end_object(json);
	return 0;
}

int strata_image_write_descriptors(struct strata_json_writer *json,
	const struct strata_image *image, const struct strata_destination *destination,
	const bool *taken, struct strata_error *error)
{
	int status = 0;

	if (destination->name_count == 0)
		return write_index_entry(json, image, NULL, false, error);
	for (size_t i = 0; status == 0 && i < destination->name_count; i++)
		status = write_index_entry(
			json, image, &destination->names[i], taken && taken[i], error);
	return status;
}

void strata_image_write_archive_manifest(struct strata_json_writer *json,
	const struct strata_image *image, const struct strata_destination *destination,
	const char *config_member, const char *const *layer_members)
{
	strata_json_begin_array(json);
	strata_json_begin_object(json);
	strata_json_member_string(json, "Config", config_member);
	strata_json_key(json, "RepoTags");
	if (destination->name_count == 0) {
		strata_json_write_null(json);
	} else {
		strata_json_begin_array(json);
		for (size_t i = 0; i < destination->name_count; i++) {
			strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

			strata_buffer_format(&name, "%s:%s", destination->names[i].name,
				destination->names[i].tag);
			json->buffer->failed = json->buffer->failed || name.failed;
			strata_json_write_string(json, name.data);
		}
		strata_json_end_array(json);
	}
	strata_json_key(json, "Layers");
	strata_json_begin_array(json);
	for (size_t i = 0; i < image->layer_count; i++)
		strata_json_write_string(json, layer_members[i]);
	strata_json_end_array(json);
	strata_json_end_object(json);
	strata_json_end_array(json);
}
