/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is between two images, as JSON (docs/diff.schema.json).
 */
#include "image/inspect/diff.h"
#include "util/json_writer.h"

static void write_json_reason(
	struct strata_json_writer *json, const struct strata_diff_reason *reason)
{
	static const char *const kinds[] = {
		[STRATA_DIFF_CHANGED] = "changed",
		[STRATA_DIFF_ADDED] = "added",
		[STRATA_DIFF_MOVED] = "moved",
		[STRATA_DIFF_REMOVED] = "removed",
		[STRATA_DIFF_LEFT] = "left",
	};
	bool has_other = reason->kind == STRATA_DIFF_MOVED || reason->kind == STRATA_DIFF_LEFT;

	strata_json_begin_object(json);
	strata_json_member_string(json, "kind", kinds[reason->kind]);
	strata_json_member_string(json, "item", reason->id);
	strata_json_member_string(json, "oldVersion", *reason->old ? reason->old : NULL);
	strata_json_member_string(json, "newVersion", *reason->now ? reason->now : NULL);
	if (has_other)
		strata_json_member_size(json, "otherLayer", reason->other + 1);
	strata_json_end_object(json);
}

static void write_json_layer(
	struct strata_json_writer *json, const struct strata_diff *diff, size_t number)
{
	const struct strata_diff_layer *layer = &diff->layers[number];
	const struct strata_contents_layer *contents = &diff->now->layers[number];

	strata_json_begin_object(json);
	if (*contents->digest.text)
		strata_json_member_string(json, "digest", contents->digest.text);
	if (*contents->diff_id.text)
		strata_json_member_string(json, "diffId", contents->diff_id.text);
	if (!diff->now->is_plan)
		strata_json_member_size(json, "size", contents->size);
	strata_json_member_bool(json, "reused", layer->reused);
	strata_json_member_bool(json, "prefixReused", layer->prefix_reused);
	if (layer->compressed)
		strata_json_member_bool(json, "compressedDifferently", true);
	if (layer->has_old)
		strata_json_member_size(json, "oldLayer", layer->old + 1);
	strata_json_key(json, "reasons");
	strata_json_begin_array(json);
	for (size_t i = 0; i < layer->reason_count; i++)
		write_json_reason(json, &layer->reasons[i]);
	strata_json_end_array(json);
	strata_json_end_object(json);
}

static void write_json_pull(
	struct strata_json_writer *json, const char *key, uint64_t bytes, size_t layers)
{
	strata_json_key(json, key);
	strata_json_begin_object(json);
	strata_json_member_size(json, "bytes", bytes);
	strata_json_member_size(json, "layers", layers);
	strata_json_end_object(json);
}

void strata_diff_json(const struct strata_diff *diff, struct strata_buffer *buffer)
{
	struct strata_json_writer json = {.buffer = buffer, .indented = true};

	strata_json_begin_object(&json);
	strata_json_key(&json, "layers");
	strata_json_begin_array(&json);
	for (size_t n = 0; n < diff->now->count; n++)
		write_json_layer(&json, diff, n);
	strata_json_end_array(&json);
	write_json_pull(&json, "total", diff->total, diff->now->count);
	write_json_pull(&json, "pulled", diff->pulled, diff->pulled_layers);
	write_json_pull(&json, "pulledPrefix", diff->pulled_prefix, diff->pulled_prefix_layers);
	strata_json_end_object(&json);
	strata_buffer_byte(buffer, '\n');
}
