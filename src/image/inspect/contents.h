/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which items lie in which layer of an image: what stratapack wrote into its history, or what a
 * plan says.
 */
#ifndef IMAGE_INSPECT_CONTENTS_H
#define IMAGE_INSPECT_CONTENTS_H

#include <stratapack/image.h>
#include <stratapack/plan.h>

#include "image/read/reading.h"
#include "util/arena.h"

struct strata_contents_layer {
	struct strata_digest digest, diff_id; /* "" where unknown */
	uint64_t size;                        /* of the blob; 0 in a plan */
	struct strata_plan_layer items;       /* none where nothing is known of them */
	bool customised;
	bool known;      /* stratapack made it, and says what is in it */
	bool incomplete; /* not all items are told */
};

struct strata_contents {
	struct strata_arena arena;
	struct strata_contents_layer *layers; /* bottom first */
	size_t count;
	size_t base_count; /* the lowest of them are those of a base image */
	bool is_plan;
};

#define STRATA_CONTENTS_INIT                         \
	{                                            \
		STRATA_ARENA_INIT, NULL, 0, 0, false \
	}
#define strata_autocontents STRATA_CLEANUP(strata_contents_release)

/* Read which items SOURCE holds: an image as strata_image_inspect() takes it, or the file of a
 * plan. Of several images, the first is taken. */
int strata_contents_read(const char *source, struct strata_contents *contents,
	struct strata_error *error) STRATA_MUST_CHECK;

/* The same of an image that is being read; it must outlive CONTENTS. */
int strata_contents_of(const struct strata_read_image *image, struct strata_contents *contents,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_contents_release(struct strata_contents *contents);

#endif
