/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers as they are: the blob is the tar stream.
 */
#include "layer/encode/encoder.h"

static int plain_open(struct strata_encoding *encoding,
	const struct strata_encoder_options *options, struct strata_blob_writer *writer,
	void **state, struct strata_error *error)
{
	(void)encoding;
	(void)options;
	(void)error;
	*state = writer;
	return 0;
}

static int plain_take_block(void *state, struct strata_block *block, struct strata_error *error)
{
	int status = strata_blob_write(state, block->bytes, block->size, error);

	strata_block_release(block);
	return status;
}

static void plain_close(void *state)
{
	(void)state;
}

const struct strata_codec strata_codec_none = {
	.name = "none",
	.media_suffix = "",
	.open = plain_open,
	.take_block = plain_take_block,
	.close = plain_close,
};
