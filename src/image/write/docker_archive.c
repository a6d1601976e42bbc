/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker's "V2" archive (docker-image-spec 1.2): manifest.json names the config and the layers.
 * Layers are regular members, each once: podman and skopeo refuse links. Everything that tells of
 * the layers comes after them.
 */
#include "image/write/archive_layers.h"
#include "image/write/image.h"

struct docker_archive {
	const struct strata_destination *destination;
	struct strata_archive archive;
	struct strata_archive_layers layers;
};

static void docker_archive_close(void *state)
{
	struct docker_archive *self = state;

	strata_archive_discard(&self->archive);
	strata_archive_layers_release(&self->layers);
	free(self);
}

static void *docker_archive_open(
	const struct strata_destination *destination, struct strata_error *error)
{
	struct docker_archive *self = calloc(1, sizeof(*self));

	if (!self) {
		strata_fail_memory(error);
		return NULL;
	}
	self->destination = destination;
	if (strata_archive_open(&self->archive, destination->path, error) < 0) {
		docker_archive_close(self);
		return NULL;
	}
	return self;
}

static int docker_archive_add_layer(
	void *state, const struct strata_layer *layer, struct strata_error *error)
{
	struct docker_archive *self = state;

	return strata_archive_layers_add(&self->layers, &self->archive, layer, "", ".tar", error);
}

static struct strata_archive *docker_archive_of(void *state)
{
	return &((struct docker_archive *)state)->archive;
}

static int docker_archive_finish(
	void *state, const struct strata_image *image, struct strata_error *error)
{
	struct docker_archive *self = state;
	strata_autobuffer struct strata_buffer config = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &manifest};
	int status;

	strata_buffer_format(&config, "%s.json", strata_digest_hex(&image->config.digest));
	strata_image_write_archive_manifest(
		&json, image, self->destination, config.data, self->layers.members);
	status = strata_buffer_check(&config, error);
	if (status == 0)
		status = strata_buffer_check(&manifest, error);
	if (status == 0)
		status = strata_archive_bytes(
			&self->archive, config.data, image->config.text, image->config.size, error);
	if (status == 0)
		status = strata_archive_bytes(
			&self->archive, "manifest.json", manifest.data, manifest.length, error);
	return status < 0 ? status : strata_archive_finish(&self->archive, error);
}

const struct strata_writer strata_docker_archive_writer = {
	.open = docker_archive_open,
	.add_layer = docker_archive_add_layer,
	.finish = docker_archive_finish,
	.close = docker_archive_close,
	.archive = docker_archive_of,
};
