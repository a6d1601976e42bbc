/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <stratapack/graph.h>
#include <stratapack/plan.h>

#include "plan/strategies/pipeline/pipeline.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/json.h"
#include "util/memory.h"

enum {
	SIZE_LIMIT = 16 * 1024 * 1024,
};

struct strata_pipeline {
	struct strata_json *steps;
};

static int run_step(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error);

/* --- operations: STEP is an array of the name and the right number of arguments --------------- */

static int run_steps(struct strata_flow_run *run, const struct strata_json *steps,
	struct strata_flow *flow, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < strata_json_count(steps); i++) {
		status = run_step(run, strata_json_at(steps, i), flow, error);
		if (status < 0)
			return strata_context(error, status, "step %zu", i + 1);
	}
	return status;
}

static int subcomponent_out(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	return strata_flow_subcomponent(run, strata_json_at(step, 1), false, flow, error);
}

static int subcomponent_in(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	return strata_flow_subcomponent(run, strata_json_at(step, 1), true, flow, error);
}

static int split_paths(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	return strata_flow_split_paths(run, strata_json_at(step, 1), flow, error);
}

static int remove_paths(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	return strata_flow_remove_paths(run, strata_json_at(step, 1), flow, error);
}

static int popularity_contest(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	return strata_flow_popularity(run, flow, error);
}

/* The number that a step has as its argument. */
static int get_number(const struct strata_json *step, uint32_t *number, struct strata_error *error)
{
	const struct strata_json *value = strata_json_at(step, 1);
	int64_t integer = strata_json_integer(value);

	if (strata_json_kind(value) != STRATA_JSON_INTEGER || integer < 1 || integer > UINT32_MAX)
		return strata_fail(error, STRATA_ERROR_FORMAT, "it takes a number from 1 on");
	*number = (uint32_t)integer;
	return 0;
}

static int split_every(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	uint32_t size;
	int status = get_number(step, &size, error);

	return status < 0 ? status : strata_flow_split_every(run, size, flow, error);
}

static int limit_layers(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	uint32_t count;
	int status = get_number(step, &count, error);

	return status < 0 ? status : strata_flow_limit(run, count, flow, error);
}

static int flatten(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	return strata_flow_flatten(run, flow, error);
}

static int reverse(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	size_t count = flow->member_count;

	for (size_t i = 0; i < count / 2; i++) {
		struct strata_flow other = flow->members[i];

		flow->members[i] = flow->members[count - 1 - i];
		flow->members[count - 1 - i] = other;
	}
	return 0;
}

static int pipe_(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	if (strata_json_kind(strata_json_at(step, 1)) != STRATA_JSON_ARRAY)
		return strata_fail(error, STRATA_ERROR_FORMAT, "it takes an array of steps");
	return run_steps(run, strata_json_at(step, 1), flow, error);
}

static int map(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	int status = 0;

	for (size_t i = 0; status == 0 && i < flow->member_count; i++)
		status = run_step(run, strata_json_at(step, 1), &flow->members[i], error);
	return status;
}

/* Where the member KEY is; the number of members where it is none of them. */
static size_t find_member(const struct strata_flow *flow, const char *key)
{
	size_t i = 0;

	while (i < flow->member_count && strcmp(flow->names[i], key) != 0)
		i++;
	return i;
}

/* The operations that give names give these. They leave out empty parts, so that one that is absent
 * need not be a mistake, but any other name is. */
static int check_key(const char *key, struct strata_error *error)
{
	if (key && (strcmp(key, "main") == 0 || strcmp(key, "common") == 0 ||
			   strcmp(key, "rest") == 0))
		return 0;
	return strata_fail(error, STRATA_ERROR_FORMAT,
		"parts are called \"main\", \"common\" and \"rest\"%s%s%s", key ? ", not \"" : "",
		key ? key : "", key ? "\"" : "");
}

static int over(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	const char *key = strata_json_string(strata_json_at(step, 1));
	int status = check_key(key, error);
	size_t member;

	if (status < 0)
		return status;
	member = find_member(flow, key);
	if (member == flow->member_count)
		return 0;
	status = run_step(run, strata_json_at(step, 2), &flow->members[member], error);
	return status < 0 ? strata_context(error, status, "\"%s\"", key) : 0;
}

static int reorder(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	const struct strata_json *keys = strata_json_at(step, 1);
	size_t place = 0;

	if (strata_json_kind(keys) != STRATA_JSON_ARRAY)
		return strata_fail(error, STRATA_ERROR_FORMAT, "it takes an array of names");
	for (size_t i = 0; i < strata_json_count(keys); i++) {
		const char *key = strata_json_string(strata_json_at(keys, i));
		int status = check_key(key, error);
		size_t member;
		struct strata_flow moved;
		const char *name;

		if (status < 0)
			return status;
		member = find_member(flow, key);
		if (member == flow->member_count || member < place)
			continue;
		moved = flow->members[member];
		name = flow->names[member];
		for (; member > place; member--) {
			flow->members[member] = flow->members[member - 1];
			flow->names[member] = flow->names[member - 1];
		}
		flow->members[place] = moved;
		flow->names[place++] = name;
	}
	return 0;
}

/* --- steps ------------------------------------------------------------------------------------ */

static const struct operation {
	const char *name;
	size_t arguments;
	const char *takes; /* what flows into it, NULL: anything */
	enum strata_flow_kind kind;
	int (*run)(struct strata_flow_run *run, const struct strata_json *step,
		struct strata_flow *flow, struct strata_error *error);
} operations[] = {
	{"flatten", 0, NULL, STRATA_FLOW_PART, flatten},
	{"limit_layers", 1, "a list", STRATA_FLOW_LIST, limit_layers},
	{"map", 1, "a list", STRATA_FLOW_LIST, map},
	{"over", 2, "named parts", STRATA_FLOW_NAMED, over},
	{"pipe", 1, NULL, STRATA_FLOW_PART, pipe_},
	{"popularity_contest", 0, "one part", STRATA_FLOW_PART, popularity_contest},
	{"remove_paths", 1, "one part", STRATA_FLOW_PART, remove_paths},
	{"reorder", 1, "named parts", STRATA_FLOW_NAMED, reorder},
	{"reverse", 0, "a list", STRATA_FLOW_LIST, reverse},
	{"split_every", 1, "one part", STRATA_FLOW_PART, split_every},
	{"split_paths", 1, "one part", STRATA_FLOW_PART, split_paths},
	{"subcomponent_in", 1, "one part", STRATA_FLOW_PART, subcomponent_in},
	{"subcomponent_out", 1, "one part", STRATA_FLOW_PART, subcomponent_out},
};

static const struct operation *find_operation(const char *name)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		if (strcmp(operations[i].name, name) == 0)
			return &operations[i];
	}
	return NULL;
}

static int fail_operation(const char *name, struct strata_error *error)
{
	strata_autobuffer struct strata_buffer names = STRATA_BUFFER_INIT;

	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		strata_buffer_format(&names, "%s%s", i > 0 ? ", " : "", operations[i].name);
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_FORMAT, "there is no operation \"%s\"", name),
		"the operations are %s", names.data);
}

static int run_step(struct strata_flow_run *run, const struct strata_json *step,
	struct strata_flow *flow, struct strata_error *error)
{
	const char *name =
		strata_json_kind(step) == STRATA_JSON_ARRAY && strata_json_count(step) > 0
			? strata_json_string(strata_json_at(step, 0))
			: NULL;
	const struct operation *operation;
	int status;

	if (!name)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"a step is an array of the name of an operation and its arguments");
	operation = find_operation(name);
	if (!operation)
		return fail_operation(name, error);
	if (strata_json_count(step) != operation->arguments + 1)
		status = strata_fail(error, STRATA_ERROR_FORMAT, "it takes %zu arguments, not %zu",
			operation->arguments, strata_json_count(step) - 1);
	else if (operation->takes && flow->kind != operation->kind)
		status = strata_hint(error,
			strata_fail(error, STRATA_ERROR_FORMAT, "it takes %s, but what comes is %s",
				operation->takes,
				flow->kind == STRATA_FLOW_PART   ? "one part"
				: flow->kind == STRATA_FLOW_LIST ? "a list"
								 : "named parts"),
			"\"over\" and \"map\" go into members, \"flatten\" makes a list");
	else
		status = operation->run(run, step, flow, error);
	return status < 0 ? strata_context(error, status, "\"%s\"", name) : 0;
}

/* --- the pipeline ----------------------------------------------------------------------------- */

int strata_pipeline_load(
	const char *path, struct strata_pipeline **pipeline, struct strata_error *error)
{
	strata_autojson struct strata_json *steps = NULL;
	int status = strata_json_load(path, SIZE_LIMIT, &steps, error);

	if (status < 0)
		return status;
	if (strata_json_kind(steps) != STRATA_JSON_ARRAY)
		return strata_fail(error, STRATA_ERROR_FORMAT,
			"the pipeline '%s' must be an array of steps", path);
	*pipeline = calloc(1, sizeof(**pipeline));
	if (!*pipeline)
		return strata_fail_memory(error);
	(*pipeline)->steps = strata_take(steps);
	return 0;
}

void strata_pipeline_free(struct strata_pipeline *pipeline)
{
	if (!pipeline)
		return;
	strata_json_free(pipeline->steps);
	free(pipeline);
}

void strata_cleanup_pipeline(struct strata_pipeline **pipeline)
{
	strata_pipeline_free(*pipeline);
}

static int check_all_kept(const struct strata_graph *graph,
	const struct strata_partition *partition, uint32_t kept, struct strata_error *error)
{
	strata_autofree bool *found = strata_allocate(partition->item_count, sizeof(*found));
	uint32_t item = 0;

	if (kept == partition->item_count)
		return 0;
	if (!found)
		return strata_fail_memory(error);
	for (uint32_t i = 0; i < kept; i++)
		found[partition->order[i]] = true;
	while (found[item])
		item++;
	return strata_hint(error,
		strata_fail(error, STRATA_ERROR_INVALID,
			"the pipeline leaves item '%s' in no layer",
			strata_graph_item(graph, item)->id),
		"\"remove_paths\" is for what the image has not; name fewer items, or leave it out");
}

static int fill_partition(const struct strata_flow *layers, const struct strata_graph *graph,
	uint32_t bound, struct strata_partition *partition, struct strata_error *error)
{
	uint32_t kept = 0;

	if (layers->member_count > bound)
		return strata_hint(error,
			strata_fail(error, STRATA_ERROR_INVALID,
				"the pipeline makes %zu layers, but the bound has room for %u",
				layers->member_count, bound),
			"end it with [\"flatten\"] and [\"limit_layers\", %u], or use a higher "
			"--max-layers",
			bound);
	for (size_t layer = 0; layer < layers->member_count; layer++) {
		const struct strata_flow *part = &layers->members[layer];

		memcpy(partition->order + kept, part->items,
			part->item_count * sizeof(*partition->order));
		kept += part->item_count;
		partition->ends[layer] = kept;
	}
	partition->layer_count = (uint32_t)layers->member_count;
	return check_all_kept(graph, partition, kept, error);
}

static int partition_by_pipeline(const struct strata_strategy *strategy,
	const struct strata_graph *graph, const struct strata_churn *churn, uint32_t bound,
	struct strata_partition *partition, struct strata_error *error)
{
	const struct strata_pipeline *steps = strategy->data;
	strata_autoflowrun struct strata_flow_run run = {.arena = STRATA_ARENA_INIT};
	struct strata_flow flow;
	int status = strata_flow_run_start(&run, graph, &flow, error);

	if (status == 0) {
		status = run_steps(&run, steps->steps, &flow, error);
		if (status < 0)
			return strata_context(error, status, "the pipeline");
	}
	if (status == 0)
		status = strata_flow_flatten(&run, &flow, error);
	return status < 0 ? status : fill_partition(&flow, graph, bound, partition, error);
}

struct strata_strategy strata_pipeline_strategy(const struct strata_pipeline *pipeline)
{
	return (struct strata_strategy){
		.name = "pipeline",
		.summary = "steps that were given, as nixpkgs' layeringPipeline",
		.trade_off = "Layers are as they were asked for, whatever that costs.",
		.data = pipeline,
		.partition = partition_by_pipeline,
	};
}
