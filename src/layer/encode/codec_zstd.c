/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One zstd frame (RFC 8878). libzstd splits it into jobs of its own; with at least one worker its
 * bytes do not depend on how many there are. Without workers it writes another stream, so there is
 * always one. The job size is a constant of the format.
 */
#include <zstd.h>

#include "layer/encode/encoder.h"

enum {
	JOB_SIZE = 4 * 1024 * 1024,
	OUTPUT_SIZE = 128 * 1024,
};

/* Allocating its buffers for every layer anew would cost a tenth of the time. */
struct zstd_context {
	struct strata_context context; /* first */
	ZSTD_CCtx *zstd;
	uint8_t output[OUTPUT_SIZE];
};

struct zstd {
	struct strata_encoding *encoding;
	struct strata_blob_writer *writer;
	struct zstd_context *context;
	unsigned spare_workers; /* taken of those that all share */
};

static void free_context(struct strata_context *context)
{
	ZSTD_freeCCtx(((struct zstd_context *)context)->zstd);
	free(context);
}

static struct zstd_context *new_context(int level)
{
	struct zstd_context *context = malloc(sizeof(*context));

	if (!context)
		return NULL;
	context->context = (struct strata_context){
		.kind = STRATA_CODEC_ZSTD, .level = level, .free = free_context};
	context->zstd = ZSTD_createCCtx();
	if (context->zstd)
		return context;
	free(context);
	return NULL;
}

static int set_parameters(
	struct zstd *zstd, const struct strata_encoder_options *options, struct strata_error *error)
{
	ZSTD_CCtx *context = zstd->context->zstd;
	int workers;

	zstd->spare_workers = strata_workers_take(zstd->encoding, options->workers - 1);
	workers = (int)zstd->spare_workers + 1;
	ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, options->compression.level);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
	if (ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, workers)))
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"this libzstd is built without threads, which its bytes depend on");
	ZSTD_CCtx_setParameter(context, ZSTD_c_jobSize, JOB_SIZE);
	return 0;
}

static void zstd_close(void *state)
{
	struct zstd *zstd = state;

	strata_workers_put(zstd->encoding, zstd->spare_workers);
	strata_context_put(zstd->encoding, &zstd->context->context);
	free(zstd);
}

static int zstd_open(struct strata_encoding *encoding, const struct strata_encoder_options *options,
	struct strata_blob_writer *writer, void **state, struct strata_error *error)
{
	int level = options->compression.level;
	struct zstd *zstd = calloc(1, sizeof(*zstd));
	int status;

	if (!zstd)
		return strata_fail_memory(error);
	zstd->encoding = encoding;
	zstd->writer = writer;
	zstd->context =
		(struct zstd_context *)strata_context_take(encoding, STRATA_CODEC_ZSTD, level);
	if (!zstd->context)
		zstd->context = new_context(level);
	if (!zstd->context) {
		free(zstd);
		return strata_fail_memory(error);
	}
	status = set_parameters(zstd, options, error);
	if (status < 0) {
		zstd_close(zstd);
		return status;
	}
	*state = zstd;
	return 0;
}

static int compress(struct zstd *zstd, const struct strata_block *block, struct strata_error *error)
{
	ZSTD_EndDirective directive = block->last ? ZSTD_e_end : ZSTD_e_continue;
	ZSTD_inBuffer input = {block->bytes, block->size, 0};
	size_t left;

	do {
		ZSTD_outBuffer output = {zstd->context->output, OUTPUT_SIZE, 0};
		int status;

		left = ZSTD_compressStream2(zstd->context->zstd, &output, &input, directive);
		if (ZSTD_isError(left))
			return strata_fail(error, STRATA_ERROR_IO,
				"libzstd cannot compress this: %s", ZSTD_getErrorName(left));
		status = strata_blob_write(zstd->writer, output.dst, output.pos, error);
		if (status < 0)
			return status;
	} while (block->last ? left > 0 : input.pos < input.size);
	return 0;
}

static int zstd_take_block(void *state, struct strata_block *block, struct strata_error *error)
{
	int status = compress(state, block, error);

	strata_block_release(block);
	return status;
}

const struct strata_codec strata_codec_zstd = {
	.name = "zstd",
	.media_suffix = "+zstd",
	.lowest_level = 1,
	.usual_level = 3,
	.highest_level = 19,
	.rules = 1,
	.library = "zstd",
	.library_version = ZSTD_versionString,
	.open = zstd_open,
	.take_block = zstd_take_block,
	.close = zstd_close,
};
