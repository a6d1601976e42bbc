/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finished or described image as JSON: its digests, its layers, and where they went.
 */
#include "build/job.h"
#include "util/buffer.h"
#include "util/json_writer.h"

static void write_layer(struct strata_json_writer *json, const struct strata_layer *layer)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "digest", layer->digest.text);
	strata_json_member_string(json, "diffId", layer->diff_id.text);
	strata_json_member_size(json, "size", layer->size);
	strata_json_member_size(json, "diffSize", layer->diff_size);
	if (layer->base)
		strata_json_member_bool(json, "base", true);
	strata_json_key(json, "items");
	strata_json_begin_array(json);
	for (size_t index = 0; index < layer->item_count; index++)
		strata_json_write_bytes(json, layer->items[index]);
	strata_json_end_array(json);
	strata_json_member_bool(json, "customised", layer->customised);
	strata_json_end_object(json);
}

static void write_destination(
	struct strata_json_writer *json, const struct strata_destination *destination)
{
	strata_json_begin_object(json);
	strata_json_member_string(json, "format", strata_format_name(destination->format));
	strata_json_key(json, "path");
	strata_json_write_bytes(json, destination->path);
	strata_json_key(json, "names");
	strata_json_begin_array(json);
	for (size_t index = 0; index < destination->name_count; index++) {
		strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

		strata_buffer_format(&name, "%s:%s", destination->names[index].name,
			destination->names[index].tag);
		strata_json_write_string(json, name.data);
	}
	strata_json_end_array(json);
	strata_json_end_object(json);
}

/* The descriptor of the OCI manifest: what a registry will know the image by. */
static void write_manifest(struct strata_json_writer *json, const struct strata_image *image)
{
	uint64_t size;
	const struct strata_digest *digest = strata_image_manifest_digest(image, &size);

	strata_json_key(json, "manifest");
	strata_json_begin_object(json);
	strata_json_member_string(json, "digest", digest->text);
	strata_json_member_size(json, "size", size);
	strata_json_end_object(json);
}

static void write_hidden(struct strata_json_writer *json, const struct strata_hidden *hidden)
{
	strata_json_key(json, "hidden");
	strata_json_begin_array(json);
	for (size_t i = 0; i < hidden->count; i++) {
		strata_json_begin_object(json);
		strata_json_key(json, "path");
		strata_json_write_bytes(json, hidden->files[i].path);
		strata_json_key(json, "by");
		strata_json_write_bytes(json, hidden->files[i].by);
		strata_json_end_object(json);
	}
	strata_json_end_array(json);
}

char *strata_job_json(const struct strata_job *job)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text, .indented = true};

	strata_json_begin_object(&json);
	strata_json_member_string(&json, "imageId", strata_image_id(job->image)->text);
	write_manifest(&json, job->image);
	strata_json_key(&json, "layers");
	strata_json_begin_array(&json);
	for (size_t i = 0; i < job->layers.count; i++)
		write_layer(&json, &job->layers.layers[i]);
	strata_json_end_array(&json);
	strata_json_key(&json, "outputs");
	strata_json_begin_array(&json);
	for (size_t i = 0; i < job->request.output_count; i++)
		write_destination(&json, &job->request.outputs[i]);
	strata_json_end_array(&json);
	if (job->plan && job->plan->hidden.count > 0)
		write_hidden(&json, &job->plan->hidden);
	strata_json_end_object(&json);
	strata_buffer_byte(&text, '\n');
	return text.failed ? NULL : strata_buffer_take(&text);
}
