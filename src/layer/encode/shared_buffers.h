/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the encoders of one build share: blocks, and contexts of compression libraries.
 *
 * Both are large, and slow to make; the layers of a build hand them on. The number of blocks in use
 * bounds the memory of a build, whatever its layers' number and size.
 */
#ifndef LAYER_ENCODE_SHARED_BUFFERS_H
#define LAYER_ENCODE_SHARED_BUFFERS_H

#include <pthread.h>
#include <stdatomic.h>

#include <stratapack/layer.h>

#include "util/pool.h"

enum { STRATA_BLOCK_SIZE = 256 * 1024 };

/* A part of a layer's uncompressed stream: a whole block, except the last. Several threads may read
 * it at a time. */
struct strata_block {
	struct strata_block *next; /* in the list that it is in; free for whoever holds it */
	struct strata_block_share *share;
	atomic_uint holders;
	size_t size;
	bool last;
	uint8_t bytes[STRATA_BLOCK_SIZE];
};

struct strata_encoding {
	struct strata_pool *pool;
	pthread_mutex_t lock; /* guards what follows */
	struct strata_block *free_blocks;
	/* What all may still take beyond what each layer always gets. */
	unsigned spare_blocks, spare_workers;
	struct strata_context *contexts;
};

/* LAYERS is how many there will be. */
void strata_encoding_init(
	struct strata_encoding *encoding, struct strata_pool *pool, size_t layers);
void strata_encoding_release(struct strata_encoding *encoding);

/* One layer's share of the blocks. */
struct strata_block_share {
	struct strata_encoding *encoding;
	unsigned taken;
};

/* Take a block for one holder. *BLOCK is NULL where the share is used up: one must be released
 * first. */
int strata_block_take(struct strata_block_share *share, struct strata_block **block,
	struct strata_error *error) STRATA_MUST_CHECK;

/* One holder less; the last one gives the block back. */
void strata_block_release(struct strata_block *block);

/* A context of a compression library, for one thread at a time. It is embedded in the codec's own
 * struct. */
struct strata_context {
	struct strata_context *next;
	enum strata_codec_kind kind;
	int level;
	void (*free)(struct strata_context *context);
};

/* A context of KIND and LEVEL that somebody put back, or NULL. The caller's. */
struct strata_context *strata_context_take(
	struct strata_encoding *encoding, enum strata_codec_kind kind, int level);
void strata_context_put(struct strata_encoding *encoding, struct strata_context *context);

/* Take up to WANTED of the spare workers; returns how many. */
unsigned strata_workers_take(struct strata_encoding *encoding, unsigned wanted);
void strata_workers_put(struct strata_encoding *encoding, unsigned count);

#endif
