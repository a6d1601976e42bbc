/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/catalogue/keys.h"

#include <string.h>

#include "util/buffer.h"
#include "util/error.h"

#define SEVERAL (UINT32_MAX - 1)

/* Count KEY as one that ITEM could have. */
static int count_key(
	struct strata_map *uses, const char *key, uint32_t item, struct strata_error *error)
{
	bool known = strata_map_get(uses, key) != STRATA_MAP_NONE;

	return strata_map_put(uses, key, known ? SEVERAL : item) < 0 ? strata_fail_memory(error)
								     : 0;
}

static const char *name_and_version(
	struct strata_keys *keys, const struct strata_item *item, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	const char *copy = NULL;

	strata_buffer_format(&text, "%s-%s", item->name, item->version);
	if (!text.failed)
		copy = strata_arena_string(&keys->arena, text.data);
	if (!copy)
		strata_fail_memory(error);
	return copy;
}

/* Chain the items of each name, ascending. */
static int chain_names(struct strata_keys *keys, struct strata_error *error)
{
	for (uint32_t i = strata_graph_count(keys->graph); i-- > 0;) {
		const char *name = strata_graph_item(keys->graph, i)->name;

		keys->next[i] = strata_map_get(&keys->names, name);
		if (strata_map_put(&keys->names, name, i) < 0)
			return strata_fail_memory(error);
	}
	return 0;
}

static int choose_keys(
	struct strata_keys *keys, struct strata_map *uses, struct strata_error *error)
{
	uint32_t count = strata_graph_count(keys->graph);
	int status = 0;

	for (uint32_t i = 0; status == 0 && i < count; i++) {
		const struct strata_item *item = strata_graph_item(keys->graph, i);

		status = count_key(uses, item->name, i, error);
		keys->of_item[i] = name_and_version(keys, item, error);
		if (!keys->of_item[i])
			return STRATA_ERROR_MEMORY;
		if (status == 0)
			status = count_key(uses, keys->of_item[i], i, error);
		if (status == 0 && strcmp(item->id, item->name) != 0)
			status = count_key(uses, item->id, i, error);
	}
	for (uint32_t i = 0; status == 0 && i < count; i++) {
		const struct strata_item *item = strata_graph_item(keys->graph, i);

		if (strata_map_get(uses, item->name) == i)
			keys->of_item[i] = item->name;
		else if (strata_map_get(uses, keys->of_item[i]) != i)
			keys->of_item[i] = item->id;
		if (strata_map_put(&keys->items, keys->of_item[i], i) < 0)
			return strata_fail_memory(error);
	}
	return status;
}

int strata_keys_make(
	struct strata_keys *keys, const struct strata_graph *graph, struct strata_error *error)
{
	strata_automap struct strata_map uses = STRATA_MAP_INIT;
	uint32_t count = strata_graph_count(graph);
	int status;

	keys->graph = graph;
	keys->of_item = strata_allocate(count, sizeof(*keys->of_item));
	keys->next = strata_allocate(count, sizeof(*keys->next));
	if (!keys->of_item || !keys->next)
		return strata_fail_memory(error);
	status = chain_names(keys, error);
	return status < 0 ? status : choose_keys(keys, &uses, error);
}

uint32_t strata_keys_find(const struct strata_keys *keys, const char *key)
{
	uint32_t item = strata_map_get(&keys->items, key);

	return item != STRATA_MAP_NONE ? item : strata_map_get(&keys->names, key);
}

uint32_t strata_keys_next(const struct strata_keys *keys, const char *key, uint32_t item)
{
	return strata_map_get(&keys->items, key) != STRATA_MAP_NONE ? STRATA_GRAPH_NONE
								    : keys->next[item];
}

void strata_keys_release(struct strata_keys *keys)
{
	free(keys->of_item);
	free(keys->next);
	strata_map_release(&keys->items);
	strata_map_release(&keys->names);
	strata_arena_free(&keys->arena);
}
