/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base images: what FROM is in a Dockerfile.
 *
 * The layers of a base lie below those of the image, with their blobs as they are, and the image
 * inherits what the base's config says. An image is made on a base in three steps: the base is
 * opened, its layers are gathered, and strata_image_new() gets them first, with the base in its
 * config.
 */
#ifndef STRATAPACK_BASE_IMAGE_H
#define STRATAPACK_BASE_IMAGE_H

#include <stddef.h>

#include "error.h"
#include "graph.h"
#include "layer.h"
#include "plan.h"

#ifdef __cplusplus
extern "C" {
#endif

struct strata_base;

/* What an image is for. Strings are borrowed. */
struct strata_platform {
	const char *architecture; /* in Go's words, "amd64"; NULL: this machine's */
	const char *variant;      /* "v7"; NULL: any, the usual one first */
	const char *os;           /* NULL: "linux" */
};

/* Open the image in SOURCE, as strata_image_inspect() takes it, as a base of images for PLATFORM.
 * Only its documents are read, and checked. From an index, the image for PLATFORM is taken. Where
 * there is none for it, or several of which none is named, that is STRATA_ERROR_INVALID. *BASE is
 * the caller's. */
STRATA_PUBLIC int strata_base_open(const char *source, const struct strata_platform *platform,
	struct strata_base **base, struct strata_error *error);

/* Tell OBSERVER what of BASE (NULL: none) does not come into an image on it: instructions for
 * builds, and variables that no client takes. */
STRATA_PUBLIC void strata_base_tell(
	const struct strata_base *base, const struct strata_observer *observer);

/* How many layers it has; 0 for NULL. */
STRATA_PUBLIC size_t strata_base_layer_count(const struct strata_base *base);

/* Gather the layers: every blob is copied into DIRECTORY as it is stored, and its size, digest and
 * diff ID are checked on the way (STRATA_ERROR_MISMATCH). These OPTIONS count: `threads`,
 * `observer`, `ready`, `cache` (its blobs were checked before) and `describe` (blobs are checked
 * only, not copied). LAYERS has room for strata_base_layer_count(). They are the caller's
 * (strata_layer_release()), and valid only on success. */
STRATA_PUBLIC int strata_base_layers(const struct strata_base *base, const char *directory,
	const struct strata_build_options *options, struct strata_layer *layers,
	struct strata_error *error);

/* Which of its items a base is trusted to hold. */
enum strata_base_items {
	STRATA_BASE_ITEMS_STORE, /* those of a store, whose names change with their content */
	STRATA_BASE_ITEMS_ALL,   /* packages of the same version as well */
	STRATA_BASE_ITEMS_NONE,
};

/* Find the items of GRAPH that BASE (NULL: none) holds already, so that no layer has to hold them.
 * They are known where stratapack made all layers of BASE. *HELD is a plan with one layer of these
 * items, or with no layer; it is the caller's. */
STRATA_PUBLIC int strata_base_held(const struct strata_base *base, const struct strata_graph *graph,
	enum strata_base_items kind, struct strata_plan **held, struct strata_error *error);

/* STRATA_ERROR_INVALID where PLAN was made for another base than BASE (NULL: none): one with
 * another number of layers, or with items that are not in this one. */
STRATA_PUBLIC int strata_base_check_plan(
	const struct strata_base *base, const struct strata_plan *plan, struct strata_error *error);

/* Read the layers of BASE, from CACHE (NULL: none) where it has them, and list their files for
 * strata_plan_options. *LISTING is the caller's (strata_listing_free()); it is NULL where BASE is.
 */
STRATA_PUBLIC int strata_base_list_files(const struct strata_base *base, struct strata_cache *cache,
	struct strata_listing **listing, struct strata_error *error);

/* Check that no item of GRAPH that PLAN packs hides one of FILES, the files of BASE (NULL: none):
 * else STRATA_ERROR_INVALID. An item may hide the same path of the same package. The items' files
 * are below ROOT (NULL: "/"). With FORCE, items may hide any file, and PLAN->hidden lists those. */
STRATA_PUBLIC int strata_base_check_overlap(const struct strata_base *base,
	const struct strata_listing *files, const struct strata_graph *graph, const char *root,
	bool force, struct strata_plan *plan, struct strata_error *error);

/* NULL is fine. */
STRATA_PUBLIC void strata_base_free(struct strata_base *base);

#ifdef __cplusplus
}
#endif

#endif
