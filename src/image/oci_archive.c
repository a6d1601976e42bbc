#include "base/arena.h"
#include "image/archive.h"
#include "image/image.h"

/*
 * An OCI layout as one tar file, and the universal archive: the same with a manifest.json over the
 * same blobs, so that it is a Docker archive too (as `docker save` has written since 25). Blobs
 * come first, what tells of them last.
 */
static char *blob_member(struct strata_arena *arena, const struct strata_digest *digest)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

	strata_buffer_format(&name, "blobs/sha256/%s", strata_digest_hex(digest));
	return name.failed ? NULL : strata_arena_string(arena, name.data);
}

static int add_document(struct strata_archive *archive, struct strata_arena *arena,
	const struct strata_document *document, const char **member, struct strata_error *error)
{
	*member = blob_member(arena, &document->digest);
	if (!*member)
		return strata_fail_memory(error);
	return strata_archive_bytes(archive, *member, document->text, document->size, error);
}

static int write_index(struct strata_archive *archive, const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer index = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &index};
	int status;

	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&json, "manifests");
	strata_json_begin_array(&json);
	status = strata_image_write_descriptors(&json, image, destination, error);
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	if (status == 0)
		status = strata_buffer_check(&index, error);
	if (status == 0)
		status = strata_archive_bytes(
			archive, "index.json", index.data, index.length, error);
	return status;
}

static int write_manifest(struct strata_archive *archive, const struct strata_image *image,
	const struct strata_destination *destination, const char *config, const char *const *layers,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &manifest};
	int status;

	if (destination->format != STRATA_FORMAT_UNIVERSAL_ARCHIVE)
		return 0;
	strata_image_write_archive_manifest(&json, image, destination, config, layers);
	status = strata_buffer_check(&manifest, error);
	if (status == 0)
		status = strata_archive_bytes(
			archive, "manifest.json", manifest.data, manifest.length, error);
	return status;
}

static int write_members(struct strata_archive *archive, const struct strata_image *image,
	const struct strata_destination *destination, struct strata_arena *arena,
	struct strata_error *error)
{
	const char **layers = strata_arena_array(arena, image->layer_count, sizeof(*layers));
	const char *config, *manifest;
	int status = layers ? 0 : strata_fail_memory(error);

	if (status == 0)
		status = strata_archive_directory(archive, "blobs", error);
	if (status == 0)
		status = strata_archive_directory(archive, "blobs/sha256", error);
	for (size_t i = 0; status == 0 && i < image->layer_count; i++) {
		layers[i] = blob_member(arena, &image->layers[i].digest);
		if (!layers[i])
			status = strata_fail_memory(error);
		else if (!strata_image_repeats_blob(image, i))
			status = strata_archive_blob(archive, layers[i], &image->layers[i], error);
	}
	if (status == 0)
		status = add_document(archive, arena, &image->config, &config, error);
	if (status == 0)
		status = add_document(archive, arena, &image->oci_manifest, &manifest, error);
	if (status == 0)
		status = write_index(archive, image, destination, error);
	if (status == 0)
		status = write_manifest(archive, image, destination, config, layers, error);
	if (status == 0)
		status = strata_archive_bytes(archive, "oci-layout", STRATA_OCI_LAYOUT,
			sizeof(STRATA_OCI_LAYOUT) - 1, error);
	return status;
}

int strata_write_oci_archive(const struct strata_image *image,
	const struct strata_destination *destination, struct strata_error *error)
{
	strata_autoarchive struct strata_archive archive = STRATA_ARCHIVE_INIT;
	struct strata_arena arena = STRATA_ARENA_INIT;
	int status = strata_archive_open(&archive, destination->path, error);

	if (status == 0)
		status = write_members(&archive, image, destination, &arena, error);
	if (status == 0)
		status = strata_archive_finish(&archive, error);
	strata_arena_free(&arena);
	return status;
}
