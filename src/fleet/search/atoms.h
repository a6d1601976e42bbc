/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Atoms: items that are in the same images, change together, and, where a plan is extended, were in
 * one layer before. Separating them saves nothing, so they are planned as one.
 */
#ifndef FLEET_SEARCH_ATOMS_H
#define FLEET_SEARCH_ATOMS_H

#include "fleet/search/layout.h"

/* A set of items, ascending. */
struct strata_item_set {
	const uint32_t *items;
	uint32_t count;
};

struct strata_atoms {
	struct strata_atom *atoms; /* numbered by their first item */
	uint32_t count;
	uint32_t *of_item; /* STRATA_ATOM_NONE for an item that is in no image */
	uint32_t *items;   /* of all atoms, those of each together, ascending */
	uint32_t *starts;  /* count + 1 */
	uint64_t *images;  /* for each atom the set of images with it */
};

#define STRATA_ATOMS_INIT                       \
	{                                       \
		NULL, 0, NULL, NULL, NULL, NULL \
	}
#define STRATA_ATOM_NONE UINT32_MAX
#define strata_autoatoms STRATA_CLEANUP(strata_atoms_release)

/* The atoms of FLEET, such that each of COUNT further SETS is made of whole atoms too. */
int strata_atoms_find(struct strata_atoms *atoms, const struct strata_fleet *fleet,
	const struct strata_churn *churn, const struct strata_item_set *sets, size_t count,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_atoms_release(struct strata_atoms *atoms);

#endif
