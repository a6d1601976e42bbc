/* SPDX-License-Identifier: Apache-2.0 */
#include "source_fixture.h"

#include <stratapack/digest.h>

#define LEAF "/nix/store/00000000000000000000000000000000-leaf-1.0"
#define TOP "/nix/store/11111111111111111111111111111111-top-2.0"
#define LEAF_NAME "00000000000000000000000000000000-leaf-1.0"
#define TOP_NAME "11111111111111111111111111111111-top-2.0"

static int parse(struct strata_graph *graph, const char *text, struct strata_error *error)
{
	return strata_graph_parse_nix_json(graph, "info.json", text, strlen(text), error);
}

static void expect_text(const char *text, const char *expected)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_succeeds(parse(graph, text, &error), &error);
	source_expect(graph, NULL, expected);
}

static void expect_failure(int status, const char *text, const char *words)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	assert_fails(parse(graph, text, &error), status, words, &error);
}

static void refuse(const char *text, const char *words)
{
	expect_failure(STRATA_ERROR_FORMAT, text, words);
}

static const char chain[] =
	LEAF " 112 sha256:" EMPTY_HEX " store\n" TOP " 400 sha256:" EMPTY_HEX " store " LEAF "\n";

static void test_hashes_have_one_normal_form(void **state)
{
	static const char *const spellings[] = {"sha256:" EMPTY_HEX, EMPTY_HEX,
		"sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
		"sha256:" EMPTY_NIX32, EMPTY_NIX32, "sha256-" EMPTY_BASE64, "sha256:" EMPTY_BASE64};
	/* The SHA-256 of "abc" (FIPS 180-4) as Nix's manual writes it in base 32. */
	static const char abc[] = "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s";
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_digest digest;

	(void)state;
	each_case(i, spellings) {
		assert_succeeds(strata_nar_hash_parse(spellings[i], &digest, &error), &error);
		assert_string_equal(digest.text, "sha256:" EMPTY_HEX);
	}
	assert_succeeds(strata_nar_hash_parse(abc, &digest, &error), &error);
	assert_string_equal(digest.text,
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void test_malformed_hashes_are_refused(void **state)
{
	static const char *const bad[] = {"", "sha256:", "sha256-", "sha512-" EMPTY_BASE64,
		"sha256:" EMPTY_HEX "0",
		"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
		"a495991b7852b855",
		/* 'e' is no digit of Nix's base 32; a first digit of 2 or more is 257 bits. */
		"sha256:0edqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
		"sha256:2mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
		/* Base64 of 33 bytes, of 31, and with a character that is none. */
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuA==",
		"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSu!U="};
	struct strata_error error = STRATA_ERROR_INIT;
	struct strata_digest digest;

	(void)state;
	each_case(i, bad)
		assert_fails(strata_nar_hash_parse(bad[i], &digest, &error), STRATA_ERROR_FORMAT,
			"is not the SHA-256 of a NAR", &error);
}

/* The array of a build's graph and of path-info until Nix 2.19. */
static const char array_form[] =
	"[{\"path\": \"" LEAF "\", \"narHash\": \"sha256:" EMPTY_NIX32 "\", \"narSize\": 112,"
	"  \"references\": [], \"closureSize\": 112},"
	" {\"path\": \"" TOP "\", \"narHash\": \"sha256-" EMPTY_BASE64 "\", \"narSize\": 400,"
	"  \"references\": [\"" LEAF "\", \"" TOP "\"], \"closureSize\": 512, \"valid\": true,"
	"  \"deriver\": null, \"signatures\": [], \"registrationTime\": 1}]";

static void test_every_form_gives_the_same_graph(void **state)
{
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;

	(void)state;
	expect_text(array_form, chain);
	/* A whole .attrs.json, with two overlapping graphs and much else. */
	strata_buffer_format(&text,
		"{\"outputs\": {\"out\": \"/nix/store/x\"}, \"builder\": \"/bin/sh\", "
		"\"exportReferencesGraph\": {\"graph\": [\"" TOP "\"]}, \"empty\": [],"
		" \"list\": [\"" TOP "\"], \"numbers\": [1, 2], \"objects\": [{\"path\": 1}],"
		" \"other\": [{\"path\": \"" LEAF "\", \"references\": []}],"
		" \"graph\": %s}",
		array_form);
	expect_text(text.data, chain);
	/* Nix 2.19 and later. */
	expect_text("{\"" TOP "\": {\"narHash\": \"sha256-" EMPTY_BASE64 "\", \"narSize\": 400,"
		    " \"ca\": null, \"references\": [\"" TOP "\", \"" LEAF "\"]},"
		    " \"" LEAF "\": {\"narHash\": \"sha256-" EMPTY_BASE64 "\","
		    " \"narSize\": 112, \"references\": []}}",
		chain);
	/* Nix 2.33, --json-format 1: the same with a version and a store directory. */
	expect_text("{\"" TOP "\": {\"version\": 1, \"storeDir\": \"/nix/store\","
		    " \"narHash\": \"sha256:" EMPTY_BASE64 "\", \"narSize\": 400,"
		    " \"references\": [\"" TOP "\", \"" LEAF "\"]},"
		    " \"" LEAF "\": {\"version\": 1, \"narHash\": \"sha256-" EMPTY_BASE64 "\","
		    " \"narSize\": 112, \"references\": []}, \"storeDir\": \"/nix/store\"}",
		chain);
	/* Nix 2.33, --json-format 2: base names. */
	expect_text(
		"{\"version\": 2, \"storeDir\": \"/nix/store\", \"info\": { \"" TOP_NAME
		"\": {\"version\": 2, \"storeDir\": \"/nix/store\", \"narHash\": \"sha256-" EMPTY_BASE64
		"\", \"narSize\": 400,"
		" \"ca\": {\"method\": \"nar\", \"hash\": \"sha256-x\"},"
		" \"references\": [\"" LEAF_NAME "\", \"" TOP_NAME "\"]},"
		" \"" LEAF_NAME "\": {\"narSize\": 112, \"references\": [],"
		" \"narHash\": {\"algorithm\": \"sha256\", \"format\": \"base64\","
		" \"hash\": \"" EMPTY_BASE64 "\"}}}}",
		chain);
	/* The array form with base names, should it come to that. */
	expect_text("[{\"path\": \"" LEAF_NAME "\", \"storeDir\": \"/nix/store/\","
		    " \"narSize\": 112, \"narHash\": \"sha256:" EMPTY_HEX "\","
		    " \"references\": [\"" LEAF_NAME "\"]}]",
		LEAF " 112 sha256:" EMPTY_HEX " store\n");
}

static void test_empty_graphs_are_refused(void **state)
{
	(void)state;
	refuse("[]", "info.json: it names no store path");
	refuse("{\"version\": 2, \"storeDir\": \"/nix/store\", \"info\": {}}",
		"it names no store path");
}

static void test_unknown_sizes_are_measured(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	free(source_write(state, LEAF, "12345", 5));
	free(source_write(state, TOP, "", 0));
	assert_succeeds(parse(graph,
				"[{\"path\": \"" LEAF "\", \"references\": []},"
				" {\"path\": \"" TOP "\", \"references\": [], \"narHash\": null,"
				" \"narSize\": 0}]",
				&error),
		&error);
	source_expect(graph, *state, LEAF " 120 - store\n" TOP " 112 - store\n");
}

static void test_invalid_paths_are_named(void **state)
{
	(void)state;
	expect_failure(STRATA_ERROR_NOT_FOUND, "{\"" TOP "\": null}",
		"info.json: item '" TOP "': it is not valid in its store");
	expect_failure(STRATA_ERROR_NOT_FOUND, "[{\"path\": \"" TOP "\", \"valid\": false}]",
		"item '" TOP "': it is not valid");
	expect_failure(STRATA_ERROR_NOT_FOUND,
		"{\"version\": 2, \"storeDir\": \"/nix/store\", \"info\": {\"" TOP_NAME
		"\": null}}",
		"item '" TOP_NAME "': it is not valid");
}

static void test_malformed_json_is_refused(void **state)
{
	(void)state;
	refuse("", "info.json: not valid JSON");
	refuse("{}", "info.json: the object holds no graph");
	refuse("{\"outputs\": {}, \"graph\": [{\"path\": 1}]}", "holds no graph");
	refuse("\"/nix/store/x\"", "expected an array or an object of store paths");
	refuse("[1]", "info.json: element 1: not a JSON object");
	refuse("[{\"references\": []}]", "element 1: member \"path\" is missing");
	refuse("[{\"path\": \"/s/a\"}]", "item '/s/a': member \"references\" is missing");
	refuse("[{\"path\": \"/s/a\", \"references\": [1]}]", "must be an array of strings");
	refuse("[{\"path\": \"/s/a\", \"references\": [\"b\"]}]", "'b' is not a store path");
	refuse("[{\"path\": \"a\", \"references\": []}]", "'a' is not a store path");
	refuse("[{\"path\": \"/s/../a\", \"references\": []}]", "not an absolute path");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narSize\": -1}]",
		"item '/s/a': member \"narSize\" must not be negative");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narSize\": \"1\"}]",
		"member \"narSize\" must be an integer");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narSize\": 99999999999999999999}]",
		"info.json: not valid JSON");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narHash\": \"sha256:0\"}]",
		"item '/s/a': member \"narHash\": 'sha256:0' is not");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narHash\": 7}]",
		"member \"narHash\" must be a string");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narHash\": {\"hash\": \"x\"}}]",
		"member \"algorithm\" is missing");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narHash\": {\"algorithm\": \"md5\", "
	       "\"hash\": \"x\"}}]",
		"not of SHA-256");
	refuse("{\"/s/a\": 3}", "item '/s/a': not a JSON object");
	refuse("{\"storeDir\": \"/nix/store\", \"info\": {\"../a\": {\"references\": []}}}",
		"'../a' is not a store path");
	refuse("{\"storeDir\": \"/nix/store\", \"info\": {\"..\": {\"references\": []}}}",
		"not an absolute path in normal form");
	refuse("{\"storeDir\": 5, \"info\": {\"a\": {\"references\": []}}}",
		"'a' is not a store path");
	refuse("[{\"path\": \"/s/a\", \"references\": [], \"narSize\": 1}, {\"path\": \"/s/a\", "
	       "\"references\": [], \"narSize\": 2}]",
		"differ in size");
}

static void test_files_are_read(void **state)
{
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;
	char *path = source_write(state, "info.json", array_form, strlen(array_form));

	assert_succeeds(strata_graph_read_nix_json(graph, path, &error), &error);
	source_expect(graph, NULL, chain);
	free(path);
}

static void test_many_items_are_read(void **state)
{
	enum { COUNT = 50000 };
	strata_autobuffer struct strata_buffer text = STRATA_BUFFER_INIT;
	strata_autograph struct strata_graph *graph = strata_graph_new(NULL);
	struct strata_error error = STRATA_ERROR_INIT;

	(void)state;
	strata_buffer_string(&text, "{\"storeDir\": \"/nix/store\", \"info\": {");
	for (unsigned i = 0; i < COUNT; i++)
		strata_buffer_format(&text,
			"%s\"%05u\": {\"narSize\": %u, \"narHash\": \"sha256-" EMPTY_BASE64
			"\", \"references\": [\"%05u\", \"%05u\"]}",
			i ? ", " : "", i, i + 1, i / 2, i);
	strata_buffer_string(&text, "}}");
	assert_succeeds(parse(graph, text.data, &error), &error);
	assert_succeeds(strata_graph_finish(graph, NULL, &error), &error);
	assert_int_equal(strata_graph_count(graph), COUNT);
	assert_string_equal(strata_graph_item(graph, 7)->id, "/nix/store/00007");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hashes_have_one_normal_form),
		cmocka_unit_test(test_malformed_hashes_are_refused),
		cmocka_unit_test(test_every_form_gives_the_same_graph),
		cmocka_unit_test(test_empty_graphs_are_refused),
		source_test(test_unknown_sizes_are_measured),
		cmocka_unit_test(test_invalid_paths_are_named),
		cmocka_unit_test(test_malformed_json_is_refused),
		source_test(test_files_are_read),
		cmocka_unit_test(test_many_items_are_read),
	};

	return cmocka_run_group_tests_name("nix json", tests, NULL, NULL);
}
