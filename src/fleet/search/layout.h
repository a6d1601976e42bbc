/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a fleet while it is planned: which images have which layers.
 *
 * Two layers with the same atoms are one. A layer that no image has any more is kept only where it
 * is published: machines have it, and it may come back.
 */
#ifndef FLEET_SEARCH_LAYOUT_H
#define FLEET_SEARCH_LAYOUT_H

#include "fleet/search/layer.h"

enum strata_layer_order {
	STRATA_ORDER_IMAGES, /* layers in the same images are neighbours */
	STRATA_ORDER_DIRTY,
	STRATA_ORDER_BURDEN,
	STRATA_ORDERS,
};

/* The layers of an image, in several orders. */
struct strata_layer_list {
	uint32_t *layers[STRATA_ORDERS];
	uint32_t count, capacity;
	uint32_t version; /* the time of the last change */
};

struct strata_layout {
	const struct strata_fleet_model *model;
	const struct strata_atom *atoms;

	struct strata_fleet_layer *layers;
	size_t layer_capacity;
	uint32_t layer_count;
	struct strata_layer_table table;

	struct strata_layer_list *lists; /* one for each image */
	const uint64_t *settled;         /* images that keep their layers; NULL: none */
	int64_t cost;                    /* of all layers */
	uint32_t time;                   /* changes so far */
	struct strata_journal *journal;  /* NULL: changes are for good */
};

#define STRATA_LAYOUT_INIT                                                              \
	{                                                                               \
		NULL, NULL, NULL, 0, 0, STRATA_LAYER_TABLE_INIT, NULL, NULL, 0, 0, NULL \
	}
#define strata_autolayout STRATA_CLEANUP(strata_layout_release)

/* Word W of the set of images that may change. */
static inline uint64_t strata_layout_open(const struct strata_layout *layout, size_t w)
{
	return layout->settled ? ~layout->settled[w] : UINT64_MAX;
}

int strata_layout_init(struct strata_layout *layout, const struct strata_fleet_model *model,
	const struct strata_atom *atoms, struct strata_error *error) STRATA_MUST_CHECK;
void strata_layout_release(struct strata_layout *layout);

/* *LAYER with exactly these ATOMS, ascending: the one that is there, or a new one in no image. */
int strata_layout_layer(struct strata_layout *layout, const uint32_t *atoms, uint32_t count,
	uint32_t *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* *LAYER with the atoms of both, which have none in common. */
int strata_layout_union(struct strata_layout *layout, uint32_t left, uint32_t right,
	uint32_t *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* Add LAYER to images that do not have it, or remove it from some that do. */
int strata_layout_give(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_layout_take(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Say that the machines of IMAGES have LAYER, which is in no image yet. */
int strata_layout_publish(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The weight of those of IMAGES whose machines have LAYER, which is published. */
uint64_t strata_layout_having(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images);

/* Where LAYER is in an order of an image that has it. */
uint32_t strata_layout_position(const struct strata_layout *layout, uint32_t image,
	enum strata_layer_order order, uint32_t layer);

/* Begin a trial: strata_layout_keep() makes all changes since then permanent, and
 * strata_layout_undo() takes them back. */
int strata_layout_try(struct strata_layout *layout, struct strata_error *error) STRATA_MUST_CHECK;
void strata_layout_keep(struct strata_layout *layout);
void strata_layout_undo(struct strata_layout *layout);

#endif
