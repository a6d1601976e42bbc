/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/search/adoption.h"

#include <string.h>

#include "fleet/search/agglomeration.h"
#include "fleet/search/local_search.h"
#include "util/observer.h"

enum {
	MOST_VAIN = 4,        /* adoptions of an image that are tried in vain before the next is */
	LEAST_PART = 1 << 20, /* of the cost, that is worth a try */
	SLACK = 16384,        /* what the local search may make good for: this part of the cost */
};

/* A layer that could be adopted, and what that changes before the others are put in order. */
struct offer {
	int64_t change;
	uint32_t layer;
};

struct adopting {
	struct strata_layout *layout;
	const uint32_t *bounds;
	uint64_t *images; /* the set of the image that adopts */
	uint32_t *owners; /* for each atom the layer of the image with it, or STRATA_LAYER_NONE */
	bool *moving;     /* atoms of the layer that is adopted */
	uint32_t *rest;   /* atoms of one that loses some */
	struct offer *offers;
	size_t offer_count, offer_capacity;
};

static void release_adopting(struct adopting *adopting)
{
	free(adopting->images);
	free(adopting->owners);
	free(adopting->moving);
	free(adopting->rest);
	free(adopting->offers);
}

/* Note which layer of IMAGE has which atoms, or with FORGET that none has. */
static void note_owners(struct adopting *adopting, uint32_t image, bool forget)
{
	const struct strata_layer_list *list = &adopting->layout->lists[image];

	for (uint32_t l = 0; l < list->count; l++) {
		uint32_t number = list->layers[STRATA_ORDER_DIRTY][l];
		const struct strata_fleet_layer *layer = &adopting->layout->layers[number];

		for (uint32_t a = 0; a < layer->atom_count; a++)
			adopting->owners[layer->atoms[a]] = forget ? STRATA_LAYER_NONE : number;
	}
}

/* Whether all of LAYER is in the image, and may leave the layers where it is. */
static bool fits(const struct adopting *adopting, uint32_t image, uint32_t layer)
{
	const struct strata_fleet_layer *adopted = &adopting->layout->layers[layer];

	if (!adopted->alive || adopted->locked || strata_images_has(adopted->images, image))
		return false;
	for (uint32_t a = 0; a < adopted->atom_count; a++) {
		uint32_t owner = adopting->owners[adopted->atoms[a]];

		if (owner == STRATA_LAYER_NONE || adopting->layout->layers[owner].locked)
			return false;
	}
	return true;
}

/* Take the atoms that are moving out of layer FROM of the image. */
static int shrink(struct adopting *adopting, uint32_t from, struct strata_error *error)
{
	struct strata_layout *layout = adopting->layout;
	const struct strata_fleet_layer *layer = &layout->layers[from];
	uint32_t count = 0, rest;
	int status;

	for (uint32_t a = 0; a < layer->atom_count; a++) {
		if (!adopting->moving[layer->atoms[a]])
			adopting->rest[count++] = layer->atoms[a];
	}
	if (count == layer->atom_count)
		return 0;
	status = strata_layout_take(layout, from, adopting->images, error);
	if (status == 0 && count > 0) {
		status = strata_layout_layer(layout, adopting->rest, count, &rest, error);
		if (status == 0)
			status = strata_layout_give(layout, rest, adopting->images, error);
	}
	return status;
}

/* Give the image layer ADOPTED, and the remainders of its own layers. */
static int carve(
	struct adopting *adopting, uint32_t image, uint32_t adopted, struct strata_error *error)
{
	struct strata_layout *layout = adopting->layout;
	const uint32_t *atoms = layout->layers[adopted].atoms;
	uint32_t atom_count = layout->layers[adopted].atom_count;
	uint32_t count = layout->lists[image].count;
	strata_autofree uint32_t *before = strata_allocate(count, sizeof(*before));
	int status = 0;

	if (!before)
		return strata_fail_memory(error);
	memcpy(before, layout->lists[image].layers[STRATA_ORDER_DIRTY], count * sizeof(*before));
	for (uint32_t a = 0; a < atom_count; a++)
		adopting->moving[atoms[a]] = true;
	for (uint32_t l = 0; status == 0 && l < count; l++)
		status = shrink(adopting, before[l], error);
	for (uint32_t a = 0; a < atom_count; a++)
		adopting->moving[atoms[a]] = false;
	return status < 0 ? status : strata_layout_give(layout, adopted, adopting->images, error);
}

static int compare_offers(const void *left, const void *right)
{
	const struct offer *a = left, *b = right;

	if (a->change != b->change)
		return a->change < b->change ? -1 : 1;
	return (a->layer > b->layer) - (a->layer < b->layer);
}

/* Find the layers that IMAGE could adopt, the most promising first. */
static int find_offers(struct adopting *adopting, uint32_t image, struct strata_error *error)
{
	struct strata_layout *layout = adopting->layout;
	int64_t before = layout->cost;

	adopting->offer_count = 0;
	for (uint32_t l = 0; l < layout->layer_count; l++) {
		struct offer offer = {.layer = l};
		int status;

		if (!fits(adopting, image, l))
			continue;
		status = strata_layout_try(layout, error);
		if (status == 0)
			status = carve(adopting, image, l, error);
		if (status < 0)
			return status;
		offer.change = layout->cost - before;
		strata_layout_undo(layout);
		if (offer.change >= -before / LEAST_PART)
			continue;
		if (strata_grow(&adopting->offers, &adopting->offer_capacity,
			    adopting->offer_count + 1, sizeof(offer)) < 0)
			return strata_fail_memory(error);
		adopting->offers[adopting->offer_count++] = offer;
	}
	if (adopting->offer_count > 0)
		qsort(adopting->offers, adopting->offer_count, sizeof(*adopting->offers),
			compare_offers);
	return 0;
}

/* Let IMAGE adopt LAYER, and merge and improve its other layers. *GAINED tells whether that lowered
 * the cost; if not, nothing has changed. Merging ends early where it costs too much. IMAGE then
 * still has too many layers, and the adoption is undone without a local search. */
static int try_adoption(struct adopting *adopting, uint32_t image, uint32_t layer, bool *gained,
	const struct strata_observer *observer, struct strata_error *error)
{
	struct strata_layout *layout = adopting->layout;
	int64_t before = layout->cost, ceiling = before + before / SLACK;
	uint32_t since = layout->time;
	bool within;
	int status = strata_layout_try(layout, error);

	if (status == 0)
		status = carve(adopting, image, layer, error);
	if (status == 0 && layout->cost <= ceiling)
		status = strata_fleet_merge(layout, adopting->bounds,
			&(struct strata_merge_options){.ceiling = ceiling}, observer, error);
	within = layout->lists[image].count <= adopting->bounds[image];
	if (status == 0 && within && layout->cost <= ceiling)
		status = strata_fleet_improve(layout, adopting->bounds, since, observer, error);
	if (status < 0)
		return status;
	*gained = within && layout->cost < before;
	if (*gained)
		strata_layout_keep(layout);
	else
		strata_layout_undo(layout);
	return 0;
}

static int adopt_for(struct adopting *adopting, uint32_t image,
	const struct strata_observer *observer, struct strata_error *error)
{
	uint32_t vain = 0;
	int status;

	strata_images_add(adopting->images, image);
	note_owners(adopting, image, false);
	status = find_offers(adopting, image, error);
	for (size_t o = 0; status == 0 && o < adopting->offer_count && vain < MOST_VAIN; o++) {
		bool gained = false;

		/* After others, it may be gone. */
		if (!fits(adopting, image, adopting->offers[o].layer))
			continue;
		status = try_adoption(
			adopting, image, adopting->offers[o].layer, &gained, observer, error);
		vain = gained ? 0 : vain + 1;
		if (gained)
			note_owners(adopting, image, false);
	}
	note_owners(adopting, image, true);
	strata_images_remove(adopting->images, image);
	return status;
}

int strata_fleet_adopt(struct strata_layout *layout, uint32_t atom_count, const uint32_t *bounds,
	const struct strata_observer *observer, struct strata_error *error)
{
	STRATA_CLEANUP(release_adopting)
	struct adopting adopting = {
		.layout = layout,
		.bounds = bounds,
		.images = strata_allocate(layout->model->words, sizeof(uint64_t)),
		.owners = strata_allocate(atom_count, sizeof(uint32_t)),
		.moving = strata_allocate(atom_count, sizeof(bool)),
		.rest = strata_allocate(atom_count, sizeof(uint32_t)),
	};
	int status = 0;

	if (!adopting.images || !adopting.owners || !adopting.moving || !adopting.rest)
		return strata_fail_memory(error);
	memset(adopting.owners, 0xff, atom_count * sizeof(*adopting.owners));
	for (uint32_t i = 0; status == 0 && i < layout->model->image_count; i++) {
		if (layout->settled && strata_images_has(layout->settled, i))
			continue;
		status = strata_check_cancelled(observer, error);
		if (status == 0)
			status = adopt_for(&adopting, i, observer, error);
	}
	return status;
}
