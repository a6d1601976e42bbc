/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/one_at_a_time.h"

#include <string.h>

#include "fleet/search/agglomeration.h"
#include "fleet/search/local_search.h"
#include "fleet/search/price.h"

/* Plan IMAGE in ALONE, an empty layout. IMAGES is the set of it. */
static int plan_alone(struct strata_layout *alone, const struct strata_atoms *atoms, uint32_t image,
	const uint64_t *images, const uint32_t *bounds, const struct strata_observer *observer,
	struct strata_error *error)
{
	size_t words = alone->model->words;
	int status = 0;

	for (uint32_t a = 0; status == 0 && a < atoms->count; a++) {
		uint32_t layer;

		if (!strata_images_has(atoms->images + a * words, image))
			continue;
		status = strata_layout_layer(alone, &a, 1, &layer, error);
		if (status == 0)
			status = strata_layout_give(alone, layer, images, error);
	}
	if (status == 0)
		status = strata_fleet_merge(
			alone, bounds, &(struct strata_merge_options){0}, observer, error);
	if (status == 0)
		status = strata_fleet_improve(alone, bounds, 0, observer, error);
	return status;
}

/* Give the images of a set the layers that IMAGE has in OTHER. */
static int copy_layers(struct strata_layout *layout, const struct strata_layout *other,
	uint32_t image, const uint64_t *images, struct strata_error *error)
{
	const struct strata_layer_list *list = &other->lists[image];
	int status = 0;

	for (uint32_t l = 0; status == 0 && l < list->count; l++) {
		const struct strata_fleet_layer *from =
			&other->layers[list->layers[STRATA_ORDER_DIRTY][l]];
		uint32_t layer;

		status = strata_layout_layer(layout, from->atoms, from->atom_count, &layer, error);
		if (status == 0 && !strata_images_has(layout->layers[layer].images, image))
			status = strata_layout_give(layout, layer, images, error);
	}
	return status;
}

int strata_apart_lay_out(struct strata_layout *layout, const struct strata_atoms *atoms,
	const uint32_t *bounds, const struct strata_observer *observer, struct strata_error *error)
{
	strata_autofree uint64_t *images = strata_allocate(layout->model->words, sizeof(*images));
	int status = 0;

	if (!images)
		return strata_fail_memory(error);
	for (uint32_t i = 0; status == 0 && i < layout->model->image_count; i++) {
		strata_autolayout struct strata_layout alone = STRATA_LAYOUT_INIT;

		strata_images_add(images, i);
		status = strata_layout_init(&alone, layout->model, layout->atoms, error);
		if (status == 0)
			status = plan_alone(&alone, atoms, i, images, bounds, observer, error);
		if (status == 0)
			status = copy_layers(layout, &alone, i, images, error);
		strata_images_remove(images, i);
	}
	return status;
}

/* The change in cost when IMAGE, alone in IMAGES, exchanges its layers in LAYOUT for those that it
 * has in OTHER. */
static int64_t price_switch(const struct strata_layout *layout, const struct strata_layout *other,
	uint32_t image, const uint64_t *images)
{
	const struct strata_layer_list *now = &layout->lists[image], *then = &other->lists[image];
	uint64_t weight = layout->model->weights[image];
	int64_t change = 0;

	for (uint32_t l = 0; l < then->count; l++) {
		const struct strata_fleet_layer *layer =
			&other->layers[then->layers[STRATA_ORDER_DIRTY][l]];
		struct strata_prospect prospect = strata_prospect_find(layout, layer);

		if (!prospect.known || !prospect.known->alive ||
			!strata_images_has(prospect.known->images, image))
			change += strata_price_joining(layout, &prospect, images, weight);
	}
	for (uint32_t l = 0; l < now->count; l++) {
		const struct strata_fleet_layer *layer =
			&layout->layers[now->layers[STRATA_ORDER_DIRTY][l]];
		uint32_t found = strata_layer_table_find(
			&other->table, other->layers, layer->hash, layer->atom_count, layer->size);

		if (found == STRATA_LAYER_NONE ||
			!strata_images_has(other->layers[found].images, image))
			change += strata_price_leaving(layout, layer, images, weight);
	}
	return change;
}

/* Let IMAGE have exactly the layers that it has in OTHER. */
static int switch_image(struct strata_layout *layout, const struct strata_layout *other,
	uint32_t image, const uint64_t *images, struct strata_error *error)
{
	struct strata_layer_list *list = &layout->lists[image];
	uint32_t count = list->count;
	strata_autofree uint32_t *before = strata_allocate(count, sizeof(*before));
	int status = 0;

	if (!before)
		return strata_fail_memory(error);
	memcpy(before, list->layers[STRATA_ORDER_DIRTY], count * sizeof(*before));
	for (uint32_t l = 0; status == 0 && l < count; l++)
		status = strata_layout_take(layout, before[l], images, error);
	return status < 0 ? status : copy_layers(layout, other, image, images, error);
}

int strata_apart_adopt(
	struct strata_layout *layout, const struct strata_layout *apart, struct strata_error *error)
{
	strata_autofree uint64_t *images = strata_allocate(layout->model->words, sizeof(*images));
	int status = 0;

	if (!images)
		return strata_fail_memory(error);
	for (uint32_t i = 0; status == 0 && i < layout->model->image_count; i++) {
		strata_images_add(images, i);
		if (price_switch(layout, apart, i, images) < 0)
			status = switch_image(layout, apart, i, images, error);
		strata_images_remove(images, i);
	}
	return status;
}
