/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers found by what is in them: a hash table over sets of atoms.
 */
#include <string.h>

#include "fleet/search/layer.h"

enum {
	FIRST_SIZE = 1024,
	ENTRIES_OF_A_WORD = 4, /* of the filter */
};

static int allocate(struct strata_layer_table *table, uint32_t size)
{
	uint32_t *chains = strata_allocate(size, sizeof(*chains));
	uint64_t *filter = strata_allocate(size, sizeof(*filter));

	if (!chains || !filter) {
		free(chains);
		free(filter);
		return -1;
	}
	memset(chains, 0xff, size * sizeof(*chains));
	strata_layer_table_release(table);
	*table = (struct strata_layer_table){chains, filter, size - 1, 0};
	return 0;
}

int strata_layer_table_init(struct strata_layer_table *table)
{
	return allocate(table, FIRST_SIZE);
}

void strata_layer_table_release(struct strata_layer_table *table)
{
	free(table->chains);
	free(table->filter);
	*table = (struct strata_layer_table)STRATA_LAYER_TABLE_INIT;
}

int strata_layer_table_reserve(
	struct strata_layer_table *table, struct strata_fleet_layer *layers, uint32_t count)
{
	uint32_t size = table->mask + 1;

	/* Layers that left are in the filter still, until it is made anew. */
	if (count < size && table->entered < size * ENTRIES_OF_A_WORD)
		return 0;
	if (allocate(table, count < size ? size : size * 2) < 0)
		return -1;
	for (uint32_t l = 0; l < count; l++) {
		if (layers[l].atoms)
			strata_layer_table_enter(table, layers, l);
	}
	return 0;
}

/* The finalizer of SplitMix64: sums of its values do not collide by chance. */
uint64_t strata_atom_hash(uint32_t atom)
{
	uint64_t z = (uint64_t)atom * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* The bit of the filter for a hash is its highest six, in the word of its place. */
static bool may_have(const struct strata_layer_table *table, uint64_t hash)
{
	return table->filter[hash & table->mask] >> (hash >> 58) & 1;
}

void strata_layer_table_enter(
	struct strata_layer_table *table, struct strata_fleet_layer *layers, uint32_t layer)
{
	uint64_t hash = layers[layer].hash;

	layers[layer].next = table->chains[hash & table->mask];
	table->chains[hash & table->mask] = layer;
	table->entered++;
	table->filter[hash & table->mask] |= UINT64_C(1) << (hash >> 58);
}

void strata_layer_table_leave(
	struct strata_layer_table *table, struct strata_fleet_layer *layers, uint32_t layer)
{
	uint32_t *chain = &table->chains[layers[layer].hash & table->mask];

	while (*chain != layer)
		chain = &layers[*chain].next;
	*chain = layers[layer].next;
}

uint32_t strata_layer_table_find(const struct strata_layer_table *table,
	const struct strata_fleet_layer *layers, uint64_t hash, uint32_t atom_count, uint64_t size)
{
	uint32_t at;

	if (!may_have(table, hash))
		return STRATA_LAYER_NONE;
	at = table->chains[hash & table->mask];
	while (at != STRATA_LAYER_NONE) {
		const struct strata_fleet_layer *layer = &layers[at];

		if (layer->hash == hash && layer->atom_count == atom_count && layer->size == size)
			break;
		at = layer->next;
	}
	return at;
}

uint32_t strata_layer_table_get(const struct strata_layer_table *table,
	const struct strata_fleet_layer *layers, const uint32_t *atoms, uint32_t count,
	uint64_t hash)
{
	uint32_t at = table->chains[hash & table->mask];

	while (at != STRATA_LAYER_NONE) {
		const struct strata_fleet_layer *layer = &layers[at];

		if (layer->hash == hash && layer->atom_count == count &&
			memcmp(layer->atoms, atoms, count * sizeof(*atoms)) == 0)
			break;
		at = layer->next;
	}
	return at;
}
