/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A single gzip member (RFC 1952), because there are decoders that stop at the end of the first.
 * Its blocks are deflated in parallel (deflater.h).
 */
#include <libdeflate.h>
#include <zlib.h>

#include "layer/encode/deflater.h"
#include "layer/encode/encoder.h"

struct slot {
	struct strata_pool_job job; /* first: a job is its slot */
	struct gzip *gzip;
	struct slot *next;
	struct strata_block *block;
	uint32_t checksum;
	const char *failure;
	size_t output_capacity, output_size;
	uint8_t output[];
};

struct gzip {
	struct strata_encoding *encoding;
	struct strata_blob_writer *writer;
	int level;
	struct slot *free;
	struct slot *oldest, **newest; /* under way, in the order of the stream */
	bool header_written;
	uint32_t checksum;
	uint64_t size;
};

static void compress_slot(struct strata_pool_job *job)
{
	struct slot *slot = (struct slot *)job;
	struct gzip *gzip = slot->gzip;
	struct strata_deflater *deflater = strata_deflater_take(gzip->encoding, gzip->level);

	slot->failure = deflater ? NULL : "out of memory";
	if (!deflater)
		return;
	slot->checksum = libdeflate_crc32(0, slot->block->bytes, slot->block->size);
	slot->output_size = strata_deflate(
		deflater, slot->block, slot->output, slot->output_capacity, &slot->failure);
	strata_deflater_put(gzip->encoding, deflater);
}

/* A slot for BLOCK, which it then owns. */
static struct slot *new_slot(
	struct gzip *gzip, struct strata_block *block, struct strata_error *error)
{
	size_t capacity = strata_deflater_bound(STRATA_BLOCK_SIZE);
	struct slot *slot = gzip->free;

	if (slot) {
		gzip->free = slot->next;
	} else {
		slot = malloc(sizeof(*slot) + capacity);
		if (!slot) {
			strata_block_release(block);
			strata_fail_memory(error);
			return NULL;
		}
	}
	*slot = (struct slot){.job = {.run = compress_slot},
		.gzip = gzip,
		.block = block,
		.output_capacity = capacity};
	return slot;
}

static void free_slots(struct slot *slot)
{
	while (slot) {
		struct slot *next = slot->next;

		free(slot);
		slot = next;
	}
}

static int gzip_open(struct strata_encoding *encoding, const struct strata_encoder_options *options,
	struct strata_blob_writer *writer, void **state, struct strata_error *error)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	if (!gzip)
		return strata_fail_memory(error);
	gzip->encoding = encoding;
	gzip->writer = writer;
	gzip->level = options->compression.level;
	gzip->newest = &gzip->oldest;
	*state = gzip;
	return 0;
}

static int write_header(struct gzip *gzip, struct strata_error *error)
{
	/* No name, time 0, and operating system 255: nothing that depends on where it ran. */
	uint8_t header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};

	header[8] = gzip->level == 9 ? 2 : gzip->level == 1 ? 4 : 0;
	gzip->header_written = true;
	return strata_blob_write(gzip->writer, header, sizeof(header), error);
}

static int write_slot(
	struct gzip *gzip, const struct slot *slot, size_t size, struct strata_error *error)
{
	int status = 0;

	if (slot->failure)
		return strata_fail(error, STRATA_ERROR_IO, "libdeflate cannot compress this: %s",
			slot->failure);
	if (!gzip->header_written)
		status = write_header(gzip, error);
	if (status == 0)
		status = strata_blob_write(gzip->writer, slot->output, slot->output_size, error);
	gzip->checksum = (uint32_t)crc32_combine(gzip->checksum, slot->checksum, (z_off_t)size);
	gzip->size += size;
	return status;
}

static int gzip_complete_block(void *state, bool *found, struct strata_error *error)
{
	struct gzip *gzip = state;
	struct slot *slot = gzip->oldest;
	size_t size;

	*found = slot != NULL;
	if (!slot)
		return 0;
	strata_pool_wait(gzip->encoding->pool, &slot->job);
	gzip->oldest = slot->next;
	if (!gzip->oldest)
		gzip->newest = &gzip->oldest;
	slot->next = gzip->free;
	gzip->free = slot;
	size = slot->block->size;
	strata_block_release(slot->block);
	return write_slot(gzip, slot, size, error);
}

static int write_trailer(struct gzip *gzip, struct strata_error *error)
{
	uint8_t trailer[8];

	for (unsigned i = 0; i < 4; i++) {
		trailer[i] = (uint8_t)(gzip->checksum >> (8 * i));
		trailer[4 + i] = (uint8_t)(gzip->size >> (8 * i));
	}
	return strata_blob_write(gzip->writer, trailer, sizeof(trailer), error);
}

static int gzip_take_block(void *state, struct strata_block *block, struct strata_error *error)
{
	struct gzip *gzip = state;
	bool found = block->last;
	bool last = block->last;
	struct slot *slot = new_slot(gzip, block, error);

	if (!slot)
		return STRATA_ERROR_MEMORY;
	*gzip->newest = slot;
	gzip->newest = &slot->next;
	strata_pool_submit(gzip->encoding->pool, &slot->job);
	while (found) {
		int status = gzip_complete_block(gzip, &found, error);

		if (status < 0)
			return status;
	}
	return last ? write_trailer(gzip, error) : 0;
}

static void gzip_close(void *state)
{
	struct gzip *gzip = state;

	for (struct slot *slot = gzip->oldest; slot; slot = slot->next) {
		strata_pool_wait(gzip->encoding->pool, &slot->job);
		strata_block_release(slot->block);
	}
	free_slots(gzip->oldest);
	free_slots(gzip->free);
	free(gzip);
}

/* libdeflate does not tell its version at run time. It is linked statically where that can be, so
 * that this is the version that runs. */
static const char *library_version(void)
{
	return LIBDEFLATE_VERSION_STRING;
}

const struct strata_codec strata_codec_gzip = {
	.name = "gzip",
	.media_suffix = "+gzip",
	.lowest_level = 1,
	.usual_level = 6,
	.highest_level = 9,
	.rules = 2,
	.library = "libdeflate",
	.library_version = library_version,
	.open = gzip_open,
	.take_block = gzip_take_block,
	.complete_block = gzip_complete_block,
	.close = gzip_close,
};
