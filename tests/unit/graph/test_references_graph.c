/* SPDX-License-Identifier: Apache-2.0 */
#include "source_fixture.h"

static int parse(
	struct strata_graph *graph, const char *text, size_t length, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer buffer = STRATA_BUFFER_INIT;

	strata_buffer_append(&buffer, text, length);
	return strata_graph_parse_references(graph, "closure", &buffer, error);
}

static void expect_text(const char *text, const char *root, const char *expected)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(parse(graph, text, strlen(text), &error), &error);
	source_expect(graph, root, expected);
}

static void expect_refusal(const char *text, size_t length, const char *words)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(parse(graph, text, length, &error), STRATA_ERROR_FORMAT, words, &error);
}

#define refuse(text, words) expect_refusal(text, sizeof(text) - 1, words)

/* A regular file of N bytes is, as a NAR: nix-archive-1, (, type, regular, contents, the bytes, ):
 * 24 + 16 + 16 + 16 + 16 + (8 + N rounded up to 8) + 16. */
static void test_sizes_on_disk_are_those_of_the_nar(void **state)
{
	static const struct {
		const char *name, *content;
		uint64_t size;
	} files[] = {{"store/five", "12345", 120}, {"store/none", "", 112},
		{"store/eight", "12345678", 120}, {"store/nine", "123456789", 128}};
	uint64_t size;
	char *path;

	each_case(i, files) {
		free(source_write(
			state, files[i].name, files[i].content, strlen(files[i].content)));
		path = strata_path_join("/", files[i].name);
		assert_int_equal(strata_nar_size(*state, path, &size, NULL), 0);
		assert_int_equal(size, files[i].size);
		free(path);
	}
	/* The executable bit adds "executable" and "": 24 + 8. */
	path = source_path(state, "store/five");
	chmod(path, 0755);
	assert_int_equal(strata_nar_size(NULL, path, &size, NULL), 0);
	assert_int_equal(size, 120 + 24 + 8);
	free(path);
	/* A link: nix-archive-1, (, type, symlink, target, "ab", ). */
	path = source_path(state, "store/link");
	assert_int_equal(symlink("ab", path), 0);
	assert_int_equal(strata_nar_size(*state, "/store/link", &size, NULL), 0);
	assert_int_equal(size, 24 + 16 + 16 + 16 + 16 + 16 + 16);
	free(path);
	/* A directory with one file of five bytes: its node is 120 less the 24 of the header; the
	 * directory adds (, type, directory, ) and entry, (, name, "five", node, ). */
	path = source_write(state, "store/directory/five", "12345", 5);
	assert_int_equal(strata_nar_size(*state, "/store/directory", &size, NULL), 0);
	assert_int_equal(size, 24 + (16 + 16 + 24 + 16) + (16 + 16 + 16 + 16 + 16 + 16) + 96);
	free(path);
}

/* The shapes of Guix's own test of the format: a leaf, and chains of two and three. */
static void test_daemon_records_are_read(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	static const char three[] = "/gnu/store/a-leaf\n\n0\n"
				    "/gnu/store/b-middle\n\n1\n/gnu/store/a-leaf\n"
				    "/gnu/store/c-top\n\n2\n/gnu/store/a-leaf\n"
				    "/gnu/store/b-middle\n";
	char *path = source_write(state, "graph", three, strlen(three));

	free(source_write(state, "gnu/store/a-leaf", "12345", 5));
	free(source_write(state, "gnu/store/b-middle", "", 0));
	free(source_write(state, "gnu/store/c-top", "123456789", 9));
	expect_text("/gnu/store/a-leaf\n\n0\n", *state, "/gnu/store/a-leaf 120 - store\n");
	expect_text("/gnu/store/a-leaf\n\n0\n/gnu/store/b-middle\n\n1\n/gnu/store/a-leaf\n", *state,
		"/gnu/store/a-leaf 120 - store\n/gnu/store/b-middle 112 - store /gnu/store/a-leaf\n");
	assert_succeeds(strata_graph_read_references(graph, path, &error), &error);
	source_expect(graph, *state,
		"/gnu/store/a-leaf 120 - store\n"
		"/gnu/store/b-middle 112 - store /gnu/store/a-leaf\n"
		"/gnu/store/c-top 128 - store /gnu/store/a-leaf /gnu/store/b-middle\n");
	free(path);
}

static void test_registration_records_are_read(void **state)
{
	static const char expected[] = "/s/a 5 sha256:" EMPTY_HEX " store\n"
				       "/s/b 7 sha256:" EMPTY_HEX " store /s/a\n";

	(void)state;
	expect_text("/s/a\n" EMPTY_HEX "\n5\n\n0\n"
		    "/s/b\n" EMPTY_HEX "\n7\n/s/b.drv\n2\n/s/a\n/s/b\n",
		NULL, expected);
	/* Nix spells the hash as it likes, and a record may lack it where another has it. */
	expect_text("/s/a\nsha256:" EMPTY_NIX32 "\n5\n\n0\n/s/a\n\n0\n"
		    "/s/b\nsha256-" EMPTY_BASE64 "\n7\n\n1\n/s/a\n",
		NULL, expected);
}

static void test_harmless_oddities_are_read(void **state)
{
	(void)state;
	/* No newline at the end. */
	expect_text("/s/a\n" EMPTY_HEX "\n5\n\n0", NULL, "/s/a 5 sha256:" EMPTY_HEX " store\n");
	/* Repeated records are united, in any order; references repeat and name the item. */
	expect_text("/s/b\n" EMPTY_HEX "\n7\n\n1\n/s/a\n"
		    "/s/a\n" EMPTY_HEX "\n5\n\n0\n"
		    "/s/b\n" EMPTY_HEX "\n7\n\n3\n/s/b\n/s/c\n/s/c\n"
		    "/s/a\n" EMPTY_HEX "\n5\n\n0\n"
		    "/s/c\n" EMPTY_HEX "\n9\n\n0\n",
		NULL,
		"/s/a 5 sha256:" EMPTY_HEX " store\n"
		"/s/b 7 sha256:" EMPTY_HEX " store /s/a /s/c\n"
		"/s/c 9 sha256:" EMPTY_HEX " store\n");
	/* A cycle. */
	expect_text("/s/a\n" EMPTY_HEX "\n1\n\n1\n/s/b\n/s/b\n" EMPTY_HEX "\n2\n\n1\n/s/a\n", NULL,
		"/s/a 1 sha256:" EMPTY_HEX " store /s/b\n"
		"/s/b 2 sha256:" EMPTY_HEX " store /s/a\n");
}

static void test_malformed_text_is_refused_with_its_line(void **state)
{
	(void)state;
	refuse("", "closure: it is empty");
	refuse("/s/a\n\n2\n/s/a\n", "closure:5: the file ends where a reference should be");
	refuse("/s/a\n\n18446744073709551615\n/s/a\n", "closure:5: the file ends");
	refuse("/s/a\n\n18446744073709551616\n",
		"closure:3: '18446744073709551616' is not a number");
	refuse("/s/a\n\nmany\n", "closure:3: 'many' is not a number");
	refuse("/s/a\n\n-1\n", "closure:3: '-1' is not a number");
	refuse("/s/a\n\n\n", "closure:3: '' is not a number");
	refuse("/s/a", "closure:2: the file ends where a deriver or a NAR hash should be");
	refuse("/s/a\n\n", "closure:3: the file ends where a number of references should be");
	refuse("/s/a\n\n0\n\n", "closure:4: '' is not an absolute path");
	refuse("s/a\n\n0\n", "closure:1: 's/a' is not an absolute path");
	refuse("/s/a\n\n1\ns/b\n", "closure:4: 's/b' is not an absolute path");
	refuse("/s/../a\n\n0\n", "closure:1: item '/s/../a': '/s/../a' is not an absolute path");
	refuse("/\n\n0\n", "closure:1: ");
	refuse("/s/a\r\n\r\n0\r\n", "closure:1: the line ends in CR LF");
	refuse("/s/a\n\n0\r\n", "closure:3: the line ends in CR LF");
	refuse("/s/a\0b\n\n0\n", "closure:1: the line has a NUL byte");
	refuse("/s/a\n\n0\n/s/b\n\n1\n/s/\0a\n", "closure:7: the line has a NUL byte");
	refuse("/s/\x1b[2J\n\n0\n", "'/s/\\x1b[2J' cannot name an item");
	refuse("/s/\xff\n\n0\n", "'/s/\\xff' cannot name an item");
	refuse("/s/a\nunknown\n0\n", "closure:2: 'unknown' is neither a deriver nor a NAR hash");
	refuse("/s/a\n" EMPTY_HEX "\nx\n\n0\n", "closure:3: 'x' is not a number");
	refuse("/s/a\n" EMPTY_HEX "\n5\n0\n", "closure:4: '0' is not a deriver");
	refuse("/s/a\n" EMPTY_HEX "\n", "closure:3: the file ends where a NAR size should be");
	refuse("/s/a\n" EMPTY_HEX "\n5\n\n0\n/s/a\n" EMPTY_HEX "\n6\n\n0\n",
		"closure:6: two records of '/s/a' differ in size: 5 and 6");
}

static void test_reference_without_record_is_reported(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	static const char text[] = "/s/a\n" EMPTY_HEX "\n5\n\n1\n/s/b\n";

	(void)state;
	assert_succeeds(parse(graph, text, sizeof(text) - 1, &error), &error);
	assert_fails(strata_graph_finish(graph, NULL, &error), STRATA_ERROR_NOT_FOUND,
		"'/s/a' refers to '/s/b'", &error);
}

static void test_missing_file_is_named(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	char *path = source_path(state, "absent");

	assert_fails(
		strata_graph_read_references(graph, path, &error), STRATA_ERROR_IO, path, &error);
	free(path);
}

/* A hundred thousand records, half of them repeats with long lists: only linear work is quick. */
static void test_many_records_are_read(void **state)
{
	enum { COUNT = 50000 };
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		strata_buffer_format(&text, "/s/%05u\n" EMPTY_HEX "\n%u\n\n10\n", i, i + 1);
		for (unsigned r = 1; r <= 10; r++)
			strata_buffer_format(&text, "/s/%05u\n", i * r % COUNT);
		strata_buffer_string(&text, "/s/00000\n\n2\n/s/00001\n/s/00002\n");
	}
	assert_succeeds(strata_graph_parse_references(graph, "closure", &text, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	assert_int_equal(strata_graph_count(graph), COUNT);
	assert_int_equal(strata_graph_item(graph, 0)->reference_count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		source_test(test_sizes_on_disk_are_those_of_the_nar),
		source_test(test_daemon_records_are_read),
		cmocka_unit_test(test_registration_records_are_read),
		cmocka_unit_test(test_harmless_oddities_are_read),
		cmocka_unit_test(test_malformed_text_is_refused_with_its_line),
		cmocka_unit_test(test_reference_without_record_is_reported),
		source_test(test_missing_file_is_named),
		cmocka_unit_test(test_many_records_are_read),
	};

	return cmocka_run_group_tests_name("references graph", tests, NULL, NULL);
}
