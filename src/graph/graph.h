/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph from the inside: owning it, and what it owns.
 */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stratapack/graph.h>

#include "util/memory.h"

#define strata_autograph STRATA_CLEANUP(strata_cleanup_graph)
void strata_cleanup_graph(struct strata_graph **graph);

/* Let GRAPH own THING: RELEASE gives it back when the graph is freed, or at once where this fails.
 */
int strata_graph_own(struct strata_graph *graph, void *thing, void (*release)(void *thing),
	struct strata_error *error) STRATA_MUST_CHECK;

#endif
