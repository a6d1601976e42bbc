/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an image says of its own items, in words that `--previous`, `diff`, and images on top of it
 * read back: which items lie in which layer (the history's comments), their versions (a label), and
 * how many of its layers are a base's (another). Only this file writes and reads these texts.
 */
#ifndef IMAGE_PROVENANCE_PROVENANCE_H
#define IMAGE_PROVENANCE_PROVENANCE_H

#include <stratapack/image.h>
#include <stratapack/layer.h>
#include <stratapack/plan.h>

#include "util/arena.h"
#include "util/buffer.h"
#include "util/json.h"
#include "util/json_writer.h"
#include "util/map.h"

/* "created_by" of the history entries of layers that stratapack made. */
#define STRATA_HISTORY_AUTHOR "stratapack"

/* The versions of items whose ids do not change with the content: "ID=VERSION" with blanks between.
 * What does not fit in a label goes on in others, with ".2", ".3" and so on behind this name. */
#define STRATA_VERSIONS_LABEL "stratapack.versions"

/* The number of layers that are those of a base image. */
#define STRATA_BASE_LABEL "stratapack.base-layers"

/* Append the ids of the items in LAYER, in about BUDGET bytes: "ID ID and 3 more customisation". */
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

/* Add to MERGED a label with the versions of the items of its plan, before all other labels.
 * Nothing changes where there is no plan, where no item needs it, or where the label would be too
 * long. New texts live in ARENA. */
int strata_provenance_add_versions(struct strata_image_config *merged, struct strata_arena *arena,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Add the versions in INHERITED, the label of the base, to PAIR, the label of the image. For an
 * item that both name, the image's own version stays. Nothing changes where both would be too long.
 */
int strata_provenance_join_versions(struct strata_pair *pair, const char *inherited,
	struct strata_arena *arena, struct strata_error *error) STRATA_MUST_CHECK;

/* Write such a label as members of JSON, none longer than containers may have. */
int strata_provenance_write_versions(struct strata_json_writer *json, const char *text,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Put the labels with versions that are among LABELS together in TEXT, which is NULL where there
 * are none, and else lives in ARENA. */
int strata_provenance_gather_versions(const struct strata_json *labels, struct strata_arena *arena,
	const char **text, struct strata_error *error) STRATA_MUST_CHECK;

/* Whether KEY is one of the labels in which the versions go on. */
bool strata_provenance_is_more_versions(const char *key);

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

/* Read the value of the versions' label. Texts live in ARENA. */
int strata_provenance_read_versions(const char *text, struct strata_arena *arena,
	struct strata_told_versions *versions, struct strata_error *error) STRATA_MUST_CHECK;

/* Give the items of LAYER their versions, "" where none is told. The list lives in ARENA. */
int strata_provenance_apply_versions(const struct strata_told_versions *versions,
	struct strata_arena *arena, struct strata_plan_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_provenance_release_versions(struct strata_told_versions *versions);

#endif
