/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers in an archive: each blob is a member once, wherever it stands in the image.
 */
#ifndef IMAGE_WRITE_ARCHIVE_LAYERS_H
#define IMAGE_WRITE_ARCHIVE_LAYERS_H

#include "image/write/archive.h"
#include "util/arena.h"
#include "util/map.h"

struct strata_archive_layers {
	struct strata_arena arena; /* owns the names */
	struct strata_map seen;
	const char **members; /* the member of each layer, bottom first */
	size_t count, capacity;
};

/* Add LAYER's blob to ARCHIVE, unless it is there. Its name is PREFIX, the digits of its digest,
 * and SUFFIX. While the archive is only measured, nothing is remembered. */
int strata_archive_layers_add(struct strata_archive_layers *layers, struct strata_archive *archive,
	const struct strata_layer *layer, const char *prefix, const char *suffix,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_archive_layers_release(struct strata_archive_layers *layers);

#endif
