/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why an item is in a graph: what leads to it from the roots, and what is there only because of it.
 */
#ifndef GRAPH_WHY_H
#define GRAPH_WHY_H

#include <stratapack/graph.h>

#include "util/arena.h"
#include "util/error.h"

struct strata_why_path {
	const uint32_t *items; /* a root first, the item last */
	uint32_t count;
};

struct strata_why {
	uint32_t item;
	const struct strata_why_path *paths; /* a shortest one from each root that leads to it */
	uint32_t path_count;
	const uint32_t *leaving; /* what nothing would lead to without it; ascending, not itself */
	uint32_t leaving_count;
	uint64_t size; /* with what leaves */
	struct strata_arena arena;
};

/* Find the item of a finished graph that TEXT means: an id, or the name of one item alone. */
int strata_why_find(const struct strata_graph *graph, const char *text, uint32_t *item,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Answer for ITEM. */
int strata_why_ask(struct strata_why *why, const struct strata_graph *graph, uint32_t item,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_why_release(struct strata_why *why);

#endif
