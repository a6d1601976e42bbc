/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from strings to 32-bit numbers (indices into somebody's array), with open addressing.
 *
 * The map borrows its keys: they must outlive it (put them in an arena). Zeroed
 * (STRATA_MAP_INIT) is a valid empty map.
 */
#ifndef UTIL_MAP_H
#define UTIL_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "util/memory.h"

struct strata_map {
	struct strata_map_slot *slots;
	size_t capacity;
	size_t count;
};

#define STRATA_MAP_INIT    \
	{                  \
		NULL, 0, 0 \
	}
#define STRATA_MAP_NONE UINT32_MAX
#define strata_automap STRATA_CLEANUP(strata_map_release)

/* The number stored under KEY, or STRATA_MAP_NONE. */
uint32_t strata_map_get(const struct strata_map *map, const char *key);

/* Store VALUE under KEY, replacing what was there. Returns 0, or -1 where memory is out. */
int strata_map_put(struct strata_map *map, const char *key, uint32_t value);

/* Store VALUE under KEY unless something is stored there. Returns what is stored then, or
 * STRATA_MAP_NONE where memory is out. */
uint32_t strata_map_add(struct strata_map *map, const char *key, uint32_t value);

void strata_map_release(struct strata_map *map);

#endif
