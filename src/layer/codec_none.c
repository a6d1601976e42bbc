#include "layer/encoder.h"

struct plain {
	struct strata_blob_writer *writer;
	uint8_t block[STRATA_BLOCK_SIZE];
};

static int plain_open(struct strata_encoding *encoding,
	const struct strata_encoder_options *options, struct strata_blob_writer *writer,
	void **state, struct strata_error *error)
{
	struct plain *plain = malloc(sizeof(*plain));

	(void)encoding;
	(void)options;
	if (!plain)
		return strata_fail_memory(error);
	plain->writer = writer;
	*state = plain;
	return 0;
}

static int plain_next_block(void *state, uint8_t **block, struct strata_error *error)
{
	(void)error;
	*block = ((struct plain *)state)->block;
	return 0;
}

static int plain_take_block(void *state, size_t size, bool last, struct strata_error *error)
{
	struct plain *plain = state;

	(void)last;
	return strata_blob_write(plain->writer, plain->block, size, error);
}

const struct strata_codec strata_codec_none = {
	.name = "none",
	.media_suffix = "",
	.open = plain_open,
	.next_block = plain_next_block,
	.take_block = plain_take_block,
	.close = free,
};
