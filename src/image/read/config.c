/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config of an image: diff IDs, history and platform (OCI image-spec, config.md).
 */
#include <inttypes.h>
#include <string.h>

#include "image/read/document.h"
#include "image/read/manifest.h"
#include "util/buffer.h"
#include "util/json.h"

static const char *text_member(const struct strata_json *object, const char *key)
{
	return strata_json_string(strata_json_member_any_case(object, key));
}

static void apply_diff_ids(struct strata_reading *reading, struct strata_read_image *image)
{
	const struct strata_json *rootfs = strata_json_member_any_case(image->config, "rootfs");
	const struct strata_json *ids = strata_json_member_any_case(rootfs, "diff_ids");
	const char *type = text_member(rootfs, "type");
	size_t count = strata_json_count(ids);

	if (!type || strcmp(type, "layers") != 0)
		strata_finding(reading->findings,
			"%s: config: \"rootfs\" is not of the type \"layers\"", image->label);
	if (!ids || strata_json_kind(ids) != STRATA_JSON_ARRAY) {
		strata_finding(reading->findings, "%s: config: there is no list of diff IDs",
			image->label);
		return;
	}
	if (count != image->layer_count)
		strata_finding(reading->findings, "%s: config: %zu diff IDs for %zu layers",
			image->label, count, image->layer_count);
	for (size_t i = 0; i < count && i < image->layer_count; i++) {
		const char *text = strata_json_string(strata_json_at(ids, i));
		struct strata_read_layer *layer = &image->layers[i];

		layer->has_diff_id = text && strata_digest_parse(text, &layer->diff_id);
		if (!layer->has_diff_id)
			strata_finding(reading->findings,
				"%s: config: '%.200s' is not a diff ID: sha256: and 64 lower-case "
				"hexadecimal digits are expected",
				image->label, text ? text : "(no string)");
	}
}

static void apply_history(struct strata_reading *reading, struct strata_read_image *image)
{
	const struct strata_json *history = strata_json_member_any_case(image->config, "history");
	size_t count = 0;

	if (!history || strata_json_kind(history) == STRATA_JSON_NULL)
		return;
	if (strata_json_kind(history) != STRATA_JSON_ARRAY) {
		strata_finding(
			reading->findings, "%s: config: \"history\" is not a list", image->label);
		return;
	}
	for (size_t i = 0; i < strata_json_count(history); i++) {
		const struct strata_json *entry = strata_json_at(history, i);

		if (strata_json_is_true(strata_json_member_any_case(entry, "empty_layer")))
			continue;
		if (count < image->layer_count)
			image->layers[count].history = entry;
		count++;
	}
	if (count == image->layer_count)
		return;
	/* It is then unknown which entry belongs to which layer. */
	for (size_t i = 0; i < image->layer_count; i++)
		image->layers[i].history = NULL;
	/* Guix describes the image as a whole, in one entry. */
	if (count > 1)
		strata_finding(reading->findings,
			"%s: config: the history describes %zu layers, but the image has %zu",
			image->label, count, image->layer_count);
}

static void check_platform(struct strata_reading *reading, const struct strata_read_image *image)
{
	static const char *const keys[] = {"architecture", "os", "variant"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *promised =
			strata_json_string(strata_json_member(image->platform, keys[i]));
		const char *found = text_member(image->config, keys[i]);

		/* The V1 format does not insist on them. */
		if (i < 2 && (!found || !*found) && image->view == STRATA_VIEW_V1)
			continue;
		if (i < 2 && (!found || !*found))
			strata_finding(reading->findings, "%s: config: there is no \"%s\"",
				image->label, keys[i]);
		else if (promised && strcmp(promised, found ? found : "") != 0 && (i < 2 || found))
			strata_finding(reading->findings,
				"%s: config: the %s is '%.100s', its descriptor says '%.100s'",
				image->label, keys[i], found ? found : "", promised);
	}
}

void strata_config_apply(struct strata_reading *reading, struct strata_read_image *image,
	const struct strata_json *config)
{
	static const char *const keys[] = {
		"architecture", "os", "variant", "created", "config", "rootfs", "history", NULL};
	static const char *const run_keys[] = {"User", "ExposedPorts", "Env", "Entrypoint", "Cmd",
		"Volumes", "WorkingDir", "Labels", "StopSignal", NULL};
	strata_autobuffer struct strata_buffer label = STRATA_BUFFER_INIT;

	if (strata_json_kind(config) != STRATA_JSON_OBJECT) {
		strata_finding(reading->findings, "%s: config: not a JSON object", image->label);
		image->broken = true;
		return;
	}
	strata_buffer_format(&label, "%s: config", image->label);
	strata_check_spelling(reading, config, keys, true, label.data);
	strata_check_spelling(
		reading, strata_json_member_any_case(config, "config"), run_keys, true, label.data);
	reading->findings->failed = reading->findings->failed || label.failed;
	image->config = config;
	check_platform(reading, image);
	if (image->view == STRATA_VIEW_V1)
		return;
	apply_diff_ids(reading, image);
	apply_history(reading, image);
}
