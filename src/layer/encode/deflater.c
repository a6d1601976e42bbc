/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/encode/deflater.h"

#include <string.h>

#include <libdeflate.h>
#include <zlib.h>

/* What follows a block that another one follows: a byte for the header of the empty stored block,
 * where it does not fit into the bits that are left, its length, and the same inverted. */
enum { FILLING_SIZE = 5 };

struct strata_deflater {
	struct strata_context context; /* first */
	struct libdeflate_compressor *compressor;
	z_stream inflater;
	bool has_inflater;
	uint8_t unpacked[STRATA_BLOCK_SIZE];
};

static void free_deflater(struct strata_context *context)
{
	struct strata_deflater *deflater = (struct strata_deflater *)context;

	libdeflate_free_compressor(deflater->compressor);
	if (deflater->has_inflater)
		inflateEnd(&deflater->inflater);
	free(deflater);
}

static struct strata_deflater *new_deflater(int level)
{
	struct strata_deflater *deflater = malloc(sizeof(*deflater));

	if (!deflater)
		return NULL;
	deflater->context = (struct strata_context){
		.kind = STRATA_CODEC_GZIP, .level = level, .free = free_deflater};
	deflater->inflater = (z_stream){.zalloc = NULL};
	deflater->has_inflater = inflateInit2(&deflater->inflater, -MAX_WBITS) == Z_OK;
	deflater->compressor = libdeflate_alloc_compressor(level);
	if (deflater->has_inflater && deflater->compressor)
		return deflater;
	free_deflater(&deflater->context);
	return NULL;
}

struct strata_deflater *strata_deflater_take(struct strata_encoding *encoding, int level)
{
	struct strata_context *context = strata_context_take(encoding, STRATA_CODEC_GZIP, level);

	return context ? (struct strata_deflater *)context : new_deflater(level);
}

void strata_deflater_put(struct strata_encoding *encoding, struct strata_deflater *deflater)
{
	strata_context_put(encoding, &deflater->context);
}

size_t strata_deflater_bound(size_t size)
{
	return libdeflate_deflate_compress_bound(NULL, size) + FILLING_SIZE;
}

/* Where the stream's last block of deflate begins, and where it ends. */
struct last_block {
	uint8_t *byte;
	uint8_t bit;     /* of that byte: the mark of the last block */
	unsigned unused; /* bits of the stream's last byte */
};

/* Unpack the LENGTH bytes at STREAM and find its last block. False where it is not all of BLOCK. */
static bool find_last_block(struct strata_deflater *deflater, const struct strata_block *block,
	uint8_t *stream, size_t length, struct last_block *found)
{
	enum { UNUSED_BITS = 7, IN_LAST_BLOCK = 64, BEHIND_BLOCK = 128 }; /* of data_type */
	z_stream *inflater = &deflater->inflater;

	inflateReset(inflater);
	inflater->next_in = stream;
	inflater->avail_in = (uInt)length;
	inflater->next_out = deflater->unpacked;
	inflater->avail_out = sizeof(deflater->unpacked);
	*found = (struct last_block){stream, 1, 0};
	for (;;) {
		if (inflate(inflater, Z_BLOCK) != Z_OK || !(inflater->data_type & BEHIND_BLOCK))
			return false;
		found->unused = inflater->data_type & UNUSED_BITS;
		if (inflater->data_type & IN_LAST_BLOCK)
			break;
		found->byte = inflater->next_in - (found->unused > 0);
		found->bit = (uint8_t)(1u << (8 - found->unused) % 8);
	}
	return inflater->avail_in == 0 && inflater->total_out == block->size &&
	       memcmp(deflater->unpacked, block->bytes, block->size) == 0;
}

/* Returns the length with what was added to the LENGTH bytes at STREAM. */
static size_t make_continuable(uint8_t *stream, size_t length, const struct last_block *last)
{
	static const uint8_t empty_length[] = {0, 0, 0xff, 0xff};

	*last->byte &= (uint8_t)~last->bit;
	stream[length - 1] &= (uint8_t)(0xff >> last->unused);
	/* The header of a stored block is three bits, all zero. */
	if (last->unused < 3)
		stream[length++] = 0;
	memcpy(stream + length, empty_length, sizeof(empty_length));
	return length + sizeof(empty_length);
}

size_t strata_deflate(struct strata_deflater *deflater, const struct strata_block *block,
	uint8_t *output, size_t capacity, const char **failure)
{
	size_t length = libdeflate_deflate_compress(
		deflater->compressor, block->bytes, block->size, output, capacity - FILLING_SIZE);
	struct last_block last;

	*failure = NULL;
	if (length == 0)
		*failure = "its output is larger than it promised";
	else if (!find_last_block(deflater, block, output, length, &last))
		*failure = "its output cannot be unpacked";
	if (*failure)
		return 0;
	return block->last ? length : make_continuable(output, length, &last);
}
