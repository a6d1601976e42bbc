/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strongly connected components: cycles are legal in a reference graph, and every algorithm that
 * needs an order works on the condensed graph.
 */
#ifndef GRAPH_COMPONENTS_H
#define GRAPH_COMPONENTS_H

#include <stdbool.h>

#include "util/memory.h"
#include <stratapack/graph.h>

/* The condensation of a graph. Components are numbered so that a component refers only to lower
 * numbers: ascending order is dependencies first. The numbers depend on the graph alone. */
struct strata_components {
	uint32_t count;
	uint32_t *of_item;          /* item index -> component */
	uint32_t *members;          /* items grouped by component, ascending within each */
	uint32_t *member_starts;    /* count + 1 offsets into members */
	uint32_t *references;       /* distinct other components referred to, ascending */
	uint32_t *reference_starts; /* count + 1 offsets into references */
};

#define STRATA_COMPONENTS_INIT                  \
	{                                       \
		0, NULL, NULL, NULL, NULL, NULL \
	}
#define strata_autocomponents STRATA_CLEANUP(strata_components_release)

/* Condense a finished graph (Tarjan 1972, without recursion: dependency chains are long). */
int strata_components_find(const struct strata_graph *graph, struct strata_components *components,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_components_release(struct strata_components *components);

#endif
