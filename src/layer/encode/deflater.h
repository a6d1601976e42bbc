/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deflating the blocks of one stream (RFC 1951) independently of each other.
 *
 * libdeflate is more than twice as fast as zlib, but makes whole streams only. So each block
 * becomes a stream. In all streams but the last, the bit that marks the final deflate block is
 * cleared. zlib's inflate, which can stop between deflate blocks, finds that bit, and proves on the
 * way that the block can be unpacked. An empty stored block then fills up the last byte.
 */
#ifndef LAYER_ENCODE_DEFLATER_H
#define LAYER_ENCODE_DEFLATER_H

#include "layer/encode/shared_buffers.h"

/* For one thread at a time. It is a context of gzip: strata_context_take() knows it. */
struct strata_deflater;

/* A deflater of LEVEL, from ENCODING where there is one; NULL where memory is out. Put it back when
 * it is not used any more. */
struct strata_deflater *strata_deflater_take(struct strata_encoding *encoding, int level);
void strata_deflater_put(struct strata_encoding *encoding, struct strata_deflater *deflater);

/* How much room the output of a block of SIZE bytes may need. */
size_t strata_deflater_bound(size_t size);

/* Deflate BLOCK, which is of at most STRATA_BLOCK_SIZE bytes, into the CAPACITY bytes at OUTPUT.
 * Returns the length of the output, or 0 where *FAILURE says what is wrong. */
size_t strata_deflate(struct strata_deflater *deflater, const struct strata_block *block,
	uint8_t *output, size_t capacity, const char **failure);

#endif
