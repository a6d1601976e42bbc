/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/local_search.h"

#include <string.h>

#include "fleet/search/layer_parts.h"
#include "fleet/search/price.h"
#include "model/causes.h"
#include "util/compare.h"
#include "util/observer.h"

enum {
	PASSES = 64,
	MOVES_OF_A_LAYER = 64, /* in one pass */
	SCANNED_IMAGES = 24,   /* of a layer, in search of other layers */
};

/* The most moves that are weighed, which takes some seconds. Small fleets need far fewer. */
#define MOST_MOVES UINT64_C(20000000)

struct improving {
	struct strata_layout *layout;
	const uint32_t *bounds;
	uint64_t *common;
	uint64_t *chosen; /* of the best move */
	uint64_t *news;   /* images that changed */
	struct strata_parts parts;

	uint32_t *seen; /* for each layer, the search that saw it last */
	size_t seen_capacity;
	uint32_t search;

	/* A layer is looked at again only in images that changed since then, and only with those of
	 * their layers that changed. */
	uint32_t *examined; /* for each layer, the time when it was looked at */
	size_t examined_capacity;
	uint64_t weighed;

	int64_t best;
	uint32_t best_part, best_target;
};

static void release_improving(struct improving *improving)
{
	free(improving->common);
	free(improving->chosen);
	free(improving->news);
	strata_parts_release(&improving->parts);
	free(improving->seen);
	free(improving->examined);
}

static bool is_open(const struct improving *improving, uint32_t image)
{
	const uint64_t *settled = improving->layout->settled;

	return !settled || !strata_images_has(settled, image);
}

static void keep_best(struct improving *improving, int64_t gain, uint32_t part, uint32_t target)
{
	if (gain >= improving->best)
		return;
	improving->best = gain;
	improving->best_part = part;
	improving->best_target = target;
	memcpy(improving->chosen, improving->common,
		improving->layout->model->words * sizeof(*improving->chosen));
}

/* The cost of layer TARGET (NULL: a new layer) with PART for IMAGES, of WEIGHT together. A cost of
 * LIMIT or more is not worked out: any number from LIMIT on stands for it. */
static int64_t price_result(const struct improving *improving, const struct strata_layer_part *part,
	const struct strata_fleet_layer *target, const uint64_t *images, uint64_t weight,
	int64_t limit)
{
	const struct strata_layout *layout = improving->layout;
	struct strata_hazard added;
	struct strata_prospect result;
	struct strata_fleet_layer like = {.size = part->size,
		.hash = part->hash,
		.atom_count = part->count,
		.dirty = part->dirty};

	if (!target) {
		result = strata_prospect_find(layout, &like);
		return strata_price_joining(layout, &result, images, weight);
	}
	like.size += target->size;
	like.hash += target->hash;
	like.atom_count += target->atom_count;
	like.dirty = target->dirty > part->dirty ? target->dirty : part->dirty;
	result = strata_prospect_find(layout, &like);
	if (!result.known) {
		int64_t least = strata_price_joining(layout, &result, images, weight);
		uint64_t dirty = target->dirty;

		if (least >= limit)
			return least;
		added = strata_cause_set_added(
			layout->model->hazards, &target->causes, part->causes);
		if (added.single != 0 || added.batch != 0)
			dirty = strata_churn_dirty(
				layout->model->churn, strata_hazard_add(target->hazard, added));
		result.price = strata_fleet_model_price(layout->model, like.size, dirty, false);
	}
	return strata_price_joining(layout, &result, images, weight);
}

/* Weigh the moves of all parts from LAYER to TARGET (STRATA_LAYER_NONE: a layer of their own) for
 * the images in `common`. */
static void weigh(
	struct improving *improving, const struct strata_fleet_layer *layer, uint32_t target)
{
	const struct strata_layout *layout = improving->layout;
	const struct strata_fleet_layer *other =
		target != STRATA_LAYER_NONE ? &layout->layers[target] : NULL;
	const uint64_t *images = improving->common;
	uint64_t weight = strata_fleet_model_weight(layout->model, images);
	int64_t leaving = strata_price_leaving(layout, layer, images, weight);

	if (other)
		leaving += strata_price_leaving(layout, other, images, weight);
	for (uint32_t p = 0; p < improving->parts.count; p++) {
		const struct strata_layer_part *part = &improving->parts.list[p];
		int64_t change = leaving;

		if (part->count < layer->atom_count)
			change += strata_price_joining(layout, &part->rest, images, weight);
		else if (!other)
			continue;
		if (change >= improving->best)
			continue;
		change += price_result(
			improving, part, other, images, weight, improving->best - change);
		keep_best(improving, change, p, target);
	}
	improving->weighed += improving->parts.count;
}

static void weigh_image(struct improving *improving, uint32_t layer, uint32_t image)
{
	const struct strata_layout *layout = improving->layout;
	const struct strata_layer_list *list = &layout->lists[image];
	const struct strata_fleet_layer *from = &layout->layers[layer];
	uint32_t since = improving->examined[layer];

	for (uint32_t l = 0; l < list->count; l++) {
		uint32_t target = list->layers[STRATA_ORDER_DIRTY][l];
		const struct strata_fleet_layer *to = &layout->layers[target];

		if (target == layer || to->locked || improving->seen[target] == improving->search ||
			(from->version <= since && to->version <= since))
			continue;
		improving->seen[target] = improving->search;
		for (size_t w = 0; w < layout->model->words; w++)
			improving->common[w] =
				from->images[w] & to->images[w] & strata_layout_open(layout, w);
		weigh(improving, from, target);
	}
}

static int make_room(struct improving *improving, struct strata_error *error)
{
	size_t count = improving->layout->layer_count;
	size_t seen = improving->seen_capacity, examined = improving->examined_capacity;

	if (count <= seen && count <= examined)
		return 0;
	if (strata_grow(&improving->seen, &improving->seen_capacity, count,
		    sizeof(*improving->seen)) < 0 ||
		strata_grow(&improving->examined, &improving->examined_capacity, count,
			sizeof(*improving->examined)) < 0)
		return strata_fail_memory(error);
	memset(improving->seen + seen, 0,
		(improving->seen_capacity - seen) * sizeof(*improving->seen));
	memset(improving->examined + examined, 0,
		(improving->examined_capacity - examined) * sizeof(*improving->examined));
	return 0;
}

/* Whether IMAGE is one to look at for LAYER: something moved in it since. */
static bool is_news(const struct improving *improving, uint32_t layer, uint32_t image)
{
	return strata_images_has(improving->news, image) &&
	       improving->layout->lists[image].version > improving->examined[layer];
}

/* Find the best move out of LAYER, in the NEWS images that are to be looked at for it. */
static void find_best(struct improving *improving, uint32_t layer, uint32_t news)
{
	struct strata_layout *layout = improving->layout;
	const struct strata_fleet_layer *from = &layout->layers[layer];
	size_t words = layout->model->words;
	uint32_t number = 0;
	bool room = false;

	improving->search++;
	improving->best = 0;
	STRATA_FOR_EACH_IMAGE(image, from->images, words)
	{
		if (!is_news(improving, layer, (uint32_t)image))
			continue;
		if (news <= SCANNED_IMAGES ||
			(uint64_t)number * SCANNED_IMAGES % news < SCANNED_IMAGES)
			weigh_image(improving, layer, (uint32_t)image);
		number++;
	}
	memset(improving->common, 0, words * sizeof(*improving->common));
	STRATA_FOR_EACH_IMAGE(image, from->images, words)
	{
		if (is_open(improving, (uint32_t)image) &&
			layout->lists[image].count < improving->bounds[image]) {
			strata_images_add(improving->common, (uint32_t)image);
			room = true;
		}
	}
	if (room)
		weigh(improving, from, STRATA_LAYER_NONE);
}

/* Give the chosen images the layer of COUNT ATOMS, in any order. */
static int give(
	struct improving *improving, uint32_t *atoms, uint32_t count, struct strata_error *error)
{
	uint32_t layer;
	int status;

	qsort(atoms, count, sizeof(*atoms), strata_compare_indices);
	status = strata_layout_layer(improving->layout, atoms, count, &layer, error);
	return status < 0 ? status
			  : strata_layout_give(improving->layout, layer, improving->chosen, error);
}

/* Make the best move out of LAYER. */
static int move(struct improving *improving, uint32_t layer, struct strata_error *error)
{
	struct strata_layout *layout = improving->layout;
	const struct strata_layer_part *part = &improving->parts.list[improving->best_part];
	uint32_t target = improving->best_target, count = layout->layers[layer].atom_count;
	uint32_t target_count = target != STRATA_LAYER_NONE ? layout->layers[target].atom_count : 0;
	strata_autofree uint32_t *rest = strata_allocate(count, sizeof(*rest));
	strata_autofree uint32_t *moved =
		strata_allocate((size_t)part->count + target_count, sizeof(*moved));
	uint32_t kept = 0;
	int status;

	if (!rest || !moved)
		return strata_fail_memory(error);
	for (uint32_t a = 0; a < count; a++) {
		if (a < part->start || a >= part->start + part->count)
			rest[kept++] = improving->parts.order[a];
	}
	memcpy(moved, improving->parts.order + part->start, part->count * sizeof(*moved));
	if (target_count > 0)
		memcpy(moved + part->count, layout->layers[target].atoms,
			target_count * sizeof(*moved));
	status = kept > 0 ? give(improving, rest, kept, error) : 0;
	if (status == 0)
		status = give(improving, moved, part->count + target_count, error);
	if (status == 0)
		status = strata_layout_take(layout, layer, improving->chosen, error);
	if (status == 0 && target != STRATA_LAYER_NONE)
		status = strata_layout_take(layout, target, improving->chosen, error);
	return status;
}

/* The images of LAYER in which something moved since it was looked at. */
static uint32_t count_news(const struct improving *improving, uint32_t layer)
{
	const struct strata_layout *layout = improving->layout;
	const uint64_t *images = layout->layers[layer].images;
	uint32_t count = 0;

	for (size_t w = 0; w < layout->model->words; w++) {
		for (uint64_t bits = images[w] & improving->news[w]; bits != 0; bits &= bits - 1)
			count += is_news(improving, layer,
				(uint32_t)(w * 64) + (unsigned)__builtin_ctzll(bits));
	}
	return count;
}

/* Make moves out of LAYER while it gains. *MOVED becomes true where one was made. */
static int improve_layer(
	struct improving *improving, uint32_t layer, bool *moved, struct strata_error *error)
{
	struct strata_layout *layout = improving->layout;

	for (int moves = 0; moves < MOVES_OF_A_LAYER; moves++) {
		uint32_t news;
		int status;

		if (!layout->layers[layer].alive || layout->layers[layer].locked ||
			improving->weighed > MOST_MOVES)
			return 0;
		status = make_room(improving, error);
		if (status < 0)
			return status;
		news = count_news(improving, layer);
		if (news == 0)
			return 0;
		status = strata_parts_find(&improving->parts, &layout->layers[layer], error);
		if (status < 0)
			return status;
		find_best(improving, layer, news);
		if (improving->best == 0) {
			improving->examined[layer] = layout->time;
			return 0;
		}
		status = move(improving, layer, error);
		if (status < 0)
			return status;
		for (size_t w = 0; w < layout->model->words; w++)
			improving->news[w] |= improving->chosen[w];
		*moved = true;
	}
	return 0;
}

int strata_fleet_improve(struct strata_layout *layout, const uint32_t *bounds, uint32_t since,
	const struct strata_observer *observer, struct strata_error *error)
{
	size_t words = layout->model->words;
	STRATA_CLEANUP(release_improving)
	struct improving improving = {
		.layout = layout,
		.bounds = bounds,
		.common = strata_allocate(words, sizeof(uint64_t)),
		.chosen = strata_allocate(words, sizeof(uint64_t)),
		.news = strata_allocate(words, sizeof(uint64_t)),
	};
	bool moved = true;
	int status = strata_parts_init(&improving.parts, layout, error);

	if (status < 0)
		return status;
	if (!improving.common || !improving.chosen || !improving.news)
		return strata_fail_memory(error);
	status = make_room(&improving, error);
	for (uint32_t l = 0; status == 0 && l < layout->layer_count; l++)
		improving.examined[l] = since;
	for (uint32_t i = 0; i < layout->model->image_count; i++) {
		if (layout->lists[i].version > since && is_open(&improving, i))
			strata_images_add(improving.news, i);
	}
	for (int pass = 0; status == 0 && moved && pass < PASSES; pass++) {
		moved = false;
		for (uint32_t l = 0; status == 0 && l < layout->layer_count; l++) {
			status = strata_check_cancelled(observer, error);
			if (status == 0)
				status = improve_layer(&improving, l, &moved, error);
		}
	}
	return status;
}
