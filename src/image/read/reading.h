/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images as they are read, whatever format they come in: for verifying and inspecting, and for
 * building on top of them.
 *
 * Reading parses every document (index, manifest, config) and reports what does not agree in them.
 * Blobs of layers are found but not read.
 */
#ifndef IMAGE_READ_READING_H
#define IMAGE_READ_READING_H

#include <stratapack/image.h>

#include "image/read/findings.h"
#include "image/read/members.h"
#include "util/arena.h"
#include "util/json.h"

enum {
	STRATA_READ_PLAUSIBLE_DOCUMENT = 4 << 20,
	STRATA_READ_LARGEST_DOCUMENT = 20 << 20,
};

/* Which documents describe an image: one file may hold several views of the same. */
enum strata_view {
	STRATA_VIEW_OCI,    /* index and manifest; also those of `dir` */
	STRATA_VIEW_DOCKER, /* manifest.json */
	STRATA_VIEW_V1,     /* directories with json and layer.tar */
};

struct strata_read_layer {
	const char *label;      /* "layer 3, blob sha256:...": where, for messages */
	const char *media_type; /* NULL where the format has none */
	bool has_digest;        /* of the blob as it is stored */
	bool has_diff_id;
	bool has_size; /* SIZE was promised, and is not just what is stored */
	bool stored;   /* PLACE is known */
	struct strata_digest digest, diff_id;
	uint64_t size;
	struct strata_place place;
	const struct strata_json *history; /* NULL: none */
};

struct strata_read_image {
	enum strata_view view;
	const char *label; /* a name, or a short digest: for messages */
	const char *const *names;
	size_t name_count;
	const struct strata_json *manifest;   /* NULL for docker archives */
	struct strata_digest manifest_digest; /* "" where there is none */
	/* What the names are of: the manifest, or an index that lists it; "" where neither is. */
	struct strata_digest root;
	const char *root_media_type;
	const char *manifest_media_type;
	const struct strata_json *platform; /* of the descriptor, or NULL */
	const struct strata_json *config;   /* the whole document; NULL where unusable or none */
	struct strata_digest id;            /* of the config; "" for V1 */
	bool artifact;                      /* its layers are not file systems */
	bool broken;                        /* a document could not be read or trusted */
	struct strata_place config_place;   /* where CONFIG_STORED; not of V1 */
	bool config_stored;
	struct strata_read_layer *layers; /* bottom first */
	size_t layer_count;
};

struct strata_reading {
	struct strata_findings *findings; /* borrowed */
	struct strata_arena arena;        /* owns what images point to */
	struct strata_store *store;
	enum strata_format format;
	struct strata_read_image *images;
	size_t count, capacity;
	struct strata_json **documents; /* kept while the images are */
	size_t document_count, document_capacity;
	uint64_t document_bytes;
	bool partial; /* platforms of an index may be missing: docker saves so */
};

#define strata_autoreading STRATA_CLEANUP(strata_reading_release)

/* Open SOURCE as include/stratapack/image.h describes it and read its images. What does not agree
 * goes to FINDINGS, which READING borrows; errors are for what cannot be read at all, and for a
 * name that selects nothing. */
int strata_reading_open(const char *source, struct strata_findings *findings,
	struct strata_reading *reading, struct strata_error *error) STRATA_MUST_CHECK;

void strata_reading_release(struct strata_reading *reading);

/* Whether an earlier image of READING is the same as the one with this index, and shows more. */
bool strata_reading_is_repetition(const struct strata_reading *reading, size_t index);

#endif
