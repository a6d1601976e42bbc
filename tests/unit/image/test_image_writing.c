/* SPDX-License-Identifier: Apache-2.0 */
#include "image_fixture.h"

static const struct strata_pair labels[] = {{"b", "2"}, {"a", "1"}};
static const struct strata_pair annotations[] = {{"org.z", "last"}, {"org.a", "\"first\""}};

static const struct strata_image_config full_config = {
	.architecture = "arm",
	.variant = "v7",
	.author = "A. Nonymous",
	.created = 86400,
	.entrypoint = (const char *const[]){"/bin/sh", "-c"},
	.entrypoint_count = 2,
	.cmd = (const char *const[]){"true"},
	.cmd_count = 1,
	.env = (const char *const[]){"B=2", "A=\xc3\xa9\n"},
	.env_count = 2,
	.user = "1000:100",
	.working_directory = "/work",
	.stop_signal = "SIGINT",
	.exposed_ports = (const char *const[]){"80/tcp"},
	.exposed_port_count = 1,
	.volumes = (const char *const[]){"/data"},
	.volume_count = 1,
	.labels = labels,
	.label_count = 2,
	.annotations = annotations,
	.annotation_count = 2,
};

#define HISTORY                                                  \
	"{\"created\":\"1970-01-02T00:00:00Z\",\"author\":\"A. " \
	"Nonymous\",\"created_by\":\"stratapack\",\"comment\":"

static void test_config_is_exact(void **state)
{
	struct scratch *scratch = *state;
	struct sample sample;

	make_sample(scratch, &sample, &full_config);
	assert_string_equal(sample.image->config.text,
		scratch_text(scratch,
			"{\"created\":\"1970-01-02T00:00:00Z\",\"author\":\"A. Nonymous\","
			"\"architecture\":\"arm\",\"variant\":\"v7\",\"os\":\"linux\",\"config\":{"
			"\"User\":\"1000:100\",\"ExposedPorts\":{\"80/tcp\":{}},"
			"\"Env\":[\"B=2\",\"A=\xc3\xa9\\n\"],\"Entrypoint\":[\"/bin/sh\",\"-c\"],"
			"\"Cmd\":[\"true\"],\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/work\","
			"\"Labels\":{\"b\":\"2\",\"a\":\"1\"},\"StopSignal\":\"SIGINT\"},"
			"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\",\"%s\",\"%s\"]},"
			"\"history\":[" HISTORY "\"/s/a /s/b\"}," HISTORY
			"\"customisation\"}," HISTORY "\"/s/a /s/b\"}]}",
			digest_of(scratch, "first"), digest_of(scratch, "unpacked"),
			digest_of(scratch, "first")));
	assert_string_equal(
		strata_image_id(sample.image)->text, digest_of(scratch, sample.image->config.text));
	strata_image_free(sample.image);
	make_sample(scratch, &sample, &plain_config);
	assert_non_null(strstr(sample.image->config.text,
		"{\"created\":\"1970-01-01T00:00:00Z\",\"architecture\":\"amd64\",\"os\":"
		"\"linux\",\"config\":{},\"rootfs\""));
	strata_image_free(sample.image);
}

static void test_creation_times(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{-1, "1969-12-31T23:59:59Z"},
		{951782400, "2000-02-29T00:00:00Z"},
		{253402300799, "9999-12-31T23:59:59Z"},
		{253402300800, NULL},
		{-62135596800, "0001-01-01T00:00:00Z"},
		{-62167219201, NULL},
		{INT64_MAX, NULL},
	};
	struct scratch *scratch = *state;
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	each_case(i, cases) {
		struct strata_image_config config = {
			.architecture = "amd64", .created = cases[i].seconds};
		struct strata_image *image = NULL;
		int status = strata_image_new(sample.layers, 1, &config, &image, &scratch->error);

		assert_int_equal(status, cases[i].text ? 0 : STRATA_ERROR_INVALID);
		if (image)
			assert_string_equal(image->created, cases[i].text);
		strata_image_free(image);
	}
	assert_int_equal(
		strata_image_new(sample.layers, 0, &plain_config, &sample.image, &scratch->error),
		STRATA_ERROR_INVALID);
	strata_image_free(sample.image);
}

/* How often WORDS stand in TEXT. */
static size_t count_of(const char *text, const char *words)
{
	size_t count = 0;

	for (; (text = strstr(text, words)); text++)
		count++;
	return count;
}

static void test_last_of_equal_keys_counts(void **state)
{
	static const struct strata_pair pairs[] = {
		{"key", "first"}, {"other", "1"}, {"key", "second"}, {"key", "third"}};
	static const char *const ports[] = {"80/tcp", "443/tcp", "80/tcp"};
	struct strata_image_config config = {
		.architecture = "amd64",
		.labels = pairs,
		.label_count = 4,
		.annotations = pairs,
		.annotation_count = 4,
		.exposed_ports = ports,
		.exposed_port_count = 3,
	};
	struct sample sample;

	make_sample(*state, &sample, &config);
	assert_non_null(strstr(
		sample.image->config.text, "\"Labels\":{\"other\":\"1\",\"key\":\"third\"}"));
	assert_int_equal(count_of(sample.image->config.text, "\"80/tcp\""), 1);
	assert_non_null(strstr(sample.image->oci_manifest.text,
		"\"annotations\":{\"key\":\"third\",\"other\":\"1\"}"));
	strata_image_free(sample.image);
}

static void test_texts_that_are_not_utf8_are_refused(void **state)
{
	static const struct strata_pair spoiled_value[] = {{"key", "\xff"}};
	static const struct strata_pair spoiled_key[] = {{"\xc3", "value"}};
	static const char *const spoiled[] = {"A=\xed\xa0\x80"};
	const struct strata_image_config configs[] = {
		{.architecture = "amd64", .author = "\x80"},
		{.architecture = "amd64", .labels = spoiled_value, .label_count = 1},
		{.architecture = "amd64", .labels = spoiled_key, .label_count = 1},
		{.architecture = "amd64", .annotations = spoiled_value, .annotation_count = 1},
		{.architecture = "amd64", .annotations = spoiled_key, .annotation_count = 1},
		{.architecture = "amd64", .env = spoiled, .env_count = 1},
		{.architecture = "amd64", .cmd = spoiled, .cmd_count = 1},
		{.architecture = "amd64", .volumes = spoiled, .volume_count = 1},
	};
	struct scratch *scratch = *state;
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	each_case(i, configs) {
		struct strata_image *image = NULL;

		assert_fails(
			strata_image_new(sample.layers, 3, &configs[i], &image, &scratch->error),
			STRATA_ERROR_INVALID, "UTF-8", &scratch->error);
		assert_null(image);
	}
	strata_image_free(sample.image);
}

static const char *layers_of(struct scratch *scratch, const char *media, const char *gzip)
{
	const char *first =
		scratch_text(scratch, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":5}", media,
			digest_of(scratch, "first"));

	return scratch_text(scratch,
		"[%s,{\"mediaType\":\"%s%s\",\"digest\":\"%s\",\"size\":10},%s]", first, media,
		gzip, digest_of(scratch, "second one"), first);
}

static void test_manifests_are_exact(void **state)
{
	struct scratch *scratch = *state;
	struct sample sample;
	struct strata_document *config;

	make_sample(scratch, &sample, &full_config);
	config = &sample.image->config;
	assert_string_equal(sample.image->oci_manifest.text,
		scratch_text(scratch,
			"{\"schemaVersion\":2,\"mediaType\":"
			"\"application/vnd.oci.image.manifest.v1+json\",\"config\":{\"mediaType\":"
			"\"application/vnd.oci.image.config.v1+json\",\"digest\":\"%s\",\"size\":"
			"%zu},\"layers\":%s,\"annotations\":{\"org.a\":\"\\\"first\\\"\","
			"\"org.z\":\"last\"}}",
			config->digest.text, config->size,
			layers_of(scratch, "application/vnd.oci.image.layer.v1.tar", "+gzip")));
	assert_string_equal(sample.image->docker_manifest.text,
		scratch_text(scratch,
			"{\"schemaVersion\":2,\"mediaType\":"
			"\"application/vnd.docker.distribution.manifest.v2+json\",\"config\":{"
			"\"mediaType\":\"application/vnd.docker.container.image.v1+json\","
			"\"digest\":\"%s\",\"size\":%zu},\"layers\":%s}",
			config->digest.text, config->size,
			layers_of(
				scratch, "application/vnd.docker.image.rootfs.diff.tar", ".gzip")));
	strata_image_free(sample.image);
}

/* The members of an archive: their names, in order, each with a blank behind it. */
static const char *members(struct scratch *scratch, const struct strata_buffer *tar)
{
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;
	const char *line = scratch_list(scratch, tar->data, tar->length);

	for (const char *end; (end = strchr(line, '\n')); line = end + 1) {
		const char *name = end;

		while (name[-1] != ' ')
			name--;
		assert_non_null(strstr(line, line[0] == 'd' ? "d 0755 0:0 " : "- 0644 0:0 "));
		assert_int_equal(name[-2], '1'); /* "@1" */
		strata_buffer_format(&names, "%.*s ", (int)(end - name), name);
	}
	return scratch_text(scratch, "%s", names.data);
}

static void test_docker_archive(void **state)
{
	struct scratch *scratch = *state;
	strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
	const char *first = digest_of(scratch, "first") + 7;
	const char *second = digest_of(scratch, "second one") + 7;
	const char *path = in(scratch, "a.tar"), *config;
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	config = strata_image_id(sample.image)->text + 7;
	assert_succeeds(write_image(scratch, &sample, "docker-archive", path, "a:1 x.org/b", false),
		&scratch->error);
	scratch_read(scratch, path, &tar);
	assert_string_equal(members(scratch, &tar),
		scratch_text(
			scratch, "%s.tar %s.tar %s.json manifest.json ", first, second, config));
	assert_string_equal(scratch_member(scratch, tar.data, tar.length, "manifest.json"),
		scratch_text(scratch,
			"[{\"Config\":\"%s.json\",\"RepoTags\":[\"a:1\",\"x.org/b:latest\"],"
			"\"Layers\":[\"%s.tar\",\"%s.tar\",\"%s.tar\"]}]",
			config, first, second, first));
	assert_string_equal(scratch_member(scratch, tar.data, tar.length,
				    scratch_text(scratch, "%s.tar", second)),
		"second one");
	assert_succeeds(
		write_image(scratch, &sample, "docker-archive", path, "", false), &scratch->error);
	strata_buffer_truncate(&tar, 0);
	scratch_read(scratch, path, &tar);
	assert_non_null(strstr(scratch_member(scratch, tar.data, tar.length, "manifest.json"),
		"\"RepoTags\":null"));
	strata_image_free(sample.image);
}

static void test_oci_and_universal_archives(void **state)
{
	struct scratch *scratch = *state;
	const char *path = in(scratch, "a.tar");
	struct sample sample;

	make_sample(scratch, &sample, &full_config);
	each_number(unsigned, universal, 0, 2) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		const char *manifest = sample.image->oci_manifest.digest.text;

		assert_succeeds(write_image(scratch, &sample,
					universal ? "universal-archive" : "oci-archive", path,
					"a:1", false),
			&scratch->error);
		scratch_read(scratch, path, &tar);
		assert_string_equal(members(scratch, &tar),
			scratch_text(scratch,
				"blobs/ blobs/sha256/ blobs/sha256/%s blobs/sha256/%s "
				"blobs/sha256/%s blobs/sha256/%s index.json %soci-layout ",
				digest_of(scratch, "first") + 7,
				digest_of(scratch, "second one") + 7,
				strata_image_id(sample.image)->text + 7, manifest + 7,
				universal ? "manifest.json " : ""));
		assert_string_equal(scratch_member(scratch, tar.data, tar.length, "index.json"),
			scratch_text(scratch,
				"{\"schemaVersion\":2,\"mediaType\":"
				"\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{"
				"\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
				"\"digest\":\"%s\",\"size\":%zu,\"annotations\":{"
				"\"io.containerd.image.name\":\"docker.io/library/a:1\","
				"\"org.opencontainers.image.ref.name\":\"1\"},\"platform\":{"
				"\"architecture\":\"arm\",\"os\":\"linux\",\"variant\":\"v7\"}}]}",
				manifest, sample.image->oci_manifest.size));
		assert_string_equal(scratch_member(scratch, tar.data, tar.length, "oci-layout"),
			"{\"imageLayoutVersion\":\"1.0.0\"}");
	}
	strata_image_free(sample.image);
}

static void test_v1_archive(void **state)
{
	struct scratch *scratch = *state;
	const char *path = in(scratch, "a.tar");
	struct sample sample;

	make_sample(scratch, &sample, &full_config);
	each_number(unsigned, strict, 0, 2) {
		strata_autobuffer struct strata_buffer tar = STRATA_BUFFER_INIT;
		const char *names, *top, *ids[3];

		assert_succeeds(write_image(scratch, &sample, "docker-v1-archive", path,
					"a:1 b a:2", strict),
			&scratch->error);
		scratch_read(scratch, path, &tar);
		names = members(scratch, &tar);
		each_number(size_t, i, 0, 3) {
			const char *json;

			ids[i] = scratch_text(scratch, "%.64s", names);
			top = scratch_text(scratch, "%s/ %s/VERSION %s/json %s/layer.tar ", ids[i],
				ids[i], ids[i], ids[i]);
			assert_memory_equal(names, top, strlen(top));
			names += strlen(top);
			json = scratch_member(scratch, tar.data, tar.length,
				scratch_text(scratch, "%s/json", ids[i]));
			top = scratch_text(scratch, "{\"id\":\"%s\",%s%s%s\"created\":", ids[i],
				i > 0 ? "\"parent\":\"" : "", i > 0 ? ids[i - 1] : "",
				i > 0 ? "\"," : "");
			assert_memory_equal(json, top, strlen(top));
			assert_int_equal(strstr(json, "\"Entrypoint\"") != NULL, i == 2);
			assert_non_null(strstr(json, "\"Size\":10240}"));
		}
		/* The same blob at two heights. */
		assert_string_not_equal(ids[0], ids[2]);
		assert_string_equal(
			names, strict ? "repositories "
				      : scratch_text(scratch, "%s.json manifest.json repositories ",
						strata_image_id(sample.image)->text + 7));
		assert_string_equal(scratch_member(scratch, tar.data, tar.length, "repositories"),
			scratch_text(scratch,
				"{\"a\":{\"1\":\"%s\",\"2\":\"%s\"},\"b\":{\"latest\":\"%s\"}}",
				ids[2], ids[2], ids[2]));
	}
	strata_image_free(sample.image);
}

static void test_files_are_replaced_whole(void **state)
{
	struct scratch *scratch = *state;
	const char *path = in(scratch, "a.tar");
	struct sample sample;

	make_sample(scratch, &sample, &plain_config);
	assert_succeeds(strata_file_replace(path, "old", 3, &scratch->error), &scratch->error);
	assert_int_equal(unlink(sample.layers[1].blob), 0);
	assert_fails(write_image(scratch, &sample, "docker-archive", path, "", false),
		STRATA_ERROR_IO, sample.layers[1].blob, &scratch->error);
	assert_string_equal(content_of(scratch, path), "old");
	assert_succeeds(strata_file_replace(sample.layers[1].blob, "changed", 7, &scratch->error),
		&scratch->error);
	assert_fails(write_image(scratch, &sample, "oci-archive", path, "", false),
		STRATA_ERROR_MISMATCH, "has 7 bytes, its layer 10", &scratch->error);
	assert_string_equal(content_of(scratch, path), "old");
	assert_string_equal(scratch_names(scratch, scratch->directory), "a.tar output root ");
	assert_fails(write_image(scratch, &sample, "oci-archive", scratch->root, "", false),
		STRATA_ERROR_INVALID, "it is a directory", &scratch->error);
	strata_image_free(sample.image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_config_is_exact),
		scratch_test(test_creation_times),
		scratch_test(test_last_of_equal_keys_counts),
		scratch_test(test_texts_that_are_not_utf8_are_refused),
		scratch_test(test_manifests_are_exact),
		scratch_test(test_docker_archive),
		scratch_test(test_oci_and_universal_archives),
		scratch_test(test_v1_archive),
		scratch_test(test_files_are_replaced_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
