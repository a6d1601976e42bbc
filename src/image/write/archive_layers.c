/* SPDX-License-Identifier: Apache-2.0 */
#include "image/write/archive_layers.h"

int strata_archive_layers_add(struct strata_archive_layers *layers, struct strata_archive *archive,
	const struct strata_layer *layer, const char *prefix, const char *suffix,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer name = STRATA_BUFFER_INIT;
	char *member;

	strata_buffer_format(&name, "%s%s%s", prefix, strata_digest_hex(&layer->digest), suffix);
	if (strata_buffer_check(&name, error) < 0)
		return STRATA_ERROR_MEMORY;
	if (archive->mode == STRATA_ARCHIVE_MEASURED)
		return strata_archive_blob(archive, name.data, layer, error);
	member = strata_arena_string(&layers->arena, name.data);
	if (!member || strata_grow(&layers->members, &layers->capacity, layers->count + 1,
			       sizeof(*layers->members)) < 0)
		return strata_fail_memory(error);
	layers->members[layers->count++] = member;
	if (strata_map_get(&layers->seen, member) != STRATA_MAP_NONE) {
		strata_archive_skip_blob(archive);
		return 0;
	}
	if (strata_map_put(&layers->seen, member, 0) < 0)
		return strata_fail_memory(error);
	return strata_archive_blob(archive, member, layer, error);
}

void strata_archive_layers_release(struct strata_archive_layers *layers)
{
	strata_arena_free(&layers->arena);
	strata_map_release(&layers->seen);
	free(layers->members);
}
