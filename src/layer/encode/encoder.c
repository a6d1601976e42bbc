/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/encode/encoder.h"

#include <stdio.h>
#include <string.h>

#include "layer/encode/hashing.h"
#include "util/file.h"

struct strata_encoder {
	const struct strata_codec *codec;
	enum strata_codec_kind kind;
	void *state;
	struct strata_blob_writer writer;
	struct strata_hashing hashing; /* of the diff ID */
	struct strata_sha256 *blob_hash;
	struct strata_block_share share;
	struct strata_block *block; /* that is being filled */
};

const struct strata_codec *strata_codec_of(enum strata_codec_kind kind)
{
	switch (kind) {
	case STRATA_CODEC_GZIP:
		return &strata_codec_gzip;
	case STRATA_CODEC_ZSTD:
		return &strata_codec_zstd;
	case STRATA_CODEC_NONE:
		break;
	}
	return &strata_codec_none;
}

int strata_blob_write(struct strata_blob_writer *writer, const void *bytes, size_t length,
	struct strata_error *error)
{
	int status = 0;

	if (writer->hash)
		strata_sha256_update(writer->hash, bytes, length);
	for (size_t i = 0; status == 0 && i < writer->place_count; i++) {
		const struct strata_blob_place *place = &writer->places[i];

		status = strata_file_write_at(place->descriptor, place->name,
			place->offset + writer->size, bytes, length, error);
	}
	writer->size += length;
	return status;
}

int strata_encoder_new(struct strata_encoding *encoding,
	const struct strata_encoder_options *options, struct strata_encoder **result,
	struct strata_error *error)
{
	const struct strata_compression *compression = &options->compression;
	struct strata_encoder *encoder = calloc(1, sizeof(*encoder));
	int status;

	if (!encoder)
		return strata_fail_memory(error);
	encoder->kind = compression->kind;
	encoder->codec = strata_codec_of(compression->kind);
	encoder->share.encoding = encoding;
	status = strata_hashing_init(&encoder->hashing, encoding->pool, error);
	if (status == 0 && compression->kind != STRATA_CODEC_NONE) {
		encoder->blob_hash = strata_sha256_new();
		if (!encoder->blob_hash)
			status = strata_fail_memory(error);
	}
	encoder->writer = (struct strata_blob_writer){.places = options->places,
		.place_count = options->place_count,
		.hash = encoder->blob_hash};
	if (status == 0)
		status = encoder->codec->open(
			encoding, options, &encoder->writer, &encoder->state, error);
	if (status < 0) {
		strata_encoder_free(encoder);
		return status;
	}
	*result = encoder;
	return 0;
}

/* Begin a block. Where too many are in use, wait until some are done. */
static int begin_block(struct strata_encoder *encoder, struct strata_error *error)
{
	const struct strata_codec *codec = encoder->codec;
	int status = strata_block_take(&encoder->share, &encoder->block, error);

	while (status == 0 && !encoder->block) {
		bool found = false;

		if (codec->complete_block)
			status = codec->complete_block(encoder->state, &found, error);
		if (status == 0 && !found)
			strata_hashing_wait(&encoder->hashing);
		if (status == 0)
			status = strata_block_take(&encoder->share, &encoder->block, error);
	}
	return status;
}

static int pass_block(struct strata_encoder *encoder, bool last, struct strata_error *error)
{
	struct strata_block *block = strata_take(encoder->block);

	block->last = last;
	atomic_store(&block->holders, 2);
	strata_hashing_add(&encoder->hashing, block);
	return encoder->codec->take_block(encoder->state, block, error);
}

int strata_encoder_room(
	struct strata_encoder *encoder, uint8_t **room, size_t *size, struct strata_error *error)
{
	int status = encoder->block ? 0 : begin_block(encoder, error);

	if (status < 0)
		return status;
	*size = STRATA_BLOCK_SIZE - encoder->block->size;
	*room = encoder->block->bytes + encoder->block->size;
	return 0;
}

int strata_encoder_advance(struct strata_encoder *encoder, size_t count, struct strata_error *error)
{
	encoder->block->size += count;
	return encoder->block->size == STRATA_BLOCK_SIZE ? pass_block(encoder, false, error) : 0;
}

int strata_encoder_append(
	struct strata_encoder *encoder, const void *bytes, size_t count, struct strata_error *error)
{
	const uint8_t *from = bytes;

	while (count > 0) {
		size_t room;
		uint8_t *to;
		int status = strata_encoder_room(encoder, &to, &room, error);

		if (status < 0)
			return status;
		if (room > count)
			room = count;
		if (from) {
			memcpy(to, from, room);
			from += room;
		} else {
			memset(to, 0, room);
		}
		status = strata_encoder_advance(encoder, room, error);
		if (status < 0)
			return status;
		count -= room;
	}
	return 0;
}

int strata_encoder_finish(
	struct strata_encoder *encoder, struct strata_layer *layer, struct strata_error *error)
{
	char hex[STRATA_SHA256_HEX_SIZE];
	size_t room;
	uint8_t *to;
	int status = strata_encoder_room(encoder, &to, &room, error);

	if (status == 0)
		status = pass_block(encoder, true, error);
	if (status < 0)
		return status;
	strata_hashing_finish(&encoder->hashing, &layer->diff_id);
	layer->digest = layer->diff_id;
	if (encoder->blob_hash) {
		strata_sha256_finish(encoder->blob_hash, hex);
		snprintf(layer->digest.text, sizeof(layer->digest.text), STRATA_DIGEST_PREFIX "%s",
			hex);
	}
	layer->diff_size = encoder->hashing.size;
	layer->size = encoder->writer.size;
	layer->codec = encoder->kind;
	return 0;
}

void strata_encoder_free(struct strata_encoder *encoder)
{
	if (!encoder)
		return;
	if (encoder->state)
		encoder->codec->close(encoder->state);
	strata_hashing_release(&encoder->hashing);
	if (encoder->block)
		strata_block_release(encoder->block);
	strata_sha256_free(encoder->blob_hash);
	free(encoder);
}
