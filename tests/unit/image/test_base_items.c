/* SPDX-License-Identifier: Apache-2.0 */
#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "base_fixture.h"

#include "graph/graph.h"
#include "plan/plan.h"

#define STORE "/gnu/store/"
#define GLIBC STORE "0123456789abcdfghijklmnpqrsvwxyz-glibc-2.35"
#define BASH STORE "1123456789abcdfghijklmnpqrsvwxyz-bash-5.1"
#define UNHASHED "/store/tool-1.0"

/* Ids of items in the base that the history tells, and a graph that has those and some more. */
static struct strata_graph *make_graph(struct scratch *scratch)
{
	static const struct {
		const char *id, *version;
	} items[] = {{GLIBC, "2.35"}, {BASH, "5.1"}, {UNHASHED, "1.0"}, {"libc6:amd64", "2.36"},
		{"zlib1g:amd64", "1.3"}, {"hello:amd64", "2"}};
	struct strata_graph *graph = strata_graph_new(&scratch->error);

	assert_non_null(graph);
	each_case(i, items) {
		const struct strata_item_record record = {.id = items[i].id,
			.version = items[i].version,
			.content =
				*items[i].id == '/' ? STRATA_CONTENT_STORE : STRATA_CONTENT_FILES,
			.size = 1,
			.has_size = true};

		assert_succeeds(strata_graph_add(graph, &record, &scratch->error), &scratch->error);
	}
	assert_succeeds(strata_graph_finish(graph, NULL, &scratch->error), &scratch->error);
	return graph;
}

/* A base of two layers, whose history has ENTRIES. */
static struct strata_base *open_history(struct scratch *scratch, const char *entries)
{
	struct strata_base *base = NULL;
	struct parts parts = plain_parts;

	parts.config = AMD64 "\"config\":{\"Labels\":{\"stratapack.versions\":\"libc6:amd64=2.36 "
			     "zlib1g:amd64=1.2\"}},";
	parts.more = scratch_text(scratch, ",\"history\":[%s]", entries);
	assert_succeeds(strata_base_open(put_base(scratch, &parts), &amd64, &base, &scratch->error),
		&scratch->error);
	return base;
}

#define OURS(items) "{\"created_by\":\"stratapack\",\"comment\":\"" items "\"}"
#define THEIRS "{\"created_by\":\"RUN rm -rf /\"}"

static void expect_held(struct scratch *scratch, const char *entries, enum strata_base_items kind,
	const char *wanted)
{
	strata_autobase struct strata_base *base = open_history(scratch, entries);
	strata_autograph struct strata_graph *graph = make_graph(scratch);
	strata_autoplan struct strata_plan *held = NULL;
	const char *found = "";

	assert_succeeds(
		strata_base_held(base, graph, kind, &held, &scratch->error), &scratch->error);
	assert_int_equal(held->layer_count, *wanted != '\0');
	for (size_t i = 0; held->layer_count > 0 && i < held->layers[0].item_count; i++)
		found = scratch_text(scratch, "%s%s ", found, held->layers[0].items[i]);
	assert_string_equal(found, wanted);
}

static void test_items_of_the_base(void **state)
{
	struct scratch *scratch = *state;
	const char *both = OURS(GLIBC " " UNHASHED " gone:amd64") ",{\"empty_layer\":true}," OURS(
		"libc6:amd64 zlib1g:amd64 hello:amd64 customisation");

	expect_held(scratch, both, STRATA_BASE_ITEMS_STORE, GLIBC " ");
	expect_held(scratch, both, STRATA_BASE_ITEMS_NONE, "");
	/* hello has no version there, zlib1g another, and of the tool nobody knows. */
	expect_held(scratch, both, STRATA_BASE_ITEMS_ALL, GLIBC " libc6:amd64 ");
	expect_held(scratch, THEIRS "," OURS(BASH), STRATA_BASE_ITEMS_STORE, BASH " ");
	/* Whatever came on top may have removed it. */
	expect_held(scratch, OURS(BASH) "," THEIRS, STRATA_BASE_ITEMS_STORE, "");
	expect_held(scratch, THEIRS, STRATA_BASE_ITEMS_ALL, "");
}

static void test_plan_leaves_items_to_the_base(void **state)
{
	struct scratch *scratch = *state;
	strata_autobase struct strata_base *base =
		open_history(scratch, OURS(GLIBC) "," OURS("libc6:amd64"));
	strata_autograph struct strata_graph *graph = make_graph(scratch);
	strata_autoplan struct strata_plan *held = NULL;
	strata_autoplan struct strata_plan *plan = NULL;
	strata_autoplan struct strata_plan *loaded = NULL;
	strata_autobase struct strata_base *other = NULL;
	struct strata_plan_options options = {.base_layers = 2};
	const char *path = in(scratch, "plan.json");
	struct strata_error *error = &scratch->error;

	assert_succeeds(strata_base_held(base, graph, STRATA_BASE_ITEMS_ALL, &held, error), error);
	options.base_items = held;
	assert_succeeds(strata_plan_make(graph, &options, &plan, error), error);
	assert_succeeds(strata_plan_check(plan, graph, error), error);
	assert_succeeds(strata_plan_save(plan, path, error), error);
	assert_succeeds(strata_plan_load(path, &loaded, error), error);
	assert_int_equal(loaded->base_layers, 2);
	assert_int_equal(loaded->base_items.item_count, 2);
	assert_string_equal(loaded->base_items.versions[1], "2.36");
	assert_succeeds(strata_plan_check(loaded, graph, error), error);
	assert_succeeds(strata_base_check_plan(base, loaded, error), error);
	assert_fails(strata_base_check_plan(NULL, loaded, error), STRATA_ERROR_INVALID,
		"on a base of 2 layers", error);
	other = open_history(scratch, OURS(GLIBC) "," OURS("zlib1g:amd64"));
	assert_fails(strata_base_check_plan(other, loaded, error), STRATA_ERROR_INVALID,
		"leaves item 'libc6:amd64' to the base image", error);
	loaded->layers[0].items = loaded->base_items.items;
	loaded->layers[0].item_count = 1;
	assert_fails(strata_plan_check(loaded, graph, error), STRATA_ERROR_INVALID,
		"is left to the base image as well", error);
	loaded->base_layers = 1;
	assert_fails(strata_base_check_plan(base, loaded, error), STRATA_ERROR_INVALID,
		"has 2 layers, but the plan is for one of 1", error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		scratch_test(test_items_of_the_base),
		scratch_test(test_plan_leaves_items_to_the_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
