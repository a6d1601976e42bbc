#include "base/arena.h"
#include "image/archive.h"
#include "image/image.h"

/*
 * Docker's "V2" archive (docker-image-spec 1.2): manifest.json names the config and the layers.
 * Layers are regular members, each once: podman and skopeo refuse links. Everything that tells of
 * the layers comes after them.
 */
static char *member_name(
	struct strata_arena *arena, const struct strata_digest *digest, const char *suffix)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;

	strata_buffer_format(&name, "%s%s", strata_digest_hex(digest), suffix);
	return name.failed ? NULL : strata_arena_string(arena, name.data);
}

static int write_members(struct strata_archive *archive, const struct strata_image *image,
	const struct strata_destination *destination, struct strata_arena *arena,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer manifest = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &manifest};
	const char **layers = strata_arena_array(arena, image->layer_count, sizeof(*layers));
	const char *config = member_name(arena, &image->config.digest, ".json");
	int status = layers && config ? 0 : strata_fail_memory(error);

	for (size_t i = 0; status == 0 && i < image->layer_count; i++) {
		layers[i] = member_name(arena, &image->layers[i].digest, ".tar");
		if (!layers[i])
			status = strata_fail_memory(error);
		else if (!strata_image_repeats_blob(image, i))
			status = strata_archive_blob(archive, layers[i], &image->layers[i], error);
	}
	if (status == 0)
		status = strata_archive_bytes(
			archive, config, image->config.text, image->config.size, error);
	if (status < 0)
		return status;
	strata_image_write_archive_manifest(&json, image, destination, config, layers);
	status = strata_buffer_check(&manifest, error);
	if (status == 0)
		status = strata_archive_bytes(
			archive, "manifest.json", manifest.data, manifest.length, error);
	return status;
}

int strata_write_docker_archive(const struct strata_image *image,
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
