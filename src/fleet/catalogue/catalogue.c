/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "fleet/catalogue/catalogue.h"
#include "fleet/catalogue/keys.h"
#include "util/buffer.h"
#include "util/compare.h"
#include "util/error.h"
#include "util/sha256.h"

struct strata_catalogue *strata_catalogue_new(struct strata_error *error)
{
	struct strata_catalogue *catalogue = calloc(1, sizeof(*catalogue));

	if (catalogue)
		catalogue->arena = calloc(1, sizeof(*catalogue->arena));
	if (catalogue && catalogue->arena)
		return catalogue;
	free(catalogue);
	strata_fail_memory(error);
	return NULL;
}

void strata_catalogue_free(struct strata_catalogue *catalogue)
{
	if (!catalogue)
		return;
	strata_arena_free(catalogue->arena);
	free(catalogue->arena);
	free(catalogue);
}

void strata_cleanup_catalogue(struct strata_catalogue **catalogue)
{
	strata_catalogue_free(*catalogue);
}

int strata_catalogue_content(const struct strata_graph *graph, const uint32_t *items,
	uint32_t count, char content[STRATA_SHA256_HEX_SIZE], struct strata_error *error)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	for (uint32_t i = 0; i < count; i++) {
		const struct strata_item *item = strata_graph_item(graph, items[i]);

		strata_buffer_format(&text, "%s\n%s\n%s\n", item->id, item->version,
			item->identity ? item->identity : "");
	}
	if (strata_buffer_check(&text, error) < 0)
		return STRATA_ERROR_MEMORY;
	return strata_sha256_of(text.data, text.length, content, error);
}

struct making {
	const struct strata_fleet_plan *plan;
	struct strata_catalogue *catalogue;
	struct strata_keys keys;
};

static int copy_items(struct making *making, const uint32_t *items, uint32_t count,
	struct strata_catalogue_group *group, struct strata_error *error)
{
	struct strata_arena *arena = making->catalogue->arena;
	const char **keys = strata_arena_array(arena, count, sizeof(*keys));
	char content[STRATA_SHA256_HEX_SIZE];
	int status =
		strata_catalogue_content(making->plan->fleet->graph, items, count, content, error);

	if (status < 0)
		return status;
	group->content = strata_arena_string(arena, content);
	if (!keys || !group->content)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < count; i++) {
		keys[i] = strata_arena_string(arena, making->keys.of_item[items[i]]);
		if (!keys[i])
			return strata_fail_memory(error);
	}
	qsort(keys, count, sizeof(*keys), strata_compare_strings);
	group->items = keys;
	group->item_count = count;
	return 0;
}

static int copy_names(struct making *making, struct strata_error *error)
{
	const struct strata_fleet_plan *plan = making->plan;
	struct strata_catalogue *catalogue = making->catalogue;
	size_t count = plan->fleet->image_count;
	const char **names = strata_arena_array(catalogue->arena, count, sizeof(*names));

	for (size_t i = 0; names && i < count; i++) {
		names[i] = strata_arena_string(catalogue->arena, plan->fleet->images[i].name);
		if (!names[i])
			names = NULL;
	}
	if (!names)
		return strata_fail_memory(error);
	/* Images are sorted, so the groups' lists come to be. */
	for (size_t i = 0; i < count; i++) {
		for (uint32_t l = 0; l < plan->partitions[i].layer_count; l++) {
			struct strata_catalogue_group *group =
				&catalogue->groups[plan->layers[i][l]];
			const char **images = (const char **)group->images;

			images[group->image_count++] = names[i];
		}
	}
	return 0;
}

static int make_groups(struct making *making, struct strata_error *error)
{
	const struct strata_fleet_plan *plan = making->plan;
	struct strata_catalogue *catalogue = making->catalogue;
	strata_autofree uint32_t *uses = strata_allocate(plan->layer_count, sizeof(*uses));

	catalogue->group_count = plan->layer_count;
	catalogue->groups =
		strata_arena_array(catalogue->arena, plan->layer_count, sizeof(*catalogue->groups));
	if (!uses || !catalogue->groups)
		return strata_fail_memory(error);
	for (size_t i = 0; i < plan->fleet->image_count; i++) {
		const struct strata_partition *partition = &plan->partitions[i];

		for (uint32_t l = 0; l < partition->layer_count; l++) {
			uint32_t start = l > 0 ? partition->ends[l - 1] : 0;
			struct strata_catalogue_group *group =
				&catalogue->groups[plan->layers[i][l]];
			int status = 0;

			if (uses[plan->layers[i][l]]++ == 0)
				status = copy_items(making, partition->order + start,
					partition->ends[l] - start, group, error);
			if (status < 0)
				return status;
		}
	}
	for (uint32_t l = 0; l < plan->layer_count; l++) {
		catalogue->groups[l].images =
			strata_arena_array(catalogue->arena, uses[l], sizeof(char *));
		if (!catalogue->groups[l].images)
			return strata_fail_memory(error);
	}
	return copy_names(making, error);
}

int strata_catalogue_make(const struct strata_fleet_plan *plan, struct strata_catalogue **catalogue,
	struct strata_error *error)
{
	strata_autocatalogue struct strata_catalogue *made = strata_catalogue_new(error);
	struct making making = {plan, made, STRATA_KEYS_INIT};
	int status;

	if (!made)
		return STRATA_ERROR_MEMORY;
	made->storage_weight = plan->options.storage_weight;
	made->request = plan->options.request;
	status = strata_keys_make(&making.keys, plan->fleet->graph, error);
	if (status == 0)
		status = make_groups(&making, error);
	strata_keys_release(&making.keys);
	if (status < 0)
		return status;
	*catalogue = strata_take(made);
	return 0;
}
