/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries of an item: its files that are not simply on disk under their paths.
 */
#ifndef GRAPH_ITEM_ENTRY_H
#define GRAPH_ITEM_ENTRY_H

#include <stratapack/graph.h>

#include "util/arena.h"

/* A copy of COUNT entries with all that they point to, sorted by path; NULL where memory is out. */
struct strata_item_entry *strata_item_entries_copy(
	struct strata_arena *arena, const struct strata_item_entry *entries, size_t count);

#endif
