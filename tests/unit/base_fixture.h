/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Base images in an OCI layout, for the tests of what is put on them.
 */
#ifndef BASE_FIXTURE_H
#define BASE_FIXTURE_H

#include "image_fixture.h"

#include <zlib.h>

#include "image/base/base_image.h"
#include "tar_builder.h"
#include "util/text.h"

#define OCI_LAYER STRATA_MEDIA_OCI_LAYER
#define MOST_LAYERS 4

/* What a base is made of, before it is spoiled. */
struct parts {
	const char *config;              /* members before rootfs, each with a comma behind it */
	const char *more;                /* members behind rootfs, each with a comma before it */
	const char *layers[MOST_LAYERS]; /* what is in them; NULL ends the list */
	bool compressed;                 /* with gzip */
};

#define AMD64 "\"architecture\":\"amd64\",\"os\":\"linux\","

static const struct parts plain_parts = {
	.config = AMD64, .more = "", .layers = {"one", "two"}, .compressed = true};

/* A tar stream with a file that says CONTENT. */
static inline void make_tar(struct strata_buffer *tar, const char *content)
{
	tar_file(tar, "file", content);
	tar_end(tar);
}

static inline void compress_to(struct strata_buffer *buffer, const struct strata_buffer *plain)
{
	unsigned char bytes[4096];
	z_stream stream = {.next_in = (unsigned char *)plain->data,
		.avail_in = (unsigned)plain->length,
		.next_out = bytes,
		.avail_out = sizeof(bytes)};

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	strata_buffer_append(buffer, bytes, stream.total_out);
	deflateEnd(&stream);
}

static inline const char *hash_of(struct scratch *scratch, const void *bytes, size_t length)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	assert_int_equal(strata_sha256_of(bytes, length, hex, NULL), 0);
	return scratch_text(scratch, "sha256:%s", hex);
}

static inline void put(struct scratch *scratch, const char *path, const void *bytes, size_t length)
{
	strata_autofree char *parent = strata_path_directory(path);

	assert_succeeds(strata_directory_create(parent, &scratch->error), &scratch->error);
	assert_succeeds(strata_file_replace(path, bytes, length, &scratch->error), &scratch->error);
}

/* Put a blob into the layout `base`. Returns its descriptor without the closing brace. */
static inline const char *put_blob(
	struct scratch *scratch, const char *type, const void *bytes, size_t length)
{
	const char *digest = hash_of(scratch, bytes, length);

	put(scratch,
		scratch_text(scratch, "%s/base/blobs/sha256/%s", scratch->directory, digest + 7),
		bytes, length);
	return scratch_text(scratch, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu", type,
		digest, length);
}

/* Put the manifest of PARTS and what it needs. Returns its descriptor, open. */
static inline const char *put_image(struct scratch *scratch, const struct parts *parts)
{
	const char *layers = "", *ids = "", *config;

	for (size_t i = 0; i < MOST_LAYERS && parts->layers[i]; i++) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		strata_autobuffer struct strata_buffer gzip = STRATA_BUFFER_INIT;
		const struct strata_buffer *blob = parts->compressed ? &gzip : &tar;

		make_tar(&tar, parts->layers[i]);
		compress_to(&gzip, &tar);
		ids = scratch_text(scratch, "%s%s\"%s\"", ids, i > 0 ? "," : "",
			hash_of(scratch, tar.data, tar.length));
		layers = scratch_text(scratch, "%s%s%s}", layers, i > 0 ? "," : "",
			put_blob(scratch, parts->compressed ? OCI_LAYER "+gzip" : OCI_LAYER,
				blob->data, blob->length));
	}
	config = scratch_text(scratch, "{%s\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}%s}",
		parts->config, ids, parts->more);
	config = put_blob(scratch, STRATA_MEDIA_OCI_CONFIG, config, strlen(config));
	config = scratch_text(scratch,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s},\"layers\":[%s]}",
		STRATA_MEDIA_OCI_MANIFEST, config, layers);
	return put_blob(scratch, STRATA_MEDIA_OCI_MANIFEST, config, strlen(config));
}

/* An index of descriptors. */
static inline const char *index_of(struct scratch *scratch, const char *manifests)
{
	return scratch_text(scratch,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}",
		STRATA_MEDIA_OCI_INDEX, manifests);
}

/* Complete the layout. Returns its path. */
static inline const char *put_layout(struct scratch *scratch, const char *manifests)
{
	const char *path = scratch_text(scratch, "%s/base", scratch->directory);
	const char *index = index_of(scratch, manifests);

	put(scratch, scratch_text(scratch, "%s/oci-layout", path), STRATA_LAYOUT_MARKER,
		strlen(STRATA_LAYOUT_MARKER));
	put(scratch, scratch_text(scratch, "%s/index.json", path), index, strlen(index));
	return path;
}

static inline const char *put_base(struct scratch *scratch, const struct parts *parts)
{
	return put_layout(scratch, scratch_text(scratch, "%s}", put_image(scratch, parts)));
}

static const struct strata_platform amd64 = {.architecture = "amd64"};

/* The base at PATH cannot be one for PLATFORM. */
static inline void open_fails(struct scratch *scratch, const char *path,
	const struct strata_platform *platform, int status, const char *words)
{
	struct strata_base *base = NULL;

	assert_fails(strata_base_open(path, platform, &base, &scratch->error), status, words,
		&scratch->error);
	assert_null(base);
}

#endif
