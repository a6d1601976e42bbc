/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: names of items in a catalogue that stay the same when items are updated.
 */
#ifndef FLEET_CATALOGUE_KEYS_H
#define FLEET_CATALOGUE_KEYS_H

#include <stratapack/graph.h>

#include "util/arena.h"
#include "util/map.h"
#include "util/memory.h"

struct strata_keys {
	const struct strata_graph *graph;
	const char **of_item;
	struct strata_map items; /* key -> item */
	/* Items by name, for keys from a time when the name was the only one. */
	struct strata_map names; /* name -> first item with it */
	uint32_t *next;          /* the next item with the same name, or STRATA_GRAPH_NONE */
	struct strata_arena arena;
};

#define STRATA_KEYS_INIT                                                              \
	{                                                                             \
		NULL, NULL, STRATA_MAP_INIT, STRATA_MAP_INIT, NULL, STRATA_ARENA_INIT \
	}
#define strata_autokeys STRATA_CLEANUP(strata_keys_release)

/* The keys of all items of a finished graph: the shortest of name, name-version and id that no
 * other item has. */
int strata_keys_make(struct strata_keys *keys, const struct strata_graph *graph,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_keys_release(struct strata_keys *keys);

/* The first item that KEY stands for, or STRATA_GRAPH_NONE; and the one after ITEM. */
uint32_t strata_keys_find(const struct strata_keys *keys, const char *key);
uint32_t strata_keys_next(const struct strata_keys *keys, const char *key, uint32_t item);

#endif
