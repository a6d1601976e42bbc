/* SPDX-License-Identifier: Apache-2.0 */
#include "image_fixture.h"

static void test_new_layout(void **state)
{
	struct scratch *scratch = *state;
	const char *path = in(scratch, "layout"), *digests[4];
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	sample.layers[0].staged = true;
	assert_succeeds(write_image(scratch, &sample, "oci", path, "", false), &scratch->error);
	digests[0] = digest_of(scratch, "first");
	digests[1] = digest_of(scratch, "second one");
	digests[2] = strata_image_id(sample.image)->text;
	digests[3] = sample.image->oci_manifest.digest.text;
	assert_string_equal(scratch_names(scratch, path), "blobs index.json oci-layout ");
	each_number(size_t, i, 0, 4) {
		const char *blob =
			scratch_text(scratch, "%s/blobs/sha256/%s", path, digests[i] + 7);

		assert_string_equal(digest_of(scratch, content_of(scratch, blob)), digests[i]);
	}
	assert_int_equal(
		strlen(scratch_names(scratch, scratch_text(scratch, "%s/blobs/sha256", path))),
		4 * 65);
	assert_string_equal(content_of(scratch, scratch_text(scratch, "%s/oci-layout", path)),
		"{\"imageLayoutVersion\":\"1.0.0\"}");
	assert_string_equal(content_of(scratch, scratch_text(scratch, "%s/index.json", path)),
		scratch_text(scratch,
			"{\"schemaVersion\":2,\"mediaType\":"
			"\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{"
			"\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":"
			"\"%s\",\"size\":%zu,\"platform\":{\"architecture\":\"amd64\",\"os\":"
			"\"linux\"}}]}",
			digests[3], sample.image->oci_manifest.size));
	assert_string_equal(scratch_names(scratch, scratch->directory), "layout output root ");
	strata_image_free(sample.image);
}

/* How often WORDS stand in the index of the layout at PATH. */
static size_t count_in_index(struct scratch *scratch, const char *path, const char *words)
{
	const char *index = content_of(scratch, scratch_text(scratch, "%s/index.json", path));
	size_t count = 0;

	for (; (index = strstr(index, words)); index++)
		count++;
	return count;
}

static void test_second_image_joins_the_first(void **state)
{
	struct scratch *scratch = *state;
	const struct strata_image_config other = {.architecture = "arm64"};
	const char *path = in(scratch, "layout");
	struct sample first, second;

	make_sample(scratch, &first, &plain_config);
	make_sample(scratch, &second, &other);
	assert_succeeds(
		write_image(scratch, &first, "oci", path, "a:1 a:2", false), &scratch->error);
	assert_succeeds(
		write_image(scratch, &second, "oci", path, "x.org/a:1", false), &scratch->error);
	assert_int_equal(count_in_index(scratch, path, first.image->oci_manifest.digest.text), 2);
	assert_int_equal(count_in_index(scratch, path, second.image->oci_manifest.digest.text), 1);
	/* The same name: replaced. The same again: nothing changes. */
	each_number(unsigned, i, 0, 2) {
		assert_succeeds(
			write_image(scratch, &second, "oci", path, "a:1", false), &scratch->error);
		assert_int_equal(
			count_in_index(scratch, path, first.image->oci_manifest.digest.text), 1);
		assert_int_equal(
			count_in_index(scratch, path, second.image->oci_manifest.digest.text), 2);
	}
	assert_int_equal(count_in_index(scratch, path, "docker.io/library/a:1\""), 1);
	/* As its whole name, and as its reference, since the first has the tag. */
	assert_int_equal(count_in_index(scratch, path, "\"x.org/a:1\""), 2);
	/* Shared layers once, two configs, two manifests. */
	assert_int_equal(
		strlen(scratch_names(scratch, scratch_text(scratch, "%s/blobs/sha256", path))),
		6 * 65);
	strata_image_free(first.image);
	strata_image_free(second.image);
}

static void write_index(struct scratch *scratch, const char *path, const char *index)
{
	assert_succeeds(strata_file_replace(scratch_text(scratch, "%s/index.json", path), index,
				strlen(index), &scratch->error),
		&scratch->error);
}

static void test_foreign_descriptors_survive(void **state)
{
	static const char kept[] =
		"{\"digest\":\"sha256:00\",\"x\":[1,null,true,{\"y\":\"\xc3\xa9\\n\"}],"
		"\"annotations\":{\"org.opencontainers.image.ref.name\":\"other\",\"z\":\"1\"}}";
	static const char replaced[] = "{\"digest\":\"sha256:11\",\"annotations\":{"
				       "\"org.opencontainers.image.ref.name\":\"1\"}}";
	struct scratch *scratch = *state;
	const char *path = in(scratch, "layout"), *index;
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	assert_succeeds(write_image(scratch, &sample, "oci", path, "", false), &scratch->error);
	write_index(scratch, path,
		scratch_text(scratch,
			"{\"schemaVersion\":2,\"manifests\":[%s,%s],\"annotations\":{\"k\":\"v\"}}",
			kept, replaced));
	assert_succeeds(write_image(scratch, &sample, "oci", path, "a:1", false), &scratch->error);
	index = content_of(scratch, scratch_text(scratch, "%s/index.json", path));
	assert_non_null(strstr(index, kept));
	assert_null(strstr(index, "sha256:11"));
	assert_non_null(strstr(index, "}],\"annotations\":{\"k\":\"v\"}}"));
	strata_image_free(sample.image);
}

static void test_damaged_layouts_are_left_alone(void **state)
{
	static const struct {
		const char *index;
		int status;
	} cases[] = {
		{"", STRATA_ERROR_FORMAT},
		{"{}", STRATA_ERROR_FORMAT},
		{"[]", STRATA_ERROR_FORMAT},
		{"{\"manifests\":{}}", STRATA_ERROR_FORMAT},
		/* Well-formed, but it could not be written as it was read. */
		{"{\"manifests\":[{\"size\":1.5}]}", STRATA_ERROR_UNSUPPORTED},
	};
	struct scratch *scratch = *state;
	const char *path = in(scratch, "layout");
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	assert_succeeds(write_image(scratch, &sample, "oci", path, "", false), &scratch->error);
	each_case(i, cases) {
		write_index(scratch, path, cases[i].index);
		assert_fails(write_image(scratch, &sample, "oci", path, "a", false),
			cases[i].status, "layout's index", &scratch->error);
		assert_string_equal(
			content_of(scratch, scratch_text(scratch, "%s/index.json", path)),
			cases[i].index);
	}
	strata_image_free(sample.image);
}

static void test_other_directories_are_left_alone(void **state)
{
	static const char *const transports[] = {"oci", "dir"};
	struct scratch *scratch = *state;
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	each_number(size_t, i, 0, 2) {
		const char *full = scratch_at(scratch, "/full");
		const char *empty = scratch_at(scratch, scratch_text(scratch, "/empty%zu", i));

		scratch_file(scratch, "/full/file", "mine", 0644);
		assert_int_equal(write_image(scratch, &sample, transports[i], full, "", false),
			STRATA_ERROR_INVALID);
		assert_non_null(strstr(scratch->error.message, full));
		assert_string_equal(scratch_names(scratch, full), "file ");
		assert_string_equal(
			scratch_names(scratch, scratch->root), i == 0 ? "full " : "empty0 full ");
		assert_int_equal(mkdir(empty, 0755), 0);
		assert_succeeds(write_image(scratch, &sample, transports[i], empty, "", false),
			&scratch->error);
		assert_int_equal(write_image(scratch, &sample, transports[i],
					 scratch_at(scratch, "/full/file"), "", false),
			STRATA_ERROR_IO);
		assert_string_equal(content_of(scratch, scratch_at(scratch, "/full/file")), "mine");
	}
	strata_image_free(sample.image);
}

static void test_dir(void **state)
{
	struct scratch *scratch = *state;
	const char *path = in(scratch, "dir");
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	assert_succeeds(write_image(scratch, &sample, "dir", path, "", false), &scratch->error);
	assert_string_equal(content_of(scratch, scratch_text(scratch, "%s/manifest.json", path)),
		sample.image->docker_manifest.text);
	assert_string_equal(content_of(scratch, scratch_text(scratch, "%s/version", path)),
		"Directory Transport Version: 1.1\n");
	assert_string_equal(content_of(scratch, scratch_text(scratch, "%s/%s", path,
							strata_image_id(sample.image)->text + 7)),
		sample.image->config.text);
	assert_string_equal(content_of(scratch, scratch_text(scratch, "%s/%s", path,
							digest_of(scratch, "second one") + 7)),
		"second one");
	strata_image_free(sample.image);
}

static void test_zstd_layers(void **state)
{
	struct scratch *scratch = *state;
	const char *path = in(scratch, "out");
	struct sample sample;

	make_layer(scratch, &sample.layers[0], "zstd", STRATA_CODEC_ZSTD);
	assert_succeeds(
		strata_image_new(sample.layers, 1, &plain_config, &sample.image, &scratch->error),
		&scratch->error);
	assert_fails(write_image(scratch, &sample, "dir", path, "", false), STRATA_ERROR_INVALID,
		"cannot hold zstd layers", &scratch->error);
	assert_int_equal(access(path, F_OK), -1);
	assert_succeeds(write_image(scratch, &sample, "oci", path, "", false), &scratch->error);
	assert_non_null(strstr(sample.image->oci_manifest.text, ".layer.v1.tar+zstd\""));
	strata_image_free(sample.image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_new_layout),
		scratch_test(test_second_image_joins_the_first),
		scratch_test(test_foreign_descriptors_survive),
		scratch_test(test_damaged_layouts_are_left_alone),
		scratch_test(test_other_directories_are_left_alone),
		scratch_test(test_dir),
		scratch_test(test_zstd_layers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
