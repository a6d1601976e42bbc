/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history of a base image, made valid: as many entries that are not for an empty layer as there
 * are layers (OCI config.md).
 */
#include <string.h>

#include "image/base/base_image.h"

static const char *text_member(const struct strata_json *object, const char *key)
{
	return strata_json_string(strata_json_member_any_case(object, key));
}

static bool is_empty_layer(const struct strata_json *entry)
{
	return strata_json_is_true(strata_json_member_any_case(entry, "empty_layer"));
}

/* Whether it is clear which entry belongs to which layer. */
static bool is_valid(const struct strata_json *history, size_t layer_count)
{
	size_t count = 0;

	for (size_t i = 0; i < strata_json_count(history); i++) {
		const struct strata_json *entry = strata_json_at(history, i);

		if (!entry || strata_json_kind(entry) != STRATA_JSON_OBJECT)
			return false;
		count += !is_empty_layer(entry);
	}
	return count == layer_count;
}

static void write_entry(struct strata_json_writer *json, const struct strata_json *entry)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "created", text_member(entry, "created"));
	strata_json_member_string(json, "author", text_member(entry, "author"));
	strata_json_member_string(json, "created_by", text_member(entry, "created_by"));
	strata_json_member_string(json, "comment", text_member(entry, "comment"));
	if (is_empty_layer(entry))
		strata_json_member_bool(json, "empty_layer", true);
	strata_json_end_object(json);
}

static void write_made_up(struct strata_json_writer *json, const struct strata_base *base)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "created", text_member(base->image->config, "created"));
	strata_json_member_string(json, "created_by", "layer of the base image");
	strata_json_end_object(json);
}

/* The document of a V1 layer tells the command that made it as a list. */
static void write_v1_entry(struct strata_json_writer *json, const struct strata_json *document)
{
	const struct strata_json *command = strata_json_member_any_case(
		strata_json_member_any_case(document, "container_config"), "Cmd");
	strata_autobuffer struct strata_buffer words = STRATA_BUFFER_INIT;

	for (size_t i = 0; i < strata_json_count(command); i++) {
		const char *word = strata_json_string(strata_json_at(command, i));

		if (word)
			strata_buffer_format(&words, "%s%s", words.length > 0 ? " " : "", word);
	}
	json->buffer->failed = json->buffer->failed || words.failed;
	strata_json_begin_object(json);
	strata_json_member_string(json, "created", text_member(document, "created"));
	strata_json_member_string(json, "author", text_member(document, "author"));
	strata_json_member_string(json, "created_by", words.length > 0 ? words.data : NULL);
	strata_json_member_string(json, "comment", text_member(document, "comment"));
	strata_json_end_object(json);
}

void strata_base_write_history(struct strata_json_writer *json, const struct strata_base *base)
{
	const struct strata_read_image *image = base ? base->image : NULL;
	const struct strata_json *history =
		base ? strata_json_member_any_case(image->config, "history") : NULL;

	if (!base)
		return;
	if (image->view == STRATA_VIEW_V1) {
		for (size_t i = 0; i < image->layer_count; i++)
			write_v1_entry(json, image->layers[i].history);
	} else if (is_valid(history, image->layer_count)) {
		for (size_t i = 0; i < strata_json_count(history); i++)
			write_entry(json, strata_json_at(history, i));
	} else {
		for (size_t i = 0; i < image->layer_count; i++)
			write_made_up(json, base);
	}
}
