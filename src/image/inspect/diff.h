/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is between two images.
 */
#ifndef IMAGE_INSPECT_DIFF_H
#define IMAGE_INSPECT_DIFF_H

#include "image/inspect/contents.h"
#include "util/buffer.h"

enum strata_diff_kind {
	STRATA_DIFF_CHANGED, /* other content than before */
	STRATA_DIFF_ADDED,   /* was not in the image */
	STRATA_DIFF_REMOVED, /* is no longer in the image */
	STRATA_DIFF_MOVED,   /* the same, from another layer */
	STRATA_DIFF_LEFT,    /* is in another layer now */
};

/* One reason why a layer is not what it was. */
struct strata_diff_reason {
	enum strata_diff_kind kind;
	const char *id;        /* in the new image, else in the old one */
	const char *old, *now; /* versions, "" where unknown */
	size_t other;          /* the other layer, where it was or is */
};

struct strata_diff_layer {
	bool reused;        /* the old image has it, anywhere */
	bool prefix_reused; /* and all below it, in their places */
	bool compressed;    /* the content is the old layer's, the blob is another */
	bool has_old;
	size_t old; /* the old layer that it is, or most of which it has */
	struct strata_diff_reason *reasons;
	size_t reason_count;
};

struct strata_diff {
	const struct strata_contents *old, *now;
	struct strata_diff_layer *layers; /* one for each of NOW */
	uint64_t pulled, pulled_prefix, total;
	size_t pulled_layers, pulled_prefix_layers;
	struct strata_arena arena;
};

/* Compare OLD with NOW, which must outlive DIFF. */
int strata_diff_find(const struct strata_contents *old, const struct strata_contents *now,
	struct strata_diff *diff, struct strata_error *error) STRATA_MUST_CHECK;
void strata_diff_release(struct strata_diff *diff);

/* Append DIFF as JSON (docs/diff.schema.json). */
void strata_diff_json(const struct strata_diff *diff, struct strata_buffer *buffer);

#endif
