/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CODEC[:LEVEL] as it is written, and the usual levels.
 */
#include <string.h>

#include "layer/encode/encoder.h"
#include "util/error.h"
#include "util/text.h"

static const enum strata_codec_kind kinds[] = {
	STRATA_CODEC_NONE, STRATA_CODEC_GZIP, STRATA_CODEC_ZSTD};

int strata_codec_parse(const char *text, enum strata_codec_kind *kind, struct strata_error *error)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(strata_codec_of(kinds[i])->name, text) == 0) {
			*kind = kinds[i];
			return 0;
		}
	}
	return strata_fail(error, STRATA_ERROR_UNSUPPORTED,
		"codec '%s' is not known: none, gzip and zstd are", text);
}

int strata_compression_parse(
	const char *text, struct strata_compression *compression, struct strata_error *error)
{
	size_t name_length = strcspn(text, ":");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct strata_codec *codec = strata_codec_of(kinds[i]);
		uint64_t level = (uint64_t)codec->usual_level;

		if (strlen(codec->name) != name_length ||
			strncmp(text, codec->name, name_length) != 0)
			continue;
		if (text[name_length] == ':' && !codec->library)
			return strata_fail(error, STRATA_ERROR_INVALID,
				"compression '%s' has no levels: write 'none'", text);
		if (text[name_length] == ':' &&
			(!strata_text_to_number(text + name_length + 1, 10, &level) ||
				level < (uint64_t)codec->lowest_level ||
				level > (uint64_t)codec->highest_level))
			return strata_fail(error, STRATA_ERROR_INVALID,
				"compression '%s': the levels of %s are %d to %d", text,
				codec->name, codec->lowest_level, codec->highest_level);
		compression->kind = kinds[i];
		compression->level = (int)level;
		return 0;
	}
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID, "compression '%s' is not known", text),
		"use none, gzip, gzip:LEVEL, zstd or zstd:LEVEL");
}
