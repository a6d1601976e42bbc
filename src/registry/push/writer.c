/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A registry as the output of a build: each layer goes up as soon as it is made, while the next
 * ones are still being compressed; the config and the manifest follow when all are there.
 */
#include <fcntl.h>
#include <string.h>

#include <stratapack/image.h>

#include "oci/media_types.h"
#include "registry/current.h"
#include "registry/http/memory_input.h"
#include "registry/push/writer.h"
#include "util/error.h"

/* A layer's blob in its file, or a document in memory. */
struct output_blob {
	struct strata_blob_source source;
	struct strata_file_input file;
	struct strata_memory_input memory;
	const char *text; /* NULL: a file */
	char *path;
	int descriptor;
	struct output_blob *next;
};

struct output {
	struct strata_registry *registry, *own;
	struct strata_remote_name *names;
	size_t name_count;
	struct strata_push *push;
	struct output_blob *blobs;
};

/* --- blobs ------------------------------------------------------------------------------------ */

static int open_blob(void *data, struct strata_input **input, struct strata_error *error)
{
	struct output_blob *blob = data;

	if (blob->text) {
		strata_memory_input_init(&blob->memory, blob->text, blob->source.size);
		*input = &blob->memory.input;
		return 0;
	}
	blob->descriptor = open(blob->path, O_RDONLY | O_CLOEXEC);
	if (blob->descriptor < 0)
		return strata_fail_errno(error, "cannot open '%s'", blob->path);
	strata_file_input_init(&blob->file, blob->descriptor, blob->path, 0, blob->source.size);
	*input = &blob->file.input;
	return 0;
}

static void close_blob(void *data, struct strata_input *input)
{
	struct output_blob *blob = data;

	strata_cleanup_close(&blob->descriptor);
	blob->descriptor = -1;
}

/* Add a blob: the content of the file PATH, or TEXT. */
static int add_blob(struct output *output, const struct strata_digest *digest, uint64_t size,
	const char *path, const char *text, struct strata_error *error)
{
	struct output_blob *blob = calloc(1, sizeof(*blob));

	if (!blob || (path && !(blob->path = strdup(path)))) {
		free(blob);
		return strata_fail_memory(error);
	}
	blob->text = text;
	blob->descriptor = -1;
	blob->source = (struct strata_blob_source){*digest, size, open_blob, close_blob, blob};
	blob->next = output->blobs;
	output->blobs = blob;
	return strata_push_add(output->push, &blob->source, error);
}

/* --- the writer ------------------------------------------------------------------------------- */

static void free_blobs(struct output *output)
{
	while (output->blobs) {
		struct output_blob *blob = output->blobs;

		output->blobs = blob->next;
		free(blob->path);
		free(blob);
	}
}

static void close_output(void *state)
{
	struct output *output = state;

	/* Whoever still sends reads the blobs. */
	strata_push_free(output->push);
	free_blobs(output);
	for (size_t i = 0; i < output->name_count; i++)
		strata_remote_name_release(&output->names[i]);
	free(output->names);
	strata_registry_close(output->own);
	free(output);
}

static int read_names(struct output *output, const struct strata_destination *destination,
	struct strata_error *error)
{
	int status = 0;

	output->names = strata_allocate(destination->name_count, sizeof(*output->names));
	if (!output->names)
		return strata_fail_memory(error);
	for (size_t i = 0; status == 0 && i < destination->name_count; i++) {
		const struct strata_reference *name = &destination->names[i];
		strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

		strata_buffer_format(&text, "%s:%s", name->name, name->tag);
		status = strata_buffer_check(&text, error);
		if (status == 0)
			status = strata_remote_name_parse(text.data, &output->names[i], error);
		output->name_count += status == 0;
	}
	return status;
}

/* What the registry has under the name by now is asked for at once: a password that it does not
 * accept is found out before anything is built. */
static int begin(struct output *output, const struct strata_destination *destination,
	struct strata_error *error)
{
	int status = read_names(output, destination, error);

	if (status == 0)
		status = strata_registry_current(&output->registry, &output->own, error);
	if (status == 0)
		status = strata_push_new(output->registry, output->names, output->name_count, NULL,
			&output->push, error);
	return status < 0 ? status : strata_push_learn(output->push, error);
}

static void *open_output(const struct strata_destination *destination, struct strata_error *error)
{
	struct output *output = calloc(1, sizeof(*output));

	if (!output) {
		strata_fail_memory(error);
		return NULL;
	}
	if (begin(output, destination, error) == 0)
		return output;
	close_output(output);
	return NULL;
}

static int add_layer(void *state, const struct strata_layer *layer, struct strata_error *error)
{
	return add_blob(state, &layer->digest, layer->size, layer->blob, NULL, error);
}

int strata_push_manifest_of(const struct strata_image *image, bool docker,
	struct strata_manifest_bytes *manifest, struct strata_error *error)
{
	const struct strata_document *document =
		docker ? &image->docker_manifest : &image->oci_manifest;

	*manifest = (struct strata_manifest_bytes){document->text, document->size,
		docker ? STRATA_MEDIA_DOCKER_MANIFEST : STRATA_MEDIA_OCI_MANIFEST,
		document->digest};
	if (document->text)
		return 0;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"it has zstd layers, which Docker's manifests do not know"),
		"push it with OCI's");
}

static int put_manifest(struct output *output, const struct strata_manifest_bytes *manifest,
	bool *unknown, struct strata_error *error)
{
	int status = strata_push_wait(output->push, error);

	*unknown = false;
	if (status == 0)
		status = strata_push_put(output->push, manifest, true, unknown, error);
	return status;
}

/* Send what the registry had, and has lost. */
static int send_again(struct output *output, const struct strata_manifest_bytes *manifest,
	struct strata_error *error)
{
	bool unknown;
	int status = 0;

	strata_push_forget(output->push);
	for (struct output_blob *blob = output->blobs; status == 0 && blob; blob = blob->next)
		status = strata_push_add(output->push, &blob->source, error);
	return status < 0 ? status : put_manifest(output, manifest, &unknown, error);
}

static int complete(struct output *output, const struct strata_image *image,
	const struct strata_manifest_bytes *manifest, struct strata_error *error)
{
	bool unknown = false;
	int status;

	if (strata_push_has(output->push, &manifest->digest))
		return 0;
	status = add_blob(
		output, &image->config.digest, image->config.size, NULL, image->config.text, error);
	if (status == 0)
		status = put_manifest(output, manifest, &unknown, error);
	if (status < 0 && unknown) {
		strata_error_clear(error);
		status = send_again(output, manifest, error);
	}
	return status;
}

static int finish(void *state, const struct strata_image *image, struct strata_error *error)
{
	struct strata_manifest_bytes manifest;
	int status = strata_push_manifest_of(image, false, &manifest, error);

	return status < 0 ? status : complete(state, image, &manifest, error);
}

int strata_push_write(struct strata_push *push, const struct strata_image *image,
	const struct strata_manifest_bytes *manifest, struct strata_error *error)
{
	struct output output = {.push = push};
	int status = 0, waited;

	for (size_t i = 0; status == 0 && i < image->layer_count; i++)
		status = add_layer(&output, &image->layers[i], error);
	if (status == 0)
		status = complete(&output, image, manifest, error);
	/* Whoever still sends reads the blobs. */
	waited = strata_push_wait(push, status == 0 ? error : NULL);
	free_blobs(&output);
	return status < 0 ? status : waited;
}

const struct strata_writer strata_registry_writer = {
	.open = open_output,
	.add_layer = add_layer,
	.finish = finish,
	.close = close_output,
};
