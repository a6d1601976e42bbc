/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry in an image's history with the versions of its items. It is no layer's, and it is no
 * label, since containerd starts no container of an image with a label of more than 4,096 bytes.
 */
#include <string.h>

#include "image/provenance/provenance.h"
#include "util/error.h"

/* Bytes of that entry: a registry takes a config of 4 MiB, and the history may have half of it. */
enum { LONGEST_TEXT = 1024 * 1024 };

static void write_versions(struct strata_buffer *text, const struct strata_plan *plan)
{
	for (size_t layer = 0; layer < plan->layer_count; layer++) {
		const struct strata_plan_layer *items = &plan->layers[layer];

		for (size_t i = 0; items->versions && i < items->item_count; i++) {
			/* What would not be read back as it is. */
			if (!*items->versions[i] || strpbrk(items->items[i], " =") ||
				strchr(items->versions[i], ' '))
				continue;
			strata_buffer_format(text, "%s%s=%s", text->length > 0 ? " " : "",
				items->items[i], items->versions[i]);
		}
	}
}

bool strata_provenance_write_versions(
	struct strata_buffer *text, const struct strata_plan *plan, const char *inherited)
{
	size_t start = text->length;

	if (inherited)
		strata_buffer_string(text, inherited);
	if (plan)
		write_versions(text, plan);
	if (text->length - start <= LONGEST_TEXT)
		return text->length > start;
	strata_buffer_truncate(text, start);
	return false;
}

static size_t count_pairs(const char *text)
{
	size_t count = 0;

	for (const char *at = text; *at; at++)
		count += *at == '=';
	return count;
}

int strata_provenance_read_versions(const char *text, struct strata_arena *arena,
	struct strata_told_versions *versions, struct strata_error *error)
{
	size_t count = 0;

	versions->list = strata_arena_array(arena, count_pairs(text), sizeof(*versions->list));
	if (!versions->list)
		return strata_fail_memory(error);
	for (const char *at = text + strspn(text, " "); *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		char *id = strata_arena_bytes(arena, at, length);
		char *equals = id ? strchr(id, '=') : NULL;

		if (!id)
			return strata_fail_memory(error);
		at += length;
		if (!equals)
			continue;
		*equals = '\0';
		versions->list[count] = equals + 1;
		if (strata_map_put(&versions->by_id, id, (uint32_t)count++) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

int strata_provenance_apply_versions(const struct strata_told_versions *versions,
	struct strata_arena *arena, struct strata_plan_layer *layer, struct strata_error *error)
{
	const char **of_layer = strata_arena_array(arena, layer->item_count, sizeof(*of_layer));

	if (!of_layer)
		return strata_fail_memory(error);
	for (size_t i = 0; i < layer->item_count; i++) {
		uint32_t place = strata_map_get(&versions->by_id, layer->items[i]);

		of_layer[i] = place == STRATA_MAP_NONE ? "" : versions->list[place];
	}
	layer->versions = of_layer;
	return 0;
}

void strata_provenance_release_versions(struct strata_told_versions *versions)
{
	strata_map_release(&versions->by_id);
}
