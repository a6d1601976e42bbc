/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's archive: manifest.json names the config and the layers (docker-image-spec 1.2).
 */
#include <string.h>

#include "image/read/document.h"
#include "image/read/formats.h"
#include "image/read/manifest.h"
#include "util/arena.h"
#include "util/error.h"
#include "util/json.h"
#include "util/text.h"

enum { MOST_LAYERS = 100000 };

/* Take BEFORE, 64 digits and BEHIND as what NAME must be: its digest. */
static bool name_as_digest(
	const char *name, const char *before, const char *behind, struct strata_digest *digest)
{
	char text[STRATA_DIGEST_SIZE];
	size_t length = strlen(before);

	if (!strata_text_starts_with(name, before) ||
		strlen(name) != length + 64 + strlen(behind) ||
		!strata_text_ends_with(name, behind))
		return false;
	snprintf(text, sizeof(text), STRATA_DIGEST_PREFIX "%.64s", name + length);
	return strata_digest_parse(text, digest);
}

/* Programs name members by the digest of their content. Such a name is a promise. */
static bool promised_digest(const char *name, struct strata_digest *digest)
{
	return name_as_digest(name, "blobs/sha256/", "", digest) ||
	       name_as_digest(name, "", ".tar", digest) ||
	       name_as_digest(name, "", ".tar.gz", digest) ||
	       name_as_digest(name, "", ".json", digest) ||
	       name_as_digest(name, "sha256:", "", digest);
}

static int read_layer(struct strata_reading *reading, struct strata_read_image *image, size_t index,
	const char *name, struct strata_error *error)
{
	struct strata_read_layer *layer = &image->layers[index];
	struct strata_digest diff_id;
	int status;

	layer->label = strata_reading_text(reading, "layer %zu, %.200s", index + 1, name);
	if (!layer->label)
		return strata_fail_memory(error);
	layer->has_digest = promised_digest(name, &layer->digest);
	/* As Guix names them. */
	if (name_as_digest(name, "sha256:", "/layer.tar", &diff_id) && layer->has_diff_id &&
		!strata_digest_equal(&diff_id, &layer->diff_id))
		strata_finding(reading->findings,
			"%s: %s: named after a diff ID other than the config's, which is %s",
			image->label, layer->label, layer->diff_id.text);
	status = strata_store_find(reading->store, name, &layer->place, error);
	if (status < 0)
		return status;
	layer->stored = status > 0;
	layer->size = layer->stored ? layer->place.size : 0;
	if (!layer->stored)
		strata_finding(reading->findings, "%s: %s is missing", image->label, layer->label);
	return 0;
}

static int read_config(struct strata_reading *reading, struct strata_read_image *image,
	const char *name, struct strata_error *error)
{
	const struct strata_json *config = NULL;
	struct strata_digest promised;
	struct strata_place place;
	const char *label = strata_reading_text(reading, "%s: config %.200s", image->label, name);
	int status = label ? strata_store_find(reading->store, name, &place, error)
			   : strata_fail_memory(error);

	image->broken = true;
	if (status == 0)
		strata_finding(reading->findings, "%s is missing", label);
	if (status <= 0)
		return status;
	status = strata_document_read(reading, &place, label, &config, &image->id, error);
	if (status <= 0)
		return status;
	if (promised_digest(name, &promised) && !strata_digest_equal(&promised, &image->id)) {
		strata_finding(reading->findings, "%s: the content has the digest %s", label,
			image->id.text);
		return 0;
	}
	image->broken = false;
	image->config_place = place;
	image->config_stored = true;
	strata_config_apply(reading, image, config);
	return 1;
}

static int read_names(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_json *item, size_t index, struct strata_error *error)
{
	const struct strata_json *tags = strata_json_member_any_case(item, "RepoTags");
	size_t count = strata_json_count(tags);
	const char **names = strata_arena_array(&reading->arena, count + 1, sizeof(*names));

	if (!names)
		return strata_fail_memory(error);
	image->names = names;
	for (size_t i = 0; i < count; i++) {
		const char *tag = strata_json_string(strata_json_at(tags, i));

		if (!tag) {
			strata_finding(reading->findings,
				"manifest.json: image %zu: a name is not a string", index + 1);
			continue;
		}
		strata_check_name(reading, tag);
		names[image->name_count++] = tag;
	}
	image->label = image->name_count > 0 ? names[0]
					     : strata_reading_text(reading, "image %zu", index + 1);
	return image->label ? 0 : strata_fail_memory(error);
}

static int read_item(struct strata_reading *reading, const struct strata_json *item, size_t index,
	struct strata_error *error)
{
	static const char *const keys[] = {"Config", "RepoTags", "Layers", NULL};
	const struct strata_json *layers = strata_json_member_any_case(item, "Layers");
	const char *config = strata_json_string(strata_json_member_any_case(item, "Config"));
	struct strata_read_image *image = strata_reading_add(reading, STRATA_VIEW_DOCKER, error);
	size_t count = strata_json_count(layers);
	int status = image ? read_names(reading, image, item, index, error) : error->status;

	if (status < 0)
		return status;
	strata_check_spelling(reading, item, keys, true, "manifest.json");
	if (!config || (layers && strata_json_kind(layers) == STRATA_JSON_OBJECT) ||
		count > MOST_LAYERS) {
		strata_finding(reading->findings,
			"%s: manifest.json: names no config, or no list of layers", image->label);
		image->broken = true;
		return 0;
	}
	image->layers = strata_arena_array(&reading->arena, count + 1, sizeof(*image->layers));
	if (!image->layers)
		return strata_fail_memory(error);
	image->layer_count = count;
	status = read_config(reading, image, config, error);
	for (size_t i = 0; i < count && status >= 0; i++) {
		const char *name = strata_json_string(strata_json_at(layers, i));

		if (!name)
			strata_finding(reading->findings,
				"%s: manifest.json: the name of layer %zu is not a string",
				image->label, i + 1);
		image->layers[i].label = "layer without a name";
		if (name)
			status = read_layer(reading, image, i, name, error);
	}
	return status < 0 ? status : 0;
}

int strata_read_docker(struct strata_reading *reading, struct strata_error *error)
{
	const struct strata_json *manifest = NULL;
	struct strata_place place;
	int status = strata_store_find(reading->store, "manifest.json", &place, error);

	if (status == 0)
		strata_finding(reading->findings, "manifest.json is missing");
	if (status > 0)
		status = strata_document_read(
			reading, &place, "manifest.json", &manifest, NULL, error);
	if (status <= 0)
		return status;
	if (strata_json_kind(manifest) != STRATA_JSON_ARRAY) {
		strata_finding(reading->findings, "manifest.json: not a list of images");
		return 0;
	}
	for (size_t i = 0; i < strata_json_count(manifest); i++) {
		status = read_item(reading, strata_json_at(manifest, i), i, error);
		if (status < 0)
			return status;
	}
	return 0;
}
