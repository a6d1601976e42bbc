/* SPDX-License-Identifier: Apache-2.0 */
#include "image/inspect/diff.h"

#include <stratapack/plan.h>

#include <stdlib.h>
#include <string.h>

#include "graph/item_name.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

#define NOWHERE SIZE_MAX

/* An item of either image. */
struct item {
	const char *id, *version;
	const char *name; /* what lasts from release to release */
	size_t layer;
	uint32_t next;    /* the next one of the same name, or STRATA_MAP_NONE */
	uint32_t partner; /* in the other image, or STRATA_MAP_NONE */
};

struct side {
	struct item *items;
	uint32_t count;
	struct strata_map by_id, by_name;
};

struct comparison {
	struct strata_diff *diff;
	struct side old, now;
	struct strata_buffer name, version;
};

static void side_release(struct side *side)
{
	free(side->items);
	strata_map_release(&side->by_id);
	strata_map_release(&side->by_name);
}

static int add_item(struct comparison *comparison, struct side *side,
	const struct strata_plan_layer *layer, size_t place, size_t number)
{
	struct item *item = &side->items[side->count];
	const char *id = layer->items[place], *name = id, *version = "";

	if (*id == '/') {
		strata_item_split_name(id, &comparison->name, &comparison->version);
		name = strata_arena_string(&comparison->diff->arena, comparison->name.data);
		version = strata_arena_string(&comparison->diff->arena, comparison->version.data);
	} else if (layer->versions) {
		version = layer->versions[place];
	}
	if (!name || !version || comparison->name.failed || comparison->version.failed)
		return -1;
	*item = (struct item){
		id, version, name, number, strata_map_get(&side->by_name, name), STRATA_MAP_NONE};
	if (strata_map_put(&side->by_id, id, side->count) < 0 ||
		strata_map_put(&side->by_name, name, side->count) < 0)
		return -1;
	side->count++;
	return 0;
}

/* From the last item to the first, so that lists of one name are in their order. */
static int add_items(
	struct comparison *comparison, struct side *side, const struct strata_contents *contents)
{
	size_t count = 0;

	for (size_t layer = 0; layer < contents->count; layer++)
		count += contents->layers[layer].items.item_count;
	side->items = strata_allocate(count, sizeof(*side->items));
	if (!side->items)
		return -1;
	for (size_t layer = contents->count; layer-- > 0;) {
		const struct strata_plan_layer *items = &contents->layers[layer].items;

		for (size_t i = items->item_count; i-- > 0;) {
			if (add_item(comparison, side, items, i, layer) < 0)
				return -1;
		}
	}
	return 0;
}

/* Find for each item the old item that it replaces: the one with the same id, else the first one
 * with the same name that no other item replaces. */
static void find_partners(struct comparison *comparison)
{
	struct side *old = &comparison->old, *now = &comparison->now;

	for (uint32_t i = 0; i < now->count; i++) {
		uint32_t same = strata_map_get(&old->by_id, now->items[i].id);

		now->items[i].partner = same;
		if (same != STRATA_MAP_NONE)
			old->items[same].partner = i;
	}
	for (uint32_t i = now->count; i-- > 0;) {
		uint32_t other;

		if (now->items[i].partner != STRATA_MAP_NONE)
			continue;
		other = strata_map_get(&old->by_name, now->items[i].name);
		while (other != STRATA_MAP_NONE && old->items[other].partner != STRATA_MAP_NONE)
			other = old->items[other].next;
		now->items[i].partner = other;
		if (other != STRATA_MAP_NONE)
			old->items[other].partner = i;
	}
}

static bool is_same_item(const struct item *old, const struct item *now)
{
	return strcmp(old->id, now->id) == 0 &&
	       (!*old->version || !*now->version || strcmp(old->version, now->version) == 0);
}

/* Whether two layers have the same content. In plans, only their items are compared. */
static bool is_same_layer(const struct comparison *comparison,
	const struct strata_contents_layer *old, size_t old_index,
	const struct strata_contents_layer *now, size_t now_index)
{
	size_t same = 0;

	if (*old->digest.text && *now->digest.text)
		return strata_digest_equal(&old->digest, &now->digest);
	if (*old->diff_id.text && *now->diff_id.text)
		return strata_digest_equal(&old->diff_id, &now->diff_id);
	if (old->items.item_count != now->items.item_count || old->customised != now->customised)
		return false;
	for (uint32_t i = 0; i < comparison->now.count; i++) {
		const struct item *item = &comparison->now.items[i];
		const struct item *partner = item->partner == STRATA_MAP_NONE
						     ? NULL
						     : &comparison->old.items[item->partner];

		same += item->layer == now_index && partner && partner->layer == old_index &&
			is_same_item(partner, item);
	}
	return same == now->items.item_count;
}

/* The old layer that layer NUMBER took most items from, or NOWHERE. */
static size_t find_origin(const struct comparison *comparison, size_t number, size_t *counts)
{
	const struct side *now = &comparison->now;
	size_t best = NOWHERE;

	memset(counts, 0, comparison->diff->old->count * sizeof(*counts));
	for (uint32_t i = 0; i < now->count; i++) {
		if (now->items[i].layer == number && now->items[i].partner != STRATA_MAP_NONE)
			counts[comparison->old.items[now->items[i].partner].layer]++;
	}
	for (size_t layer = 0; layer < comparison->diff->old->count; layer++) {
		if (counts[layer] > 0 && (best == NOWHERE || counts[layer] > counts[best]))
			best = layer;
	}
	return best;
}

static void add_reason(struct strata_diff_layer *layer, enum strata_diff_kind kind,
	const struct item *old, const struct item *now)
{
	layer->reasons[layer->reason_count++] = (struct strata_diff_reason){
		.kind = kind,
		.id = now ? now->id : old->id,
		.old = old ? old->version : "",
		.now = now ? now->version : "",
		.other = kind == STRATA_DIFF_LEFT ? now->layer
			 : old                    ? old->layer
						  : 0,
	};
}

/* The most important change comes first: an update before a move. */
static int sort_reasons(struct strata_diff_layer *layer)
{
	strata_autofree struct strata_diff_reason *sorted =
		strata_allocate(layer->reason_count, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		return -1;
	for (int kind = STRATA_DIFF_CHANGED; kind <= STRATA_DIFF_LEFT; kind++) {
		for (size_t i = 0; i < layer->reason_count; i++) {
			if (layer->reasons[i].kind == (enum strata_diff_kind)kind)
				sorted[count++] = layer->reasons[i];
		}
	}
	if (count > 0)
		memcpy(layer->reasons, sorted, count * sizeof(*sorted));
	return 0;
}

/* List the changes of items by which layer NUMBER differs from its old layer. */
static int find_reasons(
	struct comparison *comparison, size_t number, struct strata_diff_layer *layer)
{
	const struct side *old = &comparison->old, *now = &comparison->now;

	layer->reasons = strata_arena_array(
		&comparison->diff->arena, (size_t)old->count + now->count, sizeof(*layer->reasons));
	if (!layer->reasons)
		return -1;
	for (uint32_t i = now->count; i-- > 0;) {
		const struct item *item = &now->items[i], *partner;

		if (item->layer != number)
			continue;
		partner = item->partner == STRATA_MAP_NONE ? NULL : &old->items[item->partner];
		if (!partner)
			add_reason(layer, STRATA_DIFF_ADDED, NULL, item);
		else if (!is_same_item(partner, item))
			add_reason(layer, STRATA_DIFF_CHANGED, partner, item);
		else if (partner->layer != layer->old)
			add_reason(layer, STRATA_DIFF_MOVED, partner, item);
	}
	for (uint32_t i = old->count; i-- > 0 && layer->has_old;) {
		const struct item *item = &old->items[i];

		if (item->layer != layer->old)
			continue;
		if (item->partner == STRATA_MAP_NONE)
			add_reason(layer, STRATA_DIFF_REMOVED, item, NULL);
		else if (now->items[item->partner].layer != number)
			add_reason(layer, STRATA_DIFF_LEFT, item, &now->items[item->partner]);
	}
	return sort_reasons(layer);
}

/* Find the layer of OLD that has the content of NOW in another compression. */
static bool find_content(
	const struct strata_contents *old, const struct strata_contents_layer *now, size_t *index)
{
	for (size_t i = 0; *now->diff_id.text && i < old->count; i++) {
		*index = i;
		if (strata_digest_equal(&old->layers[i].diff_id, &now->diff_id))
			return true;
	}
	return false;
}

static int compare_layers(struct comparison *comparison, size_t *counts)
{
	struct strata_diff *diff = comparison->diff;
	bool prefix = true;

	for (size_t n = 0; n < diff->now->count; n++) {
		const struct strata_contents_layer *now = &diff->now->layers[n];
		struct strata_diff_layer *layer = &diff->layers[n];

		for (size_t o = 0; o < diff->old->count && !layer->reused; o++) {
			layer->reused = is_same_layer(comparison, &diff->old->layers[o], o, now, n);
			layer->has_old = layer->reused;
			layer->old = o;
		}
		prefix = prefix && layer->reused &&
			 (layer->old == n || (n < diff->old->count &&
						     is_same_layer(comparison,
							     &diff->old->layers[n], n, now, n)));
		layer->prefix_reused = prefix;
		diff->total += now->size;
		diff->pulled += layer->reused ? 0 : now->size;
		diff->pulled_layers += !layer->reused;
		diff->pulled_prefix += prefix ? 0 : now->size;
		diff->pulled_prefix_layers += !prefix;
		if (layer->reused)
			continue;
		if (find_content(diff->old, now, &layer->old)) {
			layer->compressed = layer->has_old = true;
			continue;
		}
		layer->old = find_origin(comparison, n, counts);
		layer->has_old = layer->old != NOWHERE;
		if (find_reasons(comparison, n, layer) < 0)
			return -1;
	}
	return 0;
}

static int compare(struct comparison *comparison)
{
	struct strata_diff *diff = comparison->diff;
	strata_autofree size_t *counts = strata_allocate(diff->old->count, sizeof(*counts));

	diff->layers = strata_arena_array(&diff->arena, diff->now->count, sizeof(*diff->layers));
	if (!counts || !diff->layers || add_items(comparison, &comparison->old, diff->old) < 0 ||
		add_items(comparison, &comparison->now, diff->now) < 0)
		return -1;
	find_partners(comparison);
	return compare_layers(comparison, counts);
}

int strata_diff_find(const struct strata_contents *old, const struct strata_contents *now,
	struct strata_diff *diff, struct strata_error *error)
{
	struct comparison comparison = {
		.diff = diff, .name = STRATA_BUFFER_INIT, .version = STRATA_BUFFER_INIT};
	int status;

	*diff = (struct strata_diff){.old = old, .now = now};
	status = compare(&comparison) < 0 ? strata_fail_memory(error) : 0;
	side_release(&comparison.old);
	side_release(&comparison.now);
	strata_buffer_release(&comparison.name);
	strata_buffer_release(&comparison.version);
	return status;
}

void strata_diff_release(struct strata_diff *diff)
{
	strata_arena_free(&diff->arena);
	diff->arena = (struct strata_arena)STRATA_ARENA_INIT;
}

int strata_image_diff(
	const char *old_source, const char *new_source, char **json, struct strata_error *error)
{
	strata_autocontents struct strata_contents old = STRATA_CONTENTS_INIT;
	strata_autocontents struct strata_contents now = STRATA_CONTENTS_INIT;
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;
	struct strata_diff diff = {.old = NULL};
	int status = strata_contents_read(old_source, &old, error);

	if (status == 0)
		status = strata_contents_read(new_source, &now, error);
	if (status == 0)
		status = strata_diff_find(&old, &now, &diff, error);
	if (status == 0)
		strata_diff_json(&diff, &buffer);
	strata_diff_release(&diff);
	if (status == 0)
		status = strata_buffer_check(&buffer, error);
	if (status < 0)
		return status;
	*json = strata_buffer_take(&buffer);
	return *json ? 0 : strata_fail_memory(error);
}
