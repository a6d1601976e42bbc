/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/agglomeration.h"

#include <string.h>

#include "fleet/search/price.h"
#include "model/causes.h"
#include "util/observer.h"

enum {
	WINDOW = 16,       /* neighbours on either side, in each order, that are candidates */
	NARROW_WINDOW = 8, /* in large fleets */
	NARROWEST_WINDOW = 4,
	MANY_LAYERS = 65536, /* of all images together: a large fleet */
	SCANNED_IMAGES = 12, /* of one layer, at most, in search of candidates */
};

/* The best merge known for the layer `left`. Valid while the versions are those of the layers. */
struct candidate {
	int64_t key; /* cost for each image relieved */
	uint32_t left, right;
	uint32_t left_version, right_version;
};

struct merging {
	struct strata_layout *layout;
	const uint32_t *bounds;
	const struct strata_merge_options *options;
	uint32_t window;
	uint64_t *over;   /* images that a merge relieves */
	uint64_t *common; /* images of the merge that is looked at */
	uint64_t *chosen; /* and those for which it is best */

	struct candidate *heap;
	size_t heap_count, heap_capacity;

	uint32_t *seen; /* for each layer, the search that saw it last */
	size_t seen_capacity;
	uint32_t search;
};

static void release_merging(struct merging *merging)
{
	free(merging->over);
	free(merging->common);
	free(merging->chosen);
	free(merging->heap);
	free(merging->seen);
}

static bool comes_before(const struct candidate *a, const struct candidate *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	if (a->left != b->left)
		return a->left < b->left;
	return a->right < b->right;
}

static int push(
	struct merging *merging, const struct candidate *candidate, struct strata_error *error)
{
	size_t at = merging->heap_count;

	if (strata_grow(&merging->heap, &merging->heap_capacity, at + 1, sizeof(*candidate)) < 0)
		return strata_fail_memory(error);
	merging->heap_count++;
	while (at > 0 && comes_before(candidate, &merging->heap[(at - 1) / 2])) {
		merging->heap[at] = merging->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	merging->heap[at] = *candidate;
	return 0;
}

static struct candidate pop(struct merging *merging)
{
	struct candidate first = merging->heap[0], last = merging->heap[--merging->heap_count];
	size_t at = 0, count = merging->heap_count;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count &&
			comes_before(&merging->heap[child + 1], &merging->heap[child]))
			child++;
		if (!comes_before(&merging->heap[child], &last))
			break;
		merging->heap[at] = merging->heap[child];
		at = child;
	}
	if (count > 0)
		merging->heap[at] = last;
	return first;
}

/* A merge that is looked at, of A and B. */
struct prospect_of_merge {
	const struct strata_fleet_layer *a, *b;
	struct strata_prospect merged;
	uint32_t relieved; /* images over their bounds that have both */
	bool is_private;   /* others have both, too */
};

/* Find in `common` the images that have both layers, in `chosen` those that the merge relieves.
 * Returns false where there are none. */
static bool find_images(struct merging *merging, struct prospect_of_merge *merge)
{
	uint64_t others = 0;

	merge->relieved = 0;
	for (size_t w = 0; w < merging->layout->model->words; w++) {
		uint64_t common = merge->a->images[w] & merge->b->images[w] &
				  strata_layout_open(merging->layout, w);
		uint64_t chosen = common & merging->over[w];

		merging->common[w] = common;
		merging->chosen[w] = chosen;
		others |= common & ~chosen;
		if (chosen != 0)
			merge->relieved += (uint32_t)__builtin_popcountll(chosen);
	}
	merge->is_private = others != 0;
	return merge->relieved > 0;
}

/* The layer that the merge gives, as if it had the causes of the worse one only. */
static void look_for_union(const struct strata_layout *layout, struct prospect_of_merge *merge)
{
	const struct strata_fleet_layer *a = merge->a, *b = merge->b;
	struct strata_fleet_layer like = {.size = a->size + b->size,
		.dirty = a->dirty > b->dirty ? a->dirty : b->dirty,
		.hash = a->hash + b->hash,
		.atom_count = a->atom_count + b->atom_count};

	merge->merged = strata_prospect_find(layout, &like);
}

/* Unite the causes, which takes longer. */
static void unite_causes(const struct strata_layout *layout, struct prospect_of_merge *merge)
{
	const struct strata_fleet_layer *a = merge->a, *b = merge->b;
	const struct strata_fleet_layer *base = a->causes.count < b->causes.count ? b : a;
	const struct strata_fleet_layer *other = base == a ? b : a;
	struct strata_hazard hazard =
		strata_cause_set_added(layout->model->hazards, &base->causes, &other->causes);
	uint64_t dirty = base->dirty;

	if (hazard.single != 0 || hazard.batch != 0)
		dirty = strata_churn_dirty(
			layout->model->churn, strata_hazard_add(base->hazard, hazard));
	merge->merged.price =
		strata_fleet_model_price(layout->model, a->size + b->size, dirty, false);
}

/* What the merge costs for IMAGES. */
static int64_t price_merge(const struct strata_layout *layout,
	const struct prospect_of_merge *merge, const uint64_t *images)
{
	uint64_t weight = strata_fleet_model_weight(layout->model, images);

	return strata_price_joining(layout, &merge->merged, images, weight) +
	       strata_price_leaving(layout, merge->a, images, weight) +
	       strata_price_leaving(layout, merge->b, images, weight);
}

/* What COST is for each of COUNT images that are relieved. */
static int64_t spread(const struct merging *merging, int64_t cost, uint32_t count)
{
	int64_t each = cost / (int64_t)count, factor;

	if (!merging->options->eager)
		return each;
	factor = merging->layout->model->factors[count];
	return (each >> 16) * factor + ((each & 0xffff) * factor >> 16);
}

/* What the merge costs for the images that it is best for: `chosen`, or `common`, which is then
 * copied there. */
static int64_t price_best(struct merging *merging, const struct prospect_of_merge *merge, bool copy)
{
	const struct strata_layout *layout = merging->layout;
	int64_t cost = price_merge(layout, merge, merging->chosen);

	if (merge->is_private) {
		int64_t whole = price_merge(layout, merge, merging->common);

		if (whole <= cost && copy)
			memcpy(merging->chosen, merging->common,
				layout->model->words * sizeof(*merging->chosen));
		if (whole <= cost)
			cost = whole;
	}
	return spread(merging, cost, merge->relieved);
}

/* Find the key of the merge of LEFT and RIGHT, and in `chosen` the images that it is best for: all
 * that have both, or those of them that it relieves. Returns false where it relieves none, or where
 * the key is above LIMIT. */
static bool evaluate(
	struct merging *merging, uint32_t left, uint32_t right, int64_t limit, int64_t *key)
{
	struct strata_layout *layout = merging->layout;
	struct prospect_of_merge merge = {.a = &layout->layers[left], .b = &layout->layers[right]};

	if (!find_images(merging, &merge))
		return false;
	look_for_union(layout, &merge);
	if (!merge.merged.known) {
		if (limit != INT64_MAX && price_best(merging, &merge, false) > limit)
			return false;
		unite_causes(layout, &merge);
	}
	*key = price_best(merging, &merge, true);
	return *key <= limit;
}

static void consider(struct merging *merging, uint32_t other, struct candidate *best)
{
	struct candidate candidate = {.left = best->left, .right = other};

	if (merging->seen[other] == merging->search || merging->layout->layers[other].locked)
		return;
	merging->seen[other] = merging->search;
	if (!evaluate(merging, best->left, other,
		    best->right == STRATA_LAYER_NONE ? INT64_MAX : best->key, &candidate.key))
		return;
	if (best->right == STRATA_LAYER_NONE || comes_before(&candidate, best))
		*best = candidate;
}

static void scan_image(struct merging *merging, uint32_t image, struct candidate *best)
{
	const struct strata_layer_list *list = &merging->layout->lists[image];

	for (int order = 0; order < STRATA_ORDERS; order++) {
		uint32_t at = strata_layout_position(
			merging->layout, image, (enum strata_layer_order)order, best->left);
		uint32_t window = merging->window;
		uint32_t start = at > window ? at - window : 0;
		uint32_t end = list->count - at > window ? at + window + 1 : list->count;

		for (uint32_t other = start; other < end; other++) {
			if (other != at)
				consider(merging, list->layers[order][other], best);
		}
	}
}

/* Push the best merge of LAYER that relieves an image, where there is one. */
static int search(struct merging *merging, uint32_t layer, struct strata_error *error)
{
	struct strata_layout *layout = merging->layout;
	size_t words = layout->model->words, fresh = merging->seen_capacity;
	struct candidate best = {.left = layer, .right = STRATA_LAYER_NONE};
	const uint64_t *images = layout->layers[layer].images;
	uint32_t count = 0, number = 0;

	for (size_t w = 0; w < words; w++)
		count += (uint32_t)__builtin_popcountll(images[w] & merging->over[w]);
	if (layout->layers[layer].locked || count == 0)
		return 0;
	if (strata_grow(&merging->seen, &merging->seen_capacity, layout->layer_count,
		    sizeof(*merging->seen)) < 0)
		return strata_fail_memory(error);
	memset(merging->seen + fresh, 0, (merging->seen_capacity - fresh) * sizeof(*merging->seen));
	merging->search++;
	STRATA_FOR_EACH_IMAGE(image, images, words)
	{
		if (!strata_images_has(merging->over, (uint32_t)image))
			continue;
		/* Where there are many images, some are looked at, evenly spread: neighbours are
		 * much alike. */
		if (count <= SCANNED_IMAGES ||
			(uint64_t)number * SCANNED_IMAGES % count < SCANNED_IMAGES)
			scan_image(merging, (uint32_t)image, &best);
		number++;
	}
	if (best.right == STRATA_LAYER_NONE)
		return 0;
	best.left_version = layout->layers[best.left].version;
	best.right_version = layout->layers[best.right].version;
	return push(merging, &best, error);
}

static int search_all(struct merging *merging, struct strata_error *error)
{
	int status = 0;

	merging->heap_count = 0;
	for (uint32_t l = 0; status == 0 && l < merging->layout->layer_count; l++) {
		if (merging->layout->layers[l].alive)
			status = search(merging, l, error);
	}
	return status;
}

/* Merge LEFT and RIGHT for the chosen images. */
static int apply(struct merging *merging, uint32_t left, uint32_t right, struct strata_error *error)
{
	struct strata_layout *layout = merging->layout;
	uint32_t layers[3] = {left, right, STRATA_LAYER_NONE};
	int status = strata_layout_union(layout, left, right, &layers[2], error);

	if (status == 0)
		status = strata_layout_give(layout, layers[2], merging->chosen, error);
	if (status == 0)
		status = strata_layout_take(layout, left, merging->chosen, error);
	if (status == 0)
		status = strata_layout_take(layout, right, merging->chosen, error);
	if (status < 0)
		return status;
	STRATA_FOR_EACH_IMAGE(image, merging->chosen, layout->model->words)
	{
		if (layout->lists[image].count <= merging->bounds[image])
			strata_images_remove(merging->over, (uint32_t)image);
	}
	for (int l = 0; status == 0 && l < 3; l++) {
		if (layout->layers[layers[l]].alive)
			status = search(merging, layers[l], error);
	}
	return status;
}

/* Deal with the first candidate of the heap. */
static int step(struct merging *merging, struct strata_error *error)
{
	const struct strata_fleet_layer *layers = merging->layout->layers;
	struct candidate candidate = pop(merging);
	int64_t key;

	/* A newer candidate of this layer is in the heap, or there is none. */
	if (!layers[candidate.left].alive ||
		layers[candidate.left].version != candidate.left_version)
		return 0;
	if (layers[candidate.right].version != candidate.right_version ||
		!layers[candidate.right].alive ||
		/* A merge that relieves fewer images by now costs more, and others may be better.
		 */
		!evaluate(merging, candidate.left, candidate.right, candidate.key, &key))
		return search(merging, candidate.left, error);
	return apply(merging, candidate.left, candidate.right, error);
}

static bool is_done(const struct merging *merging)
{
	const struct strata_layout *layout = merging->layout;

	return merging->heap_count == 0 ||
	       strata_images_are_none(merging->over, layout->model->words) ||
	       (merging->options->ceiling != 0 && layout->cost > merging->options->ceiling);
}

static int merge_all(
	struct merging *merging, const struct strata_observer *observer, struct strata_error *error)
{
	enum { STEPS = 256 };
	int status = search_all(merging, error);

	for (uint32_t steps = 0; status == 0 && !is_done(merging); steps++) {
		if (steps % STEPS == 0)
			status = strata_check_cancelled(observer, error);
		if (status == 0)
			status = step(merging, error);
	}
	return status;
}

int strata_fleet_merge(struct strata_layout *layout, const uint32_t *bounds,
	const struct strata_merge_options *options, const struct strata_observer *observer,
	struct strata_error *error)
{
	size_t words = layout->model->words;
	STRATA_CLEANUP(release_merging)
	struct merging merging = {
		.layout = layout,
		.bounds = bounds,
		.options = options,
		.over = strata_allocate(words, sizeof(uint64_t)),
		.common = strata_allocate(words, sizeof(uint64_t)),
		.chosen = strata_allocate(words, sizeof(uint64_t)),
	};
	uint64_t layers = 0;

	if (!merging.over || !merging.common || !merging.chosen)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < layout->model->image_count; i++) {
		layers += layout->lists[i].count;
		if (layout->lists[i].count > bounds[i])
			strata_images_add(merging.over, i);
	}
	merging.window = options->ceiling != 0  ? NARROWEST_WINDOW
			 : layers < MANY_LAYERS ? WINDOW
						: NARROW_WINDOW;
	return merge_all(&merging, observer, error);
}
