/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An OCI layout as one tar file, and the universal archive: the same with a manifest.json over the
 * same blobs, so that it is a Docker archive too (as `docker save` has written since 25). Blobs
 * come first, what tells of them last.
 */
#include "image/write/archive_layers.h"
#include "image/write/image.h"

static const char blob_prefix[] = "blobs/sha256/";

struct oci_archive {
	const struct strata_destination *destination;
	struct strata_archive archive;
	struct strata_archive_layers layers;
};

static void oci_archive_close(void *state)
{
	struct oci_archive *self = state;

	strata_archive_discard(&self->archive);
	strata_archive_layers_release(&self->layers);
	free(self);
}

static void *oci_archive_open(
	const struct strata_destination *destination, struct strata_error *error)
{
	struct oci_archive *self = calloc(1, sizeof(*self));

	if (!self) {
		strata_fail_memory(error);
		return NULL;
	}
	self->destination = destination;
	if (strata_archive_open(&self->archive, destination->path, error) < 0 ||
		strata_archive_directory(&self->archive, "blobs", error) < 0 ||
		strata_archive_directory(&self->archive, "blobs/sha256", error) < 0) {
		oci_archive_close(self);
		return NULL;
	}
	return self;
}

static int oci_archive_add_layer(
	void *state, const struct strata_layer *layer, struct strata_error *error)
{
	struct oci_archive *self = state;

	return strata_archive_layers_add(
		&self->layers, &self->archive, layer, blob_prefix, "", error);
}

static struct strata_archive *oci_archive_of(void *state)
{
	return &((struct oci_archive *)state)->archive;
}

static int add_document(struct oci_archive *self, const struct strata_document *document,
	struct strata_buffer *member, struct strata_error *error)
{
	int status;

	strata_buffer_format(member, "%s%s", blob_prefix, strata_digest_hex(&document->digest));
	status = strata_buffer_check(member, error);
	if (status < 0)
		return status;
	return strata_archive_bytes(
		&self->archive, member->data, document->text, document->size, error);
}

static int add_index(
	struct oci_archive *self, const struct strata_image *image, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer index = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &index};
	int status;

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&json, "manifests");
	strata_json_begin_array(&json);
	status = strata_image_write_descriptors(&json, image, self->destination, NULL, error);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	if (status == 0)
		status = strata_buffer_check(&index, error);
	if (status == 0)
		status = strata_archive_bytes(
			&self->archive, "index.json", index.data, index.length, error);
	return status;
}

static int add_docker_manifest(struct oci_archive *self, const struct strata_image *image,
	const char *config, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &manifest};
	int status;

	if (self->destination->format != STRATA_FORMAT_UNIVERSAL_ARCHIVE)
		return 0;
	strata_image_write_archive_manifest(
		&json, image, self->destination, config, self->layers.members);
	status = strata_buffer_check(&manifest, error);
	if (status == 0)
		status = strata_archive_bytes(
			&self->archive, "manifest.json", manifest.data, manifest.length, error);
	return status;
}

static int oci_archive_finish(
	void *state, const struct strata_image *image, struct strata_error *error)
{
	struct oci_archive *self = state;
	strata_autobuffer struct strata_buffer config = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	int status = add_document(self, &image->config, &config, error);

	if (status == 0)
		status = add_document(self, &image->oci_manifest, &manifest, error);
	if (status == 0)
		status = add_index(self, image, error);
	if (status == 0)
		status = add_docker_manifest(self, image, config.data, error);
	if (status == 0)
		status = strata_archive_bytes(&self->archive, STRATA_LAYOUT_FILE,
			STRATA_LAYOUT_MARKER, sizeof(STRATA_LAYOUT_MARKER) - 1, error);
	return status < 0 ? status : strata_archive_finish(&self->archive, error);
}

const struct strata_writer strata_oci_archive_writer = {
	.open = oci_archive_open,
	.add_layer = oci_archive_add_layer,
	.finish = oci_archive_finish,
	.close = oci_archive_close,
	.archive = oci_archive_of,
};
