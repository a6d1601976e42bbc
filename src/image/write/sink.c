/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An output while it is written: which writer a transport has, and the steps that all of them
 * share.
 */
#include <stdio.h>

#include "image/write/archive.h"
#include "image/write/image.h"
#include "util/error.h"
#include "util/memory.h"

struct strata_sink {
	const struct strata_destination *destination;
	const struct strata_writer *writer;
	void *state; /* NULL for a format that is written at the end */
};

static const struct strata_writer *writer_of(enum strata_format format)
{
	static const struct strata_writer layout = {
		.write = strata_write_oci_layout, .check = strata_check_oci_layout};
	static const struct strata_writer directory = {
		.write = strata_write_directory, .check = strata_check_directory};

	switch (format) {
	case STRATA_FORMAT_DOCKER_V1_ARCHIVE:
		return &strata_docker_v1_archive_writer;
	case STRATA_FORMAT_DOCKER_ARCHIVE:
		return &strata_docker_archive_writer;
	case STRATA_FORMAT_OCI:
		return &layout;
	case STRATA_FORMAT_OCI_ARCHIVE:
	case STRATA_FORMAT_UNIVERSAL_ARCHIVE:
		return &strata_oci_archive_writer;
	case STRATA_FORMAT_REGISTRY:
		return &strata_registry_writer;
	case STRATA_FORMAT_DIR:
		break;
	}
	return &directory;
}

static int add_context(const struct strata_sink *sink, int status, struct strata_error *error)
{
	if (status == 0)
		return 0;
	return strata_context(error, status, "%s:%s", strata_format_name(sink->destination->format),
		sink->destination->path);
}

int strata_sink_open(const struct strata_destination *destination, struct strata_sink **result,
	struct strata_error *error)
{
	struct strata_sink *sink = calloc(1, sizeof(*sink));
	struct strata_error failure = STRATA_ERROR_INIT;
	int status;

	if (!sink)
		return strata_fail_memory(error);
	sink->destination = destination;
	sink->writer = writer_of(destination->format);
	status = sink->writer->check ? sink->writer->check(destination, error) : 0;
	if (status < 0) {
		add_context(sink, status, error);
		free(sink);
		return status;
	}
	if (sink->writer->open) {
		sink->state = sink->writer->open(destination, &failure);
		if (!sink->state) {
			status = add_context(sink, failure.status, &failure);
			free(sink);
			if (error)
				*error = failure;
			else
				strata_error_clear(&failure);
			return status;
		}
	}
	*result = sink;
	return 0;
}

bool strata_sink_takes_places(
	const struct strata_sink *sink, const struct strata_image_config *config)
{
	const struct strata_writer *writer = sink->writer;

	/* Where all layers are written at the end, those of a base are copied with the others. */
	if (!writer->archive || (config->base && !writer->add_layer))
		return false;
	return strata_archive_takes_places(writer->archive(sink->state));
}

const char *strata_sink_temporary(const struct strata_sink *sink)
{
	const struct strata_writer *writer = sink->writer;

	return writer->archive ? writer->archive(sink->state)->output.temporary : NULL;
}

/* Layers as large as LAYERS, all different: digests have one length. */
static struct strata_layer *stand_in(const struct strata_layer *layers, size_t count)
{
	struct strata_layer *result = strata_allocate(count, sizeof(*result));

	for (size_t i = 0; result && i < count; i++) {
		struct strata_layer *layer = &result[i];

		layer->size = layers[i].size;
		layer->diff_size = layers[i].diff_size;
		layer->codec = layers[i].codec;
		snprintf(layer->digest.text, sizeof(layer->digest.text),
			STRATA_DIGEST_PREFIX "%064zx", i);
		layer->diff_id = layer->digest;
	}
	return result;
}

struct measuring {
	const struct strata_sink *sink;
	const struct strata_layer *layers;
	size_t count;
	const struct strata_image_config *config;
};

static int add_measured(void *data, struct strata_error *error)
{
	const struct measuring *measuring = data;
	const struct strata_writer *writer = measuring->sink->writer;
	void *state = measuring->sink->state;
	struct strata_image *image = NULL;
	int status = 0;

	if (writer->add_layer) {
		for (size_t i = 0; status == 0 && i < measuring->count; i++)
			status = writer->add_layer(state, &measuring->layers[i], error);
		return status;
	}
	status = strata_image_new(
		measuring->layers, measuring->count, measuring->config, &image, error);
	if (status == 0)
		status = writer->add_layers(state, image, error);
	strata_image_free(image);
	return status;
}

int strata_sink_place(struct strata_sink *sink, const struct strata_layer *layers, size_t count,
	const struct strata_image_config *config, struct strata_blob_file *file,
	struct strata_error *error)
{
	strata_autofree struct strata_layer *unmade = stand_in(layers, count);
	struct measuring measuring = {sink, unmade, count, config};
	int status = unmade ? strata_archive_place(sink->writer->archive(sink->state), count,
				      add_measured, &measuring, file, error)
			    : strata_fail_memory(error);

	return add_context(sink, status, error);
}

int strata_sink_add_layer(
	struct strata_sink *sink, const struct strata_layer *layer, struct strata_error *error)
{
	int status = strata_destination_check(sink->destination, layer->codec, error);

	if (status == 0 && sink->writer->add_layer)
		status = sink->writer->add_layer(sink->state, layer, error);
	return add_context(sink, status, error);
}

int strata_sink_finish(
	struct strata_sink *sink, const struct strata_image *image, struct strata_error *error)
{
	int status;

	if (sink->state)
		status = sink->writer->finish(sink->state, image, error);
	else
		status = sink->writer->write(image, sink->destination, error);
	return add_context(sink, status, error);
}

void strata_sink_close(struct strata_sink *sink)
{
	if (!sink)
		return;
	if (sink->state)
		sink->writer->close(sink->state);
	free(sink);
}

int strata_image_write(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error)
{
	struct strata_sink *sink;
	int status = strata_sink_open(destination, &sink, error);

	if (status < 0)
		return status;
	for (size_t i = 0; status == 0 && i < image->layer_count; i++)
		status = strata_sink_add_layer(sink, &image->layers[i], error);
	if (status == 0)
		status = strata_sink_finish(sink, image, error);
	strata_sink_close(sink);
	return status;
}
