/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fleet inherits from an earlier catalogue: which of each image's items were together.
 *
 * An image that the catalogue knows keeps its groups, without the items that it no longer has. A
 * new image takes groups of which it has all items: first those of the known image that shares most
 * with it, then the heaviest ones. They are disjoint, and at most three quarters of its bound, so
 * that its own items have room. Items without a group are new.
 */
#ifndef FLEET_SEARCH_INHERITANCE_H
#define FLEET_SEARCH_INHERITANCE_H

#include "fleet/catalogue/catalogue.h"
#include "fleet/search/atoms.h"

/* Items of one image that were a group, or are what is left of it. */
struct strata_inherited {
	struct strata_item_set set;
	uint32_t image;
	uint32_t group; /* of the catalogue */
	bool unchanged; /* all of the group, with the same content */
	bool was_there; /* the image had the group before */
};

struct strata_inheritance {
	struct strata_inherited *layers;
	size_t count, capacity;
	bool complete;                /* every image has all of its layers, unchanged or not */
	uint64_t *settled;            /* images of which nothing changed */
	bool little;                  /* of all images together, little changed */
	struct strata_item_set *sets; /* those of the layers */
	uint32_t *items;              /* of all of them */
};

#define STRATA_INHERITANCE_INIT                            \
	{                                                  \
		NULL, 0, 0, false, NULL, false, NULL, NULL \
	}
#define strata_autoinheritance STRATA_CLEANUP(strata_inheritance_release)

/* What FLEET, with BOUNDS, inherits from CATALOGUE. MODEL is the fleet's. */
int strata_inheritance_find(struct strata_inheritance *inheritance,
	const struct strata_fleet *fleet, const struct strata_catalogue *catalogue,
	const struct strata_fleet_model *model, const uint32_t *bounds,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_inheritance_release(struct strata_inheritance *inheritance);

/* Publish in LAYOUT, which is empty, the unchanged groups: machines and the registry have them. */
int strata_inheritance_publish(const struct strata_inheritance *inheritance,
	const struct strata_atoms *atoms, struct strata_layout *layout,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Give the images of LAYOUT the layers that they inherit, and every atom without one alone. */
int strata_inheritance_lay_out(const struct strata_inheritance *inheritance,
	const struct strata_atoms *atoms, struct strata_layout *layout,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Inherited layers are locked where other images of the catalogue remain. After merging, unlock the
 * lightest layers of images that still have more layers than BOUNDS allow, so that more can be
 * merged. Returns false where there is nothing to unlock. */
bool strata_inheritance_unlock(struct strata_layout *layout, const uint32_t *bounds);

#endif
