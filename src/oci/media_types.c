/* SPDX-License-Identifier: Apache-2.0 */
#include "oci/media_types.h"

#include <string.h>

static const struct strata_media media_types[] = {
	{STRATA_MEDIA_OCI_INDEX, STRATA_MEDIA_INDEX, false, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_OCI_MANIFEST, STRATA_MEDIA_MANIFEST, false, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_OCI_CONFIG, STRATA_MEDIA_CONFIG, false, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_OCI_LAYER, STRATA_MEDIA_LAYER, false, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_OCI_LAYER "+gzip", STRATA_MEDIA_LAYER, false, false, STRATA_CODEC_GZIP},
	{STRATA_MEDIA_OCI_LAYER "+zstd", STRATA_MEDIA_LAYER, false, false, STRATA_CODEC_ZSTD},
	{STRATA_MEDIA_OCI_FOREIGN, STRATA_MEDIA_LAYER, false, true, STRATA_CODEC_NONE},
	{STRATA_MEDIA_OCI_FOREIGN "+gzip", STRATA_MEDIA_LAYER, false, true, STRATA_CODEC_GZIP},
	{STRATA_MEDIA_OCI_FOREIGN "+zstd", STRATA_MEDIA_LAYER, false, true, STRATA_CODEC_ZSTD},
	{STRATA_MEDIA_DOCKER_INDEX, STRATA_MEDIA_INDEX, true, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_DOCKER_MANIFEST, STRATA_MEDIA_MANIFEST, true, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_DOCKER_CONFIG, STRATA_MEDIA_CONFIG, true, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_DOCKER_LAYER, STRATA_MEDIA_LAYER, true, false, STRATA_CODEC_NONE},
	{STRATA_MEDIA_DOCKER_LAYER ".gzip", STRATA_MEDIA_LAYER, true, false, STRATA_CODEC_GZIP},
	{STRATA_MEDIA_DOCKER_LAYER ".zstd", STRATA_MEDIA_LAYER, true, false, STRATA_CODEC_ZSTD},
	{STRATA_MEDIA_DOCKER_FOREIGN, STRATA_MEDIA_LAYER, true, true, STRATA_CODEC_NONE},
	{STRATA_MEDIA_DOCKER_FOREIGN ".gzip", STRATA_MEDIA_LAYER, true, true, STRATA_CODEC_GZIP},
};

const struct strata_media *strata_media_find(const char *type)
{
	static const struct strata_media unknown = {
		"", STRATA_MEDIA_UNKNOWN, false, false, STRATA_CODEC_NONE};

	for (size_t i = 0; type && i < sizeof(media_types) / sizeof(*media_types); i++) {
		if (strcmp(media_types[i].type, type) == 0)
			return &media_types[i];
	}
	return &unknown;
}
