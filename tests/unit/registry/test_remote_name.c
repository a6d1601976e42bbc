/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of images in registries; a digest becomes part of a URL only where it is one.
 */
#include "unit.h"

#include "registry/reference.h"

#define DIGEST "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void test_good_names(void **state)
{
	static const struct {
		const char *text, *host, *repository, *reference;
	} cases[] = {
		{"docker://example.org/team/tool:1.0", "example.org", "team/tool", "1.0"},
		{"example.org:5000/tool", "example.org:5000", "tool", "latest"},
		{"docker://tool", "docker.io", "library/tool", "latest"},
		{"docker://index.docker.io/team/tool:2", "docker.io", "team/tool", "2"},
		{"docker://127.0.0.1:5000/a/b/c@" DIGEST, "127.0.0.1:5000", "a/b/c", DIGEST},
		{"docker://example.org/tool:1@" DIGEST, "example.org", "tool", DIGEST},
		{"localhost/tool:x", "localhost", "tool", "x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strata_error error = STRATA_ERROR_INIT;
		strata_autoremotename struct strata_remote_name name;

		assert_succeeds(strata_remote_name_parse(cases[i].text, &name, &error), &error);
		assert_string_equal(name.host, cases[i].host);
		assert_string_equal(name.repository, cases[i].repository);
		assert_string_equal(strata_remote_name_reference(&name), cases[i].reference);
	}
}

static void test_bad_names(void **state)
{
	static const char *const cases[] = {"docker://", "docker://example.org/", "docker:///a",
		"example.org/A", "example.org/a:", "example.org/a@",
		"example.org/a@sha256:", "example.org/a@sha256:../../x", "example.org/a@md5:00",
		"example.org/a@sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"example.org/a@SHA256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"example.org/a@sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"example.org/a@" DIGEST "0", "example.org/a@" DIGEST ":x", "https://example.org/a",
		"user@example.org/a", "example.org/a?b", "example.org/../a", "example.org/a/../b"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_remote_name name;

		if (strata_remote_name_parse(cases[i], &name, &error) == 0)
			fail_msg("'%s' was accepted", cases[i]);
		assert_int_equal(error.status, STRATA_ERROR_INVALID);
		assert_null(name.host);
		strata_error_clear(&error);
	}
}

static void test_repositories(void **state)
{
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autoremotename struct strata_remote_name name;
	struct strata_remote_name bad;

	(void)state;
	assert_succeeds(
		strata_remote_name_parse_repository("docker://example.org/a", &name, &error),
		&error);
	assert_string_equal(name.repository, "a");
	assert_fails(strata_remote_name_parse_repository("example.org/a:1", &bad, &error),
		STRATA_ERROR_INVALID, "has a tag", &error);
	assert_int_equal(strata_remote_name_parse_repository("example.org/a@" DIGEST, &bad, &error),
		STRATA_ERROR_INVALID);
	strata_error_clear(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_names),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_repositories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
