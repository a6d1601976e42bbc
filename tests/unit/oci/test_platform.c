/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of architectures.
 */
#include "unit.h"

#include "oci/platform.h"

static void expect(const char *word, const char *architecture, const char *variant)
{
	struct strata_platform platform = {.architecture = NULL};

	if (!strata_platform_find(word, &platform))
		fail_msg("'%s' is no architecture", word);
	if (strcmp(platform.architecture, architecture) != 0)
		fail_msg("'%s' is '%s', not '%s'", word, platform.architecture, architecture);
	if (strcmp(platform.variant ? platform.variant : "-", variant) != 0)
		fail_msg("'%s' has the variant '%s', not '%s'", word,
			platform.variant ? platform.variant : "-", variant);
}

static void test_words_of_every_vocabulary(void **state)
{
	(void)state;
	/* Images; "-" says no variant. */
	expect("amd64", "amd64", "-");
	expect("arm", "arm", "-");
	expect("arm/v6", "arm", "v6");
	expect("arm64/v8", "arm64", "");
	expect("linux/arm/v7", "arm", "v7");
	expect("386", "386", "-");
	expect("mips64", "mips64", "-");
	/* Debian's release architectures. */
	expect("armel", "arm", "v5");
	expect("armhf", "arm", "v7");
	expect("i386", "386", "");
	expect("mips64el", "mips64le", "");
	expect("ppc64el", "ppc64le", "");
	/* Guix's and Nix's systems. */
	expect("x86_64-linux", "amd64", "");
	expect("i686-linux", "386", "");
	expect("aarch64-linux", "arm64", "");
	expect("armhf-linux", "arm", "v7");
	expect("armv6l-linux", "arm", "v6");
	expect("armv7l-linux", "arm", "v7");
	expect("powerpc-linux", "ppc", "");
	expect("powerpc64le-linux", "ppc64le", "");
	expect("riscv64-linux", "riscv64", "-");
	expect("s390x-linux", "s390x", "-");
	expect("loongarch64-linux", "loong64", "");
	/* Triplets, and uname -m. */
	expect("aarch64-linux-gnu", "arm64", "");
	expect("arm-linux-gnueabihf", "arm", "-");
	expect("x86_64-unknown-linux-gnu", "amd64", "");
	expect("armv8l", "arm", "v7");
}

static void test_other_words_are_none(void **state)
{
	static const char *const words[] = {"", "x86", "AMD64", "amd64/v77", "windows/amd64",
		"x86_64-darwin", "amd64/", "amd64 ", "linux/"};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct strata_platform platform = {.architecture = NULL};

		if (strata_platform_find(words[i], &platform))
			fail_msg("'%s' is taken for '%s'", words[i], platform.architecture);
	}
}

static void test_one_platform_has_one_name(void **state)
{
	(void)state;
	assert_string_equal(strata_platform_variant("arm64", "v8"), "");
	assert_string_equal(strata_platform_variant("amd64", "v1"), "");
	assert_string_equal(strata_platform_variant("amd64", "v3"), "v3");
	assert_string_equal(strata_platform_variant("arm", NULL), "v7");
	assert_string_equal(strata_platform_variant("arm", ""), "v7");
	assert_string_equal(strata_platform_variant("arm", "v6"), "v6");
	assert_null(strata_platform_variant("riscv64", NULL));
}

/* Each row can be found by each of its words that no earlier vocabulary has for another. */
static void test_rows_agree(void **state)
{
	(void)state;
	for (const struct strata_architecture *at = strata_architectures; at->name; at++) {
		struct strata_platform platform = {.architecture = NULL};

		if (at->debian) {
			assert_true(strata_platform_find(at->debian, &platform));
			if (strcmp(platform.architecture, at->name) != 0)
				fail_msg(
					"Debian's '%s' is '%s'", at->debian, platform.architecture);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_of_every_vocabulary),
		cmocka_unit_test(test_other_words_are_none),
		cmocka_unit_test(test_one_platform_has_one_name),
		cmocka_unit_test(test_rows_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
