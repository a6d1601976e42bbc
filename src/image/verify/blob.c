/* SPDX-License-Identifier: Apache-2.0 */
#include "image/verify/blob.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "image/verify/tar_stream.h"
#include "oci/media_types.h"
#include "tar/decompress.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/map.h"
#include "util/memory.h"

/* What a layer's blob turned out to be. */
struct strata_blob_check {
	struct strata_digest digest;
	struct strata_digest diff_id; /* "" where it could not be decompressed */
	enum strata_codec_kind codec;
};

static void finish(struct strata_sha256 *hash, struct strata_digest *digest)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	strata_sha256_finish(hash, hex);
	snprintf(digest->text, sizeof(digest->text), STRATA_DIGEST_PREFIX "%s", hex);
}

/* Turn a failure that is the input's fault into a finding, and return 0 for it. */
static int settle(struct strata_reading *reading, const char *where, int status,
	struct strata_error *problem, struct strata_error *error)
{
	if (strata_is_finding(status)) {
		const char *message = problem->message ? problem->message : "damaged";
		size_t length = strlen(where);

		/* The streams say where, too. */
		if (strncmp(message, where, length) == 0)
			strata_finding(reading->findings, "%s", message);
		else
			strata_finding(reading->findings, "%s: %s", where, message);
		strata_error_clear(problem);
		return 0;
	}
	strata_error_clear(error);
	if (error)
		*error = *problem;
	else
		strata_error_clear(problem);
	return status;
}

/* Decompress SOURCE, hash what comes out and look into it. The diff ID in CHECK stays "" where that
 * ends early. */
static int read_stream(struct strata_reading *reading, struct strata_input *source,
	const char *where, struct strata_blob_check *check, struct strata_error *error)
{
	strata_autodecompressor struct strata_decompressor *decompressor = NULL;
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	struct strata_error problem = STRATA_ERROR_INIT;
	struct strata_hash_input plain;
	int status, tar;

	if (!hash)
		return strata_fail_memory(error);
	status = strata_decompressor_new(source, where, &decompressor, &problem);
	if (status < 0)
		return settle(reading, where, status, &problem, error);
	check->codec = strata_decompressor_codec(decompressor);
	strata_hash_input_init(&plain, strata_decompressor_input(decompressor), hash);
	tar = strata_verify_tar(&plain.input, where, reading->findings, &problem);
	if (tar < 0) {
		status = settle(reading, where, tar, &problem, error);
		if (status < 0)
			return status;
	}
	/* Content that is not tar still has a digest. Damaged compression has been reported
	 * already. */
	status = strata_input_drain(&plain.input, &problem);
	if (status < 0 && tar < 0 && strata_is_finding(status)) {
		strata_error_clear(&problem);
		return 0;
	}
	if (status < 0)
		return settle(reading, where, status, &problem, error);
	finish(hash, &check->diff_id);
	return 0;
}

static int read_blob(struct strata_reading *reading, const struct strata_place *place,
	const char *where, struct strata_blob_check *check, struct strata_error *error)
{
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	struct strata_hash_input stored;
	int status = strata_part_open(reading->store, place, &part, error);

	if (!hash)
		return strata_fail_memory(error);
	if (status < 0)
		return status;
	strata_hash_input_init(&stored, part.input, hash);
	status = read_stream(reading, &stored.input, where, check, error);
	if (status == 0)
		status = strata_input_drain(&stored.input, error);
	if (status == 0)
		finish(hash, &check->digest);
	return status;
}

/* The check of the blob at PLACE: made now, or before. */
static int find_check(struct strata_blob_checks *checks, struct strata_reading *reading,
	const struct strata_place *place, const char *where, struct strata_blob_check *check,
	struct strata_error *error)
{
	uint32_t known = strata_map_get(&checks->places, place->name);
	int status;

	if (known != STRATA_MAP_NONE) {
		*check = checks->checks[known];
		return 0;
	}
	*check = (struct strata_blob_check){.codec = STRATA_CODEC_NONE};
	status = read_blob(reading, place, where, check, error);
	if (status < 0)
		return status;
	if (strata_grow(&checks->checks, &checks->capacity, checks->count + 1,
		    sizeof(*checks->checks)) < 0 ||
		strata_map_put(&checks->places, place->name, (uint32_t)checks->count) < 0)
		return strata_fail_memory(error);
	checks->checks[checks->count++] = *check;
	return 0;
}

/* Whether content of CODEC may be what MEDIA says. Schema 2 defines no type for layers that are not
 * compressed: `podman save --format docker-dir` writes them under that of gzip, and clients go by
 * the content. */
static bool fits(const struct strata_media *media, enum strata_codec_kind codec)
{
	return media->codec == codec ||
	       (media->docker && media->codec == STRATA_CODEC_GZIP && codec == STRATA_CODEC_NONE);
}

int strata_verify_layer(struct strata_blob_checks *checks, struct strata_reading *reading,
	const struct strata_read_image *image, const struct strata_read_layer *layer,
	struct strata_error *error)
{
	strata_autobuffer struct strata_buffer label = STRATA_BUFFER_INIT;
	const struct strata_media *media = strata_media_find(layer->media_type);
	struct strata_findings *findings = reading->findings;
	struct strata_blob_check check;
	const char *where;
	int status;

	if (!layer->stored)
		return 0;
	strata_buffer_format(&label, "%s: %s", image->label, layer->label);
	if (strata_buffer_check(&label, error) < 0)
		return STRATA_ERROR_MEMORY;
	where = label.data;
	if (layer->has_size && layer->size != layer->place.size) {
		strata_finding(findings, "%s: %" PRIu64 " bytes were expected, %" PRIu64 " found",
			where, layer->size, layer->place.size);
		return 0;
	}
	if (image->artifact)
		return strata_verify_digest(reading, &layer->place, &layer->digest, where, error);
	status = find_check(checks, reading, &layer->place, where, &check, error);
	if (status < 0)
		return status;
	if (layer->has_digest && !strata_digest_equal(&layer->digest, &check.digest))
		strata_finding(findings, "%s: the content has the digest %s, expected was %s",
			where, check.digest.text, layer->digest.text);
	if (media->kind == STRATA_MEDIA_LAYER && !fits(media, check.codec))
		strata_finding(findings, "%s: of type %s, but the content is %s", where,
			layer->media_type, strata_codec_word(check.codec));
	if (layer->has_diff_id && check.diff_id.text[0] &&
		!strata_digest_equal(&layer->diff_id, &check.diff_id))
		strata_finding(findings,
			"%s: the uncompressed content has the diff ID %s, the config says %s",
			where, check.diff_id.text, layer->diff_id.text);
	return 0;
}

int strata_verify_digest(struct strata_reading *reading, const struct strata_place *place,
	const struct strata_digest *digest, const char *where, struct strata_error *error)
{
	strata_autosha256 struct strata_sha256 *hash = strata_sha256_new();
	strata_autopart struct strata_part part = STRATA_PART_INIT;
	struct strata_hash_input stored;
	struct strata_digest found;
	int status = strata_part_open(reading->store, place, &part, error);

	if (!hash)
		return strata_fail_memory(error);
	if (status < 0)
		return status;
	strata_hash_input_init(&stored, part.input, hash);
	status = strata_input_drain(&stored.input, error);
	if (status < 0)
		return status;
	finish(hash, &found);
	if (!strata_digest_equal(digest, &found))
		strata_finding(reading->findings,
			"%s: the content has the digest %s, expected was %s", where, found.text,
			digest->text);
	return 0;
}

void strata_blob_checks_release(struct strata_blob_checks *checks)
{
	strata_map_release(&checks->places);
	free(checks->checks);
}
