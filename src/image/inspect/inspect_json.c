/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image holds, as JSON (docs/inspect.schema.json).
 */
#include <strings.h>

#include "image/inspect/inspect.h"
#include "util/json_writer.h"

static void write_text(
	struct strata_json_writer *json, const char *key, const struct strata_json *value)
{
	if (value)
		strata_json_member_string(json, key, strata_json_string(value));
}

static void write_name(void *data, const char *name)
{
	strata_json_write_string(data, name);
}

/* Some writers spell the keys in lower case. Programs that read this JSON need not know that. */
static const char *usual_spelling(const char *key)
{
	static const char *const keys[] = {"User", "ExposedPorts", "Env", "Entrypoint", "Cmd",
		"Volumes", "WorkingDir", "Labels", "StopSignal", "ArgsEscaped", "Healthcheck",
		"OnBuild", "Shell", "Memory", "MemorySwap", "CpuShares"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (strcasecmp(keys[i], key) == 0)
			return keys[i];
	}
	return key;
}

static int write_config(struct strata_json_writer *json, const struct strata_read_image *image,
	struct strata_error *error)
{
	const struct strata_json *config = strata_json_member_any_case(image->config, "config");
	const struct strata_json *value;
	const char *key;
	void *position = NULL;
	int status = 0;

	strata_json_key(json, "config");
	strata_json_begin_object(json);
	while (status == 0 && strata_json_next(config, &position, &key, &value)) {
		strata_json_key(json, usual_spelling(key));
		status = strata_json_write_value(json, value, error);
	}
	strata_json_end_object(json);
	return status;
}

static int write_annotations(struct strata_json_writer *json, const struct strata_read_image *image,
	struct strata_error *error)
{
	const struct strata_json *annotations = strata_json_member(image->manifest, "annotations");

	strata_json_key(json, "annotations");
	if (annotations && strata_json_kind(annotations) == STRATA_JSON_OBJECT)
		return strata_json_write_value(json, annotations, error);
	strata_json_begin_object(json);
	strata_json_end_object(json);
	return 0;
}

static void write_layer(struct strata_json_writer *json, const struct strata_read_layer *layer)
{
	strata_json_begin_object(json);
	if (layer->has_digest)
		strata_json_member_string(json, "digest", layer->digest.text);
	if (layer->has_diff_id)
		strata_json_member_string(json, "diffId", layer->diff_id.text);
	strata_json_member_size(json, "size", layer->size);
	strata_json_member_string(json, "mediaType", layer->media_type);
	if (layer->history) {
		strata_json_key(json, "history");
		strata_json_begin_object(json);
		write_text(json, "created", strata_json_member_any_case(layer->history, "created"));
		write_text(json, "createdBy",
			strata_json_member_any_case(layer->history, "created_by"));
		write_text(json, "comment", strata_json_member_any_case(layer->history, "comment"));
		strata_json_end_object(json);
	}
	strata_json_end_object(json);
}

static int write_image(struct strata_json_writer *json, const struct strata_reading *reading,
	size_t index, struct strata_error *error)
{
	static const char *const keys[] = {"architecture", "os", "variant", "created", "author"};
	const struct strata_read_image *image = &reading->images[index];
	int status;

	strata_json_begin_object(json);
	strata_json_key(json, "names");
	strata_json_begin_array(json);
	strata_inspect_names(reading, index, write_name, json);
	strata_json_end_array(json);
	if (image->id.text[0])
		strata_json_member_string(json, "imageId", image->id.text);
	if (image->manifest_digest.text[0])
		strata_json_member_string(json, "manifestDigest", image->manifest_digest.text);
	strata_json_member_string(json, "manifestMediaType", image->manifest_media_type);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		write_text(json, keys[i], strata_json_member_any_case(image->config, keys[i]));
	status = write_config(json, image, error);
	if (status == 0)
		status = write_annotations(json, image, error);
	if (status < 0)
		return status;
	strata_json_key(json, "layers");
	strata_json_begin_array(json);
	for (size_t i = 0; i < image->layer_count; i++)
		write_layer(json, &image->layers[i]);
	strata_json_end_array(json);
	strata_json_end_object(json);
	return 0;
}

int strata_inspect_json(const struct strata_reading *reading, struct strata_buffer *buffer,
	struct strata_error *error)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};

	strata_json_begin_object(&json);
	strata_json_key(&json, "images");
	strata_json_begin_array(&json);
	for (size_t i = 0; i < reading->count; i++) {
		int status = strata_reading_is_repetition(reading, i)
				     ? 0
				     : write_image(&json, reading, i, error);

		if (status < 0)
			return status;
	}
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	strata_buffer_byte(buffer, '\n');
	return 0;
}
