/* SPDX-License-Identifier: Apache-2.0 */
#include "base_fixture.h"

static void test_platforms_must_agree(void **state)
{
	static const struct {
		const char *base;
		struct strata_platform asked;
		const char *words; /* NULL: it agrees */
	} cases[] = {
		{AMD64, {.architecture = "amd64"}, NULL},
		{AMD64, {.architecture = "amd64", .os = "linux", .variant = "v1"}, NULL},
		{AMD64, {.architecture = "arm64"},
			"it is for linux/amd64, but the image is to be for linux/arm64"},
		{AMD64, {.architecture = "amd64", .os = "freebsd"}, "for freebsd/amd64"},
		{AMD64, {.architecture = "amd64", .variant = "v3"}, "for linux/amd64/v3"},
		{"\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v6\",",
			{.architecture = "arm"}, NULL},
		{"\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v6\",",
			{.architecture = "arm", .variant = "v7"}, "it is for linux/arm/v6"},
		{"\"architecture\":\"arm\",\"os\":\"linux\",",
			{.architecture = "arm", .variant = "v7"}, NULL},
		{"\"architecture\":\"arm64\",\"os\":\"linux\",",
			{.architecture = "arm64", .variant = "v8"}, NULL},
		{"\"os\":\"linux\",", {.architecture = "arm64"}, "it is for linux/?"},
	};
	struct scratch *scratch = *state;

	each_case(i, cases) {
		struct parts parts = plain_parts;
		const char *path;
		struct strata_base *base = NULL;

		parts.config = cases[i].base;
		path = put_base(scratch, &parts);
		if (cases[i].words) {
			open_fails(scratch, path, &cases[i].asked, STRATA_ERROR_INVALID,
				cases[i].words);
			continue;
		}
		assert_succeeds(strata_base_open(path, &cases[i].asked, &base, &scratch->error),
			&scratch->error);
		strata_base_free(base);
	}
}

/* Opened for one platform, used for another. */
static void test_image_of_another_platform_is_refused(void **state)
{
	struct strata_build_options options = {.describe = true, .threads = 1};
	struct scratch *scratch = *state;
	strata_autobase struct strata_base *base = NULL;
	struct strata_image_config config = {.architecture = "arm64"};
	struct strata_layer layers[2];
	struct strata_image *image = NULL;

	assert_succeeds(
		strata_base_open(put_base(scratch, &plain_parts), &amd64, &base, &scratch->error),
		&scratch->error);
	assert_succeeds(
		strata_base_layers(base, NULL, &options, layers, &scratch->error), &scratch->error);
	config.base = base;
	assert_fails(strata_image_new(layers, 2, &config, &image, &scratch->error),
		STRATA_ERROR_INVALID, "it is for linux/amd64", &scratch->error);
	config.architecture = "amd64";
	assert_fails(strata_image_new(layers, 1, &config, &image, &scratch->error),
		STRATA_ERROR_INVALID, "1 layers of a base image that has 2", &scratch->error);
	config.base = NULL;
	assert_fails(strata_image_new(layers, 2, &config, &image, &scratch->error),
		STRATA_ERROR_INVALID, "2 layers of a base image that has 0", &scratch->error);
}

/* Put an image for ARCHITECTURE and VARIANT. Returns its descriptor for an index. */
static const char *put_for(
	struct scratch *scratch, const char *architecture, const char *variant, const char *more)
{
	struct parts parts = plain_parts;
	const char *platform = scratch_text(scratch,
		"\"architecture\":\"%s\",\"os\":\"linux\"%s%s%s", architecture,
		*variant ? ",\"variant\":\"" : "", variant, *variant ? "\"" : "");

	parts.config = scratch_text(scratch, "%s,", platform);
	return scratch_text(
		scratch, "%s,\"platform\":{%s}%s}", put_image(scratch, &parts), platform, more);
}

#define NAMED(name) ",\"annotations\":{\"io.containerd.image.name\":\"" name "\"}"

static void test_index_is_searched_for_the_platform(void **state)
{
	static const struct {
		struct strata_platform asked;
		const char *variant;
	} cases[] = {
		{{.architecture = "amd64"}, ""},
		{{.architecture = "arm"}, "v7"},
		{{.architecture = "arm", .variant = "v5"}, "v5"},
	};
	struct scratch *scratch = *state;
	const char *index = index_of(scratch,
		scratch_text(scratch, "%s,%s,%s", put_for(scratch, "arm", "v5", ""),
			put_for(scratch, "arm", "v7", ""), put_for(scratch, "amd64", "", "")));
	const char *path = put_layout(
		scratch, scratch_text(scratch, "%s" NAMED("docker.io/library/multi:1") "}",
				 put_blob(scratch, STRATA_MEDIA_OCI_INDEX, index, strlen(index))));

	each_case(i, cases) {
		strata_autobase struct strata_base *base = NULL;
		const char *variant;

		assert_succeeds(strata_base_open(path, &cases[i].asked, &base, &scratch->error),
			&scratch->error);
		variant = strata_json_string(strata_json_member(base->image->config, "variant"));
		assert_string_equal(variant ? variant : "", cases[i].variant);
	}
	open_fails(scratch, path, &(struct strata_platform){.architecture = "s390x"},
		STRATA_ERROR_INVALID, "it is for linux/arm/v5, linux/arm/v7, linux/amd64, but");
}

static void test_one_of_several_images_must_be_named(void **state)
{
	struct scratch *scratch = *state;
	struct parts other = plain_parts;
	strata_autobase struct strata_base *base = NULL;
	const char *path, *manifest = put_image(scratch, &plain_parts);

	other.layers[1] = NULL;
	path = put_layout(scratch, scratch_text(scratch,
					   "%s" NAMED("a.org/one:1") "},%s" NAMED(
						   "a.org/two:1") "},%s" NAMED("a.org/one:2") "}",
					   manifest, put_image(scratch, &other), manifest));
	open_fails(scratch, path, &amd64, STRATA_ERROR_INVALID,
		"several images, 'a.org/one:1' and 'a.org/two:1'");
	path = scratch_text(scratch, "oci:%s:a.org/two:1", path);
	assert_succeeds(strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
	assert_int_equal(strata_base_layer_count(base), 1);
}

/* The manifest of an image on the base at PATH. */
static const char *manifest_on(struct scratch *scratch, const char *path)
{
	static const struct strata_pair own[] = {{"org.opencontainers.image.title", "mine"}};
	struct strata_build_options options = {.describe = true, .threads = 1};
	strata_autobase struct strata_base *base = NULL;
	struct strata_image_config config = {
		.architecture = "amd64", .annotations = own, .annotation_count = 1};
	struct strata_layer layers[MOST_LAYERS];
	struct strata_image *image = NULL;
	const char *text;

	assert_succeeds(strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
	assert_succeeds(
		strata_base_layers(base, NULL, &options, layers, &scratch->error), &scratch->error);
	config.base = base;
	assert_succeeds(strata_image_new(layers, strata_base_layer_count(base), &config, &image,
				&scratch->error),
		&scratch->error);
	text = scratch_text(scratch, "%s", image->oci_manifest.text);
	strata_image_free(image);
	return text;
}

static void test_image_tells_its_base(void **state)
{
	struct scratch *scratch = *state;
	const char *manifest = put_image(scratch, &plain_parts);
	const char *digest = scratch_text(scratch, "%.71s", strstr(manifest, "sha256:"));
	const char *annotations = strstr(
		manifest_on(scratch,
			put_layout(scratch,
				scratch_text(scratch, "%s" NAMED("debian:12") "}", manifest))),
		"\"annotations\"");

	assert_string_equal(annotations,
		scratch_text(scratch,
			"\"annotations\":{\"org.opencontainers.image.base.digest\":\"%s\","
			"\"org.opencontainers.image.base.name\":\"docker.io/library/debian:12\","
			"\"org.opencontainers.image.title\":\"mine\"}}",
			digest));
	annotations =
		strstr(manifest_on(scratch,
			       put_layout(scratch,
				       scratch_text(scratch,
					       "%s,\"annotations\":{"
					       "\"org.opencontainers.image.ref.name\":\"12\"}}",
					       manifest))),
			"\"annotations\"");
	assert_null(strstr(annotations, "image.base.name"));
	assert_non_null(strstr(annotations, digest));
}

static void test_blobs_are_copied_as_they_are(void **state)
{
	struct scratch *scratch = *state;

	each_number(unsigned, compressed, 0, 2) {
		struct strata_build_options options = {.threads = 2};
		strata_autobase struct strata_base *base = NULL;
		struct parts parts = plain_parts;
		struct strata_layer layers[2];
		const char *path;

		parts.compressed = compressed;
		path = put_base(scratch, &parts);
		assert_succeeds(
			strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
		assert_succeeds(strata_base_layers(
					base, scratch->output, &options, layers, &scratch->error),
			&scratch->error);
		each_number(size_t, i, 0, 2) {
			strata_autobuffer struct strata_buffer blob = STRATA_BUFFER_INIT;
			strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;

			make_tar(&tar, parts.layers[i]);
			scratch_read(scratch, layers[i].blob, &blob);
			assert_true(layers[i].base && layers[i].staged);
			assert_int_equal(layers[i].size, blob.length);
			assert_int_equal(layers[i].diff_size, tar.length);
			assert_int_equal(layers[i].codec,
				compressed ? STRATA_CODEC_GZIP : STRATA_CODEC_NONE);
			assert_string_equal(
				layers[i].digest.text, hash_of(scratch, blob.data, blob.length));
			assert_string_equal(
				layers[i].diff_id.text, hash_of(scratch, tar.data, tar.length));
			assert_int_equal(unlink(layers[i].blob), 0);
			strata_layer_release(&layers[i]);
		}
		assert_string_equal(scratch_names(scratch, scratch->output), "");
	}
}

/* Gathering the layers of the base at PATH fails, and nothing stays. */
static void gather_fails(struct scratch *scratch, const char *path, int status, const char *words)
{
	each_number(unsigned, describe, 0, 2) {
		struct strata_build_options options = {.threads = 1, .describe = describe};
		strata_autobase struct strata_base *base = NULL;
		struct strata_layer layers[MOST_LAYERS];
		int found;

		assert_succeeds(
			strata_base_open(path, &amd64, &base, &scratch->error), &scratch->error);
		found = strata_base_layers(
			base, scratch->output, &options, layers, &scratch->error);
		assert_int_equal(found, status);
		assert_non_null(strstr(scratch->error.message, words));
		assert_non_null(strstr(scratch->error.message, path));
		strata_error_clear(&scratch->error);
		assert_string_equal(scratch_names(scratch, scratch->output), "");
	}
}

/* The blob of the second layer, and its path. */
static const char *second_blob(struct scratch *scratch, struct strata_buffer *blob)
{
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	const char *digest;

	make_tar(&tar, "two");
	compress_to(blob, &tar);
	digest = hash_of(scratch, blob->data, blob->length);
	return scratch_text(scratch, "%s/base/blobs/sha256/%s", scratch->directory, digest + 7);
}

static void test_corrupt_bases_are_refused(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer blob = STRATA_BUFFER_INIT;
	const char *path = put_base(scratch, &plain_parts);
	const char *second = second_blob(scratch, &blob);

	/* The time in gzip's header: all else is as it was. */
	blob.data[4] ^= 1;
	put(scratch, second, blob.data, blob.length);
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "layer 2, blob sha256:");
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "the content has the digest");
	blob.data[4] ^= 1;
	blob.data[blob.length / 2] ^= 0x55;
	put(scratch, second, blob.data, blob.length);
	gather_fails(scratch, path, STRATA_ERROR_FORMAT, "layer 2, blob sha256:");
	put(scratch, second, blob.data, blob.length - 1);
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "bytes were expected");
	assert_int_equal(unlink(second), 0);
	open_fails(scratch, path, &amd64, STRATA_ERROR_NOT_FOUND, "layer 2, blob sha256:");
}

static void test_documents_must_agree(void **state)
{
	static const char wrong[] =
		"sha256:1111111111111111111111111111111111111111111111111111111111111111";
	struct scratch *scratch = *state;
	struct parts parts = plain_parts;
	const char *path;

	/* Everything but the diff IDs is sound. */
	parts.config = scratch_text(scratch,
		AMD64 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\"]},\"x\":{",
		wrong, wrong);
	parts.more = "}";
	path = put_base(scratch, &parts);
	gather_fails(scratch, path, STRATA_ERROR_MISMATCH, "the config says sha256:1111");
	parts.config = scratch_text(scratch,
		AMD64 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]},\"x\":{", wrong);
	open_fails(scratch, put_base(scratch, &parts), &amd64, STRATA_ERROR_FORMAT,
		"1 diff IDs for 2 layers");
	parts.config = AMD64 "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[1,\"\"]},\"x\":{";
	open_fails(scratch, put_base(scratch, &parts), &amd64, STRATA_ERROR_FORMAT,
		"no diff ID for it");
	put(scratch, scratch_text(scratch, "%s/index.json", path), "{}", 2);
	open_fails(scratch, path, &amd64, STRATA_ERROR_FORMAT, "the base image '");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_platforms_must_agree),
		scratch_test(test_image_of_another_platform_is_refused),
		scratch_test(test_index_is_searched_for_the_platform),
		scratch_test(test_one_of_several_images_must_be_named),
		scratch_test(test_image_tells_its_base),
		scratch_test(test_blobs_are_copied_as_they_are),
		scratch_test(test_corrupt_bases_are_refused),
		scratch_test(test_documents_must_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
