/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decompression as a stream: gzip (RFC 1952, several members one behind the other included) and
 * zstd (RFC 8878, several frames included). Other streams pass through unchanged.
 */
#ifndef TAR_DECOMPRESS_H
#define TAR_DECOMPRESS_H

#include <stratapack/layer.h>

#include "tar/input.h"

enum {
	/* Memory that a zstd frame may ask for, as a power of two: what other readers grant. */
	STRATA_ZSTD_WINDOW_BITS = 27,
};

struct strata_decompressor; /* begins with a struct strata_input */

#define strata_autodecompressor STRATA_CLEANUP(strata_cleanup_decompressor)

/* Find out by its first bytes how SOURCE (borrowed) is compressed, and read what is in it.
 * *DECOMPRESSOR is the caller's. xz and bzip2 are STRATA_ERROR_UNSUPPORTED with a hint. Reading
 * fails with STRATA_ERROR_FORMAT where the compressed data are damaged, end early or have something
 * else behind them. */
int strata_decompressor_new(struct strata_input *source, const char *name,
	struct strata_decompressor **decompressor, struct strata_error *error) STRATA_MUST_CHECK;

/* The decompressed stream; it belongs to DECOMPRESSOR. */
struct strata_input *strata_decompressor_input(struct strata_decompressor *decompressor);

/* What the first bytes showed. */
enum strata_codec_kind strata_decompressor_codec(const struct strata_decompressor *decompressor);

/* "gzip", "zstd", or "plain": a word for people. */
const char *strata_codec_word(enum strata_codec_kind codec);

void strata_decompressor_free(struct strata_decompressor *decompressor);
void strata_cleanup_decompressor(struct strata_decompressor **decompressor);

#endif
