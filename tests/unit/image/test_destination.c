/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include <stratapack/image.h>

static void test_parsing(void **state)
{
	static const struct {
		const char *text;
		enum strata_format format;
		const char *path, *name, *tag;
	} cases[] = {
		{"docker-archive:a.tar", STRATA_FORMAT_DOCKER_ARCHIVE, "a.tar", NULL, NULL},
		{"docker-archive:-:tool", STRATA_FORMAT_DOCKER_ARCHIVE, "-", "tool", "latest"},
		{"docker-v1-archive:-", STRATA_FORMAT_DOCKER_V1_ARCHIVE, "-", NULL, NULL},
		{"oci:/d/e:example.org:5000/a:1", STRATA_FORMAT_OCI, "/d/e", "example.org:5000/a",
			"1"},
		{"oci-archive:-:a:b", STRATA_FORMAT_OCI_ARCHIVE, "-", "a", "b"},
		{"universal-archive:./x y", STRATA_FORMAT_UNIVERSAL_ARCHIVE, "./x y", NULL, NULL},
		{"dir:d", STRATA_FORMAT_DIR, "d", NULL, NULL},
	};

	(void)state;
	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_destination destination;

		assert_succeeds(
			strata_destination_parse(cases[i].text, &destination, &error), &error);
		assert_int_equal(destination.format, cases[i].format);
		assert_string_equal(destination.path, cases[i].path);
		assert_int_equal(destination.name_count, cases[i].name != NULL);
		if (cases[i].name) {
			assert_string_equal(destination.names[0].name, cases[i].name);
			assert_string_equal(destination.names[0].tag, cases[i].tag);
		}
		assert_memory_equal(cases[i].text, strata_format_name(destination.format),
			strlen(strata_format_name(destination.format)));
		strata_destination_release(&destination);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"", "does not begin with a format"},
		{"oci", "does not begin with a format"},
		{"image.tar", "does not begin with a format"},
		{"OCI:d", "does not begin with a format"},
		{"oci-:d", "does not begin with a format"},
		{":d", "does not begin with a format"},
		{"oci:", "names no path"},
		{"docker-archive::name", "names no path"},
		{"oci:-", "cannot go to standard output"},
		{"dir:-:a", "cannot go to standard output"},
		{"oci:d:", "is no image name"},
		{"oci:d:A", "is no image name"},
		{"oci:d:a:", "is no tag"},
	};

	(void)state;
	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_destination destination;

		assert_fails(strata_destination_parse(cases[i].text, &destination, &error),
			STRATA_ERROR_INVALID, cases[i].words, &error);
		assert_null(destination.path);
	}
}

static void test_names_are_added_once(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_destination destination;

	(void)state;
	assert_succeeds(strata_destination_parse("oci:d:a", &destination, &error), &error);
	assert_succeeds(strata_destination_add_name(&destination, "b:1", &error), &error);
	assert_succeeds(strata_destination_add_name(&destination, "a:latest", &error), &error);
	assert_succeeds(strata_destination_add_name(&destination, "a:2", &error), &error);
	assert_fails(strata_destination_add_name(&destination, "A", &error), STRATA_ERROR_INVALID,
		"is no image name", &error);
	assert_int_equal(destination.name_count, 3);
	assert_string_equal(destination.names[1].name, "b");
	assert_string_equal(destination.names[2].tag, "2");
	strata_destination_release(&destination);
}

static void test_zstd_needs_an_oci_format(void **state)
{
	static const struct {
		enum strata_format format;
		int status;
	} cases[] = {
		{STRATA_FORMAT_DOCKER_V1_ARCHIVE, STRATA_ERROR_INVALID},
		{STRATA_FORMAT_DOCKER_ARCHIVE, STRATA_ERROR_INVALID},
		{STRATA_FORMAT_OCI, 0},
		{STRATA_FORMAT_OCI_ARCHIVE, 0},
		{STRATA_FORMAT_UNIVERSAL_ARCHIVE, STRATA_ERROR_INVALID},
		{STRATA_FORMAT_DIR, STRATA_ERROR_INVALID},
	};

	(void)state;
	each_case(i, cases) {
		struct strata_destination destination = {.format = cases[i].format};
		struct strata_error error = STRATA_ERROR_INIT;

		assert_int_equal(
			strata_destination_check(&destination, STRATA_CODEC_NONE, &error), 0);
		assert_int_equal(
			strata_destination_check(&destination, STRATA_CODEC_GZIP, &error), 0);
		assert_int_equal(strata_destination_check(&destination, STRATA_CODEC_ZSTD, &error),
			cases[i].status);
		assert_int_equal(error.hint != NULL, cases[i].status < 0);
		strata_error_clear(&error);
	}
}

static void test_strict_archives(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_destination destination;

	(void)state;
	assert_succeeds(
		strata_destination_parse("docker-v1-archive:a.tar", &destination, &error), &error);
	destination.strict_v1 = true;
	assert_fails(strata_destination_check(&destination, STRATA_CODEC_NONE, &error),
		STRATA_ERROR_INVALID, "needs a name", &error);
	assert_succeeds(strata_destination_add_name(&destination, "a", &error), &error);
	assert_succeeds(strata_destination_check(&destination, STRATA_CODEC_NONE, &error), &error);
	destination.format = STRATA_FORMAT_DOCKER_ARCHIVE;
	assert_fails(strata_destination_check(&destination, STRATA_CODEC_NONE, &error),
		STRATA_ERROR_INVALID, "only docker-v1-archive has a strict form", &error);
	strata_destination_release(&destination);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsing),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_names_are_added_once),
		cmocka_unit_test(test_zstd_needs_an_oci_format),
		cmocka_unit_test(test_strict_archives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
