/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests of OCI and of Docker's schema 2, which must be one or the other.
 */
#include <string.h>

#include "image/read/document.h"
#include "image/read/manifest.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/json.h"

enum { MOST_LAYERS = 100000 };

int strata_check_envelope(struct strata_reading *reading, const struct strata_json *document,
	const char *label, const char *promised, const char **type)
{
	static const char *const keys[] = {"schemaVersion", "mediaType", "artifactType", "config",
		"layers", "manifests", "subject", "annotations", NULL};
	const struct strata_json *version = strata_json_member(document, "schemaVersion");
	const struct strata_json *media_type = strata_json_member(document, "mediaType");
	const struct strata_json *manifests = strata_json_member(document, "manifests");
	bool index = manifests != NULL;
	bool manifest =
		strata_json_member(document, "layers") || strata_json_member(document, "config");
	enum strata_media_kind kind;

	strata_check_spelling(reading, document, keys, false, label);
	if (index && manifest) {
		strata_finding(reading->findings,
			"%s: has \"manifests\" and \"layers\" or \"config\", so that it can be "
			"taken for an index and for a manifest",
			label);
		return 0;
	}
	if (!version || strata_json_kind(version) != STRATA_JSON_INTEGER ||
		strata_json_integer(version) != 2)
		strata_finding(reading->findings, "%s: \"schemaVersion\" is not 2", label);
	*type = promised;
	if (media_type && strata_json_string(media_type)) {
		*type = strata_json_string(media_type);
		if (promised && strcmp(*type, promised) != 0) {
			strata_finding(reading->findings,
				"%s: says it is of type %.200s, expected was %.200s", label, *type,
				promised);
			return 0;
		}
	} else if (media_type) {
		strata_finding(reading->findings, "%s: \"mediaType\" is not a string", label);
		return 0;
	}
	if (!*type)
		*type = index ? STRATA_MEDIA_OCI_INDEX : STRATA_MEDIA_OCI_MANIFEST;
	kind = strata_media_find(*type)->kind;
	if ((kind != STRATA_MEDIA_INDEX && kind != STRATA_MEDIA_MANIFEST) ||
		index != (kind == STRATA_MEDIA_INDEX) ||
		manifest != (kind == STRATA_MEDIA_MANIFEST)) {
		strata_finding(reading->findings,
			"%s: of type %.200s, but has not the members of that type", label, *type);
		return 0;
	}
	return 1;
}

static void check_family(struct strata_reading *reading, const struct strata_read_image *image,
	const struct strata_descriptor *descriptor)
{
	const struct strata_media *media = strata_media_find(descriptor->media_type);
	bool docker = strata_media_find(image->manifest_media_type)->docker;

	if (media->kind != STRATA_MEDIA_UNKNOWN && media->docker != docker)
		strata_finding(reading->findings,
			"%s: %s: type %s in a manifest of type %s: OCI and Docker types must not "
			"be mixed",
			image->label, descriptor->label, descriptor->media_type,
			image->manifest_media_type);
	if (media->docker && media->codec == STRATA_CODEC_ZSTD)
		strata_finding(reading->findings,
			"%s: %s: zstd is only allowed under OCI media types, not as %s",
			image->label, descriptor->label, descriptor->media_type);
}

/* Whether the layers of a manifest are anything but file systems: attestations, signatures. */
static bool is_artifact(const struct strata_json *document, const struct strata_json *layers,
	const struct strata_descriptor *config)
{
	size_t count = strata_json_count(layers);

	if (strata_media_find(config->media_type)->kind != STRATA_MEDIA_CONFIG ||
		strata_json_member(document, "artifactType"))
		return true;
	for (size_t i = 0; i < count; i++) {
		const char *type = strata_json_string(
			strata_json_member(strata_json_at(layers, i), "mediaType"));

		if (strata_media_find(type)->kind == STRATA_MEDIA_LAYER)
			return false;
	}
	return count > 0;
}

static int read_layer(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_json *document, size_t index, struct strata_error *error)
{
	struct strata_read_layer *layer = &image->layers[index];
	struct strata_descriptor descriptor;
	const struct strata_media *media;
	char what[64];
	int status;

	snprintf(what, sizeof(what), "layer %zu, blob", index + 1);
	layer->label = strata_reading_text(reading, "layer %zu", index + 1);
	if (!layer->label)
		return strata_fail_memory(error);
	status = strata_descriptor_read(reading, document, image->label, what, &descriptor, error);
	if (status <= 0) {
		image->broken = true;
		return status;
	}
	media = strata_media_find(descriptor.media_type);
	layer->label = descriptor.label;
	layer->media_type = descriptor.media_type;
	layer->has_digest = layer->has_size = true;
	layer->digest = descriptor.digest;
	layer->size = descriptor.size;
	check_family(reading, image, &descriptor);
	if (!image->artifact && media->kind != STRATA_MEDIA_LAYER)
		strata_finding(reading->findings, "%s: %s: %.200s is not the type of a layer",
			image->label, layer->label, layer->media_type);
	status = strata_blob_find(reading, &layer->digest, "", &layer->place, error);
	if (status < 0)
		return status;
	layer->stored = status > 0;
	if (!layer->stored && !media->foreign)
		strata_finding(reading->findings, "%s: %s is missing", image->label, layer->label);
	return 1;
}

static int read_config(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_descriptor *config, struct strata_error *error)
{
	const struct strata_json *document = NULL;
	int status;

	image->id = config->digest;
	if (image->artifact) {
		status =
			strata_blob_find(reading, &config->digest, "", &image->config_place, error);
		image->config_stored = status > 0;
		if (status == 0)
			strata_finding(reading->findings, "%s: %s is missing", image->label,
				config->label);
		else if (status > 0 && image->config_place.size != config->size)
			strata_finding(reading->findings, "%s: %s has not the size it should have",
				image->label, config->label);
		return status;
	}
	status = strata_document_read_blob(reading, image->label, config, "", &document, error);
	if (status > 0)
		image->config_stored = strata_blob_find(reading, &config->digest, "",
					       &image->config_place, error) > 0;
	if (status > 0)
		strata_config_apply(reading, image, document);
	else
		image->broken = true;
	return status;
}

int strata_manifest_apply(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_json *document, struct strata_error *error)
{
	const struct strata_json *layers = strata_json_member(document, "layers");
	struct strata_descriptor config;
	size_t count = strata_json_count(layers);
	int status;

	image->manifest = document;
	image->broken = true;
	if (!layers || strata_json_kind(layers) != STRATA_JSON_ARRAY) {
		strata_finding(
			reading->findings, "%s: the manifest has no list of layers", image->label);
		return 0;
	}
	if (count > MOST_LAYERS) {
		strata_finding(
			reading->findings, "%s: %zu layers are not plausible", image->label, count);
		return 0;
	}
	status = strata_descriptor_read(reading, strata_json_member(document, "config"),
		image->label, "config", &config, error);
	if (status <= 0)
		return status;
	image->broken = false;
	image->artifact = is_artifact(document, layers, &config);
	check_family(reading, image, &config);
	image->layers = strata_arena_array(&reading->arena, count + 1, sizeof(*image->layers));
	if (!image->layers)
		return strata_fail_memory(error);
	image->layer_count = count;
	for (size_t i = 0; i < count; i++) {
		status = read_layer(reading, image, strata_json_at(layers, i), i, error);
		if (status < 0)
			return status;
	}
	status = read_config(reading, image, &config, error);
	return status < 0 ? status : 1;
}

int strata_manifest_find(struct strata_reading *reading, const struct strata_digest *digest,
	struct strata_place *place, struct strata_error *error)
{
	int status = strata_blob_find(reading, digest, ".manifest.json", place, error);

	/* In `dir` the first one has a name of its own. */
	if (status == 0 && reading->format == STRATA_FORMAT_DIR)
		status = strata_store_find(reading->store, "manifest.json", place, error);
	return status;
}
