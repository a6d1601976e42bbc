/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of made-up layers, for the tests of what writes them.
 */
#ifndef IMAGE_FIXTURE_H
#define IMAGE_FIXTURE_H

#include "scratch.h"

#include <sys/stat.h>
#include <unistd.h>

#include "image/write/image.h"
#include "util/file.h"
#include "util/sha256.h"

/* An image of three layers, the last like the first. What is in the blobs does not matter. */
struct sample {
	struct strata_layer layers[3];
	struct strata_image *image;
};

static const struct strata_image_config plain_config = {.architecture = "amd64"};

static inline const char *digest_of(struct scratch *scratch, const char *text)
{
	char hex[STRATA_SHA256_HEX_SIZE];

	assert_int_equal(strata_sha256_of(text, strlen(text), hex, NULL), 0);
	return scratch_text(scratch, "sha256:%s", hex);
}

static inline void make_layer(struct scratch *scratch, struct strata_layer *layer,
	const char *content, enum strata_codec_kind codec)
{
	const char *digest = digest_of(scratch, content);
	const char *blob = scratch_text(scratch, "%s/%s", scratch->output, digest + 7);

	assert_succeeds(strata_file_replace(blob, content, strlen(content), &scratch->error),
		&scratch->error);
	*layer = (struct strata_layer){
		.size = strlen(content), .diff_size = 10240, .codec = codec, .blob = (char *)blob};
	assert_true(strata_digest_parse(digest, &layer->digest));
	assert_true(strata_digest_parse(
		codec == STRATA_CODEC_NONE ? digest : digest_of(scratch, "unpacked"),
		&layer->diff_id));
}

static inline void make_sample(
	struct scratch *scratch, struct sample *sample, const struct strata_image_config *config)
{
	static char first[] = "/s/a", second[] = "/s/b";
	static char *items[] = {first, second};

	make_layer(scratch, &sample->layers[0], "first", STRATA_CODEC_NONE);
	make_layer(scratch, &sample->layers[1], "second one", STRATA_CODEC_GZIP);
	sample->layers[0].items = items;
	sample->layers[0].item_count = 2;
	sample->layers[2] = sample->layers[0];
	sample->layers[1].customised = true;
	assert_succeeds(
		strata_image_new(sample->layers, 3, config, &sample->image, &scratch->error),
		&scratch->error);
}

/* Write the image of SAMPLE to TRANSPORT:PLACE and add NAMES, divided by blanks. */
static inline int write_image(struct scratch *scratch, const struct sample *sample,
	const char *transport, const char *place, const char *names, bool strict)
{
	struct strata_error *error = &scratch->error;
	struct strata_destination destination;
	strata_autofree char *copy = strdup(names);
	char *rest = copy;
	int status;

	assert_succeeds(strata_destination_parse(scratch_text(scratch, "%s:%s", transport, place),
				&destination, error),
		error);
	for (char *name; (name = strtok_r(rest, " ", &rest));)
		assert_succeeds(strata_destination_add_name(&destination, name, error), error);
	destination.strict_v1 = strict;
	status = strata_image_write(sample->image, &destination, error);
	strata_destination_release(&destination);
	return status;
}

static inline const char *in(struct scratch *scratch, const char *name)
{
	return scratch_text(scratch, "%s/%s", scratch->directory, name);
}

static inline const char *content_of(struct scratch *scratch, const char *path)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	scratch_read(scratch, path, &text);
	return scratch_text(scratch, "%s", text.data);
}

#endif
