/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plans that the files of tests/plans expect, or the files that are named on the command line;
 * and that the reader of these files notices what is wrong with a plan and with a file.
 */
#include <dirent.h>

#include "graphs.h"
#include "plan_file.h"
#include "util/file.h"

enum { MOST_FILES = 200 };

static void test_file(void **state)
{
	const char *path = *state;
	struct strata_error error = STRATA_ERROR_INIT;
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autobuffer struct strata_buffer report = STRATA_BUFFER_INIT;

	assert_succeeds(strata_file_read(path, 1 << 20, &text, &error), &error);
	strata_buffer_byte(&text, 0);
	plan_file_check(path, text.data, &report);
	if (report.length > 0)
		fail_msg("\n%s", report.data);
}

static const char expected[] = "item a size 10 needs b\n"
			       "item b size 1k\n"
			       "\n"
			       "# Largest first.\n"
			       "plan size at most 2\n"
			       "\tb\n"
			       "\t# and then\n"
			       "\ta\n"
			       "plan size at most 1\n"
			       "  b a\n";

static void test_reader_finds_what_is_as_expected(void **state)
{
	strata_autobuffer struct strata_buffer report = STRATA_BUFFER_INIT;

	(void)state;
	assert_int_equal(plan_file_check("x.txt", expected, &report), 2);
	assert_int_equal(report.length, 0);
}

static void test_reader_shows_the_difference(void **state)
{
	strata_autobuffer struct strata_buffer report = STRATA_BUFFER_INIT;

	(void)state;
	assert_int_equal(plan_file_check("x.txt",
				 "item a\nitem b size 2\nitem c size 1\n\nplan size at most 3\n"
				 "\tb\n\ta\n\tc\n",
				 &report),
		1);
	assert_string_equal(report.data,
		"x.txt:5: the plan is not as expected (- expected, + made):\n"
		"   b\n - a\n - c\n + c\n + a\n");
}

static void test_reader_tells_what_it_does_not_understand(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"itm a\n", "x.txt:1: 'itm' is not understood\n"},
		{"item\n", "x.txt:1: the item has no name\n"},
		{"# a\nitem a sise 3\n", "x.txt:2: an item has no 'sise'\n"},
		{"item a size 3x\n", "x.txt:1: '3x' is no number\n"},
		{"item a size\n", "x.txt:1: a number is missing\n"},
		{"item a\n", "x.txt:1: no plan is expected here\n"},
		{"item a\nplan size at most 3\n",
			"x.txt:2: what is expected of this plan is missing\n"},
		{"item a\nplan sise at most 3\n\ta\n", "x.txt:2: there is no strategy 'sise'\n"},
		{"item a\nplan size 3\n\ta\n",
			"x.txt:2: this should be: plan STRATEGY at most N [after the one before]\n"},
		{"item a\nplan size at most 3 after the one before\n\ta\n",
			"x.txt:2: there is no plan before this one\n"},
		{"item a\n\ta\n", "x.txt:2: only layers of a plan are indented\n"},
		{"item a\nplan size at most 3\n\ta\nitem b\n",
			"x.txt:4: 'item' after a plan: 'later' begins another image\n"},
		{"item a\nitem b needs c\nplan size at most 3\n\ta\n",
			"x.txt:3: item 'b' refers to 'c', "},
	};

	(void)state;
	each_case(c, cases) {
		strata_autobuffer struct strata_buffer report = STRATA_BUFFER_INIT;

		plan_file_check("x.txt", cases[c].text, &report);
		if (strncmp(report.data, cases[c].message, strlen(cases[c].message)) != 0)
			assert_string_equal(report.data, cases[c].message);
	}
}

/* The names below tests/plans, in their order, with the directory; the caller's to free. */
static size_t list_files(char **paths)
{
	struct dirent **entries = NULL;
	int found = scandir(PLAN_FILES, &entries, NULL, alphasort);
	size_t count = 0;

	for (int i = 0; i < found; i++) {
		const char *end = strrchr(entries[i]->d_name, '.');

		if (end && strcmp(end, ".txt") == 0 && count < MOST_FILES &&
			asprintf(&paths[count], "%s/%s", PLAN_FILES, entries[i]->d_name) > 0)
			count++;
		free(entries[i]);
	}
	free(entries);
	return count;
}

int main(int argc, char **argv)
{
	static struct CMUnitTest tests[MOST_FILES + 4] = {
		cmocka_unit_test(test_reader_finds_what_is_as_expected),
		cmocka_unit_test(test_reader_shows_the_difference),
		cmocka_unit_test(test_reader_tells_what_it_does_not_understand),
	};
	char *paths[MOST_FILES] = {NULL};
	size_t count = argc > 1 ? 0 : list_files(paths), first = argc > 1 ? 0 : 3;
	int failed;

	for (int i = 1; i < argc && count < MOST_FILES; i++)
		paths[count++] = strdup(argv[i]);
	for (size_t i = 0; i < count; i++)
		tests[first + i] = (struct CMUnitTest){
			.name = strrchr(paths[i], '/') ? strrchr(paths[i], '/') + 1 : paths[i],
			.test_func = test_file,
			.initial_state = paths[i]};
	failed = count == 0 ? 1 : unit_run("plan files", tests, first + count);
	for (size_t i = 0; i < count; i++)
		free(paths[i]);
	return failed;
}
