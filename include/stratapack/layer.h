/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recipes and layers.
 *
 * A *recipe* is everything that a layer's bytes depend on; it stands alone and mentions neither
 * the image nor other layers. Its canonical JSON (docs/recipe.schema.json) has a digest, the
 * recipe key. A *layer* is what a recipe gives: the diff ID (of the tar stream), the digest (of the
 * blob as stored and pushed), both sizes, and the blob itself.
 */
#ifndef STRATAPACK_LAYER_H
#define STRATAPACK_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "digest.h"
#include "error.h"
#include "graph.h"
#include "observer.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum strata_codec_kind {
	STRATA_CODEC_NONE,
	STRATA_CODEC_GZIP,
	STRATA_CODEC_ZSTD,
};

struct strata_compression {
	enum strata_codec_kind kind;
	int level;
};

/* Read "none", "gzip", "gzip:9", "zstd:19"; without a level the codec's usual one (gzip 6, zstd
 * 3). */
STRATA_PUBLIC int strata_compression_parse(
	const char *text, struct strata_compression *compression, struct strata_error *error);

/* What becomes of modification times. */
enum strata_time_kind {
	/* Store items get 1. Files keep their times. Directories get 1, since their own time only
	 * tells when an entry was added or removed. */
	STRATA_TIME_DEFAULT,
	/* Store items: `limit`. Files: as they are but not after `limit`; directories as in
	   default. */
	STRATA_TIME_LIMIT,
	/* Everything as it is. */
	STRATA_TIME_KEEP,
};

/* Ownership and time rules: they apply while writing, never by a later layer. */
struct strata_metadata_rules {
	bool set_owner; /* everything belongs to uid and gid; else stores to 0:0, files as they are
			 */
	uint32_t uid, gid;
	enum strata_time_kind time;
	int64_t limit; /* seconds since the epoch */
	/* Patterns of paths that are left out of every layer, whatever brings them, with all that
	 * is below; see stratapack-recipe(5). */
	const char *const *exclude;
	size_t exclude_count;
};

struct strata_recipe_item {
	const char *id;
	const char *identity; /* NULL: unknown */
	enum strata_content content;
	const char *const *trees;
	size_t tree_count;
	const char *const *files;
	size_t file_count;
	const struct strata_item_entry *entries;
	size_t entry_count;
};

struct strata_recipe {
	struct strata_recipe_item *items; /* sorted by id */
	size_t item_count;
	struct strata_customisation customisation; /* entries sorted by path */
	struct strata_metadata_rules rules;
	struct strata_compression compression;
	/* Of the files of a running system, whose identity says too little (a configuration file
	 * may be edited): their metadata when the recipe was made. "": not taken. */
	struct strata_digest fingerprint;
	struct strata_digest key;
	uint64_t
		size; /* roughly how much there is to read; for scheduling, no part of the recipe */
	struct strata_arena *arena; /* owns everything above */
};

/* The recipes of all layers of PLAN, bottom first, strata_plan_image_layers() of them. *RECIPES is
 * an array of owned recipes, itself owned by the caller: strata_recipes_free(). */
STRATA_PUBLIC int strata_recipes_make(const struct strata_plan *plan,
	const struct strata_graph *graph, const struct strata_metadata_rules *rules,
	const struct strata_compression *compression, struct strata_recipe ***recipes,
	size_t *count, struct strata_error *error);

/* Take the fingerprint of every recipe that has files of a running system. Then a change of these
 * files changes the recipe, and strata_layers_build() refuses to build them in another state
 * (STRATA_ERROR_CHANGED). The keys of these recipes change. */
struct strata_build_options;
STRATA_PUBLIC int strata_recipes_fingerprint(struct strata_recipe *const *recipes, size_t count,
	const struct strata_build_options *options, struct strata_error *error);

STRATA_PUBLIC void strata_recipes_free(struct strata_recipe **recipes, size_t count);

STRATA_PUBLIC int strata_recipe_load(
	const char *path, struct strata_recipe **recipe, struct strata_error *error);
STRATA_PUBLIC int strata_recipe_save(
	const struct strata_recipe *recipe, const char *path, struct strata_error *error);
STRATA_PUBLIC void strata_recipe_free(struct strata_recipe *recipe);

struct strata_layer {
	struct strata_digest recipe_key; /* of a base image: what the cache knows it by, or "" */
	struct strata_digest diff_id;
	struct strata_digest digest;
	uint64_t diff_size; /* bytes of the tar stream */
	uint64_t size;      /* bytes of the blob */
	enum strata_codec_kind codec;
	char **items; /* ids of the items in it, sorted; owned */
	size_t item_count;
	struct strata_digest contents; /* of the items, where they are left out; or "" */
	bool customised;               /* holds the customisation's entries */
	bool base;                     /* of a base image: its items are not listed */
	char *blob;  /* path of the file with the blob; NULL where it has none of its own; owned */
	bool staged; /* the blob is a working copy that outputs may share instead of copying */
};

/* A file that takes the blobs of all layers while they are made, each at an offset of its own. */
struct strata_blob_file {
	int descriptor;          /* open for reading and writing */
	const char *name;        /* what messages call it */
	const uint64_t *offsets; /* of each layer's blob, bottom first */
};

/* Where the blobs of a build are written to. All is borrowed. */
struct strata_placement {
	const struct strata_blob_file *files;
	size_t file_count;
	bool complete; /* nobody needs blobs in files of their own */
};

struct strata_build_options {
	const char *root; /* where the items' paths are; NULL: "/" */
	unsigned threads; /* 0: one for each processor */
	/* Files and directories to leave out wherever they are met: the outputs of this build and
	 * the directories that hold them. Those that do not exist are ignored. */
	const char *const *avoid;
	size_t avoid_count;
	const struct strata_observer *observer;
	struct strata_cache *cache; /* where layers may be already, and go; NULL: nowhere */
	bool describe;              /* find out digests and sizes only: no blob is written */
	/* Fills PLACEMENT, which is empty. It is called once, before the content of a file is read,
	 * if the sizes of all blobs are known by then: each layer is uncompressed or in the cache.
	 * Only the codec and the sizes of the COUNT LAYERS, bottom first, are filled. Blobs that it
	 * does not place become files of their own. NULL: not called. */
	int (*place)(void *data, const struct strata_layer *layers, size_t count,
		struct strata_placement *placement, struct strata_error *error);
	/* Called for each layer, bottom first, as soon as it and all below it are made, from one
	 * thread at a time; a negative status stops the build. NULL: not called. */
	int (*ready)(void *data, const struct strata_layer *layer, struct strata_error *error);
	void *data; /* for place and ready */
};

/* Make the layers of COUNT recipes: each file is read once, layers are built in parallel, and the
 * bytes do not depend on the number of threads. Blobs are written to DIRECTORY, named by the digits
 * of their digests, unless they were placed elsewhere and need not go into the cache. On failure
 * none stays there. With a cache, DIRECTORY must be on its file system, since blobs are moved into
 * the cache. LAYERS has room for COUNT. They are the caller's (strata_layer_release()), and valid
 * only on success. */
STRATA_PUBLIC int strata_layers_build(struct strata_recipe *const *recipes, size_t count,
	const char *directory, const struct strata_build_options *options,
	struct strata_layer *layers, struct strata_error *error);

/* Write LAYER as a directory that strata_layer_load() reads: "layer.json" and "blob". The blob's
 * file is moved there; the layer's blob then points to it. */
STRATA_PUBLIC int strata_layer_save(
	struct strata_layer *layer, const char *directory, struct strata_error *error);

/* A digest that tells the layers of an image apart by what is in them: the ids of COUNT items, in
 * any order, and whether the customisation is there. */
STRATA_PUBLIC int strata_layer_contents(const char *const *items, size_t count, bool customised,
	struct strata_digest *contents, struct strata_error *error);

/* Leave the items out of LAYER and set its contents digest instead. In a store of Guix or Nix,
 * every file that names store items keeps them alive. A compressed layer that is saved without its
 * items names none. */
STRATA_PUBLIC int strata_layer_omit_items(struct strata_layer *layer, struct strata_error *error);

/* Put the items back into a layer that was saved without them. Items that do not match its contents
 * digest are STRATA_ERROR_MISMATCH. */
STRATA_PUBLIC int strata_layer_restore_items(struct strata_layer *layer, const char *const *items,
	size_t count, struct strata_error *error);

/* Read such a directory and check it, the blob's size included. */
STRATA_PUBLIC int strata_layer_load(
	const char *directory, struct strata_layer *layer, struct strata_error *error);

STRATA_PUBLIC void strata_layer_release(struct strata_layer *layer);

#ifdef __cplusplus
}
#endif

#endif
