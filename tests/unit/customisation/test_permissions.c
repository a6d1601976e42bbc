/* SPDX-License-Identifier: Apache-2.0 */
#include "graphs.h"

#include "customisation/permissions.h"

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} cases[] = {
		{"/a", "/a", true},
		{"/a", "/ab", false},
		{"/a", "/a/b", false},
		{"/*", "/abc", true},
		{"/*", "/a/b", false},
		{"/a*c/d?", "/abbc/d1", true},
		{"/a*c/d?", "/abbc/d", false},
		{"/*b*d", "/abcbxd", true},
		{"/[a-c]x", "/bx", true},
		{"/[!a-c]x", "/bx", false},
		{"/[^a-c]x", "/dx", true},
		{"/[]]x", "/]x", true},
		{"/[a-]x", "/-x", true},
		{"/[ax", "/[ax", true},
		{"/[ax", "/ax", false},
		{"/\\*", "/*", true},
		{"/\\*", "/x", false},
		{"/**", "/a", true},
		{"/**", "/a/b/c", true},
		{"/home/app/**", "/home/app", true},
		{"/home/app/**", "/home/app/x/y", true},
		{"/home/app/**", "/home/app2", false},
		{"/**/bin/*", "/bin/x", true},
		{"/**/bin/*", "/usr/local/bin/x", true},
		{"/**/bin/*", "/usr/local/bin", false},
		{"/**/b/**/c", "/b/b/x/c", true},
		{"/**/b/**/c", "/b/x/c/d", false},
		{"/a/**/**", "/a", true},
		{"/a**b", "/axxb", true},
		{"/a**b", "/ax/xb", false},
		{"/\xff?", "/\xff\xfe", true},
	};

	(void)state;
	each_case(i, cases) {
		if (strata_pattern_matches(cases[i].pattern, cases[i].path) != cases[i].matches)
			fail_msg("%s on %s", cases[i].pattern, cases[i].path);
	}
}

static void test_modes(void **state)
{
	static const struct {
		const char *mode;
		uint32_t before;
		bool is_directory;
		uint32_t after;
	} cases[] = {
		{"0", 0644, false, 0},
		{"4755", 0444, false, 04755},
		{"u+w", 0444, false, 0644},
		{"+w", 0444, false, 0666},
		{"a-x", 0755, false, 0644},
		{"go=rX", 0600, false, 0600 | 0044},
		{"go=rX", 0700, false, 0755},
		{"go=rX", 0600, true, 0655},
		{"u=rwX,go=", 0555, true, 0700},
		{"u=rwX,go=", 0444, false, 0600},
		{"u+s", 0755, false, 04755},
		{"g+s", 0755, true, 02755},
		{"o+s", 0755, false, 0755},
		{"ug+s,+t", 0755, true, 07755},
		{"u=rwx", 04644, false, 0744},
		{"g-s,o-t", 07777, true, 04777},
		{"u+r-w", 0200, false, 0400},
	};
	static const char *const wrong[] = {
		"",
		"8",
		"77777",
		"u",
		"u+w,",
		",u+w",
		"z+w",
		"u+q",
		"u w",
		"07 ",
	};

	(void)state;
	each_case(i, cases) {
		assert_true(strata_mode_is_valid(cases[i].mode));
		if (strata_mode_apply(cases[i].mode, cases[i].before, cases[i].is_directory) !=
			cases[i].after)
			fail_msg("%s on %o", cases[i].mode, (unsigned)cases[i].before);
	}
	each_case(i, wrong) {
		if (strata_mode_is_valid(wrong[i]))
			fail_msg("'%s' is taken for a mode", wrong[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_modes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
