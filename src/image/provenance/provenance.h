/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image says of its own items, in words that `--previous`, `diff`, and images on top of it
 * read back: which items lie in which layer and their versions (the history's comments), and how
 * many of its layers are a base's (a label). Only this file writes and reads these texts.
 */
#ifndef IMAGE_PROVENANCE_PROVENANCE_H
#define IMAGE_PROVENANCE_PROVENANCE_H

#include <stratapack/image.h>
#include <stratapack/layer.h>
#include <stratapack/plan.h>

#include "util/arena.h"
#include "util/buffer.h"
#include "util/map.h"

/* "created_by" of the history entries of layers that stratapack made. */
#define STRATA_HISTORY_AUTHOR "stratapack"

/* "created_by" of the entry for no layer with the versions of items whose ids do not change with
 * the content: "ID=VERSION" with blanks between. Images of before have them in a label. */
#define STRATA_VERSIONS_AUTHOR "stratapack versions"
#define STRATA_VERSIONS_LABEL "stratapack.versions"

/* The number of layers that are those of a base image. */
#define STRATA_BASE_LABEL "stratapack.base-layers"

/* Append which items LAYER holds, in about BUDGET bytes: "ID ID and 3 more customisation". */
void strata_provenance_write_items(
	struct strata_buffer *text, const struct strata_layer *layer, size_t budget);

struct strata_told_items {
	struct strata_plan_layer items; /* without versions */
	bool customised;
	bool incomplete; /* not all items are told */
};

/* Read such a text. What TOLD has lives in ARENA. */
int strata_provenance_read_items(const char *text, struct strata_arena *arena,
	struct strata_told_items *told, struct strata_error *error) STRATA_MUST_CHECK;

/* Append the versions of the items of PLAN (NULL: none) behind those that a base tells in a label,
 * INHERITED (NULL: none); of an item that both name, the later version counts. False, and nothing
 * is appended, where there is nothing to say or more than fits. */
bool strata_provenance_write_versions(
	struct strata_buffer *text, const struct strata_plan *plan, const char *inherited);

/* The label that COUNT layers are a base's. Its value lives in ARENA. */
int strata_provenance_base_label(size_t count, struct strata_arena *arena, struct strata_pair *pair,
	struct strata_error *error) STRATA_MUST_CHECK;

/* How many of LAYERS layers are a base's, by the value of that label; 0 where TEXT is NULL or
 * unusable. */
size_t strata_provenance_read_base(const char *text, size_t layers);

/* Versions by id. */
struct strata_told_versions {
	struct strata_map by_id; /* -> place in the list */
	const char **list;
};
#define STRATA_TOLD_VERSIONS_INIT     \
	{                             \
		STRATA_MAP_INIT, NULL \
	}
#define strata_autoversions STRATA_CLEANUP(strata_provenance_release_versions)

/* Read such a text. What is read lives in ARENA. */
int strata_provenance_read_versions(const char *text, struct strata_arena *arena,
	struct strata_told_versions *versions, struct strata_error *error) STRATA_MUST_CHECK;

/* Give the items of LAYER their versions, "" where none is told. The list lives in ARENA. */
int strata_provenance_apply_versions(const struct strata_told_versions *versions,
	struct strata_arena *arena, struct strata_plan_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_provenance_release_versions(struct strata_told_versions *versions);

#endif
