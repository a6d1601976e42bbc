/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers of a fleet while it is planned, and where to find them by what is in them.
 *
 * An *atom* is a set of items that are always together. A layer is a set of atoms.
 */
#ifndef FLEET_SEARCH_LAYER_H
#define FLEET_SEARCH_LAYER_H

#include "fleet/search/cause_set.h"
#include "fleet/search/cost.h"

struct strata_atom {
	uint64_t size;
	uint32_t class_index; /* of strata_churn */
	uint32_t first;       /* its first item */
};

struct strata_fleet_layer {
	uint32_t *atoms; /* ascending */
	uint32_t atom_count;
	uint32_t version; /* the time of the last change of `images` */
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

#define STRATA_LAYER_NONE UINT32_MAX

/* A table that finds layers by their atoms; it compares hashes first. Layers are indices in LAYERS.
 */
struct strata_layer_table {
	uint32_t *chains; /* by hash */
	uint64_t *filter; /* a bit for each hash in the table: most that are asked for are not */
	uint32_t mask;
	uint32_t entered; /* since the filter was made */
};

#define STRATA_LAYER_TABLE_INIT  \
	{                        \
		NULL, NULL, 0, 0 \
	}

/* An empty table. Returns 0, or -1 where memory is out. */
int strata_layer_table_init(struct strata_layer_table *table);
void strata_layer_table_release(struct strata_layer_table *table);

/* Make room for COUNT layers. Returns 0, or -1 where memory is out; nothing has changed then. */
int strata_layer_table_reserve(
	struct strata_layer_table *table, struct strata_fleet_layer *layers, uint32_t count);

void strata_layer_table_enter(
	struct strata_layer_table *table, struct strata_fleet_layer *layers, uint32_t layer);
void strata_layer_table_leave(
	struct strata_layer_table *table, struct strata_fleet_layer *layers, uint32_t layer);

/* The hash of a set of atoms is the sum of those of its atoms. */
uint64_t strata_atom_hash(uint32_t atom);

/* The layer with this hash, size and number of atoms, or STRATA_LAYER_NONE. Two different sets
 * agree in these with a probability of 2^-64. Compare the atoms before a layer is given to images.
 */
uint32_t strata_layer_table_find(const struct strata_layer_table *table,
	const struct strata_fleet_layer *layers, uint64_t hash, uint32_t atom_count, uint64_t size);

/* The layer with exactly these ATOMS, ascending, of HASH, or STRATA_LAYER_NONE. */
uint32_t strata_layer_table_get(const struct strata_layer_table *table,
	const struct strata_fleet_layer *layers, const uint32_t *atoms, uint32_t count,
	uint64_t hash);

#endif
