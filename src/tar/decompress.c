/* SPDX-License-Identifier: Apache-2.0 */
#include "tar/decompress.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { CHUNK = 128 * 1024, LONGEST_MAGIC = 6 };

struct strata_decompressor {
	struct strata_input input;
	struct strata_input *source;
	char *name;
	enum strata_codec_kind codec;
	z_stream inflater;
	bool has_inflater;
	ZSTD_DStream *zstd;
	bool between;         /* at the end of a member or frame: the stream may end here */
	bool at_end;          /* of SOURCE */
	size_t start, length; /* what of chunk is not used yet */
	unsigned char chunk[CHUNK];
};

/* Have unused bytes in the chunk, unless the source has ended. */
static int refill(struct strata_decompressor *self, struct strata_error *error)
{
	int status;

	if (self->length > 0 || self->at_end)
		return 0;
	self->start = 0;
	status = self->source->read(self->source, self->chunk, CHUNK, &self->length, error);
	self->at_end = status == 0 && self->length == 0;
	return status;
}

static int read_plain(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_decompressor *self = (struct strata_decompressor *)input;
	int status = refill(self, error);

	if (status < 0)
		return status;
	*got = self->length < capacity ? self->length : capacity;
	memcpy(bytes, self->chunk + self->start, *got);
	self->start += *got;
	self->length -= *got;
	return 0;
}

static int ends_early(const struct strata_decompressor *self, struct strata_error *error)
{
	return strata_fail(error, STRATA_ERROR_FORMAT, "%s: the %s data end too early", self->name,
		strata_codec_word(self->codec));
}

static int read_gzip(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_decompressor *self = (struct strata_decompressor *)input;
	z_stream *inflater = &self->inflater;
	uInt room = capacity < UINT32_MAX / 2 ? (uInt)capacity : UINT32_MAX / 2;

	*got = 0;
	while (*got == 0) {
		int status = refill(self, error), result;

		if (status < 0)
			return status;
		if (self->length == 0)
			return self->between ? 0 : ends_early(self, error);
		if (self->between && inflateReset(inflater) != Z_OK)
			return strata_fail_memory(error);
		self->between = false;
		inflater->next_in = self->chunk + self->start;
		inflater->avail_in = (uInt)self->length;
		inflater->next_out = bytes;
		inflater->avail_out = room;
		result = inflate(inflater, Z_NO_FLUSH);
		self->start += self->length - inflater->avail_in;
		self->length = inflater->avail_in;
		*got = room - inflater->avail_out;
		if (result == Z_MEM_ERROR)
			return strata_fail_memory(error);
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: the gzip data are damaged: %s", self->name,
				inflater->msg ? inflater->msg : "not gzip");
		self->between = result == Z_STREAM_END;
	}
	return 0;
}

static int read_zstd(struct strata_input *input, void *bytes, size_t capacity, size_t *got,
	struct strata_error *error)
{
	struct strata_decompressor *self = (struct strata_decompressor *)input;
	ZSTD_outBuffer output = {bytes, capacity, 0};

	while (output.pos == 0) {
		int status = refill(self, error);
		ZSTD_inBuffer source = {self->chunk + self->start, self->length, 0};
		size_t result;

		if (status < 0)
			return status;
		if (self->length == 0 && self->between)
			break;
		result = ZSTD_decompressStream(self->zstd, &output, &source);
		if (ZSTD_isError(result))
			return strata_fail(error, STRATA_ERROR_FORMAT,
				"%s: the zstd data are damaged or ask for too much memory: %s",
				self->name, ZSTD_getErrorName(result));
		if (self->length == 0 && output.pos == 0)
			return ends_early(self, error);
		self->start += source.pos;
		self->length -= source.pos;
		self->between = result == 0;
	}
	*got = output.pos;
	return 0;
}

static int start_codec(struct strata_decompressor *self, struct strata_error *error)
{
	static const struct {
		const char *magic;
		size_t length;
		enum strata_codec_kind codec;
		const char *unsupported;
	} forms[] = {
		{"\x1f\x8b", 2, STRATA_CODEC_GZIP, NULL},
		{"\x28\xb5\x2f\xfd", 4, STRATA_CODEC_ZSTD, NULL},
		{"\xfd"
		 "7zXZ",
			6, STRATA_CODEC_NONE, "xz"},
		{"BZh", 3, STRATA_CODEC_NONE, "bzip2"},
	};

	self->codec = STRATA_CODEC_NONE;
	self->input.read = read_plain;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (self->length < forms[i].length ||
			memcmp(self->chunk, forms[i].magic, forms[i].length) != 0)
			continue;
		self->codec = forms[i].codec;
		if (forms[i].unsupported)
			return strata_hint(error,
				strata_fail(error, STRATA_ERROR_UNSUPPORTED,
					"%s is compressed with %s, which is not read here",
					self->name, forms[i].unsupported),
				"decompress it first: %s -d", forms[i].unsupported);
	}
	if (self->codec == STRATA_CODEC_GZIP) {
		self->input.read = read_gzip;
		self->has_inflater = inflateInit2(&self->inflater, 15 + 16) == Z_OK;
		return self->has_inflater ? 0 : strata_fail_memory(error);
	}
	if (self->codec == STRATA_CODEC_ZSTD) {
		self->input.read = read_zstd;
		self->zstd = ZSTD_createDStream();
		if (!self->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(self->zstd,
					   ZSTD_d_windowLogMax, STRATA_ZSTD_WINDOW_BITS)))
			return strata_fail_memory(error);
	}
	return 0;
}

int strata_decompressor_new(struct strata_input *source, const char *name,
	struct strata_decompressor **decompressor, struct strata_error *error)
{
	strata_autodecompressor struct strata_decompressor *self = calloc(1, sizeof(*self));
	int status;

	if (!self)
		return strata_fail_memory(error);
	self->source = source;
	self->name = strdup(name);
	if (!self->name)
		return strata_fail_memory(error);
	status = strata_input_read(source, self->chunk, LONGEST_MAGIC, &self->length, error);
	if (status == 0)
		status = start_codec(self, error);
	if (status == 0)
		*decompressor = strata_take(self);
	return status;
}

struct strata_input *strata_decompressor_input(struct strata_decompressor *decompressor)
{
	return &decompressor->input;
}

enum strata_codec_kind strata_decompressor_codec(const struct strata_decompressor *decompressor)
{
	return decompressor->codec;
}

const char *strata_codec_word(enum strata_codec_kind codec)
{
	switch (codec) {
	case STRATA_CODEC_GZIP:
		return "gzip";
	case STRATA_CODEC_ZSTD:
		return "zstd";
	case STRATA_CODEC_NONE:
		break;
	}
	return "plain";
}

void strata_decompressor_free(struct strata_decompressor *decompressor)
{
	if (!decompressor)
		return;
	if (decompressor->has_inflater)
		inflateEnd(&decompressor->inflater);
	ZSTD_freeDStream(decompressor->zstd);
	free(decompressor->name);
	free(decompressor);
}

void strata_cleanup_decompressor(struct strata_decompressor **decompressor)
{
	strata_decompressor_free(*decompressor);
}
