/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet: many images planned together, so that they share layers.
 *
 * A fleet is a list of images over one graph that holds the items of all of them. Its plan gives
 * every image a partition of its own items; layers with the same items are the same layer, stored
 * once. A plan is kept as a *catalogue*: groups of items, by names that survive updates, and the
 * images that have each group. A catalogue is used to plan images that were not in the fleet, and
 * to plan the fleet again after updates.
 *
 *	strata_fleet_load("fleet.json", &fleet, &error);
 *	... name its roots to a source, read and finish the graph ...
 *	strata_fleet_resolve(fleet, graph, &error);
 *	strata_churn_new(graph, NULL, &churn, &error);
 *	strata_fleet_plan(fleet, &options, &plan, &error);
 */
#ifndef STRATAPACK_FLEET_H
#define STRATAPACK_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "churn.h"
#include "error.h"
#include "graph.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	STRATA_LARGEST_FLEET = 65536,         /* images */
	STRATA_DEFAULT_REQUEST_BYTES = 16384, /* that one request is worth */
};

struct strata_fleet_image {
	const char *name;      /* not empty, unique in the fleet */
	uint64_t weight;       /* how many machines pull it, or any measure of that; below 2^32 */
	uint32_t max_layers;   /* with items; at least 1 */
	const uint32_t *items; /* indices in the graph, ascending; NULL until they are resolved */
	uint32_t item_count;
};

struct strata_fleet {
	const struct strata_graph *graph;  /* borrowed; NULL until the images are resolved */
	struct strata_fleet_image *images; /* sorted by name, bytewise */
	size_t image_count, image_capacity;
	struct strata_fleet_source *sources; /* what the file says of the images' items */
	struct strata_arena *arena;          /* owns everything above but the graph */
};

/* Read the fleet file at PATH ("-": stdin), docs/fleet.schema.json. Images have no items yet.
 * *FLEET is the caller's. */
STRATA_PUBLIC int strata_fleet_load(
	const char *path, struct strata_fleet **fleet, struct strata_error *error);

/* List the distinct roots of the images that have no graph file of their own, sorted. These are the
 * items to ask a source for. They live as long as FLEET. */
STRATA_PUBLIC int strata_fleet_roots(struct strata_fleet *fleet, const char *const **roots,
	size_t *count, struct strata_error *error);

/* Read the graph files that images of FLEET name, and add all that is in them to GRAPH, which is
 * not finished. */
STRATA_PUBLIC int strata_fleet_fill(
	struct strata_fleet *fleet, struct strata_graph *graph, struct strata_error *error);

/* Find the items of every image in GRAPH, which is finished and must outlive FLEET: the closure of
 * its roots, or just the items that it lists. A root is an id; or a name, with or without ":" and
 * an architecture, that only one item has; or a link under ROOT (NULL: "/") to an item. */
STRATA_PUBLIC int strata_fleet_resolve(struct strata_fleet *fleet, const struct strata_graph *graph,
	const char *root, struct strata_error *error);

/* A fleet without a file: make an empty one over GRAPH, add images, and sort it once all are there.
 * Only a sorted fleet can be planned. The name and the items of IMAGE (in any order) are copied. */
STRATA_PUBLIC int strata_fleet_new(
	const struct strata_graph *graph, struct strata_fleet **fleet, struct strata_error *error);
STRATA_PUBLIC int strata_fleet_add(struct strata_fleet *fleet,
	const struct strata_fleet_image *image, struct strata_error *error);
STRATA_PUBLIC int strata_fleet_sort(struct strata_fleet *fleet, struct strata_error *error);

STRATA_PUBLIC void strata_fleet_free(struct strata_fleet *fleet);

/*
 * The catalogue: what is kept of a plan of a fleet. Items stand in it by their *keys*: the name, if
 * it is the only one in the graph, or else name and version ("name-version"), or else the id.
 */
struct strata_catalogue_group {
	const char *const *items; /* keys, sorted */
	size_t item_count;
	const char *const *images; /* names of the images that have the group as a layer, sorted */
	size_t image_count;
	const char *content; /* a hash of the content of its items: 64 hexadecimal digits */
};

struct strata_catalogue {
	struct strata_catalogue_group *groups; /* in the order that layers have, bottom first */
	size_t group_count;
	uint32_t storage_weight; /* thousandths */
	uint32_t request;        /* bytes */
	struct strata_arena *arena;
};

struct strata_fleet_options {
	const struct strata_churn *churn; /* of the fleet's graph */
	/* The cost of a byte in the registry, in thousandths of the cost of a byte that the average
	 * image pulls. 0 plans for pulls alone. */
	uint32_t storage_weight;
	uint32_t request;    /* bytes that one request is worth */
	uint32_t max_layers; /* of every image, instead of its own bound; 0: its own */

	/* Extend this catalogue instead of planning afresh; NULL: none. An image keeps a group as a
	 * layer, unless a change saves within three months more than it costs. */
	const struct strata_catalogue *previous;
	/* Images of the catalogue that are not in this fleet still exist, and keep their layers. */
	bool others_remain;
	const struct strata_observer *observer;
};

struct strata_fleet_plan {
	const struct strata_fleet *fleet; /* borrowed */
	/* One for each image; `order` holds indices in the graph. */
	struct strata_partition *partitions;
	/* For each image, the number of each of its layers, bottom first: images that have a layer
	 * in common give it the same number. */
	const uint32_t **layers;
	uint32_t layer_count; /* distinct layers, numbered in the order of the catalogue */
	struct strata_fleet_options options;
	uint64_t kept; /* layers that the previous catalogue has too, with the same content */
	struct strata_arena *arena;
};

/* Plan FLEET, whose images are resolved. *PLAN is the caller's; it borrows FLEET. */
STRATA_PUBLIC int strata_fleet_plan(const struct strata_fleet *fleet,
	const struct strata_fleet_options *options, struct strata_fleet_plan **plan,
	struct strata_error *error);
STRATA_PUBLIC void strata_fleet_plan_free(struct strata_fleet_plan *plan);

/* The plan of image INDEX as one that `build --plan` takes. *RESULT is the caller's. */
STRATA_PUBLIC int strata_fleet_plan_image(const struct strata_fleet_plan *plan, size_t index,
	struct strata_plan **result, struct strata_error *error);

/* The catalogue of a plan. *CATALOGUE is the caller's. */
STRATA_PUBLIC int strata_catalogue_make(const struct strata_fleet_plan *plan,
	struct strata_catalogue **catalogue, struct strata_error *error);

/* Read or write a catalogue as JSON, docs/catalogue.schema.json; "-" is standard input or output. A
 * written one is there whole or not at all. */
STRATA_PUBLIC int strata_catalogue_load(
	const char *path, struct strata_catalogue **catalogue, struct strata_error *error);
/* Whether the file at PATH is a catalogue, and not a plan, an image or missing. */
STRATA_PUBLIC bool strata_catalogue_recognise(const char *path);
STRATA_PUBLIC int strata_catalogue_save(
	const struct strata_catalogue *catalogue, const char *path, struct strata_error *error);
STRATA_PUBLIC void strata_catalogue_free(struct strata_catalogue *catalogue);

/* A strategy for one image. Each group of CATALOGUE of which the image has all items becomes a
 * layer. The other items are planned by themselves. strata_strategies() does not list this
 * strategy. CATALOGUE must outlive it. */
STRATA_PUBLIC struct strata_strategy strata_catalogue_strategy(
	const struct strata_catalogue *catalogue);

#ifdef __cplusplus
}
#endif

#endif
