/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random graphs, the same on every run, and ladders, which have the most paths.
 */
#ifndef RANDOM_GRAPHS_H
#define RANDOM_GRAPHS_H

#include "graphs.h"

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33) % bound;
}

/* A random graph, apart from the order in which its records are told. */
struct sketch {
	uint32_t count;
	uint32_t edge_count;
	uint32_t *edges; /* pairs */
	uint64_t sizes[16];
	uint32_t names[16];
	uint32_t root_count;
};

static inline void name_node(const struct sketch *sketch, uint32_t node, char *name, size_t size)
{
	static const char *const names[] = {"glibc-2.39", "a", "bash", "a-b", "zlib-1"};

	snprintf(name, size, "/s/%02u-%s", (node * 7 + 3) % 97, names[sketch->names[node % 16]]);
}

/* Draw a graph that depends on SEED alone; its edges are the caller's to free. */
static inline void draw(
	struct sketch *sketch, uint64_t seed, uint32_t count, uint32_t edges, bool cycles)
{
	random_state = seed;
	*sketch = (struct sketch){.count = count, .edge_count = edges};
	sketch->edges = calloc((size_t)edges + 1, 2 * sizeof(*sketch->edges));
	for (uint32_t i = 0; i < 16; i++) {
		sketch->sizes[i] = random_below(5);
		sketch->names[i] = random_below(5);
	}
	for (uint32_t e = 0; e < edges; e++) {
		uint32_t from = random_below(count), to = random_below(count);

		/* Without cycles, references go down; a reference to oneself is always fine. */
		sketch->edges[2 * e] = cycles || from > to ? from : to;
		sketch->edges[2 * e + 1] = cycles || from > to ? to : from;
	}
	sketch->root_count = cycles ? random_below(3) : 0;
}

/* Make the graph, with one record for each item and each reference, in an order of SHUFFLE. */
static inline struct strata_graph *tell(const struct sketch *sketch, uint64_t shuffle)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);
	uint32_t records = sketch->count + sketch->edge_count;
	uint32_t *order = calloc(records, sizeof(*order));

	random_state = shuffle;
	for (uint32_t i = 0; i < records; i++) {
		uint32_t other = random_below(i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	for (uint32_t i = 0; i < records; i++) {
		bool edge = order[i] >= sketch->count;
		const uint32_t *ends = sketch->edges + 2 * (edge ? order[i] - sketch->count : 0);
		uint32_t node = edge ? ends[0] : order[i];
		char id[64], reference[64] = "";

		name_node(sketch, node, id, sizeof(id));
		if (edge)
			name_node(sketch, ends[1], reference, sizeof(reference));
		add_node(graph, &(struct node){id, reference, sketch->sizes[node % 16]});
	}
	for (uint32_t r = 0; r < sketch->root_count; r++) {
		char id[64];

		name_node(sketch, (r * 5 + 1) % sketch->count, id, sizeof(id));
		assert_succeeds(strata_graph_add_root(graph, id, &error), &error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	free(order);
	return graph;
}

/* LEVELS stacked pairs, each item of which refers to both of the next pair, below one root. */
static inline struct strata_graph *make_ladder(uint32_t levels)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_graph *graph = strata_graph_new(&error);

	add_node(graph, &(struct node){"root", "a-00000 b-00000", 0});
	for (uint32_t level = 0; level < levels; level++) {
		char a[32], b[32], next[64] = "";

		snprintf(a, sizeof(a), "a-%05u", level);
		snprintf(b, sizeof(b), "b-%05u", level);
		if (level + 1 < levels)
			snprintf(next, sizeof(next), "a-%05u b-%05u", level + 1, level + 1);
		add_node(graph, &(struct node){a, next, 0});
		add_node(graph, &(struct node){b, next, 0});
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	return graph;
}

#endif
