/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan: which items share a layer.
 *
 * A strategy is a pure function from a finished graph, its churn, and a bound on layers to a
 * partition of the items. A plan is that partition by item ids, with the strategy and parameters
 * that made it and the entries of the customisation layer. People and programs write, read and edit
 * plans as JSON (docs/plan.schema.json); whoever uses one checks it against the graph first.
 */
#ifndef STRATAPACK_PLAN_H
#define STRATAPACK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "churn.h"
#include "error.h"
#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	STRATA_DEFAULT_MAX_LAYERS = 100,
	STRATA_LARGEST_MAX_LAYERS = 125, /* Docker's classic store loads no more */
};

/* Layers, bottom first, as cuts through one ordering of all items: layer k is
 * order[ends[k - 1]] .. order[ends[k] - 1]. Each item stands in `order` exactly once. */
struct strata_partition {
	uint32_t *order;
	uint32_t item_count;
	uint32_t *ends;
	uint32_t layer_count;
};

struct strata_strategy {
	const char *name;
	const char *summary;   /* what it does, one line */
	const char *trade_off; /* two sentences */

	/* The customisation belongs to the top layer instead of taking a layer of its own. */
	bool customisation_on_top_layer;

	/* The fewest layers for items that GRAPH can be put into. NULL: one is enough. */
	uint32_t (*least_layers)(const struct strata_graph *graph);

	/* Looks at how items change. */
	bool uses_churn;

	/* Looks at the storage weight of the churn. */
	bool weighs_storage;

	/* Takes every layer of the previous plan that can stay as it is, whatever it costs. */
	bool keeps_previous;

	/* What this strategy knows beyond its name: steps of a pipeline, a catalogue. Borrowed. */
	const void *data;

	/* Fill PARTITION, whose arrays have room for every item. STRATEGY is this structure. BOUND,
	 * at least 1, is the largest number of layers with items. GRAPH has at least one item.
	 * CHURN is NULL unless `uses_churn` is set. */
	int (*partition)(const struct strata_strategy *strategy, const struct strata_graph *graph,
		const struct strata_churn *churn, uint32_t bound,
		struct strata_partition *partition, struct strata_error *error);
};

/* All strategies, the default one first, ended by NULL. */
STRATA_PUBLIC const struct strata_strategy *const *strata_strategies(void);

/* The strategy with this name, or NULL. */
STRATA_PUBLIC const struct strata_strategy *strata_strategy_find(const char *name);

/* Something that the customisation layer adds. */
enum strata_entry_kind {
	STRATA_ENTRY_DIRECTORY,
	STRATA_ENTRY_SYMLINK,
};

/* Where a directory that an entry names exists already, below the customisation. */
enum strata_below {
	STRATA_BELOW_NOTHING,
	STRATA_BELOW_BASE,  /* the base image */
	STRATA_BELOW_FILES, /* an item of a running system's files */
	STRATA_BELOW_STORE, /* an item of a store */
};

struct strata_xattr; /* tar/writer.h; for those that were placed */

struct strata_entry {
	enum strata_entry_kind kind;
	const char *path;   /* absolute, normal (no ".", "..", "//", trailing slash) */
	const char *target; /* of a symlink */
	uint32_t mode;      /* of a directory: permission bits */
	uint32_t uid, gid;
	/* A directory that stays as it is where the image has one there already. */
	bool keeps_existing;
	bool was_relative; /* the target of a link was, and became that within an item */

	/* Of a placed entry: where the image has this directory already. The directory keeps its
	 * time: `mtime` in a base image, or what the layers' rules make of that of an item. */
	enum strata_below below;
	bool is_brought; /* the entry changes the mode or the owner that it has there */
	int64_t mtime;
	const struct strata_xattr *xattrs;
	size_t xattr_count;
};

/* A file or directory whose content the customisation brings. */
struct strata_copy {
	const char *from; /* absolute, normal; on this machine, or in the image where `links` */
	const char *to;   /* absolute, normal: where it goes in the image, or "/" */
	/* The image gets links to the files instead of the files. They are looked for under the
	 * root of the items. */
	bool links;
	bool into;        /* a file goes into the directory `to`, and would not become it */
	const char *name; /* of a file in that directory; NULL: the one it has in `from` */
};

/* A symbolic link of the image that additions went through to a directory. */
struct strata_followed_link {
	const char *path;
	const char *to; /* without links */
};

/* A file of the base image that a layer hides. */
struct strata_hidden_file {
	const char *path;
	const char *by; /* the id of an item, or "customisation" */
};

struct strata_hidden {
	const struct strata_hidden_file *files;
	size_t count;
};

/* A rule for what the customisation brings. */
struct strata_permission {
	/* Which paths of the image: an absolute path in which, within a component, "*", "?" and
	 * "[...]" mean what they mean to a shell, and the component "**" any number of them. */
	const char *paths;
	const char *mode; /* octal or as for chmod(1), "u+w,go=rX"; NULL: as it is */
	bool set_owner;
	uint32_t uid, gid;
};

/* What an image has besides its items. Copies are applied in their order: directories are joined,
 * and a later file replaces an earlier one. Entries are applied after them. Then permissions are
 * applied in their order; each must match something. */
struct strata_customisation {
	const struct strata_entry *entries;
	size_t entry_count;
	const struct strata_copy *copies;
	size_t copy_count;
	const struct strata_permission *permissions;
	size_t permission_count;
	const struct strata_followed_link *followed; /* filled when it is placed */
	size_t followed_count;
};

/* The files of layers that lie on one another: base_image.h makes it of a base. */
struct strata_listing;
STRATA_PUBLIC void strata_listing_free(struct strata_listing *listing);

/* Whether it adds nothing to an image. */
STRATA_PUBLIC bool strata_customisation_is_empty(const struct strata_customisation *customisation);

struct strata_plan_layer {
	const char *const *items; /* ids */
	size_t item_count;
	/* The version of each item whose id does not tell it; "" where unknown. NULL: no versions.
	 */
	const char *const *versions;
	/* How this layer is compressed, as strata_compression_parse() reads it, e.g. "zstd:19";
	 * NULL: as the image's layers are. */
	const char *compression;
};

struct strata_plan {
	const char *strategy;             /* the name of what made it; "" for a hand-written plan */
	uint32_t max_layers;              /* 0 where unknown */
	struct strata_plan_layer *layers; /* bottom first */
	size_t layer_count;
	uint32_t base_layers; /* layers of a base image that lie beneath and count in the bound */
	struct strata_plan_layer base_items;       /* in the base image: no layer has them */
	struct strata_customisation customisation; /* entries sorted by path components */
	/* The customisation is a layer of its own on top; else part of the topmost layer. */
	bool customisation_layer;
	const char *customisation_compression; /* of that layer, like a layer's */
	struct strata_hidden hidden; /* by the customisation; not known of a plan that was read */
	struct strata_arena *arena;  /* owns everything above */
};

struct strata_plan_options {
	const struct strata_strategy *strategy; /* NULL: the default */
	uint32_t max_layers;  /* of the whole image; 0: STRATA_DEFAULT_MAX_LAYERS */
	uint32_t base_layers; /* how many of them a base image takes */

	/* A plan of the items that the base image holds; no layer of the plan has them. NULL: none.
	 */
	const struct strata_plan *base_items;
	/* A plan of the bottom layers, which are taken as they are. All other items are divided
	 * into layers above them. Each of its items must be in the graph and in one layer only
	 * (STRATA_ERROR_INVALID). NULL: none. */
	const struct strata_plan *below;

	/* How items change. NULL: what the graph alone tells. */
	const struct strata_churn_options *changes;
	/* The churn of GRAPH, for callers that plan one graph several times. It is ignored where
	 * there are `base_items` or layers `below`. NULL: it is made from `changes`. */
	const struct strata_churn *churn;
	/* The plan that machines have now, or NULL. Its layers are kept, unless a new plan saves
	 * more within a year than it costs to pull the layers that it changes. */
	const struct strata_plan *previous;
	struct strata_customisation customisation;
	/* What the customisation is laid on: the files of a base image (NULL: none) and of the
	 * items, which are under `root` (NULL: "/"). Links are followed as in a container, and
	 * existing directories stay as they are. */
	const struct strata_listing *base_files;
	const char *root;
	bool force_overlap; /* what the customisation brings may replace directories */
};

/* Plan GRAPH. *PLAN is the caller's. STRATA_ERROR_INVALID where the bound is too low. */
STRATA_PUBLIC int strata_plan_make(const struct strata_graph *graph,
	const struct strata_plan_options *options, struct strata_plan **plan,
	struct strata_error *error);

/* Read a plan from the file at PATH ("-": stdin) and check its form. *PLAN is the caller's. */
STRATA_PUBLIC int strata_plan_load(
	const char *path, struct strata_plan **plan, struct strata_error *error);

/* Write PLAN as JSON to PATH ("-": stdout), whole or not at all. */
STRATA_PUBLIC int strata_plan_save(
	const struct strata_plan *plan, const char *path, struct strata_error *error);

/* Check PLAN against GRAPH: every item in exactly one layer or in the base image, no layer empty,
 * no foreign item in one. */
STRATA_PUBLIC int strata_plan_check(const struct strata_plan *plan,
	const struct strata_graph *graph, struct strata_error *error);

/* The number of layers that the image has above its base: those with items, and the
 * customisation's. */
STRATA_PUBLIC size_t strata_plan_image_layers(const struct strata_plan *plan);

STRATA_PUBLIC void strata_plan_free(struct strata_plan *plan);

#ifdef __cplusplus
}
#endif

#endif
