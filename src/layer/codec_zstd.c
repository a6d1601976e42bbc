#include <zstd.h>

#include "layer/encoder.h"

/*
 * One zstd frame (RFC 8878). libzstd splits it into jobs of its own; with at least one worker its
 * bytes do not depend on how many there are. Without workers it writes another stream, so there is
 * always one. The job size is a constant of the format.
 */
enum { JOB_SIZE = 4 * 1024 * 1024 };

struct zstd {
	struct strata_blob_writer *writer;
	ZSTD_CCtx *context;
	size_t output_capacity;
	uint8_t *output;
	uint8_t block[STRATA_BLOCK_SIZE];
};

static void zstd_close(void *state)
{
	struct zstd *zstd = state;

	ZSTD_freeCCtx(zstd->context);
	free(zstd->output);
	free(zstd);
}

static int zstd_open(struct strata_encoding *encoding, const struct strata_encoder_options *options,
	struct strata_blob_writer *writer, void **state, struct strata_error *error)
{
	struct zstd *zstd = calloc(1, sizeof(*zstd));

	(void)encoding;
	if (zstd) {
		zstd->writer = writer;
		zstd->context = ZSTD_createCCtx();
		zstd->output_capacity = ZSTD_CStreamOutSize();
		zstd->output = malloc(zstd->output_capacity);
	}
	if (!zstd || !zstd->context || !zstd->output) {
		if (zstd)
			zstd_close(zstd);
		return strata_fail_memory(error);
	}
	ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_compressionLevel, options->compression.level);
	ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_checksumFlag, 0);
	if (ZSTD_isError(ZSTD_CCtx_setParameter(
		    zstd->context, ZSTD_c_nbWorkers, (int)options->workers))) {
		zstd_close(zstd);
		return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
			"this libzstd is built without threads, which its bytes depend on");
	}
	ZSTD_CCtx_setParameter(zstd->context, ZSTD_c_jobSize, JOB_SIZE);
	*state = zstd;
	return 0;
}

static int zstd_next_block(void *state, uint8_t **block, struct strata_error *error)
{
	(void)error;
	*block = ((struct zstd *)state)->block;
	return 0;
}

static int zstd_take_block(void *state, size_t size, bool last, struct strata_error *error)
{
	struct zstd *zstd = state;
	ZSTD_inBuffer input = {zstd->block, size, 0};
	size_t left;

	do {
		ZSTD_outBuffer output = {zstd->output, zstd->output_capacity, 0};
		int status;

		left = ZSTD_compressStream2(
			zstd->context, &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return strata_fail(error, STRATA_ERROR_IO,
				"libzstd cannot compress '%s': %s", zstd->writer->name,
				ZSTD_getErrorName(left));
		status = strata_blob_write(zstd->writer, zstd->output, output.pos, error);
		if (status < 0)
			return status;
	} while (last ? left > 0 : input.pos < input.size);
	return 0;
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
	.next_block = zstd_next_block,
	.take_block = zstd_take_block,
	.close = zstd_close,
};
