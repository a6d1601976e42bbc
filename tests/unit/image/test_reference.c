/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include <stdio.h>

#include <stratapack/image.h>

#include "util/memory.h"

static void test_good_names(void **state)
{
	static const struct {
		const char *text, *name, *tag, *full;
	} cases[] = {
		{"tool", "tool", "latest", "docker.io/library/tool:latest"},
		{"tool:1.2", "tool", "1.2", "docker.io/library/tool:1.2"},
		{"team/tool", "team/tool", "latest", "docker.io/team/tool:latest"},
		{"docker.io/tool", "docker.io/tool", "latest", "docker.io/library/tool:latest"},
		{"docker.io/team/tool:1", "docker.io/team/tool", "1", "docker.io/team/tool:1"},
		{"index.docker.io/tool:1", "index.docker.io/tool", "1", "docker.io/library/tool:1"},
		{"example.org/tool", "example.org/tool", "latest", "example.org/tool:latest"},
		{"example.org:5000/a/b:t", "example.org:5000/a/b", "t", "example.org:5000/a/b:t"},
		{"localhost/tool", "localhost/tool", "latest", "localhost/tool:latest"},
		{"localhost:5000", "localhost", "5000", "docker.io/library/localhost:5000"},
		{"HOST/tool", "HOST/tool", "latest", "HOST/tool:latest"},
		{"Example.Org/tool", "Example.Org/tool", "latest", "Example.Org/tool:latest"},
		{"a:1/b", "a:1/b", "latest", "a:1/b:latest"},
		{"127.0.0.1:80/a", "127.0.0.1:80/a", "latest", "127.0.0.1:80/a:latest"},
		{"a-b.example/c", "a-b.example/c", "latest", "a-b.example/c:latest"},
		{"a_b__c-d---e.f", "a_b__c-d---e.f", "latest",
			"docker.io/library/a_b__c-d---e.f:latest"},
		{"a:_", "a", "_", "docker.io/library/a:_"},
		{"a:A.b-C_9", "a", "A.b-C_9", "docker.io/library/a:A.b-C_9"},
		{"0/1:2", "0/1", "2", "docker.io/0/1:2"},
	};

	(void)state;
	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_reference reference;
		strata_autofree char *full = NULL;

		assert_succeeds(strata_reference_parse(cases[i].text, &reference, &error), &error);
		assert_string_equal(reference.name, cases[i].name);
		assert_string_equal(reference.tag, cases[i].tag);
		full = strata_reference_full(&reference);
		assert_string_equal(full, cases[i].full);
		strata_reference_release(&reference);
	}
}

static void test_bad_names(void **state)
{
	static const char *const cases[] = {"", ":", ":tag", "/", "/a", "a/", "a//b", "A", "a/B",
		"Tool", "team/Tool", "_a", "a_", "a___b", "-a", "a-", ".a", "a.", "a..b", "a._b",
		"a b", "a\n", "a\xc3\xa9", "a@b", "example.org/", "example..org/a", "-h.org/a",
		"h-.org/a", "example.org:/a", "example.org:port/a", "example.org:1:2/a",
		"[::1]:5000/a", "http://example.org/a", "example.org/a/B", "a_b.org/c", "../a",
		"a:b/c",
		"a@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"};

	(void)state;
	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_reference reference;

		if (strata_reference_parse(cases[i], &reference, &error) == 0)
			fail_msg("'%s' was accepted", cases[i]);
		assert_int_equal(error.status, STRATA_ERROR_INVALID);
		assert_non_null(strstr(error.message, "is no image name"));
		assert_non_null(error.hint);
		assert_null(reference.name);
		strata_error_clear(&error);
	}
}

static void test_bad_tags(void **state)
{
	static const char *const cases[] = {
		"a:", "a:.b", "a:-b", "a:b:c", "a:b c", "a:b@c", "a:\xc3\xa9", "example.org/a:"};

	(void)state;
	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_reference reference;

		assert_fails(strata_reference_parse(cases[i], &reference, &error),
			STRATA_ERROR_INVALID, "is no tag", &error);
	}
}

static void test_lengths(void **state)
{
	static const struct {
		size_t name, tag;
		int status;
	} cases[] = {
		{255, 1, 0},
		{256, 1, STRATA_ERROR_INVALID},
		{1, 128, 0},
		{1, 129, STRATA_ERROR_INVALID},
		{255, 128, 0},
	};

	(void)state;
	each_case(i, cases) {
		struct strata_error error = STRATA_ERROR_INIT;
		struct strata_reference reference;
		char text[512];

		memset(text, 'a', sizeof(text));
		text[cases[i].name] = ':';
		text[cases[i].name + 1 + cases[i].tag] = '\0';
		assert_int_equal(strata_reference_parse(text, &reference, &error), cases[i].status);
		strata_reference_release(&reference);
		strata_error_clear(&error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_names),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_bad_tags),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
