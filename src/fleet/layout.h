/*
 * The layout of a fleet while it is planned: layer objects, and which images have them.
 *
 * An *atom* is a set of items that are always together. A layer is a set of atoms; two layers with
 * the same atoms are one. A layer that no image has any more is kept only where it is published:
 * machines have it, and it may come back.
 */
#ifndef FLEET_LAYOUT_H
#define FLEET_LAYOUT_H

#include "fleet/causes.h"
#include "fleet/model.h"

struct strata_atom {
	uint64_t size;
	uint32_t class_index; /* of strata_churn */
	uint32_t first;       /* its first item */
};

struct strata_fleet_layer {
	uint32_t *atoms; /* ascending */
	uint32_t atom_count;
	uint32_t version; /* rises with every change of `images` */
	uint64_t *images;
	uint64_t *published; /* images whose machines have the layer; NULL: none */
	struct strata_cause_set causes;
	struct strata_hazard hazard;
	uint64_t size;
	uint64_t dirty;  /* renewals a year, in 1 / STRATA_FIXED_ONE */
	uint64_t burden; /* size x (1 + dirty) */
	struct strata_layer_price price;
	uint64_t weight; /* of its images */
	uint64_t hash;   /* of its atoms */
	uint32_t group;  /* of the catalogue that it is, or is left of; or STRATA_LAYER_NONE */
	uint32_t next;   /* in its chain of the table */
	bool alive;      /* some image has it */
	bool locked;     /* its images keep it as it is */
};

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
};

struct strata_layout {
	const struct strata_fleet_model *model;
	const struct strata_atom *atoms;

	struct strata_fleet_layer *layers;
	size_t layer_capacity;
	uint32_t layer_count;
	uint32_t *table; /* chains of layers by hash */
	uint32_t table_mask;
	uint64_t *filter; /* a bit for each hash in the table: most that are asked for are not */

	struct strata_layer_list *lists; /* one for each image */
};

#define STRATA_LAYOUT_INIT                                                                         \
	{                                                                                          \
		NULL, NULL, NULL, 0, 0, NULL, 0, NULL, NULL                                        \
	}
#define strata_autolayout STRATA_CLEANUP(strata_layout_release)
#define STRATA_LAYER_NONE UINT32_MAX

int strata_layout_init(struct strata_layout *layout, const struct strata_fleet_model *model,
	const struct strata_atom *atoms, struct strata_error *error) STRATA_MUST_CHECK;
void strata_layout_release(struct strata_layout *layout);

/* The hash of a set of atoms is the sum of those of its atoms. */
uint64_t strata_atom_hash(uint32_t atom);

/* The layer with this hash, size and number of atoms, or STRATA_LAYER_NONE. That is its set of
 * atoms for all but one pair of sets in 2^64; who gives it to images compares them. */
uint32_t strata_layout_find(
	const struct strata_layout *layout, uint64_t hash, uint32_t atom_count, uint64_t size);

/* *LAYER with exactly these ATOMS, ascending: the one that is there, or a new one in no image. */
int strata_layout_layer(struct strata_layout *layout, const uint32_t *atoms, uint32_t count,
	uint32_t *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* *LAYER with the atoms of both, which have none in common. */
int strata_layout_union(struct strata_layout *layout, uint32_t left, uint32_t right,
	uint32_t *layer, struct strata_error *error) STRATA_MUST_CHECK;

/* Add LAYER to images that do not have it, or remove it from some that do. */
int strata_layout_give(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_layout_take(struct strata_layout *layout, uint32_t layer, const uint64_t *images);

/* Say that the machines of IMAGES have LAYER. */
int strata_layout_publish(struct strata_layout *layout, uint32_t layer, const uint64_t *images,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The weight of those of IMAGES whose machines have LAYER, which is published. */
uint64_t strata_layout_having(const struct strata_layout *layout,
	const struct strata_fleet_layer *layer, const uint64_t *images);

/* Where LAYER is in an order of an image that has it. */
uint32_t strata_layout_position(const struct strata_layout *layout, uint32_t image,
	enum strata_layer_order order, uint32_t layer);

#endif
