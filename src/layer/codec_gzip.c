#include <string.h>

#include <zlib.h>

#include "layer/encoder.h"

/*
 * A single gzip member (RFC 1952) whose blocks are deflated independently of each other, in
 * parallel, and still compress well: each block is primed with the 32 KiB before it and ends
 * byte-aligned (the way of pigz). One member, because there are decoders that stop at its end.
 */
enum {
	WINDOW_SIZE = 32 * 1024,
	MEMORY_LEVEL = 8,
};

struct slot {
	struct strata_job job; /* first: a job is its slot */
	struct slot *next;
	z_stream stream;
	uint8_t input[WINDOW_SIZE + STRATA_BLOCK_SIZE]; /* the window before the block, the block */
	size_t window_size, size;
	bool last;
	bool spare; /* counts against the shared bound */
	uint8_t *output;
	size_t output_capacity, output_size;
	uLong checksum;
	int result;
};

struct gzip {
	struct strata_encoding *encoding;
	struct strata_blob_writer *writer;
	int level;
	struct slot *free, *filling;
	struct slot *oldest, **newest; /* under way, in the order of the stream */
	unsigned slot_count;
	bool header_written;
	uint8_t window[WINDOW_SIZE];
	size_t window_size;
	uLong checksum;
	uint64_t size;
};

static void compress_slot(struct strata_job *job)
{
	struct slot *slot = (struct slot *)job;
	z_stream *stream = &slot->stream;
	uint8_t *block = slot->input + WINDOW_SIZE;

	slot->checksum = crc32(crc32(0, NULL, 0), block, (uInt)slot->size);
	slot->result = deflateReset(stream);
	if (slot->result == Z_OK && slot->window_size > 0)
		slot->result = deflateSetDictionary(
			stream, block - slot->window_size, (uInt)slot->window_size);
	stream->next_in = block;
	stream->avail_in = (uInt)slot->size;
	stream->next_out = slot->output;
	stream->avail_out = (uInt)slot->output_capacity;
	if (slot->result == Z_OK)
		slot->result = deflate(stream, slot->last ? Z_FINISH : Z_SYNC_FLUSH);
	/* A block that did not fit whole would be a blob that nobody can unpack. */
	if (slot->result == (slot->last ? Z_STREAM_END : Z_OK) && stream->avail_in == 0 &&
		(slot->last || stream->avail_out > 0))
		slot->result = Z_OK;
	else if (slot->result == Z_OK)
		slot->result = Z_BUF_ERROR;
	slot->output_size = slot->output_capacity - stream->avail_out;
}

static struct slot *new_slot(struct gzip *gzip, struct strata_error *error)
{
	struct slot *slot = calloc(1, sizeof(*slot));

	if (slot && deflateInit2(&slot->stream, gzip->level, Z_DEFLATED, -MAX_WBITS, MEMORY_LEVEL,
			    Z_DEFAULT_STRATEGY) == Z_OK) {
		/* A sync flush adds at most a few bytes to what deflateBound() promises. */
		slot->output_capacity = deflateBound(&slot->stream, STRATA_BLOCK_SIZE) + 64;
		slot->output = malloc(slot->output_capacity);
		if (slot->output)
			return slot;
		deflateEnd(&slot->stream);
	}
	free(slot);
	strata_fail_memory(error);
	return NULL;
}

static void free_slots(struct gzip *gzip, struct slot *slot)
{
	while (slot) {
		struct slot *next = slot->next;

		if (slot->spare)
			atomic_fetch_add(&gzip->encoding->spare_blocks, 1);
		deflateEnd(&slot->stream);
		free(slot->output);
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
	gzip->checksum = crc32(0, NULL, 0);
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

/* Wait for the oldest block and write it. */
static int retire(struct gzip *gzip, struct strata_error *error)
{
	struct slot *slot = gzip->oldest;
	int status = 0;

	strata_pool_wait(gzip->encoding->pool, &slot->job);
	gzip->oldest = slot->next;
	if (!gzip->oldest)
		gzip->newest = &gzip->oldest;
	slot->next = gzip->free;
	gzip->free = slot;
	if (slot->result != Z_OK)
		return strata_fail(error, STRATA_ERROR_IO, "zlib cannot compress '%s': %s",
			gzip->writer->name, zError(slot->result));
	if (!gzip->header_written)
		status = write_header(gzip, error);
	if (status == 0)
		status = strata_blob_write(gzip->writer, slot->output, slot->output_size, error);
	gzip->checksum = crc32_combine(gzip->checksum, slot->checksum, (z_off_t)slot->size);
	gzip->size += slot->size;
	return status;
}

static bool may_add_slot(struct gzip *gzip, bool *spare)
{
	*spare = gzip->slot_count >= 2;
	if (!*spare)
		return true;
	if (atomic_fetch_sub(&gzip->encoding->spare_blocks, 1) > 0)
		return true;
	atomic_fetch_add(&gzip->encoding->spare_blocks, 1);
	return false;
}

static int gzip_next_block(void *state, uint8_t **block, struct strata_error *error)
{
	struct gzip *gzip = state;
	bool spare;

	if (!gzip->free && may_add_slot(gzip, &spare)) {
		gzip->free = new_slot(gzip, error);
		if (!gzip->free) {
			if (spare)
				atomic_fetch_add(&gzip->encoding->spare_blocks, 1);
			return STRATA_ERROR_MEMORY;
		}
		gzip->free->spare = spare;
		gzip->slot_count++;
	}
	if (!gzip->free) {
		int status = retire(gzip, error);

		if (status < 0)
			return status;
	}
	gzip->filling = gzip->free;
	gzip->free = gzip->free->next;
	*block = gzip->filling->input + WINDOW_SIZE;
	return 0;
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

static int gzip_take_block(void *state, size_t size, bool last, struct strata_error *error)
{
	struct gzip *gzip = state;
	struct slot *slot = strata_take(gzip->filling);

	memcpy(slot->input + WINDOW_SIZE - gzip->window_size, gzip->window, gzip->window_size);
	slot->window_size = gzip->window_size;
	slot->size = size;
	slot->last = last;
	slot->job.run = compress_slot;
	slot->next = NULL;
	if (!last) {
		memcpy(gzip->window, slot->input + size, WINDOW_SIZE);
		gzip->window_size = WINDOW_SIZE;
	}
	*gzip->newest = slot;
	gzip->newest = &slot->next;
	strata_pool_submit(gzip->encoding->pool, &slot->job);
	while (last && gzip->oldest) {
		int status = retire(gzip, error);

		if (status < 0)
			return status;
	}
	return last ? write_trailer(gzip, error) : 0;
}

static void gzip_close(void *state)
{
	struct gzip *gzip = state;

	for (struct slot *slot = gzip->oldest; slot; slot = slot->next)
		strata_pool_wait(gzip->encoding->pool, &slot->job);
	free_slots(gzip, gzip->oldest);
	free_slots(gzip, gzip->free);
	if (gzip->filling) {
		gzip->filling->next = NULL;
		free_slots(gzip, gzip->filling);
	}
	free(gzip);
}

const struct strata_codec strata_codec_gzip = {
	.name = "gzip",
	.media_suffix = "+gzip",
	.lowest_level = 1,
	.usual_level = 6,
	.highest_level = 9,
	.rules = 1,
	.library = "zlib",
	.library_version = zlibVersion,
	.open = gzip_open,
	.next_block = gzip_next_block,
	.take_block = gzip_take_block,
	.close = gzip_close,
};
