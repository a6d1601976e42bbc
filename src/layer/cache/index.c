/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "layer/cache/cache.h"
#include "layer/cache/index.h"
#include "oci/media_types.h"
#include "util/file.h"

/* Manifests and indices of registries are no larger. */
enum { LARGEST_DOCUMENT = 4 << 20 };

static const char *hex_of(const struct strata_json *descriptor, struct strata_digest *digest)
{
	const char *text = strata_json_string(strata_json_member(descriptor, "digest"));

	return text && strata_digest_parse(text, digest) ? strata_digest_hex(digest) : NULL;
}

static bool is_kept(const struct strata_map *kept, const struct strata_json *descriptor)
{
	struct strata_digest digest;
	const char *hex = hex_of(descriptor, &digest);

	return hex && strata_map_get(kept, hex) != STRATA_MAP_NONE;
}

static int keep(struct strata_arena *arena, struct strata_map *kept,
	const struct strata_json *descriptor, struct strata_error *error)
{
	struct strata_digest digest;
	const char *hex = hex_of(descriptor, &digest);
	char *name = hex ? strata_arena_string(arena, hex) : NULL;

	if (!hex)
		return 0;
	return name && strata_map_put(kept, name, 0) == 0 ? 0 : strata_fail_memory(error);
}

/* Whether all layers of the image stay; then its config and manifest stay too. */
static int keep_image(const struct strata_cache *cache, const struct strata_json *descriptor,
	struct strata_arena *arena, struct strata_map *kept, bool *stays,
	struct strata_error *error)
{
	strata_autojson struct strata_json *manifest = NULL;
	struct strata_digest digest;
	const char *hex = hex_of(descriptor, &digest);
	strata_autofree char *path = hex ? strata_path_join(cache->blobs, hex) : NULL;
	const struct strata_json *layers;
	int status;

	*stays = path && strata_json_load(path, LARGEST_DOCUMENT, &manifest, NULL) == 0;
	layers = *stays ? strata_json_member(manifest, "layers") : NULL;
	for (size_t i = 0; *stays && i < strata_json_count(layers); i++)
		*stays = is_kept(kept, strata_json_at(layers, i));
	if (!*stays)
		return 0;
	status = keep(arena, kept, descriptor, error);
	if (status == 0)
		status = keep(arena, kept, strata_json_member(manifest, "config"), error);
	return status;
}

int strata_cache_prune_index(const struct strata_cache *cache, struct strata_arena *arena,
	struct strata_map *kept, struct strata_error *error)
{
	strata_autofree char *path = strata_path_join(cache->path, "index.json");
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	struct strata_json_writer json = {.buffer = &text};
	strata_autojson struct strata_json *index = NULL;
	const struct strata_json *manifests;
	int status = path ? strata_json_load(path, LARGEST_DOCUMENT, &index, error)
			  : strata_fail_memory(error);

	if (status < 0)
		return status;
	manifests = strata_json_member(index, "manifests");
	strata_json_begin_object(&json);
	strata_json_member_size(&json, "schemaVersion", 2);
	strata_json_member_string(&json, "mediaType", STRATA_MEDIA_OCI_INDEX);
	strata_json_key(&json, "manifests");
	strata_json_begin_array(&json);
	for (size_t i = 0; status == 0 && i < strata_json_count(manifests); i++) {
		const struct strata_json *descriptor = strata_json_at(manifests, i);
		bool stays = false;

		status = keep_image(cache, descriptor, arena, kept, &stays, error);
		if (status == 0 && stays)
			status = strata_json_write_value(&json, descriptor, error);
	}
	strata_json_end_array(&json);
	strata_json_end_object(&json);
	if (status == 0)
		status = strata_buffer_check(&text, error);
	return status < 0 ? status
			  : strata_file_place(cache->path, path, text.data, text.length, error);
}
