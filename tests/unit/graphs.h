/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small graphs for the tests of the plan.
 */
#ifndef GRAPHS_H
#define GRAPHS_H

#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/plan.h"
#include "plan/strategies/strategies.h"
#include "util/buffer.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

struct node {
	const char *id;
	const char *references; /* ids with a blank between, or NULL */
	uint64_t size;
};

/* Add NODE to GRAPH, which is not finished. */
static inline void add_node(struct strata_graph *graph, const struct node *node)
{
	struct strata_error error = STRATA_ERROR_INIT;
	const char *references[64];
	char *copy = strdup(node->references ? node->references : ""), *rest = copy;
	const char *tree = "/tree";
	struct strata_item_record record = {
		.id = node->id,
		.size = node->size,
		.has_size = true,
		.references = references,
		.trees = &tree,
		.tree_count = 1,
	};

	for (char *id = strtok_r(copy, " ", &rest); id; id = strtok_r(NULL, " ", &rest))
		references[record.reference_count++] = id;
	assert_succeeds(strata_graph_add(graph, &record, &error), &error);
	free(copy);
}

/* The finished graph of COUNT nodes; ROOT is its root where it is not NULL. */
static inline struct strata_graph *make_graph(
	const struct node *nodes, size_t count, const char *root)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);

	for (size_t i = 0; i < count; i++)
		add_node(graph, &nodes[i]);
	if (root)
		assert_succeeds(strata_graph_add_root(graph, root, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

#endif
