/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding a layer: the uncompressed stream goes in as blocks, the blob is written to files, and
 * both of its digests come out.
 *
 * Blocks have a fixed size, so block boundaries are a function of the content alone. One file per
 * codec implements struct strata_codec; an encoder is used by one thread, which may hand blocks to
 * the pool, to be hashed and compressed there.
 */
#ifndef LAYER_ENCODE_ENCODER_H
#define LAYER_ENCODE_ENCODER_H

#include "layer/encode/blob.h"
#include "layer/encode/shared_buffers.h"
#include "util/sha256.h"

/* How one layer is to be encoded. */
struct strata_encoder_options {
	struct strata_compression compression;
	const struct strata_blob_place *places; /* where the blob goes; borrowed */
	size_t place_count;                     /* 0: only the digests are wanted */
	/* How many threads a codec with threads of its own may use. At least 1; the bytes do not
	 * depend on it. */
	unsigned workers;
};

/* Where encoded bytes go: they are hashed, counted and written. */
struct strata_blob_writer {
	const struct strata_blob_place *places;
	size_t place_count;
	struct strata_sha256 *hash; /* NULL where the diff ID is the digest */
	uint64_t size;
};

int strata_blob_write(struct strata_blob_writer *writer, const void *bytes, size_t length,
	struct strata_error *error) STRATA_MUST_CHECK;

/* A codec. STATE is what open() made. */
struct strata_codec {
	const char *name;
	const char *media_suffix; /* behind the OCI media type of a plain layer: "+gzip" */
	int lowest_level, usual_level, highest_level;

	/* What the bytes depend on: the version of the library, and of the way that we use it
	 * (block sizes and the like). NULL where no library is used. */
	int rules;
	const char *library;
	const char *(*library_version)(void);

	int (*open)(struct strata_encoding *encoding, const struct strata_encoder_options *options,
		struct strata_blob_writer *writer, void **state, struct strata_error *error);
	/* Encode BLOCK, and release it when its bytes are not needed any more: at once or later,
	 * also where this fails. After the last one everything is written. */
	int (*take_block)(void *state, struct strata_block *block, struct strata_error *error);
	/* Complete the oldest block that is not released yet; *FOUND says whether there was one.
	 * NULL where take_block() completes blocks itself. */
	int (*complete_block)(void *state, bool *found, struct strata_error *error);
	void (*close)(void *state);
};

extern const struct strata_codec strata_codec_none;
extern const struct strata_codec strata_codec_gzip;
extern const struct strata_codec strata_codec_zstd;

const struct strata_codec *strata_codec_of(enum strata_codec_kind kind);

/* Find the codec whose name is TEXT, without a level: as recipes and layers write it. */
int strata_codec_parse(const char *text, enum strata_codec_kind *kind,
	struct strata_error *error) STRATA_MUST_CHECK;

struct strata_encoder;

/* An encoder for one layer. *ENCODER is the caller's. */
int strata_encoder_new(struct strata_encoding *encoding,
	const struct strata_encoder_options *options, struct strata_encoder **encoder,
	struct strata_error *error) STRATA_MUST_CHECK;

/* Room for the next bytes of the stream: *SIZE of them, at least one, at *ROOM. Write there, then
 * say how many with strata_encoder_advance(). */
int strata_encoder_room(struct strata_encoder *encoder, uint8_t **room, size_t *size,
	struct strata_error *error) STRATA_MUST_CHECK;
int strata_encoder_advance(
	struct strata_encoder *encoder, size_t count, struct strata_error *error) STRATA_MUST_CHECK;

/* Append bytes that are elsewhere; NULL BYTES are zeros. */
int strata_encoder_append(struct strata_encoder *encoder, const void *bytes, size_t count,
	struct strata_error *error) STRATA_MUST_CHECK;

/* End the stream and fill in LAYER's digests, sizes and codec. */
int strata_encoder_finish(struct strata_encoder *encoder, struct strata_layer *layer,
	struct strata_error *error) STRATA_MUST_CHECK;

void strata_encoder_free(struct strata_encoder *encoder);

#endif
