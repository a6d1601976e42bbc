/* SPDX-License-Identifier: Apache-2.0 */
#include "graphs.h"

#include "customisation/entries.h"

static void test_entries_are_sorted_by_components_and_united(void **state)
{
	static const struct strata_entry entries[] = {
		{.path = "/a-b", .mode = 0755},
		{.path = "/a/x", .mode = 0700, .uid = 5},
		{.path = "/a", .mode = 0755},
		{.path = "/a/x", .mode = 0700, .uid = 5},
		{.kind = STRATA_ENTRY_SYMLINK, .path = "/a.b", .target = "x", .mode = 0777},
		{.kind = STRATA_ENTRY_SYMLINK, .path = "/a.b", .target = "x"},
		{.path = "/a.b-c/\xff", .mode = 0},
	};
	static const char *const sorted[] = {"/a", "/a/x", "/a-b", "/a.b", "/a.b-c/\xff"};
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_arena arena = STRATA_ARENA_INIT;
	const struct strata_entry *result = NULL;
	size_t count = 0;

	(void)state;
	assert_succeeds(
		strata_entries_sort(entries, COUNT_OF(entries), &arena, &result, &count, &error),
		&error);
	assert_int_equal(count, COUNT_OF(sorted));
	each_number(size_t, i, 0, count)
		assert_string_equal(result[i].path, sorted[i]);
	assert_int_equal(result[1].uid, 5);
	assert_string_equal(result[3].target, "x");
	strata_arena_free(&arena);
}

static void test_entries_that_are_refused(void **state)
{
	static const struct {
		struct strata_entry entries[3];
		size_t count;
		const char *words;
	} cases[] = {
		{{{.path = ""}}, 1, "normal form"},
		{{{.path = "tmp"}}, 1, "normal form"},
		{{{.path = "/"}}, 1, "normal form"},
		{{{.path = "/tmp/"}}, 1, "normal form"},
		{{{.path = "//tmp"}}, 1, "normal form"},
		{{{.path = "/a/./b"}}, 1, "normal form"},
		{{{.path = "/a/.."}}, 1, "normal form"},
		{{{.path = "/a", .mode = 010000}}, 1, "permission bits"},
		{{{.kind = STRATA_ENTRY_SYMLINK, .path = "/a"}}, 1, "no target"},
		{{{.kind = STRATA_ENTRY_SYMLINK, .path = "/a", .target = ""}}, 1, "no target"},
		{{{.path = "/a", .mode = 1}, {.path = "/a", .mode = 2}}, 2, "two different"},
		{{{.path = "/a", .uid = 1}, {.path = "/a", .uid = 2}}, 2, "two different"},
		{{{.path = "/a"}, {.kind = STRATA_ENTRY_SYMLINK, .path = "/a", .target = "b"}}, 2,
			"two different"},
		{{{.path = "/a/b/c"}, {.path = "/a-"},
			 {.kind = STRATA_ENTRY_SYMLINK, .path = "/a", .target = "b"}},
			3, "'/a/b/c' lies below the symbolic link '/a'"},
	};
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	each_case(c, cases) {
		struct strata_arena arena = STRATA_ARENA_INIT;
		const struct strata_entry *result = NULL;
		size_t count;

		assert_fails(strata_entries_sort(cases[c].entries, cases[c].count, &arena, &result,
				     &count, &error),
			STRATA_ERROR_INVALID, cases[c].words, &error);
		strata_arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_sorted_by_components_and_united),
		cmocka_unit_test(test_entries_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
