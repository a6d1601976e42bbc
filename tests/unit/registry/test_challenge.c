/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registries ask for, as real ones and malformed ones write it.
 */
#include "unit.h"

#include "registry/auth/challenge.h"

static const char *or_nothing(const char *text)
{
	return text ? text : "";
}

static void test_challenges(void **state)
{
	static const struct {
		const char *header;
		enum strata_auth_scheme scheme;
		const char *realm, *service, *scope;
	} cases[] = {
		{"Bearer realm=\"https://auth.example/token\",service=\"registry.example\",scope="
		 "\"repository:a/b:pull,push\"",
			STRATA_AUTH_BEARER, "https://auth.example/token", "registry.example",
			"repository:a/b:pull,push"},
		{"bearer   REALM = \"https://a/t\" , service=s", STRATA_AUTH_BEARER, "https://a/t",
			"s", ""},
		{"Bearer realm=https://a/t?x=1,service=s", STRATA_AUTH_BEARER, "https://a/t?x=1",
			"s", ""},
		{"Basic realm=\"here\"", STRATA_AUTH_BASIC, "here", "", ""},
		{"Basic", STRATA_AUTH_BASIC, "", "", ""},
		{"Basic realm=\"a, b\", Bearer realm=\"https://a/t\",scope=\"x\"",
			STRATA_AUTH_BEARER, "https://a/t", "", "x"},
		{"Bearer realm=\"https://a/t\", Basic realm=\"b\"", STRATA_AUTH_BEARER,
			"https://a/t", "", ""},
		{"Negotiate, Basic realm=\"b\"", STRATA_AUTH_BASIC, "b", "", ""},
		{"Negotiate YIIabc==, Bearer realm=\"https://a/t\"", STRATA_AUTH_BEARER,
			"https://a/t", "", ""},
		{"Digest realm=\"d\", nonce=\"n\"", STRATA_AUTH_NONE, "", "", ""},
		{"Bearer realm=\"quo\\\"ted\\\\\"", STRATA_AUTH_BEARER, "quo\"ted\\", "", ""},
		/* A bearer token from nowhere is none. */
		{"Bearer service=\"s\", Basic realm=\"b\"", STRATA_AUTH_BASIC, "b", "", ""},
		{"Bearer realm=\"never ends", STRATA_AUTH_NONE, "", "", ""},
		{"Bearer realm=", STRATA_AUTH_NONE, "", "", ""},
		{"", STRATA_AUTH_NONE, "", "", ""},
		{", , ,", STRATA_AUTH_NONE, "", "", ""},
		{"===", STRATA_AUTH_NONE, "", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		strata_autochallenge struct strata_challenge challenge = {
			.scheme = STRATA_AUTH_NONE};

		assert_int_equal(strata_challenge_read(cases[i].header, &challenge), 0);
		if (challenge.scheme != cases[i].scheme)
			fail_msg("%s: scheme %d", cases[i].header, (int)challenge.scheme);
		assert_string_equal(or_nothing(challenge.realm), cases[i].realm);
		assert_string_equal(or_nothing(challenge.service), cases[i].service);
		assert_string_equal(or_nothing(challenge.scope), cases[i].scope);
	}
}

static void test_several_headers(void **state)
{
	strata_autochallenge struct strata_challenge challenge = {.scheme = STRATA_AUTH_NONE};

	(void)state;
	assert_int_equal(strata_challenge_read("Basic realm=\"b\"", &challenge), 0);
	assert_int_equal(strata_challenge_read("Bearer realm=\"https://a/t\"", &challenge), 0);
	assert_int_equal(strata_challenge_read("Basic realm=\"c\"", &challenge), 0);
	assert_int_equal(challenge.scheme, STRATA_AUTH_BEARER);
	assert_string_equal(challenge.realm, "https://a/t");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_several_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
