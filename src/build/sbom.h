/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bill of materials says of an image, whichever format it is written in.
 *
 * Nothing in it depends on the clock or the machine: the time is that of the image, and identifiers
 * are made of digests.
 */
#ifndef BUILD_SBOM_H
#define BUILD_SBOM_H

#include "build/job.h"
#include "util/arena.h"
#include "util/json_writer.h"

#define STRATA_SBOM_NO_LAYER UINT32_MAX

struct strata_sbom_item {
	const struct strata_item *item;
	const char *reference; /* made of the digest of its id */
	const char *purl;
	const char *source; /* the source package of a Debian package; NULL: unknown */
	uint32_t layer;     /* STRATA_SBOM_NO_LAYER: in a layer of the base */
};

struct strata_sbom {
	const struct strata_job *job;
	const char *name;   /* of the image */
	const char *digest; /* of its manifest: "sha256:..." */
	const char *time;   /* RFC 3339 */
	const char *uuid;   /* stands for everything that the document says */
	const char *base;   /* the chain ID of the base's layers, as the image specification defines
			       it; NULL: there is no base */
	const struct strata_layer *layers;
	size_t layer_count;
	struct strata_sbom_item *items; /* as in the graph */
	uint32_t item_count;
	struct strata_arena arena;
};

int strata_sbom_make(struct strata_sbom *sbom, const struct strata_job *job,
	struct strata_error *error) STRATA_MUST_CHECK;
void strata_sbom_release(struct strata_sbom *sbom);

/* Append the whole document. */
void strata_sbom_write_spdx(const struct strata_sbom *sbom, struct strata_buffer *buffer);
void strata_sbom_write_cyclonedx(const struct strata_sbom *sbom, struct strata_buffer *buffer);

#endif
